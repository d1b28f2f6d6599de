"""Named transformations of the Admin API, and what they are for in delivery."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.cloudinary_server.account import Account, NamedTransformation, RefusedError
from tests.provider.wire import Request

_SPELLED = {
    "c": "crop",
    "e": "effect",
    "f": "fetch_format",
    "g": "gravity",
    "h": "height",
    "q": "quality",
    "w": "width",
}
"""How the SDKs write what an address says in letters."""


@dataclass(frozen=True, slots=True)
class Named:
    """``/transformations`` of one account."""

    account: Account

    def answer(self, request: Request) -> dict[str, Any]:
        """What the Admin API answers."""
        if request.method == "GET":
            return self._told(dict(parse_qsl(request.query)).get("transformation", ""))
        params = json.loads(request.body)
        if request.method == "POST":
            return self._create(params)
        return self._update(params)

    def _told(self, name: str) -> dict[str, Any]:
        found = self._find(name)
        return {
            "name": f"t_{name}",
            "allowed_for_strict": found.allowed_for_strict,
            "used": False,
            "named": True,
            "info": [_spelled_out(step) for step in found.definition.split("/")],
            "derived": [],
        }

    def _create(self, params: Mapping[str, Any]) -> dict[str, Any]:
        name = str(params["name"])
        if name in self.account.named:
            raise RefusedError(409, f"Transformation {name} already exists")
        self.account.named[name] = NamedTransformation(definition=params["transformation"])
        return {"message": "created"}

    def _update(self, params: Mapping[str, Any]) -> dict[str, Any]:
        found = self._find(str(params["transformation"]))
        if "allowed_for_strict" in params:
            found.allowed_for_strict = params["allowed_for_strict"] in (True, "1", "true", 1)
        found.definition = params.get("unsafe_update", found.definition)
        return {"message": "updated"}

    def _find(self, name: str) -> NamedTransformation:
        try:
            return self.account.named[name]
        except KeyError:
            raise RefusedError(404, f"Transformation {name} not found") from None


def _spelled_out(step: str) -> dict[str, Any]:
    pairs = (part.split("_", 1) for part in step.split(","))
    return {
        _SPELLED[key]: int(value) if re.fullmatch("[0-9]+", value) else value
        for key, value in pairs
    }
