"""Labels on an incident: a value under a key."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.incidents.incident import Label
from quarterdeck.incidents.limits import LABEL_VALUE, LABELS_PER_INCIDENT, NAME, check_count, check_length

DEFAULT_KEY = "tags"
"""The key of a label that names none; every organisation has it."""


def key_or_default(key: str) -> str:
    return key or DEFAULT_KEY


def check_label(key: str, value: str, *, field: str = "label") -> None:
    """Raise Invalid unless this may be a label: a key of at most 100 characters (empty means `tags`), a value of 1 to
    200 characters."""
    check_length(f"{field}.key", key, NAME)
    check_length(f"{field}.label", value, LABEL_VALUE, minimum=1)


def check_room_for(labels: Sequence[Label], *, adding: int = 1) -> None:
    """Raise Invalid when the incident would carry more than 100 labels."""
    check_count("labels", len(labels) + adding, LABELS_PER_INCIDENT)


def find_label(labels: Sequence[Label], key: str, value: str) -> Label | None:
    """The label with this value under this key, or None. An exact match comes before one that differs by case."""
    wanted_key = key_or_default(key).casefold()
    same_key = [label for label in labels if label.key.casefold() == wanted_key]
    return _with_value(same_key, value)


def label_to_remove(labels: Sequence[Label], text: str) -> Label | None:
    """The label that RemoveLabel takes off: the first one with this text, those under `tags` first; None when there is
    none, and then nothing is to be done."""
    default_first = sorted(labels, key=lambda label: label.key.casefold() != DEFAULT_KEY)
    return _with_value(default_first, text)


def _with_value(labels: Sequence[Label], value: str) -> Label | None:
    exact = (label for label in labels if label.value == value)
    folded = value.casefold()
    alike = (label for label in labels if label.value.casefold() == folded)
    return next(exact, None) or next(alike, None)
