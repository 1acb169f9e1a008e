"""One scenario over every protocol, with one expectation per step, on both databases."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.message import Message

from quarterdeck.gen.collector.v1 import collector_pb2 as collector
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as pipeline
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fleet
from quarterdeck.gen.tenant.v1 import tenant_pb2 as tenant
from quarterdeck.wire.errors import HTTP_STATUS, Code
from tests.protocols.callers import ALL, CONNECT_JSON, STREAMS, UNARY, Caller, Reply
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer

CONTENTS = 'prometheus.scrape "default" {\n\ttargets    = []\n\tforward_to = []\n}\n// café\n'
PIPELINES, COLLECTORS = "pipeline.v1.PipelineService", "collector.v1.CollectorService"
FLEET = "quarterdeck.fleet.v1.FleetService"
_numbers = itertools.count(1)


@dataclass
class World:
    """Names and ids of one run, so that runs share a server."""

    name: str
    tokens: dict[str, str]
    pipeline_id: str = ""
    hash: str = ""
    revision_id: str = ""
    last_event: str = ""
    seen: list[str] = field(default_factory=list)

    @property
    def matcher(self) -> str:
        return f"run={self.name}"

    def draft(self, **fields: Any) -> pipeline.Pipeline:
        return pipeline.Pipeline(**{"name": self.name, "contents": CONTENTS, "matchers": [self.matcher], **fields})

    def poll(self, **fields: Any) -> collector.GetConfigRequest:
        return collector.GetConfigRequest(id=self.name, local_attributes={"run": self.name}, **fields)


@dataclass(frozen=True)
class Step:
    """One call: who makes it, what is asked, and what must come back."""

    method: str
    request: Callable[[World], Message]
    check: Callable[[World, Any], object] = lambda _world, _message: True
    outcome: tuple[str, str] = ("ok", "")
    role: str = "editor"
    take: int = 1000


def _keep_id(world: World, message: Any) -> bool:
    world.pipeline_id = message.id
    return bool(message.id) and message.contents == CONTENTS and message.matchers == [f'run="{world.name}"']


def _keep_hash(world: World, message: Any) -> bool:
    world.hash = message.hash
    return "prometheus.scrape" in message.content and not message.not_modified


def _keep_revision(world: World, message: Any) -> bool:
    operations = [each.operation for each in message.pipeline_revisions]
    world.revision_id = message.pipeline_revisions[-1].revision_id
    return operations == [pipeline.PipelineRevision.INSERT, pipeline.PipelineRevision.UPDATE]


SCENARIO = (
    Step("tenant.v1.TenantService/GetLimits", lambda w: tenant.GetLimitsRequest(), role="viewer"),
    Step(f"{PIPELINES}/CreatePipeline", lambda w: pipeline.CreatePipelineRequest(pipeline=w.draft(id="99")), _keep_id),
    Step(
        f"{PIPELINES}/GetPipeline",
        lambda w: pipeline.GetPipelineRequest(id=w.pipeline_id),
        lambda w, m: (m.name, m.contents, m.enabled, m.HasField("created_at")) == (w.name, CONTENTS, True, True),
        role="viewer",
    ),
    Step(
        f"{PIPELINES}/CreatePipeline",
        lambda w: pipeline.CreatePipelineRequest(pipeline=w.draft()),
        outcome=("already_exists", "PIPELINE_NAME_TAKEN"),
    ),
    Step(
        f"{PIPELINES}/CreatePipeline",
        lambda w: pipeline.CreatePipelineRequest(pipeline=w.draft()),
        outcome=("permission_denied", "ROLE_TOO_LOW"),
        role="viewer",
    ),
    Step(
        f"{PIPELINES}/CreatePipeline",
        lambda w: pipeline.CreatePipelineRequest(pipeline=w.draft()),
        outcome=("unauthenticated", "CREDENTIALS_MISSING"),
        role="",
    ),
    Step(
        f"{PIPELINES}/CreatePipeline",
        lambda w: pipeline.CreatePipelineRequest(pipeline=w.draft(name=f"{w.name}-broken", contents="a {")),
        outcome=("invalid_argument", "CONTENTS_INVALID"),
    ),
    Step(
        f"{PIPELINES}/CreatePipeline",
        lambda w: pipeline.CreatePipelineRequest(pipeline=w.draft(name=f"{w.name}-broken", matchers=["a=~("])),
        outcome=("invalid_argument", "MATCHER_INVALID"),
    ),
    Step(
        f"{PIPELINES}/GetPipeline",
        lambda w: pipeline.GetPipelineRequest(id="999999999"),
        outcome=("not_found", "PIPELINE_NOT_FOUND"),
        role="viewer",
    ),
    Step(
        f"{PIPELINES}/GetPipelineID",
        lambda w: pipeline.GetPipelineIDRequest(name=w.name),
        lambda w, m: m.id == w.pipeline_id,
        role="viewer",
    ),
    Step(
        f"{PIPELINES}/UpdatePipeline",
        lambda w: pipeline.UpdatePipelineRequest(pipeline=w.draft(id=w.pipeline_id, contents=CONTENTS * 2)),
        outcome=("invalid_argument", "CONTENTS_INVALID"),
    ),
    Step(
        f"{PIPELINES}/UpdatePipeline",
        lambda w: pipeline.UpdatePipelineRequest(pipeline=w.draft(id=w.pipeline_id, contents=f"{CONTENTS}// 2\n")),
        lambda w, m: m.contents.endswith("// 2\n"),
    ),
    Step(
        f"{PIPELINES}/ListPipelineRevisions",
        lambda w: pipeline.ListPipelineRevisionsRequest(id=w.pipeline_id),
        _keep_revision,
        role="viewer",
    ),
    Step(
        f"{PIPELINES}/GetPipelineRevision",
        lambda w: pipeline.GetPipelineRevisionRequest(revision_id=w.revision_id),
        lambda w, m: m.snapshot.contents.endswith("// 2\n"),
        role="viewer",
    ),
    Step(
        f"{PIPELINES}/ListPipelines",
        lambda w: pipeline.ListPipelinesRequest(local_attributes={"run": w.name}, enabled=True),
        lambda w, m: [each.id for each in m.pipelines] == [w.pipeline_id],
        role="viewer",
    ),
    Step(
        f"{COLLECTORS}/RegisterCollector",
        lambda w: collector.RegisterCollectorRequest(id=w.name, local_attributes={"run": w.name}, name="café"),
        role="collector",
    ),
    Step(f"{COLLECTORS}/GetConfig", lambda w: w.poll(), _keep_hash, role="collector"),
    Step(
        f"{COLLECTORS}/GetConfig",
        lambda w: w.poll(hash=w.hash),
        lambda w, m: (m.not_modified, m.content) == (True, ""),
        role="collector",
    ),
    Step(
        f"{COLLECTORS}/GetConfig",
        lambda w: collector.GetConfigRequest(),
        outcome=("invalid_argument", "FIELD_INVALID"),
        role="collector",
    ),
    Step(
        f"{COLLECTORS}/UpdateCollector",
        lambda w: collector.UpdateCollectorRequest(
            collector=collector.Collector(id=w.name, remote_attributes={"a.b": "c d"}, enabled=True)
        ),
        lambda w, m: (dict(m.remote_attributes), m.name) == ({"a.b": "c d"}, "café"),
    ),
    Step(
        f"{COLLECTORS}/ListCollectors",
        lambda w: collector.ListCollectorsRequest(matchers=[w.matcher, 'a.b="c d"']),
        lambda w, m: [each.id for each in m.collectors] == [w.name],
        role="viewer",
    ),
    Step(
        f"{COLLECTORS}/GetCollector",
        lambda w: collector.GetCollectorRequest(id=f"{w.name}/../x?y#z"),
        outcome=("not_found", "COLLECTOR_NOT_FOUND"),
        role="viewer",
    ),
    Step(
        f"{FLEET}/GetCollectorStatus",
        lambda w: fleet.GetCollectorStatusRequest(id=w.name),
        lambda w, m: (m.status.collector_id, m.status.served_hash) == (w.name, w.hash),
        role="viewer",
    ),
    Step(
        f"{FLEET}/GetCollectorConfig",
        lambda w: fleet.GetCollectorConfigRequest(id=w.name),
        lambda w, m: b"prometheus.scrape" in m.data and m.content_type.startswith("text/plain"),
        role="viewer",
    ),
    Step(
        f"{FLEET}/PreviewConfig",
        lambda w: fleet.PreviewConfigRequest(id="nobody", local_attributes={"run": w.name}),
        lambda w, m: [each.name for each in m.pipelines] == [w.name],
        role="viewer",
    ),
    Step(
        f"{FLEET}/WatchFleet",
        lambda w: fleet.WatchFleetRequest(after="0"),
        lambda w, m: m.id and m.at.seconds > 0 and m.kind,
        role="viewer",
        take=2,
    ),
    Step(
        f"{FLEET}/WatchFleet",
        lambda w: fleet.WatchFleetRequest(after="x" * 65),
        outcome=("invalid_argument", "FIELD_INVALID"),
        role="viewer",
    ),
    Step(f"{COLLECTORS}/UnregisterCollector", lambda w: collector.UnregisterCollectorRequest(id=w.name)),
    Step(f"{COLLECTORS}/DeleteCollector", lambda w: collector.DeleteCollectorRequest(id=w.name)),
    Step(
        f"{COLLECTORS}/DeleteCollector",
        lambda w: collector.DeleteCollectorRequest(id=w.name),
        outcome=("not_found", "COLLECTOR_NOT_FOUND"),
    ),
    Step(f"{PIPELINES}/DeletePipeline", lambda w: pipeline.DeletePipelineRequest(id=w.pipeline_id)),
    Step(
        f"{PIPELINES}/DeletePipeline",
        lambda w: pipeline.DeletePipelineRequest(id=w.pipeline_id),
        outcome=("not_found", "PIPELINE_NOT_FOUND"),
    ),
)

COVERED = tuple(dict.fromkeys((*UNARY, *STREAMS)))


@pytest.mark.parametrize("caller", COVERED, ids=lambda caller: caller.name)
async def test_a_day_in_the_life_of_a_fleet(live_either: LiveServer, caller: Caller):
    world = await _world(live_either)
    carried = 0
    for step in SCENARIO:
        method = live_either.method(step.method)
        used = caller if caller.carries(method) else _other(method)
        carried += used is caller
        reply = await used.call(live_either, method, step.request(world), world.tokens[step.role], take=step.take)
        assert reply.outcome == step.outcome, (step.method, used.name, reply)
        _check_error_headers(used, reply)
        if reply.code == "ok":
            assert all(step.check(world, message) for message in reply.messages), (step.method, used.name, reply)
    assert carried


async def _world(server: LiveServer) -> World:
    name = f"run{next(_numbers)}"
    tokens = {role: await server.new_token(f"{name}-{role}", role) for role in ("collector", "viewer", "editor")}
    return World(name, {**tokens, "admin": ADMIN_TOKEN, "": ""})


def _other(method: Any) -> Caller:
    return STREAMS[0] if method.streams else CONNECT_JSON


def _check_error_headers(caller: Caller, reply: Reply) -> None:
    if caller.name != "gRPC" or reply.code != "ok":
        assert len(reply.headers["x-request-id"]) == 32
    if reply.status not in (0, 200):
        assert reply.status == HTTP_STATUS[Code(reply.code)]
        assert ("www-authenticate" in reply.headers) == (reply.status == 401)


def test_the_scenario_meets_every_protocol():
    assert {each.name for each in COVERED} == {each.name for each in ALL}
