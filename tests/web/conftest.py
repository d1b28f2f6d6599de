"""The whole gallery as one WSGI application on a real MongoDB, and clients that speak to it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from functools import partial

import pytest
from argon2 import PasswordHasher
from pymongo.database import Database
from urllib3.filepost import encode_multipart_formdata
from werkzeug.test import Client, TestResponse

from gallery import config
from gallery.config import Settings
from gallery.factory import Application, create_app
from gallery.imaging.sandbox import Engine
from gallery.signing import sign_delivery
from gallery.web import sessions
from tests import pictures

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
"""As browsers ask for pages."""

VERSION = re.compile(r"/v([0-9]+)/")

PASSWORD = "correct horse battery staple"

MAX_UPLOAD_BYTES, MAX_PIXELS = 1024 * 1024, 1_000_000
"""Of ``gallery``: small, so that what is beyond is cheap to send."""


class Browserless(Client):
    """A program that speaks to the gallery: uploads by file, reads JSON."""

    def __init__(self, gallery, base_url):
        super().__init__(gallery, TestResponse)
        self.base_url = base_url

    def open(self, *args, **options):
        # Buffered, an answer is read whole and then closed, as a server does.
        return super().open(*args, **{"base_url": self.base_url, "buffered": True, **options})

    def upload(self, content=None, *, filename="photo.jpg", query="", headers=None, **fields):
        """What the gallery answers to a file; a field that is a list is sent repeatedly."""
        content = pictures.photo().content if content is None else content
        told = [
            (name, value)
            for name, values in fields.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        file = ("image", (filename, content))
        return self.post_form(f"/api/images{query}", [*told, file], headers=headers)

    def replace(self, image, content, *, filename="photo.jpg", headers=None, **fields):
        """What the gallery answers to another picture for an image."""
        file = ("image", (filename, content))
        path = f"/api/images/{image['id']}/original"
        return self.post_form(path, [*fields.items(), file], method="PUT", headers=headers)

    def post_form(self, path, fields, headers=None, method="POST"):
        # Not by Werkzeug's own encoder, which spells an empty file wrongly.
        body, content_type = encode_multipart_formdata(fields)
        return self.open(path, method=method, data=body, content_type=content_type, headers=headers)

    def uploaded(self, content=None, **options):
        """The image of an upload that must succeed."""
        answer = self.upload(content, **options)
        assert answer.status_code == 201, answer.text
        return answer.json

    def listed(self, query=""):
        answer = self.get(f"/api/images{query}")
        assert answer.status_code == 200, answer.text
        return answer.json


@dataclass(frozen=True)
class Standing:
    """A gallery, and what it keeps behind its HTTP: documents and files."""

    application: Application
    settings: Settings
    database: Database

    def documents(self):
        return list(self.database["images"].find())

    def files(self, folder):
        """Every file below a folder of the gallery's data, except those that only lock."""
        root = self.settings.gallery_data / folder
        found = (path for path in root.rglob("*") if path.is_file())
        return sorted(path for path in found if path.parent.name != "locks")

    def everything(self):
        """What an upload that was refused must not leave."""
        folders = ("originals", "derived", "incoming")
        return [*self.documents(), *(file for folder in folders for file in self.files(folder))]

    def empty(self):
        for name in self.database.list_collection_names():
            self.database[name].delete_many({})
        for folder in ("originals", "derived", "incoming"):
            for file in self.files(folder):
                file.unlink()


def settings_in(folder, mongod, database):
    return config.read(
        {
            "GALLERY_DATA": str(folder / "data"),
            "MONGO_URI": mongod.uri.replace("/vitrine?", f"/{database.name}?"),
            "SECRET_KEY": "k" * 32,
            "MAX_UPLOAD_BYTES": str(MAX_UPLOAD_BYTES),
            "MAX_PIXELS": str(MAX_PIXELS),
        }
    )


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashing():
    """What a password costs to check is the point of argon2, but not of these tests."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "PasswordHasher", cheap)
        yield


@pytest.fixture(scope="session")
def standing(tmp_path_factory, mongod, mongo_client):
    """One gallery for the whole run: making one takes as long as many requests."""
    database = mongo_client[f"test_{secrets.token_hex(6)}"]
    settings = settings_in(tmp_path_factory.mktemp("standing"), mongod, database)
    application = create_app(settings, stream_cap=3)
    yield Standing(application, settings, database)
    application.close()
    mongo_client.drop_database(database.name)


@pytest.fixture
def kept(standing):
    """What lies behind ``gallery``; nothing at first."""
    yield standing
    standing.empty()


@pytest.fixture
def gallery(kept):
    """An empty gallery in local mode."""
    return kept.application


@pytest.fixture
def settings(tmp_path, mongod, database):
    return settings_in(tmp_path, mongod, database)


@pytest.fixture
def make_gallery(settings):
    """Builds a gallery with some settings changed; ends its background threads afterwards."""
    opened = []

    def make(**changes):
        gallery = create_app(replace(settings, **changes), stream_cap=3)
        opened.append(gallery)
        return gallery

    yield make
    for gallery in opened:
        gallery.close()


def client_of(gallery, base_url="http://localhost"):
    return Browserless(gallery, base_url)


@pytest.fixture
def owner(gallery):
    """In local mode, whoever reaches the gallery."""
    return client_of(gallery)


@pytest.fixture
def guarded(make_gallery):
    """A gallery that people sign in to."""
    return make_gallery(owner_password=PASSWORD)


@pytest.fixture
def stranger(guarded):
    return client_of(guarded)


@pytest.fixture
def signed_in(guarded):
    client = client_of(guarded)
    assert client.post("/api/session", json={"password": PASSWORD}).status_code == 200
    return client


@pytest.fixture
def image(owner):
    return owner.uploaded()


@pytest.fixture
def signed(kept):
    """The address of any transformation of an image, signed as we sign it."""

    def address(image, transformation, *, version=None):
        secret, cloud = kept.settings.cdn_api_secret, kept.settings.cdn_cloud_name
        signature = sign_delivery(secret, f"{transformation}/{image['id']}")
        version = VERSION.search(image["url"])[1] if version is None else version
        upload = f"/cdn/{cloud}/image/upload"
        return f"{upload}/s--{signature}--/{transformation}/v{version}/{image['id']}"

    return address


@pytest.fixture
def derived(monkeypatch):
    """The transformations that the engine was asked for, as it goes."""
    asked = []
    derive = Engine.derive

    def noting(engine, path, wanted, *, bucket, layers):
        asked.append(f"{wanted}.{bucket}")
        return derive(engine, path, wanted, bucket=bucket, layers=layers)

    monkeypatch.setattr(Engine, "derive", noting)
    return asked
