"""An enabled hook, and what became of each thing that it was to deliver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from quarterdeck.incidents.webhooks.event_names import HookEventName


@dataclass(frozen=True, slots=True)
class EnabledHook:
    """A hook that somebody switched on. Never prints its secrets."""

    id: str
    integration_id: str
    hook_id: str
    event_name: HookEventName
    incident_filter: str
    sensitive: bool
    """Also for private incidents."""
    url: str
    events: str
    signing_secret: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    created_by: str
    created_at: datetime
    disabled_at: datetime | None = None


class DeliveryStatus(StrEnum):
    """Where a delivery is. TODO ones will be tried; FAILED ones are dead letters, which can be replayed."""

    TODO = "todo"
    SUCCESS = "success"
    FAILED = "failed"
    DROPPED = "dropped"
    """Its hook was disabled before it succeeded."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a delivery. `status` is 0 when nobody answered."""

    at: datetime
    status: int
    error: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one hook. The id is the same at every try and every replay."""

    id: str
    enabled_hook_id: str
    integration_id: str
    hook_id: str
    event_name: HookEventName
    incident_id: int
    event: str
    """As the body calls it, such as `grafana.incident.created`."""
    incident_sha256: str
    """The blob with the incident as it was when the event happened; see `queueing`."""
    status: DeliveryStatus
    tries: tuple[Try, ...]
    created_at: datetime
    last_run_at: datetime | None
    metadata: Mapping[str, Any]

    @property
    def tries_of_this_round(self) -> int:
        """How often it was tried since it was queued or replayed."""
        return len(self.tries) - int(self.metadata.get("replayedAfter", 0))
