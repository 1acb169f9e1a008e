"""The body of an incoming webhook as JSON values, whatever it is, with its numbers spelled as they were sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson


class JsonNumber(str):
    """A number by its text: a float would turn a long id into another one, and 1.10 into 1.1."""

    __slots__ = ()


JsonValue = Mapping[str, Any] | Sequence[Any] | JsonNumber | str | bool | None


@dataclass(frozen=True, slots=True)
class IncomingBody:
    """What was sent. `document` is None both for null and where `is_json` is False."""

    text: str
    is_json: bool
    document: JsonValue = None


def read_body(raw: bytes) -> IncomingBody:
    """Read a body. Never raises: what is no JSON (not even with a byte order mark, nested too deeply, not UTF-8) is
    text, in which bytes that are no UTF-8 and NUL are U+FFFD."""
    text = raw.decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        orjson.loads(
            raw
        )  # the stricter of the two: no NaN, no bad UTF-8, no halves of surrogate pairs, no deep nesting
        document = json.loads(raw, parse_float=JsonNumber, parse_int=JsonNumber)
    except (ValueError, RecursionError):
        return IncomingBody(text, is_json=False)
    return IncomingBody(text, is_json=True, document=document)


def inserted_text(value: JsonValue) -> str:
    """A value as it is inserted into a text: a string as it is, a number or boolean as JSON writes it, null as nothing,
    an object or array as compact JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _compact(value)


def _compact(value: JsonValue) -> str:
    # Without recursion: the document may be nested deeper than Python's stack allows.
    pieces: list[str] = []
    left: list[JsonValue | _Literal] = [value]
    while left:
        match left.pop():
            case _Literal(text=text):
                pieces.append(text)
            case JsonNumber() as number:
                pieces.append(number)
            case Mapping() as members:
                left.extend(reversed(_members(members)))
            case list() as items:
                left.extend(reversed(_items(items)))
            case scalar:
                pieces.append(orjson.dumps(scalar).decode())
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str


def _members(members: Mapping[str, Any]) -> list[Any]:
    parts: list[Any] = [_Literal("{")]
    for name, value in members.items():
        comma = "," if len(parts) > 1 else ""
        parts += [_Literal(f"{comma}{orjson.dumps(name).decode()}:"), value]
    return [*parts, _Literal("}")]


def _items(items: Sequence[Any]) -> list[Any]:
    parts: list[Any] = [_Literal("[")]
    for item in items:
        if len(parts) > 1:
            parts.append(_Literal(","))
        parts.append(item)
    return [*parts, _Literal("]")]
