"""`Gi-Signature`: how a receiver knows that a webhook is ours. As incident-go's VerifySignature checks it.

    Gi-Signature: t=<unix seconds>,v1=<hex>
    v1 = HMAC-SHA256(secret, base64(SHA-256(body)) + ":" + t + ":v1")

incident-go indexes what stands behind every `=` and panics without one, so there is one `t`, one `v1` and no space.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

HEADER = "Gi-Signature"
SHORTEST_SECRET = 16
LONGEST_SECRET = 256


def sign(body: bytes, secret: str, at: datetime) -> str:
    """The header for a body that is sent at `at`: a fresh one for every try. The key is the secret's UTF-8 text."""
    return sign_digest(hashlib.sha256(body).digest(), secret, int(at.timestamp()))


def sign_digest(digest: bytes, secret: str, unix_seconds: int) -> str:
    """The header for a body of which only the SHA-256 is at hand."""
    message = f"{base64.b64encode(digest).decode()}:{unix_seconds}:v1"
    v1 = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"t={unix_seconds},v1={v1}"


def verify(header: str, body: bytes, secret: str) -> bool:
    """Whether the header signs this body with this secret. Any malformed header does not. Its age is not looked at."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    seconds = parts.get("t", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        return False
    expected = sign_digest(hashlib.sha256(body).digest(), secret, int(seconds))
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))
