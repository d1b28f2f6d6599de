"""A call in Cloudinary's language: about our cloud, signed, its parameters read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request

from gallery.services.assets import AssetName
from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.extras import Extras
from gallery.web.cloudinary_api.failures import not_spoken
from gallery.web.cloudinary_api.files import Files
from gallery.web.cloudinary_api.gate import Gate
from gallery.web.cloudinary_api.parameters import Parameters
from gallery.web.cloudinary_api.particulars import type_of


class Calls:
    """Reads and checks calls, before anything is done."""

    def __init__(self, *, account: Account, gate: Gate, files: Files, extras: Extras) -> None:
        self._account = account
        self._gate = gate
        self._files = files
        self._extras = extras

    @contextmanager
    def checked(
        self, cloud_name: str, resource_type: str, *, unsigned: tuple[str, ...] = ()
    ) -> Iterator[Parameters]:
        """The parameters of a call whose signature is right; it may leave out ``unsigned``."""
        self._account.check_cloud(cloud_name)
        if resource_type == "video":
            raise not_spoken("The resource type video")
        with self._files.call(request, before_file=self._gate.before_no_file) as call:
            self._account.check(
                call.params, request.headers.get("Authorization"), unsigned=unsigned
            )
            self._extras.check_urls(call.params)
            yield call.params

    @contextmanager
    def unsigned(self, cloud_name: str) -> Iterator[Parameters]:
        """The parameters of a call that proves by itself that it may be made."""
        self._account.check_cloud(cloud_name)
        with self._files.call(request, before_file=self._gate.before_no_file) as call:
            yield call.params


def asset_name(params: Parameters, resource_type: str, name: str) -> AssetName:
    """What a call is about, by the parameter that names it."""
    return AssetName(
        public_id=params.required(name), resource_type=resource_type, type=type_of(params)
    )
