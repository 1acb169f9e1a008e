"""Sends a webhook: to a checked address, once, within ten seconds, and reads little of the answer.

The name is resolved here and every address checked, and the connection is made to one of the addresses that were
checked: a second look-up could say something else. Redirects are not followed and no proxy of the environment is used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from quarterdeck.clock import Clock
from quarterdeck.incidents.webhooks.http_exchange import Answered, BrokenExchange, Connection
from quarterdeck.incidents.webhooks.retries import TryResult, is_success, is_worth_retrying, read_retry_after
from quarterdeck.outgoing.addresses import NOTHING_MORE, AllowList
from quarterdeck.outgoing.certificates import ssl_context
from quarterdeck.outgoing.resolving import Refused, Resolve, SystemResolver, checked_addresses

TIMEOUT: Final = 10.0
"""Seconds from connecting to the end of the answer."""
MOST_READ: Final = 64 * 1024
"""Bytes of the answer's body."""
ALLOW_SETTING: Final = "webhook_allow"
"""The setting that names what webhooks may go to besides the public Internet."""

_IDLE_PER_ORIGIN: Final = 4
_KEEP_ALIVE: Final = 15.0
_QUOTED_IN_ERRORS: Final = 80


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a connection is to: connections are shared between hooks of one origin, and by nobody else."""

    is_tls: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Target:
    origin: _Origin
    path: bytes
    host_header: str


class WebhookSender:
    """One per process. `close` it."""

    def __init__(
        self,
        clock: Clock,
        *,
        allowed: AllowList = NOTHING_MORE,
        resolve: Resolve | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._clock = clock
        self._timeout = timeout
        self._allowed = allowed
        self._own_resolver = SystemResolver() if resolve is None else None
        self._resolve = resolve or self._own_resolver or SystemResolver()
        self._tls = ssl_context()
        self._idle: dict[_Origin, list[tuple[Connection, asyncio.TimerHandle]]] = {}

    async def send(self, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> TryResult:
        """One try. Never raises, whatever the URL, the network and the receiver do."""
        try:
            target = _target(url)
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
            return TryResult(ok=False, error="the URL cannot be used", final=True)
        try:
            async with asyncio.timeout(self._timeout):
                return self._judged(await self._exchange(target, headers, body))
        except TimeoutError:
            return TryResult(ok=False, error=f"no complete answer within {self._timeout:g} seconds")
        except Refused as error:
            return TryResult(ok=False, error=str(error), final=True)
        except BrokenExchange as error:
            return TryResult(ok=False, error=str(error))
        except ssl.SSLCertVerificationError as error:
            return TryResult(ok=False, error=f"the receiver's certificate is not valid: {error.verify_message}"[:200])
        except (OSError, UnicodeError):
            return TryResult(ok=False, error=f"no connection to {_shown(target.origin.host)}")

    async def close(self) -> None:
        """Closes the connections that wait for further requests."""
        for waiting in self._idle.values():
            for connection, timer in waiting:
                timer.cancel()
                connection.close()
        self._idle.clear()
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def _exchange(self, target: _Target, headers: Sequence[tuple[str, str]], body: bytes) -> Answered:
        sent = [("Host", target.host_header), *headers]
        kept = self._kept(target.origin)
        if kept is not None:
            try:
                return await self._post(kept, target, sent, body)
            except BrokenExchange as error:
                # It was closed while it waited, most likely; a receiver that reads twice knows the id.
                if not error.nothing_came:
                    raise
        return await self._post(await self._connect(target.origin), target, sent, body)

    async def _post(
        self, connection: Connection, target: _Target, headers: Sequence[tuple[str, str]], body: bytes
    ) -> Answered:
        answered = None
        try:
            answered = await connection.post(target.path, headers, body, most_body=MOST_READ)
        finally:
            if answered is None or not answered.reusable:
                connection.close()
        if answered.reusable:
            self._keep(target.origin, connection)
        return answered

    async def _connect(self, origin: _Origin) -> Connection:
        problem: OSError | None = None
        for address in await checked_addresses(
            origin.host, origin.port, allowed=self._allowed, resolve=self._resolve, setting=ALLOW_SETTING
        ):
            try:
                tls = self._tls if origin.is_tls else None
                return await Connection.open(address, origin.port, tls=tls, name=origin.host)
            except OSError as error:
                problem = error
        raise problem or OSError("the name has no address")

    def _kept(self, origin: _Origin) -> Connection | None:
        waiting = self._idle.get(origin, [])
        while waiting:
            connection, timer = waiting.pop()
            timer.cancel()
            if connection.is_open:
                return connection
            connection.close()
        return None

    def _keep(self, origin: _Origin, connection: Connection) -> None:
        waiting = self._idle.setdefault(origin, [])
        if len(waiting) >= _IDLE_PER_ORIGIN:
            connection.close()
            return
        timer = asyncio.get_running_loop().call_later(_KEEP_ALIVE, self._drop, origin, connection)
        waiting.append((connection, timer))

    def _drop(self, origin: _Origin, connection: Connection) -> None:
        connection.close()
        left = [each for each in self._idle.get(origin, []) if each[0] is not connection]
        if left:
            self._idle[origin] = left
        else:
            self._idle.pop(origin, None)

    def _judged(self, answered: Answered) -> TryResult:
        status = answered.status
        if is_success(status):
            return TryResult(ok=True, status=status)
        return TryResult(
            ok=False,
            status=status,
            error=f"the receiver answered {status}",
            final=not is_worth_retrying(status),
            retry_after=read_retry_after(answered.headers.get("retry-after", ""), self._clock.now()),
        )


def _target(url: str) -> _Target:
    """Raises InvalidURL or another ValueError for a URL that is none, whatever was checked before."""
    if any(char <= " " or char == "\x7f" for char in url) or "\\" in url:
        raise ValueError("white space, control characters and backslashes are no part of a URL")
    parsed = httpx.URL(url)
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.userinfo:
        raise ValueError("only http and https, with a host and without a user")
    is_tls = parsed.scheme == "https"
    port = parsed.port or (443 if is_tls else 80)
    origin = _Origin(is_tls, parsed.raw_host.decode("ascii"), port)
    return _Target(origin, parsed.raw_path, parsed.netloc.decode("ascii"))


def _shown(host: str) -> str:
    return repr(host[:_QUOTED_IN_ERRORS])
