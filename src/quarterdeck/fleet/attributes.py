"""What is known about a collector: the attributes it reports itself (local) and those set on the server (remote)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.errors import FieldViolation, Invalid, Reason

RESERVED_PREFIX = "collector."
"""Keys that only the collector and the server may set."""

ID_KEY = "collector.ID"
"""The virtual attribute that every collector has: its id."""

_SHOWN = 80
_REPORTED = 20


@dataclass(frozen=True, slots=True)
class AttributeLimits:
    """How much a collector may carry; lengths in characters. Fleet Management documents 100 remote attributes and
    100-character keys; Grafana's operator writes values of up to 1024."""

    max_remote: int = 100
    max_local: int = 200
    max_key: int = 100
    max_value: int = 1024


DEFAULT_LIMITS = AttributeLimits()


class Alteration(StrEnum):
    """What was done to a local attribute so that it could be accepted."""

    KEY_DROPPED = "key dropped"
    VALUE_TRUNCATED = "value truncated"
    CHARACTERS_REPLACED = "characters replaced"
    OVER_THE_COUNT = "over the count"


@dataclass(frozen=True, slots=True)
class AcceptedAttributes:
    """Local attributes as they will be kept, and what differs from what was sent: the key as quoted in messages, and
    how, for the first 20 alterations."""

    attributes: Mapping[str, str]
    altered: tuple[tuple[str, Alteration], ...] = ()


def is_reserved(key: str) -> bool:
    return key.startswith(RESERVED_PREFIX)


def effective_attributes(collector_id: str, local: Mapping[str, str], remote: Mapping[str, str]) -> dict[str, str]:
    """What matchers see: local attributes, remote ones over them, the reserved namespace from local and system only."""
    combined = dict(local)
    combined.update((key, value) for key, value in remote.items() if not is_reserved(key))
    combined[ID_KEY] = collector_id
    return combined


def visible_local_attributes(collector_id: str, local: Mapping[str, str]) -> dict[str, str]:
    """The local attributes that an answer shows; clients count on `collector.ID`, also of a collector never seen."""
    return {**local, ID_KEY: collector_id}


def accept_remote_attributes(
    remote: Mapping[str, str],
    limits: AttributeLimits = DEFAULT_LIMITS,
    *,
    field: str = "remote_attributes",
) -> dict[str, str]:
    """The remote attributes to store, sorted by key.

    Raises `Invalid(ATTRIBUTE_INVALID)` for those that may not be stored, with a violation `{field}['key']` for each.
    """
    violations: list[FieldViolation] = []
    if len(remote) > limits.max_remote:
        why = f"{len(remote)} remote attributes, at most {limits.max_remote} are accepted"
        violations.append(FieldViolation(field, why))
    for key, value in sorted(remote.items()):
        problems = (problem_with_key(key, limits), problem_with_value(key, value, limits))
        violations.extend(FieldViolation(f"{field}[{shown(key)}]", why) for why in problems if why)
    if violations:
        raise Invalid(Reason.ATTRIBUTE_INVALID, _summary(violations), violations=tuple(violations))
    return dict(sorted(remote.items()))


def problem_with_key(key: str, limits: AttributeLimits = DEFAULT_LIMITS) -> str | None:
    """Why this may not be the key of a remote attribute, or None."""
    if not key:
        return "an attribute key cannot be empty"
    if is_reserved(key):
        return f"attribute key {shown(key)} is reserved: keys beginning with {RESERVED_PREFIX!r} cannot be set remotely"
    if len(key) > limits.max_key:
        return f"attribute key {shown(key)} has {len(key)} characters, at most {limits.max_key} are accepted"
    if not _is_storable(key):
        return f"attribute key {shown(key)} contains a NUL character or half of a surrogate pair"
    return None


def problem_with_value(key: str, value: str, limits: AttributeLimits = DEFAULT_LIMITS) -> str | None:
    """Why this may not be the value of the remote attribute `key`, or None."""
    if len(value) > limits.max_value:
        return f"the value of {shown(key)} has {len(value)} characters, at most {limits.max_value} are accepted"
    if not _is_storable(value):
        return f"the value of {shown(key)} contains a NUL character or half of a surrogate pair"
    return None


def accept_local_attributes(local: Mapping[str, str], limits: AttributeLimits = DEFAULT_LIMITS) -> AcceptedAttributes:
    """Whatever a collector reports, made fit to be kept. Never raises: Alloy 1.8 and later does not start when
    registering fails.

    A key that is empty or too long is dropped (a shortened key would be another attribute), a value too long is cut,
    NUL and lone surrogates become U+FFFD, and when there are too many the reserved ones and then the alphabetically
    first stay. A local `collector.ID` is dropped silently, the server's own stands in its place.
    """
    kept: dict[str, str] = {}
    altered: list[tuple[str, Alteration]] = []
    for key in sorted(local, key=lambda key: (not is_reserved(key), key)):
        if key == ID_KEY:
            continue
        if not 0 < len(key) <= limits.max_key:
            altered.append((shown(key), Alteration.KEY_DROPPED))
        elif len(kept) >= limits.max_local:
            altered.append((shown(key), Alteration.OVER_THE_COUNT))
        else:
            clean_key, value, changes = _made_storable(key, local[key], limits)
            kept[clean_key] = value
            altered.extend((shown(clean_key), change) for change in changes)
    return AcceptedAttributes(dict(sorted(kept.items())), tuple(altered[:_REPORTED]))


def _made_storable(key: str, value: str, limits: AttributeLimits) -> tuple[str, str, list[Alteration]]:
    changes = []
    if len(value) > limits.max_value:
        value = value[: limits.max_value]
        changes.append(Alteration.VALUE_TRUNCATED)
    if not (_is_storable(key) and _is_storable(value)):
        key, value = _replaced(key), _replaced(value)
        changes.append(Alteration.CHARACTERS_REPLACED)
    return key, value, changes


def _is_storable(text: str) -> bool:
    """PostgreSQL text holds neither NUL nor half a surrogate pair, and no matcher could name them."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text))


def _replaced(text: str) -> str:
    return "".join("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)


def shown(key: str) -> str:
    """A key as an error message quotes it: printable and of bounded length."""
    return repr(key) if len(key) <= _SHOWN else repr(key[:_SHOWN]) + "…"


def _summary(violations: list[FieldViolation]) -> str:
    others = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{violations[0].description}{others}"
