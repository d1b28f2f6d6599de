"""Once a day, by the database's word, one of many audits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gallery.catalog.duties import Duties
from gallery.errors import StoreUnavailableError
from gallery.services import daily
from gallery.services.audit import Auditor
from gallery.services.daily import DailyAudit
from tests import pictures
from tests.catalog.making import at_once, record
from tests.services.conftest import Parts
from tests.services.test_audit import auditor_of


@pytest.fixture
def auditor(parts: Parts) -> Auditor:
    return auditor_of(parts)


@pytest.fixture
def make_daily(parts: Parts, auditor: Auditor) -> Callable[[], DailyAudit]:
    return lambda: DailyAudit(duties=Duties(parts.database), auditor=auditor, now=parts.clock)


def is_due(parts: Parts) -> None:
    """The time has come, by the database's clock."""
    earlier = parts.database.client.admin.command("hello")["localTime"] - timedelta(seconds=1)
    parts.database["duties"].update_one({"_id": "audit"}, {"$set": {"due_at": earlier}})


def test_a_new_gallery_is_audited_after_a_while_and_then_once_a_day(
    parts: Parts, auditor: Auditor, make_daily: Callable[[], DailyAudit]
) -> None:
    assert not make_daily().run()
    assert auditor.last() is None

    is_due(parts)

    assert make_daily().run()
    assert auditor.last() is not None
    assert not make_daily().run()
    [duty] = parts.database["duties"].find()
    assert "lease" not in duty


def test_of_many_one_does_it(parts: Parts, make_daily: Callable[[], DailyAudit]) -> None:
    make_daily().run()
    is_due(parts)

    assert sorted(map(str, at_once(6, lambda _: make_daily().run()))) == ["False"] * 5 + ["True"]
    assert parts.database["audits"].count_documents({}) == 1


def test_within_a_month_every_original_is_read(
    parts: Parts, auditor: Auditor, make_daily: Callable[[], DailyAudit]
) -> None:
    for seed in range(3):
        parts.take(pictures.photo(seed=seed))
    make_daily().run()
    read = 0
    for _ in range(daily.PARTS):
        is_due(parts)
        assert make_daily().run()
        audit = auditor.last()
        read += audit.hashed if audit else 0
        parts.clock.advance(24 * 3600)

    assert read == 3


def test_what_fails_is_tried_again_when_its_lease_has_run_out(
    parts: Parts, make_daily: Callable[[], DailyAudit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "LEASE_S", 0)

    def away(prefix: str = "") -> Any:
        raise StoreUnavailableError("Away.")

    make_daily().run()
    is_due(parts)
    with monkeypatch.context() as patch:
        patch.setattr(parts.store, "list", away)
        with pytest.raises(StoreUnavailableError):
            make_daily().run()

    assert make_daily().run()


def test_it_stops_midway_and_another_begins_anew(
    parts: Parts, auditor: Auditor, make_daily: Callable[[], DailyAudit]
) -> None:
    for _ in range(60):
        record(parts.catalog)
    make_daily().run()
    is_due(parts)
    stopped = make_daily()
    stopped.stop()

    assert not stopped.run()
    assert auditor.last() is None
    assert make_daily().run()


def test_whoever_lost_it_stops(
    parts: Parts,
    auditor: Auditor,
    make_daily: Callable[[], DailyAudit],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(60):
        record(parts.catalog)
    make_daily().run()
    is_due(parts)
    monkeypatch.setattr(daily, "RENEWED_EVERY_S", -1)
    with monkeypatch.context() as patch:
        patch.setattr(Duties, "renew", lambda *given, **named: False)
        assert not make_daily().run()
    assert auditor.last() is None

    assert make_daily().run()
