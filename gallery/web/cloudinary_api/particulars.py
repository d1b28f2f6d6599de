"""What parameters say of an image, read as far as the gallery records it.

``k=v|k2=v2`` for context, ``x,y,w,h|…`` for regions, lines for headers. What Cloudinary would do
and we would not is refused where leaving it out could harm: who may see an image, data that would
be lost. Wishes for analysis by its add-ons are passed over.
"""

from __future__ import annotations

import re
import unicodedata

from gallery.model import Image, Particulars
from gallery.web.cloudinary_api.failures import RefusedError, not_spoken
from gallery.web.cloudinary_api.parameters import Parameters

TYPES = ("upload", "private", "authenticated")

MAX_TAGS, MAX_TAG = 100, 255
MAX_CONTEXT, MAX_CONTEXT_KEY, MAX_CONTEXT_VALUE = 100, 255, 4096
MAX_REGIONS = 100
MAX_TEXT = 2000
"""Of a description, as the gallery's own page takes it."""

_UNSPOKEN = (
    "access_control",
    "eval",
    "metadata",
    "on_success",
    "regions",
    "responsive_breakpoints",
)
_ROBOTS = re.compile(r"(?i)x-robots-tag:\s*([a-z0-9 ,:_-]{1,200})")


def told(params: Parameters) -> Particulars:
    """What is said; ``None`` for what is not mentioned."""
    for name in _UNSPOKEN:
        if name in params:
            raise not_spoken(f"The parameter {name}")
    moderation = params.text("moderation")
    if moderation not in ("", "manual"):
        raise not_spoken(f"The moderation {moderation[:40]}")
    context = context_of(params.text("context")) if "context" in params else None
    return Particulars(
        access_mode=_access_mode(params),
        tags=tags_of(params, "tags") if "tags" in params else None,
        context=context,
        description=_shown(context, "caption"),
        alt=_shown(context, "alt"),
        asset_folder=_folder(params, "asset_folder"),
        display_name=_short(params, "display_name"),
        custom_coordinates=_regions(params, "custom_coordinates"),
        face_coordinates=_regions(params, "face_coordinates"),
        headers=_headers(params.text("headers")) if "headers" in params else None,
        moderation="pending" if moderation else None,
    )


def type_of(params: Parameters, name: str = "type", *, default: str = "upload") -> str:
    """The delivery type. Refuses those that are not kept here."""
    type = params.text(name, default)
    if type not in TYPES:
        raise RefusedError(400, f"Invalid type {type[:40]}")
    return type


def tags_of(params: Parameters, name: str) -> tuple[str, ...]:
    """Tags in composed form, each once."""
    tags = tuple(dict.fromkeys(unicodedata.normalize("NFC", tag) for tag in params.tags(name)))
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        raise RefusedError(400, f"At most {MAX_TAGS} tags of {MAX_TAG} characters are taken")
    return tags


def context_of(text: str) -> dict[str, str]:
    r"""``k=v|k2=v2``, where ``\|`` and ``\=`` stand for themselves."""
    context: dict[str, str] = {}
    for pair in re.split(r"(?<!\\)\|", text):
        key, equals, value = _parted(pair)
        if not pair:
            continue
        if not key or not equals:
            raise RefusedError(400, f"Invalid context - {pair[:100]}")
        context[_unescaped(key)] = _unescaped(value)
    if (
        len(context) > MAX_CONTEXT
        or any(len(key) > MAX_CONTEXT_KEY for key in context)
        or any(len(value) > MAX_CONTEXT_VALUE for value in context.values())
    ):
        raise RefusedError(400, "The context is too large")
    return context


def with_context(image: Image, added: dict[str, str]) -> Particulars:
    """The change that adds to an image's context; what it says for people is shown to them."""
    return Particulars(
        context={**image.context, **added},
        description=_shown(added, "caption"),
        alt=_shown(added, "alt"),
    )


def _parted(pair: str) -> tuple[str, str, str]:
    key, *value = re.split(r"(?<!\\)=", pair, maxsplit=1)
    return key, "=" if value else "", value[0] if value else ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\([|=])", r"\1", text)


def _shown(context: dict[str, str] | None, key: str) -> str | None:
    text = (context or {}).get(key)
    return None if text is None else unicodedata.normalize("NFC", text).strip()[:MAX_TEXT]


def _access_mode(params: Parameters) -> str | None:
    mode = params.text("access_mode")
    if mode not in ("", "public", "authenticated"):
        raise RefusedError(400, f"Invalid access_mode {mode[:40]}")
    return mode or None


def _folder(params: Parameters, name: str) -> str | None:
    folder = _short(params, name)
    return None if folder is None else folder.strip("/")


def _short(params: Parameters, name: str) -> str | None:
    if name not in params:
        return None
    text = params.text(name)
    if len(text) > MAX_TAG or re.search(r"[\x00-\x1f\x7f-\x9f\\?&#%<>]", text):
        raise RefusedError(400, f"Invalid {name}")
    return text


def _regions(params: Parameters, name: str) -> tuple[tuple[int, ...], ...] | None:
    if name not in params:
        return None
    texts = params.text(name).split("|")
    if len(texts) > MAX_REGIONS or not all(
        re.fullmatch(r"[0-9]{1,6}(,[0-9]{1,6}){3}", text) for text in texts
    ):
        raise RefusedError(400, f"Invalid {name}")
    return tuple(tuple(map(int, text.split(","))) for text in texts)


def _headers(text: str) -> tuple[str, ...]:
    """Only what tells search engines what to do: another header could change what a file is."""
    found = (_ROBOTS.fullmatch(line.strip()) for line in text.split("\n"))
    return tuple(f"X-Robots-Tag: {each[1].strip()}" for each in found if each)
