"""Mid-size copies: which originals get one, which variants are made from it, and that nobody sees
the difference."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gallery.errors import BrokenImageError, GalleryError
from gallery.imaging import copies
from gallery.imaging.copies import CopyOf, serves
from gallery.imaging.made import Look
from gallery.imaging.sandbox import Engine
from gallery.transformation import parse
from tests import pictures
from tests.imaging.judging import Judged, assert_near
from tests.pictures import CORNERS, Picture

WIDTH, HEIGHT = 2800, 2000
PHONE = CopyOf(format="jpeg", width=4032, height=3024)
FORMATS = ("jpeg", "png", "webp", "tiff", "heic", "avif")


@pytest.fixture(scope="module")
def large() -> Picture:
    return pictures.photo("jpeg", width=WIDTH, height=HEIGHT, quality=92)


@pytest.fixture
def look(engine: Engine, tmp_path: Path) -> Callable[[Picture], Look]:
    """A look at a picture, with a copy where it gets one."""
    return lambda picture: engine.look(picture.saved_in(tmp_path))


@pytest.mark.parametrize(
    ("original", "factor"),
    [
        ((1920, 1080), 1),
        ((2500, 1999), 1),
        ((2592, 1944), 2),
        ((3024, 4032), 2),
        ((6000, 4000), 4),
        ((8064, 6048), 4),
        ((12_000, 8_000), 8),
        ((60_000, 100), 32),
    ],
)
def test_is_smaller_by_a_power_of_two_and_enough_for_a_card(
    original: tuple[int, int], factor: int
) -> None:
    assert copies.factor_of(original) == factor
    if factor > 1:
        assert 1200 < max(original) / factor <= 2400


@pytest.mark.parametrize(
    ("transformation", "is_enough"),
    [
        ("c_limit,f_auto,h_400,q_auto,w_400", True),
        ("c_limit,f_auto,h_1200,w_1200", True),
        ("c_limit,h_1344,w_1344", True),
        ("c_limit,h_1345,w_1345", False),
        ("c_fit,w_0.3", True),
        ("c_fit,w_0.4", False),
        ("c_fill,g_auto,h_500,w_500/e_grayscale", True),
        ("c_fill,h_1200,w_500", False),
        ("c_scale,h_10,w_1500", False),
        ("c_pad,h_2000,w_400", True),
        ("c_crop,h_400,w_400", False),
        ("c_crop,h_400,w_400/c_scale,w_100", False),
        ("e_grayscale/c_scale,w_100", False),
        ("c_limit,f_png,w_100", False),
        ("c_limit,f_gif,w_100", False),
        ("f_webp", False),
        ("", False),
    ],
)
def test_serves_what_first_scales_the_picture_clearly_down(
    transformation: str, is_enough: bool
) -> None:
    assert serves(parse(transformation), PHONE) is is_enough


def test_serves_nothing_without_loss() -> None:
    drawing = CopyOf(format="png", width=4032, height=3024)
    assert not serves(parse("c_limit,h_400,w_400"), drawing)
    assert serves(parse("c_limit,f_auto,h_400,w_400"), drawing)


def test_serves_nothing_of_an_original_that_gets_no_copy() -> None:
    assert not serves(parse("w_100"), CopyOf(format="jpeg", width=1920, height=1080))


@pytest.mark.parametrize("format", FORMATS)
def test_copies_a_large_picture_of_any_format(
    look: Callable[[Picture], Look], engine: Engine, format: str
) -> None:
    found = look(pictures.photo(format, width=WIDTH, height=HEIGHT))
    assert found.copy
    copy = Image.open(io.BytesIO(found.copy))
    assert (copy.format, copy.size) == ("JPEG", (WIDTH // 2, HEIGHT // 2))
    assert (found.facts.format, found.facts.width, found.facts.height) == (format, WIDTH, HEIGHT)


def test_looks_no_less_closely_when_it_copies(
    engine: Engine, large: Picture, tmp_path: Path
) -> None:
    path = large.saved_in(tmp_path)
    with_copy, without = engine.look(path).facts, engine.inspect(path)
    assert (with_copy.color, with_copy.width) == (without.color, without.width)
    assert engine.look(pictures.photo("jpeg").saved_in(tmp_path)).copy is None


@pytest.mark.parametrize("orientation", range(2, 9))
def test_copies_upright_and_without_metadata(
    look: Callable[[Picture], Look], orientation: int
) -> None:
    original = pictures.photo(
        "jpeg", width=WIDTH, height=HEIGHT, orientation=orientation, metadata=True
    )
    content = look(original).copy
    assert content
    copy = Image.open(io.BytesIO(content))
    assert copy.size == (WIDTH // 2, HEIGHT // 2)
    assert not copy.getexif()
    assert not [secret for secret in pictures.SECRETS if secret in content]
    across, down = copy.size[0] - 20, copy.size[1] - 20
    corners = [copy.getpixel(at) for at in ((20, 20), (across, 20), (across, down), (20, down))]
    assert_near(corners, CORNERS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "original",
    [
        pictures.see_through("png", width=WIDTH, height=HEIGHT),
        pictures.in_mode("CMYK", "jpeg", width=WIDTH, height=HEIGHT),
        pictures.pages((WIDTH, HEIGHT), (10, 10)),
        pictures.animation("webp", frames=2, width=WIDTH, height=HEIGHT),
        pictures.photo("jpeg", width=2500, height=1900),
        # The last row of pixels is one that decoding at half the size leaves out.
        pictures.photo("jpeg", width=WIDTH, height=2001),
    ],
    ids=["transparent", "cmyk", "pages", "animation", "small", "odd"],
)
def test_copies_no_picture_of_which_it_would_be_another(
    look: Callable[[Picture], Look], original: Picture
) -> None:
    assert look(original).copy is None


@pytest.fixture(scope="module")
def paths(
    engine: Engine, large: Picture, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """An original, and its copy."""
    folder = tmp_path_factory.mktemp("copies")
    original = large.saved_in(folder)
    content = engine.look(original).copy
    assert content
    copy = folder / "copy"
    copy.write_bytes(content)
    return original, copy


SHOWN = CopyOf(format="jpeg", width=WIDTH, height=HEIGHT)


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        "c_{},f_auto,h_{},w_{}{}".format,
        st.sampled_from(["limit", "fit", "scale", "fill", "lfill", "pad", "thumb"]),
        st.integers(1, 660),
        st.integers(1, 930),
        st.sampled_from(["", "/a_90", "/r_20", "/c_crop,h_0.5,w_0.5", "/c_scale,w_iw"]),
    )
)
def test_variants_of_the_copy_have_the_size_that_was_promised(
    engine: Engine, paths: tuple[Path, Path], transformation: str
) -> None:
    wanted = parse(transformation)
    if not serves(wanted, SHOWN):
        return
    derived = engine.derive(paths[1], wanted, bucket="base", copy_of=SHOWN)
    assert (derived.width, derived.height) == wanted.size_of(WIDTH, HEIGHT)
    Judged.of(derived).is_sound()


@pytest.mark.parametrize(
    "transformation",
    ["c_limit,w_200", "c_limit,w_400", "c_limit,w_640", "c_limit,w_933", "c_fill,h_300,w_300"],
)
def test_variants_of_the_copy_look_like_those_of_the_original(
    engine: Engine, paths: tuple[Path, Path], transformation: str
) -> None:
    assert serves(parse(transformation), SHOWN)
    wanted = parse(transformation + ",f_png")
    ours = engine.derive(paths[1], wanted, bucket="base", copy_of=SHOWN)
    theirs = engine.derive(paths[0], wanted, bucket="base")
    assert _ssim(ours.bytes, theirs.bytes) >= 0.99


def test_variants_of_the_copy_have_the_format_of_the_original(
    engine: Engine, paths: tuple[Path, Path]
) -> None:
    shown = CopyOf(format="webp", width=WIDTH, height=HEIGHT)
    assert engine.derive(paths[1], parse("w_50"), bucket="base", copy_of=shown).format == "webp"


def test_variants_of_the_copy_have_the_colours_of_the_original(
    look: Callable[[Picture], Look], engine: Engine, tmp_path: Path
) -> None:
    found = look(pictures.with_profile("p3", "jpeg", width=WIDTH, height=HEIGHT))
    assert found.copy
    (tmp_path / "copy").write_bytes(found.copy)
    derived = engine.derive(tmp_path / "copy", parse("w_300"), bucket="base", copy_of=SHOWN)
    assert_near(Judged.of(derived).corners(), CORNERS)


def _ssim(one: bytes, other: bytes) -> float:
    """The structural similarity of two pictures: the mean of their red, green and blue."""
    a, b = (pyvips.Image.pngload_buffer(each).cast("float") for each in (one, other))

    def blurred(pixels: pyvips.Image) -> pyvips.Image:
        return pixels.gaussblur(1.5, precision="float")

    mean_a, mean_b = blurred(a), blurred(b)
    own_a, own_b = blurred(a * a) - mean_a * mean_a, blurred(b * b) - mean_b * mean_b
    common = blurred(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (mean_a * mean_b * 2 + c1) * (common * 2 + c2)
    below = (mean_a * mean_a + mean_b * mean_b + c1) * (own_a + own_b + c2)
    return float((above / below).avg())


@pytest.mark.parametrize("missing", [1, 2, 13, 5_000])
def test_refuses_a_large_file_that_was_cut_off(
    look: Callable[[Picture], Look], large: Picture, missing: int
) -> None:
    with pytest.raises(BrokenImageError):
        look(large.cut_off(missing))
    inside = large.content[: -missing - 2] + b"\xff\xd9"
    if missing > 2:
        with pytest.raises(BrokenImageError):
            look(Picture(format="jpeg", content=inside, width=WIDTH, height=HEIGHT))


@pytest.mark.parametrize("seed", range(12))
def test_refuses_the_same_large_files_as_without_a_copy(
    engine: Engine, large: Picture, tmp_path: Path, seed: int
) -> None:
    path = large.mutated(seed, count=1 + seed % 4).saved_in(tmp_path)
    assert _refusal(engine.look, path) == _refusal(engine.inspect, path)


def _refusal(look: Callable[[Path], object], path: Path) -> type[GalleryError] | None:
    try:
        look(path)
    except GalleryError as error:
        return type(error)
    return None
