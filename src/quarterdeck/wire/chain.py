"""The call chain: what every call goes through, whatever protocol it came by.

    admit   credentials → caller → role → rate limit      before a body is read
    unary   validate → service method → wire error        once the message is decoded
    stream  the same for a server stream

A transport decodes and encodes; it has no rule of its own. What leaves the chain is a message or a `WireError`.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
import typing
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.message import Message

from quarterdeck.errors import DomainError, Forbidden, Reason, Unavailable
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.identity.stream_tokens import StreamTicket
from quarterdeck.wire.errors import to_wire
from quarterdeck.wire.method import Method, RateClass, Service
from quarterdeck.wire.validation import validate

UnaryHandler = Callable[[Any, CallContext], Awaitable[Message]]
StreamHandler = Callable[[Any, CallContext], AsyncGenerator[Message, None]]


class Authenticator(Protocol):
    """Tells who presents these request headers (lower-case names). Raises Unauthenticated or Unavailable."""

    async def authenticate(self, headers: Mapping[str, str]) -> Caller: ...

    def recall(self, headers: Mapping[str, str]) -> Caller | None:
        """The same without waiting; None when only `authenticate` can tell."""
        ...


class StreamAuthenticator(Protocol):
    """Tells whose stream token this is. Raises Unauthenticated or Unavailable."""

    async def open_stream(self, ticket: StreamTicket) -> Caller: ...


class RateLimiter(Protocol):
    """Takes one call from a token's budget. Raises LimitExceeded."""

    def take(self, token_id: str, rate_class: RateClass) -> None: ...


class Observer(Protocol):
    """Is told of every finished call, for metrics: `code` is `ok` or a wire code, `transport` how it came."""

    def finished(self, method: Method, transport: str, code: str, seconds: float) -> None: ...


def new_request_id() -> str:
    """An id for one request: 128 random bits in hex."""
    return secrets.token_hex(16)


class RunningStreams:
    """The streams of a server, which can be ended: they have no end of their own, and a server that stops would wait.

    Used on one event loop.
    """

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    def end(self) -> None:
        """End all streams, now and from now on; their clients resume elsewhere."""
        self._ended.set()

    async def follow(self, messages: AsyncGenerator[Message, None]) -> AsyncGenerator[Message, None]:
        """The messages until `end`. Raises Unavailable then."""
        ended = asyncio.create_task(self._ended.wait())
        upcoming = None
        try:
            while True:
                upcoming = asyncio.create_task(_next(messages))
                await asyncio.wait({upcoming, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not upcoming.done():
                    raise Unavailable(Reason.SHUTTING_DOWN, "the server is shutting down; go on at another one")
                message = upcoming.result()
                if message is None:
                    return
                yield message
        finally:
            ended.cancel()
            if upcoming is not None and not upcoming.done():
                upcoming.cancel()
                # The generator can be closed only once it has let go.
                await asyncio.wait({upcoming})


async def _next(messages: AsyncGenerator[Message, None]) -> Message | None:
    return await anext(messages, None)


@dataclass(frozen=True, slots=True)
class CallChain:
    """Services bound to their contracts, behind the checks that every call passes."""

    services: tuple[Service, ...]
    handlers: Mapping[str, Callable[..., Any]]
    """By canonical path."""
    authenticator: Authenticator
    rate_limiter: RateLimiter
    streams: RunningStreams = field(default_factory=RunningStreams)
    stream_authenticator: StreamAuthenticator | None = None
    """None where nobody needs credentials."""

    async def admit(
        self, method: Method, headers: Mapping[str, str], request_id: str, *, ticket: StreamTicket | None = None
    ) -> CallContext:
        """Who calls, and whether they may. Needs no body, so a stranger cannot make the server read one.

        With a stream token, that alone counts. Raises WireError.
        """
        try:
            caller = await self._caller(method, headers, ticket)
            authorise(method, caller)
            self.rate_limiter.take(caller.token_id, method.rate_class)
        except Exception as error:
            raise to_wire(error, request_id) from error
        return CallContext(caller=caller, request_id=request_id, headers=headers)

    async def _caller(self, method: Method, headers: Mapping[str, str], ticket: StreamTicket | None) -> Caller:
        if ticket is not None and self.stream_authenticator is not None:
            return await self.stream_authenticator.open_stream(ticket)
        return await self.authenticator.authenticate(_credentials(method, headers))

    def readmit(self, method: Method, headers: Mapping[str, str], caller: Caller) -> bool:
        """Whether a caller admitted before may call again right now. Takes from its budget; raises nothing."""
        try:
            if self.authenticator.recall(headers) != caller:
                return False
            self.rate_limiter.take(caller.token_id, method.rate_class)
        except DomainError:
            return False
        return True

    async def unary(self, method: Method, request: Message, call: CallContext) -> Message:
        """Run a unary method. Raises WireError."""
        try:
            validate(request)
            handler: UnaryHandler = self.handlers[method.path]
            return await handler(request, call)
        except Exception as error:
            raise to_wire(error, call.request_id) from error

    async def stream(self, method: Method, request: Message, call: CallContext) -> AsyncGenerator[Message, None]:
        """Run a server stream. Raises WireError, before the first message or after any."""
        try:
            validate(request)
            handler: StreamHandler = self.handlers[method.path]
            async with (
                aclosing(handler(request, call)) as messages,
                aclosing(self.streams.follow(messages)) as followed,
            ):
                async for message in followed:
                    yield message
        except Exception as error:
            raise to_wire(error, call.request_id) from error


def _credentials(method: Method, headers: Mapping[str, str]) -> Mapping[str, str]:
    if not method.api_key_first or not headers.get("x-api-key"):
        return headers
    return {name: value for name, value in headers.items() if name != "authorization"}


def authorise(method: Method, caller: Caller) -> None:
    """Raises Forbidden below the method's role."""
    if caller.role < method.role:
        raise Forbidden(
            Reason.ROLE_TOO_LOW,
            f"{method.service_name}.{method.name} needs the role {method.role.name.lower()}; "
            f"{caller.account_name!r} has {Role(caller.role).name.lower()}",
            metadata={"required_role": method.role.name.lower()},
        )


def bind(services: Mapping[Service, object]) -> dict[str, Callable[..., Any]]:
    """Find the Python method behind every RPC. Raises TypeError when one is missing or speaks of other messages."""
    handlers: dict[str, Callable[..., Any]] = {}
    for service, implementation in services.items():
        for method in service.methods:
            handler = getattr(implementation, method.python_name, None)
            if handler is None:
                raise TypeError(f"{type(implementation).__name__} lacks {method.python_name} for {method.path}")
            _check_signature(method, handler)
            handlers[method.path] = handler
    return handlers


def _check_signature(method: Method, handler: Callable[..., Any]) -> None:
    hints = typing.get_type_hints(handler)
    parameters = list(inspect.signature(handler).parameters)
    if hints.get(parameters[0]) is not method.request_class:
        raise TypeError(f"{handler.__qualname__} must take a {method.request_class.DESCRIPTOR.full_name}")
    answer = hints.get("return")
    if method.streams:
        answer = typing.get_args(answer)[0] if typing.get_args(answer) else answer
    if answer is not method.response_class:
        raise TypeError(f"{handler.__qualname__} must return a {method.response_class.DESCRIPTOR.full_name}")
