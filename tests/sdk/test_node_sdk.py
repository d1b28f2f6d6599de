"""The Node SDK: its own tests, run against a gallery that runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gallery.config import ROOT
from tests import pictures
from tests.sdk.conftest import Sdk, noise


def test_the_node_sdk_works_unchanged(sdk: Sdk, tmp_path: Path) -> None:
    photo = pictures.photo(width=160, height=90).saved_in(tmp_path)
    large = noise().saved_in(tmp_path)
    environment = {
        "PATH": os.environ["PATH"],
        "CLOUDINARY_URL": sdk.url,
        "PHOTO": str(photo),
        "LARGE": str(large),
    }

    ended = subprocess.run(
        [
            "node",
            "--test",
            # After an error the SDK leaves its connection open, for half a minute.
            "--test-force-exit",
            "--test-reporter=tap",
            str(Path(__file__).with_name("node_sdk.test.js")),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "# pass 9" in ended.stdout
