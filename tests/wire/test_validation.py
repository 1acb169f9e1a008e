"""The limits of the .proto files, field by field."""

from __future__ import annotations

import pytest
from google.protobuf import struct_pb2
from google.protobuf.message import Message

from quarterdeck.errors import Invalid, Reason
from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2
from quarterdeck.wire.validation import MAX_VIOLATIONS, compiled, validate
from tests.gen.testing.v1 import conformance_pb2 as pb


def violations(message: Message) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        validate(message)
    assert caught.value.reason is Reason.FIELD_INVALID
    return {violation.field: violation.description for violation in caught.value.violations}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(pb.EchoRequest(), id="nothing: no rule asks for presence"),
        pytest.param(pb.EchoRequest(note="0123456789"), id="the longest text"),
        pytest.param(pb.EchoRequest(note="\U0001f680" * 10), id="characters are counted, not bytes"),
        pytest.param(pb.EchoRequest(few=["a"] * 3), id="the longest list"),
        pytest.param(pb.EchoRequest(level=1), id="the least number"),
        pytest.param(pb.EchoRequest(level=5), id="the greatest number"),
        pytest.param(pb.EchoRequest(slug="abc"), id="the pattern"),
        pytest.param(pb.EchoRequest(slug=""), id="an empty text needs no pattern"),
        pytest.param(pb.FailRequest(error="x"), id="required and there"),
        pytest.param(admin_pb2.CreateServiceAccountRequest(name="a", role="ROLE_VIEWER"), id="a required enum"),
    ],
)
def test_what_fits_passes(message):
    validate(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (pb.EchoRequest(note="a" * 11), {"note": "has 11 characters, at most 10 are accepted"}),
        (pb.EchoRequest(few=["a"] * 4), {"few": "has 4 entries, at most 3 are accepted"}),
        (pb.EchoRequest(level=0), {"level": "is 0, at least 1 is accepted"}),
        (pb.EchoRequest(level=6), {"level": "is 6, at most 5 is accepted"}),
        (pb.EchoRequest(slug="aB"), {"slug": "must match [a-z]+"}),
        (pb.EchoRequest(slug="a\n"), {"slug": "must match [a-z]+"}),
        (pb.FailRequest(), {"error": "is required"}),
        (pb.FailRequest(error=" \t\u2003"), {"error": "is required"}),
        (pipeline_pb2.CreatePipelineRequest(), {"pipeline": "is required"}),
        (collector_pb2.BulkDeleteCollectorsRequest(), {"ids": "needs at least one entry"}),
        (admin_pb2.CreateServiceAccountRequest(name="a"), {"role": "is required"}),
    ],
)
def test_what_does_not_fit_is_named(message, expected):
    assert violations(message) == expected


def test_every_violation_is_told_in_the_order_of_the_fields():
    found = violations(pb.EchoRequest(note="a" * 11, few=["a"] * 4, level=9, slug="A"))
    assert list(found) == ["note", "few", "level", "slug"]


def test_the_sentence_has_all_of_them():
    with pytest.raises(Invalid, match=r"^note: has 11 .*; slug: must match"):
        validate(pb.EchoRequest(note="a" * 11, slug="A"))


def test_the_number_of_violations_is_bounded():
    assert MAX_VIOLATIONS == 20


def test_a_message_without_rules_costs_nothing():
    assert compiled(struct_pb2.Struct.DESCRIPTOR) is None
    assert compiled(pb.Thing.DESCRIPTOR) is None


def test_a_message_that_contains_itself_can_be_compiled():
    assert compiled(pb.Thing.Inner.DESCRIPTOR) is None
