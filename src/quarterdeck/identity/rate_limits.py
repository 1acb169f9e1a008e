"""Token buckets per caller, off unless configured.

Grafana's Fleet Management allows 3 requests per second on its management methods and 20 on those that collectors call,
and names the two limits in its documentation as here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.errors import LimitExceeded, Reason
from quarterdeck.identity.token_buckets import TokenBuckets


class MethodClass(StrEnum):
    """Which limit a method counts towards."""

    COLLECTOR = "requests_per_second:collector"
    API = "requests_per_second:api"


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` requests on average, `burst` of them at once."""

    per_second: float
    burst: float


class RateLimits:
    """Counts requests per (token, class) against `rates`; a class without a rate is not limited. Per process."""

    def __init__(self, rates: Mapping[MethodClass, Rate] | None = None) -> None:
        self._rates = dict(rates or {})
        self._buckets = {kind: TokenBuckets[str](rate.per_second, rate.burst) for kind, rate in self._rates.items()}

    def take(self, token_id: str, method_class: MethodClass, now: float) -> None:
        """Counts one request at `now` (monotonic seconds). Raises `LimitExceeded` with the seconds to wait."""
        rate = self._rates.get(method_class)
        if rate is None:
            return
        wait = self._buckets[method_class].take(token_id, now)
        if wait:
            message = f"rate limit {method_class.value} reached: {rate.per_second:g} requests per second"
            raise LimitExceeded(Reason.RATE_LIMITED, message, retry_after=wait)
