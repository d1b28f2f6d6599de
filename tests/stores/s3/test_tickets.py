from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from gallery.config import S3Bucket
from gallery.errors import TooLargeError
from gallery.stores.abilities import Announced, SupportsTickets
from gallery.stores.s3.store import MAX_BYTES, S3Store
from tests.s3_server import S3Server
from tests.store_contract import KEY, Draw
from tests.stores.s3.helpers import Open
from tests.ticket_contract import TicketContract, arrive, ticket_for


class TestTickets(TicketContract):
    """Only what moto can judge: it believes every signature."""


def test_it_says_that_it_takes_files_by_tickets(store: S3Store) -> None:
    assert isinstance(store, SupportsTickets)


def test_a_form_is_for_exactly_one_name_size_and_content_type(
    store: S3Store, bucket: S3Bucket, draw: Draw
) -> None:
    original = draw()

    ticket = ticket_for(store, original)

    policy = json.loads(base64.b64decode(ticket.fields["policy"]))
    assert ticket.url == f"{bucket.endpoint_url}/{bucket.name}"
    assert policy["conditions"][:4] == [
        {"Content-Type": "image/jpeg"},
        ["content-length-range", original.bytes, original.bytes],
        {"bucket": bucket.name},
        {"key": f"arrivals/{KEY}"},
    ]
    assert ticket.fields.keys() - {"x-amz-credential", "x-amz-date", "x-amz-signature"} == {
        "Content-Type",
        "key",
        "policy",
        "x-amz-algorithm",
    }


@pytest.mark.parametrize("said", ["text/html", "", "image/*", "image/jpeg\r\nX: 1", "IMAGE/JPEG"])
def test_what_is_said_to_be_no_image_is_sent_as_bytes(store: S3Store, said: str) -> None:
    announced = Announced(bytes=5, content_type=said, sha256="")

    ticket = store.ticket(KEY, announced, notify=None)

    assert ticket.fields["Content-Type"] == "application/octet-stream"


def test_no_form_is_for_more_than_the_bucket_takes(store: S3Store) -> None:
    with pytest.raises(TooLargeError, match="5 GiB"):
        store.ticket(
            KEY, Announced(bytes=MAX_BYTES + 1, content_type="image/png", sha256=""), notify=None
        )


def test_settling_sends_no_bytes(store: S3Store, server: S3Server, draw: Draw) -> None:
    original = draw()
    etag = arrive(store, original)
    server.seen.clear()

    store.settle(KEY, original, etag=etag)

    assert [seen.operation for seen in server.seen] == [
        "HeadObject",
        "HeadBucket",
        "CopyObject",
        "HeadObject",
    ]
    assert not any(seen.body for seen in server.seen)


def test_a_ticket_leads_to_the_bucket_as_the_settings_name_it(open_store: Open) -> None:
    amazon = S3Bucket(name="photos", region="eu-central-1")

    for bucket, host in (
        (amazon, "https://photos.s3.eu-central-1.amazonaws.com"),
        (replace(amazon, path_style=True), "https://s3.eu-central-1.amazonaws.com"),
        (replace(amazon, endpoint_url="https://s3.example.org"), "https://photos.s3.example.org"),
        (
            replace(amazon, endpoint_url="https://s3.example.org", path_style=True),
            "https://s3.example.org",
        ),
    ):
        assert open_store(bucket).upload_hosts == (host,)
