"""One way to call an RPC per protocol, written from the protocols' descriptions and not with the server's libraries.

Every caller takes a method, a request and a token, and tells what came back as one `Reply`, whatever the protocol's
envelope. JSON is written and read by `google.protobuf.json_format`, which the server does not use.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import quote, unquote, urlencode

import grpc
import grpc.aio
import httpx
from google.api.httpbody_pb2 import HttpBody
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from quarterdeck.wire.method import HttpBinding, Method
from tests.protocols.live_server import LiveServer, bearer

END_OF_STREAM = 0b10
TRAILERS = 0b1000_0000
GRPC_CODES = {kind.value[0]: kind.name.lower().replace("cancelled", "canceled") for kind in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call brought: `code` is `ok` or the Connect name of the error; `status` is HTTP's, 0 for gRPC."""

    code: str
    messages: tuple[Any, ...] = ()
    text: str = ""
    reason: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> Any:
        (only,) = self.messages
        return only

    @property
    def outcome(self) -> tuple[str, str]:
        """What is the same on every transport."""
        return self.code, self.reason


class Caller(Protocol):
    """A protocol."""

    @property
    def name(self) -> str: ...

    def carries(self, method: Method) -> bool: ...

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        """Call and wait for the answer, or for `take` messages of a stream."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectUnary:
    """POST of the whole message, plain HTTP answers."""

    name: str
    codec: str

    def carries(self, method: Method) -> bool:
        return not method.streams

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        kind = f"application/{self.codec}"
        headers = {"content-type": kind, "connect-protocol-version": "1", **bearer(token)}
        answer = await server.http.post(method.path, content=encode(self.codec, request), headers=headers)
        return _unary_reply(answer, method, self.codec)


@dataclass(frozen=True, slots=True)
class ConnectGet:
    """The message in the query, for methods without side effects."""

    name: str
    codec: str

    def carries(self, method: Method) -> bool:
        return method.no_side_effects and not method.streams

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        message = base64.urlsafe_b64encode(encode(self.codec, request)).decode().rstrip("=")
        query = f"connect=v1&base64=1&encoding={self.codec}&message={message}"
        answer = await server.http.get(f"{method.path}?{query}", headers=bearer(token))
        return _unary_reply(answer, method, self.codec)


@dataclass(frozen=True, slots=True)
class ConnectStream:
    """Enveloped messages both ways; the error is in the last envelope."""

    name: str
    codec: str

    def carries(self, method: Method) -> bool:
        return method.streams

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        headers = {"content-type": f"application/connect+{self.codec}", **bearer(token)}
        content = envelope(0, encode(self.codec, request))
        messages: list[Message] = []
        async with server.http.stream("POST", method.path, content=content, headers=headers) as answer:
            assert answer.headers["content-type"] == headers["content-type"]
            async for flags, payload in _envelopes(answer):
                if flags & END_OF_STREAM:
                    return _end_of_stream(payload, answer, messages)
                messages.append(decode(self.codec, method.response_class, payload))
                if len(messages) == take:
                    return Reply("ok", tuple(messages), status=200, headers=answer.headers)
        raise AssertionError("the stream ended without its end")


@dataclass(frozen=True, slots=True)
class GrpcWeb:
    """gRPC's frames in an HTTP/1.1 body, trailers in the last frame or, without a message, in the headers."""

    name: str
    codec: str

    def carries(self, method: Method) -> bool:
        return True

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        headers = {"content-type": f"application/grpc-web+{self.codec}", **bearer(token)}
        content = envelope(0, encode(self.codec, request))
        messages: list[Message] = []
        async with server.http.stream("POST", method.path, content=content, headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"] == headers["content-type"]
            async for flags, payload in _envelopes(answer):
                if flags & TRAILERS:
                    return _from_trailers(_parse_trailers(payload), answer, messages)
                messages.append(decode(self.codec, method.response_class, payload))
                if len(messages) == take:
                    return Reply("ok", tuple(messages), status=200, headers=answer.headers)
            return _from_trailers(dict(answer.headers), answer, messages)


@dataclass(frozen=True, slots=True)
class NativeGrpc:
    """grpc.aio against the gRPC port."""

    name: str = "gRPC"

    def carries(self, method: Method) -> bool:
        return True

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        metadata = tuple(bearer(token).items())
        async with grpc.aio.insecure_channel(server.grpc_target) as channel:
            open_call: Any = channel.unary_stream if method.streams else channel.unary_unary
            call = open_call(method.path, type(request).SerializeToString, method.response_class.FromString)(
                request, metadata=metadata, timeout=30
            )
            return await _grpc_reply(call, method, take)


@dataclass(frozen=True, slots=True)
class Rest:
    """The first `google.api.http` rule of a method."""

    name: str = "REST"

    def carries(self, method: Method) -> bool:
        return bool(method.bindings) and not method.streams

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        binding = method.bindings[0]
        target, content, kind = rest_request(binding, request)
        headers = {**({"content-type": kind} if kind else {}), **bearer(token)}
        answer = await server.http.request(binding.verb, target, content=content, headers=headers)
        if answer.status_code != 200:
            return _http_error(answer)
        return Reply("ok", (rest_message(binding, method, answer),), status=200, headers=answer.headers)


@dataclass(frozen=True, slots=True)
class Sse:
    """The first `google.api.http` rule of a stream, as Server-Sent Events."""

    name: str = "SSE"

    def carries(self, method: Method) -> bool:
        return bool(method.bindings) and method.streams

    async def call(
        self, server: LiveServer, method: Method, request: Message, token: str, *, take: int = 1000
    ) -> Reply:
        target, _, _ = rest_request(method.bindings[0], request)
        messages: list[Message] = []
        async with server.http.stream("GET", target, headers=bearer(token)) as answer:
            if answer.status_code != 200:
                await answer.aread()
                return _http_error(answer)
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for kind, data in _events(answer):
                if kind == "error":
                    return _json_error(json.loads(data), answer, messages)
                if kind == "end":
                    break
                messages.append(json_format.Parse(data, method.response_class()))
                if len(messages) == take:
                    break
        return Reply("ok", tuple(messages), status=200, headers=answer.headers)


UNARY: tuple[Caller, ...] = (
    ConnectUnary("Connect JSON", "json"),
    ConnectUnary("Connect proto", "proto"),
    ConnectGet("Connect GET JSON", "json"),
    ConnectGet("Connect GET proto", "proto"),
    GrpcWeb("gRPC-Web", "proto"),
    GrpcWeb("gRPC-Web JSON", "json"),
    NativeGrpc(),
    Rest(),
)
STREAMS: tuple[Caller, ...] = (
    ConnectStream("Connect stream JSON", "json"),
    ConnectStream("Connect stream proto", "proto"),
    GrpcWeb("gRPC-Web", "proto"),
    GrpcWeb("gRPC-Web JSON", "json"),
    NativeGrpc(),
    Sse(),
)
CONNECT_JSON = UNARY[0]
ALL: tuple[Caller, ...] = (*UNARY, *(each for each in STREAMS if each not in UNARY))


def encode(codec: str, message: Message) -> bytes:
    return message.SerializeToString() if codec == "proto" else json_format.MessageToJson(message).encode()


def decode(codec: str, message_class: type[Message], payload: bytes) -> Message:
    return message_class.FromString(payload) if codec == "proto" else json_format.Parse(payload, message_class())


def envelope(flags: int, payload: bytes) -> bytes:
    return struct.pack(">BI", flags, len(payload)) + payload


async def _envelopes(answer: httpx.Response) -> AsyncIterator[tuple[int, bytes]]:
    waiting = b""
    async for piece in answer.aiter_bytes():
        waiting += piece
        while len(waiting) >= 5:
            flags, length = struct.unpack(">BI", waiting[:5])
            if len(waiting) < 5 + length:
                break
            yield flags, waiting[5 : 5 + length]
            waiting = waiting[5 + length :]
    assert waiting == b""


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    kind, data = "message", ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            data += value
        elif not line and data:
            yield kind, data
            kind, data = "message", ""


def _unary_reply(answer: httpx.Response, method: Method, codec: str) -> Reply:
    if answer.status_code != 200:
        return _http_error(answer)
    assert answer.headers["content-type"] == f"application/{codec}"
    message = decode(codec, method.response_class, answer.content)
    return Reply("ok", (message,), status=200, headers=answer.headers)


def _http_error(answer: httpx.Response) -> Reply:
    assert answer.headers["content-type"] == "application/json", (answer.status_code, answer.text)
    return _json_error(answer.json(), answer, [])


def _json_error(body: Mapping[str, Any], answer: httpx.Response, messages: list[Message]) -> Reply:
    reason = ""
    for detail in body.get("details", ()):
        if detail["type"] == "google.rpc.ErrorInfo":
            reason = ErrorInfo.FromString(_unpadded(detail["value"])).reason
    return Reply(body["code"], tuple(messages), body["message"], reason, answer.status_code, answer.headers)


def _end_of_stream(payload: bytes, answer: httpx.Response, messages: list[Message]) -> Reply:
    end = json.loads(payload)
    if "error" in end:
        return _json_error(end["error"], answer, messages)
    return Reply("ok", tuple(messages), status=200, headers=answer.headers)


def _parse_trailers(payload: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in payload.decode().split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _from_trailers(trailers: Mapping[str, str], answer: httpx.Response, messages: list[Message]) -> Reply:
    code = GRPC_CODES[int(trailers["grpc-status"])]
    status = Status.FromString(_unpadded(trailers.get("grpc-status-details-bin", "")))
    text = unquote(trailers.get("grpc-message", ""))
    headers = {**answer.headers, **trailers}
    return Reply(code, tuple(messages), text, _reason(status), answer.status_code, headers)


async def _grpc_reply(call: Any, method: Method, take: int) -> Reply:
    messages: list[Message] = []
    try:
        if method.streams:
            async for message in call:
                messages.append(message)
                if len(messages) == take:
                    call.cancel()
                    return Reply("ok", tuple(messages))
        else:
            messages.append(await call)
    except grpc.aio.AioRpcError as error:
        trailers = {key: value for key, value in error.trailing_metadata() or () if isinstance(value, str)}
        binary = {key: value for key, value in error.trailing_metadata() or () if isinstance(value, bytes)}
        status = Status.FromString(binary.get("grpc-status-details-bin", b""))
        code = GRPC_CODES[error.code().value[0]]
        return Reply(code, tuple(messages), error.details() or "", _reason(status), headers=trailers)
    return Reply("ok", tuple(messages))


def _reason(status: Status) -> str:
    for detail in status.details:
        info = ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def rest_request(binding: HttpBinding, request: Message) -> tuple[str, bytes, str]:
    """Target, body and content type of a request by a `google.api.http` rule."""
    in_path: set[str] = set()

    def fill(match: re.Match[str]) -> str:
        in_path.add(match[1])
        value: Any = request
        for name in match[1].split("."):
            value = getattr(value, name)
        return quote(str(value), safe="/" if "/" in match[0] or "**" in match[0] else "")

    target = re.sub(r"\{([\w.]+)(?:=[^}]*)?\}", fill, binding.template)
    if binding.body == "*":
        if isinstance(request, HttpBody):
            return target, request.data, request.content_type
        return target, json_format.MessageToJson(request).encode(), "application/json"
    query = [(name, value) for name, value in _flat(request, "") if name not in in_path]
    if not binding.body:
        return (f"{target}?{urlencode(query)}" if query else target), b"", ""
    query = [(name, value) for name, value in query if not name.startswith(f"{binding.body}.")]
    body = json_format.MessageToJson(getattr(request, binding.body)).encode()
    return (f"{target}?{urlencode(query)}" if query else target), body, "application/json"


def _flat(message: Message, prefix: str) -> Iterator[tuple[str, str]]:
    for descriptor, value in message.ListFields():
        name = f"{prefix}{descriptor.name}"
        entry = descriptor.message_type
        if entry is not None and entry.GetOptions().map_entry:
            yield from ((f"{name}[{key}]", str(item)) for key, item in value.items())
        elif descriptor.is_repeated:
            yield from ((name, str(item)) for item in value)
        elif entry is not None:
            yield from _flat(value, f"{name}.")
        else:
            yield name, str(value).lower() if isinstance(value, bool) else str(value)


def rest_message(binding: HttpBinding, method: Method, answer: httpx.Response) -> Message:
    """The response message that a REST answer stands for."""
    message: Any = method.response_class()
    if isinstance(message, HttpBody):
        raw: Message = HttpBody(content_type=answer.headers["content-type"], data=answer.content)
        return raw
    assert answer.headers["content-type"] == "application/json"
    target = getattr(message, binding.response_body) if binding.response_body else message
    json_format.Parse(answer.content, target)
    if binding.response_body:
        target.SetInParent()
    return cast("Message", message)
