"""The model list: HolmesGPT's format, read without trusting it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.assistant.engine.model_list import ModelEntry, parse_model_list, read_model_list
from quarterdeck.errors import Invalid

SECRET = "sk-very-secret-0123456789"


def one(text: str, **environment: str) -> ModelEntry:
    (entry,) = parse_model_list(f"m: {{model: openai/x, {text}}}", environment)
    return entry


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {model: openai/x}\na: {model: openai/y}", "'a' twice (line 2)"),
        ("a: {model: openai/x, model: openai/y}", "'model' twice"),
        ("true: {model: openai/x}", "True"),
        ("~: {model: openai/x}", "None"),
        ("'': {model: openai/x}", "''"),
        ("a: {model: /x}", "provider/id"),
        ("a: {model: openai/}", "provider/id"),
        ("a: {model: [openai/x]}", "a.model"),
        ("a: {model: hosted_vllm/x}", "a.api_base"),
        ("a: {model: openai/x, context_window: .nan}", "a.context_window"),
        ("a: {model: openai/x, context_window: .inf}", "a.context_window"),
        (f"a: {{model: openai/x, context_window: 1{'0' * 400}}}", "a.context_window"),
        ("a: {model: openai/x, context_window: 0.5}", "a.context_window"),
        ("a: {model: openai/x, max_output_tokens: 0}", "a.max_output_tokens"),
        ("a: {model: openai/x, max_tokens: '100'}", "a.max_tokens"),
        ("a: {model: openai/x, temperature: true}", "a.temperature"),
        ("a: {model: openai/x, timeout: 0}", "a.timeout"),
        ("a: {model: openai/x, stream_timeout: soon}", "a.stream_timeout"),
        ("a: {model: openai/x, fallback: 5}", "a.fallback"),
        ("a: {model: openai/x, fallback: {b: c}}", "a.fallback"),
        ("a: {model: openai/x, fallback: [[b]]}", "a.fallback"),
        (f"a: {{model: openai/x, api_key: true, custom_args: [{SECRET}]}}", "a.custom_args"),
        ("a: {model: openai/x, api_key: true}", "a.api_key"),
        ('a: {model: openai/x, extra_headers: {X: "{{ env.NONE }}"}}', "a.extra_headers.X"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("a: {model: openai/x, api_version: 2024-13-45}", "a date that does not exist"),
        ("a: !!timestamp x", "YAML cannot read"),
    ],
)
def test_what_cannot_work_is_named(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_model_list(text, {})
    assert words in caught.value.message
    assert SECRET not in caught.value.message


def test_merged_keys_may_be_said_again() -> None:
    first, second = parse_model_list("a: &a {model: openai/x, temperature: 0}\nb: {<<: *a, temperature: 1}", {})
    assert (first.temperature, second.temperature) == (0, 1)


def test_names_are_text_whatever_yaml_makes_of_them() -> None:
    assert [entry.name for entry in parse_model_list("4.1: {model: openai/x}\n7: {model: openai/y}", {})] == [
        "4.1",
        "7",
    ]


def test_holmes_own_arguments_say_nothing_to_the_provider() -> None:
    entry = one("name: x, is_robusta_model: false, cache_control: true, custom_args: {max_context_size: 1000}")
    assert entry.context_window == 1000
    assert dict(entry.arguments) == {}


def test_what_stands_in_the_entry_outranks_its_custom_arguments() -> None:
    entry = one("seed: 1, custom_args: {seed: 2, model: nobody/x, top_p: 0.5}")
    assert (entry.provider_id, dict(entry.arguments)) == ("openai/x", {"seed": 1, "top_p": 0.5})


def test_a_limit_is_the_lists_or_nobodys() -> None:
    assert not one("temperature: 0").limits_output
    assert (one("max_tokens: 100").max_output_tokens, one("max_tokens: 100").limits_output) == (100, True)


def test_prices() -> None:
    entry = one("input_cost_per_token: 0.1, cache_read_input_token_cost: 0.01, cache_creation_input_token_cost: 0.2")
    assert entry.has_prices
    assert entry.output_cost_per_token is None
    assert (entry.cache_read_cost_per_token, entry.cache_creation_cost_per_token) == (0.01, 0.2)
    assert not one("temperature: 0").has_prices


def test_variables_stand_anywhere_in_a_text_and_are_replaced_once() -> None:
    entry = one(
        'api_base: "http://{{env.HOST}}:{{ env.PORT }}/v1", extra_headers: {X: ["{{ env.HOST }}"]}',
        HOST="{{ env.PORT }}",
        PORT="80",
    )
    assert entry.api_base == "http://{{ env.PORT }}:80/v1"
    assert entry.arguments["extra_headers"] == {"X": ["{{ env.PORT }}"]}


def test_secrets_are_known_and_never_printed() -> None:
    entry = one(
        f"api_key: {SECRET}, aws_secret_access_key: aws-0123, extra_headers: {{Authorization: [bearer-77]}}, seed: 1, "
        "api_token: k"
    )
    assert set(entry.secrets) == {SECRET, "aws-0123", "bearer-77"}
    assert not any(secret in repr(entry) for secret in entry.secrets)


def test_fallbacks_are_a_name_or_names() -> None:
    first, second, _ = parse_model_list(
        "a: {model: openai/x, fallback: [b, builtin, b]}\nb: {model: openai/y, fallback: builtin}\nc: {model: xai/g}",
        {},
    )
    assert (first.fallbacks, second.fallbacks) == (("b", "builtin"), ("builtin",))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
KEYS = ("api_key", "api_base", "api_version", "temperature", "context_window", "max_tokens", "fallback", "timeout")
ENTRIES = st.fixed_dictionaries({"model": st.just("openai/x") | JSON}, optional=dict.fromkeys(KEYS, JSON))


@given(st.dictionaries(st.text(max_size=5), ENTRIES | JSON, max_size=3) | JSON)
def test_any_list_is_read_or_refused(value: object) -> None:
    assert _read(lambda: read_model_list(value, {})) is not None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert _read(lambda: parse_model_list(text, {})) is not None


def _read(reading: Callable[[], tuple[ModelEntry, ...]]) -> tuple[ModelEntry, ...] | str:
    """The entries, or why there are none; any other exception is the test's failure."""
    try:
        return reading()
    except Invalid as error:
        return error.message
