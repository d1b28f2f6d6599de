"""The account of a gallery that runs, spoken to by the SDK with nothing but its settings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import cloudinary
import pytest
import urllib3

from tests.client import Client
from tests.pictures import photo
from tests.sdk.conftest import CLOUD, KEY, SECRET, Sdk


@dataclass(frozen=True)
class Account:
    """What a test knows of the gallery besides the SDK."""

    sdk: Sdk
    gallery: Client

    @property
    def api(self) -> str:
        """Where the API of its cloud begins."""
        return f"{self.sdk.address}/cdn/v1_1/{CLOUD}"

    def add(self, public_id: str, **options: Any) -> dict[str, Any]:
        """A picture of that name, of its own; what its upload was answered."""
        seed = int(hashlib.sha256(public_id.encode()).hexdigest()[:6], 16)
        content = photo(width=60, height=40, seed=seed).content
        return self.sdk.upload(content, public_id=public_id, **options)

    def call(
        self, method: str, path: str, *, fields: Sequence[tuple[str, str]] = (), form: str = "query"
    ) -> urllib3.BaseHTTPResponse:
        """What the API answers to a call as other SDKs send it: fields in the query, urlencoded
        or as a multipart form."""
        headers = dict(urllib3.make_headers(basic_auth=f"{KEY}:{SECRET}"))
        body: str | bytes | None = None
        if form == "multipart":
            body, headers["Content-Type"] = urllib3.encode_multipart_formdata(fields)
        elif form == "urlencoded":
            body, headers["Content-Type"] = urlencode(fields), "application/x-www-form-urlencoded"
        elif fields:
            path = f"{path}?{urlencode(fields)}"
        return urllib3.request(method, f"{self.api}/{path}", headers=headers, body=body)


@pytest.fixture
def account(sdk: Sdk, gallery: Client) -> Account:
    """An empty account, and the SDK set up for it."""
    host = sdk.address.removeprefix("http://")
    cloudinary.config(**sdk.config, cname=f"{host}/cdn")
    return Account(sdk, gallery)
