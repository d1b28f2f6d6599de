"""Where images are shown from: the delivery URLs of each preset, asked of the store that has the
image."""

from __future__ import annotations

from collections.abc import Mapping

from gallery.errors import StoreError
from gallery.model import Image, Variant
from gallery.stores.abilities import AddressesEnd
from gallery.stores.base import MediaStore
from gallery.stores.registry import Stores
from gallery.transformation import Preset, Transformation


class Addresses:
    """Delivery URLs by preset: absolute, or paths where our own ``/cdn`` serves them."""

    def __init__(self, stores: Stores, presets: Mapping[str, Preset]) -> None:
        self._stores = stores
        self._ending = {
            store.name: store for store in stores.all() if isinstance(store, AddressesEnd)
        }
        self.presets = presets

    def shown_at(self, image: Image) -> str:
        """The address that shows the image as it should be looked at: its ``full`` preset. What is
        no picture is shown nowhere."""
        if image.resource_type != "image":
            return ""
        return _variant(self._stores.named(image.store), image, self.presets["full"]).url

    def url(self, image: Image, wanted: Transformation) -> str:
        """Where that variant is fetched. An image whose store is not set up any more has only the
        address that was written down."""
        try:
            return self._stores.named(image.store).delivery_url(image, wanted)
        except StoreError:
            return image.url

    def elsewhere(self, image: Image) -> str | None:
        """Where an image is shown now that another store than ours delivers; ``None`` for others.
        It is what was written down, unless that has come to its end."""
        if not self._stores.deliver_elsewhere(image):
            return None
        return self.shown_at(image) if self.period(image) else image.url

    def period(self, image: Image) -> int:
        """A number that changes whenever the image's addresses do by themselves: 0 where they are
        good for ever."""
        store = self._ending.get(image.store)
        return store.address_period() if store else 0

    def variants(self, image: Image) -> dict[str, Variant]:
        """Each preset's variant. The same for a store version while ``period`` is: a key's bytes
        never change.

        An image whose store is not set up any more keeps the one address that was written down.
        """
        try:
            store = self._stores.named(image.store)
        except StoreError:
            last_known = Variant(
                url=image.url,
                width=image.width,
                height=image.height,
                sizes=((image.url, image.width),),
            )
            return dict.fromkeys(self.presets, last_known)
        return {name: _variant(store, image, preset) for name, preset in self.presets.items()}


def _variant(store: MediaStore, image: Image, preset: Preset) -> Variant:
    """The sizes that differ: an image smaller than a preset offers its own size once."""
    sizes: dict[int, str] = {}
    for wanted in preset.transformations():
        width, height = wanted.size_of(image.width, image.height)
        if width not in sizes:
            sizes[width] = store.delivery_url(image, wanted)
    largest = max(sizes)
    _, height = preset.largest.size_of(image.width, image.height)
    ascending = tuple((url, width) for width, url in sorted(sizes.items()))
    return Variant(url=sizes[largest], width=largest, height=height, sizes=ascending)
