"""Values of custom fields: JSON inside a string, one encoding per type. Empty text is unset."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents.limits import FIELD_VALUE, check_length
from quarterdeck.incidents.query.evaluation import field_search_text
from quarterdeck.incidents.times import read_date, read_time

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_JSON_SPACE = " \t\r\n"
_QUOTED_IN_ERRORS = 80


class FieldType(StrEnum):
    """What a custom field holds."""

    STRING = "string"
    SINGLE_SELECT = "single-select"
    MULTI_SELECT = "multi-select"
    BOOL = "bool"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class SelectOption:
    """One thing to choose."""

    uuid: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """What checking and searching a value looks at. Only select fields have options."""

    slug: str
    type: FieldType
    options: Sequence[SelectOption] = ()


def normal_value(definition: FieldDefinition, encoded: str, *, field: str = "value") -> str:
    """The one encoding that is stored and answered; empty for empty.

    A string: compact JSON. A single-select and a multi-select: uuids, for which an option's value is taken as well (a
    uuid wins, a value matches in any case), each once. A bool: true or false. A number: as written. A date: a string,
    `YYYY-MM-DD` or RFC 3339. Raises `Invalid(FIELD_INVALID)` for anything else and for more than 16,384 characters.
    Normalising a normal value changes nothing.
    """
    check_length(field, encoded, FIELD_VALUE)
    if not encoded:
        return ""
    normal, why = _READERS[definition.type](definition, encoded)
    if why:
        message = f"{field}: {_shown(encoded)} is no value of the {definition.type} field {definition.slug!r}; {why}"
        raise Invalid(
            Reason.FIELD_INVALID, message, violations=(FieldViolation(field, message),), metadata={"field": field}
        )
    # An escape such as \\u0000 hides from the check of the text as sent; a value for a uuid may be longer than it.
    check_length(field, normal, FIELD_VALUE)
    return normal


def search_text(definition: FieldDefinition, encoded: str) -> str:
    """What the query term `field:` searches: the value as a person types it; of an option its value and its uuid."""
    return field_search_text(_texts(definition, encoded)) if encoded else ""


def _texts(definition: FieldDefinition, encoded: str) -> list[str]:
    match definition.type:
        case FieldType.BOOL | FieldType.NUMBER:
            return [encoded]
        case FieldType.STRING | FieldType.DATE:
            return [_decoded(encoded)]
        case FieldType.SINGLE_SELECT | FieldType.MULTI_SELECT:
            values = {option.uuid: option.value for option in definition.options}
            decoded = _decoded(encoded)
            uuids = decoded if isinstance(decoded, list) else [decoded]
            return [text for uuid in uuids for text in (uuid, values.get(uuid)) if text]


Reading = tuple[str, str]
"""The normal value, and what would be accepted when there is none."""


def _string(_: FieldDefinition, encoded: str) -> Reading:
    value = _decoded(encoded)
    if not isinstance(value, str) or "\0" in value:
        return "", "a JSON string is accepted, without NUL characters"
    return _json(value), ""


def _bool(_: FieldDefinition, encoded: str) -> Reading:
    value = _decoded(encoded)
    return (_json(value), "") if isinstance(value, bool) else ("", "true and false are accepted")


def _number(_: FieldDefinition, encoded: str) -> Reading:
    text = encoded.strip(_JSON_SPACE)
    # Digits beyond a double's precision stay as they were sent.
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        return "", "a JSON number is accepted"
    return text, ""


def _date(_: FieldDefinition, encoded: str) -> Reading:
    value = _decoded(encoded)
    if not isinstance(value, str) or not (read_date(value) or read_time(value)):
        return "", 'a JSON string is accepted that is a date, "2026-01-31", or a time, "2026-01-31T12:00:00Z"'
    return _json(value), ""


def _single_select(definition: FieldDefinition, encoded: str) -> Reading:
    value = _decoded(encoded)
    uuid = _option_uuids(definition)(value)
    return (_json(uuid), "") if uuid else ("", f"the options are {_options(definition)}")


def _multi_select(definition: FieldDefinition, encoded: str) -> Reading:
    values = _decoded(encoded)
    if not isinstance(values, list):
        return "", f"a JSON array of options is accepted; they are {_options(definition)}"
    uuids = list(map(_option_uuids(definition), values))
    if None in uuids:
        return "", f"the options are {_options(definition)}"
    return _json(list(dict.fromkeys(uuids))), ""


_READERS: dict[FieldType, Callable[[FieldDefinition, str], Reading]] = {
    FieldType.STRING: _string,
    FieldType.SINGLE_SELECT: _single_select,
    FieldType.MULTI_SELECT: _multi_select,
    FieldType.BOOL: _bool,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
}


def _option_uuids(definition: FieldDefinition) -> Callable[[Any], str | None]:
    uuids = {option.uuid for option in definition.options}
    by_value: dict[str, str] = {}
    for option in definition.options:
        by_value.setdefault(option.value.casefold(), option.uuid)

    def find(value: Any) -> str | None:
        if not isinstance(value, str):
            return None
        return value if value in uuids else by_value.get(value.casefold())

    return find


def _decoded(encoded: str) -> Any:
    """The JSON value, or None, which is the value of no type. orjson refuses deep nesting instead of overflowing."""
    try:
        return orjson.loads(encoded)
    except orjson.JSONDecodeError:
        return None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _options(definition: FieldDefinition) -> str:
    named = ", ".join(repr(option.value) for option in definition.options[:10])
    return f"{named}, …" if len(definition.options) > 10 else named or "none yet"


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _QUOTED_IN_ERRORS else repr(text[:_QUOTED_IN_ERRORS]) + "…"
