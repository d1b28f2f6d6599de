"""The embedded MongoDB: a real mongod of our own, one node, on loopback, gone when we are gone.

Everything of it lies in the data's folder ``mongodb``: the database, the key of its one user, its
log, and, while it runs, the connection string for workers and commands. Who runs it holds ``lock``.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gallery.embedded import lock, mongod
from gallery.errors import ConfigError

if TYPE_CHECKING:
    from gallery.embedded.wire import Connection

_USER = "vitrine"
_ROLES = ("readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterAdmin")

_PORTS = range(10_000, 20_000)
"""Below those that Linux lends to outgoing connections: the replica set wants its port for life."""

_POLL_S = 0.005
_READY_WITHIN_S = 300.0
"""Recovery after a power cut may take its time."""
_MEMBER_WITHIN_S = 1.0
"""A node that finds itself in the configuration of its set says so a few ms after it listens."""
_STARTING_S = 60.0
"""How long a command waits for the mongod of a gallery that is just starting."""
_STOPS_WITHIN_S = 10.0
"""As a replica set mongod takes one second."""

_UNAUTHORIZED = 13
_NOT_YET_INITIALIZED = 94


class Embedded:
    """A mongod of ours. It starts at once; until it is ready there is time to do something else."""

    def __init__(self, program: Path, data: Path, held: int) -> None:
        self._program = program
        self._data = data
        self._folder = data / "mongodb"
        self._lock = held
        self._folder.mkdir(mode=0o700, exist_ok=True)
        (self._folder / "db").mkdir(exist_ok=True)
        self._password = _password(self._folder / "keyfile")
        _uri_file(data).unlink(missing_ok=True)
        _keep_one_old(self._folder / "mongod.log")
        self._port = _port(self._folder / "port")
        self._seen_at: float | None = None
        self._process = self._spawn()
        self.version = ""
        """Of MongoDB; known when it is ready."""

    @property
    def uri(self) -> str:
        """The connection string, password included."""
        return f"{self._address}/vitrine?authSource=admin&replicaSet=rs0&directConnection=true"

    @property
    def _address(self) -> str:
        return f"mongodb://{_USER}:{self._password}@127.0.0.1:{self._port}"

    def wait_until_ready(self) -> None:
        """Returns when writes are taken and workers can find it. Raises ConfigError."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while not self._takes_writes():
            self._mend_if_ended()
            if time.monotonic() > deadline:
                raise ConfigError(f"GALLERY_DATA: the embedded MongoDB is not ready; {self._hint}")
            time.sleep(_POLL_S)
        _write_private(_uri_file(self._data), self.uri)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """``None`` while it runs."""
        return self._process.poll()

    def restart(self) -> None:
        """Starts it anew after it ended, where clients look for it."""
        self._process = self._spawn()
        self.wait_until_ready()

    def stop(self) -> None:
        """Ends it in good order and frees the data folder."""
        _uri_file(self._data).unlink(missing_ok=True)
        self._process.terminate()
        try:
            self._process.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._lock)

    @property
    def _hint(self) -> str:
        return f"its log is {self._folder / 'mongod.log'}"

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._seen_at = None
        return mongod.spawn(self._program, self._folder, port=self._port, keep=self._lock)

    def _takes_writes(self) -> bool:
        # Imported now that mongod is on its way, not before: BSON takes 35 ms.
        from gallery.embedded.wire import Connection

        try:
            with Connection(self._port) as connection:
                hello = connection.command({"hello": 1})
                if hello.get("isreplicaset"):
                    self._form_set(connection)
                if not hello.get("isWritablePrimary"):
                    return False
                self._make_user(connection)
                self.version = str(connection.command({"buildInfo": 1})["version"])
                return True
        except OSError:
            return False

    def _form_set(self, connection: Connection) -> None:
        """Makes the node the one member of its set; after a change of its port, makes it so again.

        mongod first looks for itself at its old port, which takes half a minute in the worst case:
        when something listens there that never says a word.
        """
        member = {"_id": 0, "host": f"127.0.0.1:{self._port}"}
        connection.command({"replSetInitiate": {"_id": "rs0", "members": [member]}})
        now = time.monotonic()
        self._seen_at = self._seen_at or now
        if now - self._seen_at > _MEMBER_WITHIN_S:
            self._seen_at = now
            _readdress(self._address, member)

    def _make_user(self, connection: Connection) -> None:
        """Makes the one user; mongod allows it from loopback for as long as there is none."""
        roles = [{"role": role, "db": "admin"} for role in _ROLES]
        answer = connection.command({"createUser": _USER, "pwd": self._password, "roles": roles})
        if not answer["ok"] and answer["code"] != _UNAUTHORIZED:
            raise ConfigError(
                f"GALLERY_DATA: {answer['errmsg']} in the embedded MongoDB; {self._hint}"
            )

    def _mend_if_ended(self) -> None:
        code = self._process.poll()
        if code is None:
            return
        if code == mongod.LOADER_FAILED:
            mongod.link_libcurl(self._folder)
        elif code == mongod.PORT_TAKEN:
            self._port = _port(self._folder / "port")
        elif code == mongod.NO_AVX:
            raise ConfigError("MONGO_URI: MongoDB needs a processor with AVX; name one elsewhere.")
        else:
            raise ConfigError(f"GALLERY_DATA: the embedded MongoDB ended ({code}); {self._hint}")
        self._process = self._spawn()


def start(data: Path) -> Embedded:
    """A mongod on ``data`` that begins to start. Raises ConfigError if another program has it."""
    program, held = mongod.find(), lock.take(data)
    if held is None:
        raise ConfigError(
            f"GALLERY_DATA: another gallery runs on {data}; stop it, or choose another."
        )
    return Embedded(program, data, held)


@contextmanager
def connect_or_start(data: Path) -> Iterator[str]:
    """The connection string of the mongod on ``data``: the running gallery's, or one of our own.

    Whoever starts one lets those that came to it finish, before it is stopped. Waits for a gallery
    that is just starting or stopping. Raises ConfigError.
    """
    program = mongod.find()
    deadline = time.monotonic() + _STARTING_S
    while (held := lock.take(data)) is None:
        with lock.visiting(data):
            if _uri_file(data).exists():
                yield uri_of(data)
                return
        if time.monotonic() > deadline:
            uri_of(data)  # Says that there is none.
        time.sleep(_POLL_S)
    embedded = Embedded(program, data, held)
    try:
        embedded.wait_until_ready()
        yield embedded.uri
    finally:
        try:
            lock.wait_for_visitors(data)
        finally:
            embedded.stop()


def running_since(data: Path) -> datetime:
    """When the program that runs on ``data`` began: whoever worked on it before that has ended."""
    return datetime.fromtimestamp(lock.taken_at(data), UTC)


def uri_of(data: Path) -> str:
    """The connection string of the mongod that runs on ``data``. Raises ConfigError."""
    try:
        return _uri_file(data).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"GALLERY_DATA: no embedded MongoDB is ready on {data}.") from error


def _uri_file(data: Path) -> Path:
    return data / "mongodb" / "uri"


def _readdress(address: str, member: dict[str, Any]) -> None:
    """Writes the member's new port into the configuration of its set."""
    # Rarely needed, and 200 ms to import.
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure

    threads = set(threading.enumerate())
    client: MongoClient[dict[str, Any]] = MongoClient(
        address, directConnection=True, serverSelectionTimeoutMS=5_000
    )
    with client:
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == _NOT_YET_INITIALIZED:
                return
            raise ConfigError(f"GALLERY_DATA: the embedded MongoDB refuses us: {error}") from error
        config["version"] += 1
        config["members"] = [member]
        client.admin.command({"replSetReconfig": config, "force": True})
    for thread in set(threading.enumerate()) - threads:
        thread.join(1.0)  # Nobody should run beside us when workers are forked.


def _port(file: Path) -> int:
    """The port of the last start, or where that is taken a free one, which is then kept."""
    if file.exists():
        port = int(file.read_text(encoding="utf-8"))
        if _is_free(port):
            return port
    port = next(port for port in iter(lambda: secrets.choice(_PORTS), None) if _is_free(port))
    _write_private(file, str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _password(keyfile: Path) -> str:
    """The password of our user, made from the key file, which is written when there is none."""
    if not keyfile.exists():
        _write_private(keyfile, secrets.token_hex(48))
    key = keyfile.read_bytes()
    return hmac.new(key, b"password of the user", hashlib.sha256).hexdigest()


def _write_private(path: Path, text: str) -> None:
    """Writes a file whole or not at all, for the owner's eyes alone."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _keep_one_old(log: Path) -> None:
    if log.exists():
        log.replace(log.with_name(f"{log.name}.old"))
