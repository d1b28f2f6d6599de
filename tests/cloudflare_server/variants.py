"""Variants, and the CDN that delivers images in them.

``/{hash}/{id}/{variant | options}``: an id may have slashes, so the last part is the variant.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

import pyvips

from tests.cloudflare_server.account import Account, RefusedError
from tests.provider.wire import Answer, Request

MOST = 100
FITS = ("scale-down", "contain", "cover", "crop", "pad")


class Variants:
    """``/v1/variants`` of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def answer(self, request: Request) -> dict[str, Any]:
        """What is there, or what became of a change."""
        variants = self._account.variants
        _, _, name = request.path.partition("/v1/variants/")
        if request.method == "GET" and not name:
            return {"variants": {each: {"id": each, **told} for each, told in variants.items()}}
        if request.method == "POST":
            return self._created(json.loads(request.body))
        if name not in variants:
            raise RefusedError(404, 5404, "Variant not found")
        if request.method == "PATCH":
            variants[name] |= self._checked(json.loads(request.body))
        elif request.method == "DELETE":
            del variants[name]
            return {}
        return {"variant": {"id": name, **variants[name]}}

    def _created(self, told: dict[str, Any]) -> dict[str, Any]:
        name, variants = told.pop("id"), self._account.variants
        if not re.fullmatch(r"[A-Za-z0-9]{1,99}", name):
            raise RefusedError(400, 5400, "Bad request: variant names are alphanumeric")
        if name in variants:
            raise RefusedError(409, 5409, "Resource already exists")
        if len(variants) >= MOST:
            raise RefusedError(400, 5400, "Variants storage limit of 100 reached")
        variants[name] = {"neverRequireSignedURLs": False, **self._checked(told)}
        return {"variant": {"id": name, **variants[name]}}

    def _checked(self, told: dict[str, Any]) -> dict[str, Any]:
        options = told["options"]
        whole = all(
            isinstance(options[side], int) and options[side] > 0 for side in ("width", "height")
        )
        if (
            not whole
            or options["fit"] not in FITS
            or options["metadata"] not in ("keep", "copyright", "none")
        ):
            raise RefusedError(400, 5400, "Bad request: options are invalid")
        return told


class Delivery:
    """The CDN in front of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def answer(self, request: Request) -> Answer:
        """A picture, or an empty body whose header says why not."""
        try:
            return self._delivered(request)
        except RefusedError as refusal:
            headers = {"Cf-Resized": f"err={refusal.code}"}
            return Answer(status=refusal.status, headers=headers, body=b"")

    def _delivered(self, request: Request) -> Answer:
        _, hash, *name, place = request.path.split("/")
        if hash != self._account.hash or not name:
            raise RefusedError(403, 9427, "Image access denied with incorrect account id")
        is_flexible = "=" in place
        if is_flexible and not self._account.flexible:
            raise RefusedError(403, 9429, "Flexible variants are not enabled for the account")
        stored = self._account.find(unquote("/".join(name)))
        if stored.content is None:
            raise RefusedError(404, 9431, "Not found")
        if is_flexible:
            if stored.signed:
                raise RefusedError(403, 9425, "Image access denied")
            return derive(stored.content, _options(place), request)
        variant = self._account.variants.get(place)
        if variant is None:
            raise RefusedError(404, 9431, "Not found")
        if stored.signed and not variant["neverRequireSignedURLs"]:
            self._check_signature(request)
        return derive(stored.content, variant["options"], request)

    def _check_signature(self, request: Request) -> None:
        query, _, given = request.query.rpartition("&sig=")
        text = f"{request.path}?{query}".encode()
        wanted = hmac.new(self._account.signing_key.encode(), text, hashlib.sha256).hexdigest()
        expires = int(dict(parse_qsl(query)).get("exp", "0"))
        if not hmac.compare_digest(given, wanted) or expires < self._account.now():
            raise RefusedError(403, 9425, "Image access denied")


def derive(content: bytes, options: dict[str, Any], request: Request) -> Answer:
    """A picture in its box, without metadata unless they are to be kept."""
    fit = options.get("fit", "scale-down")
    fills = fit in ("cover", "crop")
    picture = pyvips.Image.thumbnail_buffer(
        content,
        int(options.get("width", 100_000)),
        height=int(options.get("height", 100_000)),
        size="down" if fit == "scale-down" else "both",
        crop="centre" if fills else "none",
    )
    kind = "webp" if "image/webp" in request.headers.get("accept", "") else "jpg"
    kind = {"jpeg": "jpg"}.get(options.get("format", kind), options.get("format", kind))
    keep = "all" if options.get("metadata") == "keep" else "none"
    headers = {"Content-Type": f"image/{'jpeg' if kind == 'jpg' else kind}", "Vary": "Accept"}
    return Answer(status=200, headers=headers, body=picture.write_to_buffer(f".{kind}", keep=keep))


def _options(place: str) -> dict[str, Any]:
    long = {"w": "width", "h": "height", "q": "quality", "f": "format"}
    pairs = (part.split("=", 1) for part in place.split(","))
    return {long.get(name, name): value for name, value in pairs}
