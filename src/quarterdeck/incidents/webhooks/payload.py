"""The body of an outgoing webhook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from quarterdeck.incidents.times import format_time
from quarterdeck.incidents.webhooks.event_names import Event

VERSION = "v1.0.0"
SOURCE = "/grafana/incident"
LARGEST_BODY = 1 << 20
"""Bytes that incident-go's verifier reads of a body; it refuses the signature of a longer one."""


def delivery_id(change_id: str, event: Event, enabled_hook_id: str) -> str:
    """`webhook-out-` and 24 hex digits: the same for every try and every replay of one event to one hook."""
    digest = hashlib.sha256(f"{change_id}\0{event}\0{enabled_hook_id}".encode())
    return f"webhook-out-{digest.hexdigest()[:24]}"


def envelope(delivery: str, event: Event, at: datetime, incident: Mapping[str, Any] | None) -> dict[str, Any]:
    """The payload as JSON values, in the order that hosted writes them. `incident` has the API's keys; `at` is when the
    event happened and is written in whole seconds."""
    return {
        "version": VERSION,
        "id": delivery,
        "source": SOURCE,
        "time": format_time(at.replace(microsecond=0)),
        "event": event.value,
        "incident": None if incident is None else dict(incident),
    }


def encode(payload: Mapping[str, Any]) -> bytes:
    """The exact bytes to sign and send. Above 1 MiB the tasks are left out and their counts kept."""
    body = orjson.dumps(dict(payload))
    return orjson.dumps(_without_tasks(payload)) if len(body) > LARGEST_BODY else body


def _without_tasks(payload: Mapping[str, Any]) -> dict[str, Any]:
    incident = payload.get("incident") or {}
    if "taskList" not in incident:
        return dict(payload)
    return {**payload, "incident": {**incident, "taskList": {**incident["taskList"], "tasks": []}}}
