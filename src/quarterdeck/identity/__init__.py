"""Who is calling and what they may do: tenants, service accounts, tokens, roles."""

from __future__ import annotations

from quarterdeck.identity.accounts import Accounts
from quarterdeck.identity.authentication import Identity
from quarterdeck.identity.bootstrap import bootstrap
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.identity.rate_limits import Budget, MethodClass, MinuteBudgets, Rate, RateLimits
from quarterdeck.identity.records import ServiceAccount, Tenant, Token
from quarterdeck.identity.stream_tokens import StreamTicket, StreamToken, StreamTokens, stream_of

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
    "StreamTicket",
    "StreamToken",
    "StreamTokens",
    "Tenant",
    "Token",
    "bootstrap",
    "stream_of",
]
