"""From messages to JSON values: one closure per message type and per field, made once per dialect.

A closure takes a value and the depth of the message that it is, or is in; the root has depth 1. Printing raises
Refusal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.wire.dialects import any_types, scalars, times, well_known
from quarterdeck.wire.dialects.conventions import MAX_DEPTH, Conventions, KeyNames, PrintedUnset, UnsetMessage
from quarterdeck.wire.dialects.refusal import Refusal, TooDeep
from quarterdeck.wire.method import extension

PrintMessage = Callable[[Any, int], Any]
PrintUnset = Callable[[int], Any]
IsUnset = Callable[[Any, str], bool]
_KEY_AND_VALUE = 2
FieldPrinters = tuple[scalars.Print | None, PrintMessage | None]
"""For values without messages in them, and for those with; neither when a value is JSON as it is."""


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map, which protobuf declares as a repeated message."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def real_oneof(field: FieldDescriptor) -> str | None:
    """The name of the `oneof` that a field is in; the one that the compiler makes of `optional` does not count."""
    oneof = field.containing_oneof
    return None if oneof is None or _is_optional(field) else str(oneof.name)


def _is_optional(field: FieldDescriptor) -> bool:
    oneof = field.containing_oneof
    return oneof is not None and len(oneof.fields) == 1 and oneof.name == f"_{field.name}"


def _is_omitted(field: FieldDescriptor) -> bool:
    rules: options_pb2.FieldRules = extension(field.GetOptions(), options_pb2.field_rules)
    return rules.omit_unset


def _unset_test(field: FieldDescriptor) -> IsUnset | None:
    """What tells that a field is not to be printed as it is; None when it always is."""
    if field.has_presence:
        return _is_absent
    return _is_empty if _is_omitted(field) else None


def _is_absent(message: Any, name: str) -> bool:
    return not message.HasField(name)


def _is_empty(message: Any, name: str) -> bool:
    return not getattr(message, name)


@dataclass(frozen=True, slots=True)
class EntriesField:
    """The repeated field that stands for an object, and the two fields of its entries."""

    name: str
    key: FieldDescriptor
    value: FieldDescriptor


def entries_field(descriptor: Descriptor) -> EntriesField | None:
    """What the contract names as `entries_field`, None when it does not. Raises ValueError when it cannot be one."""
    rules: options_pb2.MessageRules = extension(descriptor.GetOptions(), options_pb2.message_rules)
    if not rules.entries_field:
        return None
    field = descriptor.fields_by_name.get(rules.entries_field)
    entry = field.message_type if field is not None and field.is_repeated else None
    if entry is None or len(entry.fields) != _KEY_AND_VALUE or any(each.message_type for each in entry.fields):
        raise ValueError(f"{descriptor.full_name} has no list {rules.entries_field!r} of keys and scalar values")
    key, value = entry.fields
    return EntriesField(rules.entries_field, key, value)


class Printers:
    """The compiled printers of one dialect."""

    def __init__(self, conventions: Conventions) -> None:
        self._conventions = conventions
        self._print_time = times.time_printer(conventions.times)
        self._compiled: dict[Descriptor, PrintMessage] = {}
        self._compiling = threading.RLock()

    def of(self, descriptor: Descriptor) -> PrintMessage:
        """The printer of a message type."""
        with self._compiling:  # a recursive type is registered before it is ready
            known = self._compiled.get(descriptor)
            return known if known is not None else self._compile(descriptor)

    def _compile(self, descriptor: Descriptor) -> PrintMessage:
        well_known_printer = self._well_known(descriptor)
        if well_known_printer is not None:
            self._compiled[descriptor] = well_known_printer
            return well_known_printer
        entries = entries_field(descriptor) if self._conventions.entries_as_object else None
        if entries is not None:
            self._compiled[descriptor] = entries_printer = self._entries(entries)
            return entries_printer
        unset = self._conventions.unset
        return self._omitting(descriptor) if unset is None else self._complete(descriptor, unset)

    def _entries(self, entries: EntriesField) -> PrintMessage:
        convert = self._scalar(entries.value)
        name, key, value = entries.name, entries.key.name, entries.value.name
        has_presence = entries.value.has_presence

        def print_entries(message: Any, _depth: int) -> dict[str, Any]:
            printed: dict[str, Any] = {}
            for entry in getattr(message, name):
                if has_presence and not entry.HasField(value):
                    printed[getattr(entry, key)] = None
                else:
                    scalar = getattr(entry, value)
                    printed[getattr(entry, key)] = scalar if convert is None else convert(scalar)
            return printed

        return print_entries

    def _well_known(self, descriptor: Descriptor) -> PrintMessage | None:
        match descriptor.full_name:
            case "google.protobuf.Timestamp":
                print_time = self._print_time
                return lambda message, _: print_time(message)
            case "google.protobuf.Duration":
                return lambda message, _: times.print_duration(message)
            case "google.protobuf.FieldMask":
                return well_known.print_mask
            case "google.protobuf.Struct":
                return well_known.print_struct
            case "google.protobuf.Value":
                return well_known.print_value
            case "google.protobuf.ListValue":
                return well_known.print_list
            case "google.protobuf.Any":
                return self._print_any
        return self._wrapper(descriptor) if descriptor.full_name in any_types.WRAPPERS else None

    def _wrapper(self, descriptor: Descriptor) -> PrintMessage:
        convert = self._scalar(descriptor.fields_by_name["value"])
        if convert is None:
            return lambda message, _: message.value
        return lambda message, _: convert(message.value)

    def _print_any(self, message: Any, depth: int) -> dict[str, Any]:
        if not message.type_url and not message.value:
            return {}
        packed = any_types.type_of(message.type_url)
        try:
            unpacked = GetMessageClass(packed).FromString(message.value)
        except DecodeError as error:
            raise Refusal(f"holds bytes that are no {packed.full_name}") from error
        printed = self.of(packed)(unpacked, depth + 1)
        if packed.full_name in any_types.WITHOUT_OBJECT:
            printed = {"value": printed}
        return {"@type": message.type_url, **printed}

    def _omitting(self, descriptor: Descriptor) -> PrintMessage:
        """The printer of what is set, in the order of the fields' numbers."""
        entries: dict[FieldDescriptor, tuple[str, scalars.Print | None, PrintMessage | None]] = {}
        extendable = descriptor.is_extendable

        def print_message(message: Any, depth: int) -> dict[str, Any]:
            if depth > MAX_DEPTH:
                raise TooDeep
            printed: dict[str, Any] = {}
            field: Any = None
            try:
                for field, value in _fields_without_extensions(message) if extendable else message.ListFields():
                    key, convert, nested = entries[field]
                    if convert is not None:
                        printed[key] = convert(value)
                    elif nested is not None:
                        printed[key] = nested(value, depth + 1)
                    else:
                        printed[key] = value
            except Refusal as refusal:
                refusal.inside_field(field.name)
                raise
            return printed

        self._compiled[descriptor] = print_message  # before the fields: one may be of this very type
        for field in descriptor.fields:
            entries[field] = (self._key(field), *self._field(field))
        return print_message

    def _complete(self, descriptor: Descriptor, unset: PrintedUnset) -> PrintMessage:
        """The printer of every field, in the order of the contract; unset members of a `oneof` are left out."""
        rows: list[tuple[str, str, IsUnset | None, scalars.Print | None, PrintMessage | None, PrintUnset | None]] = []

        def print_message(message: Any, depth: int) -> dict[str, Any]:
            if depth > MAX_DEPTH:
                raise TooDeep
            printed: dict[str, Any] = {}
            name = ""
            try:
                for key, name, is_unset, convert, nested, print_unset in rows:
                    if is_unset is not None and is_unset(message, name):
                        if print_unset is not None:
                            printed[key] = print_unset(depth + 1)
                    elif convert is not None:
                        printed[key] = convert(getattr(message, name))
                    elif nested is not None:
                        printed[key] = nested(getattr(message, name), depth + 1)
                    else:
                        printed[key] = getattr(message, name)
            except Refusal as refusal:
                refusal.inside_field(name)
                raise
            return printed

        self._compiled[descriptor] = print_message
        for field in descriptor.fields:
            print_unset = self._unset(field, unset)
            rows.append((self._key(field), field.name, _unset_test(field), *self._field(field), print_unset))
        return print_message

    def _unset(self, field: FieldDescriptor, unset: PrintedUnset) -> PrintUnset | None:
        """What stands for an unset field with presence; None leaves it out."""
        if real_oneof(field) is not None or _is_omitted(field):
            return None
        if field.message_type is None:
            return lambda _: None
        match field.message_type.full_name:
            case "google.protobuf.Timestamp":
                return lambda _: unset.time
            case "google.protobuf.Struct":
                return lambda _: {}
            case "google.protobuf.ListValue":
                return lambda _: []
            case name if name in any_types.WITHOUT_OBJECT:
                return lambda _: None
        return self._unset_message(field, field.message_type, unset.message)

    def _unset_message(self, field: FieldDescriptor, descriptor: Descriptor, unset: UnsetMessage) -> PrintUnset:
        null_when_optional = unset is UnsetMessage.ZERO_UNLESS_OPTIONAL and _is_optional(field)
        if unset is UnsetMessage.NULL or null_when_optional or _contains_itself(descriptor):
            return lambda _: None
        print_message, zero = self.of(descriptor), GetMessageClass(descriptor)()
        return lambda depth: print_message(zero, depth)

    def _key(self, field: FieldDescriptor) -> str:
        return field.json_name if self._conventions.keys is KeyNames.JSON else field.name

    def _field(self, field: FieldDescriptor) -> FieldPrinters:
        if is_map(field):
            return self._map(field)
        if not field.is_repeated:
            return self._single(field)
        convert, nested = self._item(field)
        if nested is not None:
            return None, _list_of_messages(nested)
        if convert is None:
            return list, None
        return lambda values: [convert(value) for value in values], None

    def _single(self, field: FieldDescriptor) -> FieldPrinters:
        if field.message_type is not None and field.message_type.full_name == "google.protobuf.Timestamp":
            return self._print_time, None  # one call less for the most frequent message of all
        return self._item(field)

    def _item(self, field: FieldDescriptor) -> FieldPrinters:
        if field.message_type is None:
            return self._scalar(field), None
        return None, self.of(field.message_type)

    def _map(self, field: FieldDescriptor) -> FieldPrinters:
        assert field.message_type is not None  # noqa: S101 - narrowing for the type checker
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        convert, nested = self._item(value)
        if nested is not None:
            return None, _map_of_messages(nested)
        if convert is not None:
            return _map_of_converted(convert), None
        if key.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            # `dict(values)` would go through Python's Mapping mix-in.
            return _map_of_texts, None
        return lambda values: {scalars.print_key(key): values[key] for key in values}, None

    def _scalar(self, field: FieldDescriptor) -> scalars.Print | None:
        return scalars.printer(field, int64_as_text=self._conventions.int64_as_text)


def _fields_without_extensions(message: Any) -> list[tuple[FieldDescriptor, Any]]:
    # An extension has no key in any dialect.
    return [(field, value) for field, value in message.ListFields() if not field.is_extension]


def _list_of_messages(nested: PrintMessage) -> PrintMessage:
    def print_list(values: Any, depth: int) -> list[Any]:
        printed: list[Any] = []
        try:
            for value in values:
                printed.append(nested(value, depth))  # noqa: PERF401 - its length is the index of a refused item
        except Refusal as refusal:
            refusal.inside_item(len(printed))
            raise
        return printed

    return print_list


def _map_of_texts(values: Any) -> dict[str, Any]:
    printed = {}
    for key in values:
        printed[key] = values[key]
    return printed


def _map_of_messages(nested: PrintMessage) -> PrintMessage:
    def print_map(values: Any, depth: int) -> dict[str, Any]:
        printed: dict[str, Any] = {}
        key: Any = None
        try:
            for key in values:
                printed[scalars.print_key(key)] = nested(values[key], depth)
        except Refusal as refusal:
            refusal.inside_entry(key)
            raise
        return printed

    return print_map


def _map_of_converted(convert: scalars.Print) -> scalars.Print:
    nested = _map_of_messages(lambda value, _: convert(value))
    return lambda values: nested(values, 0)


def _contains_itself(descriptor: Descriptor) -> bool:
    """Whether printing an empty message of this type with all its sub-messages would never end."""
    reached: set[str] = set()
    ahead = [descriptor]
    while ahead:
        for field in ahead.pop().fields:
            nested = field.message_type
            if nested is None or field.is_repeated or nested.full_name in reached:
                continue
            if nested.full_name == descriptor.full_name:
                return True
            reached.add(nested.full_name)
            ahead.append(nested)
    return False
