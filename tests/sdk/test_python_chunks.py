"""``upload_large`` by the Python SDK, and chunks as other clients may send them."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3
from cloudinary import exceptions, uploader, utils

from tests.client import Client
from tests.sdk.conftest import CLOUD, KEY, LIMIT_BYTES, SECRET, Sdk, noise

CHUNK = 2 * 1024**2


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


class Sender:
    """Sends chunks of one file, each as it is told."""

    def __init__(self, sdk: Sdk, content: bytes, **params: str) -> None:
        self._url = f"{sdk.address}/cdn/v1_1/{CLOUD}/image/upload"
        self._content = content
        self._params = params
        self._id = secrets.token_hex(8)

    def send(
        self, first: int, end: int, *, total: int | None = None, **changes: Any
    ) -> tuple[int, dict[str, Any]]:
        total = len(self._content) if total is None else total
        params = {"timestamp": str(utils.now()), **self._params, **changes.get("params", {})}
        signed = {
            **params,
            "signature": utils.api_sign_request(params, SECRET),
            "api_key": KEY,
        }
        piece = changes.get("piece", self._content[first:end])
        headers = {
            "Content-Range": f"bytes {first}-{first + len(piece) - 1}/{total}",
            "X-Unique-Upload-Id": self._id,
        } | changes.get("headers", {})
        with urllib3.PoolManager(retries=False) as pool:
            answer = pool.request(
                "POST",
                self._url,
                fields=[*signed.items(), ("file", ("blob", piece))],
                headers=headers,
            )
        return answer.status, answer.json()


def refused(answer: tuple[int, dict[str, Any]]) -> str:
    status, told = answer
    assert status == 400
    message: str = told["error"]["message"]
    return message


def test_sends_a_large_file_in_chunks(sdk: Sdk, gallery: Client) -> None:
    content = noise().content

    answer = sdk.call(
        uploader.upload_large,
        io.BytesIO(content),
        filename="noise.png",
        resource_type="image",
        chunk_size=CHUNK,
        use_filename=True,
        tags="a",
    )

    assert answer["public_id"].startswith("noise_")
    assert (answer["bytes"], answer["original_filename"]) == (len(content), "noise")
    assert answer["tags"] == ["a"]
    assert sdk.original(answer["public_id"]) == content
    [image] = gallery.list()
    assert (image["width"], image["height"]) == (2000, 1000)


def test_a_name_of_the_callers_own_stays(sdk: Sdk) -> None:
    answer = sdk.call(
        uploader.upload_large,
        io.BytesIO(noise().content),
        resource_type="image",
        chunk_size=CHUNK,
        public_id="big/one",
        folder="f",
    )

    assert answer["public_id"] == "f/big/one"


def test_raw_is_what_the_sdk_sends_when_nobody_says(sdk: Sdk) -> None:
    content = secrets.token_bytes(3_000_000)

    answer = sdk.call(
        uploader.upload_large, io.BytesIO(content), filename="a.bin", chunk_size=CHUNK
    )

    assert answer["resource_type"] == "raw"
    assert answer["public_id"].endswith(".bin")
    assert sdk.original(answer["public_id"], resource_type="raw") == content


def test_says_how_far_it_is(sdk: Sdk) -> None:
    sender = Sender(sdk, noise().content, use_filename="1")

    status, told = sender.send(0, CHUNK)

    assert status == 200
    assert {name: told[name] for name in ("done", "bytes", "kind", "resource_type")} == {
        "done": False,
        "bytes": CHUNK,
        "kind": "upload",
        "resource_type": "image",
    }
    assert len(told["public_id"]) == 20


def test_the_total_may_come_last(sdk: Sdk) -> None:
    content = noise().content
    sender = Sender(sdk, content, public_id="x")

    for first in range(0, len(content), CHUNK):
        last = first + CHUNK >= len(content)
        status, told = sender.send(first, first + CHUNK, total=len(content) if last else -1)
        assert status == 200

    assert told["public_id"] == "x"
    assert sdk.original("x") == content


def test_a_chunk_that_is_sent_again_changes_nothing(sdk: Sdk, gallery: Client) -> None:
    content = noise().content
    sender = Sender(sdk, content, public_id="x")
    answers = []
    for first in range(0, len(content), CHUNK):
        for _ in range(2):
            answers.append(sender.send(first, first + CHUNK))
        if first:
            assert sender.send(0, CHUNK)[0] == 200

    assert [status for status, _ in answers] == [200] * len(answers)
    (_, once), (_, again) = answers[-2:]
    assert again["asset_id"] == once["asset_id"]
    assert again["version"] == once["version"]
    assert len(gallery.list()) == 1


def test_many_who_send_the_last_chunk_at_once_make_one_image(sdk: Sdk, gallery: Client) -> None:
    content = noise().content
    sender = Sender(sdk, content)
    half = len(content) // 2
    sender.send(0, half)

    with ThreadPoolExecutor(4) as sending:
        answers = list(sending.map(lambda _: sender.send(half, len(content)), range(4)))

    assert {status for status, _ in answers} == {200}
    assert len({told["asset_id"] for _, told in answers}) == 1
    assert len(gallery.list()) == 1


def test_refuses_gaps_overlaps_and_other_bytes(sdk: Sdk, gallery: Client) -> None:
    content = noise().content
    sender = Sender(sdk, content)

    assert "before are not here" in refused(sender.send(CHUNK, 2 * CHUNK))
    assert sender.send(0, CHUNK)[0] == 200
    assert "before are not here" in refused(sender.send(CHUNK + 1, 2 * CHUNK))
    assert "overlaps" in refused(sender.send(CHUNK - 1, 2 * CHUNK))
    assert "other bytes" in refused(sender.send(0, 0, piece=b"x" * CHUNK))
    assert "total has changed" in refused(sender.send(CHUNK, 2 * CHUNK, total=7_000_000))
    assert sender.send(CHUNK, 2 * CHUNK)[0] == 200
    assert sender.send(2 * CHUNK, len(content))[0] == 200
    [image] = gallery.list()
    assert gallery.original(image) == content


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "bytes 0-9/20"},
        {"Content-Range": "bytes 0-1/1"},
        {"Content-Range": "bytes x-1/1"},
        {"Content-Range": "0-1/1"},
        {"Content-Range": "bytes 0-99999999999999999999/1"},
        {"X-Unique-Upload-Id": ""},
        {"X-Unique-Upload-Id": "x" * 129},
        {"X-Unique-Upload-Id": "é".encode().decode("latin-1")},
    ],
)
def test_refuses_a_range_or_an_id_that_is_none(sdk: Sdk, headers: dict[str, str]) -> None:
    sender = Sender(sdk, noise().content)

    assert "nvalid" in refused(sender.send(0, 100, headers=headers))


def test_an_id_that_climbs_goes_nowhere(sdk: Sdk) -> None:
    sender = Sender(sdk, noise().content)

    headers = {"X-Unique-Upload-Id": "../../../etc/passwd"}
    assert sender.send(0, 100, headers=headers)[0] == 200


def test_refuses_what_is_too_large_at_once(sdk: Sdk) -> None:
    sender = Sender(sdk, noise().content)

    message = refused(sender.send(0, CHUNK, total=LIMIT_BYTES + 1))
    assert f"Got {LIMIT_BYTES + 1}. Maximum is {LIMIT_BYTES}." in message
    for first in range(0, LIMIT_BYTES, CHUNK):
        assert sender.send(first, 0, total=-1, piece=b"x" * CHUNK)[0] == 200
    assert "too large" in refused(sender.send(LIMIT_BYTES, 0, total=-1, piece=b"x"))


def test_each_chunk_is_signed(sdk: Sdk) -> None:
    with pytest.raises(exceptions.AuthorizationRequired):
        sdk.call(
            uploader.upload_large,
            io.BytesIO(noise().content),
            resource_type="image",
            chunk_size=CHUNK,
            api_secret="another",
        )


def test_a_file_that_turns_out_to_be_no_picture_is_forgotten(sdk: Sdk, gallery: Client) -> None:
    content = secrets.token_bytes(3_000_000)
    sender = Sender(sdk, content)
    sender.send(0, CHUNK)

    assert refused(sender.send(CHUNK, len(content))) == "Invalid image file"
    assert "before are not here" in refused(sender.send(CHUNK, len(content)))
    assert gallery.list() == []
