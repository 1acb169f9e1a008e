"""How many items a page has, per method."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageSize:
    """What a caller gets who names no size, and the most that anybody gets."""

    default: int = 50
    cap: int = 100

    def applied(self, limit: int) -> int:
        """The size for a request: zero and below is the default, above the cap is the cap."""
        return min(limit, self.cap) if limit > 0 else self.default


PREVIEWS = PageSize()
"""Hosted caps previews at 100 too."""

INCIDENTS = PageSize()
KEY_UPDATES = PageSize()
USERS = PageSize()
CONTEXTS = PageSize()

ACTIVITY = PageSize(cap=1_000)
"""gcx asks once and follows no cursor."""
