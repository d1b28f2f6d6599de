"""What becomes of an upload whose finishing fails: which failures may pass, and when it is tried
again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gallery.catalog.upload import Upload
from gallery.catalog.uploads import KEPT
from gallery.errors import ConflictError, GalleryError, InProgressError, TooManyRequestsError

_PAUSES_S = (5, 20, 60, 300)
"""Before the first try after a failure that may pass, the second …"""

_PASSING = (ConflictError, InProgressError, TooManyRequestsError)


def pause_s(tries: int) -> int:
    """Seconds until the next try, after so many."""
    return _PAUSES_S[min(tries, len(_PAUSES_S) - 1)]


def problem_of(error: GalleryError) -> dict[str, Any]:
    """A failure as it is told, and kept."""
    told = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    return told | ({"errors": error.fields} if error.fields else {})


def tried_until(upload: Upload) -> datetime:
    """How long it is tried whether a failure has passed. What lies in a store can wait."""
    return upload.expires_at + KEPT if upload.store else upload.expires_at


def may_pass(error: GalleryError) -> bool:
    """Whether another try may succeed."""
    return error.status >= 500 or isinstance(error, _PASSING)
