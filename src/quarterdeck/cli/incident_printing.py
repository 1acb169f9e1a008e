"""How incidents look on a terminal and as JSON. What people wrote is shown on one line, without control characters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.cli.client import Connection, print_json, print_table
from quarterdeck.gen.incident.v1 import activity_pb2, incident_pb2, task_pb2, user_pb2
from quarterdeck.incidents.durations import in_words
from quarterdeck.incidents.times import format_time
from quarterdeck.wire.dialects import protojson


def print_incident(connection: Connection, found: incident_pb2.Incident, output: str, verb: str) -> None:
    if output == "json":
        print_json(found)
        return
    click.echo(f"incident {found.incident_id} {verb}: {shown(found.title)} ({found.status}, {shown(found.severity)})")
    click.echo(f"{connection.url}{found.overview_url}")


def print_card(connection: Connection, found: incident_pb2.Incident) -> None:
    rows = [
        ("Incident", found.incident_id),
        ("Title", shown(found.title)),
        ("Status", found.status),
        ("Severity", shown(found.severity)),
        ("Type", found.incident_type + (", drill" if found.is_drill else "")),
        ("Declared", f"{in_seconds(found.created_time)} by {shown(person(found.created_by_user))}"),
        ("Started", in_seconds(found.incident_start)),
        ("Ended", in_seconds(found.incident_end) if found.HasField("incident_end") else "-"),
        ("Duration", in_words(found.duration_seconds)),
        ("Labels", shown(", ".join(map(label_text, found.labels))) or "-"),
        ("Link", f"{connection.url}{found.overview_url}"),
    ]
    for name, value in rows:
        click.echo(f"{name + ':':<10} {value}")
    if found.incident_membership.assignments:
        click.echo()
        print_roles(found, "text")
    if found.task_list.tasks:
        click.echo()
        print_tasks(found.task_list, "text")


def print_roles(found: incident_pb2.Incident, output: str) -> None:
    if output == "json":
        print_json(found.incident_membership)
        return
    held = found.incident_membership.assignments
    print_table(
        ("ROLE", "PERSON", "USER ID"),
        ((shown(each.role.name), shown(person(each.user)), each.user.user_id) for each in held),
    )


def print_tasks(tasks: task_pb2.TaskList, output: str) -> None:
    if output == "json":
        print_json(tasks)
        return
    print_table(
        ("TASK", "STATUS", "WHO", "TEXT"),
        ((each.task_id, each.status, shown(person(each.assigned_user)) or "-", shown(each.text))
         for each in tasks.tasks),
    )  # fmt: skip


def print_timeline(items: Iterable[activity_pb2.ActivityItem]) -> None:
    for item in items:
        details = ", ".join(f"{key}={shown(_plain(item.field_values[key]))}" for key in item.field_values)
        subject = f" {shown(item.subject_user.name)}" if item.subject_user.user_id else ""
        words = shown(item.body) or details
        click.echo(f"{in_seconds(item.event_time)}  {item.activity_kind}{subject}  {words}".rstrip())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else "…"


def person(user: user_pb2.UserPreview) -> str:
    return user.name or user.user_id


def shown(text: str) -> str:
    """On one line, and nothing in it that a terminal would take as a command."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))


def moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def in_seconds(stamp: Timestamp) -> str:
    return format_time(moment(stamp).replace(microsecond=0))


def as_json(message: Message) -> Any:
    return protojson.codec(type(message)).to_json(message)


def indented(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def print_values(value: Any) -> None:
    click.echo(indented(value), nl=False)


def label_text(label: incident_pb2.IncidentLabel) -> str:
    return f"{label.key}:{label.label}"
