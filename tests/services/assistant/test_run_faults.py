"""Faults and races around a run: a database away for a moment, a cancel in the wrong moment, too much at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.assistant.grafana.app_service import AssistantAppService
from quarterdeck.assistant.grafana.chat_events import ChatRecords
from quarterdeck.assistant.run_service import RunService
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.journal import RunJournal
from quarterdeck.assistant.running.queue import QUEUE
from quarterdeck.assistant.running.worker import RunWorker
from quarterdeck.assistant.store import calls as call_store
from quarterdeck.assistant.store.runs import LogMoved
from quarterdeck.assistant.transcript import Transcript
from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import Reason, Unavailable
from quarterdeck.gen.assistant.v1 import app_service_pb2 as apb
from quarterdeck.gen.assistant.v1 import run_pb2
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.identity import bootstrap
from tests.fake_model import Reply
from tests.services.assistant.assistant_house import TODO, AssistantHouse, assistant_house, caller, kinds, says
from tests.services.assistant.test_expiry import note, to_its_end

HOUR = 3600


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[AssistantHouse]:
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database, run_lease=1) as opened:
        yield opened


def worker_of(house: AssistantHouse) -> RunWorker:
    return house.of(RunService)._runs._worker


async def test_what_waits_beside_something_answered_expires(database: Database, tmp_path: Path) -> None:
    await bootstrap(database, SystemClock(), chosen_token=None)
    tools = tmp_path / "remote.yaml"
    tools.write_text(json.dumps({"remote_tools": {"load_test": {"description": "Loads.", "timeout_ms": 800}}}))
    async with assistant_house(database, approval_timeout_hours=2 / HOUR, remote_tools_file=tools) as house:
        incident = await house.declare()
        calls = (("load_test", "{}"), note(incident))
        house.model.script = says(Reply(calls=calls, call_ids=("call_load", "call_note")), Reply(text="Done."))
        run = await house.ask("load it and note that")
        assert kinds(await house.watch(run))[-1] == "paused"
        answer = apb.AnswerAppRemoteToolRequest(request_id=f"{run.id}.call_load", success=True)
        await house.of(AssistantAppService).answer_app_remote_tool(answer, caller())
        events = await to_its_end(house, run)
    assert kinds(events)[-1] == "completed"
    decided = next(event.approval_decided for event in events if event.HasField("approval_decided"))
    assert (decided.approved, decided.feedback) == (False, "nobody decided in time")


async def test_a_database_that_is_away_for_a_moment_costs_no_approval(
    house: AssistantHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await house.declare()
    house.model.script = says(Reply(calls=(note(incident),), call_ids=("call_note",)), Reply(text="Noted."))
    run = await house.ask("note that")
    assert kinds(await house.watch(run))[-1] == "paused"
    real = Database.transaction
    failed: list[Any] = []

    async def flaky(self: Database, fn: Any) -> Any:
        if getattr(fn, "func", None) is call_store.claim and not failed:
            failed.append(fn)
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, "away")
        return await real(self, fn)

    monkeypatch.setattr(Database, "transaction", flaky)
    await house.decide(run, "call_note", approved=True)
    events = await to_its_end(house, run)
    assert len(failed) == 1
    assert events[-1].completed.answer == "Noted."
    (result,) = [event.tool_call_finished.result for event in events if event.HasField("tool_call_finished")]
    assert result.status == 1, result.error


async def test_a_cancel_while_the_pause_is_written(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(Reply(calls=(note(incident),), call_ids=("call_note",)), Reply(text="Noted."))
    queue = worker_of(house)._runner._queues[QUEUE]
    handler, paused, canceled = queue.handler, asyncio.Event(), asyncio.Event()

    async def slow(job: Any) -> Any:
        outcome = await handler(job)
        paused.set()
        await canceled.wait()
        return outcome

    object.__setattr__(queue, "handler", slow)
    run = await house.ask("note that")
    await paused.wait()
    await house.of(RunService).cancel_run(rpb.CancelRunRequest(id=run.id), caller())
    canceled.set()
    assert kinds(await to_its_end(house, run))[-1] == "canceled"
    assert (await house.run(run)).state == run_pb2.RUN_STATE_CANCELED


async def test_no_more_than_that_are_at_work_here(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await bootstrap(database, SystemClock(), chosen_token=None)
    at_work, most = 0, 0
    real = RunWorker._attempt

    async def attempt(self: RunWorker, *args: Any, **more: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        try:
            return await real(self, *args, **more)
        finally:
            at_work -= 1

    monkeypatch.setattr(RunWorker, "_attempt", attempt)
    async with assistant_house(database, assistant_concurrency=2) as house:
        house.model.script = says(Reply(text="Here.", delay=0.1))
        runs = await asyncio.gather(*(house.ask(f"question {number}") for number in range(20)))
        for run in runs:
            assert kinds(await to_its_end(house, run))[-1] == "completed"
    # What is taken from the queue while others begin may come on top, once.
    assert most <= 4


async def test_a_journal_that_could_not_write_says_so_whenever_it_is_asked() -> None:
    class Moved:
        async def transaction(self, _fn: Callable[..., Any]) -> Awaitable[None]:
            raise LogMoved(Reason.CONCURRENT_CHANGE, "moved")

    class Feeds:
        async def read(self, *_: Any) -> list[Any]:
            return []

    class Run:
        tenant_id, chat_id, id = "t", "c", "r"

    journal = RunJournal(Moved(), SystemClock(), Feeds(), Run(), head=1)  # type: ignore[arg-type]
    journal.add(answer_begun=run_pb2.AnswerBegun(step=1))
    assert journal._writing is not None
    await asyncio.wait({journal._writing})
    with pytest.raises(LogMoved):
        await journal.flush()


async def test_a_summary_that_saves_nothing_is_asked_for_once(database: Database) -> None:
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database, compaction_threshold_percent=1) as house:
        house.model.script = says(Reply(text="ok"))
        first = await house.ask("hi")
        await house.watch(first)
        replies = [Reply(text="a summary that is longer than what it stands for " * 20)]
        replies += [Reply(calls=(("incidents_list", json.dumps({"limit": number})),)) for number in (1, 2, 3)]
        house.model.script = says(*replies, Reply(text="Done."))
        events = await house.watch(await house.ask("list them", chat_id=first.chat_id))
    assert events[-1].completed.answer == "Done."
    assert (kinds(events).count("compaction_started"), kinds(events).count("compacted")) == (1, 0)


async def test_a_call_at_work_is_seen_while_it_works(house: AssistantHouse) -> None:
    """Also when it comes right behind a piece of text, and nothing comes behind it for long."""
    house.model.script = says(Reply(text="Let me look.", calls=(("TodoWrite", TODO),)), Reply(text="Done.", delay=1.5))
    run = await house.ask("look")
    shown: list[str] = []
    watch = apb.WatchChatRequest(chat_id=run.chat_id, after="0")
    async with aclosing(house.of(AssistantAppService).watch_chat(watch, caller())) as records:
        async for record in records:
            if record.type.startswith("MESSAGE_") and record.data.message.role == "assistant":
                shown = [block.type for block in record.data.message.content]
            if "tool_result" in shown:
                break
    assert (await house.run(run)).state == run_pb2.RUN_STATE_WORKING
    assert shown == ["text", "tool_use", "tool_result"]


async def test_a_late_reader_costs_one_look_at_the_log(house: AssistantHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages are put together once, not once for each entry."""
    house.model.script = says(Reply(text="word " * 200, chunks=50), Reply(text="Done."))
    run = await house.ask("talk")
    events = await house.watch(run)
    made = 0
    real = Transcript.answer_of

    def counted(self: Transcript, run_id: str) -> Any:
        nonlocal made
        made += 1
        return real(self, run_id)

    monkeypatch.setattr(Transcript, "answer_of", counted)
    state = list(ChatRecords(run.chat_id).state(events))
    ChatRecords(run.chat_id).known(events)
    assert [record.type for record in state] == ["MESSAGE_CREATED", "MESSAGE_CREATED", "AGENT_EXECUTION_COMPLETED"]
    assert made == 0


@pytest.mark.parametrize("loop", ["sweep", "wishes", "feeds"])
async def test_one_surprise_ends_no_loop(house: AssistantHouse, loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, surprised = worker_of(house), asyncio.Event()

    async def surprise(*_: Any, **__: Any) -> Any:
        surprised.set()
        raise ValueError("a row that nobody can read")

    monkeypatch.setattr("quarterdeck.assistant.running.worker._SWEEP", 0.05)
    monkeypatch.setattr("quarterdeck.assistant.running.worker._LOOK", 0.05)
    if loop == "sweep":
        monkeypatch.setattr(RunWorker, "sweep", surprise)
    elif loop == "feeds":
        monkeypatch.setattr(ChatFeeds, "_catch_up", surprise)
    else:
        monkeypatch.setattr("quarterdeck.assistant.running.worker.store.canceled_of", None)
        surprised.set()
    house.model.script = says(Reply(text="Here.", delay=0.5))
    await worker.close()
    worker.start()
    run = await house.ask("hi")
    async with asyncio.timeout(20):
        await surprised.wait()
    assert kinds(await to_its_end(house, run))[-1] == "completed"
    assert not any(task.done() for task in worker._background)
