"""What every media store must do; each store's test subclasses ``StoreContract``. Its fixtures:

``store``      an empty store
``down``       a store whose provider cannot be reached
``fetch``      what an address of its delivery answers: status and body
``outside``    takes a picture of what a call with a hostile key must never touch
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, ClassVar

import pytest
import pyvips

from gallery.errors import KeyTakenError, ObjectMissingError, StoreError
from gallery.model import Image, Received, Status
from gallery.stores.base import MediaStore
from gallery.transformation import Crop, Transformation

KEY = "AbCdEfGhIjKlMnOpQrStUv"
OTHER_KEY = "-_3456789012345678901v"
SMALL = Transformation.box(width=40, height=40)

Fetch = Callable[[str], tuple[int, bytes]]
Draw = Callable[..., Received]

ODD_KEYS = (
    "",
    ".",
    "..",
    "/",
    "a",
    "short",
    "x" * 65,
    "x" * 15,
    f"../{KEY}",
    f"../../{KEY}",
    f"/{KEY}",
    f"//{KEY}",
    f"/etc/{KEY}",
    "/etc/passwd",
    "../../../../../../etc/passwd",
    "..\\..\\..\\windows\\system32\\config",
    f"..\\{KEY}",
    f"C:\\{KEY}",
    f"C:/{KEY}",
    f"\\\\host\\share\\{KEY}",
    f"file:///{KEY}",
    f"http://host.invalid/{KEY}",
    f"{KEY}/",
    f"{KEY}/.",
    f"{KEY}/..",
    f"{KEY}/../{OTHER_KEY}",
    f"{KEY}/{OTHER_KEY}",
    f"{KEY}//{OTHER_KEY}",
    f"./{KEY}",
    f".{KEY}",
    f"~/{KEY}",
    f"~{KEY}",
    f"%2e%2e/{KEY}",
    f"%2e%2e%2f{KEY}",
    f"%252e%252e%252f{KEY}",
    f"..%2f{KEY}",
    f"..%5c{KEY}",
    f"..%00/{KEY}",
    f"{KEY}%00",
    f"{KEY}\0",
    f"{KEY}\0.jpg",
    f"\0{KEY}",
    f"{KEY}\n",
    f"\n{KEY}",
    f"{KEY}\r\nX-Header: 1",
    f" {KEY}",
    f"{KEY} ",
    f"{KEY}\t",
    f"{KEY}.",
    f"{KEY}..",
    f"{KEY}.jpg",
    f"{KEY}.1.2",
    f"{KEY}.-1",
    f"{KEY}.0000000001",
    f"{KEY}.\u0661",
    f"{KEY}?a=1",
    f"{KEY}#a",
    f"{KEY}&type=upload",
    f"{KEY}|b",
    f"{KEY};ls",
    f"{KEY}*",
    f"{KEY}\u202e",
    f"\uff0e\uff0e\uff0f{KEY}",
    f"\u2025\u2215{KEY}",
    "é" * 22,
    "\ud800" * 22,
    "con" + "_" * 13 + ":",
)
"""Keys that services never make: paths that climb, in every spelling, and text that is no id."""


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws a picture, each ``seed`` another, and receives it as an upload."""

    def receive(seed: int = 1, *, width: int = 120, height: int = 80) -> Received:
        noise = pyvips.Image.gaussnoise(width, height, sigma=40, mean=128, seed=seed)
        content: bytes = noise.cast("uchar").jpegsave_buffer(Q=90)
        return receive_bytes(tmp_path / "incoming", content)

    return receive


def receive_bytes(folder: Path, content: bytes) -> Received:
    """The bytes as a file that arrived: one of its own, however often they arrive."""
    folder.mkdir(exist_ok=True)
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"upload-{secrets.token_hex(4)}"
    path.write_bytes(content)
    return Received(path=str(path), filename="IMG 1.jpg", bytes=len(content), sha256=sha256)


def image_of(
    store: MediaStore, original: Received, *, key: str = KEY, version: str = "1763726400"
) -> Image:
    """The document of a picture of 120 by 80 pixels, after its put; ``version`` is ours where the
    store has none."""
    now = datetime.now(UTC)
    stored = store.put(key, original)
    return Image(
        order="0" * 24,
        id=key.partition(".")[0],
        public_id=key.partition(".")[0],
        status=Status.READY,
        store=store.name,
        key=key,
        width=120,
        height=80,
        created_at=now,
        updated_at=now,
        etag=stored.etag,
        store_version=stored.store_version or version,
    )


def content_of(store: MediaStore, key: str) -> bytes:
    """The bytes under a key."""
    with store.open(key) as file:
        return file.read()


def keys_of(store: MediaStore, prefix: str = "") -> list[str]:
    """The keys that a listing names, as it orders them."""
    return [found.key for found in store.list(prefix)]


Call = Callable[[MediaStore, str, Received], object]

CALLS: dict[str, Call] = {
    "put": lambda store, key, original: store.put(key, original),
    "stat": lambda store, key, _: store.stat(key),
    "open": lambda store, key, _: store.open(key),
    "delete": lambda store, key, _: store.delete(key),
}
"""Every call that takes a key."""


class StoreContract:
    """The contract. A subclass whose store answers a dead provider in another way says so."""

    down_error: ClassVar[type[StoreError]] = StoreError

    def spelled(self, wanted: Transformation) -> str:
        """How an address of the store says it."""
        return str(wanted)

    def test_tells_what_it_keeps(self, store: MediaStore, draw: Draw) -> None:
        original = draw()
        before = datetime.now(UTC) - timedelta(seconds=2)

        stored = store.put(KEY, original)

        assert (stored.key, stored.bytes) == (KEY, original.bytes)
        assert stored.sha256 == original.sha256
        assert stored.etag
        assert stored.store_version is None or stored.store_version.isdigit()
        for moment in (stored.created_at, stored.modified_at):
            assert moment.utcoffset() == timedelta(0)
            assert before <= moment <= datetime.now(UTC)

    def test_stat_agrees_with_put(self, store: MediaStore, draw: Draw) -> None:
        stored = store.put(KEY, draw())

        found = store.stat(KEY)

        assert replace(found, sha256=stored.sha256) == stored
        assert found.sha256 in (None, stored.sha256)

    def test_gives_back_every_byte(self, store: MediaStore, draw: Draw) -> None:
        original = draw()
        content = Path(original.path).read_bytes()
        store.put(KEY, original)

        assert content_of(store, KEY) == content
        with store.open(KEY) as file:
            assert file.read(7) == content[:7]
            assert file.read(1000) == content[7:1007]

    def test_keeps_the_original_when_the_upload_is_removed(
        self, store: MediaStore, draw: Draw
    ) -> None:
        original = draw()
        content = Path(original.path).read_bytes()
        store.put(KEY, original)

        Path(original.path).unlink()

        assert content_of(store, KEY) == content

    def test_the_same_bytes_again_are_a_success(self, store: MediaStore, draw: Draw) -> None:
        original = draw()
        first = store.put(KEY, original)

        again = store.put(KEY, draw())

        assert again == first
        assert keys_of(store) == [KEY]

    def test_other_bytes_never_replace_what_is_there(self, store: MediaStore, draw: Draw) -> None:
        original, other = draw(seed=1), draw(seed=2)
        content = Path(original.path).read_bytes()
        store.put(KEY, original)

        with pytest.raises(KeyTakenError):
            store.put(KEY, other)

        assert content_of(store, KEY) == content

    def test_many_puts_of_the_same_file_at_once_all_succeed(
        self, store: MediaStore, draw: Draw
    ) -> None:
        original = draw()

        with ThreadPoolExecutor(8) as threads:
            stored = list(threads.map(lambda _: store.put(KEY, original), range(8)))

        assert {each.store_version for each in stored} == {stored[0].store_version}
        assert keys_of(store) == [KEY]

    def test_a_replacement_has_a_key_and_a_version_of_its_own(
        self, store: MediaStore, draw: Draw
    ) -> None:
        first, second = draw(seed=1), draw(seed=2)
        before = image_of(store, first)
        after = image_of(store, second, key=f"{KEY}.1", version="1763726401")

        assert content_of(store, KEY) == Path(first.path).read_bytes()
        assert content_of(store, f"{KEY}.1") == Path(second.path).read_bytes()
        assert store.delivery_url(before, SMALL) != store.delivery_url(after, SMALL)
        store.delete(KEY)
        assert keys_of(store) == [f"{KEY}.1"]

    def test_a_missing_key_is_named_so(self, store: MediaStore) -> None:
        with pytest.raises(ObjectMissingError):
            store.stat(KEY)
        with pytest.raises(ObjectMissingError), store.open(KEY):
            pass

    def test_deleting_what_is_not_there_is_a_success(self, store: MediaStore, draw: Draw) -> None:
        store.put(OTHER_KEY, draw())
        store.put(KEY, draw())

        store.delete(KEY)
        store.delete(KEY)

        assert keys_of(store) == [OTHER_KEY]

    def test_a_key_can_be_used_again_after_deleting(self, store: MediaStore, draw: Draw) -> None:
        store.put(KEY, draw(seed=1))
        store.delete(KEY)
        other = draw(seed=2)

        store.put(KEY, other)

        assert content_of(store, KEY) == Path(other.path).read_bytes()

    def test_lists_nothing_when_empty(self, store: MediaStore) -> None:
        assert keys_of(store) == []
        assert keys_of(store, KEY[:2]) == []

    def test_lists_in_the_order_of_the_keys(self, store: MediaStore, draw: Draw) -> None:
        keys = [KEY, f"{KEY}.2", f"{KEY}.10", KEY.lower(), OTHER_KEY, "_" * 22, "9" * 22, "Ab" * 11]
        for key in keys:
            store.put(key, draw())

        assert keys_of(store) == sorted(keys)
        assert list(store.list()) == [
            replace(store.stat(key), sha256=found.sha256)
            for key, found in zip(sorted(keys), store.list(), strict=True)
        ]

    @pytest.mark.parametrize("prefix", ["A", "Ab", "AbC", KEY, f"{KEY}.", f"{KEY}.1", "nobody"])
    def test_lists_what_begins_with_a_prefix(
        self, store: MediaStore, draw: Draw, prefix: str
    ) -> None:
        keys = sorted([KEY, f"{KEY}.1", "Ab" * 11, "AAAA" * 5, OTHER_KEY])
        for key in keys:
            store.put(key, draw())

        assert keys_of(store, prefix) == [key for key in keys if key.startswith(prefix)]

    @pytest.mark.parametrize("prefix", ["..", "../", "/", "/etc/", "A/../..", "\0", "%2e%2e", "*"])
    def test_an_odd_prefix_lists_nothing(self, store: MediaStore, draw: Draw, prefix: str) -> None:
        store.put(KEY, draw())

        assert keys_of(store, prefix) == []

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_a_key_that_is_none_of_ours_goes_nowhere(
        self, store: MediaStore, draw: Draw, outside: Callable[[], object], key: str
    ) -> None:
        original = draw()
        before = outside()

        for call in CALLS.values():
            with pytest.raises(ObjectMissingError):
                call(store, key, original)

        assert outside() == before

    @pytest.mark.parametrize("call", CALLS)
    def test_a_dead_provider_is_never_a_missing_file(
        self, down: MediaStore, draw: Draw, call: str
    ) -> None:
        with pytest.raises(StoreError) as failure:
            CALLS[call](down, KEY, draw())

        assert type(failure.value) is self.down_error

    def test_a_dead_provider_is_never_an_empty_list(self, down: MediaStore) -> None:
        with pytest.raises(StoreError) as failure:
            keys_of(down)

        assert type(failure.value) is self.down_error

    def test_probe_tells_the_living_from_the_dead(
        self, store: MediaStore, down: MediaStore
    ) -> None:
        store.probe()
        with pytest.raises(StoreError):
            down.probe()

    def test_probing_leaves_nothing(self, store: MediaStore) -> None:
        store.probe()

        assert keys_of(store) == []

    def test_delivers_variants_and_never_the_original(
        self, store: MediaStore, draw: Draw, fetch: Fetch
    ) -> None:
        original = draw()
        url = store.delivery_url(image_of(store, original), SMALL)
        content = Path(original.path).read_bytes()

        status, body = fetch(url)

        assert status == 200
        assert body != content

    @pytest.mark.parametrize("crop", [Crop.LIMIT, Crop.LFILL])
    def test_an_address_without_its_transformation_leads_nowhere(
        self, store: MediaStore, draw: Draw, fetch: Fetch, crop: Crop
    ) -> None:
        wanted = Transformation.box(crop=crop, width=40, height=40)
        url = store.delivery_url(image_of(store, draw()), wanted)
        bare = url.replace(f"/{self.spelled(wanted)}", "")
        assert bare != url

        for each in (bare, re.sub(r"/s--[\w-]+--", "", bare)):
            status, body = fetch(each)
            assert (status in (401, 403, 404), body) == (True, b"")

    @pytest.mark.parametrize(
        "other",
        ["c_limit,f_auto,h_41,q_auto,w_41", "fl_keep_iptc", "q_100", "a_0", "fl_attachment"],
    )
    def test_an_address_with_another_transformation_leads_nowhere(
        self, store: MediaStore, draw: Draw, fetch: Fetch, other: str
    ) -> None:
        url = store.delivery_url(image_of(store, draw()), SMALL)

        status, body = fetch(url.replace(self.spelled(SMALL), other))

        assert (status in (401, 403, 404), body) == (True, b"")

    def test_delivery_leads_to_the_hosts_it_names(self, store: MediaStore, draw: Draw) -> None:
        url = store.delivery_url(image_of(store, draw()), SMALL)

        if store.delivery_hosts:
            assert any(url.startswith(f"{host}/") for host in store.delivery_hosts)
        else:
            assert url.startswith("/cdn/")

    def test_what_is_open_closes(self, store: MediaStore, draw: Draw) -> None:
        store.put(KEY, draw())
        file: BinaryIO
        with store.open(KEY) as file:
            assert not file.closed

        assert file.closed
