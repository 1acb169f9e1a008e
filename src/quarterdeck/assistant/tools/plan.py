"""The plan list: what a model means to do, kept in memory while the run goes on."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.assistant.tools.tool import Parameters, ToolAnswer, ToolContext, found
from quarterdeck.assistant.tools.typed_tool import TypedTool

NAME: Final = "TodoWrite"
PLAN: Final = "plan"
"""The key of the list in the run's scratch: what `plan_tool` was last called with, as JSON values."""

_MARKS: Final = {"pending": "[ ]", "in_progress": "[~]", "completed": "[x]"}


class Todo(BaseModel):
    """One step."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    id: str = Field(min_length=1, max_length=100, description="Stays the same while the step is on the list.")
    content: str = Field(min_length=1, max_length=2000, description="What is to be done.")
    status: Literal["pending", "in_progress", "completed"] = Field(description="How far it is.")


class TodoWriteParameters(Parameters):
    """The whole list."""

    todos: list[Todo] = Field(min_length=1, max_length=100, description="The whole list; it replaces the one before.")


def plan_tool() -> TypedTool[TodoWriteParameters]:
    """`TodoWrite`: text with a line per step, `[ ]` pending, `[~]` in progress, `[x]` completed."""
    return TypedTool(
        name=NAME,
        description=(
            "Write down the plan of this investigation, and how far each step is. Use it for questions that take "
            "several steps, and again whenever a step begins or is done."
        ),
        toolset="core_investigation",
        parameters=TodoWriteParameters,
        answer=_write,
        sentence="Updates the plan",
    )


async def _write(parameters: TodoWriteParameters, context: ToolContext) -> ToolAnswer:
    context.scratch[PLAN] = [todo.model_dump() for todo in parameters.todos]
    return found(rendered(parameters.todos))


def rendered(todos: list[Todo]) -> str:
    """The list as text."""
    done = sum(todo.status == "completed" for todo in todos)
    lines = (f"{_MARKS[todo.status]} {todo.id}. {' '.join(todo.content.split())}" for todo in todos)
    return "\n".join([f"Plan: {done} of {len(todos)} done", *lines])
