"""The log of everything that changed, written in the transaction of the change, and its readers."""

from __future__ import annotations

from quarterdeck.events.event import Batch, Event
from quarterdeck.events.following import EventLog
from quarterdeck.events.log import TOPIC, adopt_restored, append, head, read_all, read_stream, stream_head, trim
from quarterdeck.events.position import Position

__all__ = [
    "TOPIC",
    "Batch",
    "Event",
    "EventLog",
    "Position",
    "adopt_restored",
    "append",
    "head",
    "read_all",
    "read_stream",
    "stream_head",
    "trim",
]
