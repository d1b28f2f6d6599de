"""The mongod program: where it is, how it is called, and the library it may lack."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

from gallery.errors import ConfigError
from gallery.lifeline import die_with

LOADER_FAILED = 127
"""What the dynamic loader exits with when a library is missing."""

PORT_TAKEN = 48
"""What mongod exits with when it cannot listen."""

NO_AVX = -signal.SIGILL
"""How mongod ends on a processor without AVX instructions."""

_CACHE_GB = "0.5"
"""mongod would take half of the machine's memory."""

_OPLOG_MB = "512"
"""How far back a change stream can resume; mongod would take five percent of the disk."""


def find() -> Path:
    """The mongod of the environment's wheel, or else the one on the PATH. Raises ConfigError."""
    packaged = _in_packages("fiftyone/db/bin/mongod")
    if packaged is not None:
        return _runnable(packaged)
    on_path = shutil.which("mongod")
    if on_path is None:
        raise ConfigError(
            "MONGO_URI: this platform has no embedded MongoDB and no mongod on the PATH; "
            "name a server, or run: docker compose up"
        )
    return Path(on_path)


def spawn(program: Path, folder: Path, *, port: int, keep: int) -> subprocess.Popen[bytes]:
    """A mongod that keeps its data in ``folder`` and dies with us, the descriptor ``keep`` in hand.

    It gets a process group of its own, so that Ctrl-C reaches it through us alone, after the
    workers; not a session, as Linux may give each session the same share of the processor, and
    decoders shall go behind all else in ours.
    """
    command: list[str | Path] = [
        *_with_libcurl(folder),
        program,
        *("--dbpath", folder / "db", "--port", str(port), "--bind_ip", "127.0.0.1"),
        *("--replSet", "rs0", "--keyFile", folder / "keyfile", "--nounixsocket"),
        *("--networkMessageCompressors", "disabled"),
        *("--wiredTigerCacheSizeGB", _CACHE_GB, "--oplogSize", _OPLOG_MB),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]
    with (folder / "mongod.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program, on paths of ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(keep,),
            process_group=0,
            preexec_fn=partial(die_with, os.getpid()),
        )


def link_libcurl(folder: Path) -> None:
    """Gives mongods on ``folder`` the libcurl of the wheel ``pycurl``. Raises ConfigError.

    mongod wants a ``libcurl.so.4`` built on OpenSSL; bare Debian has one built on GnuTLS at most.
    """
    link = _libcurl_link(folder)
    found = _in_packages("pycurl.libs/libcurl*.so.4*")
    if link.exists() or found is None:
        raise ConfigError(
            "MONGO_URI: the embedded MongoDB needs libcurl.so.4; "
            "install it (Debian: apt install libcurl4), or name a server"
        )
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(found)


def _with_libcurl(folder: Path) -> list[str]:
    """The beginning of a command line that finds the linked libcurl, and what that one needs."""
    link = _libcurl_link(folder)
    if not link.exists():
        return []
    return ["env", f"LD_LIBRARY_PATH={link.parent}:{link.resolve().parent}"]


def _libcurl_link(folder: Path) -> Path:
    return folder / "lib" / "libcurl.so.4"


def _runnable(program: Path) -> Path:
    """The wheel carries mongod without its run bit."""
    if not os.access(program, os.X_OK):
        try:
            program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        except OSError as error:
            raise ConfigError(f"MONGO_URI: mongod may not run; do: chmod +x {program}") from error
    return program


def _in_packages(pattern: str) -> Path | None:
    """The first installed file that matches; its package need not be importable."""
    return next((match for base in sys.path for match in Path(base).glob(pattern)), None)
