"""The second version of the Assistant's investigations as gcx asks for them, over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fake_model import FakeModel, Reply
from tests.running_server import RunningServer

V1 = "/api/plugins/grafana-assistant-app/resources/api/v1"
V2 = "/api/plugins/grafana-assistant-app/resources/api/v2/investigations"
REQUIRED = {"id", "title", "description", "state", "chatId", "createdAt", "updatedAt"}
"""What gcx' summary always has."""


@pytest_asyncio.fixture
async def client(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {server.token}", "accept": "application/json"}
    async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as opened:
        yield opened


async def create(client: httpx.AsyncClient, instruction: str, **more: Any) -> dict[str, Any]:
    made = await client.post(V2, json={"instruction": instruction, **more})
    assert made.status_code == 200, made.text
    data: dict[str, Any] = made.json()["data"]
    return data


async def listed(client: httpx.AsyncClient, **query: Any) -> tuple[list[dict[str, Any]], int]:
    answer = await client.get(V2, params=query)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return data["investigations"], data["total"]


async def snapshot(client: httpx.AsyncClient, identity: str) -> dict[str, Any]:
    data: dict[str, Any] = (await client.get(f"{V2}/{identity}/snapshot")).json()["data"]
    return data


async def until(client: httpx.AsyncClient, identity: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while (seen := await snapshot(client, identity))["state"] not in states:
        assert time.monotonic() < deadline, seen
    return seen


async def test_the_probe_finds_version_two(client: httpx.AsyncClient) -> None:
    answer = await client.get(V2, params={"limit": 1})
    assert answer.status_code == 200
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(answer.headers)


async def test_one_is_begun_resolved_and_read(client: httpx.AsyncClient) -> None:
    made = await create(client, "Debug API latency\nsince noon", teamNames=["sre"], agentProfileId="default")
    assert set(made) == {"investigationId", "chatId", "agentProfileId"}
    identity = made["investigationId"]
    resolved = (await client.get(f"{V2}/{identity}")).json()["data"]
    assert (resolved["investigationId"], resolved["chatId"]) == (identity, made["chatId"])
    seen = await until(client, identity, "completed")
    assert (seen["sessionStatus"], seen["mode"], seen["epoch"]) == ("completed", "medium", 1)
    assert (seen["title"], seen["description"]) == ("Debug API latency", "Debug API latency\nsince noon")
    assert seen["report"].startswith("[built-in planner, no language model]")
    messages = (await client.get(f"{V1}/chats/{made['chatId']}/all-messages")).json()["data"]["messages"]
    assert messages[-1]["role"] == "assistant"
    assert (await client.get(f"{V1}/investigations/{identity}")).json()["data"]["state"] == "completed"


async def test_evidence_is_the_calls_of_the_chat(client: httpx.AsyncClient) -> None:
    made = await create(client, "Checkout is slow")
    seen = await until(client, made["investigationId"], "completed")
    evidence = (await client.get(f"{V2}/{made['investigationId']}/evidence")).json()["data"]["evidence"]
    assert len(evidence) == seen["evidenceCount"] > 0
    assert set(evidence[0]) == {"panelId", "tool", "query", "epoch", "time", "toolUseId"}
    assert [each["panelId"] for each in evidence] == [f"p{number + 1}" for number in range(len(evidence))]
    assert {each["epoch"] for each in evidence} == {1}
    messages = (await client.get(f"{V1}/chats/{made['chatId']}/all-messages")).json()["data"]["messages"]
    calls = [block for message in messages for block in message["content"] if block["type"] == "tool_use"]
    assert [(each["toolUseId"], each["tool"]) for each in evidence] == [
        (block["toolId"], block["toolName"]) for block in calls
    ]
    assert datetime.fromisoformat(evidence[0]["time"]) <= datetime.now(UTC)


async def test_summaries_have_what_gcx_needs_and_nothing_it_cannot_read(client: httpx.AsyncClient) -> None:
    made = await create(client, "Lossless summaries", title="One title")
    await until(client, made["investigationId"], "completed")
    found, total = await listed(client, q="one TITLE")
    assert total == 1
    assert set(found[0]) == REQUIRED | {"source", "ownerUserId"}
    assert found[0]["source"] == {"type": "user", "userId": "bootstrap-admin"}
    full, _ = await listed(client, q="one title", view="full")
    assert isinstance(full[0]["tokensUsed"], int)
    one = (await client.get(f"{V1}/investigations/summary", params={"limit": 100})).json()["data"]["investigations"]
    assert all(isinstance(each["source"], dict) for each in one)


async def test_lists_are_filtered_sorted_and_paged(client: httpx.AsyncClient) -> None:
    mark = "zebra%_"
    began = datetime.now(UTC) - timedelta(seconds=1)
    titles = [f"{mark} b", f"{mark} A", f"{mark} c"]
    made = [await create(client, "look", title=title, teamNames=teams) for title, teams in zip(
        titles, (["ops"], [" sre ", "ops", "sre"], []), strict=True
    )]  # fmt: skip
    for each in made:
        await until(client, each["investigationId"], "completed")

    async def names(**query: Any) -> list[str]:
        found, total = await listed(client, q=mark, **query)
        assert total >= len(found)
        return [each["title"].removeprefix(f"{mark} ") for each in found]

    assert await names() == ["c", "A", "b"]
    assert await names(order="asc") == ["b", "A", "c"]
    assert await names(sort="title", order="asc") == ["A", "b", "c"]
    assert sorted(await names(sort="updatedAt")) == ["A", "b", "c"]
    assert await names(limit=1, offset=1) == ["A"]
    assert (await listed(client, q=mark, limit=1))[1] == 3
    assert (await listed(client, q=mark, teamName="ops", limit=1)) == (
        (await listed(client, q=mark, offset=1))[0][:1],
        2,
    )
    assert await names(teamName="sre") == ["A"]
    assert await names(scope="teams") == ["A", "b"]
    assert await names(scope="mine") == ["c", "A", "b"]
    assert await names(state="completed") == ["c", "A", "b"]
    assert await names(state="in_progress") == []
    assert await names(state="nonsense") == []
    assert await names(label="env:prod") == []
    assert await names(**{"from": began.isoformat(), "includeLegacy": "true"}) == ["c", "A", "b"]
    assert await names(to=began.isoformat()) == []
    assert await listed(client, q="zebraX") == ([], 0)


async def test_teams_are_added_and_never_taken_away(client: httpx.AsyncClient) -> None:
    identity = (await create(client, "share me", teamNames=["sre"]))["investigationId"]
    shared = (await client.post(f"{V2}/{identity}/share", json={"teamNames": ["sre", "ops"]})).json()["data"]
    assert (shared["investigationId"], shared["id"]) == (identity, identity)
    assert (shared["teamNames"], shared["addedTeamNames"]) == (["sre", "ops"], ["ops"])
    again = (await client.post(f"{V2}/{identity}/share", json={"teamNames": ["ops"]})).json()["data"]
    assert (again["teamNames"], again["addedTeamNames"]) == (["sre", "ops"], [])
    for teams in ([], [""], ["x" * 201], [f"t{number}" for number in range(101)]):
        refused = await client.post(f"{V2}/{identity}/share", json={"teamNames": teams})
        assert (refused.status_code, refused.json()["status"]) == (400, "error"), teams


async def test_the_mode_is_one_of_three(client: httpx.AsyncClient) -> None:
    identity = (await create(client, "mode"))["investigationId"]
    changed = (await client.put(f"{V2}/{identity}/mode", json={"mode": "high"})).json()["data"]
    assert (changed["id"], changed["mode"]) == (identity, "high")
    assert changed["message"]
    assert "message" not in await snapshot(client, identity)
    assert (await snapshot(client, identity))["mode"] == "high"
    assert (await client.put(f"{V2}/{identity}/mode", json={"mode": "reckless"})).status_code == 400
    await until(client, identity, "completed")


async def test_what_is_over_is_resumed_and_not_paused(client: httpx.AsyncClient) -> None:
    made = await create(client, "Checkout is slow")
    await until(client, made["investigationId"], "completed")
    refused = await client.post(f"{V2}/{made['investigationId']}/pause")
    assert (refused.status_code, refused.json()["status"]) == (400, "error")
    resumed = await client.post(f"{V2}/{made['investigationId']}/resume")
    assert resumed.json()["data"]["message"]
    seen = await until(client, made["investigationId"], "completed")
    while seen["epoch"] != 2:
        seen = await until(client, made["investigationId"], "completed")
    evidence = (await client.get(f"{V2}/{made['investigationId']}/evidence")).json()["data"]["evidence"]
    assert {each["epoch"] for each in evidence} == {1, 2}
    messages = (await client.get(f"{V1}/chats/{made['chatId']}/all-messages")).json()["data"]["messages"]
    assert [each["role"] for each in messages] == ["user", "assistant"] * 2
    assert messages[2]["content"] == [{"type": "text", "text": "Go on with this investigation."}]


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "/nobody", None),
        ("GET", "/nobody/snapshot", None),
        ("GET", "/nobody/evidence", None),
        ("POST", "/nobody/pause", None),
        ("POST", "/nobody/resume", None),
        ("PUT", "/nobody/mode", {"mode": "low"}),
        ("POST", "/nobody/share", {"teamNames": ["a"]}),
        ("GET", "/nobody/else/that/is/not/served", None),
    ],
)
async def test_unknown_ones_are_not_found(client: httpx.AsyncClient, verb: str, path: str, body: Any) -> None:
    answer = await client.request(verb, f"{V2}{path}", json=body)
    assert (answer.status_code, answer.json()["status"]) == (404, "error")


@pytest.mark.parametrize(
    ("body", "named"),
    [({}, "instruction"), ({"instruction": " "}, "instruction"), ({"instruction": 7}, "instruction"), ([], "")],
)
async def test_what_is_no_instruction_is_refused(client: httpx.AsyncClient, body: Any, named: str) -> None:
    answer = await client.post(V2, json=body)
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert named in answer.json()["message"]
    for query in ({"sort": "colour"}, {"order": "up"}, {"limit": "-1"}, {"from": "yesterday"}):
        assert (await client.get(V2, params=query)).status_code == 400, query


async def test_one_that_is_at_work_is_paused_and_resumed(tmp_path: Any) -> None:
    """With a model that takes its time."""
    slow = Reply(text="still looking " * 50, chunks=50, chunk_delay=0.2)
    replies = iter([slow, Reply(text="Found it.")])
    async with FakeModel(lambda _request: next(replies)) as model:
        models = tmp_path / "models.yaml"
        models.write_text(f"fake:\n  model: openai/fake\n  api_key: k\n  api_base: {model.url}\n")
        environment = {
            "QUARTERDECK_MODELS_FILE": str(models),
            "QUARTERDECK_PROBE_MODELS": "false",
            "QUARTERDECK_RATE_LIMIT_ASSISTANT": "1000000",
        }
        with RunningServer.start(f"sqlite:///{tmp_path / 'q.db'}", tmp_path, env=environment) as server:
            headers = {"authorization": f"Bearer {server.token}"}
            async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as client:
                identity = (await create(client, "Checkout is slow"))["investigationId"]
                at_work = await until(client, identity, "in_progress")
                while not model.requests:
                    at_work = await snapshot(client, identity)
                assert at_work["sessionStatus"] == "active"
                assert (await client.post(f"{V2}/{identity}/resume")).status_code == 400
                paused = (await client.post(f"{V2}/{identity}/pause")).json()["data"]
                assert (paused["investigationId"], paused["message"]) == (identity, "Investigation paused")
                await until(client, identity, "paused")
                assert [each["id"] for each in (await listed(client, state="paused"))[0]] == [identity]
                assert await listed(client, state="cancelled") == ([], 0)
                await client.put(f"{V2}/{identity}/mode", json={"mode": "low"})
                assert (await client.post(f"{V2}/{identity}/resume")).status_code == 200
                done = await until(client, identity, "completed")
                assert (done["report"], done["epoch"]) == ("Found it.", 2)
                assert '"autonomy": "low"' in model.requests[-1]["messages"][-1]["content"]
                # Version 1 ends what is over as well, and what is paused is canceled then.
                assert (await client.post(f"{V1}/investigations/{identity}/cancel")).status_code == 200
                assert (await snapshot(client, identity))["state"] == "completed"


async def test_a_paused_one_is_canceled_by_version_one(tmp_path: Any) -> None:
    async with FakeModel(lambda _request: Reply(text="still looking " * 50, chunks=50, chunk_delay=0.2)) as model:
        models = tmp_path / "models.yaml"
        models.write_text(f"fake:\n  model: openai/fake\n  api_key: k\n  api_base: {model.url}\n")
        environment = {
            "QUARTERDECK_MODELS_FILE": str(models),
            "QUARTERDECK_PROBE_MODELS": "false",
            "QUARTERDECK_RATE_LIMIT_ASSISTANT": "1000000",
        }
        with RunningServer.start(f"sqlite:///{tmp_path / 'q.db'}", tmp_path, env=environment) as server:
            headers = {"authorization": f"Bearer {server.token}"}
            async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as client:
                identity = (await create(client, "Checkout is slow"))["investigationId"]
                await until(client, identity, "in_progress")
                await client.post(f"{V2}/{identity}/pause")
                await until(client, identity, "paused")
                await client.post(f"{V1}/investigations/{identity}/cancel")
                await until(client, identity, "cancelled")
                assert await listed(client, state="paused") == ([], 0)
