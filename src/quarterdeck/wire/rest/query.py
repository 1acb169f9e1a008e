"""Query parameters into the fields of a request.

A name is a field path, each part by its proto name or its JSON name: `page_size`, `pageSize`, `filter.owner`. A
repeated field takes every value given for it, any other field takes one. A map's entries are `labels[key]=value` or
`labels.key=value`, where the key is everything behind the field's name. A name that leads to no field is ignored, since
clients and proxies add their own; a value that its field cannot hold is refused by the parameter's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.wire.rest.fields import descriptor_of, is_map, map_entry, set_value, single_message
from quarterdeck.wire.rest.template import unescape
from quarterdeck.wire.rest.text_values import TextReader, text_reader

MAX_PARAMETERS = 1000
MAX_DEPTH = 16
"""Deeper field paths are refused: no contract nests that far, and a message that does costs a stack frame per level."""

_SHOWN = 100
_TWICE = "is given more than once and takes one value"
_NAME_END = re.compile(r"[.\[]")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a parameter's value goes: through `parents` to `field`, and to `key` when that is a map."""

    parents: tuple[str, ...]
    field: FieldDescriptor
    key: Any = None

    @property
    def path(self) -> str:
        return ".".join((*self.parents, self.field.name))


def query_pairs(query: bytes) -> Iterator[tuple[str, str]]:
    """Names, unescaped, with their values, still escaped. Raises Invalid for a broken name or too many of them."""
    parts = [part for part in query.decode("latin-1").split("&") if part]
    if len(parts) > MAX_PARAMETERS:
        raise Invalid(
            Reason.FIELD_INVALID, f"the query has {len(parts)} parameters, at most {MAX_PARAMETERS} are accepted"
        )
    for part in parts:
        name, _, value = part.partition("=")
        yield _plain(name, name), value


def parameter(query: bytes, wanted: str) -> str:
    """The value of one parameter that no field takes, "" when it is not given. Raises Invalid."""
    values = [_plain(value, name) for name, value in query_pairs(query) if name == wanted]
    if len(values) > 1:
        raise refusal(wanted, wanted, _TWICE)
    return values[0] if values else ""


def _plain(escaped: str, name: str) -> str:
    try:
        return unescape(escaped.replace("+", " "))
    except ValueError as error:
        raise refusal(name, name, f"{escaped[:_SHOWN]!r} is {error}; escape UTF-8 as %XX") from error


def refusal(parameter: str, path: str, why: str) -> Invalid:
    """What a caller is told about one parameter."""
    return Invalid(
        Reason.FIELD_INVALID,
        f"query parameter {parameter[:_SHOWN]!r}: {why}",
        violations=(FieldViolation(path[:_SHOWN], why),),
    )


@dataclass(frozen=True, slots=True)
class QueryBinder:
    """Sets fields of one message type from a query string; `taken` are the field paths that path and body own."""

    descriptor: Descriptor
    taken: frozenset[str]

    def apply(self, query: bytes, request: Message) -> None:
        """Raises Invalid naming the parameter."""
        seen: set[tuple[str, Any]] = set()
        for name, escaped in query_pairs(query):
            place = self._locate(name)
            if place is None:
                continue
            if not place.field.is_repeated or place.key is not None:
                if (place.path, place.key) in seen:
                    raise refusal(name, place.path, _TWICE)
                seen.add((place.path, place.key))
            _put(request, place, name, _read(place, name, escaped))

    def _locate(self, name: str) -> _Place | None:
        """Where the parameter goes; None for no field, and for one that is not the query's to set."""
        descriptor, rest = self.descriptor, name
        parents: tuple[str, ...] = ()
        while len(parents) <= MAX_DEPTH:
            part, rest = _first_part(rest)
            field = _fields(descriptor).get(part)
            if field is None or _Place(parents, field).path in self.taken:
                return None
            if is_map(field):
                return _Place(parents, field, _map_key(_Place(parents, field), name, rest))
            if not rest:
                return _Place(parents, field)
            nested = single_message(field)
            if nested is None or not rest.startswith(".") or _reader(field) is not None:
                return None
            parents, descriptor, rest = (*parents, field.name), nested, rest[1:]
        raise refusal(name, name, f"nests deeper than {MAX_DEPTH} levels")


def _first_part(rest: str) -> tuple[str, str]:
    end = _NAME_END.search(rest)
    return (rest[: end.start()], rest[end.start() :]) if end else (rest, "")


@cache
def _fields(descriptor: Descriptor) -> Mapping[str, FieldDescriptor]:
    """Fields by JSON name and by proto name; the proto name wins where one field's is the other's JSON name."""
    return {field.json_name: field for field in descriptor.fields} | {field.name: field for field in descriptor.fields}


@cache
def _reader(field: FieldDescriptor) -> TextReader | None:
    return text_reader(field)


def _map_key(place: _Place, name: str, rest: str) -> Any:
    bracketed = rest.startswith("[") and rest.endswith("]")
    if not bracketed and not rest.startswith("."):
        raise refusal(name, place.path, f"is a map; write {place.path}[key]=value")
    key = rest[1:-1] if bracketed else rest[1:]
    return _value(_reader(map_entry(place.field)[0]), name, place.path, key)


def _read(place: _Place, name: str, escaped: str) -> Any:
    field = place.field if place.key is None else map_entry(place.field)[1]
    return _value(_reader(field), name, place.path, _plain(escaped, name))


def _value(reader: TextReader | None, name: str, path: str, text: str) -> Any:
    if reader is None:
        raise refusal(name, path, "is a message; name one of its fields, as in parent.field=value, or send a body")
    try:
        return reader(text)
    except ValueError as error:
        raise refusal(name, path, f"{text[:_SHOWN]!r} is not accepted; send {error}") from error


def _put(request: Message, place: _Place, name: str, value: Any) -> None:
    parent = request
    for part in place.parents:
        _refuse_second_choice(parent, descriptor_of(type(parent)).fields_by_name[part], name, place.path)
        parent = getattr(parent, part)
    _refuse_second_choice(parent, place.field, name, place.path)
    if place.key is None:
        set_value(parent, place.field, value)
        return
    entries = getattr(parent, place.field.name)
    if isinstance(value, Message):
        entries[place.key].CopyFrom(value)
    else:
        entries[place.key] = value


def _refuse_second_choice(parent: Message, field: FieldDescriptor, name: str, path: str) -> None:
    choice = field.containing_oneof
    if choice is None:
        return
    chosen = parent.WhichOneof(choice.name)
    if chosen is not None and chosen != field.name:
        raise refusal(name, path, f"cannot be given together with {chosen}")
