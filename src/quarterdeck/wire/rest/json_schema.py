"""JSON Schema of messages as protojson prints them, or with proto names as keys: one component per message and enum."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.wire.rest.fields import is_map, map_entry, message_of

Json = dict[str, Any]

_F = FieldDescriptor
_RULES: Any = options_pb2.field_rules
_MESSAGE_RULES: Any = options_pb2.message_rules
_NULL = "google.protobuf.NullValue"
_ERROR: Json = {
    "type": "object",
    "description": "An error as Connect prints it.",
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "description": "The Connect code, such as invalid_argument."},
        "message": {"type": "string"},
        "details": {"type": "array", "items": {"type": "object"}},
    },
}
_SCALARS: Mapping[int, Json] = {
    _F.TYPE_BOOL: {"type": "boolean"},
    _F.TYPE_STRING: {"type": "string"},
    _F.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    _F.TYPE_FLOAT: {"type": "number", "format": "float"},
    _F.TYPE_DOUBLE: {"type": "number", "format": "double"},
    **{kind: {"type": "integer", "format": "int32"} for kind in (_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32)},
    **{kind: {"type": "integer", "format": "uint32", "minimum": 0} for kind in (_F.TYPE_UINT32, _F.TYPE_FIXED32)},
    **{kind: {"type": "string", "format": "int64"} for kind in (_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64)},
    **{kind: {"type": "string", "format": "uint64"} for kind in (_F.TYPE_UINT64, _F.TYPE_FIXED64)},
}
WELL_KNOWN: Mapping[str, Json] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(?:\.[0-9]{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string", "description": "Field names in camelCase, joined by commas."},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Any": {"type": "object", "required": ["@type"], "properties": {"@type": {"type": "string"}}},
    "google.protobuf.BoolValue": {"type": ["boolean", "null"]},
    "google.protobuf.StringValue": {"type": ["string", "null"]},
    "google.protobuf.BytesValue": {"type": ["string", "null"], "contentEncoding": "base64"},
    "google.protobuf.FloatValue": {"type": ["number", "null"], "format": "float"},
    "google.protobuf.DoubleValue": {"type": ["number", "null"], "format": "double"},
    "google.protobuf.Int32Value": {"type": ["integer", "null"], "format": "int32"},
    "google.protobuf.UInt32Value": {"type": ["integer", "null"], "format": "uint32"},
    "google.protobuf.Int64Value": {"type": ["string", "null"], "format": "int64"},
    "google.protobuf.UInt64Value": {"type": ["string", "null"], "format": "uint64"},
}


class Schemas:
    """One component per message and enum that something refers to."""

    def __init__(self, proto_named: Container[str] = ()) -> None:
        """`proto_named` are the proto packages whose JSON has the proto names as keys."""
        self._proto_named = proto_named
        self._known: dict[str, Json] = {}
        self._waiting: list[Descriptor | EnumDescriptor] = []
        self._named: set[str] = {"Error"}

    def finish(self) -> Json:
        """Every component, by name."""
        while self._waiting:
            descriptor = self._waiting.pop()
            schema = _enum(descriptor) if isinstance(descriptor, EnumDescriptor) else self._message(descriptor)
            self._known[descriptor.full_name] = schema
        return {"Error": _ERROR, **dict(sorted(self._known.items()))}

    def of_message(self, descriptor: Descriptor) -> Json:
        """A reference to a message, or the schema of a well-known one."""
        well_known = WELL_KNOWN.get(descriptor.full_name)
        return dict(well_known) if well_known is not None else _short_form(descriptor) or self._reference(descriptor)

    def of_field(self, field: FieldDescriptor) -> Json:
        """The JSON of a field: an object for a map, an array for one that repeats."""
        if is_map(field):
            return _limited({"type": "object", "additionalProperties": self.of_entry(map_entry(field)[1])}, field)
        if field.is_repeated:
            return _limited({"type": "array", "items": self.of_entry(field)}, field)
        return _limited(self.of_entry(field), field)

    def of_entry(self, field: FieldDescriptor) -> Json:
        """The JSON of one value of a field."""
        message = message_of(field)
        if message is not None:
            return self.of_message(message)
        if field.enum_type is not None:
            return {"type": "null"} if field.enum_type.full_name == _NULL else self._reference(field.enum_type)
        return dict(_SCALARS[field.type])

    def _reference(self, descriptor: Descriptor | EnumDescriptor) -> Json:
        if descriptor.full_name not in self._named:
            self._named.add(descriptor.full_name)
            self._waiting.append(descriptor)
        return {"$ref": f"#/components/schemas/{descriptor.full_name}"}

    def _message(self, descriptor: Descriptor) -> Json:
        by_name = descriptor.file.package in self._proto_named
        keys = {each: each.name if by_name else each.json_name for each in descriptor.fields}
        schema: Json = {"type": "object", "properties": {key: self.of_field(each) for each, key in keys.items()}}
        required = [key for each, key in keys.items() if field_rules(each).required or field_rules(each).key_required]
        return {**schema, "required": required} if required else schema


def _short_form(descriptor: Descriptor) -> Json | None:
    """The schema of a message that is never written as the object of its fields."""
    rules: options_pb2.MessageRules = descriptor.GetOptions().Extensions[_MESSAGE_RULES]
    if rules.entries_field:
        return {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    if rules.object_field:
        return {"oneOf": [{"type": "string"}, {"type": "object"}]} if rules.text_field else {"type": "object"}
    return None


def _enum(descriptor: EnumDescriptor) -> Json:
    return {"type": "string", "enum": [value.name for value in descriptor.values]}


def field_rules(field: FieldDescriptor) -> options_pb2.FieldRules:
    """The limits that the contract states for a field; empty when there are none."""
    rules: options_pb2.FieldRules = field.GetOptions().Extensions[_RULES]
    return rules


def _limited(schema: Json, field: FieldDescriptor) -> Json:
    rules = field_rules(field)
    if rules.max_length:
        schema["maxLength"] = rules.max_length
    if rules.max_items:
        schema["maxProperties" if is_map(field) else "maxItems"] = rules.max_items
    if rules.pattern:
        schema["pattern"] = f"^(?:{rules.pattern})$"
    if rules.one_of:
        schema["enum"] = list(rules.one_of)
    # 64-bit integers are strings in JSON, where a range has no place.
    if rules.HasField("minimum") and schema.get("type") != "string":
        schema["minimum"] = rules.minimum
    if rules.HasField("maximum") and schema.get("type") != "string":
        schema["maximum"] = rules.maximum
    return schema
