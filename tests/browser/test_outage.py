"""Cloudinary is away: a photograph is seen all the same, and the page says where it is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.parts import (
    SERVED,
    card,
    cards,
    choose,
    file_of,
    landscape,
    open_viewer,
    picture_in,
    viewer,
)
from tests.cloudinary_server import CloudinaryServer, Fail
from tests.programs import Program, free_port

MOVES_WITHIN_MS = 120_000.0
"""The store is left alone for a while after each try that it did not answer."""


@pytest.fixture
def cloudinary():
    with CloudinaryServer() as running:
        yield running


@pytest.fixture
def program(tmp_path, cloudinary):
    with Program(
        tmp_path / "data",
        port=free_port(),
        module="app",
        log=tmp_path / "log",
        CLOUDINARY_URL=cloudinary.url,
    ) as running:
        yield running.until_it_answers()


def test_it_is_shown_at_once_and_says_when_it_has_moved(page, gallery, cloudinary, watch):
    watch.allow(rf"another host: http://{re.escape(cloudinary.host)}/")
    # The page goes there first, and its failure is unreadable; then it asks here what has arrived.
    watch.allow("CORS policy", "ERR_FAILED", "500", "409")
    cloudinary.script("upload", *[Fail()] * 40)
    page.goto("/")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect(picture_in(cards(page).first)).to_have_attribute("src", re.compile(SERVED))
    [image] = gallery.list()

    open_viewer(page, image)
    panel = viewer(page).get_by_role("region", name="About this photo")
    expect(panel.get_by_text("this server, on its way to Cloudinary")).to_be_visible()

    cloudinary.script("upload")
    expect(panel.get_by_text("Cloudinary", exact=True)).to_be_visible(timeout=MOVES_WITHIN_MS)
    page.keyboard.press("Escape")
    expect(picture_in(card(page, image))).to_be_visible()
    assert len(cloudinary.account.assets) == 1
