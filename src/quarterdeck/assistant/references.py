"""Which references an answer carries: what it cites, and what it mentions of what the run's tools showed.

Answers cite with markers: `[call:ID]`, `[pipeline:ID@REVISION]`, `[pipeline:ID]`, `[collector:ID]`, `[incident:ID]`,
`[activity:ID]` and `[activity:ID@INCIDENT]`. Besides, they mention things by name. Only what the tool results of the
same run showed is known; a marker for anything else is told apart, so that it can be checked or dropped: a model can
write down ids that do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from quarterdeck.assistant.tools.tool import Reference, ReferenceKind

MOST_CARRIED: Final = 100
"""References of one answer, and unknown ones."""

_MARKER: Final = re.compile(r"\[(call|pipeline|collector|incident|activity):\s{0,8}([^\[\]\n]{1,1000})\]")
_DISTINCTIVE: Final = re.compile(r"[\d._:/-]")
_LONG_TITLE: Final = 12
_SHORTEST: Final = 3
_WORDS: Final = {
    ReferenceKind.PIPELINE_REVISION: "pipeline",
    ReferenceKind.COLLECTOR: "collector",
    ReferenceKind.INCIDENT: "incident",
}


@dataclass(frozen=True, slots=True)
class Carried:
    """The references of an answer, in the order in which it comes to them, each once."""

    known: tuple[Reference, ...]
    unknown: tuple[Reference, ...]
    """Cited, and not shown by any tool of the run."""


def references_in(text: str, shown: Iterable[Reference], calls: Mapping[str, str]) -> Carried:
    """What `text` refers to. `shown` are the references of the run's tool results, in their order; `calls` are the
    names of its tools by the ids of their calls.

    A pipeline that was shown at several revisions and is mentioned by name alone counts at the latest of them.
    """
    stock = _Stock(tuple(dict.fromkeys(shown)), calls)
    known: dict[Reference, int] = {}
    unknown: dict[Reference, int] = {}
    for match in _MARKER.finditer(text):
        cited = _cited(ReferenceKind(match[1]), match[2].strip())
        found = stock.find(cited)
        (known if found else unknown).setdefault(found or cited, match.start())
    prose = _MARKER.sub(lambda match: " " * len(match[0]), text)
    for reference, place in stock.mentioned_in(prose):
        known[reference] = min(place, known.get(reference, place))
    return Carried(_in_order(known), _in_order(unknown))


def without_markers(text: str) -> str:
    """The text as people read it where nobody makes links of markers."""
    return re.sub(r"[ \t]?" + _MARKER.pattern, "", text)


def _cited(kind: ReferenceKind, content: str) -> Reference:
    if kind in (ReferenceKind.PIPELINE_REVISION, ReferenceKind.ACTIVITY_ITEM):
        identity, at, detail = content.rpartition("@")
        return Reference(kind, identity.strip(), detail.strip()) if at and identity else Reference(kind, content)
    return Reference(kind, content)


class _Stock:
    """What is known in a run."""

    def __init__(self, shown: Sequence[Reference], calls: Mapping[str, str]) -> None:
        self._shown = shown
        self._calls = calls
        self._by_name: dict[tuple[ReferenceKind, str], list[Reference]] = {}
        for reference in shown:
            for name in {reference.id, reference.title} - {""}:
                self._by_name.setdefault((reference.kind, name), []).append(reference)

    def find(self, cited: Reference) -> Reference | None:
        """What a marker means. An activity item without its incident is known when one incident has it."""
        if cited.kind is ReferenceKind.TOOL_CALL:
            name = self._calls.get(cited.id)
            return None if name is None else Reference(cited.kind, cited.id, title=name)
        matching = self._by_name.get((cited.kind, cited.id), [])
        if cited.detail:
            return next((each for each in matching if each.detail == cited.detail), None)
        if cited.kind is ReferenceKind.ACTIVITY_ITEM:
            matching = [each for each in matching if each.id == cited.id]
            return matching[0] if len({each.detail for each in matching}) == 1 else None
        return _latest(_of_one(matching, cited.id))

    def mentioned_in(self, text: str) -> Iterator[tuple[Reference, int]]:
        """What the text names without a marker, and where."""
        folded = text.casefold()
        for (kind, name), references in self._by_name.items():
            if kind is ReferenceKind.ACTIVITY_ITEM:
                continue
            place = _place_of(kind, name, folded)
            reference = None if place is None else _at_revision(_of_one(references, name), folded)
            if place is not None and reference is not None:
                yield reference, place
        for call_id, tool in self._calls.items():
            place = _token_place(call_id, text) if len(call_id) >= _LONG_TITLE else None
            if place is not None:
                yield Reference(ReferenceKind.TOOL_CALL, call_id, title=tool), place


def _place_of(kind: ReferenceKind, name: str, folded: str) -> int | None:
    """Where a text names something; None when it does not.

    Numbers and ordinary words count behind the word for their kind or in quotes only: `incident 12`, `logs`.
    """
    if len(name) >= _SHORTEST and _is_distinctive(name):
        return _token_place(name.casefold(), folded)
    for form in _guarded(kind, name.casefold()):
        place = _token_place(form, folded)
        if place is not None:
            return place
    return None


def _is_distinctive(name: str) -> bool:
    if name.isdigit():
        return False
    return _DISTINCTIVE.search(name) is not None or (" " in name and len(name) >= _LONG_TITLE)


def _guarded(kind: ReferenceKind, name: str) -> Iterator[str]:
    word = _WORDS.get(kind, "")
    yield from (f"{word} {name}", f"{word} #{name}", f"{word} id {name}")
    yield from (f"{word} {quote}{name}{quote}" for quote in "`'\"*")
    if not name.isdigit():
        yield f"{name} {word}"
        yield from (f"{quote}{name}{quote}" for quote in "`'\"")
        yield f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}"


def _token_place(name: str, text: str) -> int | None:
    """Where `name` stands as a whole: `edge-1` is not in `edge-10`, nor in `my-edge-1`."""
    at = text.find(name) if name else -1
    while at >= 0:
        if not _continues(text, at - 1, -1) and not _continues(text, at + len(name), 1):
            return at
        at = text.find(name, at + 1)
    return None


def _continues(text: str, at: int, step: int) -> bool:
    """Whether the character there makes what stands beside it part of a longer name."""
    if not 0 <= at < len(text):
        return False
    char = text[at]
    if char.isalnum() or char == "_":
        return True
    # A full stop or a hyphen belongs to a name when the name goes on behind it, and to the sentence when not.
    beyond = at + step
    return char in "-./:@" and 0 <= beyond < len(text) and text[beyond].isalnum()


def _at_revision(references: Sequence[Reference], folded: str) -> Reference | None:
    """Of a pipeline's revisions the one that the text names, or else the latest."""
    if len(references) > 1:
        for reference in reversed(references):
            if reference.detail and _token_place(f"revision {reference.detail}", folded) is not None:
                return reference
    return _latest(references)


def _of_one(references: Sequence[Reference], name: str) -> Sequence[Reference]:
    """Those of the one thing that a name means: the one with this id, or the only one with this title, or none."""
    with_id = [reference for reference in references if reference.id == name]
    if with_id:
        return with_id
    return references if len({reference.id for reference in references}) == 1 else ()


def _latest(references: Sequence[Reference]) -> Reference | None:
    return max(references, key=_rank, default=None)


def _rank(reference: Reference) -> tuple[int, bool]:
    detail = reference.detail[:20]
    return int(detail) if detail.isascii() and detail.isdigit() else 0, bool(reference.title)


def _in_order(places: Mapping[Reference, int]) -> tuple[Reference, ...]:
    return tuple(sorted(places, key=lambda reference: places[reference])[:MOST_CARRIED])
