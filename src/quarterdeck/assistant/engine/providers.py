"""The one table from `provider/id` to pydantic-ai's classes. Imported with the first language model only."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from pydantic_ai.models import Model

from quarterdeck.assistant.engine.engine import ModelError
from quarterdeck.assistant.engine.model_list import ModelEntry

_RETRIES: Final = 2


def build_model(entry: ModelEntry, *, timeout: float) -> Model:
    """The model of an entry. Raises ModelError when an extra is not installed, or a setting of it cannot work."""
    try:
        return _BUILDERS[entry.provider](entry, timeout)
    except ImportError as error:
        extra = _EXTRA.get(entry.provider, entry.provider)
        raise ModelError(f"model {entry.name!r} needs an extra: pip install 'quarterdeck[{extra}]'") from error
    except Exception as error:
        # Providers complain about missing keys and regions in many ways; none of them prints a key.
        raise ModelError(
            f"model {entry.name!r} cannot be set up: {type(error).__name__}: {str(error)[:300]}"
        ) from error


def _openai(entry: ModelEntry, timeout: float) -> Model:
    return _chat_model(entry, "openai", "OpenAIProvider", openai_client=_client(entry, entry.api_base, timeout))


def _client(entry: ModelEntry, base: str, timeout: float) -> Any:
    from quarterdeck.assistant.engine.openai_client import DirectOpenAI

    return DirectOpenAI(api_key=entry.api_key or "none", base_url=base or None, max_retries=_RETRIES, timeout=timeout)


def _azure(entry: ModelEntry, timeout: float) -> Model:  # noqa: ARG001 - one signature for all
    arguments = {"azure_endpoint": entry.api_base, "api_version": entry.api_version, "api_key": entry.api_key}
    return _chat_model(entry, "azure", "AzureProvider", **{key: value for key, value in arguments.items() if value})


def _compatible(module: str, provider: str, default_base: str = "") -> Callable[[ModelEntry, float], Model]:
    """A server with OpenAI's API: a hosted one of pydantic-ai's providers, or any behind `api_base`."""

    def build(entry: ModelEntry, timeout: float) -> Model:
        if entry.api_base or default_base:
            client = _client(entry, entry.api_base or default_base, timeout)
            return _chat_model(entry, "openai", "OpenAIProvider", openai_client=client)
        return _chat_model(entry, module, provider, api_key=entry.api_key)

    return build


def _chat_model(entry: ModelEntry, module: str, provider: str, **arguments: Any) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles import ModelProfile

    made = getattr(import_module(f"pydantic_ai.providers.{module}"), provider)(**arguments)

    def as_they_are(profile: ModelProfile) -> ModelProfile:
        """Tools' schemas are sent as they are: they are plain, and making them strict costs a walk through each."""
        changed = profile.copy()
        changed["json_schema_transformer"] = None
        return changed

    return OpenAIChatModel(entry.model_id, provider=made, profile=as_they_are)


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
    if "aws_region_name" in entry.arguments:
        arguments["region_name"] = entry.arguments["aws_region_name"]
    built: Model = models.BedrockConverseModel(entry.model_id, provider=providers.BedrockProvider(**arguments))
    return built


_BUILDERS: Final[dict[str, Callable[[ModelEntry, float], Model]]] = {
    "openai": _openai,
    "azure": _azure,
    "litellm": _compatible("litellm", "LiteLLMProvider"),
    "ollama": _compatible("ollama", "OllamaProvider", "http://localhost:11434/v1"),
    "openrouter": _compatible("openrouter", "OpenRouterProvider"),
    "together": _compatible("together", "TogetherProvider"),
    "fireworks": _compatible("fireworks", "FireworksProvider"),
    "deepseek": _compatible("deepseek", "DeepSeekProvider"),
    "groq": _compatible("groq", "GroqProvider", "https://api.groq.com/openai/v1"),
    "mistral": _compatible("mistral", "MistralProvider", "https://api.mistral.ai/v1"),
    "anthropic": _other("anthropic", "AnthropicModel", "AnthropicProvider"),
    "gemini": _other("google", "GoogleModel", "GoogleProvider"),
    "google": _other("google", "GoogleModel", "GoogleProvider"),
    "bedrock": _bedrock,
}
_EXTRA: Final = {"gemini": "google"}
