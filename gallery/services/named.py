"""What ``t_name`` stands for: presets under their own names, and those that people gave names to.

Every delivery by a name asks here. All names are read at once and remembered for a few seconds, so
that one that does not exist costs nothing; a change is seen at once in the process that made it,
and soon in the others. While the database is away, what was known last holds.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from gallery.catalog.transformations import NamedTransformation, NamedTransformations
from gallery.errors import (
    BadTransformationError,
    ConflictError,
    DatabaseUnavailableError,
    GalleryError,
    NotFoundError,
)
from gallery.transformation import Preset, Transformation, parse

log = logging.getLogger(__name__)

REMEMBERED_S = 5.0

MAX_NAMED = 1000
"""Named transformations that a gallery keeps."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Named:
    """The named transformations of a gallery. Safe between threads."""

    def __init__(
        self,
        *,
        catalog: NamedTransformations,
        presets: Mapping[str, Preset],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` counts seconds."""
        self._catalog = catalog
        self._presets = {
            name: NamedTransformation(name=name, definition=str(preset.largest), used=True)
            for name, preset in presets.items()
        }
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Mapping[str, NamedTransformation] = self._presets
        self._known_until = float("-inf")
        self._meanings: dict[str, Transformation] = {}
        """By definition: parsed once."""

    def definitions(self, names: Iterable[str]) -> Mapping[str, Transformation]:
        """What each of the names stands for. Raises NotFoundError for one that is unknown."""
        all_known = self._all()
        found: dict[str, Transformation] = {}
        for name in names:
            named = all_known.get(name)
            if named is None:
                raise NotFoundError(f"There is no transformation named {name[:100]}.")
            found[name] = self._meaning(named.definition)
            if not named.used:
                self._note_use(name)
        return found

    def is_allowed(self, name: str) -> bool:
        """Whether addresses with that name need no signature; never for an unknown one."""
        named = self._all().get(name)
        return named is not None and named.allowed_for_strict

    def find(self, name: str) -> NamedTransformation:
        """The one of that name, as it is now. Raises NotFoundError."""
        return self._presets.get(name) or self._catalog.find(name)

    def page(self, *, after: str, limit: int) -> list[NamedTransformation]:
        """At most ``limit`` of which the names come behind ``after``, in their order."""
        own = [each for name, each in self._presets.items() if name > after]
        stored = self._catalog.page(after=after, limit=limit)
        return sorted([*own, *stored], key=lambda each: each.name)[:limit]

    def create(self, name: str, definition: str) -> NamedTransformation:
        """A new one, allowed in addresses without a signature.

        Raises BadTransformationError, and ConflictError when the name is taken.
        """
        if not NAME.fullmatch(name):
            raise BadTransformationError(
                "The name of a transformation has 1 to 100 letters, digits, - and _."
            )
        if name in self._presets:
            raise ConflictError(f"Transformation {name} already exists")
        if self._catalog.count(most=MAX_NAMED) >= MAX_NAMED:
            raise ConflictError(f"At most {MAX_NAMED} transformations have names")
        named = NamedTransformation(name=name, definition=_canonical(definition))
        self._catalog.record(named)
        self._forget()
        return named

    def change(
        self, name: str, *, definition: str | None = None, allowed_for_strict: bool | None = None
    ) -> NamedTransformation:
        """It as it is now. What was delivered under this name stays in caches as it was.

        Raises NotFoundError, BadTransformationError, and ConflictError for a preset.
        """
        self._refuse_preset(name)
        changed = self._catalog.change(
            name,
            definition=None if definition is None else _canonical(definition),
            allowed_for_strict=allowed_for_strict,
        )
        self._forget()
        return changed

    def delete(self, name: str) -> None:
        """Forgets it. Raises NotFoundError, and ConflictError for a preset."""
        self._refuse_preset(name)
        self._catalog.delete(name)
        self._forget()

    def _refuse_preset(self, name: str) -> None:
        if name in self._presets:
            raise ConflictError(f"{name} is a preset of this gallery: change it in its settings")

    def _all(self) -> Mapping[str, NamedTransformation]:
        """Every name, as it was a few seconds ago at most."""
        if self._known_until > self._clock():
            return self._known
        with self._lock:
            if self._known_until <= self._clock():
                self._learn()
            return self._known

    def _learn(self) -> None:
        try:
            stored = self._catalog.page(after="", limit=2 * MAX_NAMED)
        except DatabaseUnavailableError:
            log.warning("named transformations as they were last known")
        else:
            self._known = {each.name: each for each in stored} | self._presets
        self._known_until = self._clock() + REMEMBERED_S

    def _forget(self) -> None:
        with self._lock:
            self._known_until = float("-inf")

    def _meaning(self, definition: str) -> Transformation:
        meaning = self._meanings.get(definition)
        if meaning is None:
            if len(self._meanings) > 2 * MAX_NAMED:
                self._meanings.clear()
            meaning = self._meanings[definition] = parse(definition)
        return meaning

    def _note_use(self, name: str) -> None:
        try:
            self._catalog.change(name, used=True)
        except GalleryError:  # Deleted meanwhile, or the database is away: noted the next time.
            log.info("use of a named transformation not noted", extra={"transformation": name})


def _canonical(definition: str) -> str:
    """The spelling to keep. Raises BadTransformationError for one that is made of other names:
    a change of those would change this one unseen."""
    meaning = parse(definition)
    if meaning.is_plain:
        raise BadTransformationError("A named transformation does something.")
    if meaning.named:
        raise BadTransformationError("A named transformation is not made of other names.")
    return str(meaning)
