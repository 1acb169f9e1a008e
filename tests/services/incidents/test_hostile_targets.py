"""Webhooks go to public addresses and to those that an administrator names, and nowhere else, whatever the URL says."""

from __future__ import annotations

import asyncio
import ipaddress
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from quarterdeck.clock import SystemClock
from quarterdeck.errors import Invalid
from quarterdeck.incidents.webhooks.sender import ALLOW_SETTING, WebhookSender
from quarterdeck.outgoing.addresses import is_public, parse_allow_list
from tests.services.incidents.webhook_house import Receiver

PRIVATE = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "::/96", "::ffff:0:0/112", "::ffff:10.0.0.0/104",
    "64:ff9b::a00:0/104", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002:a00::/24",
    "2002:7f00::/24", "3fff::/20", "fc00::/7", "fd00:ec2::254/128", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip
METADATA = ("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
PUBLIC = ("1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "64:ff9b::808:808")


def edges(network: str) -> Iterator[str]:
    parsed = ipaddress.ip_network(network)
    last = parsed.num_addresses - 1
    for offset in sorted({0, 1 % parsed.num_addresses, last // 2, last}):
        yield str(parsed[offset])


PRIVATE_ADDRESSES = [*dict.fromkeys([*(address for network in PRIVATE for address in edges(network)), *METADATA])]


def spellings(address: str) -> Iterator[str]:
    """An IPv4 address as URL parsers and resolvers understand it."""
    a, b, c, d = address.split(".")
    number = int(ipaddress.IPv4Address(address))
    yield from (str(number), hex(number), f"0{number:o}", f"{number:#X}", f"0x{number:08x}")
    yield ".".join(f"0{int(part):o}" for part in (a, b, c, d))
    yield ".".join(f"0{int(part):04o}" for part in (a, b, c, d))
    yield ".".join(hex(int(part)) for part in (a, b, c, d))
    yield f"{a}.{(int(b) << 16) + (int(c) << 8) + int(d)}"
    yield f"{a}.{b}.{(int(c) << 8) + int(d)}"
    yield f"0x{int(a):x}.0{int(b):o}.{c}.{d}"
    yield f"{address}."
    yield "".join(f"%{ord(char):02x}" for char in address)
    yield "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in address)
    yield address.replace(".", "\u3002")
    yield address.replace(".", "\uff0e")
    yield f"[::ffff:{address}]"
    yield f"[0:0:0:0:0:ffff:{number >> 16:x}:{number & 0xFFFF:x}]"
    yield f"[::{address}]"
    yield f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]"
    yield f"[64:ff9b::{address}]"
    yield f"[fe80::5efe:{address}]"
    yield f"[2607:f8b0::5efe:{address}]"


def tricks(port: int) -> Iterator[str]:
    here = f"127.0.0.1:{port}"
    yield from (
        f"http://example.com@{here}/", f"http://example.com:80@{here}/", f"http://user:secret@{here}/",
        f"http://example.com%40{here}/", f"http://{here}#@example.com/", f"http://{here}?@example.com/",
        f"http://{here}\\@example.com/", f"http://example.com\\@{here}/", f"http:\\\\{here}/", f"http:/{here}/",
        f"http:{here}/", f"http:///{here}/", f"//{here}/", here, f"http://{here}%2f@example.com/",
        f"http://{here}%23@example.com/", f"http://[::1]:{port}@example.com/", f"http://example.com@[::1]:{port}/",
        f"http://@{here}/", f"http://:@{here}/", f"http://{here} /", f"http:// {here}/", f" http://{here}/",
        f"http://{here}/\r\nHost: example.com", f"http://{here}\r\n/", f"http://127.0.0.1\r\n:{port}/",
        f"http://127.0.0.1\t:{port}/", f"http://127.0.0.1\n:{port}/", f"http://127.0.0.1\0.example.com:{port}/",
        f"http://127.0.0.1%00.example.com:{port}/", f"http://127.0.0.1%0d%0a:{port}/", f"http://{here}/\0",
        "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:99999/", "http://127.0.0.1:-1/",
        "http://127.0.0.1:x/", f"http://127.0.0.1:0{port}/", f"http://127.0.0.1: {port}/",
        f"http://[::1%25lo]:{port}/", f"http://[::1%lo]:{port}/", f"http://[fe80::1%25eth0]:{port}/",
        f"http://[::1:{port}/", f"http://::1:{port}/", f"http://[127.0.0.1]:{port}/", f"http://[::ffff:0:127.0.0.1]:{port}/",
        f"http://localhost:{port}/", f"http://LOCALHOST:{port}/", f"http://localhost.:{port}/",
        f"http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/", f"http://local\u00adhost:{port}/", f"http://private.example:{port}/",
        f"http://PRIVATE.example.:{port}/", f"http://half-private.example:{port}/",
        f"http://private-first.example:{port}/", f"http://zoned.example:{port}/", f"http://odd.example:{port}/",
        "http://metadata.google.internal/computeMetadata/v1/", "http://0/", f"http://0:{port}/", f"http://127.1:{port}/",
        "file:///etc/passwd", f"file://{here}/", f"gopher://{here}/_x", f"ftp://{here}/", f"dict://{here}/x",
        f"ldap://{here}/", f"ws://{here}/", f"unix://{here}", "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
        "javascript:alert(1)", "data:text/plain,x", f"HTTP+UNIX://{here}/", f"tftp://{here}/", "about:blank", "", "http://",
        "https://", "http://.", "http://..", "http://a..b/", "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 200 + "example/", "http://\ud800/", "http://xn--/", "http://xn--a/", "http://*/",
    )  # fmt: skip


NAMES: dict[str, Sequence[str]] = {
    "localhost": ["127.0.0.1", "::1"],
    "private.example": ["127.0.0.1"],
    "half-private.example": ["93.184.216.34", "127.0.0.1"],
    "private-first.example": ["127.0.0.1", "93.184.216.34"],
    "zoned.example": ["fe80::1%1"],
    "odd.example": ["not an address"],
    "metadata.google.internal": ["169.254.169.254"],
}


async def resolve(host: str, port: int) -> Sequence[str]:
    """Names of the tests; numbers as the C library reads them; nothing from the network."""
    known = NAMES.get(host.rstrip(".").lower())
    if known is not None:
        return known
    if host.startswith("address-"):
        return [PRIVATE_ADDRESSES[int(host.removeprefix("address-").partition(".")[0])]]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except UnicodeError as error:
        raise OSError("no name") from error
    return [str(each[4][0]) for each in found]


def hostile_urls(port: int) -> list[str]:
    literal = [f"[{each}]" if ":" in each else each for each in PRIVATE_ADDRESSES]
    urls = [f"http://{host}:{port}/" for host in literal]
    urls += [f"http://address-{number}.example:{port}/" for number in range(len(PRIVATE_ADDRESSES))]
    hidden = ("127.0.0.1", "169.254.169.254", "10.0.0.1")
    urls += [f"http://{spelling}:{port}/" for address in hidden for spelling in spellings(address)]
    urls += [f"https://{host}:{port}/" for host in literal[:20]]
    return [*dict.fromkeys([*urls, *tricks(port)])]


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[WebhookSender]:
    made = WebhookSender(SystemClock(), resolve=resolve, timeout=5)
    yield made
    await made.close()


async def test_no_hostile_url_makes_a_connection(sender: WebhookSender) -> None:
    async with Receiver().listening() as receiver, listening_on_ipv6(receiver.port) as connections:
        urls = hostile_urls(receiver.port)
        assert len(urls) >= 300
        tried: list[str] = []
        for url in urls:
            result = await sender.send(url, [("Content-Type", "application/json")], b"{}")
            if result.ok or result.status:
                tried.append(url)
        assert tried == []
        assert receiver.connections == 0
        assert connections == []


async def test_what_is_not_public_is_refused_for_good(sender: WebhookSender) -> None:
    """Not merely unreachable from here: no address of a private network is ever tried."""
    for number, address in enumerate(PRIVATE_ADDRESSES):
        host = f"[{address}]" if ":" in address else address
        for url in (f"http://{host}/", f"http://address-{number}.example/"):
            result = await sender.send(url, [], b"{}")
            assert (result.ok, result.final, "is not a public address" in result.error) == (False, True, True), url
            if "example" in url:
                assert address not in result.error, "the error would map the network"


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("entries", "host", "reached"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", True, id="an address"),
        pytest.param("10.0.0.0/8, 127.0.0.0/8", "127.0.0.1", True, id="a network"),
        pytest.param("private.example", "private.example", True, id="a name, whatever it resolves to"),
        pytest.param("PRIVATE.example.", "private.EXAMPLE", True, id="in any case"),
        pytest.param("127.0.0.1", "private.example", True, id="a name that resolves to an allowed address"),
        pytest.param("private.example", "127.0.0.1", False, id="the name, not its address"),
        pytest.param("10.0.0.0/8", "127.0.0.1", False, id="another network"),
        pytest.param("other.example", "private.example", False, id="another name"),
        pytest.param("127.0.0.1", "half-private.example", False, id="every address counts, and this one is only half"),
    ],
)
async def test_the_allow_list_opens_what_it_names(entries: str, host: str, reached: bool) -> None:
    allowed = parse_allow_list(entries.split(","), setting=ALLOW_SETTING)
    half: dict[str, Sequence[str]] = {"half-private.example": ["127.0.0.1", "10.9.8.7"]}

    async def resolved(name: str, port: int) -> Sequence[str]:
        return half.get(name) or await resolve(name, port)

    sender = WebhookSender(SystemClock(), resolve=resolved, allowed=allowed)
    async with Receiver().listening() as receiver:
        result = await sender.send(f"http://{host}:{receiver.port}/a?b=c", [], b"{}")
        assert result.ok is reached
        assert receiver.connections == int(reached)
        if reached:
            assert receiver.arrived[0].headers["host"] == f"{host.lower()}:{receiver.port}"
            assert receiver.arrived[0].path == "/a?b=c"
    await sender.close()


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "http://example.com", "a b", "10.0.0.1:80", "*.example.com", "/etc"])
def test_an_allow_list_that_would_not_work_is_refused(entry: str) -> None:
    with pytest.raises(Invalid):
        parse_allow_list([entry], setting=ALLOW_SETTING)


async def test_the_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers.pop(0)

    sender = WebhookSender(
        SystemClock(), resolve=rebinding, allowed=parse_allow_list(["127.0.0.1"], setting=ALLOW_SETTING)
    )
    async with Receiver().listening() as receiver:
        assert (await sender.send(f"http://rebinding.example:{receiver.port}/", [], b"{}")).ok
        assert asked == ["rebinding.example"]
    await sender.close()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver().listening() as proxy, Receiver().listening() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        sender = WebhookSender(SystemClock(), allowed=parse_allow_list(["127.0.0.1"], setting=ALLOW_SETTING))
        assert (await sender.send(receiver.url, [], b"{}")).ok
        await sender.close()
        assert (proxy.connections, receiver.connections) == (0, 1)


async def test_a_name_that_takes_long_to_resolve_uses_up_its_own_time_alone() -> None:
    async def slow(host: str, _port: int) -> Sequence[str]:
        if host == "slow.example":
            await asyncio.Event().wait()
        return ["127.0.0.1"]

    sender = WebhookSender(
        SystemClock(), resolve=slow, allowed=parse_allow_list(["127.0.0.1"], setting=ALLOW_SETTING), timeout=0.5
    )
    async with Receiver().listening() as receiver:
        late, quick = await asyncio.gather(
            sender.send(f"http://slow.example:{receiver.port}/", [], b"{}"),
            sender.send(f"http://quick.example:{receiver.port}/", [], b"{}"),
        )
    await sender.close()
    assert quick.ok
    assert (late.ok, late.final, late.error) == (False, False, "no complete answer within 0.5 seconds")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command to make a certificate with")
async def test_tls_asks_for_the_name_and_checks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    asked_for: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)

    async def everywhere_here(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    sender = WebhookSender(
        SystemClock(), resolve=everywhere_here, allowed=parse_allow_list(["127.0.0.1"], setting=ALLOW_SETTING)
    )
    receiver = Receiver()
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    assert (await sender.send(f"https://svc.example:{port}/", [], b"{}")).ok
    wrong = await sender.send(f"https://other.example:{port}/", [], b"{}")
    assert asked_for == ["svc.example", "other.example"]
    assert not wrong.ok
    assert "certificate is not valid" in wrong.error
    assert len(receiver.arrived) == 1
    await sender.close()
    server.close()


def make_certificate(certificate: Path, key: Path) -> None:
    """For svc.example, signed by itself."""
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=svc.example",
            "-addext", "subjectAltName=DNS:svc.example", "-keyout", key, "-out", certificate,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip


class listening_on_ipv6:  # noqa: N801 - reads as a function
    """Whoever connects to [::1] on a port, as long as this machine has IPv6; an empty list without."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connections: list[str] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> list[str]:
        try:
            self._server = await asyncio.start_server(self._note, "::1", self._port)
        except OSError:
            self._server = None
        return self._connections

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    async def _note(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.append(str(writer.get_extra_info("peername")))
        writer.close()
