"""The live feed: every page is told in order, and whoever was away learns it or is told to look."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from gallery.errors import BusyError, ChangesLostError, DatabaseUnavailableError
from gallery.model import Change, ChangeKind
from gallery.services import live
from gallery.services.live import LiveFeed, Subscription
from tests.programs import eventually

PATIENCE_S = 20.0


def token(number: int) -> str:
    return f"82{number:014X}"


def change(number: int) -> Change:
    return Change(token=token(number), kind=ChangeKind.DELETED, id=f"image-{number}")


class ChangesOfATest:
    """A change stream that tells what the test lets happen, and forgets what was before a token."""

    def __init__(self) -> None:
        self.kept_since = token(0)
        self.happened: list[Change] = []
        self.watched_from: list[str] = []
        self.failures: queue.SimpleQueue[Exception] = queue.SimpleQueue()
        self._news = threading.Condition()

    def now_token(self) -> str:
        self._fail()
        return self.happened[-1].token if self.happened else token(0)

    def watch(self, *, after: str, stop: threading.Event) -> Iterator[Change | None]:
        self.watched_from.append(after)
        if after < self.kept_since:
            raise ChangesLostError
        while not stop.is_set():
            self._fail()
            news = [each for each in self.happened if each.token > after]
            yield from news
            if news:
                after = news[-1].token
            else:
                yield None
                with self._news:
                    self._news.wait(timeout=0.01)

    def happen(self, *numbers: int) -> None:
        with self._news:
            self.happened += [change(number) for number in numbers]
            self._news.notify_all()

    def fail(self, error: Exception) -> None:
        self.failures.put(error)

    def _fail(self) -> None:
        try:
            raise self.failures.get_nowait()
        except queue.Empty:
            return


@pytest.fixture
def changes() -> ChangesOfATest:
    return ChangesOfATest()


@pytest.fixture
def noticed() -> list[str]:
    """The ids that whatever works beside the pages was told of."""
    return []


@pytest.fixture
def feed(changes: ChangesOfATest, noticed: list[str]) -> Iterator[LiveFeed]:
    """A feed that is at work."""
    feed = LiveFeed(
        changes,  # type: ignore[arg-type]  # It has the two methods that the feed calls
        cap=3,
        on_change=lambda change: noticed.append(change.id),
    )
    thread = threading.Thread(target=feed.run)
    thread.start()
    eventually(lambda: changes.watched_from != [], PATIENCE_S)
    yield feed
    feed.close()
    thread.join()


def told(subscription: Subscription, number: int) -> list[str]:
    """The ids of the next changes that a page is told."""
    ids = []
    for _ in range(number):
        change = subscription.next(timeout_s=PATIENCE_S)
        assert change is not None
        ids.append(change.id)
    return ids


def until_at(feed: LiveFeed, number: int) -> None:
    eventually(lambda: feed.position == token(number), PATIENCE_S)


def missed(feed: LiveFeed, after: int) -> list[str]:
    return [each.id for each in feed.missed(token(after))]


def test_every_page_is_told_everything_in_order(
    feed: LiveFeed, changes: ChangesOfATest, noticed: list[str]
) -> None:
    pages = [feed.subscribe() for _ in range(3)]

    changes.happen(1, 2, 3)

    everything = ["image-1", "image-2", "image-3"]
    assert [told(page, 3) for page in pages] == [everything] * 3
    assert noticed == everything
    assert feed.position == token(3)


def test_a_page_that_comes_before_the_feed_is_at_work_misses_nothing(
    changes: ChangesOfATest,
) -> None:
    feed = LiveFeed(changes, cap=3, on_change=lambda _: None)  # type: ignore[arg-type]  # as above
    changes.happen(1)

    seen_until = feed.position
    changes.happen(2)

    assert seen_until == token(1)
    assert [each.id for each in feed.missed(seen_until)] == ["image-2"]


def test_a_silent_feed_lets_a_page_go_on_with_something_else(feed: LiveFeed) -> None:
    page = feed.subscribe()

    assert page.next(timeout_s=0.01) is None
    assert not page.ended


def test_a_short_gap_is_told_from_memory(feed: LiveFeed, changes: ChangesOfATest) -> None:
    changes.happen(1, 2, 3, 4)
    until_at(feed, 4)

    assert missed(feed, after=2) == ["image-3", "image-4"]
    assert missed(feed, after=4) == []
    assert changes.watched_from == [token(0)]


def test_a_long_gap_is_read_from_the_database(
    feed: LiveFeed, changes: ChangesOfATest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_REMEMBERED", 2)
    changes.happen(1, 2, 3, 4, 5)
    until_at(feed, 5)

    assert missed(feed, after=1) == ["image-2", "image-3", "image-4", "image-5"]
    assert changes.watched_from == [token(0), token(1)]
    assert missed(feed, after=3) == ["image-4", "image-5"]
    assert changes.watched_from == [token(0), token(1)]


def test_a_gap_that_nobody_remembers_is_told_as_lost(
    feed: LiveFeed, changes: ChangesOfATest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_REMEMBERED", 2)
    changes.happen(1, 2, 3, 4, 5)
    until_at(feed, 5)
    changes.kept_since = token(3)

    with pytest.raises(ChangesLostError):
        missed(feed, after=1)


def test_only_so_many_read_their_gap_from_the_database_at_a_time(
    changes: ChangesOfATest, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = LiveFeed(changes, cap=99, on_change=lambda _: None)  # type: ignore[arg-type]  # as above
    reading, go_on, most = [], threading.Event(), []

    def slowly(*, after: str, stop: threading.Event) -> Iterator[Change | None]:
        reading.append(after)
        most.append(len(reading))
        assert go_on.wait(PATIENCE_S)
        reading.pop()
        yield None

    monkeypatch.setattr(changes, "watch", slowly)
    pages = [threading.Thread(target=missed, args=(feed, number)) for number in range(12)]
    for page in pages:
        page.start()
    eventually(lambda: len(reading) == live._CATCHING_UP, PATIENCE_S)
    go_on.set()
    for page in pages:
        page.join()

    assert len(most) == 12
    assert max(most) == live._CATCHING_UP


def test_a_page_that_is_too_slow_is_cut_and_the_others_go_on(
    feed: LiveFeed, changes: ChangesOfATest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_BACKLOG", 3)
    slow, quick = feed.subscribe(), feed.subscribe()

    for number in range(1, 7):
        changes.happen(number)
        assert told(quick, 1) == [f"image-{number}"]

    assert slow.ended
    assert not quick.ended
    assert told(slow, 1) == ["image-1"]
    assert missed(feed, after=1) == [f"image-{number}" for number in range(2, 7)]


def test_beyond_the_cap_there_is_no_place_until_one_leaves(feed: LiveFeed) -> None:
    pages = [feed.subscribe() for _ in range(3)]
    with pytest.raises(BusyError) as refused:
        feed.subscribe()
    assert refused.value.retry_after_s

    pages[0].close()
    pages[0].close()

    feed.subscribe()
    with pytest.raises(BusyError):
        feed.subscribe()


def test_a_page_that_has_left_is_told_nothing_more(feed: LiveFeed, changes: ChangesOfATest) -> None:
    left, stays = feed.subscribe(), feed.subscribe()
    left.close()

    changes.happen(1)

    assert told(stays, 1) == ["image-1"]
    assert left.next(timeout_s=0.01) is None


def test_closing_ends_every_page_at_once_and_takes_no_more(feed: LiveFeed) -> None:
    pages = [feed.subscribe() for _ in range(3)]

    feed.close()

    assert [page.next(timeout_s=PATIENCE_S) for page in pages] == [None] * 3
    assert [page.ended for page in pages] == [True] * 3
    with pytest.raises(BusyError):
        feed.subscribe()


def test_when_changes_are_lost_every_page_is_sent_to_look_anew(
    feed: LiveFeed, changes: ChangesOfATest
) -> None:
    page = feed.subscribe()
    changes.happen(1)
    told(page, 1)
    changes.kept_since = token(5)
    changes.happen(8, 9)
    changes.fail(ChangesLostError())

    eventually(lambda: page.ended, PATIENCE_S)
    until_at(feed, 9)

    with pytest.raises(ChangesLostError):
        missed(feed, after=1)
    again = feed.subscribe()
    changes.happen(10)
    assert told(again, 1)[0] in ("image-9", "image-10")


@pytest.mark.parametrize("start", [True, False], ids=["at the start", "midway"])
def test_while_the_database_is_away_the_feed_waits(
    changes: ChangesOfATest,
    monkeypatch: pytest.MonkeyPatch,
    start: bool,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(live, "_RETRY_S", 0)
    if start:
        changes.fail(DatabaseUnavailableError("Away."))
    feed: LiveFeed = request.getfixturevalue("feed")
    page = feed.subscribe()
    changes.fail(DatabaseUnavailableError("Away."))

    changes.happen(1, 2)

    assert told(page, 2) == ["image-1", "image-2"]


def test_whoever_works_beside_the_pages_is_told_of_gaps(changes: ChangesOfATest) -> None:
    heard: list[str] = []
    feed = LiveFeed(
        changes,  # type: ignore[arg-type]  # as above
        cap=3,
        on_change=lambda change: heard.append(change.id),
        on_gap=lambda: heard.append("gap"),
    )
    thread = threading.Thread(target=feed.run)
    thread.start()
    eventually(lambda: changes.watched_from != [], PATIENCE_S)

    changes.happen(1)
    until_at(feed, 1)
    changes.kept_since = token(5)
    changes.happen(8)
    changes.fail(ChangesLostError())
    until_at(feed, 8)
    changes.happen(9)
    until_at(feed, 9)
    feed.close()
    thread.join()

    assert [each for each in heard if each not in ("gap", "image-8")] == ["image-1", "image-9"]
    assert heard.count("gap") == 2


def wait_for(event: threading.Event) -> None:
    assert event.wait(PATIENCE_S)


def test_pages_are_told_while_a_gap_is_still_looked_at(changes: ChangesOfATest) -> None:
    looked_at = threading.Event()
    feed = LiveFeed(
        changes,  # type: ignore[arg-type]  # as above
        cap=3,
        on_change=lambda _: None,
        on_gap=partial(wait_for, looked_at),
    )
    page = feed.subscribe()
    thread = threading.Thread(target=feed.run)
    thread.start()

    changes.happen(1)

    assert told(page, 1) == ["image-1"]
    looked_at.set()
    feed.close()
    thread.join()


def test_whoever_works_beside_the_pages_is_told_first(
    changes: ChangesOfATest, feed: LiveFeed, noticed: list[str]
) -> None:
    page = feed.subscribe()

    changes.happen(1)
    told(page, 1)

    assert noticed == ["image-1"]
