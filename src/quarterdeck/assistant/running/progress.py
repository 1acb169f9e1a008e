"""`RunProgress`: a run in the hands of its worker. What was asked, what its log says so far, and the pen for more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from quarterdeck.assistant.run import RunRecord
from quarterdeck.assistant.running.conversation import Conversation
from quarterdeck.assistant.running.journal import RunJournal
from quarterdeck.gen.assistant.v1.tool_pb2 import Truncation


@dataclass(slots=True)
class RunProgress:
    """How far a run is."""

    run: RunRecord
    journal: RunJournal
    conversation: Conversation
    truncations: list[Truncation] = field(init=False)
    """What was cut so far, of results and of the conversation."""

    def __post_init__(self) -> None:
        self.truncations = list(self.conversation.figures.truncations)

    def add(self, **event: Any) -> None:
        """One more event of the log, by the name of its member of the oneof."""
        self.conversation.apply(self.journal.add(**event))
