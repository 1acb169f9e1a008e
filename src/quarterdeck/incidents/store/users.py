"""People and programs: found by any provider's id, listed by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, Prepared, insert
from quarterdeck.errors import NotFound, Reason
from quarterdeck.incidents.incident import User
from quarterdeck.incidents.store import tables as t
from quarterdeck.incidents.users import Provider, UserReference

_QUOTED_IN_ERRORS = 80

_BY_ACCOUNT = Prepared(
    sa.select(t.users.c.id, t.users.c.name, t.users.c.email, t.users.c.photo_url).where(
        t.users.c.tenant_id == sa.bindparam("tenant"), t.users.c.service_account_id == sa.bindparam("account")
    )
)
"""Made once: every call asks it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that is kept about a user."""

    user: User
    created_at: datetime
    modified_at: datetime
    service_account_id: str | None = None
    grafana_user_id: str = ""
    grafana_login: str = ""
    slack_user_id: str = ""
    slack_team_id: str = ""
    msteams_user_id: str = ""


def find_person(connection: Connection, tenant_id: str, reference: UserReference) -> Person | None:
    """Whom a reference means; of several that share an address the oldest."""
    query = sa.select(t.users).where(t.users.c.tenant_id == tenant_id, _is(reference))
    ordered = query.order_by(t.users.c.created_at, t.users.c.id).limit(1)
    row = connection.execute(ordered).mappings().first()
    return None if row is None else _person(row)


def get_person(connection: Connection, tenant_id: str, reference: UserReference) -> Person:
    """Raises `NotFound(USER_NOT_FOUND)`."""
    person = find_person(connection, tenant_id, reference)
    if person is None:
        shown = f"{reference.provider}:{reference.id[:_QUOTED_IN_ERRORS]}"
        raise NotFound(Reason.USER_NOT_FOUND, f"no user has the id {shown!r}", metadata={"id": shown})
    return person


def get_user(connection: Connection, tenant_id: str, reference: UserReference) -> User:
    """Raises `NotFound(USER_NOT_FOUND)`."""
    return get_person(connection, tenant_id, reference).user


def find_by_account(connection: Connection, tenant_id: str, account_id: str) -> User | None:
    """The person or program that calls with this service account."""
    row = _BY_ACCOUNT.first(connection, {"tenant": tenant_id, "account": account_id})
    return None if row is None else User(row.id, row.name, row.email, row.photo_url)


def add_if_missing(connection: Connection, tenant_id: str, person: Person) -> None:
    """Of two transactions that add the same one, the second adds nothing."""
    values = _values(person) | {"tenant_id": tenant_id, "id": person.user.id, "created_at": person.created_at}
    connection.execute(insert(connection, t.users).values(values).on_conflict_do_nothing())


def list_people(
    connection: Connection, tenant_id: str, *, after: tuple[str, str] | None = None, limit: int
) -> list[Person]:
    """By name, then by id; those behind the name and id `after`."""
    query = sa.select(t.users).where(t.users.c.tenant_id == tenant_id)
    if after is not None:
        query = query.where(sa.tuple_(t.users.c.name, t.users.c.id) > sa.tuple_(*map(_text, after)))
    rows = connection.execute(query.order_by(t.users.c.name, t.users.c.id).limit(limit)).mappings()
    return [_person(row) for row in rows]


def may_write(connection: Connection) -> bool:
    """Whether this connection is in a transaction that may write, rather than in a read."""
    if connection.dialect.name == "postgresql":
        return not connection.get_execution_options().get("postgresql_readonly", False)
    return not connection.exec_driver_sql("PRAGMA query_only").scalar()


def _is(reference: UserReference) -> sa.ColumnElement[bool]:
    columns = t.users.c
    match reference.provider:
        case Provider.INCIDENT:
            return columns.id == reference.id
        case Provider.GRAFANA:
            return sa.or_(columns.grafana_user_id == reference.id, columns.grafana_login == reference.id)
        case Provider.SLACK:
            return columns.slack_user_id == reference.id
        case Provider.MS_TEAMS:
            return columns.msteams_user_id == reference.id
        case Provider.EMAIL:
            return columns.email_folded == reference.id.casefold()


def _text(value: str) -> sa.ColumnElement[str]:
    return sa.literal(value, t.users.c.name.type)


def _person(row: Mapping[Any, Any]) -> Person:
    return Person(
        user=User(row["id"], row["name"], row["email"], row["photo_url"]),
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        service_account_id=row["service_account_id"],
        **{name: row[name] or "" for name in _IDS},
    )


def _values(person: Person) -> dict[str, Any]:
    return {
        "name": person.user.name,
        "email": person.user.email,
        "email_folded": person.user.email.casefold(),
        "photo_url": person.user.photo_url,
        "service_account_id": person.service_account_id,
        "modified_at": person.modified_at,
        **{name: getattr(person, name) or None for name in _IDS},
    }


_IDS = ("grafana_user_id", "grafana_login", "slack_user_id", "slack_team_id", "msteams_user_id")
