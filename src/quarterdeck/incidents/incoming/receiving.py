"""What incoming webhooks do: declare an incident from a URL and a body, or follow the alerts of a group.

A delivery is one transaction. Deliveries of one token run one after the other, so that of two with the same key the
second one finds what the first one made.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import uuid4

import orjson

from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, Invalid, Reason, Unauthenticated
from quarterdeck.gen.incident.v1.webhook_pb2 import IncomingWebhookResponse
from quarterdeck.identity.tokens import is_well_formed, token_hash
from quarterdeck.incidents import editing, organisation
from quarterdeck.incidents.change import Change, QueueDeliveries, begin
from quarterdeck.incidents.convert import from_view
from quarterdeck.incidents.declaration import Declaration, declare, generic_url
from quarterdeck.incidents.incident import ActivityDraft, Actor, Category, IncidentType, IncidentView, User
from quarterdeck.incidents.incoming import alertmanager
from quarterdeck.incidents.incoming.alertmanager import AlertGroup
from quarterdeck.incidents.incoming.body import IncomingBody, read_body
from quarterdeck.incidents.incoming.budget import Budget
from quarterdeck.incidents.incoming.parameters import IncomingIncident, parse_parameters
from quarterdeck.incidents.labelling import known_labels
from quarterdeck.incidents.lifecycle import choose_status
from quarterdeck.incidents.limits import FAILED_AUTHENTICATIONS_PER_ADDRESS, INCOMING_WEBHOOKS_PER_TOKEN, Rate
from quarterdeck.incidents.severities import choose_severity
from quarterdeck.incidents.store import declaration as declaration_store
from quarterdeck.incidents.store import incidents as incidents_store
from quarterdeck.incidents.store import incoming as store
from quarterdeck.incidents.store import users as users_store
from quarterdeck.incidents.store.declaration import Choices, ContextDraft
from quarterdeck.incidents.store.incoming import IncomingDelivery, IncomingToken
from quarterdeck.incidents.timeline import ActivityKind, urls_in
from quarterdeck.incidents.users import photo_url
from quarterdeck.incidents.webhooks.event_names import Event

T = TypeVar("T")

REMEMBERED_FOR: Final = timedelta(hours=24)
"""How long a key stands for its first incident, at least; for as long as that is active in any case."""

WEBHOOK_PAYLOAD: Final = "webhookPayload"
_BODY_TITLE: Final = "Body of the incoming webhook"
_LONGEST_KEY: Final = 255
_LARGE_BODY: Final = 32 * 1024
"""Bytes from which a body is read in a thread, so that others are answered meanwhile."""
_MOST_FINGERPRINTS: Final = alertmanager.MAX_ALERTS
_ID_DIGITS: Final = 24

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Received:
    """What every delivery carries: who, when, and what is told to webhooks of ours."""

    token: IncomingToken
    at: datetime
    queue: QueueDeliveries


@dataclass(frozen=True, slots=True)
class _Answer:
    """`view` is None when there is no incident."""

    view: IncidentView | None
    errors: tuple[str, ...] = ()


class IncomingWebhooks:
    """Receives for all tenants; a token says for which."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        queue: QueueDeliveries,
        *,
        resolves_with_alerts: bool = False,
        rate: Rate = INCOMING_WEBHOOKS_PER_TOKEN,
        failures: Rate = FAILED_AUTHENTICATIONS_PER_ADDRESS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue
        self._resolves = resolves_with_alerts
        self._budget = Budget(rate, "incoming webhooks of one token")
        self._failures = Budget(failures, "failed authentications from one address")

    async def admit(self, secret: str, address: str) -> IncomingToken:
        """Whose token this is, and one less in its budget. `address` is the client's.

        Raises Unauthenticated, LimitExceeded, and Unavailable without a database.
        """
        token = await self._find(secret) if is_well_formed(secret) else None
        if token is None:
            self._failures.take(address, self._clock.monotonic())
            raise Unauthenticated(
                Reason.CREDENTIALS_INVALID if secret else Reason.CREDENTIALS_MISSING,
                "the token of the incoming webhook is missing, unknown or revoked; "
                "accepted: Authorization: Bearer TOKEN, or the parameter token",
            )
        self._budget.take(token.id, self._clock.monotonic())
        return token

    async def create_incident(
        self, token: IncomingToken, parameters: Parameters, raw: bytes, idempotency_key: str = ""
    ) -> IncomingWebhookResponse:
        """Declare what the URL's decoded parameters and the body ask for; a repeat answers with the first incident.

        Raises Invalid when there is no title; every other mistake is named in the processing errors.
        """
        at = self._clock.now()
        choices = await organisation.read_settings(
            self._database, token.tenant_id, at, lambda c: declaration_store.choices(c, token.tenant_id)
        )
        wanted, body = await _off_loop(raw, partial(_read_request, parameters, raw, choices, idempotency_key))
        received = _Received(token, at, self._queue)
        answer = await self._database.transaction(partial(_create, received=received, wanted=wanted, body=body))
        return self._response(answer, wants_incident=wanted.wants_incident)

    async def receive_alerts(self, token: IncomingToken, parameters: Parameters, raw: bytes) -> IncomingWebhookResponse:
        """Follow a group of alerts: open an incident, note what changed, and resolve it when the settings say so.

        Takes the bodies of Alertmanager (webhook version 4) and of Grafana's alerting. Raises Invalid for any other.
        """
        group = await _off_loop(raw, partial(alertmanager.parse_alerts, raw))
        body = await _off_loop(raw, partial(read_body, raw))
        received = _Received(token, self._clock.now(), self._queue)
        answer = await self._database.transaction(
            partial(_follow, received=received, group=group, body=body, resolves=self._resolves)
        )
        return self._response(answer, wants_incident=_wants_incident(parameters))

    async def _find(self, secret: str) -> IncomingToken | None:
        sha256 = token_hash(secret)
        found = await self._database.read(lambda c: store.find_token(c, sha256))
        return found if found is not None and found.revoked_at is None else None

    def _response(self, answer: _Answer, *, wants_incident: bool) -> IncomingWebhookResponse:
        response = IncomingWebhookResponse(processing_errors=answer.errors)
        if wants_incident and answer.view is not None:
            response.incident.CopyFrom(from_view(answer.view, self._clock.now()))
        return response


# --- grafana.incident.create -----------------------------------------------------------------------------------------


def _read_request(
    parameters: Parameters, raw: bytes, choices: Choices, idempotency_key: str
) -> tuple[IncomingIncident, IncomingBody]:
    body = read_body(raw)
    wanted = parse_parameters(
        parameters,
        body,
        known_severity=lambda name: _accepted(
            partial(choose_severity, name, choices.severities, archived_ids=choices.archived_ids)
        ),
        known_status=lambda name: _accepted(
            partial(choose_status, name, choices.statuses, IncidentType.INTERNAL, archived_ids=choices.archived_ids)
        ),
        idempotency_key=idempotency_key,
    )
    return wanted, body


def _create(connection: Connection, *, received: _Received, wanted: IncomingIncident, body: IncomingBody) -> _Answer:
    tenant_id, token_id = received.token.tenant_id, received.token.id
    organisation.ensure(connection, tenant_id, received.at)
    actor = _actor(connection, received)
    key = _key("key", wanted.idempotency_key) if wanted.idempotency_key else ""
    if key:
        store.hold_deliveries(connection, tenant_id, token_id)
        first = _first(connection, received, actor, key)
        if first is not None:
            return _Answer(first, wanted.errors)
    labels = [(label.key, label.value) for label in wanted.labels]
    usable, refused = _usable_labels(connection, tenant_id, labels, received.at)
    declaration = Declaration(
        title=wanted.title,
        severity=wanted.severity,
        status=wanted.status,
        is_drill=wanted.is_drill,
        room_prefix=wanted.room_prefix,
        labels=usable,
        contexts=_contexts(wanted, body),
    )
    view = declare(connection, tenant_id, declaration, actor=actor, at=received.at, queue=received.queue)
    if key:
        delivery = IncomingDelivery(view.incident.id, received.at, {})
        store.put_delivery(connection, tenant_id, token_id, key, delivery)
    return _Answer(view, (*wanted.errors, *refused))


def _first(connection: Connection, received: _Received, actor: Actor, key: str) -> IncidentView | None:
    """The incident that the key stands for; None when there is none, or the key is free again."""
    tenant_id = received.token.tenant_id
    known = store.find_delivery(connection, tenant_id, received.token.id, key)
    if known is None:
        return None
    incident = incidents_store.find_visible(connection, tenant_id, known.incident_id, actor)
    if incident is None:
        return None
    if incident.status is not Category.ACTIVE and received.at - known.received_at >= REMEMBERED_FOR:
        return None
    return incidents_store.view(connection, tenant_id, incident)


def _contexts(wanted: IncomingIncident, body: IncomingBody) -> tuple[ContextDraft, ...]:
    link = [generic_url(wanted.url, wanted.caption)] if wanted.url else []
    return (*link, *_body_context(body))


# --- alerts ----------------------------------------------------------------------------------------------------------


def _follow(
    connection: Connection, *, received: _Received, group: AlertGroup, body: IncomingBody, resolves: bool
) -> _Answer:
    tenant_id, token_id = received.token.tenant_id, received.token.id
    organisation.ensure(connection, tenant_id, received.at)
    actor = _actor(connection, received)
    store.hold_deliveries(connection, tenant_id, token_id)
    key = _key("alerts", group.group_key)
    known = store.find_delivery(connection, tenant_id, token_id, key)
    active = known and _active_change(connection, received, actor, known)
    if known and active:
        answer = _note(active, group, known, resolves=resolves)
    elif group.firing:
        answer = _open(connection, received, actor, group, body)
    else:
        return _Answer(None)
    if answer.view is not None:
        firing = sorted(alertmanager.firing_fingerprints(group))[:_MOST_FINGERPRINTS]
        delivery = IncomingDelivery(answer.view.incident.id, received.at, {"firing": firing})
        store.put_delivery(connection, tenant_id, token_id, key, delivery)
    return answer


def _active_change(connection: Connection, received: _Received, actor: Actor, known: IncomingDelivery) -> Change | None:
    tenant_id = received.token.tenant_id
    if incidents_store.find_visible(connection, tenant_id, known.incident_id, actor) is None:
        return None
    change = begin(connection, tenant_id, known.incident_id, actor=actor, at=received.at, queue=received.queue)
    return change if change.incident.status is Category.ACTIVE else None


def _note(change: Change, group: AlertGroup, known: IncomingDelivery, *, resolves: bool) -> _Answer:
    text = alertmanager.change_note(group, known.state.get("firing", ()))
    if text:
        _append_note(change, text)
        change.announce(Event.UPDATED)
    if resolves and not group.firing and not group.truncated_alerts:
        editing.set_status(change, Category.RESOLVED)
    return _Answer(change.finish())


def _open(connection: Connection, received: _Received, actor: Actor, group: AlertGroup, body: IncomingBody) -> _Answer:
    tenant_id = received.token.tenant_id
    labels = alertmanager.incident_labels(group)
    usable, refused = _usable_labels(connection, tenant_id, labels, received.at)
    links = tuple(generic_url(url, caption) for url, caption in alertmanager.links(group))
    declaration = Declaration(
        title=alertmanager.incident_title(group),
        severity=_severity_of(connection, tenant_id, group),
        labels=usable,
        contexts=(*links, *_body_context(body)),
    )
    view = declare(connection, tenant_id, declaration, actor=actor, at=received.at, queue=received.queue)
    change = begin(connection, tenant_id, view.incident.id, actor=actor, at=received.at, queue=received.queue)
    _append_note(change, alertmanager.description(group))
    return _Answer(change.finish(), refused)


def _severity_of(connection: Connection, tenant_id: str, group: AlertGroup) -> str:
    """What the alerts say themselves, when the organisation knows it; else the default."""
    choices = declaration_store.choices(connection, tenant_id)
    said = alertmanager.severity_label(group)
    known = partial(choose_severity, said, choices.severities, archived_ids=choices.archived_ids)
    return said if said and _accepted(known) else ""


def _append_note(change: Change, text: str) -> None:
    attachments = tuple({"url": url} for url in urls_in(text))
    change.append(ActivityDraft(ActivityKind.USER_NOTE.value, {}, body=text, immutable=False, attachments=attachments))


def _wants_incident(parameters: Parameters) -> bool:
    asked = [value for name, value in parameters if name in {"includes", "include"}]
    return any(part.strip() == "incident" for value in asked for part in value.split(","))


# --- both ------------------------------------------------------------------------------------------------------------


def _actor(connection: Connection, received: _Received) -> Actor:
    """The token as a user of the incident API, made when it first brings something."""
    token = received.token
    digest = hashlib.sha256(f"{token.tenant_id}\nincoming\n{token.id}".encode()).hexdigest()
    name = f"Incoming Webhook: {token.name}"
    user = User(id=f"user-{digest[:_ID_DIGITS]}", name=name, photo_url=photo_url(name))
    person = users_store.Person(user, received.at, received.at)
    users_store.add_if_missing(connection, token.tenant_id, person)
    return Actor(user=user, name=f"incoming_webhook:{token.name}", is_admin=False)


def _usable_labels(
    connection: Connection, tenant_id: str, labels: Sequence[tuple[str, str]], at: datetime
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Labels that can be put on, and what is wrong with the others: a key may have all the values that it can have."""
    usable: list[tuple[str, str]] = []
    errors: list[str] = []
    for key, value in labels:
        try:
            known_labels(connection, tenant_id, [(key, value)], at)
        except (Invalid, Conflict) as error:
            errors.append(f"labels: {key}:{value} was left out: {error.message}")
        else:
            usable.append((key, value))
    return tuple(usable), tuple(errors)


def _body_context(body: IncomingBody) -> tuple[ContextDraft, ...]:
    """The body as it was sent: JSON as it is, anything else as a JSON string."""
    if not body.text:
        return ()
    payload = body.text if body.is_json else orjson.dumps(body.text).decode()
    return (ContextDraft(str(uuid4()), WEBHOOK_PAYLOAD, _BODY_TITLE, "", payload),)


def _key(kind: str, key: str) -> str:
    """An index holds short keys only."""
    if len(key) <= _LONGEST_KEY:
        return f"{kind}:{key}"
    return f"{kind}-sha256:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def _accepted(choose: Callable[[], object]) -> bool:
    try:
        choose()
    except (Invalid, Conflict):
        return False
    return True


async def _off_loop(raw: bytes, work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work) if len(raw) >= _LARGE_BODY else work()
