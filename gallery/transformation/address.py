"""Delivery addresses in Cloudinary's grammar, taken apart as far as their words allow.

``/{resource_type}/{type}/[s--{signature}--/][{step}/…][v{version}/]{public_id}[.{extension}]``, and
the short forms without a type: ``images/…/{public_id}/{suffix}.{extension}``, ``files/`` for raw
files, ``iu/``, and the root.

A folder may look like a transformation or a version, an id may hold dots: what an address means is
not decided here but by looking up its *readings*, the most likely first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from gallery.errors import BadSignatureError, NotFoundError
from gallery.signing import delivery_signature_matches
from gallery.transformation import grammar

MAX_LENGTH = 2_000
"""Characters of an address."""

RESOURCE_TYPES = ("image", "raw")
TYPES = ("upload", "private", "authenticated")

EXTENSIONS = {
    **{each: each for each in ("avif", "gif", "jpg", "png", "webp")},
    "heic": "heic",
    "heif": "heic",
    "jpeg": "jpg",
    "tif": "tiff",
    "tiff": "tiff",
}
"""What may stand behind the last dot of an address, and the format that it names."""

KEYS = frozenset(grammar.KEYS) | {
    *("ac", "af", "br", "cs", "du", "eo", "fn", "fps", "if", "ki", "p", "so", "sp", "vc", "vs"),
}
"""The keys of Cloudinary's transformations, known to our engine or not."""

_SIGNATURE = re.compile(r"s--([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{32})--")
_VERSION = re.compile(r"v([0-9]{1,15})")
_PART = re.compile(r"(\$?[a-z]{1,4}|\$\w+)_.+")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\?#%<>\ud800-\udfff\ufffd]")
_MAX_STEPS = 16
_SAFE = "/:"
"""Of what is not a letter, a digit or one of ``_.-``, the SDKs leave these as they are."""
_SAFE_IN_SCRIPTS = "/:!*'()~"
"""A browser's ``encodeURIComponent`` leaves more."""
_SHORT = {"images": "image", "iu": "image", "files": "raw"}
_WITH_SUFFIX = frozenset({"images", "files"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand an address."""

    transformation: str
    """As spelled; empty for none."""
    version: str | None
    public_id: str
    extension: str | None
    """As spelled, when it is taken for one."""
    to_sign: str
    """What a signature of this reading covers, not percent-encoded."""
    certain: bool = True
    """Every step has a key of Cloudinary's: were it a folder, it would be an odd name for one."""


@dataclass(frozen=True, slots=True)
class Address:
    """A delivery address. ``readings`` are never empty."""

    resource_type: str
    type: str
    signature: str | None
    readings: tuple[Reading, ...]

    def signed(self, secret: str) -> tuple[Reading, ...]:
        """The readings that the signature covers. Raises BadSignatureError if it covers none."""
        checked: dict[str, bool] = {}
        for reading in self.readings:
            if reading.to_sign not in checked:
                checked[reading.to_sign] = self._covers(secret, reading)
        covered = tuple(each for each in self.readings if checked[each.to_sign])
        if not covered:
            raise BadSignatureError(
                "Invalid signature: this address is not signed by this gallery."
            )
        return covered

    def _covers(self, secret: str, reading: Reading) -> bool:
        signature = self.signature or ""
        spellings = _as_sent(reading)
        return any(delivery_signature_matches(secret, each, signature) for each in spellings)


def read(path: str) -> Address:
    """The address in what stands behind ``/{cloud}/``, percent-decoded. Raises NotFoundError."""
    segments = path.split("/")
    if (
        len(path) > MAX_LENGTH
        or _FORBIDDEN.search(path)
        or any(each in ("", ".", "..") for each in segments)
    ):
        raise NotFoundError("Resource not found: no address is spelled like this.")
    resource_type, type, suffix, rest = _kind(segments)
    signature, rest = _signature(rest)
    readings = tuple(_readings(rest, raw=resource_type == "raw", suffix=suffix))
    if not readings:
        raise NotFoundError("Resource not found: the address names none.")
    return Address(resource_type, type, signature, readings)


def _kind(segments: list[str]) -> tuple[str, str, tuple[bool, ...], list[str]]:
    """Resource type, type, whether the last segment is a suffix (which may be open), the rest."""
    first = segments[0]
    if first in _SHORT:
        return _SHORT[first], "upload", (first in _WITH_SUFFIX,), segments[1:]
    if first in RESOURCE_TYPES and len(segments) > 1 and segments[1] in TYPES:
        return first, segments[1], (False,), segments[2:]
    return "image", "upload", (False, True), segments


def _signature(segments: list[str]) -> tuple[str | None, list[str]]:
    found = _SIGNATURE.fullmatch(segments[0]) if segments else None
    return (found[1], segments[1:]) if found else (None, segments)


def _readings(segments: list[str], *, raw: bool, suffix: tuple[bool, ...]) -> Iterator[Reading]:
    for has_suffix in suffix:
        body, extension = _without_suffix(segments) if has_suffix else (segments, None)
        if body:
            yield from _readings_of(body, extension, raw=raw)


def _without_suffix(segments: list[str]) -> tuple[list[str], str | None]:
    """A suffix is for people and search engines alone; the extension stands behind it."""
    _, dot, extension = segments[-1].rpartition(".") if segments else ("", "", "")
    return segments[:-1], extension if dot else None


def _readings_of(segments: list[str], extension: str | None, *, raw: bool) -> Iterator[Reading]:
    """The longest transformation first; a version only right behind it."""
    longest = 0 if raw else _steps(segments)
    for steps in range(longest, -1, -1):
        transformation, rest = "/".join(segments[:steps]), segments[steps:]
        certain = all(_is_certain(each) for each in segments[:steps])
        version = _VERSION.fullmatch(rest[0]) if steps == longest and len(rest) > 1 else None
        if version:
            for public_id, format in _ids("/".join(rest[1:]), extension, raw=raw):
                yield _reading(transformation, version[1], public_id, format, certain=certain)
        for public_id, format in _ids("/".join(rest), extension, raw=raw):
            yield _reading(transformation, None, public_id, format, certain=certain)


def _reading(
    transformation: str, version: str | None, public_id: str, format: str | None, *, certain: bool
) -> Reading:
    name = f"{public_id}.{format}" if format else public_id
    to_sign = f"{transformation}/{name}" if transformation else name
    return Reading(transformation, version, public_id, format, to_sign, certain)


def _ids(name: str, extension: str | None, *, raw: bool) -> Iterator[tuple[str, str | None]]:
    """The ids that a name may mean, each with its extension. Raw ids keep theirs."""
    if raw:
        yield (f"{name}.{extension}" if extension else name), None
    elif extension is not None:
        if extension.lower() in EXTENSIONS:
            yield name, extension
    else:
        stem, _, last = name.rpartition(".")
        if stem and not stem.endswith("/") and last.lower() in EXTENSIONS:
            yield stem, last
        yield name, None


def _steps(segments: list[str]) -> int:
    """How many segments can be steps of a transformation; what is behind them names an image."""
    count = 0
    for segment in segments[: min(len(segments) - 1, _MAX_STEPS)]:
        if not all(map(_PART.fullmatch, segment.split(","))):
            break
        count += 1
    return count


def _is_certain(segment: str) -> bool:
    keys = [part.partition("_")[0] for part in segment.split(",")]
    return any(key in KEYS or key.startswith("$") for key in keys)


def _as_sent(reading: Reading) -> set[str]:
    """What was signed: the percent-encoded spelling, of which servers hand down only the meaning.

    The SDKs sign the transformation as it was given and encode the id; a browser encodes both.
    """
    transformation, name = reading.transformation, reading.to_sign
    if transformation:
        name = name[len(transformation) + 1 :]
    spelled = set()
    for safe in (_SAFE, _SAFE_IN_SCRIPTS):
        encoded = quote(name, safe=safe)
        encoded = encoded if "~" in safe else encoded.replace("~", "%7E")
        for steps in {transformation, quote(transformation, safe=safe + ",$")}:
            spelled.add(f"{steps}/{encoded}" if transformation else encoded)
    return spelled
