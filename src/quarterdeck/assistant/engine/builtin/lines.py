"""Lines of answers: texts of tool results made harmless, markers, and what each line stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from quarterdeck.assistant.engine.builtin.result import Item, Result

MOST_LISTED: Final = 20
"""Items of a list that an answer names."""
_SHORT: Final = 300
_MOST_ID: Final = 200
_DIFF_LINES: Final = 40
_TEXT_LINES: Final = 200
_LINE: Final = 240
_BLOCK: Final = "      "

_MARKER: Final = re.compile(r"\[(?=(?:call|pipeline|collector|incident|activity):)")
_LINK: Final = re.compile(r"\](?=\()")


def said(value: Any, most: int = _SHORT) -> str:
    """A text from outside in one line of at most `most` characters: no control characters, and nothing in it that
    would count as a marker or as a link of ours."""
    text = "" if value is None else value if isinstance(value, str) else str(value)
    plain = "".join(char if char.isprintable() else " " for char in text[: 2 * most])
    line = " ".join(plain.split())
    return _harmless(line if len(text) <= 2 * most and len(line) <= most else f"{line[:most]}…")


def mark(kind: str, identity: Any, detail: Any = None) -> str:
    """A marker for a thing; nothing when it has no id, or one that no marker can carry."""
    content = str(identity or "") + (f"@{detail}" if detail else "")
    if not identity or len(content) > _MOST_ID or not content.isprintable() or "[" in content or "]" in content:
        return ""
    return f"[{kind}:{content}]"


def pipeline_mark(item: Item) -> str:
    """The marker of a pipeline as the fleet's tools list it."""
    return mark("pipeline", item.get("id"), item.get("revision_id"))


def source(result: Result) -> str:
    """What a line stands on: the tool, and the call."""
    return f"({said(result.name, 64)} {mark('call', result.call_id)})"


def line(result: Result, text: str, *marks: str, depth: int = 0) -> str:
    """One statement, the markers of what it names, and what it stands on."""
    return " ".join(filter(None, (f"{'  ' * depth}- {text}", *marks, source(result))))


def more(result: Result, total: int, shown: int) -> Iterator[str]:
    """That there is more than what was named."""
    if total > shown:
        yield line(result, f"and {total - shown} more that are not listed here", depth=1)


def block(text: Any, most_lines: int = _TEXT_LINES) -> Iterator[str]:
    """A text of several lines as it is, indented so that it reads as a quotation."""
    listed = str(text or "").splitlines()
    for each in listed[:most_lines]:
        plain = "".join(char if char.isprintable() else " " for char in each[: _LINE + 1]).rstrip()
        yield _BLOCK + _harmless(plain if len(plain) <= _LINE else f"{plain[:_LINE]}…")
    if len(listed) > most_lines:
        yield f"{_BLOCK}… {len(listed) - most_lines} more lines"


def diff_lines(item: Item) -> Iterator[str]:
    """The diff of a change, its first lines."""
    yield from block(item.get("diff"), _DIFF_LINES)


def words(values: Any, nothing: str) -> str:
    """A list of texts in one line."""
    listed = (
        [said(value, 100) for value in values] if isinstance(values, Sequence) and not isinstance(values, str) else []
    )
    return said(", ".join(listed)) or nothing


def counted(number: int, one: str, many: str = "") -> str:
    """`1 collector`, `2 collectors`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _harmless(text: str) -> str:
    return _LINK.sub("] ", _MARKER.sub("(", text)).encode(errors="replace").decode()
