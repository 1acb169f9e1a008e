"""What a JSON dialect is to the transports: a codec per message type, and an envelope for errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from quarterdeck.wire.errors import WireError


class MessageCodec(Protocol):
    """JSON for one message type, compiled once.

    Every method raises `Invalid` and nothing else: FIELD_INVALID, with a violation that names the field, for a value
    that cannot be read or printed; BODY_MALFORMED for what is no JSON, has the wrong shape, or nests over 100 messages
    deep.
    """

    def encode(self, message: Message) -> bytes: ...

    def decode(self, data: bytes) -> Message: ...

    def to_json(self, message: Message) -> Any:
        """The message as Python's JSON values."""
        ...

    def from_json(self, value: Any) -> Message:
        """The message from Python's JSON values."""
        ...


class BodyReader(Protocol):
    """Makes the request message from a body and its content type. Raises Invalid."""

    def __call__(self, body: bytes, content_type: str, /) -> Message: ...


@dataclass(frozen=True, slots=True)
class Occasion:
    """The request that an error answers, for envelopes that tell of it."""

    path: str = ""
    """As it was sent, without the query."""
    request_id: str = ""
    request_type: Descriptor | None = None
    """The request message, when the method is known: what the paths of field violations lead through."""


UNKNOWN_OCCASION = Occasion()


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error in a family's envelope."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    """In place of the usual ones of the same name, lower-case."""


class Dialect(Protocol):
    """The JSON of one family of services."""

    @property
    def name(self) -> str: ...

    def codec(self, message_class: type[Message]) -> MessageCodec:
        """The codec of a message type: compiled at the first call, the same one ever after. Safe for threads."""
        ...

    def body_reader(self, message_class: type[Message]) -> BodyReader | None:
        """What reads whole bodies on REST paths where the family has rules of its own for bodies of no bytes and for
        content types; None where it has not.
        """
        ...

    def render_error(self, error: WireError, occasion: Occasion = UNKNOWN_OCCASION) -> ErrorBody:
        """An error in the family's envelope. Never fails, whatever the error says."""
        ...

    def stream_error(self, error: WireError) -> Any:
        """The data, as JSON values, of the record that ends a stream of named records. Never fails."""
        ...
