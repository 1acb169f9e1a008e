"""Alloy's string literals and identifiers: reading them, and writing values so that Alloy reads them back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quarterdeck.fleet.alloy.components import KEYWORDS

_ASCII_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPE = re.compile(
    r"""\\(?:
        (?P<simple>[abfnrtv\\"])
      | (?P<octal>[0-7]{3})
      | x(?P<byte>[0-9A-Fa-f]{2})
      | u(?P<short>[0-9A-Fa-f]{4})
      | U(?P<long>[0-9A-Fa-f]{8})
      | (?P<bad>.?)
    )""",
    re.VERBOSE,
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_MUST_ESCAPE = re.compile('[\x00-\x1f\x7f"\\\\\ufeff\ud800-\udfff]')
_WRITTEN = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_letter(char: str) -> bool:
    """Whether an identifier may start with this: `_`, or a character of Unicode category L."""
    return char == "_" or char.isalpha()


def is_digit(char: str) -> bool:
    """Whether an identifier may go on with this although it is no letter: Unicode category Nd."""
    return char.isdecimal()


def identifier_length(text: str) -> int:
    """How many leading characters of `text` form an identifier."""
    if not text or not is_letter(text[0]):
        return 0
    return next((at for at, char in enumerate(text) if not (is_letter(char) or is_digit(char))), len(text))


def is_identifier(text: str) -> bool:
    """Whether the text is an identifier and no keyword, as a block's label must be."""
    if text in KEYWORDS:
        return False
    return bool(_ASCII_IDENTIFIER.fullmatch(text)) or (text != "" and identifier_length(text) == len(text))


def bad_escapes(raw: str) -> Iterator[tuple[int, int]]:
    """Where, as start and end offsets, the text between two double quotes has an escape that Alloy refuses."""
    for match in _ESCAPE.finditer(raw):
        if _escaped_bytes(match) is None:
            yield match.span()


def unescape(raw: str) -> str:
    """The value of the text between two double quotes. Bytes that are not UTF-8 become U+FFFD, as do bad escapes."""
    if "\\" not in raw:
        return raw
    pieces = bytearray()
    end = 0
    for match in _ESCAPE.finditer(raw):
        pieces += raw[end : match.start()].encode("utf-8", "replace")
        pieces += _escaped_bytes(match) or b"\xef\xbf\xbd"
        end = match.end()
    pieces += raw[end:].encode("utf-8", "replace")
    return pieces.decode("utf-8", "replace")


def quote(value: str) -> str:
    """A string literal with this value. A lone surrogate, which no UTF-8 text can hold, becomes U+FFFD."""
    return f'"{_MUST_ESCAPE.sub(_write_escape, value)}"'


def is_object_key(key: str) -> bool:
    """Whether a quoted object key can have this value: Alloy takes what stands between the quotes as it is.

    An empty key cannot be written at all: Alloy reads `""` as a key of two characters.
    """
    return key != "" and not any(char in '"\\\n\x00\ufeff' or "\ud800" <= char <= "\udfff" for char in key)


def _write_escape(match: re.Match[str]) -> str:
    char = match.group()
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return _WRITTEN.get(char) or f"\\u{ord(char):04x}"


def _escaped_bytes(match: re.Match[str]) -> bytes | None:
    """What one escape stands for; None when Alloy refuses it."""
    kind, digits = match.lastgroup, match.group(match.lastindex or 0)
    if kind == "simple":
        return _SIMPLE[digits].encode()
    if kind == "bad":
        return None
    if kind in ("octal", "byte"):
        value = int(digits, 8 if kind == "octal" else 16)
        return bytes((value,)) if value <= 0xFF else None
    point = int(digits, 16)
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        return None
    return chr(point).encode()
