"""What every run needs of the server, and what an operator decides about runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.assistant.tools.toolbox import Toolbox
from quarterdeck.clock import Clock
from quarterdeck.database import Database


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of every run."""

    max_steps: int = 100
    """Model calls of one run."""
    result_window_share: float = 0.15
    """The share of the context window that one tool result may take."""
    result_most_tokens: int = 25_000
    """Tokens that one tool result may take."""
    compaction_threshold_percent: int = 95
    approval_timeout: timedelta = timedelta(hours=24)
    """After that an approval that nobody gave is denied."""
    tool_concurrency: int = 8
    """Calls of one step that run at the same time."""


@dataclass(frozen=True, slots=True)
class House:
    """What every run needs of the server."""

    database: Database
    clock: Clock
    toolbox: Toolbox
    limits: RunLimits
