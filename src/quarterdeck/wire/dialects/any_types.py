"""Which message a `google.protobuf.Any` holds, and which messages are no JSON object."""

from __future__ import annotations

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor

from quarterdeck.wire.dialects.refusal import Refusal, show

WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
)
WITHOUT_OBJECT = WRAPPERS | {
    f"google.protobuf.{name}" for name in ("Any", "Duration", "FieldMask", "ListValue", "Struct", "Timestamp", "Value")
}
"""The types whose JSON is not an object with the fields as keys; within an Any it is below `value`."""


def type_of(type_url: str) -> Descriptor:
    """The type of the message that a type URL names. Raises Refusal for one that this server does not know."""
    try:
        return descriptor_pool.Default().FindMessageTypeByName(type_url.rpartition("/")[2])
    except (KeyError, UnicodeEncodeError) as error:
        raise Refusal(f"holds a message of the unknown type {show(type_url)}") from error
