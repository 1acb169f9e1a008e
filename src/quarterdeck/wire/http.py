"""The HTTP port: which adapter answers which path.

the poll edge → Connect and gRPC-Web → mounts → adapters → fixed pages → REST → an error in the envelope of the path's
family
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.wire.asgi import ClientDisconnected, Receive, Scope, Send, accepts_gzip, header_map, raw_path, respond
from quarterdeck.wire.chain import new_request_id
from quarterdeck.wire.connect import ConnectTransport, send_connect_error
from quarterdeck.wire.dialects.dialect import Occasion
from quarterdeck.wire.edge import PollEdge
from quarterdeck.wire.errors import WireError, to_wire, unknown_route, wrong_verb
from quarterdeck.wire.mounts import MountTransport, send_dialect_error
from quarterdeck.wire.rate_limit_headers import RateLimitHeaders
from quarterdeck.wire.rest.transport import RestTransport

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What a fixed page answers."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


Page = Callable[[], Awaitable[PageAnswer]]


class Adapter(Protocol):
    """Serves paths that are no RPC."""

    def serves(self, path: str) -> bool: ...

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        ...


class HttpApplication:
    """The ASGI application of the HTTP port."""

    def __init__(
        self,
        *,
        edge: PollEdge | None,
        connect: ConnectTransport,
        mounts: MountTransport,
        rest: RestTransport,
        pages: Mapping[str, Page],
        adapters: Sequence[Adapter] = (),
        budgets: RateLimitHeaders | None = None,
    ) -> None:
        self._edge = edge
        self._edge_path = edge.path if edge is not None else ""
        self._connect = connect
        self._mounts = mounts
        self._rest = rest
        self._pages = pages
        self._adapters = tuple(adapters)
        self._budgets = budgets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served here, not {scope['type']}")
        request_id = new_request_id()
        if self._budgets is not None:
            send = self._budgets.adding(scope, send)
        try:
            await self._route(scope, receive, send, request_id)
        except ClientDisconnected:
            return
        except Exception as error:  # noqa: BLE001 - the last edge: nothing may leave without an envelope
            await self._fail(error, scope, send, request_id)

    async def _route(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        path = scope["path"]
        if path == self._edge_path and self._edge is not None:
            await self._edge.handle(scope, receive, send, request_id)
        elif self._connect.serves(path):
            await self._connect.handle(scope, receive, send, request_id)
        elif self._mounts.serves(path):
            await self._mounts.handle(scope, receive, send, request_id)
        elif (adapter := self._adapter_of(path)) is not None:
            await adapter.handle(scope, receive, send, request_id)
        elif path in self._pages:
            await self._page(scope, send, request_id)
        elif not await self._rest.handle(scope, receive, send, request_id):
            await self._refuse(unknown_route(path), scope, send, request_id)

    def _adapter_of(self, path: str) -> Adapter | None:
        return next((adapter for adapter in self._adapters if adapter.serves(path)), None)

    async def _page(self, scope: Scope, send: Send, request_id: str) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await self._refuse(wrong_verb(scope["method"], "GET, HEAD"), scope, send, request_id)
            return
        answer = await self._pages[scope["path"]]()
        body = b"" if scope["method"] == "HEAD" else answer.body
        gzipped = accepts_gzip(header_map(scope))
        headers = [("x-request-id", request_id), *answer.headers]
        await respond(send, answer.status, answer.content_type, body, headers=headers, gzipped=gzipped)

    async def _refuse(self, error: WireError, scope: Scope, send: Send, request_id: str) -> None:
        """Answer with an error in the envelope of the family that the path belongs to."""
        family = self._mounts.family_of(scope["path"])
        if family is not None:
            await send_dialect_error(send, family, error, Occasion(raw_path(scope), request_id))
        else:
            await send_connect_error(send, error, request_id)

    async def _fail(self, error: Exception, scope: Scope, send: Send, request_id: str) -> None:
        try:
            await self._refuse(to_wire(error, request_id), scope, send, request_id)
        except Exception:  # noqa: BLE001 - the response had started, or the connection is gone
            _log.debug("request %s could not be answered", request_id)
