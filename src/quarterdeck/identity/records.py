"""What the store keeps about tenants, service accounts and their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quarterdeck.identity.call import Caller, Role


@dataclass(frozen=True, slots=True)
class Tenant:
    """A separate world: nothing of one tenant is visible in another."""

    tenant_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who calls. The name is unique in its tenant; a disabled account's tokens do not work."""

    tenant_id: str
    id: str
    name: str
    role: Role
    disabled: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an account; the secret itself is not kept."""

    tenant_id: str
    id: str
    account_id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """Coalesced: up to some seconds behind."""
    collector_id: str | None
    collector_id_prefix: str | None


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that works: whom it stands for, and until when."""

    caller: Caller
    expires_at: datetime | None

    def works_at(self, moment: datetime) -> bool:
        return self.expires_at is None or moment < self.expires_at
