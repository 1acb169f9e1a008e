"""A server that cannot start says why in one sentence; one that can shows the first token once."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.databases import execute
from tests.faults.calls import COLLECTORS, Client, RefusedError
from tests.faults.conftest import Servers
from tests.faults.quick_server import TOKEN, QuickServer

pytestmark = pytest.mark.faults

_ANY_PORTS = ("--port", "0", "--grpc-port", "0")


def _error(server: QuickServer) -> str:
    """What it said when it did not start."""
    assert server.wait() == 1, server.err
    assert server.out == ""
    *log, sentence = server.err.splitlines()
    assert all(" WARNING quarterdeck." in line for line in log), server.err
    assert sentence.startswith("quarterdeck: "), server.err
    return sentence


@pytest.mark.parametrize(
    ("arguments", "environment", "files", "said"),
    [
        pytest.param(["--port", "70000"], {}, {}, "port", id="port out of range"),
        pytest.param(["--workers", "0"], {}, {}, "workers", id="no workers"),
        pytest.param([], {"QUARTERDECK_PORT": "http"}, {}, "port", id="variable that is no number"),
        pytest.param([], {"QUARTERDECK_PROT": "80"}, {}, "QUARTERDECK_PROT", id="misspelt variable"),
        pytest.param([], {"QUARTERDECK_CONFIG": "none.toml"}, {}, "none.toml", id="settings file that is not there"),
        pytest.param([], {}, {"quarterdeck.toml": "prot = 80\n"}, "prot", id="misspelt key in the file"),
        pytest.param([], {}, {"quarterdeck.toml": "port = = 80\n"}, "settings file", id="file that is no TOML"),
        pytest.param([], {"QUARTERDECK_BOOTSTRAP_TOKEN": "short"}, {}, "bootstrap token", id="short token"),
        pytest.param(
            [],
            {"QUARTERDECK_BOOTSTRAP_TOKEN_FILE": "none"},
            {},
            "QUARTERDECK_BOOTSTRAP_TOKEN_FILE",
            id="no secret file",
        ),
        pytest.param(["--database", "mysql://db/fleet"], {}, {}, "database", id="unknown kind of database"),
        pytest.param(["--database", "sqlite:///no/such/folder/q.db"], {}, {}, "no/such/folder/q.db", id="no folder"),
        pytest.param(["--database", "sqlite:///text.db"], {}, {"text.db": "words " * 99}, "text.db", id="no database"),
        pytest.param(
            ["--database", "postgresql://me:secret@127.0.0.1:1/fleet"],
            {},
            {},
            "127.0.0.1:1/fleet",
            id="no PostgreSQL there",
        ),
        pytest.param(["--host", "0.0.0.0", "--no-auth"], {}, {}, "--unsafe-no-auth", id="open to the network"),
        pytest.param(["--host", "::", "--no-auth"], {}, {}, "--unsafe-no-auth", id="open to the network by IPv6"),
        pytest.param(["--host", "192.0.2.1"], {}, {}, "192.0.2.1", id="address of another machine"),
        pytest.param(["--host", "no such host"], {}, {}, "no such host", id="address that is none"),
        pytest.param(["--data-dir", "file"], {}, {"file": ""}, "file", id="data directory that is a file"),
    ],
)
def test_a_server_that_cannot_start_says_why(
    servers: Servers,
    tmp_path: Path,
    arguments: list[str],
    environment: dict[str, str],
    files: dict[str, str],
    said: str,
) -> None:
    folder = tmp_path / "server-0"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    ports = [] if "port" in said else _ANY_PORTS

    server = servers.launch(*ports, *arguments, environment=environment)

    told = _error(server)
    assert said in told
    assert "secret" not in told


@pytest.mark.parametrize("option", ["--port", "--grpc-port"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_is_taken_is_named(servers: Servers, option: str, workers: str) -> None:
    with _taken_port() as port:
        server = servers.launch(*_ANY_PORTS, option, str(port), "--workers", workers)

        assert str(port) in _error(server)


@contextmanager
def _taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


async def test_a_database_of_a_newer_version_is_left_alone(
    servers: Servers, database_url: str, postgres_or_sqlite: Callable[[str, str], None]
) -> None:
    await asyncio.to_thread(postgres_or_sqlite, database_url, "UPDATE alembic_version SET version_num = '9999_future'")

    server = servers.launch(*_ANY_PORTS, "--database", database_url)

    told = _error(server)
    assert "9999_future" in told
    assert "newer version" in told


@pytest.fixture
def postgres_or_sqlite() -> Callable[[str, str], None]:
    """Runs one statement, whatever the database is."""

    def run(url: str, statement: str) -> None:
        if not url.startswith("sqlite"):
            asyncio.run(execute(url, statement))
            return
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute(statement)
        connection.close()

    return run


async def test_anybody_is_an_admin_where_that_was_asked_for_twice(servers: Servers) -> None:
    server = servers.launch(*_ANY_PORTS, "--host", "0.0.0.0", "--unsafe-no-auth", "--log-format", "json")
    server.wait_until_serving()

    async with Client(server.http_url.replace("0.0.0.0", "127.0.0.1"), token="none-that-anybody-knows") as client:
        assert await client.call(COLLECTORS, "CreateCollector", collector={"id": "c"})


async def test_no_auth_is_fine_on_this_machine_alone(servers: Servers) -> None:
    server = servers.launch(*_ANY_PORTS, "--no-auth", "--log-format", "json")
    server.wait_until_serving()

    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{server.http_url}/api/v1/caller")
    assert answer.json()["role"] == "ROLE_ADMIN"


async def test_the_first_token_is_shown_once(servers: Servers, tmp_path: Path) -> None:
    arguments = (*_ANY_PORTS, "--database", f"sqlite:///{tmp_path / 'new.db'}", "--log-format", "json")
    first = servers.launch(*arguments)
    first.wait_until_serving()
    token = json.loads(first.out)["bootstrap_token"]
    async with Client(first.http_url, token) as client:
        await client.call(COLLECTORS, "CreateCollector", collector={"id": "c"})
    first.terminate()
    assert first.wait() == 0

    second = servers.launch(*arguments)
    second.wait_until_serving()

    assert "bootstrap_token" not in json.loads(second.out)
    assert (first.out + first.err).count(token) == 1
    assert token not in second.out + second.err
    async with Client(second.http_url, token) as client:
        assert (await client.call(COLLECTORS, "GetCollector", id="c"))["id"] == "c"


def test_people_are_told_how_to_get_in(servers: Servers, tmp_path: Path) -> None:
    arguments = (*_ANY_PORTS, "--database", f"sqlite:///{tmp_path / 'new.db'}")
    first = servers.launch(*arguments)
    first.wait_for_output("remotecfg")
    found = re.search(r"QUARTERDECK_TOKEN=(\S+)", first.out)
    assert found is not None
    first.terminate()
    assert first.wait() == 0

    second = servers.launch(*arguments)
    second.wait_for_output("serves http://")
    second.terminate()
    assert second.wait() == 0

    # Once to keep it and once in the block to paste.
    assert first.out.count(found[1]) == 2
    assert "QUARTERDECK_TOKEN" not in second.out


async def test_a_chosen_token_is_never_shown(servers: Servers, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    server = servers.start(url, arguments=["--log-level", "debug"])
    async with Client(server.http_url) as client:
        with pytest.raises(RefusedError, match="404"):
            await client.call(COLLECTORS, "GetCollector", id="c")

    assert TOKEN not in server.out + server.err
