"""What nobody decides about in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import PreconditionFailed
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import Run, RunEvent
from quarterdeck.identity import bootstrap
from tests.fake_model import Reply
from tests.services.assistant.assistant_house import AssistantHouse, assistant_house, kinds, says

HOUR = 3600


@pytest_asyncio.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[AssistantHouse]:
    """Approvals wait for two seconds, and a client's tool for a third of one."""
    await bootstrap(database, SystemClock(), chosen_token=None)
    tools = tmp_path / "remote.yaml"
    tools.write_text(json.dumps({"remote_tools": {"load_test": {"description": "Loads.", "timeout_ms": 300}}}))
    async with assistant_house(database, approval_timeout_hours=2 / HOUR, remote_tools_file=tools) as opened:
        yield opened


async def to_its_end(house: AssistantHouse, run: Run) -> list[RunEvent]:
    async with asyncio.timeout(30):
        events = await house.watch(run)
        while kinds(events)[-1] == "paused":
            events += await house.watch(run, after=str(events[-1].sequence))
    return events


def note(incident: str) -> tuple[str, str]:
    return "incidents_add_note", json.dumps({"incident": incident, "text": "restarted"})


async def test_an_approval_that_nobody_gives_is_denied(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(Reply(calls=(note(incident),), call_ids=("call_note",)), Reply(text="I did not."))
    run = await house.ask("note that it was restarted")
    events = await to_its_end(house, run)
    decided = next(event.approval_decided for event in events if event.HasField("approval_decided"))
    assert (decided.approved, decided.decided_by, decided.feedback) == (False, "", "nobody decided in time")
    result = next(event.tool_call_finished.result for event in events if event.HasField("tool_call_finished"))
    assert "denied" in result.error
    assert events[-1].completed.answer == "I did not."
    assert (await house.run(run)).state == run_pb2.RUN_STATE_COMPLETED
    with pytest.raises(PreconditionFailed, match="denied"):
        await house.decide(run, "call_note", approved=True)


async def test_each_of_several_has_its_own_time(house: AssistantHouse) -> None:
    """The client's tool is given up first; the approval still waits, and is denied when its own time is over."""
    incident = await house.declare()
    calls = (("load_test", "{}"), note(incident))
    house.model.script = says(Reply(calls=calls, call_ids=("call_load", "call_note")), Reply(text="Neither."))
    run = await house.ask("load it and note that")
    assert kinds(await house.watch(run))[-1] == "paused"
    events = await to_its_end(house, run)
    results = {
        event.tool_call_finished.tool_call_id: event.tool_call_finished.result.error
        for event in events
        if event.HasField("tool_call_finished")
    }
    assert results["call_load"] == "the client did not answer in time"
    assert "nobody decided in time" in results["call_note"]
    assert events[-1].completed.answer == "Neither."
