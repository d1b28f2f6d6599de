"""The account behind a real HTTP server on loopback."""

from __future__ import annotations

from dataclasses import dataclass, field

from gallery.config import CloudflareAccount
from tests.cloudflare_server.account import Account, RefusedError
from tests.cloudflare_server.api import Api, refused
from tests.cloudflare_server.variants import Delivery
from tests.provider.server import ProviderServer
from tests.provider.wire import Answer, Exchange, Request

_PLACES = {
    "v1/variants": "variants",
    "v1/config": "config",
    "v1/stats": "stats",
    "v1/batch_token": "batch_token",
    "v2/direct_upload": "direct_upload",
    "v2": "list",
    "v1": "upload",
}
_ABOUT_ONE = {"GET": "details", "PATCH": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An error answer with Cloudflare's envelope."""

    status: int = 500
    code: int = 10001
    message: str = "General Error"
    headers: dict[str, str] = field(default_factory=dict)

    def play(self, exchange: Exchange) -> None:
        answer = refused(RefusedError(self.status, self.code, self.message), 120)
        answer.headers.update(self.headers)
        exchange.send(answer)


class CloudflareServer(ProviderServer):
    """``settings`` are all that a client needs."""

    def __init__(self, account: Account | None = None) -> None:
        super().__init__()
        self.account = account or Account()
        self._api = Api(self.account, self.url)
        self._delivery = Delivery(self.account)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.host}"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a gallery that keeps its images here."""
        return {
            "CLOUDFLARE_ACCOUNT_ID": self.account.account_id,
            "CLOUDFLARE_IMAGES_TOKEN": self.account.token,
            "CLOUDFLARE_IMAGES_HASH": self.account.hash,
            "CLOUDFLARE_IMAGES_KEY": self.account.signing_key,
            "CLOUDFLARE_API_URL": f"{self.url}/client/v4",
            "CLOUDFLARE_DELIVERY_URL": self.url,
        }

    def client(self, *, flexible: bool = False) -> CloudflareAccount:
        """The same for one store, with the batch host."""
        return CloudflareAccount(
            account_id=self.account.account_id,
            token=self.account.token,
            hash=self.account.hash,
            signing_key=self.account.signing_key,
            flexible=flexible,
            api_url=f"{self.url}/client/v4",
            batch_url=f"{self.url}/batch",
            delivery_url=self.url,
            upload_hosts=(self.url,),
        )

    def action_of(self, request: Request) -> str:
        """What a request is about, in one word."""
        if request.method == "OPTIONS":
            return "preflight"
        if request.path.startswith("/upload/"):
            return "direct"
        if not request.path.startswith(("/client/", "/batch/")):
            return "deliver"
        _, _, place = request.path.partition("/images/")
        if place.startswith("v1/variants/"):
            return "variants"
        if place in _PLACES:
            return _PLACES[place]
        return "blob" if place.endswith("/blob") else _ABOUT_ONE[request.method]

    def answer(self, request: Request, action: str) -> Answer:
        """What Cloudflare answers."""
        if action == "preflight":
            headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
            return Answer(status=204, headers=headers, body=b"")
        if action == "deliver":
            return self._delivery.answer(request)
        return self._api.answer(request, action)
