"""The shortest way for a collector's poll: the same bytes as before are answered as before, without decoding either.

Almost every request of a fleet is a poll with nothing new, and a collector's next poll is byte for byte its last one.
When the service says that an answer may be repeated, the edge keeps the answer's bytes by the request's bytes, and asks
before every repetition whether the caller may still call and the service still stands by its answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from quarterdeck.identity.call import CallContext, Caller
from quarterdeck.wire.asgi import Receive, Scope, Send
from quarterdeck.wire.chain import CallChain, Observer
from quarterdeck.wire.connect import ConnectTransport, repeat_listener
from quarterdeck.wire.method import Method

TRANSPORT = "edge"
MAX_ANSWERS = 200_000
MAX_BYTES = 256 * 1024 * 1024
MAX_REQUEST_BYTES = 64 * 1024

# What an answer depends on besides the path, the verb, the query and the body.
_KEY_HEADERS = frozenset(
    {
        b"authorization",
        b"x-api-key",
        b"x-access-token",
        b"content-type",
        b"accept-encoding",
        b"connect-protocol-version",
    }
)
_PASS_HEADERS = frozenset({b"content-encoding", b"connect-timeout-ms"})

_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    caller: Caller
    headers: dict[str, str]
    start: MutableMapping[str, Any]
    body: MutableMapping[str, Any]
    still: Callable[[], bool]
    size: int


class PollEdge:
    """In front of one method of the Connect transport."""

    def __init__(self, method: Method, connect: ConnectTransport, chain: CallChain, observer: Observer) -> None:
        self._method = method
        self._connect = connect
        self._chain = chain
        self._observer = observer
        self._answers: OrderedDict[_Key, _Answer] = OrderedDict()
        self._bytes = 0

    @property
    def path(self) -> str:
        return self._method.path

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer from memory, or let the transport answer and remember."""
        key_headers = _key_headers(scope)
        if key_headers is None:
            await self._connect.handle(scope, receive, send, request_id)
            return
        first = await receive()
        body = first.get("body", b"")
        if first["type"] != "http.request" or first.get("more_body") or len(body) > MAX_REQUEST_BYTES:
            await self._connect.handle(scope, _replay(first, receive), send, request_id)
            return
        key = (scope["method"], scope["query_string"], body, *key_headers)
        answer = self._answers.get(key)
        if answer is not None and self._stands(answer):
            await send(answer.start)
            await send(answer.body)
            self._observer.finished(self._method, TRANSPORT, "ok", 0.0)
            return
        await self._ask(key, scope, _replay(first, receive), send, request_id)

    def _stands(self, answer: _Answer) -> bool:
        return self._chain.readmit(self._method, answer.headers, answer.caller) and answer.still()

    async def _ask(self, key: _Key, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        said: list[tuple[CallContext, Callable[[], bool]]] = []
        sent: list[MutableMapping[str, Any]] = []

        async def record(message: MutableMapping[str, Any]) -> None:
            sent.append(message)
            await send(message)

        repeat_listener.set(lambda call, still: said.append((call, still)))
        await self._connect.handle(scope, receive, record, request_id)
        self._forget(key)
        if said and len(sent) == 2 and sent[0].get("status") == 200 and not sent[1].get("more_body"):
            self._remember(key, said[0][0].caller, sent, said[0][1])

    def _remember(
        self, key: _Key, caller: Caller, sent: list[MutableMapping[str, Any]], still: Callable[[], bool]
    ) -> None:
        start = {
            "type": "http.response.start",
            "status": 200,
            # A request id names one request; a repetition has none of its own.
            "headers": [field for field in sent[0]["headers"] if field[0] != b"x-request-id"],
        }
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in key[3:]}
        size = len(key[1]) + len(key[2]) + len(sent[1]["body"]) + 1024
        self._answers[key] = _Answer(caller, headers, start, sent[1], still, size)
        self._bytes += size
        while len(self._answers) > MAX_ANSWERS or self._bytes > MAX_BYTES:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= oldest.size

    def _forget(self, key: _Key) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self._bytes -= answer.size


def _key_headers(scope: Scope) -> tuple[tuple[bytes, bytes], ...] | None:
    """The headers that an answer depends on; None for a request that is not worth remembering."""
    found = []
    for name, value in scope["headers"]:
        if name in _PASS_HEADERS:
            return None
        if name in _KEY_HEADERS:
            found.append((name, value))
    return tuple(found)


def _replay(first: MutableMapping[str, Any], receive: Receive) -> Receive:
    waiting: list[MutableMapping[str, Any]] = [first]

    async def replayed() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return replayed
