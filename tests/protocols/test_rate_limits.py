"""Budgets per token and class: off by default, and the same refusal on every protocol when on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from quarterdeck import migrations
from quarterdeck.gen.collector.v1 import collector_pb2 as collector
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fleet
from quarterdeck.gen.tenant.v1 import tenant_pb2 as tenant
from tests.protocols.callers import ALL, CONNECT_JSON, STREAMS, UNARY, Caller
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer, live_server
from tests.store.manual_clock import ManualClock

CLOCK = ManualClock()
POLL = "collector.v1.CollectorService/GetConfig"
LIMITS = "tenant.v1.TenantService/GetLimits"
READ = "testing.v1.EchoService/Read"
COUNT = "testing.v1.EchoService/Count"


@pytest_asyncio.fixture(scope="module")
async def limited(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveServer]:
    """3 management calls and 5 collector calls a second; time stands still unless a test moves it."""
    folder: Path = tmp_path_factory.mktemp("limited")
    url = f"sqlite:///{folder / 'quarterdeck.db'}"
    await migrations.upgrade(url)
    async with live_server(url, clock=CLOCK, data_dir=folder, rate_limit_api=3, rate_limit_collector=5) as server:
        yield server


async def fresh_token(server: LiveServer, name: str) -> str:
    CLOCK.advance(1)  # makes room in the admin's own budget
    return await server.new_token(name, "editor")


@pytest.mark.parametrize("caller", ALL, ids=lambda caller: caller.name)
async def test_a_spent_budget_is_the_same_refusal_everywhere(limited: LiveServer, caller: Caller):
    method = limited.method(COUNT if caller not in UNARY else READ)
    token = await fresh_token(limited, f"spent-{caller.name}")
    request = method.request_class()
    if caller.name == "REST":
        request.thing.name = "x"  # type: ignore[attr-defined]
    for _ in range(3):
        assert (await caller.call(limited, method, request, token)).code == "ok"
    refused = await caller.call(limited, method, request, token)
    assert refused.outcome == ("resource_exhausted", "RATE_LIMITED")
    assert refused.text == "rate limit requests_per_second:api reached: 3 requests per second"
    assert refused.headers["retry-after"] == "1"
    assert refused.status in (0, 200, 429)
    CLOCK.advance(0.34)
    assert (await caller.call(limited, method, request, token)).code == "ok"
    assert (await caller.call(limited, method, request, token)).code == "resource_exhausted"


async def test_collectors_have_a_budget_of_their_own(limited: LiveServer):
    token = await fresh_token(limited, "two-budgets")
    request = collector.GetConfigRequest(id="limited", local_attributes={"a": "b"})
    method = limited.method(POLL)
    codes = [(await CONNECT_JSON.call(limited, method, request, token)).code for _ in range(6)]
    assert codes == ["ok"] * 5 + ["resource_exhausted"]
    reply = await CONNECT_JSON.call(limited, limited.method(LIMITS), tenant.GetLimitsRequest(), token)
    assert reply.code == "ok"
    assert (reply.message.requests_per_second_collector, reply.message.requests_per_second_api) == (5, 3)


async def test_budgets_are_per_token(limited: LiveServer):
    method, request = limited.method(LIMITS), tenant.GetLimitsRequest()
    spender, saver = await fresh_token(limited, "spender"), await fresh_token(limited, "saver")
    for _ in range(4):
        last = await CONNECT_JSON.call(limited, method, request, spender)
    assert last.code == "resource_exhausted"
    assert (await CONNECT_JSON.call(limited, method, request, saver)).code == "ok"


async def test_a_stream_costs_one_call(limited: LiveServer):
    token = await fresh_token(limited, "streamer")
    method = limited.method("quarterdeck.fleet.v1.FleetService/WatchFleet")
    codes = [(await STREAMS[0].call(limited, method, fleet.WatchFleetRequest(), token, take=1)).code for _ in range(4)]
    assert codes == ["ok"] * 3 + ["resource_exhausted"]


async def test_strangers_spend_nobodys_budget(limited: LiveServer):
    method, request = limited.method(LIMITS), tenant.GetLimitsRequest()
    token = await fresh_token(limited, "robbed")
    for _ in range(10):
        assert (await CONNECT_JSON.call(limited, method, request, token + "x")).code == "unauthenticated"
    assert (await CONNECT_JSON.call(limited, method, request, token)).code == "ok"


async def test_nothing_is_limited_unless_told(live: LiveServer):
    method, request = live.method(LIMITS), tenant.GetLimitsRequest()
    replies = [await CONNECT_JSON.call(live, method, request, ADMIN_TOKEN) for _ in range(60)]
    assert {reply.code for reply in replies} == {"ok"}
    assert not replies[0].message.HasField("requests_per_second_api")
