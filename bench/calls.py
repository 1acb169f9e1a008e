"""The calls that are measured, and the fleet they are made to: 100 pipelines, 200 collectors that poll."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from google.protobuf.message import Message

from bench.load import ask
from quarterdeck.gen.collector.v1.collector_pb2 import GetConfigRequest, GetConfigResponse, RegisterCollectorRequest
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import (
    CreatePipelineRequest,
    GetPipelineRequest,
    ListPipelinesRequest,
    Pipeline,
)
from quarterdeck.wire.dialects import protojson

TOKEN = "qd_3eor3r2dlq06kwrrZPTY2z2DWYyHgakcOpawDJFdcg01OjjDh"
"""In the form of tokens that the server makes: recognising one is part of every call."""
PIPELINES = 100
COLLECTORS = 200
ATTRIBUTES = 20

Statements = Literal["select", "insert"]
_COMPONENT = """prometheus.scrape "node_{number}" {{
  targets         = [{{"__address__" = "localhost:91{number:02}", "service" = "node"}}]
  forward_to      = [prometheus.remote_write.central.receiver]
  scrape_interval = "30s"
}}
"""
_CENTRAL = 'prometheus.remote_write "central" {\n  endpoint {\n    url = "http://mimir:9009/api/v1/push"\n  }\n}\n'
CONTENTS = _CENTRAL + "".join(_COMPONENT.format(number=number) for number in range(8))
"""About 1.6 KiB of Alloy, as pipelines usually are."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, but for the server it goes to."""

    path: str
    content_type: str
    body: bytes
    query: str = ""

    def render(self, path: str | None = None) -> bytes:
        """Its bytes; with another path for the bare server, all else equal."""
        target = (path or self.path) + (f"?{self.query}" if self.query else "")
        credentials = base64.b64encode(f"collector:{TOKEN}".encode()).decode()
        head = (
            f"{'GET' if self.query else 'POST'} {target} HTTP/1.1\r\n"
            "host: 127.0.0.1\r\n"
            "user-agent: Alloy/v1.12.0 (linux; binary)\r\n"
            f"authorization: Basic {credentials}\r\n"
            "connect-protocol-version: 1\r\n"
        )
        if not self.query:
            head += f"content-type: {self.content_type}\r\ncontent-length: {len(self.body)}\r\n"
        return head.encode() + b"\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `calls` never ends; `hashes` are what the polling collectors have, by number."""

    label: str
    calls: Callable[[tuple[str, ...]], Iterator[Call]]
    statements: Statements | None = None
    """What the raw driver does to compare with."""
    changes: bool = False
    """It changes the fleet, so it has a server of its own."""


def proto(path: str, message: Message) -> Call:
    """A Connect POST in binary form."""
    return Call(path, "application/proto", message.SerializeToString())


def json(path: str, message: Message) -> Call:
    """A Connect POST in JSON."""
    return Call(path, "application/json", protojson.codec(type(message)).encode(message))


def get(path: str, message: Message) -> Call:
    """A Connect GET in JSON."""
    text = protojson.codec(type(message)).encode(message).decode()
    return Call(path, "", b"", f"connect=v1&encoding=json&message={quote(text, safe='')}")


def pipeline(number: int | str) -> Pipeline:
    """A pipeline for one team's collectors. Every one has contents of its own, as real ones do."""
    return Pipeline(
        name=f"bench-{number}",
        contents=f"// pipeline {number}\n{CONTENTS}",
        matchers=[f'team="team-{number}"', 'os=~"linux|windows"'],
    )


GET_CONFIG = "/collector.v1.CollectorService/GetConfig"
REGISTER = "/collector.v1.CollectorService/RegisterCollector"
GET_PIPELINE = "/pipeline.v1.PipelineService/GetPipeline"
LIST_PIPELINES = "/pipeline.v1.PipelineService/ListPipelines"
CREATE_PIPELINE = "/pipeline.v1.PipelineService/CreatePipeline"


def _attributes(number: int) -> dict[str, str]:
    fixed = {"os": "linux", "team": f"team-{number % PIPELINES}", "collector.version": "v1.12.0"}
    return fixed | {f"attribute_{n:02}": f"value {n} of {number}" for n in range(ATTRIBUTES - len(fixed))}


def poll(number: int, config_hash: str) -> GetConfigRequest:
    """A collector's poll."""
    return GetConfigRequest(id=f"collector-{number:05}", local_attributes=_attributes(number), hash=config_hash)


def register(number: int) -> RegisterCollectorRequest:
    """What a collector says first."""
    return RegisterCollectorRequest(
        id=f"collector-{number:05}", name=f"host {number}", local_attributes=_attributes(number)
    )


def _polls(make: Callable[[str, Message], Call]) -> Callable[[tuple[str, ...]], Iterator[Call]]:
    return lambda hashes: itertools.cycle([make(GET_CONFIG, poll(n, known)) for n, known in enumerate(hashes)])


def _registrations(hashes: tuple[str, ...]) -> Iterator[Call]:
    return itertools.cycle([json(REGISTER, register(number)) for number in range(len(hashes))])


def _gets(make: Callable[[str, Message], Call]) -> Callable[[tuple[str, ...]], Iterator[Call]]:
    requests = [GetPipelineRequest(id=str(number + 1)) for number in range(PIPELINES)]
    return lambda _: itertools.cycle([make(GET_PIPELINE, request) for request in requests])


_created = itertools.count()


def _creates(_: tuple[str, ...]) -> Iterator[Call]:
    for number in _created:
        yield json(CREATE_PIPELINE, CreatePipelineRequest(pipeline=pipeline(f"new-{number:07}")))


ROWS = (
    Row("GetConfig unchanged, POST proto", _polls(proto)),
    Row("GetConfig unchanged, POST JSON", _polls(json)),
    Row("GetConfig unchanged, GET JSON", _polls(get)),
    Row("RegisterCollector, known", _registrations),
    Row("GetPipeline, JSON", _gets(json), "select"),
    Row("GetPipeline, proto", _gets(proto), "select"),
    Row("CreatePipeline, JSON", _creates, "insert", changes=True),
    Row("ListPipelines (100), JSON", lambda _: itertools.repeat(json(LIST_PIPELINES, ListPipelinesRequest()))),
)


def add_pipelines(port: int) -> None:
    """Give a new server its pipelines. Raises LoadError."""
    for number in range(PIPELINES):
        ask(port, proto(CREATE_PIPELINE, CreatePipelineRequest(pipeline=pipeline(number))).render())


def add_collectors(port: int, count: int) -> tuple[str, ...]:
    """Let collectors register and poll; returns the hash that each of them got. Raises LoadError."""
    hashes = []
    for number in range(count):
        ask(port, proto(REGISTER, register(number)).render())
        answer = ask(port, proto(GET_CONFIG, poll(number, "")).render())
        hashes.append(GetConfigResponse.FromString(answer).hash)
    return tuple(hashes)
