"""Which media stores this gallery has, by the name that an image's document gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gallery.config import Settings
from gallery.errors import ConfigError, StoreError
from gallery.model import Image
from gallery.stores import spool
from gallery.stores.abilities import SupportsTickets
from gallery.stores.base import MediaStore, StoreHealth, SupportsHealth
from gallery.stores.local import LocalStore
from gallery.transformation import Preset, Transformation


class Stores:
    """The stores that are set up. ``for_new`` takes new images; older ones stay where they are."""

    def __init__(self, stores: Iterable[MediaStore], *, for_new: str) -> None:
        self._by_name = {store.name: store for store in stores}
        self.for_new = self.named(for_new)
        may_be_away = isinstance(self.for_new, SupportsHealth)
        self.spool = self._by_name.get(spool.NAME) if may_be_away else None
        """Where new images lie while their store does not answer; ``None`` where it always does."""

    def for_upload(self) -> MediaStore:
        """The store for a new image now: the spool while its own is known to be away."""
        return self.spool if self.spool and self.is_away(self.for_new.name) else self.for_new

    def is_away(self, name: str) -> bool:
        """Whether the store of that name has not answered lately."""
        store = self._by_name.get(name)
        return isinstance(store, SupportsHealth) and store.health().is_away

    def is_resting(self, name: str) -> bool:
        """Whether nothing should be asked of the store of that name now."""
        store = self._by_name.get(name)
        return isinstance(store, SupportsHealth) and store.health().is_resting

    def takes_late(self, name: str) -> bool:
        """Whether an object may still come to the store of that name after its sender has died:
        everywhere but on our own disks."""
        store = self._by_name.get(name)
        return store is None or isinstance(store, SupportsHealth)

    def taking_late(self) -> tuple[str, ...]:
        """The stores that are set up of which that is so."""
        return tuple(filter(self.takes_late, self._by_name))

    def moving_to(self, name: str) -> str:
        """Where a new image goes on to from the store of that name; empty when it stays."""
        return self.for_new.name if self.spool and name == self.spool.name else ""

    def named(self, name: str) -> MediaStore:
        """The store of that name. Raises StoreError when its settings are gone."""
        try:
            return self._by_name[name]
        except KeyError:
            raise StoreError(
                f"This photo lies in the store {name!r}, which is no longer set up here."
            ) from None

    def all(self) -> tuple[MediaStore, ...]:
        """Every store that is set up."""
        return tuple(self._by_name.values())

    def deliver_elsewhere(self, image: Image) -> bool:
        """Whether another program than ours delivers the image."""
        store = self._by_name.get(image.store)
        return store is None or store.makes_variants

    def health(self) -> dict[str, StoreHealth]:
        """How each store that may be away has been doing, by its name, as this process saw it."""
        return {
            store.name: store.health() for store in self.all() if isinstance(store, SupportsHealth)
        }

    @property
    def for_tickets(self) -> SupportsTickets | None:
        """The store that browsers bring new files to themselves, if it is one that takes them."""
        return self.for_new if isinstance(self.for_new, SupportsTickets) else None

    def upload_hosts(self) -> tuple[str, ...]:
        """Where tickets for new files lead besides here, each as ``https://host``."""
        return self.for_tickets.upload_hosts if self.for_tickets else ()

    def delivery_hosts(self) -> tuple[str, ...]:
        """Where delivery URLs of any store lead besides here, each as ``https://host``."""
        return tuple(host for store in self.all() for host in store.delivery_hosts)


Presets = Mapping[str, Preset]


def build_stores(
    settings: Settings, *, presets: Presets | None = None, spooled: spool.Blobs | None = None
) -> Stores:
    """The stores that the settings name. Touches neither disk nor network; ``probe`` does.

    ``presets`` are those of the gallery, for stores that make them ahead. ``spooled`` keeps what is
    spooled where every node reads it; without it, that is a folder here.
    """
    made = [make(settings, presets or {}) for make in _MAKERS]
    spooling = _spool(settings, spooled)
    return Stores(
        [*(store for store in made if store is not None), spooling], for_new=settings.media_store
    )


def _local(settings: Settings, _: Presets) -> MediaStore:
    return LocalStore(settings.gallery_data / "originals", **_own_cdn(settings))


def _cloudinary(settings: Settings, presets: Presets) -> MediaStore | None:
    if settings.cloudinary is None:
        return None
    # Its SDK is loaded only where it is used.
    from gallery.stores.cloudinary.store import CloudinaryStore

    return CloudinaryStore(settings.cloudinary, eager=_eager(settings, presets))


def _eager(settings: Settings, presets: Presets) -> list[Transformation]:
    """Every size of the presets that are to be made ahead."""
    unknown = sorted(set(settings.cloudinary_eager) - presets.keys())
    if unknown:
        raise ConfigError(
            f"CLOUDINARY_EAGER: there is no preset {unknown[0]!r}; use {', '.join(presets)}."
        )
    named = (presets[name] for name in settings.cloudinary_eager)
    return [wanted for preset in named for wanted in preset.transformations()]


def _cloudflare(settings: Settings, presets: Presets) -> MediaStore | None:
    if settings.cloudflare is None:
        return None
    from gallery.stores.cloudflare.store import CloudflareStore

    return CloudflareStore(
        settings.cloudflare,
        presets=presets,
        private=settings.gallery_visibility == "private",
        cloud_name=settings.cdn_cloud_name,
        secret=settings.cdn_api_secret,
    )


def _s3(settings: Settings, _: Presets) -> MediaStore | None:
    if settings.s3 is None:
        return None
    # boto3 is loaded only where it is used.
    from gallery.stores.s3.store import S3Store

    return S3Store(settings.s3, cloud_name=settings.cdn_cloud_name, secret=settings.cdn_api_secret)


def _spool(settings: Settings, blobs: spool.Blobs | None) -> MediaStore:
    if blobs is not None:
        return spool.BlobSpool(blobs, max_bytes=settings.spool_bytes, **_own_cdn(settings))
    folder = settings.gallery_data / "spool"
    return spool.DiskSpool(folder, max_bytes=settings.spool_bytes, **_own_cdn(settings))


def _own_cdn(settings: Settings) -> dict[str, str]:
    return {"cloud_name": settings.cdn_cloud_name, "secret": settings.cdn_api_secret}


_MAKERS: tuple[Callable[[Settings, Presets], MediaStore | None], ...] = (
    _local,
    _cloudinary,
    _cloudflare,
    _s3,
)
"""One line for each store: makes it, or ``None`` when its settings are not given."""
