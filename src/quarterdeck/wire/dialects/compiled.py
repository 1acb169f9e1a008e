"""Dialects made from conventions: a codec per message type, compiled when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from quarterdeck.errors import Invalid, Reason
from quarterdeck.wire.dialects.conventions import Conventions
from quarterdeck.wire.dialects.dialect import (
    UNKNOWN_OCCASION,
    BodyReader,
    Dialect,
    ErrorBody,
    MessageCodec,
    Occasion,
)
from quarterdeck.wire.dialects.nul import refuse_nul
from quarterdeck.wire.dialects.parsing import Fill, Parsers, half_a_pair
from quarterdeck.wire.dialects.printing import Printers, PrintMessage
from quarterdeck.wire.dialects.refusal import Refusal, TooDeep
from quarterdeck.wire.errors import WireError

RenderError = Callable[[WireError, Occasion], ErrorBody]
StreamError = Callable[[WireError], Any]
MakeBodyReader = Callable[[type[Message], MessageCodec], BodyReader]


def compile_dialect(
    name: str,
    conventions: Conventions,
    render_error: RenderError,
    *,
    stream_error: StreamError | None = None,
    make_body_reader: MakeBodyReader | None = None,
) -> Dialect:
    """A dialect that follows the conventions and puts errors in the family's envelope. Safe for threads.

    Without `stream_error`, the envelope is also what ends a stream of named records.
    """
    return _CompiledDialect(name, conventions, render_error, stream_error, make_body_reader)


class _CompiledDialect:
    __slots__ = (
        "_codecs",
        "_conventions",
        "_make_body_reader",
        "_name",
        "_parsers",
        "_printers",
        "_render_error",
        "_stream_error",
    )

    def __init__(
        self,
        name: str,
        conventions: Conventions,
        render_error: RenderError,
        stream_error: StreamError | None,
        make_body_reader: MakeBodyReader | None,
    ) -> None:
        self._name = name
        self._conventions = conventions
        self._render_error = render_error
        self._stream_error = stream_error
        self._make_body_reader = make_body_reader
        self._printers = Printers(conventions)
        self._parsers = Parsers(conventions)
        self._codecs: dict[type[Message], MessageCodec] = {}

    @property
    def name(self) -> str:
        return self._name

    def codec(self, message_class: type[Message]) -> MessageCodec:
        known = self._codecs.get(message_class)
        return known if known is not None else self._compile(message_class)

    def body_reader(self, message_class: type[Message]) -> BodyReader | None:
        if self._make_body_reader is None:
            return None
        return self._make_body_reader(message_class, self.codec(message_class))

    def render_error(self, error: WireError, occasion: Occasion = UNKNOWN_OCCASION) -> ErrorBody:
        return self._render_error(error, occasion)

    def stream_error(self, error: WireError) -> Any:
        if self._stream_error is None:
            return orjson.loads(self.render_error(error).body)
        return self._stream_error(error)

    def _compile(self, message_class: type[Message]) -> MessageCodec:
        descriptor = cast("Descriptor", message_class.DESCRIPTOR)
        codec = _CompiledCodec(
            message_class,
            self._printers.of(descriptor),
            self._parsers.of(descriptor),
            self._conventions.empty_body_is_object,
            self._conventions.nul_refused,
        )
        return self._codecs.setdefault(message_class, codec)


@dataclass(frozen=True, slots=True)
class _CompiledCodec:
    message_class: type[Message]
    print_message: PrintMessage
    fill: Fill
    empty_is_object: bool
    nul_refused: bool

    def encode(self, message: Message) -> bytes:
        return orjson.dumps(self.to_json(message))

    def to_json(self, message: Message) -> Any:
        try:
            return self.print_message(message, 1)
        except Refusal as refusal:
            raise refusal.to_error() from None
        except RecursionError:  # the caller stood so deep that our own limit came too late
            raise TooDeep().to_error() from None

    def decode(self, data: bytes) -> Message:
        if not data or data.isspace() or (self.empty_is_object and data.strip() == b"null"):
            return self._empty_body()
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise Invalid(
                Reason.BODY_MALFORMED,
                f"the body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})",
            ) from None
        if self.nul_refused:
            refuse_nul(data, value)
        return self.from_json(value)

    def from_json(self, value: Any) -> Message:
        message = self.message_class()
        try:
            self.fill(message, value, 1)
        except Refusal as refusal:
            raise refusal.to_error() from None
        except RecursionError:
            raise TooDeep().to_error() from None
        except UnicodeEncodeError:  # in a message that is a text itself, such as StringValue
            raise half_a_pair().to_error() from None
        return message

    def _empty_body(self) -> Message:
        if self.empty_is_object:
            return self.message_class()
        raise Invalid(Reason.BODY_MALFORMED, "the body is empty; a message without fields is {}")
