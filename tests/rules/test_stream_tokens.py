"""Tokens that open one stream within a minute."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from quarterdeck.errors import Reason, Unauthenticated
from quarterdeck.identity import Caller, Role, StreamTicket, StreamTokens, stream_of
from quarterdeck.identity.signed_claims import read_claims, sign_claims
from tests.store.manual_clock import ManualClock

KEY = b"k" * 32
CALLER = Caller("t", "a", "ann", Role.EDITOR, "tok")
STREAM = stream_of("/p.S/Watch", {"chat_id": "c"})


class Callers:
    """Everybody's token works; tells who was asked for."""

    async def caller_of(self, tenant_id: str, token_id: str) -> Caller:
        return replace(CALLER, tenant_id=tenant_id, token_id=token_id)


def tokens(clock: ManualClock, key: bytes = KEY) -> StreamTokens:
    return StreamTokens(key, clock)


async def refused(made: StreamTokens, token: str, stream: str = STREAM) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await made.open(StreamTicket(token, stream), Callers())
    assert caught.value.reason is Reason.CREDENTIALS_INVALID
    assert token not in caught.value.message


async def test_it_opens_its_stream_for_its_caller_for_a_minute() -> None:
    clock = ManualClock()
    made = tokens(clock)
    token = made.make(CALLER, STREAM)
    assert 59 <= (token.expires_at - clock.now()).total_seconds() <= 60
    assert await made.open(StreamTicket(token.text, STREAM), Callers()) == CALLER
    clock.advance(58)
    assert await tokens(clock).open(StreamTicket(token.text, STREAM), Callers()) == CALLER
    clock.advance(2)
    await refused(made, token.text)


@pytest.mark.parametrize(
    "stream",
    [
        stream_of("/p.S/Watch", {"chat_id": "d"}),
        stream_of("/p.S/Other", {"chat_id": "c"}),
        stream_of("/p.S/Watch", {"chat_id": "c", "more": ""}),
        "",
    ],
)
async def test_it_opens_no_other_stream(stream: str) -> None:
    made = tokens(ManualClock())
    await refused(made, made.make(CALLER, STREAM).text, stream)


async def test_nobody_can_make_or_change_one() -> None:
    clock = ManualClock()
    made = tokens(clock)
    token = made.make(CALLER, STREAM).text
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**claims, "tenant": "u"}).encode()).decode().rstrip("=")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    broken = (f"{header}.{other}.{signature}", f"{none}.{payload}.", f"{header}.{payload}", "qq", "é", "a" * 100_000)
    for text in (*broken, tokens(clock, b"o" * 32).make(CALLER, STREAM).text):
        await refused(made, text)


async def test_what_was_signed_for_another_purpose_opens_nothing() -> None:
    clock = ManualClock()
    in_a_minute = int(clock.now().timestamp()) + 60
    claims = {"tenant": "t", "token": "tok", "stream": STREAM, "exp": in_a_minute}
    await refused(tokens(clock), sign_claims(KEY, claims))
    await refused(tokens(clock), sign_claims(KEY, {**claims, "purpose": "stream", "tenant": 7}))
    assert read_claims(KEY, sign_claims(KEY, {**claims, "exp": "later"}), now=clock.now()) == {}
    assert read_claims(KEY, sign_claims(KEY, {"a": 1}), now=clock.now()) == {}


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        sign_claims(b"", {})
    with pytest.raises(ValueError, match="empty"):
        read_claims(b"", sign_claims(KEY, {}), now=ManualClock().now())
