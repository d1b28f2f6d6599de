"""Delivery addresses: what they can mean, and what of them is signed, by Cloudinary's own SDK."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import cloudinary.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import BadSignatureError, NotFoundError
from gallery.signing import sign_delivery
from gallery.transformation.address import Reading, read
from tests.transformation.strategies import GEOMETRY, IDS, OTHERS, PIXELS, chains

SECRET = "a-secret-of-the-cloud"


def sdk(public_id: str, **options: Any) -> str:
    """The path behind the cloud that the SDK makes, as a server hands it down: percent-decoded."""
    given = {"cloud_name": "vitrine", "api_secret": SECRET, "cname": "localhost", "secure": False}
    url, _ = cloudinary.utils.cloudinary_url(public_id, **given | options)
    return unquote(urlsplit(url).path).removeprefix("/vitrine/")


def meanings(path: str) -> list[tuple[str, str | None, str, str | None]]:
    return [
        (each.transformation, each.version, each.public_id, each.extension)
        for each in read(path).readings
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("image/upload/photo", [("", None, "photo", None)]),
        ("image/upload/photo.jpg", [("", None, "photo", "jpg"), ("", None, "photo.jpg", None)]),
        ("image/upload/v12/photo", [("", "12", "photo", None), ("", None, "v12/photo", None)]),
        ("image/upload/v12", [("", None, "v12", None)]),
        ("image/upload/c_fill,w_9", [("", None, "c_fill,w_9", None)]),
        (
            "image/upload/c_fill,w_9/e_sepia/v3/a/b",
            [
                ("c_fill,w_9/e_sepia", "3", "a/b", None),
                ("c_fill,w_9/e_sepia", None, "v3/a/b", None),
                ("c_fill,w_9", None, "e_sepia/v3/a/b", None),
                ("", None, "c_fill,w_9/e_sepia/v3/a/b", None),
            ],
        ),
        (
            "image/upload/v3/c_fill/photo",
            [("", "3", "c_fill/photo", None), ("", None, "v3/c_fill/photo", None)],
        ),
        (
            "image/upload/trip_1/photo",
            [("trip_1", None, "photo", None), ("", None, "trip_1/photo", None)],
        ),
        ("image/upload/holidays_1/photo", [("", None, "holidays_1/photo", None)]),
        ("image/upload/a.b.c", [("", None, "a.b.c", None)]),
        ("image/upload/.jpg", [("", None, ".jpg", None)]),
        ("image/upload/a/.jpg", [("", None, "a/.jpg", None)]),
        ("raw/upload/v7/a/notes.txt", [("", "7", "a/notes.txt", None),
                                       ("", None, "v7/a/notes.txt", None)]),
        ("raw/upload/c_fill/notes.jpg", [("", None, "c_fill/notes.jpg", None)]),
        ("iu/w_9/photo", [("w_9", None, "photo", None), ("", None, "w_9/photo", None)]),
        ("images/w_9/photo/a-name.webp", [("w_9", None, "photo", "webp"),
                                          ("", None, "w_9/photo", "webp")]),
        ("images/photo/a-name", [("", None, "photo", None)]),
        ("files/notes/a-name.txt", [("", None, "notes.txt", None)]),
        ("files/notes.txt/a-name", [("", None, "notes.txt", None)]),
        ("photo", [("", None, "photo", None)]),
        ("photo/a-name.jpg", [("", None, "photo/a-name", "jpg"),
                              ("", None, "photo/a-name.jpg", None), ("", None, "photo", "jpg")]),
    ],
)  # fmt: skip
def test_reads_an_address_in_every_way_it_can_mean(
    path: str, expected: list[tuple[str, str | None, str, str | None]]
) -> None:
    assert meanings(path) == expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("image/upload/x", ("image", "upload")),
        ("image/private/x", ("image", "private")),
        ("image/authenticated/x", ("image", "authenticated")),
        ("raw/upload/x", ("raw", "upload")),
        ("raw/private/x", ("raw", "private")),
        ("images/x/y", ("image", "upload")),
        ("files/x/y", ("raw", "upload")),
        ("iu/x", ("image", "upload")),
        ("x", ("image", "upload")),
        ("video/upload/x", ("image", "upload")),  # A folder at the root: there will be none.
    ],
)
def test_tells_what_kind_it_is_about(path: str, kind: tuple[str, str]) -> None:
    found = read(path)

    assert (found.resource_type, found.type) == kind


def test_says_which_readings_are_perhaps_folders() -> None:
    certain = {each.transformation: each.certain for each in read("trip_1/w_9/x").readings}

    assert certain == {"trip_1/w_9": False, "trip_1": False, "": True}


OPTIONS: list[dict[str, Any]] = [
    {},
    {"version": 1234567890},
    {"format": "png"},
    {"transformation": [{"width": 100, "crop": "fill"}, {"effect": "sepia"}]},
    {"raw_transformation": "w_100,c_limit,f_auto"},
    {"transformation": "thumb"},
    {"type": "private"},
    {"type": "authenticated", "width": 40, "crop": "scale", "format": "jpg"},
    {"shorten": True, "width": 40, "crop": "fit"},
    {"use_root_path": True, "width": 40, "crop": "fit"},
    {"url_suffix": "a-name", "width": 40, "crop": "fit", "format": "jpg"},
    {"url_suffix": "a-name", "use_root_path": True, "format": "jpg"},
    {"resource_type": "raw"},
    {"resource_type": "raw", "type": "private"},
    {"resource_type": "raw", "url_suffix": "a-name"},
    {"overlay": "logos:small", "gravity": "south_east", "x": 5},
]
PUBLIC_IDS = [
    "photo",
    "folder/photo",
    "c_fill/photo",
    "v12/photo",
    "a.b.c",
    "photo.jpg",
    "a photo, of (mine)'s ~!*",
    "ünï/cöde 🐈",
    "9fQ2-_9fQ2-_9fQ2-_9fQ2",
]
SIGNATURES: list[dict[str, Any]] = [
    {},
    {"signature_algorithm": "sha256"},
    {"long_url_signature": True},
]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("public_id", PUBLIC_IDS)
def test_takes_what_the_sdk_signs_and_finds_what_it_meant(
    public_id: str, options: dict[str, Any], signature: dict[str, Any]
) -> None:
    found = read(sdk(public_id, sign_url=True, **options, **signature))

    wanted = "t_thumb" if options.get("transformation") == "thumb" else None
    if wanted is None:
        wanted, _ = cloudinary.utils.generate_transformation_string(**dict(options))
    meant = [
        each
        for each in found.signed(SECRET)
        if (each.transformation, each.public_id) == (wanted, public_id)
    ]
    assert meant, found
    assert options.get("format") in {each.extension for each in meant}
    assert (found.resource_type, found.type) == (
        options.get("resource_type", "image"),
        options.get("type", "upload"),
    )


def test_reads_signatures_that_hold_dashes() -> None:
    number = next(
        number
        for number in range(100_000)
        if "----" in sdk(f"photo{number}", sign_url=True).split("/")[2]
    )

    assert read(sdk(f"photo{number}", sign_url=True)).signed(SECRET)


def test_takes_what_a_browser_signs() -> None:
    """``encodeURIComponent`` escapes less than the SDKs do."""
    signature = sign_delivery(SECRET, "w_9/f/a%20photo%20(1)!.jpg")

    assert read(f"image/upload/s--{signature}--/w_9/f/a photo (1)!.jpg").signed(SECRET)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_signature_covers_transformation_and_name(signature: dict[str, Any]) -> None:
    path = sdk("f/photo", width=40, crop="fit", version=3, sign_url=True, **signature)
    _, _, signed, *_ = path.split("/")
    covered = [(path.index(part), part) for part in (signed, "c_fit,w_40", "f/photo")]

    for begin, part in covered:
        for at in range(begin, begin + len(part)):
            for other in {"A", "b", "0", "-", "/", ","} - {path[at]}:
                assert not is_signed(path[:at] + other + path[at + 1 :])
    assert is_signed(path)
    assert is_signed(path.replace("/v3/", "/v4/"))
    assert not is_signed(path.replace("/v3/", f"/{signed}/v3/"))
    assert not is_signed(path.replace(signed, f"{signed}/{signed}"))


def is_signed(path: str) -> bool:
    """Whether it is signed, and rightly."""
    try:
        found = read(path)
        return found.signature is not None and bool(found.signed(SECRET))
    except (NotFoundError, BadSignatureError):
        return False


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "image/upload",
        "image/upload/",
        "image/upload/s--AAAAAAAA--",
        "image/upload//photo",
        "image/upload/../photo",
        "image/upload/./photo",
        "image/upload/a/..",
        "image/upload/a/",
        "image/upload/a\\b",
        "image/upload/a\0b",
        "image/upload/a\nb",
        "image/upload/a\x7fb",
        "image/upload/a\x85b",
        "image/upload/%2e%2e/b",
        "image/upload/a%2fb",
        "image/upload/a?b",
        "image/upload/a#b",
        "image/upload/<script>",
        "image/upload/\udc80",
        "image/upload/" + "a" * 2000,
        "images/photo",
        "images/photo/name.exe",
    ],
)
def test_no_address_is_spelled_so(path: str) -> None:
    with pytest.raises(NotFoundError):
        read(path)


def _spelled(reading: Reading) -> str:
    parts = ["image/upload", reading.transformation]
    parts += [f"v{reading.version}"] if reading.version else []
    name = f"{reading.public_id}.{reading.extension}" if reading.extension else reading.public_id
    return "/".join(part for part in [*parts, name] if part)


@given(
    chains(GEOMETRY, PIXELS, OTHERS).map(str) | st.just(""),
    st.none() | st.integers(0, 10**12).map(str),
    IDS,
    st.none() | st.sampled_from(["jpg", "png", "webp", "avif", "gif", "jpeg", "tif"]),
)
def test_what_was_spelled_is_among_the_readings(
    transformation: str, version: str | None, public_id: str, extension: str | None
) -> None:
    spelled = Reading(transformation, version, public_id, extension, "")

    found = read(_spelled(spelled)).readings

    assert (transformation, version, public_id, extension) in [
        (each.transformation, each.version, each.public_id, each.extension) for each in found
    ]
    assert len(found) <= 2 * (transformation.count("/") + 3)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_not(path: str) -> None:
    for before in ("", "image/upload/", "image/upload/s--AAAAAAAA--/"):
        try:
            found = read(before + path)
        except NotFoundError:
            continue
        assert found.readings
        assert all(each.public_id for each in found.readings)
