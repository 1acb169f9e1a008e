"""Who is calling and what they may do: tenants, service accounts, tokens, roles."""

from __future__ import annotations

from quarterdeck.identity.accounts import Accounts
from quarterdeck.identity.authentication import Identity
from quarterdeck.identity.bootstrap import bootstrap
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.identity.rate_limits import Budget, MethodClass, MinuteBudgets, Rate, RateLimits
from quarterdeck.identity.records import ServiceAccount, Tenant, Token

__all__ = [
    "Accounts",
    "Budget",
    "CallContext",
    "Caller",
    "Identity",
    "MethodClass",
    "MinuteBudgets",
    "Rate",
    "RateLimits",
    "Role",
    "ServiceAccount",
    "Tenant",
    "Token",
    "bootstrap",
]
