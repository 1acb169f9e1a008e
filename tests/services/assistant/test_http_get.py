"""`http_get` reads allowed hosts at checked addresses, and nothing else, whatever the URL and the server do."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.assistant.tools import http_client
from quarterdeck.assistant.tools.http_get import HttpGetConfig, http_get_tools
from quarterdeck.assistant.tools.tool import Status, ToolAnswer, ToolFailed
from quarterdeck.errors import Invalid
from tests.services.assistant.test_prometheus_tools import SECRET, asker, body
from tests.services.incidents.test_hostile_targets import hostile_urls, resolve
from tests.services.incidents.webhook_house import Answer, Receiver, hang_up, status


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as listening:
        yield listening


async def get(
    url: str,
    *allow: str,
    names: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, Mapping[str, str]] | None = None,
    **more: Any,
) -> ToolAnswer:
    async def resolved(host: str, port: int) -> Sequence[str]:
        return (names or {}).get(host) or await resolve(host, port)

    config = HttpGetConfig(allow, header_variables=headers or {}, **more)
    (tool,) = http_get_tools(config, environment={"TOKEN": f"Bearer {SECRET}"}, resolve=resolved)
    return await tool.run({"url": url}, asker())


async def failure(url: str, *allow: str, **more: Any) -> str:
    with pytest.raises(ToolFailed) as caught:
        await get(url, *allow, **more)
    assert SECRET not in str(caught.value)
    return str(caught.value)


async def test_json_and_text_are_read(receiver: Receiver) -> None:
    here = f"127.0.0.1:{receiver.port}"
    receiver.answer = body(b'{"a": [1]}')
    answer = await get(f"http://{here}/x?y=z#part", here)
    assert answer.data == {"status": 200, "content_type": "application/json", "truncated": False, "body": {"a": [1]}}
    assert (answer.invocation, answer.url) == (f"GET http://{here}/x?y=z", f"http://{here}/x?y=z")
    assert receiver.arrived[0].path == "/x?y=z"
    receiver.answer = body("grün".encode("latin-1"), kind="Text/HTML; charset=ISO-8859-1")
    assert (await get(f"http://{here}/", here)).data["body"] == "grün"
    receiver.answer = body(b"{nonsense", kind="application/json; charset=no-such")
    assert (await get(f"http://{here}/", here)).data["body"] == "{nonsense"
    receiver.answer = body(b"")
    assert (await get(f"http://{here}/", here)).status is Status.NO_DATA


async def test_nothing_allowed_is_no_tool() -> None:
    assert http_get_tools(HttpGetConfig(())) == ()


async def test_no_hostile_url_makes_a_connection(receiver: Receiver) -> None:
    """Neither from a list of public names, nor when the private names themselves are on it."""
    names = ("example.com", "private.example", "*.example", "localhost", "metadata.google.internal")
    ports = tuple(f"{name}:{receiver.port}" for name in names)
    for url in hostile_urls(receiver.port):
        with pytest.raises((ToolFailed, ValueError)):
            await get(url, *names, *ports, timeout=2)
    assert receiver.connections == 0


@pytest.mark.parametrize(
    ("allow", "host", "reached"),
    [
        pytest.param(["127.0.0.1:PORT"], "127.0.0.1", True, id="an address with its port"),
        pytest.param(["127.0.0.1"], "127.0.0.1", False, id="an address at other ports than the usual"),
        pytest.param(["127.0.0.0/8"], "127.0.0.1", False, id="a network at other ports than the usual"),
        pytest.param(["private.example:PORT"], "private.example", False, id="a name does not open private addresses"),
        pytest.param(["private.example:PORT", "127.0.0.1"], "private.example", True, id="a name and its address"),
        pytest.param(["private.example:PORT", "127.0.0.0/8"], "PRIVATE.example.", True, id="a name and its network"),
        pytest.param(["private.example", "127.0.0.1"], "private.example", False, id="a name at another port"),
        pytest.param(["*.example:PORT", "127.0.0.1"], "private.example", True, id="a wildcard"),
        pytest.param(["*.private.example:PORT", "127.0.0.1"], "private.example", False, id="a wildcard is below"),
        pytest.param(["ample:PORT", "127.0.0.1"], "private.example", False, id="no suffix without a star"),
        pytest.param(["other.example:PORT", "127.0.0.1"], "private.example", False, id="another name"),
        pytest.param(
            ["half-private.example:PORT", "1.1.1.1"], "half-private.example", False, id="every address counts"
        ),
        pytest.param(["127.0.0.1:PORT"], "2130706433", False, id="another spelling of an allowed address"),
        pytest.param(["127.0.0.1:PORT"], "[::ffff:127.0.0.1]", False, id="an allowed address within another"),
    ],
)
async def test_the_list_opens_what_it_names(receiver: Receiver, allow: list[str], host: str, *, reached: bool) -> None:
    receiver.answer = body(b"here", kind="text/plain")
    entries = [entry.replace("PORT", str(receiver.port)) for entry in allow]
    url = f"http://{host}:{receiver.port}/"
    if reached:
        assert (await get(url, *entries)).data["body"] == "here"
        assert receiver.arrived[0].headers["host"] == f"{host.lower()}:{receiver.port}"
    else:
        await failure(url, *entries)
    assert receiver.connections == int(reached)


async def test_the_checked_address_is_the_one_connected_to(receiver: Receiver) -> None:
    asked: list[str] = []
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return answers.pop(0)

    receiver.answer = body(b"here", kind="text/plain")
    config = HttpGetConfig((f"rebinding.example:{receiver.port}", "127.0.0.1"))
    (tool,) = http_get_tools(config, resolve=rebinding)
    url = f"http://rebinding.example:{receiver.port}/"
    assert (await tool.run({"url": url}, asker())).data["body"] == "here"
    assert asked == ["rebinding.example"]
    with pytest.raises(ToolFailed, match="is not a public address"):
        await tool.run({"url": url}, asker())
    assert receiver.connections == 1


async def test_redirects_are_followed_within_the_host_only(receiver: Receiver) -> None:
    here = f"127.0.0.1:{receiver.port}"
    async with Receiver().listening() as other:
        other.answer = body(b"secret", kind="text/plain")
        for location in (f"http://127.0.0.1:{other.port}/", f"//127.0.0.1:{other.port}", "http://169.254.169.254/"):
            receiver.answer = status(302, f"Location: {location}")
            why = await failure(f"http://{here}/", here, f"127.0.0.1:{other.port}")
            assert "which is not followed" in why
        for location in (f"http://user:pass@{here}/", "file:///etc/passwd", "http://[", "javascript:1"):
            receiver.answer = status(302, f"Location: {location}")
            assert "pass" not in (await failure(f"http://{here}/", here)).replace("passwd", "")
        assert other.connections == 0
    # The same port of another name, which is on the list, too: the headers are not meant for it.
    receiver.answer = status(302, f"Location: http://127.0.0.2:{receiver.port}/")
    assert "which is not followed" in await failure(f"http://{here}/", here, f"127.0.0.2:{receiver.port}")

    async def once(writer: asyncio.StreamWriter) -> None:
        moved = receiver.arrived[-1].path != "/new"
        await (status(301, "Location: /new") if moved else body(b"moved", kind="text/plain"))(writer)

    receiver.answer = once
    answer = await get(f"http://{here}/old", here)
    assert (answer.data["body"], answer.url) == ("moved", f"http://{here}/new")


async def test_header_secrets_go_to_their_host_only(receiver: Receiver) -> None:
    first, second = f"one.example:{receiver.port}", f"two.example:{receiver.port}"
    names = {"one.example": ["127.0.0.1"], "two.example": ["127.0.0.1"]}
    headers = {first: {"Authorization": "TOKEN"}}
    receiver.answer = body(f"you sent Bearer {SECRET}".encode(), kind="text/plain")
    answer = await get(f"http://{first}/", first, second, "127.0.0.1", names=names, headers=headers)
    assert answer.data["body"] == "you sent [REDACTED]"
    assert receiver.arrived[0].headers["authorization"] == f"Bearer {SECRET}"
    await get(f"http://{second}/", first, second, "127.0.0.1", names=names, headers=headers)
    assert "authorization" not in receiver.arrived[1].headers


async def test_a_secret_that_the_cap_cuts_is_not_shown_by_half(receiver: Receiver) -> None:
    here = f"127.0.0.1:{receiver.port}"
    receiver.answer = body(b"x" * 90 + SECRET.encode() + b"x" * 90, kind="text/plain")
    headers = {here: {"Authorization": "TOKEN"}}
    for most_bytes in range(91 + http_client._SHORTEST_SECRET, 90 + len(SECRET)):
        answer = await get(f"http://{here}/", here, headers=headers, most_bytes=most_bytes)
        assert answer.data["body"] == "x" * 90


async def test_what_is_longer_than_the_cap_is_cut(receiver: Receiver) -> None:
    here = f"127.0.0.1:{receiver.port}"
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n")
        for _ in range(800):
            writer.write(b"[" * 65536)
            sent += 65536
            await writer.drain()

    receiver.answer = endless
    answer = await get(f"http://{here}/", here, most_bytes=1000)
    assert (answer.data["truncated"], answer.data["body"]) == (True, "[" * 1000)
    assert sent < 40_000_000


async def hang(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def endless_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X-More: " + b"x" * 8000 + b"\r\n")
        await writer.drain()


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff not http at all\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(hang, "did not answer within 1 seconds", id="hangs"),
        pytest.param(hang_up, "closed the connection", id="hangs up"),
        pytest.param(garbage, "does not speak HTTP", id="garbage"),
        pytest.param(endless_head, "does not speak HTTP", id="a head without an end"),
        pytest.param(body(b"it broke", kind="text/plain", code=500), "the server answered 500: it broke", id="500"),
        pytest.param(body(b"\x89PNG", kind="image/png"), "image/png, which is not text", id="a picture"),
        pytest.param(body(b"a\0b", kind="text/plain"), "which is not text", id="binary that says it is text"),
        pytest.param(body(b"a\0b", kind=""), "which is not text", id="binary"),
        pytest.param(status(302, "Location: /again"), "redirects more than 3 times", id="redirects in circles"),
    ],
)
async def test_what_misbehaves_is_told(receiver: Receiver, answer: Answer, words: str) -> None:
    receiver.answer = answer
    here = f"127.0.0.1:{receiver.port}"
    assert words in await failure(f"http://{here}/", here, timeout=1)


@pytest.mark.parametrize(
    "entry",
    ["http://example.com", "a b", "", "*", "*.", "a/b", "10.0.0.0/33", "user@host", "host:0", "host:99999", "host:x",
     "a..b*", "*.*.example", "[::1", "host?x", "host#x", "h\r\nost"],
)  # fmt: skip
def test_a_list_that_would_not_work_is_refused(entry: str) -> None:
    with pytest.raises(Invalid):
        http_get_tools(HttpGetConfig((entry,)))


@pytest.mark.parametrize(
    "headers",
    [
        {"other.example": {"A": "TOKEN"}},
        {"host.example": {"A": "NOT_SET"}},
        {"host.example": {"Host": "TOKEN"}},
        {"host.example": {"A B": "TOKEN"}},
    ],
)
def test_headers_that_would_not_work_are_refused(headers: Mapping[str, Mapping[str, str]]) -> None:
    with pytest.raises(Invalid):
        http_get_tools(HttpGetConfig(("host.example",), header_variables=headers), environment={"TOKEN": SECRET})


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """For `right.example`, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl, which makes the certificate")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=right.example",
         "-addext", "subjectAltName=DNS:right.example", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


async def test_the_certificate_must_be_for_the_name(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    receiver = Receiver(answer=body(b"here", kind="text/plain"))
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    names = {"right.example": ["127.0.0.1"], "wrong.example": ["127.0.0.1"]}
    allow = (f"*.example:{port}", "127.0.0.1")
    try:
        assert "certificate that is not valid" in await failure(f"https://right.example:{port}/", *allow, names=names)
        monkeypatch.setattr(http_client, "_tls", lambda: trusting)
        assert (await get(f"https://right.example:{port}/", *allow, names=names)).data["body"] == "here"
        assert "certificate that is not valid" in await failure(f"https://wrong.example:{port}/", *allow, names=names)
    finally:
        server.close()


async def test_a_server_without_tls_is_told() -> None:
    async def speak_first(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await garbage(writer)
        writer.close()

    server = await asyncio.start_server(speak_first, "127.0.0.1", 0)
    here = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        assert "does not speak TLS" in await failure(f"https://{here}/", here)
    finally:
        server.close()
