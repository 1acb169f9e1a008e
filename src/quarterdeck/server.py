"""The composition root: settings → database → services → transports. The only room that knows all others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from math import ceil
from urllib.parse import urlsplit

import orjson

from quarterdeck import migrations
from quarterdeck.admin.admin_service import AdminService
from quarterdeck.admin.tenant_service import TenantService
from quarterdeck.assistant.engine.models import Models
from quarterdeck.clock import Clock, SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import PreconditionFailed, Reason, Unavailable
from quarterdeck.events import adopt_restored
from quarterdeck.fleet.snapshot import FleetSnapshots
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2
from quarterdeck.gen.tenant.v1 import tenant_pb2
from quarterdeck.identity import (
    Accounts,
    Budget,
    Caller,
    Identity,
    MethodClass,
    MinuteBudgets,
    Rate,
    RateLimits,
    Role,
    StreamTicket,
    StreamTokens,
    bootstrap,
)
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.settings import Settings
from quarterdeck.wings.assistant import AssistantWing, assistant_wing
from quarterdeck.wings.fleet import FleetWing, fleet_wing
from quarterdeck.wings.incidents import IncidentWing, incident_wing
from quarterdeck.wire.chain import Authenticator, CallChain, RunningStreams, bind
from quarterdeck.wire.connect import ConnectTransport
from quarterdeck.wire.developers_page import developers_pages
from quarterdeck.wire.dialects import Dialect, protojson
from quarterdeck.wire.dialects.assistant import assistant
from quarterdeck.wire.dialects.holmes import holmes
from quarterdeck.wire.edge import PollEdge
from quarterdeck.wire.grpc import GrpcServer
from quarterdeck.wire.http import Adapter, HttpApplication, Page, PageAnswer
from quarterdeck.wire.method import RateClass, Service, describe_service
from quarterdeck.wire.metrics import CallMetrics, Figures
from quarterdeck.wire.mounts import MountTransport
from quarterdeck.wire.openapi import openapi_document
from quarterdeck.wire.rate_limit_headers import RateLimitHeaders
from quarterdeck.wire.rest.transport import RestTransport

_log = logging.getLogger("quarterdeck")

POLL_PATH = "/collector.v1.CollectorService/GetConfig"

PING_WITHIN = 0.5
"""Seconds after which a database that does not answer counts as away; half of what a probe usually waits."""


@dataclass(frozen=True, slots=True)
class Transports:
    """What listens."""

    http: HttpApplication
    grpc: GrpcServer


@dataclass(frozen=True, slots=True)
class Application:
    """A server that is ready to listen."""

    transports: Transports
    services: tuple[Service, ...]
    database: Database
    bootstrap_token: str | None
    """The first admin token, on the very first start only."""
    streams: RunningStreams
    """To be ended before the transports stop: by themselves they never would."""


_Wings = tuple[FleetWing, IncidentWing, AssistantWing]


class HeaderAuthenticator:
    """Reads credentials where our clients put them."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        return await self._identity.authenticate(headers.get("authorization"), _key_of(headers))

    def recall(self, headers: Mapping[str, str]) -> Caller | None:
        return self._identity.known_caller(headers.get("authorization"), _key_of(headers))


class StreamTokenAuthenticator:
    """Reads the stream tokens that the assistant made."""

    def __init__(self, identity: Identity, tokens: StreamTokens) -> None:
        self._identity = identity
        self._tokens = tokens

    async def open_stream(self, ticket: StreamTicket) -> Caller:
        return await self._tokens.open(ticket, self._identity)


def _key_of(headers: Mapping[str, str]) -> str | None:
    # incident-go on behalf of a person sends X-Access-Token alone, with an X-Grafana-Id that we cannot verify.
    return headers.get("x-api-key") or headers.get("x-access-token")


class NoAuthenticator:
    """Everybody is an admin of the default tenant."""

    CALLER = Caller(TENANT_ID, "anonymous", "anonymous", Role.ADMIN, "anonymous")

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:  # noqa: ARG002 - that is the point
        return self.CALLER

    def recall(self, headers: Mapping[str, str]) -> Caller | None:  # noqa: ARG002
        return self.CALLER


class TokenRates:
    """The budgets of tokens, by the contract's rate classes."""

    _CLASSES: Mapping[RateClass, MethodClass] = {
        RateClass.API: MethodClass.API,
        RateClass.COLLECTOR: MethodClass.COLLECTOR,
    }

    def __init__(self, limits: RateLimits, clock: Clock, assistant: MinuteBudgets) -> None:
        self._limits = limits
        self._clock = clock
        self._assistant = assistant

    def take(self, token_id: str, rate_class: RateClass) -> None:
        if rate_class is RateClass.ASSISTANT:
            self._assistant.take(token_id, self._clock.now().timestamp())
        else:
            self._limits.take(token_id, self._CLASSES[rate_class], self._clock.monotonic())

    def assistant_budget(self, authenticator: Authenticator, headers: Mapping[str, str]) -> Budget:
        """What is left for whoever sent these headers."""
        caller = authenticator.recall(headers)
        return self._assistant.read(None if caller is None else caller.token_id, self._clock.now().timestamp())


def transports(
    chain: CallChain,
    *,
    dialects: Mapping[str, Dialect] | None = None,
    pages: Mapping[str, Page] | None = None,
    adapters: Sequence[Adapter] = (),
    figures: Sequence[Figures] = (),
    budgets: RateLimitHeaders | None = None,
    max_body_bytes: int = 4 * 1024 * 1024,
    share_grpc_port: bool = False,
) -> Transports:
    """Every transport in front of a chain. The fixed pages (figures, OpenAPI, for developers) come with it."""
    observer = CallMetrics(figures)
    known = {"protojson": protojson, "holmes": holmes, "assistant": assistant, **(dialects or {})}
    connect = ConnectTransport(chain, observer, max_body_bytes=max_body_bytes)
    methods = {method.path: method for service in chain.services for method in service.methods}
    return Transports(
        http=HttpApplication(
            edge=PollEdge(methods[POLL_PATH], connect, chain, observer) if POLL_PATH in methods else None,
            connect=connect,
            mounts=MountTransport(chain, known, observer, max_body_bytes=max_body_bytes),
            rest=RestTransport(chain, known, max_body_bytes=max_body_bytes, observer=observer),
            pages={
                "/metrics": observer.page,
                "/openapi.json": _openapi_page(chain.services),
                **developers_pages(),
                **(pages or {}),
            },
            adapters=adapters,
            budgets=budgets,
        ),
        grpc=GrpcServer(chain, observer, max_body_bytes=max_body_bytes, share_port=share_grpc_port),
    )


@asynccontextmanager
async def application(
    settings: Settings,
    *,
    clock: Clock | None = None,
    share_grpc_port: bool = False,
    further: Mapping[Service, object] | None = None,
    dialects: Mapping[str, Dialect] | None = None,
) -> AsyncIterator[Application]:
    """Open everything that a server stands on, and close it again. Raises DomainError when it cannot start.

    `further` services, and the `dialects` that they need, are served beside our own, under the same rules.
    """
    clock = clock or SystemClock()
    if not settings.database:
        make_data_dir(settings)
    with _naming(settings.database_url):
        database = await Database.open(settings.database_url, clock=clock)
    try:
        with _naming(settings.database_url):
            await prepare(database, settings.database_url)
        # The tenant that an organisation file is for must be there before the file is applied.
        chosen = settings.bootstrap_token.get_secret_value() if settings.bootstrap_token else None
        first_token = await bootstrap(database, clock, chosen_token=chosen)
        async with (
            fleet_wing(settings, database, clock) as fleet,
            incident_wing(settings, database, clock) as incidents,
            assistant_wing(settings, database, clock, {**fleet.services, **incidents.services}) as assistants,
            _running(
                settings,
                database,
                clock,
                (fleet, incidents, assistants),
                first_token=first_token,
                share_grpc_port=share_grpc_port,
                further=further or {},
                dialects=dialects or {},
            ) as running,
        ):
            yield running
    finally:
        await database.close()


@contextmanager
def _naming(url: str) -> Iterator[None]:
    """Says which database is not available, and why: whoever starts a server is told more than those who call it."""
    try:
        yield
    except Unavailable as error:
        cause = getattr(error.__cause__, "orig", None) or error.__cause__
        why = next(iter(str(cause).splitlines()), "") or type(cause).__name__
        raise Unavailable(error.reason, f"the database {without_password(url)} is not available: {why}") from error


def without_password(url: str) -> str:
    """A database's URL as it may be shown: without user, password and parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def make_data_dir(settings: Settings) -> None:
    """Raises OSError with a sentence that names the setting."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the data directory {str(settings.data_dir)!r} cannot be made: {error.strerror}") from error


async def prepare(database: Database, url: str) -> None:
    """Make an empty database ours, and bring an older SQLite up to date; an older PostgreSQL is its operators' to move.

    Raises PreconditionFailed or Unavailable.
    """
    status = await database.read(migrations.status_on)
    if status.current == status.head:
        # Nothing to do but after a dump of another cluster was restored here, and then nothing works without it.
        await database.transaction(adopt_restored)
        return
    if status.current is None or database.dialect == "sqlite":
        await migrations.upgrade(url)
        return
    raise PreconditionFailed(
        Reason.SCHEMA_OUTDATED,
        f"the database is at revision {status.current}, this version needs {status.head}: "
        "run `quarterdeck db upgrade`, or the newer version that moved it there",
    )


@asynccontextmanager
async def _running(
    settings: Settings,
    database: Database,
    clock: Clock,
    wings: _Wings,
    *,
    first_token: str | None,
    share_grpc_port: bool,
    further: Mapping[Service, object],
    dialects: Mapping[str, Dialect],
) -> AsyncIterator[Application]:
    identity = Identity(database, clock)
    fleet, incidents, assistants = wings
    services = {
        **fleet.services,
        **incidents.services,
        **assistants.services,
        **own_services(settings, database, clock, identity),
        **further,
    }
    rates = TokenRates(_rate_limits(settings), clock, MinuteBudgets(settings.rate_limit_assistant))
    tickets = StreamTokenAuthenticator(identity, assistants.stream_tokens) if settings.authenticates else None
    chain = CallChain(
        tuple(services),
        bind(services),
        authenticator=HeaderAuthenticator(identity) if settings.authenticates else NoAuthenticator(),
        rate_limiter=rates,
        stream_authenticator=tickets,
    )
    identity.start()
    try:
        yield Application(
            transports(
                chain,
                dialects={incidents.dialect.name: incidents.dialect, **dialects},
                adapters=[*incidents.adapters(chain.authenticator), *assistants.adapters(chain)],
                figures=[incidents.metrics],
                budgets=RateLimitHeaders(partial(rates.assistant_budget, chain.authenticator)),
                pages={
                    "/healthz": _healthz,
                    "/readyz": _Readiness(database, fleet.snapshots, assistants.models).page,
                    **incidents.pages(),
                },
                max_body_bytes=settings.max_body_bytes,
                share_grpc_port=share_grpc_port,
            ),
            chain.services,
            database,
            first_token,
            chain.streams,
        )
    finally:
        await identity.close()


def own_services(settings: Settings, database: Database, clock: Clock, identity: Identity) -> dict[Service, object]:
    """What belongs to no wing: who may come in, and how often."""
    limits = TenantService(
        collector_rate=ceil(settings.rate_limit_collector) or None, api_rate=ceil(settings.rate_limit_api) or None
    )
    return {
        describe_service(tenant_pb2.DESCRIPTOR.services_by_name["TenantService"]): limits,
        describe_service(admin_pb2.DESCRIPTOR.services_by_name["AdminService"]): AdminService(
            Accounts(database, clock, identity)
        ),
    }


def _rate_limits(settings: Settings) -> RateLimits:
    wanted = {MethodClass.COLLECTOR: settings.rate_limit_collector, MethodClass.API: settings.rate_limit_api}
    return RateLimits({kind: Rate(rate, max(1.0, rate)) for kind, rate in wanted.items() if rate})


def _openapi_page(services: tuple[Service, ...]) -> Page:
    @cache
    def document() -> bytes:
        # Made when it is asked for: few servers ever are.
        version = metadata.version("quarterdeck")
        return orjson.dumps(openapi_document(services, title="Quarterdeck", version=version))

    async def page() -> PageAnswer:
        return PageAnswer(200, "application/json", document())

    return page


async def _healthz() -> PageAnswer:
    return PageAnswer(200, "application/json", b'{"status":"healthy"}')


class _Readiness:
    """Ready means that polls are answered. That the database is away is told, but collectors must still come here."""

    def __init__(self, database: Database, snapshots: FleetSnapshots, models: Models) -> None:
        self._database = database
        self._snapshots = snapshots
        self._models = models
        self._ping: asyncio.Task[None] | None = None

    async def page(self) -> PageAnswer:
        away = await self._is_away()
        age = self._snapshots.oldest_age()
        report = {
            "status": "degraded" if away else "ready",
            "models": self._models.names(),
            "tool_support": {each.name: each.tool_support for each in self._models.described()},
            "database": "unavailable" if away else "ok",
            "migrations": "ok",
            "snapshot_age_seconds": round(age, 3),
        }
        return PageAnswer(200, "application/json", orjson.dumps(report))

    async def _is_away(self) -> bool:
        """A database that hangs keeps no probe waiting: those who come meanwhile wait for the same look at it."""
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self._database.ping())
            self._ping.add_done_callback(lambda ping: ping.cancelled() or ping.exception())
        await asyncio.wait({self._ping}, timeout=PING_WITHIN)
        return not self._ping.done() or self._ping.cancelled() or self._ping.exception() is not None
