"""What the tools over incidents found, in lines."""

from __future__ import annotations

from collections.abc import Iterator

from quarterdeck.assistant.engine.builtin.lines import MOST_LISTED, counted, line, mark, more, said, words
from quarterdeck.assistant.engine.builtin.mentions import Asked
from quarterdeck.assistant.engine.builtin.result import Item, Result, count


def incidents(result: Result, _: Asked) -> Iterator[str]:
    total, listed = result.total("incidents"), result.items("incidents")
    at_least = "at least " if result.fields.get("total_is_minimum") else ""
    kind = "active incident" if result.arguments.get("active_only", True) else "incident"
    query = f" for {said(result.arguments['query'], 100)}" if result.arguments.get("query") else ""
    yield line(result, f"{at_least}{counted(total, kind)}{query}, the newest first")
    yield from incident_lines(result, listed, depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def incident_lines(result: Result, listed: list[dict[str, object]], *, depth: int) -> Iterator[str]:
    """One line for each of the first incidents."""
    for each in listed[:MOST_LISTED]:
        yield line(result, incident_state(each), mark("incident", each.get("id")), depth=depth)


def incident_state(item: Item) -> str:
    """What is known of an incident, in one sentence."""
    began = said(item.get("started_at") or item.get("created_at"), 40) or "at an unknown time"
    parts = [
        f"incident {said(item.get('id'), 30)}: {said(item.get('title')) or 'without title'}",
        said(item.get("status"), 100),
        f"severity {said(item['severity'], 100)}" if item.get("severity") else "no severity",
        "a drill" if item.get("is_drill") is True else "",
        f"began {began}",
        f"ended {said(item['resolved_at'], 40)}" if item.get("resolved_at") else "",
        f"led by {said(item['incident_lead'], 100)}" if item.get("incident_lead") else "",
    ]
    return ", ".join(filter(None, parts))


def incident(result: Result, _: Asked) -> Iterator[str]:
    item = result.fields
    the = mark("incident", item.get("id"))
    yield line(result, incident_state(item), the)
    if item.get("labels"):
        yield line(result, f"its labels: {words(item['labels'], 'none')}", the, depth=1)
    if item.get("summary"):
        yield line(result, f"its summary: {said(item['summary'], 1000)}", the, depth=1)
    roles = [f"{each.get('role')}: {each.get('name')}" for each in result.items("roles")]
    if roles:
        yield line(result, f"its roles: {words(roles, 'none')}", the, depth=1)
    if "tasks_open" in item:
        yield line(result, f"open tasks: {count(item, 'tasks_open')}", the, depth=1)


def timeline(result: Result, _: Asked) -> Iterator[str]:
    number = said(result.fields.get("incident") or result.arguments.get("incident"), 30)
    items = result.items("items")
    earlier = ", and earlier ones that are not listed" if result.fields.get("has_more") else ""
    yield line(result, f"{counted(len(items), 'entry', 'entries')} in the timeline of incident {number}{earlier}",
               mark("incident", number))  # fmt: skip
    for each in items[-MOST_LISTED:]:
        who = f" {said(each['actor'], 100)}:" if each.get("actor") else ""
        text = f"{said(each.get('at'), 40)}{who} {said(each.get('text'))}"
        yield line(result, text, mark("activity", each.get("id"), number), depth=1)
    if len(items) > MOST_LISTED:
        yield line(result, f"these are the latest {MOST_LISTED}", depth=1)


def tasks(result: Result, _: Asked) -> Iterator[str]:
    number = said(result.fields.get("incident") or result.arguments.get("incident"), 30)
    listed = result.items("tasks")
    text = f"{counted(len(listed), 'task')} of incident {number}, {count(result.fields, 'open')} not done"
    yield line(result, text, mark("incident", number))
    for each in listed[:MOST_LISTED]:
        who = f", {said(each['assignee'], 100)}" if each.get("assignee") else ""
        yield line(result, f"{said(each.get('status'), 30)}: {said(each.get('text'))}{who}", depth=1)
    yield from more(result, len(listed), min(len(listed), MOST_LISTED))


def status_changed(result: Result, _: Asked) -> Iterator[str]:
    yield line(result, f"done; {incident_state(result.fields)}", mark("incident", result.fields.get("id")))


def note_added(result: Result, _: Asked) -> Iterator[str]:
    item = result.fields
    number = said(item.get("incident"), 30)
    yield line(
        result,
        f"done; the timeline of incident {number} has the note: {said(item.get('text'))}",
        mark("incident", number),
        mark("activity", item.get("id"), number),
    )
