"""Cycles in a directed graph, which is a mapping of every node to the nodes it points to."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def knots(graph: Mapping[N, Collection[N]]) -> list[list[N]]:
    """The strongly connected components with a cycle: nodes that all reach each other, or one that points to itself.

    Nodes and components come in the order of the graph; targets that are no nodes are ignored. Linear, not recursive.
    """
    rank = {node: number for number, node in enumerate(graph)}
    found = [sorted(members, key=rank.__getitem__) for members in _components(graph)]
    tied = [members for members in found if len(members) > 1 or members[0] in graph[members[0]]]
    return sorted(tied, key=lambda members: rank[members[0]])


def shortest_cycle(graph: Mapping[N, Collection[N]], start: N) -> list[N]:
    """The nodes of a shortest way from `start` back to it, each once; empty when there is none."""
    came_from: dict[N, N] = {}
    pending = deque([start])
    while pending:
        node = pending.popleft()
        for target in graph.get(node, ()):
            if target == start:
                return _way_back(came_from, node, start)
            if target not in came_from:
                came_from[target] = node
                pending.append(target)
    return []


def _way_back(came_from: Mapping[N, N], node: N, start: N) -> list[N]:
    way = [node]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _components(graph: Mapping[N, Collection[N]]) -> Iterator[list[N]]:
    """Tarjan's algorithm with the call stack spelled out: `low` is the earliest node that a node can get back to."""
    order: dict[N, int] = {}
    low: dict[N, int] = {}
    waiting: list[N] = []
    done: set[N] = set()
    for root in graph:
        if root in order:
            continue
        calls = [(root, iter(graph[root]))]
        order[root] = low[root] = len(order)
        waiting.append(root)
        while calls:
            node, targets = calls[-1]
            target = next((each for each in targets if each in graph and each not in done), None)
            if target is None:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
                if low[node] == order[node]:
                    component = _pop_through(waiting, node)
                    done.update(component)
                    yield component
            elif target in order:
                low[node] = min(low[node], order[target])
            else:
                order[target] = low[target] = len(order)
                waiting.append(target)
                calls.append((target, iter(graph[target])))


def _pop_through(waiting: list[N], node: N) -> list[N]:
    component = [waiting.pop()]
    while component[-1] != node:
        component.append(waiting.pop())
    return component
