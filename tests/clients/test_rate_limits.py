"""What clients see of a server with limits: GetLimits as gcx reads it, and 429 as Terraform and connect-go read it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients import toolchains
from tests.running_server import RunningServer

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    data_dir = tmp_path_factory.mktemp("limited")
    limits = {"QUARTERDECK_RATE_LIMIT_API": "3", "QUARTERDECK_RATE_LIMIT_COLLECTOR": "20"}
    with RunningServer.start(f"sqlite:///{data_dir / 'quarterdeck.db'}", data_dir, env=limits) as running:
        yield running


def _post(server: RunningServer, method: str, data: str = "{}") -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of one call by curl."""
    toolchains.require("curl")
    done = subprocess.run(
        ["curl", "-q", "--silent", "--show-error", "--max-time", "30", "--include", "-d", data,
         "-u", f"user:{server.token}", "-H", "Content-Type: application/json", f"{server.http_url}/{method}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.split("\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(status.split()[1]), headers, json.loads(body)


def test_limits_have_both_names(limited: RunningServer) -> None:
    answers = (_post(limited, "tenant.v1.TenantService/GetLimits") for _ in range(1000))
    limits = next(body for status, _, body in answers if status == 200)

    rates = {"requests_per_second_collector": 20, "requests_per_second_api": 3}
    twins = {"requestsPerSecondCollector": 20, "requestsPerSecondApi": 3}
    assert {name: limits[name] for name in (*rates, *twins)} == {**rates, **twins}


def test_over_the_limit(limited: RunningServer) -> None:
    answers = [_post(limited, "pipeline.v1.PipelineService/ListPipelines") for _ in range(30)]

    refusals = [(headers, body) for status, headers, body in answers if status == 429]
    assert refusals
    for headers, body in refusals:
        assert headers["content-type"] == "application/json"
        assert int(headers["retry-after"]) >= 1
        assert body["code"] == "resource_exhausted"


def test_collectors_have_a_budget_of_their_own(limited: RunningServer) -> None:
    assert 429 in (_post(limited, "pipeline.v1.PipelineService/ListPipelines")[0] for _ in range(100))

    assert _post(limited, "collector.v1.CollectorService/GetConfig", '{"id": "polling"}')[0] == 200
