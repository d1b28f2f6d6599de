"""The API of one account, by Cloudflare's public documentation, and strict where Cloudflare is."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote

import pyvips
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from tests.cloudflare_server.account import Account, RefusedError, Stored
from tests.cloudflare_server.variants import Variants
from tests.provider.wire import Answer, Request

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FORMATS = {"jpegload": "jpeg", "pngload": "png", "gifload": "gif", "webpload": "webp"}

BATCHED = ("upload", "delete", "details", "update", "list", "direct_upload")
"""What the batch host takes."""


class Api:
    """``/client/v4/accounts/{id}/images/…``, ``/batch/images/…`` and the one-time addresses."""

    def __init__(self, account: Account, origin: str) -> None:
        self._account = account
        self._origin = origin
        self._variants = Variants(account)

    def answer(self, request: Request, action: str) -> Answer:
        """An envelope, whatever happens; but for the file of an image."""
        try:
            if action == "direct":
                return enveloped(self._filled(request))
            self._let_in(request, action)
            return self._carried_out(request, action)
        except RefusedError as refusal:
            return refused(refusal, self._account.retry_after_s)

    def _let_in(self, request: Request, action: str) -> None:
        account, given = self._account, request.headers.get("authorization", "")
        if request.path.startswith("/batch/"):
            token = account.batch_token
            if token is None or not _same(given, f"Bearer {token}") or action not in BATCHED:
                raise RefusedError(403, 10000, "Authentication error")
            return
        if account.calls_left is not None:
            if account.calls_left <= 0:
                raise RefusedError(
                    429, 971, "Please wait and consider throttling your request speed"
                )
            account.calls_left -= 1
        if not _same(given, f"Bearer {account.token}"):
            raise RefusedError(401, 10000, "Authentication error")
        if request.path.split("/")[4] != account.account_id:
            raise RefusedError(
                404, 7003, "Could not route to /accounts, your object identifier is invalid"
            )

    def _carried_out(self, request: Request, action: str) -> Answer:
        match action:
            case "upload":
                return enveloped(self._uploaded(*form_of(request)))
            case "direct_upload":
                return enveloped(self._drafted(form_of(request)[0]))
            case "list":
                return enveloped(self._page(dict(parse_qsl(request.query))))
            case "stats":
                filled = [each for each in self._account.images.values() if each.content]
                count = {"current": len(filled), "allowed": self._account.allowed}
                return enveloped({"count": count})
            case "batch_token":
                self._account.batch_token = secrets.token_hex(16)
                ends = self._account.stamp(self._account.now() + self._account.batch_token_s)
                return enveloped({"token": self._account.batch_token, "expiresAt": ends})
            case "variants":
                return enveloped(self._variants.answer(request))
            case "config":
                self._account.flexible = json.loads(request.body)["flexible_variants"]
                return enveloped({"flexible_variants": self._account.flexible})
        return self._about_one(request, action)

    def _about_one(self, request: Request, action: str) -> Answer:
        id = unquote(request.path.split("/images/v1/")[1].split("/")[0])
        stored = self._account.find(id)
        match action:
            case "details":
                return enveloped(self._told(stored))
            case "blob" if stored.content is not None:
                body = stored.kept_as or stored.content
                return Answer(status=200, headers={"Content-Type": "image/jpeg"}, body=body)
            case "delete":
                del self._account.images[id]
                return enveloped({})
            case "update":
                return enveloped(self._updated(stored, json.loads(request.body)))
        raise RefusedError(404, 5404, "Image not found")

    def _uploaded(self, fields: Mapping[str, str], file: bytes | None, name: str) -> dict[str, Any]:
        if file is None:
            raise RefusedError(400, 5400, "Bad request: file or url is required")
        stored = self._blank(fields)
        self._fill(stored, file, name)
        self._account.images[stored.id] = stored
        return self._told(stored)

    def _drafted(self, fields: Mapping[str, str]) -> dict[str, Any]:
        stored = self._blank(fields)
        expiry = fields.get("expiry")
        now = self._account.now()
        stored.until = datetime.fromisoformat(expiry).timestamp() if expiry else now + 1800
        if not now + 115 <= stored.until <= now + 6 * 3600:
            raise RefusedError(400, 5400, "Bad request: expiry is out of range")
        self._account.images[stored.id] = stored
        url = f"{self._origin}/upload/{self._account.hash}/{stored.id}"
        return {"id": stored.id, "uploadURL": url}

    def _filled(self, request: Request) -> dict[str, Any]:
        """One file, once, and from anybody."""
        stored = self._account.find(unquote(request.path.split("/", 3)[3]))
        if stored.content is not None or stored.until < self._account.now():
            raise RefusedError(403, 5403, "The upload URL was used, or has expired")
        _, file, name = form_of(request)
        if file is None:
            raise RefusedError(400, 5400, "Bad request: file is required")
        self._fill(stored, file, name)
        return self._told(stored)

    def _blank(self, fields: Mapping[str, str]) -> Stored:
        custom, signed = fields.get("id"), fields.get("requireSignedURLs") == "true"
        if custom is not None:
            if (
                signed
                or UUID.fullmatch(custom)
                or custom != custom.strip("/")
                or len(custom) > 1024
            ):
                raise RefusedError(400, 5411, "The custom id is invalid, or the image is private")
            if custom in self._account.images:
                raise RefusedError(409, 5409, "Resource already exists")
        meta = fields.get("metadata", "{}")
        if len(meta.encode()) > 1024:
            raise RefusedError(400, 5400, "Bad request: metadata has more than 1024 bytes")
        return Stored(
            id=custom or str(uuid.uuid4()),
            uploaded=self._account.now(),
            meta=json.loads(meta),
            creator=fields.get("creator"),
            signed=signed,
        )

    def _fill(self, stored: Stored, file: bytes, name: str) -> None:
        account = self._account
        if len(file) > account.max_bytes:
            raise RefusedError(413, 5413, "The image file size is too large")
        try:
            picture = pyvips.Image.new_from_buffer(file, "", fail_on="error")
        except pyvips.Error as error:
            raise RefusedError(415, 5455, "Unsupported image format") from error
        loader = picture.get("vips-loader").removesuffix("_buffer")
        if loader not in FORMATS:
            raise RefusedError(415, 5455, "Unsupported image format")
        if max(picture.width, picture.height) > account.max_side:
            raise RefusedError(400, 5443, "The image exceeds the maximum dimension")
        stored.content, stored.filename, stored.uploaded = file, name, account.now()
        if account.lossy_above_bytes is not None and len(file) > account.lossy_above_bytes:
            stored.kept_as = picture.jpegsave_buffer(Q=98)

    def _updated(self, stored: Stored, changes: Mapping[str, Any]) -> dict[str, Any]:
        stored.meta = changes.get("metadata", stored.meta)
        stored.creator = changes.get("creator", stored.creator)
        signed = changes.get("requireSignedURLs", stored.signed)
        if signed != stored.signed:
            if signed and not UUID.fullmatch(stored.id):
                raise RefusedError(400, 5411, "Images with a custom id cannot be private")
            del self._account.images[stored.id]
            stored.id, stored.signed = str(uuid.uuid4()), signed
            self._account.images[stored.id] = stored
        return self._told(stored)

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        found = [each for each in self._account.images.values() if each.content is not None]
        if "creator" in query:
            found = [each for each in found if (each.creator or "") == query["creator"]]
        for name, value in query.items():
            if filtered := re.fullmatch(r"meta\.([\w-]+)\[eq(?::string)?\]", name):
                found = [each for each in found if each.meta.get(filtered[1]) == value]
        found.sort(key=lambda each: each.uploaded, reverse=query.get("sort_order") != "asc")
        start = int(query.get("continuation_token", "0"), 16)
        end = start + min(int(float(query.get("per_page", "1000"))), self._account.largest_page)
        token = f"{end:x}" if end < len(found) else None
        return {
            "images": [self._told(each) for each in found[start:end]],
            "continuation_token": token,
        }

    def _told(self, stored: Stored) -> dict[str, Any]:
        base = f"{self._origin}/{self._account.hash}/{stored.id}"
        told: dict[str, Any] = {
            "id": stored.id,
            "filename": stored.filename,
            "uploaded": self._account.stamp(stored.uploaded),
            "requireSignedURLs": stored.signed,
            "variants": [f"{base}/{name}" for name in self._account.variants],
            "meta": stored.meta,
        }
        if stored.creator is not None:
            told["creator"] = stored.creator
        if stored.content is None:
            told["draft"] = True
        return told


def form_of(request: Request) -> tuple[dict[str, str], bytes | None, str]:
    """Fields, file, and the file's name."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    parser = FormDataParser(lambda *_, **__: BytesIO(), max_form_memory_size=None)
    _, fields, files = parser.parse(BytesIO(request.body), kind, len(request.body), options)
    file = files.get("file")
    return fields.to_dict(), file.read() if file else None, (file.filename or "") if file else ""


def enveloped(result: Any) -> Answer:
    """Success."""
    return _json({"result": result, "success": True, "errors": [], "messages": []}, 200)


def refused(refusal: RefusedError, retry_after_s: int) -> Answer:
    """A failure."""
    errors = [{"code": refusal.code, "message": str(refusal)}]
    answer = _json(
        {"result": None, "success": False, "errors": errors, "messages": []}, refusal.status
    )
    if refusal.status == 429:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def _json(value: Mapping[str, Any], status: int) -> Answer:
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return Answer(status=status, headers=headers, body=json.dumps(value).encode())


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
