"""Questions that are orders: each stands at the beginning of the text, so that a quotation further on is none.

`How do I resolve incident 3?` changes nothing; `please resolve incident 3` asks for an approval.
"""

from __future__ import annotations

import re
from typing import Any, Final

_POLITE: Final = (
    r"^\s*(?:(?:please|pls|now|then|okay|ok|hey|hi|hello|so|and|also|kindly|thanks|thank\s+you|can\s+you|could\s+you|would\s+you|will\s+you|"
    r"go\s+ahead\s+and|let's|lets|i\s+want\s+you\s+to|i'd\s+like\s+you\s+to)\b[\s,:!]{1,5}){0,5}"
)
_INCIDENT: Final = (
    r"(?:the\s+)?(?:inc(?:ident)?(?:\s*(?:number|no\.?|id))?[\s#:-]*|#)[\"'`]?(?P<incident>\d{1,18})\b"
    r"(?:[\"'`](?!s\b))?"
)

_COURTESY: Final = re.compile(
    r"(?:^|[\s,;:.!?-])(?:please|pls|plz|kindly|thanks|thank\s+you|thx|cheers|for\s+me|(?:right\s+)?now)$",
    re.IGNORECASE,
)
_END: Final = " \t\r\n.,;!?-"


def _order(pattern: str) -> re.Pattern[str]:
    return re.compile(_POLITE + pattern, re.IGNORECASE)


_HELP: Final = re.compile(
    r"^[\s?!.]*(?:help|hilfe|usage|commands|hi|hello|hey)?(?:\s+me)?[\s?!.]*$"
    r"|\bwhat\s+(?:can|could|do)\s+(?:you|i)\s+(?:do|understand|know|answer|ask|help)\b"
    r"|\bwhich\s+questions\b|\bhow\s+can\s+you\s+help\b|\bwhat\s+are\s+you\b|\bwho\s+are\s+you\b|^\W*help\b.{0,20}$",
    re.IGNORECASE,
)
_PROMQL: Final = (
    _order(r"(?:(?:run|execute|evaluate|query|try|do|show)\s+)?(?:me\s+)?(?:the\s+|this\s+)?promql(?:\s+(?:query|expression))?[\s:=]{1,5}(?=\S)"),
    _order(r"(?:(?:run|execute|evaluate|query|ask|try)\s+)?(?:the\s+)?(?:prometheus|prom)(?:\s+(?:query|expression))?\s{0,3}[:=]\s{0,3}(?=\S)"),
    _order(r"(?:run|execute|evaluate|try)\s+(?:the\s+)?(?:query|expression)\s{0,3}[:=]?\s{0,3}(?=\S)"),
    _order(r"(?:(?:query|ask)\s+prometheus|(?:run|evaluate|execute)\s+in\s+prometheus)\s+(?:for\s+|with\s+)?(?=[`\"'])"),
)  # fmt: skip
_NOTE: Final = (
    _order(
        r"(?:add|write|put|post|leave|attach|make|append)\s+(?:a\s+|this\s+|the\s+)?(?:new\s+)?(?:note|comment|message)\s+(?:to|on|for|in|at)\s+"
        rf"(?:the\s+timeline\s+of\s+)?{_INCIDENT}(?:'s\s+timeline)?\s{{0,3}}(?:saying|that\s+says|with\s+the\s+text|[:,\u2013\u2014-])?[\s:]{{0,5}}(?=\S)"
    ),
    _order(rf"(?:note|comment)\s+(?:to|on|for|in)\s+{_INCIDENT}\s{{0,3}}[:,\u2013\u2014-]?\s{{0,5}}(?=\S)"),
)
_NOTE_BEFORE: Final = _order(
    r"(?:add|write|put|post|append)\s+(?:the\s+note\s+|a\s+note\s+)?(?:\"(?P<double>[^\"]{1,20000})\"|'(?P<single>[^\n]{1,2000}?)'|`(?P<back>[^`]{1,20000})`)"
    rf"\s+(?:as\s+a\s+(?:note|comment)\s+)?(?:to|on|in)\s+(?:the\s+timeline\s+of\s+)?{_INCIDENT}"
)
_RESOLVE: Final = _order(rf"(?P<verb>resolve|close|reopen|re-open|activate)\s+{_INCIDENT}")
_SET: Final = _order(
    rf"(?:set|change|move|switch|update|put|mark|turn)\s+(?:the\s+status\s+of\s+|status\s+of\s+)?{_INCIDENT}(?:'s)?\s*(?:status\s*)?"
    r"(?:to\s+be\s+|to\s+|as\s+|=\s*|into\s+|:\s*)?(?:status\s+)?"
)
_STATUS: Final = re.compile(r"(?P<quote>[\"'`]?)(?P<status>\w[^\n\"'`]{0,99})(?P=quote)")
_STATUSES: Final = {
    "resolve": "resolved", "close": "resolved", "closed": "resolved", "done": "resolved", "fixed": "resolved",
    "resolved": "resolved", "reopen": "active", "re-open": "active", "activate": "active", "open": "active",
    "active": "active", "reopened": "active",
}  # fmt: skip
_MORE_THAN_A_STATUS: Final = re.compile(
    rf"^(?:{'|'.join(_STATUSES)})\b|[,;:.\d]|\b(?:and|but|then|if|when|once|unless|until|because|please|tomorrow|today|later)\b"
    r"|\s(?:in|at|by|after|before|within|with)\s",
    re.IGNORECASE,
)
_ROLL_BACK: Final = _order(
    r"(?:roll\s*-?back|revert|restore|reset|put\s+back|roll\b[^\n]{1,320}\bback|set\b[^\n]{1,320}\bback)\b"
)
_SWITCH: Final = _order(
    r"(?P<verb>enable|disable|activate|deactivate|(?:switch|turn)\s+(?:on|off)|(?:switch|turn)(?=\b[^\n]{1,320}\b(?P<late>on|off)\b))\s"
)
_PIPELINE: Final = (
    r"(?:the\s+)?(?:pipelines?(?:\s+(?:named|called|with\s+(?:the\s+)?(?:id|name)|id|name|number))?[\s:#]{1,5}[\"'`“]?_[\"'`”]?"
    r"|[\"'`“]?_[\"'`”]?(?:'s)?\s+pipeline)"
)
_REVISION: Final = r"(?:the\s+)?(?:(?:revision|rev\.?|version)[\s:#\"'`]{0,5}|[#\"'`]{0,2})\d{1,18}[\"'`]?"
_WHOLE_SWITCH: Final = _order(
    rf"(?:(?:enable|disable|activate|deactivate|(?:switch|turn)\s+(?:on|off))\s+{_PIPELINE}|(?:switch|turn)\s+{_PIPELINE}\s+(?:on|off))$"
)
_WHOLE_ROLL_BACK: Final = _order(
    rf"(?:(?:(?:roll\s*-?back|revert|restore|reset|put\s+back)\s+{_PIPELINE}(?:\s+back)?|(?:roll|set|put)\s+{_PIPELINE}\s+back)\s+to\s+{_REVISION}"
    rf"|(?:roll\s*-?back|revert|restore|reset|go\s+back)\s+(?:to\s+)?{_REVISION}\s+(?:of|for|on)\s+{_PIPELINE})$"
)
_BEYOND: Final = _order(r"(?:delete|remove|drop|create|rename|register|unregister|restart|assign|silence|kill|wipe)\s")
_ON: Final = re.compile(r"^(?:enable|activate|(?:switch|turn)\s+on)$", re.IGNORECASE)


def asks_for_help(text: str) -> bool:
    """Whether somebody wants to know what can be asked."""
    return _HELP.search(text) is not None


def is_beyond(text: str) -> bool:
    """Whether it orders what no rule can do: to answer it with something else would look as if it were done."""
    return _BEYOND.search(text) is not None


def promql(text: str) -> tuple[str, dict[str, Any]] | None:
    """A query that was given to the letter."""
    for pattern in _PROMQL:
        match = pattern.search(text)
        if match is not None:
            query = _unquoted(text[match.end() :])
            return ("prometheus_query", {"query": query}) if query else None
    return None


def note(text: str) -> tuple[str, dict[str, Any]] | None:
    """A note for an incident, to the letter and of any length."""
    for pattern in _NOTE:
        match = pattern.search(text)
        if match is not None:
            return "incidents_add_note", {"incident": match["incident"], "text": _unquoted(text[match.end() :])}
    match = _NOTE_BEFORE.search(text)
    if match is None:
        return None
    words = match["double"] or match["single"] or match["back"]
    return "incidents_add_note", {"incident": match["incident"], "text": words.strip()}


def status(text: str) -> tuple[str, dict[str, Any]] | None:
    """A status for an incident. One that the server does not know may be somebody's own."""
    words = without_courtesy(text)
    match = _RESOLVE.match(words)
    if match is not None:
        wanted = _STATUSES[match["verb"].lower()] if match.end() == len(words) else ""
    else:
        match = _SET.match(words)
        wanted = _wanted_status(words[match.end() :]) if match is not None else ""
    if match is None or not wanted:
        return None
    return "incidents_set_status", {"incident": match["incident"], "status": wanted}


def _wanted_status(words: str) -> str:
    """The status that these words are, and nothing else; empty when they are more, or none."""
    match = _STATUS.fullmatch(words)
    if match is None:
        return ""
    wanted = match["status"].strip()
    known = _STATUSES.get(wanted.casefold(), "")
    if known or match["quote"]:
        return known or wanted
    return "" if _MORE_THAN_A_STATUS.search(wanted) else wanted


def without_courtesy(text: str) -> str:
    """An order without the thanks behind it, and without the full stop."""
    words = text.strip(_END)
    for _ in range(5):
        last = _COURTESY.search(words, max(0, len(words) - 20))
        if last is None:
            break
        words = words[: last.start()].rstrip(_END)
    return words


def half_understood(text: str, blanked: str, pipeline: str, revision: str) -> str:
    """The part that is understood of an order that says more than that; empty for any other text.

    `blanked` has `_` in the place of the pipeline's name.
    """
    words = without_courtesy(text)
    if status(text) is None:
        if match := _RESOLVE.match(words):
            return f"{match['verb'].lower()} incident {match['incident']}"
        if match := _SET.match(words):
            known = re.match(rf"(?:{'|'.join(_STATUSES)})\b", words[match.end() :], re.IGNORECASE)
            wanted = _STATUSES[known[0].lower()] if known is not None else "…"
            return f"set incident {match['incident']} to {wanted}"
    if not pipeline:
        return ""
    order = without_courtesy(blanked)
    switch = wanted_state(order)
    if switch is not None and _WHOLE_SWITCH.match(order) is None:
        return f"{'enable' if switch else 'disable'} pipeline {pipeline}"
    if is_roll_back(order) and revision and _WHOLE_ROLL_BACK.match(order) is None:
        return f"roll back pipeline {pipeline} to revision {revision}"
    return ""


def is_roll_back(text: str) -> bool:
    """Whether a pipeline is to be what it was."""
    return _ROLL_BACK.search(text) is not None


def wanted_state(text: str) -> bool | None:
    """Whether a pipeline is to be enabled or disabled; None when neither is said."""
    match = _SWITCH.search(text)
    if match is None:
        return None
    return match["late"].lower() == "on" if match["late"] else _ON.match(" ".join(match["verb"].split())) is not None


def _unquoted(text: str) -> str:
    """The text without the fence or the pair of quotes around all of it."""
    words = text.strip()
    fenced = re.fullmatch(r"```\w{0,20}\s(.{1,20000}?)```", words, re.DOTALL)
    if fenced is not None:
        return fenced[1].strip()
    for quote in "`\"'":
        if len(words) > 1 and words[0] == words[-1] == quote and quote not in words[1:-1]:
            return words[1:-1].strip()
    return words
