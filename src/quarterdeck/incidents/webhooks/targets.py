"""What an outgoing webhook is told when it is enabled: its URL, its secret, its headers and its events."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents.limits import DESCRIPTION, check_length, check_url
from quarterdeck.incidents.webhooks.event_names import parse_events
from quarterdeck.incidents.webhooks.signature import LONGEST_SECRET, SHORTEST_SECRET

URL = "url"
SIGNING_SECRET = "signingSecret"  # noqa: S105 - a key, not a secret
HEADERS = "headers"
EVENTS = "events"
MOST_HEADERS = 20

_GENERATED_BYTES = 32
_QUOTED_IN_ERRORS = 80
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,4096}")
_TAKEN_HEADERS = frozenset({"host", "transfer-encoding", "gi-signature", "connection", "expect", "upgrade", "te"})
_TAKEN_PREFIX = "content-"


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key of a hook's settings."""

    key: str
    description: str
    secret: bool = False


CONFIG_KEYS = (
    ConfigKey(URL, "Where to send: an absolute http or https URL. Required."),
    ConfigKey(
        SIGNING_SECRET,
        "Signs every request; 16 to 256 characters. One is made, and shown once, when there is none.",
        secret=True,
    ),
    ConfigKey(HEADERS, "Further request headers, one `Name: value` per line, at most 20.", secret=True),
    ConfigKey(EVENTS, "A comma list of event names that narrows or widens what is sent."),
)


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """A checked configuration."""

    url: str
    signing_secret: str
    headers: tuple[tuple[str, str], ...] = ()
    events: str = ""
    generated_secret: str = ""
    """The secret again when it was made here: to be shown, this one time."""


def read_target(settings: Iterable[tuple[str, str]]) -> WebhookTarget:
    """The configuration in (key, value) pairs. Raises Invalid that names the key which is unknown, double or wrong."""
    values = _by_key(settings)
    check_target_url(values.get(URL, ""))
    chosen = values.get(SIGNING_SECRET, "")
    generated = "" if chosen else secrets.token_hex(_GENERATED_BYTES)
    check_secret(chosen or generated)
    events = values.get(EVENTS, "")
    check_length(EVENTS, events, DESCRIPTION)
    parse_events(events)
    return WebhookTarget(
        url=values[URL],
        signing_secret=chosen or generated,
        headers=read_headers(values.get(HEADERS, "")),
        events=events,
        generated_secret=generated,
    )


def check_target_url(url: str) -> None:
    """Raise Invalid unless a webhook can be sent there; whether it may is decided at every try.

    A name and password in the URL are refused: they would be shown to everybody who may read. So is a backslash, which
    URL parsers disagree about.
    """
    check_url(URL, url)
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    if "@" in authority:
        _refuse(URL, "has a user name or password; send credentials in `headers`")
    if "\\" in url:
        _refuse(URL, "has a backslash")


def check_secret(secret: str) -> None:
    """Raise Invalid unless this may sign: 16 to 256 characters."""
    check_length(SIGNING_SECRET, secret, LONGEST_SECRET, minimum=SHORTEST_SECRET)


def read_headers(text: str) -> tuple[tuple[str, str], ...]:
    """The headers in lines of `Name: value`; empty lines do not count. Raises Invalid."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    found = tuple(_header(number, line) for number, line in enumerate(lines, start=1) if line)
    if len(found) > MOST_HEADERS:
        _refuse(HEADERS, f"has {len(found)} headers, at most {MOST_HEADERS} are accepted", maximum=MOST_HEADERS)
    return found


def _header(number: int, line: str) -> tuple[str, str]:
    # A header is a secret: a message names its line, never what stands there.
    name, colon, value = line.partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        _refuse(HEADERS, f"line {number} is no header; one `Name: value` of printable ASCII per line is")
    if name.lower() in _TAKEN_HEADERS or name.lower().startswith(_TAKEN_PREFIX):
        _refuse(HEADERS, f"line {number} sets {name[:_QUOTED_IN_ERRORS]!r}, which the delivery itself sets")
    return name, value.strip()


def _by_key(settings: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    values: dict[str, str] = {}
    accepted = [each.key for each in CONFIG_KEYS]
    for key, value in settings:
        if key not in accepted:
            _refuse(key[:_QUOTED_IN_ERRORS], f"is no setting of this hook; accepted: {', '.join(accepted)}")
        if key in values:
            _refuse(key, "is given twice")
        values[key] = value
    return values


def _refuse(field: str, why: str, *, maximum: int | None = None) -> NoReturn:
    raise Invalid(
        Reason.FIELD_INVALID,
        f"{field!r} {why}" if field not in {each.key for each in CONFIG_KEYS} else f"{field} {why}",
        violations=(FieldViolation(field, why, maximum=maximum),),
        metadata={"field": field},
    )
