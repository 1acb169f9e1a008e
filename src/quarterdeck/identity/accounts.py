"""`Accounts`: tenants, service accounts and tokens, for those who administer them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from quarterdeck import events
from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Database
from quarterdeck.errors import FieldViolation, Invalid, PreconditionFailed, Reason
from quarterdeck.identity import store
from quarterdeck.identity.authentication import Identity
from quarterdeck.identity.call import Role
from quarterdeck.identity.founding import add_first_admin
from quarterdeck.identity.records import ServiceAccount, Tenant, Token
from quarterdeck.identity.tokens import new_token, token_hash

T = TypeVar("T")
MAX_NAME = 100
MAX_COLLECTOR_ID = 1024
MAX_PAGE = 1000


class Accounts:
    """Every change is one transaction with its event (stream `service_account:ID`, or `tenant:ID`).

    A change that stops tokens from working acts at once on this replica and within 5 s on the others.
    """

    def __init__(self, database: Database, clock: Clock, identity: Identity) -> None:
        self._database = database
        self._clock = clock
        self._identity = identity

    async def create_tenant(self, *, name: str, actor: str) -> tuple[Tenant, str]:
        """The tenant, and the secret of its first admin's token, which nobody can read again.

        Raises `Conflict(TENANT_NAME_TAKEN)` and `Invalid`.
        """
        check_name("name", name)
        secret = new_token()
        tenant = Tenant(tenant_id=new_id("tenant"), name=name, created_at=self._clock.now())

        def create(connection: Connection) -> None:
            store.add_tenant(connection, tenant)
            self._append(connection, tenant.tenant_id, f"tenant:{tenant.tenant_id}", "created", actor, {"name": name})
            add_first_admin(connection, tenant, name="admin", purpose="first", secret=secret, actor=actor)

        await self._database.transaction(create)
        return tenant, secret

    async def list_tenants(self, *, after: str = "", limit: int = MAX_PAGE) -> tuple[Tenant, ...]:
        """In the order of their ids, those after the id `after`."""
        return await self._database.read(lambda connection: store.list_tenants(connection, after=after, limit=limit))

    async def create_account(self, tenant_id: str, *, name: str, role: Role, actor: str) -> ServiceAccount:
        """Raises `Conflict(ACCOUNT_NAME_TAKEN)`, `NotFound(TENANT_NOT_FOUND)` and `Invalid`."""
        check_name("name", name)
        now = self._clock.now()
        account = ServiceAccount(tenant_id, new_id("sa"), name, role, disabled=False, created_at=now, updated_at=now)

        def create(connection: Connection) -> None:
            store.add_account(connection, account)
            self._append_account(connection, account, "created", actor, {"name": name, "role": role.name})

        await self._database.transaction(create)
        return account

    async def get_account(self, tenant_id: str, account_id: str) -> ServiceAccount:
        """Raises `NotFound(ACCOUNT_NOT_FOUND)`."""
        return await self._database.read(lambda connection: store.get_account(connection, tenant_id, account_id))

    async def list_accounts(
        self, tenant_id: str, *, after: str = "", limit: int = MAX_PAGE
    ) -> tuple[ServiceAccount, ...]:
        """In the order of their names, those after the name `after`."""
        return await self._database.read(
            lambda connection: store.list_accounts(connection, tenant_id, after=after, limit=limit)
        )

    async def update_account(
        self, tenant_id: str, account_id: str, *, role: Role | None = None, disabled: bool | None = None, actor: str
    ) -> ServiceAccount:
        """Changes what is not None.

        Raises `NotFound(ACCOUNT_NOT_FOUND)`, and `PreconditionFailed` for another role than the collector's while the
        account has tokens that are bound to collectors: the binding would protect nothing of what they could do then.
        """

        def update(connection: Connection) -> tuple[ServiceAccount, int]:
            before = store.get_account(connection, tenant_id, account_id, lock=True)
            if role not in (None, Role.COLLECTOR) and store.has_bound_tokens(connection, tenant_id, account_id):
                raise PreconditionFailed(
                    Reason.FIELD_INVALID,
                    f"the account {before.name!r} has tokens that are bound to collectors; revoke them first",
                )
            after = replace(
                before,
                role=before.role if role is None else role,
                disabled=before.disabled if disabled is None else disabled,
                updated_at=self._clock.now(),
            )
            store.update_account(
                connection, tenant_id, account_id, role=after.role, disabled=after.disabled, at=after.updated_at
            )
            payload = {"role": after.role.name, "disabled": after.disabled}
            self._append_account(connection, after, "updated", actor, payload)
            return after, store.bump_version(connection)

        return await self._change(account_id, update)

    async def delete_account(self, tenant_id: str, account_id: str, *, actor: str) -> None:
        """Deletes it with its tokens. Raises `NotFound(ACCOUNT_NOT_FOUND)`."""

        def delete(connection: Connection) -> tuple[None, int]:
            account = store.get_account(connection, tenant_id, account_id, lock=True)
            store.delete_account(connection, tenant_id, account_id)
            self._append_account(connection, account, "deleted", actor, {"name": account.name})
            return None, store.bump_version(connection)

        await self._change(account_id, delete)

    async def create_token(
        self,
        tenant_id: str,
        account_id: str,
        *,
        name: str,
        actor: str,
        expires_at: datetime | None = None,
        collector_id: str | None = None,
        collector_id_prefix: str | None = None,
    ) -> tuple[Token, str]:
        """The token's record and its secret, which nobody can read again.

        A collector account's token may be bound to one collector id or to an id prefix. Raises
        `NotFound(ACCOUNT_NOT_FOUND)` and `Invalid`.
        """
        token = Token(
            tenant_id=tenant_id,
            id=new_id("tok"),
            account_id=account_id,
            name=name,
            created_at=self._clock.now(),
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
            collector_id=collector_id,
            collector_id_prefix=collector_id_prefix,
        )
        check_token(token)
        secret = new_token()

        def create(connection: Connection) -> tuple[Token, int]:
            account = store.get_account(connection, tenant_id, account_id, lock=True)
            check_binding(token, account.role)
            store.add_token(connection, token, token_hash(secret))
            references = {"token": token.id}
            self._append_account(connection, account, "token_created", actor, {"name": name}, references)
            return token, store.bump_version(connection)

        return await self._change(account_id, create), secret

    async def list_tokens(
        self, tenant_id: str, *, account_id: str | None = None, after: str = "", limit: int = MAX_PAGE
    ) -> tuple[Token, ...]:
        """In the order of their ids, those after the id `after`; of one account or of all, revoked ones included."""
        return await self._database.read(
            lambda connection: store.list_tokens(connection, tenant_id, account_id=account_id, after=after, limit=limit)
        )

    async def revoke_token(self, tenant_id: str, token_id: str, *, actor: str) -> Token:
        """It stops working; its record stays. Revoking it again changes nothing. Raises `NotFound(TOKEN_NOT_FOUND)`."""

        def revoke(connection: Connection) -> tuple[Token, int]:
            token = store.get_token(connection, tenant_id, token_id, lock=True)
            if token.revoked_at is not None:
                return token, store.version(connection)
            now = self._clock.now()
            store.revoke_token(connection, tenant_id, token_id, now)
            account = store.get_account(connection, tenant_id, token.account_id)
            references = {"token": token_id}
            self._append_account(connection, account, "token_revoked", actor, {"name": token.name}, references)
            return replace(token, revoked_at=now), store.bump_version(connection)

        token, version = await self._database.transaction(revoke)
        self._identity.forget_account(token.account_id, version)
        return token

    async def _change(self, account_id: str, change: Callable[[Connection], tuple[T, int]]) -> T:
        result, version = await self._database.transaction(change)
        self._identity.forget_account(account_id, version)
        return result

    def _append_account(
        self,
        connection: Connection,
        account: ServiceAccount,
        kind: str,
        actor: str,
        payload: dict[str, Any],
        references: dict[str, str] | None = None,
    ) -> None:
        stream = f"service_account:{account.id}"
        self._append(connection, account.tenant_id, stream, kind, actor, payload, references)

    def _append(
        self,
        connection: Connection,
        tenant_id: str,
        stream: str,
        kind: str,
        actor: str,
        payload: dict[str, Any],
        references: dict[str, str] | None = None,
    ) -> None:
        events.append(
            connection,
            tenant_id=tenant_id,
            stream=stream,
            kind=kind,
            actor=actor,
            at=self._clock.now(),
            payload=payload,
            references=references,
        )


def check_name(field: str, name: str) -> None:
    """Raises `Invalid` for an empty, long or unprintable name, or one that starts or ends with a space."""
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        why = f"must be 1 to {MAX_NAME} printable characters without spaces at its ends"
        raise _invalid(field, f"name {name[:MAX_NAME]!r} {why}", why)


def check_token(token: Token) -> None:
    """Raises `Invalid` for a bad name, an expiry that has passed, or an impossible binding."""
    check_name("name", token.name)
    if token.expires_at is not None and (token.expires_at.tzinfo is None or token.expires_at <= token.created_at):
        raise _invalid("expires_at", f"expiry {token.expires_at.isoformat()} has passed", "must lie in the future")
    if token.collector_id is not None and token.collector_id_prefix is not None:
        why = "must not be given together with collector_id"
        raise _invalid("collector_id_prefix", f"collector_id_prefix {why}", why)
    _check_collector_id("collector_id", token.collector_id)
    _check_collector_id("collector_id_prefix", token.collector_id_prefix)


def check_binding(token: Token, role: Role) -> None:
    """Raises `Invalid` when a token that is not a collector's is bound to collectors: the binding would not protect."""
    if role is not Role.COLLECTOR and (token.collector_id is not None or token.collector_id_prefix is not None):
        why = "only tokens of accounts with role COLLECTOR can be bound to collectors"
        raise _invalid("collector_id", f"the account has role {role.name}; {why}", why)


def _check_collector_id(field: str, value: str | None) -> None:
    if value is not None and not (1 <= len(value) <= MAX_COLLECTOR_ID and value.isprintable()):
        why = f"must be 1 to {MAX_COLLECTOR_ID} printable characters"
        raise _invalid(field, f"{field} {why}", why)


def _invalid(field: str, message: str, why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, message, violations=(FieldViolation(field, why),))
