"""Tables and SQL of tenants, service accounts and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from quarterdeck.database import BigInt, Text, Timestamp, conflict_on, hint, insert, last_value, metadata, next_value
from quarterdeck.errors import NotFound, Reason
from quarterdeck.identity.call import Caller, Role
from quarterdeck.identity.records import KnownToken, ServiceAccount, Tenant, Token

TOPIC: Final = "identity"
"""The hint that some token may work no longer, or works now."""

_VERSION = ("", "identity")
_BATCH = 500

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Index("uq_tenants_name", "name", unique=True),
)

service_accounts = sa.Table(
    "service_accounts",
    metadata,
    sa.Column("tenant_id", Text, sa.ForeignKey(tenants.c.tenant_id), primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("role", BigInt, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp, nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("account_id", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("expires_at", Timestamp),
    sa.Column("revoked_at", Timestamp),
    sa.Column("last_used_at", Timestamp),
    sa.Column("collector_id", Text),
    sa.Column("collector_id_prefix", Text),
    sa.ForeignKeyConstraint(["tenant_id", "account_id"], [service_accounts.c.tenant_id, service_accounts.c.id]),
    sa.Index("uq_tokens_sha256", "sha256", unique=True),
    sa.Index(None, "tenant_id", "account_id"),
)


def version(connection: Connection) -> int:
    """A number that grows with every change after which a cached token may be wrong; 0 before the first."""
    return last_value(connection, *_VERSION)


def bump_version(connection: Connection) -> int:
    """Says that cached tokens may be wrong. Call it last: other such changes wait for this transaction from here on."""
    hint(connection, TOPIC)
    return next_value(connection, *_VERSION)


def add_tenant_if_first(connection: Connection, tenant: Tenant) -> bool:
    """Adds the tenant unless there is one with its id already; of two servers at once, one gets True."""
    if connection.execute(sa.select(sa.exists().select_from(tenants))).scalar():
        return False
    row = {"tenant_id": tenant.tenant_id, "name": tenant.name, "created_at": tenant.created_at}
    added = insert(connection, tenants).values(row).on_conflict_do_nothing().returning(tenants.c.tenant_id)
    return connection.execute(added).scalar() is not None


def add_tenant(connection: Connection, tenant: Tenant) -> None:
    """Raises `Conflict(TENANT_NAME_TAKEN)`."""
    taken = f"a tenant named {tenant.name!r} exists already; choose another name"
    with conflict_on("uq_tenants_name", Reason.TENANT_NAME_TAKEN, taken):
        row = {"tenant_id": tenant.tenant_id, "name": tenant.name, "created_at": tenant.created_at}
        connection.execute(sa.insert(tenants).values(row))


def get_tenant(connection: Connection, tenant_id: str) -> Tenant:
    """Raises `NotFound(TENANT_NOT_FOUND)`."""
    row = connection.execute(sa.select(tenants).where(tenants.c.tenant_id == tenant_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.TENANT_NOT_FOUND, f"no tenant {tenant_id!r}")
    return Tenant(**row)


def list_tenants(connection: Connection, *, after: str, limit: int) -> tuple[Tenant, ...]:
    """In the order of their ids, those after the id `after`."""
    query = sa.select(tenants).where(tenants.c.tenant_id > after).order_by(tenants.c.tenant_id).limit(limit)
    return tuple(Tenant(**row) for row in connection.execute(query).mappings())


def add_account(connection: Connection, account: ServiceAccount) -> None:
    """Raises `Conflict(ACCOUNT_NAME_TAKEN)`, and `NotFound(TENANT_NOT_FOUND)` for an unknown tenant."""
    get_tenant(connection, account.tenant_id)
    taken = f"a service account named {account.name!r} exists already; choose another name"
    with conflict_on("uq_service_accounts_tenant_id_name", Reason.ACCOUNT_NAME_TAKEN, taken):
        connection.execute(
            sa.insert(service_accounts).values(
                tenant_id=account.tenant_id,
                id=account.id,
                name=account.name,
                role=int(account.role),
                disabled=account.disabled,
                created_at=account.created_at,
                updated_at=account.updated_at,
            )
        )


def get_account(connection: Connection, tenant_id: str, account_id: str, *, lock: bool = False) -> ServiceAccount:
    """Raises `NotFound(ACCOUNT_NOT_FOUND)`. With `lock`, nobody else changes it until the transaction ends."""
    query = sa.select(service_accounts).where(_is_account(tenant_id, account_id))
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.ACCOUNT_NOT_FOUND, f"no service account {account_id!r}")
    return _account(row)


def list_accounts(connection: Connection, tenant_id: str, *, after: str, limit: int) -> tuple[ServiceAccount, ...]:
    """In the order of their names, those after the name `after`."""
    name = service_accounts.c.name
    query = sa.select(service_accounts).where(service_accounts.c.tenant_id == tenant_id, name > after)
    return tuple(_account(row) for row in connection.execute(query.order_by(name).limit(limit)).mappings())


def update_account(
    connection: Connection, tenant_id: str, account_id: str, *, role: Role, disabled: bool, at: datetime
) -> None:
    """Overwrites role and state."""
    changed = sa.update(service_accounts).where(_is_account(tenant_id, account_id))
    connection.execute(changed.values(role=int(role), disabled=disabled, updated_at=at))


def delete_account(connection: Connection, tenant_id: str, account_id: str) -> None:
    """Deletes the account with its tokens."""
    connection.execute(sa.delete(tokens).where(_is_account_of_token(tenant_id, account_id)))
    connection.execute(sa.delete(service_accounts).where(_is_account(tenant_id, account_id)))


def add_token(connection: Connection, token: Token, sha256: bytes) -> None:
    """Raises `Conflict` when the very same secret is a token already."""
    with conflict_on("uq_tokens_sha256", Reason.CONCURRENT_CHANGE, "this token exists already; choose another one"):
        row = {name: getattr(token, name) for name in Token.__slots__}
        connection.execute(sa.insert(tokens).values(**row, sha256=sha256))


def get_token(connection: Connection, tenant_id: str, token_id: str, *, lock: bool = False) -> Token:
    """Raises `NotFound(TOKEN_NOT_FOUND)`."""
    query = sa.select(tokens).where(_is_token(tenant_id, token_id))
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.TOKEN_NOT_FOUND, f"no token {token_id!r}")
    return _token(row)


def list_tokens(
    connection: Connection, tenant_id: str, *, account_id: str | None, after: str, limit: int
) -> tuple[Token, ...]:
    """In the order of their ids, those after the id `after`; of one account or of all. Revoked ones are included."""
    query = sa.select(tokens).where(tokens.c.tenant_id == tenant_id, tokens.c.id > after)
    if account_id is not None:
        query = query.where(tokens.c.account_id == account_id)
    return tuple(_token(row) for row in connection.execute(query.order_by(tokens.c.id).limit(limit)).mappings())


def has_bound_tokens(connection: Connection, tenant_id: str, account_id: str) -> bool:
    """Whether the account has tokens, not revoked, that speak for certain collectors only."""
    query = sa.select(tokens.c.id).where(
        tokens.c.tenant_id == tenant_id,
        tokens.c.account_id == account_id,
        tokens.c.revoked_at.is_(None),
        sa.or_(tokens.c.collector_id.is_not(None), tokens.c.collector_id_prefix.is_not(None)),
    )
    return connection.execute(query.limit(1)).first() is not None


def revoke_token(connection: Connection, tenant_id: str, token_id: str, at: datetime) -> None:
    """Marks it revoked."""
    connection.execute(sa.update(tokens).where(_is_token(tenant_id, token_id)).values(revoked_at=at))


def find_known(connection: Connection, hashes: Iterable[bytes]) -> dict[bytes, KnownToken]:
    """The tokens among these that are neither revoked nor of a disabled account. Expired ones say so themselves."""
    wanted = list(hashes)
    known: dict[bytes, KnownToken] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = connection.execute(_known_query().where(tokens.c.sha256.in_(wanted[start : start + _BATCH])))
        known.update((row["sha256"], _known(row)) for row in rows.mappings())
    return known


def find_known_by_id(connection: Connection, tenant_id: str, token_id: str) -> KnownToken | None:
    """The token, under the conditions of `find_known`."""
    row = connection.execute(_known_query().where(_is_token(tenant_id, token_id))).mappings().one_or_none()
    return None if row is None else _known(row)


def touch_tokens(connection: Connection, used: Mapping[tuple[str, str], datetime]) -> None:
    """Writes last-used times by (tenant, token); a later time that is stored already stays."""
    touch = sa.update(tokens).where(
        tokens.c.tenant_id == sa.bindparam("in_tenant"),
        tokens.c.id == sa.bindparam("of_token"),
        sa.or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < sa.bindparam("used_at")),
    )
    # In one order everywhere, so that two replicas that flush at once do not deadlock.
    rows = [{"in_tenant": key[0], "of_token": key[1], "used_at": used[key]} for key in sorted(used)]
    if rows:
        connection.execute(touch.values(last_used_at=sa.bindparam("used_at")), rows)


def _known_query() -> sa.Select[Any]:
    account = sa.and_(service_accounts.c.tenant_id == tokens.c.tenant_id, service_accounts.c.id == tokens.c.account_id)
    columns = (service_accounts.c.name.label("account_name"), service_accounts.c.role)
    query = sa.select(tokens, *columns).join(service_accounts, account)
    return query.where(tokens.c.revoked_at.is_(None), service_accounts.c.disabled.is_(False))


def _known(row: sa.RowMapping) -> KnownToken:
    caller = Caller(
        tenant_id=row["tenant_id"],
        account_id=row["account_id"],
        account_name=row["account_name"],
        role=Role(row["role"]),
        token_id=row["id"],
        collector_id=row["collector_id"],
        collector_id_prefix=row["collector_id_prefix"],
    )
    return KnownToken(caller, row["expires_at"])


def _is_account(tenant_id: str, account_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(service_accounts.c.tenant_id == tenant_id, service_accounts.c.id == account_id)


def _is_account_of_token(tenant_id: str, account_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(tokens.c.tenant_id == tenant_id, tokens.c.account_id == account_id)


def _is_token(tenant_id: str, token_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(tokens.c.tenant_id == tenant_id, tokens.c.id == token_id)


def _account(row: sa.RowMapping) -> ServiceAccount:
    values = {name: row[name] for name in ServiceAccount.__slots__}
    return ServiceAccount(**{**values, "role": Role(values["role"])})


def _token(row: sa.RowMapping) -> Token:
    return Token(**{name: row[name] for name in Token.__slots__})
