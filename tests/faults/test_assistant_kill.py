"""Promise 6: a run of the assistant ends, and what changes something runs once, however often its server dies."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fake_model import FakeModel, Reply
from tests.faults.conftest import Servers
from tests.faults.quick_server import TOKEN, QuickServer, free_port

pytestmark = pytest.mark.faults

KILLS = 50
"""On each of the two databases: during model calls, tool calls and approval waits, as chance has it."""
FINAL = {"RUN_STATE_COMPLETED", "RUN_STATE_FAILED", "RUN_STATE_INTERRUPTED", "RUN_STATE_CANCELED"}
HEADERS = {"authorization": f"Bearer {TOKEN}"}


def script(request: dict[str, Any]) -> Reply:
    """A slow model: it reads, then writes a note with the question's number, then answers."""
    question = next(each["content"] for each in reversed(request["messages"]) if each["role"] == "user")
    results = [each for each in request["messages"] if each["role"] == "tool"]
    pace: dict[str, Any] = {"delay": 0.05, "chunk_delay": 0.01, "chunks": 5}
    number = question.split("#")[1].split()[0]
    if not results:
        return Reply("I look.", (("incidents_get", '{"incident":"1"}'),), call_ids=(f"call_read_{number}",), **pace)
    if len(results) == 1:
        note = json.dumps({"incident": "1", "text": f"note {number}"})
        return Reply("I note it.", (("incidents_add_note", note),), call_ids=(f"call_note_{number}",), **pace)
    return Reply("It is noted, as far as I know.", **pace)


class Life:
    """One server after another on the same database and port."""

    def __init__(self, servers: Servers, database_url: str, models: Path) -> None:
        self._servers = servers
        self._database_url = database_url
        self._environment = {
            "QUARTERDECK_BOOTSTRAP_TOKEN": TOKEN,
            "QUARTERDECK_MODELS_FILE": str(models),
            "QUARTERDECK_PROBE_MODELS": "false",
            "QUARTERDECK_RUN_LEASE": "1",
        }
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.runs: list[str] = []

    async def start(self) -> QuickServer:
        arguments = [
            *("--port", str(self._port), "--grpc-port", "0", "--database", self._database_url),
            *("--log-format", "json"),
        ]
        server = self._servers.launch(*arguments, environment=self._environment)
        await asyncio.to_thread(server.wait_until_serving)
        return server

    async def call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, headers=HEADERS, timeout=10) as client:
            answer = await client.post(f"/{method}", json=body)
            assert answer.status_code == 200, answer.text
            got: dict[str, Any] = answer.json()
            return got

    async def ask(self, number: int) -> None:
        made = await self.call("assistant.v1.ChatService/Ask", {"prompt": f"note #{number} please"})
        self.runs.append(made["run"]["id"])

    async def approve_what_waits(self, last: int = 12) -> int:
        """How many of the last runs are not over yet."""
        left = 0
        for run_id in self.runs[-last:]:
            run = (await self.call("assistant.v1.RunService/GetRun", {"id": run_id}))["run"]
            left += run["state"] not in FINAL
            for waiting in run.get("pendingApprovals", ()):
                decision = {"runId": run_id, "toolCallId": waiting["toolCallId"], "approved": True}
                await self.call("assistant.v1.RunService/DecideApproval", decision)
        return left

    async def attend(self, seconds: float) -> None:
        """Approve what comes up to wait, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await self.approve_what_waits()
            await asyncio.sleep(min(0.05, left))

    async def log_of(self, run_id: str) -> list[dict[str, Any]]:
        """Every event of a run that is over, from the stream that clients read."""
        async with httpx.AsyncClient(base_url=self.url, headers=HEADERS, timeout=30) as client:
            answer = await client.get(f"/api/v1/assistant/runs/{run_id}/events")
            lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
            return [json.loads(line)["event"] for line in lines if line != "{}"]


async def test_runs_end_and_write_once_through_a_hundred_kills(
    servers: Servers, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(7)
    async with FakeModel(script) as model, asyncio.timeout(200):
        models = tmp_path / "models.json"
        models.write_text(json.dumps({"fake": {"model": "openai/fake", "api_key": "k", "api_base": model.url}}))
        life = Life(servers, database_url, models)
        server = await life.start()
        created = {"title": "Checkout is slow", "severity": "minor"}
        await life.call("incident.v1.IncidentsService/CreateIncident", created)
        for number in range(KILLS):
            try:
                await life.ask(number)
                await life.attend(chance.choice((0.05, 0.2, 0.3, 0.5, 1.6)))
            finally:
                server.kill()
            server = await life.start()
        await life.ask(KILLS)  # on a server that lives: this one is answered
        while await life.approve_what_waits(KILLS + 1):  # noqa: ASYNC110 - it is another process that works
            await asyncio.sleep(0.2)
        assert len(life.runs) == KILLS + 1
        await _check(life)


async def _check(life: Life) -> None:
    query = {"query": {"incidentID": "1", "limit": 1000}}
    items = (await life.call("incident.v1.ActivityService/QueryActivity", query))["activityItems"]
    notes = [item["body"] for item in items if item.get("body", "").startswith("note ")]
    assert len(notes) == len(set(notes)), "a note was written twice"
    states: dict[str, int] = {}
    for number, run_id in enumerate(life.runs):
        run = (await life.call("assistant.v1.RunService/GetRun", {"id": run_id}))["run"]
        states[run["state"]] = states.get(run["state"], 0) + 1
        assert run["state"] in FINAL, run
        log = await life.log_of(run_id)
        sequences = [int(event["sequence"]) for event in log]
        assert sequences == list(range(1, len(log) + 1)), run_id
        finished = [event["toolCallFinished"] for event in log if "toolCallFinished" in event]
        written = [each for each in finished if each["toolCallId"] == f"call_note_{number}"]
        assert len(written) <= 1
        if written and written[0]["result"]["status"] == "TOOL_STATUS_SUCCESS":
            assert f"note {number}" in notes
    # Three deaths end a run, so most of those before the last one may be interrupted.
    assert run["state"] == "RUN_STATE_COMPLETED", states
    assert f"note {KILLS}" in notes
