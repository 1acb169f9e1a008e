"""The few pieces of HTTP that our own adapters share: headers, bodies with a limit, whole responses.

`connectrpc` has its own; these serve the mounts, REST, the poll edge and the router's errors.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

from quarterdeck.errors import Forbidden, Reason
from quarterdeck.wire.errors import Code, WireError, body_too_large

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DEFAULT_MAX_BODY_BYTES = 4 * 1024 * 1024
COMPRESS_FROM_BYTES = 1024
"""Smaller answers do not gain by gzip."""


class ClientDisconnected(Exception):  # noqa: N818 - an event, not a fault
    """The client went away while its request was read."""


def header_map(scope: Scope) -> dict[str, str]:
    """Request headers by lower-case name; repeated ones are joined as HTTP says."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def raw_path(scope: Scope) -> str:
    """The path as it was sent, escapes and all, without the query."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"])


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body, inflated. Raises WireError over `limit` bytes, as sent or inflated, before buffering more."""
    if _declared_length(headers) > limit:
        raise body_too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise body_too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return decompress(b"".join(chunks), headers.get("content-encoding", ""), limit)


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """For a body that is read although it is not declared to be JSON: a browser may send such a one for any page.

    Raises Forbidden for a page of another site.
    """
    if headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden(Reason.FEATURE_DISABLED, "calls from other sites' pages are not served")


def _declared_length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Inflate a body. Raises WireError for an unknown encoding, a broken stream, or more than `limit` bytes."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding != "gzip":
        raise WireError(
            Code.UNIMPLEMENTED,
            f"content encoding {encoding[:40]!r} is not read here; send gzip or identity",
            reason=Reason.BODY_MALFORMED,
        )
    return _inflate(body, limit)


def _inflate(body: bytes, limit: int) -> bytes:
    # decompressobj with a bound: a gzip bomb costs one output buffer of the limit's size, not its inflated size.
    inflated = b""
    while body:
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            inflated += stream.decompress(body, limit + 1 - len(inflated))
        except zlib.error as error:
            raise WireError(
                Code.INVALID_ARGUMENT, "the body is not valid gzip", reason=Reason.BODY_MALFORMED
            ) from error
        if len(inflated) > limit:
            raise body_too_large(limit)
        if not stream.eof:
            raise WireError(Code.INVALID_ARGUMENT, "the gzip body is cut short", reason=Reason.BODY_MALFORMED)
        body = stream.unused_data
    return inflated


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Whether `Accept-Encoding` offers gzip."""
    for offer in headers.get("accept-encoding", "").split(","):
        name, _, parameters = offer.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return parameters.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def respond(
    send: Send,
    status: int,
    content_type: str,
    body: bytes,
    *,
    headers: Iterable[tuple[str, str]] = (),
    gzipped: bool = False,
) -> None:
    """Send a whole response, compressed when `gzipped` and worth it."""
    fields = [("content-type", content_type), *headers]
    if gzipped and len(body) >= COMPRESS_FROM_BYTES:
        body = gzip.compress(body, compresslevel=5, mtime=0)
        fields += [("content-encoding", "gzip"), ("vary", "Accept-Encoding")]
    fields.append(("content-length", str(len(body))))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
        }
    )
    await send({"type": "http.response.body", "body": body})
