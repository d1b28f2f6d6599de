"""The parts of the page, and what people do with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    FilePayload,
    Locator,
    Page,
    Request,
    Route,
    expect,
)

from tests.pictures import Picture, photo
from tests.programs import eventually

SERVED = r"/cdn/vitrine/image/upload/s--"
"""How the address of a delivered picture begins."""


def landscape(seed: int, **options: Any) -> Picture:
    """A photograph in the proportions of most cameras; another seed, another photograph."""
    return photo(width=480, height=320, seed=seed, **options)


def portrait(seed: int) -> Picture:
    return photo(width=320, height=480, seed=seed)


def large(seed: int) -> Picture:
    """A photograph of more bytes than go in one request."""
    return photo("png", width=1440, height=1020, seed=seed, compress_level=0)


def file_of(picture: Picture, name: str = "") -> FilePayload:
    """The picture as a file that a person picks."""
    return {
        "name": name or picture.name,
        "mimeType": f"image/{picture.format}",
        "buffer": picture.content,
    }


def cards(page: Page) -> Locator:
    """Every photograph in the grid that is drawn."""
    return page.get_by_role("listitem").and_(page.locator("image-card"))


def card(page: Page, image: dict[str, Any]) -> Locator:
    return page.locator(f'image-card[data-id="{image["id"]}"]')


def link(page: Page, image: dict[str, Any]) -> Locator:
    """What is pressed to open an image, and has the focus."""
    return card(page, image).get_by_role("link")


def picture_in(part: Locator) -> Locator:
    return part.locator("img")


def row(page: Page, name: str) -> Locator:
    """A file's line in the tray."""
    return page.locator(".upload-row").filter(has_text=name)


def search_field(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search words and tags")


def viewer(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Photo viewer")


def open_viewer(page: Page, image: dict[str, Any]) -> Locator:
    """The viewer, open on an image that is in the grid."""
    link(page, image).click()
    expect(viewer(page)).to_be_focused()
    return viewer(page)


def at_once(page: Page, selector: str, script: str) -> None:
    """Runs a script on the first element that matches, in the very moment when it appears."""
    page.evaluate(
        f"""(selector) => {{
            const act = (element) => {{ {script} }};
            const observer = new MutationObserver(() => {{
                const element = document.querySelector(selector);
                if (element) {{
                    observer.disconnect();
                    act(element);
                }}
            }});
            const attributes = true;
            observer.observe(document, {{ subtree: true, childList: true, attributes }});
        }}""",
        selector,
    )


def shown_in(viewer: Locator) -> Locator:
    """The picture that the viewer shows, not its neighbours."""
    return viewer.locator(
        '.pswp__item[aria-hidden="false"] img.pswp__img:not(.pswp__img--placeholder)'
    )


def choose(page: Page, *files: FilePayload | Path) -> None:
    """Picks files in the chooser behind *Add photos*; large ones had better be on the disk."""
    page.locator(".drop-zone__input").set_input_files(files)


@contextmanager
def file_chooser(page: Page) -> Iterator[Any]:
    """The system's chooser that the block opens; its ``value`` is there after the block."""
    with page.expect_file_chooser() as chooser:
        # Playwright does not wait until Chromium has heard that it shall hand choosers over.
        page.evaluate("0")
        yield chooser


def drag(page: Page, step: str, paths: Iterable[Path] = (), *, text: str = "") -> None:
    """One step of dragging real files (or text) from the desktop: ``dragEnter`` … ``drop``."""
    items = [{"mimeType": "text/plain", "data": text}] if text else []
    data = {"items": items, "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchDragEvent", {"type": step, "x": 300, "y": 400, "data": data})
    session.detach()


def drop(page: Page, *paths: Path) -> None:
    for step in ("dragEnter", "dragOver", "drop"):
        drag(page, step, paths)


def copy_to_clipboard(page: Page, png: bytes) -> None:
    """What *Copy image* of another program does."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async (bytes) => {
            const blob = new Blob([Uint8Array.from(bytes)], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
        }""",
        list(png),
    )


class HeldRequests:
    """Keeps a page's requests of one method on their way until they are let through."""

    def __init__(self, page: Page, method: str, addresses: str) -> None:
        self._page = page
        self._method = method
        self._held: list[Route] = []
        self._open = False
        page.route(addresses, self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.method == self._method and not self._open:
            self._held.append(route)
        else:
            route.continue_()

    def let_one_through(self) -> None:
        """The first one that is held, or will be."""
        # Playwright hears of requests while it is asked for something.
        eventually(lambda: self._page.evaluate("1") == 1 and bool(self._held), 30)
        self._held.pop(0).continue_()

    def let_all_through(self) -> None:
        """Those that are held, and those still to come."""
        self._open = True
        while self._held:
            self.let_one_through()


def hold_uploads(page: Page) -> HeldRequests:
    return HeldRequests(page, "POST", "**/api/images")


def requests_of(page: Page, method: str) -> list[Request]:
    """The requests of that method that the page will have sent; grows by itself."""
    sent: list[Request] = []

    def note(request: Request) -> None:
        if request.method == method:
            sent.append(request)

    page.on("request", note)
    return sent


def slow_down(page: Page, *, upload_bytes_per_s: int) -> None:
    """Puts the page behind a slow line."""
    line = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session = page.context.new_cdp_session(page)
    session.send(
        "Network.emulateNetworkConditions", line | {"uploadThroughput": upload_bytes_per_s}
    )
