"""What is told of an image, in Cloudinary's words, and the addresses that its SDKs would build."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable
from typing import Any

from gallery.imaging.formats import BY_NAME
from gallery.model import Image
from gallery.web.cloudinary_api.auth import Account

_UNESCAPED = frozenset(f"{string.ascii_letters}{string.digits}_.-/:".encode())


class Answers:
    """Presents images as assets. ``base`` is scheme and host of the gallery, as the request or
    ``PUBLIC_URL`` says; ``elsewhere`` where an image is shown that another store than ours
    delivers."""

    def __init__(
        self,
        account: Account,
        *,
        base: Callable[[], str],
        elsewhere: Callable[[Image], str | None] = lambda image: None,
    ) -> None:
        self._account = account
        self._base = base
        self._elsewhere = elsewhere

    def resource(self, image: Image) -> dict[str, Any]:
        """What every answer tells of an image."""
        told: dict[str, Any] = {
            "asset_id": image.asset_id,
            "public_id": image.public_id,
            "format": format_of(image),
            "version": version_of(image),
            "resource_type": image.resource_type,
            "type": image.type,
            "created_at": image.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "bytes": image.bytes,
            "etag": image.md5 or image.etag,
            "width": image.width,
            "height": image.height,
            "asset_folder": image.asset_folder,
            "display_name": image.display_name or image.public_id.rpartition("/")[2],
            "access_mode": image.access_mode,
            **self.addresses(image),
        }
        if "/" in image.public_id:
            told["folder"] = image.public_id.rpartition("/")[0]
        if image.resource_type == "raw":
            for name in ("format", "width", "height"):
                del told[name]
        return told

    def asset(self, image: Image) -> dict[str, Any]:
        """What the answer to an upload, an explicit call or a rename tells."""
        told = self.resource(image)
        version = told["version"]
        told |= {
            "version_id": _digest(f"{image.asset_id}/{version}"),
            "signature": self._account.signature_of(
                {"public_id": image.public_id, "version": version}
            ),
            "tags": list(image.tags),
            "placeholder": False,
            "api_key": self._account.api_key,
        }
        if image.resource_type == "image":
            told["pages"] = image.frames
        if image.context:
            told["context"] = {"custom": dict(image.context)}
        if image.moderation:
            told["moderation"] = [{"kind": "manual", "status": image.moderation}]
        if image.custom_coordinates or image.face_coordinates:
            told["coordinates"] = {
                name: [list(region) for region in regions]
                for name, regions in (
                    ("custom", image.custom_coordinates),
                    ("faces", image.face_coordinates),
                )
                if regions
            }
        return told

    def addresses(
        self, image: Image, *, transformation: str = "", extension: str | None = None
    ) -> dict[str, str]:
        """``url`` and ``secure_url``, spelled as the SDKs build them.

        ``secure_url`` is told with ``https`` where the gallery has it: an address that leads
        nowhere would secure nothing.
        """
        base = self._base()
        shown_at = None if transformation else self._elsewhere(image)
        if shown_at is not None:
            address = shown_at if "://" in shown_at else base + shown_at
            return {"url": address, "secure_url": address}
        if extension is None:
            extension = format_of(image) if image.resource_type == "image" else ""
        parts = (
            self._account.cloud_name,
            image.resource_type,
            image.type,
            transformation,
            f"v{version_of(image)}",
            escaped(f"{image.public_id}.{extension}" if extension else image.public_id),
        )
        scheme, _, host = base.partition("://")
        path = "/".join(part for part in parts if part)
        return {
            "url": f"http://{host}/cdn/{path}",
            "secure_url": f"{scheme}://{host}/cdn/{path}",
        }


def version_of(image: Image) -> int:
    """The version that delivery addresses carry: 1, which any image answers to, where the store
    calls its own by something else than a number."""
    version = image.store_version or ""
    return int(version) if version.isdecimal() else 1


def format_of(image: Image) -> str:
    """The format in Cloudinary's words: its usual extension."""
    known = BY_NAME.get(image.format)
    return known.extension if known else image.extension


def escaped(public_id: str) -> str:
    """The public id as SDKs percent-encode it in an address."""
    return "".join(
        chr(byte) if byte in _UNESCAPED else f"%{byte:02X}" for byte in public_id.encode()
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
