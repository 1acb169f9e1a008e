"""Every table of the house: importing the stores hangs their tables on the one metadata."""

from __future__ import annotations

from quarterdeck.assistant.store import tables as assistant
from quarterdeck.database import blobs, metadata, sequences
from quarterdeck.events import log as events
from quarterdeck.fleet.store import collectors, pipelines
from quarterdeck.identity import store as identity
from quarterdeck.incidents.store import tables as incidents
from quarterdeck.jobs import store as jobs

OWNERS = (blobs, sequences, events, identity, jobs, pipelines, collectors, incidents, assistant)
"""The modules with tables."""

__all__ = ["OWNERS", "metadata"]
