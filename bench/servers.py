"""The processes that are measured: Quarterdeck on both databases, the bare server, and the PostgreSQL behind one."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.calls import TOKEN, add_collectors, add_pipelines
from bench.load import Target
from bench.machine import SERVER_CORES, on_cores, resident_mib
from bench.raw import RawDatabase, RawPostgres, RawSqlite
from tests.databases import PostgresServer, binaries, execute
from tests.running_server import RunningServer

_SERVE = (sys.executable, "-m", "quarterdeck")


@dataclass(frozen=True, slots=True)
class Server:
    """A Quarterdeck that serves."""

    process: RunningServer
    hashes: tuple[str, ...]
    """What each polling collector got."""

    @property
    def target(self) -> Target:
        return Target(_port(self.process), self.process.process.pid)


@dataclass(frozen=True, slots=True)
class Subject:
    """Quarterdeck on one database: a server for the calls that leave the fleet as it is, one for those that change it,
    and the same database by its driver."""

    name: str
    reads: Server
    writes: Server
    raw: RawDatabase | None
    first_start: float
    """Seconds until it serves an empty database."""
    restart: float
    """Seconds until it serves a database that it knows."""
    idle_mib: float | None

    def loaded_mib(self) -> float | None:
        """Memory of the reading server now."""
        return resident_mib(self.reads.process.process.pid)


class Databases:
    """Makes databases of one kind."""

    def __init__(self, name: str, folder: Path, postgres_url: str | None) -> None:
        self.name = name
        self._folder = folder
        self._postgres_url = postgres_url

    def create(self, template: str | None = None) -> str:
        """The URL of a new one: empty, or a copy of one that nobody uses just now."""
        label = f"qd_bench_{secrets.token_hex(6)}"
        if self._postgres_url is None:
            url = f"sqlite:///{self._folder / label}.db"
            if template is not None:
                shutil.copy(template.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))
            return url
        source = "template0" if template is None else urlsplit(template).path.removeprefix("/")
        asyncio.run(execute(self._postgres_url, f'CREATE DATABASE "{label}" TEMPLATE "{source}"'))
        return urlunsplit(urlsplit(self._postgres_url)._replace(path=f"/{label}"))

    def raw(self, url: str) -> RawDatabase:
        """One of them, opened by its driver."""
        return RawSqlite(url.removeprefix("sqlite:///")) if self._postgres_url is None else RawPostgres(url)


@contextmanager
def postgres() -> Iterator[str | None]:
    """An administrator's URL: of `QUARTERDECK_TEST_POSTGRES_URL`, or of a server started here; None without either."""
    configured = os.environ.get("QUARTERDECK_TEST_POSTGRES_URL")
    folder = binaries()
    if configured or folder is None:
        yield configured
        return
    server = PostgresServer(folder)
    try:
        server.create()
        server.start()
        yield server.url("postgres")
    finally:
        server.remove()


@contextmanager
def subject(
    databases: Databases, folder: Path, *, name: str = "", source: Path | None = None, collectors: int
) -> Iterator[Subject]:
    """Quarterdeck with its fleet; `source` is the `src` folder of another checkout to take it from."""
    environment = {"PYTHONPATH": str(source)} if source is not None else {}
    with ExitStack() as stack:
        url = databases.create()
        process, first_start = _start(url, folder, environment)
        add_pipelines(_port(process))
        process.stop()
        copy = databases.create(url)
        raw = databases.raw(databases.create(url)) if source is None else None
        if raw is not None:
            stack.callback(raw.close)
        writing, restart = _start(url, folder, environment)
        stack.callback(writing.kill)
        reading, _ = _start(copy, folder, environment)
        stack.callback(reading.kill)
        idle = resident_mib(reading.process.pid)
        reads = Server(reading, add_collectors(_port(reading), collectors))
        yield Subject(name or databases.name, reads, Server(writing, ("",)), raw, first_start, restart, idle)


@contextmanager
def start_server(url: str, folder: Path) -> Iterator[Target]:
    """Quarterdeck on a database, which may send webhooks to this machine; stopped in the end."""
    process, _ = _start(url, folder, {"QUARTERDECK_WEBHOOK_ALLOW": "127.0.0.0/8"})
    with process:
        yield Target(_port(process), process.process.pid)


@contextmanager
def bare_server() -> Iterator[Target]:
    """The bare server, running."""
    with helper("bench.bare", cores=SERVER_CORES) as target:
        yield target


@contextmanager
def helper(module: str, *arguments: str, cores: frozenset[int]) -> Iterator[Target]:
    """A server of this package, running; it prints its port."""
    with on_cores(cores):
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Target(int(process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def _start(url: str, folder: Path, environment: Mapping[str, str]) -> tuple[RunningServer, float]:
    started = time.perf_counter()
    with on_cores(SERVER_CORES):
        process = RunningServer.start(url, folder, command=_SERVE, token=TOKEN, env=environment)
    return process, time.perf_counter() - started


def _port(process: RunningServer) -> int:
    return urlsplit(process.http_url).port or 0
