from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.cloudflare_server import CloudflareServer
from tests.cloudinary_server import CloudinaryServer, Fail
from tests.s3_server import S3Server

SIZES = 9
"""Of the built-in presets."""


@pytest.fixture
def cloudinary(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudinaryServer]:
    """The account of the gallery, with strict transformations."""
    with CloudinaryServer() as running:
        running.account.strict_transformations = True
        monkeypatch.setenv("CLOUDINARY_URL", running.url)
        yield running


def test_where_nothing_is_needed_it_says_so(here: Here) -> None:
    ended = here.run("prepare")

    assert (ended.exit_code, ended.stdout) == (0, "no store here needs anything set up\n")


def test_makes_what_is_missing_once(here: Here, cloudinary: CloudinaryServer) -> None:
    first, again = here.run("prepare"), here.run("prepare")

    assert first.exit_code == again.exit_code == 0
    assert "made  cloudinary  named transformation t_vitrine_card\n" in first.stdout
    assert "there  cloudinary  named transformation t_vitrine_card\n" in again.stdout
    assert again.stdout.splitlines()[0] == "there  cloudinary  strict transformations"
    assert "made" not in again.stdout
    assert len(cloudinary.account.named) == SIZES


def test_a_dry_run_makes_nothing_and_counts_what_is_missing(
    here: Here, cloudinary: CloudinaryServer
) -> None:
    told = here.run_json("prepare", "--dry-run")

    assert (told["missing"], told["dry_run"]) == (SIZES, True)
    assert here.run("prepare", "--dry-run").exit_code == 1
    assert cloudinary.account.named == {}
    assert cloudinary.account.assets == {}


def test_what_only_a_person_can_do_is_told_and_missing(
    here: Here, cloudinary: CloudinaryServer
) -> None:
    cloudinary.account.strict_transformations = False

    ended = here.run("prepare")

    assert ended.exit_code == 1
    assert "missing  cloudinary  strict transformations: switch them on" in ended.stdout
    assert len(cloudinary.account.named) == SIZES


def test_presets_of_a_file_are_prepared_too(
    here: Here, cloudinary: CloudinaryServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "presets.toml"
    file.write_text('poster = "c_fill,h_600,w_400"')
    monkeypatch.setenv("PRESETS_FILE", str(file))

    here.run("prepare")

    assert cloudinary.account.named["vitrine_poster"].definition == "c_fill,h_600,q_auto,w_400"


def test_a_store_that_does_not_answer_ends_it_with_a_line(
    here: Here, cloudinary: CloudinaryServer
) -> None:
    cloudinary.script("upload", *[Fail(status=401, message="unknown api_key")] * 9)

    ended = here.run("prepare")

    assert ended.exit_code == 2
    assert ended.stderr == "Cloudinary does not take our keys: check CLOUDINARY_URL.\n"


def test_a_bucket_is_made_and_set_up(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    with S3Server() as server:
        bucket = server.bucket()
        for name, value in {
            "S3_BUCKET": f"{bucket.name}-new",
            "S3_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": bucket.access_key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.secret_access_key,
        }.items():
            monkeypatch.setenv(name, value)

        before, ended, after = (
            here.run("prepare", *given) for given in (["--dry-run"], [], ["--dry-run"])
        )

    assert (before.exit_code, ended.exit_code, after.exit_code) == (1, 0, 0)
    assert before.stdout.splitlines()[0] == f"missing  s3  bucket {bucket.name}-new"
    assert "made  s3  arrivals/ is emptied after a day" in ended.stdout
    assert "there  s3  originals are closed to everybody" in after.stdout


def test_the_variants_of_cloudflare_are_made_once(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CloudflareServer() as cloudflare:
        for name, value in cloudflare.settings.items():
            monkeypatch.setenv(name, value)

        dry, first = here.run("prepare", "--dry-run"), here.run("prepare")
        again = here.run("prepare", "--dry-run")

        assert (dry.exit_code, first.exit_code, again.exit_code) == (1, 0, 0)
        assert "made  cloudflare  variant vitrineLimit400x400\n" in first.stdout
        assert "there  cloudflare  no flexible variants\n" in first.stdout
        assert len(cloudflare.account.variants) == SIZES + 1, "one is Cloudflare's own"
