"""HolmesGPT's paths over HTTP: envelopes, the stream to the byte, one path that is JSON or a stream, and its aliases.

What answers is a service of this file, which says what it was asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from quarterdeck.errors import Invalid, LimitExceeded, NotFound, Reason, Unauthenticated, Unavailable
from quarterdeck.gen.holmes.v1 import holmes_service_pb2
from quarterdeck.gen.holmes.v1.chat_pb2 import ChatRequest, ChatResponse, IssueChatRequest, WorkloadHealthChatRequest
from quarterdeck.gen.holmes.v1.investigate_pb2 import InvestigateRequest, InvestigateResponse, Section
from quarterdeck.gen.holmes.v1.server_pb2 import (
    ExecuteCheckRequest,
    ExecuteCheckResponse,
    GetInfoRequest,
    GetInfoResponse,
    GetModelsRequest,
    GetModelsResponse,
    OauthCallbackRequest,
    OauthCallbackResponse,
    ReloadModelsRequest,
    ReloadRequest,
    ReloadResponse,
    ReloadToolsetsRequest,
)
from quarterdeck.gen.holmes.v1.stream_pb2 import (
    AiAnswerEnd,
    ChatStreamResponse,
    InvestigationEnd,
    StartToolCalling,
    StreamInvestigateResponse,
)
from quarterdeck.gen.holmes.v1.workload_health_pb2 import WorkloadHealthCheckRequest
from quarterdeck.identity.call import CallContext
from quarterdeck.server import transports
from quarterdeck.wire.chain import CallChain, RunningStreams, bind
from quarterdeck.wire.dialects.holmes import holmes
from quarterdeck.wire.method import Service, _joined, describe_service
from quarterdeck.wire.openapi import openapi_document
from quarterdeck.wire.rest.sse import Pace
from quarterdeck.wire.rest.transport import RestTransport
from tests.wire.test_rest_echo import NoLimits, Tokens
from tests.wire.test_sse import Reader

HOLMES: Service = describe_service(holmes_service_pb2.DESCRIPTOR.services_by_name["HolmesService"])
VIEWER = {"x-api-key": "viewer"}
ISSUE = {"ask": "why", "investigation_result": {"result": "r"}, "issue_type": "i"}
HEALTH = {"ask": "why", "workload_health_result": {"result": "r"}, "resource": {"name": "n"}}
INVESTIGATE = {"source": "s", "title": "t", "description": "d", "subject": {"name": "n"}, "context": {}}


@dataclass
class Saying:
    """HolmesService; repeats what it was asked and fails when the question says so."""

    asked: list[Any] = field(default_factory=list)

    async def chat(self, request: ChatRequest, call: CallContext) -> ChatResponse:
        self.asked.append(request)
        match request.ask:
            case "collide":
                raise Invalid(Reason.FIELD_INVALID, "the tool 'x' is there already")
            case "slow":
                raise LimitExceeded(Reason.MODEL_RATE_LIMITED, "the provider says: slow")
            case "refused":
                raise Unauthenticated(Reason.MODEL_REFUSES_CREDENTIALS, "the provider says: no")
            case "image":
                raise Invalid(Reason.IMAGE_INVALID, "Image dict must contain a 'url' key")
            case "crash":
                raise ZeroDivisionError("a secret of the server")
        return ChatResponse(analysis=f"{request.ask} asked {call.caller.account_name}")

    async def chat_stream(self, request: ChatRequest, call: CallContext) -> AsyncIterator[ChatStreamResponse]:
        self.asked.append(request)
        if request.ask == "collide":
            raise Invalid(Reason.FIELD_INVALID, "the tool 'x' is there already")
        yield ChatStreamResponse(start_tool_calling=StartToolCalling(tool_name="é", id="c\n1"))
        match request.ask:
            case "slow":
                raise LimitExceeded(Reason.MODEL_RATE_LIMITED, "the provider says: slow")
            case "broken":
                raise Unavailable(Reason.MODEL_FAILED, "broken")
            case "crash":
                raise ZeroDivisionError("a secret of the server")
            case "wait":
                await asyncio.Event().wait()
            case "nothing":
                yield ChatStreamResponse()
        yield ChatStreamResponse(ai_answer_end=AiAnswerEnd(analysis=f"{request.ask} {request.stream}"))

    async def investigate(self, request: InvestigateRequest, call: CallContext) -> InvestigateResponse:
        return InvestigateResponse(analysis=request.title)

    async def stream_investigate(
        self, request: InvestigateRequest, call: CallContext
    ) -> AsyncIterator[StreamInvestigateResponse]:
        end = InvestigationEnd(analysis=request.title, instructions=["a"])
        end.sections.entries.add(title="T", text="x")
        end.sections.entries.append(Section(title="A"))
        yield StreamInvestigateResponse(ai_answer_end=end)

    async def issue_chat(self, request: IssueChatRequest, call: CallContext) -> ChatResponse:
        return ChatResponse(analysis=request.investigation_result.result)

    async def stream_issue_chat(
        self, request: IssueChatRequest, call: CallContext
    ) -> AsyncIterator[ChatStreamResponse]:
        yield ChatStreamResponse(ai_answer_end=AiAnswerEnd(analysis=request.issue_type))

    async def workload_health_check(
        self, request: WorkloadHealthCheckRequest, call: CallContext
    ) -> InvestigateResponse:
        return InvestigateResponse(analysis=request.ask)

    async def workload_health_chat(self, request: WorkloadHealthChatRequest, call: CallContext) -> ChatResponse:
        return ChatResponse(analysis=request.workload_health_result.result)

    async def get_models(self, request: GetModelsRequest, call: CallContext) -> GetModelsResponse:
        return GetModelsResponse(model_name='["a","b"]')

    async def get_info(self, request: GetInfoRequest, call: CallContext) -> GetInfoResponse:
        return GetInfoResponse(version=request.detail)

    async def execute_check(self, request: ExecuteCheckRequest, call: CallContext) -> ExecuteCheckResponse:
        return ExecuteCheckResponse(status="pass", message=request.query, duration=1.5)

    async def oauth_callback(self, request: OauthCallbackRequest, call: CallContext) -> OauthCallbackResponse:
        raise Unavailable(Reason.OAUTH_EXCHANGE_FAILED, "the exchange failed")

    async def reload(self, request: ReloadRequest, call: CallContext) -> ReloadResponse:
        return ReloadResponse(status="ok", component="all", counts={"models": 2})

    async def reload_models(self, request: ReloadModelsRequest, call: CallContext) -> ReloadResponse:
        raise NotFound(Reason.METHOD_UNKNOWN, "reloading is switched off")

    async def reload_toolsets(self, request: ReloadToolsetsRequest, call: CallContext) -> ReloadResponse:
        raise NotFound(Reason.METHOD_UNKNOWN, "reloading is switched off")


class Keys(Tokens):
    """Tokens in either header; `Authorization` wins where both are looked at."""

    async def authenticate(self, headers: Any) -> Any:
        shown = headers.get("authorization") or f"Bearer {headers.get('x-api-key', '')}"
        return await super().authenticate({"authorization": shown})


def chain_of(saying: Saying, streams: RunningStreams | None = None) -> CallChain:
    return CallChain((HOLMES,), bind({HOLMES: saying}), Keys(), NoLimits(), streams or RunningStreams())


@pytest.fixture
def saying() -> Saying:
    return Saying()


@pytest.fixture
def http(saying) -> Any:
    served: Any = transports(chain_of(saying)).http
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://test", headers=VIEWER)


@pytest.mark.parametrize(
    ("path", "body", "analysis"),
    [
        ("/api/chat", {"ask": "why"}, "why asked viewer"),
        ("/api/chat", {"ask": "why", "stream": False}, "why asked viewer"),
        ("/api/investigate", INVESTIGATE, "t"),
        ("/api/issue_chat", ISSUE, "r"),
        ("/api/issue_chat", {**ISSUE, "stream": True}, "r"),
        ("/api/workload_health_check", {"ask": "why", "resource": {}}, "why"),
        ("/api/workload_health_chat", HEALTH, "r"),
    ],
)
async def test_questions_are_answered(http, path, body, analysis):
    async with http:
        answer = await http.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["analysis"] == analysis


async def test_the_other_paths_answer(http):
    async with http:
        assert (await http.get("/api/model")).json() == {"model_name": '["a","b"]'}
        assert (await http.get("/api/info?detail=full&x=y")).json()["version"] == "full"
        check = (await http.post("/api/checks/execute", json={"query": "q"})).json()
        assert (check["status"], check["duration"], check["notifications"]) == ("pass", 1.5, [])
        failed = await http.post(
            "/api/oauth/callback", json={"toolset_name": "t", "code": "c", "redirect_uri": "u", "client_secret": "s"}
        )
        assert (failed.status_code, failed.json()) == (502, {"detail": "the exchange failed"})
        assert (await http.post("/api/admin/reload")).status_code == 403
        admin = {"x-api-key": "admin"}
        reloaded = await http.post("/api/admin/reload", headers=admin)
        assert reloaded.json() == {"status": "ok", "component": "all", "detail": None, "counts": {"models": 2}}
        switched_off = await http.post("/api/admin/reload/models", headers=admin)
        assert (switched_off.status_code, switched_off.json()) == (404, {"detail": "Not Found"})


END = '"conversation_history": [], "follow_up_actions": [], "metadata": null}\n\n'
STREAM = (
    'event: start_tool_calling\ndata: {"tool_name": "\\u00e9", "id": "c\\n1"}\n\n'
    f'event: ai_answer_end\ndata: {{"analysis": "why True", {END}'
).encode("ascii")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/api/chat", {"ask": "why", "stream": True}, id="asked for in the body"),
        pytest.param("/api/stream/chat", {"ask": "why"}, id="the alias"),
        pytest.param("/api/stream/chat", {"ask": "why", "stream": False}, id="the alias, whatever the body says"),
    ],
)
async def test_a_chat_streams_to_the_byte(http, path, body):
    async with http:
        answer = await http.post(path, json=body)
    assert (answer.status_code, answer.content) == (200, STREAM)
    assert answer.headers["content-type"] == "text/event-stream"


async def test_the_other_streams(http):
    async with http:
        issue = await http.post("/api/stream/issue_chat", json=ISSUE)
        investigation = await http.post("/api/stream/investigate", json=INVESTIGATE)
    assert issue.text == f'event: ai_answer_end\ndata: {{"analysis": "i", {END}'
    assert investigation.text == (
        'event: ai_answer_end\ndata: {"sections": {"T": "x", "A": null}, "analysis": "t", '
        '"instructions": ["a"], "metadata": null}\n\n'
    )


@pytest.mark.parametrize(
    ("ask", "status", "detail"),
    [
        ("collide", 400, "the tool 'x' is there already"),
        ("slow", 429, "the provider says: slow"),
        ("refused", 401, "the provider says: no"),
        ("image", 500, "Image dict must contain a 'url' key"),
    ],
)
async def test_errors_keep_their_sentence(http, ask, status, detail):
    async with http:
        answer = await http.post("/api/chat", json={"ask": ask})
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


async def test_a_crash_tells_no_secrets(http, caplog):
    async with http:
        answer = await http.post("/api/chat", json={"ask": "crash"})
        stream = await http.post("/api/chat", json={"ask": "crash", "stream": True})
    assert (answer.status_code, answer.json().keys()) == (500, {"detail"})
    assert b"secret" not in answer.content + stream.content
    assert len(caplog.records) == 2


async def test_an_error_before_the_first_record_keeps_its_status(http):
    async with http:
        answer = await http.post("/api/chat", json={"ask": "collide", "stream": True})
    assert (answer.status_code, answer.json()) == (400, {"detail": "the tool 'x' is there already"})


@pytest.mark.parametrize(
    ("ask", "data"),
    [
        (
            "slow",
            {
                "description": "the provider says: slow",
                "error_code": 5204,
                "msg": "Rate limit exceeded",
                "success": False,
            },
        ),
        ("broken", {"description": "broken", "error_code": 1, "msg": "broken", "success": False}),
    ],
)
async def test_an_error_behind_a_record_is_the_last_one(http, ask, data):
    async with http:
        answer = await http.post("/api/stream/chat", json={"ask": ask})
    first, last, rest = answer.text.split("\n\n")
    assert (answer.status_code, first.partition("\n")[0], rest) == (200, "event: start_tool_calling", "")
    assert last == f"event: error\ndata: {json.dumps(data)}"


async def test_a_record_without_content_is_an_error_of_ours(http, caplog):
    async with http:
        answer = await http.post("/api/stream/chat", json={"ask": "nothing"})
    assert answer.text.split("\n\n")[1].startswith('event: error\ndata: {"description": "internal error')
    assert "without content" in caplog.text


def reader_of(transport: RestTransport, body: bytes) -> Reader:
    return Reader(transport, "/api/stream/chat", {**VIEWER, "content-type": "application/json"}, verb="POST", body=body)


async def test_a_quiet_stream_has_no_comments_and_ends_with_the_server():
    streams = RunningStreams()
    transport = RestTransport(chain_of(Saying(), streams), {"holmes": holmes}, pace=Pace(0.001, 0.001))
    reader = reader_of(transport, b'{"ask":"wait"}')
    assert (await reader.take())["status"] == 200
    assert (await reader.text()).startswith("event: start_tool_calling\n")
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert reader.sent.empty()
    streams.end()
    assert (await reader.text()).startswith('event: error\ndata: {"description": "the server is shutting down')
    assert await reader.task


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="nothing"),
        pytest.param({"authorization": "Bearer viewer"}, 200, id="Authorization"),
        pytest.param({"x-api-key": "viewer", "authorization": "Bearer nobody"}, 200, id="X-API-Key is looked at first"),
        pytest.param({"x-api-key": "nobody", "authorization": "Bearer viewer"}, 401, id="and then alone"),
        pytest.param({"x-api-key": "", "authorization": "Bearer viewer"}, 200, id="an empty one is none"),
        pytest.param({"x-api-key": "collector"}, 403, id="the role"),
    ],
)
async def test_keys(saying, headers, status):
    served: Any = transports(chain_of(saying)).http
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://test") as http:
        answer = await http.post(
            "/api/chat", content="not looked at" if status > 400 else '{"ask":"x"}', headers=headers
        )
    assert answer.status_code == status
    if status == 401:
        assert answer.json() == {"detail": "Invalid or missing API key"}


@pytest.mark.parametrize(
    ("verb", "path", "status", "body"),
    [
        ("GET", "/api/chat", 405, {"detail": "Method Not Allowed"}),
        ("PUT", "/api/stream/investigate", 405, {"detail": "Method Not Allowed"}),
        ("POST", "/api/model", 405, {"detail": "Method Not Allowed"}),
        ("POST", "/api/chat//", 404, {"detail": "Not Found"}),
        ("POST", "/api/stream/nothing", 404, {"detail": "Not Found"}),
        ("POST", "/api/agui/chat", 404, {"detail": "Not Found"}),
        ("GET", "/api/agui/chat/health", 404, {"detail": "Not Found"}),
        ("GET", "/api/checks", 404, {"detail": "Not Found"}),
    ],
)
async def test_what_is_not_served_has_a_detail(http, verb, path, status, body):
    async with http:
        answer = await http.request(verb, path)
    assert (answer.status_code, answer.json()) == (status, body)
    assert ("allow" in answer.headers) is (status == 405)


async def test_head_and_options(http, saying):
    async with http:
        head = await http.head("/api/model")
        assert (head.status_code, head.content) == (200, b"")
        assert (await http.head("/api/chat")).status_code == 405
        options = await http.options("/api/chat")
        assert (options.status_code, options.headers["allow"]) == (204, "POST, OPTIONS")
    assert saying.asked == []


async def test_faults_of_a_body_are_a_422(http, saying):
    async with http:
        answer = await http.post("/api/chat", content="{}", headers={"content-type": ""})
        form = await http.post("/api/chat", data={"ask": "x"})
        compressed = await http.post("/api/chat", content=b"no gzip", headers={"content-encoding": "gzip"})
    assert answer.status_code == 422
    assert answer.content == b'{"detail":[{"type":"missing","loc":["body","ask"],"msg":"Field required","input":{}}]}'
    assert (form.status_code, form.json()["detail"][0]["type"]) == (422, "model_attributes_type")
    assert (compressed.status_code, compressed.json()) == (400, {"detail": "the body is not valid gzip"})
    assert saying.asked == []


async def test_a_body_over_the_limit_is_refused(saying):
    """Its own limit, since histories with images come back with every question."""
    served: Any = transports(chain_of(saying), max_body_bytes=100).http
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=served), base_url="http://t", headers=VIEWER
    ) as http:
        fine = await http.post("/api/chat", json={"ask": "x" * 5_000_000})
        assert fine.status_code == 200
        answer = await http.post("/api/chat", json={"ask": "x" * 17_000_000})
    assert (answer.status_code, answer.json().keys()) == (413, {"detail"})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"twin": "Investigate"}, "no stream of the same request"),
        ({"twin": "Nothing"}, "no stream of the same request"),
        ({"twin": "StreamInvestigate"}, "no stream of the same request"),
        ({"twin_field": "ask"}, "no bool field"),
    ],
)
def test_twins_that_cannot_be_one_path_do_not_start(change, why):
    methods = [replace(each, **change) if each.name == "Chat" else each for each in HOLMES.methods]
    with pytest.raises(ValueError, match=why):
        _joined(methods)


def test_records_with_names_must_be_a_oneof():
    methods = tuple(
        replace(each, response_class=ChatResponse) if each.name == "ChatStream" else each for each in HOLMES.methods
    )
    chain = CallChain((replace(HOLMES, methods=methods),), {}, Keys(), NoLimits())
    with pytest.raises(ValueError, match="must be one oneof"):
        RestTransport(chain, {"holmes": holmes})


def test_the_document_has_the_keys_of_the_wire():
    document = openapi_document([HOLMES], title="t", version="v")
    schemas = document["components"]["schemas"]
    assert {"conversation_history", "tool_decisions", "is_internal"} <= schemas["holmes.v1.ChatRequest"][
        "properties"
    ].keys()
    assert schemas["holmes.v1.InvestigateRequest"]["required"] == [
        "source",
        "title",
        "description",
        "subject",
        "context",
    ]
    assert schemas["holmes.v1.ExecuteCheckRequest"]["properties"]["mode"]["enum"] == ["alert", "monitor"]
    images = schemas["holmes.v1.ChatRequest"]["properties"]["images"]["items"]
    assert images == {"oneOf": [{"type": "string"}, {"type": "object"}]}
    answers = document["paths"]["/api/chat"]["post"]["responses"]["200"]["content"]
    assert answers.keys() == {"application/json", "text/event-stream"}
