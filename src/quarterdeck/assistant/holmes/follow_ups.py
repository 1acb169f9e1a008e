"""The three things that a client may offer after the first answer of a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One offer."""

    id: str
    action_label: str
    pre_action_notification_text: str
    prompt: str


FOLLOW_UPS: Final = (
    FollowUp("logs", "Logs", "Looking for logs that belong to this", "Show me the logs that belong to this."),
    FollowUp("graphs", "Graphs", "Looking for graphs that belong to this", "Show me graphs that belong to this."),
    FollowUp("articles", "Articles", "Looking for articles about this", "Show me articles or documents about this."),
)


def follow_ups(history: Sequence[Mapping[str, Any]]) -> tuple[FollowUp, ...]:
    """All three when nobody has answered in the incoming history; else none."""
    return () if any(message.get("role") == "assistant" for message in history) else FOLLOW_UPS
