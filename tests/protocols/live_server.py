"""A whole server in this process: the real and the conformance services, uvicorn and grpc.aio, on free ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr

from quarterdeck.clock import Clock
from quarterdeck.server import Application, application
from quarterdeck.serving import _config, listen
from quarterdeck.settings import Settings
from quarterdeck.wire.method import Method, Service
from tests.protocols.conformance import CONFORMANCE
from tests.wire.exact_dialect import exact

ADMIN_TOKEN = "admin-token-of-the-protocol-tests"


@dataclass(frozen=True, slots=True)
class LiveServer:
    """Where it listens, and what it serves."""

    application: Application
    port: int
    grpc_target: str
    http: httpx.AsyncClient

    @property
    def services(self) -> tuple[Service, ...]:
        return self.application.services

    def method(self, path: str) -> Method:
        """An RPC by `package.Service/Method`."""
        return next(each for service in self.services for each in service.methods if each.path == f"/{path}")

    async def post(self, path: str, body: Mapping[str, Any], token: str = ADMIN_TOKEN) -> Any:
        """Call an RPC by Connect JSON. Raises AssertionError unless it succeeds."""
        answer = await self.http.post(f"/{path}", json=body, headers=bearer(token))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def new_account(self, name: str, role: str, token: str = ADMIN_TOKEN) -> str:
        """The id of a new service account."""
        body = {"name": name, "role": f"ROLE_{role.upper()}"}
        made = await self.post("quarterdeck.admin.v1.AdminService/CreateServiceAccount", body, token)
        return str(made["serviceAccount"]["id"])

    async def new_token(self, name: str, role: str, *, by: str = ADMIN_TOKEN, **fields: Any) -> str:
        """A token of a new account; `fields` are those of CreateTokenRequest in JSON."""
        return str((await self.new_token_record(name, role, by=by, **fields))["secret"])

    async def new_token_record(self, name: str, role: str, *, by: str = ADMIN_TOKEN, **fields: Any) -> Any:
        """As `new_token`, with everything that the server tells about it."""
        account = await self.new_account(name, role, by)
        body = {"serviceAccountId": account, **fields}
        return await self.post("quarterdeck.admin.v1.AdminService/CreateToken", body, by)


def bearer(token: str) -> dict[str, str]:
    """The headers of a caller; none for an empty token."""
    return {"authorization": f"Bearer {token}"} if token else {}


@asynccontextmanager
async def live_server(database_url: str, *, clock: Clock | None = None, **settings: Any) -> AsyncIterator[LiveServer]:
    """Serve a migrated database on free ports until the block ends."""
    chosen = Settings(database=database_url, bootstrap_token=SecretStr(ADMIN_TOKEN), port=0, grpc_port=0, **settings)
    async with application(chosen, clock=clock, further=CONFORMANCE, dialects={"exact": exact}) as running:
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        grpc_port = await running.transports.grpc.start("127.0.0.1:0")
        async with _uvicorn(running, listener), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            yield LiveServer(running, port, f"127.0.0.1:{grpc_port}", http)
        await running.transports.grpc.stop(0)


@asynccontextmanager
async def _uvicorn(running: Application, listener: Any) -> AsyncIterator[None]:
    server = _Server(_config(running))
    server.config.load()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
        assert not serving.done(), "uvicorn ended before it served"
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves SIGINT to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
