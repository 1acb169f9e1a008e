"""The time that a question is about, and the times in it that are not understood.

The planner has no clock: `yesterday` is the day before the last 24 hours, and what needs today's date is not
understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from quarterdeck.incidents.times import format_time, read_time

_HOUR: Final = 3600
_DAY: Final = timedelta(days=1)
_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "a couple of": 2, "three": 3, "few": 3, "a few": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "thirty": 30,
}  # fmt: skip
_UNIT: Final = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)"
_COUNT: Final = "|".join(
    [r"half(?:\s+an?)?", *(word.replace(" ", r"\s+") for word in sorted(_NUMBERS, key=len, reverse=True))]
)
_DIGITS: Final = r"\d{1,4}(?:\.\d{1,3})?"
_PART: Final = re.compile(rf"({_DIGITS})\s*({_UNIT}|[smhdw])|(?:({_COUNT})\s+)?\b({_UNIT})", re.IGNORECASE)
_COUNTED: Final = rf"{_DIGITS}\s*(?:{_UNIT}|[smhdw])(?![a-z])"
_TIGHT: Final = r"(?:\d{1,4}[smhdw]){2,4}(?![a-z\d])"
_MORE: Final = rf"(?:(?:\s*,\s*|\s+)(?:and\s+)?{_COUNTED}){{0,3}}"
_WHOLE: Final = r"(?<![\w.,])(?<!\band\s)(?<!\band\sa\s)"
"""Where no number goes on: of `1,5 hours` and `one and a half hours` the end is no span."""
_LONG: Final = rf"{_WHOLE}(?:{_TIGHT}|(?:{_COUNTED}|(?:{_COUNT})\s+{_UNIT}\b){_MORE})"
_SPAN: Final = rf"(?:{_LONG}|{_WHOLE}(?<!\d\s)(?:second|minute|hour|day|week)\b{_MORE})"
_SECONDS: Final = {"s": 1, "m": 60, "h": _HOUR, "d": 24 * _HOUR, "w": 7 * 24 * _HOUR}

_LATELY: Final = re.compile(rf"\b(?:last|past|previous|recent)\s+({_SPAN})", re.IGNORECASE)
_AGO: Final = re.compile(rf"({_LONG})\s+ago\b", re.IGNORECASE)
_BEFORE: Final = re.compile(
    rf"({_SPAN})\s+(?:(?:just|right|immediately|directly)\s+)?(?:before|prior|preceding|leading|ahead)\b",
    re.IGNORECASE,
)
_NAMED: Final = (
    (re.compile(r"\byesterday\b", re.IGNORECASE), ("-48h", "-24h")),
    (re.compile(r"\b(?:today|tonight|overnight)\b", re.IGNORECASE), ("-24h", "now")),
    (re.compile(r"\bthis\s+week\b", re.IGNORECASE), ("-7d", "now")),
    (re.compile(r"\bthis\s+month\b", re.IGNORECASE), ("-31d", "now")),
)
_MOMENT: Final = re.compile(
    r"(?:\b(before|until|till|prior\s+to|up\s+to|since|after|from|between|on)\s+)?"
    r"(?<![\w.-])(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)"
    r"(?:\s?([Zz]|UTC\b)|([+-]\d\d:\d\d))?)?(?![\w:-])",
    re.IGNORECASE,
)
_UNTIL: Final = re.compile(r"\b(?:before|until|till|except)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_SINCE: Final = re.compile(r"\b(?:since|from)\s+(?:the\s+)?$", re.IGNORECASE)
_DAYS: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_MONTHS: Final = (
    r"(?:january|february|april|june|july|august|september|october|november|december|(?:march|may)(?=\s+\d))"
)
_SOME_TIME: Final = re.compile(
    r"(?<![\w:])\d{1,2}:\d\d(?![\w:])|\b\d{1,2}\s*(?:am|pm|o'clock)\b|\b\d{4}-\d\d-\d\d|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b(?:between|from)\s+\d{1,2}\s+(?:and|to|until|till)\s+\d{1,2}\b"
    r"|\b(?:since|after|before|until|till|around|by)\s+(?:about\s+)?\d{1,2}\b"
    rf"|\b{_DAYS}\b|\b{_MONTHS}\b|\b(?:yesterday|tomorrow|midnight|noon|weekends?)\b"
    r"|\b(?:last|past|previous|this|next)\s+(?:\w+\s+)?"
    rf"(?:nights?|mornings?|evenings?|afternoons?|months?|quarters?|years?|shifts?|{_UNIT}\b)"
    rf"|\b(?:\d[\d.,]{{0,9}}|{_COUNT}|eleven|[a-z]{{3,6}}teen|[a-z]{{3,5}}ty|several|some|many)"
    rf"\s*(?:{_UNIT}|months?|years?|quarters?)\b|(?<![\w.]){_TIGHT}"
    r"|\b(?:since|until|till)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Read:
    """A time that was understood, and where in the text it stands."""

    window: tuple[str, str]
    spans: tuple[tuple[int, int], ...]


def window(text: str, words: str) -> Read | None:
    """The time that a question is about, as `since` and `until` of tools; None when none is understood.

    `words` is the text without the names in it, of the same length.
    """
    dated = _dated(text)
    if dated is not None:
        return dated
    for pattern, named in _NAMED:
        if match := pattern.search(words):
            return Read(named, (match.span(),))
    match = _LATELY.search(words)
    if match is not None and not _stands_behind(_UNTIL, words, match.start()):
        return Read((ago(seconds_of(match[1])), "now"), (match.span(),))
    matches = [match for match in _AGO.finditer(words) if not _stands_behind(_UNTIL, words, match.start())][:2]
    if not matches:
        return None
    far, *near = sorted((seconds_of(match[1]) for match in matches), reverse=True)
    return Read((ago(far), ago(near[0]) if near else "now"), tuple(match.span() for match in matches))


def before(words: str) -> tuple[int, tuple[int, int]] | None:
    """How many seconds before an incident, and where that stands."""
    match = _BEFORE.search(words) or _LATELY.search(words)
    return None if match is None else (seconds_of(match[1]), match.span())


def is_left(words: str, spans: tuple[tuple[int, int], ...]) -> bool:
    """Whether a time stands in a question outside of what was understood."""
    letters = list(words)
    for start, end in spans:
        lead = _stands_behind(_SINCE, words, start)
        letters[start - lead : end] = "_" * (end - start + lead)
    return _SOME_TIME.search("".join(letters)) is not None


def _stands_behind(pattern: re.Pattern[str], words: str, start: int) -> int:
    """How much of what stands before a place is of a pattern."""
    match = pattern.search(words[max(0, start - 30) : start])
    return len(match[0]) if match is not None else 0


def _dated(text: str) -> Read | None:
    """Days and moments as RFC 3339 writes them, in UTC unless they say another zone."""
    found = list(_MOMENT.finditer(text))[:2]
    moments = [_moment(match) for match in found]
    first = moments[0] if moments else None
    last = moments[-1] if moments else None
    if first is None or last is None:
        return None
    spans = tuple(match.span() for match in found)
    side = " ".join((found[0][1] or "").casefold().split())
    try:
        if len(found) > 1:
            return Read((first[0], last[1]), spans)
        if side in {"before", "until", "till", "prior to", "up to"}:
            lead = _BEFORE.search(text[: found[0].end()])
            long = timedelta(seconds=seconds_of(lead[1])) if lead is not None else _DAY
            spans = (*spans, lead.span()) if lead is not None else spans
            end = read_time(first[0])
            return None if end is None else Read((format_time(end - long), first[0]), spans)
    except OverflowError:
        return None
    if found[0][3] is None and side in {"", "on"}:
        return Read(first, spans)
    # At, or around, a moment is no beginning: it counts as one, and as not understood.
    return Read((first[0], "now"), spans if side in {"since", "after", "from"} else ())


def _moment(match: re.Match[str]) -> tuple[str, str] | None:
    """The beginning and the end of a day; twice the same for a moment."""
    _, day, clock, _, zone = match.groups()
    clocked = "00:00:00" if clock is None else clock if clock.count(":") == 2 else f"{clock}:00"
    start = f"{day}T{clocked}{zone or 'Z'}"
    at = read_time(start)
    if at is None:
        return None
    try:
        return start, format_time(at + _DAY) if clock is None else start
    except OverflowError:
        return None


def seconds_of(words: str) -> int:
    """The seconds of `2 hours`, `half an hour`, `hour`, `1.5 hours`, `1h30m`, `2 hours and 30 minutes`."""
    seconds = 0.0
    for digits, short, word, unit in _PART.findall(words):
        each = _SECONDS[(short or unit)[0].lower()]
        count = " ".join((word or "one").casefold().split())
        seconds += each / 2 if count.startswith("half") else each * (float(digits) if digits else _NUMBERS[count])
    return max(1, round(seconds))


def ago(seconds: int) -> str:
    """A time ago as tools take it, in the largest unit that says it exactly; a day is 24 hours."""
    units = ("d", "h", "m", "s") if seconds > _SECONDS["d"] else ("h", "m", "s")
    unit = next(unit for unit in units if seconds % _SECONDS[unit] == 0)
    return f"-{seconds // _SECONDS[unit]}{unit}"
