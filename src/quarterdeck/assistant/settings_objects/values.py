"""What clients say in free JSON about rules, skills and integrations, read into plain values.

Every reader takes a JSON value, with None for null, and raises Invalid, which names the field and shows no value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from quarterdeck.errors import FieldViolation, Invalid, Reason

ASSISTANT: Final = "assistant"
"""What chats are called among the applications."""
MOST_BYTES: Final = 64 * 1024
"""Of one object, with everything that it says."""
HIDDEN: Final = "********"
"""Shown in place of a header's value, and, sent back, the value that there is."""
AUTO_APPROVE: Final = "auto_approve"
ALWAYS_ASK: Final = "always_ask"

Headers = Sequence[tuple[str, str]]

_MOST_ENTRIES: Final = 100
_LONGEST: Final = 200
_LONGEST_VALUE: Final = 8192
_LONGEST_JSON: Final = 64 * 1024
_MOST_DEPTH: Final = 32
_COMMAND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PREFERENCES: Final = frozenset({"enabled", "disabled"})
_POLICIES: Final = frozenset({"", AUTO_APPROVE, ALWAYS_ASK})


def applications(value: Any) -> list[str]:
    """A list of names; null is an empty one."""
    names = [] if value is None else value
    if not isinstance(names, list) or not all(_is_text(name) for name in names) or len(names) > _MOST_ENTRIES:
        raise _wrong("applications", f"must be a list of at most {_MOST_ENTRIES} names")
    return list(dict.fromkeys(names))


def counts_for_chats(names: Sequence[str]) -> bool:
    """Whether chats are among the applications, or none are named."""
    return not names or ASSISTANT in names


def allowed_tools(value: Any) -> list[dict[str, str]]:
    """A list of `{integrationId, toolName}`; null is an empty one."""
    tools = [] if value is None else value
    if not isinstance(tools, list) or len(tools) > _MOST_ENTRIES:
        raise _wrong("allowed_tools", f"must be a list of at most {_MOST_ENTRIES} tools")
    return [_allowed_tool(tool) for tool in tools]


def context_items(value: Any) -> Any:
    """Any JSON of up to 64 KiB."""
    if _size(value, 0) > _LONGEST_JSON:
        raise _wrong("context_items", f"must be JSON of at most {_LONGEST_JSON} characters and {_MOST_DEPTH} levels")
    return value


def command_name(value: Any) -> str | None:
    """Letters, digits, `_` and `-`, at most 64, without or with the slash; None for null or an empty text."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _COMMAND.fullmatch(value.removeprefix("/")):
        raise _wrong("command_name", "must be 1 to 64 letters, digits, - and _, such as deploy")
    return value.removeprefix("/")


def configuration(value: Any) -> dict[str, Any] | None:
    """An MCP server's configuration as it was given; None for null.

    Keys that are not known here are kept, for the client that knows them.
    """
    if value is None:
        return None
    if not isinstance(value, dict) or _size(value, 0) > _LONGEST_JSON:
        raise _wrong("configuration", f"must be an object of at most {_LONGEST_JSON} characters")
    for key in ("url", "builtinId"):
        if not isinstance(value.get(key, ""), str):
            raise _wrong("configuration", f"has a {key} that is no text")
    _check_choices(value, "toolPreferences", _PREFERENCES)
    _check_choices(value, "toolApprovalPolicies", _POLICIES)
    return value


def headers(value: Any, before: Headers = ()) -> list[tuple[str, str]]:
    """A list of `{key, value}` or `{name, value}`; null is an empty one.

    A value of stars, and one that is marked as not `modified`, is the one that the header had before.
    """
    listed = [] if value is None else value
    if not isinstance(listed, list) or len(listed) > _MOST_ENTRIES:
        raise _wrong("custom_headers", f"must be a list of at most {_MOST_ENTRIES} headers")
    found = [_header(each, dict(before)) for each in listed]
    if len({name.lower() for name, _ in found}) != len(found):
        raise _wrong("custom_headers", "has a header twice")
    return found


def check_size(what: str, body: Mapping[str, Any]) -> None:
    """Raises Invalid for an object that says more than fits."""
    size = len(orjson.dumps(dict(body)))
    if size > MOST_BYTES:
        raise Invalid(Reason.FIELD_INVALID, f"the {what} has {size} bytes; at most {MOST_BYTES} are accepted")


def _header(value: Any, before: Mapping[str, str]) -> tuple[str, str]:
    given = value if isinstance(value, dict) else {}
    name, text = given.get("key") or given.get("name"), given.get("value", "")
    if not isinstance(name, str) or not _is_text(name) or not isinstance(text, str) or len(text) > _LONGEST_VALUE:
        raise _wrong("custom_headers", "must be a list of {key, value}")
    if text != HIDDEN and (text or given.get("modified") is not False):
        return name, text
    if name not in before:
        raise _wrong("custom_headers", f"has the header {name[:80]!r} without a value, and there is none to keep")
    return name, before[name]


def _allowed_tool(value: Any) -> dict[str, str]:
    named = {key: value.get(key) for key in ("integrationId", "toolName")} if isinstance(value, dict) else {}
    if not named or not all(_is_text(text) for text in named.values()):
        raise _wrong("allowed_tools", "must be a list of {integrationId, toolName}")
    return {key: str(text) for key, text in named.items()}


def _check_choices(value: Mapping[str, Any], key: str, choices: frozenset[str]) -> None:
    chosen = value.get(key)
    if chosen is None:
        return
    if not isinstance(chosen, dict) or not all(
        _is_text(tool) and isinstance(choice, str) and choice in choices for tool, choice in chosen.items()
    ):
        shown = ", ".join(sorted(choice for choice in choices if choice))
        raise _wrong("configuration", f"has a {key} that is no object from tools to {shown}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= _LONGEST


def _size(value: Any, depth: int) -> int:
    """Characters, roughly; more than may be when it is nested too deeply."""
    if depth > _MOST_DEPTH:
        return _LONGEST_JSON + 1
    if isinstance(value, dict):
        return sum(len(key) + _size(each, depth + 1) + 4 for key, each in value.items())
    if isinstance(value, list):
        return sum(_size(each, depth + 1) + 1 for each in value)
    return len(value) if isinstance(value, str) else 8


def _wrong(field: str, why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, f"{field} {why}", violations=(FieldViolation(field, why),))
