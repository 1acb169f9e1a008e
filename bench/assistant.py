"""The assistant: turns of HolmesGPT's streamed chat on a scripted model, open streams, start and memory."""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from bench.machine import resident_mib
from tests.running_server import RunningServer

_TURNS: Final = 200
_STREAMS: Final = 2000
_CHATS: Final = 40
_PLUGIN: Final = "/api/plugins/grafana-assistant-app/resources"


@dataclass(frozen=True, slots=True)
class Turns:
    """Chat turns with one tool call each."""

    per_second: float
    first_event: float
    """Median milliseconds until the first record."""
    whole: float
    """Median milliseconds until the last one."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Open streams with events going through them."""

    opened: int
    events: int
    """How many records reached their readers."""
    gaps: int
    p99: float
    """Milliseconds from the log to the reader."""


@dataclass(frozen=True, slots=True)
class AssistantFigures:
    """Everything that is measured."""

    quick_model: Turns
    slow_model: Turns
    slow_model_64: Turns
    streams: Streams
    start: float
    """Seconds from the start of the process until `/readyz` answers, median of three."""
    idle_mib: float | None
    loaded_mib: float | None


def measure(folder: Path, *, quick: bool) -> AssistantFigures:
    """Takes about a minute; a few seconds when `quick`."""
    _raise_file_limit()
    turns = 16 if quick else _TURNS
    starts, idle = _starts(folder, 1 if quick else 3)
    with _model() as url, _server(folder, "quick", url) as server:
        _chat(server, 4, 1)
        quick_model = _chat(server, turns, 8)
        loaded = resident_mib(server.process.pid)
    with _model("--delay-ms", "300", "--chunk-delay-ms", "10") as url, _server(folder, "slow", url) as server:
        _chat(server, 2, 1)
        slow, slow_64 = _chat(server, 2 if quick else 8, 1), _chat(server, turns if quick else 192, 64)
    with _model("--chunk-delay-ms", "20") as url, _server(folder, "streams", url) as server:
        streams = asyncio.run(_open_streams(server, 40 if quick else _STREAMS, 3.0 if quick else 15.0))
    return AssistantFigures(quick_model, slow, slow_64, streams, statistics.median(starts), idle, loaded)


def table(figures: AssistantFigures) -> str:
    """The figures beside the limits of the issue that asked for them."""
    rows = [
        ("streamed chat turn with a tool call, 8 at a time", f"{figures.quick_model.per_second:.1f} /s", "54 /s"),
        ("  until the first record, p50", f"{figures.quick_model.first_event:.0f} ms", ""),
        ("model with 300 ms to its first word: first record", f"{figures.slow_model.first_event:.0f} ms", "330 ms"),
        ("  64 at a time", f"{figures.slow_model_64.first_event:.0f} ms", "700 ms"),
        ("start until /readyz", f"{figures.start:.2f} s", "2 s"),
        ("memory, idle", f"{figures.idle_mib or 0:.0f} MiB", "150 MiB"),
        ("  after that load, with the model's library", f"{figures.loaded_mib or 0:.0f} MiB", ""),
        (f"{figures.streams.opened} open streams: records delivered", f"{figures.streams.events}", ""),
        ("  gaps", f"{figures.streams.gaps}", "0"),
        ("  delivery, p99", f"{figures.streams.p99:.0f} ms", "500 ms"),
    ]
    lines = [f"  {label:<52}{value:>12}{limit:>10}" for label, value, limit in rows]
    return "\n".join(["the assistant, SQLite, one process; to the right the limits that were set", *lines])


def _starts(folder: Path, times: int) -> tuple[list[float], float | None]:
    found, idle = [], None
    for number in range(times):
        began = time.perf_counter()
        with _server(folder, f"start-{number}", "http://127.0.0.1:9/v1") as server:
            found.append(time.perf_counter() - began)
            idle = resident_mib(server.process.pid)
    return found, idle


@contextmanager
def _model(*arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.fake_model", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@contextmanager
def _server(folder: Path, name: str, model: str) -> Iterator[RunningServer]:
    own = folder / f"assistant-{name}"
    own.mkdir()
    (own / "models.json").write_text(
        json.dumps({"fake": {"model": "openai/fake", "api_key": "k", "api_base": model}}), encoding="utf-8"
    )
    environment = {
        "QUARTERDECK_MODELS_FILE": str(own / "models.json"),
        "QUARTERDECK_PROBE_MODELS": "false",
        "QUARTERDECK_RATE_LIMIT_ASSISTANT": "1000000",
    }
    with RunningServer.start(f"sqlite:///{own / 'q.db'}", own, env=environment) as server:
        yield server


def _chat(server: RunningServer, turns: int, at_once: int) -> Turns:
    return asyncio.run(_chat_turns(server, turns, at_once))


async def _chat_turns(server: RunningServer, turns: int, at_once: int) -> Turns:
    left, firsts, wholes = list(range(turns)), [], []
    body = json.dumps({"ask": "how many collectors?", "stream": True}).encode()

    async def worker() -> None:
        while left:
            left.pop()
            began, first = time.perf_counter(), 0.0
            async for _ in _records(server, "POST", "/api/chat", body):
                first = first or time.perf_counter() - began
            firsts.append(first * 1000)
            wholes.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    took = time.perf_counter() - began
    return Turns(turns / took, statistics.median(firsts), statistics.median(wholes))


async def _open_streams(server: RunningServer, streams: int, seconds: float) -> Streams:
    """Readers spread over chats, while questions keep some fifty events a second going through them."""
    chats = [await _ask(server, "first question") for _ in range(min(_CHATS, streams))]
    seen: dict[int, list[int]] = {}
    delays: list[float] = []
    all_open = float("inf")

    async def reader(number: int, chat: str) -> None:
        known = seen.setdefault(number, [])
        async for record in _records(server, "GET", f"{_PLUGIN}/api/events/chats/{chat}", b""):
            now = time.time()
            if b"id: " not in record:
                continue
            sequence = int(record.split(b"id: ")[1].split(b"\n")[0])
            if known and sequence < known[-1]:
                delays.append(float("inf"))
            known.append(sequence)
            sent = _stamp(record)
            if sent >= all_open:
                delays.append((now - sent) * 1000)

    readers = [asyncio.create_task(reader(number, chats[number % len(chats)])) for number in range(streams)]
    while sum(bool(each) for each in seen.values()) < streams:  # noqa: ASYNC110 - the readers are what is waited for
        await asyncio.sleep(0.1)
    # What came before was history for those who opened later.
    all_open = time.time()
    until = time.monotonic() + seconds

    async def questions() -> None:
        number = 0
        while time.monotonic() < until:
            await _ask(server, f"question {number}", chats[number % len(chats)])
            number += 1
            await asyncio.sleep(0.2)

    await questions()
    await asyncio.sleep(2)
    for task in readers:
        task.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    groups: dict[str, set[int]] = {}
    for number, known in seen.items():
        groups.setdefault(chats[number % len(chats)], set()).add(known[-1])
    gaps = sum(len(lasts) - 1 for lasts in groups.values()) + sum(delay == float("inf") for delay in delays)
    ordered = sorted(delay for delay in delays if delay != float("inf"))
    p99 = ordered[int(len(ordered) * 0.99) - 1] if ordered else 0.0
    return Streams(streams, sum(len(known) for known in seen.values()), gaps, p99)


async def _ask(server: RunningServer, prompt: str, chat: str = "") -> str:
    body = json.dumps({"prompt": prompt, "chatId": chat}).encode()
    answer = b"".join([each async for each in _records(server, "POST", f"{_PLUGIN}/api/v1/assistant/chats", body)])
    # A chat that still answers the last question says so; its readers get that one's events.
    return str(json.loads(answer[answer.index(b"{") :]).get("data", {}).get("chatId", chat))


async def _records(server: RunningServer, verb: str, path: str, body: bytes) -> AsyncIterator[bytes]:
    """The records of an answer as they come; the whole body when it has none."""
    host, port = server.http_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 22)
    head = (
        f"{verb} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    try:
        await reader.readuntil(b"\r\n\r\n")
        waiting = b""
        while piece := await reader.read(1 << 16):
            waiting += piece
            *whole, waiting = waiting.split(b"\n\n")
            for record in whole:
                yield record
        if waiting.strip(b"0\r\n "):
            yield waiting
    finally:
        writer.close()


def _stamp(record: bytes) -> float:
    """When the entry of the log was written, for those records that say so."""
    marker = b'"timestamp":"'
    if b"AGENT_EXECUTION" not in record or marker not in record:
        return 0.0
    text = record.split(marker)[1].split(b'"')[0].decode()
    return datetime.fromisoformat(text).timestamp()


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
