"""Tools that fail in every way, and calls that no tool would take, through the loop: the run goes on and says so."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent
from quarterdeck.identity import bootstrap
from tests.fake_model import Reply
from tests.services.assistant import notes_mcp_server
from tests.services.assistant.assistant_house import TODO, AssistantHouse, assistant_house, kinds, says

LARGEST_ENTRY = 4 << 20
"""Bytes that an entry of the log may have, whatever a tool answers."""


@pytest_asyncio.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[AssistantHouse]:
    """With a real MCP server, whose tools fail, hang and answer a great deal."""
    await bootstrap(database, SystemClock(), chosen_token=None)
    server = {"command": sys.executable, "args": [str(notes_mcp_server.__file__)], "timeout": 2}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"notes": server}}))
    async with assistant_house(database, mcp_servers_file=tmp_path / "mcp.json") as opened:
        yield opened


async def offered(house: AssistantHouse) -> set[str]:
    """The tools that a model is told of at this moment."""
    house.model.script = says(Reply(text="hello"))
    await house.watch(await house.ask("hello"))
    return {tool["function"]["name"] for tool in house.model.requests[-1]["tools"]}


async def made(house: AssistantHouse, *calls: tuple[str, str], ids: tuple[str, ...] = ()) -> list[RunEvent]:
    """The log of a run whose model makes these calls at once, and then answers."""
    while "notes_fail" not in await offered(house):
        pass
    house.model.script = says(Reply(calls=calls, call_ids=ids), Reply(text="That is what came of it."))
    run = await house.ask("try")
    events = await house.watch(run)
    assert kinds(events)[-1] == "completed", events[-1]
    assert (await house.run(run)).state == run_pb2.RUN_STATE_COMPLETED
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert max(event.ByteSize() for event in events) < LARGEST_ENTRY
    return events


def results(events: list[RunEvent]) -> list[Any]:
    return [event.tool_call_finished for event in events if event.WhichOneof("event") == "tool_call_finished"]


def told(house: AssistantHouse) -> list[str]:
    """What the model read of the calls."""
    return [each["content"] for each in house.model.requests[-1]["messages"] if each["role"] == "tool"]


async def test_one_that_raises(house: AssistantHouse) -> None:
    events = await made(house, ("notes_fail", '{"why": "the disk is full"}'))
    (result,) = results(events)
    assert result.result.status == tool_pb2.TOOL_STATUS_ERROR
    assert "the disk is full" in result.result.error
    assert "the disk is full" in told(house)[0]


async def test_one_that_hangs(house: AssistantHouse) -> None:
    events = await made(house, ("notes_hang", "{}"), ("notes_list_notes", "{}"))
    by_tool = {each.result.status for each in results(events)}
    assert by_tool == {tool_pb2.TOOL_STATUS_ERROR, tool_pb2.TOOL_STATUS_SUCCESS}
    assert any("did not answer within 2 seconds" in text for text in told(house))
    assert any("buy milk" in text for text in told(house)), "the other call is not held up"


async def test_one_that_answers_fifty_megabytes(house: AssistantHouse) -> None:
    events = await made(house, ("notes_large", '{"size": 50000000}'))
    (result,) = results(events)
    assert sum(len(text) for text in told(house)) < 200_000
    if result.result.status == tool_pb2.TOOL_STATUS_ERROR:
        assert "more than" in result.result.error
    else:
        assert "[TRUNCATED]" in told(house)[0]


async def test_one_that_answers_more_than_the_model_can_read(house: AssistantHouse) -> None:
    events = await made(house, ("notes_large", '{"size": 900000}'))
    (result,) = results(events)
    assert result.result.status == tool_pb2.TOOL_STATUS_SUCCESS
    assert "[TRUNCATED]" in told(house)[0]
    assert len(told(house)[0]) < 200_000
    (cut,) = events[-1].completed.figures.truncations
    assert cut.tool_name == "notes_large"


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("fleet_expode", "{}", "there is no tool 'fleet_expode'"),
        ("x" * 5000, "{}", "there is no tool"),
        ("", "{}", "there is no tool"),
        ("fleet_list_pipelines", "{", "JSON"),
        ("fleet_list_pipelines", "[]", "object"),
        ("fleet_list_pipelines", '"text"', "object"),
        ("fleet_get_pipeline", "{}", "pipeline"),
        ("fleet_get_pipeline", '{"pipeline": {"a": []}}', "pipeline"),
        ("fleet_get_pipeline", '{"pipeline": "x", "colour": "red"}', "colour"),
        ("fleet_get_pipeline", '{"pipeline": "' + "x" * 200_000 + '"}', ""),
        ("notes_say", '{"text": "\\ud83d"}', ""),
    ],
)
async def test_calls_that_no_tool_would_take(house: AssistantHouse, name: str, arguments: str, said: str) -> None:
    events = await made(house, (name, arguments))
    (result,) = results(events)
    if said:
        assert result.result.status == tool_pb2.TOOL_STATUS_ERROR
        assert said in told(house)[0]


async def test_two_calls_with_one_id(house: AssistantHouse) -> None:
    events = await made(house, ("TodoWrite", TODO), ("notes_list_notes", "{}"), ids=("same", "same"))
    assert len({each.tool_call_id for each in results(events)}) == 2
    assert len(told(house)) == 2


async def test_a_hundred_calls_at_once(house: AssistantHouse) -> None:
    events = await made(house, *(("notes_say", json.dumps({"text": f"no {number}"})) for number in range(100)))
    assert len(results(events)) == 100
    assert {text for number in range(100) for text in told(house) if f"no {number}" in text}
    assert len(told(house)) == 100
