"""Hostile and broken calls on the gRPC port: a status of the caller's fault, and the server goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc

from quarterdeck.gen.collector.v1 import collector_pb2
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer
from tests.protocols.test_bad_requests import BAD_PROTO, LIMIT
from tests.protocols.test_every_protocol import COLLECTORS

ECHO = "/testing.v1.EchoService/Echo"
ADMIN = (("authorization", f"Bearer {ADMIN_TOKEN}"),)


@pytest_asyncio.fixture(scope="module")
async def channel(live: LiveServer) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(live.grpc_target) as opened:
        yield opened


async def refused(channel: Any, path: str, body: bytes, **options: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path)(body, **{"metadata": ADMIN, "timeout": 20, **options})
    await channel.unary_unary(ECHO)(b"", metadata=ADMIN, timeout=20)
    return caught.value


@pytest.mark.parametrize("body", BAD_PROTO.values(), ids=BAD_PROTO)
async def test_a_message_that_does_not_parse(channel: Any, body: bytes):
    error = await refused(channel, ECHO, body)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == "the request is not a valid testing.v1.EchoRequest in binary form"


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
async def test_the_limit_of_a_message(live: LiveServer, channel: Any, size: int):
    empty = len(pb.EchoRequest(thing=pb.Thing(data=b"x" * (size - 20))).SerializeToString()) - (size - 20)
    body = pb.EchoRequest(thing=pb.Thing(data=b"x" * (size - empty))).SerializeToString()
    assert len(body) == size
    if size > LIMIT:
        assert (await refused(channel, ECHO, body)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        return
    roomy = [("grpc.max_receive_message_length", 2 * LIMIT)]
    async with grpc.aio.insecure_channel(live.grpc_target, options=roomy) as wide:
        call: Any = wide.unary_unary(ECHO)
        assert len(await call(body, metadata=ADMIN, timeout=20)) > size


async def test_a_compressed_bomb(channel: Any):
    body = pb.EchoRequest(thing=pb.Thing(data=bytes(100 * 1024 * 1024))).SerializeToString()
    error = await refused(channel, ECHO, body, compression=grpc.Compression.Gzip)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((("authorization", "Bearer " + "x" * 6000),), id="a long token"),
        pytest.param((("authorization", "Basic !!!"),), id="no base64"),
        pytest.param((("authorization-bin", b"\xff"),), id="binary metadata"),
        pytest.param((("x-api-key", ""),), id="an empty key"),
    ],
)
async def test_credentials_that_are_none(channel: Any, metadata: Any):
    error = await refused(channel, ECHO, b"", metadata=metadata)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "xxxx" not in (error.details() or "")


@pytest.mark.parametrize("path", ["/x", "//", "/a/b/c", "/pipeline.v1.PipelineService/", "/../../etc/passwd"])
async def test_a_method_of_nobody(channel: Any, path: str):
    assert (await refused(channel, path, b"")).code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("key", ["k", "\u00e9"])
async def test_an_error_of_many_words_still_arrives(channel: Any, key: str):
    """Statuses travel in headers, for which gRPC clients have little room: 8 KiB unless told otherwise."""
    attributes = {f"{key * 3000}{number}": key * 5000 for number in range(30)}
    collector = collector_pb2.Collector(id="wordy", remote_attributes=attributes)
    request = collector_pb2.CreateCollectorRequest(collector=collector)
    error = await refused(channel, f"/{COLLECTORS}/CreateCollector", request.SerializeToString())
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, error.details()
    assert "at most 100 are accepted" in (error.details() or "")
    status = Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    assert status.details[0].type_url.endswith("google.rpc.ErrorInfo")


async def test_every_service_is_healthy(live: LiveServer, channel: Any):
    stub: Any = health_pb2_grpc.HealthStub
    check = stub(channel).Check
    for name in ("", *(service.name for service in live.services)):
        answer = await check(health_pb2.HealthCheckRequest(service=name), timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
