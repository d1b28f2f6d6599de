"""The gallery without its care for crashes: nothing is flushed, and MongoDB answers from memory.

Run it with ``python -m bench.careless``; only the bench does, to know what the care costs.
"""

from __future__ import annotations

import os
import sys

from pymongo import WriteConcern
from pymongo.read_concern import ReadConcern

from gallery import serving
from gallery.catalog import documents


def _flush_nothing(_: int) -> None:
    """Leaves it to the kernel."""


def _from_memory(*_: object, **__: object) -> WriteConcern:
    """An acknowledgement by one node, before its journal is written."""
    return WriteConcern(w=1, j=False)


def _whatever_is_there(*_: object) -> ReadConcern:
    """Reads what no majority has yet: our own writes would be missed otherwise."""
    return ReadConcern("local")


if __name__ == "__main__":
    # Types know no functions that are put in the place of others: that is what this module is for.
    os.fsync = _flush_nothing  # type: ignore[assignment] (replaced on purpose)
    documents.WriteConcern = _from_memory  # type: ignore[assignment,misc] (the same)
    documents.ReadConcern = _whatever_is_there  # type: ignore[assignment,misc] (the same)
    sys.exit(serving.main())
