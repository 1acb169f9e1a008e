"""Incoming webhooks over HTTP: POSTs from systems that know nothing of our API, and a token in a header or the URL.

The query of such a request may carry its token, so it is never logged and in no error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl

from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.wire.asgi import (
    ClientDisconnected,
    Receive,
    Scope,
    Send,
    accepts_gzip,
    header_map,
    raw_path,
    read_body,
    respond,
)
from quarterdeck.wire.chain import Authenticator
from quarterdeck.wire.dialects.dialect import Dialect, Occasion
from quarterdeck.wire.errors import to_wire, wrong_verb
from quarterdeck.wire.mounts import send_dialect_error

MAX_BODY_BYTES: Final = 1 << 20
MAX_PARAMETERS: Final = 200

CREATE: Final = "grafana.incident.create"
ALERTS: Final = "alertmanager"

PLUGINS: Final = ("grafana-irm-app", "grafana-incident-app")
_BASES: Final = (*(f"/api/plugins/{plugin}/resources" for plugin in PLUGINS), "")
_VERSIONS: Final = ("/api/v1", "/api", "/api/experimental")
_FOLDERS: Final = ("incoming-webhooks", "incoming-webhook")
"""Today's name, and that of the experimental generation."""

T = TypeVar("T")
Parameters = Sequence[tuple[str, str]]


class Receiver(Protocol[T]):
    """What receives; `T` is whose token it is. Raises domain errors."""

    async def admit(self, secret: str, address: str) -> T: ...

    async def create_incident(
        self, token: T, parameters: Parameters, raw: bytes, idempotency_key: str = ""
    ) -> Message: ...

    async def receive_alerts(self, token: T, parameters: Parameters, raw: bytes) -> Message: ...


@dataclass(frozen=True, slots=True)
class _Request:
    headers: Mapping[str, str]
    parameters: Parameters
    body: bytes


class IncomingWebhookTransport(Generic[T]):
    """Every incoming path, below every prefix of the incident family and bare, of both generations."""

    def __init__(self, receiver: Receiver[T], dialect: Dialect, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._receiver = receiver
        self._dialect = dialect
        self._max_body_bytes = max_body_bytes
        handlers: dict[str, Callable[[T, _Request], Awaitable[Message]]] = {
            CREATE: self._create,
            ALERTS: self._alerts,
        }
        self._routes = {
            f"{base}{version}/{folder}/{name}": handler
            for base in _BASES
            for version in _VERSIONS
            for folder in _FOLDERS
            for name, handler in handlers.items()
        }

    def serves(self, path: str) -> bool:
        """Whether the path is an incoming webhook's."""
        return path in self._routes

    async def handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        try:
            answer = await self._answer(scope, receive)
            body = self._dialect.codec(type(answer)).encode(answer)
        except ClientDisconnected:
            return
        except Exception as error:  # noqa: BLE001 - the wire edge
            occasion = Occasion(raw_path(scope), request_id)
            await send_dialect_error(send, self._dialect, to_wire(error, request_id), occasion)
            return
        headers = (("x-request-id", request_id),)
        gzipped = accepts_gzip(header_map(scope))
        await respond(send, 200, "application/json", body, headers=headers, gzipped=gzipped)

    async def _answer(self, scope: Scope, receive: Receive) -> Message:
        if scope["method"] != "POST":
            raise wrong_verb(scope["method"], "POST")
        headers = header_map(scope)
        parameters = _parameters(scope.get("query_string", b""))
        token = await self._receiver.admit(_token(headers, parameters), _address(scope))
        body = await read_body(headers, receive, self._max_body_bytes)
        return await self._routes[scope["path"]](token, _Request(headers, parameters, body))

    async def _create(self, token: T, request: _Request) -> Message:
        key = request.headers.get("idempotency-key", "")
        return await self._receiver.create_incident(token, request.parameters, request.body, key)

    async def _alerts(self, token: T, request: _Request) -> Message:
        return await self._receiver.receive_alerts(token, request.parameters, request.body)


class PluginSettings:
    """`/api/plugins/…/settings`, which clients probe for the plugin: it is there for anybody with a valid token."""

    def __init__(self, authenticator: Authenticator, dialect: Dialect) -> None:
        self._authenticator = authenticator
        self._dialect = dialect
        # The same for both plugin ids: clients only look whether it is there.
        body = b'{"id":"grafana-irm-app","enabled":true,"jsonData":{},"error":""}'
        self._bodies = {f"/api/plugins/{plugin}/settings": body for plugin in PLUGINS}

    def serves(self, path: str) -> bool:
        return path in self._bodies

    async def handle(self, scope: Scope, _receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        try:
            await self._admit(scope)
        except Exception as error:  # noqa: BLE001 - the wire edge
            occasion = Occasion(raw_path(scope), request_id)
            await send_dialect_error(send, self._dialect, to_wire(error, request_id), occasion)
            return
        body = self._bodies[scope["path"]] if scope["method"] == "GET" else b""
        await respond(send, 200, "application/json", body, headers=(("x-request-id", request_id),))

    async def _admit(self, scope: Scope) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise wrong_verb(scope["method"], "GET, HEAD")
        await self._authenticator.authenticate(header_map(scope))


def _parameters(query: bytes) -> Parameters:
    """Decoded (name, value) pairs; bytes that are no UTF-8 become U+FFFD. Raises Invalid for more than 200."""
    try:
        return parse_qsl(
            query.decode("latin-1"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="replace",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        why = f"has more than {MAX_PARAMETERS} parameters"
        violation = FieldViolation("query", why, maximum=MAX_PARAMETERS)
        raise Invalid(Reason.FIELD_INVALID, f"the URL {why}", violations=(violation,)) from None


def _token(headers: Mapping[str, str], parameters: Parameters) -> str:
    """The header's, else the parameter's, else nothing."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return next((value for name, value in parameters if name == "token"), "")


def _address(scope: Scope) -> str:
    client: Any = scope.get("client")
    return str(client[0]) if client else ""
