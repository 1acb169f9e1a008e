"""One connection to an MCP server: what its tools are, and calls of them.

This module needs the optional package `mcp`; `mcp_servers` imports it when there is a server.
"""

from __future__ import annotations

import json
import math
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

import anyio
import httpx2
from mcp import Client, ClientSession, MCPError
from mcp import types as messages
from pydantic import ValidationError

from quarterdeck.assistant.tools.mcp_config import McpServerConfig
from quarterdeck.assistant.tools.mcp_transports import MOST_BYTES, Addresses, HttpEndpoint, Program
from quarterdeck.assistant.tools.redaction import REDACTED, redact_text
from quarterdeck.assistant.tools.tool import ToolAnswer, ToolFailed, found, nothing
from quarterdeck.outgoing.resolving import Refused

CONNECT_TIMEOUT: Final = 30.0
"""Seconds from the start of a program, or of a connection, to its list of tools."""
MOST_TOOLS: Final = 200

_MOST_PAGES: Final = 50
_MOST_SCHEMA: Final = 64 * 1024
_MOST_DESCRIPTION: Final = 4096
_QUOTED: Final = 300
_MOST_ERROR: Final = 8192
_LOST: Final = frozenset({messages.CONNECTION_CLOSED, messages.INVALID_REQUEST, messages.INTERNAL_ERROR})
"""Codes after which the connection itself may be of no use, such as a session that the server forgot."""


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool as its server describes it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    """A JSON schema of type object."""
    reads_only: bool
    """What it says of itself; nobody checked it."""


class ConnectionEnded(Exception):  # noqa: N818 - what happened
    """Why a server cannot be used now, without secrets."""


class McpSession:
    """A connected server. Safe for concurrent calls."""

    def __init__(self, session: ClientSession, hide: Hide, on_doubt: Callable[[], None]) -> None:
        self._session = session
        self._hide = hide
        self._on_doubt = on_doubt

    async def list_tools(self) -> tuple[ListedTool, ...]:
        """What the server has, at most `MOST_TOOLS`; a tool that no model could be told of is left out.

        Raises MCPError, and ValidationError for an answer that is no list of tools.
        """
        listed: list[ListedTool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            try:
                page = await self._session.list_tools(params=messages.PaginatedRequestParams(cursor=cursor))
            except MCPError as error:
                if error.code == messages.METHOD_NOT_FOUND and not listed:
                    return ()
                raise
            listed.extend(tool for each in page.tools if (tool := _listed(each)) is not None)
            cursor = page.next_cursor
            if cursor is None or len(listed) >= MOST_TOOLS:
                break
        return tuple(listed[:MOST_TOOLS])

    async def call(self, name: str, arguments: Mapping[str, Any], invocation: str) -> ToolAnswer:
        """Call a tool. Raises ToolFailed when it failed, or when nobody knows."""
        request = messages.CallToolRequest(params=messages.CallToolRequestParams(name=name, arguments=dict(arguments)))
        try:
            # Not `call_tool`: that runs the server's own JSON schema, and so its regular expressions, over the answer.
            result = await self._session.send_request(request, messages.CallToolResult)
        except MCPError as error:
            if error.code in _LOST:
                self._on_doubt()
            raise ToolFailed(self._told(error), invocation=invocation) from None
        except ValidationError:
            why = "the server answered something that is no result of a tool; whether the tool did anything is unknown"
            raise ToolFailed(why, invocation=invocation) from None
        return self._answer(result, invocation)

    def _told(self, error: MCPError) -> str:
        said = self._hide.text(" ".join(error.message.split()))[:_QUOTED]
        if error.code == messages.CONNECTION_CLOSED:
            return f"the connection to the server ended ({said}); whether the tool did anything is unknown"
        return f"the call failed: {said}"

    def _answer(self, result: messages.CallToolResult, invocation: str) -> ToolAnswer:
        text = "\n".join(filter(None, map(_shown, result.content)))
        if result.is_error:
            said = self._hide.text(text[:_MOST_ERROR]).strip()
            raise ToolFailed(said or "the tool says that it failed, and not why", invocation=invocation)
        if result.structured_content is not None:
            return found(self._hide.value(result.structured_content), invocation=invocation)
        if not text.strip():
            return nothing("the tool answered nothing", invocation=invocation)
        return found(self._hide.text(text), invocation=invocation)


@dataclass(frozen=True, slots=True)
class Hide:
    """Replaces a server's secrets in whatever comes from it."""

    secrets: tuple[str, ...]

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        return text

    def value(self, value: Any) -> Any:
        """The same for every text of a JSON value."""
        if not self.secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return value


@asynccontextmanager
async def open_session(
    config: McpServerConfig,
    *,
    addresses: Addresses | None,
    on_doubt: Callable[[], None],
    on_changed: Callable[[], None],
    most_bytes: int = MOST_BYTES,
) -> AsyncIterator[tuple[McpSession, tuple[ListedTool, ...]]]:
    """A session and the server's tools. Must be left by the task that entered it.

    `on_doubt` is called when the connection may have ended, `on_changed` when the server says that its tools changed.
    Raises ConnectionEnded for whatever happens to the connection, also while the context is used.
    """
    hide = Hide(config.hidden)
    link = _link(config, addresses, on_doubt, most_bytes)

    async def on_message(message: object) -> None:
        if isinstance(message, messages.ToolListChangedNotification):
            on_changed()

    client = Client(
        link.streams(),
        cache=None,
        message_handler=on_message,
        client_info=messages.Implementation(name="quarterdeck", version=metadata.version("quarterdeck")),
    )
    with anyio.CancelScope(deadline=anyio.current_time() + CONNECT_TIMEOUT) as patience:
        try:
            async with client:
                session = McpSession(client.session, hide, on_doubt)
                tools = await session.list_tools()
                patience.deadline = math.inf
                yield session, tools
        except Exception as error:  # noqa: BLE001 - whatever it is, this connection is over and the next one is made
            raise ConnectionEnded(_clean(_reason(error, link.problem), hide)) from None
    if patience.cancelled_caught:
        raise ConnectionEnded(_clean(link.problem or f"did not answer within {CONNECT_TIMEOUT:g} seconds", hide))


def _link(
    config: McpServerConfig, addresses: Addresses | None, on_end: Callable[[], None], most_bytes: int
) -> Program | HttpEndpoint:
    if config.command:
        return Program(config, on_end, most_bytes=most_bytes)
    return HttpEndpoint(config, addresses, most_bytes=most_bytes)


def _listed(tool: messages.Tool) -> ListedTool | None:
    schema = {"type": "object", "properties": {}, **tool.input_schema}
    if schema["type"] != "object" or not isinstance(schema["properties"], dict) or not _is_small(schema):
        return None
    description = (tool.description or tool.title or tool.name).replace("\0", "")
    reads_only = tool.annotations is not None and tool.annotations.read_only_hint is True
    return ListedTool(tool.name, description[:_MOST_DESCRIPTION], schema, reads_only)


def _is_small(schema: Mapping[str, Any]) -> bool:
    try:
        return len(json.dumps(schema)) <= _MOST_SCHEMA
    except (RecursionError, ValueError):
        return False


def _shown(part: messages.ContentBlock) -> str:
    """What a text can have of a part of an answer."""
    if isinstance(part, messages.TextContent):
        return part.text
    if isinstance(part, messages.ImageContent | messages.AudioContent):
        return f"[{part.type} of the type {part.mime_type[:_QUOTED]}, left out]"
    if isinstance(part, messages.ResourceLink):
        return f"{part.name}: {part.uri}"
    if isinstance(part.resource, messages.TextResourceContents):
        return part.resource.text
    return f"[{part.resource.uri}: binary, left out]"


def _clean(why: str, hide: Hide) -> str:
    return redact_text(hide.text(" ".join(why.split())))[:_QUOTED]


def _reason(error: BaseException, problem: str) -> str:
    """Why a connection ended. `problem` is what the transport knows of it."""
    leaves = list(_leaves(error))
    for leaf in leaves:
        if isinstance(leaf, ConnectionEnded | Refused):
            return str(leaf)
    if problem:
        return problem
    leaf = leaves[0]
    if isinstance(leaf, MCPError):
        return leaf.message
    if isinstance(leaf, httpx2.HTTPError):
        return _network_reason(leaf)
    if isinstance(leaf, TimeoutError):
        return "stopped answering"
    if isinstance(leaf, OSError):
        return f"cannot be started: {os.strerror(leaf.errno)}" if leaf.errno else "cannot be reached"
    return f"does not speak MCP as we do ({type(leaf).__name__})"


def _network_reason(error: BaseException) -> str:
    """Nothing of the library's own text, which may quote URLs."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not valid: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "cannot be reached: its name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "refuses connections"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "closed the connection, or does not speak HTTP as we do"
    return "did not answer in time" if isinstance(error, httpx2.ReadTimeout) else "cannot be reached"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
