"""Connect requests that are refused before `connectrpc` sees them, and its own words for those it refuses, made ours.

The library answers some with an empty body, some with the words of zlib, and takes some that are broken. connect-go
makes a wrong code of every answer that is not JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote_to_bytes

from connectrpc.code import Code as ConnectCode
from connectrpc.errors import ConnectError

from quarterdeck.errors import Reason
from quarterdeck.wire.asgi import Scope, header_map
from quarterdeck.wire.errors import Code, WireError, body_too_large, unsupported_media_type, wrong_verb
from quarterdeck.wire.method import Method

UNARY_TYPES = frozenset({"application/json", "application/proto"})
STREAM_TYPES = frozenset({"application/connect+json", "application/connect+proto"})
GRPC_WEB_TYPES = frozenset({"application/grpc-web", "application/grpc-web+proto", "application/grpc-web+json"})

_TIMEOUT = re.compile(r"[0-9]{1,10}", re.ASCII)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# The URL-safe alphabet is the protocol's. Clients that used the other one have worked so far: `+` arrives as a space.
_BASE64 = re.compile(r"[A-Za-z0-9_\-+/ ]*={0,2}")


def refuse(method: Method, scope: Scope) -> WireError | None:
    """Why a request cannot be a call of the method, as far as its head shows; None when it can."""
    verb = scope["method"]
    may_get = method.no_side_effects and not method.streams
    if verb != "POST" and not (verb == "GET" and may_get):
        return wrong_verb(verb, "GET, POST" if may_get else "POST")
    if not _is_text(scope):
        return _malformed(
            "the query and the headers must be valid UTF-8, with every % of the query followed by two digits"
        )
    headers = header_map(scope)
    refusal = _refuse_get(scope) if verb == "GET" else _refuse_type(method, headers.get("content-type", ""))
    return refusal or _refuse_protocol(headers)


def _is_text(scope: Scope) -> bool:
    query = scope.get("query_string", b"")
    try:
        unquote_to_bytes(query).decode("utf-8")
        for name, value in scope["headers"]:
            name.decode("utf-8")
            value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _BROKEN_ESCAPE.search(query)


def _refuse_get(scope: Scope) -> WireError | None:
    parameters = parse_qs(scope["query_string"].decode("utf-8"), keep_blank_values=True)
    encoding = parameters.get("encoding", [""])[0]
    if encoding not in ("json", "proto"):
        return unsupported_media_type(encoding, "the query parameter encoding=json or encoding=proto")
    if parameters.get("connect", ["v1"])[0] != "v1":
        return _malformed("the query parameter connect must be v1")
    if "message" not in parameters:
        return _malformed("the query parameter message is missing; it carries the request")
    if parameters.get("base64", [""])[0] == "1" and not _is_base64(parameters["message"][0]):
        return _malformed("the query parameter message is not valid base64 of the URL-safe alphabet")
    return None


def _is_base64(text: str) -> bool:
    return _BASE64.fullmatch(text) is not None and len(text.rstrip("=")) % 4 != 1


def _refuse_type(method: Method, content_type: str) -> WireError | None:
    kind = content_type.partition(";")[0].strip().lower()
    accepted = (STREAM_TYPES if method.streams else UNARY_TYPES) | GRPC_WEB_TYPES
    if kind in accepted:
        return None
    return unsupported_media_type(content_type, ", ".join(sorted(accepted)))


def _refuse_protocol(headers: Mapping[str, str]) -> WireError | None:
    version, timeout = headers.get("connect-protocol-version", "1"), headers.get("connect-timeout-ms")
    if version != "1":
        return _malformed(f"Connect-Protocol-Version is {version[:40]!r}; this server speaks version '1'")
    if timeout is not None and not _TIMEOUT.fullmatch(timeout):
        return _malformed(
            f"Connect-Timeout-Ms is {timeout[:40]!r}; a number of milliseconds of at most 10 digits is read"
        )
    return None


def _malformed(sentence: str) -> WireError:
    return WireError(Code.INVALID_ARGUMENT, sentence, reason=Reason.BODY_MALFORMED)


def own_words(error: ConnectError, max_body_bytes: int) -> WireError:
    """What the library says about a request's body, said as every other transport says it."""
    message = error.message
    match error.code:
        case ConnectCode.RESOURCE_EXHAUSTED:
            return body_too_large(max_body_bytes)
        case ConnectCode.UNIMPLEMENTED if "compression" in message:
            name = message.split("'")[1] if message.count("'") > 1 else ""
            why = f"content encoding {name[:40]!r} is not read here; send gzip or identity"
            return WireError(Code.UNIMPLEMENTED, why, reason=Reason.BODY_MALFORMED)
        case ConnectCode.UNIMPLEMENTED:
            return WireError(Code.UNIMPLEMENTED, message, reason=Reason.BODY_MALFORMED)
        case ConnectCode.INVALID_ARGUMENT if message.startswith("decompress:"):
            return _malformed("the body is not valid gzip, or cut short")
        case ConnectCode.INVALID_ARGUMENT | ConnectCode.INTERNAL:
            return _malformed(message)
        case _:
            return WireError(Code(error.code.value), message)
