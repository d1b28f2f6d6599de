"""Other people's clients for resumable uploads work unchanged: tus-js-client and tuspy."""

from __future__ import annotations

import json
import os
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from gallery.config import ROOT
from tests import pictures
from tests.client import Client
from tests.sdk.conftest import LIMIT_BYTES, noise

LARGE = noise().content
PIECE = 1_000_000


@pytest.fixture
def tus(gallery: Client) -> TusClient:
    return TusClient(f"{gallery.address}/api/tus")


def became(gallery: Client, url: str) -> dict[str, Any]:
    """The image that an upload became."""
    answer = gallery.request("GET", f"/api/uploads/{url.rpartition('/')[2]}").json()
    assert answer["status"] == "ready", answer
    image: dict[str, Any] = answer["image"]
    return image


def test_tus_js_client_works_unchanged(gallery: Client, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "GALLERY": gallery.address,
        "PHOTO": str(pictures.photo(width=160, height=90).saved_in(tmp_path)),
        "LARGE": str(noise().saved_in(tmp_path)),
    }

    ended = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(Path(__file__).with_name("tus_js.test.js"))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "# pass 9" in ended.stdout


def test_tuspy_uploads_a_file_at_once(gallery: Client, tus: TusClient) -> None:
    told = {"filename": "Strand ü.png", "description": "The sea", "tags": json.dumps(["a"])}
    uploader = tus.uploader(file_stream=BytesIO(LARGE), metadata=told)

    uploader.upload()

    image = became(gallery, uploader.url)
    assert gallery.original(image) == LARGE
    assert (image["filename"], image["description"]) == ("Strand ü.png", "The sea")
    assert image["tags"] == ["a"]


def test_tuspy_uploads_a_stream_in_pieces_with_checksums(gallery: Client, tus: TusClient) -> None:
    uploader = tus.uploader(file_stream=BytesIO(LARGE), chunk_size=PIECE, upload_checksum=True)

    uploader.upload()

    assert gallery.original(became(gallery, uploader.url)) == LARGE


def test_tuspy_goes_on_where_it_stopped(gallery: Client, tus: TusClient) -> None:
    first = tus.uploader(file_stream=BytesIO(LARGE), chunk_size=PIECE)
    first.upload(stop_at=2 * PIECE)

    second = tus.uploader(file_stream=BytesIO(LARGE), url=first.url)
    assert second.offset == 2 * PIECE
    second.upload()

    assert gallery.original(became(gallery, second.url)) == LARGE


def test_tuspy_hears_why_a_file_is_refused(tus: TusClient) -> None:
    with pytest.raises(TusUploadFailed) as refused:
        tus.uploader(file_stream=BytesIO(b"hello")).upload()
    assert refused.value.status_code == 415
    with pytest.raises(TusCommunicationError) as refused:
        tus.uploader(file_stream=BytesIO(bytes(LIMIT_BYTES + 1))).upload()
    assert refused.value.status_code == 413
