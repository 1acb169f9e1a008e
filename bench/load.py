"""The load generator: keep-alive HTTP/1.1 over raw sockets, one request in flight on each connection.

It sends bytes that were made before and looks at an answer only far enough to know that it is whole and 200. An asyncio
client would cost as much as the bare server and be the limit of what is measured.
"""

from __future__ import annotations

import select
import socket
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.machine import cpu_seconds

CONNECTIONS = 16
WARM_UP = 0.1
"""Part of the measured time that runs before it, uncounted."""

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_LAST_CHUNK = b"0\r\n\r\n"


class LoadError(Exception):
    """The server answered something else than 200, or nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server on this machine."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What one stretch of load showed: answers per second, latencies in milliseconds, and the microseconds of processor
    that the server's process used for each answer, where that can be known."""

    per_second: float
    p50: float
    p99: float
    cpu: float | None = None

    @classmethod
    def of(cls, latencies: list[float], seconds: float, *, cpu: float | None = None) -> Sample:
        """From the latencies (seconds) of all answers within `seconds`."""
        if len(latencies) < 2:
            raise LoadError(f"{len(latencies)} answers in {seconds:.2f} s are too few to say anything")
        cuts = statistics.quantiles(latencies, n=100, method="inclusive")
        return cls(len(latencies) / seconds, cuts[49] * 1000, cuts[98] * 1000, cpu)


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)


def drive(target: Target, requests: Iterator[bytes], *, seconds: float, connections: int = CONNECTIONS) -> Sample:
    """Send `requests` for `seconds` over `connections`. Raises LoadError."""
    opened = [_Connection(_connect(target.port)) for _ in range(connections)]
    try:
        used_before = cpu_seconds(target.pid)
        for connection in opened:
            connection.send(next(requests))
        counted_from = time.perf_counter() + seconds * WARM_UP
        latencies, answers = _exchange(opened, requests, counted_from, counted_from + seconds)
        used = cpu_seconds(target.pid)
        cpu = None if used is None or used_before is None else (used - used_before) / answers * 1e6
        return Sample.of(latencies, seconds, cpu=cpu)
    finally:
        for connection in opened:
            connection.socket.close()


def ask(port: int, request: bytes) -> bytes:
    """The body of one answer. Raises LoadError."""
    connection = _Connection(_connect(port))
    try:
        connection.send(request)
        while not _take(connection):
            pass
        return _body(bytes(connection.answer))
    finally:
        connection.socket.close()


def _connect(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=30)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _exchange(
    opened: list[_Connection], requests: Iterator[bytes], counted_from: float, until: float
) -> tuple[list[float], int]:
    """The latencies within the time that counts, and the number of all answers."""
    poll = select.poll()
    for connection in opened:
        poll.register(connection.socket.fileno(), select.POLLIN)
    by_descriptor = {connection.socket.fileno(): connection for connection in opened}
    latencies: list[float] = []
    waiting, answers = len(opened), 0
    while waiting:
        events = poll.poll(30_000)
        if not events:
            raise LoadError("no answer within 30 s")
        for descriptor, _ in events:
            connection = by_descriptor[descriptor]
            if not _take(connection):
                continue
            now = time.perf_counter()
            answers += 1
            if counted_from <= now < until:
                latencies.append(now - connection.sent_at)
            connection.answer.clear()
            if now < until:
                connection.send(next(requests))
            else:
                waiting -= 1
    return latencies, answers


def _take(connection: _Connection) -> bool:
    """Read what there is; whether the answer is whole. Raises LoadError for any answer but 200."""
    received = connection.socket.recv(262_144)
    if not received:
        raise LoadError(f"the server closed the connection after {bytes(connection.answer[:200])!r}")
    connection.answer += received
    answer = connection.answer
    head = answer.find(_HEAD_END)
    if head < 0:
        return False
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise LoadError(f"the server answered {bytes(answer[:600])!r}")
    length = answer.find(_LENGTH, 0, head)
    if length < 0:
        return answer.endswith(_LAST_CHUNK)
    end = answer.find(b"\r\n", length)
    return len(answer) == head + len(_HEAD_END) + int(answer[length + len(_LENGTH) : end])


def _body(answer: bytes) -> bytes:
    head, _, body = answer.partition(_HEAD_END)
    if b"transfer-encoding: chunked" not in head:
        return body
    chunks = []
    while body:
        size, _, body = body.partition(b"\r\n")
        chunks.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return b"".join(chunks)
