"""Tools that the client runs, because the configuration says so: k6 Studio's, for instance.

remote_tools:
  run_load_test:
    description: Runs a load test in the asker's k6 Studio, and tells its figures.
    parameters: {type: object, properties: {script: {type: string}}, required: [script]}
    timeout_ms: 120000
    role: editor
    agents: [grafana_assistant_k6_studio]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn

import yaml

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.tools.tool import ToolAnswer, ToolContext, ToolFailed
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.identity.call import Role

SETTING: Final = "remote_tools_file"
TIMEOUT_MS: Final = 60_000

_LIST: Final = "remote_tools"
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MOST_TOOLS: Final = 100
_MOST_TEXT: Final = 4000
_MOST_TIMEOUT_MS: Final = 3_600_000
_ROLES: Final = {"viewer": Role.VIEWER, "editor": Role.EDITOR, "admin": Role.ADMIN}
_KEYS: Final = frozenset({"description", "parameters", "timeout_ms", "role", "agents"})


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool that this server only passes on. The run waits for its client, up to `client_timeout`."""

    definition: ToolDefinition
    client_timeout: timedelta = timedelta(milliseconds=TIMEOUT_MS)
    agents: frozenset[str] = frozenset()
    """The A2A agents whose clients have it; all when empty."""
    toolset: str = "remote"
    writes: bool = False
    needs_approval: bool = False
    role: Role = Role.VIEWER
    timeout: float = 60.0

    def describe(self, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002 - the client knows what they mean
        return f"the client runs {self.definition.name}"

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:  # noqa: ARG002
        raise ToolFailed(f"{self.definition.name} is run by the client, and none is there that could")

    def is_offered_to(self, agent_id: str) -> bool:
        """Whether the clients of the agent have it."""
        return not self.agents or agent_id in self.agents


def parse_remote_tools(text: str) -> tuple[RemoteTool, ...]:
    """The tools of a YAML or JSON text, in its order. Raises Invalid, naming the tool and the key."""
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        _refuse(f"is not YAML{f' (line {mark.line + 1})' if mark is not None else ''}")
    listed = value.get(_LIST) if isinstance(value, Mapping) else None
    if not isinstance(listed, Mapping) or len(value) != 1 or len(listed) > _MOST_TOOLS:
        _refuse(f"must be a map with the key `{_LIST}`, a map from at most {_MOST_TOOLS} names to tools")
    return tuple(_tool(str(name), each) for name, each in listed.items())


def _tool(name: str, value: Any) -> RemoteTool:
    if not _NAME.fullmatch(name):
        _refuse(f"has the name {name[:80]!r}; names are 1 to 64 letters, digits, - and _")
    if not isinstance(value, Mapping):
        _refuse(f"{name} must be a map with a description")
    if unknown := sorted(map(str, set(value) - _KEYS)):
        _refuse(f"{name} has the key {unknown[0][:80]!r}; known are {', '.join(sorted(_KEYS))}")
    description = value.get("description")
    if not isinstance(description, str) or not 0 < len(description.strip()) <= _MOST_TEXT:
        _refuse(f"{name}.description must be a text of at most {_MOST_TEXT} characters: models choose by it")
    return RemoteTool(
        ToolDefinition(name, description.strip(), _schema(name, value.get("parameters", {}))),
        client_timeout=_timeout(name, value.get("timeout_ms", TIMEOUT_MS)),
        agents=_agents(name, value.get("agents", [])),
        role=_role(name, value.get("role", "viewer")),
    )


def _schema(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or value.get("type", "object") != "object":
        _refuse(f"{name}.parameters must be a JSON schema of the type object")
    if not isinstance(value.get("properties", {}), Mapping):
        _refuse(f"{name}.parameters.properties must be a map")
    return {"type": "object", "properties": {}, **value}


def _timeout(name: str, value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MOST_TIMEOUT_MS:
        _refuse(f"{name}.timeout_ms must be a whole number from 1 to {_MOST_TIMEOUT_MS}")
    return timedelta(milliseconds=value)


def _agents(name: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        _refuse(f"{name}.agents must be a list of agents' ids")
    return frozenset(value)


def _role(name: str, value: Any) -> Role:
    if not isinstance(value, str) or value not in _ROLES:
        _refuse(f"{name}.role must be one of {', '.join(_ROLES)}")
    return _ROLES[value]


def _refuse(why: str) -> NoReturn:
    raise Invalid(Reason.FIELD_INVALID, f"{SETTING} {why}", violations=(FieldViolation(SETTING, why),))
