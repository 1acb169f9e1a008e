"""A language model that is none: an OpenAI-compatible server on loopback whose answers are scripted.

    async with FakeModel() as model:              # model.url is the api_base
        model.script = lambda request: Reply(text="42")

Without a script it calls `tool` once for each question that does not yet have a tool's result, and then answers. Also a
program: `python -m tests.fake_model --port 9911 --tool TodoWrite --tool-args '{…}' --delay-ms 300 --chunk-delay-ms 10`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

_TEXT = "The incident started two minutes after the last pipeline change. " * 4


@dataclass(frozen=True)
class Reply:
    """What the model does with one request."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Tool name and arguments (JSON text, or anything)."""
    call_ids: tuple[str, ...] = ()
    status: int = 200
    error: dict[str, Any] | None = None
    """The body of a status other than 200."""
    delay: float = 0.0
    """Seconds before the first word."""
    chunk_delay: float = 0.0
    chunks: int = 20
    usage: tuple[int, int] | None = None
    """Prompt and completion tokens; by default counted from the text."""
    usage_details: tuple[int, int] = (0, 0)
    """Of those, tokens from the cache, and of reasoning."""
    cut_after: int | None = None
    """The connection breaks after so many chunks."""
    hangs: bool = False
    """Nothing ever comes."""
    garbage: bool = False
    """What comes is no JSON."""
    finish_reason: str | None = None
    """By default what fits; `none` for a stream that ends without one."""
    stream_error: dict[str, Any] | None = None
    """An error in the stream, behind the text."""
    thinking: str = ""
    """What it says before the text, as `reasoning_content`."""


def rate_limited(text: str = "fake rate limit") -> Reply:
    return Reply(status=429, error={"message": text, "type": "rate_limit_error", "code": "rate_limit"})


def unauthorized(text: str = "wrong key") -> Reply:
    return Reply(status=401, error={"message": text, "type": "invalid_request_error", "code": "invalid_api_key"})


def too_long(text: str = "maximum context length exceeded") -> Reply:
    return Reply(
        status=400, error={"message": text, "type": "invalid_request_error", "code": "context_length_exceeded"}
    )


Script = Callable[[dict[str, Any]], Reply]


@dataclass
class CallsOneTool:
    """The script without a script: one call of a tool, then the answer."""

    tool: str = "TodoWrite"
    arguments: str = '{"todos":[{"id":"1","content":"count collectors","status":"in_progress"}]}'
    delay: float = 0.0
    chunk_delay: float = 0.0

    def __call__(self, request: dict[str, Any]) -> Reply:
        messages = request.get("messages", [])
        last = max((index for index, each in enumerate(messages) if each["role"] == "user"), default=0)
        done = any(each["role"] == "tool" for each in messages[last:])
        names = [tool["function"]["name"] for tool in request.get("tools") or ()]
        if self.tool in names and not done:
            calls = ((self.tool, self.arguments),)
            return Reply("Let me check that.", calls, delay=self.delay, chunk_delay=self.chunk_delay)
        return Reply(_TEXT, delay=self.delay, chunk_delay=self.chunk_delay)


@dataclass
class FakeModel:
    """The server, in this process. `requests` are the bodies that came, in order."""

    script: Script = field(default_factory=CallsOneTool)
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    keeps_requests: bool = True
    names: str = "fake"
    """What it calls itself in its answers."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client left before its answer was complete."""
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        except ConnectionError:
            self.gone.set()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if "/chat/completions" not in lines[0]:
            _answer(writer, 200, {"object": "list", "data": [{"id": "fake", "object": "model"}]})
            await writer.drain()
            return True
        request = json.loads(body)
        if self.keeps_requests:
            self.requests.append(request)
        reply = self.script(request)
        if reply.hangs:
            # Nothing comes from the client, either, until it has had enough.
            await reader.read(1)
            self.gone.set()
            return False
        return await _complete(reply, request, writer, self.names)


async def _complete(reply: Reply, request: dict[str, Any], writer: asyncio.StreamWriter, name: str) -> bool:
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.status != 200:
        _answer(writer, reply.status, {"error": reply.error or {"message": "failed"}})
    elif reply.garbage:
        body = b"data: <html>no</html>\n\n"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return False
    elif request.get("stream"):
        return await _stream(reply, request, writer, name)
    else:
        await asyncio.sleep(reply.chunk_delay * reply.chunks)
        _answer(writer, 200, _whole(reply, request))
    await writer.drain()
    return True


async def _stream(reply: Reply, request: dict[str, Any], writer: asyncio.StreamWriter, name: str) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    base = {"id": f"chatcmpl-{uuid4().hex[:12]}", "object": "chat.completion.chunk", "created": 1, "model": name}
    for sent, choice in enumerate(_choices(reply)):
        if sent and reply.chunk_delay:
            await asyncio.sleep(reply.chunk_delay)
        _chunk(writer, {**base, "choices": [choice]})
        if reply.cut_after is not None and sent >= reply.cut_after:
            await writer.drain()
            return False
        if reply.chunk_delay:
            await writer.drain()
    if reply.stream_error is not None:
        _chunk(writer, {"error": reply.stream_error})
    _chunk(writer, {**base, "choices": [], "usage": _usage(reply, request)})
    writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    await writer.drain()
    return True


def _choices(reply: Reply) -> list[dict[str, Any]]:
    size = max(1, len(reply.text) // max(1, reply.chunks))
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if reply.thinking:
        deltas.append({"reasoning_content": reply.thinking})
    deltas += [{"content": reply.text[start : start + size]} for start in range(0, len(reply.text), size)]
    if reply.calls:
        deltas.append({"tool_calls": [{"index": index, **call} for index, call in enumerate(_calls(reply))]})
    reason = reply.finish_reason or ("tool_calls" if reply.calls else "stop")
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    if reply.finish_reason == "none" or reply.stream_error is not None:
        return choices
    return [*choices, {"index": 0, "delta": {}, "finish_reason": reason}]


def _whole(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.calls:
        message["tool_calls"] = _calls(reply)
    reason = reply.finish_reason or ("tool_calls" if reply.calls else "stop")
    return {
        "id": f"chatcmpl-{uuid4().hex[:12]}",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": _usage(reply, request),
    }


def _calls(reply: Reply) -> list[dict[str, Any]]:
    ids = reply.call_ids or tuple(f"call_{uuid4().hex[:10]}" for _ in reply.calls)
    return [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, (name, arguments) in zip(ids, reply.calls, strict=True)
    ]


def _usage(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    prompt, completion = reply.usage or (len(json.dumps(request.get("messages", []))) // 4, 42)
    cached, reasoning = reply.usage_details
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def _answer(writer: asyncio.StreamWriter, status: int, value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


def _chunk(writer: asyncio.StreamWriter, value: dict[str, Any]) -> None:
    data = b"data: " + json.dumps(value).encode() + b"\n\n"
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def _main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible model that is none.")
    parser.add_argument("--port", type=int, default=9911)
    parser.add_argument("--tool", default="TodoWrite")
    parser.add_argument("--tool-args", default=CallsOneTool.arguments)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--chunk-delay-ms", type=float, default=0)
    given = parser.parse_args()
    script = CallsOneTool(given.tool, given.tool_args, given.delay_ms / 1000, given.chunk_delay_ms / 1000)
    async with FakeModel(script, port=given.port, keeps_requests=False) as model:
        print(model.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
