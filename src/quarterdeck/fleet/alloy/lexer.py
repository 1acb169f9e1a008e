"""Alloy text to tokens, in one pass of one regular expression.

Tokens are three parallel arrays instead of objects: a text of 4 MiB may hold as many tokens.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from typing import Final

from quarterdeck.fleet.alloy.diagnostics import Findings, Source, shown
from quarterdeck.fleet.alloy.strings import bad_escapes, identifier_length

END: Final = 0
TERMINATOR: Final = 1
IDENTIFIER: Final = 2
STRING: Final = 3
RAW_STRING: Final = 4
NUMBER: Final = 5
FLOAT: Final = 6
BOOL: Final = 7
NULL: Final = 8
LEFT_BRACE: Final = 9
RIGHT_BRACE: Final = 10
LEFT_PAREN: Final = 11
RIGHT_PAREN: Final = 12
LEFT_BRACKET: Final = 13
RIGHT_BRACKET: Final = 14
COMMA: Final = 15
DOT: Final = 16
ASSIGN: Final = 17
NOT: Final = 18
OR: Final = 19
AND: Final = 20
EQUAL: Final = 21
NOT_EQUAL: Final = 22
LESS: Final = 23
LESS_EQUAL: Final = 24
GREATER: Final = 25
GREATER_EQUAL: Final = 26
ADD: Final = 27
SUBTRACT: Final = 28
MULTIPLY: Final = 29
DIVIDE: Final = 30
MODULO: Final = 31
POWER: Final = 32

MAX_TOKENS: Final = 1_000_000
"""How many tokens a text may have. 4 MiB of ordinary configuration have two thirds of that."""

_OPERATORS = {
    "{": LEFT_BRACE,
    "}": RIGHT_BRACE,
    "(": LEFT_PAREN,
    ")": RIGHT_PAREN,
    "[": LEFT_BRACKET,
    "]": RIGHT_BRACKET,
    ",": COMMA,
    ".": DOT,
    "=": ASSIGN,
    "!": NOT,
    "||": OR,
    "&&": AND,
    "==": EQUAL,
    "!=": NOT_EQUAL,
    "<": LESS,
    "<=": LESS_EQUAL,
    ">": GREATER,
    ">=": GREATER_EQUAL,
    "+": ADD,
    "-": SUBTRACT,
    "*": MULTIPLY,
    "/": DIVIDE,
    "%": MODULO,
    "^": POWER,
}
_KEYWORDS = {"true": BOOL, "false": BOOL, "null": NULL}

_ENDS_STATEMENT = bytearray(POWER + 1)
for _kind in (
    IDENTIFIER,
    STRING,
    RAW_STRING,
    NUMBER,
    FLOAT,
    BOOL,
    NULL,
    RIGHT_BRACE,
    RIGHT_PAREN,
    RIGHT_BRACKET,
):
    _ENDS_STATEMENT[_kind] = 1

_FORBIDDEN = re.compile("[\x00\ufeff\ud800-\udfff]")

# Possessive quantifiers keep every alternative linear; a construct that is not closed takes all it could have covered,
# so that no character is looked at by two attempts.
_TOKEN = re.compile(
    r"""[ \t\r]*+(?:
        (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*+)
      | (?P<newline>\n[ \t\r\n]*+)
      | (?P<string>"[^"\\\n]*+")
      | (?P<exponent>(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)[eE][+-]?+(?![0-9]))
      | (?P<float>(?:[0-9]++\.[0-9]*+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+|[0-9]++[eE][+-]?+[0-9]++)
      | (?P<number>[0-9]++)
      | (?P<line_comment>//[^\n]*+)
      | (?P<block_comment>/\*(?:[^*]++|\*(?!/))*+\*/)
      | (?P<open_comment>/\*)
      | (?P<operator>\|\||&&|[=!<>]=|[][{}(),.=!<>+*%^/-])
      | (?P<raw>`[^`]*+`)
      | (?P<open_raw>`)
      | (?P<escaped>"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+")
      | (?P<open_string>"[^\n]*+)
      | (?P<illegal>[^\n \tA-Za-z0-9_\x80-\U0010ffff"`(){}.,=\[\]]++)
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Kind, first and past-the-last character of every token. The last token is END, and END only."""

    kinds: bytearray
    starts: array[int]
    ends: array[int]


class _Writer:
    """Tokens in the making."""

    __slots__ = ("ends", "kinds", "starts")

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.starts = array("I")
        self.ends = array("I")

    def put(self, kind: int, start: int, end: int) -> None:
        self.kinds.append(kind)
        self.starts.append(start)
        self.ends.append(end)

    def terminate(self, at: int) -> None:
        """End the statement if the last token can end one."""
        if self.kinds and _ENDS_STATEMENT[self.kinds[-1]]:
            self.put(TERMINATOR, at, at)


def tokenize(source: Source, findings: Findings) -> Tokens:
    """The tokens of a text; what is no token is reported and left out. Stops early when the findings are full."""
    text = source.text
    _report_forbidden(text, findings)
    writer = _Writer()
    put = writer.put
    for match in _TOKEN.finditer(text):
        group = match.lastgroup
        start, end = match.span(match.lastindex or 0)
        if group == "word":
            word = text[start:end]
            if word.isascii():
                put(_KEYWORDS.get(word, IDENTIFIER), start, end)
            else:
                _put_wide_word(word, start, writer, findings)
        elif group == "operator":
            put(_OPERATORS[text[start:end]], start, end)
        elif group == "newline":
            writer.terminate(start)
        elif group == "string":
            put(STRING, start, end)
        elif group == "number":
            put(NUMBER, start, end)
        elif group == "float":
            put(FLOAT, start, end)
        elif group == "raw":
            put(RAW_STRING, start, end)
        elif group == "block_comment":
            if "\n" in text[start:end]:
                writer.terminate(start)
        elif group == "end" or (
            group != "line_comment" and not _put_faulty(str(group), start, end, text, writer, findings)
        ):
            break
        if len(writer.kinds) > MAX_TOKENS:
            findings.give_up(start, end, f"more than {MAX_TOKENS} tokens: split the pipeline")
            break
    writer.terminate(len(text))
    writer.put(END, len(text), len(text))
    return Tokens(writer.kinds, writer.starts, writer.ends)


def _report_forbidden(text: str, findings: Findings) -> None:
    """Characters that are refused wherever they stand, in strings and comments too."""
    match = _FORBIDDEN.search(text)
    while match and not findings.full:
        name = {"\x00": "a NUL character", "\ufeff": "a byte order mark"}.get(match.group(), "malformed UTF-8")
        findings.add(*match.span(), f"{name} is not allowed here")
        next_line = text.find("\n", match.end())
        match = _FORBIDDEN.search(text, next_line) if next_line >= 0 else None


def _put_wide_word(word: str, start: int, writer: _Writer, findings: Findings) -> None:
    """A word with characters beyond ASCII, of which only letters and digits may be in an identifier."""
    length = identifier_length(word)
    writer.put(IDENTIFIER, start, start + max(length, 1))
    if length < len(word):
        at = start + length
        findings.add(at, at + 1, f"illegal character {shown(word[length])}")


def _put_faulty(group: str, start: int, end: int, text: str, writer: _Writer, findings: Findings) -> bool:
    """Report what cannot be a token, and put the token that was probably meant. False: the rest cannot be read."""
    if group == "escaped":
        for bad_start, bad_end in bad_escapes(text[start + 1 : end - 1]):
            at = start + 1 + bad_start
            escape = shown(text[at : start + 1 + bad_end])
            findings.add(at, start + 1 + bad_end, f"unknown escape sequence {escape} in a string")
            break
        writer.put(STRING, start, end)
    elif group == "open_string":
        findings.add(start, end, 'a string must be closed by " on the line where it begins')
        writer.put(STRING, start, end)
    elif group == "exponent":
        findings.add(start, end, "the exponent of a number needs digits")
        writer.put(FLOAT, start, end)
    elif group == "illegal":
        hint = ", strings are written in double quotes" if text[start] == "'" else ""
        findings.add(start, end, f"illegal character {shown(text[start])}{hint}")
        # Something must stand in for it, or the statement would go on in the next line.
        writer.put(IDENTIFIER, start, end)
    elif group == "open_raw":
        findings.add(start, end, "a raw string must be closed by `")
        writer.put(RAW_STRING, start, len(text))
        return False
    else:
        findings.add(start, end, "a block comment must be closed by */")
        return False
    return not findings.full
