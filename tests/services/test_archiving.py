"""Names of files in an archive: readable, one each, on every system."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gallery.model import Image, Status
from gallery.services.archiving import names_of

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def named(*filenames: str) -> list[str]:
    return names_of(
        [
            Image(
                order="",
                id=f"id{number}",
                public_id="",
                status=Status.READY,
                store="local",
                key="",
                format="jpeg",
                filename=filename,
                created_at=NOW,
                updated_at=NOW,
            )
            for number, filename in enumerate(filenames)
        ]
    )


@pytest.mark.parametrize(
    ("filenames", "names"),
    [
        (["beach.jpg", "Grüße 🌅.png"], ["beach.jpg", "Grüße 🌅.png"]),
        (["a.jpg", "A.JPG", "a.jpg"], ["a.jpg", "A (2).JPG", "a (3).jpg"]),
        (["a (2).jpg", "a.jpg", "a.jpg"], ["a (2).jpg", "a.jpg", "a (3).jpg"]),
        (["", "..", "/"], ["id0.jpeg", "id1.jpeg", "_"]),
        (["../../etc/passwd", "C:\\x.png"], ["_.._etc_passwd", "C__x.png"]),
        (['a<b>"|?*.jpg', "x\n.jpg", "dot. "], ["a_b_____.jpg", "x_.jpg", "dot"]),
        (["noending", "noending"], ["noending", "noending (2)"]),
    ],
)
def test_each_gets_a_name_of_its_own(filenames: list[str], names: list[str]) -> None:
    assert named(*filenames) == names


def test_long_names_are_cut_and_keep_their_ending() -> None:
    first, second = named("ü" * 255 + ".jpg", "ü" * 255 + ".jpg")

    assert first == "ü" * 98 + ".jpg"
    assert second == "ü" * 98 + " (2).jpg"
