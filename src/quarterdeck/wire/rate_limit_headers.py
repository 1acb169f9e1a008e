"""What is left of a caller's budget, on every answer of a family whose clients look for it there.

Every answer means every one: errors of any layer, streams, paths that are not served. What is told is the budget after
this request was counted, for the token that the request presents; a caller whom nobody knows is told a full one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.identity.rate_limits import Budget
from quarterdeck.wire.asgi import Scope, Send, header_map

ASSISTANT_PATHS = ("/api/plugins/grafana-assistant-app", "/api/cli/v1", "/a/grafana-assistant-app")

ReadBudget = Callable[[Mapping[str, str]], Budget]
"""The budget of whoever sent these headers (lower-case names). Does not wait and raises nothing."""


class RateLimitHeaders:
    """Adds `X-RateLimit-Limit`, `-Remaining` and `-Reset` (unix seconds) to answers at some paths and below them."""

    def __init__(self, read: ReadBudget, paths: tuple[str, ...] = ASSISTANT_PATHS) -> None:
        self._read = read
        self._exact = frozenset(paths)
        self._below = tuple(f"{path}/" for path in paths)

    def adding(self, scope: Scope, send: Send) -> Send:
        """What sends the answer to this request."""
        if not scope["path"].startswith(self._below) and scope["path"] not in self._exact:
            return send

        async def send_with_budget(message: Any) -> None:
            if message["type"] == "http.response.start":
                # Now, and not before: only an admitted request has been counted.
                told = _fields(self._read(header_map(scope)))
                message = {**message, "headers": [*message.get("headers", ()), *told]}
            await send(message)

        return send_with_budget


def _fields(budget: Budget) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit", b"%d" % budget.limit),
        (b"x-ratelimit-remaining", b"%d" % budget.remaining),
        (b"x-ratelimit-reset", b"%d" % budget.reset),
    ]
