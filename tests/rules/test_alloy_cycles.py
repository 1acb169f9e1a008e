from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.alloy.cycles import knots, shortest_cycle

graphs = st.dictionaries(st.integers(0, 8), st.sets(st.integers(0, 9), max_size=4), max_size=9)


def _reachable(graph: dict[int, set[int]], start: int) -> set[int]:
    found: set[int] = set()
    pending = [start]
    while pending:
        for target in graph.get(pending.pop(), set()) & graph.keys():
            if target not in found:
                found.add(target)
                pending.append(target)
    return found


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        pytest.param({}, [], id="an empty graph"),
        pytest.param({"a": "b", "b": "c", "c": ""}, [], id="a line"),
        pytest.param({"a": "bc", "b": "d", "c": "d", "d": ""}, [], id="two ways to one node are no cycle"),
        pytest.param({"a": "a"}, ["a"], id="a node that points to itself"),
        pytest.param({"a": "b", "b": "a"}, ["ab"], id="two nodes"),
        pytest.param({"x": "a", "a": "b", "b": "c", "c": "a"}, ["abc"], id="a tail leading in is not part"),
        pytest.param({"c": "d", "d": "c", "a": "b", "b": "a"}, ["cd", "ab"], id="knots come in the order of the graph"),
        pytest.param({"a": "z"}, [], id="a target that is no node"),
    ],
)
def test_knots(graph: dict[str, str], expected: list[str]) -> None:
    assert ["".join(knot) for knot in knots(graph)] == expected


def test_a_long_line_is_no_problem() -> None:
    size = 50_000
    graph = {node: [(node + 1) % size] for node in range(size)}
    assert len(knots(graph)[0]) == size
    assert len(shortest_cycle(graph, 0)) == size


@given(graphs)
def test_knots_are_the_nodes_that_reach_themselves(graph: dict[int, set[int]]) -> None:
    tied = {node for knot in knots(graph) for node in knot}
    assert tied == {node for node in graph if node in _reachable(graph, node)}


@given(graphs)
def test_a_shortest_cycle_is_a_way_back(graph: dict[int, set[int]]) -> None:
    for knot in knots(graph):
        way = shortest_cycle(graph, knot[0])
        assert way[0] == knot[0]
        assert all(after in graph[before] for before, after in zip(way, [*way[1:], way[0]], strict=True))


def test_no_cycle_is_no_way() -> None:
    assert shortest_cycle({"a": ["b"], "b": []}, "a") == []
