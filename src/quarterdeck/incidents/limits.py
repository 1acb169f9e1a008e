"""How long, how many, how often: the limits of the incident API, and the checks that name them.

Lengths count Unicode code points. Nothing is ever cut silently: over the limit is Invalid, with the field and the
limit in the metadata (`field`, `max` or `min`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson

from quarterdeck.errors import FieldViolation, Invalid, Reason

# lengths of texts
TITLE = 500
NAME = 100
LABEL_VALUE = 200
DESCRIPTION = 4_096
CAPTION = 4_096
NOTE = 65_536
TASK_TEXT = 4_096
URL = 2_048
ROOM_PREFIX = 80
CHANNEL_NAME = 80
FIELD_VALUE = 16_384
QUERY_STRING = 4_096
IDEMPOTENCY_KEY = 255

# sizes in bytes
ACTIVITY_FIELD_VALUES = 16_384
REQUEST_BODY = 1 << 20

# counts
LABELS_PER_INCIDENT = 100
TASKS_PER_INCIDENT = 500
ALERT_GROUPS_PER_INCIDENT = 5
STATUSES_PER_INCIDENT_TYPE = 50
SEVERITIES = 6
FIELDS_PER_DOMAIN = 100
OPTIONS_PER_FIELD = 500
ENABLED_HOOKS = 50

_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: calls per `seconds`, and how many at once. A count of 0 is no limit."""

    calls: int
    seconds: int
    burst: int


RPC_CALLS_PER_TOKEN = Rate(0, 1, 0)
INCOMING_WEBHOOKS_PER_TOKEN = Rate(10, 1, 60)
FAILED_AUTHENTICATIONS_PER_ADDRESS = Rate(20, 60, 20)


def check_length(field: str, text: str, maximum: int, *, minimum: int = 0) -> None:
    """Raise `Invalid(FIELD_INVALID)` unless `text` can be stored and has `minimum` to `maximum` code points."""
    check_storable(field, text)
    if len(text) > maximum:
        _refuse(field, f"has {len(text)} characters, at most {maximum} are accepted", maximum=maximum)
    if len(text) < minimum:
        _refuse(field, f"has {len(text)} characters, at least {minimum} are needed", minimum=minimum)


def check_title(text: str, *, field: str = "title") -> None:
    """Raise Invalid unless `text` may be an incident's title: 1 to 500 characters, not only white space."""
    check_length(field, text, TITLE, minimum=1)
    if text.isspace():
        _refuse(field, "holds white space only, at least 1 visible character is needed", minimum=1)


def check_url(field: str, url: str) -> None:
    """Raise Invalid unless `url` is absolute, http or https, at most 2,048 characters, and free of white space."""
    check_length(field, url, URL, minimum=1)
    if not is_web_url(url):
        _refuse(field, f"{url[:_QUOTED_IN_ERRORS]!r} is not an absolute http or https URL")


def is_web_url(url: str) -> bool:
    """Whether this is an absolute http or https URL with a host; says nothing about its length."""
    if any(char <= " " or char == "\x7f" for char in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def check_count(field: str, count: int, maximum: int) -> None:
    """Raise Invalid when there are, or would be, more than `maximum` of something."""
    if count > maximum:
        _refuse(field, f"would be {count}, at most {maximum} are accepted", maximum=maximum)


def check_field_values(values: Mapping[str, Any], *, field: str = "fieldValues") -> None:
    """Raise Invalid unless the values of one activity item are JSON of at most 16,384 bytes."""
    try:
        size = len(orjson.dumps(dict(values)))
    except (TypeError, RecursionError):
        _refuse(field, "is nested too deeply or is not JSON")
    if size > ACTIVITY_FIELD_VALUES:
        _refuse(
            field, f"takes {size} bytes, at most {ACTIVITY_FIELD_VALUES} are accepted", maximum=ACTIVITY_FIELD_VALUES
        )


def check_storable(field: str, text: str) -> None:
    """Raise Invalid for what no database holds as text: NUL, and halves of surrogate pairs."""
    if "\0" in text:
        _refuse(field, "contains a NUL character")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        _refuse(field, "contains half of a surrogate pair")


def _refuse(field: str, why: str, *, maximum: int | None = None, minimum: int | None = None) -> NoReturn:
    limits = {"max": maximum, "min": minimum}
    raise Invalid(
        Reason.FIELD_INVALID,
        f"{field} {why}",
        violations=(FieldViolation(field, why, maximum=maximum, minimum=minimum),),
        metadata={"field": field, **{name: str(value) for name, value in limits.items() if value is not None}},
    )
