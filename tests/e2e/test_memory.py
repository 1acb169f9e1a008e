"""The server's memory does not grow with the polls it answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.running_server import RunningServer

pytestmark = pytest.mark.faults

_COLLECTORS = 200
_CONNECTIONS = 4
_ROUNDS = 100
"""Polls of each collector that are measured: 20,000 in all."""
_MEGABYTES = 12
"""More than allocators and caches that fill up need, much less than a few hundred bytes a poll, were any kept."""


async def test_twenty_thousand_polls_leave_no_trace_in_memory(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'quarterdeck.db'}"
    server = await asyncio.to_thread(RunningServer.start, url, tmp_path)
    try:
        process = psutil.Process(server.process.pid)
        await _poll(server, rounds=25)
        before = process.memory_info().rss

        await _poll(server, rounds=_ROUNDS)

        grown = (process.memory_info().rss - before) / 1e6
        assert grown < _MEGABYTES, f"{grown:.1f} MB after {_ROUNDS * _COLLECTORS} polls, from {before / 1e6:.0f} MB"
    finally:
        server.kill()


async def _poll(server: RunningServer, rounds: int) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(_CONNECTIONS):
            group.create_task(_poll_on_one_connection(server, rounds, range(number, _COLLECTORS, _CONNECTIONS)))


async def _poll_on_one_connection(server: RunningServer, rounds: int, collectors: range) -> None:
    """Unchanged polls, and every tenth time one that brings something new: the whole server is used."""
    url = urlsplit(server.http_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    for turn in range(rounds):
        for collector in collectors:
            writer.write(_request(server.token, collector, turn))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            await reader.readexactly(_length(head))
    writer.close()
    await writer.wait_closed()


def _request(token: str, collector: int, turn: int) -> bytes:
    attributes = {"number": str(collector), "turn": str(turn // 10)}
    body = json.dumps({"id": f"edge-{collector}", "localAttributes": attributes, "hash": "unknown"}).encode()
    head = (
        "POST /collector.v1.CollectorService/GetConfig HTTP/1.1\r\nHost: server\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise AssertionError(f"no length: {head!r}")
