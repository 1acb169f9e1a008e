"""The model list: which models there are, by the names that requests use. The format is HolmesGPT's.

fast:
  model: openai/gpt-4.1
  api_key: "{{ env.OPENAI_API_KEY }}"
  temperature: 0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import yaml

from quarterdeck.errors import Invalid, Reason

WINDOW: Final = 200_000
"""The context window of a model that nobody described."""
MOST_OUTPUT: Final = 4096
BUILTIN: Final = "builtin"
PROVIDERS: Final = frozenset(
    {
        *("openai", "azure", "ollama", "litellm", "openrouter", "together", "fireworks", "deepseek", "groq", "mistral"),
        *("anthropic", "gemini", "google", "bedrock"),
    }
)
"""Prefixes of `provider/id`; engine/providers.py builds each of them."""

_ENV: Final = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model. Its key is never printed."""

    name: str
    provider: str
    model_id: str
    api_key: str = field(default="", repr=False)
    api_base: str = ""
    api_version: str = ""
    temperature: float | None = None
    context_window: int = WINDOW
    max_output_tokens: int = MOST_OUTPUT
    input_cost_per_token: float = 0.0
    output_cost_per_token: float = 0.0
    fallbacks: tuple[str, ...] = ()
    """Names of other entries, or `builtin`, that are asked when this one fails."""
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Any other keyword of the provider: `custom_args`, and keys that are not known here."""

    @property
    def provider_id(self) -> str:
        return f"{self.provider}/{self.model_id}"


def parse_model_list(text: str, environment: Mapping[str, str]) -> tuple[ModelEntry, ...]:
    """The entries of a YAML text, in its order. Raises Invalid, naming the entry and the key, never a value."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise _wrong(f"is not valid YAML{where}") from None
    return read_model_list(value or {}, environment)


def read_model_list(value: Any, environment: Mapping[str, str]) -> tuple[ModelEntry, ...]:
    """The same for what YAML, or TOML, became."""
    if not isinstance(value, Mapping):
        raise _wrong("must be a map from names to models")
    entries = tuple(_entry(str(name), each, environment) for name, each in value.items())
    known = {entry.name for entry in entries} | {BUILTIN}
    for entry in entries:
        for name in entry.fallbacks:
            if name not in known or name == entry.name:
                raise _wrong(f"{entry.name}.fallback names {name!r}, which is no other entry of the list")
    return entries


def _entry(name: str, value: Any, environment: Mapping[str, str]) -> ModelEntry:
    if name == BUILTIN:
        raise _wrong(f"cannot have an entry called {BUILTIN!r}: that is the planner without a language model")
    if not isinstance(value, Mapping):
        raise _wrong(f"{name} must be a map with the key `model`")
    left = {str(key): _expanded(each, environment, f"{name}.{key}") for key, each in value.items()}
    provider, slash, model_id = str(left.pop("model", "") or "").partition("/")
    if not slash or not model_id:
        raise _wrong(f"{name}.model must be `provider/id`, such as openai/gpt-4.1")
    if provider not in PROVIDERS:
        raise _wrong(f"{name}.model has the provider {provider!r}; known are {', '.join(sorted(PROVIDERS))}")
    fallback = left.pop("fallback", ())
    return ModelEntry(
        name=name,
        provider=provider,
        model_id=model_id,
        api_key=_text(left, name, "api_key"),
        api_base=_text(left, name, "api_base") or _text(left, name, "base_url"),
        api_version=_text(left, name, "api_version"),
        temperature=_number(left, name, "temperature", None),
        context_window=int(_number(left, name, "context_window", None) or WINDOW),
        max_output_tokens=int(
            _number(left, name, "max_output_tokens", None) or _number(left, name, "max_tokens", None) or MOST_OUTPUT
        ),
        input_cost_per_token=_number(left, name, "input_cost_per_token", 0.0) or 0.0,
        output_cost_per_token=_number(left, name, "output_cost_per_token", 0.0) or 0.0,
        fallbacks=(fallback,) if isinstance(fallback, str) else tuple(map(str, fallback or ())),
        arguments={**_map(left, name, "custom_args"), **left},
    )


def _expanded(value: Any, environment: Mapping[str, str], where: str) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _expanded(each, environment, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, list):
        return [_expanded(each, environment, where) for each in value]
    if not isinstance(value, str):
        return value

    def variable(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise _wrong(f"{where} names the environment variable {match[1]}, which is not set")
        return environment[match[1]]

    return _ENV.sub(variable, value)


def _text(left: dict[str, Any], name: str, key: str) -> str:
    value = left.pop(key, "")
    if value is None:
        return ""
    if isinstance(value, date):
        # YAML's reading of an `api_version: 2024-10-21` without quotes.
        return value.isoformat()
    if not isinstance(value, (str, int)):
        raise _wrong(f"{name}.{key} must be a text")
    return str(value)


def _number(left: dict[str, Any], name: str, key: str, default: float | None) -> float | None:
    value = left.pop(key, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise _wrong(f"{name}.{key} must be a number, 0 or more")
    return value


def _map(left: dict[str, Any], name: str, key: str) -> Mapping[str, Any]:
    value = left.pop(key, None) or {}
    if not isinstance(value, Mapping):
        raise _wrong(f"{name}.{key} must be a map")
    return value


def _wrong(why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, f"the model list: {why}")
