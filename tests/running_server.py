"""A real `quarterdeck serve` in a process of its own, for tests that need what only a process can show."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

BOOTSTRAP_TOKEN = "bootstrap-token-of-the-tests-0123456789abcdef"
"""The admin token of every server started here, unless the test names another."""

_CONSOLE_SCRIPT = Path(sys.executable).with_name("quarterdeck")


class StartError(AssertionError):
    """The server ended, or said nothing, before it was ready; carries what it printed."""


class RunningServer:
    """One server process: `start` waits until it serves, `stop` ends it as an operator does, `kill` like a power cut.

    A context manager that stops the server when it is still there. `logs` is all it printed on both streams so far.
    """

    def __init__(self, process: subprocess.Popen[str], token: str) -> None:
        self.process = process
        self.token = token
        self.http_url = ""
        self.grpc_target = ""
        self._cleared = False
        self._lines: list[str] = []
        self._serving: dict[str, Any] | None = None
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        self._reading = len(self._readers)

    @classmethod
    def start(
        cls,
        database_url: str,
        data_dir: Path | str,
        *,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        token: str = BOOTSTRAP_TOKEN,
        command: Sequence[str] = (str(_CONSOLE_SCRIPT),),
        host: str = "127.0.0.1",
        port: int = 0,
        grpc_port: int = 0,
        timeout: float = 60,
    ) -> Self:
        """Start and wait until it serves. `args` follow the usual ones, `env` is laid over the environment of the
        tests, from which no setting of Quarterdeck is inherited.

        Raises StartError with the output when it ends or stays silent for `timeout` seconds.
        """
        server = cls.launch(
            database_url, data_dir, args=args, env=env, token=token, command=command, host=host, port=port,
            grpc_port=grpc_port,
        )  # fmt: skip
        server.wait_until_serving(timeout)
        return server

    @classmethod
    def launch(
        cls,
        database_url: str,
        data_dir: Path | str,
        *,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        token: str = BOOTSTRAP_TOKEN,
        command: Sequence[str] = (str(_CONSOLE_SCRIPT),),
        host: str = "127.0.0.1",
        port: int = 0,
        grpc_port: int = 0,
    ) -> Self:
        """Start without waiting, for tests of servers that do not become ready."""
        home = Path(data_dir).resolve()
        home.mkdir(parents=True, exist_ok=True)
        command_line = [
            *command, "serve", "--host", host, "--port", str(port), "--grpc-port", str(grpc_port),
            "--database", database_url, "--data-dir", str(home), "--log-format", "json", *args,
        ]  # fmt: skip
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERDECK_")}
        process = subprocess.Popen(
            command_line,
            cwd=home,  # where no quarterdeck.toml of a developer lies
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**inherited, "QUARTERDECK_BOOTSTRAP_TOKEN": token, **(env or {})},
            # A group of its own, so that kill() reaches the workers as well.
            process_group=0,
        )
        server = cls(process, token)
        for reader in server._readers:
            reader.start()
        return server

    def wait_until_serving(self, timeout: float = 60) -> None:
        """Wait for the line that announces the addresses. Raises StartError; the process is then gone."""
        with self._changed:
            self._changed.wait_for(lambda: self._serving is not None or not self._reading, timeout)
            serving = self._serving
        if serving is None:
            code = self.process.poll()
            self.kill()
            state = f"ended with code {code}" if code is not None else f"did not serve within {timeout} s"
            raise StartError(f"quarterdeck serve {state}; it printed:\n{self.logs}")
        self.http_url = str(serving["http"])
        self.grpc_target = str(serving.get("grpc") or "")

    @property
    def logs(self) -> str:
        """Everything printed so far, in the order of arrival."""
        with self._changed:
            return "".join(self._lines)

    def tail(self, lines: int = 60) -> str:
        """The end of the log, for the message of a failed assertion."""
        kept = self.logs.splitlines()[-lines:]
        return "\n".join(["the server printed last:", *kept])

    def events(self) -> Iterator[dict[str, Any]]:
        """The lines of the log that are JSON objects."""
        for line in self.logs.splitlines():
            if (event := _json_object(line)) is not None:
                yield event

    def wait_for_log(self, text: str, timeout: float = 30) -> None:
        """Wait until `text` was printed. Raises AssertionError with the log when it is not."""
        with self._changed:
            if not self._changed.wait_for(lambda: any(text in line for line in self._lines), timeout):
                raise AssertionError(f"{text!r} was not printed within {timeout} s:\n{''.join(self._lines)}")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout: float = 30) -> int:
        """SIGTERM, and wait. The exit code; AssertionError with the log when it does not end in time (it is killed)."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the server within {timeout} s:\n{self.logs}") from None
        self._clear_group()
        self._finish()
        return code

    def kill(self) -> None:
        """SIGKILL to the server and everything it started, and wait."""
        self._clear_group()
        self.process.wait(30)
        self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            self.stop()
        else:
            self.kill()

    def _clear_group(self) -> None:
        # Once only: after that the number may belong to somebody else's process.
        if not self._cleared:
            self._cleared = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _finish(self) -> None:
        deadline = time.monotonic() + 10
        for reader in self._readers:
            reader.join(max(0.0, deadline - time.monotonic()))
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed:
                stream.close()

    def _read(self, stream: IO[str]) -> None:
        try:
            for line in stream:
                self._keep(line)
        finally:
            with self._changed:
                self._reading -= 1
                self._changed.notify_all()

    def _keep(self, line: str) -> None:
        event = _json_object(line)
        with self._changed:
            self._lines.append(line)
            if self._serving is None and event is not None and event.get("event") == "serving":
                self._serving = event
            self._changed.notify_all()


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
