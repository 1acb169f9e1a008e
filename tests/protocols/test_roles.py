"""Who may call what: every RPC by every kind of caller, the expectation read from the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from google.protobuf.message import Message

from quarterdeck.identity import store
from quarterdeck.identity.call import Role
from quarterdeck.identity.tokens import new_token
from quarterdeck.wire.method import Method, RateClass
from tests.protocols.callers import CONNECT_JSON, STREAMS, Caller, NativeGrpc, Rest, Sse
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer
from tests.protocols.test_reachability import carried, smallest

ADMIN = "quarterdeck.admin.v1.AdminService"
OURS = "matrix-1"


@dataclass(frozen=True)
class Who:
    """A kind of caller: its role when it has one, else why it is refused."""

    role: Role | None = None
    refusal: str = ""
    may_be_ours: bool = True
    """Whether its token may speak for the collector `OURS`."""
    manages_tenants: bool = True


WHO = {
    "nobody": Who(refusal="CREDENTIALS_MISSING"),
    "too short a token": Who(refusal="CREDENTIALS_INVALID"),
    "a token with a typing error": Who(refusal="CREDENTIALS_INVALID"),
    "an unknown token": Who(refusal="CREDENTIALS_INVALID"),
    "an expired token": Who(refusal="CREDENTIALS_INVALID"),
    "a revoked token": Who(refusal="CREDENTIALS_INVALID"),
    "a disabled account": Who(refusal="CREDENTIALS_INVALID"),
    "collector": Who(Role.COLLECTOR),
    "a collector bound to this id": Who(Role.COLLECTOR),
    "a collector bound to another id": Who(Role.COLLECTOR, may_be_ours=False),
    "a collector bound to its prefix": Who(Role.COLLECTOR),
    "a collector bound to another prefix": Who(Role.COLLECTOR, may_be_ours=False),
    "viewer": Who(Role.VIEWER),
    "editor": Who(Role.EDITOR),
    "admin": Who(Role.ADMIN),
    "another tenant's admin": Who(Role.ADMIN, manages_tenants=False),
}
PROTOCOLS: dict[str, tuple[Caller, Caller]] = {
    "Connect": (CONNECT_JSON, STREAMS[0]),
    "gRPC": (NativeGrpc(), NativeGrpc()),
    "REST": (Rest(), Sse()),
}


@pytest_asyncio.fixture(scope="module")
async def tokens(live: LiveServer) -> AsyncIterator[dict[str, str]]:
    typo = new_token()
    made = {
        "nobody": "",
        "too short a token": "short",
        "a token with a typing error": typo[:-1] + ("a" if typo[-1] != "a" else "b"),
        "an unknown token": new_token(),
        "an expired token": await _expired(live),
        "a revoked token": await _revoked(live),
        "a disabled account": await _disabled(live),
        "a collector bound to this id": await live.new_token("m-own", "collector", collectorId=OURS),
        "a collector bound to another id": await live.new_token("m-other", "collector", collectorId="matrix-2"),
        "a collector bound to its prefix": await live.new_token("m-prefix", "collector", collectorIdPrefix="matrix-"),
        "a collector bound to another prefix": await live.new_token("m-prefix2", "collector", collectorIdPrefix="x"),
        "another tenant's admin": await other_tenant(live, "matrix"),
    }
    made |= {role: await live.new_token(f"m-{role}", role) for role in ("collector", "viewer", "editor", "admin")}
    yield made


async def _expired(server: LiveServer) -> str:
    made = await server.new_token_record("m-expired", "admin", expiresAt="2100-01-01T00:00:00Z")
    past = datetime(2020, 1, 1, tzinfo=UTC)
    tokens = store.tokens
    change = tokens.update().where(tokens.c.id == made["token"]["id"]).values(expires_at=past)
    await server.application.database.transaction(lambda connection: connection.execute(change).rowcount)
    return str(made["secret"])


async def _revoked(server: LiveServer) -> str:
    made = await server.new_token_record("m-revoked", "admin")
    await server.post(f"{ADMIN}/GetCaller", {}, made["secret"])  # known to be good until now
    await server.post(f"{ADMIN}/RevokeToken", {"id": made["token"]["id"]})
    return str(made["secret"])


async def _disabled(server: LiveServer) -> str:
    made = await server.new_token_record("m-disabled", "admin")
    await server.post(f"{ADMIN}/GetCaller", {}, made["secret"])
    account = made["token"]["serviceAccountId"]
    await server.post(f"{ADMIN}/UpdateServiceAccount", {"id": account, "disabled": True})
    return str(made["secret"])


async def other_tenant(server: LiveServer, name: str) -> str:
    return str((await server.post(f"{ADMIN}/CreateTenant", {"name": name}))["adminSecret"])


def harmless(method: Method) -> Message:
    """A request that changes nothing that another row looks at."""
    request = smallest(method)
    if method.rate_class is RateClass.COLLECTOR:
        request.id = OURS  # type: ignore[attr-defined]
    if method.streams and "after" in request.DESCRIPTOR.fields_by_name:
        request.after = "0"  # type: ignore[attr-defined]
    return request


def refusal(who: Who, method: Method) -> tuple[str, str] | None:
    """What the contract says must be refused, None when the method runs."""
    if who.role is None:
        return "unauthenticated", who.refusal
    if who.role < method.role or (method.name in {"CreateTenant", "ListTenants"} and not who.manages_tenants):
        return "permission_denied", "ROLE_TOO_LOW"
    if method.rate_class is RateClass.COLLECTOR and not who.may_be_ours:
        return "permission_denied", "COLLECTOR_NOT_YOURS"
    return None


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_contracts_roles_are_what_decides(live: LiveServer, tokens: dict[str, str], who: str, protocol: str):
    unary, stream = PROTOCOLS[protocol]
    calls = [(unary, each) for each in carried(live, unary) if not each.streams]
    calls += [(stream, each) for each in carried(live, stream) if each.streams]
    assert len(calls) >= 40
    for caller, method in calls:
        if method.streams and method.service_name.startswith("quarterdeck.") and "tenant" in who:
            continue  # silent: nothing has happened there
        reply = await caller.call(live, method, harmless(method), tokens[who], take=1)
        expected = refusal(WHO[who], method)
        if expected is None:
            assert reply.code not in {"unauthenticated", "permission_denied", "internal", "unknown"}, method.path
        else:
            if method.name in {"CreateTenant", "ListTenants"} and reply.code == "invalid_argument":
                continue  # its empty request is refused before anybody asks whose tenant it is
            assert reply.outcome == expected, (method.path, reply)


def test_a_collector_opens_what_collectors_need_and_nothing_else(live: LiveServer):
    opened = {
        method.path.rpartition("/")[2]
        for service in live.services
        for method in service.methods
        if method.role is Role.COLLECTOR and not service.name.startswith("testing.")
    }
    assert opened == {"GetConfig", "RegisterCollector", "UnregisterCollector", "GetCaller"}


def test_what_changes_something_is_not_a_viewers(live: LiveServer):
    """Reading methods have reading names; everything else needs at least an editor."""
    for method in [each for service in live.services for each in service.methods]:
        if method.service_name.startswith("testing.") or method.role is Role.COLLECTOR:
            continue
        reads = method.name.startswith(("Get", "List", "Query", "Preview", "Watch"))
        # Whoever asks the assistant changes nothing: what would is a tool call of its own, with a role of its own.
        asks = method.service_name == "holmes.v1.HolmesService" or method.name in {"Ask", "CancelRun"}
        assert reads or asks or method.role >= Role.EDITOR, method.path


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"authorization": f"Bearer {ADMIN_TOKEN}"}, id="Bearer"),
        pytest.param({"authorization": f"bearer   {ADMIN_TOKEN}"}, id="bearer in lower case, with spaces"),
        pytest.param({"x-api-key": ADMIN_TOKEN}, id="X-API-Key"),
    ],
)
async def test_every_way_to_present_a_token(live: LiveServer, headers: dict[str, str]):
    answer = await live.http.post(f"/{ADMIN}/GetCaller", json={}, headers=headers)
    assert answer.json()["role"] == "ROLE_ADMIN"


@pytest.mark.parametrize("user", ["", "quarterdeck", "123456", "a:b"])
async def test_basic_takes_any_user_and_the_token_as_password(live: LiveServer, user: str):
    answer = await live.http.post(f"/{ADMIN}/GetCaller", json={}, auth=(user, ADMIN_TOKEN))
    # A colon in the user name makes the rest of it part of the password.
    assert answer.status_code == (401 if ":" in user else 200)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("Bearer", id="no token"),
        pytest.param("Basic", id="no password"),
        pytest.param("Basic !!!", id="no base64"),
        pytest.param("Basic /w==", id="no UTF-8"),
        pytest.param("Digest username=a", id="another scheme"),
        pytest.param(f"Bearer {ADMIN_TOKEN}, Bearer {ADMIN_TOKEN}", id="two tokens"),
        pytest.param("Bearer " + "a" * 20_000, id="far too long"),
    ],
)
async def test_broken_credentials_are_refused_and_not_repeated(live: LiveServer, value: str):
    answer = await live.http.post(f"/{ADMIN}/GetCaller", json={}, headers={"authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Basic realm="quarterdeck"'
    assert ADMIN_TOKEN not in answer.text
