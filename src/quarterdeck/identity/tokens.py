"""Tokens: how they look, how they are recognised without a database, and what is stored of them.

`qd_`, 43 base62 digits (32 random bytes), 6 base62 digits (the CRC-32 of everything before them). The prefix and the
checksum let secret scanners find leaked tokens and let the server refuse mistyped ones at once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from typing import Final

PREFIX: Final = "qd_"
MIN_LITERAL: Final = 16
"""Characters; the shortest token that an administrator may choose (`QUARTERDECK_BOOTSTRAP_TOKEN`)."""
MAX_LENGTH: Final = 512

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_BYTES: Final = 32
_BODY: Final = 43
_CHECKSUM: Final = 6
_FORM: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_BODY + _CHECKSUM}}}", re.ASCII)
_LITERAL: Final = re.compile(r"[\x21-\x7e]+", re.ASCII)


def new_token() -> str:
    """A random token. Show it once: it cannot be read back from what is stored."""
    body = PREFIX + _base62(int.from_bytes(secrets.token_bytes(_RANDOM_BYTES), "big"), _BODY)
    return body + _checksum(body)


def is_well_formed(token: str) -> bool:
    """Whether `token` could be one of ours: a generated one with the right checksum, or a long enough chosen one."""
    if token.startswith(PREFIX):
        return _FORM.fullmatch(token) is not None and _checksum(token[:-_CHECKSUM]) == token[-_CHECKSUM:]
    return MIN_LITERAL <= len(token) <= MAX_LENGTH and _LITERAL.fullmatch(token) is not None


def token_hash(token: str) -> bytes:
    """What is stored and looked up: the SHA-256. Tokens carry enough randomness to need neither salt nor stretching."""
    return hashlib.sha256(token.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
