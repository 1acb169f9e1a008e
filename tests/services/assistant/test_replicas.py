"""Two servers on one database: what one begins, the other shows, decides and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.run_service import RunService
from quarterdeck.assistant.running.queue import QUEUE
from quarterdeck.assistant.running.tool_calls import UNKNOWN_OUTCOME
from quarterdeck.assistant.tools.tool import ToolAnswer, ToolContext, found
from quarterdeck.clock import SystemClock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Unavailable
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.assistant.v1.run_pb2 import Run, RunEvent
from quarterdeck.gen.incident.v1.activity_service_pb2 import ActivityQuery, QueryActivityRequest
from quarterdeck.identity import bootstrap
from quarterdeck.identity.call import Role
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.jobs import Job
from quarterdeck.jobs.store import jobs
from tests.fake_model import Reply
from tests.services.assistant.assistant_house import TODO, AssistantHouse, assistant_house, caller, kinds, says


@dataclass(frozen=True)
class Pair:
    """Two servers. The first one takes the questions, unless a test says otherwise."""

    first: AssistantHouse
    second: AssistantHouse

    def says(self, *replies: Reply) -> None:
        """Both models follow one script: whoever works on the run asks the next question of it."""
        self.first.model.script = self.second.model.script = says(*replies)


@pytest_asyncio.fixture
async def pair(database: Database, database_url: str) -> AsyncIterator[Pair]:
    await bootstrap(database, SystemClock(), chosen_token=None)
    other = await Database.open(database_url)
    try:
        async with assistant_house(database) as first, assistant_house(other) as second:
            yield Pair(first, second)
    finally:
        await other.close()


@dataclass(frozen=True)
class Works:
    """A tool of a test. Where it hangs, it never ends: its server dies first."""

    name: str = "works"
    writes: bool = False
    hangs: bool = False
    made: list[Mapping[str, Any]] = field(default_factory=list)
    toolset: str = "tests"
    role: Role = Role.EDITOR
    timeout: float = 60

    @property
    def definition(self) -> ToolDefinition:
        return ToolDefinition(self.name, "Works.", {"type": "object", "properties": {}})

    @property
    def needs_approval(self) -> bool:
        return self.writes

    def describe(self, arguments: Mapping[str, Any]) -> str:
        return f"Works: {dict(arguments)}"

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:
        self.made.append(arguments)
        if self.hangs:
            await asyncio.Event().wait()
        return found("worked")


def gives(house: AssistantHouse, tool: Works) -> None:
    """The server has this tool, too."""
    house.of(RunService)._runs._worker._house.toolbox._tools[tool.name] = tool


async def dies(house: AssistantHouse) -> None:
    """The server's work ends here and now. Nothing is given back: its lease must run out."""
    worker = house.of(RunService)._runs._worker
    runner = worker._runner

    async def keep(_job: Job) -> None:
        """A dead server gives nothing back."""

    runner._give_back = keep  # type: ignore[method-assign, assignment]
    assert runner._loop is not None
    tasks = [runner._loop, *runner._running, *worker._background]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # What is left of it can be closed like any other.
    runner._loop = None


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - it is another server's work, in the database
            await asyncio.sleep(0.01)


async def whole_log(house: AssistantHouse, run: Run) -> list[RunEvent]:
    """Everything up to the run's end, also behind a pause."""
    async with asyncio.timeout(30):
        events = await house.watch(run)
        while kinds(events)[-1] == "paused":
            events += await house.watch(run, after=str(events[-1].sequence))
    return events


def results(events: list[RunEvent]) -> list[tool_pb2.ToolResult]:
    return [event.tool_call_finished.result for event in events if event.HasField("tool_call_finished")]


async def notes(house: AssistantHouse, incident: str) -> int:
    query = ActivityQuery(incident_id=incident, limit=50)
    answer = await house.of(ActivityService).query_activity(QueryActivityRequest(query=query), caller())
    return sum(item.body == "restarted" for item in answer.activity_items)


def adds_note(incident: str) -> Reply:
    arguments = f'{{"incident":"{incident}","text":"restarted"}}'
    return Reply(text="I note it.", calls=(("incidents_add_note", arguments),), call_ids=("call_note",))


async def test_readers_at_both_see_one_log(pair: Pair) -> None:
    pair.says(Reply(text="word " * 30, calls=(("TodoWrite", TODO),), chunk_delay=0.005), Reply(text="done"))
    run = await pair.first.ask("How many?")
    logs = await asyncio.gather(*(house.watch(run) for house in (pair.first, pair.second) for _ in range(5)))
    assert all(log == logs[0] for log in logs)
    assert [event.sequence for event in logs[0]] == list(range(1, len(logs[0]) + 1))


async def test_a_watch_goes_on_at_the_other_one(pair: Pair) -> None:
    pair.says(Reply(text="word " * 40, calls=(("TodoWrite", TODO),), chunk_delay=0.01), Reply(text="done"))
    run = await pair.first.ask("How many?")
    seen: list[RunEvent] = []
    stream = pair.first.of(RunService).watch_run(rpb.WatchRunRequest(id=run.id), caller())
    async for answer in stream:
        seen.append(answer.event)
        if len(seen) == 3:
            break
    await stream.aclose()
    seen += await pair.second.watch(run, after=str(seen[-1].sequence))
    assert [event.sequence for event in seen] == list(range(1, len(seen) + 1))
    assert kinds(seen)[-1] == "completed"


async def test_the_other_one_cancels(pair: Pair) -> None:
    pair.says(Reply(text="word " * 100, chunk_delay=0.1, chunks=100))
    run = await pair.first.ask("Take your time")
    while not pair.first.model.requests:
        await pair.second.run(run)
    await pair.second.of(RunService).cancel_run(rpb.CancelRunRequest(id=run.id), caller(name="bob"))
    last = (await pair.second.watch(run))[-1]
    assert (last.WhichOneof("event"), last.canceled.canceled_by) == ("canceled", "bob")
    assert (await pair.first.run(run)).state == run_pb2.RUN_STATE_CANCELED


async def test_the_other_one_approves_and_the_call_is_made_once(pair: Pair) -> None:
    incident = await pair.first.declare()
    pair.says(adds_note(incident), Reply(text="noted"))
    run = await pair.first.ask("note that it was restarted")
    assert kinds(await pair.second.watch(run))[-1] == "paused"
    decisions = [
        house.decide(run, "call_note", approved=True, call=caller(name="bob"))
        for house in (pair.second, pair.first, pair.second)
    ]
    await asyncio.gather(*decisions)
    events = await whole_log(pair.first, run)
    assert events == await whole_log(pair.second, run)
    assert kinds(events).count("approval_decided") == 1
    assert kinds(events)[-1] == "completed"
    assert await notes(pair.second, incident) == 1


async def test_the_other_one_goes_on_when_the_first_one_stops(database: Database, database_url: str) -> None:
    """A server that is stopped in the middle of an answer gives the run back, and loses nothing."""
    await bootstrap(database, SystemClock(), chosen_token=None)
    other = await Database.open(database_url)
    script = says(
        Reply(calls=(("TodoWrite", TODO),)), Reply(text="word " * 100, chunk_delay=0.1, chunks=100), Reply(text="Here.")
    )
    try:
        async with assistant_house(other) as second:
            second.model.script = script
            async with assistant_house(database) as first:
                first.model.script = script
                run = await first.ask("Take your time")
                while len(first.model.requests) + len(second.model.requests) < 2:
                    await second.run(run)
                reading = asyncio.create_task(first.watch(run))
            with pytest.raises(Unavailable):
                await reading
            events = await second.watch(run)
        assert kinds(events)[-1] == "completed"
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert events[-1].completed.answer == "Here."
        assert kinds(events).count("tool_call_finished") == 1
    finally:
        await other.close()


@pytest_asyncio.fixture
async def short_lease(database: Database, database_url: str) -> AsyncIterator[Pair]:
    """Two servers; each takes the other's work over a second after its death."""
    await bootstrap(database, SystemClock(), chosen_token=None)
    other = await Database.open(database_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(other.close)
        first = await stack.enter_async_context(assistant_house(database, run_lease=1))
        second = await stack.enter_async_context(assistant_house(other, run_lease=1))
        yield Pair(first, second)


async def test_the_other_one_takes_over_a_dead_ones_answer(short_lease: Pair) -> None:
    """It dies in the middle of the text: what was said of it is void, what was read before stays."""
    first, second = short_lease.first, short_lease.second
    short_lease.says(
        Reply(calls=(("TodoWrite", TODO),)),
        Reply(text="never finished " * 100, chunk_delay=0.1, chunks=100),
        Reply(text="Here."),
    )
    run = await first.ask("Take your time")
    reading = asyncio.create_task(whole_log(second, run))
    seen: list[RunEvent] = []
    stream = second.of(RunService).watch_run(rpb.WatchRunRequest(id=run.id), caller(Role.VIEWER))
    async with asyncio.timeout(30):
        async for answer in stream:
            seen.append(answer.event)
            if answer.event.text_delta.text.startswith("never"):
                break
    await stream.aclose()
    await dies(first)
    events = await reading
    assert [event.sequence for event in events] == list(range(1, len(events) + 1)), "every event once, in order"
    assert events[: len(seen)] == seen
    resumed = next(event.resumed for event in events if event.HasField("resumed"))
    assert (resumed.attempt, resumed.void_step) == (2, 2)
    assert kinds(events).count("tool_call_finished") == 1
    assert kinds(events).count("completed") == 1
    assert events[-1].completed.answer == "Here."
    assert await whole_log(first, run) == events
    done = await second.run(run)
    assert (done.state, done.answer) == (run_pb2.RUN_STATE_COMPLETED, "Here.")


async def test_a_call_that_only_reads_is_made_again(short_lease: Pair) -> None:
    stuck, works = Works(hangs=True), Works()
    gives(short_lease.first, stuck)
    gives(short_lease.second, works)
    short_lease.says(Reply(calls=(("works", "{}"),), call_ids=("call_1",)), Reply(text="done"))
    run = await short_lease.first.ask("work")

    async def is_made() -> bool:
        return bool(stuck.made)

    await until(is_made)
    await dies(short_lease.first)
    events = await whole_log(short_lease.second, run)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert kinds(events).count("tool_call_started") == kinds(events).count("tool_call_finished") == 1
    assert [(result.status, result.data) for result in results(events)] == [(tool_pb2.TOOL_STATUS_SUCCESS, "worked")]
    assert (len(stuck.made), len(works.made)) == (1, 1)
    assert len(short_lease.first.model.requests) + len(short_lease.second.model.requests) == 2


async def test_a_call_that_writes_is_not_made_again(short_lease: Pair) -> None:
    """Nobody can tell whether the dead server's call took effect: it is not made again, and the model is told."""
    tools = [Works(writes=True, hangs=True), Works(writes=True, hangs=True)]
    for house, tool in zip((short_lease.first, short_lease.second), tools, strict=True):
        gives(house, tool)
    short_lease.says(Reply(calls=(("works", '{"what":"it"}'),), call_ids=("call_1",)), Reply(text="I cannot tell"))
    run = await short_lease.first.ask("work")
    assert kinds(await short_lease.second.watch(run))[-1] == "paused"
    await short_lease.second.decide(run, "call_1", approved=True)

    async def is_made() -> bool:
        return any(tool.made for tool in tools)

    await until(is_made)
    # Either of them may have taken the run after the decision.
    houses = (short_lease.first, short_lease.second)
    dead, alive = houses if tools[0].made else houses[::-1]
    await dies(dead)
    events = await whole_log(alive, run)
    assert sum(len(tool.made) for tool in tools) == 1
    assert [result.error for result in results(events)] == [UNKNOWN_OUTCOME]
    assert UNKNOWN_OUTCOME in alive.model.requests[-1]["messages"][-1]["content"]
    assert events[-1].completed.answer == "I cannot tell"
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))


async def test_what_waits_outlives_the_server_that_asked(short_lease: Pair) -> None:
    """A run that waits has no worker: the asker's death changes nothing, and the decision counts once."""
    incident = await short_lease.first.declare()
    short_lease.says(adds_note(incident), Reply(text="noted"))
    run = await short_lease.first.ask("note that it was restarted")
    assert kinds(await short_lease.second.watch(run))[-1] == "paused"
    await dies(short_lease.first)
    assert (await short_lease.second.run(run)).state == run_pb2.RUN_STATE_INPUT_REQUIRED
    await short_lease.second.decide(run, "call_note", approved=True, call=caller(name="bob"))
    events = await whole_log(short_lease.second, run)
    assert events[-1].completed.answer == "noted"
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert await notes(short_lease.second, incident) == 1


async def test_one_that_lost_its_lease_writes_no_more(short_lease: Pair, database: Database) -> None:
    """The first one is still answering when the second one has the run: nothing of that reaches the log."""
    first, second = short_lease.first, short_lease.second
    first.model.script = says(Reply(text="stale " * 200, chunk_delay=0.05, chunks=200))
    second.model.script = says(Reply(text="Fresh."))
    run = await first.ask("Take your time")
    runner = first.of(RunService)._runs._worker._runner
    assert runner._loop is not None
    runner._loop.cancel()  # it takes nothing new, so that it is the second one that takes this
    await asyncio.gather(runner._loop, return_exceptions=True)
    runner._loop = None
    its = (jobs.c.queue == QUEUE) & (jobs.c.worker == runner.worker)
    expires = sa.update(jobs).where(its).values(due_at=datetime(2020, 1, 1, tzinfo=UTC))

    def expire(connection: Connection) -> None:
        connection.execute(expires)

    async def is_taken() -> bool:
        await database.transaction(expire)
        return bool(second.model.requests)

    async def has_begun() -> bool:
        return bool(first.model.requests)

    await until(has_begun)
    await until(is_taken)
    events = await whole_log(first, run)
    assert events == await whole_log(second, run)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    taken = kinds(events).index("resumed")
    assert not any("stale" in event.text_delta.text for event in events[taken:])
    assert kinds(events).count("completed") == 1
    assert events[-1].completed.answer == "Fresh."
