"""The work of the queue `webhooks`: one try of one delivery, and what is written about it.

Deliveries of one enabled hook are sent one after the other, in the order of the events; the next one waits until the
one before it succeeded or is a dead letter. Hooks do not wait for one another.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from importlib import metadata
from typing import Any, Final

import orjson

from quarterdeck import jobs
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database, blobs
from quarterdeck.errors import Conflict, Reason
from quarterdeck.incidents.store import deliveries as deliveries_store
from quarterdeck.incidents.store import hooks as hooks_store
from quarterdeck.incidents.webhooks import payload
from quarterdeck.incidents.webhooks.event_names import Event
from quarterdeck.incidents.webhooks.hook import Delivery, DeliveryStatus, EnabledHook, Try
from quarterdeck.incidents.webhooks.queueing import QUEUE
from quarterdeck.incidents.webhooks.retries import TryResult, wait_after
from quarterdeck.incidents.webhooks.sender import WebhookSender
from quarterdeck.incidents.webhooks.signature import HEADER, sign

_log = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=30)
CONCURRENCY: Final = 256
"""Tries at a time. A receiver that hangs takes one of them for ten seconds, of every forty at most."""
LEASE: Final = timedelta(seconds=30)
USER_AGENT: Final = f"Quarterdeck/{metadata.version('quarterdeck')}"
ERROR_PREFIX: Final = "integrations.webhook_failed: "
_PURGED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Everything that one try needs."""

    delivery: Delivery
    hook: EnabledHook
    body: bytes | None
    """None when it is lost: nothing can be sent, and what is behind it shall not wait for ever."""


class WebhookDelivering:
    """The handler of the queue. `run` is registered with a `JobRunner`."""

    def __init__(self, database: Database, clock: Clock, sender: WebhookSender) -> None:
        self._database = database
        self._clock = clock
        self._sender = sender

    async def run(self, job: jobs.Job) -> jobs.Outcome | None:
        """One try. Raises TryLater or GiveUp when it failed; either way the try is recorded with the job's verdict."""
        loaded = await self._database.read(partial(_load, job=job))
        if loaded is None:
            return None
        at = self._clock.now()
        if loaded.body is None:
            result = TryResult(ok=False, error="the body is lost", final=True)
        else:
            headers = _headers(loaded.hook, loaded.body, at)
            result = await self._sender.send(loaded.hook.url, headers, loaded.body)
        delivery = loaded.delivery
        tried = Try(at, result.status, "" if result.ok else f"{ERROR_PREFIX}{result.error}")
        if result.ok:
            return partial(_record, job=job, delivery=delivery, tried=tried, status=DeliveryStatus.SUCCESS)
        raise self._verdict(job, delivery, result, tried)

    def _verdict(self, job: jobs.Job, delivery: Delivery, result: TryResult, tried: Try) -> jobs.GiveUp | jobs.TryLater:
        tries = delivery.tries_of_this_round + 1
        chance = random.random()  # noqa: S311 - spreads load, hides nothing
        wait = None if result.final else wait_after(tries, chance, result.retry_after)
        if wait is None:
            _log.warning("webhook delivery %s is given up after %d tries: %s", job.id, tries, result.error)
            return jobs.GiveUp(
                tried.error,
                outcome=partial(_record, job=job, delivery=delivery, tried=tried, status=DeliveryStatus.FAILED),
            )
        recorded = partial(_record, job=job, delivery=delivery, tried=tried, status=DeliveryStatus.TODO)
        return jobs.TryLater(tried.error, delay=wait, outcome=recorded)


def webhook_runner(
    database: Database,
    clock: Clock,
    sender: WebhookSender,
    *,
    worker: str,
    lease: timedelta = LEASE,
    concurrency: int = CONCURRENCY,
    poll: float = 1.0,
) -> jobs.JobRunner:
    """What runs the queue in one process; `start` it and `stop` it."""
    runner = jobs.JobRunner(database, clock, worker=worker, concurrency=concurrency, lease=lease, poll=poll)
    runner.register(QUEUE, WebhookDelivering(database, clock, sender).run, keep_done=False)
    return runner


def replay(connection: Connection, tenant_id: str, delivery_id: str, at: datetime) -> Delivery:
    """Let a dead letter be tried again, with all its tries, behind what its hook has still to deliver.

    Raises NotFound, and Conflict for a delivery that is no dead letter or whose hook was disabled.
    """
    delivery = deliveries_store.get(connection, tenant_id, delivery_id, lock=True)
    if delivery.status is not DeliveryStatus.FAILED:
        raise Conflict(
            Reason.CONCURRENT_CHANGE,
            f"delivery {delivery.id} has the status {delivery.status}; only a failed one can be replayed",
        )
    hooks_store.get(connection, tenant_id, delivery.enabled_hook_id)
    again = replace(
        delivery,
        status=DeliveryStatus.TODO,
        metadata={**delivery.metadata, "replayedAfter": len(delivery.tries)},
    )
    deliveries_store.update(connection, tenant_id, again)
    jobs.replay(connection, tenant_id=tenant_id, queue=QUEUE, job_id=delivery.id, now=at)
    return again


def purge(connection: Connection, before: datetime) -> int:
    """Forget deliveries from before `before` that are not under way, a few hundred at a time; returns how many."""
    old = deliveries_store.list_older(connection, before, limit=_PURGED_AT_ONCE)
    by_tenant: dict[str, list[tuple[str, str]]] = {}
    for tenant_id, delivery_id, sha256 in old:
        by_tenant.setdefault(tenant_id, []).append((delivery_id, sha256))
    for tenant_id, gone in by_tenant.items():
        ids = [delivery_id for delivery_id, _ in gone]
        deliveries_store.delete(connection, tenant_id, ids, sorted({sha256 for _, sha256 in gone}))
        jobs.forget(connection, tenant_id=tenant_id, queue=QUEUE, ids=ids)
    return len(old)


def _load(connection: Connection, *, job: jobs.Job) -> _Loaded | None:
    """None when there is nothing to do any more: it was dropped, or delivered already."""
    delivery = deliveries_store.find(connection, job.tenant_id, job.id)
    if delivery is None or delivery.status is not DeliveryStatus.TODO:
        return None
    hook = hooks_store.find(connection, job.tenant_id, delivery.enabled_hook_id)
    if hook is None or hook.disabled_at is not None:
        return None
    kept = blobs.get_many(connection, job.tenant_id, [delivery.incident_sha256]).get(delivery.incident_sha256)
    return _Loaded(delivery, hook, None if kept is None else _body(delivery, orjson.loads(kept)["incident"]))


def _body(delivery: Delivery, incident: Mapping[str, Any]) -> bytes:
    """The same bytes at every try."""
    return payload.encode(payload.envelope(delivery.id, Event(delivery.event), delivery.created_at, incident))


def _headers(hook: EnabledHook, body: bytes, at: datetime) -> list[tuple[str, str]]:
    own = {name.lower() for name, _ in hook.headers}
    ours = [("Content-Type", "application/json"), ("User-Agent", USER_AGENT)]
    return [
        *((name, value) for name, value in ours if name.lower() not in own),
        (HEADER, sign(body, hook.signing_secret, at)),
        *hook.headers,
    ]


def _record(connection: Connection, *, job: jobs.Job, delivery: Delivery, tried: Try, status: DeliveryStatus) -> None:
    """Nobody else writes tries while the job is leased; what was dropped meanwhile stays dropped, with the try."""
    updated = replace(delivery, status=status, tries=(*delivery.tries, tried), last_run_at=tried.at)
    deliveries_store.record_try(connection, job.tenant_id, updated)
