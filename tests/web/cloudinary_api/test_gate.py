"""Who may send a file: the signed always, others so often a minute, and refusals come early."""

from __future__ import annotations

import base64
import time

import pytest
from urllib3.filepost import encode_multipart_formdata

from gallery.catalog.upload_presets import UploadPreset, UploadPresets
from gallery.web import bodies
from gallery.web.cloudinary_api import gate
from tests import pictures
from tests.web.cloudinary_api.calls import call, signed
from tests.web.conftest import MAX_UPLOAD_BYTES

PHOTO = pictures.photo().content
UPLOAD = "/cdn/v1_1/vitrine/image/upload"
UNSIGNED = [("upload_preset", "web")]
FILE = ("file", ("a.jpg", PHOTO))


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    """Three a fortnight, so that no test meets the end of a minute."""
    monkeypatch.setattr(gate, "UNPROVEN", 3)
    monkeypatch.setattr(gate, "WITHIN_S", 14 * 24 * 3600)


@pytest.fixture(autouse=True)
def _no_lingering(monkeypatch):
    """Whatever is read is received: nothing is read on only to be dropped."""
    monkeypatch.setattr(bodies, "LINGER_BYTES", 0)


@pytest.fixture(autouse=True)
def _preset(kept):
    UploadPresets(kept.database).record(UploadPreset(name="web", unsigned=True))


class Body:
    """A body that ends before the first byte of its file; remembers whether more was wanted."""

    def __init__(self, head):
        self._head = head
        self.more_wanted = False

    def read(self, size=-1):
        self.more_wanted = not self._head
        head, self._head = self._head, b""
        return head


def head_only(owner, fields, *, path=UPLOAD, **options):
    """What is answered to a call of whose file no byte was received."""
    content, content_type = encode_multipart_formdata([*fields, FILE])
    body = Body(content[: content.index(PHOTO)])
    sent = {"wsgi.input": body, "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(content))}
    answer = owner.post(path, environ_overrides=sent, **options)
    assert not body.more_wanted, "the file was received"
    return answer


def error(answer):
    return answer.status_code, answer.json["error"]["message"]


def basic(secret):
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def test_unsigned_uploads_are_few_and_signed_ones_many(owner, kept):
    sent = [owner.post_form(UPLOAD, [*UNSIGNED, FILE]) for _ in range(4)]

    assert [answer.status_code for answer in sent] == [200, 200, 200, 420]
    assert "Rate Limit Exceeded" in sent[3].json["error"]["message"]
    assert 0 < int(sent[3].headers["Retry-After"]) <= gate.WITHIN_S
    assert len(kept.documents()) == 3
    for _ in range(5):
        assert call(owner, kept.settings, "upload", content=PHOTO).status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert head_only(owner, UNSIGNED).status_code == 420
    body, kind = encode_multipart_formdata([*UNSIGNED, FILE])
    there = owner.post(UPLOAD, data=body, content_type=kind, environ_overrides=elsewhere)
    assert there.status_code == 200


def test_wrong_signatures_count_as_none(owner, kept):
    fields = [*signed(kept.settings), ("public_id", "a"), FILE]

    codes = [owner.post_form(UPLOAD, fields).status_code for _ in range(4)]

    assert codes == [401, 401, 401, 420]
    assert head_only(owner, fields[:-1]).status_code == 420
    assert head_only(owner, UNSIGNED).status_code == 420


def test_what_no_form_says_counts_too(owner):
    uri = "data:image/jpeg;base64," + base64.b64encode(PHOTO).decode()

    codes = [
        owner.post(UPLOAD, data={"upload_preset": "web", "file": uri}).status_code for _ in range(4)
    ]

    assert codes == [200, 200, 200, 420]


def test_a_signature_may_come_behind_the_file(owner, kept):
    fields = signed(kept.settings, public_id="rose")

    for at in range(len(fields) + 1):
        answer = owner.post_form(UPLOAD, [*fields[:at], FILE, *fields[at:]])
        assert (answer.status_code, answer.json.get("public_id")) == (200, "rose")


def test_what_is_surely_refused_is_refused_before_its_file(owner, kept):
    fields = signed(kept.settings, timestamp=str(int(time.time())))
    others_key = [*fields[:-1], ("api_key", "1")]

    assert error(head_only(owner, others_key)) == (401, "unknown api_key")
    for credentials in ("key:secret", f"{kept.settings.cdn_api_key}:secret"):
        assert head_only(owner, [], headers=basic(credentials)).status_code == 401
    assert error(head_only(owner, [*fields, fields[0]])) == (400, "Duplicate parameter timestamp")
    with pytest.raises(AssertionError, match="received"):
        head_only(owner, fields)


def test_a_body_that_is_too_large_by_its_length_is_not_read(owner):
    body = Body(b"")
    sent = {
        "wsgi.input": body,
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(3 * MAX_UPLOAD_BYTES),
    }

    answer = owner.post(UPLOAD, environ_overrides=sent)

    assert not body.more_wanted
    assert answer.status_code == 400
    assert f"Got {3 * MAX_UPLOAD_BYTES}. Maximum is {MAX_UPLOAD_BYTES}" in answer.text


@pytest.mark.parametrize("action", ["explicit", "destroy", "rename", "tags", "context"])
def test_only_uploads_have_files(owner, kept, action):
    path = f"/cdn/v1_1/vitrine/image/{action}"

    assert error(head_only(owner, UNSIGNED, path=path))[0] == 400
    assert kept.everything() == []
