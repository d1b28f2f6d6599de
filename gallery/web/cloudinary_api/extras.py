"""What may be asked beside an upload: derived images at once, a closer look, being told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gallery.errors import NotFoundError
from gallery.imaging.made import Details
from gallery.model import Image, Particulars
from gallery.services.assets import Assets
from gallery.services.eager import MAX_REMEMBERED, Making, Wish
from gallery.services.notify import Notify
from gallery.signing import seal, unseal
from gallery.web.cloudinary_api.answers import Answers, format_of
from gallery.web.cloudinary_api.auth import Account
from gallery.web.cloudinary_api.failures import RefusedError
from gallery.web.cloudinary_api.parameters import Parameters

DELETE_TOKEN_S = 600

_NAMED = ("image_metadata", "media_metadata", "exif")
_URLS = ("notification_url", "eager_notification_url")
_PURPOSE = "deleting without a signature"


class Extras:
    """Does what uploads and explicit calls may ask for besides."""

    def __init__(
        self,
        *,
        account: Account,
        assets: Assets,
        making: Making,
        answers: Answers,
        notify: Notify,
    ) -> None:
        self._account = account
        self._assets = assets
        self._making = making
        self._answers = answers
        self._notify = notify

    def check_urls(self, params: Parameters) -> None:
        """Returns when whoever is to be told may be. Raises AddressRefusedError."""
        for name in _URLS:
            if name in params:
                self._notify.check(params.text(name))

    def notify(self, params: Parameters, payload: dict[str, Any]) -> None:
        """Tells whoever the call names; soon, and until it is heard."""
        if "notification_url" in params:
            self._notify.send(params.text("notification_url"), payload)

    def notify_upload(self, params: Parameters, answer: dict[str, Any]) -> None:
        """Tells of an upload, and of what was derived at once to those who asked for that."""
        told = {name: value for name, value in answer.items() if name not in _OWN}
        self.notify(params, {"notification_type": "upload", **told})
        if "eager" in answer and "eager_notification_url" in params:
            self._notify.send(
                params.text("eager_notification_url"), {"notification_type": "eager", **told}
            )

    def make(self, image: Image, wishes: tuple[Wish, ...]) -> tuple[Image, list[dict[str, Any]]]:
        """The image, which remembers these transformations, and what was derived of it."""
        made = [self._made(image, wish) for wish in wishes]
        spelled = [wish.spelled for wish in wishes]

        def remember(now: Image) -> Particulars:
            eager = tuple(dict.fromkeys((*now.eager, *spelled)))
            if len(eager) > MAX_REMEMBERED:
                raise RefusedError(
                    400, f"At most {MAX_REMEMBERED} eager transformations are kept for an image"
                )
            return Particulars(eager=eager)

        return self._assets.change(image, remember), made

    def _made(self, image: Image, wish: Wish) -> dict[str, Any]:
        try:
            derived = self._making.at_once(image, wish)
        except NotFoundError as error:
            raise RefusedError(400, f"Invalid eager transformation - {error.detail}") from error
        elsewhere = self._making.address_elsewhere(image, wish.wanted)
        return {
            "transformation": wish.spelled,
            "width": derived.width,
            "height": derived.height,
            "bytes": len(derived.bytes),
            "format": "jpg" if derived.format == "jpeg" else derived.format,
            **(
                {"url": elsewhere, "secure_url": elsewhere}
                if elsewhere
                else self._answers.addresses(
                    image,
                    transformation=wish.spelled,
                    extension=format_of(image) if wish.extension is None else wish.extension,
                )
            ),
        }

    def looks_closer(self, params: Parameters) -> bool:
        """Whether anything is asked that the original must be looked at for."""
        return any(params.flag(name) for name in ("colors", "phash", *_NAMED))

    def faces(self, image: Image, params: Parameters) -> dict[str, Any]:
        """The faces that somebody marked, if they are asked for: nobody looks for others here."""
        if not params.flag("faces"):
            return {}
        return {"faces": [list(each) for each in image.face_coordinates]}

    def details(self, original: Path, params: Parameters) -> dict[str, Any]:
        """What a closer look finds, as far as it is asked for."""
        colors, phash = params.flag("colors"), params.flag("phash")
        named = [name for name in _NAMED if params.flag(name)]
        if not (colors or phash or named):
            return {}
        found = self._making.details(original, colors=colors, phash=phash, metadata=bool(named))
        return _spelled(found, colors=colors, names=named)

    def delete_token(self, image: Image) -> str:
        """What deletes the image without a signature, for ten minutes."""
        until = int(self._account.now().timestamp()) + DELETE_TOKEN_S
        return seal(self._account.api_secret, _PURPOSE, {"id": image.id, "until": until})

    def image_of_token(self, token: str) -> str:
        """The id of the image that a token may delete. Refuses what is none, or is over."""
        value = unseal(self._account.api_secret, _PURPOSE, token)
        if value is None or value["until"] < self._account.now().timestamp():
            raise RefusedError(400, "Invalid token")
        return str(value["id"])


_OWN = frozenset({"api_key", "delete_token"})
"""Parts of an answer that are for the caller alone."""


def _spelled(found: Details, *, colors: bool, names: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if colors:
        told["colors"] = [[color, share] for color, share in found.colors]
        told["predominant"] = {"google": [[color, share] for color, share in found.colors[:3]]}
    if found.phash is not None:
        told["phash"] = found.phash
    return told | {name: dict(found.metadata) for name in names}
