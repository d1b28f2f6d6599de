"""Notices everything that goes wrong in a page, so that a test need not look for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Request

REPORT_VIOLATIONS = """
    document.addEventListener('securitypolicyviolation', (event) => {
        const { violatedDirective, blockedURI, sourceFile } = event;
        console.error(`policy violated: ${violatedDirective} ${blockedURI} in ${sourceFile}`);
    });
"""

RECORD_SHIFTS = """
    globalThis.layoutShifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
            const moved = sources.map(({ node }) => node?.className || node?.nodeName);
            globalThis.layoutShifts.push(`${value.toFixed(4)}: ${moved.join(', ')}`);
        }
    }).observe({ type: 'layout-shift', buffered: true });
"""


class Watch:
    """What went wrong in some browser contexts: errors on the console or in a script, what the
    Content-Security-Policy refused, dialogs, requests that failed or went to another host."""

    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).netloc
        self._problems: list[str] = []
        self._allowed: list[str] = []

    def allow(self, *patterns: str) -> None:
        """Lets pass what the test itself brings about."""
        self._allowed += patterns

    @property
    def problems(self) -> list[str]:
        """What went wrong and was not allowed."""
        return [
            problem
            for problem in self._problems
            if not any(re.search(pattern, problem) for pattern in self._allowed)
        ]

    def follow(self, context: BrowserContext) -> None:
        """Begins to watch every page of the context."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.add_init_script(RECORD_SHIFTS)
        context.on("console", self._on_console)
        context.on("weberror", lambda event: self._problems.append(f"script: {event.error}"))
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location.get("url", "")
            self._problems.append(f"console: {message.text} ({place})")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("blob", "data") and address.netloc != self._host:
            self._problems.append(f"another host: {request.url}")

    def _on_failure(self, request: Request) -> None:
        # Aborted: the page itself gave it up, as it does with its stream when it is left.
        if request.failure != "net::ERR_ABORTED":
            self._problems.append(f"request: {request.failure} {request.url}")
