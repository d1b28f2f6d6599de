"""Files on their way in, whole or in pieces."""

from __future__ import annotations

from gallery.errors.base import GalleryError


class TooLargeError(GalleryError):
    """More bytes, parts or text than the limit."""

    code, status, title = "too_large", 413, "The file is too large"

    got_bytes: int | None = None
    limit_bytes: int | None = None
    """Of a file: how many there are, as far as we know, and how many are taken."""


class LengthRequiredError(GalleryError):
    """A raw body without a length."""

    code, status, title = "length_required", 411, "The length of the body is needed"


class IncompleteBodyError(GalleryError):
    """The body ended before it was whole."""

    code, status, title = "incomplete_body", 400, "The upload stopped before it was whole"


class UnsupportedFormatError(GalleryError):
    """The bytes are not a picture of a format that we take."""

    code, status, title = "unsupported_format", 415, "Not an image we can show"


class BrokenImageError(GalleryError):
    """The bytes look like a picture but cannot be decoded whole."""

    code, status, title = "broken_image", 422, "The image is damaged"


class ImageTooLargeError(GalleryError):
    """More pixels or frames than the limit."""

    code, status, title = "image_too_large", 422, "The image has too many pixels"


class DecoderFailedError(GalleryError):
    """The decoding process died or ran out of time: the picture is hostile, or the machine busy."""

    code, status, title = "decoder_failed", 422, "The image could not be decoded"


class BusyError(GalleryError):
    """All places are taken. Try again soon."""

    code, status, title = "busy", 503, "Busy at the moment"


class StorageFullError(GalleryError):
    """No room is left on the disk."""

    code, status, title = "storage_full", 507, "The disk of the gallery is full"


class OffsetMismatchError(GalleryError):
    """A piece that does not begin where the upload ends so far."""

    code, status, title = "offset_mismatch", 409, "The upload is elsewhere already"


class LockedError(GalleryError):
    """Another request works on the same upload."""

    code, status, title = "locked", 423, "Another request works on this upload"


class UploadGoneError(GalleryError):
    """An upload that has expired, or failed for good."""

    code, status, title = "upload_gone", 410, "That upload has ended"


class ProtocolVersionError(GalleryError):
    """A version of tus that we do not speak."""

    code, status, title = "protocol_version", 412, "That version is not spoken here"


class ContentTypeError(GalleryError):
    """A body of another content type than the address takes."""

    code, status, title = "content_type", 415, "The body has the wrong content type"


class ChecksumMismatchError(GalleryError):
    """A piece that is not what its checksum says."""

    code, status, title = "checksum_mismatch", 460, "The piece was damaged on its way"


class NotArrivedError(GalleryError):
    """Nothing has arrived at the store that a ticket leads to."""

    code, status, title = "not_arrived", 409, "The file has not arrived"


class DamagedUploadError(GalleryError):
    """A whole file that is not what was announced."""

    code, status, title = "damaged_upload", 422, "The file was damaged on its way"
