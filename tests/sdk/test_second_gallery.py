"""A second gallery whose Cloudinary is the first one: nothing but ``CLOUDINARY_URL`` says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from gallery.config.account import CloudinaryAccount, find_account
from gallery.config.given import Given
from gallery.errors import StoreUnavailableError
from gallery.stores.base import MediaStore
from gallery.stores.cloudinary.store import CloudinaryStore
from gallery.transformation import presets_from
from tests import pictures
from tests.client import Client
from tests.programs import Program, free_port
from tests.sdk.conftest import LIMIT_BYTES, Sdk, noise
from tests.store_contract import (
    KEY,
    Fetch,
    StoreContract,
    content_of,
    draw,
    receive_bytes,
)
from tests.ticket_contract import TicketContract

__all__ = ["draw"]

PHOTO = pictures.photo(width=320, height=180)


def fetched(url: str) -> tuple[int, bytes]:
    """Status and picture; what a refusal says of itself is none."""
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("GET", url)
    if answer.status != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Cld-Error"]
        return answer.status, b""
    return answer.status, answer.data


def account_of(url: str) -> CloudinaryAccount:
    account = find_account(Given({"CLOUDINARY_URL": url}))
    assert account is not None
    return account


class TestOurOwnCdnIsAStore(StoreContract):
    """What every store must do, done by a gallery that plays Cloudinary."""

    down_error = StoreUnavailableError

    @pytest.fixture
    def store(self, sdk: Sdk) -> MediaStore:
        return CloudinaryStore(account_of(sdk.url))

    @pytest.fixture
    def down(self) -> MediaStore:
        nobody = f"127.0.0.1:{free_port()}"
        url = f"cloudinary://1:2@vitrine?upload_prefix=http://{nobody}/cdn&cname={nobody}/cdn"
        return CloudinaryStore(account_of(url), call_s=2, put_s=2, sleep=lambda _: None)

    @pytest.fixture
    def fetch(self) -> Fetch:
        return fetched

    @pytest.fixture
    def outside(self, gallery: Client) -> Callable[[], object]:
        return lambda: (gallery.list(), gallery.list(status="trashed"))


class TestItTakesTickets(TicketContract):
    """Forms for it, signed as for Cloudinary."""

    @pytest.fixture
    def store(self, sdk: Sdk) -> MediaStore:
        return CloudinaryStore(account_of(sdk.url))


def test_a_large_original_goes_there_in_chunks(sdk: Sdk, tmp_path: Path) -> None:
    store = CloudinaryStore(account_of(sdk.url))

    stored = store.put(KEY, receive_bytes(tmp_path, noise().content))

    assert stored.bytes == len(noise().content)
    assert content_of(store, KEY) == noise().content


@pytest.fixture
def second(sdk: Sdk, tmp_path: Path) -> Iterator[Client]:
    """Another gallery, with a database of its own and no setting but the one."""
    log = tmp_path / "log"
    with Program(
        tmp_path / "data", port=free_port(), module="app", log=log, CLOUDINARY_URL=sdk.url
    ) as program:
        program.until_it_answers()
        client = Client(f"http://127.0.0.1:{program.port}")
        yield client
        client.close()
        assert "Traceback" not in log.read_text(), log.read_text()


def test_two_programs_one_keeps_what_the_other_is_given(
    sdk: Sdk, gallery: Client, second: Client
) -> None:
    image = second.add(PHOTO, description="By the sea", tags=("sea",))

    # Kept and shown by the first.
    assert image["store"] == "cloudinary"
    [kept] = gallery.list()
    assert (kept["width"], kept["height"], kept["bytes"]) == (320, 180, len(PHOTO.content))
    assert image["url"].startswith(f"{sdk.address}/cdn/")
    for preset in image["variants"].values():
        for address in [preset["url"], *(each.split()[0] for each in preset["srcset"].split(", "))]:
            assert fetched(address)[0] == 200
    assert second.original(image) == PHOTO.content

    # Never the original by its address.
    head, _, tail = image["variants"]["thumb"]["url"].partition("--/")
    assert fetched(f"{head}--/{tail.partition('/')[2]}")[0] in (401, 404)

    # A change of words stays with the second; a deletion reaches the first.
    assert second.edit(image, description="In the garden")["description"] == "In the garden"
    second.purge_all()
    assert gallery.list() == gallery.list(status="trashed") == []
    assert fetched(image["url"])[0] == 404


def test_it_is_set_up_and_measured_like_an_account_of_cloudinarys(sdk: Sdk) -> None:
    store = CloudinaryStore(account_of(sdk.url))
    presets = presets_from({})
    for each in store.preparations(presets, origin=None):
        if each.do is not None:
            each.do()

    assert all(each.is_done for each in store.preparations(presets, origin=None))
    assert {"storage", "objects"} <= {each.name for each in store.usage()}
    assert store.limits().max_bytes == LIMIT_BYTES
