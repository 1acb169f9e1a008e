"""Path templates of `google.api.http`: how they are written, and what a matched path says.

    template   /segment/segment… then optionally :verb
    segment    literal · `*` (one segment) · `**` (what is left, even nothing; last only)
               {field.path} (as {field.path=*}) · {field.path=segments}

Templates come from the contract, so a wrong one is a ValueError when the server starts. Paths come from strangers: they
are matched as they were sent, escapes and all, and unescaped once, after the match.

Imitated from the comments of google/api/http.proto: a variable of one segment is unescaped fully, so that `%2F` in it
is a slash of the value; a variable of several segments keeps `%2F` as it is, so that it differs from a separator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quarterdeck.errors import FieldViolation, Invalid, Reason

ANY_SEGMENT = "*"
ANY_REST = "**"

_TOKEN = re.compile(r"(?P<literal>[A-Za-z0-9\-._~!$&'()+,;@]+)|(?P<wild>\*\*?)|(?P<mark>[/:{}=])")
_FIELD_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Variable:
    """A field that takes the segments from `start` to before `end`; `end` None takes all that is left."""

    field_path: str
    start: int
    end: int | None

    @property
    def spans_segments(self) -> bool:
        """Whether the value may hold separators."""
        return self.end is None or self.end - self.start > 1


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed template: literals, `*` and `**` in order, the variables over them, and the verb after `:`."""

    text: str
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    verb: str

    def values(self, segments: Sequence[str]) -> dict[str, str]:
        """What the variables take of a path that matches. Raises Invalid for broken escapes and broken UTF-8."""
        return {variable.field_path: _value(variable, segments) for variable in self.variables}


def _value(variable: Variable, segments: Sequence[str]) -> str:
    text = "/".join(segments[variable.start : variable.end])
    try:
        return unescape(text, keep_slashes=variable.spans_segments)
    except ValueError as error:
        why = f"{text[:_SHOWN]!r} in the path is {error}; escape UTF-8 as %XX"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"{variable.field_path}: {why}",
            violations=(FieldViolation(variable.field_path, why),),
        ) from error


def unescape(text: str, *, keep_slashes: bool = False) -> str:
    """Undo percent-escapes of text whose characters stand for bytes. Raises ValueError, its message a description."""
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
    if b"%" in raw:
        raw = _ESCAPE.sub(_keep_slash if keep_slashes else _unescape_byte, raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not valid UTF-8") from None


def _unescape_byte(match: re.Match[bytes]) -> bytes:
    digits = match.group(1)
    if digits is None:
        raise ValueError("not a valid percent-escape")
    return bytes.fromhex(digits.decode("ascii"))


def _keep_slash(match: re.Match[bytes]) -> bytes:
    byte = _unescape_byte(match)
    return match.group() if byte == b"/" else byte


def parse_template(text: str) -> PathTemplate:
    """Raises ValueError that shows where the template stops making sense."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._segments: list[str] = []
        self._variables: list[Variable] = []

    def parse(self) -> PathTemplate:
        self._expect("/")
        self._segment_list(inside_variable=False)
        verb = ""
        if self._take(":"):
            verb = self._literal("a verb")
        if self._position != len(self._text):
            raise self._wrong("the end")
        self._check()
        return PathTemplate(self._text, tuple(self._segments), tuple(self._variables), verb)

    def _segment_list(self, *, inside_variable: bool) -> None:
        while True:
            if not inside_variable and self._take("{"):
                self._variable()
            else:
                self._plain_segment()
            if not self._take("/"):
                return

    def _plain_segment(self) -> None:
        match = _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup == "mark":
            raise self._wrong("a segment")
        self._segments.append(match.group())
        self._position = match.end()

    def _variable(self) -> None:
        match = _FIELD_PATH.match(self._text, self._position)
        if match is None:
            raise self._wrong("a field path")
        self._position = match.end()
        start = len(self._segments)
        if self._take("="):
            self._segment_list(inside_variable=True)
        else:
            self._segments.append(ANY_SEGMENT)
        self._expect("}")
        end = None if self._segments[-1] == ANY_REST else len(self._segments)
        self._variables.append(Variable(match.group(), start, end))

    def _literal(self, what: str) -> str:
        match = _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup != "literal":
            raise self._wrong(what)
        self._position = match.end()
        return match.group()

    def _take(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._position):
            return False
        self._position += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise self._wrong(repr(mark))

    def _wrong(self, wanted: str) -> ValueError:
        return ValueError(f"path template {self._text!r}: expected {wanted} at {self._text[self._position :]!r}")

    def _check(self) -> None:
        if ANY_REST in self._segments[:-1]:
            raise ValueError(f"path template {self._text!r}: ** must be the last segment")
        names = [variable.field_path for variable in self._variables]
        if len(set(names)) != len(names):
            raise ValueError(f"path template {self._text!r}: a field is bound twice")


def split_path(path: str) -> tuple[str, ...]:
    """The segments of an escaped path; empty for one that does not start with a slash."""
    return tuple(path[1:].split("/")) if path.startswith("/") else ()


def split_verb(segments: Sequence[str]) -> tuple[tuple[str, ...], str] | None:
    """The segments with what follows the last `:` taken off, and that verb. None when there is no verb to take."""
    if not segments:
        return None
    stem, colon, verb = segments[-1].rpartition(":")
    return ((*segments[:-1], stem), verb) if colon and verb else None


Values = Mapping[str, str]
"""Variables by field path, in proto names."""
