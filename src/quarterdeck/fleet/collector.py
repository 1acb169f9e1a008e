"""What a collector is, apart from any message or table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class CollectorType(IntEnum):
    """The kind of program, numbered as in the contract."""

    UNSPECIFIED = 0
    ALLOY = 1
    OTEL = 2


class ConfigStatus(IntEnum):
    """How a configuration fared in a collector, numbered as in the contract."""

    UNSET = 0
    APPLIED = 1
    APPLYING = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Collector:
    """An entry of the inventory. `local_attributes` are as reported, without the virtual `collector.ID`."""

    id: str
    name: str
    local_attributes: Mapping[str, str]
    remote_attributes: Mapping[str, str]
    enabled: bool
    collector_type: int
    created_by_api: bool
    created_at: datetime
    updated_at: datetime
    marked_inactive_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """How a collector fares: when it called, what it was handed, what it says about it."""

    collector_id: str
    last_seen_at: datetime | None = None
    marked_inactive_at: datetime | None = None
    poll_interval: float | None = None
    """Seconds between polls, as observed."""
    served_hash: str | None = None
    served_fnv1: str | None = None
    served_at: datetime | None = None
    status: ConfigStatus = ConfigStatus.UNSET
    error_message: str = ""
    reported_at: datetime | None = None
    effective_hash: str | None = None
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Customisation:
    """What the management half says about a collector and a poll must know; most collectors have none."""

    remote_attributes: Mapping[str, str]
    enabled: bool
    collector_type: int


NO_CUSTOMISATION = Customisation(remote_attributes={}, enabled=True, collector_type=CollectorType.ALLOY)
