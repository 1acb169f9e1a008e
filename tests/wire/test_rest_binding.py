"""How paths, queries and bodies become request messages; and which rules do not start."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.wire.dialects.protojson import protojson
from quarterdeck.wire.method import HttpBinding
from quarterdeck.wire.rest.binding import RequestBinding, compile_binding
from quarterdeck.wire.rest.query import MAX_DEPTH, MAX_PARAMETERS
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.wire.test_rest_echo import ECHO

METHOD = next(method for method in ECHO.methods if method.name == "Echo")


def compiled(verb: str, template: str, body: str = "") -> RequestBinding:
    return compile_binding(METHOD, HttpBinding(verb, template, body, ""), protojson)


QUERY = compiled("GET", "/x")


def asked(query: str) -> dict[str, Any]:
    """What a query sets, in proto names."""
    message = QUERY.bind({}, query.encode("latin-1"))
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def refused(query: str) -> Invalid:
    with pytest.raises(Invalid) as raised:
        QUERY.bind({}, query.encode("latin-1"))
    assert raised.value.reason == Reason.FIELD_INVALID
    return raised.value


@pytest.mark.parametrize(
    ("query", "thing"),
    [
        ("thing.name=a", {"name": "a"}),
        pytest.param("thing.name=", {}, id="an empty string"),
        pytest.param("thing.nickname=", {"nickname": ""}, id="an empty string, with presence"),
        pytest.param("thing.nickname", {"nickname": ""}, id="a name without a value"),
        pytest.param("thing.name=a+b%20c%2B", {"name": "a b c+"}, id="plus and escapes"),
        pytest.param("thing.name=a=b", {"name": "a=b"}, id="only the first = parts"),
        pytest.param("thing.name=%C3%A4", {"name": "ä"}, id="UTF-8"),
        pytest.param("&&thing.name=a&", {"name": "a"}, id="empty parts"),
        ("thing.flag=true", {"flag": True}),
        pytest.param("thing.enabled=false", {"enabled": False}, id="false, with presence"),
        ("thing.small=-2147483648", {"small": -(2**31)}),
        ("thing.big=9223372036854775807", {"big": "9223372036854775807"}),
        ("thing.unsigned_small=4294967295", {"unsigned_small": 2**32 - 1}),
        ("thing.unsigned_big=18446744073709551615", {"unsigned_big": "18446744073709551615"}),
        ("thing.signed_small=-1", {"signed_small": -1}),
        ("thing.signed_big=-9223372036854775808", {"signed_big": "-9223372036854775808"}),
        ("thing.fixed_small=1", {"fixed_small": 1}),
        ("thing.fixed_big=1", {"fixed_big": "1"}),
        ("thing.signed_fixed_small=-1", {"signed_fixed_small": -1}),
        ("thing.signed_fixed_big=-1", {"signed_fixed_big": "-1"}),
        ("thing.ratio=1.5", {"ratio": 1.5}),
        ("thing.weight=-1e3", {"weight": -1000.0}),
        ("thing.weight=Infinity", {"weight": "Infinity"}),
        ("thing.weight=NaN", {"weight": "NaN"}),
        ("thing.data=AP8=", {"data": "AP8="}),
        pytest.param("thing.data=-_8", {"data": "+/8="}, id="the URL alphabet, without padding"),
        ("thing.color=COLOR_RED", {"color": "COLOR_RED"}),
        pytest.param("thing.color=2", {"color": "COLOR_BLUE"}, id="an enum by number"),
        pytest.param("thing.color=77", {"color": 77}, id="an enum is open"),
        ("thing.inner.inner.label=x", {"inner": {"inner": {"label": "x"}}}),
        ("thing.tags=a&thing.tags=&thing.tags=b", {"tags": ["a", "", "b"]}),
        ("thing.numbers=1&thing.numbers=2", {"numbers": ["1", "2"]}),
        ("thing.colors=COLOR_RED&thing.colors=2", {"colors": ["COLOR_RED", "COLOR_BLUE"]}),
        ("thing.blobs=AA==&thing.blobs=", {"blobs": ["AA==", ""]}),
        ("thing.labels[a]=1&thing.labels.b=2", {"labels": {"a": "1", "b": "2"}}),
        pytest.param("thing.labels[a.b[c]]=1", {"labels": {"a.b[c]": "1"}}, id="a key is all that is in the brackets"),
        pytest.param("thing.labels.a.b=1", {"labels": {"a.b": "1"}}, id="a key is all that follows the dot"),
        pytest.param("thing.labels%5Ba%5D=1", {"labels": {"a": "1"}}, id="escaped brackets, as browsers send them"),
        pytest.param("thing.labels[]=1", {"labels": {"": "1"}}, id="an empty key"),
        ("thing.by_flag[true]=0.5", {"by_flag": {"true": 0.5}}),
        ("thing.colors_by_name[x]=COLOR_RED", {"colors_by_name": {"x": "COLOR_RED"}}),
        ("thing.times_by_name[x]=1970-01-01T00:00:01Z", {"times_by_name": {"x": "1970-01-01T00:00:01Z"}}),
        ("thing.at=2026-01-31T12:00:00.5%2B02:00", {"at": "2026-01-31T10:00:00.500Z"}),
        ("thing.times=1970-01-01T00:00:00Z", {"times": ["1970-01-01T00:00:00Z"]}),
        ("thing.lasts=-1.5s", {"lasts": "-1.500s"}),
        ("thing.mask=fooBar,baz", {"mask": "fooBar,baz"}),
        ("thing.wrapped_string=", {"wrapped_string": ""}),
        ("thing.wrapped_number=-5", {"wrapped_number": "-5"}),
        ("thing.wrapped_flag=false", {"wrapped_flag": False}),
        ("thing.wrapped_bytes=AA", {"wrapped_bytes": "AA=="}),
        ("thing.word=a", {"word": "a"}),
        ("thing.nested.label=a", {"nested": {"label": "a"}}),
        pytest.param("thing.signedSmall=1", {"signed_small": 1}, id="the JSON name"),
        pytest.param("thing.@odd=1", {"odd_name": "1"}, id="a JSON name of its own"),
        ("thing.oldValue=1", {"oldValue": "1"}),
    ],
)
def test_a_query_sets_fields(query, thing):
    assert asked(query) == ({"thing": thing} if thing else {"thing": {}})


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("utm_source=x", id="no such field"),
        pytest.param("thing.nope=1", id="no such nested field"),
        pytest.param("note.x=1", id="behind a scalar"),
        pytest.param("tags=1", id="of another message"),
        pytest.param("few[]=a", id="a list as PHP writes it"),
        pytest.param("thing.inners.label=a", id="behind a list of messages"),
        pytest.param("thing.at.seconds=1", id="inside a well-known message"),
        pytest.param("=1", id="no name"),
        pytest.param(".=1", id="a dot"),
        pytest.param("thing..name=1", id="an empty part"),
        pytest.param("nope=%zz", id="a broken value of no field"),
        pytest.param("NOTE=x", id="names are exact"),
    ],
)
def test_what_is_no_field_is_ignored(query):
    assert asked(query) == {}


@pytest.mark.parametrize(
    ("query", "parameter", "why"),
    [
        ("thing.flag=1", "thing.flag", "true or false"),
        ("thing.flag=", "thing.flag", "true or false"),
        ("thing.flag=TRUE", "thing.flag", "true or false"),
        ("thing.small=2147483648", "thing.small", "from -2147483648 to 2147483647"),
        ("thing.small=1.0", "thing.small", "whole number"),
        ("thing.small=", "thing.small", "whole number"),
        ("thing.small=+1", "thing.small", "whole number"),
        ("thing.small=%D9%A3", "thing.small", "whole number"),
        ("thing.small=1_0", "thing.small", "whole number"),
        ("thing.unsigned_small=-1", "thing.unsigned_small", "from 0 to 4294967295"),
        ("thing.big=9223372036854775808", "thing.big", "to 9223372036854775807"),
        ("thing.unsigned_big=18446744073709551616", "thing.unsigned_big", "to 18446744073709551615"),
        ("thing.big=" + "9" * 5000, "thing.big", "whole number"),
        ("thing.ratio=1e39", "thing.ratio", "32 bits"),
        ("thing.weight=1e999", "thing.weight", "a number"),
        ("thing.weight=nan", "thing.weight", "NaN"),
        ("thing.weight=0x1", "thing.weight", "a number"),
        ("thing.data=a", "thing.data", "base64"),
        ("thing.data=%C3%A4", "thing.data", "base64"),
        ("thing.data=AA=A", "thing.data", "base64"),
        ("thing.color=RED", "thing.color", "COLOR_RED"),
        ("thing.color=2147483648", "thing.color", "COLOR_RED"),
        ("thing.numbers=1&thing.numbers=x", "thing.numbers", "whole number"),
        ("thing.at=yesterday", "thing.at", "2026-01-31T12:00:00Z"),
        ("thing.at=2026-02-30T00:00:00Z", "thing.at", "a time"),
        ("thing.at=2026-01-01T00:00:00+02:00", "thing.at", "a time"),
        ("thing.at=0001-01-01T00:00:00%2B23:59", "thing.at", "a time"),
        ("thing.at=0000-01-01T00:00:00Z", "thing.at", "a time"),
        ("thing.lasts=5", "thing.lasts", "1.5s"),
        ("thing.lasts=999999999999s", "thing.lasts", "1.5s"),
        ("thing.mask=foo_bar", "thing.mask", "camelCase"),
        ("thing.wrapped_number=x", "thing.wrapped_number", "whole number"),
        ("thing.labels=x", "thing.labels", "labels[key]=value"),
        ("thing.labels[x=1", "thing.labels[x", "labels[key]=value"),
        ("thing.by_flag[yes]=1", "thing.by_flag[yes]", "true or false"),
        ("thing.by_flag[true]=x", "thing.by_flag[true]", "a number"),
        ("thing.by_number[1]=x", "thing.by_number[1]", "is a message"),
        ("thing.by_number[1].label=x", "thing.by_number[1].label", "thing.by_number[key]=value"),
        ("thing=x", "thing", "is a message"),
        ("thing.inners=x", "thing.inners", "is a message"),
        ("thing.metadata=x", "thing.metadata", "is a message"),
        ("note=a&note=b", "note", "more than once"),
        ("level=1&level=1", "level", "more than once"),
        ("thing.signed_small=1&thing.signedSmall=1", "thing.signedSmall", "more than once"),
        ("thing.labels[a]=1&thing.labels.a=1", "thing.labels.a", "more than once"),
        ("thing.word=a&thing.number=1", "thing.number", "together with word"),
        ("thing.word=a&thing.nested.label=1", "thing.nested.label", "together with word"),
        ("note=%zz", "note", "percent-escape"),
        ("note=%ff", "note", "UTF-8"),
        ("note=\xff", "note", "UTF-8"),
        ("%zz=1", "%zz", "percent-escape"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_parameter(query, parameter, why):
    error = refused(query)
    assert error.message.startswith(f"query parameter {parameter!r}: ")
    assert why in error.message
    assert len(error.message) < 600


def test_a_refusal_names_the_field_by_its_proto_names():
    assert [violation.field for violation in refused("thing.signedSmall=x").violations] == ["thing.signed_small"]


def test_a_field_path_may_not_be_bottomless():
    deep = ".".join(["inner"] * (MAX_DEPTH - 1))
    assert asked(f"thing.{deep}.label=x")
    assert "nests deeper" in refused(f"thing.inner.{deep}.label=x").message
    assert "nests deeper" in refused("thing." + "inner." * 20_000 + "label=x").message


def test_a_query_may_not_have_any_number_of_parameters():
    assert asked("&".join(["few=a"] * MAX_PARAMETERS))
    assert "at most" in refused("&".join(["few=a"] * (MAX_PARAMETERS + 1))).message


@given(st.text(alphabet="thing.labelsdtwrpo_[]=&%+0123é\x00\xff", max_size=80))
def test_any_query_is_bound_or_refused(query):
    try:
        outcome: object = QUERY.bind({}, query.encode("utf-8"))
    except Invalid as error:
        outcome = error
    assert isinstance(outcome, pb.EchoRequest) or outcome.violations  # type: ignore[attr-defined]


SCALARS = [
    field
    for field in pb.Thing.DESCRIPTOR.fields
    if field.message_type is None and not field.is_repeated and field.containing_oneof is None
]


@given(st.data())
def test_a_scalar_means_in_a_query_what_it_means_in_json(data):
    field = data.draw(st.sampled_from(SCALARS))
    thing = pb.Thing(**{field.name: data.draw(_values(field))})
    printed = json_format.MessageToDict(thing, preserving_proto_field_name=True).get(field.name, None)
    if printed is None:
        return
    text = json.dumps(printed) if isinstance(printed, (bool, int, float)) else printed
    escaped = "".join(f"%{byte:02x}" for byte in text.encode())
    assert QUERY.bind({}, f"thing.{field.name}={escaped}".encode()) == pb.EchoRequest(thing=thing)


def _values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return st.binary(max_size=9) if field.type == FieldDescriptor.TYPE_BYTES else st.text(max_size=9)
        case FieldDescriptor.CPPTYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.CPPTYPE_ENUM:
            return st.sampled_from([0, 1, 2])
        case FieldDescriptor.CPPTYPE_DOUBLE:
            return st.floats(allow_nan=False, width=64)
        case FieldDescriptor.CPPTYPE_FLOAT:
            return st.floats(allow_nan=False, width=32)
        case FieldDescriptor.CPPTYPE_INT32:
            return st.integers(-(2**31), 2**31 - 1)
        case FieldDescriptor.CPPTYPE_INT64:
            return st.integers(-(2**63), 2**63 - 1)
        case FieldDescriptor.CPPTYPE_UINT32:
            return st.integers(0, 2**32 - 1)
        case _:
            return st.integers(0, 2**64 - 1)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("thing.name", "a/b", pb.Thing(name="a/b")),
        ("thing.big", "-5", pb.Thing(big=-5)),
        ("thing.flag", "true", pb.Thing(flag=True)),
        ("thing.color", "COLOR_BLUE", pb.Thing(color=pb.COLOR_BLUE)),
        ("thing.inner.label", "x", pb.Thing(inner=pb.Thing.Inner(label="x"))),
        ("thing.data", "AA==", pb.Thing(data=b"\0")),
    ],
)
def test_a_path_variable_is_typed_by_its_field(field, text, expected):
    binding = compiled("GET", f"/x/{{{field}}}")
    assert binding.bind({field: text}) == pb.EchoRequest(thing=expected)


def test_a_path_variable_that_does_not_fit_is_refused():
    with pytest.raises(Invalid, match=r"thing\.small in the path: 'x' is not accepted; send a whole number") as raised:
        compiled("GET", "/x/{thing.small}").bind({"thing.small": "x"})
    assert [violation.field for violation in raised.value.violations] == ["thing.small"]


def test_the_path_wins_over_the_query_and_over_the_body():
    assert compiled("GET", "/{note}").bind({"note": "path"}, b"note=query&note=twice").note == "path"  # type: ignore[attr-defined]
    body = compiled("POST", "/{note}", "*")
    assert body.bind({"note": "path"}, b"slug=query", b'{"note":"body"}') == pb.EchoRequest(note="path")


def test_a_body_field_is_not_the_querys_to_set():
    binding = compiled("POST", "/x", "thing")
    assert binding.bind({}, b"thing.name=query&note=n&thing.labels[a]=1", b'{"flag":true}') == pb.EchoRequest(
        thing=pb.Thing(flag=True), note="n"
    )


@pytest.mark.parametrize(
    ("field", "body", "expected"),
    [
        pytest.param("thing", b"{}", pb.EchoRequest(thing=pb.Thing()), id="an empty message is present"),
        pytest.param("thing", b"", pb.EchoRequest(), id="an empty body leaves the field alone"),
        pytest.param("few", b'["a","b"]', pb.EchoRequest(few=["a", "b"]), id="a list"),
        pytest.param("note", b'"text"', pb.EchoRequest(note="text"), id="a string"),
        pytest.param("level", b"3", pb.EchoRequest(level=3), id="a number"),
        pytest.param("level", b"", pb.EchoRequest(), id="no number"),
    ],
)
def test_a_body_is_a_field(field, body, expected):
    assert compiled("POST", "/x", field).bind({}, b"", body) == expected


@pytest.mark.parametrize("body", [b"{", b'"a","slug":"b"', b"\xff", b"[" * 100_000, b"NaN", b'"\xed\xa0\x80"'])
@pytest.mark.parametrize("field", ["*", "thing", "few", "note"])
def test_a_broken_body_is_refused(field, body):
    with pytest.raises(Invalid) as raised:
        compiled("POST", "/x", field).bind({}, b"", body)
    assert raised.value.reason in (Reason.BODY_MALFORMED, Reason.FIELD_INVALID)


def test_a_violation_in_a_body_field_is_told_from_the_requests_root():
    with pytest.raises(Invalid) as raised:
        compiled("POST", "/x", "thing").bind({}, b"", b'{"inner":{"label":5}}')
    assert [violation.field for violation in raised.value.violations] == ["thing.inner.label"]


@pytest.mark.parametrize(
    ("verb", "template", "body", "why"),
    [
        pytest.param("GET", "/{nope}", "", "no field 'nope'", id="an unknown path field"),
        pytest.param("GET", "/{thing.nope}", "", "no field 'nope'", id="an unknown nested one"),
        pytest.param("GET", "/{nope.name}", "", "no field 'nope'", id="an unknown parent"),
        pytest.param("GET", "/{few}", "", "repeated or a message", id="a repeated path field"),
        pytest.param("GET", "/{thing}", "", "repeated or a message", id="a message in the path"),
        pytest.param("GET", "/{thing.at}", "", "repeated or a message", id="a time in the path"),
        pytest.param("GET", "/{thing.labels}", "", "repeated or a message", id="a map in the path"),
        pytest.param("GET", "/{note.x}", "", "no single message", id="a path through a scalar"),
        pytest.param("GET", "/{thing.inners.label}", "", "no single message", id="a path through a list"),
        pytest.param("GET", "/{signedSmall}", "", "no field", id="a JSON name: contracts use proto names"),
        pytest.param("POST", "/x", "nope", "no field 'nope'", id="an unknown body field"),
        pytest.param("POST", "/x", "thing.inner", "no field 'thing.inner'", id="a nested body field"),
        pytest.param("POST", "/{note}", "note", "both set 'note'", id="path and body"),
        pytest.param("GET", "/x", "*", "GET has no body", id="a body of GET"),
        pytest.param("GET", "/x/", "", "path template", id="a wrong template"),
    ],
)
def test_a_rule_that_cannot_work_does_not_start(verb, template, body, why):
    with pytest.raises(ValueError, match=why):
        compiled(verb, template, body)


def test_other_methods_have_other_fields():
    read = replace(METHOD, request_class=pb.CountRequest)
    binding = compile_binding(read, HttpBinding("GET", "/{until}", "", ""), protojson)
    assert binding.bind({"until": "5"}, b"failAfter=2&note=x") == pb.CountRequest(until=5, fail_after=2)
