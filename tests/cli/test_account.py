"""The commands, as an operator types them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gallery import config
from gallery.cli import embedded_account
from gallery.config import ROOT
from gallery.config.account import find_account
from gallery.config.given import Given


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """What ``flask --app app gallery`` says."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "gallery", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_prints_the_line_that_leads_a_cloudinary_app_here(tmp_path: Path) -> None:
    told = run("cloudinary-url", GALLERY_DATA=str(tmp_path), PORT="8123")

    settings = config.read({"GALLERY_DATA": str(tmp_path), "PORT": "8123"})
    assert told.stdout.strip() == embedded_account(settings)
    assert told.returncode == 0


@pytest.mark.parametrize(
    ("given", "upload_prefix", "cname", "secure_distribution"),
    [
        ({}, "http://127.0.0.1:8000/cdn", "127.0.0.1:8000/cdn", None),
        ({"HOST": "::1"}, "http://[::1]:8000/cdn", "[::1]:8000/cdn", None),
        (
            {"PUBLIC_URL": "https://photos.example.org", "OWNER_PASSWORD": "p"},
            "https://photos.example.org/cdn",
            None,
            "photos.example.org/cdn",
        ),
    ],
)
def test_the_line_says_where_to_upload_and_where_to_fetch(
    tmp_path: Path,
    given: dict[str, str],
    upload_prefix: str,
    cname: str | None,
    secure_distribution: str | None,
) -> None:
    settings = config.read({"GALLERY_DATA": str(tmp_path), **given})

    account = find_account(Given({"CLOUDINARY_URL": embedded_account(settings)}))

    assert account is not None
    assert (account.cloud_name, account.api_key, account.api_secret) == (
        settings.cdn_cloud_name,
        settings.cdn_api_key,
        settings.cdn_api_secret,
    )
    assert account.upload_prefix == upload_prefix
    assert (account.cname, account.secure_distribution) == (cname, secure_distribution)


def test_a_setting_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    told = run("cloudinary-url", GALLERY_DATA=str(tmp_path), PORT="eighty")

    assert told.returncode == 2
    assert told.stderr == "PORT: must be a whole number from 1 to 65535, not 'eighty'.\n"


def test_every_command_has_a_help(tmp_path: Path) -> None:
    told = run("cloudinary-url", "--help", GALLERY_DATA=str(tmp_path))

    assert "Print the CLOUDINARY_URL of the embedded CDN." in told.stdout
