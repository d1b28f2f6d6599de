"""What every named failure has."""

from __future__ import annotations

from typing import ClassVar


class GalleryError(Exception):
    """A failure with a name.

    ``detail`` is public and says what is wrong, the limit, and the mend. ``fields`` maps the name
    of an input field to what is wrong with it. ``retry_after_s`` is set when trying again may
    help.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str = "",
        *,
        fields: dict[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.fields = fields or {}
        self.retry_after_s = retry_after_s


class ConfigError(GalleryError):
    """A setting that cannot be read, or a combination that cannot work. Stops the start."""

    code = "bad_setting"
    title = "A setting cannot be used"
