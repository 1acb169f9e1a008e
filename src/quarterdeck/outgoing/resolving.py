"""From a host name to the addresses that may be connected to.

Whoever connects must use what `checked_addresses` gave: a second look-up could say something else.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from quarterdeck.outgoing.addresses import AllowList, may_connect, read_address

_RESOLVER_THREADS: Final = 64
_QUOTED_IN_ERRORS: Final = 80

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host name and a port to its addresses as text. Raises OSError."""


class Refused(Exception):  # noqa: N818 - what happened
    """The host is no place where requests may go."""


class SystemResolver:
    """Resolves as the machine does, in threads of its own: a slow name server makes only its own names wait."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="outgoing names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port)
        return list(dict.fromkeys(str(address[4][0]) for address in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


async def checked_addresses(host: str, port: int, *, allowed: AllowList, resolve: Resolve, setting: str) -> list[str]:
    """The addresses of a host, in the resolver's order.

    Raises Refused, which names the setting that could allow it, when one of them is not allowed: the next time it may
    be the first. Raises OSError for a name that cannot be resolved.
    """
    literal = read_address(host)
    found = [host] if literal is not None else list(await resolve(host, port))
    if allowed.allows_host(host):
        return found
    for text in found:
        address = read_address(text)
        if address is None or not may_connect(address, allowed):
            # The address itself is not told: it would map the network for whoever made the request.
            shown = repr(host[:_QUOTED_IN_ERRORS])
            raise Refused(f"{shown} is not a public address, and the setting {setting} does not name it")
    return found


def _look_up(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long for the IDNA codec
        raise OSError(f"{host[:_QUOTED_IN_ERRORS]!r} is no host name") from error
