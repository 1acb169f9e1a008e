"""Bodies read as a FastAPI server reads them, for a family whose clients know its 422 answers.

A body is checked by a pydantic model that is compiled from the message's descriptor when the first body comes. All
faults are told at once, each as `{type, loc, msg, input, ctx?}` with a `loc` that begins with `body`, in pydantic's
words. What pydantic takes for a value of the type is taken: `"yes"` for true, `"5"` for 5. Unknown keys are ignored; a
key is known by its proto name alone.

Of a field, the model knows: its type; `key_required` and `key_required_unless`; `one_of`; that a field with presence, a
list and a map may be null. A Struct is any object and a Value anything. Numbers of such free data are doubles, so whole
numbers beyond 2^53 are rounded.

Further than FastAPI: half a surrogate pair, a number beyond 64-bit floats, and free data that nests deeper than the
house's limit are refused, all as a fault of type `value_error` or a body that cannot be parsed; a NUL character, which
no text of PostgreSQL holds, is replaced; and no more than `MOST_FAULTS` faults are told.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Final, NoReturn, cast

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from quarterdeck.errors import Invalid, Reason
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.wire.dialects.dialect import BodyReader, MessageCodec
from quarterdeck.wire.dialects.nul import without_nul
from quarterdeck.wire.dialects.printing import EntriesField, entries_field, is_map
from quarterdeck.wire.errors import Fault, InvalidBody
from quarterdeck.wire.method import extension

UNPARSABLE: Final = "There was an error parsing the body"
"""FastAPI's sentence for a body that makes its parser fail in another way than by bad syntax."""

MOST_FAULTS: Final = 100
"""A hostile body could have a fault per byte, each with a part of the body as its input."""

Check = Callable[[dict[str, Any]], None]
"""A rule over a whole body, asked before anything else. Raises InvalidBody, see `value_fault`."""


def fastapi_body_reader(
    message_class: type[Message], codec: MessageCodec, check: Check | None = None, *, any_type: bool = False
) -> BodyReader:
    """What reads whole bodies of one message type. It raises Invalid: InvalidBody for what a 422 answer tells.

    `any_type`: a JSON object is read as one whatever content type it is sent with, form data for instance.
    """
    bodies = _Bodies(cast("Descriptor", message_class.DESCRIPTOR), codec, check, any_type)
    return bodies.read


def value_fault(why: str, value: Any, *loc: str | int) -> Fault:
    """A fault that no type knows, as a validator of a model would raise it."""
    return {
        "type": "value_error",
        "loc": ("body", *loc),
        "msg": f"Value error, {why}",
        "input": value,
        "ctx": {"error": {}},
    }


def refuse(faults: Iterable[Fault]) -> NoReturn:
    """Raise InvalidBody with the faults."""
    told = tuple(faults)[:MOST_FAULTS]
    raise InvalidBody("; ".join(_sentence(fault) for fault in told[:20]), told)


def _sentence(fault: Fault) -> str:
    return f"{'.'.join(str(step)[:100] for step in fault['loc'])}: {fault['msg']}"


@dataclass(slots=True)
class _Bodies:
    """Reads the bodies of one message type. Safe for threads: at worst a model is compiled twice."""

    descriptor: Descriptor
    codec: MessageCodec
    check: Check | None
    any_type: bool
    _adapters: dict[frozenset[str], TypeAdapter[Any]] = field(default_factory=dict)
    """By the keys that may be missing although the contract requires them."""

    def read(self, body: bytes, content_type: str, /) -> Message:
        value = _parse(body) if _is_json(content_type) else self._undeclared(body)
        if value is None:
            refuse([{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}])
        value = without_nul(body, value)
        if self.check is not None and type(value) is dict:
            self.check(value)
        try:
            # FastAPI validates so, which shows in the fault of a body that is no object.
            model = self._adapter(value).validate_python(value, from_attributes=True)
        except ValidationError as error:
            refuse(_faults(error))
        return self._message(model, value)

    def _undeclared(self, body: bytes) -> Any:
        """A body of another content type: a text for the model, which wants an object."""
        if self.any_type and body.lstrip()[:1] == b"{":
            return _parse(body)
        return body.decode(errors="replace") or None

    def _adapter(self, value: Any) -> TypeAdapter[Any]:
        excused = _excused(self.descriptor, value)
        known = self._adapters.get(excused)
        if known is None:
            known = self._adapters[excused] = TypeAdapter(_Models().of(self.descriptor, excused))
        return known

    def _message(self, model: BaseModel, value: Any) -> Message:
        try:
            return self.codec.from_json(_plain(model))
        except Invalid as error:
            path = error.violations[0].field if error.violations else ""
            named = re.match(r"\w+", path)
            loc, given = ((named[0],), value.get(named[0])) if named else ((), value)
            refuse([value_fault(error.message, given, *loc)])


def _is_json(content_type: str) -> bool:
    if not content_type:
        return True
    kind, _, name = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (name == "json" or name.endswith("+json"))


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parse_slowly(body)


def _parse_slowly(body: bytes) -> Any:
    """What the standard library makes of a body: the faults, to the offset, are those that FastAPI tells."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_float=_finite, parse_constant=_finite)
    except json.JSONDecodeError as error:
        loc = ("body", error.pos)
        refuse(
            [{"type": "json_invalid", "loc": loc, "msg": "JSON decode error", "input": {}, "ctx": {"error": error.msg}}]
        )
    except (ValueError, RecursionError):  # no UTF-8, NaN, a number of thousands of digits, a thousand levels
        raise Invalid(Reason.BODY_MALFORMED, UNPARSABLE) from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _excused(descriptor: Descriptor, value: Any) -> frozenset[str]:
    if type(value) is not dict:
        return frozenset()
    return frozenset(
        each.name
        for each in descriptor.fields
        if any(type(value.get(name)) is list and value[name] for name in _rules(each).key_required_unless)
    )


def _faults(error: ValidationError) -> Iterable[Fault]:
    for each in error.errors(include_url=False):
        fault: dict[str, Any] = {**each, "loc": ("body", *each["loc"])}
        if "ctx" in fault:
            # FastAPI's encoder makes an empty object of an exception.
            fault["ctx"] = {key: {} if isinstance(item, Exception) else item for key, item in fault["ctx"].items()}
        yield fault


def _rules(described: FieldDescriptor) -> options_pb2.FieldRules:
    rules: options_pb2.FieldRules = extension(described.GetOptions(), options_pb2.field_rules)
    return rules


def _plain(value: Any) -> Any:
    """A model's keys that were sent, by their proto names; free data is passed on as it is."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {fields[name].alias: _plain(getattr(value, name)) for name in fields if name in value.model_fields_set}
    if type(value) is list and value and isinstance(value[0], BaseModel):
        return [_plain(item) for item in value]
    return value


_CONFIG: Final = ConfigDict(extra="ignore", use_enum_values=True)
_INTEGERS: Final = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


class _Models:
    """The pydantic models of one message type and of those below it."""

    def __init__(self) -> None:
        self._known: dict[str, type[BaseModel]] = {}

    def of(self, descriptor: Descriptor, excused: frozenset[str] = frozenset()) -> type[BaseModel]:
        """The model; `excused` keys may be missing."""
        known = self._known.get(descriptor.full_name)
        if known is None:
            fields: dict[str, Any] = {
                # Not the field's own name: pydantic has attributes of its own, such as `copy`.
                f"field_{each.number}": self._field(each, each.name in excused)
                for each in descriptor.fields
            }
            known = create_model(descriptor.name, __config__=_CONFIG, **fields)
            self._known[descriptor.full_name] = known
        return known

    def _field(self, described: FieldDescriptor, excused: bool) -> tuple[Any, Any]:  # noqa: FBT001 - of a pair
        rules, kind = _rules(described), self._kind(described)
        if (rules.key_required or rules.key_required_unless) and not excused:
            return kind, Field(alias=described.name)
        nullable = described.has_presence or described.is_repeated
        return (kind | None if nullable else kind), Field(default=None, alias=described.name)

    def _kind(self, described: FieldDescriptor) -> Any:
        if is_map(described):
            assert described.message_type is not None  # noqa: S101 - narrowing for the type checker
            return dict[str, self._one(described.message_type.fields_by_name["value"])]  # type: ignore[misc]
        one = self._one(described)
        return list[one] if described.is_repeated else one  # type: ignore[valid-type]

    def _one(self, described: FieldDescriptor) -> Any:
        if described.message_type is not None:
            return self._nested(described.message_type)
        if described.cpp_type in _INTEGERS:
            lowest, highest = _INTEGERS[described.cpp_type]
            return Annotated[int, Field(ge=lowest, le=highest)]
        match described.cpp_type:
            case FieldDescriptor.CPPTYPE_BOOL:
                return bool
            case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
                return Annotated[float, Field(allow_inf_nan=False)]
            case FieldDescriptor.CPPTYPE_STRING:
                return _text(described)
        raise ValueError(f"{described.full_name}: no body of this family has a field of its type")

    def _nested(self, descriptor: Descriptor) -> Any:
        match descriptor.full_name:
            case "google.protobuf.Struct":
                return dict[str, Any]
            case "google.protobuf.Value":
                return Any
            case "google.protobuf.ListValue":
                return list[Any]
        entries = entries_field(descriptor)
        if entries is not None:
            return dict[str, self._entry(entries)]  # type: ignore[misc]
        rules: options_pb2.MessageRules = extension(descriptor.GetOptions(), options_pb2.message_rules)
        if rules.text_field and rules.object_field:
            return str | dict[str, Any]
        return self.of(descriptor)

    def _entry(self, entries: EntriesField) -> Any:
        value = self._one(entries.value)
        return value | None if entries.value.has_presence else value


def _text(described: FieldDescriptor) -> Any:
    words = _rules(described).one_of
    return Enum(described.name, {word: word for word in words}) if words else str
