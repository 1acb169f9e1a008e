"""Servers that end with their test, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.quick_server import QuickServer

# PostgreSQL is started from a process that has gRPC streams open. The handlers that gRPC has for a fork crash then, and
# nothing here needs them. Read when gRPC is first used.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


class Servers:
    """Starts servers in folders of their own below the test's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[QuickServer] = []

    def start(self, database_url: str, **options: Any) -> QuickServer:
        """See `QuickServer.start`."""
        return self._keep(QuickServer.start(database_url, self._next_folder(), **options))

    def launch(self, *arguments: str, **options: Any) -> QuickServer:
        """See `QuickServer.launch`."""
        return self._keep(QuickServer.launch(self._next_folder(), arguments, **options))

    def kill_all(self) -> None:
        for server in self._started:
            server.kill()

    def _next_folder(self) -> Path:
        return self._folder / f"server-{len(self._started)}"

    def _keep(self, server: QuickServer) -> QuickServer:
        self._started.append(server)
        return server


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Where a test gets its servers from."""
    started = Servers(tmp_path)
    yield started
    started.kill_all()
