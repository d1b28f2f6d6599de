"""Answers are packed for the way: pages and lists travel in a seventh of their size.

What stands in an answer beside what a stranger may choose (the words of a search, say) could be
guessed from how small both become together. It takes a page of another site that makes a visitor's
browser ask again and again, and browsers tell when one does: then nothing is packed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

import brotli
from flask import Flask, Response, request
from werkzeug.datastructures import Accept

_KINDS = frozenset({"text/html", "application/json"})
_MIN_BYTES = 1400
"""What goes in one packet in any case."""

_ELSEWHERE = frozenset({"cross-site", "same-site"})

_GZIP = 16 + zlib.MAX_WBITS


def chosen(accepted: Accept) -> str | None:
    """The best encoding that a client takes, ``br`` or ``gzip``; none if it takes neither."""
    return next((each for each in ("br", "gzip") if accepted.quality(each) > 0), None)


def register(app: Flask) -> None:
    """Packs what is worth it, of all that the app answers."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if response.mimetype not in _KINDS or response.is_streamed or not _may_change(response):
        return response
    content = response.get_data()
    if len(content) < _MIN_BYTES:
        return response
    response.vary.add("Accept-Encoding")
    encoding = chosen(request.accept_encodings)
    if encoding and request.headers.get("Sec-Fetch-Site") not in _ELSEWHERE:
        response.set_data(_PACKERS[encoding](content))
        response.content_encoding = encoding
    return response


def _may_change(response: Response) -> bool:
    """Not what names its own bytes: an ETag is that of an image's version, for ``If-Match``."""
    return "ETag" not in response.headers and "Content-Encoding" not in response.headers


def _brotli(content: bytes) -> bytes:
    """A page of 97 kB becomes one of 13 kB in a quarter of a millisecond."""
    packed: bytes = brotli.compress(content, quality=3)
    return packed


def _gzip(content: bytes) -> bytes:
    """Of 97 kB, 16 kB in .4 ms."""
    packer = zlib.compressobj(level=1, wbits=_GZIP)
    return packer.compress(content) + packer.flush()


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip}
