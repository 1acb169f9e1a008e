"""What the protojson dialect says of bodies and messages that it cannot take, and how it tells an error."""

from __future__ import annotations

import base64
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.wrappers_pb2 import Int64Value, StringValue
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import CreatePipelineRequest, Pipeline
from quarterdeck.wire.dialects import Conventions, compile_dialect, protojson
from quarterdeck.wire.error_details import error_details
from quarterdeck.wire.errors import Code, WireError
from tests.gen.testing.v1.conformance_pb2 import Thing

THING = protojson.codec(Thing)
DEEPEST = 100


def refusal(body: bytes) -> Invalid:
    with pytest.raises(Invalid) as raised:
        THING.decode(body)
    return raised.value


def test_the_dialect_has_its_name_and_one_codec_per_type():
    assert protojson.name == "protojson"
    assert protojson.codec(Thing) is THING


def test_a_pipeline_in_snake_case_is_read():
    message = protojson.codec(CreatePipelineRequest).decode(
        b'{"pipeline": {"name": "a", "config_type": "CONFIG_TYPE_OTEL", "created_at": "2024-05-06T07:08:09Z"}}'
    )
    expected = Pipeline(name="a", config_type="CONFIG_TYPE_OTEL")
    expected.created_at.FromJsonString("2024-05-06T07:08:09Z")
    assert message == CreatePipelineRequest(pipeline=expected)


def test_whole_numbers_of_free_data_come_back_as_they_were_sent():
    body = b'{"metadata":{"count":7,"share":0.5,"big":1e+100,"list":[1,-2]}}'
    assert orjson.loads(THING.encode(THING.decode(body))) == orjson.loads(body)
    assert THING.encode(THING.decode(b'{"metadata": {"count": 7}}')) == b'{"metadata":{"count":7}}'


def test_a_negative_zero_keeps_its_sign():
    assert THING.encode(Thing(weight=-0.0)) == b'{"weight":-0.0}'
    assert THING.decode(b'{"weight":-0.0}') == Thing(weight=-0.0)


def test_an_enum_number_that_the_contract_does_not_know_is_kept():
    assert THING.decode(b'{"color": 77}').color == 77  # type: ignore[attr-defined]
    assert THING.to_json(Thing(color=77)) == {"color": 77}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "path", "why"),
    [
        pytest.param(b'{"name": 7}', "name", "must be a string, not 7", id="a string"),
        pytest.param(b'{"flag": "true"}', "flag", "must be true or false, not 'true'", id="a bool"),
        pytest.param(b'{"small": 1.5}', "small", "must be a whole number, not 1.5", id="a fraction"),
        pytest.param(
            b'{"small": 2147483648}',
            "small",
            "must be between -2147483648 and 2147483647, not 2147483648",
            id="out of range",
        ),
        pytest.param(b'{"big": "1_0"}', "big", "must be a whole number, not '1_0'", id="Python's numbers"),
        pytest.param(b'{"ratio": 1e39}', "ratio", "must be a number that 32 bits can hold, not 1e+39", id="32 bits"),
        pytest.param(b'{"data": "a*"}', "data", "must be base64 text, not 'a*'", id="base64"),
        pytest.param(
            b'{"color": "RED"}',
            "color",
            "'RED' is no Color; known are COLOR_UNSPECIFIED, COLOR_RED, COLOR_BLUE",
            id="an enum name",
        ),
        pytest.param(b'{"unsignedSmall": -1}', "unsigned_small", "must be between 0 and 4294967295, not -1", id="sign"),
        pytest.param(b'{"tags": ["a", 7]}', "tags[1]", "must be a string, not 7", id="an item of a list"),
        pytest.param(b'{"tags": [null]}', "tags[0]", "must be a string, not null", id="a null in a list"),
        pytest.param(b'{"tags": "a"}', "tags", "must be a list, not 'a'", id="no list"),
        pytest.param(b'{"labels": {"a": 7}}', "labels['a']", "must be a string, not 7", id="an entry of a map"),
        pytest.param(b'{"labels": []}', "labels", "must be an object, not a list", id="no map"),
        pytest.param(b'{"byNumber": {"x": {}}}', "by_number['x']", "must be a whole number, not 'x'", id="a map's key"),
        pytest.param(
            b'{"byNumber": {"7": {"inner": {"label": []}}}}',
            "by_number['7'].inner.label",
            "must be a string, not a list",
            id="deep within a map",
        ),
        pytest.param(b'{"byFlag": {"1": 1}}', "by_flag['1']", 'must be "true" or "false", not \'1\'', id="a bool key"),
        pytest.param(
            b'{"inners": [{}, {"label": 1}]}', "inners[1].label", "must be a string, not 1", id="a message in a list"
        ),
        pytest.param(b'{"inner": "x"}', "inner", "must be an object, not 'x'", id="no message"),
        pytest.param(b'{"at": "soon"}', "at", "must be a time as 2006-01-02T15:04:05Z, not 'soon'", id="a time"),
        pytest.param(b'{"times": ["x"]}', "times[0]", "must be a time as 2006-01-02T15:04:05Z, not 'x'", id="times"),
        pytest.param(b'{"lasts": "1"}', "lasts", "must be a duration in seconds as 1.5s, not '1'", id="a duration"),
        pytest.param(b'{"mask": "a_b"}', "mask", "must name its paths in lowerCamelCase, not 'a_b'", id="a field mask"),
        pytest.param(
            b'{"metadata": {"a": [{"b": 1}, 7], "c": []}, "list": {}}',
            "list",
            "must be a list, not an object",
            id="list",
        ),
        pytest.param(b'{"wrappedNumber": "x"}', "wrapped_number", "must be a whole number, not 'x'", id="a wrapper"),
        pytest.param(
            b'{"word": "a", "number": 1}',
            "number",
            "cannot be given beside 'word': only one of 'choice' can be set",
            id="two of a oneof",
        ),
        pytest.param(
            b'{"byNumber": {}, "by_number": {}}',
            "by_number",
            "is given twice, as 'by_number' and as 'byNumber'",
            id="two spellings",
        ),
    ],
)
def test_a_refused_value_is_told_with_its_path_in_proto_names(body: bytes, path: str, why: str):
    error = refusal(body)
    assert error.reason == Reason.FIELD_INVALID
    assert error.message == f"{path}: {why}"
    assert error.violations == (FieldViolation(path, why),)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "the body is empty; a message without fields is {}", id="no bytes"),
        pytest.param(b" \n", "the body is empty; a message without fields is {}", id="white space"),
        pytest.param(b"[]", "the body must be an object, not a list", id="a list"),
        pytest.param(b"null", "the body must be an object, not null", id="null"),
        pytest.param(b'"x"', "the body must be an object, not 'x'", id="a string"),
        pytest.param(b"\xff\xfe", "the body is not valid JSON: ", id="no UTF-8"),
        pytest.param(b'{"name": "\\ud800"}', "the body is not valid JSON: ", id="half a surrogate pair"),
        pytest.param(b'{"name": "a"} {', "the body is not valid JSON: ", id="something behind it"),
        pytest.param(b'{"name": "a\x00"}', "the body is not valid JSON: ", id="a control character"),
        pytest.param(b'{"big": ' + b"9" * 5000 + b"}", "the body is not valid JSON: ", id="a number like a bomb"),
        pytest.param(b"[" * 100_000, "the body is not valid JSON: ", id="lists to the horizon"),
        pytest.param(b'{"inner":' * 50_000, "the body is not valid JSON: ", id="objects to the horizon"),
    ],
)
def test_a_malformed_body_is_told_as_such(body: bytes, message: str):
    error = refusal(body)
    assert error.reason == Reason.BODY_MALFORMED
    assert error.message.startswith(message)
    assert error.violations == ()


def nested_inner(levels: int) -> bytes:
    return b'{"inner":' * levels + b"{}" + b"}" * levels


def test_messages_nest_to_the_limit_and_no_deeper():
    deepest = THING.decode(nested_inner(DEEPEST - 1))
    assert THING.decode(THING.encode(deepest)) == deepest
    error = refusal(nested_inner(DEEPEST))
    assert error.reason == Reason.BODY_MALFORMED
    assert error.message == "the body is nested deeper than 100 messages"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"metadata":' + b'{"a":' * 400 + b"1" + b"}" * 401, id="a Struct"),
        pytest.param(b'{"list":' + b"[" * 400 + b"]" * 400 + b"}", id="a ListValue"),
        pytest.param(b'{"value":' + b'[{"a":' * 200 + b"1" + b"}]" * 200 + b"}", id="a Value"),
        pytest.param(b'{"byNumber":{"1":' + b'{"inner":' * 300 + b"{}" + b"}" * 302, id="a map"),
    ],
)
def test_free_data_does_not_nest_deeper_either(body: bytes):
    assert refusal(body).message == "the body is nested deeper than 100 messages"


@pytest.mark.parametrize("make", ["inner", "struct", "list"])
def test_a_message_that_is_nested_too_deep_is_not_printed(make: str):
    with pytest.raises(Invalid, match="nested deeper than 100 messages"):
        THING.encode(too_deep(make))


def too_deep(make: str) -> Thing:
    thing = Thing()
    if make == "inner":
        inner = thing.inner
        for _ in range(2000):
            inner = inner.inner
        inner.label = "x"
    elif make == "struct":
        struct = thing.metadata
        for _ in range(1000):
            struct = struct.fields["a"].struct_value
        struct.fields["a"].bool_value = True
    else:
        values = thing.list
        for _ in range(1000):
            values = values.values.add().list_value
        values.values.add().bool_value = True
    return thing


def test_an_any_within_an_any_stops_at_the_limit():
    body: dict[str, Any] = {"@type": "type.googleapis.com/testing.v1.Thing"}
    for _ in range(150):
        body = {"@type": "type.googleapis.com/google.protobuf.Any", "value": body}
    with pytest.raises(Invalid, match="nested deeper than 100 messages"):
        protojson.codec(AnyMessage).decode(orjson.dumps(body))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param({"@type": "x.y/no.Such"}, "unknown type 'x.y/no.Such'", id="an unknown type"),
        pytest.param({"@type": 7}, "needs the type", id="a number for a type"),
        pytest.param({"a": 7}, "needs the type", id="no type"),
        pytest.param([], "must be an object", id="no object"),
        pytest.param({"@type": "x/google.protobuf.Duration"}, 'under the key "value"', id="no value"),
        pytest.param(
            {"@type": "x/testing.v1.Thing", "small": "x"}, "small: must be a whole number", id="a wrong field"
        ),
    ],
)
def test_an_any_that_cannot_be_read_is_refused(body: Any, why: str):
    with pytest.raises(Invalid, match=why):
        protojson.codec(AnyMessage).from_json(body)


def test_an_any_of_broken_bytes_is_not_printed():
    with pytest.raises(Invalid, match=r"holds bytes that are no testing\.v1\.Thing"):
        protojson.codec(AnyMessage).encode(AnyMessage(type_url="x/testing.v1.Thing", value=b"\xff"))


@pytest.mark.parametrize(
    ("message", "path"),
    [
        pytest.param({"at": {"seconds": 253402300800}}, "at", id="after the year 9999"),
        pytest.param({"times": [{}, {"nanos": -1}]}, r"times\[1\]", id="negative nanoseconds"),
        pytest.param({"times_by_name": {"a": {"seconds": -(2**62)}}}, r"times_by_name\['a'\]", id="before the year 1"),
        pytest.param({"lasts": {"seconds": 1, "nanos": -1}}, "lasts", id="mixed signs"),
        pytest.param({"mask": {"paths": ["a", "fooBar"]}}, "mask", id="a path without a camel case"),
        pytest.param({"value": {"number_value": float("nan")}}, "value", id="a value that would come back as text"),
        pytest.param({"list": {"values": [{"number_value": float("inf")}]}}, r"list\[0\]", id="the same in a list"),
        pytest.param({"metadata": {"a": float("inf")}}, r"metadata\['a'\]", id="the same in a Struct"),
    ],
)
def test_a_message_without_json_is_refused_with_the_path(message: dict[str, Any], path: str):
    with pytest.raises(Invalid, match=f"^{path}: "):
        THING.encode(Thing(**message))


@pytest.mark.parametrize(
    "value",
    [
        {"name": "\ud800"},
        {"labels": {"\ud800": "a"}},
        {"tags": ["\udfff"]},
        {"metadata": {"a": "\ud800"}},
        {"metadata": {1: 2}},
        {"labels": {1: "a"}},
        {"weight": 10**400},
        {"big": 10**5000},
        {"value": 10**400},
        {"value": object()},
        {"name": b"bytes"},
        {"tags": ("a",)},
        {"inner": Thing()},
        {1: 2, "small": None, "name": 3},
    ],
)
def test_values_that_no_body_could_hold_are_refused_all_the_same(value: Any):
    with pytest.raises(Invalid):
        THING.from_json(value)


def test_a_text_that_is_a_whole_message_is_checked_too():
    with pytest.raises(Invalid, match="half a surrogate pair"):
        protojson.codec(StringValue).from_json("\ud800")


def test_a_caller_near_the_end_of_the_stack_gets_a_domain_error():
    deep = orjson.loads(nested_inner(DEEPEST - 1))

    def descend(left: int) -> None:
        if left:
            descend(left - 1)
        else:
            THING.from_json(deep)

    with pytest.raises(Invalid, match="nested deeper"):
        descend(sys.getrecursionlimit() - 150)


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused_and_nothing_else(body: bytes):
    with contextlib.suppress(Invalid):
        message = THING.decode(body)
        assert THING.decode(THING.encode(message)) == message


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([field.json_name for field in Thing.DESCRIPTOR.fields]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_ANYTHING)
def test_json_of_any_shape_is_read_or_refused_and_nothing_else(value: Any):
    with contextlib.suppress(Invalid):
        message = THING.from_json(value)
        again = THING.from_json(THING.to_json(message))
        assert again.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (StringValue(value="a"), b'"a"'),
        (Int64Value(value=7), b'"7"'),
        (Value(null_value="NULL_VALUE"), b"null"),  # type: ignore[arg-type]
        (ListValue(), b"[]"),
        (Struct(), b"{}"),
    ],
)
def test_a_whole_message_can_be_other_json_than_an_object(message: Any, body: bytes):
    codec = protojson.codec(type(message))
    assert codec.encode(message) == body
    assert codec.decode(body) == message


def test_an_error_text_stays_short_and_on_one_line():
    error = refusal(b'{"small": "' + b"x\\n" * 10_000 + b'"}')
    assert len(error.message) < 120
    assert "\n" not in error.message


def test_codecs_can_be_asked_for_by_many_threads_at_once():
    thing = Thing(inner={"label": "a"})
    with ThreadPoolExecutor(4) as threads:
        for _ in range(20):
            fresh = compile_dialect("fresh", Conventions(), protojson.render_error)
            printed = [threads.submit(lambda dialect: dialect.codec(Thing).to_json(thing), fresh) for _ in range(4)]
            assert [each.result() for each in printed] == [{"inner": {"label": "a"}}] * 4


def test_an_error_is_told_in_connects_envelope():
    rendered = protojson.render_error(WireError(Code.NOT_FOUND, "no pipeline has the id '7'"))
    assert (rendered.status, rendered.content_type) == (404, "application/json")
    assert orjson.loads(rendered.body) == {"code": "not_found", "message": "no pipeline has the id '7'"}


def test_the_details_of_an_error_can_be_read_by_machines_and_people():
    rendered = protojson.render_error(
        WireError(
            Code.RESOURCE_EXHAUSTED,
            "too many",
            reason=Reason.RATE_LIMITED,
            violations=(FieldViolation("pipeline.matchers[2]", "is too long"),),
            metadata={"limit": "10"},
            retry_after=1.5,
        )
    )
    info, request, retry = orjson.loads(rendered.body)["details"]
    assert rendered.status == 429
    assert info["type"] == "google.rpc.ErrorInfo"
    assert info["debug"] == {"reason": "RATE_LIMITED", "domain": "quarterdeck", "metadata": {"limit": "10"}}
    assert unpacked(ErrorInfo, info) == ErrorInfo(reason="RATE_LIMITED", domain="quarterdeck", metadata={"limit": "10"})
    assert request["debug"] == {"fieldViolations": [{"field": "pipeline.matchers[2]", "description": "is too long"}]}
    assert unpacked(BadRequest, request).field_violations[0].field == "pipeline.matchers[2]"
    assert retry["debug"] == {"retryDelay": "1.500s"}
    assert unpacked(RetryInfo, retry).retry_delay.nanos == 500_000_000


def unpacked(kind: Any, detail: dict[str, Any]) -> Any:
    assert not detail["value"].endswith("=")
    return kind.FromString(base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4)))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "0s"), (0.0004, "0.001s"), (2.0, "2s"), (-3.0, "0s"), (1e300, "86400s"), (float("nan"), "86400s")],
)
def test_a_delay_is_never_told_too_short_or_out_of_bounds(seconds: float, told: str):
    (retry,) = error_details(WireError(Code.RESOURCE_EXHAUSTED, "wait", retry_after=seconds))
    assert protojson.codec(RetryInfo).to_json(retry) == {"retryDelay": told}


def test_hostile_words_in_an_error_do_not_break_its_envelope():
    rendered = protojson.render_error(
        WireError(
            Code.INVALID_ARGUMENT,
            "no \ud800",
            reason="X",
            violations=(FieldViolation("a[\udfff]", "is \ud800"),),
            metadata={"\ud800": "\x00"},
        )
    )
    body = orjson.loads(rendered.body)
    assert body["message"] == "no ?"
    assert body["details"][1]["debug"] == {"fieldViolations": [{"field": "a[?]", "description": "is ?"}]}
