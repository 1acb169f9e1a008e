"""Tools that the client runs, because the configuration says so: k6 Studio's, for instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.tools.tool import ToolAnswer, ToolContext, ToolFailed
from quarterdeck.identity.call import Role


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool that this server only passes on. The run waits for its client, up to `client_timeout`."""

    definition: ToolDefinition
    client_timeout: timedelta = timedelta(seconds=60)
    toolset: str = "remote"
    writes: bool = False
    needs_approval: bool = False
    role: Role = Role.VIEWER
    timeout: float = 60.0

    def describe(self, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002 - the client knows what they mean
        return f"the client runs {self.definition.name}"

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:  # noqa: ARG002
        raise ToolFailed(f"{self.definition.name} is run by the client, and none is there that could")
