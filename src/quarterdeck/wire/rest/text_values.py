"""One field's value from the text of a path variable, a query parameter or a header.

A reader is chosen once per field from its descriptor. It raises ValueError whose message says what would be accepted;
the text itself is quoted by the caller, who knows the parameter's name.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

TextReader = Callable[[str], Any]

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,5})?")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DURATION = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?s")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")

_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_300_799
_LARGEST_FLOAT = 3.4028234663852886e38

_F = FieldDescriptor
_INTEGER_BITS: dict[int, tuple[int, int]] = {
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((_F.TYPE_UINT32, _F.TYPE_FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((_F.TYPE_UINT64, _F.TYPE_FIXED64), (0, 2**64 - 1)),
}
_WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
)


def text_reader(field: FieldDescriptor) -> TextReader | None:
    """What reads one value of the field (an entry, when it repeats); None for messages that no text stands for."""
    if field.message_type is not None:
        return _message_reader(field.message_type)
    if field.enum_type is not None:
        return _enum_reader(field.enum_type)
    if field.type in _INTEGER_BITS:
        return _integer_reader(*_INTEGER_BITS[field.type])
    return _PLAIN_READERS[field.type]


def _integer_reader(low: int, high: int) -> TextReader:
    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def _read_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def _read_double(text: str) -> float:
    if text in ("NaN", "Infinity", "-Infinity"):
        return float(text.lower())
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise ValueError("a number, NaN, Infinity or -Infinity")
    return value


def _read_float(text: str) -> float:
    value = _read_double(text)
    if math.isfinite(value) and abs(value) > _LARGEST_FLOAT:
        raise ValueError("a number that fits in 32 bits, NaN, Infinity or -Infinity")
    return value


def _read_bytes(text: str) -> bytes:
    """Base64 in the standard or the URL alphabet; the padding may be left out, as it may in protojson."""
    standard = text.translate(_TO_STANDARD_ALPHABET)
    if not _BASE64.fullmatch(standard):
        raise ValueError("base64")
    bare = standard.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise ValueError("base64") from None


_TO_STANDARD_ALPHABET = str.maketrans("-_", "+/")


def _read_string(text: str) -> str:
    return text


_PLAIN_READERS: dict[int, TextReader] = {
    _F.TYPE_BOOL: _read_bool,
    _F.TYPE_DOUBLE: _read_double,
    _F.TYPE_FLOAT: _read_float,
    _F.TYPE_BYTES: _read_bytes,
    _F.TYPE_STRING: _read_string,
}


@cache
def _enum_reader(enum: EnumDescriptor) -> TextReader:
    names = {value.name: value.number for value in enum.values}
    low, high = _INTEGER_BITS[_F.TYPE_INT32]

    def read(text: str) -> int:
        if text in names:
            return names[text]
        if _INTEGER.fullmatch(text) and low <= int(text) <= high:
            return int(text)
        raise ValueError(f"one of {', '.join(list(names)[:20])}")

    return read


@cache
def _message_reader(message: Descriptor) -> TextReader | None:
    if message.full_name in _WRAPPERS:
        return _wrapper_reader(message)
    match message.full_name:
        case "google.protobuf.Timestamp":
            return _json_string_reader(message, _TIMESTAMP, "a time such as 2026-01-31T12:00:00Z")
        case "google.protobuf.Duration":
            return _json_string_reader(message, _DURATION, "a duration in seconds such as 1.5s")
        case "google.protobuf.FieldMask":
            return _json_string_reader(message, re.compile(r"[ -~]*"), "field names in camelCase, joined by commas")
    return None


def _wrapper_reader(message: Descriptor) -> TextReader:
    make = GetMessageClass(message)
    inner = text_reader(message.fields_by_name["value"])
    assert inner is not None  # noqa: S101 - a wrapper's value is a scalar

    def read(text: str) -> Any:
        return make(value=inner(text))

    return read


def _json_string_reader(message: Descriptor, grammar: re.Pattern[str], accepted: str) -> TextReader:
    # protobuf's own FromJsonString takes much that these types do not allow ("1_0s", "+99:99"): the grammar goes first.
    make = GetMessageClass(message)

    def read(text: str) -> Any:
        if not grammar.fullmatch(text):
            raise ValueError(accepted)
        value: Any = make()
        try:
            value.FromJsonString(text)
        except (ValueError, OverflowError):
            raise ValueError(accepted) from None
        if grammar is _TIMESTAMP and not _FIRST_SECOND <= value.seconds <= _LAST_SECOND:
            raise ValueError(accepted)
        return value

    return read
