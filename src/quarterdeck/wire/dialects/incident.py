"""The JSON of the incident API: what a Go server without `omitempty` prints, and both generations of its errors.

An error is one object with the keys of both: `error`, and `message` and `traceID` for clients that look there; and a
problem document (RFC 9457) with `code`, `hint`, `retryable` and `context`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from google.protobuf.descriptor import Descriptor

from quarterdeck.errors import FieldViolation, Reason
from quarterdeck.wire.dialects.compiled import compile_dialect
from quarterdeck.wire.dialects.conventions import Conventions, Nulls, PrintedUnset, TimeFormat, UnsetMessage
from quarterdeck.wire.dialects.dialect import Dialect, ErrorBody, Occasion
from quarterdeck.wire.error_details import printable
from quarterdeck.wire.errors import Code, WireError

CONVENTIONS: Final = Conventions(
    unset=PrintedUnset(time="", message=UnsetMessage.ZERO_UNLESS_OPTIONAL),
    int64_as_text=False,
    times=TimeFormat.MICROSECONDS,
    nulls=Nulls.DROPPED,
    any_key_case=True,
    empty_body_is_object=True,
    bare_texts=True,
    nul_refused=True,
)

VALIDATION_FAILED: Final = "common.validation_failed"
INTERNAL_ERROR: Final = "common.internal_error"
NOT_FOUND: Final = "common.not_found"


@dataclass(frozen=True, slots=True)
class Problem:
    """What every error of one code has in common."""

    status: int
    title: str
    hint: str = ""


PROBLEMS: Final[Mapping[str, Problem]] = {
    VALIDATION_FAILED: Problem(400, "Validation failed", "Correct the request; the same one will fail again."),
    "common.unauthorized": Problem(401, "Unauthorized", "Send a valid token as Authorization: Bearer TOKEN."),
    "common.forbidden": Problem(403, "Forbidden", "Use a token of an account whose role suffices."),
    NOT_FOUND: Problem(404, "Not found"),
    "common.conflict": Problem(409, "Conflict", "Read what is there now, and decide again."),
    "common.rate_limited": Problem(429, "Too many requests", "Wait as long as Retry-After says, then try again."),
    "common.feature_disabled": Problem(403, "Feature disabled", "It is switched off in the server's settings."),
    INTERNAL_ERROR: Problem(500, "Internal error", "Look for the trace id in the server's log."),
    "incidents.not_found": Problem(404, "Incident not found"),
    "incidents.invalid_status_transition": Problem(
        409, "Invalid status transition", "Choose a status that is in use for incidents of this type."
    ),
    "incidents.creation_failed": Problem(500, "Incident creation failed", "Look for the trace id in the server's log."),
    "integrations.not_found": Problem(404, "Integration not found"),
    "integrations.not_configured": Problem(409, "Integration not configured", "Set the integration up first."),
    "tasks.not_found": Problem(404, "Task not found"),
    "roles.not_found": Problem(404, "Role not found"),
    "roles.name_conflict": Problem(409, "Role name taken", "Choose another name; archived roles keep theirs."),
    "roles.maximum_active_reached": Problem(409, "Too many active roles", "Archive or delete a role first."),
    "roles.minimum_active_required": Problem(409, "Too few active roles", "Create or unarchive a role first."),
    "statuses.not_found": Problem(404, "Status not found"),
    "users.not_found": Problem(404, "User not found"),
}
"""By code. The codes are those of incident-go at 7a56525c, without the few that no method of ours raises."""

CODE_OF_REASON: Final[Mapping[str, str]] = {
    Reason.FEATURE_DISABLED: "common.feature_disabled",
    Reason.INCIDENT_NOT_FOUND: "incidents.not_found",
    Reason.INCIDENT_CREATION_FAILED: "incidents.creation_failed",
    Reason.STATUS_TRANSITION_INVALID: "incidents.invalid_status_transition",
    Reason.INTEGRATION_NOT_FOUND: "integrations.not_found",
    Reason.HOOK_NOT_FOUND: "integrations.not_found",
    Reason.INTEGRATION_NOT_CONFIGURED: "integrations.not_configured",
    Reason.TASK_NOT_FOUND: "tasks.not_found",
    Reason.ROLE_NOT_FOUND: "roles.not_found",
    Reason.ROLE_NAME_TAKEN: "roles.name_conflict",
    Reason.ROLES_AT_MAXIMUM: "roles.maximum_active_reached",
    Reason.ROLES_AT_MINIMUM: "roles.minimum_active_required",
    Reason.STATUS_NOT_FOUND: "statuses.not_found",
    Reason.USER_NOT_FOUND: "users.not_found",
    Reason.BODY_MALFORMED: VALIDATION_FAILED,
    Reason.BODY_TOO_LARGE: VALIDATION_FAILED,
    Reason.METHOD_UNKNOWN: NOT_FOUND,
}
"""Reasons that have a code of their own; every other has that of its kind."""

CODE_OF_KIND: Final[Mapping[Code, str]] = {
    Code.CANCELED: INTERNAL_ERROR,
    Code.UNKNOWN: INTERNAL_ERROR,
    Code.INVALID_ARGUMENT: VALIDATION_FAILED,
    Code.DEADLINE_EXCEEDED: INTERNAL_ERROR,
    Code.NOT_FOUND: NOT_FOUND,
    Code.ALREADY_EXISTS: "common.conflict",
    Code.PERMISSION_DENIED: "common.forbidden",
    Code.RESOURCE_EXHAUSTED: "common.rate_limited",
    Code.FAILED_PRECONDITION: "common.conflict",
    Code.ABORTED: "common.conflict",
    Code.OUT_OF_RANGE: VALIDATION_FAILED,
    Code.UNIMPLEMENTED: NOT_FOUND,
    Code.INTERNAL: INTERNAL_ERROR,
    Code.UNAVAILABLE: INTERNAL_ERROR,
    Code.DATA_LOSS: INTERNAL_ERROR,
    Code.UNAUTHENTICATED: "common.unauthorized",
}

_METHOD_NOT_ALLOWED: Final = 405
_HINTS: Final[Mapping[int, str]] = {
    _METHOD_NOT_ALLOWED: "Use a verb that Allow names.",
    413: "Send less at once.",
    503: "Try again in a few seconds.",
}
_RETRYABLE: Final = frozenset({429, 503})
_MISSING: Final = "_NOT_FOUND"
_FIELD_STEP: Final = re.compile(r"(\w+)((?:\[\d+\])*)(\.?)(.*)", re.DOTALL)


def incident_dialect(public_url: str = "") -> Dialect:
    """The dialect; `public_url` is where people reach this server, for the links to the meaning of a code."""
    documentation = f"{public_url.rstrip('/')}/docs/errors"

    def render(error: WireError, occasion: Occasion) -> ErrorBody:
        return _render_error(error, occasion, documentation)

    return compile_dialect("incident", CONVENTIONS, render)


def _render_error(error: WireError, occasion: Occasion, documentation: str) -> ErrorBody:
    code = _code(error)
    status = _status(error, code)
    text = printable(_text(error, occasion.request_type)) or PROBLEMS[code].title
    body: dict[str, Any] = {
        "error": text,
        "type": f"{documentation}#{code}",
        "title": PROBLEMS[code].title,
        "status": status,
        "detail": text,
        "instance": printable(occasion.path),
        "code": code,
        "trace_id": occasion.request_id,
        "hint": _HINTS.get(status, PROBLEMS[code].hint),
        "retryable": status in _RETRYABLE,
        "context": _context(error, code, occasion.request_type),
        "message": text,
        "traceID": occasion.request_id,
    }
    return ErrorBody(status, "application/problem+json", orjson.dumps(body), _headers(error, status))


def _code(error: WireError) -> str:
    if error.http_status == _METHOD_NOT_ALLOWED:
        return VALIDATION_FAILED
    return CODE_OF_REASON.get(error.reason) or CODE_OF_KIND[error.code]


def _status(error: WireError, code: str) -> int:
    if error.http_status == _METHOD_NOT_ALLOWED:
        return _METHOD_NOT_ALLOWED
    if error.reason == Reason.BODY_TOO_LARGE:
        return 413
    if error.code is Code.UNAVAILABLE and code == INTERNAL_ERROR:
        return 503
    return PROBLEMS[code].status


def _headers(error: WireError, status: int) -> tuple[tuple[str, str], ...]:
    match status:
        case 401:
            return (("www-authenticate", "Bearer"),)
        case 429:
            return (("retry-after", str(max(1, math.ceil(error.retry_after or 0)))),)
        case _:
            return ()


def _text(error: WireError, request: Descriptor | None) -> str:
    """The sentence; where it is made of field violations, with the keys that the caller knows."""
    parts = [f"{each.field}: {each.description}" for each in error.violations]
    if parts and error.message == "; ".join(parts):
        return "; ".join(f"{json_path(each.field, request)}: {each.description}" for each in error.violations)
    return error.message


def _context(error: WireError, code: str, request: Descriptor | None) -> dict[str, str]:
    """Texts alone, whatever is told."""
    if code == INTERNAL_ERROR:
        return {}
    context = dict(error.metadata)
    if code == NOT_FOUND and error.reason.endswith(_MISSING):
        context.setdefault("kind", error.reason.removesuffix(_MISSING).replace("_", " ").lower())
    if error.violations:
        context |= _limits(error.violations[0]) | {"field": json_path(error.violations[0].field, request)}
    return {printable(str(key)): printable(str(value)) for key, value in context.items()}


def _limits(violation: FieldViolation) -> dict[str, str]:
    limits = {"max": violation.maximum, "min": violation.minimum}
    return {key: str(value) for key, value in limits.items() if value is not None}


def json_path(path: str, request: Descriptor | None) -> str:
    """A path in proto names as the caller spells it: `query.incident_id` is `query.incidentID`.

    What leads nowhere in the request stays as it is.
    """
    step = _FIELD_STEP.fullmatch(path) if request is not None else None
    if request is None or step is None:
        return path
    name, index, dot, rest = step.groups()
    field = request.fields_by_name.get(name)
    if field is None:
        return path
    nested = field.message_type if dot else None
    return f"{field.json_name}{index}{dot}{json_path(rest, nested)}"


incident: Final = incident_dialect()
