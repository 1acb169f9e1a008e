"""A server stream as Server-Sent Events.

    id: 7                   the method's `stream_id_field`, when it has one
    data: {…}               one line of the dialect's JSON

    event: end              the stream is complete          event: error            it is not
    data: {}                                                data: {…}               the dialect's error

    : waiting               a comment on a quiet stream, so that nothing in between takes it for dead

A browser drops an event without data, hence the `{}` of `end`.

Two public APIs have other forms (`EventForm`). UNNAMED: the id is not in the data, and the stream ends without a word.
NAMED: no ids, no comments, and nothing but

    event: tool_called      the member of the message's one `oneof`
    data: {…}               that member in JSON of ASCII characters
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.wire.asgi import ClientDisconnected
from quarterdeck.wire.dialects.dialect import Dialect, Occasion
from quarterdeck.wire.errors import WireError, to_wire
from quarterdeck.wire.method import EventForm, Method
from quarterdeck.wire.rest.answer import printer, value_printer
from quarterdeck.wire.rest.exchange import Exchange, Headers
from quarterdeck.wire.rest.fields import descriptor_of, field_of
from quarterdeck.wire.rest.query import parameter

_HEADERS = (("cache-control", "no-cache"), ("x-accel-buffering", "no"))
_TYPE = (("content-type", "text/event-stream"), *_HEADERS)
_TYPE_WITH_CHARSET = (("content-type", "text/event-stream; charset=utf-8"), *_HEADERS)
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
    """How the messages of one method become records."""

    record: Callable[[Message], bytes]
    failure: Callable[[WireError, Occasion], bytes]
    """The last record of a stream that fails; empty for none."""
    end: bytes
    """The last record of a stream that is complete; empty for none."""
    comment: bytes
    """What is sent on a quiet stream; empty for nothing."""
    headers: Headers
    resume_field: str

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
    match method.event_form:
        case EventForm.UNNAMED:
            return _unnamed(method, dialect)
        case EventForm.NAMED:
            return _named(method, dialect)
        case EventForm.PLAIN:
            return _plain(method, dialect)


def _plain(method: Method, dialect: Dialect) -> EventRules:
    encode, id_line = printer(dialect.codec(method.response_class)), _id_line(method.stream_id_field)

    def failure(error: WireError, occasion: Occasion) -> bytes:
        return b"event: error\n" + _data(dialect.render_error(error, occasion).body) + b"\n"

    return EventRules(
        record=lambda message: id_line(message) + _data(encode(message)) + b"\n",
        failure=failure,
        end=_END,
        comment=_COMMENT,
        headers=_TYPE_WITH_CHARSET,
        resume_field=method.stream_resume_field,
    )


def _unnamed(method: Method, dialect: Dialect) -> EventRules:
    print_message = value_printer(dialect.codec(method.response_class))
    id_field, id_line = method.stream_id_field, _id_line(method.stream_id_field)
    described = field_of(descriptor_of(method.response_class), id_field)
    hidden = () if described is None else (described.name, described.json_name)

    def record(message: Message) -> bytes:
        printed = {key: value for key, value in print_message(message).items() if key not in hidden}
        return id_line(message) + b"data: " + orjson.dumps(printed) + b"\n\n"

    plain = _plain(method, dialect)
    return replace(plain, record=record, failure=lambda _error, _occasion: b"", end=b"", headers=_TYPE)


def _named(method: Method, dialect: Dialect) -> EventRules:
    """Raises ValueError for a response that is not one `oneof` of messages."""
    print_message = value_printer(dialect.codec(method.response_class))
    choice = _only_oneof(method)

    def record(message: Message) -> bytes:
        name = message.WhichOneof(choice.name)
        if name is None:
            raise RuntimeError(f"{method.path} streamed a record without content")
        (data,) = print_message(message).values()
        return _named_record(name, data)

    return EventRules(
        record=record,
        failure=lambda error, _occasion: _named_record("error", dialect.stream_error(error)),
        end=b"",
        comment=b"",
        headers=_TYPE,
        resume_field=method.stream_resume_field,
    )


def _only_oneof(method: Method) -> OneofDescriptor:
    descriptor = descriptor_of(method.response_class)
    choices = descriptor.oneofs
    if len(choices) != 1 or len(choices[0].fields) != len(descriptor.fields):
        raise ValueError(f"{method.path}: its records have names, so {descriptor.full_name} must be one oneof")
    return choices[0]


def _named_record(name: str, data: Any) -> bytes:
    # The spaces behind `,` and `:` are those of the servers that this form imitates, to the byte.
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode("ascii")


def _id_line(id_field: str) -> Callable[[Any], bytes]:
    def line(message: Any) -> bytes:
        event_id: str = getattr(message, id_field) if id_field else ""
        # An id with a line end would forge events; a NUL makes browsers ignore the line.
        return b"" if not event_id or set("\r\n\0") & set(event_id) else b"id: " + event_id.encode() + b"\n"

    return line


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
            await self.exchange.start(200, self.rules.headers)
            if self.rules.comment and not upcoming.done():
                await self.exchange.write(self.rules.comment)
            while (message := await self._arrival(upcoming)) is not None:
                await self.exchange.write(self.rules.record(message))
                upcoming = asyncio.create_task(self._next())
            await self.exchange.write(self.rules.end, more=False)
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
            await asyncio.wait({upcoming}, timeout=self.pace.silence if self.rules.comment else None)
            if not upcoming.done():
                await self.exchange.write(self.rules.comment)
        return upcoming.result()

    async def _fail(self, error: WireError) -> str:
        if not self.exchange.started:
            raise error
        await self.exchange.write(self.rules.failure(error, self.exchange.occasion), more=False)
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
