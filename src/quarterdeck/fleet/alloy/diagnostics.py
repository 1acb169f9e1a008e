"""What is wrong with a text and where: shared by the Alloy language and the other config languages of the fleet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate

MAX_DIAGNOSTICS = 100
"""How many diagnostics one look at a text reports; what follows would only repeat them."""

_CHUNK = 1024
_SHOWN_LENGTH = 60


class Severity(StrEnum):
    """ERROR: a collector refuses the text. WARNING: it may, or the text is unwise."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text. Lines and columns count from 1; Alloy columns are bytes of UTF-8, YAML columns characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about `start` up to, not including, `end`."""

    severity: Severity
    start: Position
    end: Position
    text: str

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        prefix = "" if self.is_error else "warning: "
        return f"{self.start.line}:{self.start.column}: {prefix}{self.text}"


def format_diagnostics(diagnostics: Iterable[Diagnostic], *, limit: int = 10) -> str:
    """All findings as one readable line, `2:14: …; 7:1: …`; beyond `limit` it ends in `and N more`."""
    found = [str(diagnostic) for diagnostic in diagnostics]
    shown = found[:limit]
    if len(found) > limit:
        shown.append(f"and {len(found) - limit} more")
    return "; ".join(shown)


def shown(text: str) -> str:
    """A piece of a user's text fit for a message: quoted, control characters escaped, cut when long."""
    return repr(text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…")


class Source:
    """A text and the positions in it. One leading byte order mark is not part of the text."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff")

    def line(self, offset: int) -> int:
        """The line, from 1, of a character offset."""
        return bisect_right(self._line_starts, offset)

    def position(self, offset: int) -> Position:
        """Where a character offset is."""
        line = self.line(offset)
        start = self._line_starts[line - 1]
        return Position(line, self._byte_offset(offset) - self._byte_offset(start) + 1)

    def diagnostic(self, start: int, end: int, text: str, *, severity: Severity = Severity.ERROR) -> Diagnostic:
        """A finding about the characters from `start` up to `end`."""
        return Diagnostic(severity, self.position(start), self.position(end), text)

    @cached_property
    def _line_starts(self) -> Sequence[int]:
        # A line's length includes its newline; \n alone ends a line, as in Alloy.
        return list(accumulate((len(line) + 1 for line in self.text.split("\n")[:-1]), initial=0))

    @cached_property
    def _is_ascii(self) -> bool:
        return self.text.isascii()

    @cached_property
    def _chunk_starts(self) -> Sequence[int]:
        chunks = (self.text[at : at + _CHUNK] for at in range(0, len(self.text), _CHUNK))
        return list(accumulate((_byte_length(chunk) for chunk in chunks), initial=0))

    def _byte_offset(self, offset: int) -> int:
        """How many bytes stand before a character: chunks are measured once, so that a long line costs no more."""
        if self._is_ascii:
            return offset
        chunk = offset // _CHUNK
        return self._chunk_starts[chunk] + _byte_length(self.text[chunk * _CHUNK : offset])


def _byte_length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


class Findings:
    """Errors met while reading a text from front to back: the first of each line, MAX_DIAGNOSTICS in all."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines: set[int] = set()
        self._found: list[Diagnostic] = []
        self.full = False
        """Whether reading on is pointless."""

    def add(self, start: int, end: int, text: str) -> None:
        """Record an error about a range of characters."""
        line = self._source.line(start)
        if line not in self._lines and not self.full:
            self._lines.add(line)
            self._found.append(self._source.diagnostic(start, end, text))
            self.full = len(self._found) >= MAX_DIAGNOSTICS

    def give_up(self, start: int, end: int, text: str) -> None:
        """Record the error that ends the reading."""
        self.add(start, end, text)
        self.full = True

    def in_order(self) -> list[Diagnostic]:
        """Everything recorded, in the order of the text."""
        return sorted(self._found, key=lambda diagnostic: diagnostic.start)
