"""The same failure has the same code, reason and sentence on every protocol; a crash tells nobody anything."""

from __future__ import annotations

import logging

import pytest
from google.protobuf import json_format

from quarterdeck import errors
from quarterdeck.errors import DomainError
from quarterdeck.wire.errors import CODE_OF, HTTP_STATUS, INTERNAL_MESSAGE
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.protocols.callers import STREAMS, UNARY, Caller
from tests.protocols.conformance import SECRET
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer

ECHO = "testing.v1.EchoService"
KINDS = sorted(kind.__name__ for kind in DomainError.__subclasses__())
# Connect GET has no method that fails at will; the scenario's GetConfig covers it.
FAILING = [each for each in UNARY if "GET" not in each.name]
UNARY_IDS = [each.name for each in FAILING]

EVERYTHING = json_format.ParseDict(
    {
        "name": 'n\u00e9\u2603\U0001f680\t"\\/',
        "flag": True,
        "small": -(2**31),
        "big": str(-(2**63)),
        "unsignedSmall": 2**32 - 1,
        "unsignedBig": str(2**64 - 1),
        "ratio": 0.5,
        "weight": 1e300,
        "data": "AP8/",
        "color": "COLOR_BLUE",
        "inner": {"label": "a", "inner": {"label": "b"}},
        "nickname": "",
        "score": "0",
        "enabled": False,
        "tags": ["", "b"],
        "labels": {"": "x", "a.b": ""},
        "byNumber": {"-1": {"label": "x"}},
        "byFlag": {"false": -0.0},
        "nothing": None,
        "at": "0001-01-01T00:00:00.000000001Z",
        "lasts": "-1.5s",
        "metadata": {"a": [1, None, {"b": ""}]},
        "mask": "aB.c",
        "wrappedString": "",
        "empty": {},
        "@odd": "o",
        "oldValue": "v",
    },
    pb.Thing(),
)


@pytest.mark.parametrize("caller", [each for each in UNARY if each.name != "REST"], ids=lambda each: each.name)
async def test_every_kind_of_field_comes_back_as_it_was_sent(live: LiveServer, caller: Caller):
    method = live.method(f"{ECHO}/{'Read' if 'GET' in caller.name else 'Echo'}")
    reply = await caller.call(live, method, pb.EchoRequest(thing=EVERYTHING), ADMIN_TOKEN)
    assert reply.message == pb.EchoResponse(thing=EVERYTHING, account=reply.message.account)


@pytest.mark.parametrize("caller", FAILING, ids=UNARY_IDS)
async def test_every_domain_error_has_one_code_and_one_reason(live: LiveServer, caller: Caller):
    method = live.method(f"{ECHO}/Fail")
    for kind in KINDS:
        reply = await caller.call(live, method, pb.FailRequest(error=kind), ADMIN_TOKEN)
        code = CODE_OF[getattr(errors, kind)]
        reason = "RATE_LIMITED" if kind == "LimitExceeded" else "PIPELINE_NOT_FOUND"
        assert (*reply.outcome, reply.text) == (code, reason, "as asked"), kind
        assert reply.status in (0, 200, HTTP_STATUS[code]), kind
        assert ("retry-after" in reply.headers) == (kind == "LimitExceeded")
        if kind == "LimitExceeded":
            assert reply.headers["retry-after"] == "2"


@pytest.mark.parametrize("caller", FAILING, ids=UNARY_IDS)
async def test_a_deadline_of_the_servers_own_is_deadline_exceeded(live: LiveServer, caller: Caller):
    reply = await caller.call(live, live.method(f"{ECHO}/Fail"), pb.FailRequest(error="timeout"), ADMIN_TOKEN)
    assert reply.code == "deadline_exceeded"


@pytest.mark.parametrize("caller", FAILING, ids=UNARY_IDS)
async def test_a_crash_is_a_fixed_sentence_with_an_id_that_the_log_has_once(
    live: LiveServer, caller: Caller, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        reply = await caller.call(live, live.method(f"{ECHO}/Fail"), pb.FailRequest(error="crash"), ADMIN_TOKEN)
    request_id = reply.headers["x-request-id"]
    assert (reply.code, reply.text) == ("internal", f"{INTERNAL_MESSAGE}: {request_id}")
    assert SECRET not in str(reply)
    assert [getattr(record, "request_id", None) for record in caplog.records] == [request_id]
    assert SECRET in caplog.text


@pytest.mark.parametrize("caller", STREAMS, ids=lambda each: each.name)
async def test_a_stream_ends_after_its_last_message(live: LiveServer, caller: Caller):
    reply = await caller.call(live, live.method(f"{ECHO}/Count"), pb.CountRequest(until=3), ADMIN_TOKEN)
    assert reply.code == "ok"
    assert [message.number for message in reply.messages] == [1, 2, 3]


@pytest.mark.parametrize("caller", STREAMS, ids=lambda each: each.name)
async def test_a_stream_that_says_nothing_ends_well(live: LiveServer, caller: Caller):
    reply = await caller.call(live, live.method(f"{ECHO}/Count"), pb.CountRequest(), ADMIN_TOKEN)
    assert (reply.code, reply.messages) == ("ok", ())


@pytest.mark.parametrize("caller", STREAMS, ids=lambda each: each.name)
async def test_an_error_in_a_stream_follows_what_was_said(live: LiveServer, caller: Caller):
    request = pb.CountRequest(until=5, fail_after=2)
    reply = await caller.call(live, live.method(f"{ECHO}/Count"), request, ADMIN_TOKEN)
    assert [message.number for message in reply.messages] == [1, 2]
    assert (*reply.outcome, reply.text) == ("not_found", "EVENTS_TRIMMED", "3 is gone")


@pytest.mark.parametrize("caller", STREAMS, ids=lambda each: each.name)
async def test_a_crash_in_a_stream_is_the_same_fixed_sentence(
    live: LiveServer, caller: Caller, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        reply = await caller.call(live, live.method(f"{ECHO}/Count"), pb.CountRequest(until=-1), ADMIN_TOKEN)
    assert reply.code == "internal"
    assert reply.text.startswith(INTERNAL_MESSAGE)
    assert SECRET not in str(reply)
    assert [getattr(record, "request_id", "?") in reply.text for record in caplog.records] == [True]


@pytest.mark.parametrize("caller", STREAMS, ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("token", "outcome"),
    [
        pytest.param("", ("unauthenticated", "CREDENTIALS_MISSING"), id="nobody"),
        pytest.param("not-a-token-of-anybody", ("unauthenticated", "CREDENTIALS_INVALID"), id="a stranger"),
    ],
)
async def test_a_stream_is_refused_like_a_call(live: LiveServer, caller: Caller, token: str, outcome: tuple[str, str]):
    reply = await caller.call(live, live.method(f"{ECHO}/Count"), pb.CountRequest(until=3), token)
    assert (reply.outcome, reply.messages) == (outcome, ())


@pytest.mark.parametrize("caller", UNARY, ids=lambda each: each.name)
async def test_a_rule_of_the_contract_is_told_with_its_field(live: LiveServer, caller: Caller):
    method = live.method(f"{ECHO}/Read")
    request = pb.EchoRequest(note="far too long a note", level=9, slug="UPPER", few=["a"] * 4)
    reply = await caller.call(live, method, request, ADMIN_TOKEN)
    assert reply.outcome == ("invalid_argument", "FIELD_INVALID")
    assert reply.text == (
        "note: has 19 characters, at most 10 are accepted; few: has 4 entries, at most 3 are accepted; "
        "level: is 9, at most 5 is accepted; slug: must match [a-z]+"
    )


async def test_raw_bodies_are_raw_on_rest_alone(live: LiveServer):
    method = live.method(f"{ECHO}/Upload")
    request = method.request_class(content_type="image/x-own", data=b"\x00\xff\n")
    for caller in (*FAILING,):
        reply = await caller.call(live, method, request, ADMIN_TOKEN)
        assert (reply.message.content_type, reply.message.data) == ("image/x-own", b"\n\xff\x00"), caller.name
