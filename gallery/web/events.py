"""``/api/events``: server-sent events. A page that comes back is told what it missed, first."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from flask import Blueprint, Response, request

from gallery.errors import ChangesLostError
from gallery.model import Change
from gallery.services.live import LiveFeed, Subscription
from gallery.signing import seal, unseal
from gallery.web import schemas
from gallery.web.access import Access
from gallery.web.openapi import describes
from gallery.web.presenter import Presenter

HEARTBEAT_S = 15.0
"""A stream says something at least this often, so that a client that has gone is noticed."""

RETRY_MS = 2000


class Places:
    """Places in the stream as clients hold them: sealed, so that nobody makes the database replay
    its whole log from a place of their own invention."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def shown(self, token: str) -> str:
        """The place as an event's id."""
        return seal(self._secret, "place in the stream", {"t": token}) if token else ""

    def read(self, shown: str) -> str:
        """The token of a place. Raises ChangesLostError for one that we did not give."""
        value = unseal(self._secret, "place in the stream", shown)
        if value is None:
            raise ChangesLostError
        token: str = value["t"]
        return token


def blueprint(*, access: Access, feed: LiveFeed, presenter: Presenter, places: Places) -> Blueprint:
    """The event stream."""
    routes = Blueprint("events", __name__, url_prefix="/api")

    @routes.get("/events")
    @describes(
        "Follow changes live",
        query=schemas.EventsQuery,
        headers=("Last-Event-ID",),
        answers={200: "text/event-stream"},
    )
    def events() -> Response:
        access.require_reader()
        asked = schemas.query(schemas.EventsQuery)
        after = request.headers.get("Last-Event-ID") or asked.last_event_id
        stream = _Stream(feed, feed.subscribe(), after, presenter, places)
        response = Response(stream, mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response

    return routes


class _Stream:
    """What one page is told, as it happens. ``close`` frees its place, begun or not."""

    def __init__(
        self,
        feed: LiveFeed,
        subscription: Subscription,
        after: str | None,
        presenter: Presenter,
        places: Places,
    ) -> None:
        self._feed = feed
        self._subscription = subscription
        self._after = after
        self._presenter = presenter
        self._places = places
        self._base = presenter.base()
        self._told = ""
        """The token of the last change."""

    def __iter__(self) -> Iterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        if self._after:
            yield from self._missed(self._after)
        while not self._subscription.ended:
            change = self._subscription.next(timeout_s=HEARTBEAT_S)
            if change is None:
                if not self._subscription.ended:
                    yield b": still here\n\n"
            elif change.token > self._told:  # The newest that was missed is in the queue as well.
                yield self._event(change)

    def close(self) -> None:
        self._subscription.close()

    def _missed(self, after: str) -> Iterator[bytes]:
        try:
            for change in self._feed.missed(self._places.read(after)):
                yield self._event(change)
        except ChangesLostError:
            now = self._places.shown(self._feed.position)
            yield f"id: {now}\nevent: reload\ndata: {{}}\n\n".encode()

    def _event(self, change: Change) -> bytes:
        self._told = change.token
        image = change.image
        data = {"id": change.id} if image is None else self._presenter.image(image, base=self._base)
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (
            self._places.shown(change.token).encode(),
            change.kind.value.encode(),
            orjson.dumps(data),
        )
