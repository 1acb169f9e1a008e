"""Whether a text can be the configuration of an OpenTelemetry collector, as far as its shape goes: one YAML mapping.

The text is read as a stream of parser events and never built, so what it would expand to costs nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from quarterdeck.fleet.alloy.diagnostics import Diagnostic, Position, Severity, shown

MAX_DEPTH = 100
"""How deep mappings and sequences may nest."""

MAX_NODES = 1_000_000
"""How many values the text may have, each alias counted as all that it stands for."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(
    f"{_CORE}{name}" for name in ("binary", "bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp")
) | {"!"}
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def check_otel(text: str) -> list[Diagnostic]:
    """What is wrong with the contents of an OTEL pipeline: the first error, or nothing.

    Columns count characters. Never raises, takes time linear in the length, and expands nothing.
    """
    if found := _UNREADABLE.search(text):
        at = found.start()
        position = Position(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        return [_error(position, f"the character {found.group()!a} is not allowed in YAML")]
    try:
        _Reading().read(text)
    except _Refused as refused:
        return [refused.diagnostic]
    except yaml.MarkedYAMLError as error:
        return [_from_yaml(error)]
    except yaml.YAMLError as error:
        return [_error(Position(1, 1), f"not readable as YAML: {_one_line(str(error))}")]
    return []


class _Refused(Exception):  # noqa: N818 - carries the diagnostic out of the walk
    def __init__(self, event: yaml.Event | None, text: str) -> None:
        super().__init__(text)
        self.diagnostic = _error(_position(event.start_mark if event else None), text)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come: `size` counts its values, `keys` is None for a sequence."""

    anchor: str | None
    keys: set[tuple[str | None, str]] | None
    size: int = 1
    children: int = 0


@dataclass(slots=True)
class _Reading:
    """One walk over the events of a text."""

    open: list[_Open] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    documents: int = 0

    def read(self, text: str) -> None:
        for event in _events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                self.sizes.clear()
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = self.open.pop()
                self._value(closed.size, closed.anchor, event)
        if self.documents == 0:
            raise _Refused(None, "expected a YAML mapping, found nothing")

    def _node(self, event: yaml.NodeEvent) -> None:
        if not self.open:
            self._root(event)
            if self.documents > 1:
                return
        if isinstance(event, yaml.AliasEvent):
            self._alias(event)
            return
        self._tag(event)
        if isinstance(event, yaml.ScalarEvent):
            self._key(event)
            self._value(1, event.anchor, event)
            return
        if len(self.open) >= MAX_DEPTH:
            raise _Refused(event, f"nested deeper than {MAX_DEPTH} levels")
        keys: set[tuple[str | None, str]] | None = set() if isinstance(event, yaml.MappingStartEvent) else None
        self.open.append(_Open(event.anchor, keys))

    def _root(self, event: yaml.NodeEvent) -> None:
        if self.documents > 1:
            if not (isinstance(event, yaml.ScalarEvent) and event.value == ""):
                raise _Refused(event, "expected one YAML document, found another")
        elif not isinstance(event, yaml.MappingStartEvent):
            raise _Refused(event, f"expected a YAML mapping, found {_kind(event)}")

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchor = event.anchor or ""
        size = self.sizes.get(anchor)
        if size is None:
            raise _Refused(event, f"the alias {shown(anchor)} has no anchor before it")
        self._value(size, None, event)

    def _tag(self, event: yaml.NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _TAGS:
            written = tag.removeprefix(_CORE)
            raise _Refused(event, f"the tag {shown(written)} is not accepted, only those of YAML's core")

    def _key(self, event: yaml.ScalarEvent) -> None:
        """A scalar may be the key of the innermost mapping: keys stand at the even places."""
        parent = self.open[-1]
        if parent.keys is None or parent.children % 2:
            return
        key = (event.tag, event.value)
        if key in parent.keys and event.value != "<<":
            raise _Refused(event, f"the key {shown(event.value)} is in this mapping twice")
        parent.keys.add(key)

    def _value(self, size: int, anchor: str | None, event: yaml.Event) -> None:
        """A value of so many values is complete."""
        if anchor is not None:
            self.sizes[anchor] = size
        if not self.open:
            return
        parent = self.open[-1]
        parent.size += size
        parent.children += 1
        if parent.size > MAX_NODES:
            raise _Refused(event, f"more than {MAX_NODES} values, counting what aliases stand for")


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)
    return events


def _kind(event: yaml.NodeEvent) -> str:
    if isinstance(event, yaml.SequenceStartEvent):
        return "a sequence"
    if isinstance(event, yaml.AliasEvent):
        return "an alias"
    value = getattr(event, "value", "")
    return f"the text {shown(value)}" if value else "nothing"


def _from_yaml(error: yaml.MarkedYAMLError) -> Diagnostic:
    position = _position(error.problem_mark or error.context_mark)
    parts = (error.context, error.problem)
    return _error(position, "not readable as YAML: " + _one_line(", ".join(part for part in parts if part)))


def _position(mark: Any) -> Position:
    """Where a mark of either loader is; the start of the text without one."""
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def _error(position: Position, text: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, position, Position(position.line, position.column + 1), text)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
