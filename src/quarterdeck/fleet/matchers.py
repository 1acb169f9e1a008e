"""Matchers: which collectors a pipeline, or a question, is about.

The language is Prometheus Alertmanager's UTF-8 matcher syntax (`matcher/parse` there), which Grafana Fleet Management
and the Terraform provider use: `name op word` with `=`, `!=`, `=~` and `!~`, optionally inside braces, exactly one per
text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, NoReturn

import re2

from quarterdeck.errors import FieldViolation, Invalid, Reason

MAX_LENGTH = 200
"""Characters of one matcher as a caller wrote it: name, operator, value and every space and quote between them."""

REGEX_MEMORY = 2 << 20
"""Bytes that one compiled expression and its match cache may use; a larger one is refused."""

_QUOTED_IN_ERRORS = 80
# Go's unicode.IsSpace. str.isspace differs: it also takes the separators U+001C to U+001F.
_SPACE = frozenset("\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(c) for c in range(0x2000, 0x200B)
}
_RESERVED = _SPACE | frozenset("{}!=~,\\\"'`")
_ACCEPTED = "name=value, name!=value, name=~regex or name!~regex"


class MatchOperator(StrEnum):
    """How a matcher compares."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of one attribute. Equal matchers compare, and hash, equal.

    A regular expression has RE2 syntax and must match the whole value. Unlike Go's `^(?:value)$`, the expression has to
    be valid by itself: `a)|(?:b` is refused.

    Raises `Invalid(MATCHER_INVALID)` for an expression that does not compile within `REGEX_MEMORY`.
    """

    name: str
    operator: MatchOperator
    value: str
    _regex: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.operator in {MatchOperator.REGEX, MatchOperator.NOT_REGEX}:
            object.__setattr__(self, "_regex", _compile(self.value))

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Whether a collector with these attributes fits; an attribute that it lacks counts as empty text."""
        value = attributes.get(self.name, "")
        match self.operator:
            case MatchOperator.EQUAL:
                return value == self.value
            case MatchOperator.NOT_EQUAL:
                return value != self.value
            case MatchOperator.REGEX:
                return self._found_in(value)
            case MatchOperator.NOT_REGEX:
                return not self._found_in(value)

    def _found_in(self, value: str) -> bool:
        return self._regex.fullmatch(value.encode("utf-8", "replace")) is not None

    def normal_form(self) -> str:
        """The one spelling that is stored and answered; parsing it (without the length limit) gives this matcher again.

        As in Alertmanager, both sides are Go-quoted when the name needs quotes, else only the value is, lightly.
        """
        if not self.name or not _RESERVED.isdisjoint(self.name):
            return f"{_go_quote(self.name)}{self.operator}{_go_quote(self.value)}"
        return f'{self.name}{self.operator}"{_light_escape(self.value)}"'

    def __str__(self) -> str:
        return self.normal_form()


def parse_matcher(text: str, *, limit: int | None = MAX_LENGTH) -> Matcher:
    """The single matcher in `text`.

    `limit` counts characters of the text as given. Pass None for a stored normal form, which may be longer than what
    its author wrote. Raises `Invalid(MATCHER_INVALID)`.
    """
    try:
        _check_size(text, limit)
        return _the_only(_parse(text))
    except _Malformed as malformed:
        raise Invalid(Reason.MATCHER_INVALID, f"matcher {_quoted(text)} is invalid: {malformed}") from None


def parse_matchers(
    texts: Iterable[str], *, field: str = "matchers", limit: int | None = MAX_LENGTH
) -> tuple[Matcher, ...]:
    """Every text's matcher, in the order given; duplicates stay.

    Raises one `Invalid(MATCHER_INVALID)` for all that are wrong, with a violation `{field}[i]` for each.
    """
    matchers: list[Matcher] = []
    violations: list[FieldViolation] = []
    for position, text in enumerate(texts):
        try:
            matchers.append(parse_matcher(text, limit=limit))
        except Invalid as invalid:
            violations.append(FieldViolation(f"{field}[{position}]", invalid.message))
    if violations:
        raise Invalid(Reason.MATCHER_INVALID, _summary(violations), violations=tuple(violations))
    return tuple(matchers)


def match_all(matchers: Sequence[Matcher], attributes: Mapping[str, str]) -> bool:
    """Whether every matcher fits. True for no matchers at all, as a filter wants it; for pipelines see `selects`."""
    return all(matcher.matches(attributes) for matcher in matchers)


def selects(matchers: Sequence[Matcher], attributes: Mapping[str, str]) -> bool:
    """Whether a pipeline with these matchers goes to a collector with these attributes.

    A pipeline without matchers goes to no collector: forgetting them must not reconfigure the whole fleet.
    """
    return bool(matchers) and match_all(matchers, attributes)


class _Malformed(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with one matcher's text."""


def _check_size(text: str, limit: int | None) -> None:
    if limit is not None and len(text) > limit:
        raise _Malformed(f"it has {len(text)} characters, at most {limit} are accepted")
    if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
        raise _Malformed("it contains a NUL character or half of a surrogate pair, which no attribute can contain")


def _the_only(matchers: list[Matcher]) -> Matcher:
    if len(matchers) != 1:
        raise _Malformed(f"it holds {len(matchers)} matchers, exactly one is accepted: {_ACCEPTED}")
    return matchers[0]


def _quoted(text: str) -> str:
    return repr(text) if len(text) <= _QUOTED_IN_ERRORS else repr(text[:_QUOTED_IN_ERRORS]) + "…"


def _summary(violations: Sequence[FieldViolation]) -> str:
    first = violations[0]
    others = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{first.field}: {first.description}{others}"


class _Kind(Enum):
    OPEN = "'{'"
    CLOSE = "'}'"
    COMMA = "','"
    OPERATOR = "an operator"
    WORD = "a word"
    END = "the end"


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text; `value` is decoded for a quoted word, `column` is its first character, from 1."""

    kind: _Kind
    value: str
    column: int

    def __str__(self) -> str:
        return "the end" if self.kind is _Kind.END else f"{self.value!r} at column {self.column}"


def _parse(text: str) -> list[Matcher]:
    tokens = _scan(text)
    token = next(tokens)
    braced = token.kind is _Kind.OPEN
    if braced:
        token = next(tokens)
    matchers: list[Matcher] = []
    while token.kind not in {_Kind.CLOSE, _Kind.END}:
        matchers.append(_parse_one(token, tokens))
        token = next(tokens)
        if token.kind is _Kind.COMMA:
            token = next(tokens)
        elif token.kind not in {_Kind.CLOSE, _Kind.END}:
            raise _Malformed(f"unexpected {token}; after a matcher there can only be ',' or the end")
    _check_end(token, tokens, braced=braced)
    return matchers


def _parse_one(name: _Token, rest: Iterator[_Token]) -> Matcher:
    if name.kind is not _Kind.WORD:
        raise _Malformed(f"expected an attribute name, found {name}; accepted are {_ACCEPTED}")
    operator = next(rest)
    if operator.kind is not _Kind.OPERATOR:
        raise _Malformed(f"expected '=', '!=', '=~' or '!~' after the name {name.value!r}, found {operator}")
    value = next(rest)
    if value.kind is not _Kind.WORD:
        raise _Malformed(f'expected a value after {operator.value!r}, found {value}; an empty value is written ""')
    try:
        return Matcher(name.value, MatchOperator(operator.value), value.value)
    except Invalid as invalid:
        raise _Malformed(invalid.message) from None


def _check_end(last: _Token, rest: Iterator[_Token], *, braced: bool) -> None:
    if braced and last.kind is _Kind.END:
        raise _Malformed("the opening '{' is never closed")
    if not braced and last.kind is _Kind.CLOSE:
        raise _Malformed(f"{last} closes nothing, there is no '{{'")
    if last.kind is _Kind.CLOSE and (extra := next(rest)).kind is not _Kind.END:
        raise _Malformed(f"unexpected {extra} after the closing '}}'")


_PUNCTUATION = {"{": _Kind.OPEN, "}": _Kind.CLOSE, ",": _Kind.COMMA}


def _scan(text: str) -> Iterator[_Token]:
    """The tokens of `text`, lazily, so that the leftmost mistake is the one reported; END repeats forever."""
    at = 0
    while at < len(text):
        start, char = at, text[at]
        if char in _SPACE:
            at += 1
        elif char in _PUNCTUATION:
            at += 1
            yield _Token(_PUNCTUATION[char], char, start + 1)
        elif char in "=!":
            at = _operator_end(text, at)
            yield _Token(_Kind.OPERATOR, text[start:at], start + 1)
        elif char == '"':
            at = _quoted_end(text, at)
            yield _Token(_Kind.WORD, _go_unquote(text[start:at], start + 1), start + 1)
        elif char not in _RESERVED:
            at = _word_end(text, at)
            yield _Token(_Kind.WORD, text[start:at], start + 1)
        else:
            raise _Malformed(
                f"unexpected {char!r} at column {at + 1}; put a name or value that needs it in double quotes"
            )
    while True:
        yield _Token(_Kind.END, "", len(text) + 1)


def _operator_end(text: str, at: int) -> int:
    if text[at : at + 2] in {"!=", "=~", "!~"}:
        return at + 2
    if text[at] == "=":
        return at + 1
    raise _Malformed(f"'!' at column {at + 1} must be followed by '=' or '~'")


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in _RESERVED:
        at += 1
    return at


def _quoted_end(text: str, opening: int) -> int:
    at = opening + 1
    while at < len(text):
        if text[at] == '"':
            return at + 1
        at += 2 if text[at] == "\\" else 1
    raise _Malformed(f"the double quote at column {opening + 1} is never closed")


_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"',
}  # fmt: skip
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}
_HEX = frozenset("0123456789abcdefABCDEF")
_OCTAL = frozenset("01234567")


def _go_unquote(literal: str, column: int) -> str:
    """What a Go interpreted string literal means (the Go specification, "String literals")."""
    body = literal[1:-1]
    if "\n" in body:
        raise _Malformed("a quoted word cannot contain a line break; write \\n")
    decoded = bytearray()
    at = 0
    while (escape := body.find("\\", at)) >= 0:
        decoded += body[at:escape].encode()
        piece, at = _unescape(body, escape, column + 1 + escape)
        decoded += piece
    decoded += body[at:].encode()
    return _utf8(decoded)


def _unescape(body: str, at: int, column: int) -> tuple[bytes, int]:
    """The bytes that the escape at `at` stands for, and where it ends."""
    kind = body[at + 1]
    if kind in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[kind].encode(), at + 2
    if kind in _HEX_ESCAPES:
        end = at + 2 + _HEX_ESCAPES[kind]
        digits, base, alphabet = body[at + 2 : end], 16, _HEX
    else:
        end = at + 4
        digits, base, alphabet = body[at + 1 : end], 8, _OCTAL
    if len(digits) != _digits_of(kind) or not alphabet.issuperset(digits):
        _bad_escape(body[at:end] if kind in _HEX_ESCAPES else body[at : at + 2], column)
    code = int(digits, base)
    if kind in "uU":
        return _rune(code, body[at:end], column), end
    if code > 0xFF:
        _bad_escape(body[at:end], column)
    return bytes([code]), end


def _digits_of(kind: str) -> int:
    return _HEX_ESCAPES.get(kind, 3)


def _rune(code: int, escape: str, column: int) -> bytes:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        _bad_escape(escape, column)
    return chr(code).encode()


def _bad_escape(escape: str, column: int) -> NoReturn:
    raise _Malformed(f"{escape} at column {column} is no escape of a quoted word; a backslash itself is written \\\\")


def _utf8(decoded: bytearray) -> str:
    if 0 in decoded:
        raise _Malformed("a quoted word contains a NUL character, which no attribute can contain")
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        raise _Malformed("the escapes of a quoted word do not add up to valid UTF-8") from None


_LIGHT_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_GO_ESCAPES = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"',
}  # fmt: skip


def _light_escape(value: str) -> str:
    return value.translate(_LIGHT_ESCAPES)


def _go_quote(text: str) -> str:
    """What Go's `strconv.Quote` writes: everything that is not printable becomes an escape."""
    return '"' + "".join(_go_escape(char) for char in text) + '"'


def _go_escape(char: str) -> str:
    if char in _GO_ESCAPES:
        return _GO_ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> Any:
    """`pattern` compiled; fleets repeat a few expressions over thousands of pipelines, so those share one."""
    try:
        return re2.compile(pattern.encode(), _regex_options())
    except UnicodeEncodeError:
        why = "it is not valid UTF-8"
    except re2.error as error:
        why = _regex_problem(error)
    raise Invalid(Reason.MATCHER_INVALID, f"{_quoted(pattern)} is no valid RE2 regular expression: {why}")


def _regex_options() -> Any:
    options = re2.Options()
    options.log_errors = False  # RE2 writes straight to stderr otherwise
    options.never_capture = True  # only yes or no is asked, and groups make that slower
    options.max_mem = REGEX_MEMORY
    return options


def _regex_problem(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
    return text if len(text) <= _QUOTED_IN_ERRORS else text[:_QUOTED_IN_ERRORS] + "…"
