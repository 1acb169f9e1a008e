"""How often a caller may call: token buckets that are off unless configured, and budgets per minute that never are.

Grafana's Fleet Management allows 3 requests per second on its management methods and 20 on those that collectors call,
and names the two limits in its documentation as here. Its Assistant tells with every answer what is left of a budget,
which a bucket that fills up all the time cannot say: there, each minute has its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.errors import LimitExceeded, Reason
from quarterdeck.identity.token_buckets import TokenBuckets


class MethodClass(StrEnum):
    """Which limit a method counts towards."""

    COLLECTOR = "requests_per_second:collector"
    API = "requests_per_second:api"
    ASSISTANT = "requests_per_minute:assistant"


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


@dataclass(frozen=True, slots=True)
class Budget:
    """What a token may still do: `remaining` of `limit` requests until `reset`, in unix seconds."""

    limit: int
    remaining: int
    reset: int


_MINUTE = 60


class MinuteBudgets:
    """`limit` requests per token in each minute of the clock. Per process, as the buckets."""

    def __init__(self, limit: int) -> None:
        """Raises ValueError for a limit below 1."""
        if limit < 1:
            raise ValueError(f"a budget of {limit} requests per minute would never let anybody in")
        self._limit = limit
        self._minute = 0
        self._used: Counter[str] = Counter()

    def take(self, token_id: str, now: float) -> None:
        """Counts one request at `now` (unix seconds). Raises `LimitExceeded` with the seconds to the next minute."""
        budget = self.read(token_id, now)
        if not budget.remaining:
            message = f"rate limit {MethodClass.ASSISTANT.value} reached: {self._limit} requests per minute"
            raise LimitExceeded(Reason.RATE_LIMITED, message, retry_after=budget.reset - now)
        self._used[token_id] += 1

    def read(self, token_id: str | None, now: float) -> Budget:
        """What is left; all of it for a caller whom nobody knows."""
        minute = int(now // _MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        used = 0 if token_id is None else self._used[token_id]
        return Budget(self._limit, self._limit - used, (minute + 1) * _MINUTE)
