"""A receiver of webhooks that costs next to nothing, as a process of its own. It prints its port when it listens.

`/silent` reads and never answers, `/seen` says how many deliveries came and when the last one did, everything else is a
delivery and answered with 204 at once.
"""

from __future__ import annotations

import asyncio
import time
from typing import cast

import orjson
import uvloop

from quarterdeck.serving import listen

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_THANKS = b"HTTP/1.1 204 No Content\r\n\r\n"


class Seen:
    """What came so far."""

    def __init__(self) -> None:
        self.count = 0
        self.last = 0.0

    def note(self) -> None:
        """One more delivery."""
        self.last = time.monotonic()
        self.count += 1

    def answer(self) -> bytes:
        """The count and the time of the last one, as an HTTP answer."""
        body = orjson.dumps({"count": self.count, "last": self.last})
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


class Receiver(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The class of uvloop's transports does not descend from asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(_HEAD_END)
        if head < 0 or len(self._received) < head + len(_HEAD_END) + self._length(head):
            return
        path = self._received.split(b" ", 2)[1]
        self._received.clear()
        assert self._transport is not None
        if path == b"/seen":
            self._transport.write(self._seen.answer())
        elif path != b"/silent":
            self._seen.note()
            self._transport.write(_THANKS)

    def _length(self, head: int) -> int:
        lines = bytes(self._received[:head]).lower().split(b"\r\n")
        return next((int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH)), 0)


async def _serve() -> None:
    seen = Seen()
    listener = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(seen), sock=listener)
    print(listener.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
