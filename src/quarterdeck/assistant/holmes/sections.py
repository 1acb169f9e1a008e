"""Sections of an investigation: what a model is asked for, and how its text is taken apart. holmes.md, 8.2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

DEFAULTS: Final[Mapping[str, str]] = {
    "Alert Explanation": "what the alert means, in one or two sentences",
    "Key Findings": "what was found, each finding with the tool call that it stands on",
    "Conclusions and Possible Root causes": "what probably caused it, and what speaks for and against that",
    "Next Steps": "what a person can do now, as commands where possible",
    "Related logs": "the log lines that show the problem, or null",
    "App or Infra?": "whether the application or the infrastructure is at fault",
    "External links": "links to runbooks and documents that help, or null",
}
"""Title and what belongs under it, in order."""

MOST_SECTIONS: Final = 100
"""Sections of one answer; further titles stay in the text of the last one."""

_FENCE: Final = "```"
_OPENING: Final = frozenset({"```", "```json"})
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_UNDERLINE: Final = re.compile(r"=+")

Sections = dict[str, str | None]


def response_format(titles: Mapping[str, str] | Iterable[str]) -> dict[str, Any]:
    """What the model's answer must look like: a text, or null, under each title. A mapping tells what belongs there."""
    about = titles if isinstance(titles, Mapping) else dict.fromkeys(titles, "")
    properties: dict[str, dict[str, Any]] = {name: {"type": ["string", "null"]} for name in about}
    for name, description in about.items():
        if description:
            properties[name]["description"] = description
    schema = {"type": "object", "properties": properties, "required": list(about), "additionalProperties": False}
    return {
        "type": "json_schema",
        "json_schema": {"name": "InvestigationResult", "strict": False, "schema": schema},
    }


def parse(text: str, titles: Iterable[str] = ()) -> tuple[str, Sections | None]:
    """The analysis and its sections: from JSON, `# Title` headings, or underlined titles; None when it has none.

    The analysis is the text as it is, or, for JSON, the sections as one text. Headings below the highest level stay in
    their section, unless they are among `titles` or the defaults; so does what looks like one inside a code block.
    A title that comes twice has both texts. Never fails.
    """
    wanted = list(titles)
    known = {_key(title) for title in (*DEFAULTS, *wanted)}
    value = _answer(text, known)
    if value is not None:
        # As they were asked for; what nobody asked for comes behind that.
        keys = [*(title for title in wanted if title in value), *(key for key in value if key not in wanted)]
        found = {key: _text(value[key]) for key in keys}
        return joined(found), found
    lines = text.splitlines()
    outside = _outside_code(lines)
    return text, _below(_headings(lines, outside, known) or _underlined(lines, outside), lines)


def joined(sections: Mapping[str, str | None]) -> str:
    """Sections as one text, those without anything left out."""
    return "\n\n".join(f"# {title}\n{text}" for title, text in sections.items() if text)


def unfenced(text: str) -> str:
    """What stands inside the first ```` ```json ```` fence; the text itself when it has none."""
    lines = text.splitlines()
    marks = [index for index, line in enumerate(lines) if line.lstrip().startswith(_FENCE)]
    for opening, closing in zip(marks[::2], marks[1::2], strict=False):
        if lines[opening].strip().lower() in _OPENING and lines[closing].strip() == _FENCE:
            return "\n".join(lines[opening + 1 : closing]).strip()
    return text


def _answer(text: str, known: set[str]) -> dict[str, Any] | None:
    """The object that the text is. One in a fence with text around it may be an example, but for its known titles."""
    inside = unfenced(text)
    value = _object(text) or _object(inside)
    is_all = text.strip().startswith(("{", _FENCE)) and text.strip().endswith(("}", _FENCE))
    return value if value and (is_all or any(_key(title) in known for title in value)) else None


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and value else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(each if isinstance(each, str) else _json(each) for each in value)
    return _json(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # it reads deeper nesting than it writes
        return str(value)


_Title = tuple[str, int, int]
"""The title, its line, and the line at which its text begins."""


def _headings(lines: list[str], outside: list[int], known: set[str]) -> list[_Title]:
    matches = [(index, match) for index in outside if (match := _HEADING.fullmatch(lines[index].rstrip()))]
    top = min((len(match[1]) for _, match in matches), default=0)
    titles = ((match[2].rstrip("#").rstrip(), len(match[1]), index) for index, match in matches)
    return [
        (title, index, index + 1) for title, level, index in titles if title and (level == top or _key(title) in known)
    ]


def _underlined(lines: list[str], outside: list[int]) -> list[_Title]:
    return [
        (lines[index - 1].strip(), index - 1, index + 1)
        for index in outside
        if index and _UNDERLINE.fullmatch(lines[index].rstrip()) and lines[index - 1].strip()
    ]


def _below(titles: list[_Title], lines: list[str]) -> Sections | None:
    if not titles:
        return None
    titles = titles[:MOST_SECTIONS]
    ends = [line for _, line, _ in titles[1:]] + [len(lines)]
    found: dict[str, str] = {}
    for (title, _, begin), end in zip(titles, ends, strict=True):
        body = "\n".join(lines[begin:end]).strip()
        found[title] = "\n\n".join(filter(None, (found.get(title), body)))
    return dict(found)


def _outside_code(lines: list[str]) -> list[int]:
    """The lines that stand in no code block: a comment of a script is no heading."""
    outside, inside = [], False
    for index, line in enumerate(lines):
        if line.lstrip().startswith(_FENCE):
            inside = not inside
        elif not inside:
            outside.append(index)
    return outside


def _key(title: str) -> str:
    """What two spellings of a title have in common."""
    return " ".join(title.casefold().replace("*", " ").split()).rstrip(": ")
