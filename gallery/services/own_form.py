"""The embedded CDN's form: a file comes here in Cloudinary's language, as it would go there.

It is an upload like any other whose bytes come here: what a form brings, whole or in chunks, is
kept as its pieces, and ``finishing`` makes the image of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gallery.catalog.upload import Upload
from gallery.services.chunked import Chunk
from gallery.services.chunks import Chunks
from gallery.services.finishing import Finishing
from gallery.signing import sign_form
from gallery.stores.abilities import Ticket

HOLDS = timedelta(minutes=15)

CHUNK_BYTES = 20_000_000
"""As Cloudinary's own clients send large files."""


class OwnForms:
    """Gives forms of the embedded CDN's account, and takes what they bring."""

    def __init__(
        self,
        *,
        cloud_name: str,
        api_key: str,
        api_secret: str,
        chunks: Chunks,
        finishing: Finishing,
    ) -> None:
        self._cloud_name = cloud_name
        self._api_key = api_key
        self._api_secret = api_secret
        self._chunks = chunks
        self._finishing = finishing

    def take(self, id: str, chunk: Chunk) -> Upload:
        """The upload with that piece of its file, finished when it was the last; again is success.

        Raises as ``Chunks.opened`` and ``Finishing.finish`` do, NotFoundError where no such ticket
        was given.
        """
        with self._chunks.of_ticket(id, chunk) as held:
            upload = held.upload
        return self._finishing.finish(upload) if upload.is_whole else upload

    def ticket(self, upload: Upload, now: datetime) -> Ticket:
        """A form for that one upload, signed until it expires."""
        expires_at = (now + HOLDS).replace(microsecond=0)
        told = {"ticket": upload.id, "timestamp": _seconds(now), "expires_at": _seconds(expires_at)}
        signature = sign_form(self._api_secret, told)
        return Ticket(
            url=f"/cdn/v1_1/{self._cloud_name}/image/upload",
            fields={**told, "api_key": self._api_key, "signature": signature},
            file_field="file",
            max_bytes=upload.bytes or 0,
            expires_at=expires_at,
            chunk_bytes=CHUNK_BYTES,
        )


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
