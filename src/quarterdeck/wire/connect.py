"""Connect (unary by POST and GET, streaming) and gRPC-Web on the HTTP port: an adapter around `connectrpc`.

The library does the framing, compression, deadlines and per-protocol error frames. This room gives it the call chain
and our codecs, and answers by itself what the library would answer without a body: unknown routes, wrong verbs, media
types that no codec reads. connect-go derives wrong codes from bodies that are not JSON, so none may leave here.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from connectrpc.code import Code as ConnectCode
from connectrpc.errors import ConnectError, ErrorDetail
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from google.protobuf.message import DecodeError, Message
from protobuf.wkt import Any as WireAny

from quarterdeck.errors import DomainError, Invalid, Reason
from quarterdeck.identity.call import CallContext
from quarterdeck.wire.asgi import DEFAULT_MAX_BODY_BYTES, Receive, Scope, Send, header_map, respond
from quarterdeck.wire.chain import CallChain, Observer
from quarterdeck.wire.dialects import protojson
from quarterdeck.wire.error_details import error_details
from quarterdeck.wire.errors import Code, WireError, to_wire, unsupported_media_type, wrong_verb
from quarterdeck.wire.method import Method, Service

_admitted: ContextVar[CallContext] = ContextVar("admitted")
_request_id: ContextVar[str] = ContextVar("request_id")
repeat_listener: ContextVar[Callable[[CallContext, Callable[[], bool]], None] | None] = ContextVar(
    "repeat_listener", default=None
)
"""Whoever can repeat answers (the poll edge) hears here that this one may be repeated."""

TRANSPORT = "connect"
UNARY_TYPES = frozenset({"application/json", "application/proto"})
STREAM_TYPES = frozenset({"application/connect+json", "application/connect+proto"})
GRPC_WEB_TYPES = frozenset({"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json"})


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
        refusal = _refuse(method, scope)
        if refusal is not None:
            await send_connect_error(send, refusal, request_id)
            return
        _request_id.set(request_id)
        application: Any = self._applications[scope["path"]]
        await application(scope, receive, send)


async def send_connect_error(send: Send, error: WireError, request_id: str) -> None:
    """Answer with the Connect JSON error, which is also the plain answer for paths that no family owns."""
    rendered = protojson.render_error(error)
    await respond(send, rendered.status, rendered.content_type, rendered.body, headers=error_headers(error, request_id))


def error_headers(error: WireError, request_id: str) -> list[tuple[str, str]]:
    """The headers that go with an error on any HTTP answer."""
    headers = [("x-request-id", request_id), *error.headers]
    if error.retry_after is not None:
        headers.append(("retry-after", str(max(1, math.ceil(error.retry_after)))))
    if error.code is Code.UNAUTHENTICATED:
        headers.append(("www-authenticate", 'Basic realm="quarterdeck"'))
    return headers


def _refuse(method: Method, scope: Scope) -> WireError | None:
    """What connectrpc would answer without a JSON body, or trip over."""
    verb = scope["method"]
    may_get = method.no_side_effects and not method.streams
    if verb != "POST" and not (verb == "GET" and may_get):
        return wrong_verb(verb, "GET, POST" if may_get else "POST")
    if not _is_text(scope):
        return WireError(
            Code.INVALID_ARGUMENT, "the query and the headers must be valid UTF-8", reason=Reason.BODY_MALFORMED
        )
    return _refuse_get(scope) if verb == "GET" else _refuse_type(method, header_map(scope).get("content-type", ""))


def _is_text(scope: Scope) -> bool:
    try:
        scope.get("query_string", b"").decode("utf-8")
        for name, value in scope["headers"]:
            name.decode("utf-8")
            value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_get(scope: Scope) -> WireError | None:
    parameters = parse_qs(scope["query_string"].decode("utf-8"), keep_blank_values=True)
    encoding = parameters.get("encoding", [""])[0]
    if encoding not in ("json", "proto"):
        return unsupported_media_type(encoding, "the query parameter encoding=json or encoding=proto")
    if parameters.get("connect", ["v1"])[0] != "v1":
        return WireError(Code.INVALID_ARGUMENT, "the query parameter connect must be v1", reason=Reason.BODY_MALFORMED)
    return None


def _refuse_type(method: Method, content_type: str) -> WireError | None:
    kind = content_type.partition(";")[0].strip().lower()
    accepted = (STREAM_TYPES if method.streams else UNARY_TYPES) | GRPC_WEB_TYPES
    if kind in accepted:
        return None
    return unsupported_media_type(content_type, ", ".join(sorted(accepted)))


class _ServiceApplication(ConnectASGIApplication[None]):
    def __init__(self, service: Service, chain: CallChain, observer: Observer, max_body_bytes: int) -> None:
        self._service_path = f"/{service.name}"
        endpoints = {method.path: _endpoint(method, chain) for method in service.methods}
        super().__init__(
            service=None,
            endpoints=lambda _: endpoints,
            interceptors=[_Admission({m.name: m for m in service.methods}, chain, observer)],
            read_max_bytes=max_body_bytes,
            codecs=[_BinaryCodec(), _JsonCodec()],
        )

    @property
    def path(self) -> str:
        return self._service_path


class _Admission:
    """Runs before a body is read; whatever it raises is framed by the request's own protocol."""

    def __init__(self, methods: Mapping[str, Method], chain: CallChain, observer: Observer) -> None:
        self._methods = methods
        self._chain = chain
        self._observer = observer

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
        code = "ok" if error is None else error.code.value if isinstance(error, ConnectError) else Code.INTERNAL
        self._finished(ctx, code, token)

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
    return ConnectError(ConnectCode(error.code.value), error.message, details)


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
        return protojson.codec(type(message)).encode(message)

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
