"""What must be so in a Cloudinary account, and how it comes about: ``gallery prepare``.

Each size of a preset gets a named transformation that strict transformations allow, so that apps
of the same account may ask for ``t_vitrine_card`` without a signature. ``f_auto`` is left out of
them: it means nothing inside a name, whose address gives the format by its extension. See
https://cloudinary.com/documentation/image_transformation_rollout. Whether transformations are
strict no API tells: a picture of one pixel is put there for a moment, and asked for in a size that
nobody signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cloudinary import api, uploader, utils

from gallery.errors import BadTransformationError, ObjectMissingError, StoreUnavailableError
from gallery.stores.abilities import Preparation
from gallery.stores.cloudinary.account import Account
from gallery.transformation import Preset, Step, Transformation, parse

PREFIX = "vitrine_"
"""Of our named transformations: others may have theirs in the same account."""

PROBE = "vitrine/strict-probe"
"""A public id that is nobody's key."""

_UNSIGNED = "c_scale,w_1"

# One black pixel.
_PIXEL = (
    "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAAAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
)  # fmt: skip

_CHUNK_HEADERS = "content-range, x-unique-upload-id"


class Setup:
    """Looks what is there and what is missing in one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def preparations(
        self, presets: Mapping[str, Preset], *, origin: str | None
    ) -> Iterator[Preparation]:
        """Everything that must be so. Some of it only a person can bring about."""
        yield self._strict()
        if origin is not None:
            yield self._uploads_from(origin)
        for name, wanted in named(presets).items():
            yield self._named(name, wanted)

    def _strict(self) -> Preparation:
        is_strict = self._makes_nothing_unsigned()
        mend = "" if is_strict else ": switch them on in the console, Settings → Security"
        return Preparation(what=f"strict transformations{mend}", is_done=is_strict, do=None)

    def _makes_nothing_unsigned(self) -> bool:
        probe = self._account.call(uploader.upload, _PIXEL, public_id=PROBE, overwrite=True)
        try:
            url = self._account.url(
                PROBE, _UNSIGNED, version=str(probe.get("version", 1)), signed=False
            )
            status = self._account.status(url)
        finally:
            self._account.call(uploader.destroy, PROBE, invalidate=True)
        if status not in (200, 401):
            raise StoreUnavailableError(
                f"Cloudinary delivers nothing at the moment (status {status})."
            )
        return status == 401

    def _uploads_from(self, origin: str) -> Preparation:
        # Cloudinary itself lets every page in; what answers at an upload_prefix may not.
        is_done = self._account.lets_in(origin, _CHUNK_HEADERS)
        mend = "" if is_done else ": allow POST and the headers " + _CHUNK_HEADERS
        return Preparation(what=f"uploads by pages of {origin}{mend}", is_done=is_done, do=None)

    def _named(self, name: str, wanted: Transformation) -> Preparation:
        what = f"named transformation t_{name}"
        try:
            found = self._account.call(api.transformation, name, max_results=1)
        except ObjectMissingError:
            return Preparation(what=what, is_done=False, do=partial(self._create, name, wanted))
        is_done = found.get("allowed_for_strict") is True and _meaning(found) == wanted
        do = None if is_done else partial(self._allow, name, wanted)
        return Preparation(what=what, is_done=is_done, do=do)

    def _create(self, name: str, wanted: Transformation) -> None:
        self._account.call(api.create_transformation, name, str(wanted))
        self._allow(name, wanted)

    def _allow(self, name: str, wanted: Transformation) -> None:
        # What was derived by the former meaning stays as it is: our own pages never ask by name.
        self._account.call(
            api.update_transformation, name, allowed_for_strict=True, unsafe_update=str(wanted)
        )


def named(presets: Mapping[str, Preset]) -> dict[str, Transformation]:
    """What each of our named transformations stands for: a preset's largest size goes by the
    preset's name, the others by name and width."""
    found = {}
    for preset in presets.values():
        for wanted in preset.transformations():
            width = "" if wanted == preset.largest else f"_{wanted.steps[0].width}"
            fixed = _without_auto(wanted)
            if fixed.steps and not fixed.hints:  # What a client's hints say means nothing either.
                found[f"{PREFIX}{preset.name}{width}"] = fixed
    return found


def _without_auto(wanted: Transformation) -> Transformation:
    steps = (replace(step, format=None) if step.format == "auto" else step for step in wanted.steps)
    return Transformation(tuple(step for step in steps if step != Step()))


def _meaning(found: Mapping[str, Any]) -> Transformation | None:
    """What a named transformation stands for; ``None`` for what we would not say so."""
    try:
        spelled, _ = utils.generate_transformation_string(
            transformation=found["info"], dpr=None, responsive_width=False
        )
        return parse(spelled)
    except (BadTransformationError, LookupError, TypeError, ValueError, AttributeError):
        return None
