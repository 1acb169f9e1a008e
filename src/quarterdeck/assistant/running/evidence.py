"""The references that an answer carries: what it cites or names, and what a tool result of this run has shown."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.assistant.references import references_in
from quarterdeck.assistant.running.results import from_reference
from quarterdeck.assistant.tools.tool import Reference
from quarterdeck.gen.assistant.v1.run_pb2 import ToolCallFinished


def evidence_of(answer: str, results: Sequence[ToolCallFinished]) -> tuple[Reference, ...]:
    """In the order in which the answer names them. What no tool result has shown is not evidence, and is left out."""
    known = [from_reference(reference) for each in results for reference in each.result.references]
    calls = {each.tool_call_id: each.tool_name for each in results}
    return references_in(answer, known, calls).known
