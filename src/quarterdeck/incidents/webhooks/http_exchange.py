"""One HTTP/1.1 request and its answer over a connection of ours, of which only so much is read.

httpx and httpcore ask every idle connection of their pool before every request, which costs more than all else here
once there are some dozens; and they read headers without an end.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import httptools

MOST_HEAD: Final = 64 * 1024
"""Bytes of an answer before its body."""

_CHUNK: Final = 64 * 1024
_INTERIM: Final = range(100, 200)
_SWITCHING: Final = 101

Headers = Sequence[tuple[str, str]]


class BrokenExchange(Exception):  # noqa: N818 - what happened
    """No complete answer. `nothing_came` is set when the other side closed before it said a word."""

    def __init__(self, why: str, *, nothing_came: bool = False) -> None:
        super().__init__(why)
        self.nothing_came = nothing_came


@dataclass(slots=True)
class _Answer:
    """What the parser found; its methods are what httptools calls."""

    most_body: int
    parser: httptools.HttpResponseParser = field(init=False)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    head_is_complete: bool = False
    is_complete: bool = False
    has_begun: bool = False
    body_size: int = 0

    def __post_init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.head_is_complete = self.status not in _INTERIM or self.status == _SWITCHING

    def on_body(self, body: bytes) -> None:
        self.body_size += len(body)

    def on_message_complete(self) -> None:
        if self.head_is_complete:
            self.is_complete = True
        else:
            # An interim answer: the real one is still to come.
            self.headers.clear()

    @property
    def is_enough(self) -> bool:
        return self.is_complete or self.status == _SWITCHING or self.body_size >= self.most_body

    @property
    def ends_with_the_connection(self) -> bool:
        framed = "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()
        return self.head_is_complete and not framed


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer without its body. `reusable` says whether the connection may carry another request."""

    status: int
    headers: dict[str, str]
    reusable: bool


class Connection:
    """To one origin; one exchange at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, port: int, *, tls: ssl.SSLContext | None, name: str) -> Connection:
        """To an address; with TLS its certificate must be for `name`. Raises OSError, which TLS errors are."""
        return cls(*await asyncio.open_connection(address, port, ssl=tls, server_hostname=name if tls else None))

    @property
    def is_open(self) -> bool:
        return not self._reader.at_eof() and not self._writer.is_closing()

    async def post(self, target: bytes, headers: Headers, body: bytes, *, most_body: int) -> Answered:
        """Send a request and read its answer, or `most_body` bytes of it. Raises BrokenExchange."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = b"POST " + target + b" HTTP/1.1\r\n" + lines.encode("latin-1")
        self._writer.write(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = _Answer(most_body)
        # Both at once: a receiver that answers before it has read everything must not block us.
        sending = asyncio.ensure_future(self._writer.drain())
        try:
            await self._read(answer)
        except OSError as error:
            raise BrokenExchange("the connection broke", nothing_came=not answer.has_begun) from error
        finally:
            sent_all = sending.done() and not sending.cancelled() and sending.exception() is None
            sending.cancel()
        reusable = answer.is_complete and sent_all and answer.parser.should_keep_alive()
        return Answered(answer.status, answer.headers, reusable)

    def close(self) -> None:
        self._writer.close()

    async def _read(self, answer: _Answer) -> None:
        head_size = 0
        while not answer.is_enough:
            piece = await self._reader.read(_CHUNK)
            if not piece:
                if answer.ends_with_the_connection:
                    return
                raise BrokenExchange("the receiver closed the connection", nothing_came=not answer.has_begun)
            answer.has_begun = True
            head_size += len(piece) if not answer.head_is_complete else 0
            try:
                answer.parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                return
            except httptools.HttpParserError as error:
                raise BrokenExchange("the receiver does not speak HTTP") from error
            if not answer.head_is_complete and head_size > MOST_HEAD:
                raise BrokenExchange(f"the receiver's headers are longer than {MOST_HEAD} bytes")
