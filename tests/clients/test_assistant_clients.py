"""The Grafana Assistant's API as its clients use it: the product document, gcx, mcp-grafana, k6 Studio, browsers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.running_server import RunningServer

PLUGIN = "/api/plugins/grafana-assistant-app/resources"
V1 = f"{PLUGIN}/api/v1"
DELTAS = "https://grafana.com/extensions/token-streaming/v1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("assistant")
    with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder) as running:
        yield running


@pytest_asyncio.fixture
async def client(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {server.token}"}
    async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as opened:
        yield opened


async def start(client: httpx.AsyncClient, prompt: str, **more: str) -> str:
    answer = await client.post(f"{V1}/assistant/chats", json={"prompt": prompt, **more})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == "success"
    return str(body["data"]["chatId"])


async def records(client: httpx.AsyncClient, chat: str, path: str = "", **headers: str) -> list[tuple[str, Any]]:
    """Every record (id, data) up to the end of the chat's run."""
    found = []
    url = path or f"{PLUGIN}/api/events/chats/{chat}"
    async with client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        number = ""
        async for line in answer.aiter_lines():
            assert not line.startswith("event:")
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: "):
                found.append((number, json.loads(line[6:])))
                if found[-1][1]["type"] in {"AGENT_EXECUTION_COMPLETED", "AGENT_EXECUTION_FAILED"}:
                    return found
    raise AssertionError(f"the stream ended early: {found}")


async def rpc(client: httpx.AsyncClient, agent: str, params: Any, *, method: str = "message/stream", **headers: str):
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return await client.post(f"{V1}/a2a/agents/{agent}", json=body, headers=headers)


def message(text: str) -> dict[str, Any]:
    return {
        "message": {"kind": "message", "role": "user", "messageId": "m1", "parts": [{"kind": "text", "text": text}]}
    }


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    lines = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert all(line["jsonrpc"] == "2.0" and line["id"] == 7 for line in lines)
    return [line["result"] for line in lines]


def artifacts(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [
        each["artifact"] for each in found if each["kind"] == "artifact-update" and each["artifact"]["name"] == name
    ]


async def test_the_product_documents_three_calls(client: httpx.AsyncClient) -> None:
    chat = await start(client, "How many collectors do I have?")
    seen = await records(client, chat)
    kinds = [data["type"] for _, data in seen]
    assert kinds[0] == "MESSAGE_CREATED"
    assert kinds[-1] == "AGENT_EXECUTION_COMPLETED"
    assert all(data["data"]["chatId"] == chat for _, data in seen)
    body = (await client.get(f"{V1}/chats/{chat}")).json()
    assert list(body) == [
        *("id", "name", "created", "modified", "userId", "category", "source", "messages", "data", "status")
    ]
    assert body["data"] == {key: body[key] for key in body if key not in {"data", "status"}}
    assert (body["category"], body["source"], body["status"]) == ("assistant", "assistant", "success")
    asked, answered = body["messages"]
    assert (asked["role"], asked["content"]) == (
        "user",
        [{"type": "text", "text": "How many collectors do I have?"}],
    )
    assert asked["created"] == asked["timestamp"]
    assert [block["type"] for block in answered["content"]] == ["tool_use", "tool_result", "text"]
    everything = (await client.get(f"{V1}/chats/{chat}/all-messages")).json()
    assert everything["data"]["messages"] == body["messages"]


async def test_a_chat_goes_on(client: httpx.AsyncClient) -> None:
    chat = await start(client, "How many collectors do I have?")
    await records(client, chat)
    assert await start(client, "How many pipelines do I have?", chatId=chat) == chat
    last = (await records(client, chat))[-1][1]
    assert last["type"] == "AGENT_EXECUTION_COMPLETED"
    body = (await client.get(f"{V1}/chats/{chat}")).json()
    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "user", "assistant"]


async def test_a_stream_that_broke_is_resumed_with_its_last_id(client: httpx.AsyncClient) -> None:
    chat = await start(client, "How many collectors do I have?")
    await records(client, chat)
    fresh = await records(client, chat)
    assert len({number for number, _ in fresh}) == 1  # the present state carries the present id
    again = await records(client, chat, **{"last-event-id": "1"})
    numbers = [int(number) for number, _ in again]
    assert numbers == sorted(numbers)
    assert numbers[0] > 1
    assert again[-1] == fresh[-1]
    alias = await records(client, chat, path=f"{V1}/chats/{chat}/stream")
    assert alias == fresh
    assert (await client.get(f"{PLUGIN}/api/events/chats/{chat}", headers={"last-event-id": "x"})).status_code == 400


async def test_every_record_comes_wherever_the_stream_broke(client: httpx.AsyncClient) -> None:
    """Also between two records of one entry of the log: the end of a run is not lost."""
    chat = await start(client, "How many collectors do I have?")
    await records(client, chat)
    whole = await records(client, chat, **{"last-event-id": "0"})
    for index, (number, _) in enumerate(whole[:-1]):
        rest = await records(client, chat, **{"last-event-id": number})
        missed = [data for _, data in whole[index + 1 :] if data["type"].startswith("AGENT_")]
        assert [data for _, data in rest if data["type"].startswith("AGENT_")][-len(missed) :] == missed
        messages = [data["data"] for _, data in whole[index + 1 :] if data["type"].startswith("MESSAGE_")]
        if messages:
            assert [data["data"] for _, data in rest if data["type"].startswith("MESSAGE_")][-1] == messages[-1]


@pytest.mark.parametrize("last", ["999999", "9" * 19])
async def test_who_is_ahead_of_the_log_gets_what_is_new(client: httpx.AsyncClient, last: str) -> None:
    """After a backup was restored, for instance; and other readers of the chat do not suffer from it."""
    chat = await start(client, "How many collectors do I have?")
    await records(client, chat)
    ahead = asyncio.create_task(records(client, chat, **{"last-event-id": last}))
    await asyncio.sleep(0.2)  # only to have it connected first; it gets the records either way
    await start(client, "How many pipelines do I have?", chatId=chat)
    kinds = [data["type"] for _, data in await asyncio.wait_for(ahead, 30)]
    assert (kinds[0], kinds[-1]) == ("MESSAGE_CREATED", "AGENT_EXECUTION_COMPLETED")
    run = (await client.get(f"/api/v1/assistant/chats/{chat}")).json()["runs"][-1]["id"]
    for after in ("", "1", last):
        url = f"/api/v1/assistant/runs/{run}/events"
        watched = await asyncio.wait_for(client.get(url, params={"after": after}), 30)
        assert watched.text.rstrip().split("\n\n")[-1].startswith("event: end"), "a run that is over has an end"


async def test_lists_are_filtered_by_where_chats_began(client: httpx.AsyncClient) -> None:
    by_api = await start(client, "How many collectors do I have?")
    answer = await rpc(client, "grafana_assistant_cli", message("How many pipelines do I have?"))
    by_cli = results(answer)[0]["contextId"]

    async def listed(**query: str) -> set[str]:
        body = (await client.get(f"{V1}/chats", params=query)).json()
        return {each["id"] for each in body["data"]["items"]}

    assert by_api in await listed()
    assert by_cli not in await listed()
    assert {by_api, by_cli} <= await listed(source="assistant,slack,cli")
    assert {by_api, by_cli} <= await listed(source="all")
    assert len(await listed(source="all", limit="1")) == 1


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", f"{V1}/chats/18289896-b393-4136-9014-c2630a62f67f", 404),
        ("GET", f"{PLUGIN}/api/events/chats/none", 404),
        ("GET", f"{V1}/quickstarts", 404),
        ("GET", f"{PLUGIN}/api/v2/watchers?limit=1", 404),
        ("POST", f"{V1}/assistant/chats", 400),
        ("PUT", f"{V1}/assistant/chats", 404),
        ("POST", f"{V1}/investigations/from-irm-incident", 404),
        ("POST", "/api/cli/v1/auth/exchange", 404),
        ("GET", PLUGIN.removesuffix("/resources"), 404),
    ],
)
async def test_errors_have_the_familys_envelope_and_headers(
    client: httpx.AsyncClient, verb: str, path: str, status: int
) -> None:
    answer = await client.request(verb, path, json={} if verb == "POST" else None)
    assert answer.status_code == status
    assert answer.json()["status"] == "error"
    assert answer.json()["message"]
    assert int(answer.headers["x-ratelimit-limit"]) == 600
    assert int(answer.headers["x-ratelimit-remaining"]) <= 600
    assert int(answer.headers["x-ratelimit-reset"]) > 1_600_000_000
    if path.endswith("f67f"):
        assert answer.json() == {"status": "error", "message": "Chat not found"}


async def test_a_browser_opens_the_stream_with_a_token_in_its_url(
    server: RunningServer, client: httpx.AsyncClient
) -> None:
    chat, other = await start(client, "How many collectors do I have?"), await start(client, "help")
    made = await client.post(f"{V1}/chats/{chat}/stream-token")
    assert made.json()["status"] == "success", made.text
    token = made.json()["data"]["token"]
    assert datetime.fromisoformat(made.json()["data"]["expiresAt"]) - datetime.now(UTC) <= timedelta(seconds=60)
    assert (await client.post(f"{V1}/chats/nobody/stream-token")).status_code == 404
    async with httpx.AsyncClient(base_url=server.http_url) as browser:
        for path in (f"{PLUGIN}/api/events/chats/{chat}", f"{V1}/chats/{chat}/stream"):
            seen = await records(browser, chat, path=f"{path}?token={token}")
            assert seen[-1][1]["type"] == "AGENT_EXECUTION_COMPLETED"
        for path in (
            f"{PLUGIN}/api/events/chats/{other}?token={token}",
            f"{PLUGIN}/api/events/chats/{chat}?token={token[:-2]}",
            f"{PLUGIN}/api/events/chats/{chat}?token=",
            f"{V1}/chats/{chat}?token={token}",
        ):
            refused = await browser.get(path)
            assert (refused.status_code, refused.json()["status"]) == (401, "error"), path
            assert token not in refused.text
        twice = await browser.get(f"{PLUGIN}/api/events/chats/{chat}?token={token}&token={token}")
        assert twice.status_code == 400
        # What a token in a URL says wins over headers: a page can tell which of the two it is that fails.
        headers = {"authorization": f"Bearer {server.token}"}
        assert (await browser.get(f"{PLUGIN}/api/events/chats/{chat}?token=x", headers=headers)).status_code == 401
    assert token not in server.logs


async def test_a_stream_token_dies_with_the_token_that_it_was_made_with(
    server: RunningServer, client: httpx.AsyncClient
) -> None:
    admin = "/quarterdeck.admin.v1.AdminService"
    account = await client.post(f"{admin}/CreateServiceAccount", json={"name": "page", "role": "ROLE_EDITOR"})
    named = {"serviceAccountId": account.json()["serviceAccount"]["id"], "name": "page"}
    made = (await client.post(f"{admin}/CreateToken", json=named)).json()
    async with httpx.AsyncClient(base_url=server.http_url) as page:
        headers = {"authorization": f"Bearer {made['secret']}"}
        asked = await page.post(f"{V1}/assistant/chats", json={"prompt": "help"}, headers=headers)
        chat = asked.json()["data"]["chatId"]
        token = (await page.post(f"{V1}/chats/{chat}/stream-token", headers=headers)).json()["data"]["token"]
        url = f"{PLUGIN}/api/events/chats/{chat}?token={token}"
        assert (await records(page, chat, path=url))[-1][1]["type"] == "AGENT_EXECUTION_COMPLETED"
        revoked = await client.post(f"{admin}/RevokeToken", json={"id": made["token"]["id"]})
        assert revoked.status_code == 200, revoked.text
        assert (await page.get(url)).status_code == 401


async def test_without_a_token_and_with_too_small_a_role(server: RunningServer, client: httpx.AsyncClient) -> None:
    admin = "/quarterdeck.admin.v1.AdminService"
    account = await client.post(f"{admin}/CreateServiceAccount", json={"name": "viewer", "role": "ROLE_VIEWER"})
    named = {"serviceAccountId": account.json()["serviceAccount"]["id"], "name": "viewer"}
    made = await client.post(f"{admin}/CreateToken", json=named)
    async with httpx.AsyncClient(base_url=server.http_url) as stranger:
        missing = await stranger.get(f"{V1}/chats")
        assert (missing.status_code, missing.json()["status"]) == (401, "error")
        headers = {"authorization": f"Bearer {made.json()['secret']}"}
        viewer = await stranger.post(f"{V1}/assistant/chats", json={"prompt": "hello"}, headers=headers)
        assert (viewer.status_code, viewer.json()["status"]) == (403, "error")
        assert (await stranger.post(f"{V1}/a2a/agents/grafana_assistant_cli", headers=headers)).status_code == 403


async def test_a2a_tells_the_whole_text_once_and_ends_with_a_final_status(client: httpx.AsyncClient) -> None:
    answer = await rpc(
        client,
        "grafana_assistant_cli",
        message('How many collectors do I have? <context>{"timezone":"UTC"}</context>'),
        **{"accept": "text/event-stream", "x-app-source": "mcp-grafana"},
    )
    assert answer.status_code == 200
    found = results(answer)
    assert [each["status"]["state"] for each in found if each["kind"] == "status-update"] == [
        *("submitted", "working", "completed")
    ]
    assert found[-1]["final"] is True
    assert [each["final"] for each in found if each["kind"] == "status-update"][:-1] == [False, False]
    texts = artifacts(found, "step.message")
    assert len(texts) == 1
    body = (await client.get(f"{V1}/chats/{found[0]['contextId']}")).json()
    assert texts[0]["parts"][0]["text"] == body["messages"][-1]["content"][-1]["text"]
    assert body["messages"][0]["content"][0]["text"] == "How many collectors do I have?"
    assert [each["parts"][0]["data"]["stopReason"] for each in artifacts(found, "step.complete")] == [
        *("tool_use", "end_turn")
    ]
    assert "agent-traceability" in artifacts(found, "step.complete")[0]["metadata"]
    assert artifacts(found, "message.content.delta") == []
    assert all(len(line) < 1 << 20 for line in answer.text.splitlines())


async def test_a2a_streams_tokens_to_those_who_ask(client: httpx.AsyncClient) -> None:
    answer = await rpc(
        client, "grafana_assistant_k6_studio", message("How many collectors do I have?"), **{"x-a2a-extensions": DELTAS}
    )
    found = results(answer)
    deltas = [each["parts"][0]["data"]["delta"] for each in artifacts(found, "message.content.delta")]
    assert "".join(deltas) == artifacts(found, "step.message")[0]["parts"][0]["text"]
    assert len(artifacts(found, "message.stream.start")) == len(artifacts(found, "message.stream.complete")) == 1


async def test_a2a_waits_for_an_approval_and_goes_on(client: httpx.AsyncClient) -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "message/stream", "params": message("resolve incident 999")}
    found: list[dict[str, Any]] = []
    async with client.stream("POST", f"{V1}/a2a/agents/grafana_assistant_cli", json=body) as answer:
        async for line in answer.aiter_lines():
            if not line.startswith("data: "):
                continue
            found.append(json.loads(line[6:])["result"])
            if found[-1].get("status", {}).get("state") != "input-required":
                continue
            asked = artifacts(found, "step.approval")[0]["parts"][0]["data"]
            assert asked["toolName"] == "incidents_set_status"
            assert asked["toolInput"]["status"] == "resolved"
            decision = {**asked, "approved": False}
            for _ in range(2):
                decided = await client.post(f"{V1}/a2a/approval/{asked['id']}", json=decision)
                assert decided.status_code == 200
            contradicted = await client.post(f"{V1}/a2a/approval/{asked['id']}", json={**decision, "approved": True})
            assert contradicted.status_code == 400
    assert found[-1]["status"]["state"] == "completed"
    result = artifacts(found, "step.toolResult")[0]["parts"][0]["data"]
    assert result["isError"] is True
    assert "denied" in result["toolResult"][0]["text"]


async def test_a2a_cancels_a_task(client: httpx.AsyncClient) -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "message/stream", "params": message("resolve incident 998")}
    found: list[dict[str, Any]] = []
    async with client.stream("POST", f"{V1}/a2a/agents/grafana_assistant_cli", json=body) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:])["result"])
                if found[-1].get("status", {}).get("state") == "input-required":
                    canceled = await rpc(
                        client, "grafana_assistant_cli", {"id": found[-1]["taskId"]}, method="tasks/cancel"
                    )
                    assert canceled.json()["result"]["status"]["state"] == "canceled"
    assert (found[-1]["status"]["state"], found[-1]["final"]) == ("canceled", True)


@pytest.mark.parametrize(
    ("agent", "body", "status"),
    [
        ("no_such_agent", {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {}}, 404),
        ("grafana_assistant_cli", {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {}}, 400),
        ("grafana_assistant_cli", {"id": 1}, 400),
        ("grafana_assistant_cli", [], 400),
    ],
)
async def test_a2a_refuses_before_it_begins(client: httpx.AsyncClient, agent: str, body: Any, status: int) -> None:
    answer = await client.post(f"{V1}/a2a/agents/{agent}", json=body)
    assert (answer.status_code, answer.json()["status"]) == (status, "error")


async def test_investigations_as_gcx_reads_them(client: httpx.AsyncClient) -> None:
    made = await client.post(f"{V1}/investigations", json={"title": "Checkout is slow", "description": "since noon"})
    assert made.status_code == 200
    identity = made.json()["data"]["id"]
    await records(client, made.json()["data"]["chatId"])
    read = (await client.get(f"{V1}/investigations/{identity}")).json()["data"]
    assert (read["title"], read["state"]) == ("Checkout is slow", "completed")
    assert read["report"].startswith("[built-in planner, no language model]")
    listed = (await client.get(f"{V1}/investigations/summary", params={"limit": 10})).json()["data"]
    assert identity in {each["id"] for each in listed["investigations"]}
    canceled = await client.post(f"{V1}/investigations/{identity}/cancel")
    assert canceled.json()["data"]["message"]


async def test_an_approval_is_that_of_its_chat(client: httpx.AsyncClient) -> None:
    declared = await client.post(
        "/incident.v1.IncidentsService/CreateIncident", json={"title": "Slow", "severity": "minor"}
    )
    number = declared.json()["incident"]["incidentID"]
    answers = rpc(client, "grafana_assistant_api", message(f"resolve incident {number}"))
    asking = asyncio.create_task(answers)
    approval: dict[str, Any] = {}
    while not approval:
        chats = (await client.get(f"{V1}/chats", params={"source": "all", "limit": "1"})).json()["data"]["items"]
        chat = (await client.get(f"/api/v1/assistant/chats/{chats[0]['id']}")).json()
        run = chat["runs"][-1]
        if f"incident {number}" in run.get("prompt", "") and run.get("pendingApprovals"):
            call = run["pendingApprovals"][0]["toolCallId"]
            approval = {"id": f"{run['id']}.{call}", "chatId": chats[0]["id"], "approved": False}
    url = f"{V1}/a2a/approval/{approval['id']}"
    other = await client.post(url, json={**approval, "chatId": "18289896-b393-4136-9014-c2630a62f67f"})
    assert (other.status_code, other.json()["status"]) == (400, "error")
    assert (await client.post(url, json=approval)).status_code == 200
    assert (await client.post(url, json=approval)).status_code == 200
    assert (await client.post(url, json={**approval, "approved": True})).status_code == 400
    assert results(await asking)[-1]["status"]["state"] == "completed"


async def test_a_question_in_between_denies_and_an_equal_denial_changes_nothing(client: httpx.AsyncClient) -> None:
    made = await client.post("/api/v1/assistant/questions", json={"prompt": "resolve incident 1"})
    run, chat = made.json()["run"]["id"], made.json()["run"]["chatId"]
    waiting: list[Any] = []
    while not waiting:
        waiting = (await client.get(f"/api/v1/assistant/runs/{run}")).json().get("pendingApprovals", [])
    await start(client, "How many collectors do I have?", chatId=chat)
    url = f"{V1}/a2a/approval/{run}.{waiting[0]['toolCallId']}"
    assert (await client.post(url, json={"approved": False})).status_code == 200
    assert (await client.post(url, json={"approved": True})).status_code == 400


async def test_what_is_over_is_not_called_canceled(client: httpx.AsyncClient) -> None:
    answer = await rpc(client, "grafana_assistant_cli", message("How many collectors do I have?"))
    task = results(answer)[0]["taskId"]
    canceled = (await rpc(client, "grafana_assistant_cli", {"id": task}, method="tasks/cancel")).json()
    assert canceled["result"]["status"]["state"] == "completed"
    other = await rpc(client, "investigation_agent", {"id": task}, method="tasks/cancel")
    assert (other.status_code, other.json()["status"]) == (404, "error")
    made = (await client.post(f"{V1}/investigations", json={"title": "Which incidents are open?"})).json()["data"]
    while (await client.get(f"{V1}/investigations/{made['id']}")).json()["data"]["state"] != "completed":
        pass
    told = (await client.post(f"{V1}/investigations/{made['id']}/cancel")).json()["data"]["message"]
    assert "already" in told


async def test_who_leaves_a_stream_is_no_failure_of_the_server(
    client: httpx.AsyncClient, server: RunningServer
) -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "message/stream", "params": message("resolve incident 1")}
    async with client.stream("POST", f"{V1}/a2a/agents/grafana_assistant_cli", json=body) as answer:
        async for line in answer.aiter_lines():
            if "step.approval" in line:
                break
    assert (await client.get("/healthz")).status_code == 200
    assert "failed unexpectedly" not in server.logs
