"""How Alloy itself tells two configurations apart."""

from __future__ import annotations

_OFFSET = 0x811C9DC5
_PRIME = 0x01000193


def fnv1_32(text: str) -> str:
    """The 32-bit FNV-1 of the text's UTF-8 bytes, as 8 hexadecimal digits.

    Alloy (1.3 to 1.19) shows it as `remotecfg_hash`, so that metrics can be joined to what was served.
    """
    value = _OFFSET
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value * _PRIME & 0xFFFFFFFF) ^ byte
    return f"{value:08x}"
