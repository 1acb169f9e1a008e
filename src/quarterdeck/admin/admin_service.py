"""quarterdeck.admin.v1.AdminService: tenants, service accounts and tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import FieldViolation, Forbidden, Invalid, Reason
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2
from quarterdeck.gen.quarterdeck.admin.v1.admin_pb2 import (
    CreateServiceAccountRequest,
    CreateServiceAccountResponse,
    CreateTenantRequest,
    CreateTenantResponse,
    CreateTokenRequest,
    CreateTokenResponse,
    DeleteServiceAccountRequest,
    DeleteServiceAccountResponse,
    GetCallerRequest,
    GetCallerResponse,
    ListServiceAccountsRequest,
    ListServiceAccountsResponse,
    ListTenantsRequest,
    ListTenantsResponse,
    ListTokensRequest,
    ListTokensResponse,
    RevokeTokenRequest,
    RevokeTokenResponse,
    UpdateServiceAccountRequest,
    UpdateServiceAccountResponse,
)
from quarterdeck.identity import Accounts, CallContext, Role, ServiceAccount, Tenant, Token
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.messages import moment

T = TypeVar("T")
PAGE = 1000


class AdminService:
    """Everything here is the caller's own tenant, except tenants themselves: those are the default tenant's admins'."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def get_caller(self, _request: GetCallerRequest, call: CallContext) -> GetCallerResponse:
        return GetCallerResponse(
            tenant_id=call.tenant_id,
            service_account_id=call.caller.account_id,
            service_account_name=call.caller.account_name,
            role=int(call.caller.role),  # type: ignore[arg-type]
            token_id=call.caller.token_id,
        )

    async def create_service_account(
        self, request: CreateServiceAccountRequest, call: CallContext
    ) -> CreateServiceAccountResponse:
        account = await self._accounts.create_account(
            call.tenant_id, name=request.name, role=_role(request.role), actor=call.actor
        )
        return CreateServiceAccountResponse(service_account=_account(account))

    async def list_service_accounts(
        self, _request: ListServiceAccountsRequest, call: CallContext
    ) -> ListServiceAccountsResponse:
        accounts = await _all_pages(
            lambda after: self._accounts.list_accounts(call.tenant_id, after=after, limit=PAGE),
            lambda account: account.name,
        )
        return ListServiceAccountsResponse(service_accounts=map(_account, accounts))

    async def update_service_account(
        self, request: UpdateServiceAccountRequest, call: CallContext
    ) -> UpdateServiceAccountResponse:
        account = await self._accounts.update_account(
            call.tenant_id,
            request.id,
            role=_role(request.role) if request.role else None,
            disabled=request.disabled if request.HasField("disabled") else None,
            actor=call.actor,
        )
        return UpdateServiceAccountResponse(service_account=_account(account))

    async def delete_service_account(
        self, request: DeleteServiceAccountRequest, call: CallContext
    ) -> DeleteServiceAccountResponse:
        await self._accounts.delete_account(call.tenant_id, request.id, actor=call.actor)
        return DeleteServiceAccountResponse()

    async def create_token(self, request: CreateTokenRequest, call: CallContext) -> CreateTokenResponse:
        token, secret = await self._accounts.create_token(
            call.tenant_id,
            request.service_account_id,
            name=request.name or "token",
            actor=call.actor,
            expires_at=moment(request, "expires_at"),
            collector_id=request.collector_id or None,
            collector_id_prefix=request.collector_id_prefix or None,
        )
        return CreateTokenResponse(token=_token(token), secret=secret)

    async def list_tokens(self, request: ListTokensRequest, call: CallContext) -> ListTokensResponse:
        account_id = request.service_account_id or None
        if account_id is not None:
            await self._accounts.get_account(call.tenant_id, account_id)
        tokens = await _all_pages(
            lambda after: self._accounts.list_tokens(call.tenant_id, account_id=account_id, after=after, limit=PAGE),
            lambda token: token.id,
        )
        tokens.sort(key=lambda token: (token.created_at, token.id))
        return ListTokensResponse(tokens=map(_token, tokens))

    async def revoke_token(self, request: RevokeTokenRequest, call: CallContext) -> RevokeTokenResponse:
        token = await self._accounts.revoke_token(call.tenant_id, request.id, actor=call.actor)
        return RevokeTokenResponse(token=_token(token))

    async def create_tenant(self, request: CreateTenantRequest, call: CallContext) -> CreateTenantResponse:
        _require_default_tenant(call)
        tenant, secret = await self._accounts.create_tenant(name=request.name, actor=call.actor)
        return CreateTenantResponse(tenant=_tenant(tenant), admin_secret=secret)

    async def list_tenants(self, _request: ListTenantsRequest, call: CallContext) -> ListTenantsResponse:
        _require_default_tenant(call)
        tenants = await _all_pages(
            lambda after: self._accounts.list_tenants(after=after, limit=PAGE), lambda tenant: tenant.tenant_id
        )
        return ListTenantsResponse(tenants=map(_tenant, tenants))


async def _all_pages(page: Callable[[str], Awaitable[tuple[T, ...]]], key: Callable[[T], str]) -> list[T]:
    found: list[T] = []
    while len(batch := await page(key(found[-1]) if found else "")) == PAGE:
        found.extend(batch)
    return [*found, *batch]


def _require_default_tenant(call: CallContext) -> None:
    if call.tenant_id != TENANT_ID:
        raise Forbidden(Reason.ROLE_TOO_LOW, f"tenants are managed by admins of the tenant {TENANT_ID!r} only")


def _role(number: int) -> Role:
    try:
        return Role(number)
    except ValueError as error:
        accepted = ", ".join(f"{role.value} (ROLE_{role.name})" for role in Role)
        why = f"{number} is no role; accepted: {accepted}"
        raise Invalid(Reason.FIELD_INVALID, f"role: {why}", violations=(FieldViolation("role", why),)) from error


def _timestamp(at: datetime | None) -> Timestamp | None:
    return None if at is None else Timestamp(seconds=int(at.timestamp()))


def _account(account: ServiceAccount) -> admin_pb2.ServiceAccount:
    return admin_pb2.ServiceAccount(
        id=account.id,
        name=account.name,
        role=int(account.role),  # type: ignore[arg-type]
        disabled=account.disabled,
        created_at=_timestamp(account.created_at),
    )


def _token(token: Token) -> admin_pb2.Token:
    return admin_pb2.Token(
        id=token.id,
        service_account_id=token.account_id,
        name=token.name,
        created_at=_timestamp(token.created_at),
        expires_at=_timestamp(token.expires_at),
        revoked_at=_timestamp(token.revoked_at),
        last_used_at=_timestamp(token.last_used_at),
        collector_id=token.collector_id or "",
        collector_id_prefix=token.collector_id_prefix or "",
    )


def _tenant(tenant: Tenant) -> admin_pb2.Tenant:
    return admin_pb2.Tenant(id=tenant.tenant_id, name=tenant.name, created_at=_timestamp(tenant.created_at))
