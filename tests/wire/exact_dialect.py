"""A dialect that is nothing like protojson, to prove that a family's JSON is stated and not programmed."""

from __future__ import annotations

import orjson

from quarterdeck.wire.dialects import (
    Conventions,
    ErrorBody,
    Nulls,
    Occasion,
    PrintedUnset,
    TimeFormat,
    UnsetMessage,
    compile_dialect,
)
from quarterdeck.wire.error_details import printable
from quarterdeck.wire.errors import WireError

EXACT = Conventions(
    unset=PrintedUnset(time="", message=UnsetMessage.NULL),
    int64_as_text=False,
    times=TimeFormat.MICROSECONDS,
    nulls=Nulls.DROPPED,
    any_key_case=True,
    empty_body_is_object=True,
)


def render_error(error: WireError, _occasion: Occasion) -> ErrorBody:
    """A problem document with the text once more under `error`."""
    body = {"error": printable(error.message), "status": error.status, "title": error.code.value.replace("_", " ")}
    return ErrorBody(status=error.status, content_type="application/problem+json", body=orjson.dumps(body))


exact = compile_dialect("exact", EXACT, render_error)
