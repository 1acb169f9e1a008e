"""Whether a change took a pipeline away from a collector, as far as the change's diff shows.

Who lost a pipeline does not get it any more: nothing that is read about the collector names that pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from quarterdeck.errors import Invalid
from quarterdeck.fleet.matchers import parse_matchers, selects

_SETTINGS: Final = "--- settings\n+++ settings\n"
_CONTENTS: Final = "\n--- contents"
_FROM_THE_TOP: Final = re.compile(r"@@ -[01](?:,\d+)? \+[01](?:,\d+)? @@")
_CONTEXT: Final = 3
"""Unchanged lines behind the last change: where there are so many, more may have been left out."""


def took_away(diff: Any, attributes: Sequence[Mapping[str, str]]) -> bool:
    """Whether one of these collectors was selected before a change and is not after it."""
    lines = _settings(diff) if isinstance(diff, str) else []
    if not lines:
        return False
    try:
        before = _selected([line[1:] for line in lines if line[:1] in "- "], attributes)
        after = _selected([line[1:] for line in lines if line[:1] in "+ "], attributes)
    except Invalid:
        return False
    return bool(before - after)


def _settings(diff: str) -> list[str]:
    """The pipeline's settings with their signs; nothing when they did not change, or not all of them are there."""
    if not diff.startswith(_SETTINGS):
        return []
    first, *lines = diff.removeprefix(_SETTINGS).partition(_CONTENTS)[0].split("\n")
    signs = "".join(line[:1] or "?" for line in lines)
    is_whole = _FROM_THE_TOP.fullmatch(first) is not None and not signs.strip("+- ")
    return lines if is_whole and len(signs) - len(signs.rstrip(" ")) < _CONTEXT else []


def _selected(settings: Sequence[str], attributes: Sequence[Mapping[str, str]]) -> set[int]:
    """The places of the collectors that a pipeline with these settings reaches."""
    if "enabled: true" not in settings:
        return set()
    written = [line.removeprefix("matcher: ") for line in settings if line.startswith("matcher: ")]
    matchers = parse_matchers(written, limit=None)
    return {place for place, each in enumerate(attributes) if selects(matchers, each)}
