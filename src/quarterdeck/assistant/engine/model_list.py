"""The model list: which models there are, by the names that requests use. The format is HolmesGPT's.

fast:
  model: openai/gpt-4.1
  api_key: "{{ env.OPENAI_API_KEY }}"
  temperature: 0

Beside HolmesGPT's keys there are `context_window`, `max_output_tokens`, `fallback`, `timeout` and `stream_timeout`.
What is not known here is the provider's business, and passed on (engine/providers.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import yaml

from quarterdeck.assistant.tools.redaction import holds_secret
from quarterdeck.errors import Invalid, Reason

WINDOW: Final = 200_000
"""The context window of a model that nobody described."""
MOST_OUTPUT: Final = 4096
"""What is kept free in the window for the answer of such a model."""
BUILTIN: Final = "builtin"
PROVIDERS: Final = frozenset(
    {
        *("openai", "azure", "anthropic", "gemini", "google", "bedrock"),
        *("ollama", "ollama_chat", "hosted_vllm", "lm_studio", "litellm"),
        *("openrouter", "together", "together_ai", "fireworks", "fireworks_ai", "deepseek", "groq", "mistral"),
        *("cerebras", "github", "moonshot", "nebius", "sambanova", "vercel", "xai"),
    }
)
"""Prefixes of `provider/id`; engine/providers.py builds each of them."""

_NEEDS_BASE: Final = frozenset({"hosted_vllm", "litellm"})
"""Providers that are wherever somebody runs them."""

# Keys of HolmesGPT, or of the library beneath it, that say nothing to a provider.
_OURS: Final = frozenset({"name", "is_robusta_model", "cache_control", "drop_params", "custom_llm_provider"})
_LEAST_SECRET: Final = 6
_MOST: Final = 10**12
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
    limits_output: bool = False
    """Whether the list says how long answers may be. If not, the provider is not told a limit: it has its own."""
    input_cost_per_token: float | None = None
    """US dollars; None when the list has no prices, as for the other three."""
    output_cost_per_token: float | None = None
    cache_read_cost_per_token: float | None = None
    cache_creation_cost_per_token: float | None = None
    timeout: float | None = None
    """Seconds until the first word; None: the engine's default. The next is for the time between two words."""
    stream_timeout: float | None = None
    fallbacks: tuple[str, ...] = ()
    """Names of other entries, or `builtin`, that are asked when this one fails."""
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Any other keyword of the provider: `custom_args`, and keys that are not known here."""

    @property
    def provider_id(self) -> str:
        return f"{self.provider}/{self.model_id}"

    @property
    def has_prices(self) -> bool:
        return self.input_cost_per_token is not None or self.output_cost_per_token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in any text: the key, and arguments whose names say so."""
        found = (self.api_key, *_secrets(self.arguments))
        return tuple(each for each in found if len(each) >= _LEAST_SECRET)


def parse_model_list(text: str, environment: Mapping[str, str]) -> tuple[ModelEntry, ...]:
    """The entries of a YAML text, in its order. Raises Invalid, naming the entry and the key, never a value."""
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (ValueError, TypeError, AttributeError):
        # What YAML's library makes of an impossible date, or of a tag that does not fit its value.
        raise _wrong("has a value that YAML cannot read, such as a date that does not exist") from None
    except RecursionError:
        raise _wrong("is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise _wrong(f"is not valid YAML{where}") from None
    return read_model_list(value or {}, environment)


def read_model_list(value: Any, environment: Mapping[str, str]) -> tuple[ModelEntry, ...]:
    """The same for what YAML, or TOML, became."""
    if not isinstance(value, Mapping):
        raise _wrong("must be a map from names to models")
    entries = tuple(_entry(_name(name), each, environment) for name, each in value.items())
    known = {entry.name for entry in entries} | {BUILTIN}
    for entry in entries:
        for name in entry.fallbacks:
            if name not in known or name == entry.name:
                raise _wrong(f"{entry.name}.fallback names {name!r}, which is no other entry of the list")
    return entries


class _Loader(yaml.SafeLoader):
    """Refuses keys that are there twice: YAML's own reading is that the last one wins, in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise _wrong(f"has the key {key.value!r} twice (line {key.start_mark.line + 1})")
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _name(name: Any) -> str:
    # `4.1:` and `2024-10-21:` are fine names that YAML does not read as text.
    if isinstance(name, bool) or name is None or not str(name).strip():
        raise _wrong(f"has the name {name!r} for a model; put names in quotes")
    return str(name)


def _entry(name: str, value: Any, environment: Mapping[str, str]) -> ModelEntry:
    if name == BUILTIN:
        raise _wrong(f"cannot have an entry called {BUILTIN!r}: that is the planner without a language model")
    if not isinstance(value, Mapping):
        raise _wrong(f"{name} must be a map with the key `model`")
    left = {str(key): _expanded(each, environment, f"{name}.{key}") for key, each in value.items()}
    left = {**_map(left, name, "custom_args"), **left}
    left = {key: each for key, each in left.items() if key not in _OURS}
    provider, model_id = _provider(left, name)
    base = _text(left, name, "api_base"), _text(left, name, "base_url")
    if provider in _NEEDS_BASE and not any(base):
        raise _wrong(f"{name}.api_base must say where the server is: {provider} is nowhere by itself")
    most, other_most = _tokens(left, name, "max_output_tokens"), _tokens(left, name, "max_tokens")
    window, other_window = _tokens(left, name, "context_window"), _tokens(left, name, "max_context_size")
    return ModelEntry(
        name=name,
        provider=provider,
        model_id=model_id,
        api_key=_text(left, name, "api_key"),
        api_base=base[0] or base[1],
        api_version=_text(left, name, "api_version"),
        temperature=_number(left, name, "temperature"),
        context_window=window or other_window or WINDOW,
        max_output_tokens=most or other_most or MOST_OUTPUT,
        limits_output=bool(most or other_most),
        input_cost_per_token=_number(left, name, "input_cost_per_token"),
        output_cost_per_token=_number(left, name, "output_cost_per_token"),
        cache_read_cost_per_token=_number(left, name, "cache_read_input_token_cost"),
        cache_creation_cost_per_token=_number(left, name, "cache_creation_input_token_cost"),
        timeout=_seconds(left, name, "timeout"),
        stream_timeout=_seconds(left, name, "stream_timeout"),
        fallbacks=_fallbacks(left, name),
        arguments=left,
    )


def _provider(left: dict[str, Any], name: str) -> tuple[str, str]:
    provider, slash, model_id = _text(left, name, "model").partition("/")
    if not slash or not provider or not model_id:
        raise _wrong(f"{name}.model must be `provider/id`, such as openai/gpt-4.1")
    if provider not in PROVIDERS:
        raise _wrong(f"{name}.model has the provider {provider[:40]!r}; known are {', '.join(sorted(PROVIDERS))}")
    return provider, model_id


def _fallbacks(left: dict[str, Any], name: str) -> tuple[str, ...]:
    value = left.pop("fallback", None) or ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
        raise _wrong(f"{name}.fallback must be a name, or a list of names")
    return tuple(dict.fromkeys(names))


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
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(f"{name}.{key} must be a text")
    return str(value)


def _number(left: dict[str, Any], name: str, key: str) -> float | None:
    value = left.pop(key, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise _wrong(f"{name}.{key} must be a number, 0 or more")
    return value


def _tokens(left: dict[str, Any], name: str, key: str) -> int | None:
    value = _number(left, name, key)
    if value is not None and (value < 1 or value != int(value)):
        raise _wrong(f"{name}.{key} must be a whole number, 1 or more")
    return None if value is None else int(value)


def _seconds(left: dict[str, Any], name: str, key: str) -> float | None:
    value = _number(left, name, key)
    if value == 0:
        raise _wrong(f"{name}.{key} must be a number of seconds, more than 0")
    return value


def _map(left: dict[str, Any], name: str, key: str) -> Mapping[str, Any]:
    value = left.pop(key, None) or {}
    if not isinstance(value, Mapping):
        raise _wrong(f"{name}.{key} must be a map")
    return value


def _secrets(value: Any, *, named: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _secrets(each, named=named or holds_secret(str(key)))
    elif isinstance(value, list):
        for each in value:
            yield from _secrets(each, named=named)
    elif named and isinstance(value, str):
        yield value


def _wrong(why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, f"the model list: {why}")
