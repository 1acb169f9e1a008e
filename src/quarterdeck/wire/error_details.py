"""What a machine may want to know about an error, as the `google.rpc` messages that Connect and gRPC clients know."""

from __future__ import annotations

import math
from collections.abc import Iterator

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo

from quarterdeck.wire.errors import WireError

ERROR_DOMAIN = "quarterdeck"
_LONGEST_DELAY = 86_400.0


def error_details(error: WireError) -> list[Message]:
    """ErrorInfo when there is a reason, BadRequest for field violations, RetryInfo when waiting helps; in this order.

    Never fails: half surrogate pairs in texts become `?`, and a delay is cut to 0 s … 1 day.
    """
    return list(_details(error))


def _details(error: WireError) -> Iterator[Message]:
    if error.reason:
        metadata = {printable(key): printable(value) for key, value in error.metadata.items()}
        yield ErrorInfo(reason=printable(error.reason), domain=ERROR_DOMAIN, metadata=metadata)
    if error.violations:
        yield BadRequest(
            field_violations=[
                BadRequest.FieldViolation(field=printable(each.field), description=printable(each.description))
                for each in error.violations
            ]
        )
    if error.retry_after is not None:
        yield RetryInfo(retry_delay=_delay(error.retry_after))


def _delay(seconds: float) -> Duration:
    bounded = _LONGEST_DELAY if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_DELAY)
    millis = math.ceil(bounded * 1000)
    return Duration(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)


def printable(text: str) -> str:
    """The text with `?` for what UTF-8 cannot carry: an error's words may quote a hostile request."""
    return text.encode("utf-8", "replace").decode("utf-8")
