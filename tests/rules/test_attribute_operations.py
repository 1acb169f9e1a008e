from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, NotFound, Reason
from quarterdeck.fleet.attribute_operations import AttributeOperation, OperationKind, apply_operations
from quarterdeck.fleet.attributes import AttributeLimits, accept_remote_attributes

ADD, REMOVE, REPLACE = OperationKind.ADD, OperationKind.REMOVE, OperationKind.REPLACE
MOVE, COPY, UNKNOWN = OperationKind.MOVE, OperationKind.COPY, OperationKind.UNKNOWN
Op = AttributeOperation


@pytest.mark.parametrize(
    ("remote", "operation", "expected"),
    [
        pytest.param({}, Op(ADD, "remoteAttributes.a", value="1"), {"a": "1"}, id="add"),
        pytest.param({"a": "0"}, Op(ADD, "remoteAttributes.a", value="1"), {"a": "1"}, id="add overwrites"),
        pytest.param({}, Op(ADD, "remoteAttributes.a", value=""), {"a": ""}, id="add an empty value"),
        pytest.param({"a": "0"}, Op(REPLACE, "remoteAttributes.a", value="1"), {"a": "1"}, id="replace"),
        pytest.param(
            {"a": "0"}, Op(REPLACE, "remoteAttributes.a", value="1", old_value="0"), {"a": "1"}, id="replace the old"
        ),
        pytest.param(
            {"a": "2"}, Op(REPLACE, "remoteAttributes.a", value="1", old_value="0"), {"a": "2"}, id="replace another"
        ),
        pytest.param({}, Op(REPLACE, "remoteAttributes.a", value="1", old_value="0"), {}, id="replace old, absent"),
        pytest.param(
            {}, Op(REPLACE, "remoteAttributes.a", value="1", old_value=""), {}, id="absent is not the empty old value"
        ),
        pytest.param(
            {"a": ""}, Op(REPLACE, "remoteAttributes.a", value="1", old_value=""), {"a": "1"}, id="replace empty old"
        ),
        pytest.param({"a": "1"}, Op(REMOVE, "remoteAttributes.a"), {}, id="remove"),
        pytest.param({"b": "1"}, Op(REMOVE, "remoteAttributes.a"), {"b": "1"}, id="remove what is absent"),
        pytest.param({"a": "1"}, Op(REMOVE, "remoteAttributes.a", value="1"), {}, id="remove when equal"),
        pytest.param({"a": "1"}, Op(REMOVE, "remoteAttributes.a", value="2"), {"a": "1"}, id="keep when different"),
        pytest.param(
            {"a": "1"}, Op(REMOVE, "remoteAttributes.a", value=""), {"a": "1"}, id="empty value is a condition"
        ),
        pytest.param({"a": "1"}, Op(MOVE, "remoteAttributes.b", from_="remoteAttributes.a"), {"b": "1"}, id="move"),
        pytest.param(
            {"a": "1"}, Op(MOVE, "remoteAttributes.a", from_="/remote_attributes/a"), {"a": "1"}, id="move onto itself"
        ),
        pytest.param(
            {"a": "1", "b": "2"},
            Op(COPY, "remoteAttributes.b", from_="remoteAttributes.a"),
            {"a": "1", "b": "1"},
            id="copy overwrites",
        ),
        pytest.param({}, Op(ADD, "remote_attributes.a.b.c", value="1"), {"a.b.c": "1"}, id="dots in the key"),
        pytest.param({}, Op(ADD, "attributeOverrides.a", value="1"), {"a": "1"}, id="deprecated root"),
        pytest.param({}, Op(ADD, "attribute_overrides.a", value="1"), {"a": "1"}, id="deprecated root, snake case"),
        pytest.param({}, Op(ADD, "/remoteAttributes/a", value="1"), {"a": "1"}, id="pointer"),
        pytest.param({}, Op(ADD, "/remote_attributes/a~1b~0c", value="1"), {"a/b~c": "1"}, id="pointer escapes"),
        pytest.param({}, Op(ADD, "/remote_attributes/~01", value="1"), {"~1": "1"}, id="escapes undone in order"),
        pytest.param({}, Op(ADD, "/remote_attributes/a/b", value="1"), {"a/b": "1"}, id="unescaped slash"),
        pytest.param({}, Op(ADD, "/remote_attributes/a~2", value="1"), {"a~2": "1"}, id="a tilde that escapes nothing"),
        pytest.param({}, Op(ADD, "/remote_attributes/a.b", value="1"), {"a.b": "1"}, id="dots in a pointer"),
        pytest.param(
            {}, Op(ADD, "remoteAttributes.a~1b", value="1"), {"a~1b": "1"}, id="no escapes in the dotted form"
        ),
        pytest.param(
            {"a~1b": "1"}, Op(REMOVE, "/remote_attributes/a~1b"), {}, id="raw key of the operator's finalizer"
        ),
        pytest.param(
            {"a~1b": "1", "a/b": "2"}, Op(REMOVE, "/remote_attributes/a~1b"), {"a~1b": "1"}, id="unescaped key first"
        ),
    ],
)
def test_one_operation(remote: dict[str, str], operation: AttributeOperation, expected: dict[str, str]):
    before = dict(remote)
    assert apply_operations(remote, [operation]) == expected
    assert remote == before


@pytest.mark.parametrize(
    ("operation", "field", "why"),
    [
        pytest.param(Op(UNKNOWN, "remoteAttributes.a"), "ops[1].op", "unknown operation", id="unknown"),
        pytest.param(Op(OperationKind(99), "remoteAttributes.a"), "ops[1].op", "unknown operation", id="a new number"),
        pytest.param(Op(ADD, "remoteAttributes.a"), "ops[1].value", "value is required", id="add without value"),
        pytest.param(
            Op(REPLACE, "remoteAttributes.k"), "ops[1].value", "value is required", id="replace without value"
        ),
        pytest.param(Op(MOVE, "remoteAttributes.a"), "ops[1].from", "from is required", id="move without from"),
        pytest.param(
            Op(MOVE, "remoteAttributes.a", from_="remoteAttributes.x"), "ops[1].from", "no remote", id="move of nothing"
        ),
        pytest.param(
            Op(COPY, "remoteAttributes.a", from_="remoteAttributes.x"), "ops[1].from", "no remote", id="copy of nothing"
        ),
        pytest.param(
            Op(COPY, "remoteAttributes.a", from_="name"),
            "ops[1].from",
            "names no remote attribute",
            id="from elsewhere",
        ),
        pytest.param(
            Op(COPY, "remoteAttributes.a", from_="remoteAttributes.collector.os"),
            "ops[1].from",
            "is reserved",
            id="from the reserved namespace",
        ),
        pytest.param(Op(ADD, "", value="1"), "ops[1].path", "names no remote attribute", id="empty path"),
        pytest.param(Op(ADD, "/", value="1"), "ops[1].path", "names no remote attribute", id="bare slash"),
        pytest.param(Op(ADD, "name", value="1"), "ops[1].path", "names no remote attribute", id="another field"),
        pytest.param(Op(ADD, "localAttributes.a", value="1"), "ops[1].path", "names no remote", id="local attribute"),
        pytest.param(Op(ADD, "remoteAttributes", value="1"), "ops[1].path", "names no remote", id="root alone"),
        pytest.param(Op(ADD, "remoteAttributes.", value="1"), "ops[1].path", "names no remote", id="empty key"),
        pytest.param(
            Op(ADD, "/remoteAttributes/", value="1"), "ops[1].path", "names no remote", id="empty pointer key"
        ),
        pytest.param(Op(ADD, "/remoteAttributes.a", value="1"), "ops[1].path", "names no remote", id="mixed forms"),
        pytest.param(Op(ADD, "remoteAttributes.collector.os", value="1"), "ops[1].path", "is reserved", id="reserved"),
        pytest.param(Op(REMOVE, "/remoteAttributes/collector.os"), "ops[1].path", "is reserved", id="remove reserved"),
        pytest.param(
            Op(ADD, "remoteAttributes." + "k" * 101, value="1"), "ops[1].path", "101 characters", id="long key"
        ),
        pytest.param(Op(ADD, "remoteAttributes.a", value="v" * 1025), "ops[1].value", "1025 char", id="long value"),
        pytest.param(Op(ADD, "remoteAttributes.a\0", value="v"), "ops[1].path", "NUL", id="NUL in the key"),
        pytest.param(Op(ADD, "x" * 5_000_000, value="1"), "ops[1].path", "names no remote attribute", id="huge path"),
    ],
)
def test_operations_that_are_refused(operation: AttributeOperation, field: str, why: str):
    with pytest.raises(Invalid) as caught:
        apply_operations({"k": "v"}, [Op(ADD, "remoteAttributes.first", value="1"), operation])
    assert caught.value.reason is Reason.ATTRIBUTE_INVALID
    assert [v.field for v in caught.value.violations] == [field]
    assert caught.value.message.startswith("ops[1] (")
    assert why in caught.value.message
    assert len(caught.value.message) < 400


def test_replacing_what_is_absent_is_not_found():
    with pytest.raises(NotFound) as caught:
        apply_operations({}, [Op(REPLACE, "/remote_attributes/a", value="1")])
    assert caught.value.reason is Reason.ATTRIBUTE_NOT_FOUND
    assert caught.value.violations[0].field == "ops[0].path"
    assert "'/remote_attributes/a'" in caught.value.message


def test_each_operation_sees_those_before_it():
    operations = [
        Op(ADD, "remoteAttributes.a", value="1"),
        Op(MOVE, "remoteAttributes.b", from_="remoteAttributes.a"),
        Op(REPLACE, "remoteAttributes.b", value="2", old_value="1"),
        Op(COPY, "remoteAttributes.c", from_="remoteAttributes.b"),
        Op(REMOVE, "remoteAttributes.b", value="2"),
    ]
    assert apply_operations({"z": "0"}, operations) == {"z": "0", "c": "2"}


def test_the_count_is_checked_after_the_last_operation():
    limits = AttributeLimits(max_remote=1)
    swap = [Op(ADD, "remoteAttributes.b", value="1"), Op(REMOVE, "remoteAttributes.a")]
    assert apply_operations({"a": "1"}, swap, limits) == {"b": "1"}
    with pytest.raises(Invalid, match="leave 2 remote attributes, at most 1"):
        apply_operations({"a": "1"}, swap[:1], limits)


def test_attributes_from_before_a_limit_was_lowered_can_still_be_changed_and_removed():
    limits = AttributeLimits(max_remote=1, max_key=3)
    stored = {"longer": "1", "b": "2", "c": "3"}
    assert apply_operations(stored, [Op(REPLACE, "remoteAttributes.b", value="9")], limits) == {**stored, "b": "9"}
    assert apply_operations(stored, [Op(REMOVE, "remoteAttributes.longer")], limits) == {"b": "2", "c": "3"}


PATHS = st.builds(
    "{}{}".format,
    st.sampled_from(["remoteAttributes.", "/remote_attributes/", "attribute_overrides.", "/", "x.", ""]),
    st.sampled_from(["a", "b", "a~1b", "a/b", "~", "collector.os", "", "k" * 200]) | st.text(st.characters()),
)
OPERATIONS = st.builds(
    Op,
    st.sampled_from(OperationKind),
    PATHS,
    from_=st.none() | PATHS,
    value=st.none() | st.text(st.characters()),
    old_value=st.none() | st.text(),
)


@given(st.lists(OPERATIONS, max_size=6))
def test_any_operations_leave_valid_attributes_or_a_clear_error(operations: list[AttributeOperation]):
    try:
        result = apply_operations({"a": "1", "a/b": "2"}, operations)
    except (Invalid, NotFound):
        return
    assert accept_remote_attributes(result) == result
