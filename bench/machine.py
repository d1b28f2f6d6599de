"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

_PACKAGES = ("flask", "granian", "gunicorn", "orjson", "pymongo", "pyvips", "pyvips-binary")
_PROGRAMS = {"wrk": "-v", "nginx": "-v"}


def facts() -> dict[str, str]:
    """The machine, how busy it is, and what is installed on it."""
    memory_kb = int(_first(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()))
    processor = _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    load = os.getloadavg()[0]
    return {
        "processor": f"{os.cpu_count()} of {processor}",
        "memory": f"{memory_kb / 1024**2:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": f"{load:.1f}" + (" (busy: trust the ratios, not the times)" if load > 0.5 else ""),
        **{name: _package(name) for name in _PACKAGES},
        **{name: _program(name, flag) for name, flag in _PROGRAMS.items()},
    }


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1].strip() if match else "0"


def _package(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _program(name: str, flag: str) -> str:
    if shutil.which(name) is None:
        return "not installed"
    said = subprocess.run([name, flag], capture_output=True, text=True, check=False)
    return _first(r"(\d+\.\d+\.\d+)", said.stdout + said.stderr)
