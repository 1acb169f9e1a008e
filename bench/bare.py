"""The least that a Python server can do: an ASGI app of its own process that reads the body, answers fixed bytes.

Its uvicorn is set up as Quarterdeck's is. `/1234` is answered with 1234 bytes. It prints its port when it listens.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import uvicorn
import uvloop

from quarterdeck.serving import listen

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer with as many bytes as the path says."""
    while (await receive()).get("more_body", False):
        pass
    start, body = answer(scope["path"])
    await send(start)
    await send(body)


@cache
def answer(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two messages of an answer: `/1234` has 1234 bytes."""
    size = path.removeprefix("/")
    headers = [(b"content-type", b"application/json"), (b"content-length", size.encode())]
    return (
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b"x" * int(size)},
    )


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            print(sockets[0].getsockname()[1], flush=True)


def serve(served: Application) -> None:
    """Serve an application as Quarterdeck serves its own, until SIGTERM."""
    config = uvicorn.Config(
        served,
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=75,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Server(config).serve(sockets=[listen("127.0.0.1", 0)]))


if __name__ == "__main__":
    serve(application)
