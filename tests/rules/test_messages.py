"""Fields of messages as plain values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct, Value

from quarterdeck.errors import Invalid, Reason
from quarterdeck.gen.assistant.v2.investigations_service_pb2 import ListInvestigationsRequest
from quarterdeck.messages import moment, plain_struct, plain_value


@pytest.mark.parametrize(
    "value", [None, True, False, 0, 1, -3, 1.5, 2**53, 1e300, "", "é", [], [1, [None]], {}, {"a": {"b": [1, "x"]}}]
)
def test_json_comes_back_as_it_went_in(value: Any) -> None:
    plain = plain_value(ParseDict(value, Value()), "f")
    assert plain == value
    assert type(plain) is type(value)
    assert plain_struct(ParseDict({"key": value}, Struct()), "f") == {"key": value}


def test_what_nobody_set_is_null() -> None:
    assert plain_value(Value(), "f") is None
    assert plain_struct(Struct(), "f") == {}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_not_is_refused_by_the_fields_name(number: float) -> None:
    for refuse in (
        lambda: plain_value(Value(number_value=number), "the.field"),
        lambda: plain_struct(Struct(fields={"a": Value(number_value=number)}), "the.field"),
    ):
        with pytest.raises(Invalid) as caught:
            refuse()
        assert caught.value.reason is Reason.FIELD_INVALID
        assert [each.field for each in caught.value.violations] == ["the.field"]


def test_depth_has_a_limit() -> None:
    deep = Value()
    inner = deep
    for _ in range(200):
        inner = inner.list_value.values.add()
    with pytest.raises(Invalid, match="nested deeper than 100 levels"):
        plain_value(deep, "f")
    nested: Any = [[1]]
    assert plain_value(ParseDict(nested, Value()), "f", deepest=3) == nested
    with pytest.raises(Invalid, match="nested deeper than 2 levels"):
        plain_value(ParseDict(nested, Value()), "f", deepest=2)


def test_moments() -> None:
    request = ListInvestigationsRequest()
    assert moment(request, "to") is None
    request.to.FromJsonString("2026-11-21T10:00:00.5Z")
    assert moment(request, "to") == datetime(2026, 11, 21, 10, 0, 0, 500_000, tzinfo=UTC)
    request.to.seconds = -(2**63)
    with pytest.raises(Invalid, match="between the years 1 and 9999"):
        moment(request, "to")
