"""The account behind a real HTTP server on loopback."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.cloudinary_server.account import Account
from tests.cloudinary_server.api import Api
from tests.cloudinary_server.delivery import Delivery
from tests.cloudinary_server.notifying import Notifier
from tests.provider.server import ProviderServer
from tests.provider.wire import Answer, Exchange, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An error answer with Cloudinary's JSON."""

    status: int = 500
    message: str = "General Error"
    headers: dict[str, str] = field(default_factory=dict)

    def play(self, exchange: Exchange) -> None:
        body = b'{"error": {"message": "%s"}}' % self.message.encode()
        exchange.send(Answer(status=self.status, headers=self.headers, body=body))


class CloudinaryServer(ProviderServer):
    """``url`` is all that a client needs. Its actions are ``upload destroy explicit rename download
    ping usage resource resources transformations preflight`` and ``deliver``."""

    def __init__(self, account: Account | None = None) -> None:
        super().__init__()
        self.account = account or Account()
        self.notifier = Notifier(self.account)
        self._api = Api(self.account, self.notifier.send)
        self._delivery = Delivery(self.account)

    def stop(self) -> None:
        """Stops answering for good, and frees the port. Raises what went wrong in the model."""
        super().stop()
        self.notifier.join()

    @property
    def url(self) -> str:
        """The ``CLOUDINARY_URL`` of this server: API and delivery from one origin."""
        keys = f"{self.account.api_key}:{self.account.api_secret}"
        options = f"upload_prefix=http://{self.host}&cname={self.host}"
        return f"cloudinary://{keys}@{self.account.cloud_name}?{options}"

    def action_of(self, request: Request) -> str:
        """What a request is about, in one word."""
        parts = request.path.split("/")
        if parts[1] != "v1_1":
            return "deliver"
        if request.method == "OPTIONS":
            return "preflight"
        if parts[3] == "resources":
            return "resource" if len(parts) > 6 else "resources"
        return parts[-1]

    def answer(self, request: Request, action: str) -> Answer:
        """What Cloudinary answers."""
        answering = self._delivery if action == "deliver" else self._api
        return answering.answer(request)
