"""Claims that only this installation can have made: compact JWTs (RFC 7519) with HS256.

The header is ours to the letter, so a token cannot choose its own algorithm, and nothing of a token is read before its
signature is right. Who needs a claim to hold compares it after reading.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

LONGEST: Final = 65_536
"""Characters of a token; a longer one is not looked at."""


def sign_claims(key: bytes, claims: Mapping[str, Any]) -> str:
    """The token. `exp` among the claims is needed to read it: unix seconds. Raises ValueError for an empty key."""
    signed = f"{_HEADER}.{_encode(canonical_json(claims).encode())}"
    return f"{signed}.{_signature(key, signed)}"


def read_claims(key: bytes, token: str, *, now: datetime) -> Mapping[str, Any]:
    """What a valid token claims; empty for anything else, expired ones too. Raises ValueError for an empty key."""
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if len(token) > LONGEST or not token.isascii() or header != _HEADER:
        return {}
    if not hmac.compare_digest(_signature(key, signed), signature):
        return {}
    claims = _claims(payload)
    expires = claims.get("exp")
    return claims if isinstance(expires, int) and now.timestamp() < expires else {}


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, without white space, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _claims(payload: str) -> dict[str, Any]:
    try:
        claims = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _signature(key: bytes, signed: str) -> str:
    if not key:
        # Everybody knows that one.
        raise ValueError("the signing key is empty")
    return _encode(hmac.digest(key, signed.encode(), "sha256"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_HEADER: Final = _encode(canonical_json({"alg": "HS256", "typ": "JWT"}).encode())
