"""Delivery addresses: who may fetch what, and the derived images that are made for them.

``/{cloud}/image/{type}/[s--SIGNATURE--/][transformation/…][v{version}/]{public_id}``, without an
extension. The version is neither signed nor looked at.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote

import pyvips

from tests.cloudinary_server.account import Account, Asset, RefusedError
from tests.provider.wire import Answer, Request


class Delivery:
    """The CDN in front of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def answer(self, request: Request) -> Answer:
        """An image, or an empty body whose header says why not."""
        try:
            return self._deliver(request)
        except RefusedError as refusal:
            headers = {"X-Cld-Error": str(refusal), "Cache-Control": "max-age=60"}
            return Answer(status=refusal.status, headers=headers, body=b"")

    def _deliver(self, request: Request) -> Answer:
        key = f"{request.path} {_best_format(request.headers.get('accept', ''))}"
        if key in self._account.cached:
            return self._account.cached[key][1]
        wanted = _parse(request.path)
        if wanted is None or wanted.cloud_name != self._account.cloud_name:
            raise RefusedError(404, "Unknown address")
        asset = self._account.find(wanted.type, unquote(wanted.public_id))
        self._check_delivery(wanted, asset)
        if not wanted.transformation:
            headers = {"Content-Type": f"image/{asset.format}"}
            return Answer(status=200, headers=headers, body=asset.content)
        meant = self._meant(wanted.transformation)
        answer = derive(asset.content, meant, request.headers.get("accept", ""))
        self._account.cached[key] = asset.public_id, answer
        return answer

    def _meant(self, transformation: str) -> str:
        if not transformation.startswith("t_"):
            return transformation
        try:
            return self._account.named[transformation.removeprefix("t_")].definition
        except KeyError:
            raise RefusedError(400, f"Unknown transformation {transformation}") from None

    def _check_delivery(self, wanted: Wanted, asset: Asset) -> None:
        """Wherever there is a signature it must be right; who may go without, the type says."""
        if wanted.signature:
            text = "/".join(filter(None, (wanted.transformation, wanted.public_id)))
            if wanted.signature not in _signatures(text + self._account.api_secret):
                raise RefusedError(401, f"Invalid signature {wanted.signature}")
            return
        original_is_public = wanted.type == "upload"
        named = self._account.named.get(wanted.transformation.removeprefix("t_"))
        derived_is_public = wanted.type != "authenticated" and (
            not self._account.strict_transformations
            or wanted.transformation in asset.eager
            or (named is not None and named.allowed_for_strict)
        )
        if not (derived_is_public if wanted.transformation else original_is_public):
            raise RefusedError(401, "Resource needs a signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a delivery address asks for."""

    cloud_name: str
    type: str
    signature: str | None
    transformation: str
    public_id: str
    """Percent-encoded as in the address: so it is signed."""


_STEP = r"[a-z]{1,3}_[^/,]+(?:,[a-z]{1,3}_[^/,]+)*"
_ADDRESS = re.compile(
    r"/(?P<cloud>[^/]+)/image/(?P<type>upload|private|authenticated)"
    # Eight characters, or 32 of the long signature; any of them may be - or _.
    r"(?:/s--(?P<signature>[\w-]{8}|[\w-]{32})--)?"
    rf"(?P<steps>(?:/{_STEP})*)(?:/v[0-9]+)?/(?P<id>.+)"
)


def _parse(path: str) -> Wanted | None:
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return None
    return Wanted(
        cloud_name=found["cloud"],
        type=found["type"],
        signature=found["signature"],
        transformation=found["steps"].removeprefix("/"),
        public_id=found["id"],
    )


def _signatures(text: str) -> tuple[str, str, str]:
    """The forms that a right signature may have."""
    short = base64.urlsafe_b64encode(hashlib.sha1(text.encode()).digest()).decode()  # noqa: S324
    long = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return short[:8], long[:8], long[:32]


def derive(content: bytes, transformation: str, accept: str) -> Answer:
    """A derived image: upright, within its box, without metadata."""
    parts = dict(part.split("_", 1) for part in transformation.split(","))
    width = int(parts.get("w", 10_000))
    fills = parts.get("c") in ("fill", "lfill")
    picture = pyvips.Image.thumbnail_buffer(
        content,
        width,
        height=int(parts.get("h", 10_000)),
        size="both" if fills else "down",
        crop="centre" if fills else "none",
    )
    chosen = parts.get("f", "auto")
    chosen = _best_format(accept) if chosen == "auto" else chosen
    body: bytes = picture.write_to_buffer(f".{chosen}", keep="none")
    headers = {
        "Content-Type": f"image/{'jpeg' if chosen == 'jpg' else chosen}",
        "Cache-Control": "public, no-transform, immutable, max-age=2592000",
        "Vary": "Accept",
        "Server": "Cloudinary",
    }
    return Answer(status=200, headers=headers, body=body)


def _best_format(accept: str) -> str:
    return "webp" if "image/webp" in accept else "jpg"
