"""Who somebody is: `provider:id`, and the picture and name that the API shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.limits import check_length

_LONGEST = 512
_QUOTED_IN_ERRORS = 80


class Provider(StrEnum):
    """Whose id it is. Answers always use the first; every method takes all of them."""

    INCIDENT = "grafana-incident"
    GRAFANA = "grafana"
    """The Grafana user id, or the login."""
    SLACK = "slack"
    MS_TEAMS = "msteams"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class UserReference:
    """A person as a caller names them; whether there is one, the store knows."""

    provider: Provider
    id: str


def parse_user_id(text: str, *, field: str = "userID") -> UserReference:
    """The person that a caller means; text without a provider means `grafana-incident`.

    Raises Invalid for text that is empty or longer than 512 characters, NotFound for a provider that nobody knows and
    for an empty id behind one.
    """
    check_length(field, text, _LONGEST, minimum=1)
    provider, colon, identity = text.partition(":")
    if not colon:
        return UserReference(Provider.INCIDENT, text)
    if provider.lower() not in set(Provider) or not identity:
        accepted = ", ".join(f"{each}:<id>" for each in Provider)
        raise NotFound(Reason.USER_NOT_FOUND, f"user {text[:_QUOTED_IN_ERRORS]!r} is unknown; accepted: {accepted}")
    return UserReference(Provider(provider.lower()), identity)


def public_id(user_id: str) -> str:
    """A user id as answers show it."""
    return f"{Provider.INCIDENT}:{user_id}"


def photo_url(identity: str) -> str:
    """A picture for an email address or, without one, a name: Gravatar's, which draws a pattern for those unknown."""
    digest = hashlib.sha256(identity.strip().lower().encode("utf-8", "replace")).hexdigest()
    return f"https://www.gravatar.com/avatar/{digest}?s=512&d=retro"


def service_account_name(name: str) -> str:
    """How a program appears among people; hosted writes it the same way."""
    return f"Service Account: {name}"
