"""Signed pending approvals: a JWT (HS256) over a call, so that nobody can approve one that was not asked for.

It binds the tenant, the call's id, the tool's name and the hash of its arguments, and is valid for 30 days.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Final

from quarterdeck.identity.signed_claims import canonical_json, read_claims, sign_claims

LIFETIME: Final = timedelta(days=30)


def sign(key: bytes, *, tenant_id: str, call_id: str, name: str, arguments: str, nonce: str, now: datetime) -> str:
    """The token of one waiting call. `nonce` tells it from every other call that waited under the same id.

    Raises ValueError for an empty key: everybody knows that one.
    """
    issued = int(now.timestamp())
    claims = {
        **_bound(tenant_id, call_id, name, arguments),
        "jti": nonce,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
    }
    return sign_claims(key, claims)


def verify(key: bytes, token: str, *, tenant_id: str, call_id: str, name: str, arguments: str, now: datetime) -> str:
    """The nonce of a valid token for exactly this call; empty for anything else. Raises ValueError for an empty key."""
    claims = read_claims(key, token, now=now)
    if any(claims.get(claim) != value for claim, value in _bound(tenant_id, call_id, name, arguments).items()):
        return ""
    nonce = claims.get("jti")
    return nonce if isinstance(nonce, str) else ""


def arguments_hash(arguments: str) -> str:
    """SHA-256 of the arguments with their keys sorted; of the text itself when it is no JSON."""
    return hashlib.sha256(canonical_arguments(arguments).encode(errors="backslashreplace")).hexdigest()


def canonical_arguments(arguments: str) -> str:
    """The arguments with sorted keys, without white space and in ASCII; as they are when they are no JSON."""
    if not arguments.strip():
        return "{}"
    try:
        return canonical_json(json.loads(arguments))
    except (ValueError, RecursionError):
        return arguments


def _bound(tenant_id: str, call_id: str, name: str, arguments: str) -> dict[str, str]:
    return {
        "tenant": tenant_id,
        "tool_call_id": call_id,
        "tool_name": name,
        "arguments": arguments_hash(arguments),
    }
