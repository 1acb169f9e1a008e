"""What a JSON dialect is to the transports: a codec per message type, and an envelope for errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message

from quarterdeck.wire.errors import WireError


class MessageCodec(Protocol):
    """JSON for one message type, compiled once. Decoding raises `Invalid` (BODY_MALFORMED or FIELD_INVALID)."""

    def encode(self, message: Message) -> bytes: ...

    def decode(self, data: bytes) -> Message: ...

    def to_json(self, message: Message) -> Any:
        """The message as Python's JSON values."""
        ...

    def from_json(self, value: Any) -> Message:
        """The message from Python's JSON values."""
        ...


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error in a family's envelope."""

    status: int
    content_type: str
    body: bytes


class Dialect(Protocol):
    """The JSON of one family of services."""

    @property
    def name(self) -> str: ...

    def codec(self, message_class: type[Message]) -> MessageCodec: ...

    def render_error(self, error: WireError) -> ErrorBody: ...
