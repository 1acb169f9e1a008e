"""Tokens of incoming webhooks, and what came in under which key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from quarterdeck.database import Connection, hold, insert
from quarterdeck.errors import Conflict, NotFound, Reason
from quarterdeck.incidents.store import tables as t

_TOKENS = "incident_incoming_tokens"
_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class IncomingToken:
    """A token that opens the incoming webhooks of its tenant, and nothing else. Its text is not kept."""

    tenant_id: str
    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingDelivery:
    """What was made of the last delivery with a key."""

    incident_id: int
    received_at: datetime
    state: Mapping[str, Any]


def find_token(connection: Connection, sha256: bytes) -> IncomingToken | None:
    """The token with this digest, also a revoked one, of any tenant."""
    row = connection.execute(sa.select(t.incoming_tokens).where(t.incoming_tokens.c.sha256 == sha256)).mappings()
    found = row.one_or_none()
    return None if found is None else _token(found)


def list_tokens(connection: Connection, tenant_id: str) -> list[IncomingToken]:
    """Oldest first, revoked ones too."""
    columns = t.incoming_tokens.c
    query = sa.select(t.incoming_tokens).where(columns.tenant_id == tenant_id)
    return [_token(row) for row in connection.execute(query.order_by(columns.created_at, columns.id)).mappings()]


def add_token(connection: Connection, token: IncomingToken, sha256: bytes) -> None:
    """Raises `Conflict(NAME_TAKEN)` when a token that works has the name, or anybody has the same text."""
    hold(connection, token.tenant_id, _TOKENS)
    columns = t.incoming_tokens.c
    same_name = sa.and_(columns.tenant_id == token.tenant_id, columns.name == token.name, columns.revoked_at.is_(None))
    taken = connection.execute(sa.select(columns.name).where(sa.or_(same_name, columns.sha256 == sha256))).first()
    if taken is not None:
        shown = token.name[:_QUOTED_IN_ERRORS]
        raise Conflict(
            Reason.NAME_TAKEN,
            f"there is a token named {shown!r} already, or one with this text; revoke it or choose another",
            metadata={"name": shown},
        )
    connection.execute(
        sa.insert(t.incoming_tokens).values(
            tenant_id=token.tenant_id, id=token.id, name=token.name, sha256=sha256, created_at=token.created_at
        )
    )


def revoke_token(connection: Connection, tenant_id: str, token_id: str, at: datetime) -> IncomingToken:
    """Ends it; twice is once. Raises `NotFound(TOKEN_NOT_FOUND)`."""
    columns = t.incoming_tokens.c
    mine = sa.and_(columns.tenant_id == tenant_id, columns.id == token_id)
    connection.execute(sa.update(t.incoming_tokens).where(mine, columns.revoked_at.is_(None)).values(revoked_at=at))
    row = connection.execute(sa.select(t.incoming_tokens).where(mine)).mappings().one_or_none()
    if row is None:
        shown = token_id[:_QUOTED_IN_ERRORS]
        raise NotFound(Reason.TOKEN_NOT_FOUND, f"no incoming token has the id {shown!r}", metadata={"id": shown})
    return _token(row)


def hold_deliveries(connection: Connection, tenant_id: str, token_id: str) -> None:
    """Make other deliveries of this token wait for this transaction: of two with one key, the second sees the first."""
    hold(connection, tenant_id, f"incident_incoming/{token_id}")


def find_delivery(connection: Connection, tenant_id: str, token_id: str, key: str) -> IncomingDelivery | None:
    query = sa.select(t.incoming_deliveries).where(_is_delivery(tenant_id, token_id, key))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else IncomingDelivery(row["incident_id"], row["received_at"], row["state"])


def put_delivery(connection: Connection, tenant_id: str, token_id: str, key: str, delivery: IncomingDelivery) -> None:
    """In place of what was there."""
    values = {
        "incident_id": delivery.incident_id,
        "received_at": delivery.received_at,
        "state": dict(delivery.state),
    }
    statement = insert(connection, t.incoming_deliveries).values(
        tenant_id=tenant_id, token_id=token_id, key=key, **values
    )
    columns = t.incoming_deliveries.c
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[columns.tenant_id, columns.token_id, columns.key],
            set_={name: statement.excluded[name] for name in values},
        )
    )


def _is_delivery(tenant_id: str, token_id: str, key: str) -> sa.ColumnElement[bool]:
    columns = t.incoming_deliveries.c
    return sa.and_(columns.tenant_id == tenant_id, columns.token_id == token_id, columns.key == key)


def _token(row: Mapping[Any, Any]) -> IncomingToken:
    return IncomingToken(row["tenant_id"], row["id"], row["name"], row["created_at"], row["revoked_at"])
