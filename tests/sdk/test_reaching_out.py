"""Uploads by their URL, and being told of what was done: switched on, and only where trusted."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import cloudinary
import pytest
from cloudinary import exceptions, uploader, utils

from tests import pictures
from tests.client import Client
from tests.outgoing.peers import Peer, answer
from tests.programs import Program, eventually, free_port
from tests.sdk.conftest import KEY, LIMIT_BYTES, SECRET, Sdk

PHOTO = pictures.photo(width=160, height=90)


class Site:
    """A site with a photo, which also takes notifications."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.heard: list[tuple[dict[str, str], str]] = []

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        if first.startswith("POST"):
            with self._lock:
                self.heard.append((dict(line.split(": ", 1) for line in lines), body.decode()))
            connection.sendall(answer(b"ok"))
        elif "large" in first:
            connection.sendall(answer(bytes(LIMIT_BYTES + 1)))
        elif "page" in first:
            connection.sendall(answer(b"<html>no photo</html>"))
        else:
            connection.sendall(answer(PHOTO.content))

    def told(self, kind: str) -> list[dict[str, Any]]:
        notes = [json.loads(body) for _, body in self.heard]
        return [note for note in notes if note["notification_type"] == kind]


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


@pytest.fixture(scope="module")
def peer(site: Site) -> Iterator[Peer]:
    with Peer(site) as running:
        yield running


@pytest.fixture(scope="module")
def shared_program(tmp_path_factory: pytest.TempPathFactory, peer: Peer) -> Iterator[Program]:
    settings = {
        "CDN_API_KEY": KEY,
        "CDN_API_SECRET": SECRET,
        "MAX_UPLOAD_BYTES": str(LIMIT_BYTES),
        "CDN_REMOTE_UPLOADS": "true",
        "CDN_TRUSTED_HOSTS": f"127.0.0.1:{peer.port}",
    }
    folder = tmp_path_factory.mktemp("gallery")
    log = folder / "log"
    with Program(folder / "data", port=free_port(), module="app", log=log, **settings) as program:
        yield program.until_it_answers()


@pytest.fixture
def address(peer: Peer) -> str:
    return f"http://127.0.0.1:{peer.port}"


def test_fetches_what_lies_at_an_url(sdk: Sdk, address: str) -> None:
    answer = sdk.upload(f"{address}/garden/r%C3%B6se.jpg?size=1", use_filename=True)

    assert answer["public_id"].startswith("röse_")
    assert answer["original_filename"] == "röse"
    assert sdk.original(answer["public_id"]) == PHOTO.content
    large = sdk.call(uploader.upload_large, f"{address}/b.jpg", resource_type="image")
    assert large["bytes"] == len(PHOTO.content)


def test_refuses_what_lies_elsewhere_or_is_no_picture(
    sdk: Sdk, address: str, gallery: Client
) -> None:
    with pytest.raises(exceptions.BadRequest, match="Invalid image file"):
        sdk.upload(f"{address}/page.jpg")
    with pytest.raises(exceptions.BadRequest, match="File size too large"):
        sdk.upload(f"{address}/large.jpg")
    for url in ("http://127.0.0.1:1/a.jpg", "http://localhost/a", "http://[::1]/a", "s3://a/b"):
        with pytest.raises(exceptions.BadRequest):
            sdk.upload(url)
    assert gallery.list() == []


def test_tells_who_asked_what_was_done(
    sdk: Sdk, site: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"notification_url": f"{address}/hook"}
    uploaded = sdk.upload(
        PHOTO.content,
        public_id="rose",
        tags="a",
        return_delete_token=True,
        eager={"width": 20, "crop": "scale"},
        eager_notification_url=f"{address}/eager",
        **there,
    )
    sdk.call(uploader.add_tag, "b", ["rose"], **there)
    sdk.call(uploader.add_context, {"k": "v"}, ["rose"], **there)
    sdk.call(uploader.rename, "rose", "lily", **there)
    sdk.call(uploader.destroy, "lily", **there)

    eventually(lambda: len(site.heard) >= 6, within_s=20)
    [upload] = site.told("upload")
    assert upload["asset_id"] == uploaded["asset_id"]
    assert not {"delete_token", "api_key"} & upload.keys()
    [eager] = site.told("eager")
    assert eager["eager"][0]["width"] == 20
    [tags] = site.told("resource_tags_changed")
    assert tags["resources"]["rose"]["added"] == ["b"]
    [context] = site.told("resource_context_changed")
    assert context["resources"]["rose"]["added"] == [{"name": "k", "value": "v"}]
    [renamed] = site.told("rename")
    assert (renamed["from_public_id"], renamed["to_public_id"]) == ("rose", "lily")
    [deleted] = site.told("delete")
    assert deleted["resources"][0]["public_id"] == "lily"
    cloudinary.config(api_secret=SECRET)
    for headers, body in site.heard:
        known = {name.lower(): value for name, value in headers.items()}
        assert utils.verify_notification_signature(
            body, int(known["x-cld-timestamp"]), known["x-cld-signature"]
        )


def test_refuses_to_tell_who_may_not_be_reached_before_anything_is_done(
    sdk: Sdk, gallery: Client
) -> None:
    for url in ("ftp://a/b", "http://a b/", "x", "http://user:pass@example.com/"):
        with pytest.raises(exceptions.BadRequest):
            sdk.upload(PHOTO.content, notification_url=url)

    assert gallery.list() == []
