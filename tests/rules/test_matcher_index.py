from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.matcher_index import MatcherIndex
from quarterdeck.fleet.matchers import Matcher, MatchOperator, parse_matchers, selects

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "x", "y", "z", "x|y"])
EXPRESSIONS = st.sampled_from(["", ".*", ".+", "x", "x|y", "x|", "|", "x|y|z", "[xy]", "(?i)X", "x\\|y", "a b|z"])
EQUALITIES = st.builds(Matcher, NAMES, st.sampled_from([MatchOperator.EQUAL, MatchOperator.NOT_EQUAL]), VALUES)
REGEXES = st.builds(Matcher, NAMES, st.sampled_from([MatchOperator.REGEX, MatchOperator.NOT_REGEX]), EXPRESSIONS)
FLEETS = st.lists(st.lists(EQUALITIES | REGEXES, max_size=4), max_size=30)
ATTRIBUTES = st.dictionaries(NAMES, VALUES)


@given(fleet=FLEETS, attributes=ATTRIBUTES)
def test_it_selects_what_trying_every_item_selects_in_the_same_order(
    fleet: list[list[Matcher]], attributes: dict[str, str]
):
    index = MatcherIndex(enumerate(fleet))
    assert index.select(attributes) == [i for i, matchers in enumerate(fleet) if selects(matchers, attributes)]


def test_ten_thousand_items_with_an_equality_are_not_tried():
    fleet = [(i, parse_matchers(["collector.os=~.+", "collector.os=linux", f"host=h{i}"])) for i in range(10_000)]
    fleet.append((10_000, parse_matchers(["collector.os=~.+"])))
    index = MatcherIndex(fleet)
    attributes = {"collector.os": "linux", "host": "h77", "other": "h78"}
    assert index.candidate_count(attributes) == 2
    assert index.select(attributes) == [77, 10_000]
    assert len(index) == 10_001


def test_a_list_of_plain_values_is_indexed_too():
    index = MatcherIndex(
        [("some", parse_matchers(["env=~prod|staging"])), ("other", parse_matchers(["env=~dev|test"]))]
    )
    assert index.candidate_count({"env": "prod"}) == 1
    assert index.select({"env": "staging"}) == ["some"]
    assert index.select({"env": "prod|staging"}) == []


def test_items_need_neither_equality_nor_hash():
    first, second = {"n": 1}, {"n": 1}
    index = MatcherIndex([(first, parse_matchers(["a=1"])), (second, parse_matchers(["a=1"]))])
    selected = index.select({"a": "1"})
    assert selected[0] is first
    assert selected[1] is second


def test_a_shared_expression_is_evaluated_once_in_a_selection():
    class Attributes(dict[str, str]):
        looked_up = 0

        def get(self, *args):
            self.looked_up += 1
            return super().get(*args)

    index = MatcherIndex([(i, parse_matchers(["collector.os=~.+"])) for i in range(1000)])
    attributes = Attributes({"collector.os": "linux"})
    assert len(index.select(attributes)) == 1000
    assert attributes.looked_up == 1


def test_an_empty_index_selects_nothing():
    assert MatcherIndex[str]([]).select({"a": "1"}) == []
