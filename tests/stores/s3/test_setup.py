from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gallery.config import S3Bucket
from gallery.stores.abilities import SupportsPreparing
from gallery.stores.s3.store import S3Store
from tests.preparing import ORIGIN, prepared
from tests.s3_server import Drop, Garble, Pass, S3Server
from tests.s3_server.server import client_of
from tests.store_contract import KEY, Draw, keys_of
from tests.stores.s3.helpers import (
    BLOCKED,
    CLOSED,
    EMPTIED,
    LET_IN,
    NEVER_OVERWRITTEN,
    Open,
    open_to_all,
)


@pytest.fixture
def client(bucket: S3Bucket) -> Any:
    """boto3's own, to look behind what is tested."""
    return client_of(bucket)


def test_it_says_that_a_bucket_needs_something(store: S3Store) -> None:
    assert isinstance(store, SupportsPreparing)


def test_makes_what_is_missing_once(store: S3Store, bucket: S3Bucket) -> None:
    first, again = prepared(store), prepared(store)

    assert first == {
        f"bucket {bucket.name}": "there",
        NEVER_OVERWRITTEN: "there",
        CLOSED: "there",
        BLOCKED: "made",
        f"uploads by pages of {ORIGIN} (CORS)": "made",
        EMPTIED: "made",
    }
    assert again == dict.fromkeys(first, "there")


def test_a_dry_run_makes_nothing(store: S3Store, server: S3Server, bucket: S3Bucket) -> None:
    assert prepared(store, dry_run=True)[EMPTIED] == "missing"
    assert prepared(store, dry_run=True)[EMPTIED] == "missing"
    assert client_of(bucket).list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0


def test_makes_the_bucket(server: S3Server, open_store: Open, draw: Draw) -> None:
    store = open_store(server.described("not-there-yet"))

    assert prepared(store, dry_run=True) == {"bucket not-there-yet": "missing"}
    told = prepared(store)

    assert (told["bucket not-there-yet"], told[CLOSED]) == ("made", "there")
    assert store.put(KEY, draw())


def test_where_no_browser_sends_files_nobody_is_let_in(store: S3Store) -> None:
    assert not [what for what in prepared(store, origin=None) if "CORS" in what]


def test_leaves_the_rules_of_others_as_they_are(
    store: S3Store, bucket: S3Bucket, client: Any
) -> None:
    theirs = {
        "ID": "theirs",
        "Filter": {"Prefix": "logs/"},
        "Status": "Enabled",
        "Expiration": {"Days": 30},
    }
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket.name, LifecycleConfiguration={"Rules": [theirs]}
    )

    prepared(store)

    rules = client.get_bucket_lifecycle_configuration(Bucket=bucket.name)["Rules"]
    assert [(rule["ID"], rule["Filter"]["Prefix"]) for rule in rules] == [
        ("theirs", "logs/"),
        ("vitrine", "arrivals/"),
    ]


def test_a_service_that_overwrites_is_told(store: S3Store, server: S3Server) -> None:
    server.script("PutObject", Pass(), Pass(), Garble())

    told = prepared(store, dry_run=True)

    assert next(what for what, state in told.items() if state == "missing").startswith(
        f"{NEVER_OVERWRITTEN}: this service does not heed it"
    )


def test_originals_that_everybody_can_read_are_told(
    store: S3Store, bucket: S3Bucket, client: Any
) -> None:
    open_to_all(client, bucket, "*")

    assert prepared(store, dry_run=True)[f"{CLOSED}: {LET_IN}"] == "missing"


def test_originals_that_everybody_can_list_are_told(
    store: S3Store, bucket: S3Bucket, server: S3Server
) -> None:
    server.listed_by_all.add(bucket.name)

    assert prepared(store, dry_run=True)[f"{CLOSED}: {LET_IN}"] == "missing"


def test_a_public_address_must_lead_to_variants_and_to_nothing_else(
    bucket: S3Bucket, open_store: Open, client: Any
) -> None:
    url = f"{bucket.endpoint_url}/{bucket.name}"
    store = open_store(replace(bucket, public_url=url))
    closed = prepared(store, dry_run=True)
    open_to_all(client, bucket, "derived/*")
    right = prepared(store)
    open_to_all(client, bucket, "*")
    wide = prepared(store, dry_run=True)

    assert closed[f"variants are read at {url}: let everybody read derived/"] == "missing"
    assert right[f"variants are read at {url}"] == "there"
    assert right[f"originals are not read at {url}"] == "there"
    assert wide[f"originals are not read at {url}: let nothing be read there but derived/"] == (
        "missing"
    )
    block = client.get_public_access_block(Bucket=bucket.name)["PublicAccessBlockConfiguration"]
    assert (block["IgnorePublicAcls"], block["BlockPublicPolicy"]) == (True, False)


def test_what_it_tries_is_removed_when_it_fails(
    store: S3Store, server: S3Server, bucket: S3Bucket, client: Any
) -> None:
    server.script("PutObject", Pass(), *[Drop()] * 9)

    with pytest.raises(Exception, match="does not answer"):
        prepared(store)

    server.forgive()
    assert client.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0


def test_what_it_tries_is_nobodys_key(store: S3Store, bucket: S3Bucket, client: Any) -> None:
    client.put_object(Bucket=bucket.name, Key="originals/vitrine-probe", Body=b"probe")

    assert keys_of(store) == []
