"""A gallery that runs, a Chromium that looks at it, and pages that nothing may go wrong in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.watch import Watch
from tests.client import Client
from tests.programs import Program, eventually, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    OpenContext = Callable[..., BrowserContext]

PATIENCE_MS = 30_000
"""For what is not measured: far more than it takes on a machine with nothing else to do."""

LIMIT_BYTES = 1024**2

LAPTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run; each page has a profile of its own in it."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"],
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The gallery as ``python app.py`` starts it, once for the tests that leave it running."""
    folder = tmp_path_factory.mktemp("gallery")
    log = folder / "log"
    limit = str(LIMIT_BYTES)
    with Program(
        folder / "data", port=free_port(), module="app", log=log, MAX_UPLOAD_BYTES=limit
    ) as program:
        program.until_it_answers()
        # The first worker may answer before the last one is ready; then it says where it is.
        eventually(lambda: "Ctrl-C" in log.read_text(), PATIENCE_MS / 1000)
        started = log.read_text()
        yield program
        assert log.read_text() == started, "it logged a failure"


@pytest.fixture
def program(shared_program: Program) -> Program:
    """The program that the pages of a test visit. Modules that kill theirs bring another."""
    return shared_program


@pytest.fixture
def address(program: Program) -> str:
    return f"http://127.0.0.1:{program.port}"


@pytest.fixture
def gallery(address: str) -> Iterator[Client]:
    """Another program that speaks to the gallery, which is empty when the test begins."""
    client = Client(address)
    client.purge_all()
    yield client
    client.close()


@pytest.fixture
def watch(address: str) -> Iterator[Watch]:
    """Fails the test for whatever went wrong in its pages."""
    watch = Watch(address)
    yield watch
    assert watch.problems == []


@pytest.fixture
def open_context(chromium: Browser, address: str, watch: Watch) -> Iterator[OpenContext]:
    """Opens fresh browser profiles, watched; ``options`` are Playwright's."""
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        usual = {"base_url": address, "viewport": LAPTOP, "reduced_motion": "no-preference"}
        context = chromium.new_context(**usual | options)
        context.set_default_timeout(PATIENCE_MS)
        watch.follow(context)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    """A laptop's browser, before it has been led anywhere."""
    return open_context().new_page()


@pytest.fixture
def second_page(open_context: OpenContext) -> Page:
    """Somebody else's browser."""
    return open_context().new_page()


@pytest.fixture
def phone(open_context: OpenContext) -> Page:
    """The browser of a phone."""
    options = {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    return open_context(**options).new_page()


@pytest.fixture
def scriptless(open_context: OpenContext, watch: Watch) -> Page:
    """A browser that runs no scripts, and says so of each that the page asks for."""
    watch.allow(r"request: csp .+\.js$")
    return open_context(java_script_enabled=False).new_page()
