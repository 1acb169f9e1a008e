"""One run: every row on every server in turn, round after round, so that a busy machine slows all of them alike."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.calls import ROWS, Row
from bench.grpc_load import GrpcCalls
from bench.load import Sample, Target, ask, drive
from bench.machine import GENERATOR_CORES, SERVER_CORES, on_cores
from bench.servers import Server, Subject

_BARE_REQUESTS = 500
BARE = "bare"


def raw_name(subject: str) -> str:
    """The name under which a subject's raw database is kept in the results."""
    return f"raw {subject}"


@dataclass(slots=True)
class Results:
    """Samples by row and by what was measured, one per round."""

    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)

    def add(self, row: str, subject: str, sample: Sample) -> None:
        self.samples.setdefault((row, subject), []).append(sample)

    def rates(self, row: str, subject: str) -> list[float]:
        """Answers per second, one figure per round; empty when it was not measured."""
        return [sample.per_second for sample in self.samples.get((row, subject), ())]

    def ratio(self, row: str, subject: str, to: str) -> tuple[float, float, float] | None:
        """Median, least and greatest of the rounds' ratios: each compares figures taken within seconds."""
        pairs = zip(self.rates(row, subject), self.rates(row, to), strict=False)
        ratios = [ours / theirs for ours, theirs in pairs]
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None

    def cpu_ratio(self, row: str, subject: str, to: str) -> float | None:
        """The other's processor time per answer over this one's: what the rate's ratio is when nobody disturbs."""
        ours, theirs = self.median(row, subject), self.median(row, to)
        if ours is None or theirs is None or ours.cpu is None or theirs.cpu is None:
            return None
        return theirs.cpu / ours.cpu

    def median(self, row: str, subject: str) -> Sample | None:
        """The middle of each figure."""
        samples = self.samples.get((row, subject))
        if not samples:
            return None
        times = [sample.cpu for sample in samples if sample.cpu is not None]
        return Sample(
            statistics.median(sample.per_second for sample in samples),
            statistics.median(sample.p50 for sample in samples),
            statistics.median(sample.p99 for sample in samples),
            statistics.median(times) if times else None,
        )


def measure_http(
    subjects: Sequence[Subject], bare: Target, *, rows: Iterable[Row] = ROWS, rounds: int, seconds: float
) -> Results:
    """Every row: the bare server, the raw databases, and each subject, one right after the other."""
    results = Results()
    prepared = [_Prepared(row, subjects) for row in rows]
    for _ in range(rounds):
        for row in prepared:
            row.measure(results, bare, seconds)
    return results


def measure_grpc(subjects: Sequence[Subject], results: Results, *, rounds: int, seconds: float) -> list[str]:
    """The gRPC rows, added to `results`; returns their labels."""
    calls = {subject.name: GrpcCalls(subject.reads.process.grpc_target, subject.reads.hashes) for subject in subjects}
    labels = list(next(iter(calls.values())).rows)
    try:
        for _, label, (name, client) in itertools.product(range(rounds), labels, list(calls.items())):
            with on_cores(GENERATOR_CORES):
                results.add(label, name, client.measure(label, seconds=seconds))
    finally:
        for client in calls.values():
            client.close()
    return labels


class _Prepared:
    """A row with its requests made, for each server that it goes to."""

    def __init__(self, row: Row, subjects: Sequence[Subject]) -> None:
        self._row = row
        self._subjects = subjects
        self._servers = {subject.name: _server(row, subject) for subject in subjects}
        self._requests = {name: _requests(row, server) for name, server in self._servers.items()}
        first = self._servers[subjects[0].name]
        size = len(ask(first.target.port, next(self._requests[subjects[0].name])))
        calls = itertools.islice(row.calls(first.hashes), _BARE_REQUESTS)
        self._bare = itertools.cycle([call.render(f"/{size}") for call in calls])

    def measure(self, results: Results, bare: Target, seconds: float) -> None:
        label = self._row.label
        with on_cores(GENERATOR_CORES):
            results.add(label, BARE, drive(bare, self._bare, seconds=seconds))
            for name, server in self._servers.items():
                results.add(label, name, drive(server.target, self._requests[name], seconds=seconds))
        if self._row.statements is None:
            return
        for subject in self._subjects:
            if subject.raw is not None:
                with on_cores(SERVER_CORES):
                    sample = subject.raw.measure(self._row.statements, seconds=seconds)
                results.add(label, raw_name(subject.name), sample)


def _server(row: Row, subject: Subject) -> Server:
    return subject.writes if row.changes else subject.reads


def _requests(row: Row, server: Server) -> Iterator[bytes]:
    calls = row.calls(server.hashes)
    if row.changes:
        return (call.render() for call in calls)
    # Rows that repeat themselves are rendered once: the generator must not be the limit.
    return itertools.cycle([call.render() for call in itertools.islice(calls, max(100, len(server.hashes)))])
