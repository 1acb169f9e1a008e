"""Which MCP servers there are, and which of their tools need somebody's approval.

The format is the one that other programs read, with `approval`, `role` and `timeout` besides:

mcpServers:
  notes:
    command: notes-mcp
    args: [--readonly]
    env: {NOTES_TOKEN: "${NOTES_TOKEN}"}
    approval: {list_notes: never, "*": always}
  tickets:
    url: https://tickets.example/mcp
    headers: {Authorization: "Bearer ${TICKETS_TOKEN}"}
    timeout: 30

`${NAME}` is an environment variable, `${NAME:-text}` one that may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import yaml

from quarterdeck.assistant.tools.http_client import check_headers, secrets_in
from quarterdeck.assistant.tools.redaction import holds_secret
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.identity.call import Role

TIMEOUT: Final = 60.0
"""Seconds that a call may take."""
SETTING: Final = "mcp_servers"
EVERY_TOOL: Final = "*"

_MOST_TIMEOUT: Final = 3600.0
_MOST_SERVERS: Final = 100
_MOST_NAME: Final = 100
_MOST_TEXT: Final = 8192
_MOST_ENTRIES: Final = 200
_LISTS: Final = ("mcpServers", "mcp_servers")
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES: Final = {"stdio": "stdio", "http": "http", "streamable-http": "http", "streamable_http": "http"}
_KEYS: Final = frozenset(
    [
        "type",
        "command",
        "args",
        "env",
        "cwd",
        "url",
        "headers",
        "approval",
        "role",
        "timeout",
        "disabled",
        "description",
    ]
)


class Approval(StrEnum):
    """Whether somebody must allow each call of a tool."""

    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class McpServerConfig:
    """One server: a program with its arguments, or a URL. Exactly one of `command` and `url` is there."""

    name: str
    """Unique within its tenant; the tools' names start with it."""
    command: str = ""
    args: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The program gets these, and of the server's own environment only what every program needs."""
    cwd: str = ""
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    approval: Mapping[str, Approval] = field(default_factory=dict)
    """By the tool's name at the server; `*` stands for every other. A tool without one asks unless it says that it
    only reads."""
    role: Role | None = None
    """The lowest role that may use the tools; None is viewer for those that only read, and editor for the others."""
    timeout: float = TIMEOUT
    """Seconds that a call may take."""
    tenant_id: str = ""
    """Whose it is; empty for all tenants."""
    account: str = ""
    """The account of the tenant whose it is; empty for all."""
    disabled_tools: frozenset[str] = frozenset()
    """Tools, by their names at the server, that do not exist here."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must not be shown besides the values of headers, and of variables that are called like secrets."""

    @property
    def type(self) -> str:
        """`stdio` or `http`."""
        return "stdio" if self.command else "http"

    @property
    def hidden(self) -> tuple[str, ...]:
        """What is never shown, also not when the server repeats it; the longest first."""
        named = (value for name, value in self.env.items() if holds_secret(name))
        return secrets_in([*self.secrets, *named, *self.headers.values()])

    def approval_of(self, tool: str) -> Approval | None:
        """What the operator decided about the tool; None is left to what the tool says of itself."""
        return self.approval.get(tool, self.approval.get(EVERY_TOOL))


def parse_mcp_servers(text: str, environment: Mapping[str, str]) -> tuple[McpServerConfig, ...]:
    """The servers of a JSON or YAML text, in its order. Raises Invalid, naming the server and the key, no value."""
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        _refuse(f"not valid JSON or YAML{f' (line {mark.line + 1})' if mark is not None else ''}")
    return read_mcp_servers(value or {}, environment)


def read_mcp_servers(value: Any, environment: Mapping[str, str]) -> tuple[McpServerConfig, ...]:
    """The same for what JSON, YAML or TOML became: the whole file, or what is below `mcpServers` in it."""
    if not isinstance(value, Mapping):
        _refuse("must be a map from names to servers")
    key = next((name for name in _LISTS if name in value), None)
    servers = value if key is None else value[key] or {}
    if not isinstance(servers, Mapping):
        _refuse("must be a map from names to servers")
    if len(servers) > _MOST_SERVERS:
        _refuse(f"{len(servers)} servers; at most {_MOST_SERVERS} are accepted")
    read = (_read_server(str(name), each, environment) for name, each in servers.items())
    return tuple(config for config in read if config is not None)


def read_approval(value: Any, where: str = "approval") -> dict[str, Approval]:
    """`always`, `never`, or a map from tools to them. Raises Invalid."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {EVERY_TOOL: _policy(value, where)}
    if not isinstance(value, Mapping) or len(value) > _MOST_ENTRIES:
        _refuse(f"{where} must be `always`, `never`, or a map from at most {_MOST_ENTRIES} tools to one of them")
    return {str(tool): _policy(each, f"{where}.{str(tool)[:_MOST_NAME]}") for tool, each in value.items()}


def check_config(config: McpServerConfig) -> None:
    """Raise Invalid for a server that could never be reached as it is described, or that a tenant may not have."""
    name = config.name[:_MOST_NAME]
    if not name.strip() or len(config.name) > _MOST_NAME or not config.name.isprintable():
        _refuse(f"the name of a server has 1 to {_MOST_NAME} printable characters")
    if bool(config.command) == bool(config.url):
        _refuse(f"{name} must have either a command or a url")
    if not 0 < config.timeout <= _MOST_TIMEOUT:
        _refuse(f"{name}.timeout must be more than 0 and at most {_MOST_TIMEOUT:g} seconds")
    if config.command:
        _check_program(config)
    else:
        _check_url(config)


def _check_program(config: McpServerConfig) -> None:
    if config.tenant_id:
        # Otherwise whoever may add an integration could run programs on the server's machine.
        _refuse(f"{config.name} has a command; what a tenant adds must have a url")
    if any("\0" in text for text in (config.command, config.cwd, *config.args, *config.env.values())):
        _refuse(f"{config.name} has a NUL character in its command")
    for name in config.env:
        if not _VARIABLE_NAME.fullmatch(name):
            _refuse(f"{config.name}.env has {name[:_MOST_NAME]!r}, which is no name of a variable")


def _check_url(config: McpServerConfig) -> None:
    try:
        url = urlsplit(config.url)
        is_usable = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port is None or url.port > 0)
        is_usable = is_usable and "@" not in url.netloc and not url.fragment
    except ValueError:
        is_usable = False
    if not is_usable or len(config.url) > _MOST_TEXT or not config.url.isascii() or not config.url.isprintable():
        _refuse(
            f"{config.name}.url must be http or https, with a host and without a user or a fragment; credentials "
            "belong into headers"
        )
    check_headers(config.headers)


def _read_server(name: str, value: Any, environment: Mapping[str, str]) -> McpServerConfig | None:
    """None for one that is switched off."""
    shown = name[:_MOST_NAME]
    if not isinstance(value, Mapping):
        _refuse(f"{shown} must be a map")
    unknown = next((str(key) for key in value if key not in _KEYS), None)
    if unknown is not None:
        _refuse(f"{shown} has the key {unknown[:_MOST_NAME]!r}; known are {', '.join(sorted(_KEYS))}")
    if value.get("disabled") is True:
        return None
    reading = _Reading(shown, value, environment)
    config = McpServerConfig(
        name=name,
        command=reading.text("command"),
        args=reading.list("args"),
        env=reading.texts("env"),
        cwd=reading.text("cwd"),
        url=reading.text("url"),
        headers=reading.texts("headers"),
        approval=read_approval(value.get("approval"), f"{shown}.approval"),
        role=reading.role(),
        timeout=reading.timeout(),
    )
    # Last: everything has been read now.
    config = replace(config, secrets=tuple(reading.secrets))
    check_config(config)
    if reading.type() not in {"", config.type}:
        _refuse(f"{shown}.type does not go with its {'command' if config.command else 'url'}")
    return config


@dataclass(slots=True)
class _Reading:
    """One server's map; the values of variables that look like secrets are collected."""

    name: str
    value: Mapping[str, Any]
    environment: Mapping[str, str]
    secrets: list[str] = field(default_factory=list)

    def text(self, key: str) -> str:
        return self._expanded(self.value.get(key) or "", key)

    def list(self, key: str) -> tuple[str, ...]:
        found = self.value.get(key) or ()
        if not isinstance(found, (list, tuple)) or len(found) > _MOST_ENTRIES:
            _refuse(f"{self.name}.{key} must be a list of at most {_MOST_ENTRIES} texts")
        return tuple(self._expanded(each, key) for each in found)

    def texts(self, key: str) -> dict[str, str]:
        found = self.value.get(key) or {}
        if not isinstance(found, Mapping) or len(found) > _MOST_ENTRIES:
            _refuse(f"{self.name}.{key} must be a map of at most {_MOST_ENTRIES} texts")
        return {str(name): self._expanded(each, f"{key}.{str(name)[:_MOST_NAME]}") for name, each in found.items()}

    def role(self) -> Role | None:
        text = str(self.value.get("role") or "").upper()
        if not text:
            return None
        if text not in {Role.VIEWER.name, Role.EDITOR.name, Role.ADMIN.name}:
            _refuse(f"{self.name}.role must be viewer, editor or admin")
        return Role[text]

    def timeout(self) -> float:
        found = self.value.get("timeout", TIMEOUT)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            _refuse(f"{self.name}.timeout must be a number of seconds")
        return float(found)

    def type(self) -> str:
        text = str(self.value.get("type") or "")
        if text and text not in _TYPES:
            _refuse(f"{self.name}.type must be stdio or http")
        return _TYPES.get(text, "")

    def _expanded(self, value: Any, key: str) -> str:
        where = f"{self.name}.{key}"
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            _refuse(f"{where} must be a text")

        def variable(match: re.Match[str]) -> str:
            found = self.environment.get(match[1]) or match[2]
            if found is None:
                _refuse(f"{where} names the environment variable {match[1]}, which is not set")
            if holds_secret(match[1]):
                self.secrets.append(found)
            return found

        text = _VARIABLE.sub(variable, str(value))
        if len(text) > _MOST_TEXT:
            _refuse(f"{where} has {len(text)} characters; at most {_MOST_TEXT} are accepted")
        return text


def _policy(value: Any, where: str) -> Approval:
    if not isinstance(value, str) or value not in {each.value for each in Approval}:
        _refuse(f"{where} must be `always` or `never`")
    return Approval(value)


def _refuse(why: str) -> NoReturn:
    raise Invalid(Reason.FIELD_INVALID, f"{SETTING}: {why}", violations=(FieldViolation(SETTING, why),))
