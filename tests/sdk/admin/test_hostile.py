"""What no SDK sends: operators, odd paths, cursors that somebody changed, far too much."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3
from cloudinary import api

from tests.sdk.admin.conftest import Account
from tests.sdk.conftest import KEY, SECRET

OPERATORS = ("$ne", "$gt", "$regex", "$where", "$expr", "$in", "$exists", "a.b", "$", "\\")


def post(account: Account, method: str, path: str, body: Any) -> urllib3.BaseHTTPResponse:
    """What is answered to JSON."""
    return urllib3.request(
        method,
        f"{account.api}/{path}",
        body=json.dumps(body) if not isinstance(body, bytes) else body,
        headers={
            "Content-Type": "application/json",
            **urllib3.make_headers(basic_auth=f"{KEY}:{SECRET}"),
        },
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_operator_selects_anything(account: Account, operator: str) -> None:
    account.add("a", tags=["t"], context={"k": "v"})

    for name in ("public_ids", "prefix", "asset_ids"):
        value = {operator: ""}
        answer = post(account, "DELETE", "resources/image/upload", {name: value})
        assert answer.status in (200, 400), answer.data
        assert "deleted" not in answer.json().get("deleted", {}).values()
        answer = account.call("DELETE", f"resources/image/upload?{name}[{operator}]=")
        assert answer.status == 400, answer.data
    for path in (
        f"resources/image/tags/{operator}",
        f"resources/image/upload?prefix={operator}",
        f"resources/image/context?key=k&value={operator}",
        f"resources/image/context?key={operator}",
        f"resources/image/upload?public_ids[]={operator}",
        f"resources/by_asset_ids?asset_ids[]={operator}",
        f"resources/by_asset_folder?asset_folder={operator}",
    ):
        answer = account.call("GET", path)
        assert (answer.status, answer.json()["resources"]) == (200, []), path
    for value in ({operator: "x"}, [{operator: "x"}], None, 1, True):
        answer = post(account, "POST", "resources/image/upload/a", {"display_name": value})
        assert answer.status in (200, 400), answer.data
    assert api.resource("a")["tags"] == ["t"]


@pytest.mark.parametrize(
    "path",
    [
        "resources/image/upload/%00",
        "resources/image/upload/%ff%fe",
        "resources/image/upload/" + "a" * 1500,
        "resources/image/upload/a%0d%0aX:y",
        "resources/image/upload/..%2f..%2fetc%2fpasswd",
        "resources/image/tags/%00",
        "resources/%00",
        "resources/image/upload/%25",
        "tags/image?prefix=%00",
        "folders/%00",
        "transformations/%00",
        "upload_presets/%00",
        "usage/%00",
        "resources/image?next_cursor=%00",
        "resources/image/moderations/manual/%00",
    ],
)
def test_odd_paths_find_nothing_and_break_nothing(account: Account, path: str) -> None:
    answer = account.call("GET", path)

    assert answer.status in (200, 400, 404), answer.data
    told = answer.json()
    assert "error" in told or not any(told.get(name) for name in ("resources", "tags")), told


def test_a_cursor_with_another_character_is_refused(account: Account) -> None:
    for name in ("a", "b"):
        account.add(name)
    cursor = api.resources(max_results=1)["next_cursor"]

    for at in range(len(cursor)):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        answer = account.call("GET", f"resources/image?next_cursor={changed}")
        assert answer.status == 400, answer.data


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 20_000,
        b'{"public_ids": ["a"',
        b"[]",
        b'"x"',
        b"\xff",
        b'{"public_ids": "\\ud800"}',
        json.dumps({"public_ids": ["x"] * 5000}).encode(),
        b'{"prefix": "' + b"x" * 2_000_000 + b'"}',
    ],
)
def test_a_body_that_cannot_be_read_is_refused(account: Account, body: bytes) -> None:
    account.add("a")

    answer = post(account, "DELETE", "resources/image/upload", body)

    assert answer.status == 400, answer.data
    assert answer.json()["error"]["message"]
    assert api.resource("a")
