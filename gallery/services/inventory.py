"""All assets as an administrator of Cloudinary's sees them: listed, changed, hidden, restored.

Cursors are sealed and belong to their list, like those of the gallery's own pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gallery.catalog.asset_lists import AssetFilter, Names, Weight
from gallery.catalog.images import ImageCatalog
from gallery.errors import InvalidCursorError, NotFoundError
from gallery.imaging.made import Details
from gallery.imaging.sandbox import Engine
from gallery.model import Image, Particulars, Status
from gallery.services.assets import AssetName, Assets
from gallery.services.delivery import Delivery
from gallery.services.library import Library
from gallery.signing import seal, unseal
from gallery.stores.registry import Stores

WEIGHED_FOR_S = 60.0
"""How long the sum over all assets is remembered: it reads every one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of a list, and the cursor of the next one."""

    images: tuple[Image, ...]
    next_cursor: str | None = None


class Inventory:
    """Every asset of a gallery. Cursors are sealed with ``secret``."""

    def __init__(
        self,
        *,
        catalog: ImageCatalog,
        assets: Assets,
        library: Library,
        delivery: Delivery,
        stores: Stores,
        engine: Engine,
        secret: str,
    ) -> None:
        self._catalog = catalog
        self._assets = assets
        self._library = library
        self._delivery = delivery
        self._stores = stores
        self._engine = engine
        self._secret = secret
        self._weighed: tuple[float, Weight] | None = None

    def page(
        self, wanted: AssetFilter, *, cursor: str | None, limit: int, newest_first: bool
    ) -> Listed:
        """One page. Raises InvalidCursorError for a cursor of another list."""
        purpose = repr(("assets", wanted, newest_first))
        page = self._catalog.asset_page(
            wanted, after=self._opened(purpose, cursor), limit=limit, newest_first=newest_first
        )
        return Listed(images=page.images, next_cursor=self._sealed(purpose, page.next))

    def named(self, public_ids: Sequence[str], *, resource_type: str, type: str) -> Listed:
        """Those of the public ids that there are."""
        found = self._catalog.assets_named(public_ids, resource_type=resource_type, type=type)
        return Listed(images=tuple(found))

    def of_ids(self, asset_ids: Sequence[str]) -> Listed:
        """Those of the asset ids that there are."""
        return Listed(images=tuple(self._catalog.assets_of_ids(asset_ids)))

    def find(self, name: AssetName) -> Image:
        """The asset of that name. Raises NotFoundError."""
        return self._assets.find(name)

    def find_by_asset_id(self, asset_id: str) -> Image:
        """The asset of that id. Raises NotFoundError."""
        try:
            return self._catalog.find_by_asset_id(asset_id)
        except NotFoundError as error:
            raise NotFoundError(f"Resource not found - {asset_id[:64]}") from error

    def tags(
        self, *, resource_type: str, prefix: str, cursor: str | None, limit: int
    ) -> tuple[tuple[str, ...], str | None]:
        """Some of the tags in use, in their order, and the cursor of the next ones."""
        purpose = repr(("tags", resource_type, prefix))
        found = self._catalog.tags_in_use(
            resource_type=resource_type,
            prefix=prefix,
            after=self._opened(purpose, cursor),
            limit=limit,
        )
        return self._told(purpose, found)

    def folders(
        self, path: str, *, cursor: str | None, limit: int
    ) -> tuple[tuple[str, ...], str | None]:
        """Names of some of the folders right below a path, and the cursor of the next ones.

        Raises NotFoundError for a path below which, and in which, there is nothing.
        """
        purpose = repr(("folders", path))
        found = self._catalog.folders_in(path, after=self._opened(purpose, cursor), limit=limit)
        if not found.names and path and not cursor:
            wanted = AssetFilter(folder=path)
            if not self._catalog.asset_page(wanted, after=None, limit=1, newest_first=True).images:
                raise NotFoundError(f"Can't find folder with path {path}")
        return self._told(purpose, found)

    def details(self, image: Image, *, colors: bool, phash: bool, metadata: bool) -> Details:
        """A closer look at the original of a picture that we deliver ourselves; else nothing."""
        asked = colors or phash or metadata
        if not asked or image.resource_type != "image" or self._stores.deliver_elsewhere(image):
            return Details()
        path = self._delivery.original_of(image)
        return self._engine.details(path, colors=colors, phash=phash, metadata=metadata)

    def change(self, image: Image, tell: Callable[[Image], Particulars]) -> Image:
        """The asset with the change that ``tell`` makes of it as it is."""
        return self._assets.change(image, tell)

    def hide(self, image: Image) -> None:
        """Puts an image into the trash; a raw file is gone for good: the trash shows images."""
        if image.status is Status.KEPT:
            self._library.purge(image.id)
        else:
            self._library.trash(image.id, version=None)

    def restore(self, name: AssetName) -> Image:
        """The asset of that name, back from the trash. Raises NotFoundError."""
        found = self._catalog.find_asset(
            name.public_id,
            resource_type=name.resource_type,
            type=name.type,
            among=(Status.TRASHED, Status.READY, Status.KEPT),
        )
        return found if found.status is Status.KEPT else self._library.restore(found.id)

    def restore_by_asset_id(self, asset_id: str) -> Image:
        """The asset of that id, back from the trash. Raises NotFoundError."""
        among = (Status.TRASHED, Status.READY, Status.KEPT)
        found = self._catalog.find_by_asset_id(asset_id, among=among)
        return found if found.status is Status.KEPT else self._library.restore(found.id)

    def forget_derived(self, image: Image, transformations: Collection[str] | None = None) -> int:
        """Removes what was derived of the image, all or that of the transformations; how many of
        those had been made ready for addresses without a signature, which now need one again."""
        before = image.eager

        def told(now: Image) -> Particulars:
            kept = () if transformations is None else tuple(
                each for each in now.eager if each not in transformations
            )  # fmt: skip
            return Particulars(eager=kept)

        after = self._assets.change(image, told).eager if before else ()
        self._delivery.forget(image.id)
        return len(before) - len(after)

    def weight(self, *, before: datetime | None = None) -> Weight:
        """Of all assets that are there and had arrived by that moment."""
        if before is not None:
            return self._catalog.weight(before=before)
        now = time.monotonic()
        if self._weighed is None or now - self._weighed[0] > WEIGHED_FOR_S:
            self._weighed = (now, self._catalog.weight())
        return self._weighed[1]

    def _told(self, purpose: str, found: Names) -> tuple[tuple[str, ...], str | None]:
        return found.names, self._sealed(purpose, found.next)

    def _sealed(self, purpose: str, place: str | None) -> str | None:
        return None if place is None else seal(self._secret, purpose, {"at": place})

    def _opened(self, purpose: str, cursor: str | None) -> str | None:
        if not cursor:
            return None
        value = unseal(self._secret, purpose, cursor)
        if value is None:
            raise InvalidCursorError("Invalid next_cursor: it belongs to another list")
        place: str = value["at"]
        return place
