"""Signed calls, for tests that speak to a gallery within their own process."""

from __future__ import annotations

import time

from cloudinary import utils


def signed(settings, **params):
    """The fields of a call by whoever has the secret."""
    given = {"timestamp": str(int(time.time())), **params}
    signature = utils.api_sign_request(given, settings.cdn_api_secret)
    return [*given.items(), ("signature", signature), ("api_key", settings.cdn_api_key)]


def call(client, settings, action, *, content=None, resource_type="image", headers=None, **params):
    """What is answered to an action, with a file if one is given."""
    fields = signed(settings, **params)
    if content is not None:
        fields.append(("file", ("a.jpg", content)))
    path = f"/cdn/v1_1/{settings.cdn_cloud_name}/{resource_type}/{action}"
    return client.post_form(path, fields, headers=headers)
