"""The one table from domain errors to wire errors; the only place that makes an answer of an unexpected exception.

Transports print a `WireError` in their own envelope; they never look at a domain error.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from quarterdeck import errors
from quarterdeck.errors import DomainError, FieldViolation, Invalid, LimitExceeded, Reason

_log = logging.getLogger("quarterdeck.wire")

INTERNAL_MESSAGE = "internal error; the server's log has the details under this request id"


class Code(StrEnum):
    """The codes that Connect and gRPC share, by their Connect names."""

    CANCELED = "canceled"
    UNKNOWN = "unknown"
    INVALID_ARGUMENT = "invalid_argument"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    PERMISSION_DENIED = "permission_denied"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    OUT_OF_RANGE = "out_of_range"
    UNIMPLEMENTED = "unimplemented"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    DATA_LOSS = "data_loss"
    UNAUTHENTICATED = "unauthenticated"


HTTP_STATUS: Mapping[Code, int] = {
    Code.CANCELED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}

CODE_OF: Mapping[type[DomainError], Code] = {
    errors.Invalid: Code.INVALID_ARGUMENT,
    errors.Unauthenticated: Code.UNAUTHENTICATED,
    errors.Forbidden: Code.PERMISSION_DENIED,
    errors.NotFound: Code.NOT_FOUND,
    errors.Conflict: Code.ALREADY_EXISTS,
    errors.Aborted: Code.ABORTED,
    errors.PreconditionFailed: Code.FAILED_PRECONDITION,
    errors.LimitExceeded: Code.RESOURCE_EXHAUSTED,
    errors.Unimplemented: Code.UNIMPLEMENTED,
    errors.Unavailable: Code.UNAVAILABLE,
    errors.DeadlineExceeded: Code.DEADLINE_EXCEEDED,
}
"""Every subclass of DomainError has a row; a test walks the subclasses."""


Fault = Mapping[str, Any]
"""One thing wrong with a body, in the words of the family whose dialect found it."""


class InvalidBody(Invalid):
    """A body that breaks its schema, with all its `faults`."""

    def __init__(self, message: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(Reason.BODY_MALFORMED, message)
        self.faults = faults


@dataclass(eq=False)
class WireError(Exception):
    """An error ready for any envelope: code, sentence, and what a machine may want to know.

    Not frozen: Python itself writes to an exception that travels (`__traceback__`, `__context__`).

    `http_status` differs from the code's own only where HTTP itself has a better one (404, 405, 413, 415 of a router).
    """

    code: Code
    message: str
    reason: str = ""
    violations: tuple[FieldViolation, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    """For envelopes that list what is wrong with a body."""
    retry_after: float | None = None
    http_status: int = 0
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> int:
        return self.http_status or HTTP_STATUS[self.code]


def code_of(error: DomainError) -> Code:
    """The row of the nearest class, so that a subclass needs no row of its own."""
    for kind in type(error).__mro__:
        if kind in CODE_OF:
            return CODE_OF[kind]
    return Code.UNKNOWN


def to_wire(error: BaseException, request_id: str) -> WireError:
    """What a caller is told. An unexpected exception is logged here, once, and told as a fixed sentence."""
    if isinstance(error, WireError):
        return error
    if isinstance(error, DomainError):
        return WireError(
            code=code_of(error),
            message=error.message,
            reason=error.reason,
            violations=error.violations,
            metadata=error.metadata,
            faults=error.faults if isinstance(error, InvalidBody) else (),
            retry_after=error.retry_after if isinstance(error, LimitExceeded) else None,
        )
    if isinstance(error, TimeoutError):
        return WireError(Code.DEADLINE_EXCEEDED, "the deadline passed before the answer was ready")
    _log.error("request %s failed unexpectedly", request_id, exc_info=error, extra={"request_id": request_id})
    return WireError(Code.INTERNAL, f"{INTERNAL_MESSAGE}: {request_id}", metadata={"request_id": request_id})


def unknown_route(path: str) -> WireError:
    """For a path that is no RPC. Not `not_found`: connect-go and Terraform read that as a missing resource."""
    return WireError(
        Code.UNIMPLEMENTED, f"nothing is served at {path[:200]!r}", reason=Reason.METHOD_UNKNOWN, http_status=404
    )


def wrong_verb(verb: str, allowed: str) -> WireError:
    """For a known path and a verb that it does not have; `allowed` is the value of `Allow`."""
    return WireError(
        Code.UNIMPLEMENTED,
        f"{verb[:40]} is not served here; use {allowed}",
        reason=Reason.METHOD_UNKNOWN,
        http_status=405,
        headers=(("allow", allowed),),
    )


def unsupported_media_type(content_type: str, accepted: str) -> WireError:
    """For a body that no codec reads; `accepted` is the value of `Accept-Post`."""
    return WireError(
        Code.INVALID_ARGUMENT,
        f"content type {content_type[:100]!r} is not read here; send {accepted}",
        reason=Reason.BODY_MALFORMED,
        http_status=415,
        headers=(("accept-post", accepted),),
    )


def body_too_large(limit: int) -> WireError:
    """For a body over the limit, before or after decompression."""
    return WireError(
        Code.RESOURCE_EXHAUSTED, f"the request is larger than the limit of {limit} bytes", reason=Reason.BODY_TOO_LARGE
    )
