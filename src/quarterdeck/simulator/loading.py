"""What a simulated collector does with a configuration: it reads it, as far as reading goes."""

from __future__ import annotations

from functools import lru_cache

from quarterdeck.fleet import alloy


@lru_cache(maxsize=256)
def load(content: str) -> str | None:
    """None for a text that Alloy would run as far as its text tells, else all errors with their positions.

    Remembered by text, because a simulated fleet gets the same few over and over.
    """
    errors = [diagnostic for diagnostic in alloy.check(content) if diagnostic.is_error]
    return "; ".join(map(str, errors)) or None
