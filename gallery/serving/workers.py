"""granian's workers, forked and watched by the main process.

granian's own main process watches each worker from a thread, takes a hangup for a wish to reload,
and gives up when a worker dies twice in a row. This one waits in a single place, for signals alone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from types import FrameType
from typing import Any, NoReturn, Protocol, runtime_checkable

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer, WorkerProcess

from gallery.config import BODY_CAP, COLD_CAP, STREAM_CAP, Settings
from gallery.embedded import Embedded
from gallery.errors import ConfigError, DatabaseUnavailableError, GalleryError
from gallery.lifeline import die_with
from gallery.serving import BAD_SETTING
from gallery.serving.listening import listen
from gallery.serving.quiet import end_quiet_ones

WORKERS = 2

REQUEST_THREADS = 32
"""Threads of a worker that neither an event stream, nor a variant in the making, nor who sends a
body can take."""

CONNECTIONS = 4096
"""Connections that one worker holds at once, idle ones too; more wait in the kernel."""

DRAIN_S = 25
"""How long requests that run may take to finish."""

_SAME_WISH_S = 0.5
"""Signals this close are one wish: make passes on what its whole process group was sent."""

_CRASHES, _CRASHES_WITHIN_S = 5, 60.0
"""When as many children ended on their own in that time, starting more will not help."""

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@runtime_checkable
class Settles(Protocol):
    """An application that works beside its requests."""

    def settle(self) -> None:
        """Begins nothing more, and ends in order or gives back what others can go on with."""
        ...


class CreateApp(Protocol):
    """What makes the application, in a worker of its own. ``draining`` is set when it shall end."""

    def __call__(self, settings: Settings, *, draining: threading.Event) -> WSGI: ...


class Server(MPServer):
    """The workers, and the loop that keeps them and mongod running."""

    def __init__(
        self,
        settings: Settings,
        create_app: CreateApp,
        mongod: Embedded | None,
        *,
        announce: Callable[[], None],
    ) -> None:
        super().__init__(
            "gallery",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            workers=WORKERS,
            blocking_threads=STREAM_CAP + COLD_CAP + BODY_CAP + REQUEST_THREADS,
            backpressure=CONNECTIONS,
            backlog=CONNECTIONS,
            log_level=LogLevels.error,
        )
        self._settings = settings
        self._create_app = create_app
        self._mongod = mongod
        self._announce = announce
        self._main = os.getpid()
        self._signals, self._signalled = os.pipe()
        self._reports, self._reported = os.pipe()
        self._drain, self._draining = os.pipe()
        os.set_blocking(self._signalled, False)
        self._ready: set[int] = set()
        self._crashes: deque[float] = deque(maxlen=_CRASHES)
        self._told_at: float | None = None
        self._exit_code = 0
        self._app: WSGI | None = None
        self._hangup_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    def run(self) -> int:
        """Serves until a signal says stop, and requests that run are finished; the exit code."""
        multiprocessing.set_start_method("fork", force=True)
        # A signal writes to the pipe by itself: Python's handlers run later, perhaps only once the
        # loop has fallen asleep.
        signal.set_wakeup_fd(self._signalled)
        signal.signal(signal.SIGCHLD, _nothing)
        try:
            self.serve(target_loader=self._load, wrap_loader=False)
        finally:
            for worker in self.wrks:  # None is left unless something went wrong.
                worker.kill()
        return self._exit_code

    # What granian's server calls.

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """The first signal drains; a later one ends everything at once, by the kernel's hand."""
        now = time.monotonic()
        if self._told_at is None:
            self._told_at = now
        elif now - self._told_at > _SAME_WISH_S:
            os._exit(1)

    def signal_handler_reload(self, *args: Any, **kwargs: Any) -> None:
        """A hangup: the terminal was closed."""
        if not self._hangup_ignored:
            self.signal_handler_interrupt()

    def _init_shared_socket(self) -> None:
        self._ssp = self._sso = None
        self._sockets = listen(
            self._settings.host, self._settings.port, workers=self.workers, backlog=CONNECTIONS
        )

    def _drop_shared_socket(self) -> None:
        """From now on the kernel refuses whoever comes, once the workers have closed theirs."""
        for each in self._sockets:
            each.close()

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:
        for number in range(self.workers):
            self.wrks.append(self._started(number, spawn_target, target_loader))

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        while self._told_at is None:
            readable, _, _ = select.select([self._signals, self._reports], [], [])
            if self._reports in readable:
                self._hear(os.read(self._reports, 4096))
            if self._signals in readable:
                os.read(self._signals, 4096)
                self._mend(spawn_target, target_loader)

    def _stop_workers(self) -> None:
        os.close(self._draining)
        deadline = time.monotonic() + DRAIN_S
        for worker in self.wrks:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                self._say("A request did not come to its end; it is cut off")
                worker.kill()
                worker.join()
        self.wrks.clear()

    # In the main process.

    def _started(self, number: int, spawn_target: Any, target_loader: Any) -> WorkerProcess:
        """A worker just forked; no signal reaches it before it is rid of our handlers."""
        self._number = number
        self._shd = _held(self._sockets[number])
        worker = self._spawn_worker(number, spawn_target, target_loader)
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        worker.inner.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        return worker

    def _hear(self, reports: bytes) -> None:
        """Takes in what workers report: that they are ready, or why they cannot start."""
        for report in reports.decode().splitlines():
            pid, _, refusal = report.partition(" ")
            if refusal:
                self._give_up(refusal, exit_code=BAD_SETTING)
                return
            self._ready.add(int(pid))
            if len(self._ready) == self.workers:
                self._announce()

    def _mend(self, spawn_target: Any, target_loader: Any) -> None:
        """Starts anew what ended on its own."""
        mongod = self._mongod
        if mongod and mongod.exit_code() is not None and self._may_start_again("MongoDB"):
            self._restart(mongod)
        for number, worker in enumerate(self.wrks):
            if worker.is_alive() or self._told_at is not None:
                continue
            if worker.inner.pid not in self._ready:
                self._give_up("A server worker ended before it was ready", exit_code=1)
            elif self._may_start_again(f"Server worker {number + 1}"):
                self.wrks[number] = self._started(number, spawn_target, target_loader)

    def _may_start_again(self, what: str) -> bool:
        now = time.monotonic()
        self._crashes.append(now)
        often = len(self._crashes) == _CRASHES and now - self._crashes[0] < _CRASHES_WITHIN_S
        if often:
            self._give_up(f"{what} ended, and too much did before", exit_code=1)
        else:
            self._say(f"{what} ended; it is started again")
        return not often

    def _restart(self, mongod: Embedded) -> None:
        try:
            mongod.restart()
        except ConfigError as error:
            self._give_up(error.detail, exit_code=1)

    def _give_up(self, why: str, *, exit_code: int) -> None:
        self._say(why)
        self._exit_code = exit_code
        self._told_at = time.monotonic()

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # Nobody listens any more.
            sys.stderr.write(f"{line}\n")

    # In a worker.

    def _load(self) -> WSGI:
        """The application, in a worker that was just forked."""
        signal.set_wakeup_fd(-1)
        for each in _HANDLED:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        die_with(self._main)
        # Ctrl-C is for the main process, which tells us in its own time. In the background of a
        # terminal, we may still write to it.
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.close(self._draining)
        for other in self._sockets:
            if other is not self._sockets[self._number]:
                other.close()
        draining = threading.Event()
        threading.Thread(target=self._wait_for_drain, args=(draining,), daemon=True).start()
        quiet = partial(end_quiet_ones, self._settings.port, until=draining)
        threading.Thread(target=quiet, name="quiet", daemon=True).start()
        try:
            self._app = app = self._create_app(self._settings, draining=draining)
        except DatabaseUnavailableError:
            self._refuse("MONGO_URI: the database does not answer; start it, or mend the address.")
        except GalleryError as error:
            self._refuse(error.detail)
        self._report("")
        return app

    def _wait_for_drain(self, draining: threading.Event) -> None:
        """Ends event streams, then the server, once the main process closes its end of the pipe.

        The server's handler is called here, not by a signal: Python runs handlers in the main
        thread, which may have fallen asleep just before.
        """
        os.read(self._drain, 1)
        draining.set()
        if isinstance(self._app, Settles):
            # No daemon, unlike the thread that we are: the process waits for it in the end.
            threading.Thread(target=self._app.settle, name="settle", daemon=False).start()
        stop = signal.getsignal(signal.SIGTERM)
        if not callable(stop):
            os._exit(0)  # It does not serve yet.
        stop(signal.SIGTERM, None)

    def _refuse(self, why: str) -> NoReturn:
        self._report(why)
        os._exit(BAD_SETTING)

    def _report(self, refusal: str) -> None:
        os.write(self._reported, f"{os.getpid()} {refusal}\n".encode())


def _held(listening: socket.socket) -> Any:
    """The socket as granian takes it. The stub of its class knows the first argument alone."""
    return SocketHolder(listening.fileno(), False, CONNECTIONS)  # type: ignore[call-arg]


def _nothing(number: int, frame: FrameType | None) -> None:
    """Handles SIGCHLD, which would not wake the loop if it were ignored."""
