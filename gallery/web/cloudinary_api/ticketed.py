"""An upload by a ticket of ours: its form says which, and nothing else of what it shall be."""

from __future__ import annotations

from flask import Response, jsonify

from gallery.catalog.upload import Upload, UploadStatus
from gallery.services.assets import Assets
from gallery.services.chunked import Chunk
from gallery.services.own_form import OwnForms
from gallery.web.cloudinary_api.answers import Answers
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

_FIELDS = frozenset({"api_key", "expires_at", "signature", "ticket", "timestamp"})


class Ticketed:
    """Takes what such a form brings."""

    def __init__(self, own_forms: OwnForms, assets: Assets, answers: Answers) -> None:
        self._own_forms = own_forms
        self._assets = assets
        self._answers = answers

    def take(self, params: Parameters, chunk: Chunk) -> Response:
        """The answer to a file, or to a chunk of it."""
        for name in params.names - _FIELDS:
            raise RefusedError(400, f"{name[:40]} parameter is not allowed with a ticket")
        upload = self._own_forms.take(params.text("ticket"), chunk)
        if upload.status is UploadStatus.READY:
            return jsonify(self._answers.asset(self._assets.find_by_id(upload.image_id)))
        return jsonify(_told(upload, chunk))


def _told(upload: Upload, chunk: Chunk) -> dict[str, object]:
    told = {"resource_type": "image", "type": "upload", "public_id": upload.id}
    if upload.is_whole:  # It is finished later, or by somebody else right now.
        return {"status": "pending", **told}
    return {"done": False, "bytes": chunk.received.bytes, "kind": "upload", **told}
