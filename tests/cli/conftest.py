"""A real server in a process of its own, and a way to run commands against it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quarterdeck.cli import main
from tests.running_server import RunningServer

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("cli")
    with RunningServer.start(f"sqlite:///{folder / 'quarterdeck.db'}", folder) as running:
        yield running


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder without any setting from outside."""
    for name in list(os.environ):
        if name.startswith("QUARTERDECK_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **options: str) -> Result:
        return CliRunner().invoke(main, arguments, catch_exceptions=False, **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def cli(alone: Run, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as an admin of the server."""
    monkeypatch.setenv("QUARTERDECK_URL", server.http_url)
    monkeypatch.setenv("QUARTERDECK_TOKEN", server.token)
    return alone
