"""Our stand-in for Cloudflare, judged by Cloudflare's own SDK; and our store by what that sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cloudflare
import pytest
from cloudflare import Cloudflare

from gallery.stores.cloudflare.store import CloudflareStore
from tests.cloudflare_server import CloudflareServer
from tests.cloudflare_server.api import UUID
from tests.store_contract import KEY, OTHER_KEY, Draw, content_of, keys_of

META = {"key": OTHER_KEY}


@pytest.fixture
def sdk(server: CloudflareServer) -> Iterator[Cloudflare]:
    with Cloudflare(
        api_token=server.account.token, base_url=f"{server.url}/client/v4", max_retries=0
    ) as client:
        yield client


@pytest.fixture
def account(server: CloudflareServer) -> str:
    return server.account.account_id


def content(draw: Draw) -> bytes:
    return Path(draw().path).read_bytes()


def test_uploads_tells_changes_and_deletes(sdk: Cloudflare, account: str, draw: Draw) -> None:
    file = content(draw)
    made = sdk.images.v1.create(
        account_id=account, id="holiday/beach 1", file=file, metadata=json.dumps(META)
    )
    assert (made.id, made.meta, made.require_signed_urls) == ("holiday/beach 1", META, False)

    found = sdk.images.v1.get("holiday/beach 1", account_id=account)
    assert found == made
    assert sdk.images.v1.blobs.get("holiday/beach 1", account_id=account).read() == file

    changed = sdk.images.v1.edit("holiday/beach 1", account_id=account, metadata={"a": "b"})
    assert changed.meta == {"a": "b"}

    sdk.images.v1.delete("holiday/beach 1", account_id=account)
    with pytest.raises(cloudflare.NotFoundError):
        sdk.images.v1.get("holiday/beach 1", account_id=account)


def test_an_id_is_given_away_once(sdk: Cloudflare, account: str, draw: Draw) -> None:
    sdk.images.v1.create(account_id=account, id=KEY, file=content(draw))

    with pytest.raises(cloudflare.ConflictError):
        sdk.images.v1.create(account_id=account, id=KEY, file=content(draw))


def test_a_private_image_has_no_id_of_ours(sdk: Cloudflare, account: str, draw: Draw) -> None:
    with pytest.raises(cloudflare.BadRequestError):
        sdk.images.v1.create(
            account_id=account, id=KEY, file=content(draw), require_signed_urls=True
        )
    made = sdk.images.v1.create(account_id=account, file=content(draw), require_signed_urls=True)
    assert UUID.fullmatch(str(made.id))


def test_lists_by_metadata(
    sdk: Cloudflare, store: CloudflareStore, account: str, draw: Draw
) -> None:
    store.put(KEY, draw())
    store.put(OTHER_KEY, draw())

    found = sdk.images.v2.list(
        account_id=account, extra_query={"meta.key[eq:string]": OTHER_KEY}
    ).images

    assert found is not None
    assert [image.id for image in found] == [OTHER_KEY]


def test_variants_keys_and_figures(sdk: Cloudflare, account: str) -> None:
    options = {"fit": "cover", "height": 8, "width": 9, "metadata": "none"}
    sdk.images.v1.variants.create(account_id=account, id="hero", options=options)  # type: ignore[arg-type]

    told = sdk.images.v1.variants.list(account_id=account).model_dump()
    assert set(told["variants"]) == {"public", "hero"}
    stats = sdk.images.v1.stats.get(account_id=account)
    assert stats.count is not None
    assert (stats.count.current, stats.count.allowed) == (0, 100_000)


def test_a_draft_is_none_until_it_is_filled(sdk: Cloudflare, account: str) -> None:
    made = sdk.images.v2.direct_uploads.create(account_id=account)

    assert made.upload_url
    found = sdk.images.v1.get(str(made.id), account_id=account)
    assert found.model_extra
    assert found.model_extra["draft"] is True
    assert sdk.images.v2.list(account_id=account).images == []


def test_what_the_sdk_put_there_is_none_of_ours_and_can_be_adopted(
    sdk: Cloudflare, store: CloudflareStore, account: str, draw: Draw
) -> None:
    store.put(KEY, draw())
    file = content(draw)
    meta = {"description": "The sea", "alt": "Waves", "tags": 3}
    sdk.images.v1.create(account_id=account, id="a/b?c%2F", file=file, metadata=json.dumps(meta))
    sdk.images.v1.create(account_id=account, id="other", file=file)

    [found] = store.foreign("a/")

    assert (found.name, found.description, found.alt, found.bytes) == (
        *("a/b?c%2F", "The sea", "Waves"),
        None,
    )
    with store.open_foreign(found.name) as original:
        assert original.read() == file
    assert {each.name for each in store.foreign()} == {"a/b?c%2F", "other"}
    assert keys_of(store) == [KEY]


def test_the_sdk_reads_what_we_put_there(
    sdk: Cloudflare, store: CloudflareStore, account: str, draw: Draw
) -> None:
    store.put(KEY, draw())

    assert sdk.images.v1.blobs.get(KEY, account_id=account).read() == content_of(store, KEY)
