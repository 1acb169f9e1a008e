"""From a change of an incident to the deliveries that it causes, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

import orjson

from quarterdeck import jobs
from quarterdeck.database import Connection, blobs
from quarterdeck.incidents.incident import IncidentType, IncidentView
from quarterdeck.incidents.query.evaluation import IncidentFacts, matches
from quarterdeck.incidents.query.language import parse_query
from quarterdeck.incidents.query.terms import Query
from quarterdeck.incidents.store import deliveries as deliveries_store
from quarterdeck.incidents.store import hooks as hooks_store
from quarterdeck.incidents.store.incident_facts import facts_of
from quarterdeck.incidents.webhooks.event_names import Event, HookEventName, hears
from quarterdeck.incidents.webhooks.hook import Delivery, DeliveryStatus, EnabledHook
from quarterdeck.incidents.webhooks.payload import delivery_id

QUEUE = "webhooks"

MOST_ATTEMPTS = 1_000_000
"""Attempts of the job, which a killed sender uses up without trying anything; tries are counted in the delivery."""

IncidentJson = Callable[[IncidentView, datetime], Mapping[str, Any]]
"""The incident as the API shows it at that moment, as JSON values."""


class DeliveryQueue:
    """Queues what hooks are to be told. `queue` is a `QueueDeliveries` of changes."""

    def __init__(self, incident_json: IncidentJson) -> None:
        self._incident_json = incident_json

    def queue(
        self, connection: Connection, tenant_id: str, view: IncidentView, events: tuple[str, ...], at: datetime
    ) -> None:
        """One delivery for each event and each enabled hook that hears it, in the order of the events.

        Costs one statement when the tenant has no hook.
        """
        hooks = hooks_store.list_enabled(connection, tenant_id)
        told = list(self._told(connection, tenant_id, view, hooks, tuple(map(Event, events))))
        if told:
            self._add(connection, tenant_id, view, told, at)

    def trigger(
        self, connection: Connection, tenant_id: str, view: IncidentView, hook: EnabledHook, at: datetime
    ) -> str:
        """Tell one hook, whatever it listens for; returns the delivery's id."""
        return self._add(connection, tenant_id, view, [(hook, Event.UPDATED)], at)[0].id

    def _told(
        self,
        connection: Connection,
        tenant_id: str,
        view: IncidentView,
        hooks: Sequence[EnabledHook],
        events: tuple[Event, ...],
    ) -> Iterator[tuple[EnabledHook, Event]]:
        is_private = view.incident.incident_type is IncidentType.PRIVATE
        listening = [hook for hook in hooks if hook.sensitive or not is_private]
        filters = [hook for hook in listening if hook.event_name is HookEventName.INCIDENT_FILTER]
        begun = _begun(connection, tenant_id, view, filters) if filters else set()
        for hook in listening:
            heard = [event for event in events if hears(event, hook.event_name, hook.events)]
            if hook.event_name is HookEventName.INCIDENT_FILTER:
                heard = heard[:1] if hook.id in begun else []
            yield from ((hook, event) for event in heard)

    def _add(
        self,
        connection: Connection,
        tenant_id: str,
        view: IncidentView,
        told: Sequence[tuple[EnabledHook, Event]],
        at: datetime,
    ) -> list[Delivery]:
        change = str(uuid4())
        # With the change in it the text is nobody else's, and can be deleted with the deliveries of this change.
        kept = {"change": change, "incident": dict(self._incident_json(view, at))}
        sha256 = blobs.put(connection, tenant_id, orjson.dumps(kept).decode())
        added = [
            _delivery(f"{change}/{number}", hook, event, view.incident.id, sha256, at)
            for number, (hook, event) in enumerate(told)
        ]
        deliveries_store.add_all(connection, tenant_id, added)
        for delivery in added:
            jobs.enqueue(
                connection,
                tenant_id=tenant_id,
                queue=QUEUE,
                payload={},
                now=at,
                key=delivery.id,
                order_key=delivery.enabled_hook_id,
                max_attempts=MOST_ATTEMPTS,
            )
        return added


def _begun(connection: Connection, tenant_id: str, view: IncidentView, filters: Sequence[EnabledHook]) -> set[str]:
    """The hooks whose filter the incident begins to match; which ones it matches is remembered."""
    facts = facts_of(connection, tenant_id, view)
    before = hooks_store.matched_by(connection, tenant_id, view.incident.id, [hook.id for hook in filters])
    begun = set()
    for hook in filters:
        now = _is_match(hook, facts)
        if now and hook.id not in before:
            hooks_store.remember_matches(connection, tenant_id, hook.id, [view.incident.id])
            begun.add(hook.id)
        elif not now and hook.id in before:
            hooks_store.forget_match(connection, tenant_id, hook.id, view.incident.id)
    return begun


def _is_match(hook: EnabledHook, facts: IncidentFacts) -> bool:
    return matches(_parsed(hook.incident_filter), facts)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Query:
    return parse_query(text)


def _delivery(change_id: str, hook: EnabledHook, event: Event, incident_id: int, sha256: str, at: datetime) -> Delivery:
    return Delivery(
        id=delivery_id(change_id, event, hook.id),
        enabled_hook_id=hook.id,
        integration_id=hook.integration_id,
        hook_id=hook.hook_id,
        event_name=hook.event_name,
        incident_id=incident_id,
        event=event,
        incident_sha256=sha256,
        status=DeliveryStatus.TODO,
        tries=(),
        created_at=at,
        last_run_at=None,
        metadata={},
    )
