"""A family's JSON is stated as conventions: the exact dialect and single conventions on the same compiler."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import Pipeline
from quarterdeck.wire.dialects import (
    Conventions,
    KeyNames,
    MessageCodec,
    Nulls,
    PrintedUnset,
    TimeFormat,
    UnsetMessage,
    compile_dialect,
)
from quarterdeck.wire.errors import Code, WireError, unknown_route
from tests.gen.testing.v1.conformance_pb2 import DescribeRequest, DescribeResponse, EchoRequest, Thing
from tests.wire.exact_dialect import exact, render_error

REQUEST = exact.codec(DescribeRequest)
RESPONSE = exact.codec(DescribeResponse)


def codec_of(message_class: Any, **conventions: Any) -> MessageCodec:
    return compile_dialect("single", Conventions(**conventions), render_error).codec(message_class)


def test_an_empty_record_has_every_key_in_the_order_of_the_contract():
    assert RESPONSE.encode(DescribeResponse()) == (
        b'{"recordID":"","durationSeconds":0,"closedTime":"","tasks":[],"refs":{},"owner":null,"error":""}'
    )


def test_a_full_record_has_exact_keys_and_bare_numbers():
    record = DescribeResponse(
        record_id="r1",
        duration_seconds=2**53 + 1,
        closed_time=Timestamp(seconds=1, nanos=500_000_000),
        tasks=[{"display_name": "a"}, {}],
        refs={"a": "b"},
        owner={},
    )
    assert RESPONSE.to_json(record) == {
        "recordID": "r1",
        "durationSeconds": 2**53 + 1,
        "closedTime": "1970-01-01T00:00:01.5Z",
        "tasks": [{"displayName": "a"}, {"displayName": ""}],
        "refs": {"a": "b"},
        "owner": {"displayName": ""},
        "error": "",
    }


def test_a_thing_prints_presence_as_null_and_only_the_member_of_a_oneof_that_is_set():
    printed = exact.codec(Thing).to_json(Thing(word="", at={"seconds": 0}))
    assert printed["word"] == ""
    assert printed["at"] == "1970-01-01T00:00:00Z"
    assert {key for key, value in printed.items() if value is None} == {
        "inner", "nickname", "score", "enabled", "lasts", "value", "mask", "wrappedString", "wrappedNumber",
        "wrappedFlag", "wrappedBytes", "empty",
    }  # fmt: skip
    assert not {"number", "nested", "nothing"} & printed.keys()
    assert (printed["metadata"], printed["list"], printed["big"], printed["color"]) == ({}, [], 0, "COLOR_UNSPECIFIED")


@given(
    st.builds(
        DescribeResponse,
        record_id=st.text(max_size=5),
        duration_seconds=st.integers(-(2**63), 2**63 - 1),
        closed_time=st.none() | st.builds(Timestamp, seconds=st.integers(-(10**10), 10**11)),
        tasks=st.lists(st.builds(DescribeResponse.Nested, display_name=st.text(max_size=5)), max_size=3),
        refs=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        owner=st.none() | st.builds(DescribeResponse.Nested),
    )
)
def test_a_record_comes_back_as_it_was(record: DescribeResponse):
    assert RESPONSE.decode(RESPONSE.encode(record)) == record


@pytest.mark.parametrize(
    ("body", "record_id"),
    [
        pytest.param(b'{"recordID": "a"}', "a", id="exact"),
        pytest.param(b'{"RecordId": "a"}', "a", id="another case"),
        pytest.param(b'{"record_id": "a"}', "a", id="the proto name"),
        pytest.param(b'{"recordID": "a", "recordid": "b"}', "a", id="the exact spelling wins, first"),
        pytest.param(b'{"recordid": "b", "recordID": "a"}', "a", id="the exact spelling wins, last"),
        pytest.param(b'{"RECORDID": "a", "recordid": "b"}', "b", id="else the last one"),
        pytest.param(b'{"recordID": null, "unknown": [], "hint": null}', "", id="nulls and unknown keys"),
        pytest.param(b"", "", id="no body"),
        pytest.param(b" \r\n", "", id="white space"),
        pytest.param(b"{}", "", id="nothing"),
    ],
)
def test_a_request_is_read_in_any_case(body: bytes, record_id: str):
    assert REQUEST.decode(body) == DescribeRequest(record_id=record_id)


def test_nulls_in_lists_and_maps_are_dropped_and_an_empty_time_is_unset():
    message = RESPONSE.decode(
        b'{"closedTime": "", "tasks": [null, {"displayname": "a"}, null], "refs": {"a": null, "b": "c"}, "owner": null}'
    )
    assert message == DescribeResponse(tasks=[{"display_name": "a"}], refs={"b": "c"})


def test_a_null_is_still_a_value_where_the_contract_says_so():
    codec = exact.codec(Thing)
    assert codec.from_json({"value": None}).HasField("value")
    assert codec.from_json({"list": [None, 1]}) == Thing(list={"values": [{"null_value": 0}, {"number_value": 1}]})


def test_a_refusal_names_the_field_as_the_contract_does():
    with pytest.raises(Invalid) as raised:
        RESPONSE.decode(b'{"TASKS": [{}, {"DisplayName": 7}]}')
    assert raised.value.reason == Reason.FIELD_INVALID
    assert raised.value.violations == (FieldViolation("tasks[1].display_name", "must be a string, not 7"),)


def test_an_error_has_the_familys_envelope():
    rendered = exact.render_error(unknown_route("/x"))
    assert (rendered.status, rendered.content_type) == (404, "application/problem+json")
    assert orjson.loads(rendered.body) == {
        "error": "nothing is served at '/x'",
        "status": 404,
        "title": "unimplemented",
    }
    assert exact.render_error(WireError(Code.INTERNAL, "x")).status == 500


def test_keys_can_have_their_proto_names():
    codec = codec_of(Thing, keys=KeyNames.PROTO)
    thing = Thing(odd_name="a", unsigned_small=1)
    assert codec.to_json(thing) == {"unsigned_small": 1, "odd_name": "a"}
    assert codec.from_json({"unsignedSmall": 1, "odd_name": "a"}) == thing


def test_unknown_keys_can_be_refused():
    codec = codec_of(DescribeRequest, unknown_keys_ignored=False)
    assert codec.from_json({"recordID": "a", "hint": "b"}) == DescribeRequest(record_id="a", hint="b")
    with pytest.raises(Invalid, match="'recordId': is no field of DescribeRequest; known are recordID, hint"):
        codec.from_json({"recordId": "a"})


def test_nulls_can_be_refused():
    codec = codec_of(Thing, nulls=Nulls.REFUSED)
    assert codec.from_json({"value": None}).HasField("value")
    with pytest.raises(Invalid, match=r"^name: must not be null; leave it out$"):
        codec.from_json({"name": None})


@pytest.mark.parametrize(
    ("times", "nanos", "printed"),
    [
        (TimeFormat.PROTOJSON, 0, "1970-01-01T00:00:00Z"),
        (TimeFormat.PROTOJSON, 120_000_000, "1970-01-01T00:00:00.120Z"),
        (TimeFormat.PROTOJSON, 120_000, "1970-01-01T00:00:00.000120Z"),
        (TimeFormat.PROTOJSON, 1, "1970-01-01T00:00:00.000000001Z"),
        (TimeFormat.MICROSECONDS, 120_000_000, "1970-01-01T00:00:00.12Z"),
        (TimeFormat.MICROSECONDS, 123_456_789, "1970-01-01T00:00:00.123456Z"),
        (TimeFormat.MICROSECONDS, 999, "1970-01-01T00:00:00Z"),
        (TimeFormat.SECONDS, 999_999_999, "1970-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_printed_as_the_family_does(times: TimeFormat, nanos: int, printed: str):
    assert codec_of(Thing, times=times).to_json(Thing(at={"nanos": nanos})) == {"at": printed}


def test_an_unset_message_can_be_printed_as_an_empty_one():
    codec = codec_of(EchoRequest, unset=PrintedUnset(message=UnsetMessage.ZERO))
    thing = codec.to_json(EchoRequest())["thing"]
    assert thing["name"] == ""
    assert thing["at"] is None
    assert thing["empty"] == {}
    assert thing["inner"] is None, "a type that contains itself would never end"


def test_an_optional_message_can_be_null_beside_messages_that_never_are():
    unset = PrintedUnset(message=UnsetMessage.ZERO_UNLESS_OPTIONAL)
    assert codec_of(Pipeline, unset=unset).to_json(Pipeline())["source"] is None
    assert codec_of(EchoRequest, unset=unset).to_json(EchoRequest())["thing"] is not None


def test_a_message_that_is_nested_too_deep_is_not_printed_with_its_unset_fields_either():
    thing = Thing()
    inner = thing.inner
    for _ in range(2000):
        inner = inner.inner
    inner.label = "x"
    with pytest.raises(Invalid, match="nested deeper than 100 messages"):
        exact.codec(Thing).encode(thing)
