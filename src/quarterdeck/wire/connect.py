"""Connect (unary by POST and GET, streaming) and gRPC-Web on the HTTP port: an adapter around `connectrpc`.

The library does the framing, compression, deadlines and per-protocol error frames. This room gives it the call chain
and our codecs, and answers by itself what the library would answer without a body: unknown routes, wrong verbs, media
types that no codec reads. connect-go derives wrong codes from bodies that are not JSON, so none may leave here.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any

from connectrpc.code import Code as ConnectCode
from connectrpc.errors import ConnectError, ErrorDetail
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.protobuf.message import DecodeError, Message
from protobuf.wkt import Any as WireAny

from quarterdeck.errors import DomainError, Invalid, Reason
from quarterdeck.identity.call import CallContext
from quarterdeck.wire.asgi import DEFAULT_MAX_BODY_BYTES, Receive, Scope, Send, respond
from quarterdeck.wire.chain import CallChain, Observer
from quarterdeck.wire.connect_requests import own_words, refuse
from quarterdeck.wire.dialects import protojson
from quarterdeck.wire.error_details import error_details
from quarterdeck.wire.errors import Code, WireError, to_wire
from quarterdeck.wire.method import Method, Service
from quarterdeck.wire.rest.answer import printer

_admitted: ContextVar[CallContext] = ContextVar("admitted")
_request_id: ContextVar[str] = ContextVar("request_id")
repeat_listener: ContextVar[Callable[[CallContext, Callable[[], bool]], None] | None] = ContextVar(
    "repeat_listener", default=None
)
"""Whoever can repeat answers (the poll edge) hears here that this one may be repeated."""

TRANSPORT = "connect"


class ConnectTransport:
    """Every RPC at its canonical path `/package.Service/Method`."""

    def __init__(self, chain: CallChain, observer: Observer, *, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> None:
        self._methods: dict[str, Method] = {}
        self._applications: dict[str, _ServiceApplication] = {}
        for service in chain.services:
            application = _ServiceApplication(service, chain, observer, max_body_bytes)
            for method in service.methods:
                self._methods[method.path] = method
                self._applications[method.path] = application

    def serves(self, path: str) -> bool:
        """Whether the path is an RPC's."""
        return path in self._methods

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        method = self._methods[scope["path"]]
        refusal = refuse(method, scope)
        if refusal is not None:
            await send_connect_error(send, refusal, request_id)
            return
        _request_id.set(request_id)
        application: Any = self._applications[scope["path"]]
        await application(scope, receive, _Answer(send, request_id).send)


class _Answer:
    """Completes what the library sends: the request id on every answer, and the length of one that is sent whole."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._start: MutableMapping[str, Any] | None = None

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            await self._send({**start, "headers": list(self._headers(start["headers"], message))})
        await self._send(message)

    def _headers(
        self, headers: list[tuple[bytes, bytes]], first: MutableMapping[str, Any]
    ) -> Iterator[tuple[bytes, bytes]]:
        yield from headers
        names = {name.lower() for name, _ in headers}
        if b"x-request-id" not in names:
            yield b"x-request-id", self._request_id.encode()
        if b"content-length" not in names and not first.get("more_body"):
            # Without it the answer goes out in chunks, which a client of HTTP/1.0 cannot read.
            yield b"content-length", str(len(first.get("body", b""))).encode()


async def send_connect_error(send: Send, error: WireError, request_id: str) -> None:
    """Answer with the Connect JSON error, which is also the plain answer for paths that no family owns."""
    rendered = protojson.render_error(error)
    await respond(send, rendered.status, rendered.content_type, rendered.body, headers=error_headers(error, request_id))


def error_headers(error: WireError, request_id: str, own: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """The headers that go with an error on any HTTP answer; those that a family has of its `own` replace the usual."""
    headers = {"x-request-id": request_id, **dict(error.headers)}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    if error.code is Code.UNAUTHENTICATED:
        headers["www-authenticate"] = 'Basic realm="quarterdeck"'
    headers.update(own)
    return list(headers.items())


class _ServiceApplication(ConnectASGIApplication[None]):
    def __init__(self, service: Service, chain: CallChain, observer: Observer, max_body_bytes: int) -> None:
        self._service_path = f"/{service.name}"
        endpoints = {method.path: _endpoint(method, chain) for method in service.methods}
        super().__init__(
            service=None,
            endpoints=lambda _: endpoints,
            interceptors=[_Admission({m.name: m for m in service.methods}, chain, observer, max_body_bytes)],
            read_max_bytes=max_body_bytes,
            codecs=[_BinaryCodec(), _JsonCodec()],
        )

    @property
    def path(self) -> str:
        return self._service_path


class _Admission:
    """Runs before a body is read; whatever it raises is framed by the request's own protocol."""

    def __init__(
        self, methods: Mapping[str, Method], chain: CallChain, observer: Observer, max_body_bytes: int
    ) -> None:
        self._methods = methods
        self._chain = chain
        self._observer = observer
        self._max_body_bytes = max_body_bytes

    async def on_start(self, ctx: RequestContext[Any, Any]) -> float:
        started = time.perf_counter()
        request_id = _request_id.get()
        ctx.response_headers["x-request-id"] = request_id
        headers = dict(ctx.request_headers.items())
        try:
            call = await self._chain.admit(self._methods[ctx.method.name], headers, request_id)
        except WireError as error:
            self._finished(ctx, error.code, started)
            raise connect_error(error, ctx) from error
        listener = repeat_listener.get()
        _admitted.set(call if listener is None else replace(call, on_repeatable=partial(listener, call)))
        return started

    async def on_end(self, token: float, ctx: RequestContext[Any, Any], error: Exception | None) -> None:
        if error is None or isinstance(error, _OurError):
            self._finished(ctx, "ok" if error is None else error.code.value, token)
            return
        if isinstance(error, ConnectError):
            ours = own_words(error, self._max_body_bytes)
        else:
            ours = to_wire(error, _request_id.get())
        self._finished(ctx, ours.code, token)
        raise connect_error(ours, ctx) from error

    def _finished(self, ctx: RequestContext[Any, Any], code: str, started: float) -> None:
        self._observer.finished(self._methods[ctx.method.name], TRANSPORT, code, time.perf_counter() - started)


def _endpoint(method: Method, chain: CallChain) -> Any:
    info: MethodInfo[Any, Any] = MethodInfo(
        name=method.name,
        service_name=method.service_name,
        input=method.request_class,
        output=method.response_class,
        idempotency_level=(IdempotencyLevel.NO_SIDE_EFFECTS if method.no_side_effects else IdempotencyLevel.UNKNOWN),
        stream_type=StreamType.SERVER_STREAM if method.streams else StreamType.UNARY,
    )
    if method.streams:
        return Endpoint.server_stream(info, _stream_function(method, chain))
    return Endpoint.unary(info, _unary_function(method, chain))


def _unary_function(method: Method, chain: CallChain) -> Callable[[Any, RequestContext[Any, Any]], Awaitable[Message]]:
    async def call(request: Any, ctx: RequestContext[Any, Any]) -> Message:
        try:
            return await chain.unary(method, request, _admitted.get())
        except WireError as error:
            raise connect_error(error, ctx) from error

    return call


def _stream_function(
    method: Method, chain: CallChain
) -> Callable[[Any, RequestContext[Any, Any]], AsyncIterator[Message]]:
    async def call(request: Any, ctx: RequestContext[Any, Any]) -> AsyncIterator[Message]:
        messages = chain.stream(method, request, _admitted.get())
        try:
            async for message in messages:
                yield message
        except WireError as error:
            raise connect_error(error, ctx) from error
        finally:
            await messages.aclose()

    return call


class _OurError(ConnectError):
    """An error that we worded, not the library."""


def connect_error(error: WireError, ctx: RequestContext[Any, Any] | None = None) -> ConnectError:
    """The library's form of a wire error."""
    if ctx is not None:
        for name, value in error_headers(error, ctx.response_headers.get("x-request-id", "")):
            ctx.response_headers[name] = value
    details = [
        ErrorDetail(
            WireAny(type_url=f"type.googleapis.com/{detail.DESCRIPTOR.full_name}", value=detail.SerializeToString())
        )
        for detail in error_details(error)
    ]
    return _OurError(ConnectCode(error.code.value), error.message, details)


class _BinaryCodec:
    def name(self) -> str:
        return "proto"

    def encode(self, message: Message) -> bytes:
        return message.SerializeToString()

    def decode(self, data: bytes | bytearray, message_class: type[Message]) -> Message:
        try:
            return decode_binary(message_class, bytes(data))
        except DomainError as error:
            raise connect_error(to_wire(error, "")) from error


class _JsonCodec:
    def name(self) -> str:
        return "json"

    def encode(self, message: Message) -> bytes:
        try:
            return printer(protojson.codec(type(message)))(message)
        except RuntimeError as error:
            raise connect_error(to_wire(error, _request_id.get())) from error

    def decode(self, data: bytes | bytearray, message_class: type[Message]) -> Message:
        try:
            return protojson.codec(message_class).decode(bytes(data))
        except DomainError as error:
            raise connect_error(to_wire(error, "")) from error


def decode_binary(message_class: type[Message], data: bytes) -> Message:
    """A message from its binary form. Raises Invalid."""
    try:
        return message_class.FromString(data)
    except (DecodeError, ValueError) as error:
        raise Invalid(
            Reason.BODY_MALFORMED, f"the request is not a valid {message_class.DESCRIPTOR.full_name} in binary form"
        ) from error
