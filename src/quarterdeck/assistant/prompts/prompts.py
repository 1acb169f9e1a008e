"""The server's prompts: a system text of parts that can be switched off, and the frames around questions.

That data is not instruction stands in every system text, whatever is switched off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson

from quarterdeck.errors import Invalid, Reason

PARTS: Final = (
    "intro",
    "general_instructions",
    "style_guide",
    "ask_user",
    "toolset_instructions",
    "permission_errors",
    "todowrite_instructions",
)
"""The parts that have a text here, in order. Each can be switched by its name."""

KNOWN_CONTROLS: Final = frozenset(PARTS) | {
    "ai_safety",
    "cluster_name",
    "conversation_link",
    "files",
    "scoped_namespaces",
    "system_prompt_additions",
    "time_runbooks",
    "time_skills",
    "todowrite_reminder",
}
"""Every name that `behavior_controls` may have; those without a text here, and the safety rules, change nothing."""

_ALWAYS: Final = "ai_safety"
_OFF_BY_DEFAULT: Final = frozenset({"todowrite_instructions"})

_CONTEXT: Final = re.compile(r"(?:\s*<context>(?:(?!</?context>).)*</context>)+\s*\Z", re.DOTALL | re.IGNORECASE)

INVESTIGATION: Final = "builtin://generic_investigation.jinja2"
WORKLOAD: Final = "builtin://kubernetes_workload_ask.jinja2"
_TEMPLATES: Final = {INVESTIGATION: "investigation", WORKLOAD: "workload_health"}


def _unknown_template() -> Invalid:
    """For a `prompt_template` that is none of the known names. Templates are never rendered from a request."""
    known = ", ".join(_TEMPLATES)
    return Invalid(Reason.PROMPT_TEMPLATE_UNKNOWN, f"unknown prompt_template; known are {known}")


def system_prompt(
    controls: Mapping[str, bool] | None = None,
    *,
    cluster_name: str = "",
    toolset_instructions: Iterable[str] = (),
    additions: str = "",
    extra: Iterable[str] = (),
) -> str:
    """The system text: each part unless `controls` switches it off, what an operator adds, then what the request adds.

    `cluster_name`, `toolset_instructions` and `additions` (the control `system_prompt_additions`) are the operator's.
    """
    switched = controls or {}

    def on(name: str) -> bool:
        return switched.get(name, name not in _OFF_BY_DEFAULT)

    parts = [text(_ALWAYS), *(text(name) for name in PARTS if on(name))]
    if on("toolset_instructions"):
        parts += toolset_instructions
    if cluster_name and on("cluster_name"):
        parts.append(f"The cluster that questions are about, unless they say otherwise, is {cluster_name}.")
    if on("system_prompt_additions"):
        parts.append(additions)
    return "\n\n".join(part for part in (*parts, *extra) if part)


def unknown_controls(controls: Iterable[str]) -> list[str]:
    """The names of behaviour controls that nobody knows, for a line in the server's log."""
    return sorted(set(controls) - KNOWN_CONTROLS)


def template(name: str) -> str:
    """The text behind a known template name. Raises Invalid(PROMPT_TEMPLATE_UNKNOWN)."""
    if name not in _TEMPLATES:
        raise _unknown_template()
    return text(_TEMPLATES[name])


def investigation_question(frame: str, facts: Mapping[str, Any]) -> str:
    """The question of an investigation: the frame, and what is known as JSON that is data and nothing else.

    No text among the facts can end the element that they stand in.
    """
    shown = orjson.dumps(dict(facts), option=orjson.OPT_INDENT_2, default=str).decode()
    # `<` occurs inside JSON's strings only, where this is the same character.
    escaped = shown.replace("<", "\\u003c")
    return f"{frame}\n\n<facts>\n{escaped}\n</facts>"


def rules_text(rules: Sequence[tuple[str, str]]) -> str:
    """The part of the system's text with rules, each a name and a text; empty without any."""
    if not rules:
        return ""
    return "\n\n".join([text("rules"), *(f"## {' '.join(name.split())}\n{rule.strip()}" for name, rule in rules)])


def without_context(prompt: str) -> str:
    """A prompt without the `<context>` elements that command lines append: the model sees them, people do not."""
    return _CONTEXT.sub("", prompt).strip()


def skill_question(name: str, body: str, request: str) -> str:
    """The prompt that begins with a skill's command, as the model gets it."""
    parts = [text("skill"), f"## {' '.join(name.split())}\n{body.strip()}"]
    return "\n\n".join([*parts, f"## The request\n{request}"] if request else parts)


@cache
def text(name: str) -> str:
    """A text of this package, without the white space at its end."""
    return (files(__package__) / f"{name}.md").read_text(encoding="utf-8").strip()
