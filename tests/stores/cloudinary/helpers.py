"""What the tests of the Cloudinary store share."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyvips
import urllib3
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from gallery.model import Received
from gallery.stores.cloudinary.store import CloudinaryStore
from tests.provider.wire import Request
from tests.store_contract import CALLS, Call, keys_of, receive_bytes

SHORT_S = 0.4
"""What one call may take where it is the time-out that is tested."""

Open = Callable[..., CloudinaryStore]

ACTIONS: dict[str, Call] = {
    "upload": CALLS["put"],
    "resource": CALLS["stat"],
    "download": CALLS["open"],
    "destroy": CALLS["delete"],
    "resources": lambda store, _key, _original: keys_of(store),
    "ping": lambda store, _key, _original: store.probe(),
}
"""Every call of the contract by the request that it makes."""


def get(url: str) -> tuple[int, bytes]:
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", url)
        return answer.status, answer.data


def large(folder: Path) -> Received:
    """A real PNG of 6 MB."""
    noise = pyvips.Image.gaussnoise(2000, 1000, seed=7).cast("uchar")
    picture = noise.bandjoin([noise.rot180(), noise.fliphor()])
    return receive_bytes(folder, picture.pngsave_buffer(compression=0))


def fields_of(request: Request) -> dict[str, str]:
    """The form of an upload, and its file's name as ``file``."""
    kind, options = parse_options_header(request.headers["content-type"])
    parser = FormDataParser(lambda *_, **__: BytesIO(), max_form_memory_size=None)
    _, fields, files = parser.parse(BytesIO(request.body), kind, len(request.body), options)
    return {**fields.to_dict(), "file": files["file"].filename or ""}
