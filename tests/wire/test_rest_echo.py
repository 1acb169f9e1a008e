"""Every REST binding of EchoService over raw ASGI, and the driver that the other REST tests use too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.api.httpbody_pb2 import HttpBody

from quarterdeck import errors
from quarterdeck.errors import LimitExceeded, NotFound, Reason, Unauthenticated
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.wire.asgi import Scope
from quarterdeck.wire.chain import CallChain, bind
from quarterdeck.wire.dialects.protojson import protojson
from quarterdeck.wire.method import Method, RateClass, describe_service
from quarterdeck.wire.rest.sse import Pace
from quarterdeck.wire.rest.transport import RestTransport
from tests.gen.testing.v1 import conformance_pb2 as pb

ECHO = describe_service(pb.DESCRIPTOR.services_by_name["EchoService"])
PATIENT = Pace(first_message=60, silence=60)
"""No stream is quiet for so long that a slow machine could put a comment between events."""


@dataclass
class Echo:
    """EchoService; keeps what it was asked."""

    requests: list[Any] = field(default_factory=list)
    quiet_after: int | None = None
    """Count says nothing more after this number."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def echo(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
        self.requests.append(request)
        return pb.EchoResponse(thing=request.thing, account=call.caller.account_name)

    async def read(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
        return await self.echo(request, call)

    async def fail(self, request: pb.FailRequest, call: CallContext) -> pb.EchoResponse:
        if request.error == "crash":
            raise ZeroDivisionError("a secret of the server")
        if request.error == "LimitExceeded":
            raise LimitExceeded(Reason.RATE_LIMITED, "too fast", retry_after=1.2)
        raise getattr(errors, request.error)(Reason.PIPELINE_NOT_FOUND, "as asked")

    async def count(self, request: pb.CountRequest, call: CallContext) -> AsyncIterator[pb.CountResponse]:
        self.requests.append(request)
        self.asked.set()
        try:
            for number in range(int(request.after or 0) + 1, request.until + 1):
                if request.fail_after and number > request.fail_after:
                    raise NotFound(Reason.EVENTS_TRIMMED, f"{number} is gone")
                if self.quiet_after is not None and number > self.quiet_after:
                    await asyncio.Event().wait()
                yield pb.CountResponse(id=str(number), number=number)
            if request.fail_after < 0:
                raise NotFound(Reason.EVENTS_TRIMMED, "nothing is there")
        finally:
            self.closed.set()

    async def upload(self, request: HttpBody, call: CallContext) -> HttpBody:
        self.requests.append(request)
        return HttpBody(content_type=request.content_type, data=request.data[::-1])


class Tokens:
    """Tells callers by a token that is the name of their role."""

    def recall(self, headers: Mapping[str, str]) -> Caller | None:
        return None

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token.upper() not in Role.__members__:
            raise Unauthenticated(Reason.CREDENTIALS_INVALID, "no such token")
        return Caller("t", f"a-{token}", token, Role[token.upper()], f"k-{token}")


class NoLimits:
    def take(self, token_id: str, rate_class: RateClass) -> None:
        return None


@dataclass
class Finished:
    """Remembers finished calls as an observer."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def finished(self, method: Method, transport: str, code: str, seconds: float) -> None:
        self.calls.append((method.name, transport, str(code)))


def transport_of(echo: Echo, **options: Any) -> RestTransport:
    chain = CallChain((ECHO,), bind({ECHO: echo}), Tokens(), NoLimits())
    return RestTransport(chain, {"protojson": protojson}, **{"pace": PATIENT, **options})


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    pieces_read: int
    """How much of the request's body the server asked for."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def scope_of(verb: str, target: str, headers: Mapping[str, str]) -> Scope:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": verb,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }


AS_EDITOR = {"authorization": "Bearer editor"}
AS_VIEWER = {"authorization": "Bearer viewer"}


async def ask(
    transport: RestTransport,
    verb: str,
    target: str,
    body: bytes | list[bytes] = b"",
    headers: Mapping[str, str] = AS_EDITOR,
) -> Answer | None:
    """One request, its body in pieces; None when the transport does not know the path."""
    pieces = body if isinstance(body, list) else [body]
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    if not await transport.handle(scope_of(verb, target, headers), receive, send, "r-1"):
        assert not sent
        return None
    return _answer(sent, len(pieces) - len(waiting))


def _answer(sent: list[dict[str, Any]], pieces_read: int) -> Answer:
    start, *rest = sent
    assert start["type"] == "http.response.start"
    assert {message["type"] for message in rest} == {"http.response.body"}
    assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers["x-request-id"] == "r-1"
    return Answer(start["status"], headers, b"".join(message["body"] for message in rest), pieces_read)


async def answer(transport: RestTransport, *arguments: Any, **options: Any) -> Answer:
    """As `ask`, for a path that is known."""
    got = await ask(transport, *arguments, **options)
    assert got is not None
    return got


def test_every_binding_of_the_service_has_a_row_below():
    assert {(binding.verb, binding.template) for method in ECHO.methods for binding in method.bindings} == {
        ("POST", "/test/v1/echo"),
        ("PUT", "/test/v1/things/{thing.name=shelves/*/books/**}"),
        ("GET", "/test/v1/echo/{thing.name}"),
        ("POST", "/test/v1/echo:verb"),
        ("REPORT", "/test/v1/echo"),
        ("GET", "/test/v1/read/{thing.name=**}"),
        ("POST", "/test/v1/fail"),
        ("GET", "/test/v1/count/{until}"),
        ("POST", "/test/v1/upload"),
    }


@pytest.mark.parametrize(
    ("verb", "target", "body", "expected"),
    [
        pytest.param(
            "POST",
            "/test/v1/echo",
            b'{"thing":{"name":"a","big":"9"}}',
            {"thing": {"name": "a", "big": "9"}, "account": "editor"},
            id="the whole request is the body",
        ),
        pytest.param(
            "POST",
            "/test/v1/echo?note=far+too+long+a+note",
            b"{}",
            {"thing": {}, "account": "editor"},
            id="a * body leaves no query",
        ),
        pytest.param("POST", "/test/v1/echo", b"", {"thing": {}, "account": "editor"}, id="an empty body sets nothing"),
        pytest.param(
            "PUT",
            "/test/v1/things/shelves/a%20b/books/c/d%2Fe?note=n",
            b'{"name":"loses","flag":true}',
            {"thing": {"name": "shelves/a b/books/c/d%2Fe", "flag": True}, "account": "editor"},
            id="a body field, a path that wins over it, and %2F kept across segments",
        ),
        pytest.param(
            "PUT",
            "/test/v1/things/shelves/a/books",
            b"",
            {"thing": {"name": "shelves/a/books"}, "account": "editor"},
            id="** matches nothing",
        ),
        pytest.param(
            "GET",
            "/test/v1/echo/a%2Fb:c?thing.big=5&thing.tags=x&thing.tags=y",
            b"",
            {"thing": {"name": "a/b:c", "big": "5", "tags": ["x", "y"]}, "account": "editor"},
            id="one segment is unescaped fully, and a colon is part of an id",
        ),
        pytest.param(
            "POST", "/test/v1/echo:verb", b'{"thing":{"name":"a"}}', {"name": "a"}, id="a custom verb and response_body"
        ),
        pytest.param("POST", "/test/v1/echo:verb", b"{}", {}, id="a response_body that is not set"),
        pytest.param(
            "REPORT",
            "/test/v1/echo?thing.name=q",
            b"",
            {"thing": {"name": "q"}, "account": "editor"},
            id="a verb of our own",
        ),
        pytest.param(
            "GET",
            "/test/v1/read/a//b/",
            b"",
            {"thing": {"name": "a//b/"}, "account": "editor"},
            id="** keeps empty segments",
        ),
        pytest.param("GET", "/test/v1/read", b"", {"thing": {}, "account": "editor"}, id="** of nothing at all"),
    ],
)
async def test_a_binding_carries_a_call(verb, target, body, expected):
    got = await answer(transport_of(Echo()), verb, target, body)
    assert got.status == 200
    assert got.headers["content-type"] == "application/json"
    assert got.json == expected


async def test_raw_bodies_go_in_and_out():
    echo = Echo()
    got = await answer(
        transport_of(echo), "POST", "/test/v1/upload", b"\x00\xffab", {**AS_EDITOR, "content-type": "image/x-own"}
    )
    assert (got.status, got.headers["content-type"], got.body) == (200, "image/x-own", b"ba\xff\x00")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert echo.requests[0].content_type == "image/x-own"
