"""Calls to a server by Connect JSON, telling apart what was answered and what got lost on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from tests.faults.quick_server import TOKEN

T = TypeVar("T")

PIPELINES = "pipeline.v1.PipelineService"
COLLECTORS = "collector.v1.CollectorService"
FLEET = "quarterdeck.fleet.v1.FleetService"
ADMIN = "quarterdeck.admin.v1.AdminService"


class LostError(Exception):
    """The connection broke or was refused: the call may have had its effect or not."""


class RefusedError(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class Client:
    """One connection's worth of calls."""

    def __init__(self, url: str, token: str = TOKEN) -> None:
        self.url = url
        self._http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)

    async def call(self, service: str, method: str, **request: Any) -> dict[str, Any]:
        """Raises LostError or RefusedError."""
        try:
            response = await self._http.post(f"{self.url}/{service}/{method}", json=request)
        except httpx.TransportError as error:
            raise LostError from error
        answer: dict[str, Any] = response.json()
        if response.status_code != 200:
            raise RefusedError(response.status_code, str(answer.get("code")), str(answer.get("message")))
        return answer

    async def page(self, path: str) -> httpx.Response:
        """GET a path. Raises LostError."""
        try:
            return await self._http.get(self.url + path)
        except httpx.TransportError as error:
            raise LostError from error

    async def upsert(self, name: str, contents: str) -> dict[str, Any]:
        """A pipeline for every collector."""
        pipeline = {"name": name, "contents": contents, "matchers": ['collector.os=~".*"']}
        return await self.call(PIPELINES, "UpsertPipeline", pipeline=pipeline)

    async def poll(self, collector: str, known: str = "") -> dict[str, Any]:
        """As a collector that has the configuration with the hash `known`."""
        return await self.call(COLLECTORS, "GetConfig", id=collector, hash=known, localAttributes={"site": "test"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()


async def eventually(check: Callable[[], Awaitable[T | None]], *, within: float) -> T:
    """What `check` returns once it is not None. Raises AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while (found := await check()) is None:
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(0.01)
    return found
