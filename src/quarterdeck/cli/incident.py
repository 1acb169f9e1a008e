"""`quarterdeck incident`: declare incidents, work them, and write their review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.cli.client import (
    Connection,
    connected,
    fail,
    output_option,
    print_json,
    print_table,
    text_or_stdin,
)
from quarterdeck.cli.incident_calls import (
    LARGEST_PAGE,
    add_note,
    edits,
    get_incident,
    read_field_values,
    read_key_updates,
    read_timeline,
    to_label,
)
from quarterdeck.cli.incident_printing import (
    as_json,
    in_seconds,
    indented,
    label_text,
    print_card,
    print_incident,
    print_roles,
    print_tasks,
    print_timeline,
    print_values,
    shown,
)
from quarterdeck.clock import SystemClock
from quarterdeck.errors import DomainError
from quarterdeck.gen.incident.v1 import incident_pb2
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as ipb
from quarterdeck.gen.incident.v1 import tasks_service_pb2 as tpb
from quarterdeck.gen.incident.v1.incidents_service_connect import IncidentsServiceClientSync
from quarterdeck.gen.incident.v1.paging_pb2 import Cursor
from quarterdeck.gen.incident.v1.tasks_service_connect import TasksServiceClientSync
from quarterdeck.incidents.times import parse_time


class Moment(click.ParamType[Timestamp]):
    """RFC 3339 with an offset, as a message; `now` is the moment of the call."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Timestamp:
        if isinstance(value, Timestamp):
            return value
        try:
            moment = SystemClock().now() if value == "now" else parse_time(str(value), field="the time")
        except DomainError as error:
            self.fail(error.message, param, ctx)
        stamp = Timestamp()
        stamp.FromDatetime(moment or self.fail("is empty; a time is needed", param, ctx))
        return stamp


MOMENT = Moment()


@click.group()
def incident() -> None:
    """Declare incidents, work them, and write their review."""


@incident.command()
@click.argument("title")
@click.option("--severity", default="", help="A severity's label; Pending when absent.")
@click.option("--status", default="", help="resolved for one that is over, or a custom status.")
@click.option("--label", "labels", multiple=True, metavar="[KEY:]VALUE", help="A label; repeatable.")
@click.option("--drill", is_flag=True, help="It is an exercise.")
@click.option("--private", is_flag=True, help="Only its creator, role holders and admins see it.")
@click.option("--attach-url", default="", metavar="URL", help="A link that belongs to it.")
@click.option("--attach-caption", default="", help="What the link is.")
@click.option("--update", "status_update", default="", help="The first status update.")
@output_option
@connected
def declare(
    connection: Connection,
    title: str,
    severity: str,
    status: str,
    labels: tuple[str, ...],
    drill: bool,
    private: bool,
    attach_url: str,
    attach_caption: str,
    status_update: str,
    output: str,
) -> None:
    """Declare an incident with TITLE, and print its number."""
    request = ipb.CreateIncidentRequest(
        title=title,
        severity=severity,
        status=status,
        labels=map(to_label, labels),
        is_drill=drill,
        incident_type="private" if private else "",
        attach_url=attach_url,
        attach_caption=attach_caption,
        initial_status_update=status_update,
    )
    with connection.client(IncidentsServiceClientSync) as client:
        answer = client.create_incident(request, headers=connection.headers)
    print_incident(connection, answer.incident, output, "declared")


@incident.command("list")
@click.argument("query", default="")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@output_option
@connected
def list_incidents(connection: Connection, query: str, limit: int, output: str) -> None:
    """List incidents, all or those that QUERY finds, such as 'status:active severity:major'."""
    previews: list[incident_pb2.IncidentPreview] = []
    cursor = Cursor()
    with connection.client(IncidentsServiceClientSync) as client:
        while len(previews) < limit:
            wanted = ipb.IncidentPreviewsQuery(
                query_string=query, limit=min(limit - len(previews), LARGEST_PAGE), order_direction="DESC"
            )
            page = client.query_incident_previews(
                ipb.QueryIncidentPreviewsRequest(query=wanted, cursor=cursor), headers=connection.headers
            )
            previews += page.incident_previews
            cursor = page.cursor
            if not cursor.has_more:
                break
    if output == "json":
        print_json(ipb.QueryIncidentPreviewsResponse(incident_previews=previews, cursor=cursor))
        return
    print_table(
        ("ID", "STATUS", "SEVERITY", "DECLARED", "TITLE", "LABELS"),
        (
            (each.incident_id, each.status, shown(each.severity_label), in_seconds(each.created_time),
             shown(each.title) + (" (drill)" if each.is_drill else ""),
             shown(", ".join(map(label_text, each.labels))) or "-")
            for each in previews
        ),
    )  # fmt: skip


@incident.command()
@click.argument("incident_id")
@click.option("--timeline", is_flag=True, help="Show what happened, too, the oldest first.")
@output_option
@connected
def show(connection: Connection, incident_id: str, timeline: bool, output: str) -> None:
    """Show an incident."""
    with connection.client(IncidentsServiceClientSync) as client:
        found = get_incident(connection, client, incident_id)
    items = read_timeline(connection, incident_id) if timeline else []
    if output == "json" and timeline:
        print_values({"incident": as_json(found), "activityItems": [as_json(item) for item in items]})
    elif output == "json":
        print_json(found)
    else:
        print_card(connection, found)
        print_timeline(items)


@incident.command()
@click.argument("incident_id")
@click.option("--title", help="The new title.")
@click.option("--severity", help="A severity's label.")
@click.option("--status", help="active, resolved or a custom status.")
@click.option("--drill/--no-drill", default=None, help="Whether it is an exercise.")
@click.option("--label", "labels", multiple=True, metavar="[KEY:]VALUE", help="Add a label; repeatable.")
@click.option("--remove-label", "removed", multiple=True, metavar="[KEY:]VALUE", help="Take one off; repeatable.")
@click.option("--started", type=MOMENT, help="When it began: RFC 3339, or now.")
@click.option("--ended", type=MOMENT, help="When it ended: RFC 3339, or now.")
@output_option
@connected
def update(connection: Connection, incident_id: str, output: str, **wanted: Any) -> None:
    """Change an incident. Several changes are made one after the other, up to the first that is refused."""
    if all(value in (None, ()) for value in wanted.values()):
        raise click.UsageError("nothing to change; name at least one option, such as --title")
    with connection.client(IncidentsServiceClientSync) as client:
        for edit in edits(client, connection.headers, get_incident(connection, client, incident_id), **wanted):
            edit()
        found = get_incident(connection, client, incident_id)
    print_incident(connection, found, output, "updated")


@incident.command()
@click.argument("incident_id")
@click.argument("text")
@click.option("--at", "event_time", type=MOMENT, help="When it happened: RFC 3339, or now.")
@output_option
@connected
def note(connection: Connection, incident_id: str, text: str, event_time: Timestamp | None, output: str) -> None:
    """Add TEXT to the timeline; - reads it from the standard input."""
    item = add_note(connection, incident_id, text_or_stdin(text, needs="a note needs text"), event_time)
    if output == "json":
        print_json(item)
        return
    click.echo(f"note {item.activity_item_id} added to incident {item.incident_id}")


@incident.command()
@click.argument("incident_id")
@click.option("--note", "text", default="", help="Add this to the timeline first.")
@click.option("--ended", type=MOMENT, help="When it ended, when that is not now: RFC 3339.")
@output_option
@connected
def resolve(connection: Connection, incident_id: str, text: str, ended: Timestamp | None, output: str) -> None:
    """Resolve an incident."""
    if text:
        add_note(connection, incident_id, text, None)
    with connection.client(IncidentsServiceClientSync) as client:
        before = get_incident(connection, client, incident_id)
        for edit in edits(client, connection.headers, before, status="resolved", ended=ended):
            edit()
        found = get_incident(connection, client, incident_id)
    print_incident(connection, found, output, "resolved")


@incident.command()
@click.argument("incident_id")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead.")
@output_option
@connected
def export(connection: Connection, incident_id: str, out: Path | None, output: str) -> None:
    """Write the post-incident review: Markdown, or with --output json also all that it was made from."""
    from quarterdeck.incidents.review import write_review
    from quarterdeck.incidents.review_record import Record, review_of

    with connection.client(IncidentsServiceClientSync) as client:
        found = get_incident(connection, client, incident_id)
    record = Record(
        found,
        read_timeline(connection, incident_id),
        read_key_updates(connection, incident_id),
        read_field_values(connection, incident_id),
    )
    text = write_review(review_of(record, now=SystemClock().now(), server=connection.url))
    if output == "json":
        text = indented(
            {
                "markdown": text,
                "incident": as_json(found),
                "activityItems": [as_json(item) for item in record.timeline],
                "keyUpdates": [as_json(each) for each in record.key_updates],
                "fieldValues": [as_json(each) for each in record.field_values],
            }
        )
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}")
    click.echo(f"wrote {out}", err=True)


@incident.group()
def task() -> None:
    """What is to be done."""


@task.command("add")
@click.argument("incident_id")
@click.argument("text")
@click.option("--assign", "user", default="", help="Who is to do it: a user's id or email address.")
@output_option
@connected
def add_task(connection: Connection, incident_id: str, text: str, user: str, output: str) -> None:
    """Add a task with TEXT, and print its id."""
    request = tpb.AddTaskRequest(incident_id=incident_id, text=text, assign_to_user_id=_user(user))
    with connection.client(TasksServiceClientSync) as client:
        answer = client.add_task(request, headers=connection.headers)
    if output == "json":
        print_json(answer.task)
        return
    click.echo(answer.task.task_id)


@task.command("list")
@click.argument("incident_id")
@output_option
@connected
def list_tasks(connection: Connection, incident_id: str, output: str) -> None:
    """List the tasks of an incident."""
    with connection.client(IncidentsServiceClientSync) as client:
        found = get_incident(connection, client, incident_id)
    print_tasks(found.task_list, output)


@task.command("status")
@click.argument("incident_id")
@click.argument("task_id")
@click.argument("status", type=click.Choice(["todo", "progress", "done"]))
@output_option
@connected
def set_task_status(connection: Connection, incident_id: str, task_id: str, status: str, output: str) -> None:
    """Say how far a task is."""
    request = tpb.UpdateTaskStatusRequest(incident_id=incident_id, task_id=task_id, status=status)
    with connection.client(TasksServiceClientSync) as client:
        answer = client.update_task_status(request, headers=connection.headers)
    print_tasks(answer.task_list, output)


@task.command("assign")
@click.argument("incident_id")
@click.argument("task_id")
@click.argument("user", default="")
@output_option
@connected
def assign_task(connection: Connection, incident_id: str, task_id: str, user: str, output: str) -> None:
    """Say who is to do a task: USER is a user's id or email address; without one, nobody is."""
    request = tpb.UpdateTaskUserRequest(incident_id=incident_id, task_id=task_id, user_id=_user(user))
    with connection.client(TasksServiceClientSync) as client:
        answer = client.update_task_user(request, headers=connection.headers)
    print_tasks(answer.task_list, output)


@task.command("delete")
@click.argument("incident_id")
@click.argument("task_id")
@output_option
@connected
def delete_task(connection: Connection, incident_id: str, task_id: str, output: str) -> None:
    """Delete a task."""
    request = tpb.DeleteTaskRequest(incident_id=incident_id, task_id=task_id)
    with connection.client(TasksServiceClientSync) as client:
        answer = client.delete_task(request, headers=connection.headers)
    print_tasks(answer.task_list, output)


@incident.group()
def role() -> None:
    """Who does what."""


@role.command("assign")
@click.argument("incident_id")
@click.argument("role_name", metavar="ROLE")
@click.argument("user")
@output_option
@connected
def assign_role(connection: Connection, incident_id: str, role_name: str, user: str, output: str) -> None:
    """Give USER (an id or an email address) a role, such as commander."""
    request = ipb.AssignRoleRequest(incident_id=incident_id, user_id=_user(user), role=role_name)
    with connection.client(IncidentsServiceClientSync) as client:
        answer = client.assign_role(request, headers=connection.headers)
    print_roles(answer.incident, output)


@role.command("unassign")
@click.argument("incident_id")
@click.argument("role_name", metavar="ROLE")
@click.argument("user")
@output_option
@connected
def unassign_role(connection: Connection, incident_id: str, role_name: str, user: str, output: str) -> None:
    """Take a role back from USER (an id or an email address)."""
    request = ipb.UnassignRoleRequest(incident_id=incident_id, user_id=_user(user), role=role_name)
    with connection.client(IncidentsServiceClientSync) as client:
        answer = client.unassign_role(request, headers=connection.headers)
    print_roles(answer.incident, output)


@role.command("list")
@click.argument("incident_id")
@output_option
@connected
def list_roles(connection: Connection, incident_id: str, output: str) -> None:
    """List who holds which role in an incident."""
    with connection.client(IncidentsServiceClientSync) as client:
        found = get_incident(connection, client, incident_id)
    print_roles(found, output)


def _user(text: str) -> str:
    """A user's id as the API takes it; an email address says so itself."""
    return f"email:{text}" if "@" in text and ":" not in text else text
