"""Which severity somebody means."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents.incident import Severity

PENDING_LEVEL = -1
_QUOTED_IN_ERRORS = 80


def choose_severity(
    name: str, severities: Iterable[Severity], *, archived_ids: Collection[str] = (), field: str = "severity"
) -> Severity:
    """The severity with this id or with this label in any case; Pending for empty text.

    Raises Invalid for a name that no severity has, and for an archived one: it cannot be chosen, only kept.
    """
    known = sorted(severities, key=lambda each: each.level)
    found = _named(name, known)
    if found is not None and found.id not in archived_ids:
        return found
    accepted = ", ".join(each.label for each in known if each.id not in archived_ids)
    why = f"severity {name[:_QUOTED_IN_ERRORS]!r} is {'unknown' if found is None else 'archived'}; accepted: {accepted}"
    raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation(field, why),), metadata={"field": field})


def _named(name: str, known: Iterable[Severity]) -> Severity | None:
    if not name:
        return next((each for each in known if each.level == PENDING_LEVEL), None)
    wanted = name.casefold()
    return next((each for each in known if each.id == name or each.label.casefold() == wanted), None)
