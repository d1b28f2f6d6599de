"""``python -m bench [subject …]``: all subjects, or some, one after another."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path

from bench import machine
from bench.report import Bench

SUBJECTS = (
    "start",
    "cached",
    "variants",
    "engines",
    "encoders",
    "decoding",
    "flood",
    "uploads",
    "durability",
    "crowd",
    "lists",
    "sweep",
    "live",
)


def main(arguments: list[str] | None = None) -> int:
    """Runs the subjects; 0 unless the bench itself failed, whatever the figures are."""
    asked = _asked(arguments)
    # One picture, one core, as in the gallery's decoding processes; read when libvips is loaded.
    os.environ["VIPS_CONCURRENCY"] = "1"
    facts = machine.facts()
    print("\n".join(f"{name:13} {value}" for name, value in facts.items()))
    with tempfile.TemporaryDirectory(prefix="vitrine-bench-") as folder:
        bench = Bench(Path(folder), quick=asked.quick)
        failed = [name for name in asked.subjects or SUBJECTS if not _run(name, bench)]
        print(f"\n{bench.summary()}")
        if asked.json:
            bench.write(asked.json, facts)
    if failed:
        print(f"the bench failed at: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="subject", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there too")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.subjects) - set(SUBJECTS):
        parser.error(f"no such subject: {', '.join(sorted(unknown))}")
    return asked


def _run(name: str, bench: Bench) -> bool:
    """Whether the subject ran to its end."""
    subject = importlib.import_module(f"bench.{name}")
    whole_folder = bench.folder
    bench.folder = whole_folder / name
    bench.folder.mkdir()
    try:
        subject.run(bench)
    except Exception:  # noqa: BLE001 (the other subjects can still be run)
        traceback.print_exc()
        return False
    finally:
        bench.folder = whole_folder
    return True


if __name__ == "__main__":
    sys.exit(main())
