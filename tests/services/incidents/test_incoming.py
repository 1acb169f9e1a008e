"""Incoming webhooks: tokens, the paths over HTTP, what a URL and a body make, and repeats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
import pytest_asyncio

from quarterdeck.errors import Conflict, Invalid, NotFound, Reason, Unauthenticated
from quarterdeck.gen.incident.v1 import incident_context_service_pb2 as cpb
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.gen.quarterdeck.incident.v1 import incoming_token_service_pb2 as tpb
from quarterdeck.identity import Caller, Role
from quarterdeck.incidents.incoming.receiving import IncomingWebhooks
from quarterdeck.wire.dialects.incident import incident as dialect
from quarterdeck.wire.incoming_webhooks import IncomingWebhookTransport, PluginSettings
from tests.running_server import RunningServer
from tests.services.fleet_house import HouseClock, SeveredDatabase
from tests.services.incidents.webhook_house import Receiver, WebhookHouse, open_webhook_house

CREATE = "/api/plugins/grafana-irm-app/resources/api/v1/incoming-webhooks/grafana.incident.create"
DAY = 24 * 3600


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class IncomingHouse:
    """The adapter of the incoming paths in front of the wing, and a token."""

    webhooks: WebhookHouse
    transport: IncomingWebhookTransport[Any]
    token: str = ""

    @property
    def clock(self) -> HouseClock:
        return self.webhooks.clock

    async def post(
        self,
        parameters: Mapping[str, str] | list[tuple[str, str]] | str = "",
        body: bytes | str = b"",
        *,
        path: str = CREATE,
        verb: str = "POST",
        token: str | None = None,
        **headers: str,
    ) -> Answer:
        query = parameters if isinstance(parameters, str) else urlencode(parameters)
        secret = self.token if token is None else token
        fields = {"authorization": f"Bearer {secret}"} if secret else {}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body.encode() if isinstance(body, str) else body
        return await call(self.transport, verb, path, query.encode("latin-1"), raw, fields)

    async def incident(self, incident_id: str) -> Any:
        return await self.webhooks.incidents.incident(incident_id, role=Role.ADMIN)

    async def contexts(self, incident_id: str) -> list[Any]:
        request = cpb.QueryIncidentContextRequest()
        request.query.incident_id = incident_id
        return list((await self.webhooks(request)).incident_contexts)


async def call(transport: Any, verb: str, path: str, query: bytes, body: bytes, headers: Mapping[str, str]) -> Answer:
    """One request over ASGI."""
    scope = {
        "type": "http",
        "method": verb,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("192.0.2.7", 4711),
    }
    sent: list[Any] = []
    pieces = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return pieces.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    assert transport.serves(path), path
    await transport.handle(scope, receive, send, "request-1")
    fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], fields, json.loads(sent[1]["body"] or b"null"))


@pytest_asyncio.fixture
async def incoming(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> AsyncIterator[IncomingHouse]:
    async with open_webhook_house(fleet_database, clock, tenant) as webhooks:
        receiver = IncomingWebhooks(fleet_database, clock, webhooks.queue.queue)
        house = IncomingHouse(webhooks, IncomingWebhookTransport(receiver, dialect))
        house.token = (await webhooks(tpb.CreateIncomingTokenRequest(name="pager"))).secret
        yield house


async def test_a_webhook_declares_an_incident(incoming: IncomingHouse) -> None:
    parameters = {
        "title": "Disk is full",
        "severity": "Major",
        "status": "active",
        "drill": "true",
        "labels": "db, team:storage",
        "roomprefix": "inc",
        "url": "https://example.com/graph",
        "caption": "The graph",
        "includes": "incident",
    }
    answer = await incoming.post(parameters, '{"host": "a"}')
    assert answer.status == 200
    assert set(answer.body) == {"incident", "processingErrors", "error"}
    assert (answer.body["processingErrors"], answer.body["error"]) == ([], "")
    shown = answer.body["incident"]
    assert shown["title"] == "Disk is full"
    assert (shown["severity"], shown["status"], shown["isDrill"]) == ("Major", "active", True)
    assert [(label["key"], label["label"]) for label in shown["labels"]] == [("tags", "db"), ("team", "storage")]
    assert shown["createdByUser"]["name"] == "Incoming Webhook: pager"
    contexts = {each.type: each for each in await incoming.contexts(shown["incidentID"])}
    assert json.loads(contexts["genericURL"].payload) == {"url": "https://example.com/graph", "caption": "The graph"}
    assert contexts["webhookPayload"].payload == '{"host": "a"}'
    kinds = [item.kind for item in await incoming.webhooks.incidents.timeline(shown["incidentID"])]
    assert kinds == [
        "incidentCreated", "contextAttached", "contextAttached", "labelAdded", "labelAdded", "incidentStart",
    ]  # fmt: skip


async def test_the_incident_is_null_unless_asked_for(incoming: IncomingHouse) -> None:
    assert (await incoming.post({"title": "x"})).body == {"incident": None, "processingErrors": [], "error": ""}
    for asked in ({"title": "x", "include": "incident"}, {"title": "x", "includes": "a, incident"}):
        assert (await incoming.post(asked)).body["incident"]["title"] == "x"


async def test_defaults_are_pending_and_active(incoming: IncomingHouse) -> None:
    shown = (await incoming.post({"title": "x", "includes": "incident"})).body["incident"]
    assert (shown["severity"], shown["status"], shown["isDrill"]) == ("Pending", "active", False)


@pytest.mark.parametrize("folder", ["incoming-webhooks", "incoming-webhook"])
@pytest.mark.parametrize(
    "base",
    [
        "/api/plugins/grafana-irm-app/resources/api/v1",
        "/api/plugins/grafana-irm-app/resources/api",
        "/api/plugins/grafana-incident-app/resources/api/v1",
        "/api/plugins/grafana-incident-app/resources/api",
        "/api/v1",
        "/api",
        "/api/plugins/grafana-irm-app/resources/api/experimental",
        "/api/plugins/grafana-incident-app/resources/api/experimental",
        "/api/experimental",
    ],
)
async def test_every_generation_of_the_url_is_served(incoming: IncomingHouse, base: str, folder: str) -> None:
    path = f"{base}/{folder}/grafana.incident.create"
    assert (await incoming.post({"title": "x"}, path=path)).status == 200


@pytest.mark.parametrize(
    ("parameters", "body", "title", "errors"),
    [
        pytest.param({"title": "{{ .a }} on {{ .b[0].c }}"}, '{"a":"x","b":[{"c":1.10}]}', "x on 1.10", 0, id="paths"),
        pytest.param({"title": "{{ .a }}"}, "{}", "Incoming webhook incident", 2, id="nothing there"),
        pytest.param({"title": "{{ .a }} down"}, "not json", " down", 1, id="no JSON"),
        pytest.param({"title": "   "}, "", "Incoming webhook incident", 1, id="blank"),
        pytest.param({"title": ""}, "", "Incoming webhook incident", 1, id="empty"),
        pytest.param({"title": "x", "severity": "Apocalyptic"}, "", "x", 1, id="unknown severity"),
        pytest.param({"title": "x", "status": "odd"}, "", "x", 1, id="unknown status"),
        pytest.param({"title": "x", "drill": "maybe"}, "", "x", 1, id="bad drill"),
        pytest.param({"title": "x", "url": "javascript:1"}, "", "x", 1, id="bad URL"),
        pytest.param({"title": "x", "labels": "a:,:b,c"}, "", "x", 2, id="bad labels"),
        pytest.param({"title": "y" * 501}, "", "y" * 500, 1, id="cut to the limit"),
        pytest.param({"title": "{{ .a }}"}, '{"a":"{{ .b }}"}', "{{ .b }}", 0, id="not expanded again"),
        pytest.param({"title": "x\0y"}, "", "x\ufffdy", 1, id="a NUL"),
    ],
)
async def test_mistakes_fall_back_and_are_named(
    incoming: IncomingHouse, parameters: dict[str, str], body: str, title: str, errors: int
) -> None:
    answer = await incoming.post({**parameters, "includes": "incident"}, body)
    assert answer.status == 200
    assert answer.body["incident"]["title"] == title
    assert len(answer.body["processingErrors"]) == errors, answer.body["processingErrors"]


async def test_a_missing_title_creates_nothing(incoming: IncomingHouse) -> None:
    answer = await incoming.post({"severity": "Major"})
    assert answer.status == 400
    assert answer.body["code"] == "common.validation_failed"
    assert answer.body["context"]["field"] == "title"
    with pytest.raises(NotFound):
        await incoming.incident("1")


async def test_labels_that_cannot_be_put_on_are_left_out(incoming: IncomingHouse) -> None:
    for start in range(0, 500, 100):
        labels = ",".join(f"v{number}" for number in range(start, start + 100))
        assert (await incoming.post({"title": "x", "labels": labels})).body["processingErrors"] == []
    answer = await incoming.post({"title": "x", "labels": "v1,one-too-many", "includes": "incident"})
    assert [label["label"] for label in answer.body["incident"]["labels"]] == ["v1"]
    assert len(answer.body["processingErrors"]) == 1
    assert "one-too-many" in answer.body["processingErrors"][0]


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        pytest.param(b'{"a": 1.10}', '{"a": 1.10}', id="JSON as it was sent"),
        pytest.param(b"plain text", '"plain text"', id="text as a JSON string"),
        pytest.param(b"\xff\x00", '"\ufffd\ufffd"', id="neither"),
        pytest.param(b"[" * 5000 + b"]" * 5000, None, id="too deep for JSON"),
        pytest.param(b'{"a":"\\u0000"}', '{"a":"\\u0000"}', id="an escaped NUL"),
        pytest.param(b'"\\ud800"', None, id="half a surrogate pair"),
    ],
)
async def test_the_body_is_kept_as_a_context(incoming: IncomingHouse, body: bytes, payload: str | None) -> None:
    answer = await incoming.post({"title": "x", "includes": "incident"}, body)
    assert answer.status == 200
    (context,) = await incoming.contexts(answer.body["incident"]["incidentID"])
    assert context.type == "webhookPayload"
    if payload is None:
        assert json.loads(context.payload) == body.decode()
    else:
        assert context.payload == payload


async def test_no_body_is_no_context(incoming: IncomingHouse) -> None:
    answer = await incoming.post({"title": "x", "includes": "incident"})
    assert await incoming.contexts(answer.body["incident"]["incidentID"]) == []


async def test_a_megabyte_is_taken_and_not_a_byte_more(incoming: IncomingHouse) -> None:
    assert (await incoming.post({"title": "x"}, b"x" * (1 << 20))).status == 200
    answer = await incoming.post({"title": "x"}, b"x" * ((1 << 20) + 1))
    assert (answer.status, answer.body["code"]) == (413, "common.validation_failed")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"token": "", "query": ""}, id="none"),
        pytest.param({"token": "qd_nonsense", "query": ""}, id="not ours"),
        pytest.param({"token": "a-well-formed-token-of-nobody", "query": ""}, id="nobody's"),
        pytest.param({"token": "", "query": "&token=a-well-formed-token-of-nobody"}, id="nobody's, in the URL"),
    ],
)
async def test_a_bad_token_creates_nothing_and_is_not_repeated(incoming: IncomingHouse, given: dict[str, str]) -> None:
    answer = await incoming.post(f"title=x{given['query']}", token=given["token"])
    assert (answer.status, answer.body["code"]) == (401, "common.unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.body["error"]
    assert "nobody" not in json.dumps(answer.body)


async def test_the_token_may_be_in_the_url_and_is_in_no_answer(incoming: IncomingHouse) -> None:
    answer = await incoming.post({"title": "x", "token": incoming.token, "includes": "incident"}, token="")
    assert answer.status == 200
    assert incoming.token not in json.dumps(answer.body)
    refused = await incoming.post({"token": incoming.token}, token="")
    assert refused.status == 400
    assert incoming.token not in json.dumps(refused.body)


async def test_a_placeholder_is_not_expanded_in_the_token(incoming: IncomingHouse) -> None:
    answer = await incoming.post({"title": "x", "token": "{{ .t }}"}, json.dumps({"t": incoming.token}), token="")
    assert answer.status == 401


async def test_a_revoked_token_is_refused_at_once(incoming: IncomingHouse) -> None:
    (token,) = (await incoming.webhooks(tpb.ListIncomingTokensRequest())).tokens
    for _ in range(2):
        revoked = (await incoming.webhooks(tpb.RevokeIncomingTokenRequest(id=token.id))).token
        assert revoked.HasField("revoked_at")
    assert (await incoming.post({"title": "x"})).status == 401


async def test_tokens_have_names_and_may_be_chosen(incoming: IncomingHouse) -> None:
    webhooks = incoming.webhooks
    with pytest.raises(Conflict):
        await webhooks(tpb.CreateIncomingTokenRequest(name="pager"))
    incoming.clock.advance(1)
    chosen = f"chosen-{webhooks.incidents.tenant}-token"
    made = await webhooks(tpb.CreateIncomingTokenRequest(name="mine", secret=chosen))
    assert made.secret == chosen
    assert (await incoming.post({"title": "x"}, token=chosen)).status == 200
    with pytest.raises(Conflict):
        await webhooks(tpb.CreateIncomingTokenRequest(name="again", secret=chosen))
    for wrong in ("short", "with a space in the middle of it", "qd_" + "x" * 49):
        with pytest.raises(Invalid):
            await webhooks(tpb.CreateIncomingTokenRequest(name="wrong", secret=wrong))
    with pytest.raises(Invalid):
        await webhooks(tpb.CreateIncomingTokenRequest(name=" "))
    with pytest.raises(NotFound):
        await webhooks(tpb.RevokeIncomingTokenRequest(id=made.token.id), tenant="another")
    listed = (await webhooks(tpb.ListIncomingTokensRequest())).tokens
    assert [token.name for token in listed] == ["pager", "mine"]
    assert chosen not in str(listed)


async def test_other_verbs_are_refused_in_the_familys_words(incoming: IncomingHouse) -> None:
    answer = await incoming.post({"title": "x"}, verb="GET")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.body["error"]
    assert answer.body["instance"] == CREATE


async def test_a_repeat_with_the_same_key_answers_with_the_first_incident(incoming: IncomingHouse) -> None:
    parameters = {"title": "One", "includes": "incident"}
    first = (await incoming.post(parameters, idempotency_key="k")).body["incident"]
    again = (await incoming.post({**parameters, "title": "Two"}, idempotency_key="k")).body["incident"]
    assert (again["incidentID"], again["title"], again["version"]) == (first["incidentID"], "One", first["version"])
    other = (await incoming.post(parameters, idempotency_key="other")).body["incident"]
    assert other["incidentID"] != first["incidentID"]
    deduped = {**parameters, "dedupe": "{{ .id }}"}
    by_body = [(await incoming.post(deduped, '{"id": 7}')).body["incident"]["incidentID"] for _ in range(2)]
    assert len(set(by_body)) == 1
    header_wins = await incoming.post({**parameters, "dedupe": "unrelated"}, idempotency_key="k")
    assert header_wins.body["incident"]["incidentID"] == first["incidentID"]


async def test_a_key_stands_for_a_day_or_as_long_as_its_incident_is_active(incoming: IncomingHouse) -> None:
    parameters = {"title": "One", "includes": "incident"}

    async def post() -> str:
        shown = (await incoming.post(parameters, idempotency_key="k")).body["incident"]
        return str(shown["incidentID"])

    first = await post()
    incoming.clock.advance(10 * DAY)
    assert await post() == first, "it is active still"
    await incoming.webhooks.incidents(spb.UpdateStatusRequest(incident_id=first, status="resolved"), role=Role.ADMIN)
    second = await post()
    assert second != first
    await incoming.webhooks.incidents(spb.UpdateStatusRequest(incident_id=second, status="resolved"), role=Role.ADMIN)
    incoming.clock.advance(DAY - 1)
    assert await post() == second, "not yet a day"
    incoming.clock.advance(1)
    assert await post() != second


async def test_keys_of_two_tokens_do_not_meet(incoming: IncomingHouse) -> None:
    other = (await incoming.webhooks(tpb.CreateIncomingTokenRequest(name="other"))).secret
    parameters = {"title": "x", "includes": "incident"}
    ids = {
        (await incoming.post(parameters, token=token, idempotency_key="k")).body["incident"]["incidentID"]
        for token in (incoming.token, other)
    }
    assert len(ids) == 2


async def test_many_at_once_with_one_key_make_one_incident(incoming: IncomingHouse) -> None:
    parameters = {"title": "x", "includes": "incident"}
    answers = await asyncio.gather(*(incoming.post(parameters, idempotency_key="k") for _ in range(12)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["incident"]["incidentID"] for answer in answers}) == 1


async def test_a_token_is_limited_to_ten_a_second_after_sixty(incoming: IncomingHouse) -> None:
    for _ in range(60):
        assert (await incoming.post({})).status == 400
    refused = await incoming.post({"title": "x"})
    assert (refused.status, refused.body["code"], refused.body["retryable"]) == (429, "common.rate_limited", True)
    assert refused.headers["retry-after"] == "1"
    incoming.clock.advance(1)
    for _ in range(10):
        assert (await incoming.post({})).status == 400
    assert (await incoming.post({})).status == 429


async def test_failed_authentications_are_limited_and_working_tokens_are_not(incoming: IncomingHouse) -> None:
    answers = [(await incoming.post({"title": "x"}, token="qd_wrong")).status for _ in range(22)]
    assert answers == [401] * 20 + [429] * 2
    assert (await incoming.post({"title": "x"})).status == 200


async def test_the_database_away_is_503(incoming: IncomingHouse) -> None:
    incoming.webhooks.database.away = True
    try:
        answer = await incoming.post({"title": "x"})
    finally:
        incoming.webhooks.database.away = False
    assert (answer.status, answer.body["code"], answer.body["retryable"]) == (503, "common.internal_error", True)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("&".join(f"p{n}=1" for n in range(300)), id="300 parameters"),
        pytest.param("title=%ff%fe", id="bytes that are no UTF-8"),
        pytest.param("title=%ED%A0%80", id="half a surrogate pair"),
        pytest.param("title=" + quote("{{" * 2000), id="openings without an end"),
        pytest.param("title=" + quote("{{ .a" + "[0]" * 2000 + " }}"), id="a long path"),
        pytest.param("title=x&labels=" + "," * 5000, id="commas"),
        pytest.param("title", id="no value"),
        pytest.param("=x&title=y", id="no name"),
        pytest.param("title=%", id="half an escape"),
        pytest.param("title=x&title=y&severity=&status=&drill=&url=&caption=&dedupe=", id="empty and double"),
    ],
)
async def test_no_url_breaks_it(incoming: IncomingHouse, query: str) -> None:
    answer = await incoming.post(query, b'{"a":[[[1]]]}')
    assert answer.status in (200, 400), answer.body
    assert isinstance(answer.body["error"], str)


async def test_what_comes_in_goes_out(incoming: IncomingHouse) -> None:
    """The incident of a webhook is announced to hooks as every other."""
    async with Receiver().listening() as receiver:
        await incoming.webhooks.enable(receiver.url)
        await incoming.post({"title": "Through"})
        (delivery,) = await incoming.webhooks.deliveries()
        assert delivery.event == "grafana.incident.created"


async def test_clients_find_the_plugin_with_any_valid_token() -> None:
    caller = Caller("tenant", "sa", "sa", Role.COLLECTOR, "token")

    class OneToken:
        async def authenticate(self, headers: Mapping[str, str]) -> Caller:
            if headers.get("authorization") != "Bearer good":
                raise Unauthenticated(Reason.CREDENTIALS_INVALID, "not valid")
            return caller

        def recall(self, headers: Mapping[str, str]) -> Caller | None:
            return None

    settings = PluginSettings(OneToken(), dialect)
    for plugin in ("grafana-irm-app", "grafana-incident-app"):
        path = f"/api/plugins/{plugin}/settings"
        good = {"authorization": "Bearer good"}
        answer = await call(settings, "GET", path, b"", b"", good)
        assert (answer.status, answer.body) == (
            200,
            {"id": "grafana-irm-app", "enabled": True, "jsonData": {}, "error": ""},
        )
        assert (await call(settings, "HEAD", path, b"", b"", good)).status == 200
        refused = await call(settings, "GET", path, b"", b"", {})
        assert (refused.status, refused.body["code"]) == (401, "common.unauthorized")
        wrong = await call(settings, "POST", path, b"", b"", good)
        assert (wrong.status, wrong.headers["allow"]) == (405, "GET, HEAD")


def test_the_query_of_an_incoming_webhook_is_in_no_log(sqlite_url: str, tmp_path: Path) -> None:
    with (
        RunningServer.start(sqlite_url, tmp_path, env={"QUARTERDECK_LOG_LEVEL": "debug"}) as server,
        httpx.Client(base_url=server.http_url) as client,
    ):
        admin = {"Authorization": f"Bearer {server.token}"}
        made = client.post("/api/v1/incoming-tokens", json={"name": "logged"}, headers=admin).json()
        for token in (made["secret"], "a-token-that-nobody-ever-made"):
            for query in (f"title=x&token={token}", f"token={token}", f"title={'{{' * 50}&token={token}"):
                client.post(f"{CREATE}?{query}", content=b"body")
            client.get(f"{CREATE}?token={token}")
            client.post(f"{CREATE}x?token={token}")
        created = client.post(f"{CREATE}?title=x&includes=incident&token={made['secret']}").json()
        assert created["incident"]["title"] == "x"
        assert server.stop() == 0
        for secret in (made["secret"], "a-token-that-nobody-ever-made", "token="):
            assert secret not in server.logs
