"""How often somebody may do something."""

from __future__ import annotations

from quarterdeck.errors import LimitExceeded, Reason
from quarterdeck.identity.token_buckets import TokenBuckets
from quarterdeck.incidents.limits import Rate


class Budget:
    """So many of something per key and time, and so many of them at once; a rate of 0 calls is no limit."""

    def __init__(self, rate: Rate, what: str) -> None:
        self._rate = rate
        self._buckets = TokenBuckets[str](rate.calls / rate.seconds, rate.burst)
        self._what = what

    def take(self, key: str, now: float) -> None:
        """Counts one at `now` (monotonic seconds). Raises `LimitExceeded` with the seconds to wait."""
        if not self._rate.calls:
            return
        wait = self._buckets.take(key, now)
        if wait:
            message = f"too many {self._what}: {self._rate.calls} per {self._rate.seconds} s are accepted"
            raise LimitExceeded(Reason.RATE_LIMITED, message, retry_after=wait)
