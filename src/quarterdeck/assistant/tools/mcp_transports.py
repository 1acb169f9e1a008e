"""How MCP servers are spoken with: a program's standard input and output, or streamable HTTP.

This module needs the optional package `mcp`; `mcp_servers` imports it when there is a server. The session above is
the SDK's own, and so is streamable HTTP. Programs are started here: the SDK reads lines without a limit, and one answer
of 50 MB kept the event loop busy for a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from asyncio import StreamReader, StreamWriter, subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar, cast

import anyio
import httpx2
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter

from quarterdeck.assistant.tools.mcp_config import McpServerConfig
from quarterdeck.outgoing.certificates import ssl_context

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams  # a type that the SDK does not export

T = TypeVar("T")
Addresses = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a host may be reached at. Raises Refused or OSError."""

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of one message."""

_MOST_SKIPPED: Final = 64 * MOST_BYTES
"""Of a message that is too long, before the connection is given up."""
_IN_THREAD_FROM: Final = 256 * 1024
"""Bytes of a message from which it is parsed beside the event loop."""
_EDGE: Final = 512
"""Bytes at both ends of a message that is too long, in which the id of its request is looked for."""
_ID_FIRST: Final = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,18})\s*,')
_ID_LAST: Final = re.compile(rb'[,}\]]\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,18})\s*\}\s*\Z')
_SAID: Final = 2048
"""Bytes of a program's last words that are kept."""
_PATIENCE: Final = 2.0
"""Seconds that a program has to end after its input was closed, and again after it was asked to."""
_LAST_WORDS: Final = 1.0
"""Seconds in which the output of a program that has ended is still read."""
_INHERITED: Final = (
    "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "SSL_CERT_DIR", "SSL_CERT_FILE", "TERM", "TMPDIR", "TZ",
    "USER",
)  # fmt: skip
_CONNECT_TIMEOUT: Final = 10.0
_SEND_TIMEOUT: Final = 30.0
_FAILED: Final = 400
_PORTS: Final = {"http": 80, "https": 443}


class Program:
    """A server that is a program of its own, with everything that it started in one process group."""

    def __init__(self, config: McpServerConfig, on_end: Callable[[], None], *, most_bytes: int = MOST_BYTES) -> None:
        self._config = config
        self._on_end = on_end
        self._most_bytes = most_bytes
        self._said = b""
        self._problem = ""
        self._is_stopping = False
        self._has_ended = False
        self._reading = anyio.CancelScope()
        self._process: subprocess.Process | None = None

    @property
    def problem(self) -> str:
        """Why nothing comes any more, in the program's own last words, secrets included; empty while it speaks."""
        if self._problem or self._process is None or not self._has_ended:
            return self._problem
        code = self._process.returncode
        ended = "closed its output" if code is None else f"ended with code {code}"
        lines = self._said.decode(errors="replace").strip().splitlines()
        return f"{ended}: {lines[-1]}" if lines else ended

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[TransportStreams]:
        """Start it, and end it with the context. Raises OSError when it cannot be started."""
        transport, process, exited = await self._start()
        incoming, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        write_stream, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, _pipe(process.stdout), incoming)
                tasks.start_soon(self._write, _pipe(process.stdin), outgoing)
                tasks.start_soon(self._listen, _pipe(process.stderr))
                tasks.start_soon(self._notice_exit, exited)
                try:
                    yield read_stream, write_stream
                finally:
                    self._is_stopping = True
                    with anyio.CancelScope(shield=True):
                        await _end(process, exited)
                    tasks.cancel_scope.cancel()
        finally:
            # Whatever was interrupted above: no process stays.
            _signal(process, signal.SIGKILL)
            transport.close()
            for stream in (incoming, read_stream, write_stream, outgoing):
                stream.close()

    async def _start(self) -> tuple[asyncio.SubprocessTransport, subprocess.Process, asyncio.Event]:
        loop = asyncio.get_running_loop()
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        transport, protocol = await loop.subprocess_exec(
            lambda: _Protocol(limit=self._most_bytes, loop=loop),
            self._config.command,
            *self._config.args,
            env={**inherited, **self._config.env},
            cwd=self._config.cwd or None,
            start_new_session=True,
        )
        self._process = subprocess.Process(transport, protocol, loop)
        return transport, self._process, protocol.exited

    async def _read(self, stdout: StreamReader, incoming: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        try:
            async with incoming:
                with self._reading:
                    while (message := await self._next(stdout)) is not None:
                        await incoming.send(message)
                self._has_ended = not self._is_stopping
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            pass  # the session is gone
        finally:
            self._on_end()

    async def _notice_exit(self, exited: asyncio.Event) -> None:
        """End the reading some time after the program: what it started may hold its output open for ever."""
        await exited.wait()
        await anyio.sleep(_LAST_WORDS)
        self._reading.cancel()

    async def _next(self, stdout: StreamReader) -> SessionMessage | None:
        """The next message; None when there are no more. Lines that are no messages are left out."""
        while True:
            try:
                line = await stdout.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return None
            except asyncio.LimitOverrunError:
                return await self._too_long(stdout)
            if (message := await _parsed(line)) is not None:
                return message

    async def _too_long(self, stdout: StreamReader) -> SessionMessage | None:
        """The error that stands for a message that is too long; None when nobody can know what it answers."""
        first, last = await _skip(stdout)
        why = f"answered more than {self._most_bytes} bytes"
        found = _ID_FIRST.match(first) or _ID_LAST.search(last)
        if found is None:
            self._problem = why
            return None
        error = ErrorData(code=PARSE_ERROR, message=f"the server {why}; ask for less")
        return SessionMessage(JSONRPCError(jsonrpc="2.0", id=int(found[1]), error=error))

    async def _write(self, stdin: StreamWriter, outgoing: MemoryObjectReceiveStream[SessionMessage]) -> None:
        try:
            async with outgoing:
                async for each in outgoing:
                    stdin.write(each.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                    await stdin.drain()
        except (ConnectionError, RuntimeError):
            pass  # its input is closed: reading tells the rest

    async def _listen(self, stderr: StreamReader) -> None:
        while piece := await stderr.read(_SAID):
            self._said = (self._said + piece)[-_SAID:]


class HttpEndpoint:
    """A server behind a URL. No proxy, cookie file or password file of the environment is used.

    `addresses` says where requests may go; None lets the machine's resolver decide.
    """

    def __init__(
        self, config: McpServerConfig, addresses: Addresses | None = None, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._config = config
        self._addresses = addresses
        self._most_bytes = most_bytes
        self._status = 0

    @property
    def problem(self) -> str:
        """What its last answer to a message had to do with a failure; empty for nothing."""
        return f"answered {self._status}" if self._status >= _FAILED else ""

    @asynccontextmanager
    async def streams(self) -> AsyncIterator[TransportStreams]:
        """Ready to be asked; nothing is sent yet."""
        # A call has its own time limit, and a stream of events may be silent for long.
        timeout = httpx2.Timeout(_SEND_TIMEOUT, connect=_CONNECT_TIMEOUT, read=None)
        async with (
            httpx2.AsyncClient(
                transport=_CheckedTransport(self._addresses, self._most_bytes, self._saw),
                # A few bytes of compressed answer may unpack to more than the cap before anybody can stop it.
                headers={**self._config.headers, "Accept-Encoding": "identity"},
                timeout=timeout,
                trust_env=False,
            ) as client,
            streamable_http_client(
                self._config.url, http_client=client, max_sse_event_size=self._most_bytes
            ) as streams,
        ):
            yield streams

    def _saw(self, method: str, status: int) -> None:
        if method == "POST":
            self._status = status


class TooMuch(httpx2.StreamError):
    """An answer that is longer than the cap, or could be. The SDK tells the waiting call, and the session goes on."""


class _CheckedTransport(httpx2.AsyncBaseTransport):
    """Connects to checked addresses only, and reads no more of a body than the cap."""

    def __init__(self, addresses: Addresses | None, most_bytes: int, saw: Callable[[str, int], None]) -> None:
        self._addresses = addresses
        self._most_bytes = most_bytes
        self._saw = saw
        self._inner = httpx2.AsyncHTTPTransport(verify=ssl_context(), trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._send(request)
        self._saw(request.method, response.status_code)
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            await response.aclose()
            raise httpx2.RemoteProtocolError("the answer is compressed although it was asked not to be")
        if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            # It may go on for days; the SDK limits each event.
            return response
        response.stream = _Capped(cast("httpx2.AsyncByteStream", response.stream), self._most_bytes)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        if self._addresses is None:
            return await self._inner.handle_async_request(request)
        host = request.url.raw_host.decode("ascii")
        problem: Exception | None = None
        for address in await self._addresses(host, request.url.port or _PORTS[request.url.scheme]):
            try:
                return await self._inner.handle_async_request(_to(request, address, host))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                problem = error
        raise problem or httpx2.ConnectError("the name has no address")


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._inner:
            size += len(piece)
            if size > self._most_bytes:
                raise TooMuch(f"the server answered more than {self._most_bytes} bytes; ask for less")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


def _to(request: httpx2.Request, address: str, host: str) -> httpx2.Request:
    """The request over a connection to the address; the certificate must still be for the host."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


async def _parsed(line: bytes) -> SessionMessage | None:
    """None for what is no message: some programs print other things, too."""
    try:
        if len(line) < _IN_THREAD_FROM:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        else:
            message = await asyncio.to_thread(jsonrpc_message_adapter.validate_json, line, by_name=False)
    except ValueError:
        return None
    return SessionMessage(message)


async def _skip(stdout: StreamReader) -> tuple[bytes, bytes]:
    """Read a line away that is longer than the limit; its first and its last bytes."""
    first = last = await stdout.readexactly(_EDGE)
    skipped = len(first)
    while skipped < _MOST_SKIPPED:
        try:
            piece, is_end = await stdout.readuntil(b"\n"), True
        except asyncio.LimitOverrunError as error:
            piece, is_end = await stdout.readexactly(error.consumed), False
        except asyncio.IncompleteReadError:
            return b"", b""
        skipped += len(piece)
        last = (last + piece[-_EDGE:])[-_EDGE:]
        if is_end:
            return first, last
    return b"", b""


def _pipe(stream: T | None) -> T:
    if stream is None:
        raise RuntimeError("the program was started without pipes")
    return stream


class _Protocol(subprocess.SubprocessStreamProtocol):
    """Tells of the process's end at once: `Process.wait` also waits for the ends of its pipes."""

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=limit, loop=loop)
        self.exited = asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()


async def _end(process: subprocess.Process, exited: asyncio.Event) -> None:
    """Close its input, then ask it to end, then make it, with all that it started."""
    _pipe(process.stdin).close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        with anyio.move_on_after(_PATIENCE):
            await exited.wait()
        # Also when it has ended: what it started may not have.
        _signal(process, number)
    with anyio.move_on_after(_PATIENCE):
        await exited.wait()


def _signal(process: subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
