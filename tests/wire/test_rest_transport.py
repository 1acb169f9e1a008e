"""What the REST transport does around a call: order, verbs, bodies, errors, headers."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
from dataclasses import replace
from typing import Any

import pytest
from google.api.httpbody_pb2 import HttpBody

from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2
from quarterdeck.gen.tenant.v1 import tenant_pb2
from quarterdeck.identity.call import CallContext
from quarterdeck.wire.chain import CallChain, bind
from quarterdeck.wire.dialects.protojson import protojson
from quarterdeck.wire.method import HttpBinding, Service, describe_service
from quarterdeck.wire.rest.transport import RestTransport
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.wire.test_rest_echo import (
    AS_EDITOR,
    AS_VIEWER,
    ECHO,
    Echo,
    Finished,
    NoLimits,
    Tokens,
    answer,
    ask,
    scope_of,
    transport_of,
)

REST = transport_of(Echo(), max_body_bytes=100)


def with_bindings(name: str, *bindings: HttpBinding) -> Service:
    """EchoService with other rules for one method."""
    methods = tuple(replace(each, bindings=bindings) if each.name == name else each for each in ECHO.methods)
    return replace(ECHO, methods=methods)


def serving(service: Service, echo: Echo | None = None) -> RestTransport:
    handlers = bind({ECHO: echo or Echo()})
    return RestTransport(CallChain((service,), handlers, Tokens(), NoLimits()), {"protojson": protojson})


@pytest.mark.parametrize("path", ["/", "/test/v1/nothing", "/test/v1/echo/", "/testing.v1.EchoService/Echo"])
async def test_a_path_of_nobody_is_left_to_the_caller(path):
    assert await ask(REST, "GET", path) is None


async def test_a_wrong_verb_is_405_with_allow_in_the_familys_envelope():
    got = await answer(REST, "DELETE", "/test/v1/echo")
    assert (got.status, got.headers["allow"]) == (405, "POST, REPORT, OPTIONS")
    assert got.json["code"] == "unimplemented"


async def test_options_tells_the_verbs_without_credentials():
    got = await answer(REST, "OPTIONS", "/test/v1/echo/a", headers={})
    assert (got.status, got.headers["allow"], got.body) == (204, "GET, HEAD, OPTIONS", b"")


@pytest.mark.parametrize("target", ["/test/v1/echo/a", "/test/v1/echo/a?level=9"])
async def test_head_is_get_without_its_body(target):
    head, get = await answer(REST, "HEAD", target), await answer(REST, "GET", target)
    assert (head.status, head.headers) == (get.status, get.headers)
    assert int(head.headers["content-length"]) > 0
    assert head.body == b""


async def test_a_stranger_cannot_make_the_server_read_a_body():
    got = await answer(REST, "POST", "/test/v1/echo", b"{}", {})
    assert (got.status, got.pieces_read, got.json["code"]) == (401, 0, "unauthenticated")
    assert got.headers["www-authenticate"] == 'Basic realm="quarterdeck"'


async def test_a_role_too_low_is_refused_before_the_body():
    got = await answer(REST, "POST", "/test/v1/upload", b"x", AS_VIEWER)
    assert (got.status, got.pieces_read, got.json["code"]) == (403, 0, "permission_denied")


async def test_a_path_is_not_looked_into_before_the_caller_is_known():
    assert (await answer(REST, "GET", "/test/v1/echo/%zz", headers={})).status == 401
    assert (await answer(REST, "GET", "/test/v1/echo/%zz")).status == 400


async def test_an_oversized_body_is_refused_unread_by_its_declared_length():
    got = await answer(REST, "POST", "/test/v1/echo", b"{}", {**AS_EDITOR, "content-length": "101"})
    assert (got.status, got.pieces_read, got.json["code"]) == (429, 0, "resource_exhausted")


async def test_an_oversized_body_without_a_length_is_read_to_the_limit_only():
    got = await answer(REST, "POST", "/test/v1/echo", [b"x" * 60] * 5)
    assert (got.status, got.pieces_read) == (429, 2)


async def test_an_inflated_body_counts_as_inflated():
    body = gzip.compress(b" " * 10_000 + b"{}")
    got = await answer(REST, "POST", "/test/v1/echo", body, {**AS_EDITOR, "content-encoding": "gzip"})
    assert len(body) < 100
    assert got.status == 429


async def test_a_services_own_limit_wins_over_the_servers():
    transport = serving(replace(ECHO, max_body_bytes=5))
    assert (await answer(transport, "POST", "/test/v1/echo", b"{    }")).status == 429
    assert (await answer(transport, "POST", "/test/v1/echo", b"{   }")).status == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        pytest.param("", 200, id="none at all"),
        pytest.param("application/json", 200, id="JSON"),
        pytest.param("Application/JSON; charset=UTF-8", 200, id="JSON with a charset"),
        pytest.param("application/x-www-form-urlencoded", 415, id="a form, which a browser sends cross-site unasked"),
        pytest.param("text/plain", 415, id="text, for the same reason"),
        pytest.param("application/jsonx", 415, id="something longer"),
    ],
)
async def test_bodies_are_json(content_type, status):
    got = await answer(REST, "POST", "/test/v1/echo", b"{}", {**AS_EDITOR, "content-type": content_type})
    assert got.status == status
    assert (got.headers.get("accept-post"), got.pieces_read) == (
        ("application/json", 0) if status == 415 else (None, 1)
    )


async def test_a_content_type_does_not_matter_without_a_body():
    got = await answer(REST, "GET", "/test/v1/echo/a", headers={**AS_EDITOR, "content-type": "text/plain"})
    assert got.status == 200


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        pytest.param("/test/v1/echo", b"{", "invalid_argument", id="broken JSON"),
        pytest.param("/test/v1/echo", b"[" * 90, "invalid_argument", id="nesting"),
        pytest.param("/test/v1/echo", b'{"level":9}', "invalid_argument", id="a rule of the contract"),
        pytest.param("/test/v1/echo", b'{"note":5}', "invalid_argument", id="a wrong type"),
        pytest.param("/test/v1/fail", b'{"error":"Conflict"}', "already_exists", id="a domain error"),
        pytest.param("/test/v1/fail", b'{"error":"PreconditionFailed"}', "failed_precondition", id="another"),
    ],
)
async def test_errors_are_told_in_the_dialects_envelope(target, body, code):
    got = await answer(REST, "POST", target, body)
    assert got.json["code"] == code
    assert got.headers["content-type"] == "application/json"


async def test_a_violation_of_a_query_parameter_names_it():
    got = await answer(REST, "GET", "/test/v1/echo/a?thing.small=x")
    assert (got.status, got.json["code"]) == (400, "invalid_argument")
    assert got.json["message"].startswith("query parameter 'thing.small': 'x' is not accepted")
    assert "thing.small" in json.dumps(got.json["details"])


async def test_retry_after_is_whole_seconds_rounded_up():
    got = await answer(REST, "POST", "/test/v1/fail", b'{"error":"LimitExceeded"}')
    assert (got.status, got.headers["retry-after"]) == (429, "2")


async def test_a_crash_is_logged_and_not_told(caplog):
    with caplog.at_level(logging.ERROR, "quarterdeck.wire"):
        got = await answer(REST, "POST", "/test/v1/fail", b'{"error":"crash"}')
    assert got.status == 500
    assert b"secret" not in got.body
    assert [record.exc_text is not None or record.exc_info is not None for record in caplog.records] == [True]


async def test_an_answer_that_cannot_be_printed_is_a_logged_internal_error(caplog):
    class Broken(Echo):
        async def echo(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
            return pb.EchoResponse(thing=pb.Thing(at={"seconds": 2**60}))

    transport = transport_of(Broken())
    with caplog.at_level(logging.ERROR, "quarterdeck.wire"):
        got = await answer(transport, "POST", "/test/v1/echo", b"{}")
    assert (got.status, got.json["code"]) == (500, "internal")


async def test_large_answers_are_compressed_for_clients_that_take_it():
    body = json.dumps({"thing": {"tags": ["tag"] * 1000}}).encode()
    transport = transport_of(Echo())
    packed = await answer(transport, "POST", "/test/v1/echo", body, {**AS_EDITOR, "accept-encoding": "gzip"})
    plain = await answer(transport, "POST", "/test/v1/echo", body)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


async def test_a_client_that_leaves_while_it_sends_gets_no_answer_and_no_log(caplog):
    observer, sent = Finished(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    transport = transport_of(Echo(), observer=observer)
    assert await transport.handle(scope_of("POST", "/test/v1/echo", AS_EDITOR), receive, send, "r")
    assert (sent, caplog.records, observer.calls) == ([], [], [("Echo", "rest", "canceled")])


async def test_a_client_that_is_gone_when_it_is_answered_is_no_error(caplog):
    observer, tries = Finished(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        tries.append(message)
        raise OSError("gone")

    transport = transport_of(Echo(), observer=observer)
    assert await transport.handle(scope_of("POST", "/test/v1/echo", AS_EDITOR), receive, send, "r")
    assert (len(tries), caplog.records, observer.calls) == (1, [], [("Echo", "rest", "canceled")])


async def test_cancelling_a_request_cancels_its_handler():
    class Slow(Echo):
        async def echo(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
            self.asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.closed.set()
            return pb.EchoResponse()

    echo = Slow()
    task = asyncio.create_task(ask(transport_of(echo), "POST", "/test/v1/echo", b"{}"))
    await echo.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert echo.closed.is_set()


async def test_the_observer_hears_of_every_call():
    observer = Finished()
    transport = transport_of(Echo(), observer=observer)
    await answer(transport, "GET", "/test/v1/echo/a")
    await answer(transport, "POST", "/test/v1/fail", b"{}")
    await answer(transport, "GET", "/test/v1/count/2")
    assert observer.calls == [("Echo", "rest", "ok"), ("Fail", "rest", "invalid_argument"), ("Count", "rest", "ok")]


@pytest.mark.parametrize(
    ("field", "body", "expected"),
    [
        pytest.param("account", b"{}", b'"editor"', id="a string"),
        pytest.param("thing", b'{"thing":{"flag":true}}', b'{"flag":true}', id="a message"),
    ],
)
async def test_response_body_is_one_field(field, body, expected):
    transport = serving(with_bindings("Echo", HttpBinding("POST", "/x", "*", field)))
    assert (await answer(transport, "POST", "/x", body)).body == expected


async def test_an_upload_cannot_write_headers():
    class Evil(Echo):
        async def upload(self, request: HttpBody, call: CallContext) -> HttpBody:
            return HttpBody(content_type="text/html\r\nset-cookie: a=b", data=b"x")

    got = await answer(transport_of(Evil()), "POST", "/test/v1/upload", b"")
    assert got.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in got.headers


async def test_a_raw_body_may_be_one_field_of_the_request_path():
    transport = serving(with_bindings("Upload", HttpBinding("POST", "/up/{content_type=**}", "*", "")))
    got = await answer(transport, "POST", "/up/a/b", b"xy", {**AS_EDITOR, "content-type": "text/plain"})
    assert (got.headers["content-type"], got.body) == ("a/b", b"yx")


async def test_every_rule_of_the_whole_contract_is_a_route():
    files = (tenant_pb2, collector_pb2, pipeline_pb2, admin_pb2, fleet_pb2)
    services = [describe_service(each) for file in files for each in file.DESCRIPTOR.services_by_name.values()]
    transport = RestTransport(CallChain((*services, ECHO), {}, Tokens(), NoLimits()), {"protojson": protojson})
    for binding in [binding for service in services for method in service.methods for binding in method.bindings]:
        path = re.sub(r"\{[^=}]*=?([^}]*)\}", r"x\1", binding.template).replace("*", "x")
        assert (await answer(transport, binding.verb, path, headers={})).status == 401


@pytest.mark.parametrize(
    ("service", "why"),
    [
        pytest.param(
            with_bindings("Fail", HttpBinding("GET", "/test/v1/echo/{error}", "", "")),
            "GET /test/v1/echo/.* collides",
            id="two methods at one path",
        ),
        pytest.param(replace(ECHO, dialect="latin"), "dialect 'latin'", id="a dialect of nobody"),
        pytest.param(with_bindings("Echo", HttpBinding("GET", "/{nope}", "", "")), "nope", id="an unknown path field"),
        pytest.param(with_bindings("Echo", HttpBinding("GET", "/x", "", "nope")), "nope", id="an unknown answer field"),
    ],
)
def test_a_contract_that_cannot_be_served_does_not_start(service, why):
    with pytest.raises(ValueError, match=why):
        serving(service)
