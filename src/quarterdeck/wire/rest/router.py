"""From a verb and a path to a route. Built once from the templates; two routes for the same requests do not start.

A literal segment wins over `*`, `*` over `**`, and a template with a `:verb` over one without: `/things/a:run` is `run`
on `a` where that exists, and the thing `a:run` where it does not. A path is looked up for its HTTP verb, so a less
specific template is used when the more specific one has other verbs only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from quarterdeck.wire.rest.template import ANY_REST, ANY_SEGMENT, PathTemplate, Values, split_path, split_verb, unescape

Target = TypeVar("Target")
ANY_VERB = "*"


@dataclass(frozen=True, slots=True)
class Route(Generic[Target]):
    """A template under one HTTP verb (`*`: every verb) and what it leads to. `name` is for messages to developers."""

    verb: str
    template: PathTemplate
    target: Target
    name: str


@dataclass(frozen=True, slots=True)
class Match(Generic[Target]):
    """A route and the segments of the path that chose it."""

    route: Route[Target]
    segments: tuple[str, ...]

    def values(self) -> Values:
        """The path's variables. Raises Invalid, see `PathTemplate.values`."""
        return self.route.template.values(self.segments)


@dataclass(frozen=True, slots=True)
class _Leaf(Generic[Target]):
    routes: Mapping[str, Route[Target]]
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found(Generic[Target]):
    """Every template that matches a path, the most specific first; never empty."""

    leaves: tuple[_Leaf[Target], ...]

    def choose(self, verb: str) -> Match[Target] | None:
        """The route for a verb. HEAD is served by GET where it has no route of its own."""
        for name in (verb, "GET") if verb == "HEAD" else (verb,):
            for leaf in self.leaves:
                route = leaf.routes.get(name) or leaf.routes.get(ANY_VERB)
                if route is not None:
                    return Match(route, leaf.segments)
        return None

    @property
    def first(self) -> Target:
        """The target of the most specific template: whose family a refusal belongs to."""
        return next(iter(self.leaves[0].routes.values())).target

    @property
    def allowed(self) -> str:
        """The value of `Allow`."""
        verbs = {verb: None for leaf in self.leaves for verb in leaf.routes if verb != ANY_VERB}
        if "GET" in verbs:
            verbs["HEAD"] = None
        return ", ".join([*verbs, "OPTIONS"])


@dataclass(slots=True)
class _Node(Generic[Target]):
    literals: dict[str, _Node[Target]] = field(default_factory=dict)
    any_segment: _Node[Target] | None = None
    ends: dict[str, dict[str, Route[Target]]] = field(default_factory=dict)
    """By custom verb, then by HTTP verb."""
    rests: dict[str, dict[str, Route[Target]]] = field(default_factory=dict)
    """The same for `**`."""


class Router(Generic[Target]):
    """A trie of templates. Raises ValueError when two routes serve the same verb and shape."""

    def __init__(self, routes: Iterable[Route[Target]]) -> None:
        self._root: _Node[Target] = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route[Target]) -> None:
        node = self._root
        *stem, last = route.template.segments
        for segment in stem:
            node = _child(node, segment)
        if last == ANY_REST:
            leaf = node.rests.setdefault(route.template.verb, {})
        else:
            leaf = _child(node, last).ends.setdefault(route.template.verb, {})
        other = leaf.setdefault(route.verb, route)
        if other is not route:
            here, there = f"{route.template.text} of {route.name}", f"{other.template.text} of {other.name}"
            raise ValueError(f"{route.verb} {here} collides with {there}")

    def find(self, path: str) -> Found[Target] | None:
        """Every template that matches an escaped path, None for no template at all."""
        segments = split_path(path)
        leaves: list[_Leaf[Target]] = []
        parted = split_verb(segments)
        if parted is not None:
            stem, verb = parted
            leaves += [_Leaf(routes, stem) for routes in _walk(self._root, stem, 0, verb)]
        leaves += [_Leaf(routes, segments) for routes in _walk(self._root, segments, 0, "")]
        return Found(tuple(leaves)) if leaves else None


def _child(node: _Node[Target], segment: str) -> _Node[Target]:
    if segment != ANY_SEGMENT:
        return node.literals.setdefault(segment, _Node())
    if node.any_segment is None:
        node.any_segment = _Node()
    return node.any_segment


def _walk(node: _Node[Target], segments: Sequence[str], index: int, verb: str) -> Iterator[Mapping[str, Route[Target]]]:
    # A node has one depth, so the walk meets each node at most once, and recurses no deeper than the longest template.
    if index == len(segments):
        if verb in node.ends:
            yield node.ends[verb]
    elif segments[index]:
        literal = node.literals.get(_plain(segments[index]))
        if literal is not None:
            yield from _walk(literal, segments, index + 1, verb)
        if node.any_segment is not None:
            yield from _walk(node.any_segment, segments, index + 1, verb)
    if verb in node.rests:
        yield node.rests[verb]


def _plain(segment: str) -> str:
    # RFC 3986 §6.2.2.2: an escaped unreserved character is the same path. A broken escape equals no literal.
    if "%" not in segment:
        return segment
    try:
        return unescape(segment)
    except ValueError:
        return segment
