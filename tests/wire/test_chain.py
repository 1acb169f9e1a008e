"""The call chain by itself: the order of its checks, and what it refuses to be built from."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from quarterdeck.errors import LimitExceeded, Reason, Unauthenticated, Unavailable
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.wire.chain import CallChain, bind, new_request_id
from quarterdeck.wire.errors import Code, WireError
from quarterdeck.wire.method import RateClass, describe_service
from tests.gen.testing.v1 import conformance_pb2 as pb
from tests.protocols.conformance import CONFORMANCE, ECHO, EchoService

METHODS = {method.name: method for method in ECHO.methods}


class Gate:
    """Authenticates and limits, and remembers in which order it was asked."""

    def __init__(self, role: Role = Role.ADMIN, *, problem: Exception | None = None, limited: bool = False) -> None:
        self.asked: list[str] = []
        self.caller = Caller("t", "a", "name", role, "k")
        self.problem, self.limited = problem, limited

    def recall(self, headers: Mapping[str, str]) -> Caller | None:
        return self.caller if not self.problem else None

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        self.asked.append("authenticate")
        if self.problem is not None:
            raise self.problem
        return self.caller

    def take(self, token_id: str, rate_class: RateClass) -> None:
        self.asked.append("take")
        if self.limited:
            raise LimitExceeded(Reason.RATE_LIMITED, "too fast", retry_after=1)


def chain_of(gate: Gate, echo: EchoService | None = None) -> CallChain:
    return CallChain((ECHO,), bind({ECHO: echo or EchoService()}), gate, gate)


async def refused(coroutine: Awaitable[Any], code: Code) -> WireError:
    with pytest.raises(WireError) as caught:
        await coroutine
    assert caught.value.code is code
    return caught.value


async def test_who_is_asked_before_what_may_and_that_before_how_often():
    gate = Gate()
    call = await chain_of(gate).admit(METHODS["Upload"], {}, "r")
    assert (gate.asked, call) == (["authenticate", "take"], CallContext(gate.caller, "r"))


async def test_a_role_too_low_costs_no_budget():
    gate = Gate(Role.VIEWER)
    error = await refused(chain_of(gate).admit(METHODS["Upload"], {}, "r"), Code.PERMISSION_DENIED)
    assert gate.asked == ["authenticate"]
    assert (error.reason, error.metadata) == ("ROLE_TOO_LOW", {"required_role": "editor"})


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", METHODS)
async def test_a_role_includes_those_below(role, name):
    admission = chain_of(Gate(role)).admit(METHODS[name], {}, "r")
    if role >= METHODS[name].role:
        assert (await admission).caller.role is role
    else:
        await refused(admission, Code.PERMISSION_DENIED)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Unauthenticated(Reason.CREDENTIALS_MISSING, "x"), Code.UNAUTHENTICATED),
        (Unavailable(Reason.DATABASE_UNAVAILABLE, "x"), Code.UNAVAILABLE),
        (RuntimeError("x"), Code.INTERNAL),
    ],
)
async def test_no_caller_no_call(problem, code):
    await refused(chain_of(Gate(problem=problem)).admit(METHODS["Echo"], {}, "r"), code)


async def test_the_budget_is_asked_last():
    error = await refused(chain_of(Gate(limited=True)).admit(METHODS["Echo"], {}, "r"), Code.RESOURCE_EXHAUSTED)
    assert error.retry_after == 1


def test_readmission_is_no_weaker_than_admission():
    gate = Gate()
    chain = chain_of(gate)
    assert chain.readmit(METHODS["Echo"], {}, gate.caller)
    assert gate.asked == ["take"]
    assert not chain.readmit(METHODS["Echo"], {}, replace(gate.caller, role=Role.VIEWER))
    assert not chain_of(Gate(problem=Unauthenticated(Reason.CREDENTIALS_INVALID, "x"))).readmit(
        METHODS["Echo"], {}, gate.caller
    )
    assert not chain_of(Gate(limited=True)).readmit(METHODS["Echo"], {}, gate.caller)


async def test_a_request_is_checked_before_the_method_sees_it():
    seen = []

    class Watching(EchoService):
        async def echo(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
            seen.append(request)
            return pb.EchoResponse()

    gate = Gate()
    call = CallContext(gate.caller, "r")
    chain = chain_of(gate, Watching())
    await refused(chain.unary(METHODS["Echo"], pb.EchoRequest(level=9), call), Code.INVALID_ARGUMENT)
    assert seen == []
    await chain.unary(METHODS["Echo"], pb.EchoRequest(level=5), call)
    assert len(seen) == 1


async def test_a_stream_is_closed_when_its_reader_leaves():
    closed = []

    async def count(request, call):
        try:
            while True:
                yield pb.CountResponse(number=1)
        finally:
            closed.append(True)

    gate = Gate()
    chain = CallChain((ECHO,), {METHODS["Count"].path: count}, gate, gate)
    messages: Any = chain.stream(METHODS["Count"], pb.CountRequest(), CallContext(gate.caller, "r"))
    assert (await anext(messages)).number == 1
    await messages.aclose()
    assert closed == [True]


def test_request_ids_are_long_and_new():
    assert len({new_request_id() for _ in range(1000)}) == 1000
    assert len(new_request_id()) == 32


def test_every_method_of_a_bound_service_has_a_handler():
    handlers = bind(dict(CONFORMANCE))
    assert set(handlers) == {method.path for service in CONFORMANCE for method in service.methods}


class Deaf:
    """Implements nothing."""


class Mistaken(EchoService):
    """Speaks of other messages."""

    async def echo(self, request: pb.FailRequest, call: CallContext) -> pb.EchoResponse:  # type: ignore[override]
        return pb.EchoResponse()


class Rambling(EchoService):
    """Answers with another message."""

    async def echo(self, request: pb.EchoRequest, call: CallContext) -> pb.Thing:  # type: ignore[override]
        return pb.Thing()


@pytest.mark.parametrize(
    ("implementation", "why"),
    [(Deaf(), "lacks echo"), (Mistaken(), "must take a testing.v1.EchoRequest"), (Rambling(), "must return")],
)
def test_a_service_that_does_not_fit_its_contract_does_not_start(implementation, why):
    with pytest.raises(TypeError, match=why):
        bind({ECHO: implementation})


def test_a_method_without_a_role_does_not_start():
    file = descriptor_pb2.FileDescriptorProto(name="roleless.proto", package="roleless", syntax="proto3")
    file.message_type.add(name="M")
    file.service.add(name="S").method.add(name="Do", input_type=".roleless.M", output_type=".roleless.M")
    pool = descriptor_pool.DescriptorPool()
    with pytest.raises(ValueError, match=r"roleless\.S\.Do declares no role"):
        describe_service(pool.AddSerializedFile(file.SerializeToString()).services_by_name["S"])
