"""What a response message becomes as an HTTP body: all of it, one field of it, or the bytes of an HttpBody."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from quarterdeck.errors import Invalid
from quarterdeck.wire.dialects.dialect import Dialect, MessageCodec
from quarterdeck.wire.method import HttpBinding, Method, message_class
from quarterdeck.wire.rest.fields import HTTP_BODY, descriptor_of, field_of, is_map, single_message

JSON = "application/json"
_OCTETS = "application/octet-stream"
_CONTENT_TYPE = re.compile(r"[!-~][ -~]{0,199}")
_WELL_KNOWN = "google.protobuf."


@dataclass(frozen=True, slots=True)
class Answer:
    """A body ready to send."""

    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


Printed = TypeVar("Printed")
AnswerMaker = Callable[[Message], Answer]


def compile_answer(method: Method, binding: HttpBinding, dialect: Dialect) -> AnswerMaker:
    """Raises ValueError when `response_body` names no field."""
    if not binding.response_body:
        return _from_message(method.response_class, dialect)
    field = field_of(descriptor_of(method.response_class), binding.response_body)
    if field is None:
        raise ValueError(f"{method.path}: {binding.template} has no field {binding.response_body!r} for the response")
    nested = single_message(field)
    if nested is None:
        return _from_value(field, dialect.codec(method.response_class))
    return _from_message_field(field, nested, _from_message(message_class(nested), dialect))


def _from_message(response_class: type[Message], dialect: Dialect) -> AnswerMaker:
    if response_class is HTTP_BODY:
        return _raw_answer
    encode = printer(dialect.codec(response_class))

    def make(message: Message) -> Answer:
        return Answer(JSON, encode(message))

    return make


def printer(codec: MessageCodec) -> Callable[[Message], bytes]:
    """The codec's `encode`, for answers: RuntimeError instead of Invalid, since the caller did no wrong."""
    return _for_answers(codec.encode)


def value_printer(codec: MessageCodec) -> Callable[[Message], Any]:
    """The codec's `to_json`, for answers in the same way."""
    return _for_answers(codec.to_json)


def _for_answers(print_message: Callable[[Message], Printed]) -> Callable[[Message], Printed]:
    def make(message: Message) -> Printed:
        try:
            return print_message(message)
        except Invalid as error:
            raise RuntimeError(f"a {message.DESCRIPTOR.full_name} has no JSON: {error.message}") from error

    return make


def _raw_answer(message: Any) -> Answer:
    # The type may come from a caller's upload: nothing of it may end the header, and a browser must not guess another.
    declared = message.content_type
    content_type = declared if _CONTENT_TYPE.fullmatch(declared) else _OCTETS
    return Answer(content_type, message.data, headers=(("x-content-type-options", "nosniff"),))


def _from_message_field(field: FieldDescriptor, nested: Descriptor, make: AnswerMaker) -> AnswerMaker:
    null_when_unset = nested.full_name.startswith(_WELL_KNOWN)

    def answer(message: Message) -> Answer:
        if null_when_unset and not message.HasField(field.name):
            return Answer(JSON, b"null")
        return make(getattr(message, field.name))

    return answer


def _from_value(field: FieldDescriptor, codec: MessageCodec) -> AnswerMaker:
    """A scalar, list or map is cut out of its message's JSON, so that the dialect prints it as it does everywhere."""
    empty = _empty_json(field)
    print_message = value_printer(codec)

    def make(message: Message) -> Answer:
        printed: Mapping[str, Any] = print_message(message)
        value = printed.get(field.json_name, printed.get(field.name, empty))
        return Answer(JSON, orjson.dumps(value))

    return make


def _empty_json(field: FieldDescriptor) -> Any:
    """protojson of a field that is not set, for dialects that leave such fields out."""
    if is_map(field):
        return {}
    if field.is_repeated:
        return []
    if field.has_presence:
        return None
    if field.enum_type is not None:
        return field.enum_type.values_by_number[0].name
    return _EMPTY.get(field.cpp_type, 0)


_EMPTY: Mapping[int, Any] = {
    FieldDescriptor.CPPTYPE_STRING: "",
    FieldDescriptor.CPPTYPE_BOOL: False,
    FieldDescriptor.CPPTYPE_INT64: "0",
    FieldDescriptor.CPPTYPE_UINT64: "0",
}
