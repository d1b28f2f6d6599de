"""Delivery, and going out on somebody's word."""

from __future__ import annotations

from gallery.errors.base import GalleryError


class AddressRefusedError(GalleryError):
    """A URL that the server may not follow: oddly spelled, or not leading to a public machine."""

    code, status, title = "address_refused", 400, "That address may not be used"


class FetchFailedError(GalleryError):
    """What lies at a URL could not be had whole and in time."""

    code, status, title = "fetch_failed", 400, "That address could not be read"


class BadTransformationError(GalleryError):
    """A transformation that cannot be read, or asks for too much."""

    code, status, title = "bad_transformation", 400, "That transformation cannot be used"


class BadSignatureError(GalleryError):
    """A delivery URL without a signature of ours."""

    code, status, title = "bad_signature", 401, "That address is not signed by this gallery"
