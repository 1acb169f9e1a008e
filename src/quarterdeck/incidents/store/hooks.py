"""Enabled hooks, and which incidents a filter hook matches now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared, Text, hold, insert
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.query.terms import Query
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.conditions import condition_of
from quarterdeck.incidents.webhooks.event_names import HookEventName
from quarterdeck.incidents.webhooks.hook import EnabledHook

_LOCK = "incident_hooks"
_QUOTED_IN_ERRORS = 80
_BATCH = 400
_ENABLED = Prepared(
    sa.select(t.enabled_hooks).where(
        t.enabled_hooks.c.tenant_id == sa.bindparam("tenant"), t.enabled_hooks.c.disabled_at.is_(None)
    )
)
_BY_ID = sa.select(t.enabled_hooks).where(
    t.enabled_hooks.c.tenant_id == sa.bindparam("tenant"), t.enabled_hooks.c.id == sa.bindparam("hook")
)
_FIND = Prepared(_BY_ID)
_FIND_LOCKED = Prepared(_BY_ID.with_for_update())


def hold_hooks(connection: Connection, tenant_id: str) -> None:
    """Make other changes of the tenant's hooks wait for this transaction."""
    hold(connection, tenant_id, _LOCK)


def list_enabled(connection: Connection, tenant_id: str, *, event_name: str = "") -> list[EnabledHook]:
    """In the order in which they were enabled; of one event, or all."""
    rows = _ENABLED.mappings(connection, {"tenant": tenant_id})
    # Sorted here: deliveries lock one queue per hook, and every transaction has to do that in the same order.
    hooks = sorted(map(_hook, rows), key=lambda hook: (hook.created_at, hook.id))
    return [hook for hook in hooks if not event_name or hook.event_name == event_name]


def find(connection: Connection, tenant_id: str, enabled_hook_id: str, *, lock: bool = False) -> EnabledHook | None:
    """A hook that is enabled or was."""
    query = _FIND_LOCKED if lock else _FIND
    rows = query.mappings(connection, {"tenant": tenant_id, "hook": enabled_hook_id})
    return _hook(rows[0]) if rows else None


def get(connection: Connection, tenant_id: str, enabled_hook_id: str, *, lock: bool = False) -> EnabledHook:
    """Raises `NotFound(HOOK_NOT_FOUND)`, also for one that was disabled."""
    hook = find(connection, tenant_id, enabled_hook_id, lock=lock)
    if hook is None or hook.disabled_at is not None:
        shown = enabled_hook_id[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.HOOK_NOT_FOUND, f"no hook is enabled with the id {shown!r}", metadata={"id": shown})
    return hook


def add(connection: Connection, tenant_id: str, hook: EnabledHook) -> None:
    connection.execute(
        sa.insert(t.enabled_hooks).values(
            tenant_id=tenant_id,
            id=hook.id,
            integration_id=hook.integration_id,
            hook_id=hook.hook_id,
            event_name=hook.event_name,
            incident_filter=hook.incident_filter,
            sensitive=hook.sensitive,
            config={"url": hook.url, "events": hook.events},
            secrets=_secrets(hook),
            created_by=hook.created_by,
            created_at=hook.created_at,
        )
    )


def update_secrets(connection: Connection, tenant_id: str, hook: EnabledHook) -> None:
    """The next try is signed with the new one."""
    statement = sa.update(t.enabled_hooks).where(_is_hook(tenant_id, hook.id))
    connection.execute(statement.values(secrets=_secrets(hook)))


def disable(connection: Connection, tenant_id: str, enabled_hook_id: str, at: datetime) -> None:
    """Its row stays, for the log of its deliveries; its secrets go."""
    statement = sa.update(t.enabled_hooks).where(_is_hook(tenant_id, enabled_hook_id))
    connection.execute(statement.values(disabled_at=at, secrets={}))
    matched = t.filter_matches.c
    connection.execute(
        sa.delete(t.filter_matches).where(matched.tenant_id == tenant_id, matched.enabled_hook_id == enabled_hook_id)
    )


def matched_by(connection: Connection, tenant_id: str, incident_id: int, hook_ids: Iterable[str]) -> set[str]:
    """Those of the hooks whose filter the incident matched when it last changed."""
    matched = t.filter_matches.c
    query = sa.select(matched.enabled_hook_id).where(
        matched.tenant_id == tenant_id,
        matched.enabled_hook_id.in_(list(hook_ids)),
        matched.incident_id == incident_id,
    )
    return set(connection.execute(query).scalars())


def remember_matches(connection: Connection, tenant_id: str, enabled_hook_id: str, incident_ids: Iterable[int]) -> None:
    rows = [
        {"tenant_id": tenant_id, "enabled_hook_id": enabled_hook_id, "incident_id": incident_id}
        for incident_id in incident_ids
    ]
    for start in range(0, len(rows), _BATCH):
        statement = insert(connection, t.filter_matches).values(rows[start : start + _BATCH])
        connection.execute(statement.on_conflict_do_nothing())


def remember_all_matches(connection: Connection, tenant_id: str, enabled_hook_id: str, query: Query) -> None:
    """The incidents that match a query now, in one statement however many they are."""
    found = sa.select(sa.literal(tenant_id, Text), sa.literal(enabled_hook_id, Text), t.incidents.c.id).where(
        t.incidents.c.tenant_id == tenant_id, condition_of(connection, tenant_id, query)
    )
    matched = t.filter_matches.c
    connection.execute(
        sa.insert(t.filter_matches).from_select(
            [matched.tenant_id, matched.enabled_hook_id, matched.incident_id], found
        )
    )


def forget_match(connection: Connection, tenant_id: str, enabled_hook_id: str, incident_id: int) -> None:
    matched = t.filter_matches.c
    connection.execute(
        sa.delete(t.filter_matches).where(
            matched.tenant_id == tenant_id,
            matched.enabled_hook_id == enabled_hook_id,
            matched.incident_id == incident_id,
        )
    )


def _is_hook(tenant_id: str, enabled_hook_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(t.enabled_hooks.c.tenant_id == tenant_id, t.enabled_hooks.c.id == enabled_hook_id)


def _secrets(hook: EnabledHook) -> dict[str, Any]:
    return {"signingSecret": hook.signing_secret, "headers": [list(header) for header in hook.headers]}


def _hook(row: Mapping[Any, Any]) -> EnabledHook:
    return EnabledHook(
        id=row["id"],
        integration_id=row["integration_id"],
        hook_id=row["hook_id"],
        event_name=HookEventName(row["event_name"]),
        incident_filter=row["incident_filter"],
        sensitive=row["sensitive"],
        url=row["config"].get("url", ""),
        events=row["config"].get("events", ""),
        signing_secret=row["secrets"].get("signingSecret", ""),
        headers=tuple((name, value) for name, value in row["secrets"].get("headers", ())),
        created_by=row["created_by"],
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )
