"""``GET /api/images/{id}/original``: the very bytes, for those allowed, never shown in place."""

import pytest
from werkzeug.http import parse_options_header

from tests import pictures
from tests.web.conftest import client_of

HOSTILE_NAMES = {
    "photo.jpg": "photo.jpg",
    "kirschblüte 桜.jpg": "kirschblüte 桜.jpg",
    'a"; filename="evil.exe': 'a"; filename="evil.exe',
    "a\r\nSet-Cookie: x=1.jpg": "aSet-Cookie: x=1.jpg",
    "a\\b.jpg": "b.jpg",
    "../../etc/passwd": "passwd",
    "photo\u202egpj.exe": "photogpj.exe",
    "a;b,c'd.jpg": "a;b,c'd.jpg",
    "100%.jpg": "100%.jpg",
    "%0d%0aX: y.jpg": "%0d%0aX: y.jpg",
    "<script>.jpg": "<script>.jpg",
    ".htaccess": ".htaccess",
    "x" * 300 + ".jpg": "x" * 255,
    "\u200b": None,
}


@pytest.fixture
def photo():
    return pictures.photo(metadata=True)


def test_sends_the_very_bytes_as_an_attachment(owner, photo):
    image = owner.uploaded(photo.content, filename="beach.jpg")

    answer = owner.get(f"/api/images/{image['id']}/original")

    assert (answer.status_code, answer.data) == (200, photo.content)
    told = {name: answer.headers[name] for name in HEADERS}
    assert told == HEADERS | {
        "Content-Length": str(len(photo.content)),
        "Content-Disposition": "attachment; filename=\"beach.jpg\"; filename*=UTF-8''beach.jpg",
    }


HEADERS = {
    "Content-Type": "image/jpeg",
    "Content-Length": "",
    "Content-Disposition": "",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_tells_the_same_without_the_bytes(owner, photo):
    path = f"/api/images/{owner.uploaded(photo.content)['id']}/original"

    head, whole = owner.head(path), owner.get(path)

    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)


@pytest.mark.parametrize(("sent", "shown"), HOSTILE_NAMES.items(), ids=range(len(HOSTILE_NAMES)))
def test_a_hostile_name_stays_a_name(owner, photo, sent, shown):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="'
        + sent.replace("\r\n", "%0D%0A").replace('"', "%22").encode()
        + b'"\r\n\r\n' + photo.content + b"\r\n--x--\r\n"
    )  # fmt: skip
    uploaded = owner.post("/api/images", data=body, content_type="multipart/form-data; boundary=x")
    image = uploaded.json

    answer = owner.get(f"/api/images/{image['id']}/original")

    told = answer.headers["Content-Disposition"]
    assert told.isascii()
    assert told.isprintable()
    kind, options = parse_options_header(told)
    assert kind == "attachment"
    assert options["filename"] == (shown or f"{image['id']}.jpeg")
    assert "Set-Cookie" not in answer.headers


def test_strangers_do_not_get_it(guarded, signed_in):
    image = signed_in.uploaded()

    answer = client_of(guarded).get(f"/api/images/{image['id']}/original")

    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_required")
    assert signed_in.get(f"/api/images/{image['id']}/original").status_code == 200


def test_an_original_that_its_store_lost_is_told_as_such(owner, kept, photo):
    image = owner.uploaded(photo.content)
    [lost] = kept.files("originals")
    lost.unlink()

    answer = owner.get(f"/api/images/{image['id']}/original")

    assert (answer.status_code, answer.json["code"]) == (404, "object_missing")
