"""The model list: HolmesGPT's format, and what is wrong with one that cannot work."""

from __future__ import annotations

import pytest

from quarterdeck.assistant.engine.model_list import MOST_OUTPUT, PROVIDERS, WINDOW, parse_model_list
from quarterdeck.assistant.engine.providers import build_model
from quarterdeck.errors import Invalid

KEYS = {"OPENAI_API_KEY": "sk-very-secret"}


def test_the_product_documents_list() -> None:
    text = """
fast-model:
  api_key: "{{ env.OPENAI_API_KEY }}"
  model: openai/gpt-4.1
  temperature: 0
accurate-model:
  api_key: literal
  model: anthropic/claude-sonnet-4-20250514
  api_base: http://proxy:4000
  input_cost_per_token: 0.000003
  context_window: 100000
  max_output_tokens: 8000
  fallback: fast-model
  top_p: 0.5
  custom_args: {seed: 7}
"""
    fast, accurate = parse_model_list(text, KEYS)
    assert (fast.name, fast.provider, fast.model_id) == ("fast-model", "openai", "gpt-4.1")
    assert (fast.api_key, fast.temperature) == ("sk-very-secret", 0)
    assert (fast.context_window, fast.max_output_tokens) == (WINDOW, MOST_OUTPUT)
    assert (accurate.api_base, accurate.fallbacks) == ("http://proxy:4000", ("fast-model",))
    assert (accurate.context_window, accurate.max_output_tokens) == (100_000, 8000)
    assert dict(accurate.arguments) == {"seed": 7, "top_p": 0.5}
    assert "sk-very-secret" not in repr(fast)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not valid YAML"),
        ("- a", "must be a map"),
        ("a: 1", "a must be a map"),
        ("a: {model: gpt-4}", "provider/id"),
        ("a: {model: nobody/x}", "'nobody'"),
        ("a: {}", "a.model"),
        ("builtin: {model: openai/x}", "builtin"),
        ('a: {model: openai/x, api_key: "{{ env.MISSING }}"}', "MISSING"),
        ("a: {model: openai/x, temperature: hot}", "a.temperature"),
        ("a: {model: openai/x, context_window: -1}", "a.context_window"),
        ("a: {model: openai/x, fallback: b}", "'b'"),
        ("a: {model: openai/x, fallback: a}", "'a'"),
        ("a: {model: openai/x, custom_args: 1}", "a.custom_args"),
        ("a: {model: openai/x, api_key: [sk-secret]}", "a.api_key"),
    ],
)
def test_what_cannot_work_is_named_without_its_value(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_model_list(text, KEYS)
    assert words in caught.value.message
    assert "sk-" not in caught.value.message


def test_nothing_is_an_empty_list() -> None:
    assert parse_model_list("", {}) == ()


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_provider_can_be_set_up_without_a_network(provider: str) -> None:
    more = "api_version: 2024-10-21, region_name: eu-central-1"
    path = "" if provider == "azure" else "/v1"
    base = f"api_base: 'http://127.0.0.1:9{path}', " if provider not in {"bedrock", "gemini", "google"} else ""
    (entry,) = parse_model_list(f"m: {{model: {provider}/some-model, api_key: k, {base}{more}}}", {})
    assert build_model(entry, timeout=1.0).model_name == "some-model"
