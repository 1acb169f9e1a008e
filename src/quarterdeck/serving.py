"""From settings to listening processes: sockets, the event loop, signals, the announcement, worker processes."""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import queue
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import orjson
import uvicorn

from quarterdeck.logs import configure_logging
from quarterdeck.server import Application, application
from quarterdeck.settings import Settings
from quarterdeck.wire.http_connection import HttpConnection

_log = logging.getLogger("quarterdeck")

GRACE = 5.0
"""Seconds that running calls get when the server stops; streams are ended then and resume elsewhere."""


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises DomainError or OSError when it cannot start."""
    configure_logging(settings.log_format, settings.log_level)
    listener = listen(settings.host, settings.port)
    if settings.workers == 1:
        # gRPC says it in its own way, and on standard error.
        _reserve(settings.host, settings.grpc_port, socket.SO_REUSEADDR).close()
        _loop().run_until_complete(serve(settings, listener))
    else:
        _Workers(settings, listener).run()


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises OSError, saying where."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, or asyncio does not know accepted connections for TCP and leaves Nagle's algorithm on: 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen for HTTP on {host}:{port}: {error.strerror}") from error
    listener.listen(2048)
    listener.setblocking(False)  # noqa: FBT003 - the method's signature
    return listener


async def serve(settings: Settings, listener: socket.socket, *, worker: bool = False, started: Any = None) -> None:
    """Serve in this process until told to stop."""
    async with application(settings, share_grpc_port=worker) as running:
        grpc_port = await running.transports.grpc.start(f"{_bracketed(settings.host)}:{settings.grpc_port}")

        def on_listening() -> None:
            _settle_memory()
            if not worker:
                announce(settings, listener.getsockname()[1], grpc_port, running.bootstrap_token)
            elif started is not None:
                started.put(running.bootstrap_token)

        async def on_stopping() -> None:
            running.streams.end()
            await running.transports.grpc.stop(GRACE)

        server = _HttpServer(_config(running), on_listening, on_stopping)
        if worker:
            server.stop_with_parent()
        await server.serve(sockets=[listener])


def _settle_memory() -> None:
    """What is there now stays until the end: the collections of garbage that begin now need not look at it again."""
    gc.freeze()
    gc.enable()


class _HttpServer(uvicorn.Server):
    """Uvicorn, saying when it listens, stopping others with itself, and leaving the process to us."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_listening: Callable[[], None],
        on_stopping: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__(config)
        self._on_listening = on_listening
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Together, so that the grace is one.
        await asyncio.gather(super().shutdown(sockets), self._on_stopping())

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals stop the server. Uvicorn would raise them again when it has stopped, and so end the process before
        what was taken is written and what is open is closed.
        """
        handlers = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def stop_with_parent(self) -> None:
        """A worker whose parent was killed must not go on holding the ports."""
        parent = multiprocessing.parent_process()
        if parent is not None:
            asyncio.get_running_loop().add_reader(parent.sentinel, self._lose_parent, parent.sentinel)

    def _lose_parent(self, sentinel: int) -> None:
        asyncio.get_running_loop().remove_reader(sentinel)
        self.should_exit = True


def _config(running: Application) -> uvicorn.Config:
    return uvicorn.Config(
        running.transports.http,
        http=HttpConnection,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # nobody asks where a call came from, and reading them costs every poll
        ws="none",
        timeout_graceful_shutdown=int(GRACE),
        timeout_keep_alive=75,
    )


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        loop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def announce(settings: Settings, port: int, grpc_port: int, token: str | None) -> None:
    """Say where the server listens and, on the very first start, how to get in: the only time the token is shown."""
    host = _bracketed(settings.host)
    url = f"http://{host}:{port}"
    if settings.log_format == "json":
        line = {"event": "serving", "http": url, "grpc": f"{host}:{grpc_port}"}
        if token is not None and settings.bootstrap_token is None:
            line["bootstrap_token"] = token
        print(orjson.dumps(line).decode(), flush=True)
        return
    print(f"Quarterdeck serves {url} (Connect, gRPC-Web, REST, SSE) and {host}:{grpc_port} (gRPC).", flush=True)
    if token is None:
        return
    shown = token if settings.bootstrap_token is None else "YOUR_BOOTSTRAP_TOKEN"
    print(_welcome(url, shown), flush=True)


def _welcome(url: str, token: str) -> str:
    return f"""
This is the first start: an admin token was made. It is shown only now.

    export QUARTERDECK_TOKEN={token}

Paste this into Alloy's configuration, or try a simulated collector:
`quarterdeck simulate collectors --url {url}`

    remotecfg {{
      url            = "{url}"
      id             = constants.hostname
      poll_frequency = "10s"

      basic_auth {{
        username = "quarterdeck"
        password = "{token}"
      }}
    }}
"""


class _Workers:
    """Several processes on the same ports. One that dies is replaced; a signal stops all."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._listener = listener
        self._reserved = _reserve(settings.host, settings.grpc_port, socket.SO_REUSEPORT)
        self._settings = settings.model_copy(update={"grpc_port": self._reserved.getsockname()[1]})
        self._context = multiprocessing.get_context("spawn")
        self._started: Any = self._context.Queue()
        self._processes: list[BaseProcess] = []
        self._stopping = False

    def run(self) -> None:
        _settle_memory()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        token = self._start_first()
        if not self._processes:
            sys.exit(0 if self._stopping else 1)
        self._processes += [self._start() for _ in range(self._settings.workers - 1)]
        announce(self._settings, self._listener.getsockname()[1], self._settings.grpc_port, token)
        while not self._stopping:
            self._replace_dead()
        for process in self._processes:
            process.terminate()  # those that were started when the signal came
        for process in self._processes:
            process.join(2 * GRACE)
            process.kill()

    def _start_first(self) -> str | None:
        """Alone, so that an empty database is set up once and a server that cannot start says so once."""
        process = self._start()
        self._processes.append(process)
        while process.is_alive():
            with suppress(queue.Empty):
                token: str | None = self._started.get(timeout=0.2)
                return token
        self._processes.clear()
        return None

    def _start(self) -> BaseProcess:
        process = self._context.Process(
            target=_serve_as_worker, args=(self._settings, self._listener, self._started), daemon=False
        )
        process.start()
        return process

    def _replace_dead(self) -> None:
        for index, process in enumerate(self._processes):
            process.join(0.5 / len(self._processes))
            if not process.is_alive() and not self._stopping:
                _log.error("worker %s ended with %s and is replaced", process.pid, process.exitcode)
                self._processes[index] = self._start()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for process in self._processes:
            if process.is_alive() and process.pid is not None:
                process.terminate()
        _log.debug("signal %s", number)


def _reserve(host: str, port: int, option: int) -> socket.socket:
    """Hold a port for who will listen on it, without listening. Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    holder = socket.socket(family, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        holder.bind((host.strip("[]"), port))
    except OSError as error:
        holder.close()
        raise OSError(f"cannot listen for gRPC on {host}:{port}: {error.strerror}") from error
    return holder


def _serve_as_worker(settings: Settings, listener: socket.socket, started: Any) -> None:
    from quarterdeck.errors import DomainError

    configure_logging(settings.log_format, settings.log_level)
    try:
        _loop().run_until_complete(serve(settings, listener, worker=True, started=started))
    except (DomainError, OSError) as error:
        print(f"quarterdeck: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
