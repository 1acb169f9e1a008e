"""The way from a call to a change of one incident, for services that change what hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.actors import actor_of
from quarterdeck.incidents.change import Change, QueueDeliveries, begin
from quarterdeck.incidents.incident import ActivityItem, Incident, IncidentView
from quarterdeck.incidents.store import incidents as store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """What the edit returned, the incident as it is now, and what its timeline gained."""

    result: T
    view: IncidentView
    appended: tuple[ActivityItem, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A read of one incident that the caller may see."""

    connection: Connection
    tenant_id: str
    incident: Incident


class Incidents:
    """Reads and changes of incidents that exist, each in one transaction, on behalf of a caller."""

    def __init__(self, database: Database, clock: Clock, queue: QueueDeliveries) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue

    async def change(self, call: CallContext, incident_id: int, edit: Callable[[Change], T]) -> Changed[T]:
        """Run `edit` with the incident locked; an edit that changes nothing writes nothing.

        Raises NotFound for an incident that is unknown or not to be seen by the caller.
        """
        at = self._clock.now()

        def run(connection: Connection) -> Changed[T]:
            actor = actor_of(connection, call, at=at)
            change = begin(connection, call.tenant_id, incident_id, actor=actor, at=at, queue=self._queue)
            result = edit(change)
            view = change.finish()
            return Changed(result, view, change.appended)

        return await self._database.transaction(run)

    async def read(self, call: CallContext, incident_id: int, look: Callable[[Look], T]) -> T:
        """As `look_at`."""
        return await look_at(self._database, call, incident_id, look)


async def look_at(database: Database, call: CallContext, incident_id: int, look: Callable[[Look], T]) -> T:
    """Run `look` on one state of the database.

    Raises NotFound for an incident that is unknown or not to be seen by the caller.
    """

    def run(connection: Connection) -> T:
        actor = actor_of(connection, call)
        incident = store.get_visible(connection, call.tenant_id, incident_id, actor)
        return look(Look(connection, call.tenant_id, incident))

    return await database.read(run)
