"""The Admin API by the Node SDK, which sends forms where Python's sends JSON."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gallery.config import ROOT
from tests.sdk.admin.conftest import Account

CALLS = Path(__file__).parent / "calls.js"


@pytest.fixture(autouse=True)
def _node_sdk() -> None:
    if not (ROOT / "node_modules" / "cloudinary").is_dir():
        pytest.fail("the Node SDK is not installed: npm ci")


def answers(account: Account, *calls: list[Any]) -> list[dict[str, Any]]:
    """What the Node SDK says of each call."""
    done = subprocess.run(
        ["node", str(CALLS), json.dumps(calls)],
        capture_output=True,
        text=True,
        timeout=60,
        # It decides between http and https when it is imported.
        env={"PATH": os.environ["PATH"], "CLOUDINARY_URL": account.sdk.url},
    )
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def names(answer: dict[str, Any]) -> list[str]:
    return [each["public_id"] for each in answer["resources"]]


def test_lists_looks_and_changes(account: Account) -> None:
    account.add("year/täg 1", tags=["a"], context={"alt": "x"})
    account.add("b", tags=["a", "b"])

    ping, all_of_them, tagged, named, one, update, tags, folders = answers(
        account,
        ["ping"],
        ["resources", {"max_results": 1, "type": "upload"}],
        ["resources_by_tag", "a", {"context": True}],
        ["resources_by_ids", ["year/täg 1", "nothing"]],
        ["resource", "year/täg 1", {"phash": True}],
        ["update", "b", {"tags": "c,d", "context": "caption=y", "moderation_status": "approved"}],
        ["tags"],
        ["root_folders"],
    )

    assert ping["status"] == "ok"
    assert ping["rate_limit_remaining"] == 1_000_000
    assert (names(all_of_them), "next_cursor" in all_of_them) == (["b"], True)
    assert names(tagged) == ["b", "year/täg 1"]
    assert tagged["resources"][1]["context"] == {"custom": {"alt": "x"}}
    assert names(named) == ["year/täg 1"]
    assert len(one["phash"]) == 16
    assert update["tags"] == ["c", "d"]
    assert update["context"] == {"custom": {"caption": "y"}}
    assert tags["tags"] == ["a", "c", "d"]
    assert [each["path"] for each in folders["folders"]] == ["year"]


def test_deletes_and_restores(account: Account) -> None:
    for name in ("a", "b/c d", "x/1", "x/2", "e"):
        account.add(name, tags=["t"] if name == "e" else [])

    named, prefixed, restored, tagged, all_of_them = answers(
        account,
        ["delete_resources", ["a", "b/c d", "nothing"]],
        ["delete_resources_by_prefix", "x/"],
        ["restore", ["a"]],
        ["delete_resources_by_tag", "t"],
        ["delete_all_resources"],
    )

    assert named["deleted"] == {"a": "deleted", "b/c d": "deleted", "nothing": "not_found"}
    assert prefixed["deleted"] == {"x/1": "deleted", "x/2": "deleted"}
    assert restored["a"]["public_id"] == "a"
    assert tagged["deleted"] == {"e": "deleted"}
    assert all_of_them["deleted"] == {"a": "deleted"}


def test_names_transformations(account: Account) -> None:
    created, found, updated, listed, deleted, gone = answers(
        account,
        ["create_transformation", "node-small", {"crop": "fill", "width": 10, "height": 10}],
        ["transformation", "node-small"],
        ["update_transformation", "node-small", {"allowed_for_strict": False}],
        ["transformations", {"named": True}],
        ["delete_transformation", "node-small"],
        ["transformation", "node-small"],
    )

    assert created["message"] == "created"
    assert found["info"] == [{"crop": "fill", "height": 10, "width": 10}]
    assert updated["message"] == "updated"
    by_name = {each["name"]: each["allowed_for_strict"] for each in listed["transformations"]}
    assert (by_name["t_node-small"], by_name["t_thumb"]) == (False, True)
    assert deleted["message"] == "deleted"
    assert gone["error"]["http_code"] == 404


def test_is_told_what_is_wrong_in_a_form_that_it_reads(account: Account) -> None:
    missing, unspoken = answers(
        account, ["resource", "nothing"], ["resources", {"resource_type": "video"}]
    )

    assert missing["error"] == {"message": "Resource not found - nothing", "http_code": 404}
    # It has no class for this status, and says so instead of the message.
    assert "501" in unspoken["error"]["message"]
