"""The further places of a service: POST of a JSON body below a mount's prefix, in the service's own dialect."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from google.protobuf.message import Message

from quarterdeck.errors import DomainError
from quarterdeck.wire.asgi import (
    DEFAULT_MAX_BODY_BYTES,
    ClientDisconnected,
    Receive,
    Scope,
    Send,
    accepts_gzip,
    header_map,
    read_body,
    respond,
)
from quarterdeck.wire.chain import CallChain, Observer
from quarterdeck.wire.connect import error_headers
from quarterdeck.wire.dialects.dialect import Dialect
from quarterdeck.wire.errors import Code, WireError, to_wire, unknown_route, unsupported_media_type, wrong_verb
from quarterdeck.wire.method import Method, Mount
from quarterdeck.wire.rest.answer import JSON, printer

TRANSPORT = "mount"


@dataclass(frozen=True, slots=True)
class _MountedMethod:
    method: Method
    dialect: Dialect
    max_body_bytes: int


class MountTransport:
    """Every unary method of every mounted service at every mount."""

    def __init__(
        self,
        chain: CallChain,
        dialects: Mapping[str, Dialect],
        observer: Observer,
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    ) -> None:
        self._chain = chain
        self._observer = observer
        self._routes: dict[str, _MountedMethod] = {}
        self._families: list[tuple[Mount, Dialect]] = []
        for service in chain.services:
            dialect = dialects[service.dialect]
            for mount in service.mounts:
                self._families.append((mount, dialect))
                for method in service.methods:
                    self._add(mount.path(method.name), method, dialect, service.max_body_bytes or max_body_bytes)

    def _add(self, path: str, method: Method, dialect: Dialect, max_body_bytes: int) -> None:
        if method.streams:
            return
        if path in self._routes:
            raise ValueError(f"two mounts claim {path}: {self._routes[path].method.path} and {method.path}")
        self._routes[path] = _MountedMethod(method, dialect, max_body_bytes)

    def serves(self, path: str) -> bool:
        """Whether the path is a mounted method's."""
        return path in self._routes

    def family_of(self, path: str) -> Dialect | None:
        """The dialect whose mount the path lies under, longest prefix first: its envelope answers for the path."""
        owners = [(len(mount.prefix), dialect) for mount, dialect in self._families if mount.owns(path)]
        return max(owners, key=itemgetter(0))[1] if owners else None

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        route, started = self._routes[scope["path"]], time.perf_counter()
        code = await self._answer(route, scope, receive, send, request_id)
        self._observer.finished(route.method, TRANSPORT, code, time.perf_counter() - started)

    async def _answer(self, route: _MountedMethod, scope: Scope, receive: Receive, send: Send, request_id: str) -> str:
        headers = header_map(scope)
        try:
            response = await self._call(route, scope["method"], headers, receive, request_id)
            body = printer(route.dialect.codec(route.method.response_class))(response)
        except ClientDisconnected:
            return Code.CANCELED
        except Exception as error:  # noqa: BLE001 - the wire edge
            refusal = to_wire(error, request_id)
            await send_dialect_error(send, route.dialect, refusal, request_id)
            return refusal.code
        sent = [("x-request-id", request_id)]
        await respond(send, 200, JSON, body, headers=sent, gzipped=accepts_gzip(headers))
        return "ok"

    async def _call(
        self, route: _MountedMethod, verb: str, headers: Mapping[str, str], receive: Receive, request_id: str
    ) -> Message:
        if verb != "POST":
            raise wrong_verb(verb, "POST")
        call = await self._chain.admit(route.method, headers, request_id)
        content_type = headers.get("content-type", "")
        # The rule of REST: no type is what Python's clients send, and a form is what a browser sends for a stranger.
        if content_type.partition(";")[0].strip().lower() not in ("", JSON):
            raise unsupported_media_type(content_type, JSON)
        body = await read_body(headers, receive, route.max_body_bytes)
        try:
            request = route.dialect.codec(route.method.request_class).decode(body)
        except DomainError as error:
            raise to_wire(error, request_id) from error
        return await self._chain.unary(route.method, request, call)


async def send_dialect_error(send: Send, dialect: Dialect, error: WireError, request_id: str) -> None:
    """Answer with an error in a family's envelope."""
    rendered = dialect.render_error(error)
    await respond(send, rendered.status, rendered.content_type, rendered.body, headers=error_headers(error, request_id))


async def send_unknown_route(send: Send, dialect: Dialect, path: str, request_id: str) -> None:
    """Answer for a path that is nothing, in the envelope of the family that it lies under."""
    await send_dialect_error(send, dialect, unknown_route(path), request_id)
