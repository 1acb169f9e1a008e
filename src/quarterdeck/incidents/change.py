"""One change of one incident: the row, its timeline, its event and its webhook deliveries, in one transaction.

    with a lock on the incident:
        change = begin(connection, …)          reads it, raises NotFound for who may not see it
        change.incident = replace(…)            what becomes of the row
        change.append(ActivityDraft(…))         what the timeline says
        change.announce("grafana.incident.…")   what webhooks are told, in this order
        view = change.finish()                  writes; a change that changed nothing writes nothing

Services decide what happens; nothing else writes to an incident.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from quarterdeck import events
from quarterdeck.database import Connection
from quarterdeck.incidents.incident import ActivityDraft, ActivityItem, Actor, Incident, IncidentView
from quarterdeck.incidents.store import activity as activity_store
from quarterdeck.incidents.store import incidents as store

QueueDeliveries = Callable[[Connection, str, IncidentView, tuple[str, ...], datetime], None]
"""Connection, tenant, the incident as it is now, event names in order, time: queues webhook deliveries as jobs."""


@dataclass(slots=True)
class Change:
    """A change under way. `touched` is set for changes that are not in the incident's own row: labels, roles, tasks."""

    connection: Connection
    tenant_id: str
    actor: Actor
    at: datetime
    incident: Incident
    before: Incident | None
    queue: QueueDeliveries
    touched: bool = False
    known: IncidentView | None = None
    """What hangs on the incident, when that is known without reading it: of one that is being declared."""
    drafts: list[ActivityDraft] = field(default_factory=list)
    announcements: list[str] = field(default_factory=list)
    appended: tuple[ActivityItem, ...] = ()

    def append(self, draft: ActivityDraft) -> None:
        """Add an item to the timeline."""
        self.drafts.append(draft)
        self.touched = True

    def announce(self, event: str) -> None:
        """Tell webhooks, behind what they were told before."""
        self.announcements.append(event)
        self.touched = True

    @property
    def changes_something(self) -> bool:
        return self.before is None or self.touched or self.incident != self.before

    def finish(self) -> IncidentView:
        """Write what was decided and return the incident as it is now."""
        if self.changes_something:
            self._write()
        view = replace(self.known, incident=self.incident) if self.known else self._read()
        if self.announcements:
            self.queue(self.connection, self.tenant_id, view, tuple(self.announcements), self.at)
        return view

    def _read(self) -> IncidentView:
        return store.view(self.connection, self.tenant_id, self.incident)

    def _write(self) -> None:
        if self.before is None:
            store.add(self.connection, self.tenant_id, self.incident)
        else:
            self.incident = replace(self.incident, version=self.before.version + 1, modified_at=self.at)
            store.update(self.connection, self.tenant_id, self.incident)
        self.appended = activity_store.append(
            self.connection,
            self.tenant_id,
            self.incident.id,
            self.drafts,
            actor=self.actor.user,
            at=self.at,
            is_new=self.before is None,
        )
        events.append(
            self.connection,
            tenant_id=self.tenant_id,
            stream=f"incident:{self.incident.id}",
            kind="incident.created" if self.before is None else "incident.updated",
            actor=self.actor.name,
            at=self.at,
            payload={
                "title": self.incident.title,
                "status": self.incident.status,
                "version": self.incident.version,
                "activity": [item.kind for item in self.appended],
                "announced": list(self.announcements),
            },
            references={"incident": str(self.incident.id)},
        )


def begin(
    connection: Connection, tenant_id: str, incident_id: int, *, actor: Actor, at: datetime, queue: QueueDeliveries
) -> Change:
    """Lock an incident for a change. Raises NotFound, also for one that the actor may not see."""
    incident = store.get_visible(connection, tenant_id, incident_id, actor, lock=True)
    return Change(connection, tenant_id, actor, at, incident, before=incident, queue=queue)


def declare(
    connection: Connection, tenant_id: str, view: IncidentView, *, actor: Actor, at: datetime, queue: QueueDeliveries
) -> Change:
    """A new incident with what already hangs on it; its id is already taken from the sequence."""
    return Change(connection, tenant_id, actor, at, view.incident, before=None, queue=queue, known=view)
