"""Requests to the systems that operators named: small, bounded in time and bytes, and told in sentences when they fail.

Every request has a connection of its own. Tool calls are seldom, so nothing is gained by keeping one, and nothing has
to be closed. No proxy, password file or cookie of the environment is used. Answers are asked for without compression:
a few bytes of it may unpack to more than the cap before anybody can stop it.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NoReturn

import httpx
import orjson

from quarterdeck.assistant.tools.redaction import REDACTED, holds_secret
from quarterdeck.assistant.tools.tool import ToolFailed
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.outgoing.certificates import ssl_context
from quarterdeck.outgoing.resolving import Refused

MOST_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one answer's body."""
TIMEOUT: Final = 20.0
"""Seconds from resolving the name to the end of the answer."""
TENANT_HEADER: Final = "X-Scope-OrgID"

QueryParameters = Sequence[tuple[str, str]]
Addresses = Callable[[httpx.URL], Awaitable[Sequence[str]]]
"""The addresses that a request to this URL may be sent to. Raises ToolFailed, Refused or OSError."""

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FAILED: Final = 400
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_QUOTED: Final = 300
"""Characters of another system's error."""
_SHORTEST_SECRET: Final = 6
"""Characters; hiding every occurrence of less would garble the answer and hide nothing."""
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e]{0,8192}")
_TAKEN_HEADERS: Final = frozenset({"host", "connection", "transfer-encoding", "content-length", "accept-encoding"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A system that an operator configured. Its address may be private."""

    base_url: str
    """`http` or `https`, with a path when the API is below one; no user, query or fragment."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Sent as they are."""
    header_variables: Mapping[str, str] = field(default_factory=dict)
    """Header to the environment variable that has its value: for secrets."""
    tenant: str = ""
    """Sent as `X-Scope-OrgID`, which Mimir and Loki read; several with `|` between."""
    timeout: float = TIMEOUT
    """Seconds."""
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status is."""

    url: str
    status: int
    content_type: str
    """Lower-case, without parameters."""
    charset: str
    body: bytes
    is_complete: bool
    """False when the body was longer than the cap; what came before it is there."""

    def text(self) -> str:
        """The body as text; what is no text in its charset is replaced."""
        try:
            return self.body.decode(self.charset or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class HttpClient:
    """Asks one system. Safe for concurrent calls; nothing to close."""

    system: str
    """What sentences call it, such as `Prometheus`."""
    timeout: float = TIMEOUT
    most_bytes: int = MOST_BYTES
    addresses: Addresses | None = None
    """Where each request may go; None lets the machine's resolver decide."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Never shown, also not when the other side repeats them."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        invocation: str = "",
    ) -> Reply:
        """One request, and for GET up to three redirects within the same host.

        Raises ToolFailed when there is no answer. What the system itself calls an error is an answer.
        """
        try:
            async with asyncio.timeout(self.timeout):
                return await self._follow(method, url, headers, body)
        except TimeoutError:
            self._fail(f"did not answer within {self.timeout:g} seconds", url, method, invocation)
        except (Refused, ToolFailed) as error:
            raise ToolFailed(
                str(error), invocation=invocation, return_code=getattr(error, "return_code", None)
            ) from None
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
            raise ToolFailed(f"the URL for {self.system} cannot be used", invocation=invocation) from None
        except (httpx.HTTPError, OSError) as error:
            self._fail(_why(error), url, method, invocation)

    async def json(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Any = None,
        invocation: str = "",
    ) -> Any:
        """What the system answers, as JSON. Raises ToolFailed also for its errors, with its own words."""
        sent = None if body is None else orjson.dumps(body)
        more = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        reply = await self.send(method, url, headers={**more, **headers}, body=sent, invocation=invocation)
        if reply.status >= _FAILED:
            said = own_words(reply)
            raise ToolFailed(
                f"{self.system} answered {reply.status}" + (f": {said}" if said else ""),
                invocation=invocation,
                return_code=reply.status,
            )
        if not reply.is_complete:
            raise ToolFailed(
                f"{self.system} answered more than {self.most_bytes} bytes; ask for less: a narrower selector, an "
                "aggregation or a shorter range",
                invocation=invocation,
            )
        try:
            return orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            raise ToolFailed(
                f"{self.system} answered {reply.status} with something that is not JSON"
                + (f" ({reply.content_type})" if reply.content_type else ""),
                invocation=invocation,
                return_code=reply.status,
            ) from None

    async def _follow(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        current = httpx.URL(url)
        for _ in range(_MOST_REDIRECTS + 1):
            reply, location = await self._exchange(method, current, headers, body)
            if not location:
                return reply
            target = current.join(location)
            if method != "GET" or not _is_same_host(current, target):
                where = self._hidden(f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}"[:_QUOTED])
                raise ToolFailed(
                    f"{self.system} redirects to {where}, which is not followed",
                    return_code=reply.status,
                )
            current = target
        raise ToolFailed(f"{self.system} redirects more than {_MOST_REDIRECTS} times")

    async def _exchange(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, str]:
        """The answer, and where it redirects to."""
        if self.addresses is None:
            return await self._to(url, None, method, headers, body)
        problem: Exception | None = None
        for address in await self.addresses(url):
            try:
                return await self._to(url, address, method, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                problem = error
        raise problem or OSError("the name has no address")

    async def _to(
        self, url: httpx.URL, address: str | None, method: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, str]:
        """Over a connection to the address, when one is given: the certificate must still be for the URL's host."""
        sent = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", **headers}
        extensions: dict[str, Any] = {}
        target = url
        if address is not None:
            target = url.copy_with(host=address)
            extensions["sni_hostname"] = url.raw_host.decode("ascii")
        async with (
            httpx.AsyncClient(
                verify=_tls(),
                trust_env=False,
                timeout=self.timeout,
                limits=httpx.Limits(max_keepalive_connections=0),
            ) as client,
            client.stream(method, target, headers=sent, content=body, extensions=extensions) as response,
        ):
            location = response.headers.get("location", "") if response.status_code in _REDIRECTS else ""
            content, is_complete = (b"", True) if location else await self._read(response)
            kind = response.headers.get("content-type", "")
            reply = Reply(
                url=str(url),
                status=response.status_code,
                content_type=kind.partition(";")[0].strip().lower()[:_QUOTED],
                charset=response.charset_encoding or "",
                body=self._hidden_bytes(content, is_complete=is_complete),
                is_complete=is_complete,
            )
            return reply, location

    async def _read(self, response: httpx.Response) -> tuple[bytes, bool]:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            raise ToolFailed(f"{self.system} compresses its answer although it was asked not to")
        pieces = bytearray()
        # Leaving before the end closes the connection: the rest is never read.
        async for piece in response.aiter_raw():
            pieces += piece
            if len(pieces) > self.most_bytes:
                return bytes(pieces[: self.most_bytes]), False
        return bytes(pieces), True

    def _hidden_bytes(self, body: bytes, *, is_complete: bool) -> bytes:
        for secret in self.secrets:
            body = body.replace(secret.encode(), REDACTED.encode())
        return body if is_complete else self._without_halves(body)

    def _without_halves(self, body: bytes) -> bytes:
        """Without the beginning of a secret at the end, which the cap cut in two."""
        for secret in map(str.encode, self.secrets):
            for length in range(len(secret) - 1, _SHORTEST_SECRET - 1, -1):
                if body.endswith(secret[:length]):
                    return body[:-length]
        return body

    def _hidden(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        return text

    def _fail(self, why: str, url: str, method: str, invocation: str) -> NoReturn:
        unknown = "" if method == "GET" else "; whether it did what it was asked to is not known"
        raise ToolFailed(f"{self.system} at {origin_of(url)} {why}{unknown}", invocation=invocation) from None


@dataclass(frozen=True, slots=True)
class ApiClient:
    """The JSON API below an endpoint's base URL."""

    http: HttpClient
    base_url: str
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, system: str, endpoint: Endpoint, environment: Mapping[str, str] | None = None) -> ApiClient:
        """Raises Invalid for a URL or header that cannot be used, and for a variable that is not set."""
        check_base_url(endpoint.base_url, system)
        named = read_variables(endpoint.header_variables, environment)
        headers = {**endpoint.headers, **named, **({TENANT_HEADER: endpoint.tenant} if endpoint.tenant else {})}
        check_headers(headers)
        plain = {name: value for name, value in endpoint.headers.items() if _is_secret_header(name)}
        http = HttpClient(
            system,
            timeout=endpoint.timeout,
            most_bytes=endpoint.most_bytes,
            secrets=secrets_in([*named.values(), *plain.values()]),
        )
        return cls(http, endpoint.base_url.rstrip("/"), headers)

    async def get(self, path: str, parameters: QueryParameters = (), *, invocation: str = "") -> Any:
        """The JSON at a path that starts with a slash. Raises ToolFailed."""
        url = self.base_url + path + (f"?{httpx.QueryParams(list(parameters))}" if parameters else "")
        return await self.http.json("GET", url, headers=self.headers, invocation=invocation)

    async def post(self, path: str, body: Any, *, invocation: str = "") -> Any:
        """The JSON that a POST of JSON is answered with. Raises ToolFailed; it may have worked all the same."""
        return await self.http.json(
            "POST", self.base_url + path, headers=self.headers, body=body, invocation=invocation
        )


def check_base_url(url: str, system: str) -> None:
    """Raise Invalid unless requests can be made below this URL. The message never repeats the URL."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, UnicodeError):
        parsed = httpx.URL()
    if parsed.scheme not in _DEFAULT_PORTS or not parsed.host or parsed.userinfo or parsed.query or parsed.fragment:
        why = (
            f"the URL of {system} must be http or https, with a host and without a user, a query or a fragment; "
            "credentials belong into headers"
        )
        raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation("base_url", why),))


def read_variables(variables: Mapping[str, str], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Each header with the value of its environment variable. Raises Invalid for one that is not set or empty."""
    source = os.environ if environment is None else environment
    found: dict[str, str] = {}
    for header, variable in variables.items():
        value = source.get(variable, "").strip()
        if not value:
            why = f"the environment variable {variable}, which the header {header} needs, is not set"
            raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation("header_variables", why),))
        found[header] = value
    return found


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise Invalid for a header that cannot be sent or that the client sets itself. Values are never repeated."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _TAKEN_HEADERS:
            why = f"{name[:100]!r} is no header that can be set"
        elif not _HEADER_VALUE.fullmatch(value):
            why = f"the value of the header {name} is not printable ASCII on one line, of at most 8192 characters"
        else:
            continue
        raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation("headers", why),))


def secrets_in(values: Sequence[str]) -> tuple[str, ...]:
    """What must not be shown of header values: each as it is, and what follows a scheme such as `Bearer`."""
    found = dict.fromkeys(part for value in values for part in (value, value.rpartition(" ")[2]))
    # The longest first: a part that was replaced already cannot uncover the rest of the whole.
    return tuple(sorted((part for part in found if len(part) >= _SHORTEST_SECRET), key=len, reverse=True))


def own_words(reply: Reply) -> str:
    """What a failing system says about it, at most 300 characters on one line; empty when it is nothing to read."""
    try:
        said = _message_in(orjson.loads(reply.body))
    except orjson.JSONDecodeError:
        said = reply.text() if reply.content_type in {"", "text/plain"} and b"\0" not in reply.body else ""
    line = " ".join(said.split())
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"


def origin_of(url: str) -> str:
    """Scheme, host and port: what may be shown of a URL that somebody configured."""
    try:
        parsed = httpx.URL(url)
        return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return "its URL"


def _message_in(answer: Any) -> str:
    if isinstance(answer, str):
        return answer
    if isinstance(answer, dict):
        for key in ("error", "message", "detail"):
            if isinstance(answer.get(key), str):
                return str(answer[key])
    return ""


def _is_secret_header(name: str) -> bool:
    return holds_secret(name) or name.lower() in {"authorization", "proxy-authorization", "cookie"}


def _is_same_host(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether credentials for one may go to the other: the same origin, or the same host's usual ports with TLS."""
    if one.raw_host != other.raw_host or other.userinfo:
        return False
    if (one.scheme, _port(one)) == (other.scheme, _port(other)):
        return True
    usual = _port(one) == _DEFAULT_PORTS.get(one.scheme) and _port(other) == _DEFAULT_PORTS.get(other.scheme)
    return usual and (one.scheme, other.scheme) == ("http", "https")


def _port(url: httpx.URL) -> int | None:
    return url.port or _DEFAULT_PORTS.get(url.scheme)


@cache
def _tls() -> ssl.SSLContext:
    return ssl_context()


def _why(error: BaseException) -> str:
    """A sentence's end for a request that got no answer; nothing of the library's own text, which may quote URLs."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not valid: {cause.verify_message}"[:_QUOTED]
        if isinstance(cause, socket.gaierror):
            return "cannot be reached: its name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "refuses connections"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "does not speak TLS as we do"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) or not isinstance(error, httpx.HTTPError):
        return "cannot be reached"
    if isinstance(error, httpx.RemoteProtocolError):
        return "closed the connection or does not speak HTTP"
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    return "broke the connection off"


def _causes(error: BaseException) -> Sequence[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found
