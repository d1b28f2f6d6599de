"""What may come in and what goes out: the models that validate, and that ``/api/openapi.json`` is
made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from flask import request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gallery.errors import BadRequestError
from gallery.model import Edit, Sort, Status

MAX_DESCRIPTION = 2000
MAX_TAGS = 20
MAX_TAG = 64
MAX_QUERY = 100
MAX_LIMIT = 100

ID_PATTERN = r"^[A-Za-z0-9_-]{16,64}$"

CURSOR_PATTERN = r"^[A-Za-z0-9_-]+$"

M = TypeVar("M", bound=BaseModel)


def _storable(text: str) -> str:
    """The text in composed form, its lines ended alike (forms send ``\\r\\n``); what MongoDB or a
    page cannot hold is refused."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half of a character") from None
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def _filled(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


Text = Annotated[str, Field(max_length=MAX_DESCRIPTION), AfterValidator(_storable)]
Tag = Annotated[
    str,
    Field(max_length=MAX_TAG, json_schema_extra={"pattern": r"\S"}),
    AfterValidator(_storable),
    AfterValidator(_filled),
]


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_distinct)]


class Strict(BaseModel):
    """A model that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", str_max_length=MAX_DESCRIPTION)


class UploadIn(Strict):
    """The text fields beside the file of an upload."""

    description: Text = ""
    alt: Text = ""
    tags: Tags = []
    album: Tag | None = None

    def told(self) -> Edit:
        albums = (self.album,) if self.album else ()
        return Edit(
            description=self.description, alt=self.alt, tags=tuple(self.tags), albums=albums
        )


class ReplaceIn(Strict):
    """Nothing goes beside the file of a replacement: what is said of the image stays."""


class EditIn(Strict):
    """What to change; fields that are not named stay as they are."""

    description: Text | None = None
    alt: Text | None = None
    tags: Tags | None = None
    albums: Tags | None = None

    def change(self) -> Edit:
        return Edit(
            description=self.description,
            alt=self.alt,
            tags=None if self.tags is None else tuple(self.tags),
            albums=None if self.albums is None else tuple(self.albums),
        )


def _spoken_tags(text: str) -> list[str]:
    """Tags as a person types them in one line, with commas between."""
    return [tag for each in text.split(",") if (tag := each.strip())]


class UploadForm(Strict):
    """The plain form's fields; tags are one line."""

    description: Text = ""
    alt: Text = ""
    tags: Text = ""

    def told(self) -> Edit:
        tags = UploadIn(tags=_spoken_tags(self.tags)).tags
        return Edit(description=self.description, alt=self.alt, tags=tuple(tags))


class EditForm(UploadForm):
    """The plain edit form's fields, with the version that the person saw."""

    version: int = Field(ge=1)


def _trashed_or_ready(value: object) -> Status:
    return Status.TRASHED if value == Status.TRASHED.value else Status.READY


class PageQuery(Strict):
    """What the gallery page shows. Parameters that others hung on a shared link do no harm."""

    model_config = ConfigDict(extra="ignore")

    q: str = Field("", max_length=MAX_QUERY)
    tag: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    status: Annotated[Status, BeforeValidator(_trashed_or_ready)] = Status.READY
    cursor: str | None = Field(None, max_length=1000, pattern=CURSOR_PATTERN)


class ListQuery(Strict):
    """Which images, in which order, how many."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=1000, pattern=CURSOR_PATTERN)
    q: str = Field("", max_length=MAX_QUERY)
    tag: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    album: Tag | None = None
    sort: Sort = Sort.NEWEST
    status: Literal[Status.READY, Status.TRASHED] = Status.READY
    counts: bool = False


class UploadQuery(Strict):
    """``duplicates=keep`` stores bytes anew that are here already."""

    duplicates: Literal["return", "keep"] = "return"


class DeleteQuery(Strict):
    """``permanent=true`` purges from store and CDN instead of moving to the trash."""

    permanent: bool = False


class EventsQuery(Strict):
    """Where to go on from, for clients that cannot send ``Last-Event-ID``."""

    last_event_id: str | None = Field(None, max_length=1000)


class VariantOut(Strict):
    """An image under a preset."""

    url: str
    width: int
    height: int
    srcset: str


class CameraOut(Strict):
    """What took the picture."""

    model: str | None
    lens: str | None
    exposure: str | None


class ImageOut(Strict):
    """An image."""

    id: str = Field(pattern=ID_PATTERN)
    url: str
    description: str
    alt: str
    tags: list[str]
    albums: list[str]
    filename: str
    width: int
    height: int
    frames: int
    format: str
    bytes: int
    status: str
    store: str
    version: int
    color: str
    placeholder: str
    created_at: str
    updated_at: str
    taken_at: str | None
    camera: CameraOut | None
    page: str
    variants: dict[str, VariantOut]
    moving_to: str | None = None
    """Only while it waits in the spool: the store that it is on its way to."""
    purge_at: str | None = None
    """In the trash alone: when it is deleted for ever."""


class UploadOut(ImageOut):
    """The image made of an upload; ``duplicate`` when the same bytes were here already."""

    duplicate: bool | None = None


class CountsOut(Strict):
    """Counts up to a cap; ``months`` are those of the images on the page."""

    total: int
    capped: bool
    months: dict[str, int]


class ListOut(Strict):
    """One page of images."""

    images: list[ImageOut]
    next_cursor: str | None
    counts: CountsOut | None = None


class TagOut(Strict):
    """A tag and how many images carry it, counted up to a cap."""

    tag: str
    count: int


class TagsOut(Strict):
    """The tags in use, most used first."""

    tags: list[TagOut]


class Problem(BaseModel):
    """What went wrong (RFC 9457). ``code`` is stable; ``errors`` names the fields."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: dict[str, str] | None = None


def query(model: type[M]) -> M:
    """The query of the request. Lists repeat their name; anything else given twice is refused."""
    return model.model_validate(_gathered(model, request.args.items(multi=True)))


def form_fields(model: type[M], fields: Iterable[tuple[str, str]]) -> M:
    """The text fields of a form, read like a query."""
    return model.model_validate(_gathered(model, fields))


def body(model: type[M]) -> M:
    """The JSON body of the request."""
    if request.mimetype != "application/json":
        raise BadRequestError("Send the body as application/json.")
    return model.model_validate_json(request.get_data())


def _gathered(model: type[BaseModel], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    gathered: dict[str, Any] = {}
    for name, value in pairs:
        field = model.model_fields.get(name)
        if field is not None and isinstance(field.default, list):
            gathered.setdefault(name, []).append(value)
        elif name in gathered:
            raise BadRequestError(f"The parameter {name[:40]} came twice.")
        else:
            gathered[name] = value
    return gathered
