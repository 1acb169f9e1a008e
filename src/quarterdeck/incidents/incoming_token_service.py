"""quarterdeck.incident.v1.IncomingTokenService."""

from __future__ import annotations

from functools import partial

from quarterdeck.clock import Clock, new_id
from quarterdeck.database import Database
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.quarterdeck.incident.v1 import incoming_token_service_pb2 as pb
from quarterdeck.gen.quarterdeck.incident.v1.incoming_token_service_pb2 import (
    CreateIncomingTokenRequest,
    CreateIncomingTokenResponse,
    ListIncomingTokensRequest,
    ListIncomingTokensResponse,
    RevokeIncomingTokenRequest,
    RevokeIncomingTokenResponse,
)
from quarterdeck.identity.call import CallContext
from quarterdeck.identity.tokens import MAX_LENGTH, MIN_LITERAL, is_well_formed, new_token, token_hash
from quarterdeck.incidents.convert import from_moment
from quarterdeck.incidents.limits import NAME, check_length
from quarterdeck.incidents.organisation import SettingsChange, change_settings
from quarterdeck.incidents.store import incoming as store
from quarterdeck.incidents.store.incoming import IncomingToken


class IncomingTokenService:
    """The tokens of incoming webhooks. Only a digest of each is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create_incoming_token(
        self, request: CreateIncomingTokenRequest, call: CallContext
    ) -> CreateIncomingTokenResponse:
        check_length("name", request.name, NAME, minimum=1)
        secret = request.secret or new_token()
        _check_secret(secret)
        add = partial(_add, name=request.name, sha256=token_hash(secret))
        token = await change_settings(self._database, call, self._clock.now(), add)
        return CreateIncomingTokenResponse(token=_message(token), secret=secret)

    async def list_incoming_tokens(
        self, _request: ListIncomingTokensRequest, call: CallContext
    ) -> ListIncomingTokensResponse:
        tokens = await self._database.read(lambda c: store.list_tokens(c, call.tenant_id))
        return ListIncomingTokensResponse(tokens=map(_message, tokens))

    async def revoke_incoming_token(
        self, request: RevokeIncomingTokenRequest, call: CallContext
    ) -> RevokeIncomingTokenResponse:
        revoke = partial(_revoke, token_id=request.id)
        token = await change_settings(self._database, call, self._clock.now(), revoke)
        return RevokeIncomingTokenResponse(token=_message(token))


def _check_secret(secret: str) -> None:
    if not is_well_formed(secret):
        why = f"is no token; {MIN_LITERAL} to {MAX_LENGTH} printable ASCII characters are, not beginning with qd_"
        raise Invalid(Reason.FIELD_INVALID, f"secret {why}", violations=(FieldViolation("secret", why),))


def _add(change: SettingsChange, *, name: str, sha256: bytes) -> IncomingToken:
    token = IncomingToken(change.tenant_id, new_id("iwt"), name, change.at)
    store.add_token(change.connection, token, sha256)
    change.announce("incoming_token.created", token.id, {"name": name})
    return token


def _revoke(change: SettingsChange, *, token_id: str) -> IncomingToken:
    token = store.revoke_token(change.connection, change.tenant_id, token_id, change.at)
    change.announce("incoming_token.revoked", token.id, {"name": token.name})
    return token


def _message(token: IncomingToken) -> pb.IncomingToken:
    return pb.IncomingToken(
        id=token.id,
        name=token.name,
        created_at=from_moment(token.created_at),
        revoked_at=from_moment(token.revoked_at),
    )
