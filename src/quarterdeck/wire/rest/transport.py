"""REST: every `google.api.http` rule of every service, in front of the call chain.

    path → operation → admit → body → request → the chain → answer

Nothing of a body is read before the caller may make the call, and nothing here knows a service: routes, bindings and
printers are compiled from the descriptors when the server starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from google.protobuf.message import Message

from quarterdeck.identity.stream_tokens import StreamTicket, stream_of
from quarterdeck.wire.asgi import (
    DEFAULT_MAX_BODY_BYTES,
    ClientDisconnected,
    Receive,
    Scope,
    Send,
    read_body,
    refuse_other_sites,
)
from quarterdeck.wire.chain import CallChain, Observer
from quarterdeck.wire.dialects.dialect import Dialect
from quarterdeck.wire.errors import Code, WireError, to_wire, unsupported_media_type, wrong_verb
from quarterdeck.wire.method import HttpBinding, Method, Service
from quarterdeck.wire.rest.answer import JSON, AnswerMaker, compile_answer
from quarterdeck.wire.rest.binding import RequestBinding, compile_binding
from quarterdeck.wire.rest.exchange import Exchange
from quarterdeck.wire.rest.query import parameter
from quarterdeck.wire.rest.router import Found, Match, Route, Router
from quarterdeck.wire.rest.sse import EventRules, EventStream, Pace, compile_events

TRANSPORT = "rest"


@dataclass(frozen=True, slots=True)
class Operation:
    """One rule of one method, ready to serve."""

    method: Method
    dialect: Dialect
    binding: RequestBinding
    answer: AnswerMaker
    events: EventRules | None
    """For server streams."""
    twin: Operation | None
    """The stream that this becomes when the method's `twin_field` of the request is true."""
    max_body_bytes: int
    redirect_slashes: bool

    def chosen_by(self, request: Message) -> Operation:
        """This operation, or its twin when the request asks for that."""
        if self.twin is not None and getattr(request, self.method.twin_field):
            return self.twin
        return self


class RestTransport:
    """Serves the REST paths of a chain's services.

    `dialects` are the JSON dialects by name. Raises ValueError when a rule cannot work, two rules collide, or a service
    names a dialect that is not there.
    """

    def __init__(
        self,
        chain: CallChain,
        dialects: Mapping[str, Dialect],
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        observer: Observer | None = None,
    ) -> None:
        self._chain = chain
        self._pace = pace
        self._observer = observer
        self._router = Router(_routes(chain.services, dialects, max_body_bytes))

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> bool:
        """Answer an HTTP request. False, with nothing read or sent, when no rule has its path."""
        exchange = Exchange(scope, receive, send, request_id)
        found = self._router.find(exchange.path)
        if found is None:
            return await self._redirect(exchange)
        match = found.choose(exchange.verb)
        if match is None:
            await _refuse_verb(found, exchange)
        else:
            await self._serve(match, exchange)
        return True

    async def _redirect(self, exchange: Exchange) -> bool:
        """Send a path with one slash too many to the one without it, where its service wants that."""
        path = exchange.path.removesuffix("/")
        found = self._router.find(path) if path != exchange.path else None
        if found is None or not found.first.redirect_slashes:
            return False
        query = f"?{exchange.query.decode('latin-1')}" if exchange.query else ""
        await exchange.respond_empty(307, [("location", f"{path}{query}"), ("content-length", "0")])
        return True

    async def _serve(self, match: Match[Operation], exchange: Exchange) -> None:
        started = time.perf_counter()
        try:
            code = await self._call(match, exchange)
        except (ClientDisconnected, OSError):  # `send` raises OSError when nobody listens
            code = Code.CANCELED
        except Exception as error:  # noqa: BLE001 - the wire edge
            code = await _fail(to_wire(error, exchange.request_id), match.route.target, exchange)
        if self._observer is not None:
            self._observer.finished(match.route.target.method, TRANSPORT, code, time.perf_counter() - started)

    async def _call(self, match: Match[Operation], exchange: Exchange) -> str:
        operation = match.route.target
        ticket = _ticket(match, exchange)
        call = await self._chain.admit(operation.method, exchange.headers, exchange.request_id, ticket=ticket)
        content_type = exchange.headers.get("content-type", "")
        body = await _read(operation, exchange, content_type) if operation.binding.reads_body else b""
        request = operation.binding.bind(match.values(), exchange.query, body, content_type)
        operation = operation.chosen_by(request)
        if operation.events is None:
            answer = operation.answer(await self._chain.unary(operation.method, request, call))
            await exchange.respond(200, answer.content_type, answer.body, answer.headers)
            return "ok"
        if operation.method.twin_field:
            setattr(request, operation.method.twin_field, True)
        operation.events.resume(request, exchange.headers, exchange.query)
        if exchange.verb == "HEAD":
            await exchange.respond_empty(200, operation.events.headers)
            return "ok"
        messages = self._chain.stream(operation.method, request, call)
        return await EventStream(exchange, messages, operation.events, self._pace).run()


def _routes(
    services: tuple[Service, ...], dialects: Mapping[str, Dialect], max_body_bytes: int
) -> Iterator[Route[Operation]]:
    for service in services:
        dialect = dialects.get(service.dialect)
        if dialect is None:
            raise ValueError(f"{service.name} speaks the dialect {service.dialect!r}; there are {sorted(dialects)}")
        for method in service.methods:
            for binding in method.bindings:
                operation = _operation(service, method, binding, dialect, service.max_body_bytes or max_body_bytes)
                yield Route(binding.verb, operation.binding.template, operation, name=method.path)


def _operation(
    service: Service, method: Method, binding: HttpBinding, dialect: Dialect, max_body_bytes: int
) -> Operation:
    twin = next((each for each in service.methods if each.name == method.twin), None)
    return Operation(
        method=method,
        dialect=dialect,
        binding=compile_binding(method, binding, dialect),
        answer=compile_answer(method, binding, dialect),
        events=compile_events(method, dialect) if method.streams else None,
        twin=None if twin is None else _operation(service, twin, binding, dialect, max_body_bytes),
        max_body_bytes=max_body_bytes,
        redirect_slashes=service.redirect_slashes,
    )


async def _refuse_verb(found: Found[Operation], exchange: Exchange) -> None:
    if exchange.verb == "OPTIONS":
        await exchange.respond_empty(204, [("allow", found.allowed)])
        return
    await _fail(wrong_verb(exchange.verb, found.allowed), found.first, exchange)


async def _fail(error: WireError, operation: Operation, exchange: Exchange) -> str:
    try:
        await exchange.fail(error, operation.dialect)
    except OSError:
        return Code.CANCELED
    return error.code


def _ticket(match: Match[Operation], exchange: Exchange) -> StreamTicket | None:
    """The stream token of a request for a stream that takes one. Raises Invalid."""
    method = match.route.target.method
    token = parameter(exchange.query, method.stream_token_parameter) if method.stream_token_parameter else ""
    return StreamTicket(token, stream_of(method.path, dict(match.values()))) if token else None


async def _read(operation: Operation, exchange: Exchange, content_type: str) -> bytes:
    media_type = content_type.partition(";")[0].strip().lower()
    if not operation.binding.any_type and media_type not in ("", JSON):
        raise unsupported_media_type(content_type, JSON)
    if media_type != JSON:
        refuse_other_sites(exchange.headers)
    return await read_body(exchange.headers, exchange.receive, operation.max_body_bytes)
