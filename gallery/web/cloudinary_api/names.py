"""What an upload is called: by the caller, after its file, or by chance."""

from __future__ import annotations

import re
import secrets
import string

from gallery.model import Received
from gallery.services.assets import AssetName, check_public_id
from gallery.web.cloudinary_api.parameters import Parameters
from gallery.web.cloudinary_api.particulars import type_of
from gallery.web.spool import clean_filename

RANDOM_LENGTH, SUFFIX_LENGTH = 20, 6

_ALPHABET = string.ascii_lowercase + string.digits
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f?&#\\%<>+/]+")


def random_id(length: int = RANDOM_LENGTH) -> str:
    """So many characters of ``a-z0-9``."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def filename_of(params: Parameters, received: Received) -> str:
    """The name that the file goes by; empty when nobody gave it one."""
    return clean_filename(params.text("filename_override")) or received.filename


def name_of(
    params: Parameters, filename: str, *, resource_type: str, by_chance: str = ""
) -> AssetName:
    """The name of an upload. ``by_chance`` is one that was handed out before."""
    own = _own_name(params, filename, resource_type, by_chance)
    prefix = params.text("public_id_prefix") or params.text("folder")
    if not prefix and params.flag("use_asset_folder_as_public_id_prefix"):
        prefix = params.text("asset_folder")
    public_id = f"{prefix.strip('/')}/{own}" if prefix.strip("/") else own
    return AssetName(
        public_id=check_public_id(public_id), resource_type=resource_type, type=type_of(params)
    )


def extension_of(filename: str) -> str:
    """What stands behind the last dot, in lower case; empty for what is no extension."""
    _, dot, extension = filename.rpartition(".")
    return extension.lower() if dot and re.fullmatch(r"[A-Za-z0-9]{1,16}", extension) else ""


def stem_of(filename: str) -> str:
    """The name without its extension."""
    extension = extension_of(filename)
    return filename[: -len(extension) - 1] if extension else filename


def _own_name(params: Parameters, filename: str, resource_type: str, by_chance: str) -> str:
    if "public_id" in params:
        return params.text("public_id")
    extension = extension_of(filename)
    ending = f".{extension}" if resource_type == "raw" and extension else ""
    stem = _fit(stem_of(filename)) if params.flag("use_filename") else ""
    if not stem:
        return (by_chance or random_id()) + ending
    if params.flag("unique_filename", default=True):
        stem = f"{stem}_{random_id(SUFFIX_LENGTH)}"
    return stem + ending


def _fit(stem: str) -> str:
    """The stem as far as a public id may hold it."""
    return _UNFIT.sub("_", stem).strip("._ ")[:200]
