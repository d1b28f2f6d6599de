"""moto's S3 behind a real HTTP server on loopback, with a script of faults and a log."""

from __future__ import annotations

import itertools
import re
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Self
from urllib.parse import parse_qs

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

from gallery.config import S3Bucket
from tests.s3_server.faults import Answer, Exchange, Fault

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that arrived whole."""

    operation: str
    """``PutObject``, ``HeadObject`` …"""
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """As WSGI names them: ``HTTP_IF_NONE_MATCH``."""
    body: bytes


class S3Server:
    """Use as a context manager."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.listed_by_all: set[str] = set()
        """Buckets whose names everybody may list; moto would allow it of all."""
        self.stopping = threading.Event()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._client: Any = None
        self._http = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Handler
        )
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops answering for good, and frees the port."""
        if not self.stopping.is_set():
            self.stopping.set()
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def described(self, name: str) -> S3Bucket:
        """How a bucket of that name is spoken for, whether or not it is there."""
        return S3Bucket(
            name=name,
            endpoint_url=self.url,
            access_key_id="AKIATESTS",
            secret_access_key="a-secret-of-the-tests",
            path_style=True,
        )

    def bucket(self) -> S3Bucket:
        """A new bucket, empty."""
        made = self.described(f"bucket-{next(_numbers)}")
        self._client = self._client or client_of(made)
        self._client.create_bucket(Bucket=made.name)
        self.seen.clear()
        return made

    def script(self, operation: str, *faults: Fault) -> None:
        """Lets the next requests of that kind fail, one by one; those after them succeed.

        Takes the place of what was left of an earlier script.
        """
        self._faults[operation] = deque(faults)

    def forgive(self) -> None:
        """Lets nothing fail any more."""
        self._faults.clear()

    def requests(self, operation: str) -> list[Request]:
        """The requests of that kind which arrived."""
        return [seen for seen in self.seen if seen.operation == operation]

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:
            raise ConnectionResetError  # The sender has gone: it is as if it had never come.
        with self._lock:
            fault = self._note(environ, body)

        def carry_out() -> Answer:
            with self._lock:  # moto was not made for more than one at a time.
                return self._carried_out(environ, body)

        exchange = Exchange(carry_out=carry_out, stopping=self.stopping)
        answer = fault.play(exchange) if fault else carry_out()
        if answer is None:
            _hang_up(environ)
            raise ConnectionResetError
        start_response(f"{answer.status} Told", list(answer.headers.items()))
        return _cut_off(answer.body, environ) if answer.cut else [answer.body]

    def _note(self, environ: dict[str, Any], body: bytes) -> Fault | None:
        request = Request(
            operation=operation_of(environ),
            path=environ["PATH_INFO"],
            query=parse_qs(environ["QUERY_STRING"], keep_blank_values=True),
            headers={name: value for name, value in environ.items() if isinstance(value, str)},
            body=body,
        )
        self.seen.append(request)
        faults = self._faults[request.operation]
        return faults.popleft() if faults else None

    def _carried_out(self, environ: dict[str, Any], body: bytes) -> Answer:
        bucket = environ["PATH_INFO"].strip("/")
        is_list = "list-type" in environ["QUERY_STRING"]
        if is_list and "HTTP_AUTHORIZATION" not in environ and bucket not in self.listed_by_all:
            return Answer(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return self._preflight(environ)
        content, status, headers = run_wsgi_app(
            self._moto, {**environ, "wsgi.input": BytesIO(body)}, buffered=True
        )
        return Answer(
            status=int(status.split()[0]),
            headers={name: value for name, value in headers.items() if name != "Connection"},
            body=b"".join(content),
        )

    def _preflight(self, environ: dict[str, Any]) -> Answer:
        """What a browser asks before it sends a form. S3 lets pages in by the rules of the bucket,
        moto every page."""
        path = "/" + environ["PATH_INFO"].strip("/").partition("/")[0]
        asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "cors"}
        rules = self._carried_out({**environ, **asked}, b"").body.decode()
        origin = environ["HTTP_ORIGIN"]
        method = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        for rule in re.findall(r"<CORSRule>(.*?)</CORSRule>", rules, re.DOTALL):
            origins = re.findall(r"<AllowedOrigin>(.*?)</AllowedOrigin>", rule)
            if {origin, "*"} & set(origins) and f"<AllowedMethod>{method}</AllowedMethod>" in rule:
                allowed = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
                return Answer(
                    status=200,
                    headers={
                        "Access-Control-Allow-Origin": origin,
                        "Access-Control-Allow-Methods": method,
                        "Access-Control-Allow-Headers": allowed,
                    },
                )
        return Answer(status=403)


def _hang_up(environ: dict[str, Any]) -> None:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)


def _cut_off(body: bytes, environ: dict[str, Any]) -> Iterator[bytes]:
    yield body
    _hang_up(environ)


def client_of(bucket: S3Bucket) -> Any:
    """boto3's own client, to look behind what is tested."""
    session = boto3.session.Session(
        aws_access_key_id=bucket.access_key_id, aws_secret_access_key=bucket.secret_access_key
    )
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return session.client(
        "s3", region_name=bucket.region, endpoint_url=bucket.endpoint_url, config=config
    )


_OF_BUCKET = {"GET": "List", "HEAD": "HeadBucket", "PUT": "CreateBucket", "POST": "PostForm"}
_OF_OBJECT = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
}
_OF_PIECES = {
    "PUT": "UploadPart",
    "POST": "CompleteMultipartUpload",
    "DELETE": "AbortMultipartUpload",
}


def operation_of(environ: dict[str, Any]) -> str:
    """What a request is about, as boto3 calls it."""
    method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
    key = environ["PATH_INFO"].strip("/").partition("/")[2]
    if not key:
        return "ListUploads" if "uploads" in query else _OF_BUCKET.get(method, method)
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:
        return "CopyObject"
    if "uploadId=" in query:
        return _OF_PIECES[method]
    return "CreateMultipartUpload" if "uploads" in query else _OF_OBJECT[method]


class _Handler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """The server keeps its own log."""
