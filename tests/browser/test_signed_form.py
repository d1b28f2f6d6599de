"""A page of another site sends a photograph by a form that its server signed, as Cloudinary's apps
do."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Iterator

import pytest
from cloudinary import utils
from playwright.sync_api import expect

from tests.browser.parts import cards, landscape, picture_in
from tests.browser.test_live import open_live

SEND = """
    async ([address, file, told]) => {
        const form = new FormData();
        const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
        form.append('file', new File([bytes], 'cherry.jpg', { type: 'image/jpeg' }));
        for (const [name, value] of Object.entries(told)) {
            form.append(name, value);
        }
        const answer = await fetch(address, { method: 'POST', body: form });
        return [answer.status, await answer.json()];
    }
"""
"""What such a page does by itself, without any SDK."""


class OtherSite(http.server.BaseHTTPRequestHandler):
    """A site that has nothing to do with the gallery."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel='icon' href='data:,'><title>Shop</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Nobody asks."""


@pytest.fixture
def other_site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherSite) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture
def keys(program):
    return json.loads((program.data / "keys.json").read_text())


def send(page, address, picture, keys, **told):
    """Status and answer of the form, signed with the secret that the page never sees."""
    told = {**told, "timestamp": str(int(time.time()))}
    signature = utils.api_sign_request(told, keys["CDN_API_SECRET"])
    signed = {**told, "api_key": keys["CDN_API_KEY"], "signature": signature}
    file = base64.b64encode(picture.content).decode()
    where = f"{address}/cdn/v1_1/vitrine/image/upload"
    return page.evaluate(SEND, [where, file, signed])


def test_what_it_sends_is_in_the_gallery_at_once(
    page, second_page, gallery, address, other_site, keys, watch
):
    watch.allow("another host")
    open_live(second_page)
    page.goto(other_site)

    status, answer = send(page, address, landscape(1), keys, public_id="shop/cherry", tags="tree")

    assert status == 200, answer
    assert answer["public_id"] == "shop/cherry"
    expect(cards(second_page)).to_have_count(1)
    expect(picture_in(cards(second_page))).to_have_js_property("complete", True)
    [image] = gallery.list()
    assert image["tags"] == ["tree"]
    served = page.request.get(answer["url"])
    assert (served.status, served.headers["content-type"]) == (200, "image/jpeg")


def test_a_form_that_nobody_signed_is_refused_in_words_that_the_page_can_read(
    page, gallery, address, other_site, keys, watch
):
    watch.allow("another host", "401")
    page.goto(other_site)

    status, answer = send(page, address, landscape(1), keys | {"CDN_API_SECRET": "guessed"})

    assert status == 401
    assert answer["error"]["message"].startswith("Invalid Signature")
    assert gallery.list() == []
