"""Readers of the fleet's events, over SSE and over gRPC, as a client sees them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc.aio
import httpx

from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2, fleet_pb2_grpc
from tests.faults.quick_server import TOKEN, QuickServer

STARTED = "watch.started"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event as it arrived."""

    id: str
    stream: str
    sequence: int
    kind: str


Open = Callable[[QuickServer, str], AsyncGenerator[Seen, None]]
"""Events of a server after an id, until the connection ends or breaks."""


async def over_sse(server: QuickServer, after: str) -> AsyncGenerator[Seen, None]:
    """A browser's way: the last id in a header."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Last-Event-ID": after}
    timeout = httpx.Timeout(10, read=30)
    async with (
        httpx.AsyncClient(timeout=timeout, trust_env=False) as client,
        client.stream("GET", f"{server.http_url}/api/v1/fleet/events", headers=headers) as response,
    ):
        assert response.status_code == 200, (await response.aread()).decode()
        name = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                if name:
                    return  # `end` or `error`: the server stops
                message = json.loads(line.removeprefix("data: "))
                sequence = int(message.get("sequence", 0))
                yield Seen(message["id"], message.get("stream", ""), sequence, message["kind"])


async def over_grpc(server: QuickServer, after: str) -> AsyncGenerator[Seen, None]:
    """WatchFleet."""
    async with grpc.aio.insecure_channel(server.grpc_target) as channel:
        stub: Any = fleet_pb2_grpc.FleetServiceStub(channel)  # type: ignore[no-untyped-call]
        request = fleet_pb2.WatchFleetRequest(after=after)
        call = stub.WatchFleet(request, metadata=(("authorization", f"Bearer {TOKEN}"),), timeout=60)
        try:
            async for message in call:
                yield Seen(message.id, message.stream, message.sequence, message.kind)
        finally:
            call.cancel()


class Reader:
    """Follows a fleet at several replicas in turn: whenever its connection ends, breaks, or is cut by itself."""

    def __init__(self, connect: Open, *, last_id: str = "0", cut_after: int = 0) -> None:
        self._connect = connect
        self._cut_after = cut_after
        self.last_id = last_id
        self.seen: list[Seen] = []
        self.connections = 0

    async def read(self, servers: Sequence[QuickServer], until: Callable[[Seen], bool]) -> None:
        """Read until an event is the one wanted. With `cut_after`, hang up after so many events each time."""
        while True:
            server = servers[self.connections % len(servers)]
            self.connections += 1
            try:
                if await self._read_one(server, until):
                    return
            except (httpx.TransportError, grpc.aio.AioRpcError):
                continue

    async def _read_one(self, server: QuickServer, until: Callable[[Seen], bool]) -> bool:
        count = 0
        async with aclosing(self._connect(server, self.last_id)) as events:
            async for event in events:
                if event.kind == STARTED:
                    continue
                self.seen.append(event)
                self.last_id = event.id
                count += 1
                if until(event):
                    return True
                if count == self._cut_after:
                    return False
        return False
