"""Delivers what an address means: the variant that is kept, or derived once, or a raw file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from gallery.catalog.images import ImageCatalog
from gallery.errors import BadTransformationError, BrokenImageError, NotFoundError
from gallery.imaging.copies import CopyOf, serves
from gallery.imaging.sandbox import Engine
from gallery.model import Change, Image
from gallery.services.delivered import Delivered, ElsewhereError
from gallery.services.derived import LOCKS, DerivedFiles, Name, name_of, note_use, variant_name
from gallery.services.flights import Flights
from gallery.services.meanings import (
    Asked,
    Client,
    Meaning,
    Meanings,
    Names,
    may_lean_on_others,
)
from gallery.services.originals import Originals
from gallery.services.sharing import SharedVariants
from gallery.services.tally import Tally
from gallery.stores.registry import Stores
from gallery.transformation import MAX_SIDE_PX, Transformation, parse

log = logging.getLogger(__name__)

_PAGE = 1000

_COPY = "mid-size copy"
"""Its name among the variants: no transformation is spelled so."""


class Delivery:
    """Delivers the images whose originals are here. Safe between threads and processes."""

    def __init__(
        self,
        *,
        root: Path,
        catalog: ImageCatalog,
        stores: Stores,
        engine: Engine,
        names: Names,
        secret: str,
        strict: bool = True,
        public: bool = True,
        tally: Tally | None = None,
    ) -> None:
        """``strict`` and ``public`` as in ``Meanings``, ``secret`` as in ``SharedVariants``."""
        self._tally = tally or Tally()
        self._files = DerivedFiles(root)
        self._flights = Flights(root / LOCKS)
        self._originals = Originals(self._files, catalog=catalog, stores=stores)
        self._shared = SharedVariants(catalog=catalog, stores=stores, secret=secret)
        self._meanings = Meanings(catalog, names, strict=strict, public=public)
        self._catalog = catalog
        self._stores = stores
        self._engine = engine

    def deliver(self, asked: Asked) -> Delivered:
        """What the address means.

        Raises NotFoundError, BadTransformationError or BadSignatureError; what the engine raises;
        BusyError when too much is being made; ElsewhereError when its own store delivers it.
        """
        meaning = self._meanings.find(asked)
        while True:
            self._send_on(asked, meaning)
            try:
                return self._raw(meaning) if asked.is_raw else self._variant(asked, meaning)
            except NotFoundError:
                # It may have moved while it was being made: then it lies elsewhere now.
                before, meaning = meaning, self._meanings.find(asked)
                if _place_of(meaning.image) == _place_of(before.image):
                    raise

    def kept(self, asked: Asked) -> Delivered | None:
        """The same without asking the database, if it is kept and that is enough to know.

        It is for a signed address in our own spelling of an image that nobody renamed: its file
        goes when the image does.
        """
        if not asked.signed or len(asked.readings) != 1 or asked.address.type != "upload":
            return None
        reading = asked.readings[0]
        if reading.version is None or asked.is_raw:
            return None
        try:
            wanted = parse(reading.transformation)
        except BadTransformationError:
            return None
        if wanted.is_plain or may_lean_on_others(wanted):
            return None
        name = Name("image", "upload", reading.public_id, reading.version, "authenticated", ())
        bucket, varies = _bucket(wanted, asked.client)
        path = self._files.path_of(reading.public_id, name, variant_name(wanted, bucket, {}))
        content = self._files.read(path)
        if content is None:
            return None
        return Delivered(
            name=name,
            wanted=wanted,
            path=path,
            content=content,
            is_current=True,
            is_lasting=True,
            varies=varies,
        )

    def passing(self, image: Image, wanted: Transformation, client: Client) -> bytes:
        """A variant of an image that is hidden, for those who may see it all the same: made anew
        and kept nowhere. Raises what the engine raises; BusyError when too much is being made."""
        bucket, _ = _bucket(wanted, client)
        return self._flights.content(
            self._files.path_of(image.id, name_of(image), variant_name(wanted, bucket, {})),
            find=lambda: None,
            make=lambda: self._derive(image, wanted, bucket, {}),
        )

    def original_of(self, image: Image) -> Path:
        """Its original as a file here, fetched if need be. Raises as ``Originals.path_of`` does."""
        return self._originals.path_of(image)

    def forget(self, id: str) -> None:
        """Removes all that was derived from the image with this id, which is not its public id.

        To be called when an image is hidden, and whenever its bytes, its name or who may fetch it
        change.
        """
        self._files.forget(id)

    def heed(self, change: Change) -> None:
        """Forgets what a change of an image leaves stale: another node may have made it, and knows
        nothing of what was derived here."""
        if change.image is None:
            self.forget(change.id)
        else:
            self._files.forget_others(change.id, name_of(change.image))

    def heed_all(self) -> None:
        """Forgets what changes have left stale that nobody told of here."""
        if count := self._files.forget_all_but(self._named()):
            log.info("stale variants forgotten", extra={"folders": count})

    def keep_copy(self, image: Image, copy: bytes) -> None:
        """Keeps the mid-size copy of an image that has just become ready, if there is room."""
        self._files.keep(self._copy_path(image), copy)
        if not self._is_still(image):
            self.forget(image.id)

    def _named(self) -> Iterator[tuple[str, Name]]:
        behind = ""
        while page := self._catalog.delivered_as(behind=behind, limit=_PAGE):
            yield from ((each.id, name_of(each)) for each in page)
            behind = page[-1].order

    def _send_on(self, asked: Asked, meaning: Meaning) -> None:
        """Raises ElsewhereError for what the image's own store delivers: it may have lain here when
        the address was made. What that store cannot make, and what is laid over others, is made
        here."""
        image, wanted = meaning.image, meaning.wanted
        if not self._stores.deliver_elsewhere(image) or asked.is_raw or wanted.layers:
            return
        if wanted.is_plain:
            # There it would mean the original, which nobody gets by an address.
            wanted = Transformation.box(width=MAX_SIDE_PX, height=MAX_SIDE_PX)
        if wanted.hints:
            wanted = wanted.with_hints(dpr=asked.client.dpr, width=asked.client.width)
        url = self._stores.named(image.store).delivery_url(image, wanted)
        if not url.startswith("/"):
            raise ElsewhereError(url)

    def _raw(self, meaning: Meaning) -> Delivered:
        return Delivered(
            name=name_of(meaning.image),
            wanted=meaning.wanted,
            path=self._originals.path_of(meaning.image),
            content=None,
            is_current=meaning.is_current,
            is_lasting=False,
            varies=frozenset(),
        )

    def _variant(self, asked: Asked, meaning: Meaning) -> Delivered:
        image, client, wanted = meaning.image, asked.client, meaning.wanted
        hints = wanted.hints
        if hints:
            wanted = wanted.with_hints(dpr=client.dpr, width=client.width)
        bucket, varies = _bucket(wanted, client)
        layers = {public_id: self._catalog.find_asset(public_id) for public_id in wanted.layers}
        name = name_of(image)
        varies |= hints
        variant = variant_name(wanted, bucket, layers)
        if url := self._shared.address_of(image, variant, wanted):
            raise ElsewhereError(url, varies=varies)
        path = self._files.path_of(image.id, name, variant)
        content = self._files.read(path)
        if content is None:
            content = self._flights.content(
                path,
                find=lambda: self._files.read(path),
                make=lambda: self._make(image, wanted, bucket, layers, path),
            )
        return Delivered(
            name=name,
            wanted=wanted,
            path=path,
            content=content,
            is_current=meaning.is_current,
            is_lasting=asked.signed and meaning.is_current and not meaning.leans_on_others,
            varies=varies,
        )

    def _make(
        self,
        image: Image,
        wanted: Transformation,
        bucket: str,
        layers: Mapping[str, Image],
        path: Path,
    ) -> bytes:
        variant = variant_name(wanted, bucket, layers)
        made = self._shared.find(image, variant)
        if made is None:
            with self._tally.counted("derivations", well="made"):
                made = self._derive(image, wanted, bucket, layers)
            self._shared.keep(image, variant, made)
        if self._shared.address_of(image, variant, wanted) is None:
            self._files.keep(path, made)
        if not self._is_still(image):
            # Hidden or renamed while it was being made: leave nothing that could be served.
            self.forget(image.id)
            raise NotFoundError(f"Resource not found - {image.public_id}")
        return made

    def _derive(
        self, image: Image, wanted: Transformation, bucket: str, layers: Mapping[str, Image]
    ) -> bytes:
        others = {public_id: self._originals.path_of(each) for public_id, each in layers.items()}
        derive = partial(self._engine.derive, wanted=wanted, bucket=bucket, layers=others)
        original = self._originals.path_of(image)
        copy_of = CopyOf(format=image.format, width=image.width, height=image.height)
        if serves(wanted, copy_of):
            copy = self._copy_path(image)
            with suppress(FileNotFoundError, NotADirectoryError, BrokenImageError):
                note_use(str(copy), copy.stat().st_mtime)
                return derive(copy, copy_of=copy_of).bytes
        try:
            return derive(original).bytes
        except FileNotFoundError as error:  # Deleted or moved away since it was looked for.
            raise NotFoundError(f"Resource not found - {image.public_id}") from error

    def _copy_path(self, image: Image) -> Path:
        return self._files.path_of(image.id, name_of(image), _COPY)

    def _is_still(self, image: Image) -> bool:
        try:
            return name_of(self._catalog.find(image.id)) == name_of(image)
        except NotFoundError:
            return False


def _place_of(image: Image) -> tuple[str, str, str | None]:
    return image.store, image.key, image.store_version


def _bucket(wanted: Transformation, client: Client) -> tuple[str, frozenset[str]]:
    """The class of formats that counts, and whether it does."""
    if wanted.format == "auto":
        return client.bucket, frozenset({"bucket"})
    return "base", frozenset()
