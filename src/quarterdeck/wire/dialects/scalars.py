"""JSON values of the scalar kinds, in both directions. Reading raises Refusal; printing of scalars cannot fail.

Texts that stand for numbers follow JSON's grammar: no white space, no sign `+`, no underscores, ASCII digits.
"""

from __future__ import annotations

import binascii
import math
import re
import struct
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from quarterdeck.wire.dialects.refusal import Refusal, expected, show

Read = Callable[[Any], Any]
Print = Callable[[Any], Any]

_LONGEST_NUMBER = 400
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_PLAIN_INTEGER = re.compile(r"-?[0-9]{1,20}")
_EXACT_INTEGERS = 2.0**53
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_UINT32 = (0, 2**32 - 1)
_UINT64 = (0, 2**64 - 1)
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: _INT32,
    FieldDescriptor.CPPTYPE_INT64: _INT64,
    FieldDescriptor.CPPTYPE_UINT32: _UINT32,
    FieldDescriptor.CPPTYPE_UINT64: _UINT64,
}
_SIXTY_FOUR_BITS = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)


def reader(field: FieldDescriptor) -> Read:
    """What turns a JSON value into a value of a scalar field."""
    if field.cpp_type in _RANGES:
        return integer_reader(*_RANGES[field.cpp_type])
    if field.enum_type is not None:
        return _enum_reader(field.enum_type)
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_BOOL:
            return read_bool
        case FieldDescriptor.CPPTYPE_FLOAT:
            return read_float32
        case FieldDescriptor.CPPTYPE_DOUBLE:
            return read_double
    return read_bytes if field.type == FieldDescriptor.TYPE_BYTES else read_text


def key_reader(field: FieldDescriptor) -> Read:
    """What turns an object's key into a key of a map."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return _read_bool_key
    return reader(field)


def printer(field: FieldDescriptor, *, int64_as_text: bool) -> Print | None:
    """What turns a value of a scalar field into a JSON value; None when it is one already."""
    if field.enum_type is not None:
        return _enum_printer(field.enum_type)
    if field.cpp_type in _SIXTY_FOUR_BITS and int64_as_text:
        return str
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_FLOAT:
            return print_float32
        case FieldDescriptor.CPPTYPE_DOUBLE:
            return print_double
    return print_bytes if field.type == FieldDescriptor.TYPE_BYTES else None


def print_key(key: Any) -> str:
    """A map's key as an object's key."""
    if type(key) is bool:
        return "true" if key else "false"
    return str(key)


def read_text(value: Any) -> str:
    if type(value) is str:
        return value
    raise expected("a string", value)


def read_bool(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise expected("true or false", value)


def _read_bool_key(value: Any) -> bool:
    if value == "true":
        return True
    if value == "false":
        return False
    raise expected('"true" or "false"', value)


def integer_reader(lowest: int, highest: int) -> Read:
    """Reads whole numbers within bounds, also those written `"7"`, `7.0` or `"7e0"`."""

    def read(value: Any) -> int:
        number: int = value if type(value) is int else _whole(value)
        if lowest <= number <= highest:
            return number
        raise Refusal(f"must be between {lowest} and {highest}, not {show(value)}")

    return read


def _whole(value: Any) -> int:
    if type(value) is str:
        if _PLAIN_INTEGER.fullmatch(value):
            return int(value)
        value = _number(value, "a whole number")
    if type(value) is float and value.is_integer():
        return int(value)
    raise expected("a whole number", value)


def _number(text: str, what: str) -> float:
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text):
        return float(text)
    raise expected(what, text)


def read_double(value: Any) -> float:
    """Reads a number, a number's text, or one of `"NaN"`, `"Infinity"`, `"-Infinity"`."""
    if type(value) is str:
        if value in _NON_FINITE:
            return _NON_FINITE[value]
        number = _number(value, "a number")
    elif type(value) is float:
        number = value
    elif type(value) is int and value.bit_length() <= 1023:
        number = float(value)
    else:
        raise expected("a number", value)
    if math.isfinite(number):
        return number
    raise Refusal(f"must be a number that 64 bits can hold, not {show(value)}")


def read_float32(value: Any) -> float:
    """As `read_double`, within the range of 32 bits."""
    number = read_double(value)
    try:
        struct.pack("<f", number)  # knows what still rounds to the largest one
    except OverflowError as error:
        raise Refusal(f"must be a number that 32 bits can hold, not {show(value)}") from error
    return number


def print_double(value: float) -> Any:
    """A number; without a fraction when it is whole, so that a client's `1` comes back as `1`."""
    if value.is_integer() and -_EXACT_INTEGERS <= value <= _EXACT_INTEGERS:
        # A negative zero is no default value: printed as 0 it would be lost.
        return int(value) if value or math.copysign(1.0, value) > 0 else value
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def print_float32(value: float) -> Any:
    """As `print_double`, with the fewest digits that mean the same 32 bits."""
    return print_double(_shortest(value) if math.isfinite(value) else value)


def _shortest(value: float) -> float:
    # Six to nine digits tell every 32-bit float from its neighbours.
    for digits in (6, 7, 8):
        rounded = float(f"{value:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", rounded))[0] == value:
            return rounded
    return float(f"{value:.9g}")


def read_bytes(value: Any) -> bytes:
    """Reads base64 in the standard or the URL-safe alphabet, padded or not."""
    if type(value) is not str:
        raise expected("base64 text", value)
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError as error:
        raise expected("base64 text", value) from error


def print_bytes(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def _enum_reader(enum: EnumDescriptor) -> Read:
    numbers = {name: value.number for name, value in enum.values_by_name.items()}
    known = frozenset(numbers.values()) if enum.is_closed else None
    read_number = integer_reader(*_INT32)

    def read(value: Any) -> int:
        if type(value) is str:
            named = numbers.get(value)
            if named is not None:
                return named
            if not _PLAIN_INTEGER.fullmatch(value):
                raise Refusal(f"{show(value)} is no {enum.name}; known are {_listed(numbers)}")
        number: int = read_number(value)
        if known is not None and number not in known:
            raise Refusal(f"{number} is no {enum.name}; known are {_listed(numbers)}")
        return number

    return _null_reader(read) if enum.full_name == "google.protobuf.NullValue" else read


def _null_reader(read: Read) -> Read:
    return lambda value: 0 if value is None else read(value)


def _listed(names: dict[str, int]) -> str:
    shown = list(names)[:10]
    return ", ".join(shown) + (", …" if len(names) > len(shown) else "")


def _enum_printer(enum: EnumDescriptor) -> Print:
    if enum.full_name == "google.protobuf.NullValue":
        return lambda _: None
    names = {number: value.name for number, value in enum.values_by_number.items()}
    return lambda number: names.get(number, number)
