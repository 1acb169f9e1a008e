"""A server stream as Server-Sent Events.

    id: 7                   the method's `stream_id_field`, when it has one
    data: {…}               one line of the dialect's JSON

    event: end              the stream is complete          event: error            it is not
    data: {}                                                data: {…}               the dialect's error

    : waiting               a comment on a quiet stream, so that nothing in between takes it for dead

A browser drops an event without data, hence the `{}` of `end`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.wire.asgi import ClientDisconnected
from quarterdeck.wire.dialects.dialect import Dialect
from quarterdeck.wire.errors import WireError, to_wire
from quarterdeck.wire.method import Method
from quarterdeck.wire.rest.answer import printer
from quarterdeck.wire.rest.exchange import Exchange
from quarterdeck.wire.rest.fields import descriptor_of, field_of
from quarterdeck.wire.rest.query import parameter

HEADERS = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
)
RESUME_PARAMETER = "lastEventId"
_COMMENT = b": waiting\n\n"
_END = b"event: end\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class Pace:
    """In seconds: how long an early error is waited for before the headers say 200, and how long a stream may be silent
    before a comment goes out."""

    first_message: float = 1.0
    silence: float = 15.0


@dataclass(frozen=True, slots=True)
class EventRules:
    """How the messages of one method become events."""

    encode: Callable[[Message], bytes]
    id_field: str
    resume_field: str

    def event(self, message: Message) -> bytes:
        """A message as an event."""
        event_id = getattr(message, self.id_field) if self.id_field else ""
        # An id with a line end would forge events; a NUL makes browsers ignore the line.
        id_line = b"" if not event_id or set("\r\n\0") & set(event_id) else b"id: " + event_id.encode() + b"\n"
        return id_line + _data(self.encode(message)) + b"\n"

    def resume(self, request: Message, headers: Mapping[str, str], query: bytes) -> None:
        """Let a reader that comes back start where it was.

        `Last-Event-ID` wins over the query's `lastEventId`, and both over the request's own field: a browser reconnects
        with the URL that it first used. Raises Invalid for an id that is not UTF-8.
        """
        if not self.resume_field:
            return
        last_id = _header_text(headers.get("last-event-id", "")) or parameter(query, RESUME_PARAMETER)
        if last_id:
            setattr(request, self.resume_field, last_id)


def compile_events(method: Method, dialect: Dialect) -> EventRules:
    """Raises ValueError when the method's stream rules name no string field."""
    _check_string(method, method.response_class, method.stream_id_field)
    _check_string(method, method.request_class, method.stream_resume_field)
    encode = printer(dialect.codec(method.response_class))
    return EventRules(encode, method.stream_id_field, method.stream_resume_field)


def _check_string(method: Method, message_class: type[Message], name: str) -> None:
    if not name:
        return
    field = field_of(descriptor_of(message_class), name)
    if field is None or field.is_repeated or field.type != FieldDescriptor.TYPE_STRING:
        raise ValueError(f"{method.path}: its stream rules name {name!r}, which is no string field")


def _header_text(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError as error:
        why = "is not valid UTF-8"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"the header Last-Event-ID {why}; send an id as this stream printed it",
            violations=(FieldViolation("Last-Event-ID", why),),
        ) from error


def _data(json: bytes) -> bytes:
    return b"".join(b"data: " + line + b"\n" for line in json.splitlines() or [b""])


@dataclass(frozen=True, slots=True)
class EventStream:
    """One stream on its way to one client."""

    exchange: Exchange
    messages: AsyncIterator[Message]
    rules: EventRules
    dialect: Dialect
    pace: Pace

    async def run(self) -> str:
        """Send the stream to its end and return its code, `ok` or that of the error event.

        Raises WireError for an error before the headers, ClientDisconnected when the client leaves. In every case the
        generator behind `messages` is closed and no task is left.
        """
        talk = asyncio.create_task(self._talk())
        gone = asyncio.create_task(self.exchange.disconnected())
        try:
            await asyncio.wait({talk, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _stop(gone)
            await _stop(talk)
        if talk.cancelled():
            raise ClientDisconnected
        return talk.result()

    async def _talk(self) -> str:
        upcoming = asyncio.create_task(self._next())
        try:
            await asyncio.wait({upcoming}, timeout=self.pace.first_message)
            if upcoming.done():
                upcoming.result()
            await self.exchange.start(200, HEADERS)
            if not upcoming.done():
                await self.exchange.write(_COMMENT)
            while (message := await self._arrival(upcoming)) is not None:
                await self.exchange.write(self.rules.event(message))
                upcoming = asyncio.create_task(self._next())
            await self.exchange.write(_END, more=False)
        except OSError as error:  # `send` of ASGI 2.4 and later says so when nobody listens
            raise ClientDisconnected from error
        except Exception as error:  # noqa: BLE001 - the wire edge
            return await self._fail(to_wire(error, self.exchange.request_id))
        finally:
            await _stop(upcoming)
            await _close(self.messages)
        return "ok"

    async def _next(self) -> Message | None:
        return await anext(self.messages, None)

    async def _arrival(self, upcoming: asyncio.Task[Message | None]) -> Message | None:
        """The next message, None at the end; comments while it is not there."""
        while not upcoming.done():
            await asyncio.wait({upcoming}, timeout=self.pace.silence)
            if not upcoming.done():
                await self.exchange.write(_COMMENT)
        return upcoming.result()

    async def _fail(self, error: WireError) -> str:
        if not self.exchange.started:
            raise error
        body = self.dialect.render_error(error, self.exchange.occasion).body
        await self.exchange.write(b"event: error\n" + _data(body) + b"\n", more=False)
        return error.code


async def _stop(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # retrieved, or asyncio logs it as forgotten


async def _close(messages: AsyncIterator[Message]) -> None:
    close = getattr(messages, "aclose", None)
    if close is not None:
        # A generator that yields once more when it is closed has nobody left to tell.
        with suppress(RuntimeError):
            await close()
