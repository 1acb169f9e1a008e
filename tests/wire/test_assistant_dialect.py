"""The Grafana Assistant's family: its envelope of errors, and the budget that every answer tells."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from quarterdeck import errors
from quarterdeck.errors import FieldViolation, Invalid, LimitExceeded, Reason
from quarterdeck.identity import Budget, MinuteBudgets, RateLimits
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.server import TokenRates, transports
from quarterdeck.wire.chain import CallChain, bind
from quarterdeck.wire.dialects.assistant import STATUS_OF, assistant
from quarterdeck.wire.errors import HTTP_STATUS, Code, WireError, body_too_large, to_wire, unknown_route, wrong_verb
from quarterdeck.wire.method import EventForm, HttpBinding, RateClass, Service
from quarterdeck.wire.rate_limit_headers import RateLimitHeaders
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.wire.test_rest_echo import AS_VIEWER, ECHO, Echo, Tokens

FAMILY = "/api/plugins/grafana-assistant-app"
MINUTE = 60
NOON = 1_800_000_000.0 // MINUTE * MINUTE


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        pytest.param(Invalid(Reason.FIELD_INVALID, "prompt: is required"), 400, "prompt: is required", id="invalid"),
        pytest.param(errors.PreconditionFailed(Reason.CHAT_BUSY, "busy"), 400, "busy", id="busy"),
        pytest.param(
            errors.Unauthenticated(Reason.CREDENTIALS_MISSING, "missing"), 401, "missing", id="no credentials"
        ),
        pytest.param(errors.Forbidden(Reason.ROLE_TOO_LOW, "low"), 403, "low", id="the role"),
        pytest.param(errors.NotFound(Reason.CHAT_NOT_FOUND, "no chat x"), 404, "Chat not found", id="no chat"),
        pytest.param(errors.NotFound(Reason.RUN_NOT_FOUND, "no run x"), 404, "no run x", id="no run"),
        pytest.param(errors.Unimplemented(Reason.METHOD_UNIMPLEMENTED, "later"), 404, "later", id="not served"),
        pytest.param(unknown_route("/x"), 404, "nothing is served at '/x'", id="no such path"),
        pytest.param(wrong_verb("PUT", "GET"), 404, "PUT is not served here; use GET", id="no such verb"),
        pytest.param(body_too_large(9), 413, "the request is larger than the limit of 9 bytes", id="too large"),
        pytest.param(LimitExceeded(Reason.RATE_LIMITED, "slow"), 429, "slow", id="a limit"),
        pytest.param(errors.Unavailable(Reason.DATABASE_UNAVAILABLE, "away"), 503, "away", id="the database"),
        pytest.param(WireError(Code.INTERNAL, "\ud800"), 500, "?", id="half a surrogate pair"),
    ],
)
def test_errors_have_a_status_and_a_message(error, status, message):
    rendered = assistant.render_error(to_wire(error, "r"))
    assert (rendered.status, rendered.content_type) == (status, "application/json")
    assert json.loads(rendered.body) == {"status": "error", "message": message}


def test_every_code_has_a_status():
    assert STATUS_OF.keys() == HTTP_STATUS.keys()


def test_a_limit_says_when_to_come_back():
    slow = to_wire(LimitExceeded(Reason.RATE_LIMITED, "slow", retry_after=12.1), "r")
    assert assistant.render_error(slow).headers == (("retry-after", "13"),)


def test_violations_are_in_the_sentence():
    error = Invalid(Reason.FIELD_INVALID, "a: b", violations=(FieldViolation("a", "b"),))
    assert json.loads(assistant.render_error(to_wire(error, "r")).body)["message"] == "a: b"


def test_keys_are_camel_case_and_always_there():
    printed = assistant.codec(pb.CountResponse).to_json(pb.CountResponse(number=3))
    assert printed == {"id": "", "number": 3}
    assert assistant.codec(pb.CountRequest).decode(b"").SerializeToString() == b""
    with pytest.raises(Invalid):
        assistant.codec(pb.EchoRequest).decode(b'{"note":"\\u0000"}')


# ------------------------------------------------------------------------------------------------------------ budgets


def test_a_minute_has_a_budget_and_the_next_one_another():
    budgets = MinuteBudgets(2)
    assert budgets.read("k", NOON + 10) == Budget(2, 2, int(NOON) + MINUTE)
    budgets.take("k", NOON + 10)
    budgets.take("k", NOON + 59.9)
    assert budgets.read("k", NOON + 59.9) == Budget(2, 0, int(NOON) + MINUTE)
    with pytest.raises(LimitExceeded, match="2 requests per minute") as caught:
        budgets.take("k", NOON + 50)
    assert caught.value.retry_after == 10
    assert budgets.read("other", NOON + 50).remaining == 2
    assert budgets.read(None, NOON + 50).remaining == 2
    budgets.take("k", NOON + MINUTE)
    assert budgets.read("k", NOON + MINUTE) == Budget(2, 1, int(NOON) + 2 * MINUTE)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_budget_that_lets_nobody_in_is_refused(limit):
    with pytest.raises(ValueError, match="never let anybody in"):
        MinuteBudgets(limit)


class StandingClock:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.unix = NOON

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.unix, UTC)

    def monotonic(self) -> float:
        return self.unix


class Known(Tokens):
    """Tokens that are recalled, as those that were seen before."""

    def recall(self, headers: Any) -> Caller | None:
        name = headers.get("authorization", "").removeprefix("Bearer ")
        return (
            Caller("t", f"a-{name}", name, Role[name.upper()], f"k-{name}")
            if name.upper() in Role.__members__
            else None
        )


class Streaming(Echo):
    async def count(self, request: pb.CountRequest, call: CallContext) -> AsyncIterator[pb.CountResponse]:
        yield pb.CountResponse(id="7", number=request.until)


def family(binding: HttpBinding) -> HttpBinding:
    return replace(binding, template=f"{FAMILY}{binding.template}")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def http(clock) -> Any:
    """EchoService as if it were of the family, three requests a minute."""
    methods = tuple(
        replace(
            each,
            rate_class=RateClass.ASSISTANT,
            bindings=tuple(family(binding) for binding in each.bindings),
            event_form=EventForm.UNNAMED,
        )
        for each in ECHO.methods
    )
    service: Service = replace(ECHO, methods=methods, dialect="assistant", owned_paths=(FAMILY,))
    rates = TokenRates(RateLimits(), clock, MinuteBudgets(3))
    chain = CallChain((service,), bind({service: Streaming()}), Known(), rates)
    budgets = RateLimitHeaders(lambda headers: rates.assistant_budget(chain.authenticator, headers))
    served: Any = transports(chain, budgets=budgets).http
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://test")


def told(answer: httpx.Response) -> tuple[int, ...]:
    return tuple(int(answer.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))


async def test_every_answer_tells_the_budget(http, clock):
    reset = int(NOON) + MINUTE
    async with http:
        unknown = await http.get(f"{FAMILY}/nowhere", headers=AS_VIEWER)
        assert (unknown.status_code, unknown.json()["status"], told(unknown)) == (404, "error", (3, 3, reset))
        stranger = await http.post(f"{FAMILY}/test/v1/echo", json={})
        assert (stranger.status_code, told(stranger)) == (401, (3, 3, reset))
        fine = await http.post(f"{FAMILY}/test/v1/echo", json={}, headers=AS_VIEWER)
        assert (fine.status_code, told(fine)) == (200, (3, 2, reset))
        wrong = await http.post(f"{FAMILY}/test/v1/echo", content="{", headers=AS_VIEWER)
        assert (wrong.status_code, told(wrong)) == (400, (3, 1, reset))
        stream = await http.get(f"{FAMILY}/test/v1/count/5", headers=AS_VIEWER)
        assert (stream.status_code, told(stream)) == (200, (3, 0, reset))
        clock.unix += 20.5
        spent = await http.post(f"{FAMILY}/test/v1/echo", json={}, headers=AS_VIEWER)
        assert (spent.status_code, told(spent), spent.headers["retry-after"]) == (429, (3, 0, reset), "40")
        assert spent.json()["message"] == "rate limit requests_per_minute:assistant reached: 3 requests per minute"
        verb = await http.delete(f"{FAMILY}/test/v1/echo", headers=AS_VIEWER)
        assert (verb.status_code, told(verb)) == (404, (3, 0, reset))
        clock.unix += MINUTE
        later = await http.post(f"{FAMILY}/test/v1/echo", json={}, headers=AS_VIEWER)
        assert (later.status_code, told(later)) == (200, (3, 2, reset + MINUTE))


async def test_answers_of_others_tell_nothing(http):
    async with http:
        for path in ("/metrics", "/nowhere", "/api/plugins/grafana-assistant-app-not/x"):
            assert "x-ratelimit-limit" not in (await http.get(path, headers=AS_VIEWER)).headers


async def test_records_are_unnamed_and_their_id_is_not_in_the_data(http):
    async with http:
        stream = await http.get(f"{FAMILY}/test/v1/count/5", headers=AS_VIEWER)
    assert stream.content == b'id: 7\ndata: {"number":5}\n\n'
    assert stream.headers["content-type"] == "text/event-stream"
