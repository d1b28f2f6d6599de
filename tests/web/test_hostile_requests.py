"""Thousands of odd requests: each is answered in words, no process dies, nothing is left behind."""

from __future__ import annotations

import base64
import random
import re
import sys
from collections import Counter
from urllib.parse import quote, unquote

import pytest
from urllib3.filepost import encode_multipart_formdata

from gallery.imaging.pool import Pool
from gallery.imaging.wire import ConnectionLostError
from gallery.signing import sign_delivery
from gallery.stores.local import LocalStore
from gallery.transformation import grammar
from gallery.transformation.step import Crop, Gravity
from gallery.transformation.values import EFFECTS, FLAGS
from gallery.web.cloudinary_api import gate
from tests import pictures
from tests.web.cloudinary_api.calls import call, signed
from tests.web.delivering import set_fields
from tests.web.hostile import OPERATORS, TRAVERSALS, VECTORS

CLOUD = "/cdn/vitrine"
API = "/cdn/v1_1/vitrine"
SAID = {501, 503}
"""What is not spoken here, and too much at once."""

KEY_OF_OURS = re.compile(r"[A-Za-z0-9_-]{22}(\.[0-9]+)?")

PHOTO = pictures.photo()
FILES = (
    PHOTO.content,
    pictures.animation().content,
    pictures.see_through("webp").content,
    PHOTO.cut_off(200).content,
    PHOTO.mutated(3).content,
    b"",
    b"GIF89a",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b"\x89PNG\r\n\x1a\n" + bytes(40),
)
IDS = (
    "rose",
    "garden/rose",
    "logo",
    "nobody",
    "a.jpg",
    "w_40/rose",
    "v1/rose",
    "rose.png",
    "ü",
    "-",
)
ODD = (
    *("", "0", "-1", "1.5", "1e9", "99999999999999999999", "auto", "iw", "100p", "NaN", "٣"),
    *("a" * 300, "\u202e", "é\u0301", "%00", "%", "..", "$x", "!a!", "w_1", "1:0", "0:0", "x:y:z"),
    *OPERATORS[::6],
    *VECTORS[::8],
)


class Drawn:
    """What a seed makes up."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (repeatable on purpose)

    def of(self, *choices):
        return self.chance.choice(choices)

    def perhaps(self, text: str, share: float = 0.5) -> str:
        return text if self.chance.random() < share else ""

    def value(self, key: str) -> str:
        """A value that fits the key, more often than not."""
        number, fraction = self.chance.randrange(0, 250), self.chance.random()
        fitting = {
            "a": (str(number), "auto_left.hflip", "-90"),
            "ar": ("16:9", "1.5", "1:1"),
            "b": ("red", "rgb:abc", "auto", "transparent"),
            "bo": ("3px_solid_red", "9px_solid_rgb:aabbcc80"),
            "c": tuple(Crop),
            "d": IDS,
            "dpr": ("2.0", "auto", "0.5"),
            "e": tuple(f"{name}{self.perhaps(f':{number}')}" for name in EFFECTS),
            "f": ("auto", "png", "jpg", "webp", "avif", "gif", "tiff"),
            "fl": FLAGS,
            "g": tuple(Gravity),
            "l": ("logo", "garden:rose", "text:Arial_9:x", "fetch:aHR0cA"),
            "o": (str(number % 101),),
            "q": ("auto", "auto:eco", str(number), "1"),
            "r": ("max", str(number), "1:2:3:4"),
            "t": ("thumb", "card", "nobody", "media_lib_thumb"),
            "u": ("logo",),
            "z": (f"{fraction:.2f}",),
        }.get(key, (str(number), f"{fraction:.2f}", f"-{number}"))
        return str(self.of(*fitting)) if self.chance.random() < 0.97 else self.of(*ODD)

    def transformation(self) -> str:
        keys = sorted(grammar.KEYS)
        return "/".join(
            ",".join(
                f"{key}_{self.value(key)}"
                for key in sorted(self.chance.sample(keys, self.chance.randint(1, 3)))
            )
            for _ in range(self.chance.randint(1, 2))
        )

    def address(self, secret: str) -> str:
        """Of something to be delivered; signed, if it is, as it stands."""
        wanted, name = self.perhaps(f"{self.transformation()}/", 0.9), self.of(*IDS, *IDS[:3] * 5)
        name += self.perhaps(self.of(".jpg", ".png", ".webp", ".avif", ".svg", ".x", "."), 0.3)
        signature = sign_delivery(secret, f"{wanted}{name}") if self.of(*[True] * 5, False) else ""
        if self.chance.random() < 0.05:
            signature = self.of("x", signature[:8], signature[::-1])
        kind = self.of(
            *["image/upload"] * 9, "raw/upload", "image/private", "images", "iu", "video"
        )
        signed_by = f"s--{signature}--/" if signature else ""
        version = self.of("", "", "v1/", "v2/", "v0/", f"v{'9' * 20}/")
        return quote(f"{CLOUD}/{kind}/{signed_by}{wanted}{version}{name}", safe="/:,%")

    def parameters(self) -> dict[str, str]:
        """What may be said of an upload, some of it odd."""
        fitting = {
            "public_id": IDS,
            "from_public_id": IDS,
            "to_public_id": IDS,
            "public_ids": ("rose,garden/rose", "nobody"),
            "type": ("upload", "private", "authenticated"),
            "overwrite": ("1", "0", "true"),
            "tags": ("a,b", "a"),
            "tag": ("a",),
            "command": ("add", "remove", "replace", "set_exclusive", "remove_all"),
            "context": ("a=b|c=d", "caption=x", r"a=\|\=", "=|="),
            "eager": ("c_scale,w_20|e_sepia/png", "w_10|w_20", "|"),
            "transformation": ("w_30,c_scale", "t_thumb", self.transformation()),
            "format": ("png", "webp", "heic", "avif"),
            "allowed_formats": ("jpg,png", "gif"),
            "face_coordinates": ("1,2,3,4|5,6,7,8", "1,2,3"),
            "folder": ("a/b", "/", ".."),
            "asset_folder": ("a/b", "/"),
            "display_name": ("A rose",),
            "use_filename": ("1",),
            "colors": ("1",),
            "phash": ("1",),
            "image_metadata": ("1",),
            "return_delete_token": ("1",),
            "access_mode": ("public", "authenticated"),
            "moderation": ("manual",),
            "notification_url": ("http://127.0.0.1:1/", "http://[::1]/"),
            "upload_preset": ("web", "nothing"),
            "expires_at": ("1", "99999999999"),
            "timestamp": ("1", "x", "99999999999"),
            "signature": ("x", "0" * 40),
            "max_results": ("1", "500"),
            "next_cursor": ("x",),
            "prefix": ("g", ""),
            "all": ("true",),
        }
        names = ["public_id", *self.chance.sample(sorted(fitting), self.chance.randint(0, 5))]
        return {
            self.of(*[name] * 30, f"{name}[]", f"{name}[$ne]"): (
                self.of(*fitting[name]) if self.chance.random() < 0.8 else self.of(*ODD)
            )
            for name in names
            if name not in ("timestamp", "signature", "expires_at") or self.chance.random() < 0.1
        }

    def file(self):
        content = self.of(*FILES, *FILES[:3] * 5)
        text = "data:image/jpeg;base64," + base64.b64encode(content).decode()
        remote = self.of(
            "http://127.0.0.1:1/x", "http://[::ffff:7f00:1]/", "file:///etc/passwd", "x"
        )
        return self.of(*[("a.jpg", content)] * 4, ("../ü\n.png", content), text, text[:-3], remote)


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch):
    monkeypatch.setattr(gate, "UNPROVEN", 10**6)


@pytest.fixture
def deaths(monkeypatch):
    """Decoding processes that did not answer."""
    met = []
    end = Pool._end

    def noting(pool, child):
        failure = sys.exc_info()[1]
        if isinstance(failure, ConnectionLostError):
            met.append(repr(failure))
        end(pool, child)

    monkeypatch.setattr(Pool, "_end", noting)
    return met


@pytest.fixture
def keys(monkeypatch):
    """The keys that the store was asked for."""
    asked = set()
    for name in ("path_of", "open", "put", "stat", "delete"):
        works = getattr(LocalStore, name)

        def noting(store, key, *given, works=works):
            asked.add(key)
            return works(store, key, *given)

        monkeypatch.setattr(LocalStore, name, noting)
    return asked


@pytest.fixture
def garden(owner, kept):
    """Two photos and a small picture to lay on them."""
    for number, name in enumerate(("rose", "garden/rose", "logo")):
        content = pictures.png_filled(30, 20).content if name == "logo" else None
        image = owner.uploaded(content or pictures.photo(seed=number).content)
        set_fields(kept, image, public_id=name)


@pytest.fixture
def headers(kept):
    keys = f"{kept.settings.cdn_api_key}:{kept.settings.cdn_api_secret}"
    return {"Authorization": "Basic " + base64.b64encode(keys.encode()).decode()}


def check(answer, told):
    """Notes how it was answered, which is never by a failure of our own."""
    assert answer.status_code < 500 or answer.status_code in SAID, (told, answer.text[:500])
    assert b"root:" not in answer.data


def test_every_address_is_answered(owner, kept, garden, deaths):
    drawn, statuses = Drawn(1), Counter()

    for _ in range(800):
        address = drawn.address(kept.settings.cdn_api_secret)
        answer = owner.get(address, headers={"Accept": drawn.of("image/avif", "image/webp", "*/*")})
        check(answer, address)
        statuses[answer.status_code] += 1

    assert deaths == []
    assert statuses.keys() == {200, 400, 401, 404}
    assert min(statuses.values()) > 50


def test_every_call_is_answered(owner, kept, garden, deaths, keys, headers):
    drawn, statuses = Drawn(2), Counter()

    for _ in range(300):
        params = drawn.parameters()
        fields = list(params.items())
        if drawn.of(*[True] * 9, False):
            fields = signed(kept.settings, **params)
        action = drawn.of(*["upload"] * 6, "explicit", "rename", "destroy", "tags", "context", "x")
        file = [("file", drawn.file())] if action == "upload" else []
        path = f"{API}/{drawn.of(*['image'] * 8, 'raw', 'auto', 'video')}/{action}"
        body, kind = encode_multipart_formdata([*fields, *file])
        sent = {"Content-Type": kind}
        if drawn.of(*[False] * 9, True):
            sent["Content-Range"] = drawn.of("bytes 0-9/20", "bytes 0-0/1", "x", "bytes 9-1/-1")
            sent["X-Unique-Upload-Id"] = drawn.of("a", "../..", "x" * 200, "")
        if drawn.of(*[False] * 9, True):
            at = drawn.chance.randrange(len(body))
            body = body[:at] + drawn.of(b"", b"\r\n--", b"\0", body[at + 1 :])
        answer = owner.post(path, data=body, headers=sent)
        check(answer, (path, fields, file))
        assert answer.mimetype == "application/json"
        statuses[answer.status_code] += 1

    assert deaths == []
    assert {200, 400, 401, 404} <= statuses.keys()
    assert statuses[200] > 30
    assert all(KEY_OF_OURS.fullmatch(key) for key in keys)
    documents = {document["key"] for document in kept.documents()}
    assert {file.name for file in kept.files("originals")} == documents
    assert kept.files("incoming") == []


ADMIN = (
    "resources/image",
    "resources/image/upload",
    "resources/image/upload/{}",
    "resources/{}",
    "resources/image/tags/{}",
    "resources/image/context",
    "resources/by_asset_ids",
    "resources/by_asset_folder",
    "resources/restore",
    "tags/image",
    "folders/{}",
    "transformations",
    "transformations/{}",
    "upload_presets",
    "upload_presets/{}",
    "usage/{}",
    "derived_resources",
    "ping",
    "config",
)


def test_every_call_of_the_admin_api_is_answered(owner, garden, deaths, headers):
    drawn, statuses = Drawn(3), Counter()

    for _ in range(700):
        path = drawn.of(*ADMIN).format(quote(drawn.of(*IDS, *ODD), safe=""))
        method = drawn.of("GET", "GET", "POST", "PUT", "DELETE")
        params = drawn.parameters()
        if "transformation" not in params and drawn.of(True, False):
            params["transformation"] = drawn.transformation()
        form = drawn.of("query_string", "data", "json")
        answer = owner.open(f"{API}/{path}", method=method, headers=headers, **{form: params})
        check(answer, (method, path, params))
        assert answer.mimetype == "application/json"
        statuses[answer.status_code] += 1

    assert deaths == []
    assert statuses.keys() <= {200, 400, 404, 409, 420, 501}
    assert statuses[200] > 100


DELIVERIES = (
    *("image/upload/{}", "image/upload/t_thumb/{}", "image/upload/v1/{}", "image/private/{}"),
    *("image/authenticated/{}", "raw/upload/{}", "images/{}/x.jpg", "files/{}/x", "iu/{}", "{}"),
    *("image/upload/l_{}/rose", "image/upload/d_{}/rose", "image/upload/t_{}/rose"),
)
ROUTES_BY_ID = (
    *(("GET", f"{CLOUD}/{path}") for path in DELIVERIES),
    *((method, "/api/images/{}") for method in ("GET", "PATCH", "DELETE")),
    ("POST", "/api/images/{}/restore"),
    *((method, "/api/images/{}/original") for method in ("GET", "PUT")),
    *((method, f"{API}/resources/image/upload/{{}}") for method in ("GET", "POST")),
    ("GET", f"{API}/resources/{{}}"),
    ("GET", f"{API}/resources/image/tags/{{}}"),
    ("GET", f"{API}/folders/{{}}"),
    *((method, f"{API}/upload_presets/{{}}") for method in ("GET", "PUT", "DELETE")),
    *((method, f"{API}/transformations/{{}}") for method in ("GET", "DELETE")),
    ("GET", "/static/x/{}"),
    ("GET", "/i/{}"),
)


def test_no_spelling_climbs_out_of_a_folder(owner, kept, garden, headers, keys):
    before, files = kept.documents(), kept.files("")

    for method, path in ROUTES_BY_ID:
        sent = headers if path.startswith(API) else {}
        for spelling in TRAVERSALS:
            answer = owner.open(path.format(spelling), method=method, headers=sent)
            check(answer, (method, path, spelling))
            found = answer.status_code < 400
            # A list of what is called so is empty.
            assert not found or (method, answer.json["resources"]) == ("GET", []), (path, spelling)

    assert keys == set()
    assert (kept.documents(), kept.files("")) == (before, files)


@pytest.mark.parametrize("action", ["explicit", "destroy", "rename", "tags"])
def test_no_name_in_a_call_climbs_out_of_a_folder(owner, kept, garden, keys, action):
    before = kept.documents()
    names = [*TRAVERSALS, *map(unquote, TRAVERSALS)]

    for name in names:
        told = {"public_id": name, "from_public_id": name, "to_public_id": "x"}
        if action == "tags":
            told = {"public_ids": name, "command": "add", "tag": "a"}
        if "\0" in name or "\ufffd" in name:
            continue
        answer = call(owner, kept.settings, action, **told)
        gone = answer.status_code == 200 and answer.json == {"result": "not found"}
        assert gone or answer.status_code in (400, 404), (name, answer.text)

    assert keys == set()
    assert kept.documents() == before


def test_no_name_of_an_upload_climbs_out_of_a_folder(owner, kept, keys):
    for number, name in enumerate((*TRAVERSALS, *map(unquote, TRAVERSALS))):
        told = ({"public_id": name}, {"folder": name}, {"use_filename": "1"})[number % 3]
        fields = [*signed(kept.settings, **told), ("file", (name, b"x"))]
        answer = owner.post_form(f"{API}/raw/upload", fields)
        check(answer, (told, name))
        if answer.status_code == 200:
            assert ".." not in answer.json["public_id"].split("/"), name
            assert not answer.json["public_id"].startswith("/")

    assert keys
    assert all(KEY_OF_OURS.fullmatch(key) for key in keys)
    assert {file.name for file in kept.files("originals")} <= keys
