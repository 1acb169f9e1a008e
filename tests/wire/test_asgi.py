"""The small pieces of HTTP: headers, bodies with a limit, whole answers."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable
from typing import Any

import pytest

from quarterdeck.wire.asgi import (
    ClientDisconnected,
    Receive,
    accepts_gzip,
    decompress,
    header_map,
    raw_path,
    read_body,
    respond,
)
from quarterdeck.wire.errors import Code, WireError


def receiving(*pieces: bytes, last: bool = True) -> tuple[Receive, list[Any]]:
    waiting: list[Any] = [
        {"type": "http.request", "body": piece, "more_body": not last or number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return receive, waiting


async def refused(coroutine: Awaitable[Any], code: Code) -> WireError:
    with pytest.raises(WireError) as caught:
        await coroutine
    assert caught.value.code is code
    return caught.value


async def test_a_body_is_put_together():
    receive, _ = receiving(b"a", b"", b"bc")
    assert await read_body({}, receive, 3) == b"abc"


async def test_a_body_over_the_limit_is_read_no_further():
    receive, waiting = receiving(b"aa", b"bb", b"cc")
    await refused(read_body({}, receive, 3), Code.RESOURCE_EXHAUSTED)
    assert len(waiting) == 1


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all():
    receive, waiting = receiving(b"aa")
    await refused(read_body({"content-length": "4"}, receive, 3), Code.RESOURCE_EXHAUSTED)
    assert len(waiting) == 1


@pytest.mark.parametrize("length", ["", "-1", "+9", "9x", "\u0663", "0x9"])
async def test_a_length_that_is_no_number_is_not_believed(length):
    receive, _ = receiving(b"aa")
    assert await read_body({"content-length": length}, receive, 3) == b"aa"


async def test_a_client_that_leaves_is_no_error():
    receive, _ = receiving(b"aa", last=False)
    with pytest.raises(ClientDisconnected):
        await read_body({}, receive, 3)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity ", "gzip", "GZIP "])
def test_encodings_that_are_read(encoding):
    body = gzip.compress(b"abc", mtime=0) if "g" in encoding.lower() else b"abc"
    assert decompress(body, encoding, 3) == b"abc"


def test_an_empty_body_is_empty_in_any_encoding():
    assert decompress(b"", "br", 3) == b""


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (b"abc", "br", Code.UNIMPLEMENTED),
        (b"abc", "gzip", Code.INVALID_ARGUMENT),
        (gzip.compress(b"abc", mtime=0)[:-1], "gzip", Code.INVALID_ARGUMENT),
        (gzip.compress(b"abcd", mtime=0), "gzip", Code.RESOURCE_EXHAUSTED),
        (gzip.compress(b"ab", mtime=0) * 2, "gzip", Code.RESOURCE_EXHAUSTED),
        (gzip.compress(bytes(50_000_000)), "gzip", Code.RESOURCE_EXHAUSTED),
    ],
)
def test_bodies_that_are_refused(body, encoding, code):
    with pytest.raises(WireError) as caught:
        decompress(body, encoding, 3)
    assert caught.value.code is code


@pytest.mark.parametrize(
    ("offer", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("deflate, br", False),
        ("gzipped", False),
    ],
)
def test_whether_gzip_is_accepted(offer, accepted):
    assert accepts_gzip({"accept-encoding": offer}) is accepted


def test_repeated_headers_are_joined():
    assert header_map({"headers": [(b"a", b"1"), (b"b", b"\xff"), (b"a", b"2")]}) == {"a": "1, 2", "b": "\xff"}


def test_the_path_is_as_it_was_sent():
    assert raw_path({"path": "/a b", "raw_path": b"/a%20b?c"}) == "/a%20b"
    assert raw_path({"path": "/a b"}) == "/a%20b"


async def test_small_answers_are_not_compressed():
    sent = []

    async def send(message):
        sent.append(message)

    await respond(send, 200, "text/plain", b"a" * 1023, gzipped=True)
    await respond(send, 200, "text/plain", b"a" * 1024, gzipped=True)
    (small, _, large, body) = sent
    assert (b"content-length", b"1023") in small["headers"]
    assert (b"content-encoding", b"gzip") in large["headers"]
    assert (b"content-length", str(len(body["body"])).encode()) in large["headers"]
    assert gzip.decompress(body["body"]) == b"a" * 1024
