"""A2A over HTTP: JSON-RPC to an agent's URL, answered with a stream of results or with one.

What fails before a run begins is an HTTP status with the family's envelope; after that it is in the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any, Final, Generic, Protocol, TypeVar

import orjson

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.identity.call import CallContext
from quarterdeck.wire.asgi import (
    ClientDisconnected,
    Receive,
    Scope,
    Send,
    header_map,
    raw_path,
    read_body,
    respond,
)
from quarterdeck.wire.chain import CallChain
from quarterdeck.wire.dialects.dialect import Dialect, Occasion
from quarterdeck.wire.errors import to_wire, wrong_verb
from quarterdeck.wire.method import Method
from quarterdeck.wire.mounts import send_dialect_error

PREFIX: Final = "/api/plugins/grafana-assistant-app/resources/api/v1/a2a/agents/"
MAX_BODY_BYTES: Final = 1 << 20
_SILENCE: Final = 15.0
_METHOD_NOT_FOUND: Final = -32601
_HEADERS: Final = (
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
)

T = TypeVar("T")


class AgentReceiver(Protocol[T]):
    """What takes messages; `T` is a run. Raises domain errors."""

    async def send(self, agent_id: str, params: Mapping[str, Any], call: CallContext) -> T: ...

    def updates(self, run: T, extensions: str) -> AsyncGenerator[dict[str, Any], None]: ...

    async def cancel(self, agent_id: str, params: Mapping[str, Any], call: CallContext) -> dict[str, Any]: ...


class A2aTransport(Generic[T]):
    """The agents' URLs. Callers are admitted as to `method`: with its role and its budget."""

    def __init__(self, chain: CallChain, receiver: AgentReceiver[T], method: Method, dialect: Dialect) -> None:
        self._chain = chain
        self._receiver = receiver
        self._method = method
        self._dialect = dialect

    def serves(self, path: str) -> bool:
        """Whether the path is an agent's."""
        rest = path.removeprefix(PREFIX)
        return path.startswith(PREFIX) and bool(rest) and "/" not in rest

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        try:
            await self._answer(scope, receive, send, request_id)
        except (ClientDisconnected, OSError):
            return
        except Exception as error:  # noqa: BLE001 - the wire edge
            occasion = Occasion(raw_path(scope), request_id)
            await send_dialect_error(send, self._dialect, to_wire(error, request_id), occasion)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        if scope["method"] != "POST":
            raise wrong_verb(scope["method"], "POST")
        headers = header_map(scope)
        call = await self._chain.admit(self._method, headers, request_id)
        request = _request(await read_body(headers, receive, MAX_BODY_BYTES))
        agent, rpc_id = scope["path"].removeprefix(PREFIX), request.get("id")
        params = request.get("params")
        params = params if isinstance(params, dict) else {}
        sent = (("x-request-id", request_id),)
        match request.get("method"):
            case "message/stream":
                run = await self._receiver.send(agent, params, call)
                await self._stream(run, rpc_id, headers, receive, send, request_id)
            case "tasks/cancel":
                result = await self._receiver.cancel(agent, params, call)
                await respond(send, 200, "application/json", _reply(rpc_id, result=result), headers=sent)
            case other:
                error = {"code": _METHOD_NOT_FOUND, "message": f"there is no method {str(other)[:80]!r}"}
                await respond(send, 200, "application/json", _reply(rpc_id, error=error), headers=sent)

    async def _stream(
        self,
        run: T,
        rpc_id: Any,
        headers: Mapping[str, str],
        receive: Receive,
        send: Send,
        request_id: str,
    ) -> None:
        sent = (("x-request-id", request_id),)
        raw = [(name.encode(), value.encode()) for name, value in (*_HEADERS, *sent)]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        gone = asyncio.create_task(_disconnected(receive))
        try:
            updates = self._receiver.updates(run, headers.get("x-a2a-extensions", ""))
            async with aclosing(updates), aclosing(self._chain.streams.follow(updates)) as following:  # type: ignore[arg-type]
                async for update in _with_comments(following, gone):
                    line = b": waiting\n\n" if update is None else b"data: " + _reply(rpc_id, result=update) + b"\n\n"
                    await send({"type": "http.response.body", "body": line, "more_body": True})
        except (ClientDisconnected, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - the status is sent already
            failed = to_wire(error, request_id)
            body = b"data: " + _reply(rpc_id, error={"code": -32603, "message": failed.message}) + b"\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _with_comments(updates: AsyncGenerator[Any, None], gone: asyncio.Task[None]) -> AsyncGenerator[Any, None]:
    """The updates; None where it is silent for long. Raises ClientDisconnected when nobody listens any more."""
    upcoming: asyncio.Task[Any] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(updates, _END))
            await asyncio.wait({upcoming, gone}, timeout=_SILENCE, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise ClientDisconnected
            if not upcoming.done():
                yield None
                continue
            update, upcoming = upcoming.result(), None
            if update is _END:
                return
            yield update
    finally:
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.wait({upcoming})


_END: Final = object()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _request(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(Reason.BODY_MALFORMED, f"the body is not valid JSON: {error.msg}") from None
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        why = 'must be a JSON-RPC request: an object with "jsonrpc": "2.0"'
        raise Invalid(Reason.BODY_MALFORMED, f"the body {why}", violations=(FieldViolation("jsonrpc", why),))
    return value


def _reply(rpc_id: Any, **answer: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": rpc_id, **answer})
