"""Token buckets by key, per process: so many of something per second, and so many of them at once."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_SWEEP = 10_000
"""Buckets after which full ones are forgotten: a full bucket is as good as none."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class TokenBuckets(Generic[K]):
    """Buckets that hold `burst` tokens (at least one) and gain `per_second` of them."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._full = max(burst, 1.0)
        self._buckets: dict[K, _Bucket] = {}
        self._sweep_at = _SWEEP

    def take(self, key: K, now: float) -> float:
        """Take one token at `now` (monotonic seconds): 0.0 when there was one, else the seconds until there is."""
        bucket = self._filled(key, now)
        if bucket.level < 1:
            return (1 - bucket.level) / self._per_second
        bucket.level -= 1
        return 0.0

    def _filled(self, key: K, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget_full(now)
            bucket = self._buckets[key] = _Bucket(self._full, now)
        bucket.level = min(self._full, bucket.level + max(now - bucket.at, 0.0) * self._per_second)
        bucket.at = now
        return bucket

    def _forget_full(self, now: float) -> None:
        if len(self._buckets) < self._sweep_at:
            return
        for key, bucket in list(self._buckets.items()):
            if bucket.level + (now - bucket.at) * self._per_second >= self._full:
                del self._buckets[key]
        self._sweep_at = max(_SWEEP, 2 * len(self._buckets))
