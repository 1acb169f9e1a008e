"""Token buckets per caller, off unless configured.

Grafana's Fleet Management allows 3 requests per second on its management methods and 20 on those that collectors call,
and names the two limits in its documentation as here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.errors import LimitExceeded, Reason

_SWEEP = 10_000
"""Buckets after which full ones are forgotten: a full bucket is as good as none."""


class MethodClass(StrEnum):
    """Which limit a method counts towards."""

    COLLECTOR = "requests_per_second:collector"
    API = "requests_per_second:api"


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` requests on average, `burst` of them at once."""

    per_second: float
    burst: float


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimits:
    """Counts requests per (token, class) against `rates`; a class without a rate is not limited. Per process."""

    def __init__(self, rates: Mapping[MethodClass, Rate] | None = None) -> None:
        self._rates = dict(rates or {})
        self._buckets: dict[tuple[str, MethodClass], _Bucket] = {}
        self._sweep_at = _SWEEP

    def take(self, token_id: str, method_class: MethodClass, now: float) -> None:
        """Counts one request at `now` (monotonic seconds). Raises `LimitExceeded` with the seconds to wait."""
        rate = self._rates.get(method_class)
        if rate is None:
            return
        bucket = self._filled(token_id, method_class, rate, now)
        if bucket.level < 1:
            message = f"rate limit {method_class.value} reached: {rate.per_second:g} requests per second"
            retry_after = (1 - bucket.level) / rate.per_second
            raise LimitExceeded(Reason.RATE_LIMITED, message, retry_after=retry_after)
        bucket.level -= 1

    def _filled(self, token_id: str, method_class: MethodClass, rate: Rate, now: float) -> _Bucket:
        bucket = self._buckets.get((token_id, method_class))
        if bucket is None:
            self._forget_full(now)
            bucket = self._buckets[token_id, method_class] = _Bucket(max(rate.burst, 1), now)
        bucket.level = min(max(rate.burst, 1), bucket.level + max(now - bucket.at, 0) * rate.per_second)
        bucket.at = now
        return bucket

    def _forget_full(self, now: float) -> None:
        if len(self._buckets) < self._sweep_at:
            return
        for key, bucket in list(self._buckets.items()):
            rate = self._rates[key[1]]
            if bucket.level + (now - bucket.at) * rate.per_second >= rate.burst:
                del self._buckets[key]
        self._sweep_at = max(_SWEEP, 2 * len(self._buckets))
