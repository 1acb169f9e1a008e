"""Hostile and broken requests over HTTP: a clear refusal in the right envelope, never a 5xx, and the server goes on."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from quarterdeck.gen.pipeline.v1.pipeline_pb2 import CreatePipelineRequest, UpdatePipelineRequest
from tests.protocols.callers import envelope
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer, bearer
from tests.protocols.test_every_protocol import COLLECTORS, CONTENTS, PIPELINES

ECHO, READ, COUNT = (f"/testing.v1.EchoService/{name}" for name in ("Echo", "Read", "Count"))
REST = "/test/v1/echo"
ADMIN = bearer(ADMIN_TOKEN)
JSON = {**ADMIN, "content-type": "application/json"}
PROTO = {**ADMIN, "content-type": "application/proto"}
LIMIT = 4 * 1024 * 1024
INTERNALS = ("Traceback", "Error -3", "zlib", ".py", "quarterdeck.", "RuntimeError", "ValueError", "google.protobuf.")


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """A bad request is the caller's affair: the log stays empty, however often somebody knocks."""
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


async def assert_refused(
    server: LiveServer, answer: httpx.Response, status: int = 400, code: str = "invalid_argument"
) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text[:300]
    assert len(answer.headers["x-request-id"]) == 32
    error = answer.json()
    assert error["code"] == code
    assert error["message"]
    assert error["details"][0]["type"] == "google.rpc.ErrorInfo"
    assert len(answer.content) < 4096
    assert not [text for text in INTERNALS if text in error["message"]], error["message"]
    assert (await server.http.get("/healthz")).json() == {"status": "healthy"}


def deep(before: bytes, after: bytes, middle: bytes = b"", *, levels: int = 10_000) -> bytes:
    return before * levels + middle + after * levels


BAD_JSON = {
    "an open brace": b"{",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"x"',
    "two documents": b"{}{}",
    "single quotes": b"{'note':'a'}",
    "a comment": b"{/**/}",
    "NaN": b'{"thing":{"weight":NaN}}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"note":"a"}'.encode("utf-16"),
    "broken UTF-8": b'{"note":"\xff"}',
    "an overlong NUL": b'{"note":"\xc0\x80"}',
    "a raw NUL": b'{"note":"\x00"}',
    "a raw line end in a text": b'{"note":"a\nb"}',
    "half a surrogate pair": b'{"note":"\\ud800"}',
    "half a surrogate pair in a key": b'{"thing":{"labels":{"\\udfff":"x"}}}',
    "half a surrogate pair in an unknown key": b'{"\\ud800":1}',
    "a text for a message": b'{"thing":"x"}',
    "a number for a text": b'{"note":5}',
    "a text for a number": b'{"thing":{"small":"x"}}',
    "a fraction for a whole number": b'{"thing":{"small":1.5}}',
    "over 32 bits": b'{"thing":{"small":2147483648}}',
    "over 64 bits": b'{"thing":{"big":"9223372036854775808"}}',
    "below zero": b'{"thing":{"unsignedSmall":-1}}',
    "over a double": b'{"thing":{"weight":1e400}}',
    "a hundred thousand digits": b'{"thing":{"small":' + b"9" * 100_000 + b"}}",
    "a hundred thousand digits as text": b'{"thing":{"big":"' + b"9" * 100_000 + b'"}}',
    "an unknown enum name": b'{"thing":{"color":"COLOR_MAUVE"}}',
    "no base64": b'{"thing":{"data":"***"}}',
    "no bool": b'{"thing":{"flag":"true"}}',
    "no time": b'{"thing":{"at":"yesterday"}}',
    "a time in the year 10000": b'{"thing":{"at":"10000-01-01T00:00:00Z"}}',
    "no duration": b'{"thing":{"lasts":"1 hour"}}',
    "a list for a map": b'{"thing":{"labels":[]}}',
    "null in a list": b'{"thing":{"tags":[null]}}',
    "two of a oneof": b'{"thing":{"word":"a","number":1}}',
    "10,000 lists": b'{"thing":{"value":' + deep(b"[", b"]") + b"}}",
    "10,000 objects": b'{"thing":{"metadata":' + deep(b'{"a":', b"}", b"{}") + b"}}",
    "10,000 lists in an unknown field": b'{"x":' + deep(b"[", b"]") + b"}",
    "10,000 open lists": b"[" * 10_000,
    "5,000 messages": b'{"thing":' + deep(b'{"inner":', b"}", b"{}", levels=5000) + b"}",
    "150 messages": b'{"thing":' + deep(b'{"inner":', b"}", b"{}", levels=150) + b"}",
    "a rule of the contract": b'{"note":"far too long a note"}',
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON)
async def test_json_that_is_not_the_request(live: LiveServer, body: bytes):
    await assert_refused(live, await live.http.post(ECHO, content=body, headers=JSON))
    await assert_refused(live, await live.http.post(REST, content=body, headers=JSON))
    if len(body) < 40_000:
        message = base64.urlsafe_b64encode(body).decode().rstrip("=")
        query = f"connect=v1&encoding=json&base64=1&message={message}"
        await assert_refused(live, await live.http.get(f"{READ}?{query}", headers=ADMIN))


async def test_nothing_at_all_is_no_json_and_a_default_message_in_binary(live: LiveServer):
    await assert_refused(live, await live.http.post(ECHO, content=b"", headers=JSON))
    answer = await live.http.post(ECHO, content=b"", headers=PROTO)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/proto")


async def test_the_last_of_equal_keys_counts(live: LiveServer):
    answer = await live.http.post(ECHO, content=b'{"note":"far too long a note","note":"a"}', headers=JSON)
    assert answer.status_code == 200


def nested_struct(levels: int) -> bytes:
    """EchoRequest.thing.metadata, `levels` deep, in binary form and without recursion."""

    def field(number: int, payload: bytes) -> bytes:
        return _varint(number << 3 | 2) + _varint(len(payload)) + payload

    value = field(3, b"x")
    for _ in range(levels):
        entry = field(1, b"a") + field(2, value)
        value = field(5, field(1, entry))
    return field(1, field(34, field(1, field(1, b"a") + field(2, value))))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


BAD_PROTO = {
    "cut short": b"\x12\x05a",
    "a wire type of nobody": b"\x0f",
    "field number 0": b"\x00\x00",
    "broken UTF-8": b"\x12\x01\xff",
    "a length of 2 GiB": b"\x12\xff\xff\xff\xff\x07",
    "a varint of 11 bytes": b"\x20" + b"\xff" * 11,
    "20,000 open groups": b"\x0b" * 20_000,
    "JSON": b'{"note":"a"}',
    "10,000 structs": nested_struct(10_000),
    "a text where a message is": b"\x0a\x03abc",
}


@pytest.mark.parametrize("body", BAD_PROTO.values(), ids=BAD_PROTO)
async def test_binary_that_is_not_the_request(live: LiveServer, body: bytes):
    await assert_refused(live, await live.http.post(ECHO, content=body, headers=PROTO))
    if len(body) < 40_000:
        message = base64.urlsafe_b64encode(body).decode()
        query = f"connect=v1&encoding=proto&base64=1&message={message}"
        await assert_refused(live, await live.http.get(f"{READ}?{query}", headers=ADMIN))


async def test_what_binary_can_say_json_can_print(live: LiveServer):
    """A pipeline's metadata comes by either codec and is read by either; one bad pipeline must not break a list."""
    draft = {"name": "deep-metadata", "contents": CONTENTS}
    created = await live.post(f"{PIPELINES}/CreatePipeline", {"pipeline": draft})
    answers = set()
    for levels in (20, 25, 28, 30, 31, 32, 33, 40):
        request = UpdatePipelineRequest(pipeline={"id": created["id"], "name": draft["name"], "contents": CONTENTS})
        struct = request.pipeline.metadata
        for _ in range(levels):
            struct = struct.get_or_create_struct("a")
        body = request.SerializeToString()
        answer = await live.http.post(f"/{PIPELINES}/UpdatePipeline", content=body, headers=PROTO)
        answers.add(answer.status_code)
        listed = await live.http.post(f"/{PIPELINES}/ListPipelines", json={}, headers=JSON)
        assert listed.status_code == 200, levels
    assert answers == {200, 400}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
async def test_a_number_that_json_lacks_breaks_no_list(live: LiveServer, number: float):
    request = CreatePipelineRequest()
    request.pipeline.name, request.pipeline.contents = f"number {number}", CONTENTS
    request.pipeline.metadata["n"] = number
    answer = await live.http.post(f"/{PIPELINES}/CreatePipeline", content=request.SerializeToString(), headers=PROTO)
    assert answer.status_code in {200, 400}
    assert (await live.http.post(f"/{PIPELINES}/ListPipelines", json={}, headers=JSON)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"content-type": "text/plain"}, 415, "invalid_argument", id="text"),
        pytest.param({"content-type": ""}, 415, "invalid_argument", id="an empty type"),
        pytest.param({"content-type": "application/xml"}, 415, "invalid_argument", id="XML"),
        pytest.param({"content-type": "application/x-www-form-urlencoded"}, 415, "invalid_argument", id="a form"),
        pytest.param({"content-type": "application/json, application/proto"}, 415, "invalid_argument", id="two"),
        pytest.param({"content-type": "application/protobuf"}, 415, "invalid_argument", id="a protobuf of others"),
        pytest.param({"content-type": "application/connect+json"}, 415, "invalid_argument", id="a stream's type"),
        pytest.param({"content-type": "application/grpc"}, 415, "invalid_argument", id="gRPC, on the other port"),
        pytest.param({"content-encoding": "br"}, 501, "unimplemented", id="brotli"),
        pytest.param({"content-encoding": "gzip, gzip"}, 501, "unimplemented", id="gzip twice"),
        pytest.param({"content-encoding": "x" * 9000}, 501, "unimplemented", id="an encoding without end"),
        pytest.param({"content-encoding": "gzip"}, 400, "invalid_argument", id="no gzip"),
        pytest.param({"connect-protocol-version": "2"}, 400, "invalid_argument", id="a later Connect"),
        pytest.param({"connect-protocol-version": ""}, 400, "invalid_argument", id="no version"),
        pytest.param({"connect-timeout-ms": "soon"}, 400, "invalid_argument", id="no timeout"),
        pytest.param({"connect-timeout-ms": "-1"}, 400, "invalid_argument", id="a timeout in the past"),
        pytest.param({"connect-timeout-ms": "1" * 11}, 400, "invalid_argument", id="a timeout of 11 digits"),
        pytest.param({"x-anything": b"\xff\xfe"}, 400, "invalid_argument", id="a header that is no UTF-8"),
    ],
)
async def test_headers_that_do_not_fit(live: LiveServer, headers: Any, status: int, code: str):
    answer = await live.http.post(ECHO, content=b"{}", headers={**JSON, **headers})
    await assert_refused(live, answer, status, code)
    assert ("accept-post" in answer.headers) == (status == 415)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"content-type": "application/json; charset=utf-8"}, id="a charset"),
        pytest.param({"content-type": "Application/JSON"}, id="capitals"),
        pytest.param({"content-encoding": "identity"}, id="no compression, said aloud"),
        pytest.param({"accept-encoding": "br;q=x, zstd;;, gzip;q=zz"}, id="an odd Accept-Encoding"),
        pytest.param({"connect-timeout-ms": "9999999999"}, id="the longest timeout"),
        pytest.param({"x-anything": "a" * 32_768}, id="a header of 32 KiB"),
        pytest.param({f"x-{n}": "a" for n in range(1000)}, id="a thousand headers"),
        pytest.param({"x-anything": "caf\u00e9".encode()}, id="UTF-8"),
        pytest.param({"host": "a:b:c"}, id="an odd Host"),
        pytest.param({"host": "[::1"}, id="half a Host"),
        pytest.param({"host": "a:99999999"}, id="a Host with a port of nobody"),
        pytest.param({"x-forwarded-for": ",,;", "x-forwarded-proto": "??"}, id="an odd proxy"),
    ],
)
async def test_headers_that_are_none_of_our_business(live: LiveServer, headers: Any):
    answer = await live.http.post(ECHO, content=b"{}", headers={**JSON, **headers})
    assert answer.status_code == 200


BOMB = gzip.compress(b" " * (100 * 1024 * 1024), compresslevel=9)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(BOMB, 429, "resource_exhausted", id="100 MiB in 100 KiB"),
        pytest.param(gzip.compress(BOMB), 400, "invalid_argument", id="a bomb in a bomb, of which one layer is undone"),
        pytest.param(gzip.compress(b"{}" * 100)[:-5], 400, "invalid_argument", id="cut short"),
        pytest.param(gzip.compress(b"{}") + b"junk", 400, "invalid_argument", id="with something behind it"),
    ],
)
async def test_gzip_bodies(live: LiveServer, body: bytes, status: int, code: str):
    packed = {**JSON, "content-encoding": "gzip"}
    await assert_refused(live, await live.http.post(ECHO, content=body, headers=packed), status, code)
    await assert_refused(live, await live.http.post(REST, content=body, headers=packed), status, code)
    query = f"connect=v1&encoding=json&base64=1&compression=gzip&message={base64.urlsafe_b64encode(body).decode()}"
    if len(query) < 60_000:
        await assert_refused(live, await live.http.get(f"{READ}?{query}", headers=ADMIN), status, code)


async def test_gzip_in_an_envelope(live: LiveServer):
    headers = {**ADMIN, "content-type": "application/connect+json", "connect-content-encoding": "gzip"}
    answer = await live.http.post(COUNT, content=envelope(1, BOMB), headers=headers)
    end = json.loads(answer.content[5:])
    assert end["error"]["code"] == "resource_exhausted"
    assert "the request is larger than the limit" in end["error"]["message"]
    answer = await live.http.post(COUNT, content=envelope(1, b"no gzip"), headers=headers)
    assert json.loads(answer.content[5:])["error"]["message"] == "the body is not valid gzip, or cut short"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\x00", id="half a prefix"),
        pytest.param(envelope(0, b"{}")[:-1], id="cut short"),
        pytest.param(envelope(0, b"{}") * 2, id="two messages"),
        pytest.param(envelope(0, b"{"), id="broken JSON"),
        pytest.param(envelope(64, b"{}"), id="flags of nobody"),
        pytest.param(envelope(1, b"{}"), id="compressed without saying how"),
        pytest.param(b"\x00\xff\xff\xff\xff", id="a length of 4 GiB"),
    ],
)
@pytest.mark.parametrize("kind", ["application/connect+json", "application/grpc-web+json"])
async def test_envelopes_that_do_not_fit(live: LiveServer, body: bytes, kind: str):
    answer = await live.http.post(COUNT, content=body, headers={**ADMIN, "content-type": kind})
    assert answer.status_code == 200
    assert len(answer.headers["x-request-id"]) == 32
    if "connect" in kind:
        assert json.loads(answer.content[5:])["error"]["code"] in {
            "invalid_argument", "unimplemented", "resource_exhausted",
        }  # fmt: skip
    else:
        told = str(dict(answer.headers)) + answer.content.decode("latin-1")
        assert any(f"grpc-status': '{n}'" in told or f"grpc-status: {n}\r" in told for n in (3, 8, 12))


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1])
@pytest.mark.parametrize("path", [ECHO, REST])
@pytest.mark.parametrize("chunked", [False, True])
async def test_the_limit_of_a_body(live: LiveServer, size: int, path: str, chunked: bool):
    body = b"{}".ljust(size)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 256 * 1024):
            yield body[start : start + 256 * 1024]

    answer = await live.http.post(path, content=pieces() if chunked else body, headers=JSON)
    if size > LIMIT:
        await assert_refused(live, answer, 429, "resource_exhausted")
        assert answer.json()["message"] == f"the request is larger than the limit of {LIMIT} bytes"
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("", 415, id="nothing"),
        pytest.param("encoding=xml&message=%7B%7D", 415, id="XML"),
        pytest.param("encoding=json", 400, id="no message"),
        pytest.param("encoding=json&message=", 400, id="an empty message"),
        pytest.param("encoding=json&connect=v2&message=%7B%7D", 400, id="a later Connect"),
        pytest.param("encoding=json&base64=1&message=*", 400, id="no base64"),
        pytest.param("encoding=proto&base64=1&message=*", 400, id="no base64, which must not be an empty message"),
        pytest.param("encoding=json&base64=1&message=a", 400, id="a fourth of base64"),
        pytest.param("encoding=json&base64=1&message=%C3%A9", 400, id="base64 beyond ASCII"),
        pytest.param("encoding=json&message=%7B%22note%22%3A%22%FF%22%7D", 400, id="broken UTF-8"),
        pytest.param("encoding=json&message=%7B%22note%22%3A%22%zz%22%7D", 400, id="a broken escape"),
        pytest.param("encoding=json&message=%7B%7D%", 400, id="half an escape"),
        pytest.param("encoding=json&message=%00", 400, id="NUL"),
        pytest.param("encoding=json&message=" + "x" * 64_000, 400, id="64 KiB of nonsense"),
        pytest.param("encoding=json&compression=gzip&message=%7B%7D", 400, id="no gzip"),
        pytest.param("encoding=json&compression=br&message=%7B%7D", 501, id="unknown compression"),
    ],
)
async def test_a_get_that_does_not_fit(live: LiveServer, query: str, status: int):
    answer = await live.http.get(f"{READ}?{query}", headers=ADMIN)
    await assert_refused(live, answer, status, "unimplemented" if status == 501 else "invalid_argument")


async def test_a_get_of_60_kib_is_served(live: LiveServer):
    """Alloy 1.7 to 1.11 with many attributes."""
    attributes = {f"attribute.{n}": "v" * 100 for n in range(380)}
    body = json.dumps({"id": "a-long-get", "localAttributes": attributes}).encode()
    message = base64.urlsafe_b64encode(body).decode().rstrip("=")
    target = f"/{COLLECTORS}/GetConfig?connect=v1&base64=1&encoding=json&message={message}"
    assert 60_000 < len(target) < 65_536
    assert (await live.http.get(target, headers=ADMIN)).status_code == 200


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "GET"])
async def test_a_verb_that_does_not_fit(live: LiveServer, verb: str):
    answer = await live.http.request(verb, ECHO, headers=JSON)
    assert answer.headers["allow"] == "POST"
    if verb == "HEAD":
        assert (answer.status_code, answer.content) == (405, b"")
    else:
        await assert_refused(live, answer, 405, "unimplemented")


async def test_allow_names_get_where_it_is_served(live: LiveServer):
    answer = await live.http.delete(READ, headers=JSON)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("page", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
async def test_pages_are_read_only(live: LiveServer, page: str):
    assert (await live.http.get(page)).status_code == 200
    head = await live.http.head(page)
    assert (head.status_code, head.content) == (200, b"")
    answer = await live.http.post(page, content=b"{}")
    if page in ("/healthz", "/readyz"):  # HolmesGPT's clients ask there
        assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    else:
        await assert_refused(live, answer, 405, "unimplemented")
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "matcher",
    ["", "=", "a", "a=~(", "a=~" + "(" * 150, "a=~(a+)+$", "a=\x00", "a=~[[:nope:]]", '{a="b"', "a=" + "x" * 300,
     "\x01=b", 'a="\\q"', "a=~(?P<n>a)(?P=n)", "a=~.{1001}", "\u2028=\u2028"],
)  # fmt: skip
async def test_hostile_matchers(live: LiveServer, matcher: str):
    draft = {"name": f"hostile {matcher[:20]!r}", "contents": CONTENTS, "matchers": [matcher]}
    answer = await live.http.post(f"/{PIPELINES}/CreatePipeline", json={"pipeline": draft}, headers=JSON)
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        await assert_refused(live, answer)
    listed = await live.http.post(f"/{COLLECTORS}/ListCollectors", json={"matchers": [matcher]}, headers=JSON)
    assert listed.status_code in {200, 400}


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param("\x00", id="NUL"),
        pytest.param("a {" * 5000, id="5,000 open blocks"),
        pytest.param("a = " + "(" * 5000, id="5,000 open parentheses"),
        pytest.param("a = " + "!" * 50_000 + "true", id="50,000 operators"),
        pytest.param("a = " + "[" * 100_000, id="100,000 open lists"),
        pytest.param('a = "' + "x" * 1_000_000, id="a text without end"),
        pytest.param("/* " * 10_000, id="a comment without end"),
        pytest.param("\ufeff\ufeff", id="byte order marks"),
        pytest.param("x" * 100_000, id="one long word"),
        pytest.param("a.b." * 20_000, id="a name without end"),
        pytest.param("a = 1\n" * 20_000, id="20,000 faults"),
    ],
)
@pytest.mark.parametrize("kind", ["CONFIG_TYPE_ALLOY", "CONFIG_TYPE_OTEL"])
async def test_hostile_contents(live: LiveServer, contents: str, kind: str):
    draft = {"name": "hostile contents", "contents": contents, "configType": kind}
    body = {"pipeline": draft, "validateOnly": True}
    answer = await live.http.post(f"/{PIPELINES}/CreatePipeline", json=body, headers=JSON)
    await assert_refused(live, answer)


@pytest.mark.parametrize(
    "yaml",
    [
        pytest.param("e: !!python/object/apply:os.system [x]", id="a tag"),
        pytest.param("a: &a\n  b: *a\n", id="itself"),
        pytest.param("a: " + "[" * 3000 + "]" * 3000, id="deep lists"),
        pytest.param("? " * 3000, id="deep keys"),
        pytest.param("a: 1" + "0" * 100_000, id="a hundred thousand digits"),
        pytest.param("a: 2001-99-99", id="no date"),
        pytest.param("{}: {}", id="a mapping as key"),
        pytest.param(
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
            id="a billion laughs",
        ),
    ],
)  # fmt: skip
async def test_hostile_yaml(live: LiveServer, yaml: str):
    draft = {"name": "hostile yaml", "contents": yaml, "configType": "CONFIG_TYPE_OTEL"}
    body = {"pipeline": draft, "validateOnly": True}
    answer = await live.http.post(f"/{PIPELINES}/CreatePipeline", json=body, headers=JSON)
    assert answer.status_code in {200, 400}, answer.text[:300]


@pytest.mark.parametrize("text", ["\x00", "\x01\x1f\x7f", "\u202e\u2028", "\U0010ffff", "a" * 100_000, " ", "../../x"])
async def test_hostile_names_and_ids(live: LiveServer, text: str):
    """What cannot be kept is refused; what is kept comes back as it was sent."""
    for path, body in (
        (f"{PIPELINES}/CreatePipeline", {"pipeline": {"name": text, "contents": CONTENTS}}),
        (f"{PIPELINES}/GetPipeline", {"id": text}),
        (f"{PIPELINES}/GetPipelineID", {"name": text}),
        (f"{COLLECTORS}/CreateCollector", {"collector": {"id": text, "name": text}}),
        (f"{COLLECTORS}/GetCollector", {"id": text}),
        (f"{COLLECTORS}/RegisterCollector", {"id": text, "name": text, "localAttributes": {text: text}}),
        (f"{COLLECTORS}/GetConfig", {"id": text, "hash": text, "localAttributes": {text: text}}),
        (f"{COLLECTORS}/BulkUpdateCollectors", {"ids": [text], "ops": [{"op": "ADD", "path": text, "value": text}]}),
        ("quarterdeck.admin.v1.AdminService/CreateServiceAccount", {"name": text, "role": "ROLE_VIEWER"}),
        ("quarterdeck.fleet.v1.FleetService/PreviewConfig", {"id": text, "localAttributes": {text: text}}),
        ("quarterdeck.fleet.v1.FleetService/GetCollectorConfig", {"id": text}),
    ):
        answer = await live.http.post(f"/{path}", json=body, headers=JSON)
        assert answer.status_code in {200, 400, 404, 409}, (path, answer.text[:300])
        if answer.status_code != 200:
            assert len(answer.content) < 8192
