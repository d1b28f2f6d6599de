"""``GET …/download``: originals as attachments, for whoever signed the address."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from flask import Response

from gallery.errors import BadTransformationError, NotFoundError
from gallery.imaging.formats import BY_NAME
from gallery.model import Image
from gallery.services.assets import Assets
from gallery.services.eager import Making
from gallery.services.library import Library
from gallery.transformation import Transformation
from gallery.web.cloudinary_api.answers import format_of
from gallery.web.cloudinary_api.calls import Calls, asset_name
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.images import attachment

_CHUNK_BYTES = 256 * 1024


class Downloading:
    """The view of downloads."""

    def __init__(self, *, calls: Calls, assets: Assets, making: Making, library: Library) -> None:
        self._calls = calls
        self._assets = assets
        self._making = making
        self._library = library

    def download(self, cloud_name: str, resource_type: str) -> Response:
        """The original as it was uploaded, or in another format, as an attachment."""
        with self._calls.checked(cloud_name, resource_type) as params:
            name = asset_name(params, resource_type, "public_id")
            format = params.text("format").lower()
            try:
                image = self._assets.find(name)
            except NotFoundError:
                # The SDKs part what looks like an extension from the public id.
                if not format:
                    raise
                name = replace(name, public_id=f"{name.public_id}.{format}")
                image, format = self._assets.find(name), ""
        if format and image.resource_type == "image" and format != format_of(image):
            return self._converted(image, format)
        return self._original(image)

    def _original(self, image: Image) -> Response:
        opened = ExitStack()
        file = opened.enter_context(self._library.original(image))
        known = BY_NAME.get(image.format)
        response = Response(
            iter(lambda: file.read(_CHUNK_BYTES), b""),
            mimetype=known.content_type if known else "application/octet-stream",
        )
        response.call_on_close(opened.close)
        response.headers["Content-Length"] = str(image.bytes)
        return _attached(response, image)

    def _converted(self, image: Image, format: str) -> Response:
        try:
            wanted = Transformation().with_format(format)
        except BadTransformationError as error:
            raise RefusedError(400, f"Invalid format {format[:40]}") from error
        derived = self._making.of_image(image, wanted)
        response = Response(derived.bytes, mimetype=BY_NAME[derived.format].content_type)
        return _attached(response, replace(image, filename="", format=derived.format))


def _attached(response: Response, image: Image) -> Response:
    if not image.filename:
        ending = f".{format_of(image)}" if image.resource_type == "image" else ""
        image = replace(image, filename=image.public_id.rpartition("/")[2] + ending)
    response.headers["Content-Disposition"] = attachment(image)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
