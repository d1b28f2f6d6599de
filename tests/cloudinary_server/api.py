"""The Upload API and the Admin API, as far as a media store needs them.

Written from Cloudinary's public documentation and from what its Python SDK sends, and strict where
Cloudinary is: signatures, limits, chunks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote

import pyvips
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from tests.cloudinary_server.account import Account, Asset, RefusedError
from tests.cloudinary_server.delivery import derive
from tests.cloudinary_server.named import Named
from tests.cloudinary_server.notifying import Notify
from tests.provider.wire import Answer, Request

UNSIGNED = frozenset({"file", "cloud_name", "resource_type", "api_key", "signature", "mode"})
"""Parameters that a signature never covers."""

MIN_CHUNK_BYTES = 5_000_000
ADMIN_CALLS = 500
"""Of an hour, on the free plan."""
SIGNATURE_AGE_S = 3600


class Api:
    """``/v1_1/{cloud_name}/…`` of one account."""

    def __init__(self, account: Account, notify: Notify) -> None:
        self._account = account
        self._notify = notify
        self._chunks: dict[str, bytearray] = {}

    def answer(self, request: Request) -> Answer:
        """JSON, whatever happens: the SDK reads nothing else. Pages may read it, too."""
        try:
            answer = self._route(request)
        except RefusedError as refusal:
            answer = _json({"error": {"message": str(refusal)}}, status=refusal.status)
        answer.headers.setdefault("Access-Control-Allow-Origin", self._account.lets_in)
        return answer

    def _route(self, request: Request) -> Answer:
        _, version, cloud_name, *rest = unquote(request.path).split("/")
        if cloud_name != self._account.cloud_name:
            raise RefusedError(401, f"cloud_name mismatch: {cloud_name}")
        match request.method, *rest:
            case "POST", "image", "upload":
                return _json(self._upload(*self._form(request), request.headers))
            case "POST", "image", ("destroy" | "explicit" | "rename") as action:
                changes = {
                    "destroy": self._destroy, "explicit": self._explicit, "rename": self._rename
                }  # fmt: skip
                return _json(changes[action](self._form(request)[0]))
            case "GET", "image", "download":
                return self._download(dict(parse_qsl(request.query)))
            case "OPTIONS", _, "upload":
                return self._preflight()
            case (("POST" | "PUT" | "GET"), *admin):
                self._check_basic(request.headers.get("authorization", ""))
                return self._counted(self._admin(admin, request))
        raise RefusedError(404, f"Unknown address /{version}/…/{'/'.join(rest)}")

    def _form(self, request: Request) -> tuple[dict[str, str], bytes | None]:
        """Parameters and file of a signed multipart request."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        parser = FormDataParser(lambda *_, **__: BytesIO(), max_form_memory_size=None)
        _, fields, files = parser.parse(BytesIO(request.body), kind, len(request.body), options)
        params = {name: ",".join(fields.getlist(name)) for name in fields}
        self._check_signature(params)
        file = files.get("file")
        return params, file.read() if file else _in_text(params.get("file", ""))

    def _check_signature(self, params: Mapping[str, str]) -> None:
        if params.get("api_key") != self._account.api_key:
            raise RefusedError(401, "unknown api_key")
        signed = {k: v for k, v in params.items() if k not in UNSIGNED and v}
        text = "&".join(sorted(f"{k}={v}".replace("&", "%26") for k, v in signed.items()))
        given = params.get("signature", "")
        hashed = hashlib.sha256 if len(given) == 64 else hashlib.sha1
        wanted = hashed((text + self._account.api_secret).encode()).hexdigest()
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise RefusedError(401, f"Invalid Signature {given}. String to sign - '{text}'.")
        asked_at = datetime.fromtimestamp(int(params.get("timestamp", "0")), UTC)
        if abs(self._account.now() - asked_at.timestamp()) > SIGNATURE_AGE_S:
            shown = asked_at.strftime("%Y-%m-%d %H:%M:%S UTC")
            raise RefusedError(
                401, f"Stale request - reported time is {shown} which is more than 1 hour ago"
            )

    def _check_basic(self, given: str) -> None:
        wanted = base64.b64encode(
            f"{self._account.api_key}:{self._account.api_secret}".encode()
        ).decode()
        if not hmac.compare_digest(given.encode(), f"Basic {wanted}".encode()):
            raise RefusedError(401, "Invalid credentials")

    def _upload(
        self, params: dict[str, str], content: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        if content is None:
            raise RefusedError(400, "Missing required parameter - file")
        public_id = params.get("public_id") or secrets.token_hex(10)
        if "content-range" in headers:
            whole = self._join(headers, content)
            if whole is None:
                sent = {"bytes": len(content), "kind": "upload", "resource_type": "image"}
                return {"done": False, "public_id": public_id, **sent}
            content = whole
        if len(content) > self._account.max_bytes:
            raise RefusedError(400, _too_large(len(content), self._account.max_bytes))
        place = params.get("type", "upload"), public_id
        if place in self._account.assets and params.get("overwrite", "1") == "0":
            return {**_told(self._account.assets[place], context=False), "existing": True}
        asset = self._decoded(place, content, _context(params.get("context", "")))
        allowed = params.get("allowed_formats", "")
        if allowed and asset.format not in allowed.split(","):
            raise RefusedError(400, f"Image file format {asset.format} not allowed")
        _make(asset, params.get("eager", ""))
        self._account.assets[place] = asset
        told = _told(asset, context=True)
        if listener := params.get("notification_url"):
            self._notify(listener, {"notification_type": "upload", **told})
        return told

    def _join(self, headers: Mapping[str, str], chunk: bytes) -> bytes | None:
        """The whole file when this was its last chunk. Gaps, overlaps, small chunks: refused."""
        upload_id = headers["x-unique-upload-id"]
        first, last, total = map(int, re.findall(r"\d+", headers["content-range"]))
        parts = self._chunks.setdefault(upload_id, bytearray())
        if first != len(parts) or last + 1 - first != len(chunk):
            raise RefusedError(400, "Invalid Content-Range")
        if last + 1 < total and len(chunk) < MIN_CHUNK_BYTES:
            raise RefusedError(400, "All parts except EOF-chunk must be larger than 5mb")
        if total > self._account.max_bytes:
            raise RefusedError(400, _too_large(total, self._account.max_bytes))
        parts += chunk
        return bytes(self._chunks.pop(upload_id)) if last + 1 == total else None

    def _decoded(self, place: tuple[str, str], content: bytes, context: dict[str, str]) -> Asset:
        try:
            picture = pyvips.Image.new_from_buffer(content, "", fail_on="error")
        except pyvips.Error as error:
            raise RefusedError(400, "Invalid image file") from error
        pixels = picture.width * picture.height
        if pixels > self._account.max_pixels:
            limit = f"Maximum image size is {self._account.max_pixels / 1e6:g} Megapixels"
            raise RefusedError(400, f"{limit}. Requested {pixels / 1e6:.2f} Megapixels")
        loader = picture.get("vips-loader").removesuffix("_buffer").removesuffix("load")
        return Asset(
            public_id=place[1],
            type=place[0],
            content=content,
            format={"jpeg": "jpg", "heif": "avif"}.get(loader, loader),
            width=picture.width,
            height=picture.height,
            version=int(self._account.now()),
            created_at=datetime.fromtimestamp(int(self._account.now()), UTC),
            context=context,
        )

    def _explicit(self, params: dict[str, str]) -> dict[str, Any]:
        asset = self._account.find(params.get("type", "upload"), params["public_id"])
        if "context" in params:
            asset.context = _context(params["context"])
        _make(asset, params.get("eager", ""))
        return _told(asset, context=True)

    def _rename(self, params: dict[str, str]) -> dict[str, Any]:
        """Its context is told only to whoever asks for that."""
        kind = params.get("type", "upload")
        asset = self._account.find(kind, params["from_public_id"])
        place = params.get("to_type", kind), params["to_public_id"]
        if place in self._account.assets and params.get("overwrite", "0") == "0":
            raise RefusedError(400, f"to_public_id({place[1]}) already exists")
        del self._account.assets[kind, asset.public_id]
        asset.type, asset.public_id = place
        self._account.assets[place] = asset
        return _told(asset, context=False)

    def _destroy(self, params: dict[str, str]) -> dict[str, Any]:
        place = params.get("type", "upload"), params["public_id"]
        if self._account.assets.pop(place, None) is None:
            return {"result": "not found"}
        if params.get("invalidate") == "1":
            self._account.cached = {
                k: v for k, v in self._account.cached.items() if v[0] != params["public_id"]
            }
        return {"result": "ok"}

    def _download(self, params: dict[str, str]) -> Answer:
        self._check_signature(params)
        asset = self._account.find(params.get("type", "upload"), params["public_id"])
        headers = {"Content-Type": f"image/{asset.format}", "Cache-Control": "private, no-store"}
        return Answer(status=200, headers=headers, body=asset.content)

    def _preflight(self) -> Answer:
        """What a browser asks before it sends a page's upload."""
        headers = {
            "Access-Control-Allow-Origin": self._account.lets_in,
            "Access-Control-Allow-Methods": "POST, OPTIONS",
            "Access-Control-Allow-Headers": "Content-Range, X-Requested-With, X-Unique-Upload-Id",
        }
        return Answer(status=200, headers=headers, body=b"")

    def _counted(self, told: dict[str, Any]) -> Answer:
        self._account.admin_calls += 1
        answer = _json(told)
        left = ADMIN_CALLS - self._account.admin_calls
        answer.headers["X-FeatureRateLimit-Limit"] = str(ADMIN_CALLS)
        answer.headers["X-FeatureRateLimit-Remaining"] = str(left)
        return answer

    def _admin(self, path: list[str], request: Request) -> dict[str, Any]:
        query = dict(parse_qsl(request.query))
        if path == ["transformations"]:
            return Named(self._account).answer(request)
        if request.method != "GET":
            raise RefusedError(404, f"Unknown address {'/'.join(path)}")
        match path:
            case ["ping"]:
                return {"status": "ok"}
            case ["usage"]:
                return self._usage()
            case ["resources", "image", kind]:
                return self._page(kind, query)
            case ["resources", "image", kind, *public_id]:
                return {
                    **_told(self._account.find(kind, "/".join(public_id)), context=True),
                    "derived": [],
                }
        raise RefusedError(404, f"Unknown address {'/'.join(path)}")

    def _usage(self) -> dict[str, Any]:
        stored = sum(len(asset.content) for asset in self._account.assets.values())
        return {
            "plan": "Free",
            "last_updated": "2026-11-21",
            "transformations": {"usage": len(self._account.cached), "credits_usage": 0.0},
            "objects": {"usage": len(self._account.assets)},
            "bandwidth": {"usage": 0, "credits_usage": 0.0},
            "storage": {"usage": stored, "credits_usage": stored / 1e9},
            "credits": {"usage": 4.5, "limit": self._account.credits, "used_percent": 18.0},
            "requests": 0,
            "resources": len(self._account.assets),
            "derived_resources": len(self._account.cached),
            "media_limits": {
                "image_max_size_bytes": self._account.max_bytes,
                "video_max_size_bytes": 104_857_600,
                "raw_max_size_bytes": self._account.max_bytes,
                "image_max_px": self._account.max_pixels,
                "asset_max_total_px": 2 * self._account.max_pixels,
            },
        }

    def _page(self, kind: str, query: dict[str, str]) -> dict[str, Any]:
        """Below a prefix by public id, upper and lower case alike; else the newest first."""
        prefix, start = query.get("prefix", ""), int(query.get("next_cursor", "0"), 16)
        found = [
            a for (t, i), a in self._account.assets.items() if t == kind and i.startswith(prefix)
        ]
        if prefix:
            found.sort(key=lambda asset: asset.public_id.casefold())
        else:
            found.reverse()
        end = start + min(int(query.get("max_results", "10")), self._account.largest_page)
        context, tags = (query.get(name) == "true" for name in ("context", "tags"))
        told = [
            _told(each, context=context) | ({"tags": list(each.tags)} if tags else {})
            for each in found[start:end]
        ]
        page: dict[str, Any] = {"resources": told}
        if end < len(found):
            page["next_cursor"] = f"{end:x}"
        return page


def _make(asset: Asset, wished: str) -> None:
    """What is wished to be made at once."""
    for each in filter(None, wished.split("|")):
        derive(asset.content, each, "")
        asset.eager = (*asset.eager, each)


def _in_text(text: str) -> bytes | None:
    """A file that was written as a data URI."""
    found = re.fullmatch(r"data:[a-z/]*;base64,(.*)", text, re.DOTALL)
    return base64.b64decode(found[1]) if found else None


def _context(text: str) -> dict[str, str]:
    r"""``k=v|k2=v2``, where ``\|`` and ``\=`` stand for themselves."""
    pairs = (
        re.split(r"(?<!\\)=", pair, maxsplit=1) for pair in re.split(r"(?<!\\)\|", text) if pair
    )
    return {k: re.sub(r"\\([|=])", r"\1", v) for k, v in pairs}


def _told(asset: Asset, *, context: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "asset_id": asset.asset_id,
        "public_id": asset.public_id,
        "version": asset.version,
        "width": asset.width,
        "height": asset.height,
        "format": asset.format,
        "resource_type": "image",
        "created_at": asset.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "bytes": len(asset.content),
        "type": asset.type,
        "etag": asset.etag,
    }
    if context and asset.context:
        told["context"] = {"custom": asset.context}
    return told


def _too_large(got: int, limit: int) -> str:
    return f"File size too large. Got {got}. Maximum is {limit}. Upgrade your plan."


def _json(value: dict[str, Any], *, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json", "X-Request-Id": secrets.token_hex(16)}
    return Answer(status=status, headers=headers, body=json.dumps(value).encode())
