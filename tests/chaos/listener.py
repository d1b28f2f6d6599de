"""A page that listens to the gallery's events, through every death of the gallery."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import defaultdict
from contextlib import closing, suppress

_SILENCE_S = 40.0
"""Longer than the pause between heartbeats."""


class Listener:
    """Listens from its making on, and comes back with the id of what it heard last."""

    def __init__(self, port: int, *, since: str) -> None:
        """``since`` is the place in the stream that a page was rendered with."""
        self._port = port
        self._place = since
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self.created: defaultdict[str, set[str]] = defaultdict(set)
        """The ids of events by the image that each said was created."""
        self.hidden: set[str] = set()
        self.reloads = 0
        """How often it was told that changes were lost."""
        self._connection: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        if (connection := self._connection) and connection.sock:
            with suppress(OSError):
                connection.sock.shutdown(2)
        self._thread.join(10)

    def heard_of(self, ids: set[str], *, within_s: float) -> set[str]:
        """Those of the images that it was not told of in time."""
        with self._changed:
            self._changed.wait_for(lambda: ids <= self.created.keys(), within_s)
            return ids - self.created.keys()

    def _listen(self) -> None:
        while not self._closed.is_set():
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._hear()
            time.sleep(0.05)

    def _hear(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SILENCE_S)
        with closing(connection):
            connection.request("GET", "/api/events", headers={"Last-Event-ID": self._place})
            self._connection = connection
            answer = connection.getresponse()
            event: dict[str, str] = {}
            while answer.status == 200 and (line := answer.readline()):
                name, _, value = line.decode().strip().partition(": ")
                if name:
                    event[name] = value
                    continue
                self._take(event)
                event = {}

    def _take(self, event: dict[str, str]) -> None:
        kind, place = event.get("event", ""), event.get("id", "")
        with self._changed:
            if place:
                self._place = place
            if kind.startswith("image."):
                image_id = json.loads(event["data"])["id"]
                if kind == "image.created":
                    self.created[image_id].add(place)
                elif kind == "image.deleted":
                    self.hidden.add(image_id)
            elif kind:
                self.reloads += 1
            self._changed.notify_all()
