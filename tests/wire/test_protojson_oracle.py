"""The protojson dialect against `google.protobuf.json_format`, on messages made from the descriptors."""

from __future__ import annotations

import importlib
import json
import math
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, cast

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck import gen
from quarterdeck.errors import Invalid
from quarterdeck.wire.dialects import protojson
from tests.gen.testing.v1.conformance_pb2 import DescribeResponse, Thing

MESSAGES_DEEP = 3


def descriptor_of(message_class: type[Message]) -> Descriptor:
    return cast("Descriptor", message_class.DESCRIPTOR)


_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    # One NaN: there are many, and JSON has a name for one.
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(allow_nan=False) | st.just(math.nan),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(allow_nan=False, width=32) | st.just(math.nan),
    FieldDescriptor.CPPTYPE_STRING: st.text(max_size=8),
}
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_PATH = st.from_regex(r"[a-z]{1,4}(_[a-z]{1,3})?(\.[a-z]{1,3})?", fullmatch=True)


def scalars(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        if field.enum_type.full_name == "google.protobuf.NullValue":
            return st.just(0)
        return st.sampled_from(list(field.enum_type.values_by_number)) | st.integers(-(2**31), 2**31 - 1)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=8)
    return _SCALARS[field.cpp_type]


@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor, depth: int = 1) -> Message:
    """An arbitrary message which has JSON; sub-messages to a limited depth."""
    message = GetMessageClass(descriptor)()
    if not draw_well_known(draw, message, depth):
        fields = [field for field in descriptor.fields if field.message_type is None or depth < MESSAGES_DEEP]
        chosen = draw(st.lists(st.sampled_from(fields), max_size=8, unique=True)) if fields else []
        for field in chosen:
            draw_field(draw, message, field, depth)
    return message


def draw_well_known(draw: st.DrawFn, message: Any, depth: int) -> bool:
    match message.DESCRIPTOR.full_name:
        case "google.protobuf.Timestamp":
            message.seconds = draw(st.integers(-62135596800, 253402300799))
            message.nanos = draw(nanoseconds())
        case "google.protobuf.Duration":
            sign = draw(st.sampled_from([1, -1]))
            message.seconds = sign * draw(st.integers(0, 315_576_000_000))
            message.nanos = sign * draw(nanoseconds())
        case "google.protobuf.FieldMask":
            message.paths.extend(draw(st.lists(_PATH, max_size=3)))
        case "google.protobuf.Struct":
            json_format.ParseDict(draw(st.dictionaries(st.text(max_size=5), _JSON, max_size=3)), message)
        case "google.protobuf.Value" | "google.protobuf.ListValue" as name:
            free: Any = draw(_JSON if name.endswith(".Value") else st.lists(_JSON, max_size=3))
            json_format.ParseDict(free, message)
        case "google.protobuf.Any":
            held: type[Message] = draw(st.sampled_from([Thing, AnyMessage, DescribeResponse]))
            if depth < MESSAGES_DEEP:
                message.Pack(draw(messages(descriptor_of(held), depth + 1)), deterministic=True)
        case _:
            return False
    return True


def nanoseconds() -> st.SearchStrategy[int]:
    return st.builds(lambda count, unit: count * unit, st.integers(0, 999), st.sampled_from([1, 1_000, 1_000_000]))


def draw_field(draw: st.DrawFn, message: Any, field: FieldDescriptor, depth: int) -> None:
    target = getattr(message, field.name)
    if field.message_type is None:
        if field.is_repeated:
            target.extend(draw(st.lists(scalars(field), max_size=3)))
        else:
            setattr(message, field.name, draw(scalars(field)))
    elif field.message_type.GetOptions().map_entry:
        draw_map(draw, target, field.message_type, depth)
    elif field.is_repeated:
        target.extend(draw(st.lists(messages(field.message_type, depth + 1), max_size=2)))
    else:
        target.CopyFrom(draw(messages(field.message_type, depth + 1)))
        target.SetInParent()


def draw_map(draw: st.DrawFn, target: Any, entry: Descriptor, depth: int) -> None:
    value = entry.fields_by_name["value"]
    for key in draw(st.lists(scalars(entry.fields_by_name["key"]), max_size=3)):
        if value.message_type is None:
            target[key] = draw(scalars(value))
        else:
            target[key].CopyFrom(draw(messages(value.message_type, depth + 1)))


def generated_types() -> dict[str, Descriptor]:
    """Every message type below `quarterdeck.gen`, by its full name."""
    found: dict[str, Descriptor] = {}
    for module in pkgutil.walk_packages(gen.__path__, f"{gen.__name__}."):
        if module.name.endswith("_pb2"):
            for descriptor in importlib.import_module(module.name).DESCRIPTOR.message_types_by_name.values():
                found.update({each.full_name: each for each in with_nested(descriptor)})
    return found


def with_nested(descriptor: Descriptor) -> Iterator[Descriptor]:
    if not descriptor.GetOptions().map_entry:
        yield descriptor
    for nested in descriptor.nested_types:
        yield from with_nested(nested)


GENERATED = generated_types()


def identity(message: Message) -> bytes:
    """Bytes that are equal for equal messages: `==` says that NaN differs from NaN, and 0.0 not from -0.0."""
    return message.SerializeToString(deterministic=True)


def assert_agrees(message: Message) -> None:
    codec = protojson.codec(type(message))
    encoded = codec.encode(message)
    assert orjson.loads(encoded) == json_format.MessageToDict(message)
    assert codec.to_json(message) == json_format.MessageToDict(message)
    assert identity(codec.decode(encoded)) == identity(message)
    for proto_names in (False, True):
        theirs = json_format.MessageToJson(message, preserving_proto_field_name=proto_names)
        assert identity(codec.decode(theirs.encode())) == identity(message)


@settings(max_examples=300, deadline=None)
@given(messages(descriptor_of(Thing)))
def test_a_thing_is_printed_and_read_as_by_json_format(message: Message):
    assert_agrees(message)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_generated_message_is_printed_and_read_as_by_json_format(data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(GENERATED)))
    assert_agrees(data.draw(messages(GENERATED[name])))


def packed(message: Message) -> AnyMessage:
    holder = AnyMessage()
    holder.Pack(message)
    return holder


@settings(max_examples=100, deadline=None)
@given(st.builds(packed, messages(descriptor_of(Thing))))
def test_an_any_is_printed_and_read_as_by_json_format(message: Message):
    codec = protojson.codec(AnyMessage)
    assert orjson.loads(codec.encode(message)) == json_format.MessageToDict(message)
    # The inner bytes are made anew, so they are compared as messages.
    again = codec.decode(json_format.MessageToJson(message).encode())
    assert json_format.MessageToDict(again) == json_format.MessageToDict(message)


@given(st.floats(allow_nan=False, width=32))
def test_a_float_is_printed_in_the_fewest_digits_that_json_format_finds(value: float):
    message = Thing(ratio=value)
    assert protojson.codec(Thing).to_json(message) == json_format.MessageToDict(message)


def test_the_walk_over_the_generated_types_finds_the_families():
    assert {"pipeline.v1.Pipeline", "collector.v1.GetConfigRequest", "pipeline.v1.PipelineSource"} <= GENERATED.keys()


NUMBERS: list[Any] = [
    0, 1, -1, 1.0, 1.5, 1e3, -0.0, 0.1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**63 - 1, 2**63,
    -(2**63), -(2**63) - 2048, 2**64 - 1, 2**64, 3.4028234e38, 3.5e38, 1e308, -1e308, 5e-324,
]  # fmt: skip
TEXTS: list[Any] = [
    "", "0", "1", "-1", "1.0", "1e3", "1.5", "1E-400", "1e400", "01", "-0", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808", "4294967296",
    "99999999999999999999999999",
    "abc", "true", "false", "True", "NaN", "Infinity", "-Infinity", "nan", "inf", " 1", "1 ", "+1", "1_0", "0x10",
    ".5", "5.", "1.5e", "\u0661", "\u00e9", "\x00",
    "COLOR_RED", "color_red", "COLOR_MAUVE", "2", "77", "NULL_VALUE", "null",
    "QUJD", "QUI=", "QUI", "QQ==", "QQ", "Q", "-_-_", "+/+/", "!!!!", "QU JD", "QUJD====", "=",
    "2024-01-02T03:04:05Z", "2024-01-02T03:04:05.1Z", "2024-01-02T03:04:05.123456789Z",
    "2024-01-02T03:04:05.1234567891Z",
    "2024-01-02T03:04:05+01:30", "2024-01-02T03:04:05.5-23:59", "2024-01-02T03:04:05", "2024-01-02t03:04:05Z",
    "2024-01-02T03:04:05z", "2024-01-02", "2024-02-30T03:04:05Z", "2024-01-02T24:00:00Z", "2024-01-02T23:59:60Z",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-00:01",
    "10000-01-01T00:00:00Z", "2024-1-2T3:4:5Z", "2024-01-02T03:04:05.Z", "2024-01-02T03:04:05+25:00",
    "2024-01-02T03:04:05+0130", "2024-01-02T03:04:05Z ", "2024-01-02 03:04:05Z",
    "1s", "1.5s", "-1.5s", "-0.5s", "0s", "+1s", "1.s", ".5s", "s", "-s", "1 s", "1.0000000001s", "315576000000s",
    "315576000001s", "-315576000001s", "1e3s", "1sec", "1S",
    "a", "a.b,cD", "fooBar", "foo_bar", ",", "aB.cD,e",
]  # fmt: skip
SHAPES: list[Any] = [
    None, True, False, [], {}, [None], [1], ["a"], ["1"], [[]], [{}], [True], [1.5], ["COLOR_RED", 2], ["QUI"],
    [[1], {"a": 1}], {"a": 1}, {"a": None}, {"label": "x"}, {"label": 1}, {"label": None}, {"unknown": [1]},
    {"inner": {"inner": {}}},
    {"1": {}}, {"1": {"label": "x"}}, {"01": {}}, {"1.0": {}}, {"x": {}}, {"": {}}, {"9223372036854775808": {}},
    {"true": 1}, {"false": "NaN"}, {"True": 1}, {"1": 1}, {"a": "b"}, {"a": ["b"]}, {"a": "COLOR_RED"}, {"a": 7},
    {"a": "2024-01-02T03:04:05Z"}, {"a": {"b": {"c": [1, "x", None, True]}}},
    [{"label": "x"}, {}], [{"label": 1}], [{"inner": None}], ["2024-01-02T03:04:05Z"], ["2024-01-02T03:04:05Z", ""],
    {"seconds": 1}, {"value": 1}, {"paths": ["a"]},
]  # fmt: skip

NO_JSON_NUMBERS = (" 1", "1 ", "+1", "1_0", "5.", ".5", "\u0661", "inf")
OTHER_TIMES = ("2024-1-2T3:4:5Z", "2024-01-02T03:04:05.Z", "2024-01-02T03:04:05+25:00")
OTHER_DURATIONS = ("+1s", "1.s", "1.0000000001s", "1 s")


def is_stricter(field: FieldDescriptor, value: Any) -> bool:
    """Whether the dialect documents that it refuses a value which json_format reads."""
    if field.is_repeated and isinstance(value, list):
        return any(is_stricter_for_one(field, item) for item in value)
    if field.is_repeated and isinstance(value, dict) and field.message_type is not None:
        value_field = field.message_type.fields_by_name["value"]
        return any(is_stricter_for_one(value_field, item) for item in value.values())
    return is_stricter_for_one(field, value)


def is_stricter_for_one(field: FieldDescriptor, value: Any) -> bool:
    if field.message_type is not None:
        return is_stricter_message(field.message_type, value)
    if field.enum_type is not None:
        return isinstance(value, (str, float)) or value.bit_length() > 31 or isinstance(value, bool)
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return isinstance(value, bool) or value in (*NO_JSON_NUMBERS, "1e400")
        case FieldDescriptor.CPPTYPE_STRING:
            return field.type == FieldDescriptor.TYPE_BYTES and isinstance(value, str)
    return value in NO_JSON_NUMBERS


def is_stricter_message(descriptor: Descriptor, value: Any) -> bool:
    match descriptor.full_name:
        case "google.protobuf.Timestamp":
            return value in OTHER_TIMES
        case "google.protobuf.Duration":
            return value in OTHER_DURATIONS
        case name if name.startswith("google.protobuf.") and "value" in descriptor.fields_by_name:
            return is_stricter_for_one(descriptor.fields_by_name["value"], value)
    return isinstance(value, (str, list))


def outcome(parse: Callable[[], Message]) -> bytes | None:
    """The message that was read, None when it was refused."""
    try:
        return identity(parse())
    except (Invalid, json_format.ParseError, UnicodeDecodeError):
        return None


def read_by_both(body: bytes) -> tuple[bytes | None, bytes | None]:
    ours = outcome(lambda: protojson.codec(Thing).decode(body))
    return ours, outcome(lambda: json_format.Parse(body, Thing(), ignore_unknown_fields=True))


@pytest.mark.parametrize("field", list(Thing.DESCRIPTOR.fields), ids=lambda field: field.name)
def test_a_field_takes_and_refuses_the_values_that_json_format_does(field: FieldDescriptor):
    for value in [*NUMBERS, *TEXTS, *SHAPES]:
        body = json.dumps({field.json_name: value}).encode()
        ours, theirs = read_by_both(body)
        assert ours == theirs or (ours is None and is_stricter(field, value)), body


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"name" : "a"}\n',
        b'{"nickname": null, "score": null, "inner": null, "labels": null, "tags": null, "value": null}',
        b'{"name": "a", "unknown": {"deep": [1, {}]}}',
        b'{"odd_name": "a"}',
        b'{"@odd": "a"}',
        b'{"oddName": "ignored: the contract names the key"}',
        b'{"oldValue": "a"}',
        b'{"old_value": "ignored: the proto name has no underscore"}',
        b'{"NAME": "ignored: keys have a case"}',
        b'{"word": "a", "number": 1}',
        b'{"word": "a", "number": null}',
        b'{"number": null, "word": "a"}',
        b'{"word": "", "nested": {}}',
        b'{"nothing": null}',
        b'{"nothing": "NULL_VALUE"}',
        b'{"nothing": 0, "word": "a"}',
        b'{"word": "\\ud83d\\ude00 \\u0000"}',
        b'{"name": "\\ud800"}',
        b"",
        b" ",
        b"null",
        b"true",
        b"7",
        b"{",
        b'{"name": "a"} x',
        b'{"name": "a",}',
        b"{'name': 'a'}",
        b'{"name": "\xff"}',
        b'{"name": "a\nb"}',
        b"\xef\xbb\xbf{}",
        b'{"small": 1e400}',
        b'{"weight": NaN}',
        b'{"weight": -Infinity}',
        b'{"inner": {"label": 1}}',
        b'{"value": ' + b"9" * 400 + b"}",
    ],
)
def test_a_body_is_taken_or_refused_as_by_json_format(body: bytes):
    ours, theirs = read_by_both(body)
    assert ours == theirs


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        pytest.param(b'{"color": "COLOR_MAUVE"}', False, id="an unknown name would be dropped silently"),
        pytest.param(b'{"odd_name": "a", "@odd": "b"}', False, id="two spellings of one field"),
        pytest.param(b'{"nothing": null, "word": "a"}', False, id="a null that is a value"),
        pytest.param(b'"text"', False, id="a text has no fields"),
        pytest.param(b"[]", False, id="a list has no fields"),
        pytest.param(b'{"metadata": {"a": 1e400}}', False, id="an infinity that could not be printed"),
        pytest.param(b'{"unknown": NaN}', False, id="no JSON, even where it is ignored"),
        pytest.param(b'{"name": "a", "name": "b"}', True, id="the last of two equal keys counts"),
        pytest.param(b'{"[a.b]": 1}', True, id="extensions are unknown keys"),
        pytest.param(b'{"ratio": 3.4028235e38}', True, id="what json_format prints and does not read"),
    ],
)
def test_the_documented_differences_to_json_format(body: bytes, accepted: bool):
    ours, theirs = read_by_both(body)
    assert (ours is not None) is accepted
    assert (theirs is not None) is not accepted
