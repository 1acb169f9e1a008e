"""What uvicorn does by itself before a request reaches the application, made as careful as the rest."""

from __future__ import annotations

import sys
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from quarterdeck.errors import Reason
from quarterdeck.wire.chain import new_request_id
from quarterdeck.wire.connect import error_headers
from quarterdeck.wire.dialects import protojson
from quarterdeck.wire.errors import Code, WireError

MAX_HEAD_BYTES = 256 * 1024
"""Request line and headers together. Alloy 1.7 to 1.11 sends tens of KiB of attributes in the request line."""

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class HttpConnection(HttpToolsProtocol):
    """Refuses what is not HTTP in the words of every other error, bounds a request's head, and ignores upgrades.

    A client of HTTP/1.0, as some proxies are, gets a stream as its bytes until the connection closes: it cannot read
    chunks.

    The parser bounds nothing: a peer that never ends its headers would fill the memory. And it stops reading behind the
    head of a request that offers an upgrade, so that the body is lost; `curl --http2` and Java's HttpClient offer one
    with every first request.
    """

    _in_head = False
    _head_bytes = 0
    _resuming = False
    """The parser is being brought back to where another one stopped; what it tells meanwhile is known already."""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response("the request is not valid HTTP/1.1")
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response(f"the request line and the headers are larger than {MAX_HEAD_BYTES} bytes")

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as stopped:
                self._resume_without_upgrade()
                data = data[stopped.args[0] :]

    def _resume_without_upgrade(self) -> None:
        framing = b"".join(b"%s: %s\r\n" % field for field in self.headers if field[0] in _FRAMING)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._resuming = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")

    def on_message_begin(self) -> None:
        if not self._resuming:
            super().on_message_begin()
            self._in_head, self._head_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        if not self._resuming:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._resuming:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._resuming:
            self._resuming = False
        else:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        is_old = cycle.scope["http_version"] == "1.0"
        super()._start_asgi_task(cycle, _until_it_closes(cycle, app) if is_old else app)

    def send_400_response(self, msg: str) -> None:
        """Uvicorn's is plain text, which connect-go takes for an internal error."""
        error = WireError(Code.INVALID_ARGUMENT, msg, reason=Reason.BODY_MALFORMED)
        body = protojson.render_error(error).body
        fields = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
            *error_headers(error, new_request_id()),
        ]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{head}\r\n".encode("latin-1") + body)
        self.transport.close()


def _until_it_closes(cycle: RequestResponseCycle, app: Any) -> Any:
    """The application, its answers without a length not in chunks: uvicorn would send these to anybody."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        is_stream = False

        async def send_plain(message: Any) -> None:
            nonlocal is_stream
            if message["type"] == "http.response.start":
                is_stream = b"content-length" not in {name.lower() for name, _ in message["headers"]}
                if is_stream:
                    cycle.chunked_encoding, cycle.expected_content_length = False, sys.maxsize
            elif is_stream and not message.get("more_body"):
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_plain)

    return served
