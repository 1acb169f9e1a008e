"""HolmesGPT's API over HTTP, as its clients use it: the approval scenario, the exact keys, the quirks, the errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fake_model import FakeModel, Reply, rate_limited, unauthorized
from tests.running_server import RunningServer

Records = list[tuple[str, dict[str, Any]]]

METADATA = {"usage", "tokens", "max_tokens", "max_output_tokens", "truncations", "costs"}
RESULT = {
    *("schema_version", "status", "error", "return_code", "data", "images", "url", "invocation", "params", "icon_url"),
    "elapsed_seconds",
}
NOTE = '{"incident":"1","text":"restarted"}'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[FakeModel]:
    async with FakeModel() as running:
        yield running


@pytest.fixture(scope="module")
def server(model: FakeModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("holmes")
    entry = {"model": "openai/fake", "api_key": "k", "api_base": model.url}
    small = {**entry, "context_window": 20_000, "max_output_tokens": 1000}
    (folder / "models.json").write_text(json.dumps({"fake": entry, "other": entry, "small": small}))
    environment = {"QUARTERDECK_MODELS_FILE": str(folder / "models.json"), "QUARTERDECK_PROBE_MODELS": "false"}
    with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder, env=environment) as running:
        with httpx.Client(base_url=running.http_url, headers={"x-api-key": running.token}) as client:
            made = client.post(
                "/incident.v1.IncidentsService/CreateIncident", json={"title": "Slow", "severity": "minor"}
            )
            assert made.status_code == 200, made.text
        yield running


@pytest_asyncio.fixture
async def client(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.http_url, headers={"x-api-key": server.token}, timeout=30) as opened:
        yield opened


def says(*replies: Reply) -> Any:
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


async def stream(client: httpx.AsyncClient, body: dict[str, Any], path: str = "/api/chat") -> Records:
    answer = await client.post(path, json={"stream": True, **body})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text.isascii()
    found = []
    for record in answer.text.removesuffix("\n\n").split("\n\n"):
        event, data = record.split("\n")
        assert event.startswith("event: ")
        assert data.startswith("data: ")
        found.append((event[7:], json.loads(data[6:])))
    return found


def names(records: Records) -> list[str]:
    return [name for name, _ in records]


async def notes(client: httpx.AsyncClient) -> int:
    query = {"query": {"incidentID": "1", "limit": 50}}
    answer = await client.post("/api/v1/ActivityService.QueryActivity", json=query)
    return sum(item["body"] == "restarted" for item in answer.json()["activityItems"])


async def paused(client: httpx.AsyncClient, model: FakeModel, call_id: str) -> dict[str, Any]:
    """A conversation that waits for an approval."""
    model.script = says(
        Reply("I add a note.", (("incidents_add_note", NOTE),), call_ids=(call_id,)), Reply("It is done.")
    )
    records = await stream(client, {"ask": "note it", "enable_tool_approval": True})
    assert names(records) == [
        *("token_count", "ai_message", "start_tool_calling", "tool_calling_result", "token_count", "approval_required")
    ]
    return records[-1][1]


def resumed(waiting: dict[str, Any], *decisions: dict[str, Any], ask: str = "") -> dict[str, Any]:
    return {
        "ask": ask,
        "conversation_history": waiting["conversation_history"],
        "tool_decisions": list(decisions),
        "enable_tool_approval": True,
    }


async def test_a_step_with_a_tool_and_an_answer(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("Let me look.", (("incidents_list", "{}"),)), Reply("One incident."))
    records = await stream(client, {"ask": "which incidents?"})
    assert names(records) == [
        *("token_count", "ai_message", "start_tool_calling", "tool_calling_result", "token_count", "token_count"),
        "ai_answer_end",
    ]
    by_name = dict(records)
    assert set(by_name["token_count"]) == {"metadata"}
    assert set(by_name["token_count"]["metadata"]) == METADATA
    assert records[0][1]["metadata"] == records[1][1]["metadata"]
    assert set(by_name["ai_message"]) == {"content", "reasoning", "metadata"}
    assert set(by_name["start_tool_calling"]) == {"tool_name", "id"}
    result = by_name["tool_calling_result"]
    assert set(result) == {"tool_call_id", "tool_name", "name", "description", "role", "result", "toolset_name"}
    assert (result["role"], set(result["result"])) == ("tool", RESULT)
    assert isinstance(result["result"]["data"], str)
    end = by_name["ai_answer_end"]
    assert set(end) == {"analysis", "conversation_history", "follow_up_actions", "metadata"}
    assert set(end["metadata"]) == METADATA | {"finish_reason", "request_id"}
    assert [each["role"] for each in end["conversation_history"]] == [
        *("system", "user", "assistant", "tool", "assistant")
    ]
    assert [each["id"] for each in end["follow_up_actions"]] == ["logs", "graphs", "articles"]
    alias = await stream(client, {"ask": "which incidents?", "stream": False}, "/api/stream/chat")
    assert names(alias)[-1] == "ai_answer_end"


async def test_the_json_answer_and_going_on_with_its_history(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("", (("incidents_list", "{}"),)), Reply("One incident."))
    answer = await client.post("/api/chat", json={"ask": "which?", "model": "no-such-model"})
    body = answer.json()
    assert list(body) == [
        *("analysis", "conversation_history", "tool_calls", "follow_up_actions", "pending_approvals", "metadata")
    ]
    assert (body["analysis"], body["pending_approvals"]) == ("One incident.", None)
    (call,) = body["tool_calls"]
    assert set(call) == {"tool_call_id", "tool_name", "description", "result", "size", "toolset_name"}
    assert all(isinstance(each["content"], str) for each in body["conversation_history"])
    noisy = [{**each, "token_count": 3, "provider_specific_fields": {}} for each in body["conversation_history"]]
    again = (await client.post("/api/chat", json={"ask": "and now?", "conversation_history": noisy})).json()
    assert len(again["conversation_history"]) == len(noisy) + 2
    assert again["follow_up_actions"] == []
    sent = model.requests[-1]["messages"]
    assert sent[0]["role"] == "system"
    assert "token_count" not in json.dumps(sent)


async def test_approved_with_an_empty_ask_runs_once(client: httpx.AsyncClient, model: FakeModel) -> None:
    before = await notes(client)
    waiting = await paused(client, model, "call_once")
    assert set(waiting) == {
        *("content", "analysis", "conversation_history", "follow_up_actions", "requires_approval"),
        *("pending_approvals", "pending_frontend_tool_calls"),
    }
    assert (waiting["content"], waiting["analysis"], waiting["requires_approval"]) == (None, None, True)
    assert set(waiting["pending_approvals"][0]) == {"tool_call_id", "tool_name", "description", "params"}
    marked = waiting["conversation_history"][-1]["tool_calls"][0]
    assert marked["pending_approval"] is True
    assert await notes(client) == before
    decision = {"tool_call_id": "call_once", "approved": True}
    records = await stream(client, resumed(waiting, decision))
    assert names(records)[0] == "tool_calling_result"
    assert records[0][1]["result"]["status"] == "success"
    history = records[-1][1]["conversation_history"]
    assert [each["role"] for each in history] == ["system", "user", "assistant", "tool", "assistant"]
    assert "pending_approval" not in json.dumps(history)
    assert await notes(client) == before + 1
    repeated = await stream(client, resumed(waiting, decision))
    assert repeated[0][1]["result"]["status"] == "success"
    assert await notes(client) == before + 1


async def test_denied_abandoned_and_forgotten(client: httpx.AsyncClient, model: FakeModel) -> None:
    before = await notes(client)
    waiting = await paused(client, model, "call_no")
    decision = {"tool_call_id": "call_no", "approved": False, "feedback": "not now"}
    denied = await stream(client, resumed(waiting, decision))
    assert denied[0][1]["result"]["error"] == "Tool execution was denied by the user. User feedback: not now"
    forgotten = await stream(client, resumed(waiting, {"tool_call_id": "call_other", "approved": True}))
    assert forgotten[0][1]["result"]["error"] == "Tool execution was denied by the user."
    history = {"conversation_history": waiting["conversation_history"]}
    abandoned = await stream(client, {"ask": "something else", **history})
    assert abandoned[0][1]["result"]["status"] == "error"
    assert [each["role"] for each in abandoned[-1][1]["conversation_history"]][2:5] == ["assistant", "tool", "user"]
    assert await notes(client) == before


@pytest.mark.parametrize("how", ["altered", "no token", "forged"])
async def test_an_approval_holds_for_the_very_call_alone(client: httpx.AsyncClient, model: FakeModel, how: str) -> None:
    before = await notes(client)
    waiting = await paused(client, model, "call_forged")
    call = waiting["conversation_history"][-1]["tool_calls"][0]
    match how:
        case "altered":
            call["function"]["arguments"] = '{"incident":"1","text":"restarted","x":1}'
        case "no token":
            del call["approval_token"]
        case _:
            call["approval_token"] = call["approval_token"][:-4] + "AAAA"
    records = await stream(client, resumed(waiting, {"tool_call_id": "call_forged", "approved": True}))
    assert records[0][1]["result"]["status"] == "error"
    assert records[-1][0] == "ai_answer_end"
    assert await notes(client) == before


async def test_decisions_about_nothing_and_approvals_switched_off(client: httpx.AsyncClient, model: FakeModel) -> None:
    decisions = [{"tool_call_id": "x", "approved": True}]
    records = await stream(client, {"ask": "", "tool_decisions": decisions})
    assert records == [
        (
            "error",
            {
                "description": "Received 1 tool decisions but no pending approvals found in conversation history",
                "error_code": 1,
                "msg": "Received 1 tool decisions but no pending approvals found in conversation history",
                "success": False,
            },
        )
    ]
    before = await notes(client)
    model.script = says(Reply("", (("incidents_add_note", NOTE),)), Reply("I may not."))
    body = (await client.post("/api/chat", json={"ask": "note it", "enable_tool_approval": True})).json()
    assert body["tool_calls"][0]["result"]["status"] == "error"
    assert await notes(client) == before


async def test_an_approval_counts_as_the_documentation_prints_it(client: httpx.AsyncClient, model: FakeModel) -> None:
    """Without an ask, and without saying again that approvals are on."""
    before = await notes(client)
    waiting = await paused(client, model, "call_doc")
    decision = {"tool_call_id": "call_doc", "approved": True}
    body = {"conversation_history": waiting["conversation_history"], "tool_decisions": [decision]}
    records = await stream(client, body, "/api/stream/chat")
    assert (records[0][1]["result"]["status"], names(records)[-1]) == ("success", "ai_answer_end")
    assert await notes(client) == before + 1


async def test_who_may_not_make_a_call_does_not_use_its_approval_up(
    client: httpx.AsyncClient, model: FakeModel
) -> None:
    admin = "/quarterdeck.admin.v1.AdminService"
    made = await client.post(f"{admin}/CreateServiceAccount", json={"name": "onlooker", "role": "ROLE_VIEWER"})
    account = made.json()["serviceAccount"]["id"]
    token = await client.post(f"{admin}/CreateToken", json={"serviceAccountId": account, "name": "t"})
    before = await notes(client)
    waiting = await paused(client, model, "call_role")
    body = {"stream": True, **resumed(waiting, {"tool_call_id": "call_role", "approved": True})}
    refused = await client.post("/api/chat", json=body, headers={"x-api-key": token.json()["secret"]})
    assert "role" in refused.text.split("\n\n")[0]
    assert await notes(client) == before
    records = await stream(client, body)
    assert records[0][1]["result"]["status"] == "success"
    await stream(client, body)
    assert await notes(client) == before + 1


async def test_tools_of_the_frontend(client: httpx.AsyncClient, model: FakeModel) -> None:
    tool = {"name": "show_graph", "description": "Shows a graph", "parameters": {"type": "object", "properties": {}}}
    model.script = says(Reply("", (("show_graph", "{}"),), call_ids=("call_f",)), Reply("Shown."))
    records = await stream(client, {"ask": "graph", "frontend_tools": [tool]})
    waiting = records[-1][1]
    assert waiting["pending_frontend_tool_calls"] == [
        {"tool_call_id": "call_f", "tool_name": "show_graph", "arguments": {}}
    ]
    result = {"tool_call_id": "call_f", "tool_name": "show_graph", "result": "a graph"}
    more = {"ask": "", "conversation_history": waiting["conversation_history"], "frontend_tools": [tool]}
    records = await stream(client, {**more, "frontend_tool_results": [result]})
    assert records[0][1]["result"]["data"] == "a graph"
    assert records[-1][1]["analysis"] == "Shown."
    noop = {**tool, "mode": "noop", "noop_response": "seen"}
    model.script = says(Reply("", (("show_graph", "{}"),)), Reply("Shown."))
    body = (await client.post("/api/chat", json={"ask": "graph", "frontend_tools": [noop]})).json()
    assert body["tool_calls"][0]["result"]["data"] == "seen"
    silent = {**tool, "mode": "noop"}
    model.script = says(Reply("", (("show_graph", "{}"),)), Reply("Shown."))
    body = (await client.post("/api/chat", json={"ask": "graph", "frontend_tools": [silent]})).json()
    assert "performed" in body["tool_calls"][0]["result"]["data"]
    taken = {**noop, "name": "incidents_list"}
    assert (await client.post("/api/chat", json={"ask": "x", "frontend_tools": [taken]})).status_code == 400
    assert (await client.post("/api/chat", json={"ask": "x", "frontend_tools": [tool]})).status_code == 400


async def test_failures_of_the_model(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(rate_limited("slow down"))
    limited = await client.post("/api/chat", json={"ask": "x"})
    assert (limited.status_code, limited.json()) == (429, {"detail": "slow down"})
    records = await stream(client, {"ask": "x"})
    expected = {"description": "slow down", "error_code": 5204, "msg": "Rate limit exceeded", "success": False}
    assert records[-1] == ("error", expected)
    model.script = says(unauthorized("wrong key"))
    refused = await client.post("/api/chat", json={"ask": "x"})
    assert (refused.status_code, refused.json()) == (401, {"detail": "wrong key"})
    model.script = says(Reply(status=500, error={"message": "broken"}))
    assert (await client.post("/api/chat", json={"ask": "x"})).status_code == 500
    assert (await stream(client, {"ask": "x"}))[-1][1]["error_code"] == 1


async def test_long_results_are_cut_with_the_marker(client: httpx.AsyncClient, model: FakeModel) -> None:
    text = "x" * 300_000
    made = await client.post(
        "/pipeline.v1.PipelineService/CreatePipeline",
        json={"pipeline": {"name": "long", "contents": f"// {text}\n"}},
    )
    assert made.status_code == 200, made.text
    model.script = says(Reply("", (("fleet_get_pipeline", '{"pipeline":"long"}'),)), Reply("Long."))
    body = (await client.post("/api/chat", json={"ask": "x"})).json()
    (cut,) = body["metadata"]["truncations"]
    assert set(cut) == {"tool_call_id", "start_index", "end_index", "tool_name", "original_token_count"}
    told = next(each["content"] for each in body["conversation_history"] if each["role"] == "tool")
    assert told.endswith("\n\n[TRUNCATED]")
    assert len(told) == cut["end_index"] + len("\n\n[TRUNCATED]")


def long_history(characters: int) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": ""},
        {"role": "user", "content": "long ago " * (characters // 9)},
        {"role": "assistant", "content": "That was long."},
    ]


async def test_a_history_that_is_too_long_is_compacted(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("A short summary."), Reply("Here."))
    body = {"ask": "and now?", "model": "small", "conversation_history": long_history(80_000)}
    records = await stream(client, body)
    assert names(records) == [
        *("conversation_history_compaction_start", "conversation_history_compacted", "ai_message", "token_count"),
        *("token_count", "ai_answer_end"),
    ]
    start, compacted, notice, count = (payload for _, payload in records[:4])
    assert set(start) == {"content", "metadata"}
    before = start["metadata"].pop("initial_tokens")
    assert start["metadata"] == {"num_messages": 4, "max_context_size": 20_000, "threshold_pct": 95}
    assert set(compacted) == {"content", "compaction_summary", "messages", "metadata"}
    assert compacted["compaction_summary"] == "A short summary."
    figures = compacted["metadata"]
    after, cost = figures.pop("compacted_tokens"), figures.pop("compaction_cost")
    assert after < before
    assert figures.pop("compression_ratio_pct") == round(100 * (1 - after / before), 1)
    assert figures == {
        "initial_tokens": before,
        "num_messages_before": 4,
        "num_messages_after": 4,
        "max_context_size": 20_000,
        "threshold_pct": 95,
        "fallback_used": False,
        "summarization_requests": 1,
    }
    assert set(cost) == {
        *("total_cost", "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "cache_creation_tokens")
    }
    assert notice == {"content": compacted["content"]}
    assert set(count["metadata"]) == {"tokens", "max_tokens", "max_output_tokens", "truncations"}
    assert count["metadata"]["tokens"]["total_tokens"] == after
    end = records[-1][1]
    assert end["metadata"]["costs"]["num_compactions"] == 1
    kept = [each["role"] for each in compacted["messages"]]
    assert [each["role"] for each in end["conversation_history"]] == [*kept, "assistant"]
    model.script = says(Reply("A short summary."), Reply("Here."))
    answer = (await client.post("/api/chat", json=body)).json()
    assert (answer["analysis"], answer["metadata"]["costs"]["num_compactions"]) == ("Here.", 1)


@pytest.mark.parametrize("summary", ["too long as well " * 6000, "short"])
async def test_what_no_compaction_helps_is_said(client: httpx.AsyncClient, model: FakeModel, summary: str) -> None:
    """The reason comes as a message, and then the error: the question itself, or the summary, is too long."""
    model.script = says(Reply(summary), Reply("Here."))
    ask = "too long " * 10_000 if summary == "short" else "and now?"
    body = {"ask": ask, "model": "small", "conversation_history": long_history(80_000)}
    records = await stream(client, body)
    assert names(records)[-2:] == ["ai_message", "error"]
    message, error = (payload for _, payload in records[-2:])
    assert set(message) == {"content"}
    assert error == {"description": message["content"], "error_code": 1, "msg": message["content"], "success": False}
    assert "context window" in message["content"]
    assert ("conversation_history_compacted" in names(records)) == (summary == "short")
    model.script = says(Reply(summary), Reply("Here."))
    refused = await client.post("/api/chat", json=body)
    assert (refused.status_code, set(refused.json())) == (500, {"detail"})


async def test_investigations_and_their_sections(client: httpx.AsyncClient, model: FakeModel) -> None:
    request = {"source": "prometheus", "title": "Crash", "description": "d", "subject": {"pod": "p"}, "context": {}}
    model.script = says(Reply('```json\n{"Key Findings": "it crashed", "Next Steps": null}\n```'))
    body = (await client.post("/api/investigate", json=request)).json()
    assert set(body) == {"analysis", "sections", "tool_calls", "instructions", "metadata"}
    assert body["sections"] == {"Key Findings": "it crashed", "Next Steps": None}
    assert body["analysis"] == "# Key Findings\nit crashed"
    wanted = model.requests[-1]["response_format"]["json_schema"]
    assert wanted["name"] == "InvestigationResult"
    assert "Conclusions and Possible Root causes" in wanted["schema"]["required"]
    model.script = says(Reply("no sections at all"))
    assert (await client.post("/api/investigate", json=request)).json()["sections"] is None
    records = await stream(client, request, "/api/stream/investigate")
    assert records[-1][0] == "ai_answer_end"
    assert set(records[-1][1]) == {"sections", "analysis", "instructions", "metadata"}
    assert (records[-1][1]["sections"], records[-1][1]["instructions"]) == ({}, [])
    bad = await client.post("/api/investigate", json={**request, "prompt_template": "file:///etc/passwd"})
    assert bad.status_code == 500
    assert "passwd" not in bad.text


async def test_the_other_routes(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("An answer."))
    issue = {"ask": "how?", "investigation_result": {"tools": []}, "issue_type": "Crash"}
    body = (await client.post("/api/issue_chat", json=issue)).json()
    assert (body["analysis"], body["follow_up_actions"]) == ("An answer.", [])
    assert names(await stream(client, issue, "/api/stream/issue_chat"))[-1] == "ai_answer_end"
    chat = {"ask": "well?", "workload_health_result": {"analysis": "good"}, "resource": {"name": "a"}}
    assert (await client.post("/api/workload_health_chat", json=chat)).json()["analysis"] == "An answer."
    model.script = says(Reply('```json\n{"workload_healthy": true, "root_cause_summary": "fine"}\n```'))
    check = (await client.post("/api/workload_health_check", json={"ask": "?", "resource": {"name": "a"}})).json()
    assert check["sections"] is None
    assert json.loads(check["analysis"]) == {"workload_healthy": True, "root_cause_summary": "fine"}
    assert (await client.get("/api/model")).json() == {"model_name": '["fake","other","small"]'}
    ready = (await client.get("/readyz", headers={"x-api-key": ""})).json()
    assert (ready["status"], ready["models"]) == ("ready", ["fake", "other", "small"])
    assert (await client.get("/healthz", headers={"x-api-key": ""})).json() == {"status": "healthy"}
    info = (await client.get("/api/info")).json()
    assert {"version", "uptime_seconds", "auth_enabled", "models", "toolsets_summary", "runbooks_count"} == set(info)
    model.script = says(Reply('{"passed": false, "rationale": "it is not"}'))
    verdict = await client.post(
        "/api/checks/execute", json={"query": "all well", "destinations": [{"type": "slack", "config": {}}]}
    )
    assert (verdict.json()["status"], verdict.json()["rationale"]) == ("fail", "it is not")
    told = verdict.json()["notifications"][0]
    assert (told["type"], told["status"], "mode" in told["error"]) == ("slack", "skipped", True)
    alert = {"query": "all well", "mode": "alert", "destinations": [{"type": "slack", "config": {"channel": "#ops"}}]}
    (told,) = (await client.post("/api/checks/execute", json=alert)).json()["notifications"]
    assert (told["channel"], told["status"], "slack" in told["error"]) == ("#ops", "skipped", True)
    model.script = says(Reply('{"passed": "True", "rationale": "fine"}'))
    passed = (await client.post("/api/checks/execute", json={**alert, "destinations": [{}]})).json()
    assert (passed["status"], passed["notifications"][0]["error"]) == ("pass", "the check passed")
    oauth = {"toolset_name": "x", "code": "c", "redirect_uri": "r"}
    assert (await client.post("/api/oauth/callback", json=oauth)).status_code == 400
    for path in ("/api/admin/reload", "/api/agui/chat"):
        answer = await client.post(path, json={})
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_images_and_requests_that_cannot_be_read(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("A picture."))
    pixel = "data:image/png;base64,iVBORw0KGgo="
    shown = await client.post("/api/chat", json={"ask": "what?", "images": [pixel, {"url": pixel, "detail": "low"}]})
    assert shown.json()["analysis"] == "A picture."
    parts = [part["type"] for part in model.requests[-1]["messages"][-1]["content"]]
    assert parts.count("image_url") == 2
    missing = await client.post("/api/chat", json={"ask": "what?", "images": [{"detail": "low"}]})
    assert missing.status_code == 500
    assert "Image dict must contain a 'url' key" in missing.json()["detail"]
    unread = await client.post("/api/chat", json={})
    assert (unread.status_code, unread.json()["detail"][0]["type"]) == (422, "missing")
    history = [{"role": "user", "content": "x"}]
    first = (await client.post("/api/chat", json={"ask": "x", "conversation_history": history})).json()
    assert "must contain 'role': 'system'" in first["detail"][0]["msg"]
    stranger = await client.post("/api/chat", json={"ask": "x"}, headers={"x-api-key": "wrong"})
    assert (stranger.status_code, stranger.json()) == (401, {"detail": "Invalid or missing API key"})


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
async def test_a_question_is_read_whatever_type_it_is_sent_with(
    client: httpx.AsyncClient, model: FakeModel, content_type: str
) -> None:
    """`curl -d` says form."""
    model.script = says(Reply("Yes."))
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.post("/api/chat", content=b' {"ask": "hi"}', headers=headers)
    assert (answer.status_code, answer.json()["analysis"]) == (200, "Yes.")
    form = await client.post("/api/chat", content=b"ask=hi", headers={"content-type": content_type or "a/b"})
    assert form.status_code == 422
    page = {**headers, "sec-fetch-site": "cross-site"}
    assert (await client.post("/api/chat", content=b'{"ask": "hi"}', headers=page)).status_code == 403
    check = await client.post("/api/checks/execute", content=b'{"query": "hi"}', headers={"content-type": "text/plain"})
    assert check.status_code == 422


async def test_what_a_fastapi_server_does_beside(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("Yes."))
    slashed = await client.post("/api/chat/?a=1", json={"ask": "hi"})
    assert (slashed.status_code, slashed.headers["location"]) == (307, "/api/chat?a=1")
    followed = await client.post("/api/chat/", json={"ask": "hi"}, follow_redirects=True)
    assert followed.json()["analysis"] == "Yes."
    for path in ("/healthz", "/readyz", "/api/model"):
        refused = await client.post(path)
        assert (refused.status_code, refused.json()) == (405, {"detail": "Method Not Allowed"})
    large = {"ask": "hi", "images": ["data:image/png;base64," + "A" * 6_000_000]}
    assert (await client.post("/api/chat", json=large)).status_code == 200


async def test_the_count_grows_with_what_tools_say(client: httpx.AsyncClient, model: FakeModel) -> None:
    model.script = says(Reply("", (("incidents_list", "{}"),)), Reply("One incident, " * 50))
    records = await stream(client, {"ask": "which?"})
    counts = [payload["metadata"]["tokens"]["total_tokens"] for name, payload in records if name == "token_count"]
    end = records[-1][1]["metadata"]
    assert counts[0] < counts[1] == counts[2] < end["tokens"]["total_tokens"]
    assert end["usage"] == records[-2][1]["metadata"]["usage"]


async def test_the_same_call_twice_in_one_step_is_approved_once_and_made_once(
    client: httpx.AsyncClient, model: FakeModel
) -> None:
    before = await notes(client)
    twice = (("incidents_add_note", NOTE), ("incidents_add_note", NOTE))
    model.script = says(Reply("", twice, call_ids=("call_a", "call_b")), Reply("Noted."))
    records = await stream(client, {"ask": "note it", "enable_tool_approval": True})
    (asked,) = records[-1][1]["pending_approvals"]
    assert asked["tool_call_id"] == "call_a"
    records = await stream(client, resumed(records[-1][1], {"tool_call_id": "call_a", "approved": True}))
    assert records[0][1]["result"]["status"] == "success"
    assert await notes(client) == before + 1
