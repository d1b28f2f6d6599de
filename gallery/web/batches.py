"""``POST /api/images/batch``: the same done to many images, with a result for each."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Literal

from flask import Blueprint
from pydantic import BaseModel, Field, RootModel, model_validator

from gallery.errors import InvalidInputError, NotFoundError
from gallery.model import Edit, Image
from gallery.services.batch import Act, Done, do_to_each
from gallery.services.library import Library
from gallery.web import schemas
from gallery.web.access import Access
from gallery.web.errors import problem_of
from gallery.web.openapi import describes
from gallery.web.presenter import Presenter
from gallery.web.schemas import (
    ID_PATTERN,
    MAX_TAGS,
    ImageOut,
    Problem,
    Strict,
    Tag,
    Tags,
    Text,
)

MAX_BATCH = 100
"""Images in one call: what takes a moment, not a minute."""

Id = Annotated[str, Field(max_length=64)]
"""Whatever could be an id: that there is none such is told with the others."""

Ids = Annotated[list[Id], Field(min_length=1, max_length=MAX_BATCH)]


class Many(Strict):
    """Which images."""

    ids: Ids


class TagMany(Many):
    """Adds tags to those that each image has."""

    action: Literal["tag"]
    tags: Annotated[Tags, Field(min_length=1)]

    def act(self, library: Library) -> Act:
        return _revising(library, "tags", added=tuple(self.tags))


class UntagMany(Many):
    """Takes tags off."""

    action: Literal["untag"]
    tags: Annotated[Tags, Field(min_length=1)]

    def act(self, library: Library) -> Act:
        return _revising(library, "tags", removed=tuple(self.tags))


class AddToAlbum(Many):
    """Puts the images into an album, which begins with its first image."""

    action: Literal["add_to_album"]
    album: Tag

    def act(self, library: Library) -> Act:
        return _revising(library, "albums", added=(self.album,))


class RemoveFromAlbum(Many):
    """Takes the images out of an album; they stay in the gallery."""

    action: Literal["remove_from_album"]
    album: Tag

    def act(self, library: Library) -> Act:
        return _revising(library, "albums", removed=(self.album,))


class DescribeMany(Many):
    """Gives all images the same words; what is not named stays."""

    action: Literal["describe"]
    description: Text | None = None
    alt: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> DescribeMany:
        if self.description is None and self.alt is None:
            raise ValueError("a description or an alt text is needed")
        return self

    def act(self, library: Library) -> Act:
        return partial(
            library.edit, change=Edit(description=self.description, alt=self.alt), version=None
        )


class DeleteMany(Many):
    """Moves the images to the trash."""

    action: Literal["delete"]

    def act(self, library: Library) -> Act:
        return partial(library.trash, version=None)


class RestoreMany(Many):
    """Takes the images back from the trash."""

    action: Literal["restore"]

    def act(self, library: Library) -> Act:
        return library.restore


class DeleteManyForEver(Many):
    """Removes the images from their stores and the catalog. Nothing undoes it."""

    action: Literal["delete_forever"]

    def act(self, library: Library) -> Act:
        return library.purge


Action = (
    TagMany
    | UntagMany
    | AddToAlbum
    | RemoveFromAlbum
    | DescribeMany
    | DeleteMany
    | RestoreMany
    | DeleteManyForEver
)


class BatchIn(RootModel[Annotated[Action, Field(discriminator="action")]]):
    """What to do, and to which images: at most 100."""


_MODELS: dict[str, type[Action]] = {
    "tag": TagMany,
    "untag": UntagMany,
    "add_to_album": AddToAlbum,
    "remove_from_album": RemoveFromAlbum,
    "describe": DescribeMany,
    "delete": DeleteMany,
    "restore": RestoreMany,
    "delete_forever": DeleteManyForEver,
}


class _Named(BaseModel):
    """Which of them it is: the others' fields are then nobody's mistake."""

    action: Literal[
        "tag",
        "untag",
        "add_to_album",
        "remove_from_album",
        "describe",
        "delete",
        "restore",
        "delete_forever",
    ]


class ResultOut(Strict):
    """What became of one image: ``status`` is what the call for it alone would have answered."""

    id: str
    status: int
    image: ImageOut | None = None
    problem: Problem | None = None


class BatchOut(Strict):
    """A result for each id, in their order."""

    results: list[ResultOut]


def blueprint(*, access: Access, library: Library, presenter: Presenter) -> Blueprint:
    """The route."""
    routes = Blueprint("batches", __name__, url_prefix="/api")

    @routes.post("/images/batch")
    @describes("Do the same to many images", body=BatchIn, answers={200: BatchOut})
    def batch() -> dict[str, Any]:
        access.require_writer()
        asked = schemas.body(_MODELS[schemas.body(_Named).action])
        act = asked.act(library)

        def act_on(image_id: str) -> Image | None:
            if not re.fullmatch(ID_PATTERN, image_id):
                raise NotFoundError("There is no such photo.")
            return act(image_id)

        return {"results": [_result(each, presenter) for each in do_to_each(asked.ids, act_on)]}

    return routes


def _revising(
    library: Library, field: str, *, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()
) -> Act:
    """Changes a list of each image by what is added and removed; nothing where that is so
    already."""

    def change_of(image: Image) -> Edit | None:
        before: tuple[str, ...] = getattr(image, field)
        after = tuple(each for each in dict.fromkeys((*before, *added)) if each not in removed)
        if len(after) > max(MAX_TAGS, len(before)):
            raise InvalidInputError(
                f"A photo has at most {MAX_TAGS} {field}.", fields={field: "too many"}
            )
        told: dict[str, Any] = {field: after}
        return None if after == before else Edit(**told)

    return lambda image_id: library.revise(image_id, change_of)


def _result(done: Done, presenter: Presenter) -> dict[str, Any]:
    if done.problem is not None:
        problem = problem_of(done.problem)
        return {"id": done.id, "status": problem["status"], "problem": problem}
    if done.image is None:
        return {"id": done.id, "status": 204}
    return {"id": done.id, "status": 200, "image": presenter.image(done.image)}
