"""The one table from `provider/id` to pydantic-ai's classes. Imported with the first language model only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

from pydantic_ai.models import Model

from quarterdeck.assistant.engine.engine import ModelError
from quarterdeck.assistant.engine.model_list import ModelEntry

_log = logging.getLogger(__name__)
_RETRIES: Final = 2
_TRANSFORMER: Final = "json_schema_transformer"

# Keywords that every model of pydantic-ai understands.
_COMMON: Final = frozenset(
    {"top_p", "top_k", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "parallel_tool_calls"}
    | {"extra_headers", "extra_body"}
)
_RENAMED: Final = {"stop": "stop_sequences"}
# Read when the model is built.
_READ: Final = frozenset(
    {"max_retries", "num_retries", "region_name", "aws_region_name", "profile_name", "aws_profile_name"}
    | {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
)


@dataclass(frozen=True, slots=True)
class _Provider:
    """How one prefix is built, and what becomes of keywords that nobody knows."""

    build: Callable[[ModelEntry, float], Model]
    extra: str = ""
    """The extra of ours that has what it needs."""
    own_settings: str = ""
    """How pydantic-ai's names for this provider's own settings begin."""
    takes_any: bool = True
    """Whether other keywords go into the request's body as they are."""


def build_model(entry: ModelEntry, *, timeout: float) -> Model:
    """The model of an entry; `timeout` is in seconds, for one read from the network.

    Raises ModelError when an extra is not installed, or a setting of it cannot work.
    """
    provider = _PROVIDERS[entry.provider]
    try:
        return provider.build(entry, timeout)
    except ImportError as error:
        if not provider.extra:
            raise
        raise ModelError(f"model {entry.name!r} needs an extra: pip install 'quarterdeck[{provider.extra}]'") from error
    except Exception as error:
        # Providers complain about missing keys and regions in many ways.
        raise ModelError(
            f"model {entry.name!r} cannot be set up: {type(error).__name__}: {str(error)[:300]}"
        ) from error


def request_settings(entry: ModelEntry) -> dict[str, Any]:
    """What every request to the model is made with, in pydantic-ai's names. Keywords that go nowhere are logged."""
    provider = _PROVIDERS[entry.provider]
    settings: dict[str, Any] = {}
    body: dict[str, Any] = {}
    unknown = []
    for key, value in entry.arguments.items():
        name = _RENAMED.get(key, key)
        if (
            name in _COMMON
            or name == "stop_sequences"
            or (provider.own_settings and key.startswith(provider.own_settings))
        ):
            settings[name] = value
        elif key == "thinking" and provider.own_settings == "anthropic_":
            settings["anthropic_thinking"] = value
        elif key in _READ:
            pass
        elif provider.takes_any:
            body[key] = value
        else:
            unknown.append(key)
    if body:
        given = settings.get("extra_body")
        settings["extra_body"] = {**body, **(given if isinstance(given, Mapping) else {})}
    if unknown:
        _log.warning("model %r: %s has no use for %s", entry.name, entry.provider, ", ".join(sorted(unknown)))
    if entry.limits_output:
        settings["max_tokens"] = entry.max_output_tokens
    if entry.temperature is not None:
        settings["temperature"] = entry.temperature
    return settings


def _openai(entry: ModelEntry, timeout: float) -> Model:
    is_theirs = not entry.api_base or "api.openai.com" in entry.api_base
    client = _client(entry, entry.api_base, timeout)
    return _chat_model(entry, "openai", "OpenAIProvider", is_theirs=is_theirs, openai_client=client)


def _client(entry: ModelEntry, base: str, timeout: float, left_out: frozenset[str] = frozenset()) -> Any:
    from quarterdeck.assistant.engine.openai_client import DirectOpenAI

    client = DirectOpenAI(
        api_key=entry.api_key or "none", base_url=base or None, max_retries=_retries(entry), timeout=timeout
    )
    client.left_out = left_out
    return client


def _retries(entry: ModelEntry) -> int:
    value = entry.arguments.get("max_retries", entry.arguments.get("num_retries", _RETRIES))
    return value if isinstance(value, int) and 0 <= value <= 10 else _RETRIES


def _azure(entry: ModelEntry, timeout: float) -> Model:  # noqa: ARG001 - one signature for all
    arguments = {"azure_endpoint": entry.api_base, "api_version": entry.api_version, "api_key": entry.api_key}
    given = {key: value for key, value in arguments.items() if value}
    return _chat_model(entry, "azure", "AzureProvider", is_theirs=True, **given)


def _server(base: str, *left_out: str) -> _Provider:
    """A server with OpenAI's API at an address of its own, which `api_base` outranks.

    `left_out` are fields that it refuses a request for.
    """

    def build(entry: ModelEntry, timeout: float) -> Model:
        client = _client(entry, entry.api_base or base, timeout, frozenset(left_out))
        return _chat_model(entry, "openai", "OpenAIProvider", is_theirs=False, openai_client=client)

    return _Provider(build)


def _hosted(module: str, provider: str) -> _Provider:
    """A service with OpenAI's API that pydantic-ai knows the ways of; with `api_base`, any server in its place."""

    def build(entry: ModelEntry, timeout: float) -> Model:
        if entry.api_base:
            return _server(entry.api_base).build(entry, timeout)
        return _chat_model(entry, module, provider, is_theirs=True, api_key=entry.api_key)

    return _Provider(build)


def _chat_model(entry: ModelEntry, module: str, provider: str, *, is_theirs: bool, **arguments: Any) -> Model:
    """`is_theirs`: the provider's profile says what its API can do; any other server gets the older, wider subset."""
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIChatModelSettings
    from pydantic_ai.profiles import ModelProfile

    made = getattr(import_module(f"pydantic_ai.providers.{module}"), provider)(**arguments)

    def adapted(profile: ModelProfile) -> ModelProfile:
        changed: dict[str, Any] = dict(profile)
        # Tools' schemas are sent as they are: they are plain, and making them strict costs a walk through each.
        changed[_TRANSFORMER] = None
        # Half an answer must not pass for a whole one.
        changed["openai_chat_streaming_requires_finish_reason"] = True
        if not is_theirs:
            changed["openai_chat_supports_max_completion_tokens"] = False
        return cast("ModelProfile", changed)

    settings = OpenAIChatModelSettings(openai_continuous_usage_stats=True) if "openai_client" in arguments else None
    return OpenAIChatModel(entry.model_id, provider=made, profile=adapted, settings=settings)


def _other(module: str, model: str, provider: str) -> Callable[[ModelEntry, float], Model]:
    def build(entry: ModelEntry, timeout: float) -> Model:  # noqa: ARG001 - one signature for all
        models = import_module(f"pydantic_ai.models.{module}")
        providers = import_module(f"pydantic_ai.providers.{module}")
        arguments = {"api_key": entry.api_key, "base_url": entry.api_base}
        made = getattr(providers, provider)(**{key: value for key, value in arguments.items() if value})
        built: Model = getattr(models, model)(entry.model_id, provider=made)
        return built

    return build


def _bedrock(entry: ModelEntry, timeout: float) -> Model:  # noqa: ARG001 - one signature for all
    models = import_module("pydantic_ai.models.bedrock")
    providers = import_module("pydantic_ai.providers.bedrock")
    keys = ("region_name", "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name")
    arguments = {key: entry.arguments[key] for key in keys if key in entry.arguments}
    for key, name in (("region_name", "aws_region_name"), ("profile_name", "aws_profile_name")):
        if name in entry.arguments:
            arguments[key] = entry.arguments[name]
    built: Model = models.BedrockConverseModel(entry.model_id, provider=providers.BedrockProvider(**arguments))
    return built


_TOGETHER: Final = _hosted("together", "TogetherProvider")
_FIREWORKS: Final = _hosted("fireworks", "FireworksProvider")
_OLLAMA: Final = _server("http://localhost:11434/v1")
_GOOGLE: Final = _Provider(_other("google", "GoogleModel", "GoogleProvider"), "google", "google_", takes_any=False)
_PROVIDERS: Final[dict[str, _Provider]] = {
    "openai": _Provider(_openai, own_settings="openai_"),
    "azure": _Provider(_azure, own_settings="openai_"),
    "anthropic": _Provider(_other("anthropic", "AnthropicModel", "AnthropicProvider"), "anthropic", "anthropic_"),
    "gemini": _GOOGLE,
    "google": _GOOGLE,
    "bedrock": _Provider(_bedrock, "bedrock", "bedrock_", takes_any=False),
    "ollama": _OLLAMA,
    "ollama_chat": _OLLAMA,
    "hosted_vllm": _server(""),
    "lm_studio": _server("http://localhost:1234/v1"),
    "litellm": _server(""),
    "openrouter": _hosted("openrouter", "OpenRouterProvider"),
    "together": _TOGETHER,
    "together_ai": _TOGETHER,
    "fireworks": _FIREWORKS,
    "fireworks_ai": _FIREWORKS,
    "deepseek": _hosted("deepseek", "DeepSeekProvider"),
    "groq": _server("https://api.groq.com/openai/v1"),
    # Refuses requests with fields that it does not know.
    "mistral": _server("https://api.mistral.ai/v1", "stream_options"),
    "cerebras": _hosted("cerebras", "CerebrasProvider"),
    "github": _hosted("github", "GitHubProvider"),
    "moonshot": _hosted("moonshotai", "MoonshotAIProvider"),
    "nebius": _hosted("nebius", "NebiusProvider"),
    "sambanova": _hosted("sambanova", "SambaNovaProvider"),
    "vercel": _hosted("vercel", "VercelProvider"),
    "xai": _server("https://api.x.ai/v1"),
}
