"""grpcio with generated stubs: long-lived channels, streams, deadlines, health and reflection."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from quarterdeck.gen.collector.v1 import collector_pb2, collector_pb2_grpc
from quarterdeck.gen.pipeline.v1 import pipeline_pb2, pipeline_pb2_grpc
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2, fleet_pb2_grpc
from tests.running_server import RunningServer

_CONTENTS = 'prometheus.exporter.self "grpcio" { }\n'
_CALLS = 10_000


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.grpc_target) as opened:
        yield opened


@pytest_asyncio.fixture
async def aio_channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(server.grpc_target) as opened:
        yield opened


@pytest.fixture
def metadata(server: RunningServer) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {server.token}"),)


def _stub(stub: Any, channel: Any) -> Any:
    """The generated stubs are not typed."""
    return stub(channel)


def _unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex}"


def test_ten_thousand_calls_on_one_channel(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
    states: list[grpc.ChannelConnectivity] = []
    channel.subscribe(states.append)
    pipelines = _stub(pipeline_pb2_grpc.PipelineServiceStub, channel)
    collectors = _stub(collector_pb2_grpc.CollectorServiceStub, channel)
    pipeline = pipeline_pb2.Pipeline(name=_unique("many"), contents=_CONTENTS)
    created = pipelines.CreatePipeline(pipeline_pb2.CreatePipelineRequest(pipeline=pipeline), metadata=metadata)
    poll = collector_pb2.GetConfigRequest(id=_unique("poller"), local_attributes={"collector.os": "linux"})
    for number in range(_CALLS):
        if number % 10:
            answer = collectors.GetConfig(poll, metadata=metadata)
            assert answer.content or answer.not_modified
            poll.hash = answer.hash
        else:
            read = pipelines.GetPipeline(pipeline_pb2.GetPipelineRequest(id=created.id), metadata=metadata)
            assert read.contents == _CONTENTS

    assert grpc.ChannelConnectivity.TRANSIENT_FAILURE not in states
    # One connection all along: it became ready once.
    assert states.count(grpc.ChannelConnectivity.READY) == 1


async def test_ten_thousand_calls_side_by_side(
    aio_channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]
) -> None:
    collectors = _stub(collector_pb2_grpc.CollectorServiceStub, aio_channel)
    numbers = iter(range(_CALLS))

    async def poll() -> int:
        done = 0
        for number in numbers:
            request = collector_pb2.GetConfigRequest(
                id=f"aio-{number % 500}", local_attributes={"collector.os": "linux"}
            )
            answer = await collectors.GetConfig(request, metadata=metadata)
            assert answer.content
            done += 1
        return done

    assert sum(await asyncio.gather(*(poll() for _ in range(64)))) == _CALLS


def test_errors_carry_their_code_and_their_details(
    channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]
) -> None:
    pipelines = _stub(pipeline_pb2_grpc.PipelineServiceStub, channel)
    bad = pipeline_pb2.Pipeline(name=_unique("bad"), contents=_CONTENTS, matchers=["a=="])
    with pytest.raises(grpc.RpcError) as refused:
        pipelines.CreatePipeline(pipeline_pb2.CreatePipelineRequest(pipeline=bad), metadata=metadata)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailers: dict[str, Any] = dict(refused.value.trailing_metadata())  # type: ignore[arg-type]
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    assert status.message == refused.value.details()
    violations = error_details_pb2.BadRequest()
    assert any(detail.Unpack(violations) for detail in status.details)
    assert "matchers" in violations.field_violations[0].field

    with pytest.raises(grpc.RpcError) as missing:
        pipelines.GetPipeline(pipeline_pb2.GetPipelineRequest(id="999999999"), metadata=metadata)
    assert missing.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("credentials", [None, "Bearer wrong", "Digest x"])
def test_without_a_valid_token(channel: grpc.Channel, credentials: str | None) -> None:
    metadata = (("authorization", credentials),) if credentials else ()
    with pytest.raises(grpc.RpcError) as unary:
        _stub(pipeline_pb2_grpc.PipelineServiceStub, channel).ListPipelines(
            pipeline_pb2.ListPipelinesRequest(), metadata=metadata
        )
    assert unary.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.RpcError) as stream:
        next(
            _stub(fleet_pb2_grpc.FleetServiceStub, channel).WatchFleet(fleet_pb2.WatchFleetRequest(), metadata=metadata)
        )
    assert stream.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_watch_sees_changes_and_is_resumed(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
    fleet = _stub(fleet_pb2_grpc.FleetServiceStub, channel)
    collectors = _stub(collector_pb2_grpc.CollectorServiceStub, channel)
    collector = _unique("watched")

    def read(after: str, count: int) -> list[fleet_pb2.WatchFleetResponse]:
        stream = fleet.WatchFleet(fleet_pb2.WatchFleetRequest(after=after), metadata=metadata, timeout=20)
        ours = (message for message in stream if message.stream == f"collector:{collector}")
        kept = [next(ours) for _ in range(count)]
        stream.cancel()
        return kept

    watching = fleet.WatchFleet(fleet_pb2.WatchFleetRequest(), metadata=metadata, timeout=20)
    started = next(watching)
    assert started.kind == "watch.started"
    request = collector_pb2.CreateCollectorRequest(collector=collector_pb2.Collector(id=collector))
    collectors.CreateCollector(request, metadata=metadata)
    assert next(message for message in watching if message.stream == f"collector:{collector}").sequence == 1
    watching.cancel()
    collectors.DeleteCollector(collector_pb2.DeleteCollectorRequest(id=collector), metadata=metadata)

    missed = read(started.id, 2)
    assert [message.kind for message in missed] == ["collector.created", "collector.deleted"]
    assert [message.kind for message in read(missed[0].id, 1)] == ["collector.deleted"]


async def _read_all(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:
        pass


async def test_an_aio_watch_ends_with_its_deadline_and_the_channel_goes_on(
    aio_channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]
) -> None:
    fleet = _stub(fleet_pb2_grpc.FleetServiceStub, aio_channel)
    watching = fleet.WatchFleet(fleet_pb2.WatchFleetRequest(), metadata=metadata, timeout=0.5)
    assert (await watching.read()).kind == "watch.started"
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await _read_all(watching)
    assert ended.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    pipelines = _stub(pipeline_pb2_grpc.PipelineServiceStub, aio_channel)
    await pipelines.ListPipelines(pipeline_pb2.ListPipelinesRequest(), metadata=metadata)


def test_health(channel: grpc.Channel) -> None:
    health = _stub(health_pb2_grpc.HealthStub, channel)
    # Probes carry no token.
    for service in ("", "pipeline.v1.PipelineService", "collector.v1.CollectorService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as unknown:
        health.Check(health_pb2.HealthCheckRequest(service="no.such.Service"))
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


def test_reflection_describes_every_service(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
    stub = _stub(reflection_pb2_grpc.ServerReflectionStub, channel)
    ours = ["pipeline.v1.PipelineService", "collector.v1.CollectorService", "quarterdeck.fleet.v1.FleetService"]
    questions = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        *(reflection_pb2.ServerReflectionRequest(file_containing_symbol=name) for name in ours),
    ]
    listed, *files = stub.ServerReflectionInfo(iter(questions), metadata=metadata)

    assert set(ours) <= {service.name for service in listed.list_services_response.service}
    for name, answer in zip(ours, files, strict=True):
        texts = answer.file_descriptor_response.file_descriptor_proto
        described = [descriptor_pb2.FileDescriptorProto.FromString(text) for text in texts]
        assert any(name == f"{file.package}.{service.name}" for file in described for service in file.service)


def test_a_request_over_the_limit(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
    huge = pipeline_pb2.Pipeline(name=_unique("huge"), contents=_CONTENTS + "//" + "x" * (32 << 20))
    with pytest.raises(grpc.RpcError) as refused:
        _stub(pipeline_pb2_grpc.PipelineServiceStub, channel).CreatePipeline(
            pipeline_pb2.CreatePipelineRequest(pipeline=huge), metadata=metadata
        )
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
