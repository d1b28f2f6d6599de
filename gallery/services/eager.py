"""Derived images in the language of uploads: made at once, or in place of what came in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gallery.catalog.images import ImageCatalog
from gallery.errors import BadTransformationError
from gallery.imaging import formats
from gallery.imaging.made import Derived, Details
from gallery.imaging.sandbox import Engine
from gallery.model import Image
from gallery.services.delivery import Delivery
from gallery.services.incoming import scratch_file
from gallery.services.meanings import Asked
from gallery.stores.base import SupportsLocalPath
from gallery.stores.registry import Stores
from gallery.transformation import Transformation, address, parse
from gallery.transformation.values import FORMATS

MAX_EAGER = 20
"""Transformations that one call has made at once."""

MAX_REMEMBERED = 200
"""Transformations of an image that need no signature."""

_FORMATS = frozenset(FORMATS) | {"jpeg", "auto"}


class Names(Protocol):
    """What named transformations stand for."""

    def definitions(self, names: tuple[str, ...]) -> Mapping[str, Transformation]:
        """Raises NotFoundError for one that is unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A transformation to be made at once, as it was spelled and as it is meant."""

    spelled: str
    """Without the format behind it."""
    wanted: Transformation
    extension: str | None
    """The format that was named behind it; ``None`` means that of the original."""


def read_eager(text: str) -> tuple[Wish, ...]:
    """The wishes of ``trans/format|trans``. Raises BadTransformationError."""
    texts = [each for each in text.split("|") if each.strip("/ ")]
    if len(texts) > MAX_EAGER:
        raise BadTransformationError(f"At most {MAX_EAGER} eager transformations are made.")
    return tuple(_wish(each.strip()) for each in texts)


def _wish(text: str) -> Wish:
    spelled, slash, format = text.rpartition("/")
    if format not in _FORMATS and (format or not slash):
        spelled, format = text, ""
    wanted = parse(spelled) if spelled else Transformation()
    if format:
        wanted = wanted.with_format(format)
    return Wish(spelled=str(wanted), wanted=wanted, extension=format or None)


class Making:
    """Makes derived images. Originals of other stores are fetched into ``incoming`` meanwhile."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        stores: Stores,
        engine: Engine,
        delivery: Delivery,
        names: Names,
        incoming: Path,
    ) -> None:
        self._catalog = catalog
        self._stores = stores
        self._engine = engine
        self._delivery = delivery
        self._names = names
        self._incoming = incoming

    def at_once(self, image: Image, wish: Wish) -> Derived:
        """The derived image of a wish; where we deliver it ourselves it is kept for whoever
        fetches it first."""
        if self._stores.deliver_elsewhere(image):
            return self.of_image(image, wish.wanted)
        parts = (
            image.resource_type,
            image.type,
            wish.spelled,
            f"v{image.store_version}",
            f"{image.public_id}.{wish.extension}" if wish.extension else image.public_id,
        )
        found = address.read("/".join(part for part in parts if part))
        asked = Asked(address=found, readings=found.readings, signed=True)
        made = self._delivery.deliver(asked)
        content = made.content or b""
        width, height = made.wanted.size_of(image.width, image.height)
        format = formats.identify(content[: formats.HEAD_BYTES]).name
        return Derived(bytes=content, format=format, width=width, height=height)

    def of_image(self, image: Image, wanted: Transformation) -> Derived:
        """The image under a transformation."""
        with self.original_of(image) as path:
            return self.of_file(path, wanted)

    def of_file(self, path: Path, wanted: Transformation) -> Derived:
        """The picture in a file under a transformation. Raises NotFoundError for a name or a layer
        that is not there."""
        plain = wanted.expanded(self._names.definitions(wanted.named)) if wanted.named else wanted
        if plain.hints:
            plain = plain.with_hints()
        with ExitStack() as opened:
            layers = {
                public_id: opened.enter_context(
                    self.original_of(self._catalog.find_asset(public_id))
                )
                for public_id in plain.layers
            }
            return self._engine.derive(path, plain, bucket="base", layers=layers)

    def details(self, path: Path, *, colors: bool, phash: bool, metadata: bool) -> Details:
        """What a closer look at a file finds."""
        return self._engine.details(path, colors=colors, phash=phash, metadata=metadata)

    def address_elsewhere(self, image: Image, wanted: Transformation) -> str | None:
        """Where another store delivers that; ``None`` where our own ``/cdn`` does."""
        if not self._stores.deliver_elsewhere(image):
            return None
        url = self._stores.named(image.store).delivery_url(image, wanted)
        return None if url.startswith("/") else url

    @contextmanager
    def original_of(self, image: Image) -> Iterator[Path]:
        """The original as a file."""
        store = self._stores.named(image.store)
        if isinstance(store, SupportsLocalPath):
            yield store.path_of(image.key)
            return
        with scratch_file(self._incoming) as path, store.open(image.key) as original:
            with path.open("wb") as file:
                shutil.copyfileobj(original, file)
            yield path
