"""Outgoing notifications: told once somebody listens, however long that takes, up to about a day.

What shall be told is written down first and delivered by threads of any process, so that a restart
loses none; one that was interrupted is told again. Each is signed with the account's secret, as the
SDKs' ``verify_notification_signature`` checks it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gallery.catalog.notifications import Notification, Notifications
from gallery.errors import AddressRefusedError, FetchFailedError, GalleryError
from gallery.outgoing import Outgoing, check
from gallery.signing import new_id

log = logging.getLogger(__name__)

ATTEMPTS = 17
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 8 * 3600.0
"""Pauses are random up to a bound that doubles from the first to the longest: 22 hours in all on
average, twice that at most. A listener that asks for a longer pause (``Retry-After``) has it, up to
the longest."""

AT_ONCE = 4
"""Notifications that a process delivers at a time: a slow listener does not hold up the others."""

LEASE_S = 60.0
"""Longer than a delivery can take."""

POLL_S = 5.0
"""How often a process looks for what others wrote down, and for what is due again."""

_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What became of one attempt."""

    taken: bool = False
    may_help: bool = True
    """Another try may."""
    asked_s: float = 0.0
    """The pause that the listener asked for."""
    said: str


class Notify:
    """Writes notifications down, and delivers them while it runs."""

    def __init__(
        self,
        *,
        outbox: Notifications,
        outgoing: Outgoing,
        secret: str,
        algorithm: str,
        now: Callable[[], datetime],
    ) -> None:
        """``algorithm`` is ``sha1`` or ``sha256``."""
        self._outbox = outbox
        self._outgoing = outgoing
        self._secret = secret
        self._algorithm = algorithm
        self._now = now
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def check(self, url: str) -> None:
        """Returns when notifications may be sent there, as far as the spelling tells. Raises
        AddressRefusedError."""
        check(url)

    def send(self, url: str, payload: Mapping[str, Any]) -> None:
        """Keeps a notification for the URL: it is delivered soon, and again until it is taken.

        ``payload`` has at least its ``notification_type``; the time and an id, by which listeners
        know what they have heard before, are added.
        """
        self.check(url)
        moment = self._now().isoformat(timespec="seconds").replace("+00:00", "Z")
        told = {
            "timestamp": moment,
            "request_id": secrets.token_hex(16),
            "notification_context": {
                "triggered_at": moment,
                "triggered_by": {"source": "api", "id": "vitrine"},
            },
        }
        self._outbox.record(url, json.dumps({**told, **payload}))
        self._wake.set()

    def run(self) -> None:
        """Delivers what is due until ``close``. One thread of each process runs it."""
        while not self._stopped.is_set():
            if not self._places.acquire(timeout=1):
                continue
            notification = self._claim()
            if notification is None:
                self._places.release()
                self._wake.wait(POLL_S)
                self._wake.clear()
                continue
            threading.Thread(
                target=self._deliver, args=(notification,), name="notify", daemon=True
            ).start()

    def close(self) -> None:
        """Ends ``run``. What is being delivered goes on, and is due again if it is cut off."""
        self._stopped.set()
        self._wake.set()

    def _claim(self) -> Notification | None:
        try:
            return self._outbox.claim(holder=new_id(), lease_s=LEASE_S)
        except GalleryError:
            log.warning("notifications wait for the database", exc_info=True)
            return None

    def _deliver(self, notification: Notification) -> None:
        try:
            self._settle(notification, self._post(notification))
        except GalleryError:
            log.warning("notification left to its lease", extra=_named(notification))
        finally:
            self._places.release()
            self._wake.set()

    def _post(self, notification: Notification) -> _Heard:
        timestamp = str(int(self._now().timestamp()))
        headers = {
            "X-Cld-Timestamp": timestamp,
            "X-Cld-Signature": self._signature(notification.body + timestamp),
        }
        try:
            answer = self._outgoing.post_json(notification.url, notification.body.encode(), headers)
        except AddressRefusedError as error:
            return _Heard(may_help=False, said=error.detail)
        except FetchFailedError as error:
            return _Heard(said=error.detail)
        return _Heard(
            taken=200 <= answer.status < 300,
            asked_s=answer.retry_after_s or 0.0,
            said=f"The status was {answer.status}.",
        )

    def _settle(self, notification: Notification, heard: _Heard) -> None:
        named = {**_named(notification), "said": heard.said}
        if heard.taken:
            self._outbox.forget(notification)
        elif heard.may_help and notification.attempts < ATTEMPTS:
            log.info("notification not taken", extra=named)
            pause = max(pause_s(notification.attempts), min(heard.asked_s, LONGEST_PAUSE_S))
            self._outbox.put_off(notification, pause_s=pause)
        else:
            log.error("notification given up", extra=named)
            self._outbox.forget(notification)

    def _signature(self, text: str) -> str:
        digest = hashlib.new(self._algorithm, (text + self._secret).encode(), usedforsecurity=False)
        return digest.hexdigest()


def pause_s(attempts: int) -> float:
    """A pause after so many attempts: random ("full jitter") up to a bound that doubles."""
    return _chance.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (attempts - 1)))


def _named(notification: Notification) -> dict[str, Any]:
    # Not the whole URL: it may carry a token.
    host = notification.url.split("/")[2]
    return {"notification": notification.id, "host": host, "attempts": notification.attempts}


def deleted(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Told when assets are gone; each resource has its ``public_id``, ``resource_type``, ``type``,
    ``asset_id`` and ``version``."""
    return {"notification_type": "delete", "resources": list(resources)}


def renamed(resource: Mapping[str, Any], *, before: str, after: str) -> dict[str, Any]:
    """Told when an asset has another public id."""
    return {
        "notification_type": "rename",
        **resource,
        "from_public_id": before,
        "to_public_id": after,
    }


def tags_changed(changes: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> dict[str, Any]:
    """Told when tags change: by public id, those that were added and those that were removed."""
    return {
        "notification_type": "resource_tags_changed",
        "source": "api",
        "resources": {
            public_id: {"added": list(added), "removed": list(removed), "updated": []}
            for public_id, (added, removed) in changes.items()
        },
    }


def context_changed(
    changes: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]],
) -> dict[str, Any]:
    """Told when context changes: by public id, the context before and the one after."""
    return {
        "notification_type": "resource_context_changed",
        "source": "api",
        "resources": {
            public_id: _context_change(before, after)
            for public_id, (before, after) in changes.items()
        },
    }


def _context_change(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    def named(keys: set[str], values: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"name": key, "value": values[key]} for key in sorted(keys)]

    both = before.keys() & after.keys()
    return {
        "added": named(after.keys() - before.keys(), after),
        "removed": named(before.keys() - after.keys(), before),
        "updated": named({key for key in both if before[key] != after[key]}, after),
    }
