from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import urllib3

from gallery.config import S3Bucket
from gallery.stores.s3.store import S3Store
from tests.preparing import ORIGIN, prepared
from tests.store_contract import KEY, Draw
from tests.stores.own_cdn import SECRET
from tests.stores.s3.helpers import (
    BLOCKED,
    CLOSED,
    EMPTIED,
    LET_IN,
    NEVER_OVERWRITTEN,
    open_to_all,
)
from tests.ticket_contract import ticket_for


def test_makes_all_that_is_missing_once(bucket: S3Bucket) -> None:
    fresh = replace(bucket, name=f"{bucket.name}-fresh")
    store = S3Store(fresh, cloud_name="vitrine", secret=SECRET)

    first, again = prepared(store), prepared(store)

    assert first == {
        f"bucket {fresh.name}": "made",
        NEVER_OVERWRITTEN: "there",
        CLOSED: "there",
        BLOCKED: "made",
        f"uploads by pages of {ORIGIN} (CORS)": "made",
        EMPTIED: "made",
    }
    assert again == dict.fromkeys(first, "there")


def test_pages_of_the_gallery_may_send_files_and_no_others(store: S3Store, draw: Draw) -> None:
    prepared(store)
    ticket = ticket_for(store, draw())

    def let_in(origin: str) -> str | None:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        with urllib3.PoolManager(retries=False) as pool:
            answer = pool.request("OPTIONS", ticket.url, headers=asked)
            return answer.headers.get("Access-Control-Allow-Origin")

    assert let_in(ORIGIN) == ORIGIN
    assert let_in("https://elsewhere.example") is None


@pytest.mark.parametrize("names", ["*", "originals/*"])
def test_originals_that_everybody_can_read_are_told(
    store: S3Store, bucket: S3Bucket, client: Any, names: str
) -> None:
    open_to_all(client, bucket, names)

    assert prepared(store, dry_run=True)[f"{CLOSED}: {LET_IN}"] == "missing"


def test_a_public_address_leads_to_variants_and_to_nothing_else(
    bucket: S3Bucket, client: Any, draw: Draw
) -> None:
    url = f"{bucket.endpoint_url}/{bucket.name}"
    open_to_all(client, bucket, "derived/*")
    store = S3Store(replace(bucket, public_url=url), cloud_name="vitrine", secret=SECRET)

    told = prepared(store)

    assert told[f"variants are read at {url}"] == "there"
    assert told[f"originals are not read at {url}"] == "there"
    store.put(KEY, draw())
    store.keep_variant(KEY, "thumb", b"small", "image/jpeg")
    address = store.variant_url(KEY, "thumb")
    assert address
    with urllib3.PoolManager(retries=False) as pool:
        found = pool.request("GET", address)
        hidden = pool.request("GET", address.replace("derived", "originals").removesuffix("/thumb"))
    assert (found.status, found.data, hidden.status) == (200, b"small", 403)
