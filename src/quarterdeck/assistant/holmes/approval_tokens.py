"""Signed pending approvals: a JWT (HS256) over a call, so that nobody can approve one that was not asked for.

It binds the tenant, the call's id, the tool's name and the hash of its arguments, and is valid for 30 days.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any, Final

LIFETIME: Final = timedelta(days=30)
_LONGEST: Final = 65_536


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
    signed = f"{_HEADER}.{_encode(_canonical(claims).encode())}"
    return f"{signed}.{_signature(key, signed)}"


def verify(key: bytes, token: str, *, tenant_id: str, call_id: str, name: str, arguments: str, now: datetime) -> str:
    """The nonce of a valid token for exactly this call; empty for anything else.

    The signature is compared in constant time, and nothing of the token is read before it is right. The header is ours
    to the letter: a token cannot choose its own algorithm. Raises ValueError for an empty key.
    """
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if len(token) > _LONGEST or not token.isascii() or header != _HEADER:
        return ""
    if not hmac.compare_digest(_signature(key, signed), signature):
        return ""
    claims = _claims(payload)
    if any(claims.get(claim) != value for claim, value in _bound(tenant_id, call_id, name, arguments).items()):
        return ""
    expires, nonce = claims.get("exp"), claims.get("jti")
    if not isinstance(expires, int) or now.timestamp() >= expires:
        return ""
    return nonce if isinstance(nonce, str) else ""


def arguments_hash(arguments: str) -> str:
    """SHA-256 of the arguments with their keys sorted; of the text itself when it is no JSON."""
    return hashlib.sha256(canonical_arguments(arguments).encode(errors="backslashreplace")).hexdigest()


def canonical_arguments(arguments: str) -> str:
    """The arguments with sorted keys, without white space and in ASCII; as they are when they are no JSON."""
    if not arguments.strip():
        return "{}"
    try:
        return _canonical(json.loads(arguments))
    except (ValueError, RecursionError):
        return arguments


def _bound(tenant_id: str, call_id: str, name: str, arguments: str) -> dict[str, str]:
    return {
        "tenant": tenant_id,
        "tool_call_id": call_id,
        "tool_name": name,
        "arguments": arguments_hash(arguments),
    }


def _claims(payload: str) -> dict[str, Any]:
    try:
        claims = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _signature(key: bytes, signed: str) -> str:
    if not key:
        raise ValueError("the signing key is empty")
    return _encode(hmac.digest(key, signed.encode(), "sha256"))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_HEADER: Final = _encode(_canonical({"alg": "HS256", "typ": "JWT"}).encode())
