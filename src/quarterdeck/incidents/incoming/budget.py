"""Token buckets by key, per process."""

from __future__ import annotations

from dataclasses import dataclass

from quarterdeck.errors import LimitExceeded, Reason
from quarterdeck.incidents.limits import Rate

_SWEEP = 10_000
"""Buckets after which full ones are forgotten: a full bucket is as good as none."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Budget:
    """So many of something per key and time, and so many of them at once; a rate of 0 calls is no limit."""

    def __init__(self, rate: Rate, what: str) -> None:
        self._rate = rate
        self._per_second = rate.calls / rate.seconds
        self._what = what
        self._buckets: dict[str, _Bucket] = {}
        self._sweep_at = _SWEEP

    def take(self, key: str, now: float) -> None:
        """Counts one at `now` (monotonic seconds). Raises `LimitExceeded` with the seconds to wait."""
        if not self._rate.calls:
            return
        bucket = self._filled(key, now)
        if bucket.level < 1:
            message = f"too many {self._what}: {self._rate.calls} per {self._rate.seconds} s are accepted"
            raise LimitExceeded(Reason.RATE_LIMITED, message, retry_after=(1 - bucket.level) / self._per_second)
        bucket.level -= 1

    def _filled(self, key: str, now: float) -> _Bucket:
        full = float(max(self._rate.burst, 1))
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget_full(now, full)
            bucket = self._buckets[key] = _Bucket(full, now)
        bucket.level = min(full, bucket.level + max(now - bucket.at, 0.0) * self._per_second)
        bucket.at = now
        return bucket

    def _forget_full(self, now: float, full: float) -> None:
        if len(self._buckets) < self._sweep_at:
            return
        for key, bucket in list(self._buckets.items()):
            if bucket.level + (now - bucket.at) * self._per_second >= full:
                del self._buckets[key]
        self._sweep_at = max(_SWEEP, 2 * len(self._buckets))
