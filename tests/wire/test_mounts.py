"""A service with mounts and a dialect of its own: every path, and its family's envelope at every layer."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from quarterdeck.server import transports
from quarterdeck.wire.chain import CallChain, bind
from quarterdeck.wire.errors import INTERNAL_MESSAGE
from tests.protocols.conformance import CONFORMANCE, SECRET
from tests.wire.exact_dialect import exact
from tests.wire.test_rest_echo import NoLimits, Tokens

DOTTED = "/api/plugins/test-app/resources/api/v1/ExactService.Describe"
BARE = "/api/v1Exact.Describe"
CANONICAL = "/testing.v1.ExactService/Describe"
REST = "/api/exact/r1"
MOUNTED = pytest.mark.parametrize("path", [DOTTED, BARE])
VIEWER = {"authorization": "Bearer viewer"}
RECORD = {
    "recordID": "r1",
    "durationSeconds": 2**40,
    "closedTime": "",
    "tasks": [],
    "refs": {},
    "owner": None,
    "error": "",
}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    chain = CallChain(tuple(CONFORMANCE), bind(dict(CONFORMANCE)), Tokens(), NoLimits())
    served: Any = transports(chain, dialects={"exact": exact}).http
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://test") as client:
        yield client


def assert_exact_error(answer: httpx.Response, status: int, title: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.json().keys() == {"error", "status", "title"}
    assert (answer.json()["status"], answer.json()["title"]) == (status, title)


@MOUNTED
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"recordID": "r1"}, id="its own keys"),
        pytest.param({"recordid": "r1", "HINT": None, "unknown": [1]}, id="any case, nulls, unknown keys"),
    ],
)
async def test_every_mount_speaks_the_services_dialect(http, path, body):
    answer = await http.post(path, json=body, headers=VIEWER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == RECORD
    assert len(answer.headers["x-request-id"]) == 32


async def test_the_rest_path_speaks_it_too(http):
    answer = await http.get(REST, headers=VIEWER)
    assert answer.json() == RECORD


async def test_the_canonical_path_speaks_protojson(http):
    answer = await http.post(CANONICAL, json={"recordID": "r1"}, headers=VIEWER)
    assert answer.json() == {"recordID": "r1", "durationSeconds": str(2**40)}
    missing = await http.post(CANONICAL, json={"recordID": "missing"}, headers=VIEWER)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


@MOUNTED
async def test_an_empty_body_is_what_the_dialect_says(http, path):
    answer = await http.post(path, content=b"", headers=VIEWER)
    assert answer.json() == {**RECORD, "recordID": ""}


@MOUNTED
async def test_bodies_may_be_gzipped_both_ways(http, path):
    body = gzip.compress(b'{"recordID":"' + b"x" * 1000 + b'"}')
    headers = {**VIEWER, "content-encoding": "gzip", "accept-encoding": "gzip"}
    answer = await http.post(path, content=body, headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["recordID"] == "x" * 1000


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/plugins/test-app/resources/api/v1/ExactService.Nothing", id="a method of nobody"),
        pytest.param("/api/plugins/test-app/resources/api/v1/Nothing.Describe", id="a service of nobody"),
        pytest.param("/api/plugins/test-app/resources/api/v1/", id="the mount itself"),
        pytest.param("/api/plugins/test-app/resources/api/v1/a/b/c", id="deep below"),
        pytest.param("/api/v1Exact.Nothing", id="a method of nobody, glued"),
        pytest.param("/api/v1Exact/Describe", id="the other join"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_an_unknown_path_below_a_mount_is_answered_in_the_familys_words(http, path, verb):
    assert_exact_error(await http.request(verb, path, headers=VIEWER), 404, "unimplemented")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/plugins/test-app/resources/api/v1x/ExactService.Describe", id="a longer name"),
        pytest.param("/api/plugins/test-app", id="above the mount"),
        pytest.param("/api/v1/Exact.Describe", id="below the glued prefix, where others may live"),
    ],
)
async def test_a_path_beside_a_mount_is_nobodys(http, path):
    answer = await http.post(path, headers=VIEWER)
    assert (answer.status_code, answer.json()["code"]) == (404, "unimplemented")


@MOUNTED
@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
async def test_a_mount_takes_post_alone(http, path, verb):
    answer = await http.request(verb, path, headers=VIEWER)
    assert answer.headers["allow"] == "POST"
    if verb == "HEAD":
        assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    else:
        assert_exact_error(answer, 405, "unimplemented")


@pytest.mark.parametrize(
    ("headers", "body", "status", "title"),
    [
        pytest.param({}, b"{}", 401, "unauthenticated", id="nobody"),
        pytest.param({"authorization": "Bearer collector"}, b"{}", 403, "permission denied", id="a role too low"),
        pytest.param(VIEWER, b"{", 400, "invalid argument", id="broken JSON"),
        pytest.param(VIEWER, b"[]", 400, "invalid argument", id="JSON of another shape"),
        pytest.param(VIEWER, b'{"recordID":5}', 400, "invalid argument", id="a wrong type"),
        pytest.param(VIEWER, b'{"recordID":"\xff"}', 400, "invalid argument", id="broken UTF-8"),
        pytest.param(VIEWER, b'{"a":' * 500 + b"1" + b"}" * 500, 429, "resource exhausted", id="over the limit"),
        pytest.param(VIEWER, b"[" * 1000, 400, "invalid argument", id="nesting"),
        pytest.param(VIEWER, b'{"recordID":"missing"}', 404, "not found", id="a domain error"),
        pytest.param({**VIEWER, "content-encoding": "br"}, b"{}", 501, "unimplemented", id="unknown compression"),
        pytest.param({**VIEWER, "content-encoding": "gzip"}, b"{}", 400, "invalid argument", id="no gzip"),
        pytest.param(
            {**VIEWER, "sec-fetch-site": "cross-site"}, b"{}", 403, "permission denied", id="a stranger's page"
        ),
    ],
)
@MOUNTED
async def test_errors_of_every_layer_are_in_the_familys_words(http, path, headers, body, status, title):
    sent = {"content-type": "application/json; charset=utf-8", **headers}
    answer = await http.post(path, content=body, headers=sent)
    assert_exact_error(answer, status, title)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("accept-post" in answer.headers) == (status == 415)


@pytest.mark.parametrize("size", [1023, 1024, 1025])
@MOUNTED
async def test_the_services_own_limit_counts(http, path, size):
    body = json.dumps({"recordID": "r1"}).encode().ljust(size)
    answer = await http.post(path, content=body, headers=VIEWER)
    if size > 1024:
        assert_exact_error(answer, 429, "resource exhausted")
    else:
        assert answer.json() == RECORD


async def test_a_gzip_bomb_is_refused_at_the_services_limit(http):
    body = gzip.compress(b" " * 100_000 + b"{}")
    assert len(body) < 1024
    answer = await http.post(DOTTED, content=body, headers={**VIEWER, "content-encoding": "gzip"})
    assert_exact_error(answer, 429, "resource exhausted")


@pytest.mark.parametrize("record", ["crash", "unprintable"])
@pytest.mark.parametrize("path", [DOTTED, BARE, "rest"])
async def test_a_crash_is_told_in_the_familys_words(http, caplog, path, record):
    with caplog.at_level(logging.ERROR):
        if path == "rest":
            answer = await http.get(f"/api/exact/{record}", headers=VIEWER)
        else:
            answer = await http.post(path, json={"recordID": record}, headers=VIEWER)
    assert_exact_error(answer, 500, "internal")
    assert answer.json()["error"] == f"{INTERNAL_MESSAGE}: {answer.headers['x-request-id']}"
    assert SECRET not in answer.text
    assert [getattr(each, "request_id", "") for each in caplog.records] == [answer.headers["x-request-id"]]


async def test_a_wrong_verb_on_a_rest_path_is_told_in_the_familys_words(http):
    answer = await http.delete(REST, headers=VIEWER)
    assert_exact_error(answer, 405, "unimplemented")


def test_two_mounts_cannot_claim_one_path():
    from dataclasses import replace

    from tests.protocols.conformance import ECHO, EXACT, EchoService, ExactService

    twin = replace(ECHO, mounts=(replace(EXACT.mounts[0], service_name="ExactService"),), methods=EXACT.methods)
    handlers = {**bind({EXACT: ExactService()}), **bind({ECHO: EchoService()})}
    chain = CallChain((EXACT, twin), handlers, Tokens(), NoLimits())
    with pytest.raises(ValueError, match="two mounts claim /api/plugins/test-app"):
        transports(chain, dialects={"exact": exact})
