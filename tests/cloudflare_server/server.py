"""The account behind a real HTTP server on loopback, with a script of faults and a log."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from gallery.config import CloudflareAccount
from tests.cloudflare_server.account import Account, RefusedError
from tests.cloudflare_server.api import Api, refused
from tests.cloudflare_server.variants import Delivery
from tests.cloudinary_server.account import Answer, Request
from tests.cloudinary_server.faults import Exchange, Fault
from tests.cloudinary_server.server import Handler, Http, Seen


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


class CloudflareServer:
    """Use as a context manager. ``settings`` are all that a client needs."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account or Account()
        self.seen: list[Seen] = []
        self.stopping = threading.Event()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._http = Http(("127.0.0.1", 0), partial(Handler, self))
        self._api = Api(self.account, self.url)
        self._delivery = Delivery(self.account)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops answering for good, and frees the port. Raises what went wrong in the model."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        if self._http.broke:
            raise self._http.broke[0]

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._http.server_port}"

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

    def script(self, action: str, *faults: Fault) -> None:
        """Lets the next requests of that kind fail, one by one; those after them succeed."""
        self._faults[action] = deque(faults)

    def requests(self, action: str) -> list[Request]:
        """The requests of that kind which arrived."""
        return [seen.request for seen in self.seen if seen.action == action]

    def take(self, request: Request) -> tuple[Fault | None, Callable[[], Answer]]:
        """What shall go wrong with a request, and the way to carry it out."""
        action = action_of(request)
        with self._lock:
            self.seen.append(Seen(action=action, request=request))
            faults = self._faults[action]
            fault = faults.popleft() if faults else None
        return fault, partial(self._carry_out, request, action)

    def _carry_out(self, request: Request, action: str) -> Answer:
        with self._lock:
            if action == "preflight":
                headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
                return Answer(status=204, headers=headers, body=b"")
            if action == "deliver":
                return self._delivery.answer(request)
            return self._api.answer(request, action)


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


def action_of(request: Request) -> str:
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
