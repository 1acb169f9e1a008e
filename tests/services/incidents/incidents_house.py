"""The incident wing's services on a real database, called with messages and no transport."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from google.protobuf.message import Message

from quarterdeck import events, incidents
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.events import Event
from quarterdeck.gen.incident.v1 import incident_pb2 as ipb
from quarterdeck.gen.incident.v1 import incidents_service_pb2 as spb
from quarterdeck.identity import CallContext, Caller, Role
from quarterdeck.incidents.change import QueueDeliveries
from quarterdeck.incidents.convert import from_view
from quarterdeck.incidents.incident import ActivityItem, IncidentView
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.store.activity import item_of
from quarterdeck.incidents.store.incidents import find_users
from quarterdeck.incidents.webhooks.queueing import DeliveryQueue
from quarterdeck.wire.dialects.incident import incident as incident_dialect
from quarterdeck.wire.method import describe_service, snake_case
from quarterdeck.wire.validation import validate
from tests.services.fleet_house import HouseClock, SeveredDatabase

EVERYTHING = 1_000


@dataclass(frozen=True, slots=True)
class Announcement:
    """What webhooks would be told."""

    view: IncidentView
    events: tuple[str, ...]
    at: datetime


@dataclass
class IncidentsHouse:
    """Every service of the wing that exists, used by one tenant; `announced` is what webhooks were told."""

    database: SeveredDatabase
    clock: HouseClock
    tenant: str
    handlers: Mapping[type[Message], Callable[..., Any]] = field(default_factory=dict)
    announced: list[Announcement] = field(default_factory=list)

    def context(self, tenant: str | None = None, **caller: Any) -> CallContext:
        """An editor named `ci`, unless said otherwise."""
        who = {"account_id": "sa_1", "account_name": "ci", "role": Role.EDITOR, "token_id": "tok_1", **caller}
        return CallContext(Caller(tenant or self.tenant, **who), "request-1")

    async def __call__(self, request: Message, *, tenant: str | None = None, **caller: Any) -> Any:
        """The answer of the RPC that takes this message, behind the contract's own rules; raises DomainError."""
        validate(request)
        return await self.handlers[type(request)](request, self.context(tenant, **caller))

    def queue(
        self, _connection: Connection, _tenant_id: str, view: IncidentView, told: tuple[str, ...], at: datetime
    ) -> None:
        self.announced.append(Announcement(view, tuple(str(event) for event in told), at))

    def events_announced(self) -> list[str]:
        """What webhooks were told since the last look, in order."""
        told = [event for announcement in self.announced for event in announcement.events]
        self.announced.clear()
        return told

    async def declare(self, title: str = "Checkout is down", *, tenant: str | None = None, **fields: Any) -> Any:
        """A new incident's message; keyword arguments are those of CreateIncidentRequest."""
        caller = {name: fields.pop(name) for name in ("account_id", "account_name", "role") if name in fields}
        answer = await self(spb.CreateIncidentRequest(title=title, **fields), tenant=tenant, **caller)
        return answer.incident

    async def incident(self, incident_id: str, **caller: Any) -> ipb.Incident:
        answer = await self(spb.GetIncidentRequest(incident_id=incident_id), **caller)
        found: ipb.Incident = answer.incident
        return found

    async def timeline(self, incident_id: str, tenant: str | None = None) -> list[ActivityItem]:
        """All activity items in the order in which they were appended."""
        items = t.activity_items
        of_incident = (items.c.tenant_id == (tenant or self.tenant), items.c.incident_id == int(incident_id))
        query = sa.select(items).where(*of_incident).order_by(items.c.number)

        def read(connection: Connection) -> list[ActivityItem]:
            rows = connection.execute(query).mappings().all()
            mentioned = {row[column] for row in rows for column in ("user_id", "subject_user_id")} - {None}
            people = find_users(connection, tenant or self.tenant, mentioned)
            return [item_of(row, people) for row in rows]

        return await self.database.read(read)

    async def events(self, incident_id: str, tenant: str | None = None) -> list[Event]:
        """The events of the incident's stream, in order."""
        return list(
            await self.database.read(
                lambda c: events.read_stream(
                    c, tenant_id=tenant or self.tenant, stream=f"incident:{incident_id}", limit=EVERYTHING
                )
            )
        )

    async def write(self, fn: Callable[[Connection], Any]) -> Any:
        """Prepare what no RPC can."""
        return await self.database.transaction(fn)


def services(dependencies: Mapping[Any, Any]) -> dict[type[Message], Callable[..., Any]]:
    """Handlers by request of every `…Service` class of the wing, made with what its parameters' types ask for."""
    handlers: dict[type[Message], Callable[..., Any]] = {}
    for name, implementation in _implementations().items():
        service = describe_service(_descriptor(name))
        instance = implementation(**_arguments(implementation, dependencies))
        handlers.update((method.request_class, getattr(instance, method.python_name)) for method in service.methods)
    return handlers


def dependencies_of(house: IncidentsHouse) -> dict[Any, Any]:
    return {
        Database: house.database,
        Clock: house.clock,
        QueueDeliveries: house.queue,
        DeliveryQueue: DeliveryQueue(incident_json),
    }


def incident_json(view: IncidentView, at: datetime) -> Any:
    """An incident as webhooks carry it."""
    return incident_dialect.codec(ipb.Incident).to_json(from_view(view, at))


def _implementations() -> dict[str, type[Any]]:
    modules = [
        importlib.import_module(f"{incidents.__name__}.{module.name}")
        for module in pkgutil.iter_modules(incidents.__path__)
        if module.name.endswith("_service")
    ]
    return {
        name: found
        for module in modules
        for name, found in vars(module).items()
        if name.endswith("Service") and inspect.isclass(found) and found.__module__ == module.__name__
    }


def _descriptor(name: str) -> Any:
    for package in ("incident.v1", "quarterdeck.incident.v1"):
        try:
            module = importlib.import_module(f"quarterdeck.gen.{package}.{snake_case(name)}_pb2")
        except ModuleNotFoundError:
            continue
        return module.DESCRIPTOR.services_by_name[name]
    raise LookupError(f"no contract has a service {name}")


def _arguments(implementation: type[Any], dependencies: Mapping[Any, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(implementation.__init__)
    arguments = {}
    for parameter in list(inspect.signature(implementation).parameters.values()):
        if hints.get(parameter.name) in dependencies:
            arguments[parameter.name] = dependencies[hints[parameter.name]]
        elif parameter.default is inspect.Parameter.empty:
            raise TypeError(f"{implementation.__name__} needs {parameter.name}: add it to `dependencies_of`")
    return arguments
