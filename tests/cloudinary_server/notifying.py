"""Notifications: what Cloudinary tells whoever an upload named, once and beside its answer."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import urllib3

from tests.cloudinary_server.account import Account

TIMEOUT_S = 10.0

Notify = Callable[[str, dict[str, Any]], None]


class Notifier:
    """Sends notifications of one account, each in a thread of its own."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._threads: list[threading.Thread] = []
        self.heard: list[int] = []
        """The statuses that they were answered with."""

    def send(self, url: str, told: dict[str, Any]) -> None:
        """Tells whoever listens there; a listener that is away hears nothing."""
        thread = threading.Thread(target=self._post, args=(url, json.dumps(told).encode()))
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Returns when all are told."""
        for thread in self._threads:
            thread.join()

    def _post(self, url: str, body: bytes) -> None:
        timestamp = str(int(self._account.now()))
        text = body + timestamp.encode() + self._account.api_secret.encode()
        headers = {
            "Content-Type": "application/json",
            "X-Cld-Timestamp": timestamp,
            "X-Cld-Signature": hashlib.sha1(text).hexdigest(),  # noqa: S324 (as Cloudinary does)
        }
        try:
            with urllib3.PoolManager(retries=False, timeout=TIMEOUT_S) as pool:
                self.heard.append(pool.request("POST", url, body=body, headers=headers).status)
        except urllib3.exceptions.HTTPError:
            self.heard.append(0)
