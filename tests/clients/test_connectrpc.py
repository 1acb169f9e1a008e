"""connectrpc's generated Python clients, sync and async, over Connect, gRPC-Web and gRPC; server-sent events."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from connectrpc.code import Code
from connectrpc.codec import Codec
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.errors import ConnectError
from connectrpc.protocol import ProtocolType
from pyqwest import Client, HTTPTransport, HTTPVersion

from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.collector.v1.collector_connect import CollectorServiceClient, CollectorServiceClientSync
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.pipeline.v1.pipeline_connect import PipelineServiceClient, PipelineServiceClientSync
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2
from quarterdeck.gen.quarterdeck.fleet.v1.fleet_connect import FleetServiceClient, FleetServiceClientSync
from tests.running_server import RunningServer

_CONTENTS = 'prometheus.exporter.self "connectrpc" { }\n'

_PROTOCOLS = [
    pytest.param((ProtocolType.CONNECT, google_protobuf_json_codec), id="connect-json"),
    pytest.param((ProtocolType.CONNECT, google_protobuf_binary_codec), id="connect-proto"),
    pytest.param((ProtocolType.GRPC_WEB, google_protobuf_json_codec), id="grpc-web-json"),
    pytest.param((ProtocolType.GRPC_WEB, google_protobuf_binary_codec), id="grpc-web-proto"),
]


@pytest.fixture(params=_PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Arguments for a client's constructor."""
    kind, codec = request.param
    made: Codec = codec()
    return {"protocol": kind, "codec": made}


@pytest.fixture
def headers(server: RunningServer) -> dict[str, str]:
    return {"authorization": f"Bearer {server.token}"}


def _unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex}"


def _create(name: str, **fields: Any) -> pipeline_pb2.CreatePipelineRequest:
    pipeline = pipeline_pb2.Pipeline(name=name, contents=_CONTENTS, matchers=["a=b"], **fields)
    return pipeline_pb2.CreatePipelineRequest(pipeline=pipeline)


def test_sync_unary(server: RunningServer, protocol: dict[str, Any], headers: dict[str, str]) -> None:
    client = PipelineServiceClientSync(server.http_url, **protocol)
    name = _unique("sync")
    created = client.create_pipeline(_create(name), headers=headers)
    stored = client.get_pipeline(pipeline_pb2.GetPipelineRequest(id=created.id), headers=headers)
    assert (stored.name, stored.contents, list(stored.matchers)) == (name, _CONTENTS, ['a="b"'])
    client.delete_pipeline(pipeline_pb2.DeletePipelineRequest(id=created.id), headers=headers)

    with pytest.raises(ConnectError) as gone:
        client.get_pipeline(pipeline_pb2.GetPipelineRequest(id=created.id), headers=headers)
    assert gone.value.code is Code.NOT_FOUND
    with pytest.raises(ConnectError) as unauthenticated:
        client.list_pipelines(pipeline_pb2.ListPipelinesRequest(), headers={"authorization": "Bearer wrong"})
    assert unauthenticated.value.code is Code.UNAUTHENTICATED


async def test_async_unary(server: RunningServer, protocol: dict[str, Any], headers: dict[str, str]) -> None:
    client = PipelineServiceClient(server.http_url, **protocol)
    names = [_unique("async") for _ in range(20)]
    created = await asyncio.gather(*(client.create_pipeline(_create(name), headers=headers) for name in names))
    assert len({pipeline.id for pipeline in created}) == len(names)
    ids = [pipeline.id for pipeline in created]
    await client.bulk_delete_pipelines(pipeline_pb2.BulkDeletePipelinesRequest(ids=ids), headers=headers)

    with pytest.raises(ConnectError) as gone:
        await client.get_pipeline(pipeline_pb2.GetPipelineRequest(id=ids[0]), headers=headers)
    assert gone.value.code is Code.NOT_FOUND


def test_errors_carry_details(server: RunningServer, protocol: dict[str, Any], headers: dict[str, str]) -> None:
    client = PipelineServiceClientSync(server.http_url, **protocol)
    request = _create(_unique("details"))
    request.pipeline.matchers.append("a==")
    with pytest.raises(ConnectError) as refused:
        client.create_pipeline(request, headers=headers)

    assert refused.value.code is Code.INVALID_ARGUMENT
    assert "google.rpc.BadRequest" in [detail.type_name for detail in refused.value.details]


def test_connect_get(server: RunningServer, headers: dict[str, str]) -> None:
    for codec in (google_protobuf_json_codec(), google_protobuf_binary_codec()):
        client = CollectorServiceClientSync(server.http_url, codec=codec)
        request = collector_pb2.GetConfigRequest(id=_unique("get"), local_attributes={"collector.os": "linux"})
        first = client.get_config(request, headers=headers, use_get=True)
        assert first.content
        request.hash = first.hash
        assert client.get_config(request, headers=headers, use_get=True).not_modified


def test_sync_stream(server: RunningServer, protocol: dict[str, Any], headers: dict[str, str]) -> None:
    fleet = FleetServiceClientSync(server.http_url, **protocol)
    collectors = CollectorServiceClientSync(server.http_url, **protocol)
    collector = _unique("sync-watch")
    stream = fleet.watch_fleet(fleet_pb2.WatchFleetRequest(), headers=headers, timeout_ms=20_000)
    assert next(stream).kind == "watch.started"
    collectors.create_collector(
        collector_pb2.CreateCollectorRequest(collector=collector_pb2.Collector(id=collector)), headers=headers
    )

    ours = next(message for message in stream if message.stream == f"collector:{collector}")
    assert (ours.kind, ours.sequence) == ("collector.created", 1)


async def test_async_stream(server: RunningServer, protocol: dict[str, Any], headers: dict[str, str]) -> None:
    fleet = FleetServiceClient(server.http_url, **protocol)
    collectors = CollectorServiceClient(server.http_url, **protocol)
    collector = _unique("async-watch")
    kinds: list[str] = []
    async for message in fleet.watch_fleet(fleet_pb2.WatchFleetRequest(), headers=headers, timeout_ms=20_000):
        if not kinds:
            request = collector_pb2.CreateCollectorRequest(collector=collector_pb2.Collector(id=collector))
            await collectors.create_collector(request, headers=headers)
            kinds.append(message.kind)
        elif message.stream == f"collector:{collector}":
            kinds.append(message.kind)
            break

    assert kinds == ["watch.started", "collector.created"]


async def test_grpc_client_of_connectrpc(server: RunningServer, headers: dict[str, str]) -> None:
    # Without TLS the HTTP client must be told that the server speaks HTTP/2.
    http2 = Client(HTTPTransport(http_version=HTTPVersion.HTTP2))
    client = PipelineServiceClient(f"http://{server.grpc_target}", protocol=ProtocolType.GRPC, http_client=http2)
    created = await client.create_pipeline(_create(_unique("grpc")), headers=headers)

    await client.delete_pipeline(pipeline_pb2.DeletePipelineRequest(id=created.id), headers=headers)
    with pytest.raises(ConnectError) as gone:
        await client.get_pipeline(pipeline_pb2.GetPipelineRequest(id=created.id), headers=headers)
    assert gone.value.code is Code.NOT_FOUND


def _events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Server-sent events as a browser reads them: comments dropped, fields joined, one dictionary per blank line."""
    event: dict[str, str] = {}
    for line in lines:
        if not line:
            if event:
                yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            event[name] = f"{event[name]}\n{value}" if name in event else value


def test_server_sent_events_are_resumed(server: RunningServer, headers: dict[str, str]) -> None:
    collector = _unique("sse")
    url = f"{server.http_url}/api/v1/fleet/events"
    with httpx.Client(headers={**headers, "accept": "text/event-stream"}, timeout=20) as client:
        with client.stream("GET", url) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            events = _events(stream.iter_lines())
            started = next(events)
            assert json.loads(started["data"])["kind"] == "watch.started"
            client.post(f"{server.http_url}/api/v1/collectors", json={"id": collector}).raise_for_status()
            created = next(event for event in events if collector in event["data"])
        client.delete(f"{server.http_url}/api/v1/collectors/{collector}").raise_for_status()
        assert json.loads(created["data"])["id"] == created["id"]
        with client.stream("GET", url, headers={"last-event-id": created["id"]}) as stream:
            missed = next(event for event in _events(stream.iter_lines()) if collector in event["data"])

    assert json.loads(missed["data"])["kind"] == "collector.deleted"


def test_server_sent_events_refuse_with_a_status(server: RunningServer, headers: dict[str, str]) -> None:
    url = f"{server.http_url}/api/v1/fleet/events"
    bad = httpx.get(url, params={"after": "not a position"}, headers=headers)
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_argument")
    stranger = httpx.get(url)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "unauthenticated")


async def test_a_hundred_readers_of_server_sent_events(server: RunningServer, headers: dict[str, str]) -> None:
    collector = _unique("sse-many")
    url = f"{server.http_url}/api/v1/fleet/events"
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(headers=headers, timeout=30, limits=limits) as client:
        ready = asyncio.Barrier(101)

        async def read() -> str:
            async with client.stream("GET", url) as stream:
                lines = stream.aiter_lines()
                await _find(lines, "watch.started")
                await ready.wait()
                return await _find(lines, collector)

        readers = [asyncio.create_task(read()) for _ in range(100)]
        await asyncio.wait_for(ready.wait(), 30)
        (await client.post(f"{server.http_url}/api/v1/collectors", json={"id": collector})).raise_for_status()
        found = await asyncio.wait_for(asyncio.gather(*readers), 30)

    assert all("collector.created" in line for line in found)


async def _find(lines: AsyncIterator[str], text: str) -> str:
    async for line in lines:
        if line.startswith("data:") and text in line:
            return line
    raise AssertionError(f"the stream ended before {text!r}")
