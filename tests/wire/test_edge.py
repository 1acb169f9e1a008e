"""The poll edge in front of a whole server: when it answers by itself, and everything that must stop it."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from quarterdeck.server import Application, application
from quarterdeck.settings import Settings
from quarterdeck.wire import edge as edge_module
from tests.store.manual_clock import ManualClock

TOKEN = "admin-token-of-the-edge-tests"
POLL = "/collector.v1.CollectorService/GetConfig"
CONTENTS = 'prometheus.scrape "a" {\n\ttargets = []\n\tforward_to = []\n}\n'


@dataclass
class House:
    """A server without sockets, and a clock to turn."""

    application: Application
    http: httpx.AsyncClient
    clock: ManualClock

    async def post(self, path: str, body: Any, token: str = TOKEN) -> Any:
        answer = await self.http.post(f"/{path}", json=body, headers=bearer(token))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def poll(self, token: str = TOKEN, collector: str = "c", **fields: Any) -> httpx.Response:
        body = {"id": collector, "localAttributes": {"os": "linux"}, **fields}
        return await self.http.post(POLL, json=body, headers=bearer(token))

    async def settled(self, token: str = TOKEN, collector: str = "c") -> str:
        """Poll until the edge can answer; the hash that the collector has then."""
        config = (await self.poll(token, collector)).json()
        for _ in range(2):
            assert (await self.poll(token, collector, hash=config["hash"])).json()["notModified"]
        return str(config["hash"])

    async def answered(self, by: str) -> int:
        """How many polls a transport has answered well."""
        labels = 'method="GetConfig",service="collector.v1.CollectorService"'
        wanted = f'quarterdeck_calls_total{{code="ok",{labels},transport="{by}"}} '
        page = (await self.http.get("/metrics")).text
        return sum(int(float(line.removeprefix(wanted))) for line in page.splitlines() if line.startswith(wanted))

    async def new_token(self, role: str = "collector", **fields: Any) -> Any:
        name = f"account-{role}-{len(fields)}"
        account = {"name": name, "role": f"ROLE_{role.upper()}"}
        made = await self.post("quarterdeck.admin.v1.AdminService/CreateServiceAccount", account)
        body = {"serviceAccountId": made["serviceAccount"]["id"], **fields}
        return await self.post("quarterdeck.admin.v1.AdminService/CreateToken", body)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def as_uvicorn(served: Any) -> Any:
    """The application as uvicorn calls it: a small body comes in one piece (httpx sends an empty one behind it)."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        pieces: list[Any] = []
        while not pieces or pieces[-1]["more_body"]:
            pieces.append(await receive())
        if (b"x-in-pieces", b"yes") not in scope["headers"]:
            pieces = [{**pieces[-1], "body": b"".join(piece["body"] for piece in pieces)}]

        async def replay() -> Any:
            return pieces.pop(0) if pieces else await receive()

        await served(scope, replay, send)

    return call


@asynccontextmanager
async def house_of(url: str, *, pipeline: bool = True, **settings: Any) -> AsyncIterator[House]:
    clock = ManualClock()
    chosen = Settings(database=url, bootstrap_token=SecretStr(TOKEN), **settings)
    async with application(chosen, clock=clock) as running:
        transport = httpx.ASGITransport(app=as_uvicorn(running.transports.http))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            house = House(running, http, clock)
            if pipeline:
                draft = {"name": "p", "contents": CONTENTS, "matchers": ["os=linux"]}
                await house.post("pipeline.v1.PipelineService/CreatePipeline", {"pipeline": draft})
            yield house


@pytest_asyncio.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    async with house_of(sqlite_url) as opened:
        yield opened


async def test_an_unchanged_poll_is_answered_at_the_edge_as_the_service_answered_it(house: House):
    etag = (await house.poll()).json()["hash"]
    first = await house.poll(hash=etag)
    before = await house.answered("connect")
    second = await house.poll(hash=etag)
    assert await house.answered("edge") == 1
    assert await house.answered("connect") == before
    assert (second.status_code, second.content) == (first.status_code, first.content)
    kept = {name: value for name, value in first.headers.items() if name != "x-request-id"}
    assert dict(second.headers) == kept
    assert "content-length" in kept


async def test_a_changed_pipeline_is_served_at_once(house: House):
    etag = await house.settled()
    update = {"id": "1", "name": "p", "contents": CONTENTS + "// more\n", "matchers": ["os=linux"]}
    await house.post("pipeline.v1.PipelineService/UpdatePipeline", {"pipeline": update})
    answer = (await house.poll(hash=etag)).json()
    assert "// more" in answer["content"]
    assert answer["hash"] != etag


async def test_a_deleted_pipeline_is_served_no_more(house: House):
    etag = await house.settled()
    await house.post("pipeline.v1.PipelineService/DeletePipeline", {"id": "1"})
    assert "prometheus.scrape" not in (await house.poll(hash=etag)).json()["content"]


async def test_a_changed_remote_attribute_counts_at_once(house: House):
    etag = await house.settled()
    collector = {"id": "c", "remoteAttributes": {"os": "plan9"}, "enabled": True}
    await house.post("collector.v1.CollectorService/UpdateCollector", {"collector": collector})
    assert "prometheus.scrape" not in (await house.poll(hash=etag)).json()["content"]


async def test_a_deleted_collector_is_made_again_by_its_next_poll(house: House):
    etag = await house.settled()
    await house.post("collector.v1.CollectorService/DeleteCollector", {"id": "c"})
    before = await house.answered("edge")
    assert (await house.poll(hash=etag)).status_code == 200
    assert await house.answered("edge") == before
    listed = await house.post("collector.v1.CollectorService/ListCollectors", {})
    assert [collector["id"] for collector in listed["collectors"]] == ["c"]


async def test_a_revoked_token_is_refused_at_once(house: House):
    made = await house.new_token()
    etag = await house.settled(made["secret"])
    await house.post("quarterdeck.admin.v1.AdminService/RevokeToken", {"id": made["token"]["id"]})
    assert (await house.poll(made["secret"], hash=etag)).status_code == 401


async def test_a_disabled_account_is_refused_at_once(house: House):
    made = await house.new_token()
    etag = await house.settled(made["secret"])
    account = {"id": made["token"]["serviceAccountId"], "disabled": True}
    await house.post("quarterdeck.admin.v1.AdminService/UpdateServiceAccount", account)
    assert (await house.poll(made["secret"], hash=etag)).status_code == 401


async def test_an_expired_token_is_refused(house: House):
    made = await house.new_token(expiresAt=f"{house.clock.now():%Y-%m-%d}T12:10:00Z")
    etag = await house.settled(made["secret"])
    house.clock.advance(599)
    assert (await house.poll(made["secret"], hash=etag)).status_code == 200
    house.clock.advance(2)
    assert (await house.poll(made["secret"], hash=etag)).status_code == 401


async def test_a_role_that_changed_is_looked_at_again(house: House):
    made = await house.new_token()
    etag = await house.settled(made["secret"])
    account = {"id": made["token"]["serviceAccountId"], "role": "ROLE_VIEWER"}
    await house.post("quarterdeck.admin.v1.AdminService/UpdateServiceAccount", account)
    before = await house.answered("edge")
    assert (await house.poll(made["secret"], hash=etag)).status_code == 200
    assert await house.answered("edge") == before


async def test_a_bound_token_is_not_helped_by_the_answer_of_another(house: House):
    bound = await house.new_token(collectorId="other")
    etag = await house.settled()
    assert (await house.poll(bound["secret"], hash=etag)).status_code == 403


async def test_another_tenant_gets_its_own_answer(house: House):
    tenant = await house.post("quarterdeck.admin.v1.AdminService/CreateTenant", {"name": "b"})
    etag = await house.settled()
    answer = (await house.poll(tenant["adminSecret"], hash=etag)).json()
    assert "prometheus.scrape" not in answer["content"]


@pytest.mark.parametrize(
    ("headers", "repeated"),
    [
        pytest.param({}, True, id="the same again"),
        pytest.param({"user-agent": "another"}, True, id="another client, the same question"),
        pytest.param({"accept-encoding": "gzip"}, False, id="another encoding"),
        pytest.param({"content-type": "application/json; charset=utf-8"}, False, id="another spelling of the type"),
        pytest.param({"connect-timeout-ms": "1000"}, False, id="with a deadline"),
        pytest.param({"connect-protocol-version": "1"}, False, id="with the version"),
    ],
)
async def test_what_the_answer_depends_on_tells_requests_apart(house: House, headers: Any, repeated: bool):
    etag = (await house.poll()).json()["hash"]
    body = json.dumps({"id": "c", "localAttributes": {"os": "linux"}, "hash": etag}).encode()
    usual = {**bearer(TOKEN), "content-type": "application/json", "accept-encoding": "identity"}
    await house.http.post(POLL, content=body, headers=usual)
    answer = await house.http.post(POLL, content=body, headers={**usual, **headers})
    assert answer.json() == {"hash": etag, "notModified": True}
    assert await house.answered("edge") == int(repeated)
    assert ("gzip" in answer.headers.get("content-encoding", "")) == ("gzip" in headers.get("accept-encoding", ""))


async def test_a_later_connect_is_refused_whatever_was_asked_before(house: House):
    etag = await house.settled()
    body = {"id": "c", "localAttributes": {"os": "linux"}, "hash": etag}
    answer = await house.http.post(POLL, json=body, headers={**bearer(TOKEN), "connect-protocol-version": "2"})
    assert answer.status_code == 400


async def test_another_hash_is_another_question(house: House):
    await house.settled()
    before = await house.answered("edge")
    assert "prometheus.scrape" in (await house.poll(hash="of-yesterday")).json()["content"]
    assert await house.answered("edge") == before


async def test_get_is_answered_at_the_edge_too(house: House):
    etag = (await house.poll()).json()["hash"]
    message = quote(json.dumps({"id": "c", "localAttributes": {"os": "linux"}, "hash": etag}))
    target = f"{POLL}?connect=v1&encoding=json&message={message}"
    answers = [await house.http.get(target, headers=bearer(TOKEN)) for _ in range(3)]
    assert [answer.json()["notModified"] for answer in answers] == [True] * 3
    assert await house.answered("edge") == 2


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"remoteConfigStatus": {"status": "RemoteConfigStatuses_APPLIED"}}, id="a status"),
        pytest.param({"effectiveConfig": {"configMap": {}}}, id="an effective config"),
        pytest.param({"localAttributes": {}}, id="no attributes, so that those on record count"),
    ],
)
async def test_a_poll_that_says_more_reaches_the_service_every_time(house: House, fields: Any):
    etag = (await house.poll()).json()["hash"]
    for _ in range(3):
        assert (await house.poll(hash=etag, **fields)).status_code == 200
    assert await house.answered("edge") == 0


async def test_a_compressed_poll_reaches_the_service(house: House):
    etag = (await house.poll()).json()["hash"]
    body = gzip.compress(json.dumps({"id": "c", "localAttributes": {"os": "linux"}, "hash": etag}).encode())
    headers = {**bearer(TOKEN), "content-type": "application/json", "content-encoding": "gzip"}
    for _ in range(3):
        assert (await house.http.post(POLL, content=body, headers=headers)).json()["notModified"]
    assert await house.answered("edge") == 0


async def test_a_body_in_pieces_is_read_to_its_end(house: House):
    etag = await house.settled()
    body = json.dumps({"id": "c", "localAttributes": {"os": "linux"}, "hash": etag}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for byte in body:
            yield bytes([byte])

    headers = {**bearer(TOKEN), "content-type": "application/json", "x-in-pieces": "yes"}
    before = await house.answered("edge")
    for _ in range(2):
        assert (await house.http.post(POLL, content=pieces(), headers=headers)).json()["notModified"]
    assert await house.answered("edge") == before


async def test_a_poll_that_is_too_large_to_keep_is_answered_and_not_kept(house: House):
    attributes = {f"k{number}": "v" * 1000 for number in range(80)}
    etag = (await house.poll(localAttributes=attributes)).json()["hash"]
    for _ in range(3):
        assert (await house.poll(localAttributes=attributes, hash=etag)).json()["notModified"]
    assert await house.answered("edge") == 0


async def test_a_repeated_poll_still_counts_as_seen(sqlite_url: str):
    async with house_of(sqlite_url) as house:
        etag = await house.settled()
        before = await house.answered("edge")
        house.clock.advance(3)
        await house.poll(hash=etag)
        assert await house.answered("edge") == before + 1
    # What was seen is written at the latest when the server stops.
    async with house_of(sqlite_url, pipeline=False) as house:
        status = await house.post("quarterdeck.fleet.v1.FleetService/GetCollectorStatus", {"id": "c"})
        assert status["status"]["lastSeenAt"] == "2026-03-01T12:00:03Z"


async def test_what_is_kept_is_bounded_in_number(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(edge_module, "MAX_ANSWERS", 3)
    for number in range(6):
        await house.settled(collector=f"c{number}")
    kept: Any = house.application.transports.http._edge
    assert len(kept._answers) == 3
    assert kept._bytes == sum(answer.size for answer in kept._answers.values())


async def test_what_is_kept_is_bounded_in_bytes(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(edge_module, "MAX_BYTES", 4000)
    for number in range(6):
        await house.settled(collector=f"c{number}")
    kept: Any = house.application.transports.http._edge
    assert 0 < kept._bytes <= 4000
    assert len(kept._answers) < 6


async def test_an_answer_that_stands_no_more_is_dropped(house: House):
    etag = await house.settled()
    kept: Any = house.application.transports.http._edge
    assert len(kept._answers) == 1
    await house.post("pipeline.v1.PipelineService/DeletePipeline", {"id": "1"})
    await house.poll(hash=etag)
    assert (len(kept._answers), kept._bytes) == (0, 0)


async def test_the_edge_takes_from_the_same_budget(sqlite_url: str):
    async with house_of(sqlite_url, rate_limit_collector=4) as house:
        etag = await house.settled()
        assert (await house.poll(hash=etag)).status_code == 200
        refused = await house.poll(hash=etag)
        assert (refused.status_code, refused.json()["code"]) == (429, "resource_exhausted")
        assert refused.headers["retry-after"] == "1"
        house.clock.advance(0.25)
        assert (await house.poll(hash=etag)).status_code == 200
        assert (await house.poll(hash=etag)).status_code == 429
        assert (await house.post("pipeline.v1.PipelineService/ListPipelines", {}))["pipelines"]
