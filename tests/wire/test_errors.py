"""The error table: complete, and one with Connect's, gRPC's and HTTP's."""

from __future__ import annotations

import logging

import grpc
import orjson
import pytest
from connectrpc.code import Code as ConnectCode

from quarterdeck import errors
from quarterdeck.errors import DomainError, FieldViolation, LimitExceeded, NotFound, Reason
from quarterdeck.wire.connect import connect_error
from quarterdeck.wire.dialects import protojson
from quarterdeck.wire.errors import (
    CODE_OF,
    HTTP_STATUS,
    INTERNAL_MESSAGE,
    Code,
    WireError,
    body_too_large,
    code_of,
    to_wire,
    unknown_route,
    unsupported_media_type,
    wrong_verb,
)
from quarterdeck.wire.grpc import STATUS

# The table of the Connect protocol's specification, and gRPC's numbers.
TABLE = {
    "canceled": (499, 1),
    "unknown": (500, 2),
    "invalid_argument": (400, 3),
    "deadline_exceeded": (504, 4),
    "not_found": (404, 5),
    "already_exists": (409, 6),
    "permission_denied": (403, 7),
    "resource_exhausted": (429, 8),
    "failed_precondition": (400, 9),
    "aborted": (409, 10),
    "out_of_range": (400, 11),
    "unimplemented": (501, 12),
    "internal": (500, 13),
    "unavailable": (503, 14),
    "data_loss": (500, 15),
    "unauthenticated": (401, 16),
}


def subclasses(kind: type[DomainError]) -> list[type[DomainError]]:
    return [each for child in kind.__subclasses__() for each in (child, *subclasses(child))]


def test_every_domain_error_has_a_row():
    ours = {kind for kind in subclasses(DomainError) if kind.__module__ == errors.__name__}
    assert set(CODE_OF) == ours


def test_no_row_blames_the_server():
    assert not {Code.INTERNAL, Code.UNKNOWN, Code.DATA_LOSS} & set(CODE_OF.values())


@pytest.mark.parametrize("name", TABLE)
def test_a_code_is_the_same_in_every_protocol(name):
    status, number = TABLE[name]
    code = Code(name)
    assert HTTP_STATUS[code] == status
    assert STATUS[code].value[0] == number
    assert ConnectCode(name).value == name
    assert connect_error(WireError(code, "x")).code is ConnectCode(name)


def test_the_table_is_complete():
    assert {code.value for code in Code} == set(TABLE)
    assert {kind.value[0] for kind in grpc.StatusCode} == {0, *(number for _, number in TABLE.values())}


def test_a_subclass_takes_its_parents_row():
    class NoSuchShip(NotFound):
        """Made for this test."""

    assert code_of(NoSuchShip(Reason.PIPELINE_NOT_FOUND, "x")) is Code.NOT_FOUND


def test_a_domain_error_keeps_its_words():
    violations = (FieldViolation("a.b", "is required"),)
    error = errors.Invalid(Reason.FIELD_INVALID, "a.b: is required", violations=violations, metadata={"k": "v"})
    wire = to_wire(error, "r")
    assert (wire.code, wire.message, wire.reason) == (Code.INVALID_ARGUMENT, "a.b: is required", "FIELD_INVALID")
    assert (wire.violations, wire.metadata, wire.status) == (violations, {"k": "v"}, 400)


def test_a_limit_says_when_to_come_back():
    assert to_wire(LimitExceeded(Reason.RATE_LIMITED, "x", retry_after=1.5), "r").retry_after == 1.5


def test_a_wire_error_is_itself():
    error = unknown_route("/x")
    assert to_wire(error, "r") is error


def test_an_unexpected_exception_is_logged_once_and_told_as_a_fixed_sentence(caplog):
    with caplog.at_level(logging.DEBUG):
        wire = to_wire(KeyError("hunter2"), "the-request")
    assert (wire.code, wire.message) == (Code.INTERNAL, f"{INTERNAL_MESSAGE}: the-request")
    (record,) = caplog.records
    assert (record.levelname, getattr(record, "request_id", "")) == ("ERROR", "the-request")
    assert "hunter2" in caplog.text
    assert b"hunter2" not in protojson.render_error(wire).body


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (unknown_route("/x"), 404, "unimplemented", ()),
        (wrong_verb("PUT", "GET, POST"), 405, "unimplemented", (("allow", "GET, POST"),)),
        (unsupported_media_type("a/b", "c/d"), 415, "invalid_argument", (("accept-post", "c/d"),)),
        (body_too_large(5), 429, "resource_exhausted", ()),
    ],
)
def test_the_routers_errors(error, status, code, headers):
    assert (error.status, error.code, error.headers) == (status, code, headers)
    rendered = protojson.render_error(error)
    assert (rendered.status, rendered.content_type) == (status, "application/json")
    assert orjson.loads(rendered.body)["code"] == code


@pytest.mark.parametrize("hostile", ["\ud800", "\x00\x1b[31m", "a" * 100_000, "\u2028"])
def test_what_a_stranger_says_is_repeated_shortly_and_safely(hostile):
    for error in (unknown_route(hostile), wrong_verb(hostile, "GET"), unsupported_media_type(hostile, "a/b")):
        body = protojson.render_error(error).body
        assert len(body) < 1500
        assert b"\x1b" not in body
        orjson.loads(body)
