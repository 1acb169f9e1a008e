"""Tools that the client runs: k6 Studio's way over A2A, and a browser's over the chat's events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fake_model import FakeModel, Reply
from tests.running_server import RunningServer

PLUGIN = "/api/plugins/grafana-assistant-app/resources"
V1 = f"{PLUGIN}/api/v1"
K6 = "grafana_assistant_k6_studio"
TOOLS = {
    "run_load_test": {
        "description": "Runs a load test.",
        "timeout_ms": 30_000,
        "agents": [K6, "grafana_assistant_api"],
    },
    "hurried": {"description": "Has no time.", "timeout_ms": 300},
    "for_editors": {"description": "Is not for everybody.", "role": "admin"},
}


def script(request: dict[str, Any]) -> Reply:
    """Calls what the question names, and then says what came of it."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return Reply(text=f"It said: {last['content']}")
    arguments = '{"script": "a.js", "vus": 10}' if "users" in last["content"] else '{"script": "a.js"}'
    return Reply(calls=((last["content"].split()[0], arguments),), call_ids=("call_remote",))


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[tuple[FakeModel, httpx.AsyncClient]]:
    async with FakeModel(script) as model:
        (folder / "models.yaml").write_text(
            json.dumps({"fake": {"model": "openai/fake", "api_key": "k", "api_base": model.url}})
        )
        (folder / "remote.yaml").write_text(json.dumps({"remote_tools": TOOLS}))
        environment = {
            "QUARTERDECK_MODELS_FILE": str(folder / "models.yaml"),
            "QUARTERDECK_PROBE_MODELS": "false",
            "QUARTERDECK_REMOTE_TOOLS_FILE": str(folder / "remote.yaml"),
        }
        with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder, env=environment) as server:
            headers = {"authorization": f"Bearer {server.token}"}
            async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as client:
                yield model, client


async def a2a(client: httpx.AsyncClient, prompt: str, agent: str = K6) -> AsyncIterator[dict[str, Any]]:
    """The results of `message/stream`, as they come."""
    message = {"kind": "message", "role": "user", "messageId": "m", "parts": [{"kind": "text", "text": prompt}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {"message": message}}
    headers = {"accept": "text/event-stream", "x-app-source": "k6-studio"}
    async with client.stream("POST", f"{V1}/a2a/agents/{agent}", json=body, headers=headers) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])["result"]


async def respond(client: httpx.AsyncClient, request: dict[str, Any], **said: Any) -> httpx.Response:
    body = {"requestId": request["requestId"], "chatId": request["chatId"], **said}
    return await client.post(f"{V1}/a2a/remote-tool-response", json=body)


def said(result: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in result["artifact"]["parts"])


async def through(client: httpx.AsyncClient, prompt: str, **answer: Any) -> tuple[list[dict[str, Any]], str]:
    """The tool's requests, answered at once, and the final text."""
    requests, text = [], ""
    async for result in a2a(client, prompt):
        if result.get("type") == "REMOTE_TOOL_REQUEST":
            requests.append(result["data"])
            if answer:
                assert (await respond(client, result["data"], **answer)).status_code == 200
        elif result.get("kind") == "artifact-update" and result["artifact"]["name"] == "step.message":
            text = said(result)
    return requests, text


async def test_the_model_reads_what_the_client_answers(tmp_path: Path) -> None:
    async with house(tmp_path) as (model, client):
        requests, text = await through(client, "run_load_test now", success=True, result={"p95": 120})
        (asked,) = requests
        assert set(asked) == {"requestId", "chatId", "toolName", "toolInput", "timeoutMs"}
        assert (asked["toolName"], asked["toolInput"], asked["timeoutMs"]) == (
            "run_load_test", {"script": "a.js"}, 30_000,
        )  # fmt: skip
        assert "p95" in text
        again = await respond(client, asked, success=True, result="twice")
        assert (again.status_code, again.json()["status"]) == (400, "error")
        unknown = await respond(client, {**asked, "requestId": "nobody"}, success=True, result="x")
        assert unknown.status_code == 404

        secret = "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlc2lnbmF0dXJl"
        _, text = await through(client, "run_load_test again", success=True, result=secret)
        assert "eyJhbGci" not in text, "what clients answer is cleaned like any result"
        _, text = await through(client, "run_load_test again", success=False, error="the script does not compile")
        assert "the script does not compile" in text
        assert "hurried" in {tool["function"]["name"] for tool in model.requests[-1]["tools"]}


@pytest.mark.parametrize("error", ["it broke", {"message": "it broke"}, {"code": 7, "why": "it broke"}])
async def test_answers_are_understood_and_may_come_twice(tmp_path: Path, error: Any) -> None:
    async with house(tmp_path) as (_, client):
        async for result in a2a(client, "run_load_test with users"):
            if result.get("type") == "REMOTE_TOOL_REQUEST":
                assert json.dumps(result["data"]["toolInput"]) == '{"script": "a.js", "vus": 10}', "whole numbers are"
                for _ in range(2):
                    assert (await respond(client, result["data"], success=False, error=error)).status_code == 200
            elif result.get("artifact", {}).get("name") == "step.message":
                assert "it broke" in said(result)
        _, text = await through(client, "run_load_test again", result="it went well")
        assert "it went well" in text, "without a word on success, there is no error"


async def test_who_comes_later_is_asked_as_well(tmp_path: Path) -> None:
    """The tool waits when a browser opens the chat's events: it learns of the request with the chat's state."""
    async with house(tmp_path) as (_, client):
        started = await client.post(f"{V1}/assistant/chats", json={"prompt": "run_load_test from a browser"})
        chat = started.json()["data"]["chatId"]
        run = (await client.get(f"/api/v1/assistant/chats/{chat}")).json()["runs"][0]["id"]
        state = ""
        while state != "RUN_STATE_INPUT_REQUIRED":
            state = (await client.get(f"/api/v1/assistant/runs/{run}")).json()["state"]
        kinds = []
        async with client.stream("GET", f"{PLUGIN}/api/events/chats/{chat}") as events:
            async for line in events.aiter_lines():
                if not line.startswith("data: "):
                    continue
                record = json.loads(line[6:])
                kinds.append(record["type"])
                if record["type"] == "REMOTE_TOOL_REQUEST":
                    assert (await respond(client, record["data"], success=True, result="12")).status_code == 200
                elif record["type"] == "AGENT_EXECUTION_COMPLETED":
                    break
        assert kinds.count("REMOTE_TOOL_REQUEST") == 1
        async with client.stream("GET", f"{PLUGIN}/api/events/chats/{chat}") as events:
            async for line in events.aiter_lines():
                assert "REMOTE_TOOL_REQUEST" not in line
                if "AGENT_EXECUTION_COMPLETED" in line:
                    break


async def test_nobody_answers(tmp_path: Path) -> None:
    async with house(tmp_path) as (_, client):
        requests, text = await through(client, "hurried please")
        assert len(requests) == 1
        assert "did not answer" in text
        late = await respond(client, requests[0], success=True, result="late")
        assert late.status_code == 400


async def test_over_the_chats_events(tmp_path: Path) -> None:
    async with house(tmp_path) as (_, client):
        started = await client.post(f"{V1}/assistant/chats", json={"prompt": "run_load_test from a browser"})
        chat = started.json()["data"]["chatId"]
        last: dict[str, Any] = {}
        async with client.stream("GET", f"{PLUGIN}/api/events/chats/{chat}", headers={"last-event-id": "0"}) as events:
            async for line in events.aiter_lines():
                if not line.startswith("data: "):
                    continue
                last = json.loads(line[6:])
                if last["type"] == "REMOTE_TOOL_REQUEST":
                    assert last["data"]["chatId"] == chat
                    await respond(client, last["data"], success=True, result="12 requests")
                elif last["type"].startswith("AGENT_EXECUTION_") and last["type"] != "AGENT_EXECUTION_STARTED":
                    break
        assert last["type"] == "AGENT_EXECUTION_COMPLETED"
        messages = (await client.get(f"{V1}/chats/{chat}")).json()["messages"]
        assert "12 requests" in json.dumps(messages)


async def test_only_those_who_could_run_it_are_offered_it(tmp_path: Path) -> None:
    async with house(tmp_path) as (model, client):

        async def offered() -> set[str]:
            return {tool["function"]["name"] for tool in model.requests[-1]["tools"]}

        async for _ in a2a(client, "TodoWrite", agent="grafana_assistant_cli"):
            pass
        assert {"hurried", "for_editors"} <= await offered()
        assert "run_load_test" not in await offered()
        await client.post("/api/chat", json={"ask": "hurried"})
        assert not set(TOOLS) & await offered(), "HolmesGPT's clients bring their own"
        assert "none is there that could" in json.dumps(model.requests[-1]["messages"])
