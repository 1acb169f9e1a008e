"""From JSON values to messages: one closure per message type and per field, made once per dialect.

A closure fills an empty message; the depth is that of the message, and the root's is 1. Parsing raises Refusal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import EncodeError
from google.protobuf.message_factory import GetMessageClass

from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.wire.dialects import any_types, scalars, times, well_known
from quarterdeck.wire.dialects.conventions import MAX_DEPTH, Conventions, KeyNames, Nulls
from quarterdeck.wire.dialects.printing import entries_field, is_map, real_oneof
from quarterdeck.wire.dialects.refusal import Refusal, TooDeep, expected, show
from quarterdeck.wire.method import extension

Fill = Callable[[Any, Any, int], None]
Entry = tuple[str, str, bool, scalars.Read | None, Fill]
"""A field as a key finds it: its name; the key that must not come beside this one, if any; whether null is a value;
what reads a plain value; and what stores any other in the field's message."""

_NULL_IS_A_VALUE = ("google.protobuf.Value", "google.protobuf.NullValue")


class Parsers:
    """The compiled parsers of one dialect."""

    def __init__(self, conventions: Conventions) -> None:
        self._conventions = conventions
        self._compiled: dict[Descriptor, Fill] = {}
        self._compiling = threading.RLock()

    def of(self, descriptor: Descriptor) -> Fill:
        """The parser of a message type."""
        with self._compiling:  # a recursive type is registered before it is ready
            known = self._compiled.get(descriptor)
            return known if known is not None else self._compile(descriptor)

    def _compile(self, descriptor: Descriptor) -> Fill:
        fill = self._well_known(descriptor) or self._entries_object(descriptor)
        if fill is None:
            return self._message(descriptor)
        self._compiled[descriptor] = fill
        return fill

    def _well_known(self, descriptor: Descriptor) -> Fill | None:
        match descriptor.full_name:
            case "google.protobuf.Timestamp":
                return _fill_time
            case "google.protobuf.Duration":
                return _fill_duration
            case "google.protobuf.FieldMask":
                return well_known.fill_mask
            case "google.protobuf.Struct":
                return well_known.fill_struct
            case "google.protobuf.Value":
                return well_known.fill_value
            case "google.protobuf.ListValue":
                return well_known.fill_list
            case "google.protobuf.Any":
                return self._fill_any
        return _wrapper(descriptor) if descriptor.full_name in any_types.WRAPPERS else None

    def _entries_object(self, descriptor: Descriptor) -> Fill | None:
        entries = entries_field(descriptor) if self._conventions.entries_as_object else None
        if entries is None:
            return None
        name, key_name, value_name = entries.name, entries.key.name, entries.value.name
        read = scalars.reader(entries.value)

        def fill(message: Any, value: Any, _depth: int) -> None:
            if type(value) is not dict:
                raise expected("an object", value)
            key: Any = None
            try:
                for key, item in value.items():
                    entry = getattr(message, name).add(**{key_name: scalars.read_text(key)})
                    if item is not None:
                        setattr(entry, value_name, read(item))
            except Refusal as refusal:
                refusal.inside_entry(key)
                raise

        return fill

    def _fill_any(self, message: Any, value: Any, depth: int) -> None:
        if type(value) is not dict:
            raise expected("an object", value)
        if not value:
            return
        type_url = value.get("@type")
        if type(type_url) is not str:
            raise Refusal('needs the type of what it holds under the key "@type"')
        packed = any_types.type_of(type_url)
        rest: Any = {key: item for key, item in value.items() if key != "@type"}
        if packed.full_name in any_types.WITHOUT_OBJECT:
            if "value" not in rest:
                raise Refusal(f'needs a {packed.full_name} under the key "value"')
            rest = rest["value"]
        unpacked = GetMessageClass(packed)()
        self.of(packed)(unpacked, rest, depth + 1)
        try:
            message.value = unpacked.SerializeToString()
        except EncodeError as error:  # the binary form counts the levels of maps, too
            raise TooDeep from error
        message.type_url = type_url

    def _message(self, descriptor: Descriptor) -> Fill:
        text_field, object_field = self._short_forms(descriptor)
        if object_field:
            self._compiled[descriptor] = fill_either = self._either(descriptor, text_field, object_field)
            return fill_either
        entries: dict[str, Entry] = {}
        resolve = self._key_resolver(descriptor)
        refuses_unknown = not self._conventions.unknown_keys_ignored
        refuses_null = self._conventions.nulls is Nulls.REFUSED

        def fill(message: Any, value: Any, depth: int) -> None:
            if type(value) is not dict:
                if text_field and type(value) is str:
                    value = {text_field: value}
                else:
                    raise expected("an object", value)
            if depth > MAX_DEPTH:
                raise TooDeep
            name = ""
            try:
                for key, item in (value if resolve is None else resolve(value)).items():
                    entry = entries.get(key)
                    if entry is None:
                        if refuses_unknown:
                            name = show(key)
                            raise _unknown(descriptor)
                        continue
                    name, twin, takes_null, read, store = entry
                    if twin and twin in value:
                        raise _given_twice(key, twin)
                    if item is None and not takes_null:
                        if refuses_null:
                            raise _must_not_be_null()
                    elif read is not None:
                        setattr(message, name, read(item))
                    else:
                        store(message, item, depth + 1)
            except Refusal as refusal:
                refusal.inside_field(name)
                raise
            except UnicodeEncodeError as error:
                raise half_a_pair(name) from error

        self._compiled[descriptor] = fill  # before the fields: one may be of this very type
        entries.update(self._entries(descriptor))
        return fill

    def _entries(self, descriptor: Descriptor) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        made = [(field, self._field(field)) for field in descriptor.fields]
        for field, entry in made:
            twin = "" if self._conventions.any_key_case else field.json_name
            entries[field.name] = (field.name, twin, *entry)
        for field, entry in made:  # a JSON name wins over the proto name of another field
            entries[field.json_name] = (field.name, "", *entry)
        return entries

    def _key_resolver(self, descriptor: Descriptor) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
        """What spells an object's keys as the dialect prints them, where any case is read."""
        if not self._conventions.any_key_case:
            return None
        by_json = self._conventions.keys is KeyNames.JSON
        spellings: dict[str, str] = {}
        for field in descriptor.fields:
            printed = field.json_name if by_json else field.name
            spellings.setdefault(field.json_name.lower(), printed)
            spellings.setdefault(field.name.lower(), printed)

        def resolve(value: dict[str, Any]) -> dict[str, Any]:
            resolved: dict[str, Any] = {}
            for key, item in value.items():
                printed = spellings.get(key.lower()) if type(key) is str else None
                if printed is None:
                    resolved[key] = item
                elif key == printed or printed not in value:
                    resolved[printed] = item
            return resolved

        return resolve

    def _field(self, field: FieldDescriptor) -> tuple[bool, scalars.Read | None, Fill]:
        takes_null = _takes_null(field) and not field.is_repeated
        oneof = real_oneof(field)
        if is_map(field):
            return False, None, self._map(field)
        if field.is_repeated:
            return False, None, self._list(field)
        store = self._scalar(field) if field.message_type is None else self._single(field)
        if oneof is not None:
            return takes_null, None, _exclusive(oneof, store)
        return takes_null, scalars.reader(field) if field.message_type is None else None, store

    def _scalar(self, field: FieldDescriptor) -> Fill:
        name, read = field.name, scalars.reader(field)

        def store(message: Any, value: Any, _depth: int) -> None:
            setattr(message, name, read(value))

        return store

    def _single(self, field: FieldDescriptor) -> Fill:
        assert field.message_type is not None  # noqa: S101 - narrowing for the type checker
        name, fill = field.name, self.of(field.message_type)
        unset_text = self._unset_text(field.message_type)

        def store(message: Any, value: Any, depth: int) -> None:
            if unset_text is not None and value == unset_text:
                return
            nested = getattr(message, name)
            nested.SetInParent()
            fill(nested, value, depth)

        return store

    def _unset_text(self, descriptor: Descriptor) -> str | None:
        if self._conventions.unset is None or descriptor.full_name != "google.protobuf.Timestamp":
            return None
        return self._conventions.unset.time

    def _short_forms(self, descriptor: Descriptor) -> tuple[str, str]:
        """The fields that a bare text and any object stand for, empty for none."""
        if not self._conventions.bare_texts:
            return "", ""
        rules: options_pb2.MessageRules = extension(descriptor.GetOptions(), options_pb2.message_rules)
        return rules.text_field, rules.object_field

    def _either(self, descriptor: Descriptor, text_field: str, object_field: str) -> Fill:
        """Reads a message whose object form is free data: nothing but the two short forms is left."""
        nested = descriptor.fields_by_name[object_field].message_type
        assert nested is not None  # noqa: S101 - narrowing for the type checker
        fill_object = self.of(nested)

        def fill(message: Any, value: Any, depth: int) -> None:
            if text_field and type(value) is str:
                setattr(message, text_field, value)
                return
            free = getattr(message, object_field)
            free.SetInParent()
            fill_object(free, value, depth + 1)

        return fill

    def _drops_null(self, field: FieldDescriptor) -> bool:
        return self._conventions.nulls is Nulls.DROPPED and not _takes_null(field)

    def _list(self, field: FieldDescriptor) -> Fill:
        name, drops_null = field.name, self._drops_null(field)
        add = self._item_adder(field)

        def store(message: Any, value: Any, depth: int) -> None:
            if type(value) is not list:
                raise expected("a list", value)
            items = getattr(message, name)
            index = 0
            try:
                for index, item in enumerate(value):  # noqa: B007 - the index of a refused item
                    if item is not None or not drops_null:
                        add(items, item, depth)
            except Refusal as refusal:
                refusal.inside_item(index)
                raise

        return store

    def _item_adder(self, field: FieldDescriptor) -> Fill:
        if field.message_type is None:
            read = scalars.reader(field)
            return lambda items, item, _: items.append(read(item))
        fill = self.of(field.message_type)
        return lambda items, item, depth: fill(items.add(), item, depth)

    def _map(self, field: FieldDescriptor) -> Fill:
        assert field.message_type is not None  # noqa: S101 - narrowing for the type checker
        name = field.name
        key_field, value_field = (field.message_type.fields_by_name[part] for part in ("key", "value"))
        read_key, drops_null = scalars.key_reader(key_field), self._drops_null(value_field)
        put = self._entry_putter(value_field)

        def store(message: Any, value: Any, depth: int) -> None:
            if type(value) is not dict:
                raise expected("an object", value)
            entries = getattr(message, name)
            key: Any = None
            try:
                for key, item in value.items():
                    if item is not None or not drops_null:
                        put(entries, read_key(key), item, depth)
            except Refusal as refusal:
                refusal.inside_entry(key)
                raise

        return store

    def _entry_putter(self, value_field: FieldDescriptor) -> Callable[[Any, Any, Any, int], None]:
        if value_field.message_type is None:
            read = scalars.reader(value_field)
            return lambda entries, key, item, _: entries.__setitem__(key, read(item))
        fill = self.of(value_field.message_type)
        return lambda entries, key, item, depth: fill(entries[key], item, depth)


def _takes_null(field: FieldDescriptor) -> bool:
    declared = field.message_type or field.enum_type
    return declared is not None and declared.full_name in _NULL_IS_A_VALUE


def _unknown(descriptor: Descriptor) -> Refusal:
    names = [field.json_name for field in descriptor.fields]
    return Refusal(f"is no field of {descriptor.name}; known are {', '.join(names[:20])}{', …' * (len(names) > 20)}")


def _given_twice(key: str, twin: str) -> Refusal:
    return Refusal(f"is given twice, as {key!r} and as {twin!r}")


def _must_not_be_null() -> Refusal:
    return Refusal("must not be null; leave it out")


def half_a_pair(name: str = "") -> Refusal:
    """The refusal of a text that UTF-8 cannot carry, which a caller of `from_json` can make but no body."""
    refusal = Refusal("must not contain half a surrogate pair")
    if name:
        refusal.inside_field(name)
    return refusal


def _exclusive(oneof: str, store: Fill) -> Fill:
    def store_once(message: Any, value: Any, depth: int) -> None:
        other = message.WhichOneof(oneof)
        if other is not None:
            raise Refusal(f"cannot be given beside {other!r}: only one of {oneof!r} can be set")
        store(message, value, depth)

    return store_once


def _wrapper(descriptor: Descriptor) -> Fill:
    read = scalars.reader(descriptor.fields_by_name["value"])

    def fill(message: Any, value: Any, _depth: int) -> None:
        message.value = read(value)

    return fill


def _fill_time(message: Any, value: Any, _depth: int) -> None:
    message.seconds, message.nanos = times.read_time(value)


def _fill_duration(message: Any, value: Any, _depth: int) -> None:
    message.seconds, message.nanos = times.read_duration(value)
