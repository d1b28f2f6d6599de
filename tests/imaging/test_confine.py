"""What a process cannot do any more once it has confined itself."""

from __future__ import annotations

import ctypes
import socket
import subprocess
import sys

import pytest
import pyvips

from gallery.config import ROOT
from gallery.errors import ConfigError
from gallery.imaging.original import close_other_loaders

_CONFINED = """
import os, socket, sys, tempfile
from gallery.imaging.confine import confine
port = int(sys.argv[1])
folder = tempfile.gettempdir()
confine(address_space_bytes=1 << 30)

def tried(what):
    try:
        what()
    except OSError:
        return "refused"
    return "done"

print(tried(lambda: open("/etc/passwd")))
print(tried(lambda: os.listdir(folder)))
print(tried(lambda: open(os.path.join(folder, "vitrine-confined"), "w")))
print(tried(lambda: socket.create_connection(("127.0.0.1", port))))
print(tried(lambda: os.kill(os.getppid(), 0)))
"""


def _landlock_version() -> int:
    return int(ctypes.CDLL(None).syscall(444, None, 0, 1))


@pytest.mark.skipif(_landlock_version() < 6, reason="this kernel knows only part of Landlock")
def test_opens_no_file_connects_nowhere_and_signals_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = subprocess.run(
            [sys.executable, "-c", _CONFINED, str(listening.getsockname()[1])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert said.stdout.split() == ["refused"] * 5


def test_says_so_when_libvips_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyvips, "version", lambda part: (8, 14, 1)[part])
    with pytest.raises(ConfigError, match=r"libvips 8\.14\.1 is too old: 8\.15"):
        close_other_loaders()


_LOADERS = """
import sys, pyvips
from gallery.imaging.original import close_other_loaders
close_other_loaders()
given = {"": sys.argv[1], "_buffer": b"x" * 99, "_source": pyvips.Source.new_from_memory(b"x" * 99)}
for name in ("svgload", "csvload", "vipsload", "uhdrload", "pdfload", "magickload"):
    for kind, content in given.items():
        try:
            pyvips.Operation.call(name + kind, content)
        except pyvips.Error as error:
            assert "unable to call" in str(error) or "no such operation" in str(error), error
        else:
            raise SystemExit(name + kind + " was reached")
print("closed")
"""


def test_reaches_no_loader_but_those_of_the_six_formats() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _LOADERS, __file__],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.stdout, said.stderr) == ("closed\n", "")
