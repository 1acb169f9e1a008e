"""How objects of Kubernetes are shown: without what nobody reads, and never with the data of a Secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from quarterdeck.assistant.tools.prometheus import labels_of, objects
from quarterdeck.assistant.tools.redaction import REDACTED

MOST_SPEC: Final = 32 * 1024
"""Characters of a part of a description."""

_COPIES: Final = ("kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied")
"""Annotations with a copy of the whole object: a Secret's data stands there once more."""
_SECRET_PARTS: Final = ("data", "stringData")
_PARTS: Final = ("spec", "data", "status", "roleRef", "rules", "subjects", "subsets", "webhooks")
_MOST_CELL: Final = 300
_MOST_LINE: Final = 1000


def shown_object(value: Mapping[str, Any], *, is_secret: bool) -> dict[str, Any]:
    """The object without its field managers and without copies of it in annotations; of a Secret only the keys."""
    shown = dict(value)
    metadata = {key: each for key, each in labels_of(value, "metadata").items() if key != "managedFields"}
    annotations = {key: each for key, each in labels_of(metadata, "annotations").items() if key not in _COPIES}
    metadata.pop("annotations", None)
    shown["metadata"] = {**metadata, **({"annotations": annotations} if annotations else {})}
    if is_secret or value.get("kind") == "Secret":
        for part in _SECRET_PARTS:
            if part in shown:
                shown[part] = dict.fromkeys(labels_of(shown, part), REDACTED)
    return shown


def shown_table(value: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """The columns and rows of a list: as the cluster prints it, else names and times of creation.

    `Namespace` is always the first column; it is empty for what is in none.
    """
    if value.get("kind") == "Table":
        names = [str(column.get("name", "")) for column in objects(value.get("columnDefinitions"))]
        rows = [
            [labels_of(labels_of(row, "object"), "metadata").get("namespace", ""), *map(_cell, row.get("cells") or [])]
            for row in objects(value.get("rows"))
        ]
        return ["Namespace", *names], rows
    items = [labels_of(item, "metadata") for item in objects(value.get("items"))]
    return ["Namespace", "Name", "Created"], [
        [_cell(item.get(key, "")) for key in ("namespace", "name", "creationTimestamp")] for item in items
    ]


def shown_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """`{at, type, reason, object, message, count, source}`; `at` is when it was seen last."""
    series = labels_of(event, "series")
    about = labels_of(event, "involvedObject")
    metadata = labels_of(event, "metadata")
    at = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event.get("firstTimestamp")
        or metadata.get("creationTimestamp")
    )
    source = event.get("reportingComponent") or labels_of(event, "source").get("component") or ""
    where = f"{about.get('namespace')}/" if about.get("namespace") else ""
    return {
        "at": str(at or ""),
        "type": str(event.get("type") or ""),
        "reason": str(event.get("reason") or ""),
        "object": f"{about.get('kind', '')} {where}{about.get('name', '')}",
        "message": " ".join(str(event.get("message") or "").split())[:_MOST_LINE],
        "count": series.get("count") or event.get("count") or 1,
        "source": str(source),
    }


def described(value: Mapping[str, Any], owners: Sequence[str], events: Sequence[Mapping[str, Any]] | None) -> str:
    """An object that `shown_object` gave, as text: what it is, its owners, conditions and containers, its fields, and
    its events, the newest first. None stands for events that could not be read.
    """
    return "\n".join(
        [
            *_head(value, owners),
            *_conditions(value),
            *_containers(value),
            *_fields(value),
            *_events(events),
        ]
    )


def _head(value: Mapping[str, Any], owners: Sequence[str]) -> Iterator[str]:
    metadata = labels_of(value, "metadata")
    yield f"Kind: {value.get('kind', '')} ({value.get('apiVersion', '')})"
    yield f"Name: {metadata.get('name', '')}"
    if metadata.get("namespace"):
        yield f"Namespace: {metadata['namespace']}"
    yield f"Created: {metadata.get('creationTimestamp', '')}"
    if metadata.get("deletionTimestamp"):
        waiting = metadata.get("finalizers")
        yield f"Being deleted since: {metadata['deletionTimestamp']}" + (f", waits for {waiting}" if waiting else "")
    for title in ("labels", "annotations"):
        if pairs := labels_of(metadata, title):
            yield f"{title.capitalize()}: " + ", ".join(f"{key}={_line(each)}" for key, each in pairs.items())
    if owners:
        yield f"Owned by: {' ← '.join(owners)}"


def _conditions(value: Mapping[str, Any]) -> Iterator[str]:
    conditions = objects(labels_of(value, "status").get("conditions"))
    if conditions:
        yield "\nConditions:"
    for each in conditions:
        why = ": ".join(str(each[key]) for key in ("reason", "message") if each.get(key))
        since = f" since {each['lastTransitionTime']}" if each.get("lastTransitionTime") else ""
        yield _line(f"  {each.get('type')}={each.get('status')}{since}{f' ({why})' if why else ''}")


def _containers(value: Mapping[str, Any]) -> Iterator[str]:
    status = labels_of(value, "status")
    containers = [
        *objects(status.get("initContainerStatuses")),
        *objects(status.get("containerStatuses")),
        *objects(status.get("ephemeralContainerStatuses")),
    ]
    if containers:
        yield "\nContainers:"
    for each in containers:
        ready = "ready" if each.get("ready") else "not ready"
        yield f"  {each.get('name')}: {ready}, {each.get('restartCount', 0)} restarts, image {each.get('image')}"
        yield from (f"    {line}" for line in _states(each))


def _states(container: Mapping[str, Any]) -> Iterator[str]:
    for title, key in (("now", "state"), ("before", "lastState")):
        for state, details in labels_of(container, key).items():
            known = ", ".join(
                f"{name}={_line(each)}" for name, each in (details or {}).items() if name != "containerID"
            )
            yield f"{title}: {state}{f' ({known})' if known else ''}"


def _fields(value: Mapping[str, Any]) -> Iterator[str]:
    for part in _PARTS:
        if part in value:
            text = _written(value[part])
            yield f"\n{part}:"
            yield from (f"  {line}" for line in text[:MOST_SPEC].splitlines())
            if len(text) > MOST_SPEC:
                yield f"  [cut: {len(text)} characters]"


def _written(value: Any) -> str:
    """As YAML; as JSON when it is so long that it is cut anyway: writing YAML takes its time."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > 2 * MOST_SPEC:
        return text
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=200).rstrip()


def _events(events: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    if events is None:
        yield "\nEvents: could not be read"
        return
    yield "\nEvents:" + ("" if events else " none")
    for each in events:
        times = f" ×{each['count']}" if each["count"] != 1 else ""  # noqa: RUF001 - times
        yield _line(f"  {each['at']} {each['type']} {each['reason']}{times}: {each['message']}")


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)[:_MOST_CELL]


def _line(value: Any) -> str:
    return " ".join(part for part in str(value).splitlines())[:_MOST_LINE]
