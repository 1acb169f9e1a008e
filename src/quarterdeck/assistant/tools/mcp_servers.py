"""Tools of MCP servers: those that the configuration names, and those that tenants add while the server runs.

Every server has a task of its own that connects, looks after the connection and makes a new one when it ends. Nothing
waits for that: tools appear when a server is connected, and stay while it is away, when their calls end as errors.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import importlib.util
import logging
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import anyio

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.tools.http_client import MOST_BYTES
from quarterdeck.assistant.tools.mcp_config import Approval, McpServerConfig, check_config
from quarterdeck.assistant.tools.tool import ToolAnswer, ToolContext, ToolFailed
from quarterdeck.assistant.tools.typed_tool import one_line
from quarterdeck.errors import Invalid, NotFound, Reason, Unavailable
from quarterdeck.identity.call import Role
from quarterdeck.outgoing.addresses import NOTHING_MORE, AllowList
from quarterdeck.outgoing.resolving import Resolve, SystemResolver, checked_addresses

if TYPE_CHECKING:  # the package `mcp` is optional
    from quarterdeck.assistant.tools.mcp_session import ListedTool, McpSession
    from quarterdeck.assistant.tools.mcp_transports import Addresses

ALLOW_SETTING: Final = "mcp_allow"
"""The setting with private addresses that tenants' servers may have."""
EXTRA: Final = "quarterdeck[mcp]"

_log = logging.getLogger(__name__)
_SESSION: Final = "quarterdeck.assistant.tools.mcp_session"
_REFRESH: Final = 60.0
"""Seconds after which an idle server is asked for its tools again."""
_CHECK_TIMEOUT: Final = 15.0
_BETWEEN_CHECKS: Final = 1.0
_FIRST_DELAY: Final = 0.25
_MOST_DELAY: Final = 30.0
"""Seconds between two attempts to connect."""
_STEADY: Final = 30.0
"""Seconds after which a connection counts as a good one: the next delay is the first again."""
_WAIT: Final = 10.0
"""Seconds that a call waits for a server that is being connected."""
_GRACE: Final = 6.0
"""Seconds that a tool has beyond its call, so that our own sentence comes first."""
_CLOSE_TIMEOUT: Final = 15.0
_MOST_PER_TENANT: Final = 50
_MOST_NAME: Final = 64
_MOST_PREFIX: Final = 30
_DIGITS: Final = 8

State = Literal["connecting", "connected", "failed"]


@dataclass(frozen=True, slots=True)
class McpServerStatus:
    """How a server is."""

    name: str
    type: str
    """`stdio` or `http`."""
    status: State
    error: str
    """Why it is not connected, without secrets; empty when it is."""
    tool_count: int
    tenant_id: str = ""
    """Whose it is; empty for all tenants."""


class McpServers:
    """The servers, and their tools for the toolbox.

    `allowed` and `resolve` are for servers that tenants added: they must have public addresses, or ones that are
    allowed. What the configuration names may be anywhere.

    Raises Invalid for a server that cannot work, and when there is one and the optional package is missing.
    """

    def __init__(
        self,
        configs: Iterable[McpServerConfig] = (),
        *,
        allowed: AllowList = NOTHING_MORE,
        resolve: Resolve | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._allowed = allowed
        self._own_resolver = SystemResolver()
        self._resolve = resolve or self._own_resolver
        self._most_bytes = most_bytes
        self._servers: dict[tuple[str, str], _Server] = {}
        self._is_running = False
        self._is_closed = False
        for config in configs:
            self._put(config)

    async def start(self) -> None:
        """Begin to connect, and return at once."""
        self._is_running = True
        for server in self._servers.values():
            server.begin()

    async def close(self) -> None:
        """End every connection and every program. Returns when they have ended; nothing can be added any more."""
        self._is_closed = True
        servers = list(self._servers.values())
        self._servers.clear()
        await asyncio.gather(*(server.end() for server in servers))
        self._own_resolver.close()

    async def add(self, config: McpServerConfig) -> None:
        """Add a server, or replace the one of the same name and tenant. Connects in the background.

        Raises Invalid, also when the tenant has too many, and Unavailable when the server is shutting down.
        """
        if self._is_closed:
            raise Unavailable(Reason.SHUTTING_DOWN, "the server is shutting down")
        before = self._servers.get((config.tenant_id, config.name))
        if before is not None and before.config == config:
            return
        server = self._put(config)
        if self._is_running:
            server.begin()
        if before is not None:
            await before.end()

    async def become(self, configs: Iterable[McpServerConfig]) -> None:
        """Makes the configuration's servers these: what is new is added, what is gone ends. Raises Invalid."""
        wanted = {config.name: config for config in configs}
        for config in wanted.values():
            check_config(config)
        for tenant_id, name in self.names():
            if not tenant_id and name not in wanted:
                await self.remove(name)
        for config in wanted.values():
            await self.add(config)

    async def remove(self, name: str, tenant_id: str = "") -> None:
        """End a server. Returns when it has ended; does nothing when there is none of this name."""
        server = self._servers.pop((tenant_id, name), None)
        if server is not None:
            await server.end()

    def tools(self) -> tuple[McpTool, ...]:
        """Everything that is known at this moment, of all tenants; the configuration's servers come first."""
        servers = sorted(self._servers.values(), key=lambda server: bool(server.config.tenant_id))
        return tuple(tool for server in servers for tool in server.tools)

    def tools_of(self, name: str, tenant_id: str = "") -> tuple[McpTool, ...]:
        """The tools of one server that are known at this moment."""
        server = self._servers.get((tenant_id, name))
        return server.tools if server is not None else ()

    def names(self) -> frozenset[tuple[str, str]]:
        """The servers: tenant, empty for those of the configuration, and name."""
        return frozenset(self._servers)

    def status(self, tenant_id: str = "") -> tuple[McpServerStatus, ...]:
        """The servers that a tenant has, those of the configuration first. An empty id has only these."""
        servers = [each for each in self._servers.values() if each.config.tenant_id in {"", tenant_id}]
        return tuple(each.status() for each in sorted(servers, key=lambda server: bool(server.config.tenant_id)))

    async def settled(self, name: str, tenant_id: str = "", *, timeout: float = 30.0) -> McpServerStatus:  # noqa: ASYNC109 - a limit, not an error
        """How a server is, after waiting up to `timeout` seconds until it is connected or has failed.

        Raises NotFound.
        """
        server = self._servers.get((tenant_id, name))
        if server is None:
            raise NotFound(Reason.INTEGRATION_NOT_FOUND, f"there is no MCP server {name[:100]!r}")
        await server.wait_while({"connecting"}, timeout)
        return server.status()

    def _put(self, config: McpServerConfig) -> _Server:
        check_config(config)
        if importlib.util.find_spec("mcp") is None:
            raise Invalid(
                Reason.FIELD_INVALID, f"MCP servers need an optional package: install {EXTRA}, or name no MCP server"
            )
        key = (config.tenant_id, config.name)
        theirs = sum(tenant_id == config.tenant_id for tenant_id, _ in self._servers)
        if config.tenant_id and key not in self._servers and theirs >= _MOST_PER_TENANT:
            raise Invalid(
                Reason.FIELD_INVALID, f"there are {theirs} MCP servers; at most {_MOST_PER_TENANT} are accepted"
            )
        self._servers[key] = _Server(config, self._addresses, self._most_bytes)
        return self._servers[key]

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        return await checked_addresses(host, port, allowed=self._allowed, resolve=self._resolve, setting=ALLOW_SETTING)


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool of an MCP server."""

    definition: ToolDefinition
    toolset: str
    own_name: str
    """What the server calls it."""
    writes: bool
    needs_approval: bool
    role: Role
    timeout: float
    tenant_id: str
    """Whose it is; empty for all tenants."""
    account: str
    """The account of the tenant whose it is; empty for all."""
    server: _Server = field(repr=False)

    def describe(self, arguments: Mapping[str, Any]) -> str:
        """The call in one line."""
        return one_line(f"call {self.own_name} of {self.toolset}", arguments)

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:
        """Call it. Raises ToolFailed."""
        caller = context.call.caller
        if self.tenant_id not in {"", caller.tenant_id} or self.account not in {"", caller.account_name}:
            raise ToolFailed(f"there is no tool {self.definition.name!r}")
        return await self.server.call(self.own_name, arguments)


class _Server:
    """One server: the task that keeps it connected, and the calls that use the connection."""

    def __init__(self, config: McpServerConfig, addresses: Addresses, most_bytes: int) -> None:
        self.config = config
        self.tools: tuple[McpTool, ...] = ()
        self._addresses = addresses if config.tenant_id else None
        self._most_bytes = most_bytes
        self._state: State = "connecting"
        self._error = ""
        self._session: McpSession | None = None
        self._calls = 0
        self._attention = asyncio.Event()
        self._changed = asyncio.Event()
        self._scope: anyio.CancelScope | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._task is None:
            self._scope = anyio.CancelScope()
            self._task = asyncio.create_task(self._stay_connected(self._scope), name=f"MCP server {self.config.name}")

    async def end(self) -> None:
        # Through the scope and not through the task: programs are ended in a part that the scope leaves alone.
        if self._scope is not None:
            self._scope.cancel()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=_CLOSE_TIMEOUT)
            self._task.cancel()
        self._state, self._error = "failed", "was removed"

    def status(self) -> McpServerStatus:
        config = self.config
        return McpServerStatus(
            config.name, config.type, self._state, self._error, len(self.tools), tenant_id=config.tenant_id
        )

    async def wait_while(self, states: set[State], seconds: float) -> None:
        """Wait until the state is another, at most so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self._state in states:
                    await self._changed.wait()
        except TimeoutError:
            return

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        name, seconds = self.config.name, self.config.timeout
        invocation = f"{name}: {tool}"
        session = await self._connected(invocation)
        self._calls += 1
        try:
            async with asyncio.timeout(seconds):
                return await session.call(tool, arguments, invocation)
        except TimeoutError:
            # Either the tool is slow, or the whole server hangs.
            self._attention.set()
            raise ToolFailed(
                f"the MCP server {name} did not answer within {seconds:g} seconds; whether the tool did anything is "
                "unknown",
                invocation=invocation,
            ) from None
        finally:
            self._calls -= 1

    async def _connected(self, invocation: str) -> McpSession:
        await self.wait_while({"connecting", "failed"}, _WAIT)
        if self._session is None:
            raise ToolFailed(
                f"the MCP server {self.config.name} is not connected"
                + (f": it {self._error}" if self._error else " yet"),
                invocation=invocation,
            )
        return self._session

    async def _stay_connected(self, scope: anyio.CancelScope) -> None:
        with scope:
            # Beside the event loop: it takes most of a second.
            try:
                await asyncio.to_thread(importlib.import_module, _SESSION)
            except ImportError as error:
                self._become("failed", f"cannot be used: {EXTRA} is not installed as it should be ({error.name})")
                return
            delay = _FIRST_DELAY
            while True:
                began = anyio.current_time()
                await self._use_one_connection()
                delay = _FIRST_DELAY if anyio.current_time() - began > _STEADY else min(2 * delay, _MOST_DELAY)
                await anyio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - nobody guesses it

    async def _use_one_connection(self) -> None:
        """Connect, and stay until the connection ends."""
        from quarterdeck.assistant.tools.mcp_session import ConnectionEnded, open_session

        opened = open_session(
            self.config,
            addresses=self._addresses,
            on_doubt=self._attention.set,
            on_changed=self._attention.set,
            most_bytes=self._most_bytes,
        )
        try:
            async with opened as (session, listed):
                self._learn(listed)
                self._session = session
                self._become("connected", "")
                await self._watch_over(session)
        except ConnectionEnded as error:
            self._become("failed", str(error))
        finally:
            self._session = None

    async def _watch_over(self, session: McpSession) -> None:
        while True:
            try:
                async with asyncio.timeout(_REFRESH):
                    await self._attention.wait()
            except TimeoutError:
                if self._calls:
                    continue  # a server that does one thing at a time is not dead because it is busy
            self._attention.clear()
            async with asyncio.timeout(_CHECK_TIMEOUT):
                self._learn(await session.list_tools())
            # Whatever the server says, and however often.
            await anyio.sleep(_BETWEEN_CHECKS)

    def _become(self, state: State, error: str) -> None:
        if (state, error) != (self._state, self._error):
            level = logging.INFO if state == "connected" else logging.WARNING
            _log.log(level, "the MCP server %s is %s%s", self.config.name, state, f": it {error}" if error else "")
        self._state, self._error = state, error
        self._changed.set()
        self._changed = asyncio.Event()

    def _learn(self, all_listed: Sequence[ListedTool]) -> None:
        listed = [tool for tool in all_listed if tool.name not in self.config.disabled_tools]
        names = _tool_names(self.config.name, [tool.name for tool in listed])
        tools = (self._tool(name, tool) for name, tool in zip(names, listed, strict=True))
        # Of two with one name the first counts, as it does in the toolbox.
        self.tools = tuple({tool.definition.name: tool for tool in reversed(list(tools))}.values())[::-1]

    def _tool(self, name: str, listed: ListedTool) -> McpTool:
        config = self.config
        approval = config.approval_of(listed.name)
        return McpTool(
            definition=ToolDefinition(name, listed.description, listed.schema),
            toolset=config.name,
            own_name=listed.name,
            writes=not listed.reads_only,
            needs_approval=not listed.reads_only if approval is None else approval is Approval.ALWAYS,
            role=config.role or (Role.VIEWER if listed.reads_only else Role.EDITOR),
            timeout=config.timeout + _WAIT + _GRACE,
            tenant_id=config.tenant_id,
            account=config.account,
            server=self,
        )


def _tool_names(server: str, tools: Sequence[str]) -> list[str]:
    """`SERVER_tool` for each, of characters that every provider takes; a few digits where that would not be one."""
    prefix = _valid(server)[:_MOST_PREFIX]
    plain = [f"{prefix}_{_valid(tool)}" for tool in tools]
    often = Counter(plain)
    return [
        name if len(name) <= _MOST_NAME and often[name] == 1 else _numbered(name, tool)
        for name, tool in zip(plain, tools, strict=True)
    ]


def _numbered(name: str, tool: str) -> str:
    digits = hashlib.sha256(tool.encode()).hexdigest()[:_DIGITS]
    return f"{name[: _MOST_NAME - _DIGITS - 1]}_{digits}"


def _valid(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", text)
