"""One committed change, as the log keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quarterdeck.events.position import Position


@dataclass(frozen=True, slots=True)
class Event:
    """What happened (`kind`) to what (`stream`), by whom, when. Never changes once written.

    `sequence` counts from 1 without gaps within its stream. `position` orders the events of all streams.
    """

    tenant_id: str
    stream: str
    sequence: int
    position: Position
    kind: str
    actor: str
    at: datetime
    payload: dict[str, Any]
    references: Mapping[str, str]
    """What the event is about besides its stream, by role: `{"pipeline": "12", "contents": "<sha256>"}`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events in order, and how far the log has been seen with them."""

    events: tuple[Event, ...]
    reached: Position
    """Reading on from here misses nothing, also when events before it did not match the filter."""
    complete: bool
    """Whether there was nothing more to read."""
    pending: bool
    """Whether something committed had to be held back because an older transaction is still running."""
