"""The Connect transport and the HTTP application around it, where the library's ways are not ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from connectrpc.code import Code as ConnectCode
from connectrpc.errors import ConnectError

from quarterdeck.server import transports
from quarterdeck.wire.chain import CallChain, bind
from quarterdeck.wire.connect_requests import own_words, refuse
from quarterdeck.wire.errors import INTERNAL_MESSAGE, Code
from quarterdeck.wire.http import PageAnswer
from tests.protocols.callers import envelope
from tests.protocols.conformance import CONFORMANCE, ECHO, SECRET
from tests.wire.exact_dialect import exact
from tests.wire.test_rest_echo import NoLimits, Tokens, scope_of

ADMIN = {"authorization": "Bearer admin"}
METHODS = {method.name: method for method in ECHO.methods}


async def broken_page() -> PageAnswer:
    raise ZeroDivisionError(SECRET)


@pytest.fixture(scope="module")
def served() -> Any:
    chain = CallChain(tuple(CONFORMANCE), bind(dict(CONFORMANCE)), Tokens(), NoLimits())
    return transports(chain, dialects={"exact": exact}, pages={"/broken": broken_page}).http


@pytest_asyncio.fixture
async def http(served: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://test") as client:
        yield client


async def test_a_whole_answer_has_its_length_and_one_request_id(http):
    headers = {**ADMIN, "accept-encoding": "identity"}
    answer = await http.post("/testing.v1.EchoService/Echo", json={}, headers=headers)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert len({(await http.get("/healthz-of-nobody")).headers["x-request-id"] for _ in range(5)}) == 5


async def test_an_answer_that_cannot_be_printed_is_an_internal_error_and_no_more(http, caplog):
    with caplog.at_level(logging.WARNING):
        answer = await http.post("/testing.v1.ExactService/Describe", json={"recordID": "unprintable"}, headers=ADMIN)
    request_id = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert answer.json()["message"] == f"{INTERNAL_MESSAGE}: {request_id}"
    assert "closed" not in answer.text
    assert [getattr(record, "request_id", "") for record in caplog.records] == [request_id]


async def test_a_page_that_breaks_is_an_internal_error_and_no_more(http, caplog):
    with caplog.at_level(logging.WARNING):
        answer = await http.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert SECRET not in answer.text
    assert [getattr(record, "request_id", "") for record in caplog.records] == [answer.headers["x-request-id"]]


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_only_http_is_served(served, kind):
    with pytest.raises(RuntimeError, match="only HTTP"):
        await served({"type": kind}, None, None)


async def test_a_client_that_is_gone_is_no_error(served, caplog):
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        return None  # as uvicorn's, which drops what nobody will read

    with caplog.at_level(logging.WARNING):
        for path in ("/testing.v1.EchoService/Echo", "/test/v1/echo", "/api/v1Exact.Describe", "/nothing"):
            scope: Any = scope_of("POST", path, {**ADMIN, "content-type": "application/json"})
            await served({**scope, "root_path": ""}, receive, send)
    assert caplog.records == []


async def test_a_call_whose_client_leaves_is_cancelled(served):
    """The method must not go on for nobody."""
    left, started, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Patient:
        async def wait(self) -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    async def echo(request: Any, call: Any) -> Any:
        await Patient().wait()

    chain = CallChain((ECHO,), {METHODS["Echo"].path: echo}, Tokens(), NoLimits())
    application = transports(chain).http
    body = [{"type": "http.request", "body": b"{}", "more_body": False}]

    async def receive() -> Any:
        if body:
            return body.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        return None

    headers = {**ADMIN, "content-type": "application/json"}
    scope: Any = {**scope_of("POST", "/testing.v1.EchoService/Echo", headers), "root_path": ""}
    task = asyncio.create_task(application(scope, receive, send))
    async with asyncio.timeout(10):
        await started.wait()
        left.set()
        await cancelled.wait()
        await task


async def test_a_deadline_is_kept(served):
    async def echo(request: Any, call: Any) -> Any:
        await asyncio.Event().wait()

    chain = CallChain((ECHO,), {METHODS["Echo"].path: echo}, Tokens(), NoLimits())
    app: Any = transports(chain).http
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        headers = {**ADMIN, "connect-timeout-ms": "20"}
        answer = await http.post("/testing.v1.EchoService/Echo", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    assert len(answer.headers["x-request-id"]) == 32


async def test_a_stream_that_is_not_read_to_its_end_is_closed(http):
    headers = {**ADMIN, "content-type": "application/connect+json"}
    answer = await http.post("/testing.v1.EchoService/Count", content=envelope(0, b'{"until":2}'), headers=headers)
    ends = answer.content.count(b'{"id":')
    assert ends == 2
    assert answer.content.endswith(envelope(2, b"{}"))


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConnectError(ConnectCode.RESOURCE_EXHAUSTED, "x"), Code.RESOURCE_EXHAUSTED, "than the limit of 7 bytes"),
        (ConnectError(ConnectCode.UNIMPLEMENTED, "unknown compression: 'br': x"), Code.UNIMPLEMENTED, "'br' is not"),
        (ConnectError(ConnectCode.UNIMPLEMENTED, "two messages"), Code.UNIMPLEMENTED, "two messages"),
        (ConnectError(ConnectCode.INVALID_ARGUMENT, "decompress: zlib"), Code.INVALID_ARGUMENT, "not valid gzip"),
        (ConnectError(ConnectCode.INVALID_ARGUMENT, "half a frame"), Code.INVALID_ARGUMENT, "half a frame"),
        (ConnectError(ConnectCode.INTERNAL, "flags"), Code.INVALID_ARGUMENT, "flags"),
        (ConnectError(ConnectCode.DEADLINE_EXCEEDED, "late"), Code.DEADLINE_EXCEEDED, "late"),
        (ConnectError(ConnectCode.CANCELED, "gone"), Code.CANCELED, "gone"),
    ],
)  # fmt: skip
def test_the_librarys_errors_in_our_words(error, code, message):
    ours = own_words(error, 7)
    assert ours.code is code
    assert message in ours.message
    assert bool(ours.reason) == (code not in {Code.DEADLINE_EXCEEDED, Code.CANCELED})


@pytest.mark.parametrize(
    ("name", "verb", "target", "headers", "status"),
    [
        ("Echo", "POST", "", {"content-type": "application/json"}, 0),
        ("Echo", "POST", "", {"content-type": "application/grpc-web"}, 0),
        ("Echo", "POST", "?a=%zz", {"content-type": "application/json"}, 400),
        ("Echo", "GET", "?encoding=json&message=", {}, 405),
        ("Read", "GET", "?encoding=json&message=", {}, 0),
        ("Read", "GET", "?encoding=proto&base64=1&message=AQ==", {}, 0),
        ("Read", "GET", "?encoding=proto&base64=1&message=A-_B", {}, 0),
        ("Read", "GET", "?encoding=proto&base64=1&message=A%2B%2FB", {}, 0),
        ("Read", "GET", "?encoding=proto&base64=1&message=A", {}, 400),
        ("Read", "GET", "?encoding=proto&base64=1&message=AQ===", {}, 400),
        ("Read", "GET", "?encoding=proto", {}, 400),
        ("Count", "GET", "?encoding=json&message=", {}, 405),
        ("Count", "POST", "", {"content-type": "application/connect+proto"}, 0),
        ("Count", "POST", "", {"content-type": "application/json"}, 415),
    ],
)
def test_what_is_refused_by_its_head(name, verb, target, headers, status):
    refusal = refuse(METHODS[name], scope_of(verb, f"/x{target}", headers))
    assert (refusal.status if refusal else 0) == status


async def test_an_unknown_path_says_so_for_machines(http):
    answer = await http.get("/nothing")
    assert answer.json()["details"][0]["debug"]["reason"] == "METHOD_UNKNOWN"
