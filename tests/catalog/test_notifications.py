"""The outbox: one holder at a time, until it has arrived. By the clock of the real MongoDB."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from gallery.catalog.notifications import Notification, Notifications
from tests.catalog.making import at_once


@pytest.fixture
def outbox(database: Database[dict[str, Any]]) -> Notifications:
    outbox = Notifications(database)
    outbox.ensure_indexes()
    return outbox


def claimed(outbox: Notifications, holder: str = "me", lease_s: float = 60) -> Notification:
    notification = outbox.claim(holder=holder, lease_s=lease_s)
    assert notification is not None
    return notification


def test_what_is_recorded_is_due_at_once_the_oldest_first(outbox: Notifications) -> None:
    assert outbox.claim(holder="me", lease_s=60) is None
    outbox.record("http://a.example/", '{"n": 1}')
    outbox.record("http://b.example/", '{"n": 2}')

    first, second = claimed(outbox), claimed(outbox)

    assert (first.url, first.body, first.attempts) == ("http://a.example/", '{"n": 1}', 1)
    assert second.body == '{"n": 2}'
    assert outbox.claim(holder="me", lease_s=60) is None


def test_of_many_who_claim_at_once_one_gets_it(outbox: Notifications) -> None:
    outbox.record("http://a.example/", "{}")

    results = at_once(8, lambda index: outbox.claim(holder=f"h{index}", lease_s=60))

    assert sum(isinstance(each, Notification) for each in results) == 1
    assert results.count(None) == 7


def test_whose_lease_ends_loses_it_and_cannot_win_any_more(outbox: Notifications) -> None:
    outbox.record("http://a.example/", "{}")
    late = claimed(outbox, "late", lease_s=0)

    mine = claimed(outbox, "mine")

    assert mine.attempts == 2
    assert not outbox.forget(late)
    assert not outbox.put_off(late, pause_s=0)
    assert outbox.forget(mine)
    assert not outbox.forget(mine)


def test_what_is_put_off_is_due_again_after_the_pause(outbox: Notifications) -> None:
    outbox.record("http://a.example/", "{}")
    first = claimed(outbox)

    assert outbox.put_off(first, pause_s=3600)
    assert outbox.claim(holder="me", lease_s=60) is None

    # As if the hour were over.
    assert not outbox.put_off(first, pause_s=0), "it was put off already"
    outbox.record("http://b.example/", "{}")
    other = claimed(outbox, "other")
    assert outbox.put_off(other, pause_s=0)
    assert claimed(outbox).attempts == 2


def test_only_its_holder_may_forget_it(outbox: Notifications) -> None:
    outbox.record("http://a.example/", "{}")
    mine = claimed(outbox)

    assert not outbox.forget(replace(mine, holder="somebody else"))
    assert outbox.forget(mine)


def test_what_is_due_is_found_by_its_index(
    outbox: Notifications, database: Database[dict[str, Any]]
) -> None:
    for _ in range(200):
        outbox.record("http://a.example/", "{}")
    database["notifications"].update_many({}, [{"$set": {"due_at": {"$add": ["$due_at", 9**9]}}}])
    outbox.record("http://due.example/", "{}")

    plan = database.command(
        "explain",
        {
            "findAndModify": "notifications",
            "query": {"$expr": {"$lte": ["$due_at", "$$NOW"]}},
            "sort": {"due_at": 1},
            "hint": "due",
            "update": [{"$set": {"holder": "me"}}],
        },
        verbosity="executionStats",
    )["executionStats"]

    assert plan["totalKeysExamined"] <= 2, plan
    assert claimed(outbox).url == "http://due.example/"
