"""What the gateway remembers is bounded, and worth nothing once its file is gone."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.web import memory
from gallery.web.delivery import client_of
from gallery.web.media import Media, etag_of
from gallery.web.memory import BRIEFLY_S, MAX_ENTRIES, Memory

NOTHING: frozenset[str] = frozenset()


def environ(path: str, **headers: str) -> dict[str, Any]:
    return {"PATH_INFO": path, "REQUEST_METHOD": "GET", **headers}


def media(path: str) -> Media:
    return Media(path, etag_of(path), "image/webp", [])


def test_ten_thousand_variants_take_no_more_than_the_last_four_thousand() -> None:
    remembered = Memory(client_of)

    for number in range(10_000):
        asked = environ(f"/cdn/{number}", HTTP_ACCEPT=f"image/webp,x/{number}")
        remembered.learn(asked, media(str(number)), 1, varies=frozenset({"bucket"}), lasting=True)

    held = (remembered._entries, remembered._varies, remembered._buckets)
    assert max(map(len, held)) == MAX_ENTRIES
    assert remembered.find(environ("/cdn/0")) is None
    found = remembered.find(environ("/cdn/9999", HTTP_ACCEPT="image/webp"))
    assert found is not None
    assert found.media.path == "9999"


def test_each_kind_of_client_has_its_own() -> None:
    remembered = Memory(client_of)
    for accept in ("image/avif", "image/webp", ""):
        asked = environ("/cdn/a", HTTP_ACCEPT=accept)
        remembered.learn(asked, media(accept), 1, varies=frozenset({"bucket"}), lasting=True)

    for accept in ("image/avif", "image/webp", ""):
        found = remembered.find(environ("/cdn/a", HTTP_ACCEPT=f"{accept},*/*"))
        assert found is not None
        assert found.media.path == accept


def test_what_hangs_on_others_is_remembered_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.time, "monotonic", lambda: 100.0)
    remembered = Memory(client_of)
    for lasting in (True, False):
        remembered.learn(environ(f"/cdn/{lasting}"), media("a"), 1, varies=NOTHING, lasting=lasting)

    ends = [remembered.find(environ(f"/cdn/{lasting}")) for lasting in (True, False)]
    assert [each.until for each in ends if each] == [float("inf"), 100.0 + BRIEFLY_S]
