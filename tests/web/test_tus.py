"""``/api/tus``: every MUST of the protocol, and what else is promised."""

from __future__ import annotations

import base64
import hashlib
from email.utils import parsedate_to_datetime

import pytest

from gallery.services import uploads
from tests import pictures
from tests.web.conftest import MAX_UPLOAD_BYTES, client_of
from tests.web.hostile import TRAVERSALS, VECTORS
from tests.web.tus import OFFSET_STREAM, PHOTO, SIZE, Tus, metadata


@pytest.fixture
def tus(owner):
    return Tus(owner)


def checksum(data, algorithm="sha1"):
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


def is_problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == code
    assert answer.json["status"] == status
    return True


def test_a_photo_sent_in_two_pieces_is_an_image(tus, owner):
    path = tus.created(Upload_Metadata=metadata(filename="Beach.jpg", description="The sea"))

    first = tus.append(path, PHOTO[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert first.data == b""
    assert tus.state(path)["status"] == "pending"
    last = tus.append(path, PHOTO[1000:], 1000)
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(SIZE))

    state = tus.state(path)
    assert state["status"] == "ready"
    assert state["duplicate"] is False
    [image] = owner.listed()["images"]
    assert state["image"] == image
    assert (image["filename"], image["description"]) == ("Beach.jpg", "The sea")
    assert owner.get(f"/api/images/{image['id']}/original").data == PHOTO


# The version.


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", ""])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_another_version_is_refused_and_nothing_done(tus, method, version):
    path = tus.created()
    target = "/api/tus" if method == "POST" else path

    answer = tus.send(method, target, PHOTO, OFFSET_STREAM, Tus_Resumable=version, Upload_Offset=0)

    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert tus.offset(path) == 0


@pytest.mark.parametrize("path", ["/api/tus", "/api/tus/x"])
@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_options_tell_what_is_spoken_whoever_asks(guarded, path, version):
    answer = Tus(client_of(guarded)).send("OPTIONS", path, Tus_Resumable=version)

    assert answer.status_code == 204
    told = {name: answer.headers[name] for name in dict(answer.headers) if "Tus" in name}
    assert told == {
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,creation-with-upload,expiration,checksum,termination",
        "Tus-Max-Size": str(MAX_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": "sha1,sha256,md5",
    }


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("PUT", 405)])
def test_every_refusal_carries_the_version(tus, method, status):
    for path in ("/api/tus", tus.created()):
        assert is_problem(tus.send(method, path), status, "method_not_allowed")


# Creation.


def test_a_new_upload_is_told_its_address_and_its_end(tus):
    answer = tus.create()

    assert answer.status_code == 201
    assert answer.headers["Location"].startswith("/api/tus/")
    assert len(answer.headers["Location"].rpartition("/")[2]) == 22
    assert answer.headers["Upload-Offset"] == "0"
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]).year >= 2026
    assert answer.data == b""


@pytest.mark.parametrize("length", [None, "", "-1", "1.5", "x", "٣", "9" * 16, "0x10"])
def test_a_length_is_needed(tus, length):
    assert is_problem(tus.create(length), 400, "bad_request")


@pytest.mark.parametrize(
    "header", [{"Upload_Defer_Length": "1"}, {"Upload_Defer_Length": "2"}, {"Upload_Concat": "x"}]
)
def test_what_is_not_spoken_is_refused_in_words(tus, header):
    answer = tus.create(None, **header)

    assert is_problem(answer, 400, "bad_request")
    assert "send Upload-Length" in answer.json["detail"]


def test_more_than_the_limit_is_refused_at_once(tus, kept):
    named = metadata(filename="Beach.jpg")

    answer = tus.create(MAX_UPLOAD_BYTES + 1, Upload_Metadata=named)

    assert is_problem(answer, 413, "too_large")
    assert "Beach.jpg" in answer.json["detail"]
    assert kept.database["uploads"].count_documents({}) == 0
    assert tus.create(MAX_UPLOAD_BYTES).status_code == 201


def test_a_file_of_nothing_is_refused_at_once(tus):
    assert is_problem(tus.create(0), 422, "invalid_input")


def test_metadata_is_told_again_as_it_came(tus):
    told = metadata(filename="ü.jpg", is_confidential="", anything="\0\r\nX-Evil: 1")

    answer = tus.head(tus.created(Upload_Metadata=told))

    assert answer.headers["Upload-Metadata"] == told
    assert "X-Evil" not in answer.headers
    assert "Upload-Metadata" not in tus.head(tus.created()).headers


def test_metadata_say_what_the_form_says(tus, owner):
    told = metadata(
        filename="../../etc/\u202egpj.exe",
        filetype="text/html",
        description="One",
        alt="Two",
        album="Three",
        tags=["b", "a", "b"],
    )
    path = tus.created(Upload_Metadata=told)
    tus.append(path, PHOTO)

    [image] = owner.listed()["images"]

    assert (image["description"], image["alt"]) == ("One", "Two")
    assert (image["albums"], image["tags"]) == (["Three"], ["b", "a"])
    assert (image["filename"], image["format"]) == ("gpj.exe", "jpeg")


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ("filename", 201, None),
        ("filename ", 201, None),
        ("", 201, None),
        ("filename YQ==,filename YQ==", 400, "bad_request"),
        ("filename Y", 400, "bad_request"),
        ("file,, YQ==", 400, "bad_request"),
        (",", 400, "bad_request"),
        ("filename /w==", 422, "invalid_input"),
        (metadata(description="x" * 2001), 422, "invalid_input"),
        (metadata(tags='{"$ne": 1}'), 422, "invalid_input"),
        (metadata(tags="[[1]]"), 422, "invalid_input"),
        (metadata(tags="a,b"), 422, "invalid_input"),
        (metadata(anything="x" * 3100), 413, "too_large"),
    ],
)
def test_odd_metadata(tus, told, status, code):
    answer = tus.create(Upload_Metadata=told)

    assert answer.status_code == status
    assert code is None or is_problem(answer, status, code)


# Creation with upload.


def test_a_file_may_come_with_its_creation(tus):
    answer = tus.create(data=PHOTO, content_type=OFFSET_STREAM)

    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(SIZE))
    assert tus.state(answer.headers["Location"])["status"] == "ready"


def test_or_the_beginning_of_a_file(tus):
    answer = tus.create(
        data=PHOTO[:99], content_type=OFFSET_STREAM, Upload_Checksum=checksum(PHOTO[:99])
    )

    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "99")
    assert tus.append(answer.headers["Location"], PHOTO[99:], 99).status_code == 204


@pytest.mark.parametrize(
    ("data", "options", "status"),
    [
        (PHOTO, {"content_type": "image/jpeg"}, 415),
        (PHOTO + b"x", {"content_type": OFFSET_STREAM}, 413),
        (PHOTO, {"content_type": OFFSET_STREAM, "Upload_Checksum": checksum(b"x")}, 460),
        (PHOTO, {"content_type": OFFSET_STREAM, "Upload_Checksum": "crc32 AAAA"}, 400),
    ],
)
def test_a_creation_that_is_refused_leaves_nothing(tus, kept, data, options, status):
    assert tus.create(data=data, **options).status_code == status
    assert kept.database["uploads"].count_documents({}) == 0
    assert kept.database["parts.blobs"].count_documents({}) == 0


# HEAD.


def test_an_offset_is_told_and_never_cached(tus):
    path = tus.created()
    assert tus.offset(path) == 0
    tus.append(path, PHOTO[:10])

    answer = tus.head(path)

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Upload-Offset"] == "10"
    assert answer.headers["Upload-Length"] == str(SIZE)
    assert answer.headers["Cache-Control"] == "no-store"
    tus.append(path, PHOTO[10:], 10)
    whole = tus.head(path)
    assert whole.headers["Upload-Offset"] == whole.headers["Upload-Length"] == str(SIZE)
    assert "Upload-Expires" not in whole.headers


@pytest.mark.parametrize("name", ["x" * 22, "x", "$ne", "%00", "a.b"])
def test_what_is_not_there_has_no_offset(tus, name):
    path = f"/api/tus/{name}"
    head = tus.head(path)
    assert (head.status_code, "Upload-Offset" in head.headers) == (404, False)
    assert is_problem(tus.append(path, PHOTO), 404, "not_found")
    assert is_problem(tus.delete(path), 404, "not_found")


# PATCH.


@pytest.mark.parametrize("offset", [0, 9, 11, SIZE])
def test_a_piece_from_elsewhere_changes_nothing(tus, kept, offset):
    path = tus.created()
    tus.append(path, PHOTO[:10])
    before = kept.database["uploads"].find_one()

    assert is_problem(tus.append(path, PHOTO[10:20], offset), 409, "offset_mismatch")

    assert kept.database["uploads"].find_one() == before
    assert kept.database["parts.blobs"].count_documents({}) == 1


@pytest.mark.parametrize("offset", [None, "", "-1", "x", "1.0"])
def test_an_offset_is_needed(tus, offset):
    assert is_problem(tus.append(tus.created(), PHOTO, offset), 400, "bad_request")


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "image/jpeg", "x"])
def test_another_type_is_refused(tus, content_type):
    path = tus.created()

    answer = tus.append(path, PHOTO, content_type=content_type)

    assert is_problem(answer, 415, "content_type")
    assert tus.offset(path) == 0


def test_nothing_goes_beyond_the_end(tus):
    path = tus.created(100)
    assert is_problem(tus.append(path, bytes(101)), 413, "too_large")
    tus.append(path, bytes(60))
    assert is_problem(tus.append(path, bytes(41), 60), 413, "too_large")
    assert tus.offset(path) == 60


def test_a_piece_of_nothing_changes_nothing(tus):
    path = tus.created()
    assert tus.append(path, b"").headers["Upload-Offset"] == "0"
    tus.append(path, PHOTO)
    assert tus.append(path, b"", SIZE).status_code == 204
    assert is_problem(tus.append(path, b"x", SIZE), 413, "too_large")
    assert is_problem(tus.append(path, b"x", 5), 409, "offset_mismatch")


def test_the_end_moves_away_while_it_goes_on(tus, monkeypatch):
    path = tus.created()

    answer = tus.append(path, PHOTO[:10])

    assert parsedate_to_datetime(answer.headers["Upload-Expires"])


def test_pieces_are_counted(tus, monkeypatch):
    monkeypatch.setattr("gallery.services.appending.MAX_PARTS", 2)
    path = tus.created()
    for at in (0, 1):
        assert tus.append(path, PHOTO[at : at + 1], at).status_code == 204
    assert is_problem(tus.append(path, PHOTO[2:], 2), 429, "too_many_requests")


def test_a_full_disk_is_told_before_the_body_is_read(tus, gallery, monkeypatch):
    path = tus.created()
    monkeypatch.setattr(uploads, "FREE_SPACE_FLOOR_BYTES", 2**60)

    class Unread:
        def read(self, size=-1):
            raise AssertionError("the body was read")

    answer = client_of(gallery).open(
        path,
        method="PATCH",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "10"},
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": OFFSET_STREAM,
            "Expect": "100-continue",
        },
    )

    assert is_problem(answer, 507, "storage_full")
    assert is_problem(tus.create(), 507, "storage_full")


# Checksums.


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_piece_may_bring_its_checksum(tus, algorithm):
    path = tus.created()
    piece = PHOTO[:500]

    assert tus.append(path, piece, Upload_Checksum=checksum(piece, algorithm)).status_code == 204
    assert tus.offset(path) == 500


def test_a_piece_that_is_not_what_its_checksum_says_is_dropped(tus, kept):
    path = tus.created()
    tus.append(path, PHOTO[:10])

    answer = tus.append(path, PHOTO[10:], 10, Upload_Checksum=checksum(PHOTO))

    assert is_problem(answer, 460, "checksum_mismatch")
    assert tus.offset(path) == 10
    assert kept.database["parts.blobs"].count_documents({}) == 1
    assert kept.database["parts.chunks"].count_documents({}) == 1
    again = tus.append(path, PHOTO[10:], 10, Upload_Checksum=checksum(PHOTO[10:]))
    assert again.status_code == 204


@pytest.mark.parametrize("told", ["crc32 AAAA", "SHA1 AAAA", "sha1", "sha1 %", "", "sha1 a b"])
def test_what_is_no_checksum_of_ours_is_refused(tus, told):
    path = tus.created()

    answer = tus.append(path, PHOTO, Upload_Checksum=told)

    assert answer.status_code in (400, 460)
    assert tus.offset(path) == 0


# Termination.


def test_a_cancelled_upload_is_gone_with_its_bytes(tus, kept):
    path = tus.created()
    tus.append(path, PHOTO[:1000])

    assert tus.delete(path).status_code == 204

    assert tus.head(path).status_code == 404
    assert tus.append(path, PHOTO[1000:], 1000).status_code == 404
    assert tus.delete(path).status_code == 404
    assert kept.database["parts.blobs"].count_documents({}) == 0


def test_what_an_upload_became_outlives_it(tus, owner):
    path = tus.created()
    tus.append(path, PHOTO)

    assert tus.delete(path).status_code == 204

    assert tus.head(path).status_code == 404
    assert len(owner.listed()["images"]) == 1


# Methods by another name.


def test_methods_may_be_named_in_a_header(tus):
    path = tus.created()

    told = tus.send("POST", path, X_HTTP_Method_Override="HEAD")
    assert (told.status_code, told.headers["Upload-Offset"]) == (200, "0")
    patch = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": 0}
    assert tus.send("POST", path, PHOTO, OFFSET_STREAM, **patch).status_code == 204
    assert tus.send("GET", path, X_HTTP_Method_Override="DELETE").status_code == 204
    assert tus.head(path).status_code == 404


def test_a_method_by_another_name_is_checked_as_what_it_is(tus):
    path = tus.created()
    foreign = {"Sec_Fetch_Site": "cross-site", "X_HTTP_Method_Override": "DELETE"}

    assert is_problem(tus.send("GET", path, **foreign), 403, "cross_site")
    assert is_problem(
        tus.send("POST", path, X_HTTP_Method_Override="GET"), 405, "method_not_allowed"
    )
    assert tus.offset(path) == 0


# Who may.


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "HEAD"])
def test_other_sites_pages_may_not_use_it(tus, method):
    path = tus.created()
    foreign = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Dest": "empty"}

    answer = tus.send(method, "/api/tus" if method == "POST" else path, **foreign)

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_strangers_may_not_use_it(stranger, signed_in):
    path = Tus(signed_in).created()
    tus = Tus(stranger)

    assert is_problem(tus.create(), 401, "sign_in_required")
    assert is_problem(tus.append(path, PHOTO), 401, "sign_in_required")
    assert is_problem(tus.delete(path), 401, "sign_in_required")
    assert tus.head(path).status_code == 401
    assert Tus(signed_in).offset(path) == 0


def test_a_thousand_uploads_of_nothing_are_enough(tus, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_OPEN", 3)
    paths = [tus.created() for _ in range(3)]

    refused = tus.create()
    assert is_problem(refused, 429, "too_many_requests")
    assert refused.headers["Retry-After"]

    tus.delete(paths[0])
    assert tus.create().status_code == 201


# What is no picture.


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_format"),
        (PHOTO[:2000], 422, "broken_image"),
        (pictures.png_filled(2000, 1000).content, 422, "image_too_large"),
    ],
)
def test_what_is_no_picture_fails_with_its_last_piece(tus, kept, content, status, code):
    path = tus.created(len(content), Upload_Metadata=metadata(filename="x.jpg"))

    answer = tus.append(path, content)

    assert is_problem(answer, status, code)
    assert answer.json["detail"].startswith("x.jpg: ")
    state = tus.state(path)
    assert (state["status"], state["problem"]) == ("failed", answer.json)
    assert tus.head(path).status_code == 410
    assert is_problem(tus.append(path, b"", len(content)), 410, "upload_gone")
    assert kept.everything() == []
    assert kept.database["parts.blobs"].count_documents({}) == 0


def test_bytes_that_are_here_become_no_second_image(tus, owner, image):
    path = tus.created()
    tus.append(path, PHOTO)

    state = tus.state(path)

    assert (state["status"], state["duplicate"]) == ("ready", True)
    assert state["image"]["id"] == image["id"]
    assert len(owner.listed()["images"]) == 1


# Those who mean harm.


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "GET", "POST"])
def test_no_spelling_of_an_id_climbs_out(tus, owner, kept, method):
    tus.created()
    files = kept.files("")
    for spelling in TRAVERSALS:
        if method in ("GET", "POST"):
            complete = "/complete" if method == "POST" else ""
            answer = owner.open(f"/api/uploads/{spelling}{complete}", method=method)
        else:
            answer = tus.send(method, f"/api/tus/{spelling}", b"", OFFSET_STREAM, Upload_Offset=0)
        assert answer.status_code in (400, 404, 405), (spelling, answer.status_code)
    assert kept.files("") == files
    assert kept.database["uploads"].count_documents({}) == 1


def test_no_name_in_metadata_makes_a_file_of_its_own(tus, owner, kept):
    for name in TRAVERSALS[:12]:
        path = tus.created(10, Upload_Metadata=metadata(filename=name, x=name))
        assert tus.append(path, b"no picture", 0).status_code == 415
    assert kept.everything() == []


@pytest.mark.parametrize("vector", VECTORS[::5])
def test_what_is_said_in_metadata_is_text(tus, owner, vector):
    path = tus.created(Upload_Metadata=metadata(filename=f"{vector}.jpg", description=vector))
    answer = tus.append(path, PHOTO)
    assert answer.status_code == 204
    assert tus.state(path)["image"]["description"] == vector.strip()
