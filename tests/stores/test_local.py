from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cloudinary.utils import cloudinary_url

from gallery.errors import KeyTakenError, ObjectMissingError, StorageFullError, StoreError
from gallery.model import Received
from gallery.stores.base import MediaStore, SupportsLocalPath
from gallery.stores.local import LocalStore
from gallery.transformation import Transformation
from tests.store_contract import (
    KEY,
    OTHER_KEY,
    SMALL,
    Draw,
    Fetch,
    StoreContract,
    content_of,
    image_of,
    keys_of,
)
from tests.stores import own_cdn
from tests.stores.own_cdn import SECRET


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data" / "originals"


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root, cloud_name="vitrine", secret=SECRET)


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, store: LocalStore) -> MediaStore:
        return store

    @pytest.fixture
    def down(self, tmp_path: Path) -> MediaStore:
        """A store whose folder is none, as when something else was mounted there."""
        (tmp_path / "file").touch()
        return LocalStore(tmp_path / "file", cloud_name="vitrine", secret=SECRET)

    @pytest.fixture
    def fetch(self) -> Fetch:
        return own_cdn.answer

    @pytest.fixture
    def outside(self, tmp_path: Path) -> Callable[[], object]:
        return lambda: {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_says_that_its_originals_are_files_here(store: LocalStore, draw: Draw, root: Path) -> None:
    original = draw()
    store.put(KEY, original)

    assert isinstance(store, SupportsLocalPath)
    assert store.path_of(KEY) == root / "Ab" / KEY
    assert store.path_of(KEY).read_bytes() == Path(original.path).read_bytes()
    with pytest.raises(ObjectMissingError):
        store.path_of(OTHER_KEY)


def test_files_and_folders_are_for_the_owner_alone(
    store: LocalStore, draw: Draw, root: Path
) -> None:
    original = draw()
    Path(original.path).chmod(0o644)
    store.put(KEY, original)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (root, root / "Ab", store.path_of(KEY))]

    assert modes == [0o700, 0o700, 0o600]


def test_reading_makes_no_folder(store: LocalStore, root: Path) -> None:
    keys_of(store)
    store.delete(KEY)

    assert not root.exists()


def test_lists_only_files_of_ours(store: LocalStore, draw: Draw, root: Path) -> None:
    store.put(KEY, draw())
    (root / ".DS_Store").touch()
    (root / "ab").mkdir()
    (root / "lost+found").mkdir()
    for stray in (f"Ab/.{OTHER_KEY}", "Ab/notes.txt", f"Ab/{OTHER_KEY}", f"ab/{KEY}"):
        (root / stray).touch()

    assert keys_of(store) == [KEY]


def test_lists_past_a_file_that_goes_meanwhile(store: LocalStore, draw: Draw) -> None:
    for key in (KEY, "AbZ" * 8):
        store.put(key, draw())

    listing = store.list()
    first = next(listing)
    store.delete("AbZ" * 8)

    assert [first.key, *(found.key for found in listing)] == [KEY]


def name_of(descriptor: int) -> str:
    """The name of the open file or folder."""
    return Path(f"/proc/self/fd/{descriptor}").readlink().name


def test_flushes_the_bytes_before_they_have_a_name_and_the_name_after(
    store: LocalStore, draw: Draw, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = draw()
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def flush(descriptor: int) -> None:
        steps.append(f"flush {name_of(descriptor)}")
        fsync(descriptor)

    def name(source: str, target: Path) -> None:
        steps.append("link")
        link(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "link", name)

    store.put(KEY, original)
    store.put("AbZ" * 8, original)

    upload = Path(original.path).name
    made = ["flush data", "flush originals"]
    one = [f"flush {upload}", "link", "flush Ab"]
    assert steps == [*made, *one, *one]


def test_deleting_is_flushed_too(
    store: LocalStore, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(KEY, draw())
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: flushed.append(name_of(fd)))

    store.delete(KEY)
    assert flushed == ["Ab"]
    store.delete(KEY)
    assert flushed == ["Ab", "Ab"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads lie on another filesystem than the originals."""
    link = os.link

    def refuse(source: str | Path, target: Path) -> None:
        if "incoming" in Path(source).parent.name and Path(source).parent.name != ".incoming":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(source, target)

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("elsewhere")
def test_copies_what_lies_on_another_filesystem(store: LocalStore, draw: Draw, root: Path) -> None:
    original = draw()

    stored = store.put(KEY, original)
    again = store.put(KEY, original)

    assert stored == again
    assert content_of(store, KEY) == Path(original.path).read_bytes()
    assert stat.S_IMODE(store.path_of(KEY).stat().st_mode) == 0o600
    assert list((root / ".incoming").iterdir()) == []
    with pytest.raises(KeyTakenError):
        store.put(KEY, draw(seed=2))
    assert list((root / ".incoming").iterdir()) == []


@pytest.mark.usefixtures("elsewhere")
def test_a_copy_that_differs_is_never_kept(store: LocalStore, draw: Draw, root: Path) -> None:
    original = draw()
    Path(original.path).write_bytes(b"something else")

    with pytest.raises(StoreError, match="changed while it was being stored"):
        store.put(KEY, original)

    assert keys_of(store) == []
    assert list((root / ".incoming").iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("call", ["fsync", "link", "mkdir"])
def test_a_full_disk_is_named_and_leaves_nothing(
    store: LocalStore,
    draw: Draw,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    call: str,
) -> None:
    original = draw()

    def full(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(StorageFullError):
            store.put(KEY, original)

    assert keys_of(store) == []
    assert [path for path in root.rglob("*") if path.is_file()] == []
    store.put(KEY, original)


def test_a_disk_that_fills_up_while_copying_leaves_nothing(
    store: LocalStore, draw: Draw, root: Path
) -> None:
    """A real limit of the operating system, in a process of its own."""
    program = """if True:
        import os, resource, signal, sys
        from pathlib import Path
        from gallery.errors import StorageFullError
        from gallery.model import Received
        from gallery.stores.local import LocalStore
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        store = LocalStore(Path(sys.argv[1]), cloud_name="vitrine", secret="s")
        link = os.link
        def refuse(source, target):
            if str(source) == sys.argv[2]:
                raise OSError(18, "Invalid cross-device link")
            link(source, target)
        os.link = refuse
        try:
            store.put(sys.argv[3], Received(path=sys.argv[2], filename="", bytes=1, sha256=""))
        except StorageFullError:
            sys.exit(42)
    """
    original = draw()

    ended = subprocess.run(
        [sys.executable, "-c", program, str(root), original.path, KEY], check=False
    )

    assert ended.returncode == 42
    assert [path for path in root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EROFS])
def test_a_disk_that_fails_is_never_a_missing_file(
    store: LocalStore, draw: Draw, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store.put(KEY, draw())

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "stat", fail)

    with pytest.raises(StoreError) as failure:
        store.stat(KEY)
    assert type(failure.value) is StoreError


KILLED_AT = ("fsync 1", "fsync 2", "fsync 3", "link 1", "fsync 4")


@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_put_that_is_killed_leaves_a_whole_file_or_none(
    store: LocalStore, draw: Draw, root: Path, moment: str
) -> None:
    program = """if True:
        import os, sys
        from pathlib import Path
        from gallery.model import Received
        from gallery.stores.local import LocalStore
        call, count = sys.argv[2].split()
        real, calls = getattr(os, call), []
        def counted(*given):
            calls.append(1)
            if len(calls) == int(count):
                os.kill(os.getpid(), 9)
            return real(*given)
        setattr(os, call, counted)
        root, _, path, size, sha256, key = sys.argv[1:]
        original = Received(path=path, filename="", bytes=int(size), sha256=sha256)
        LocalStore(Path(root), cloud_name="vitrine", secret="s").put(key, original)
    """
    original = draw()
    arguments = [moment, original.path, str(original.bytes), original.sha256, KEY]

    ended = subprocess.run([sys.executable, "-c", program, str(root), *arguments], check=False)

    assert ended.returncode == -9
    if keys_of(store):
        assert moment == "fsync 4"
        assert content_of(store, KEY) == Path(original.path).read_bytes()
    store.put(KEY, original)
    assert keys_of(store) == [KEY]


def test_finds_what_a_crash_left_on_its_way_in(store: LocalStore, root: Path) -> None:
    assert list(store.stale_temporaries(older_than=datetime.now(UTC))) == []
    store.probe()
    old, new = root / ".incoming" / "old.part", root / ".incoming" / "new.part"
    for path in (old, new):
        path.touch()
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    os.utime(old, (an_hour_ago.timestamp() - 1, an_hour_ago.timestamp() - 1))

    assert list(store.stale_temporaries(older_than=an_hour_ago)) == [old]


def test_leaves_the_version_to_whoever_knows_the_time(store: LocalStore, draw: Draw) -> None:
    assert store.put(KEY, draw()).store_version is None
    assert store.stat(KEY).store_version is None


def test_the_delivery_address_says_all(store: LocalStore, draw: Draw) -> None:
    url = store.delivery_url(image_of(store, draw()), Transformation.box(width=400, height=300))

    assert url == (
        "/cdn/vitrine/image/upload/s--Iya-0x3wW7Eq-Em_lbWExgZDjfH0ZY7B--"
        f"/c_limit,f_auto,h_300,q_auto,w_400/v1763726400/{KEY}"
    )


@pytest.mark.parametrize("public_id", [KEY, "garden/2026/rose", "a b~c+d,é%(x)", "x:y_z-1.5"])
def test_signs_as_the_unchanged_sdk_does(store: LocalStore, draw: Draw, public_id: str) -> None:
    image = image_of(store, draw())
    object.__setattr__(image, "public_id", public_id)

    ours = store.delivery_url(image, SMALL)

    theirs, _ = cloudinary_url(
        public_id.replace("%", "%25"),
        cloud_name="vitrine",
        api_secret=SECRET,
        raw_transformation=str(SMALL),
        version=image.store_version,
        sign_url=True,
        long_url_signature=True,
        secure=False,
        cname="host/cdn",
    )
    assert f"http://host{ours}" == theirs


def test_the_secret_decides_the_signature(root: Path, store: LocalStore, draw: Draw) -> None:
    image = image_of(store, draw())
    other = LocalStore(root, cloud_name="vitrine", secret="another")

    assert store.delivery_url(image, SMALL) != other.delivery_url(image, SMALL)


def test_probe_fails_where_names_cannot_be_linked(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    with pytest.raises(StoreError):
        store.probe()
    assert list((root / ".incoming").iterdir()) == []


def test_an_upload_that_vanished_is_a_failure(store: LocalStore, draw: Draw) -> None:
    original: Received = draw()
    Path(original.path).unlink()

    with pytest.raises(StoreError) as failure:
        store.put(KEY, original)

    assert type(failure.value) is StoreError
