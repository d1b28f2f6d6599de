"""A client of tus 1.0.0 that says what it is told to say."""

from __future__ import annotations

import base64
import json

from tests import pictures

VERSION = {"Tus-Resumable": "1.0.0"}
OFFSET_STREAM = "application/offset+octet-stream"
PHOTO = pictures.photo().content
SIZE = len(PHOTO)


def metadata(**values):
    """An ``Upload-Metadata`` header."""
    return ",".join(
        f"{name} {base64.b64encode(text.encode()).decode()}".strip()
        for name, value in values.items()
        for text in [value if isinstance(value, str) else json.dumps(value)]
    )


class Tus:
    """Speaks to one gallery; headers that are ``None`` are left out."""

    def __init__(self, client):
        self._client = client

    def send(self, method, path="/api/tus", data=None, content_type=None, **headers):
        told = VERSION | {name.replace("_", "-"): value for name, value in headers.items()}
        named = {name: str(value) for name, value in told.items() if value is not None}
        return self._client.open(
            path, method=method, data=data, content_type=content_type, headers=named
        )

    def create(self, length=SIZE, **headers):
        return self.send("POST", Upload_Length=length, **headers)

    def created(self, length=SIZE, **headers):
        """The address of a new upload."""
        answer = self.create(length, **headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def append(self, path, data, offset=0, content_type=OFFSET_STREAM, **headers):
        return self.send("PATCH", path, data, content_type, Upload_Offset=offset, **headers)

    def head(self, path, **headers):
        return self.send("HEAD", path, **headers)

    def offset(self, path):
        answer = self.head(path)
        assert answer.status_code == 200, answer.headers
        return int(answer.headers["Upload-Offset"])

    def delete(self, path):
        return self.send("DELETE", path)

    def state(self, path):
        """What ``/api/uploads`` says of it."""
        answer = self._client.get(path.replace("/tus/", "/uploads/"))
        assert answer.status_code == 200, answer.text
        return answer.json
