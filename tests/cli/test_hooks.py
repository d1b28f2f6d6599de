"""``gallery hooks`` prints the addresses at which stores can tell us something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gallery import config
from gallery.factory.uploading import hook_token
from tests.cli.test_account import run


def test_prints_where_stores_can_tell_us(tmp_path: Path) -> None:
    given = {"GALLERY_DATA": str(tmp_path), "PUBLIC_URL": "http://localhost:9000"}

    told = run("hooks", **given).stdout

    for store in ("cloudinary", "cloudflare", "s3"):
        assert f"http://localhost:9000/api/hooks/{store}" in told
    assert f"/api/hooks/s3?token={hook_token(config.read(given))}\n" in told


def test_says_what_is_missing(tmp_path: Path) -> None:
    told = run("hooks", GALLERY_DATA=str(tmp_path))

    assert told.returncode == 1
    assert "PUBLIC_URL" in told.stderr


def test_the_token_stays_the_same_for_a_secret_key(tmp_path: Path) -> None:
    settings = config.read({"GALLERY_DATA": str(tmp_path)})

    assert hook_token(settings) == hook_token(replace(settings, port=1))
    assert hook_token(settings) != hook_token(replace(settings, secret_key="z" * 32))
