"""Whatever is asked of whatever picture: a sound variant, and never a dead process."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.errors import DecoderFailedError
from gallery.imaging.pipeline import derive as derive_at_once
from gallery.transformation import Step, Transformation, parse
from tests import pictures
from tests.imaging.judging import BUCKETS, LIMITS, Derive
from tests.transformation.strategies import GEOMETRY, PIXELS, QUALITIES, steps

ORIGINALS = (
    pictures.photo("jpeg", orientation=6),
    pictures.photo("webp", width=333, height=77),
    pictures.photo("avif"),
    pictures.in_mode("L", "png"),
    pictures.in_mode("1", "tiff"),
    pictures.in_mode("P", "png"),
    pictures.in_mode("CMYK", "jpeg"),
    pictures.with_profile("p3", "jpeg"),
    pictures.in_sixteen_bits("png"),
    pictures.see_through("webp", width=3, height=90),
    pictures.png_filled(1, 1),
    pictures.animation("gif", frames=3),
    pictures.animation("webp", frames=2),
)
LAYERS = st.builds(
    Step,
    overlay=st.just("logo"),
    width=st.integers(1, 90),
    opacity=st.none() | st.integers(0, 100),
    flags=st.sampled_from([(), ("relative",), ("no_overflow",)]),
    x=st.none() | st.integers(-90, 90),
) | st.builds(Step, underlay=st.just("logo"), height=st.integers(1, 90))
FORMATS = st.builds(
    Step,
    format=st.sampled_from(["auto", "avif", "webp", "jpg", "png", "gif"]),
    quality=QUALITIES,
    flags=st.sampled_from([(), ("lossy",), ("progressive",), ("lossy", "progressive:none")]),
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    original=st.sampled_from(ORIGINALS),
    logo=st.sampled_from(ORIGINALS),
    chain=st.lists(steps(GEOMETRY) | steps(PIXELS) | LAYERS, max_size=3),
    format=FORMATS,
    bucket=st.sampled_from(BUCKETS),
)
def test_makes_a_sound_variant_of_anything(
    derive: Derive,
    original: pictures.Picture,
    logo: pictures.Picture,
    chain: list[Step],
    format: Step,
    bucket: str,
) -> None:
    wanted = Transformation((*chain, format))
    layers = {"logo": logo} if wanted.layers else {}
    derive(original, str(wanted), bucket=bucket, **layers)


@pytest.mark.parametrize("wanted", ["w_60", "bo_9px_solid_red,e_sharpen,r_max", "e_sepia/w_60"])
def test_tells_in_words_what_takes_too_long(tmp_path: Path, wanted: str) -> None:
    path = pictures.photo().saved_in(tmp_path)
    with path.open("rb") as file, pytest.raises(DecoderFailedError, match="too long to make"):
        derive_at_once(file.fileno(), parse(wanted), LIMITS, bucket="webp", deadline=0.0)
