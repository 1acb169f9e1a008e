"""The JSON of the Grafana Assistant's HTTP APIs: camelCase, and one envelope for errors.

Lists, texts and numbers are always there; a field that is documented as optional is one with `omit_unset` in the
contract. An error is `{"status": "error", "message": text}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import orjson

from quarterdeck.errors import Reason
from quarterdeck.wire.dialects.compiled import compile_dialect
from quarterdeck.wire.dialects.conventions import Conventions, PrintedUnset, UnsetMessage
from quarterdeck.wire.dialects.dialect import Dialect, ErrorBody, Occasion
from quarterdeck.wire.error_details import printable
from quarterdeck.wire.errors import Code, WireError

CONVENTIONS: Final = Conventions(
    unset=PrintedUnset(message=UnsetMessage.NULL),
    int64_as_text=False,
    empty_body_is_object=True,
    any_key_case=True,
    nul_refused=True,
)

STATUS_OF: Final[Mapping[Code, int]] = {
    Code.CANCELED: 500,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 400,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 400,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 404,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
"""The statuses that the API's clients know; 503 and 504 they try again. What we do not serve is a 404 to them."""

_TOO_MANY: Final = 429


def _render_error(error: WireError, _occasion: Occasion) -> ErrorBody:
    status = _status(error)
    body = orjson.dumps({"status": "error", "message": printable(_text(error))})
    return ErrorBody(status, "application/json", body, _headers(error, status))


def _status(error: WireError) -> int:
    # A verb that a path has not, as `POST …/investigations/from-irm-incident`, is one more thing that is not served.
    return 413 if error.reason == Reason.BODY_TOO_LARGE else STATUS_OF[error.code]


def _text(error: WireError) -> str:
    return "Chat not found" if error.reason == Reason.CHAT_NOT_FOUND else error.message


def _headers(error: WireError, status: int) -> tuple[tuple[str, str], ...]:
    if status == _TOO_MANY:
        return (("retry-after", str(max(1, math.ceil(error.retry_after or 0)))),)
    return (("www-authenticate", "Bearer"),) if error.code is Code.UNAUTHENTICATED else ()


assistant: Final[Dialect] = compile_dialect("assistant", CONVENTIONS, _render_error)
