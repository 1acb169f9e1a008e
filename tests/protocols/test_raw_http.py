"""Bytes on a socket: what is hardly HTTP, and HTTP that few clients speak."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from tests.protocols.live_server import ADMIN_TOKEN, LiveServer

ECHO = "/testing.v1.EchoService/Echo"
GOOD = (
    f"POST {ECHO} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n"
    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One connection, bytes in and answers out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, server: LiveServer) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", server.port))

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self) -> Answer:
        """The next answer. Raises IncompleteReadError when the connection ends before it."""
        async with asyncio.timeout(20):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.rstrip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            number = int(status.split()[1])
            body = b"" if number == 100 else await self._reader.readexactly(int(headers["content-length"]))
            return Answer(number, headers, body)

    async def rest(self) -> bytes:
        """Everything up to where the server hangs up."""
        async with asyncio.timeout(20):
            return await self._reader.read()

    async def ended(self) -> bool:
        """Whether the server hangs up with nothing more to say."""
        async with asyncio.timeout(20):
            try:
                return await self._reader.read() == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        self._writer.close()


async def ask(server: LiveServer, data: bytes) -> Answer:
    connection = await Connection.to(server)
    await connection.send(data)
    got = await connection.answer()
    await connection.close()
    return got


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="a TLS hello"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 with prior knowledge"),
        pytest.param(b"BREW / HTTP/1.1\r\n\r\n", id="a verb of nobody"),
        pytest.param(b"GET / HTTP/3.0\r\n\r\n", id="HTTP/3"),
        pytest.param(b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", id="a path beyond ASCII"),
        pytest.param(b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n", id="no slash"),
        pytest.param(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", id="a proxy's request"),
        pytest.param(GOOD.replace(b"Host: a", b"Host: a\r\nX: a\x00b"), id="NUL in a header"),
        pytest.param(GOOD.replace(b"Host: a", b"Host: a\r\nX: a\x01b"), id="a control character in a header"),
        pytest.param(GOOD.replace(b"Host: a", b"Host: a\r\nX Y: ab"), id="a space in a header's name"),
        pytest.param(GOOD.replace(b"Host: a", b"Host: a\r\nX: a\r\n b"), id="a folded header"),
        pytest.param(GOOD.replace(b"Length: 2", b"Length: -2"), id="a length below zero"),
        pytest.param(GOOD.replace(b"Length: 2", b"Length: 99999999999999999999999"), id="a length beyond 64 bits"),
        pytest.param(GOOD.replace(b"Length: 2", b"Length: 2\r\nContent-Length: 3"), id="two lengths"),
        pytest.param(GOOD.replace(b"Length: 2", b"Length: 2\r\nTransfer-Encoding: chunked"), id="smuggling"),
        pytest.param(GOOD.replace(b"Content-Length: 2", b"Transfer-Encoding: xchunked"), id="an encoding of nobody"),
        pytest.param(
            GOOD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked").replace(b"{}", b"zz\r\n{}\r\n0\r\n\r\n"),
            id="a chunk without a size",
        ),
    ],
)
async def test_what_is_not_http_is_told_so_in_json(live: LiveServer, data: bytes):
    connection = await Connection.to(live)
    await connection.send(data)
    got = await connection.answer()
    assert (got.status, got.headers["content-type"], got.headers["connection"]) == (400, "application/json", "close")
    assert json.loads(got.body)["code"] == "invalid_argument"
    assert len(got.headers["x-request-id"]) == 32
    assert await connection.ended()
    await connection.close()
    assert (await ask(live, GOOD)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//healthz",
        "/healthz%00",
        "/%ff%fe",
        "/%zz",
        "/%",
        "*",
        "/pipeline.v1.PipelineService/../collector.v1.CollectorService/GetConfig",
        "/" + "a" * 60_000,
        "/" + "%00" * 5_000,
    ],
)
async def test_an_odd_path_is_a_path_of_nobody(live: LiveServer, path: str):
    got = await ask(live, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert (got.status, got.headers["content-type"]) == (404, "application/json")
    assert json.loads(got.body)["code"] == "unimplemented"
    assert len(got.body) < 2048


@pytest.mark.parametrize("path", ["/api/v1/collectors/%zz", "/api/v1/collectors/%ff", "/api/v1/collectors/%"])
async def test_a_broken_escape_in_a_rest_path_is_the_callers_fault(live: LiveServer, path: str):
    head = f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n\r\n"
    got = await ask(live, head.encode())
    assert (got.status, json.loads(got.body)["code"]) == (400, "invalid_argument")


async def test_a_client_of_http_1_0_is_answered_with_a_length_and_a_goodbye(live: LiveServer):
    connection = await Connection.to(live)
    await connection.send(GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"))
    got = await connection.answer()
    assert (got.status, got.headers["connection"]) == (200, "close")
    assert "transfer-encoding" not in got.headers
    assert await connection.ended()
    await connection.close()


async def test_a_stream_for_an_old_client_is_its_bytes_alone(live: LiveServer):
    connection = await Connection.to(live)
    request = f"GET /test/v1/count/3 HTTP/1.0\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n\r\n"
    await connection.send(request.encode())
    head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
    assert b" 200 " in head
    assert b"chunked" not in head.lower()
    assert b"connection: close" in head.lower()
    assert [line for line in body.splitlines() if line.startswith(b"data")] != []
    assert all(not line or line.partition(b":")[0] in (b"id", b"event", b"data", b"") for line in body.split(b"\n"))
    await connection.close()


async def test_pipelined_requests_are_answered_in_order(live: LiveServer):
    connection = await Connection.to(live)
    words = [b"a", b"b", b"c"]
    bodies = [b'{"thing":{"name":"%s"}}' % word for word in words]
    await connection.send(
        b"".join(GOOD.replace(b"Length: 2", b"Length: %d" % len(body)).replace(b"{}", body) for body in bodies)
    )
    assert [json.loads((await connection.answer()).body)["thing"]["name"] for _ in words] == ["a", "b", "c"]
    await connection.close()


async def test_a_client_may_ask_first_whether_to_send_its_body(live: LiveServer):
    connection = await Connection.to(live)
    head, body = GOOD[:-2].replace(b"Host: a", b"Host: a\r\nExpect: 100-continue"), GOOD[-2:]
    await connection.send(head)
    assert (await connection.answer()).status == 100
    await connection.send(body)
    assert (await connection.answer()).status == 200
    await connection.close()


async def test_a_stranger_is_not_asked_for_a_body(live: LiveServer):
    connection = await Connection.to(live)
    await connection.send(GOOD[:-2].replace(ADMIN_TOKEN.encode(), b"x").replace(b"Host: a", b"Expect: 100-continue"))
    assert (await connection.answer()).status == 401
    await connection.close()


async def test_a_body_may_come_byte_by_byte(live: LiveServer):
    connection = await Connection.to(live)
    for byte in GOOD:
        await connection.send(bytes([byte]))
        await asyncio.sleep(0)  # lets the server read it
    assert (await connection.answer()).status == 200
    await connection.close()


async def test_a_body_that_never_comes_holds_nobody_else_up(live: LiveServer):
    waiting = await Connection.to(live)
    await waiting.send(GOOD[:-1])
    assert (await ask(live, GOOD)).status == 200
    await waiting.close()
    assert (await ask(live, GOOD)).status == 200


@pytest.mark.parametrize(
    "offer",
    [
        pytest.param("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", id="h2c"),
        pytest.param("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAA", id="WebSocket"),
    ],
)
@pytest.mark.parametrize("framing", [b"Content-Length: 2", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("pieces", [1, 7, 10_000])
async def test_an_offer_to_upgrade_is_ignored_and_loses_no_body(
    live: LiveServer, offer: str, framing: bytes, pieces: int, caplog: pytest.LogCaptureFixture
):
    """curl --http2 and Java's HttpClient offer h2c with every first request."""
    request = GOOD.replace(b"Host: a", b"Host: a\r\n" + offer.encode()).replace(b"Content-Length: 2", framing)
    if framing != b"Content-Length: 2":
        request = request[:-2] + b"2\r\n{}\r\n0\r\n\r\n"
    connection = await Connection.to(live)
    data = request + GOOD + request
    size = max(1, len(data) // pieces)
    for start in range(0, len(data), size):
        await connection.send(data[start : start + size])
    for _ in range(3):
        got = await connection.answer()
        assert (got.status, json.loads(got.body)["thing"]) == (200, {})
    await connection.close()
    assert caplog.records == []


async def test_a_body_may_come_long_after_an_offer_to_upgrade(live: LiveServer):
    request = GOOD.replace(b"Host: a", b"Host: a\r\nConnection: Upgrade\r\nUpgrade: h2c")
    connection = await Connection.to(live)
    await connection.send(request[:-2])
    assert (await ask(live, GOOD)).status == 200  # the server has looked at the head by now
    await connection.send(request[-2:])
    got = await connection.answer()
    assert (got.status, json.loads(got.body)["thing"]) == (200, {})
    await connection.close()


async def test_many_offers_at_once_are_many_requests(live: LiveServer):
    offer = b"GET /healthz HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    connection = await Connection.to(live)
    await connection.send(offer * 2000)
    for _ in range(2000):
        assert (await connection.answer()).status == 200
    await connection.close()


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nX: ", b"GET /", b"GET / HTTP/1.1\r\n"])
async def test_a_head_without_end_is_cut_off(live: LiveServer, start: bytes):
    connection = await Connection.to(live)
    filler = b"X: y\r\n" * 3000 if start.endswith(b"1.1\r\n") else b"a" * 18_000

    async def send_for_ever() -> None:
        await connection.send(start)
        while True:
            await connection.send(filler)
            await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(send_for_ever(), 20)
    await connection.close()
    assert (await ask(live, GOOD)).status == 200
