"""`http_get`: reads a page of a host that an operator allows, and of no other.

The model writes the URL, so it may come from anywhere, a log line included. The host must be on the list by its name;
the name is resolved here, every address is checked, and the connection is made to an address that was checked. An
address that is not public must be on the list itself. Answer: `{status, content_type, truncated, body}`, with `body`
parsed when it is complete JSON.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import httpx
import orjson
from pydantic import Field

from quarterdeck.assistant.tools.http_client import (
    HttpClient,
    Reply,
    check_headers,
    own_words,
    read_variables,
    secrets_in,
)
from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, ToolFailed, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.outgoing.addresses import AllowList, parse_allow_list, read_address
from quarterdeck.outgoing.resolving import Resolve, SystemResolver, checked_addresses

NAME: Final = "http_get"
TOOLSET: Final = "http"
SETTING: Final = "http_get_allow"

_USUAL_PORTS: Final = {"http": 80, "https": 443}
_GRACE: Final = 5.0
_FAILED: Final = 400
_QUOTED: Final = 200
_ACCEPT: Final = "application/json, text/*;q=0.9, */*;q=0.5"
_TEXTS: Final = ("json", "xml", "yaml", "javascript", "x-www-form-urlencoded", "toml", "graphql")
_ENTRY: Final = re.compile(r"(\*\.)?(\[[0-9a-fA-F:.]{2,45}\]|[^\s/:*?#@%\\\[\]]{1,253})(?::(\d{1,5}))?")
_MOST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class HttpGetConfig:
    """Where `http_get` may go."""

    allow: tuple[str, ...]
    """Host names (`status.example.com`, `*.example.com` for every name below it), addresses and networks, each name or
    address also with a port. Without one the usual ports 80 and 443 are meant. A private address must be here itself,
    also when a name here resolves to it."""
    header_variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For an entry of `allow`: header to the environment variable that has its value."""
    timeout: float = 20.0
    """Seconds."""
    most_bytes: int = 256 * 1024
    """Of one answer; what is longer is cut."""


class GetRequest(Parameters):
    url: str = Field(min_length=8, max_length=4096, description="An http or https URL of an allowed host.")


@dataclass(frozen=True, slots=True)
class _Place:
    """An entry of the list that names hosts."""

    entry: str
    host: str
    port: int | None
    is_suffix: bool = False

    def covers(self, url: httpx.URL) -> bool:
        host = _ascii_host(url)
        port = url.port or _USUAL_PORTS[url.scheme]
        if port != (self.port or _USUAL_PORTS[url.scheme]):
            return False
        return host.endswith(f".{self.host}") if self.is_suffix else host == self.host


def http_get_tools(
    config: HttpGetConfig, *, environment: Mapping[str, str] | None = None, resolve: Resolve | None = None
) -> tuple[Tool, ...]:
    """The tool, or none when nothing is allowed.

    Raises Invalid for an entry that is no host, address or network, and for a variable that is not set.
    """
    if not config.allow:
        return ()
    places = tuple(place for entry in config.allow if (place := _read_place(entry)) is not None)
    addresses = [place.host for place in places if read_address(place.host) is not None]
    networks = parse_allow_list([*addresses, *filter(_is_network, config.allow)], setting=SETTING)
    for entry in config.header_variables:
        if entry not in {place.entry for place in places}:
            _refuse(f"headers are for {entry[:_QUOTED]!r}, which is no host or address of the list")
    headers = {entry: read_variables(named, environment) for entry, named in config.header_variables.items()}
    for each in headers.values():
        check_headers(each)
    getter = _Getter(config, places, networks, headers, resolve or SystemResolver())
    names = ", ".join(config.allow)
    shown = names if len(names) <= _QUOTED else f"{names[:_QUOTED]}…"
    return (
        TypedTool(
            NAME,
            f"Read a web page or an API with HTTP GET. Allowed hosts: {shown}.",
            TOOLSET,
            GetRequest,
            getter.get,
            "read a URL",
            timeout=config.timeout + _GRACE,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Getter:
    config: HttpGetConfig
    places: tuple[_Place, ...]
    networks: AllowList
    headers: Mapping[str, Mapping[str, str]] = field(repr=False)
    resolve: Resolve

    async def get(self, wanted: GetRequest, _: ToolContext) -> ToolAnswer:
        url = _read_url(wanted.url)
        invocation = f"GET {url}"
        headers = self._headers(url)
        http = HttpClient(
            str(url.host)[:_QUOTED],
            timeout=self.config.timeout,
            most_bytes=self.config.most_bytes,
            addresses=self._addresses,
            secrets=secrets_in(list(headers.values())),
        )
        reply = await http.send("GET", str(url), headers={"Accept": _ACCEPT, **headers}, invocation=invocation)
        return _answer(reply, invocation)

    def _headers(self, url: httpx.URL) -> Mapping[str, str]:
        found_headers: dict[str, str] = {}
        for place in self.places:
            if place.covers(url):
                found_headers.update(self.headers.get(place.entry, {}))
        return found_headers

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        """Checked anew for every redirect."""
        if not self._allows(url):
            port = f":{url.port}" if url.port else ""
            raise ToolFailed(f"{_ascii_host(url)[:_QUOTED] + port!r} is not on the list of hosts that may be read")
        port_number = url.port or _USUAL_PORTS[url.scheme]
        host = url.raw_host.decode("ascii")
        return await checked_addresses(host, port_number, allowed=self.networks, resolve=self.resolve, setting=SETTING)

    def _allows(self, url: httpx.URL) -> bool:
        if any(place.covers(url) for place in self.places):
            return True
        address = read_address(_ascii_host(url))
        is_usual = (url.port or _USUAL_PORTS[url.scheme]) == _USUAL_PORTS[url.scheme]
        return address is not None and is_usual and self.networks.allows_address(address)


def _read_url(text: str) -> httpx.URL:
    """Raises ToolFailed for what is no URL that two parsers would read alike."""
    if any(char <= " " or char == "\x7f" for char in text) or "\\" in text:
        raise ToolFailed("white space, control characters and backslashes are no part of a URL")
    try:
        url = httpx.URL(text).copy_with(fragment=None)
        url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        raise ToolFailed("the URL cannot be read") from None
    if url.scheme not in _USUAL_PORTS or not url.host:
        raise ToolFailed("only http and https URLs with a host can be read")
    if url.userinfo:
        raise ToolFailed("a URL with a user name or password is not read")
    return url


def _answer(reply: Reply, invocation: str) -> ToolAnswer:
    if reply.status >= _FAILED:
        said = own_words(reply)
        why = f"the server answered {reply.status}" + (f": {said}" if said else "")
        raise ToolFailed(why, invocation=invocation, return_code=reply.status)
    if not reply.body:
        return nothing(f"the server answered {reply.status} with an empty body", invocation=invocation)
    data = {
        "status": reply.status,
        "content_type": reply.content_type,
        "truncated": not reply.is_complete,
        "body": _body(reply, invocation),
    }
    return found(data, invocation=invocation, url=reply.url)


def _body(reply: Reply, invocation: str) -> Any:
    if "json" in reply.content_type and reply.is_complete:
        try:
            return orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            pass  # it says that it is JSON; as text it still says something
    is_text = reply.content_type.startswith("text/") or any(kind in reply.content_type for kind in _TEXTS)
    if (reply.content_type and not is_text) or b"\0" in reply.body:
        raise ToolFailed(
            f"the server answered {reply.content_type or 'something'}, which is not text", invocation=invocation
        )
    return reply.text()


def _read_place(entry: str) -> _Place | None:
    """None for a network. Raises Invalid for what is no host."""
    if _is_network(entry):
        return None
    bracketed = f"[{entry}]" if ":" in entry and read_address(entry) is not None else entry
    parts = _ENTRY.fullmatch(bracketed)
    try:
        host = _ascii_host(httpx.URL(f"http://{parts[2]}/")) if parts else ""
    except (httpx.InvalidURL, UnicodeError, ValueError):
        host = ""
    port = int(parts[3]) if parts and parts[3] else None
    if parts is None or not host or port == 0 or (port or 0) > _MOST_PORT:
        _refuse(f"{entry[:_QUOTED]!r} is neither a host name, an address nor a network")
    return _Place(entry, host, port, is_suffix=parts[1] is not None)


def _is_network(entry: str) -> bool:
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    return "/" in entry


def _ascii_host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").strip("[]").rstrip(".").lower()


def _refuse(why: str) -> NoReturn:
    raise Invalid(Reason.FIELD_INVALID, f"{SETTING}: {why}", violations=(FieldViolation(SETTING, why),))
