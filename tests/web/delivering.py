"""What tests of delivery share: clients by what they accept, and addresses signed by the SDK."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import cloudinary.utils
from PIL import Image

from tests.web.conftest import Standing

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
OLD_SAFARI = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"


def path_in(image, preset="card"):
    """Where a preset of an image is delivered."""
    return urlsplit(image["variants"][preset]["url"]).path


def decoded(answer):
    """The picture in an answer."""
    return Image.open(io.BytesIO(answer.data))


def sdk(kept: Standing, public_id: str, **options: Any) -> str:
    """The path of an address that Cloudinary's SDK makes for this gallery; signed, if told so."""
    account = {
        "cloud_name": kept.settings.cdn_cloud_name,
        "api_key": kept.settings.cdn_api_key,
        "api_secret": kept.settings.cdn_api_secret,
        "cname": "localhost/cdn",
        "secure": False,
    }
    url, _ = cloudinary.utils.cloudinary_url(public_id, **account | options)
    return url.removeprefix("http://localhost")


def set_fields(kept: Standing, image: Any, **fields: Any) -> None:
    """Changes the image's record, as its upload or a later call would have."""
    done = kept.database["images"].update_one({"id": image["id"]}, {"$set": fields})
    assert done.matched_count == 1
