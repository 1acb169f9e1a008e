"""Go programs over the published modules of Fleet Management and of Alloy's remotecfg; the assertions are in Go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients import toolchains
from tests.running_server import RunningServer

pytestmark = pytest.mark.clients

_DECLARED = re.compile(r"^func (Test\w+)\(t \*testing\.T\)", re.MULTILINE)


def _declared(module: str) -> list[str]:
    """The tests of a suite, read from the sources so that collecting needs no compiler."""
    sources = sorted((toolchains.GO / module).glob("*_test.go"))
    return [name for source in sources for name in _DECLARED.findall(source.read_text())]


def _suite(name: str) -> Path:
    toolchains.require("go")
    try:
        return toolchains.go_suite(name)
    except toolchains.UnavailableError as error:
        toolchains.unavailable(str(error))
        raise


@pytest.fixture(scope="session")
def management() -> Path:
    return _suite("management")


@pytest.fixture(scope="session")
def agent() -> Path:
    return _suite("agent")


def _run(suite: Path, test: str, codec: str, server: RunningServer) -> None:
    done = toolchains.run(
        [str(suite), "-test.v", "-test.timeout=2m", f"-test.run=^{test}$"],
        cwd=suite.parent,
        env={"QUARTERDECK_URL": server.http_url, "QUARTERDECK_TOKEN": server.token, "QUARTERDECK_CODEC": codec},
    )
    assert done.returncode == 0, f"{done.stdout}\n{server.tail()}"
    assert f"--- PASS: {test} " in done.stdout, done.stdout


@pytest.mark.parametrize("codec", ["proto", "json"])
@pytest.mark.parametrize("test", _declared("management"))
def test_management(management: Path, server: RunningServer, test: str, codec: str) -> None:
    _run(management, test, codec, server)


@pytest.mark.parametrize("codec", ["proto", "json"])
@pytest.mark.parametrize("test", _declared("agent"))
def test_agent(agent: Path, server: RunningServer, test: str, codec: str) -> None:
    _run(agent, test, codec, server)


@pytest.mark.parametrize("module", ["management", "agent"])
def test_every_test_of_a_suite_is_run(module: str) -> None:
    listed = toolchains.run([str(_suite(module)), "-test.list=."], cwd=toolchains.GO)

    assert sorted(listed.stdout.split()) == sorted(_declared(module))
