"""What a revision of a pipeline changed, as a unified diff."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import Final

from quarterdeck.fleet.pipeline import Operation, PipelineDraft, Revision

MOST_LINES: Final = 2000
"""Lines of either text up to which a real diff is made: its effort grows with their product."""
_CUT: Final = "\n… [{} more characters of this diff]"


def revision_diff(revision: Revision, before: Revision | None, *, most_characters: int) -> str:
    """The difference that a revision made: first name, state and matchers, then contents; empty when nothing differs.

    A first revision adds everything, a deletion removes everything. Texts of more than 2,000 lines are compared line
    by line without regard to order. Longer than `most_characters`, the diff is cut with a note that says so.
    """
    was = None if before is None or before.operation is Operation.DELETE else before.draft
    if revision.operation is Operation.DELETE:
        # A deletion's revision keeps what was deleted.
        return draft_diff(revision.draft, None, most_characters=most_characters)
    return draft_diff(was, revision.draft, most_characters=most_characters)


def draft_diff(before: PipelineDraft | None, after: PipelineDraft | None, *, most_characters: int) -> str:
    """As `revision_diff`, between two drafts; None is what is not there."""
    parts = (
        _diff(_settings(before), _settings(after), "settings"),
        _diff(_lines(before), _lines(after), "contents"),
    )
    text = "\n".join(part for part in parts if part)
    return text if len(text) <= most_characters else text[:most_characters] + _CUT.format(len(text) - most_characters)


def _settings(draft: PipelineDraft | None) -> list[str]:
    if draft is None:
        return []
    enabled = "true" if draft.enabled else "false"
    return [f"name: {draft.name}", f"enabled: {enabled}", *(f"matcher: {matcher}" for matcher in draft.matchers)]


def _lines(draft: PipelineDraft | None) -> list[str]:
    return [] if draft is None else draft.contents.splitlines()


def _diff(before: Sequence[str], after: Sequence[str], part: str) -> str:
    if before == after:
        return ""
    if max(len(before), len(after)) > MOST_LINES:
        return "\n".join([f"--- {part}", f"+++ {part}", "@@ lines that differ, in no order @@", *_loose(before, after)])
    lines = difflib.unified_diff(before, after, part, part, lineterm="")
    return "\n".join(lines)


def _loose(before: Sequence[str], after: Sequence[str]) -> list[str]:
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return [*(f"-{line}" for line in gone.elements()), *(f"+{line}" for line in new.elements())]
