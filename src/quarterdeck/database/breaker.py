"""Failing at once while a server is known to be away, instead of every call waiting for its own timeout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from quarterdeck.clock import Clock
from quarterdeck.database.translation import unavailable


class Breaker:
    """Guards connection attempts: after a failed one, others are refused for `pause` seconds; then one tries again."""

    def __init__(self, pause: float, clock: Clock) -> None:
        self._pause = pause
        self._clock = clock
        self._closed_until: float | None = None
        self._probing = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Wraps one attempt. Raises `Unavailable` without trying while the pause lasts or another call is trying."""
        if self._refuses():
            raise unavailable()
        self._probing = self._closed_until is not None
        try:
            yield
        except BaseException:
            self._closed_until = self._clock.monotonic() + self._pause
            raise
        else:
            self._closed_until = None
        finally:
            self._probing = False

    def _refuses(self) -> bool:
        if self._closed_until is None:
            return False
        return self._probing or self._clock.monotonic() < self._closed_until
