"""A tool made of a parameters class and a function: the usual way to write one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Generic, TypeVar

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.tools.tool import Parameters, ToolAnswer, ToolContext
from quarterdeck.identity.call import Role

P = TypeVar("P", bound=Parameters)

LINE: Final = 200
"""Characters of a call's description."""
TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class TypedTool(Generic[P]):
    """One tool. `answer` gets its arguments, checked."""

    name: str
    description: str
    toolset: str
    parameters: type[P]
    answer: Callable[[P, ToolContext], Awaitable[ToolAnswer]]
    sentence: str
    """What a call does, for people; the arguments stand behind it."""
    role: Role = Role.VIEWER
    writes: bool = False
    timeout: float = TIMEOUT

    @property
    def needs_approval(self) -> bool:
        return self.writes

    @property
    def definition(self) -> ToolDefinition:
        return ToolDefinition(self.name, self.description, parameters_schema(self.parameters))

    def describe(self, arguments: Mapping[str, Any]) -> str:
        """The sentence and the arguments, in one line."""
        return one_line(self.sentence, arguments)

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolAnswer:
        return await self.answer(self.parameters.model_validate(dict(arguments)), context)


@cache
def parameters_schema(parameters: type[Parameters]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments as models are told: without the titles that pydantic makes up.

    Shared: never change it.
    """
    schema: dict[str, Any] = _untitled(parameters.model_json_schema())
    schema.pop("description", None)
    schema.setdefault("properties", {})
    return schema


def one_line(sentence: str, arguments: Mapping[str, Any]) -> str:
    """`sentence` with the arguments behind it, at most 200 characters."""
    shown = ", ".join(f"{key}={_short(value)}" for key, value in list(arguments.items())[:8])
    line = " ".join(f"{sentence}: {shown}".split()) if shown else sentence
    return line if len(line) <= LINE else f"{line[: LINE - 1]}…"


def _short(value: Any) -> str:
    return value[:LINE] if isinstance(value, str) else repr(value)[:LINE]


def _untitled(schema: Any) -> Any:
    """A schema without its `title` keywords; a property that is called `title` stays."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key != "title"}
    return {
        key: {name: _untitled(item) for name, item in value.items()} if key in {"properties", "$defs"} else
        value if key in {"default", "enum", "const", "examples"} else _untitled(value)
        for key, value in kept.items()
    }  # fmt: skip
