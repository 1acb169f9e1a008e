"""Short-lived tokens for one stream each, for readers that cannot send headers: a browser's `EventSource`.

A stream token stands in a URL, where history and proxies keep it. So it opens one stream, within a minute, on behalf of
the token that asked for it, and only while that one works; a stream that is open by then stays open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from quarterdeck.clock import Clock
from quarterdeck.errors import Reason, Unauthenticated
from quarterdeck.identity.call import Caller
from quarterdeck.identity.signed_claims import canonical_json, read_claims, sign_claims

LIFETIME: Final = timedelta(seconds=60)
PURPOSE: Final = "stream"


@dataclass(frozen=True, slots=True)
class StreamTicket:
    """A stream token that a request presents, and the stream that it is presented for."""

    token: str
    stream: str
    """See `stream_of`."""


@dataclass(frozen=True, slots=True)
class StreamToken:
    """A new one."""

    text: str
    expires_at: datetime


class CallersByToken(Protocol):
    """Finds callers by their tokens' ids."""

    async def caller_of(self, tenant_id: str, token_id: str) -> Caller:
        """Raises Unauthenticated for a token that does not work, Unavailable while nobody can tell."""
        ...


def stream_of(method_path: str, values: dict[str, str]) -> str:
    """One stream: a method's canonical path, and the values of the variables in its REST path by their names."""
    return f"{method_path}?{canonical_json(values)}"


class StreamTokens:
    """Makes and checks them. Every replica needs the same key."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def make(self, caller: Caller, stream: str) -> StreamToken:
        """For whoever may open the stream."""
        expires = int((self._clock.now() + LIFETIME).timestamp())
        claims = {
            "purpose": PURPOSE,
            "tenant": caller.tenant_id,
            "token": caller.token_id,
            "stream": stream,
            "exp": expires,
        }
        return StreamToken(sign_claims(self._key, claims), datetime.fromtimestamp(expires, UTC))

    async def open(self, ticket: StreamTicket, callers: CallersByToken) -> Caller:
        """Who may open the stream, with the role that they have now. Raises Unauthenticated, Unavailable."""
        claims = read_claims(self._key, ticket.token, now=self._clock.now())
        tenant_id, token_id = claims.get("tenant"), claims.get("token")
        is_theirs = claims.get("purpose") == PURPOSE and claims.get("stream") == ticket.stream
        if not is_theirs or not isinstance(tenant_id, str) or not isinstance(token_id, str):
            message = "the stream token is not valid: it has expired, or is for another stream; make a new one"
            raise Unauthenticated(Reason.CREDENTIALS_INVALID, message)
        return await callers.caller_of(tenant_id, token_id)
