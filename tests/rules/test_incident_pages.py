"""Orders, cursors and page sizes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.incidents.query import pages
from quarterdeck.incidents.query.cursor import Keyset, decode_cursor, encode_cursor
from quarterdeck.incidents.query.ordering import (
    ACTIVITY,
    CONTEXTS,
    INCIDENTS,
    KEY_UPDATES,
    USERS,
    Direction,
    KeyKind,
    Listing,
    Order,
    read_order,
)

LISTINGS = (INCIDENTS, KEY_UPDATES, ACTIVITY, USERS, CONTEXTS)


def test_the_default_order_is_the_newest_first():
    order = read_order(INCIDENTS, "", "")
    assert (order.field, order.direction, order.kind, order.descending) == (
        "createdTime",
        Direction.DESC,
        KeyKind.TIME,
        True,
    )
    assert read_order(USERS).direction is Direction.ASC


@pytest.mark.parametrize("field", INCIDENTS.fields)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_every_field_orders_both_ways(field: str, direction: str):
    assert read_order(INCIDENTS, field, direction) == Order(INCIDENTS, field, Direction(direction))


@pytest.mark.parametrize(
    ("field", "direction", "named"),
    [
        pytest.param("created", "", "orderField", id="unknown field"),
        pytest.param("createdtime", "", "orderField", id="words are exact"),
        pytest.param("", "desc", "orderDirection", id="so are directions: clients refuse an echo in lower case"),
    ],
)
def test_an_unknown_order_is_refused(field: str, direction: str, named: str):
    with pytest.raises(Invalid) as refused:
        read_order(INCIDENTS, field, direction)
    assert refused.value.metadata["field"] == named
    assert "accepted: " in refused.value.message


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
VALUES: dict[KeyKind, st.SearchStrategy[Any]] = {
    KeyKind.INTEGER: INTEGERS,
    KeyKind.TEXT: TEXTS,
    KeyKind.BOOLEAN: st.booleans(),
    KeyKind.TIME: st.none() | st.datetimes(timezones=st.just(UTC)),
}


@st.composite
def positions(draw: st.DrawFn) -> tuple[Order, Keyset]:
    listing = draw(st.sampled_from(LISTINGS))
    order = Order(listing, draw(st.sampled_from(sorted(listing.fields))), draw(st.sampled_from(Direction)))
    return order, Keyset(draw(VALUES[order.kind]), draw(VALUES[listing.id_kind]))


@given(positions())
def test_a_cursor_comes_back(position: tuple[Order, Keyset]):
    order, keyset = position
    cursor = encode_cursor(order, keyset)
    assert cursor
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(cursor, order) == keyset


def test_no_cursor_is_the_beginning():
    assert decode_cursor("", read_order(INCIDENTS)) is None


@pytest.mark.parametrize(
    ("listing", "field", "direction"),
    [
        pytest.param(INCIDENTS, "createdTime", "ASC", id="another direction"),
        pytest.param(INCIDENTS, "modifiedTime", "DESC", id="another field"),
        pytest.param(CONTEXTS, "createdTime", "DESC", id="another list"),
    ],
)
def test_a_cursor_of_another_order_is_refused(listing: Listing, field: str, direction: str):
    cursor = encode_cursor(read_order(INCIDENTS), Keyset(datetime(2026, 1, 1, tzinfo=UTC), 7))
    with pytest.raises(Invalid, match="another order") as refused:
        decode_cursor(cursor, read_order(listing, field, direction))
    assert refused.value.reason is Reason.CURSOR_INVALID


def cursor_of(document: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(document)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x", id="no base64"),
        pytest.param("!!!!", id="other letters"),
        pytest.param("é", id="beyond ASCII"),
        pytest.param("A" * 100_000, id="huge"),
        pytest.param(base64.urlsafe_b64encode(b"[" * 5000).decode(), id="deep"),
        pytest.param(cursor_of({}), id="no list"),
        pytest.param(cursor_of([2, "incidents", "createdTime", "DESC", 1, 1]), id="another version"),
        pytest.param(cursor_of([1, "incidents", "createdTime", "DESC", "x", 1]), id="a text for a time"),
        pytest.param(cursor_of([1, "incidents", "createdTime", "DESC", 10**18, 1]), id="a time after the year 9999"),
        pytest.param(cursor_of([1, "incidents", "createdTime", "DESC", 1, "1"]), id="a text for an id"),
        pytest.param(cursor_of([1, "incidents", "createdTime", "DESC", 1, True]), id="a boolean for an id"),
        pytest.param(cursor_of([1, "incidents", "createdTime", "DESC", 1, 2**63]), id="an id beyond the database"),
        pytest.param(cursor_of([1, ["incidents"], {}, None, 1, 1]), id="other types everywhere"),
    ],
)
def test_a_malformed_cursor_is_refused(text: str):
    with pytest.raises(Invalid) as refused:
        decode_cursor(text, read_order(INCIDENTS))
    assert refused.value.metadata == {"field": "cursor.nextValue"}


def test_a_cursor_with_a_nul_is_refused():
    with pytest.raises(Invalid, match="malformed"):
        decode_cursor(cursor_of([1, "users", "name", "ASC", "a\0", "u"]), read_order(USERS))


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_refused(text: str):
    try:
        decoded = decode_cursor(text, read_order(INCIDENTS))
    except Invalid as refused:
        assert refused.reason is Reason.CURSOR_INVALID  # noqa: PT017 - either outcome is fine
    else:
        assert decoded is None or isinstance(decoded, Keyset)


@pytest.mark.parametrize(
    ("size", "asked", "given"),
    [
        pytest.param(pages.PREVIEWS, 0, 50, id="missing"),
        pytest.param(pages.PREVIEWS, -3, 50, id="negative"),
        pytest.param(pages.PREVIEWS, 1, 1, id="mcp-grafana's cloud test asks for one"),
        pytest.param(pages.PREVIEWS, 101, 100, id="hosted's cap"),
        pytest.param(pages.INCIDENTS, 100, 100, id="DevLake"),
        pytest.param(pages.ACTIVITY, 1_000, 1_000, id="gcx asks once for all"),
        pytest.param(pages.ACTIVITY, 2_000, 1_000, id="its cap"),
        pytest.param(pages.ACTIVITY, 0, 50, id="its default"),
    ],
)
def test_page_sizes(size: pages.PageSize, asked: int, given: int):
    assert size.applied(asked) == given
