"""Tools that fail in every way, and calls that no tool would take, through the loop: the run goes on and says so."""

from __future__ import annotations

import asyncio
import json
import sys
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.run_service import RunService
from quarterdeck.assistant.running.tool_calls import REPEATED, TOO_NESTED
from quarterdeck.assistant.tools.tool import ToolAnswer, ToolContext, found
from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent
from quarterdeck.identity import bootstrap
from quarterdeck.identity.call import Role
from tests.fake_model import Reply
from tests.services.assistant import notes_mcp_server
from tests.services.assistant.assistant_house import TODO, AssistantHouse, assistant_house, kinds, says

LARGEST_ENTRY = 4 << 20
"""Bytes that an entry of the log may have, whatever a tool answers."""


SECRET = "password=hunter2-and-more"


@dataclass(frozen=True)
class Misbehaves:
    """A tool in this process that does what it is told: `{"do": "raise" | "hang" | "flood" | "note"}`."""

    name: str = "misbehaves"
    writes: bool = False
    toolset: str = "tests"
    role: Role = Role.VIEWER
    timeout: float = 0.5
    made: list[str] = field(default_factory=list)

    @property
    def definition(self) -> ToolDefinition:
        return ToolDefinition(self.name, "Misbehaves.", {"type": "object", "properties": {"do": {"type": "string"}}})

    @property
    def needs_approval(self) -> bool:
        return self.writes

    def describe(self, arguments: Mapping[str, Any]) -> str:
        return f"Misbehaves: {arguments['do']}"

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:
        self.made.append(str(arguments.get("do", "")))
        match arguments.get("do"):
            case "raise":
                raise RuntimeError(f"cannot log in with {SECRET}")
            case "hang":
                await asyncio.Event().wait()
            case "flood":
                return found({"lines": ["x" * 1000] * 50_000})
            case "flood as text":
                return found("é" * 25_000_000)
        return found("did it")


def gives(house: AssistantHouse, tool: Misbehaves) -> Misbehaves:
    """The server has this tool, too."""
    house.of(RunService)._runs._worker._house.toolbox._tools[tool.name] = tool
    return tool


@pytest_asyncio.fixture
async def alone(database: Database) -> AsyncIterator[AssistantHouse]:
    """Without the MCP server."""
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database) as opened:
        yield opened


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
    async with asyncio.timeout(60):
        while "notes_fail" not in await offered(house):
            pass
    return await comes_of(house, Reply(calls=calls, call_ids=ids))


async def comes_of(house: AssistantHouse, *replies: Reply) -> list[RunEvent]:
    """The log of a run whose model says this, and then answers. Two readers see the same, and it reads back."""
    house.model.script = says(*replies, Reply(text="That is what came of it."))
    async with asyncio.timeout(60):
        run = await house.ask("try")
        events, others = await asyncio.gather(house.watch(run), house.watch(run))
        assert events == others == await house.watch(run)
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
    assert result.result.status == tool_pb2.TOOL_STATUS_ERROR
    assert "more than" in result.result.error


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


async def test_two_hundred_calls_at_once(house: AssistantHouse) -> None:
    """Each has its own result, and the model reads them all under the right ids."""
    ids = tuple(f"call_{number}" for number in range(200))
    events = await made(house, *(("notes_say", json.dumps({"text": f"<{each}>"})) for each in ids), ids=ids)
    assert {each.tool_call_id: each.result.data for each in results(events)} == {each: f"<{each}>" for each in ids}
    read = [each for each in house.model.requests[-1]["messages"] if each["role"] == "tool"]
    assert {each["tool_call_id"]: each["content"] for each in read} == {each: f"<{each}>" for each in ids}
    assert kinds(events).count("tool_call_started") == 200


async def test_a_tool_of_ours_that_raises(alone: AssistantHouse) -> None:
    gives(alone, Misbehaves())
    events = await comes_of(alone, Reply(calls=(("misbehaves", '{"do":"raise"}'), ("TodoWrite", TODO))))
    broken, fine = sorted(results(events), key=lambda each: each.result.status, reverse=True)
    assert (broken.result.status, fine.result.status) == (tool_pb2.TOOL_STATUS_ERROR, tool_pb2.TOOL_STATUS_SUCCESS)
    assert broken.result.error.startswith("misbehaves failed unexpectedly; the server's log of run run_")
    assert broken.result.error in told(alone)[0] + told(alone)[1]
    assert "hunter2" not in str(events) + json.dumps(alone.model.requests)


async def test_a_tool_of_ours_that_hangs(alone: AssistantHouse) -> None:
    gives(alone, Misbehaves())
    events = await comes_of(alone, Reply(calls=(("misbehaves", '{"do":"hang"}'), ("TodoWrite", TODO))))
    first, last = results(events)
    assert first.tool_name == "TodoWrite", "the other call's result is told when it is there"
    assert last.result.error == "misbehaves did not answer within 0.5 seconds and was given up"
    assert last.result.elapsed_seconds >= 0.5


@pytest.mark.parametrize("what", ["flood", "flood as text"])
async def test_a_tool_of_ours_that_answers_fifty_megabytes(alone: AssistantHouse, what: str) -> None:
    gives(alone, Misbehaves(timeout=30))
    events = await comes_of(alone, Reply(calls=(("misbehaves", json.dumps({"do": what})),)))
    (result,) = results(events)
    assert (result.result.status, result.result.capped) == (tool_pb2.TOOL_STATUS_SUCCESS, True)
    assert len(result.result.data.encode()) < (1 << 20) + 100
    assert "[TRUNCATED]" in told(alone)[0]
    assert len(told(alone)[0]) < 200_000
    assert [cut.tool_name for cut in events[-1].completed.figures.truncations] == ["misbehaves"]


async def test_what_is_kept_of_a_flood_is_small(alone: AssistantHouse) -> None:
    gives(alone, Misbehaves(timeout=30))
    await comes_of(alone, Reply(text="warm up"))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await comes_of(alone, Reply(calls=(("misbehaves", '{"do":"flood as text"}'),)))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 20 << 20


async def test_an_approval_is_one_calls_even_when_a_later_one_has_its_id(alone: AssistantHouse) -> None:
    """Some models number their calls from 1 at each answer. What was approved was the first `call_1` alone."""
    writer = gives(alone, Misbehaves(name="writer", writes=True))
    alone.model.script = says(
        Reply(calls=(("writer", '{"do":"a"}'),), call_ids=("call_1",)),
        Reply(calls=(("writer", '{"do":"b"}'),), call_ids=("call_1",)),
        Reply(text="done"),
    )
    run = await alone.ask("write")
    first = (await alone.watch(run))[-1]
    await alone.decide(run, "call_1", approved=True)
    async with asyncio.timeout(30):
        events = await alone.watch(run, after=str(first.sequence))
    assert kinds(events)[-1] == "paused"
    assert writer.made == ["a"], "nobody approved b"
    (asked,) = events[-1].paused.approvals
    assert (asked.arguments["do"], asked.tool_call_id == "call_1") == ("b", False)
    assert kinds(events).count("tool_call_started") == 1, "what asks was announced"
    await alone.decide(run, asked.tool_call_id, approved=False)
    async with asyncio.timeout(30):
        rest = await alone.watch(run, after=str(events[-1].sequence))
    assert kinds(rest)[-1] == "completed"
    assert writer.made == ["a"]


async def test_a_later_call_with_the_id_of_an_earlier_one(alone: AssistantHouse) -> None:
    events = await comes_of(
        alone,
        Reply(calls=(("misbehaves", '{"do":"a"}'),), call_ids=("call_1",)),
        Reply(calls=(("TodoWrite", TODO),), call_ids=("call_1",)),
    )
    started = [event.tool_call_started.tool_call_id for event in events if event.HasField("tool_call_started")]
    assert len(set(started)) == 2
    assert started == [each.tool_call_id for each in results(events)]
    ids = [each["tool_call_id"] for each in alone.model.requests[-1]["messages"] if each["role"] == "tool"]
    assert ids == started


@pytest.mark.parametrize("levels", [25, 40, 100, 900])
@pytest.mark.parametrize("writes", [False, True])
async def test_arguments_that_the_log_cannot_show(alone: AssistantHouse, levels: int, writes: bool) -> None:
    """Nobody could see what such a call does, so nobody is asked, and it is not made."""
    tool = gives(alone, Misbehaves(writes=writes, role=Role.EDITOR))
    nested = '{"a":' * levels + "1" + "}" * levels
    events = await comes_of(alone, Reply(calls=(("misbehaves", nested),)))
    assert [each.result.error for each in results(events)] == [TOO_NESTED]
    assert told(alone) == [f"error: {TOO_NESTED}"]
    assert tool.made == []


async def test_arguments_of_many_levels_that_it_can_show(alone: AssistantHouse) -> None:
    tool = gives(alone, Misbehaves())
    nested = '{"do":"fine","a":' * 19 + "1" + "}" * 19
    events = await comes_of(alone, Reply(calls=(("misbehaves", nested),)))
    assert tool.made == ["fine"]
    started = next(event.tool_call_started for event in events if event.HasField("tool_call_started"))
    assert started.arguments["do"] == "fine"


async def test_a_call_is_made_once_its_arguments_are_right(alone: AssistantHouse) -> None:
    """Broken JSON is not the same call as none; the same arguments in another order are."""
    tool = gives(alone, Misbehaves())
    events = await comes_of(
        alone,
        Reply(calls=(("misbehaves", "{"), ("misbehaves", "[]"))),
        Reply(calls=(("misbehaves", "{}"),)),
        Reply(calls=(("misbehaves", '{"do":"x","more":1}'),)),
        Reply(calls=(("misbehaves", '{ "more": 1, "do": "x" }'),)),
    )
    errors = [each.result.error for each in results(events)]
    assert "JSON" in " ".join(errors[:2])
    assert "object" in " ".join(errors[:2])
    assert errors[2:] == ["", "", REPEATED]
    assert tool.made == ["", "x"]


async def test_two_equal_calls_of_one_step_are_one_approval_and_one_call(alone: AssistantHouse) -> None:
    """The second one is refused at once; that refusal is no reason to refuse the first one, too."""
    writer = gives(alone, Misbehaves(name="writer", writes=True))
    twice = (("writer", '{"do":"a"}'), ("writer", '{"do":"a"}'))
    alone.model.script = says(Reply(calls=twice, call_ids=("call_1", "call_2")), Reply(text="done"))
    run = await alone.ask("write")
    paused = (await alone.watch(run))[-1]
    (asked,) = paused.paused.approvals
    assert asked.tool_call_id == "call_1"
    await alone.decide(run, "call_1", approved=True)
    async with asyncio.timeout(30):
        rest = await alone.watch(run, after=str(paused.sequence))
    assert kinds(rest)[-1] == "completed"
    assert [each.result.error for each in results(rest)] == [""]
    assert writer.made == ["a"]


async def test_what_was_denied_is_told_as_denied(alone: AssistantHouse) -> None:
    writer = gives(alone, Misbehaves(name="writer", writes=True))
    twice = (("writer", '{"do":"a"}'), ("writer", '{"do":"a"}'))
    alone.model.script = says(Reply(calls=twice, call_ids=("call_1", "call_2")), Reply(text="done"))
    run = await alone.ask("write")
    paused = (await alone.watch(run))[-1]
    await alone.decide(run, "call_1", approved=False)
    async with asyncio.timeout(30):
        rest = await alone.watch(run, after=str(paused.sequence))
    (result,) = results(rest)
    assert "denied" in result.result.error
    assert writer.made == []


async def test_a_change_makes_earlier_calls_new_again(alone: AssistantHouse) -> None:
    """What was read before a change may be read again behind it; without a change it may not."""
    reader = gives(alone, Misbehaves(name="reader"))
    writer = gives(alone, Misbehaves(name="writer", writes=True))
    read = ("reader", '{"do":"look"}')
    alone.model.script = says(
        Reply(calls=(read,)),
        Reply(calls=(read,)),
        Reply(calls=(("writer", '{"do":"a"}'),), call_ids=("call_write",)),
        Reply(calls=(read, ("writer", '{"do":"a"}'))),
        Reply(text="done"),
    )
    run = await alone.ask("change")
    paused = (await alone.watch(run))[-1]
    await alone.decide(run, "call_write", approved=True)
    async with asyncio.timeout(30):
        await alone.watch(run, after=str(paused.sequence))
        events = await alone.watch(run, after="")
        while kinds(events)[-1] == "paused":
            events += await alone.watch(run, after=str(events[-1].sequence))
    told_so = [(each.tool_name, each.result.error) for each in results(events)]
    assert told_so[:3] == [("reader", ""), ("reader", REPEATED), ("writer", "")]
    assert sorted(told_so[3:]) == [("reader", ""), ("writer", REPEATED)]
    assert (reader.made, writer.made) == (["look", "look"], ["a"])
