"""One HTTP request and its one answer: what the transport knows of it, and the only place that sends."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from quarterdeck.wire.asgi import Receive, Scope, Send, accepts_gzip, header_map, raw_path, respond
from quarterdeck.wire.connect import error_headers
from quarterdeck.wire.dialects.dialect import Dialect, Occasion
from quarterdeck.wire.errors import WireError

Headers = Iterable[tuple[str, str]]


class Exchange:
    """Puts the request id on every answer, keeps HEAD without a body, and never starts a second answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.verb: str = scope["method"]
        self.path = raw_path(scope)
        self.query: bytes = scope.get("query_string", b"")
        self.headers = header_map(scope)
        self.receive = receive
        self.request_id = request_id
        self.started = False
        self._send_raw = send

    async def respond(self, status: int, content_type: str, body: bytes, headers: Headers = ()) -> None:
        """Send a whole answer, compressed when the client takes gzip."""
        await self._whole(status, content_type, body, (*headers, ("x-request-id", self.request_id)))

    async def _whole(self, status: int, content_type: str, body: bytes, headers: Headers) -> None:
        gzipped = accepts_gzip(self.headers)
        await respond(self._send, status, content_type, body, headers=headers, gzipped=gzipped)

    async def respond_empty(self, status: int, headers: Headers) -> None:
        """Send headers alone."""
        await self.start(status, headers)
        await self.write(b"", more=False)

    async def fail(self, error: WireError, dialect: Dialect) -> None:
        """Send an error in a family's envelope; nothing when an answer has started, which then ends cut short."""
        if self.started:
            return
        rendered = dialect.render_error(error, self.occasion)
        headers = error_headers(error, self.request_id, rendered.headers)
        await self._whole(rendered.status, rendered.content_type, rendered.body, headers)

    @property
    def occasion(self) -> Occasion:
        """This request, for an envelope."""
        return Occasion(self.path, self.request_id)

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status and the headers of an answer whose body follows in pieces."""
        fields = (*headers, ("x-request-id", self.request_id))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def write(self, piece: bytes, *, more: bool = True) -> None:
        """Send a piece of the body; waits while the client does not take it."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def disconnected(self) -> None:
        """Return when the client has gone; what it still sends is thrown away."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.started = True
        elif self.verb == "HEAD":
            message = {**message, "body": b""}
        await self._send_raw(message)
