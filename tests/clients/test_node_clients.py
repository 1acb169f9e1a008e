"""Node programs: @connectrpc/connect-node with code generated from our protos, @grpc/grpc-js with the protos loaded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.clients import toolchains
from tests.running_server import RunningServer

pytestmark = pytest.mark.clients

_COUNT = re.compile(r"^# (\w+) (\d+)", re.MULTILINE)


@pytest.fixture(scope="session")
def project() -> Path:
    toolchains.require("node", "npm")
    try:
        return toolchains.node_project()
    except toolchains.UnavailableError as error:
        toolchains.unavailable(str(error))
        raise


@pytest.mark.parametrize("suite", sorted(path.name for path in toolchains.NODE.glob("*.test.js")))
def test_suite(project: Path, server: RunningServer, suite: str) -> None:
    done = toolchains.run(
        ["node", "--test", "--test-reporter=tap", suite],
        cwd=project,
        env={
            "QUARTERDECK_URL": server.http_url,
            "QUARTERDECK_GRPC": server.grpc_target,
            "QUARTERDECK_TOKEN": server.token,
            "QUARTERDECK_PROTO_PATH": json.dumps([str(folder) for folder in toolchains.proto_path()]),
        },
    )
    assert done.returncode == 0, f"{done.stdout}\n{server.tail()}"
    counts = {name: int(count) for name, count in _COUNT.findall(done.stdout)}
    assert counts["pass"] == counts["tests"] > 0, done.stdout
