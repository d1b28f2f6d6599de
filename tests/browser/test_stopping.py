"""The program ends in order though browsers look at it."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.parts import cards, landscape
from tests.programs import Program, eventually, free_port, is_gone


@pytest.fixture
def program(tmp_path):
    with Program(tmp_path, port=free_port(), module="app") as program:
        yield program.until_it_answers()


def test_sigterm_ends_it_within_5_s_with_three_pages_open(open_context, gallery, program, watch):
    watch.allow("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
    gallery.add(landscape(1))
    for context in (open_context(), open_context(), open_context()):
        page = context.new_page()
        with page.expect_response(re.compile("/api/events")):
            page.goto("/")
        expect(cards(page)).to_have_count(1)
    children = program.children()
    program.send(signal.SIGTERM)
    code, _, errors = program.end(within_s=5)
    assert (code, errors) == (0, "")
    eventually(lambda: all(is_gone(child) for child in children), 2)
