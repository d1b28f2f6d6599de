"""No secret reaches the log, an answer or a message, whatever goes wrong on the way."""

from __future__ import annotations

import logging
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo.database import Database

from gallery import config, embedded
from gallery.config import Settings
from gallery.errors import ConfigError, DatabaseUnavailableError
from gallery.factory import create_app
from gallery.services.library import Library
from gallery.stores.local import LocalStore
from tests import pictures
from tests.web.conftest import Browserless, client_of

PASSWORD, KEY = "the-owners-own-password", "signs-everything-and-is-nobodys-business"


@pytest.fixture
def settings(
    tmp_path: Path, mongod: embedded.Embedded, database: Database[dict[str, Any]]
) -> Settings:
    return config.read(
        {
            "GALLERY_DATA": str(tmp_path),
            "MONGO_URI": mongod.uri.replace("/vitrine?", f"/{database.name}?"),
            "SECRET_KEY": KEY,
            "OWNER_PASSWORD": PASSWORD,
            "CLOUDINARY_URL": "cloudinary://key-of-cloudinary:secret-of-cloudinary@demo",
            "S3_BUCKET": "photos",
            "S3_ENDPOINT_URL": "http://127.0.0.1:9",  # Nobody answers there.
            "AWS_ACCESS_KEY_ID": "key-of-the-bucket",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket",
            "MEDIA_STORE": "local",
        }
    )


def secrets_of(settings: Settings) -> list[str]:
    password = urlsplit(settings.mongo_uri).password
    assert password
    return [
        PASSWORD,
        KEY,
        password,
        settings.cdn_api_secret,
        "secret-of-cloudinary",
        "secret-of-the-bucket",
    ]


def journey(client: Browserless, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is answered on the way through everything that works and everything that fails."""
    photo = pictures.photo()

    def away(*_: Any, **__: Any) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    def stumble(*_: Any, **__: Any) -> None:
        raise RuntimeError("A mistake of ours.")

    answers = [
        client.post("/api/session", json={"password": "wrong"}),
        client.post("/api/session", json={"password": [PASSWORD]}),
        client.post("/sign-in", data={"password": PASSWORD, "more": "x"}),
        client.post("/api/session", json={"password": PASSWORD}),
        client.upload(photo.content, headers={"Idempotency-Key": "key-of-the-sender"}),
        client.upload(photo.cut_off(99).content),
        client.get("/api/status"),
        client.get("/"),
        client.get("/cdn/vitrine/image/upload/s--AAAAAAAA--/w_1/v1/" + "x" * 22),
    ]
    for where, name, failure in (
        (Library, "tags", away),
        (Library, "tags", stumble),
        (LocalStore, "put", stumble),
        (LocalStore, "probe", stumble),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, failure)
            answers += [
                client.get("/"),
                client.get("/api/tags"),
                client.get("/readyz"),
                client.upload(pictures.photo(seed=2).content),
            ]
    return [f"{answer.headers} {answer.text}" for answer in answers]


def test_neither_the_log_nor_an_answer_tells_a_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gallery = create_app(settings)
    try:
        client = client_of(gallery)
        answered = journey(client, monkeypatch)
        token = client.get_cookie("vitrine")
    finally:
        gallery.close()

    told = "\n".join([caplog.text, *answered])
    assert "A mistake of ours" in caplog.text
    assert "A mistake of ours" not in "".join(answered)
    assert [secret for secret in secrets_of(settings) if secret in told] == []
    assert token is not None
    assert token.value not in caplog.text


def test_settings_that_are_printed_tell_no_secret(settings: Settings) -> None:
    assert [secret for secret in secrets_of(settings) if secret in repr(settings)] == []


def test_a_database_that_refuses_us_does_not_repeat_the_password(settings: Settings) -> None:
    password = urlsplit(settings.mongo_uri).password or ""
    wrong = settings.mongo_uri.replace(f":{password}@", ":wrong-password-of-mongodb@")

    with pytest.raises(ConfigError, match=r"^MONGO_URI: ") as refused:
        create_app(replace(settings, mongo_uri=wrong))

    assert "wrong-password" not in f"{refused.value} {refused.value.__cause__}"


@pytest.mark.parametrize(
    "given",
    [
        {"SECRET_KEY": "too-short-a-secret"},
        {"CLOUDINARY_URL": "cloudinary://key:too-short-a-secret"},
        {"CLOUDINARY_URL": "https://key:too-short-a-secret@demo"},
        {"MONGO_URI": "mongodb://me:too-short-a-secret@host", "SECRET_KEY": "k" * 32},
        {"MONGO_URI": "postgres://me:too-short-a-secret@host/x", "SECRET_KEY": "k" * 32},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_refused_setting_is_not_repeated_when_it_is_secret(
    tmp_path: Path, given: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        config.read({"GALLERY_DATA": str(tmp_path), **given})

    assert "too-short-a-secret" not in refused.value.detail


def test_no_key_of_anybody_lies_among_the_files_of_the_project() -> None:
    """In the shape that real ones have; those of the tests and the docs have others."""
    shapes = {
        "an account of Cloudinary": r"cloudinary://[0-9]{15}:[A-Za-z0-9_-]{27}@",
        "a key of Amazon": r"AKIA(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}",
        "a private key": "-----BEGIN" + r" [A-Z ]*PRIVATE KEY-----",
        "a hash of a password": r"\$argon2id\$v=[0-9]+\$m=[0-9]+,[^\s]{40}",
    }
    of_the_tests = {"tests/outgoing/photos.test.pem"}
    found = [
        f"{path}: {what}"
        for path in tracked()
        for what, shape in shapes.items()
        if path not in of_the_tests and re.search(shape, text_of(path))
    ]

    assert found == []


@pytest.mark.parametrize("path", [".env", "instance/keys.json", "instance/mongodb/x"])
def test_what_holds_secrets_is_not_committed(path: str) -> None:
    assert git("check-ignore", path) == [path]


def tracked() -> list[str]:
    return git("ls-files")


def git(*words: str) -> list[str]:
    ended = subprocess.run(
        ["git", *words], cwd=config.ROOT, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()


def text_of(path: str) -> str:
    file = config.ROOT / path
    return file.read_bytes().decode("latin-1") if file.is_file() else ""
