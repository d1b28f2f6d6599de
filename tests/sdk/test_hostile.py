"""Requests that no SDK sends, at a gallery that runs."""

from __future__ import annotations

import base64
import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cloudinary import exceptions, uploader, utils
from urllib3.filepost import encode_multipart_formdata

from tests import pictures
from tests.client import Client
from tests.programs import Program, eventually
from tests.sdk.conftest import CLOUD, KEY, SECRET, Sdk, noise

PHOTO = pictures.photo()
UPLOAD = f"/cdn/v1_1/{CLOUD}/image/upload"
FILE = ("file", ("a.jpg", PHOTO.content))


def signed(**params: str) -> list[tuple[str, str]]:
    params = {"timestamp": str(utils.now()), **params}
    signature = utils.api_sign_request(params, SECRET)
    return [*params.items(), ("signature", signature), ("api_key", KEY)]


def post(sdk: Sdk, fields: Iterable[Any], *, path: str = UPLOAD, **more: Any) -> tuple[int, Any]:
    with urllib3.PoolManager(retries=False) as pool:
        answer = pool.request("POST", sdk.address + path, fields=list(fields), **more)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.status, answer.json()


def refused(answer: tuple[int, Any]) -> str:
    status, told = answer
    assert (status, told.keys()) == (400, {"error"})
    message: str = told["error"]["message"]
    return message


def raw(program: Program, head: str, *pieces: bytes, close: bool = False) -> bytes:
    """What is answered to bytes on a connection; nothing when we hang up before."""
    with socket.create_connection(("127.0.0.1", program.port), timeout=20) as line:
        line.sendall(head.encode())
        for piece in pieces:
            line.sendall(piece)
        if close:
            return b""
        answer = b""
        while part := line.recv(65536):
            answer += part
        return answer


def remains(program: Program) -> list[Path]:
    """Files of uploads that are neither kept nor gone."""
    return [path for path in (program.data / "incoming").iterdir() if path.is_file()]


def test_a_hundred_parts_are_taken_and_no_more(sdk: Sdk) -> None:
    some = signed(**{f"unknown{number}": "1" for number in range(96)})
    assert len(some) == 99

    assert post(sdk, [*some, FILE])[0] == 200
    more = signed(**{f"unknown{number}": "1" for number in range(97)})
    assert "at most 100" in refused(post(sdk, [*more, FILE]))


def test_a_parameter_that_comes_twice_is_refused(sdk: Sdk, gallery: Client) -> None:
    fields = signed(public_id="rose")

    for extra in [("public_id", "lily"), ("public_id[]", "lily"), ("type", "private")]:
        status, _ = post(sdk, [*fields, extra, FILE])
        assert status in (400, 401)
    assert "Duplicate" in refused(post(sdk, [*fields, FILE], path=f"{UPLOAD}?public_id=lily"))
    assert gallery.list() == []


def test_two_files_are_refused(sdk: Sdk, program: Program) -> None:
    refused(post(sdk, [*signed(), FILE, FILE]))
    refused(post(sdk, [*signed(), ("other", ("b.jpg", PHOTO.content)), FILE]))

    assert remains(program) == []


@pytest.mark.parametrize(
    "text",
    ["data:image/png;base64,é", "data:image/png;base64,A", "data:image/png,AAAA", "data:;base64,",
     "file:///etc/passwd", "/etc/passwd", "ftp://a/b", "http://127.0.0.1/", "gopher://x", "x",
     "data:image/jpeg;base64," + "A" * 4000 + "=" + "A" * 100],
)  # fmt: skip
def test_refuses_what_stands_for_no_file(sdk: Sdk, gallery: Client, text: str) -> None:
    refused(post(sdk, [*signed(), ("file", text)]))

    assert gallery.list() == []


def test_a_huge_text_is_no_file(sdk: Sdk, program: Program) -> None:
    huge = "data:image/png;base64," + "A" * 13_000_000

    assert "File size too large" in refused(post(sdk, [*signed(), ("file", huge)]))
    assert "text fields" in refused(post(sdk, [*signed(context="a=" + "x" * 300_000), FILE]))
    assert remains(program) == []


def test_other_bodies_than_forms_are_read_too(sdk: Sdk) -> None:
    uri = "data:image/jpeg;base64," + base64.b64encode(PHOTO.content).decode()
    fields = dict([*signed(public_id="json"), ("file", uri)])

    with urllib3.PoolManager(retries=False) as pool:
        answers = [
            pool.request("POST", sdk.address + UPLOAD, json=fields),
            pool.request("POST", sdk.address + UPLOAD, fields=fields, encode_multipart=False),
        ]

    assert [answer.status for answer in answers] == [200, 200]
    assert sdk.original("json") == PHOTO.content


def test_a_body_without_a_length_is_taken_in_chunks(sdk: Sdk, program: Program) -> None:
    body, kind = encode_multipart_formdata([*signed(public_id="chunked"), FILE])
    pieces = [
        f"{len(part):x}\r\n".encode() + part + b"\r\n"
        for part in (body[at : at + 500] for at in range(0, len(body), 500))
    ]

    head = _head(program, kind, "Transfer-Encoding: chunked")
    answer = raw(program, head, *pieces, b"0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200")
    assert sdk.original("chunked") == PHOTO.content


def _head(program: Program, kind: str, *lines: str) -> str:
    return "\r\n".join(
        [
            f"POST {UPLOAD} HTTP/1.1",
            f"Host: 127.0.0.1:{program.port}",
            f"Content-Type: {kind}",
            "Connection: close",
            *lines,
            "",
            "",
        ]
    )


@pytest.mark.parametrize("chunked", [True, False])
def test_who_vanishes_midway_leaves_nothing(
    sdk: Sdk, gallery: Client, program: Program, chunked: bool
) -> None:
    body, kind = encode_multipart_formdata([*signed(public_id="vanished"), FILE])
    half = body[: len(body) // 2]
    if chunked:
        half = f"{len(half):x}\r\n".encode() + half + b"\r\n"
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"

    raw(program, _head(program, kind, length), half, close=True)

    eventually(lambda: remains(program) == [], within_s=10)
    assert gallery.list() == []
    assert sdk.get(sdk.call(utils.private_download_url, "vanished", "")).status == 404


def test_a_cut_off_form_is_refused(sdk: Sdk, program: Program) -> None:
    body, kind = encode_multipart_formdata([*signed(), FILE])
    cut = body[:-20]

    answer = raw(program, _head(program, kind, f"Content-Length: {len(cut)}"), cut)

    assert answer.startswith(b"HTTP/1.1 400")
    message = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]
    assert "again" in message


def test_an_old_signature_is_stale_and_one_of_tomorrow_too(sdk: Sdk) -> None:
    now = int(utils.now())
    for moment in (now - 3700, now + 3700):
        status, told = post(sdk, [*signed(timestamp=str(moment)), FILE])
        assert status == 401
        assert "Stale" in told["error"]["message"] or "yet to come" in told["error"]["message"]


def test_a_refusal_before_a_large_file_reaches_the_sdk(sdk: Sdk, program: Program) -> None:
    for _ in range(5):
        with pytest.raises(exceptions.AuthorizationRequired, match="unknown api_key"):
            sdk.call(uploader.upload, noise().content, api_key="another")

    assert remains(program) == []


def test_a_page_of_another_site_may_send_a_signed_form(sdk: Sdk) -> None:
    headers = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    body, kind = encode_multipart_formdata([*signed(), FILE])

    with urllib3.PoolManager(retries=False) as pool:
        asked = pool.request(
            "OPTIONS",
            sdk.address + UPLOAD,
            headers={**headers, "Access-Control-Request-Method": "POST"},
        )
        answer = pool.request(
            "POST", sdk.address + UPLOAD, body=body, headers={**headers, "Content-Type": kind}
        )

    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


def test_its_credentials_open_nothing_else(sdk: Sdk, gallery: Client) -> None:
    image = gallery.add(PHOTO)
    headers = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}

    with urllib3.PoolManager(retries=False) as pool:
        for path in (f"/api/images/{image['id']}", f"/cdn/v1_1/../../api/images/{image['id']}"):
            answer = pool.request("DELETE", sdk.address + path, headers=headers)
            assert answer.status in (403, 404)
    assert gallery.list() == [image]


def test_unknown_parameters_are_passed_over_but_signed(sdk: Sdk) -> None:
    fields = signed(unknown=secrets.token_hex(4))

    assert post(sdk, [*fields, FILE])[0] == 200
    without = [pair for pair in fields if pair[0] != "unknown"]
    assert post(sdk, [*without, FILE])[0] == 401
