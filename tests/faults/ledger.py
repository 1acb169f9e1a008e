"""What clients were told, and what a server must therefore still know: two sides of "an acknowledged write stays"."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Things that are written once, by their key."""

    PIPELINE = "pipeline"
    REGISTERED = "registered collector"
    CREATED = "created collector"
    TOKEN = "token"


@dataclass(slots=True)
class Entry:
    """One write. Until it is acknowledged, or when its connection broke, its outcome is not known."""

    round: int
    acknowledged: bool = False


@dataclass(slots=True)
class Ledger:
    """What the writers of one test wrote. `round` counts the server's lives."""

    round: int = 0
    acknowledged: int = 0
    unknown: int = 0
    """Attempts whose connection broke."""
    refused: list[str] = field(default_factory=list)
    """Answers that no honest server gives to these writers."""
    chains: dict[str, dict[str, Entry]] = field(default_factory=dict)
    """By pipeline: contents in the order they were written. Each is written again until it is acknowledged, which
    changes nothing when the first attempt had arrived."""
    things: dict[Kind, dict[str, Entry]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    gone: dict[Kind, dict[str, Entry]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    """Deleted, revoked."""
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    def link(self, pipeline: str, contents: str) -> Entry:
        """About to write a pipeline's next contents."""
        return self._begin(self.chains.setdefault(pipeline, {}), contents)

    def add(self, kind: Kind, key: str) -> Entry:
        """About to write a thing."""
        return self._begin(self.things[kind], key)

    def remove(self, kind: Kind, key: str) -> Entry:
        """About to end a thing."""
        return self._begin(self.gone[kind], key)

    def acknowledge(self, entry: Entry) -> None:
        """The server said that it is done."""
        entry.acknowledged = True
        self.acknowledged += 1
        self._grown.set()

    async def grow(self, by: int) -> None:
        """Wait until so many more writes are acknowledged."""
        wanted = self.acknowledged + by
        while self.acknowledged < wanted:
            self._grown.clear()
            await self._grown.wait()

    def _begin(self, entries: dict[str, Entry], key: str) -> Entry:
        entry = Entry(self.round)
        entries[key] = entry
        return entry


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of a pipeline, as the server tells it."""

    number: int
    pipeline: str
    contents: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What the server knows after all."""

    revisions: Sequence[Revision]
    """Of all pipelines, in the order in which the server lists each pipeline's own."""
    present: Mapping[Kind, frozenset[str]]
    events: Mapping[str, Sequence[int]]
    """The sequence numbers of each event stream, in the order of the log."""


def problems(ledger: Ledger, observed: Observed) -> list[str]:
    """Everything that the server lost, repeats, reordered or made up. Empty when it kept its word."""
    return [
        *(f"refused: {answer}" for answer in ledger.refused),
        *_things(ledger, observed),
        *_chains(ledger, observed),
        *_numbers(observed),
        *_streams(observed),
    ]


def _things(ledger: Ledger, observed: Observed) -> Iterator[str]:
    for kind in Kind:
        present, written, gone = observed.present[kind], ledger.things[kind], ledger.gone[kind]
        for key, entry in written.items():
            if entry.acknowledged and key not in present and key not in gone:
                yield f"missing: the {kind} {key!r}, acknowledged in round {entry.round}"
        for key, entry in gone.items():
            if entry.acknowledged and key in present:
                yield f"back again: the {kind} {key!r}, gone since round {entry.round}"
        for key in present - written.keys():
            yield f"made up: the {kind} {key!r}"


def _chains(ledger: Ledger, observed: Observed) -> Iterator[str]:
    stored: dict[str, list[str]] = {name: [] for name in ledger.chains}
    for revision in observed.revisions:
        if revision.pipeline in stored:
            stored[revision.pipeline].append(revision.contents)
    for name, written in ledger.chains.items():
        yield from _chain(name, written, stored[name])


def _chain(name: str, written: Mapping[str, Entry], stored: Sequence[str]) -> Iterator[str]:
    counted = Counter(stored)
    for contents, entry in written.items():
        if entry.acknowledged and not counted[contents]:
            yield f"missing: {contents!r} of the pipeline {name!r}, acknowledged in round {entry.round}"
    for contents, count in counted.items():
        if count > 1:
            yield f"twice: {contents!r} of the pipeline {name!r} has {count} revisions"
        if contents not in written:
            yield f"made up: {contents!r} of the pipeline {name!r}"
    order = [contents for contents in written if counted[contents]]
    if list(dict.fromkeys(stored)) != order:
        yield f"out of order: the revisions of the pipeline {name!r} are {stored}"


def _numbers(observed: Observed) -> Iterator[str]:
    numbers = [revision.number for revision in observed.revisions]
    for number, count in Counter(numbers).items():
        if count > 1:
            yield f"twice: the revision number {number}"
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    if missing:
        yield f"gap: no revision has the numbers {missing}"
    for name in {revision.pipeline for revision in observed.revisions}:
        own = [revision.number for revision in observed.revisions if revision.pipeline == name]
        if own != sorted(own):
            yield f"out of order: the pipeline {name!r} has the revisions {own}"


def _streams(observed: Observed) -> Iterator[str]:
    for stream, sequences in observed.events.items():
        if list(sequences) != list(range(1, len(sequences) + 1)):
            yield f"gap: the events of {stream!r} are numbered {list(sequences)}"
