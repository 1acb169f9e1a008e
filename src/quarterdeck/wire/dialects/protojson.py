"""Plain protojson with Connect's error envelope: the dialect of the fleet and of our own services.

Answers have the JSON values of `google.protobuf.json_format`. Whole doubles are written without a fraction (`1`, where
`json_format` writes `1.0`: the same number), so that a client's free data comes back as it was sent.

Requests are read as `json_format.Parse(…, ignore_unknown_fields=True)` reads them, with these differences.

Refused here, accepted there:
- the name of an enum value that the contract does not know; there it is dropped silently;
- a field under both of its spellings, `createdAt` and `created_at`;
- a second member of a `oneof` beside a NullValue that is null;
- a text or a list for a message, when nothing in it is the name of a field;
- true and false for floats and enums; fractions and numbers over 32 bits for enums;
- numbers as text that are no JSON numbers: `" 1"`, `"+1"`, `"1_000"`, `".5"`, `"5."`, `"inf"`;
- numbers over 1e308 in a Struct, a Value or an unknown field, and as text for a float;
- base64 with characters outside both alphabets; there they are skipped;
- times and durations of another form: `2024-1-2T3:4:5Z`, `…:05.Z`, offsets over 23:59, `+1s`, `1.s`, a tenth digit of
  a fraction;
- `NaN` and `Infinity` without quotes in an unknown field.

Accepted here, refused there:
- a key that comes twice in the very same spelling: the last one counts;
- 3.4028235e38 for a float, which is how both print the largest one;
- unknown keys that look like extensions: `[a.b]`;
- a Timestamp, Duration or scalar wrapper one level below the depth limit.
"""

from __future__ import annotations

import base64
from typing import Any

import orjson
from google.protobuf.message import Message

from quarterdeck.wire.dialects.compiled import compile_dialect
from quarterdeck.wire.dialects.conventions import Conventions
from quarterdeck.wire.dialects.dialect import UNKNOWN_OCCASION, Dialect, ErrorBody, Occasion
from quarterdeck.wire.error_details import error_details, printable
from quarterdeck.wire.errors import WireError


def render_error(error: WireError, _occasion: Occasion = UNKNOWN_OCCASION) -> ErrorBody:
    """Connect's error: `code`, `message`, and `details` when there are any."""
    body: dict[str, Any] = {"code": error.code.value, "message": printable(error.message)}
    details = [_detail(message) for message in error_details(error)]
    if details:
        body["details"] = details
    return ErrorBody(status=error.status, content_type="application/json", body=orjson.dumps(body))


def _detail(message: Message) -> dict[str, Any]:
    return {
        "type": message.DESCRIPTOR.full_name,
        "value": base64.b64encode(message.SerializeToString(deterministic=True)).decode("ascii").rstrip("="),
        "debug": protojson.codec(type(message)).to_json(message),
    }


protojson: Dialect = compile_dialect("protojson", Conventions(), render_error)
