"""`quarterdeck serve` in processes that start in a fraction of a second, for tests that start dozens.

The command line's own entry point runs in a fork of a process that has imported everything already: what is left of
the start is opening the database and the ports. All else is as in any server, in a process group of its own.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

TOKEN = "bootstrap-token-of-the-fault-tests-0123456789"
"""The admin token of every server started here."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "quarterdeck.cli.serve",
        "quarterdeck.serving",
        "quarterdeck.migrations.moving",
        "quarterdeck.database.listening",
        "grpc.aio",
        "uvicorn.loops.auto",
        "uvloop",
    ]
)

Variant = Callable[[], None]
"""Changes the server before it runs; a function of a module, because it is called in the other process."""


class QuickServer:
    """One server process. `start` waits until it serves, `launch` does not."""

    def __init__(self, process: Any, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.http_url = ""
        self.grpc_target = ""

    @classmethod
    def launch(
        cls,
        folder: Path,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        variant: Variant | None = None,
    ) -> Self:
        """`quarterdeck serve ARGUMENTS` in `folder`, with no other setting than those of `environment`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("out", "err"):
            (folder / name).write_text("")
        process = _CONTEXT.Process(
            target=_serve, args=(str(folder), list(arguments), dict(environment or {}), variant), daemon=False
        )
        process.start()
        return cls(process, folder)

    @classmethod
    def start(
        cls,
        database_url: str,
        folder: Path,
        *,
        port: int = 0,
        arguments: Sequence[str] = (),
        variant: Variant | None = None,
    ) -> Self:
        """Start on a database and wait until it serves. Raises AssertionError with what it printed when it does not."""
        usual = ["--port", str(port), "--grpc-port", "0", "--database", database_url, "--log-format", "json"]
        environment = {"QUARTERDECK_BOOTSTRAP_TOKEN": TOKEN}
        server = cls.launch(folder, [*usual, *arguments], environment=environment, variant=variant)
        server.wait_until_serving()
        return server

    def wait_until_serving(self, timeout: float = 30) -> None:
        """Wait for the announcement in JSON."""
        deadline = time.monotonic() + timeout
        while (serving := self._announced()) is None:
            if not self._process.is_alive() or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start: {self.out}{self.err}")
            time.sleep(0.01)
        self.http_url, self.grpc_target = serving["http"], serving["grpc"]

    def wait_for_output(self, text: str, timeout: float = 30) -> None:
        """Wait until it has printed `text` on standard output."""
        deadline = time.monotonic() + timeout
        while text not in self.out:
            assert self._process.is_alive(), f"the server ended: {self.err}"
            assert time.monotonic() < deadline, f"{text!r} was not printed within {timeout} s: {self.out}"
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL, and wait. Does nothing when it has ended."""
        if self._process.is_alive():
            # Before the fork made its group there are no others to reach.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.join(30)

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self._process.terminate()

    def wait(self, timeout: float = 30) -> int:
        """The exit code. Raises AssertionError with what it printed when it does not end in time; it is killed then."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self.kill()
            raise AssertionError(f"the server did not end within {timeout} s: {self.out}{self.err}")
        return int(self._process.exitcode)

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    @property
    def out(self) -> str:
        """What it printed on standard output."""
        return (self._folder / "out").read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it printed on standard error."""
        return (self._folder / "err").read_text(encoding="utf-8", errors="replace")

    def _announced(self) -> dict[str, str] | None:
        for line in self.out.splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                event: dict[str, str] = json.loads(line)
                return event
        return None


def free_port() -> int:
    """A port that nobody listens on now; a server that is killed and started again keeps it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(folder: str, arguments: list[str], environment: dict[str, str], variant: Variant | None) -> None:
    from quarterdeck.cli import main

    os.setsid()
    os.chdir(folder)
    for name, number in (("out", 1), ("err", 2)):
        file = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(file, number)
    for name in [name for name in os.environ if name.startswith("QUARTERDECK_")]:
        del os.environ[name]
    os.environ.update(environment)
    if variant is not None:
        variant()
    sys.argv = ["quarterdeck", "serve", *arguments]
    main()
