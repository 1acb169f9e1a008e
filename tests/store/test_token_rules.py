"""Tokens, rate limits: pure rules of identity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import LimitExceeded, Reason, Unauthenticated
from quarterdeck.identity.credentials import presented_token
from quarterdeck.identity.rate_limits import MethodClass, Rate, RateLimits
from quarterdeck.identity.tokens import is_well_formed, new_token, token_hash


def test_new_tokens_are_recognisable_and_differ() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    for token in tokens:
        assert token.startswith("qd_")
        assert len(token) == 52
        assert is_well_formed(token)
        assert token.isascii()


@given(st.integers(min_value=0, max_value=51), st.characters(codec="ascii"))
def test_any_mistyped_character_is_noticed(place: int, character: str) -> None:
    whole = new_token()
    mistyped = whole[:place] + character + whole[place + 1 :]
    assert is_well_formed(mistyped) == (mistyped == whole) or not mistyped.startswith("qd_")


@given(st.text(), st.none() | st.text())
def test_any_header_gives_a_token_or_is_refused(authorization: str, api_key: str | None) -> None:
    try:
        token = presented_token(authorization, api_key)
    except Unauthenticated as error:
        assert len(error.message) < 300  # noqa: PT017 - either outcome is right
    else:
        assert is_well_formed(token)
        assert len(token_hash(token)) == 32


def test_without_rates_nothing_is_limited() -> None:
    limits = RateLimits()
    for _ in range(10_000):
        limits.take("token", MethodClass.API, 0.0)


def test_a_bucket_empties_and_fills_again() -> None:
    limits = RateLimits({MethodClass.API: Rate(per_second=2, burst=3)})
    for _ in range(3):
        limits.take("token", MethodClass.API, 10.0)
    with pytest.raises(LimitExceeded, match="requests_per_second:api") as caught:
        limits.take("token", MethodClass.API, 10.0)
    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.retry_after == pytest.approx(0.5)
    limits.take("token", MethodClass.COLLECTOR, 10.0)
    limits.take("other", MethodClass.API, 10.0)
    limits.take("token", MethodClass.API, 10.5)
    with pytest.raises(LimitExceeded):
        limits.take("token", MethodClass.API, 10.5)


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    limits = RateLimits({MethodClass.API: Rate(per_second=1, burst=1)})
    limits.take("token", MethodClass.API, 10.0)
    with pytest.raises(LimitExceeded):
        limits.take("token", MethodClass.API, 5.0)


def test_full_buckets_are_forgotten() -> None:
    limits = RateLimits({MethodClass.API: Rate(per_second=1, burst=1)})
    for number in range(25_000):
        limits.take(str(number), MethodClass.API, float(number))
    assert sum(len(buckets._buckets) for buckets in limits._buckets.values()) <= 10_001
