"""Upload presets where they are used: what an upload is told by the one that it names."""

from __future__ import annotations

from gallery.catalog.upload_presets import UploadPreset, UploadPresets
from gallery.errors import NotFoundError
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

UNSIGNED = (
    *("asset_folder", "callback", "context", "custom_coordinates", "face_coordinates"),
    *("filename_override", "folder", "metadata", "public_id", "tags", "upload_preset"),
)
"""All that an upload may say for itself which nobody signed."""

_OF_THE_CALL = ("api_key", "file", "source", "timestamp")
"""What clients send along, and what is passed over."""


class Presets:
    """Completes the parameters of uploads."""

    def __init__(self, catalog: UploadPresets) -> None:
        self._catalog = catalog

    def applied(self, params: Parameters, *, signed: bool) -> Parameters:
        """The parameters with those of the preset that they name.

        Of a signed upload its own come first; of an unsigned one the preset's do, it replaces
        nothing, and the preset must be meant for that.
        """
        if "upload_preset" not in params:
            if signed:
                return params
            raise RefusedError(400, "Upload preset must be specified when using unsigned upload")
        preset = self._find(params.text("upload_preset"))
        if signed:
            return params.completed(preset.parameters)
        _check_unsigned(params, preset)
        # What stands first stays: nothing of the call can undo what the preset says.
        settled = Parameters({**preset.parameters, "overwrite": "0"}.items())
        return settled.completed({name: params.text(name) for name in UNSIGNED if name in params})

    def _find(self, name: str) -> UploadPreset:
        try:
            return self._catalog.find(name)
        except NotFoundError:
            raise RefusedError(400, "Upload preset not found") from None


def _check_unsigned(params: Parameters, preset: UploadPreset) -> None:
    if not preset.unsigned:
        raise RefusedError(400, "Upload preset must be whitelisted for unsigned uploads")
    for name in params.names:
        if name not in (*UNSIGNED, *_OF_THE_CALL):
            raise RefusedError(
                400,
                f"{name[:40]} parameter is not allowed when using unsigned upload. "
                f"Only {','.join(UNSIGNED)} are allowed.",
            )
    if "public_id" in params and not preset.takes_public_id:
        raise RefusedError(400, "public_id is not allowed with this upload preset")
