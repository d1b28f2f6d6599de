"""Files are looked at in a worker before they are sent: the page and the server see the same."""

from __future__ import annotations

import base64
import hashlib
import io

import pytest
from PIL import Image

from gallery.imaging.details import details
from gallery.imaging.likeness import HASH_SIDE_PX, perceptual_hash
from gallery.imaging.limits import Limits
from gallery.imaging.placeholder import Small
from tests.pictures import noise, photo

LIMITS = Limits(max_bytes=25 * 1024**2, max_pixels=100_000_000)

LOOK = """async ({ module, content }) => {
    const { lookWith } = await import(module);
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const options = { signal: new AbortController().signal, onStart: () => {} };
    return await lookWith()(new File([bytes], 'file'), options);
}"""


@pytest.fixture
def look(page, gallery):
    """What the page's worker finds in a file."""
    page.goto("/")
    main = page.locator("script[src$='js/main.js']").get_attribute("src")

    def look_at(content):
        file = base64.b64encode(content).decode()
        return page.evaluate(
            LOOK, {"module": main.replace("main.js", "upload/look.js"), "content": file}
        )

    return look_at


def servers_hash(picture, tmp_path):
    path = picture.saved_in(tmp_path)
    with path.open("rb") as file:
        found = details(file.fileno(), LIMITS, colors=False, phash=True, names=False)
    return found.phash


def distance(left, right):
    return (int(left, 16) ^ int(right, 16)).bit_count()


def test_the_worker_gives_the_sha256_of_small_and_large_files(look):
    for size in (0, 1, 4 * 1024**2, 4 * 1024**2 + 1, 9_000_001):
        content = bytes(range(256)) * (size // 256) + bytes(size % 256)
        assert look(content) == {"sha256": hashlib.sha256(content).hexdigest(), "phash": ""}


PICTURES = {
    "a photo": photo(width=480, height=320, seed=3),
    "another": photo(width=320, height=480, seed=7),
    "a large one": photo(width=2400, height=1600, seed=5),
    "a small one": photo(width=160, height=100, seed=5),
    "a turned one": photo(width=480, height=320, seed=3, orientation=6),
    "a png": photo("png", width=480, height=320, seed=4),
    "a webp": photo("webp", width=480, height=320, seed=8),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_page_and_server_see_nearly_the_same_perceptual_hash(look, picture, tmp_path):
    assert distance(look(picture.content)["phash"], servers_hash(picture, tmp_path)) <= 3


def test_other_pictures_have_other_hashes(look):
    first, second = (
        look(photo(width=480, height=320, seed=seed).content)["phash"] for seed in (3, 4)
    )
    assert distance(first, look(noise(640, 480).content)["phash"]) > 14
    assert first != second


def test_the_same_32_by_32_pixels_have_the_same_hash(look):
    drawn = Image.open(io.BytesIO(photo("png", width=HASH_SIDE_PX, height=HASH_SIDE_PX).content))
    file = io.BytesIO()
    drawn.convert("RGB").save(file, "png")
    pixels = Small(HASH_SIDE_PX, HASH_SIDE_PX, drawn.convert("RGBA").tobytes())
    assert look(file.getvalue())["phash"] == perceptual_hash(pixels)


def test_the_policy_lets_no_other_script_become_a_worker(page, gallery, watch):
    watch.allow("TrustedScriptURL|trusted-types|policy violated: (require-)?trusted-types")
    page.goto("/")
    refused = """() => {
        const tries = [
            () => new Worker('/static/x/js/main.js'),
            () => trustedTypes.createPolicy('other', { createScriptURL: (url) => url }),
        ];
        return tries.map((attempt) => {
            try {
                attempt();
                return 'let through';
            } catch (error) {
                return error.name;
            }
        });
    }"""
    assert page.evaluate(refused) == ["TypeError", "TypeError"]
