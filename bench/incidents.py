"""The figures of the incident wing: declaring beside a plain insert, getting beside GetPipeline, pages, deliveries."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench import incident_rows
from bench.calls import GET_PIPELINE, PIPELINES, Call, add_pipelines, json
from bench.incident_calls import SERVICES, create_incident, declare, enable_hook, get_incident, query_previews
from bench.load import LoadError, Target, ask, drive
from bench.machine import GENERATOR_CORES, SERVER_CORES, on_cores
from bench.rounds import Results
from bench.servers import Databases, helper, start_server
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import GetPipelineRequest

CREATE = "CreateIncident"
CREATE_TELLING = "CreateIncident, one hook"
GET = "GetIncident"
FIRST_PAGE = f"Previews of {incident_rows.INCIDENTS_MADE:,}, page 1"
LATE_PAGE = f"Previews of {incident_rows.INCIDENTS_MADE:,}, page {incident_rows.LATE_PAGE:,}"
PLAIN = "plain insert"
PIPELINE = "GetPipeline"
DELIVERIES = {1: "webhooks, one hook", 8: "webhooks, eight hooks"}

_GOTTEN = 100
"""Incidents that are asked for in turn."""
_DECLARING = 2.0
"""Seconds, divided by the number of hooks, in which incidents are declared that hooks are told of."""
_PATIENCE = 60.0
"""Seconds until all deliveries must have come."""


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """Load by row and database; deliveries per second by row and database."""

    results: Results
    deliveries: dict[tuple[str, str], float]


def measure(databases: Sequence[Databases], folder: Path, *, rounds: int, seconds: float) -> IncidentFigures:
    """Everything, on servers of its own."""
    figures = IncidentFigures(Results(), {})
    for each in databases:
        _measure_reads(figures.results, each, folder, rounds=rounds, seconds=seconds)
    sqlite = next(each for each in databases if each.name == "SQLite")
    _measure_declaring(figures.results, sqlite, folder, rounds=rounds, seconds=seconds)
    for each, (hooks, label) in itertools.product(databases, DELIVERIES.items()):
        figures.deliveries[label, each.name] = _deliveries_per_second(each, folder, hooks)
    return figures


# --- reads -----------------------------------------------------------------------------------------------------------


def _measure_reads(results: Results, databases: Databases, folder: Path, *, rounds: int, seconds: float) -> None:
    with _filled(databases, folder) as target:
        _check_late_page(target.port)
        pipelines = [json(GET_PIPELINE, GetPipelineRequest(id=str(number + 1))) for number in range(PIPELINES)]
        incidents = [get_incident(incident_rows.FIRST + number) for number in range(_GOTTEN)]
        rows = [
            (PIPELINE, _cycle(pipelines), 16),
            (GET, _cycle(incidents), 16),
            (FIRST_PAGE, _cycle([query_previews()]), 1),
            (LATE_PAGE, _cycle([query_previews(incident_rows.late_cursor())]), 1),
        ]
        for _, (label, requests, connections) in itertools.product(range(rounds), rows):
            with on_cores(GENERATOR_CORES):
                # A single connection gets fewer answers, and a p99 needs a hundred of them.
                stretch = seconds if connections > 1 else seconds * 4
                sample = drive(target, requests, seconds=stretch, connections=connections)
            results.add(label, databases.name, sample)


@contextmanager
def _filled(databases: Databases, folder: Path) -> Iterator[Target]:
    """A server with pipelines and a hundred thousand incidents."""
    url = databases.create()
    with start_server(url, folder) as target:
        add_pipelines(target.port)
        for service in SERVICES:
            declare(target.port, service)
    incident_rows.add_incidents(url)
    with start_server(url, folder) as target:
        yield target


def _check_late_page(port: int) -> None:
    answer = orjson.loads(ask(port, query_previews(incident_rows.late_cursor()).render()))
    first = answer["incidentPreviews"][0]["incidentID"]
    if first != str(incident_rows.late_incident()):
        raise LoadError(f"{LATE_PAGE} begins with incident {first}, not {incident_rows.late_incident()}")


# --- declaring -------------------------------------------------------------------------------------------------------


def _measure_declaring(results: Results, databases: Databases, folder: Path, *, rounds: int, seconds: float) -> None:
    with ExitStack() as stack:
        plain = stack.enter_context(helper("bench.plain_insert", str(folder / "plain.db"), cores=SERVER_CORES))
        silent = stack.enter_context(helper("bench.receiver", cores=GENERATOR_CORES))
        servers = {
            label: stack.enter_context(start_server(databases.create(), folder)) for label in (CREATE, CREATE_TELLING)
        }
        # Its one delivery under way holds back the others, so that only declaring is measured.
        ask(servers[CREATE_TELLING].port, enable_hook(f"http://127.0.0.1:{silent.port}/silent").render())
        size = len(ask(servers[CREATE].port, create_incident().render()))
        bare = itertools.repeat(create_incident().render(f"/{size}"))
        declaring = itertools.repeat(create_incident().render())
        for _, (label, server) in itertools.product(range(rounds), servers.items()):
            with on_cores(GENERATOR_CORES):
                results.add(label, PLAIN, drive(plain, bare, seconds=seconds))
                results.add(label, databases.name, drive(server, declaring, seconds=seconds))


# --- deliveries ------------------------------------------------------------------------------------------------------


def _deliveries_per_second(databases: Databases, folder: Path, hooks: int) -> float:
    """Of what is left to deliver when the last incident has been declared: the server does nothing else by then."""
    with ExitStack() as stack:
        server = stack.enter_context(start_server(databases.create(), folder))
        receiver = stack.enter_context(helper("bench.receiver", cores=GENERATOR_CORES))
        for _ in range(hooks):
            ask(server.port, enable_hook(f"http://127.0.0.1:{receiver.port}/").render())
        with on_cores(GENERATOR_CORES):
            drive(server, itertools.repeat(create_incident().render()), seconds=_DECLARING / hooks)
        return _rate(receiver.port, declare(server.port) * hooks)


def _rate(port: int, expected: int) -> float:
    began, before = time.monotonic(), _seen(port)["count"]
    while (seen := _seen(port))["count"] < expected:
        if time.monotonic() > began + _PATIENCE:
            raise LoadError(f"{seen['count']:.0f} of {expected} deliveries came within {_PATIENCE:g} s")
        time.sleep(0.1)
    return (expected - before) / (seen["last"] - began)


def _seen(port: int) -> dict[str, float]:
    """How many deliveries came, and when the last one did, by the clock of this machine."""
    found: dict[str, float] = orjson.loads(ask(port, b"GET /seen HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"))
    return found


def _cycle(calls: Sequence[Call]) -> Iterator[bytes]:
    return itertools.cycle([each.render() for each in calls])
