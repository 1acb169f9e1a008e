"""Server streams as Server-Sent Events: order, resuming, silence, errors, and clients that leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from quarterdeck.identity.call import CallContext
from quarterdeck.wire.chain import CallChain, bind
from quarterdeck.wire.dialects.protojson import protojson
from quarterdeck.wire.method import EventForm
from quarterdeck.wire.rest.sse import Pace
from quarterdeck.wire.rest.transport import RestTransport
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.wire.test_rest_echo import (
    AS_VIEWER,
    ECHO,
    PATIENT,
    Echo,
    Finished,
    NoLimits,
    Tokens,
    answer,
    scope_of,
    transport_of,
)

PROMPT = Pace(first_message=0.01, silence=0.01)
NEVER_SOON = 5
"""Seconds after which a test that waits has failed."""


class Reader:
    """A client of one stream that takes messages when it wants to."""

    def __init__(
        self,
        transport: RestTransport,
        target: str,
        headers: Mapping[str, str] = AS_VIEWER,
        *,
        taking: bool = True,
        verb: str = "GET",
        body: bytes = b"",
    ) -> None:
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.offered = asyncio.Event()
        self._taking = asyncio.Event()
        if taking:
            self._taking.set()
        self._incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})
        scope = scope_of(verb, target, headers)
        self.task = asyncio.create_task(transport.handle(scope, self._incoming.get, self._send, "r-1"))

    async def _send(self, message: Any) -> None:
        self.offered.set()
        await self._taking.wait()
        self.sent.put_nowait(message)

    async def take(self) -> Any:
        return await asyncio.wait_for(self.sent.get(), NEVER_SOON)

    async def text(self) -> str:
        message = await self.take()
        assert message["type"] == "http.response.body"
        return str(message["body"], "utf-8")

    async def leave(self) -> None:
        self._incoming.put_nowait({"type": "http.disconnect"})
        assert await asyncio.wait_for(self.task, NEVER_SOON)


def events(body: bytes) -> list[dict[str, str]]:
    """The events of a stream, as a browser tells them apart."""
    parted = [block.split("\n") for block in body.decode().split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in lines) for lines in parted]


def of_others(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Tasks that are there now and were not before."""
    return asyncio.all_tasks() - before


async def test_messages_are_events_with_their_ids_and_an_end():
    got = await answer(transport_of(Echo()), "GET", "/test/v1/count/2", headers=AS_VIEWER)
    assert got.status == 200
    assert got.body == (
        b'id: 1\ndata: {"id":"1","number":1}\n\nid: 2\ndata: {"id":"2","number":2}\n\nevent: end\ndata: {}\n\n'
    )
    assert got.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert got.headers["cache-control"] == "no-cache"
    assert got.headers["x-accel-buffering"] == "no"


async def test_a_stream_of_nothing_ends_at_once():
    got = await answer(transport_of(Echo()), "GET", "/test/v1/count/0", headers=AS_VIEWER)
    assert (got.status, got.body) == (200, b"event: end\ndata: {}\n\n")


@pytest.mark.parametrize(
    ("target", "headers", "first"),
    [
        pytest.param("?after=3", {}, "4", id="the request's own field"),
        pytest.param("?after=3&lastEventId=5", {}, "6", id="lastEventId wins over it"),
        pytest.param("?after=3&lastEventId=5", {"last-event-id": "7"}, "8", id="the header wins over both"),
        pytest.param("?lastEventId=%37", {}, "8", id="an escaped id"),
        pytest.param("?lastEventId=", {"last-event-id": ""}, "1", id="empty ids are none"),
    ],
)
async def test_a_reader_comes_back_where_it_was(target, headers, first):
    got = await answer(transport_of(Echo()), "GET", f"/test/v1/count/9{target}", headers={**AS_VIEWER, **headers})
    assert events(got.body)[0]["id"] == first


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        pytest.param("", {"last-event-id": "\xff"}, id="a header that is not UTF-8"),
        pytest.param("?lastEventId=%ff", {}, id="a parameter that is not UTF-8"),
        pytest.param("?lastEventId=1&lastEventId=2", {}, id="two ids"),
        pytest.param("?failAfter=x", {}, id="a parameter of the request"),
    ],
)
async def test_a_wrong_request_keeps_its_status(target, headers):
    got = await answer(transport_of(Echo()), "GET", f"/test/v1/count/9{target}", headers={**AS_VIEWER, **headers})
    assert (got.status, got.json["code"]) == (400, "invalid_argument")


async def test_an_error_before_the_first_message_keeps_its_status():
    transport = transport_of(Echo())
    got = await answer(transport, "GET", "/test/v1/count/0?failAfter=-1", headers=AS_VIEWER)
    assert (got.status, got.json["code"], got.headers["content-type"]) == (404, "not_found", "application/json")


async def test_an_error_behind_a_message_is_an_event():
    observer = Finished()
    transport = transport_of(Echo(), observer=observer)
    got = await answer(transport, "GET", "/test/v1/count/9?failAfter=1", headers=AS_VIEWER)
    number, error = events(got.body)
    assert (got.status, number["id"], error["event"]) == (200, "1", "error")
    assert json.loads(error["data"])["code"] == "not_found"
    assert observer.calls == [("Count", "rest", "not_found")]


async def test_an_unexpected_error_behind_a_message_tells_no_secrets(caplog):
    class Crashing(Echo):
        async def count(self, request: pb.CountRequest, call: CallContext) -> AsyncIterator[pb.CountResponse]:
            yield pb.CountResponse(number=1)
            raise ZeroDivisionError("a secret of the server")

    got = await answer(transport_of(Crashing()), "GET", "/test/v1/count/9", headers=AS_VIEWER)
    assert events(got.body)[-1]["event"] == "error"
    assert b"secret" not in got.body
    assert len(caplog.records) == 1


async def test_a_quiet_stream_says_its_headers_soon_and_comments_then():
    reader = Reader(transport_of(Echo(quiet_after=0), pace=PROMPT), "/test/v1/count/9")
    assert (await reader.take())["status"] == 200
    assert [await reader.text() for _ in range(3)] == [": waiting\n\n"] * 3
    await reader.leave()


async def test_a_stream_that_falls_silent_comments():
    reader = Reader(transport_of(Echo(quiet_after=1), pace=Pace(first_message=60, silence=0.01)), "/test/v1/count/9")
    assert (await reader.take())["status"] == 200
    assert (await reader.text()).startswith("id: 1\n")
    assert [await reader.text() for _ in range(2)] == [": waiting\n\n"] * 2
    await reader.leave()


@pytest.mark.parametrize(
    "quiet_after", [pytest.param(0, id="before the headers"), pytest.param(1, id="after a message")]
)
async def test_a_client_that_leaves_stops_the_handler_and_leaves_no_task(quiet_after, caplog):
    before, echo, observer = asyncio.all_tasks(), Echo(quiet_after=quiet_after), Finished()
    reader = Reader(transport_of(echo, observer=observer), "/test/v1/count/9")
    await echo.asked.wait()
    for _ in range(2 * quiet_after):
        await reader.take()
    await reader.leave()
    await asyncio.wait_for(echo.closed.wait(), NEVER_SOON)
    assert of_others(before) == set()
    assert (caplog.records, observer.calls) == ([], [("Count", "rest", "canceled")])
    assert reader.sent.empty()


async def test_a_client_that_leaves_while_it_takes_nothing_is_let_go():
    before, echo = asyncio.all_tasks(), Echo()
    reader = Reader(transport_of(echo), "/test/v1/count/9", taking=False)
    await reader.offered.wait()
    await reader.leave()
    await asyncio.wait_for(echo.closed.wait(), NEVER_SOON)
    assert of_others(before) == set()


async def test_a_slow_client_slows_the_handler():
    made: list[int] = []

    class Eager(Echo):
        async def count(self, request: pb.CountRequest, call: CallContext) -> AsyncIterator[pb.CountResponse]:
            for number in range(request.until):
                made.append(number)
                yield pb.CountResponse(number=number)

    reader = Reader(transport_of(Eager()), "/test/v1/count/1000", taking=False)
    await reader.offered.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(made) == 1
    await reader.leave()


async def test_a_send_that_finds_nobody_ends_the_stream_without_a_log(caplog):
    echo, tries = Echo(), []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        tries.append(message)
        if len(tries) > 1:
            raise OSError("gone")

    assert await transport_of(echo).handle(scope_of("GET", "/test/v1/count/9", AS_VIEWER), receive, send, "r")
    await asyncio.wait_for(echo.closed.wait(), NEVER_SOON)
    assert (len(tries), caplog.records) == (2, [])


async def test_a_server_that_stops_leaves_no_task():
    before, echo = asyncio.all_tasks(), Echo(quiet_after=1)
    reader = Reader(transport_of(echo), "/test/v1/count/9")
    await reader.take()
    await reader.take()
    reader.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader.task
    await asyncio.wait_for(echo.closed.wait(), NEVER_SOON)
    assert of_others(before) == set()


async def test_an_id_cannot_forge_events():
    class Forging(Echo):
        async def count(self, request: pb.CountRequest, call: CallContext) -> AsyncIterator[pb.CountResponse]:
            for forged in ("1\nevent: end", "1\rdata: x", "1\0"):
                yield pb.CountResponse(id=forged)

    got = await answer(transport_of(Forging()), "GET", "/test/v1/count/9", headers=AS_VIEWER)
    assert [set(event) for event in events(got.body)] == [{"data"}] * 3 + [{"event", "data"}]


def unnamed(echo: Echo, pace: Pace = PATIENT) -> RestTransport:
    methods = tuple(replace(each, event_form=EventForm.UNNAMED) if each.streams else each for each in ECHO.methods)
    service = replace(ECHO, methods=methods)
    chain = CallChain((service,), bind({service: echo}), Tokens(), NoLimits())
    return RestTransport(chain, {"protojson": protojson}, pace=pace)


@pytest.mark.parametrize(
    ("target", "body"),
    [
        pytest.param("?after=6", b'id: 7\ndata: {"number":7}\n\nid: 8\ndata: {"number":8}\n\n', id="to its end"),
        pytest.param("?after=6&failAfter=7", b'id: 7\ndata: {"number":7}\n\n', id="to its failure"),
        pytest.param("?after=8", b"", id="of nothing"),
    ],
)
async def test_unnamed_records_keep_their_id_out_of_the_data_and_end_without_a_word(target, body):
    got = await answer(unnamed(Echo()), "GET", f"/test/v1/count/8{target}", headers=AS_VIEWER)
    assert (got.status, got.body, got.headers["content-type"]) == (200, body, "text/event-stream")


async def test_a_quiet_stream_of_unnamed_records_comments():
    reader = Reader(unnamed(Echo(quiet_after=1), Pace(first_message=60, silence=0.01)), "/test/v1/count/9")
    assert (await reader.take())["status"] == 200
    assert [await reader.text() for _ in range(3)] == ['id: 1\ndata: {"number":1}\n\n', *[": waiting\n\n"] * 2]
    await reader.leave()


async def test_head_runs_no_stream():
    echo = Echo()
    got = await answer(transport_of(echo), "HEAD", "/test/v1/count/9", headers=AS_VIEWER)
    assert (got.status, got.body, echo.requests) == (200, b"", [])
    assert got.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    "rules", [{"stream_id_field": "nope"}, {"stream_id_field": "number"}, {"stream_resume_field": "until"}]
)
def test_stream_rules_that_name_no_string_do_not_start(rules):
    methods = tuple(replace(method, **rules) if method.streams else method for method in ECHO.methods)
    chain = CallChain((replace(ECHO, methods=methods),), bind({ECHO: Echo()}), Tokens(), NoLimits())
    with pytest.raises(ValueError, match="no string field"):
        RestTransport(chain, {"protojson": protojson})
