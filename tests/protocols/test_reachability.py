"""A walk over the descriptors: every RPC is there on every protocol that can carry it, with no hand-written route."""

from __future__ import annotations

import re
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message

from quarterdeck.identity.call import Role
from quarterdeck.wire.method import Method
from tests.protocols.callers import ALL, Caller
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer, bearer


def carried(server: LiveServer, caller: Caller) -> list[Method]:
    """What the protocol should carry. REST in another dialect than protojson is in tests/wire/test_mounts.py."""
    methods = []
    for service in server.services:
        if caller.name not in {"REST", "SSE"} or service.dialect == "protojson":
            methods += [method for method in service.methods if caller.carries(method)]
    return methods


def smallest(method: Method) -> Message:
    """A request with nothing but what its REST path needs."""
    request = method.request_class()
    for template in [binding.template for binding in method.bindings[:1]]:
        for path in re.findall(r"\{([\w.]+)", template):
            *parents, name = path.split(".")
            target: Any = request
            for parent in parents:
                target = getattr(target, parent)
            if isinstance(getattr(target, name), str):
                setattr(target, name, "x")
    return request


@pytest.mark.parametrize("caller", ALL, ids=lambda caller: caller.name)
async def test_every_rpc_is_reachable(live: LiveServer, caller: Caller):
    reached = 0
    for method in carried(live, caller):
        # Nobody may do anything: the answer is about credentials, so the method was found, and nothing was changed.
        stranger = await caller.call(live, method, smallest(method), "", take=1)
        assert stranger.outcome == ("unauthenticated", "CREDENTIALS_MISSING"), (method.path, caller.name, stranger)
        reached += 1
    assert reached >= 2


@pytest.mark.parametrize("caller", ALL, ids=lambda caller: caller.name)
async def test_an_empty_request_never_surprises_a_method(live: LiveServer, caller: Caller):
    for method in carried(live, caller):
        if method.role is Role.ADMIN and not method.no_side_effects:
            continue
        if method.streams and method.service_name != "testing.v1.EchoService":
            continue  # silent until something happens
        reply = await caller.call(live, method, smallest(method), ADMIN_TOKEN, take=1)
        assert reply.code in {"ok", "invalid_argument", "not_found", "unimplemented"}, (method.path, reply)
        if reply.code == "unimplemented":
            assert reply.reason == "METHOD_UNIMPLEMENTED", (method.path, reply)


async def test_connect_get_is_for_methods_without_side_effects_only(live: LiveServer):
    refused, served = set(), set()
    for method in [each for service in live.services for each in service.methods]:
        answer = await live.http.get(f"{method.path}?connect=v1&encoding=json&message=%7B%7D", headers=bearer(""))
        if answer.status_code == 405:
            refused.add(method.path)
            assert answer.headers["allow"] == "POST"
            assert answer.json()["code"] == "unimplemented"
        else:
            served.add(method.path)
            assert answer.status_code == 401
    expected = {
        method.path
        for service in live.services
        for method in service.methods
        if method.no_side_effects and not method.streams
    }
    assert served == expected
    assert refused
    assert "/collector.v1.CollectorService/GetConfig" in served


async def test_of_the_two_public_services_get_config_alone_answers_get(live: LiveServer):
    public = [each for each in live.services if each.name.startswith(("pipeline.v1.", "collector.v1."))]
    assert [method.name for service in public for method in service.methods if method.no_side_effects] == ["GetConfig"]


@pytest.mark.parametrize(
    "path",
    [
        "/pipeline.v1.PipelineService/Nothing",
        "/pipeline.v1.NothingService/GetPipeline",
        "/pipeline.v1.PipelineService/GetPipeline/",
        "/prefix/pipeline.v1.PipelineService/GetPipeline",
        "/pipeline.v1.PipelineService",
        "/",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v9/pipelines",
        "/api/v1/collectors/a/b/c",
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
async def test_a_path_of_nobody_is_404_with_the_code_unimplemented(live: LiveServer, path: str, verb: str):
    answer = await live.http.request(verb, path, headers=bearer(ADMIN_TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (404, "unimplemented")
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.headers["x-request-id"]) == 32


async def test_grpc_tells_unknown_methods_apart_from_missing_things(live: LiveServer):
    async with grpc.aio.insecure_channel(live.grpc_target) as channel:
        call: Any = channel.unary_unary("/pipeline.v1.PipelineService/Nothing")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
