"""Between timeline items and their messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from quarterdeck.gen.incident.v1 import activity_pb2
from quarterdeck.incidents.convert import from_moment, from_user
from quarterdeck.incidents.incident import ActivityItem
from quarterdeck.incidents.users import public_id
from quarterdeck.messages import plain_struct

DEEPEST_FIELD_VALUES: Final = 30
"""A level of a Struct is three messages deep, and protobuf's readers in C++, Java and Python give up at a hundred."""


def to_field_values(message: struct_pb2.Struct, *, field: str = "field_values") -> dict[str, Any]:
    """Plain JSON values. Raises Invalid for what JSON has not: NaN, infinities, endless depth."""
    return plain_struct(message, field, deepest=DEEPEST_FIELD_VALUES)


def from_item(item: ActivityItem) -> activity_pb2.ActivityItem:
    return activity_pb2.ActivityItem(
        activity_item_id=str(item.number),
        incident_id=str(item.incident_id),
        user=from_user(item.user),
        subject_user=from_user(item.subject_user),
        created_time=from_moment(item.created_at),
        event_time=from_moment(item.event_time),
        activity_kind=item.kind,
        body=item.body,
        url=item.url,
        tags=item.tags,
        immutable=item.immutable,
        field_values=_struct(item.field_values),
        attachments=[_link(item, number, each["url"]) for number, each in enumerate(item.attachments, start=1)],
        relevance=item.relevance,
    )


def _link(item: ActivityItem, number: int, url: str) -> activity_pb2.Attachment:
    """An address in a note: nothing is copied from there, so its type and size are not known."""
    return activity_pb2.Attachment(
        attachment_id=f"{item.number}-{number}",
        attached_by_user_id=public_id(item.user.id),
        source_url=url,
        use_source_url=True,
        upload_time=from_moment(item.created_at),
        file_type="file",
        display_type="list",
        download_url=url,
    )


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(dict(values))
    return struct
