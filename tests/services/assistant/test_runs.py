"""Runs: the log, the loop between model and tools, approvals, cancellation, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from quarterdeck.assistant.chat_service import ChatService
from quarterdeck.assistant.run_service import RunService
from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from quarterdeck.gen.assistant.v1 import chat_service_pb2 as cpb
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.incident.v1.incidents_service_pb2 import GetIncidentRequest
from quarterdeck.identity import bootstrap
from quarterdeck.identity.call import Role
from quarterdeck.incidents.incidents_service import IncidentsService
from tests.fake_model import Reply, rate_limited, too_long, unauthorized
from tests.services.assistant.assistant_house import TODO, AssistantHouse, assistant_house, caller, kinds, says


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[AssistantHouse]:
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database) as opened:
        yield opened


async def status_of(house: AssistantHouse, incident: str) -> str:
    request = GetIncidentRequest(incident_id=incident)
    return (await house.of(IncidentsService).get_incident(request, caller())).incident.status


def resolves(incident: str, *, call_id: str = "call_resolve") -> Reply:
    arguments = f'{{"incident":"{incident}","status":"resolved"}}'
    return Reply(text="I resolve it.", calls=(("incidents_set_status", arguments),), call_ids=(call_id,))


async def test_a_run_is_logged_from_the_question_to_the_answer(house: AssistantHouse) -> None:
    house.model.script = says(Reply(text="Let me see.", calls=(("TodoWrite", TODO),)), Reply(text="42 [call:x]"))
    run = await house.ask("How many?")
    events = await house.watch(run)
    assert [kind for kind in kinds(events) if kind != "text_delta"] == [
        "started",
        "step_finished",
        "tool_call_started",
        "tool_call_finished",
        "step_finished",
        "completed",
    ]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    deltas = "".join(event.text_delta.text for event in events if event.text_delta.step == 2)
    assert deltas == "42 [call:x]"
    done = await house.run(run)
    assert done.state == run_pb2.RUN_STATE_COMPLETED
    assert done.answer == "42 [call:x]"
    assert done.costs.completion_tokens == 84
    assert done.costs.total_cost > 0
    assert list(done.references) == []  # call x is none of this run's


async def test_a_reader_that_comes_back_gets_the_rest(house: AssistantHouse) -> None:
    house.model.script = says(Reply(calls=(("TodoWrite", TODO),)), Reply(text="done"))
    run = await house.ask("How many?")
    events = await house.watch(run)
    for event in events[:-1]:
        again = await house.watch(run, after=str(event.sequence))
        assert [each.sequence for each in again] == [each.sequence for each in events if each.sequence > event.sequence]
    with pytest.raises(Invalid):
        await house.watch(run, after="x")


async def test_many_readers_see_the_same(house: AssistantHouse) -> None:
    house.model.script = says(Reply(text="word " * 40, chunk_delay=0.01), Reply(text="done"))
    run = await house.ask("How many?")
    logs = await asyncio.gather(*(house.watch(run) for _ in range(20)))
    assert all(log == logs[0] for log in logs)


async def test_a_chat_goes_on_with_what_was_said(house: AssistantHouse) -> None:
    house.model.script = says(Reply(text="first answer"), Reply(text="second answer"))
    run = await house.ask("first question")
    await house.watch(run)
    again = await house.ask("second question", chat_id=run.chat_id)
    await house.watch(again)
    said = [message["content"] for message in house.model.requests[-1]["messages"][1:]]
    assert said == ["first question", "first answer", "second question"]
    chat = await house.of(ChatService).get_chat(cpb.GetChatRequest(id=run.chat_id), caller())
    assert [message.role for message in chat.messages] == ["user", "assistant", "user", "assistant"]
    assert chat.messages[-1].content[0].text == "second answer"


async def test_a_chat_answers_one_question_at_a_time(house: AssistantHouse) -> None:
    house.model.script = says(Reply(text="slow", delay=0.5))
    run = await house.ask("first")
    with pytest.raises(PreconditionFailed):
        await house.ask("second", chat_id=run.chat_id)
    await house.watch(run)


async def test_what_changes_something_waits_for_an_approval(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(resolves(incident), Reply(text="resolved"))
    run = await house.ask("resolve it")
    paused = (await house.watch(run))[-1].paused
    assert [(each.tool_name, each.role) for each in paused.approvals] == [("incidents_set_status", "editor")]
    assert await status_of(house, incident) == "active"
    waiting = await house.run(run)
    assert waiting.state == run_pb2.RUN_STATE_INPUT_REQUIRED
    assert [each.tool_call_id for each in waiting.pending_approvals] == ["call_resolve"]
    with pytest.raises(Forbidden):
        await house.decide(run, "call_resolve", approved=True, call=caller(Role.VIEWER, name="eve"))
    await house.decide(run, "call_resolve", approved=True, call=caller(name="bob"))
    events = await house.watch(run)
    # What was paused is in the log for ever: read on behind it.
    events = await house.watch(run, after=str(events[-1].sequence))
    assert "completed" in kinds(events)
    assert await status_of(house, incident) == "resolved"
    decided = next(event.approval_decided for event in events if event.HasField("approval_decided"))
    assert (decided.approved, decided.decided_by) == (True, "bob")
    assert decided.arguments["status"] == "resolved"


async def test_a_denied_call_is_not_made_and_the_model_is_told(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(resolves(incident), Reply(text="then not"))
    run = await house.ask("resolve it")
    last = (await house.watch(run))[-1]
    await house.decide(run, "call_resolve", approved=False, feedback="not yet")
    events = await house.watch(run, after=str(last.sequence))
    result = next(event.tool_call_finished.result for event in events if event.HasField("tool_call_finished"))
    assert result.error == "Tool execution was denied by the user. User feedback: not yet"
    assert await status_of(house, incident) == "active"
    assert "denied by the user" in house.model.requests[-1]["messages"][-1]["content"]


async def test_decisions_are_final(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(resolves(incident), Reply(text="resolved"))
    run = await house.ask("resolve it")
    last = (await house.watch(run))[-1]
    await house.decide(run, "call_resolve", approved=True)
    await house.decide(run, "call_resolve", approved=True)
    with pytest.raises(PreconditionFailed):
        await house.decide(run, "call_resolve", approved=False)
    with pytest.raises(PreconditionFailed):
        await house.decide(run, "call_unknown", approved=True)
    events = await house.watch(run, after=str(last.sequence))
    assert kinds(events).count("tool_call_finished") == 1


async def test_another_question_abandons_what_waits(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(resolves(incident), Reply(text="something else"))
    run = await house.ask("resolve it")
    await house.watch(run)
    other = await house.ask("never mind; how many?", chat_id=run.chat_id)
    await house.watch(other)
    assert (await house.run(run)).state == run_pb2.RUN_STATE_CANCELED
    assert await status_of(house, incident) == "active"
    tool = next(each for each in house.model.requests[-1]["messages"] if each["role"] == "tool")
    assert tool["tool_call_id"] == "call_resolve"
    assert "cancelled" in tool["content"]
    with pytest.raises(PreconditionFailed):
        await house.decide(run, "call_resolve", approved=True)


async def test_a_viewer_cannot_have_anything_changed(house: AssistantHouse) -> None:
    incident = await house.declare()
    house.model.script = says(resolves(incident), Reply(text="I may not"))
    run = await house.ask("resolve it", caller(Role.VIEWER))
    events = await house.watch(run)
    assert "completed" in kinds(events)
    offered = {tool["function"]["name"] for tool in house.model.requests[0]["tools"]}
    assert "incidents_set_status" not in offered
    assert "incidents_get" in offered
    assert await status_of(house, incident) == "active"


async def test_tenants_see_only_their_own(house: AssistantHouse) -> None:
    house.model.script = says(Reply(text="secret"))
    run = await house.ask("mine")
    await house.watch(run)
    stranger = caller(Role.ADMIN, tenant_id="other")
    with pytest.raises(NotFound):
        await house.run(run, stranger)
    with pytest.raises(NotFound):
        await house.watch(run, call=stranger)
    with pytest.raises(NotFound):
        await house.ask("go on", stranger, chat_id=run.chat_id)


async def test_the_same_call_is_not_made_twice_in_a_run(house: AssistantHouse) -> None:
    house.model.script = says(
        Reply(calls=(("TodoWrite", TODO),)), Reply(calls=(("TodoWrite", TODO),)), Reply(text="enough")
    )
    events = await house.watch(await house.ask("plan"))
    results = [event.tool_call_finished.result for event in events if event.HasField("tool_call_finished")]
    assert [result.status for result in results] == [tool_pb2.TOOL_STATUS_SUCCESS, tool_pb2.TOOL_STATUS_ERROR]


@pytest.mark.parametrize(
    ("reply", "failure", "words"),
    [
        (rate_limited("slow down"), run_pb2.FAILURE_RATE_LIMITED, "slow down"),
        (unauthorized("who are you"), run_pb2.FAILURE_UNAUTHENTICATED, "who are you"),
        (Reply(garbage=True), run_pb2.FAILURE_UNSPECIFIED, ""),
        (Reply(text="one two three", cut_after=2), run_pb2.FAILURE_UNSPECIFIED, ""),
        (Reply(status=500, error={"message": "broken"}), run_pb2.FAILURE_UNSPECIFIED, "broken"),
    ],
)
async def test_a_model_that_fails_ends_the_run_with_its_words(
    house: AssistantHouse, reply: Reply, failure: int, words: str
) -> None:
    house.model.script = says(reply)
    async with asyncio.timeout(30):
        events = await house.watch(await house.ask("well?"))
    assert events[-1].failed.failure == failure
    assert words in events[-1].failed.message
    assert events[-1].failed.message


async def test_unknown_tools_and_bad_arguments_are_told_to_the_model(house: AssistantHouse) -> None:
    house.model.script = says(
        Reply(calls=(("no_such_tool", "{}"), ("incidents_get", "{not json"), ("incidents_get", '{"wrong":1}'))),
        Reply(text="I see"),
    )
    events = await house.watch(await house.ask("try"))
    results = [event.tool_call_finished.result for event in events if event.HasField("tool_call_finished")]
    assert len(results) == 3
    assert all(result.status == tool_pb2.TOOL_STATUS_ERROR and result.error for result in results)
    assert events[-1].completed.answer == "I see"


async def test_a_canceled_run_ends_canceled(house: AssistantHouse) -> None:
    house.model.script = says(Reply(hangs=True))
    run = await house.ask("well?")
    watching = asyncio.create_task(house.watch(run))
    await house.of(RunService).cancel_run(rpb.CancelRunRequest(id=run.id), caller(name="bob"))
    async with asyncio.timeout(10):
        events = await watching
    assert events[-1].canceled.canceled_by == "bob"
    assert (await house.run(run)).state == run_pb2.RUN_STATE_CANCELED
    after = await house.of(RunService).cancel_run(rpb.CancelRunRequest(id=run.id), caller(name="eve"))
    assert after.run.state == run_pb2.RUN_STATE_CANCELED


async def test_a_conversation_that_the_model_finds_too_long_is_shortened(house: AssistantHouse) -> None:
    house.model.script = says(Reply(text="one"))
    run = await house.ask("first question, a long one " * 20)
    await house.watch(run)
    house.model.script = says(too_long(), Reply(text="a summary"), Reply(text="two"))
    events = await house.watch(await house.ask("second question", chat_id=run.chat_id))
    assert "compacted" in kinds(events)
    compacted = next(event.compacted for event in events if event.HasField("compacted"))
    assert compacted.summary == "a summary"
    assert events[-1].completed.answer == "two"
    assert "a summary" in house.model.requests[-1]["messages"][1]["content"]


async def test_steps_have_an_end(database: Database) -> None:
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database, max_steps=3) as house:
        house.model.script = lambda request: Reply(
            calls=(("incidents_list", f'{{"limit":{len(request["messages"])}}}'),)
        )
        events = await house.watch(await house.ask("for ever"))
    assert events[-1].failed.failure == run_pb2.FAILURE_TOO_MANY_STEPS
    assert events[-1].failed.message.startswith("Too many LLM calls")
    assert kinds(events).count("step_finished") == 3
