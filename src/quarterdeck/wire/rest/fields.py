"""What the REST rooms ask of field descriptors, and how a value gets into a field."""

from __future__ import annotations

from typing import Any, cast

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

HTTP_BODY: type[Message] = HttpBody
"""`google.api.HttpBody`: raw bytes and their content type, in place of a message in JSON."""


def descriptor_of(message_class: type[Message]) -> Descriptor:
    """A class's descriptor; the stubs name two types for it, which are one at run time."""
    return cast("Descriptor", message_class.DESCRIPTOR)


def field_of(descriptor: Descriptor, name: str) -> FieldDescriptor | None:
    """A field by its proto name."""
    return descriptor.fields_by_name.get(name)


def message_of(field: FieldDescriptor) -> Descriptor | None:
    """The message type of a field, None for a scalar."""
    return field.message_type


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    message = message_of(field)
    return message is not None and message.GetOptions().map_entry


def map_entry(field: FieldDescriptor) -> tuple[FieldDescriptor, FieldDescriptor]:
    """The key and the value of a map field."""
    entry = cast("Descriptor", field.message_type)
    return entry.fields_by_name["key"], entry.fields_by_name["value"]


def is_raw(descriptor: Descriptor | None) -> bool:
    """Whether a message is a `google.api.HttpBody`."""
    return descriptor is not None and descriptor.full_name == descriptor_of(HTTP_BODY).full_name


def single_message(field: FieldDescriptor) -> Descriptor | None:
    """The message type of a field that holds one message; None for scalars, lists and maps."""
    return None if field.is_repeated else message_of(field)


def set_value(parent: Message, field: FieldDescriptor, value: Any) -> None:
    """Set a field, or append to one that repeats."""
    if field.is_repeated:
        getattr(parent, field.name).append(value)
    elif isinstance(value, Message):
        nested: Message = getattr(parent, field.name)
        nested.SetInParent()
        nested.CopyFrom(value)
    else:
        setattr(parent, field.name, value)
