"""A gallery that runs, and Cloudinary's Python SDK set up for its embedded CDN."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cloudinary
import pytest
import pyvips
import urllib3
from cloudinary import uploader, utils

from tests import pictures
from tests.client import Client
from tests.programs import Program, free_port

CLOUD, KEY, SECRET = "vitrine", "123456789012345", "a-secret-of-the-tests"
LIMIT_BYTES = 8 * 1024**2


@dataclass(frozen=True)
class Sdk:
    """The Python SDK on one gallery, whatever the environment says."""

    address: str

    @property
    def config(self) -> dict[str, Any]:
        return {
            "cloud_name": CLOUD,
            "api_key": KEY,
            "api_secret": SECRET,
            "upload_prefix": f"{self.address}/cdn",
        }

    @property
    def url(self) -> str:
        """The one setting that an app needs."""
        host = self.address.removeprefix("http://")
        return (
            f"cloudinary://{KEY}:{SECRET}@{CLOUD}?upload_prefix={self.address}/cdn&cname={host}/cdn"
        )

    def call(self, function: Callable[..., Any], *given: Any, **options: Any) -> Any:
        return function(*given, **{**self.config, **options})

    def upload(self, file: Any, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.call(uploader.upload, file, **options)
        return answer

    def delivery_url(self, public_id: str, **options: Any) -> str:
        """What the SDK builds from the same setting."""
        host = self.address.removeprefix("http://")
        url, _ = utils.cloudinary_url(
            public_id, cloud_name=CLOUD, api_secret=SECRET, cname=f"{host}/cdn", **options
        )
        return str(url)

    def get(self, url: str) -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager(retries=False) as pool:
            return pool.request("GET", url)

    def original(self, public_id: str, **options: Any) -> bytes:
        """The bytes of an original, by a signed address."""
        url = self.call(utils.private_download_url, public_id, "", **options)
        answer = self.get(url)
        assert answer.status == 200, answer.data
        return answer.data


@cache
def noise() -> pictures.Picture:
    """A PNG of 6 MB."""
    grey = pyvips.Image.gaussnoise(2000, 1000, seed=7).cast("uchar")
    colors = grey.bandjoin([grey.rot180(), grey.fliphor()])
    content: bytes = colors.pngsave_buffer(compression=0)
    return pictures.Picture(format="png", content=content, width=2000, height=1000)


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No account of the environment, and no trace of a test in the SDK."""
    for name in os.environ:
        if name.startswith("CLOUDINARY"):
            monkeypatch.delenv(name)
    cloudinary.reset_config()
    yield
    cloudinary.reset_config()


@pytest.fixture(scope="module")
def shared_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The gallery as ``python app.py`` starts it: two processes behind one address. Each module has
    its own: raw files are outside what ``purge_all`` sees."""
    folder = tmp_path_factory.mktemp("gallery")
    log = folder / "log"
    settings = {"CDN_API_KEY": KEY, "CDN_API_SECRET": SECRET, "MAX_UPLOAD_BYTES": str(LIMIT_BYTES)}
    with Program(folder / "data", port=free_port(), module="app", log=log, **settings) as program:
        program.until_it_answers()
        yield program
        assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
def program(shared_program: Program) -> Program:
    return shared_program


@pytest.fixture
def gallery(program: Program) -> Iterator[Client]:
    """The gallery's own API; empty at first."""
    client = Client(f"http://127.0.0.1:{program.port}")
    client.purge_all()
    yield client
    client.close()


@pytest.fixture
def sdk(gallery: Client) -> Sdk:
    return Sdk(gallery.address)
