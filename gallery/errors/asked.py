"""What was asked for cannot be done, or not by this caller, or not now."""

from __future__ import annotations

from gallery.errors.base import GalleryError


class InvalidInputError(GalleryError):
    """A field, parameter or body is not what it must be."""

    code, status, title = "invalid_input", 422, "Some of what was sent cannot be used"


class BadRequestError(GalleryError):
    """The request itself cannot be read."""

    code, status, title = "bad_request", 400, "The request cannot be read"


class InvalidCursorError(GalleryError):
    """A cursor that we did not make, or that belongs to another list."""

    code, status, title = "invalid_cursor", 400, "That place in the list is not known"


class NotFoundError(GalleryError):
    """Nothing there, or nothing that may be seen."""

    code, status, title = "not_found", 404, "There is nothing here"


class SignInRequiredError(GalleryError):
    """The caller must sign in first."""

    code, status, title = "sign_in_required", 401, "Please sign in first"


class HookRefusedError(GalleryError):
    """A notification that no store of ours has sent, or that is too old."""

    code, status, title = "hook_refused", 401, "Not a notification of our store"


class ForbiddenError(GalleryError):
    """The caller may not do this."""

    code, status, title = "forbidden", 403, "This is not allowed"


class CrossSiteError(ForbiddenError):
    """A page of another site tried to write, or to read what is private."""

    code, title = "cross_site", "Another site's page may not do this"


class WrongHostError(GalleryError):
    """The Host header names no address of ours."""

    code, status, title = "wrong_host", 421, "This address is not served here"


class VersionMismatchError(GalleryError):
    """``If-Match`` names another version: somebody changed the image first."""

    code, status, title = "version_mismatch", 412, "The photo was changed in the meantime"


class InProgressError(GalleryError):
    """The same request is still running."""

    code, status, title = "in_progress", 409, "This is being done already"


class KeyReusedError(GalleryError):
    """An ``Idempotency-Key`` came again with another payload."""

    code, status, title = (
        "idempotency_key_reused",
        422,
        "That Idempotency-Key was used for something else",
    )


class ConflictError(GalleryError):
    """The thing is not in a state that allows this."""

    code, status, title = "conflict", 409, "That cannot be done now"


class TooManyRequestsError(GalleryError):
    """A rate limit was met."""

    code, status, title = "too_many_requests", 429, "Too many requests"
