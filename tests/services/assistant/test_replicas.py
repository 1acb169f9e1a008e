"""Two servers on one database: what one begins, the other shows, decides and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from quarterdeck.assistant.run_service import RunService
from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import Unavailable
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.assistant.v1.run_pb2 import Run, RunEvent
from quarterdeck.gen.incident.v1.activity_service_pb2 import ActivityQuery, QueryActivityRequest
from quarterdeck.identity import bootstrap
from quarterdeck.incidents.activity_service import ActivityService
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


async def whole_log(house: AssistantHouse, run: Run) -> list[RunEvent]:
    """Everything up to the run's end, also behind a pause."""
    events = await house.watch(run)
    while kinds(events)[-1] == "paused":
        events += await house.watch(run, after=str(events[-1].sequence))
    return events
