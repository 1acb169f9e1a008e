"""A collector's calls as HTTP, written as connect-go writes them, and the answers, read as connect-go reads them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from google.protobuf.message import DecodeError, Message

from quarterdeck.simulator.releases import AlloyRelease
from quarterdeck.simulator.state import Call, CallError, Method

_SERVICE = "collector.v1.CollectorService"
_PROTO = "application/proto"
_SHOWN = 300

# What connect-go makes of an answer that is not a Connect error: a table of its own, in which 404 is not `not_found`.
_CODES_BY_STATUS: Mapping[int, str] = {
    400: "internal",
    401: "unauthenticated",
    403: "permission_denied",
    404: "unimplemented",
    429: "unavailable",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request to send; a GET has no body."""

    verb: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


def to_http(call: Call, base_url: str, release: AlloyRelease, operating_system: str) -> HttpCall:
    """The request for a call. `base_url` is the server's root, with or without a closing slash, path prefix allowed."""
    url = f"{base_url.rstrip('/')}/{_SERVICE}/{call.method}"
    payload = call.request.SerializeToString(deterministic=True)
    headers = {"User-Agent": release.user_agent(operating_system), "Accept-Encoding": "gzip"}
    if call.method is Method.GET_CONFIG and release.gets_config_with_get:
        message = urlsafe_b64encode(payload).rstrip(b"=").decode()
        return HttpCall("GET", f"{url}?connect=v1&base64=1&encoding=proto&message={message}", headers)
    headers |= {"Content-Type": _PROTO, "Connect-Protocol-Version": "1"}
    return HttpCall("POST", url, headers, payload)


def from_http(call: Call, status: int, content_type: str, body: bytes) -> Message | CallError:
    """The answer to a call, from an HTTP response whose content encoding is undone."""
    if status != 200:
        return _error(status, content_type, body)
    if content_type != _PROTO:
        code = "internal" if content_type.startswith("application/") else "unknown"
        return CallError(code, f"invalid content-type: {content_type[:_SHOWN]!r}; expecting {_PROTO!r}")
    try:
        return call.method.response.FromString(body)
    except DecodeError as undecodable:
        return CallError("invalid_argument", f"the answer is no {call.method.response.DESCRIPTOR.name}: {undecodable}")


def _error(status: int, content_type: str, body: bytes) -> CallError:
    fallback = CallError(_CODES_BY_STATUS.get(status, "unknown"), f"HTTP status {status}")
    if content_type.partition(";")[0].strip() != "application/json":
        return fallback
    try:
        error = orjson.loads(body)
    except orjson.JSONDecodeError:
        return fallback
    if not isinstance(error, dict) or not isinstance(error.get("code"), str):
        return fallback
    return CallError(error["code"][:_SHOWN], str(error.get("message") or "")[:_SHOWN])
