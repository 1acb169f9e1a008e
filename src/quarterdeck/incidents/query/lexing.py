"""Query text to tokens, in one pass. A term is one token: what its colons and quotes mean depends on its property."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from quarterdeck.incidents.query.terms import (
    ContextTerm,
    CreatedByTerm,
    DrillTerm,
    FieldTerm,
    LabelTerm,
    RangeTerm,
    RoleTerm,
    SeverityTerm,
    StatusTerm,
    Term,
    TimeField,
    TitleTerm,
    UserEmailTerm,
)
from quarterdeck.incidents.times import read_date, read_time

_SPACE = re.compile(r"\s*")
_RUN = re.compile(r"[^\s)]*")
_PART = re.compile(r"[^\s):]*")
_PROPERTY = re.compile(r"[^\s():'\"]*")
_UNSTORABLE = re.compile("[\\x00\ud800-\udfff]")
_QUOTES = "'\""
_SHOWN = 40


class Mark(StrEnum):
    """A token that is no term."""

    AND = "and"
    OR = "or"
    NOT = "not"
    AND_GROUP = "and("
    OR_GROUP = "or("
    NOT_GROUP = "not("
    OPEN = "("
    CLOSE = ")"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A mark or a term, and the index of its first character."""

    content: Mark | Term
    at: int


class Malformed(Exception):  # noqa: N818 - carries a reason to the parser's public error, is none itself
    """Why and where (an index from 0) a text is no query."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query, the last one `Mark.END`. Raises Malformed at the first thing that is none."""
    if unstorable := _UNSTORABLE.search(text):
        raise Malformed(f"the character U+{ord(unstorable[0]):04X} is not accepted", unstorable.start())
    reader = _Reader(text)
    while (token := reader.next_token()).content is not Mark.END:
        yield token
    yield token


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next_token(self) -> Token:
        self.at = _matched(_SPACE, self.text, self.at)
        start = self.at
        if start == len(self.text):
            return Token(Mark.END, start)
        first = self.text[start]
        if first in "()":
            self.at += 1
            return Token(Mark(first), start)
        if first in _QUOTES:
            return Token(TitleTerm(self._quoted(start)), start)
        return self._word(start)

    def _word(self, start: int) -> Token:
        end = _matched(_PROPERTY, self.text, start)
        word, follower = self.text[start:end].lower(), self.text[end : end + 1]
        if word in {"and", "or", "not"} and (not follower or follower.isspace() or follower in "()"):
            self.at = end + (follower == "(")
            return Token(Mark(word + "(" if follower == "(" else word), start)
        if follower != ":":
            return Token(TitleTerm(self._unquoted(_RUN, start)), start)
        self.at = end + 1
        read = _PROPERTIES.get(word)
        if read is None:
            shown = self.text[start : min(end, start + _SHOWN)]
            raise Malformed(f"unknown property {shown!r}; known are {', '.join(_PROPERTIES)}", start)
        return Token(read(self), start)

    def value(self) -> str:
        """All that is left of the term."""
        start = self.at
        quoted = self.text[start : start + 1] in _QUOTES and start < len(self.text)
        return self._quoted(start) if quoted else self._unquoted(_RUN, start)

    def part(self) -> tuple[str, bool]:
        """The text up to the next colon or to the term's end, and whether it was quoted."""
        start = self.at
        if start < len(self.text) and self.text[start] in _QUOTES:
            return self._quoted(start), True
        return self._unquoted(_PART, start), False

    def colon(self) -> bool:
        """Step over a colon, if one is next."""
        found = self.text.startswith(":", self.at)
        self.at += found
        return found

    def _quoted(self, start: int) -> str:
        end = self.text.find(self.text[start], start + 1)
        if end < 0:
            raise Malformed("a quote is never closed", start)
        self.at = end + 1
        if end == start + 1:
            raise Malformed("a value is empty", start)
        return self.text[start + 1 : end]

    def _unquoted(self, pattern: re.Pattern[str], start: int) -> str:
        self.at = _matched(pattern, self.text, start)
        value = self.text[start : self.at]
        if not value:
            raise Malformed("a value is empty", start)
        if "(" in value:
            raise Malformed("a bracket inside a value needs quotes around the value", start + value.index("("))
        return value


def _matched(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _drill(reader: _Reader) -> Term:
    start = reader.at
    value = reader.value()
    if value.lower() not in {"true", "false"}:
        raise Malformed(f"{value[:_SHOWN]!r} is neither true nor false", start)
    return DrillTerm(value.lower() == "true")


def _field(reader: _Reader) -> Term:
    start = reader.at
    slug, quoted = reader.part()
    if reader.colon():
        return FieldTerm(slug, reader.value())
    # A slug holds no colon, so quotes around both parts leave no doubt.
    slug, colon, value = slug.partition(":") if quoted else (slug, "", "")
    if not (slug and colon and value):
        raise Malformed("field: takes a slug and a value, as in field:team:web", start)
    return FieldTerm(slug, value)


def _label(reader: _Reader) -> Term:
    first, _ = reader.part()
    return LabelTerm(reader.value(), key=first) if reader.colon() else LabelTerm(first)


def _range(field: TimeField) -> Callable[[_Reader], Term]:
    def read(reader: _Reader) -> Term:
        start = reader.at
        value = reader.value()
        earliest, comma, latest = value.partition(",")
        if not comma or not (earliest or latest):
            raise Malformed(f"{field}: takes from,to with at least one of the two", start)
        return RangeTerm(field, _moment(earliest, start), _moment(latest, start))

    return read


def _moment(text: str, at: int) -> datetime | None:
    if not text:
        return None
    moment = read_date(text) or read_time(text)
    if moment is None:
        _refuse_time(text, at)
    return moment


def _refuse_time(text: str, at: int) -> NoReturn:
    accepted = "accepted: 2026-01-31, or with an offset 2026-01-31T12:00:00Z,"
    raise Malformed(f"{text[:_SHOWN]!r} is no date; {accepted}", at)


_PROPERTIES: dict[str, Callable[[_Reader], Term]] = {
    "title": lambda reader: TitleTerm(reader.value()),
    "status": lambda reader: StatusTerm(reader.value()),
    "severity": lambda reader: SeverityTerm(reader.value()),
    "isdrill": _drill,
    "createdby": lambda reader: CreatedByTerm(reader.value()),
    "field": _field,
    "label": _label,
    "context": lambda reader: ContextTerm(reader.value()),
    "role": lambda reader: RoleTerm(reader.value()),
    "user.email": lambda reader: UserEmailTerm(reader.value()),
    **{field.value: _range(field) for field in TimeField},
}
