"""The JSON of HolmesGPT's HTTP API: snake_case keys, nulls where Python has None, and FastAPI's errors.

An error is `{"detail": text}`, and for a body that breaks its schema a 422 with the list of its faults in place of the
text. In a stream it is a record `error` with HolmesGPT's own codes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import orjson
from google.protobuf.message import Message

from quarterdeck.errors import Reason
from quarterdeck.wire.dialects.compiled import compile_dialect
from quarterdeck.wire.dialects.conventions import Conventions, KeyNames, PrintedUnset, UnsetMessage
from quarterdeck.wire.dialects.dialect import BodyReader, Dialect, ErrorBody, MessageCodec, Occasion
from quarterdeck.wire.dialects.fastapi_bodies import fastapi_body_reader, refuse, value_fault
from quarterdeck.wire.error_details import printable
from quarterdeck.wire.errors import Code, Fault, WireError

CONVENTIONS: Final = Conventions(
    keys=KeyNames.PROTO,
    unset=PrintedUnset(message=UnsetMessage.NULL),
    int64_as_text=False,
    bare_texts=True,
    entries_as_object=True,
)

RATE_LIMITED: Final = 5204
OTHER_ERROR: Final = 1
_THROTTLED: Final = "Model is getting throttled"
_UNPROCESSABLE: Final = 422
_TOO_MANY: Final = 429

STATUS_OF_REASON: Final[Mapping[str, int]] = {
    Reason.BODY_TOO_LARGE: 413,
    Reason.MODEL_RATE_LIMITED: _TOO_MANY,
    Reason.MODEL_REFUSES_CREDENTIALS: 401,
    Reason.MODEL_FAILED: 500,
    Reason.PROMPT_TEMPLATE_UNKNOWN: 500,
    Reason.IMAGE_INVALID: 500,
    Reason.APPROVAL_NOT_FOUND: 500,
    Reason.OAUTH_EXCHANGE_FAILED: 502,
}
"""Reasons whose status is another than that of their kind."""

_FIXED_TEXT: Final[Mapping[str, str]] = {
    Reason.CREDENTIALS_MISSING: "Invalid or missing API key",
    Reason.CREDENTIALS_INVALID: "Invalid or missing API key",
}
_ROUTER_TEXT: Final[Mapping[int, str]] = {404: "Not Found", 405: "Method Not Allowed"}

FIRST_ITEM: Final = "The first item in conversation_history must contain 'role': 'system'"


def _render_error(error: WireError, _occasion: Occasion) -> ErrorBody:
    if error.faults:
        return ErrorBody(_UNPROCESSABLE, "application/json", _list_of(error.faults))
    status = STATUS_OF_REASON.get(error.reason, error.status)
    body = orjson.dumps({"detail": printable(_text(error, status))})
    return ErrorBody(status, "application/json", body, _headers(error, status))


def _text(error: WireError, status: int) -> str:
    if error.reason == Reason.METHOD_UNKNOWN:
        return _ROUTER_TEXT.get(status, error.message)
    return _FIXED_TEXT.get(error.reason, error.message)


def _headers(error: WireError, status: int) -> tuple[tuple[str, str], ...]:
    if status == _TOO_MANY:
        return (("retry-after", str(max(1, math.ceil(error.retry_after or 0)))),)
    return (("www-authenticate", "Bearer"),) if error.code is Code.UNAUTHENTICATED else ()


def _list_of(faults: tuple[Fault, ...]) -> bytes:
    try:
        return orjson.dumps({"detail": faults})
    except (
        orjson.JSONEncodeError
    ):  # of what a caller may send: integers over 64 bits, half surrogate pairs, deep nesting
        return b'{"detail":[%b]}' % b",".join(_fault(fault) for fault in faults)


def _fault(fault: Fault) -> bytes:
    try:
        return json.dumps(fault, separators=(",", ":")).encode("ascii")
    except (ValueError, RecursionError):  # an integer of thousands of digits; a thousand levels
        return json.dumps({**fault, "input": None}, separators=(",", ":")).encode("ascii")


def stream_error(error: WireError) -> dict[str, Any]:
    """The data of the record `error`, the last one of a stream."""
    text = printable(error.message)
    if error.code is Code.RESOURCE_EXHAUSTED or _THROTTLED in text:
        return {"description": text, "error_code": RATE_LIMITED, "msg": "Rate limit exceeded", "success": False}
    return {"description": text, "error_code": OTHER_ERROR, "msg": text, "success": False}


def _body_reader(message_class: type[Message], codec: MessageCodec) -> BodyReader:
    has_history = "conversation_history" in message_class.DESCRIPTOR.fields_by_name
    # Chats look into the body before they look at its type, so curl's own form type is as good as JSON's.
    return fastapi_body_reader(message_class, codec, _check_first_item if has_history else None, any_type=has_history)


def _check_first_item(body: dict[str, Any]) -> None:
    """A conversation that goes on begins with the system's message. An item that is no object is told by its type."""
    history = body.get("conversation_history")
    first = history[0] if type(history) is list and history else None
    if type(first) is dict and first.get("role") != "system":
        refuse([value_fault(FIRST_ITEM, body)])


holmes: Final[Dialect] = compile_dialect(
    "holmes", CONVENTIONS, _render_error, stream_error=stream_error, make_body_reader=_body_reader
)
