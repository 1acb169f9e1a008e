"""The further places of a service: POST of a JSON body below a mount's prefix, in the service's own dialect.

Old clients of some methods send GET, which is the same call with an empty request.
"""

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
    raw_path,
    read_body,
    refuse_other_sites,
    respond,
)
from quarterdeck.wire.chain import CallChain, Observer
from quarterdeck.wire.connect import error_headers
from quarterdeck.wire.dialects.dialect import Dialect, Occasion
from quarterdeck.wire.errors import Code, WireError, to_wire, wrong_verb
from quarterdeck.wire.method import HttpBinding, Method, Mount
from quarterdeck.wire.rest.answer import AnswerMaker, compile_answer
from quarterdeck.wire.rest.fields import descriptor_of

TRANSPORT = "mount"


@dataclass(frozen=True, slots=True)
class _MountedMethod:
    method: Method
    dialect: Dialect
    max_body_bytes: int
    answer: AnswerMaker


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
        self._owned: dict[str, Dialect] = {}
        for service in chain.services:
            dialect = dialects[service.dialect]
            self._owned |= dict.fromkeys(service.owned_paths, dialect)
            self._families += [(mount, dialect) for mount in service.mounts]
            for method in service.methods:
                if not method.streams and service.mounts:
                    mounted = _mounted(method, dialect, service.max_body_bytes or max_body_bytes)
                    for mount in service.mounts:
                        self._add(mount.path(method.name), mounted)

    def _add(self, path: str, mounted: _MountedMethod) -> None:
        if path in self._routes:
            raise ValueError(f"two mounts claim {path}: {self._routes[path].method.path} and {mounted.method.path}")
        self._routes[path] = mounted

    def serves(self, path: str) -> bool:
        """Whether the path is a mounted method's."""
        return path in self._routes

    def family_of(self, path: str) -> Dialect | None:
        """The dialect that the path belongs to, longest prefix first: its envelope answers for the path."""
        owners = [(len(mount.prefix), dialect) for mount, dialect in self._families if mount.owns(path)]
        owners += [(len(owned), dialect) for owned, dialect in self._owned.items() if _is_below(path, owned)]
        return max(owners, key=itemgetter(0))[1] if owners else None

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        route, started = self._routes[scope["path"]], time.perf_counter()
        code = await self._answer(route, scope, receive, send, request_id)
        self._observer.finished(route.method, TRANSPORT, code, time.perf_counter() - started)

    async def _answer(self, route: _MountedMethod, scope: Scope, receive: Receive, send: Send, request_id: str) -> str:
        headers = header_map(scope)
        try:
            answer = route.answer(await self._call(route, scope["method"], headers, receive, request_id))
        except ClientDisconnected:
            return Code.CANCELED
        except Exception as error:  # noqa: BLE001 - the wire edge
            refusal = to_wire(error, request_id)
            occasion = Occasion(raw_path(scope), request_id, descriptor_of(route.method.request_class))
            await send_dialect_error(send, route.dialect, refusal, occasion)
            return refusal.code
        sent = [*answer.headers, ("x-request-id", request_id)]
        await respond(send, 200, answer.content_type, answer.body, headers=sent, gzipped=accepts_gzip(headers))
        return "ok"

    async def _call(
        self, route: _MountedMethod, verb: str, headers: Mapping[str, str], receive: Receive, request_id: str
    ) -> Message:
        is_get = verb == "GET" and route.method.legacy_get
        if verb != "POST" and not is_get:
            raise wrong_verb(verb, "GET, POST" if route.method.legacy_get else "POST")
        call = await self._chain.admit(route.method, headers, request_id)
        if is_get:
            return await self._chain.unary(route.method, route.method.request_class(), call)
        # Whatever type is declared is read as JSON, as the servers do that mounts imitate: Python's clients send none,
        # and curl says form.
        try:
            refuse_other_sites(headers)
            body = await read_body(headers, receive, route.max_body_bytes)
            request = route.dialect.codec(route.method.request_class).decode(body)
        except DomainError as error:
            raise to_wire(error, request_id) from error
        return await self._chain.unary(route.method, request, call)


def _mounted(method: Method, dialect: Dialect, max_body_bytes: int) -> _MountedMethod:
    """Raises ValueError when the method's rules name a field that its response does not have."""
    binding = HttpBinding("POST", method.path, "*", method.mounted_body)
    return _MountedMethod(method, dialect, max_body_bytes, compile_answer(method, binding, dialect))


def _is_below(path: str, owned: str) -> bool:
    return path == owned or path.startswith(f"{owned}/")


async def send_dialect_error(send: Send, dialect: Dialect, error: WireError, occasion: Occasion) -> None:
    """Answer with an error in a family's envelope."""
    rendered = dialect.render_error(error, occasion)
    headers = error_headers(error, occasion.request_id, rendered.headers)
    await respond(send, rendered.status, rendered.content_type, rendered.body, headers=headers)
