"""`quarterdeck db`, which needs no server, and what `quarterdeck serve` refuses."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from importlib import metadata
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.running_server import RunningServer, StartError


def test_a_database_goes_up_and_down(alone: Run, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    up = alone("db", "upgrade", "--database", url)
    assert (up.exit_code, up.stdout.startswith("the database is at revision ")) == (0, True)
    assert alone("db", "upgrade", "--database", url).stdout == up.stdout
    assert alone("db", "check", "--database", url).exit_code == 0
    asked = alone("db", "downgrade", "--database", url, "base", input="n\n")
    assert (asked.exit_code, "Data of what is removed will be lost" in asked.output) == (1, True)
    assert alone("db", "check", "--database", url).exit_code == 0
    down = alone("db", "downgrade", "--database", url, "base", "--yes")
    assert down.exit_code == 0, down.output
    empty = alone("db", "check", "--database", url)
    assert (empty.exit_code, empty.stdout) == (1, "")
    assert re.fullmatch(r"quarterdeck: the database is at revision none, this version expects \d+\n", empty.stderr)


def test_an_older_database_is_told_in_one_line(alone: Run, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    assert alone("db", "upgrade", "--database", url).exit_code == 0
    assert alone("db", "downgrade", "--database", url, "0001", "--yes").exit_code == 0
    older = alone("db", "check", "--database", url)
    assert (older.exit_code, older.stdout) == (1, "")
    assert re.fullmatch(r"quarterdeck: the database is at revision 0001, this version expects \d+\n", older.stderr)


def test_tables_that_somebody_changed_are_told(alone: Run, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    assert alone("db", "upgrade", "--database", url).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE stray (id INTEGER)")
    changed = alone("db", "check", "--database", url)
    assert (changed.exit_code, "stray" in changed.stdout) == (1, True)
    assert changed.stderr.endswith("but its tables are not those of that revision\n")


@pytest.mark.parametrize("words", [("check",), ("downgrade", "base", "--yes")])
@pytest.mark.parametrize("named", [True, False])
def test_a_database_that_is_not_there_is_not_made(alone: Run, tmp_path: Path, words: tuple[str, ...], named: bool):
    file = tmp_path / "x.db" if named else Path("quarterdeck-data/quarterdeck.db")
    failed = alone("db", *words, *(("--database", f"sqlite:///{file}") if named else ()))
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr == f"quarterdeck: there is no database {file}; `quarterdeck db upgrade` makes one\n"
    assert list(tmp_path.iterdir()) == []


def test_the_database_may_come_from_the_settings(alone: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUARTERDECK_DATABASE", f"sqlite:///{tmp_path / 'y.db'}")
    assert alone("db", "upgrade").exit_code == 0
    assert (tmp_path / "y.db").exists()


def test_without_a_word_the_database_is_that_of_the_data_directory(alone: Run, tmp_path: Path):
    assert alone("db", "upgrade").exit_code == 0
    assert (tmp_path / "quarterdeck-data" / "quarterdeck.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("db", "check", "--database", "mysql://a/b"),
        ("db", "upgrade", "--database", "nonsense"),
        ("db", "check", "--database", "sqlite:///" + "x" * 300),
        ("db", "upgrade", "--database", "sqlite:////nowhere/at/all/x.db"),
        ("db", "check", "--database", "postgresql://u:hunter2@127.0.0.1:1/x"),
        ("db", "downgrade", "--yes", "no-such-revision"),
    ],
)
def test_a_database_that_is_none_says_so(alone: Run, arguments: tuple[str, ...]):
    failed = alone(*arguments)
    assert failed.exit_code == 1, failed.output
    assert failed.stderr.startswith("quarterdeck: ")
    assert "hunter2" not in failed.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--host", "0.0.0.0", "--no-auth"), "loopback addresses only"),
        (("--port", "65536"), "port: "),
        (("--workers", "0"), "workers: "),
    ],
)
def test_serve_says_what_is_wrong_and_ends(alone: Run, arguments: tuple[str, ...], why: str):
    failed = alone("serve", *arguments)
    assert failed.exit_code == 1
    assert failed.stderr.startswith("quarterdeck: ")
    assert why in failed.stderr


def test_serve_refuses_a_setting_of_nobody(alone: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUARTERDECK_PROT", "1")
    failed = alone("serve")
    assert (failed.exit_code, "QUARTERDECK_PROT, which is no setting" in failed.stderr) == (1, True)


def test_a_database_of_another_kind_is_told(tmp_path: Path):
    with pytest.raises(StartError, match=r"quarterdeck: .*mysql"):
        RunningServer.start("mysql://a/b", tmp_path)


def test_a_taken_port_is_told(server: RunningServer, tmp_path: Path):
    port = int(server.http_url.rpartition(":")[2])
    with pytest.raises(StartError, match=rf"quarterdeck: cannot listen for HTTP on 127\.0\.0\.1:{port}"):
        RunningServer.start(f"sqlite:///{tmp_path / 'z.db'}", tmp_path, port=port)


def test_a_taken_grpc_port_is_told(server: RunningServer, tmp_path: Path):
    port = int(server.grpc_target.rpartition(":")[2])
    with pytest.raises(StartError, match=rf"quarterdeck: cannot listen for gRPC on 127\.0\.0\.1:{port}"):
        RunningServer.start(f"sqlite:///{tmp_path / 'z.db'}", tmp_path, grpc_port=port)


def test_a_bootstrap_token_that_is_too_short_is_told(tmp_path: Path):
    with pytest.raises(StartError, match="quarterdeck: "):
        RunningServer.start(f"sqlite:///{tmp_path / 'z.db'}", tmp_path, token="short")


@pytest.mark.parametrize(
    "arguments", [(), ("serve",), ("token",), ("token", "create"), ("tenant",), ("fleet",), ("fleet", "apply"), ("db",)]
)
def test_every_command_explains_itself(alone: Run, arguments: tuple[str, ...]):
    shown = alone(*arguments, "--help")
    assert (shown.exit_code, shown.stdout.startswith("Usage: ")) == (0, True)


def test_the_version_is_that_of_the_package(alone: Run):
    assert alone("--version").stdout == f"quarterdeck, version {metadata.version('quarterdeck')}\n"
