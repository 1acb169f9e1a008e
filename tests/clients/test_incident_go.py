"""Go programs over github.com/grafana/incident-go: its newest revision, and the one that mcp-grafana is built with.

The assertions are in Go. The module proxy did not give the revisions from 7a56525c on, with their structured errors
(November 2026): the suite reads those errors by the same rules itself.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients import toolchains
from tests.clients.incident_rpc import token_of
from tests.running_server import RunningServer

pytestmark = pytest.mark.clients

_MODULE = "incidents"
_NEWEST, _OLDER = "", "d716816"
_REVISIONS = [pytest.param(_NEWEST, id="incident-go-c21f107"), pytest.param(_OLDER, id="incident-go-d716816")]
_DECLARED = re.compile(r"^func (Test\w+)\(t \*testing\.T\)", re.MULTILINE)


def _declared(revision: str) -> list[str]:
    """The tests of a suite, read from the sources so that collecting needs no compiler."""
    sources = [path.read_text() for path in sorted((toolchains.GO / _MODULE).glob("*_test.go"))]
    built = [text for text in sources if not (revision and text.startswith(f"//go:build !{revision}\n"))]
    return [name for text in built for name in _DECLARED.findall(text)]


def _suite(revision: str) -> Path:
    toolchains.require("go")
    try:
        return toolchains.go_suite(_MODULE, revision=revision)
    except toolchains.UnavailableError as error:
        toolchains.unavailable(str(error))
        raise


@pytest.fixture(scope="module")
def viewer_token(server: RunningServer) -> str:
    return token_of(server, "viewer")


@pytest.mark.parametrize(
    ("revision", "test"),
    [
        pytest.param(*revision.values, test, id=f"{revision.id}-{test}")
        for revision in _REVISIONS
        for test in _declared(str(revision.values[0]))
    ],
)
def test_calls(server: RunningServer, viewer_token: str, revision: str, test: str) -> None:
    suite = _suite(revision)
    done = toolchains.run(
        [str(suite), "-test.v", "-test.timeout=2m", f"-test.run=^{test}$"],
        cwd=suite.parent,
        env={
            "QUARTERDECK_URL": server.http_url,
            "QUARTERDECK_TOKEN": server.token,
            "QUARTERDECK_VIEWER_TOKEN": viewer_token,
        },
    )
    assert done.returncode == 0, f"{done.stdout}\n{server.tail()}"
    assert f"--- PASS: {test} " in done.stdout, done.stdout


@pytest.mark.parametrize("revision", _REVISIONS)
def test_every_test_of_a_suite_is_run(revision: str) -> None:
    listed = toolchains.run([str(_suite(revision)), "-test.list=."], cwd=toolchains.GO)

    assert sorted(listed.stdout.split()) == sorted(_declared(revision))
