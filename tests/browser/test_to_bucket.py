"""Photographs go from the page straight to a bucket of S3, past the gallery, which looks at them
there; and through the gallery while the bucket does not let the page in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from gallery.config import ROOT
from tests.browser.parts import (
    SERVED,
    HeldRequests,
    cards,
    choose,
    file_of,
    landscape,
    large,
    requests_of,
    row,
    slow_down,
)
from tests.browser.test_status import open_panel
from tests.browser.test_surviving import crash, wait_until_kept
from tests.programs import Program, eventually, free_port
from tests.s3_server import Drop, Fail, S3Server
from tests.s3_server.server import client_of

KEPT_TICKETS = """
    () => new Promise((resolve) => {
        const opening = indexedDB.open('vitrine-uploads', 1);
        opening.onsuccess = () => {
            const all = opening.result.transaction('facts').objectStore('facts').getAll();
            all.onsuccess = () => resolve(all.result.filter(({ facts }) => facts.form).length);
        };
    })
"""
"""How many files the browser keeps with a ticket for the store."""

KEPT_LOOKS = KEPT_TICKETS.replace("facts.form", "facts.looked")
"""How many it has looked at."""

PATIENCE_MS = 60_000
"""For what goes two ways, on a machine with other work."""

PARTS_OF_IT = re.compile(r"[1-9]\d? % of 4\.\d MB")


@pytest.fixture(scope="module")
def s3():
    with S3Server() as running:
        yield running


@pytest.fixture(scope="module")
def description(s3):
    return s3.bucket()


@pytest.fixture(scope="module")
def settings(description):
    return {
        "MEDIA_STORE": "s3",
        "S3_BUCKET": description.name,
        "S3_ENDPOINT_URL": description.endpoint_url,
        "AWS_ACCESS_KEY_ID": description.access_key_id,
        "AWS_SECRET_ACCESS_KEY": description.secret_access_key,
        "S3_ADDRESSING": "path",
    }


@pytest.fixture(scope="module")
def program_on_it(tmp_path_factory, settings):
    folder = tmp_path_factory.mktemp("bucket")
    data, log = folder / "data", folder / "log"
    with Program(data, port=free_port(), module="app", log=log, **settings) as running:
        yield running.until_it_answers()


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """A photograph that takes a while; on the disk, or handing it to the browser would, too."""
    file = tmp_path_factory.mktemp("photos") / "large.png"
    file.write_bytes(large(2).content)
    return file


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("photos") / "beach.jpg"
    file.write_bytes(landscape(1).content)
    return file


@pytest.fixture
def program(program_on_it):
    return program_on_it


@pytest.fixture
def bucket(s3, description, address, gallery, watch):
    """An empty bucket that lets the page in."""
    watch.allow(rf"another host: {re.escape(s3.url)}/")
    bucket = Bucket(s3, description)
    bucket.let_in(address)
    s3.seen.clear()
    yield bucket
    s3.forgive()


class Bucket:
    """What lies in it, and whom it lets in."""

    def __init__(self, server, description):
        self._server = server
        self._name = description.name
        self._client = client_of(description)

    def let_in(self, origin):
        rule = {
            "AllowedOrigins": [origin],
            "AllowedMethods": ["POST"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
        }
        self._client.put_bucket_cors(Bucket=self._name, CORSConfiguration={"CORSRules": [rule]})

    def let_nobody_in(self):
        self._client.delete_bucket_cors(Bucket=self._name)

    def names(self, prefix):
        listed = self._client.list_objects_v2(Bucket=self._name, Prefix=prefix)
        return [each["Key"] for each in listed.get("Contents", ())]

    def forget(self):
        """Begins its log anew."""
        self._server.seen.clear()

    @property
    def forms(self):
        """Those that arrived."""
        return self._server.requests("PostForm")


def command(program, settings, *words):
    """Has an operator say that where the gallery runs."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "gallery", *words],
        env={
            "PATH": os.environ["PATH"],
            "GALLERY_DATA": str(program.data),
            "PORT": str(program.port),
            **settings,
        },
        cwd=ROOT,
        check=False,
        capture_output=True,
    )


def expect_shown(page, count):
    served = page.locator(f'img[src*="{SERVED}"]')
    expect(served).to_have_count(count, timeout=PATIENCE_MS)
    expect(cards(page)).to_have_count(count)


def tickets_in(requests):
    """How many files each call asked tickets for, without those that only asked a question."""
    asked = [
        json.loads(each.post_data)["files"]
        for each in requests
        if each.url.endswith("/api/uploads")
    ]
    return [len(files) for files in asked if files[0].get("reserve", True)]


def sent_here(requests):
    """The requests that brought the gallery a file."""
    return [each for each in requests if "/api/images" in each.url or "/api/tus" in each.url]


def test_photos_of_any_size_go_past_the_gallery(page, gallery, bucket, large_file, small_file):
    page.goto("/")
    posted, patched = requests_of(page, "POST"), requests_of(page, "PATCH")
    choose(page, small_file, large_file)
    expect_shown(page, 2)
    images = {image["filename"]: image for image in gallery.list()}
    assert {image["store"] for image in images.values()} == {"s3"}
    assert gallery.original(images["beach.jpg"]) == landscape(1).content
    assert gallery.original(images["large.png"]) == large_file.read_bytes()
    assert sent_here(posted + patched) == []
    assert len(bucket.forms) == 2
    assert len(bucket.names("originals/")) == 2
    eventually(lambda: bucket.names("arrivals/") == [], 30)


def test_it_says_how_far_a_file_is(page, gallery, bucket, large_file):
    page.goto("/")
    slow_down(page, upload_bytes_per_s=1_000_000)
    choose(page, large_file)
    expect(row(page, "large.png")).to_contain_text(PARTS_OF_IT, timeout=PATIENCE_MS)
    expect_shown(page, 1)


def test_many_files_get_their_tickets_in_few_calls(page, gallery, bucket):
    page.goto("/")
    posted = requests_of(page, "POST")
    questions = HeldRequests(page, "POST", "**/api/uploads")
    choose(page, *(file_of(landscape(seed), f"{seed}.jpg") for seed in range(12)))
    eventually(lambda: page.evaluate(KEPT_LOOKS) == 12, 60)
    questions.let_all_through()
    added = page.get_by_role("heading", name="Added 12 photos")
    expect(added).to_be_visible(timeout=PATIENCE_MS)
    assert len(gallery.list()) == 12
    assert len(tickets_in(posted)) <= 3


def test_a_cancelled_file_leaves_nothing_in_the_bucket(page, gallery, bucket, large_file):
    page.goto("/")
    slow_down(page, upload_bytes_per_s=500_000)
    choose(page, large_file)
    line = row(page, "large.png")
    expect(line).to_contain_text(PARTS_OF_IT, timeout=PATIENCE_MS)
    line.get_by_role("button", name="Cancel large.png").click()
    expect(line).to_have_count(0)
    expect(cards(page)).to_have_count(0)
    slow_down(page, upload_bytes_per_s=-1)
    choose(page, file_of(landscape(2), "beach.jpg"))
    expect_shown(page, 1)
    assert [image["filename"] for image in gallery.list()] == ["beach.jpg"]
    assert bucket.names("arrivals/") == []


def test_a_bucket_that_lets_no_page_in_is_left_out(page, gallery, bucket, watch, large_file):
    watch.allow("CORS policy", "ERR_FAILED", "409")
    bucket.let_nobody_in()
    page.goto("/")
    posted = requests_of(page, "POST")
    choose(page, large_file)
    expect_shown(page, 1)
    [image] = gallery.list()
    assert gallery.original(image) == large_file.read_bytes()
    assert image["store"] == "s3"
    assert bucket.forms == []

    before = len(posted)
    choose(page, file_of(landscape(2), "beach.jpg"))
    expect_shown(page, 2)
    assert [each.url for each in posted[before:] if "/api/" not in each.url] == []


def test_prepare_lets_the_page_in(page, gallery, bucket, program, settings, small_file):
    bucket.let_nobody_in()
    command(program, settings, "prepare")
    bucket.forget()
    page.goto("/")
    choose(page, small_file)
    expect_shown(page, 1)
    assert len(bucket.forms) == 1


def test_a_bucket_in_trouble_is_left_out(page, gallery, bucket, s3, watch):
    watch.allow("503", "409", "CORS policy", "ERR_FAILED")
    s3.script("PostForm", Fail(status=503, code="SlowDown"))
    page.goto("/")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page, 1)
    [image] = gallery.list()
    assert (image["store"], len(bucket.forms)) == ("s3", 1)


def test_a_lost_answer_costs_nothing(page, gallery, bucket, s3, watch):
    watch.allow("ERR_EMPTY_RESPONSE", "ERR_CONNECTION", "ERR_FAILED", "CORS policy")
    s3.script("PostForm", Drop(kept=True))
    page.goto("/")
    posted, patched = requests_of(page, "POST"), requests_of(page, "PATCH")
    choose(page, file_of(landscape(1), "beach.jpg"))
    expect_shown(page, 1)
    assert len(gallery.list()) == 1
    assert sent_here(posted + patched) == []


def test_a_killed_tab_goes_on_with_its_ticket(
    open_context, gallery, bucket, s3, watch, large_file, small_file
):
    watch.allow("409")  # Nothing has arrived yet.
    context = open_context()
    page = context.new_page()
    page.goto("/")
    HeldRequests(page, "POST", f"{s3.url}/**")
    choose(page, small_file, large_file)
    wait_until_kept(page)
    eventually(lambda: page.evaluate(KEPT_TICKETS) == 2, 30)
    crash(page)

    page = context.new_page()
    posted = requests_of(page, "POST")
    page.goto("/")
    expect_shown(page, 2)
    assert {image["filename"] for image in gallery.list()} == {"beach.jpg", "large.png"}
    assert tickets_in(posted) == []
    assert len(bucket.forms) == 2


def test_what_a_killed_tab_had_sent_is_not_sent_again(open_context, gallery, bucket, watch):
    watch.allow("/complete", "409")
    context = open_context()
    page = context.new_page()
    page.goto("/")
    # The bucket has it, and the page is dead before the gallery hears so.
    page.route("**/complete", lambda route: route.abort())
    choose(page, file_of(landscape(1), "beach.jpg"))
    wait_until_kept(page)
    eventually(lambda: page.evaluate("1") == 1 and len(bucket.names("arrivals/")) == 1, 30)
    crash(page)

    page = context.new_page()
    page.goto("/")
    expect_shown(page, 1)
    assert len(gallery.list()) == 1
    assert len(bucket.forms) == 1


def test_the_status_follows_photos_that_move_elsewhere(page, gallery, bucket, program, settings):
    gallery.add_all([landscape(seed) for seed in range(3)])
    page.goto("/")
    panel = open_panel(page)
    expect(panel.get_by_text("straight to an S3 bucket")).to_be_visible()
    page.keyboard.press("Escape")

    command(program, settings, "migrate", "--from", "s3", "--to", "local", "--detach", "--rate=0.5")

    open_panel(page)
    moving = panel.get_by_text("from an S3 bucket to this gallery")
    expect(moving).to_contain_text(re.compile(r"^[012] of 3 photos from "))
    # It goes on telling by itself.
    expect(moving).to_contain_text(re.compile(r"^3 photos .*, ended just now"), timeout=PATIENCE_MS)
    assert {image["store"] for image in gallery.list()} == {"local"}
