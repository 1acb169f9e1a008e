"""Language models over real HTTP, against our own server with OpenAI's API."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio
import yaml

from quarterdeck.assistant.engine.builtin.planner import BuiltinPlanner
from quarterdeck.assistant.engine.engine import (
    Answered,
    ContextTooLong,
    Delta,
    Engine,
    ModelError,
    ModelRateLimited,
    ModelRefusesCredentials,
    ModelRequest,
    ToolDefinition,
)
from quarterdeck.assistant.engine.language_model import LanguageModel, Patience
from quarterdeck.assistant.engine.model_list import PROVIDERS, parse_model_list
from quarterdeck.assistant.engine.models import FallbackEngine, Models
from quarterdeck.errors import Invalid, Reason
from tests.fake_model import FakeModel, Reply, rate_limited, too_long, unauthorized

KEY = "key-0123456789abcdef"
LOOK = ToolDefinition("look", "Looks.", {"type": "object", "properties": {"at": {"type": "string"}}})
QUESTION = ModelRequest([{"role": "system", "content": "be brief"}, {"role": "user", "content": "why?"}], (LOOK,))


@pytest_asyncio.fixture
async def model() -> AsyncIterator[FakeModel]:
    async with FakeModel(lambda _: Reply("It is DNS.")) as server:
        yield server


class House:
    """Makes models of one server and closes them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[LanguageModel] = []

    def model(self, name: str = "m", *, patience: Patience | None = None, **keys: Any) -> LanguageModel:
        entry = {"model": "openai/some", "api_key": KEY, "api_base": self._url, "max_retries": 0, **keys}
        (read,) = parse_model_list(yaml.safe_dump({name: entry}), {})
        self._made.append(LanguageModel(read, patience))
        return self._made[-1]

    async def close(self) -> None:
        for made in self._made:
            await made.close()


@pytest_asyncio.fixture
async def house(model: FakeModel) -> AsyncIterator[House]:
    made = House(model.url)
    yield made
    await made.close()


async def heard(engine: Engine, request: ModelRequest = QUESTION) -> tuple[list[Delta], Answered]:
    parts = [part async for part in engine.respond(request)]
    answered = parts.pop()
    assert isinstance(answered, Answered)
    deltas = [part for part in parts if isinstance(part, Delta)]
    assert len(deltas) == len(parts)
    return deltas, answered


async def failure(engine: Engine, request: ModelRequest = QUESTION) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await heard(engine, request)
    return caught.value


# -- answers -------------------------------------------------------------------------------------------------------


async def test_text_comes_in_pieces(model: FakeModel, house: House) -> None:
    text = "The incident began after the deployment. "
    model.script = lambda _: Reply(text, chunks=5, thinking="hm, hm")
    deltas, answered = await heard(house.model())
    assert [delta.text for delta in deltas if delta.is_thinking] == ["hm, hm"]
    assert "".join(delta.text for delta in deltas if not delta.is_thinking) == text
    assert len(deltas) > 4
    assert (answered.text, answered.thinking, answered.finish_reason) == (text, "hm, hm", "stop")
    assert answered.answered_by == ""


async def test_what_is_sent(model: FakeModel, house: House) -> None:
    await heard(house.model(temperature=0.5, max_tokens=77, top_p=0.25, reasoning_effort="low", stop=["END"]))
    (sent,) = model.requests
    assert sent["messages"] == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "why?"}]
    assert (sent["model"], sent["temperature"], sent["top_p"]) == ("some", 0.5, 0.25)
    # The older name, which every server with this API knows; keywords that are not ours are passed on as they are.
    assert (sent["max_tokens"], sent["reasoning_effort"], sent["stop"]) == (77, "low", ["END"])
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["look"]
    assert sent["tools"][0]["function"]["parameters"] == LOOK.parameters
    assert "max_completion_tokens" not in sent


async def test_without_a_limit_in_the_list_none_is_sent(model: FakeModel, house: House) -> None:
    await heard(house.model())
    assert not {"max_tokens", "max_completion_tokens", "temperature"} & model.requests[0].keys()


async def test_mistral_gets_no_field_that_it_refuses(model: FakeModel, house: House) -> None:
    _, answered = await heard(house.model(model="mistral/some", max_tokens=5))
    assert answered.text == "It is DNS."
    assert not {"stream_options", "max_completion_tokens"} & model.requests[0].keys()


async def test_tool_calls_are_as_the_model_wrote_them(model: FakeModel, house: House) -> None:
    calls = (("look", '{"at": "a"}'), ("look", '{"at": '), ("nothing_like_that", "[]"), ("look", ""))
    model.script = lambda _: Reply("I look.", calls, call_ids=("1", "2", "3", "4"))
    _, answered = await heard(house.model())
    assert [(call.id, call.name, call.arguments) for call in answered.calls] == [
        ("1", "look", '{"at": "a"}'),
        ("2", "look", '{"at": '),
        ("3", "nothing_like_that", "[]"),
        ("4", "look", "{}"),
    ]
    assert (answered.text, answered.finish_reason) == ("I look.", "tool_calls")


@pytest.mark.parametrize("ids", [("", ""), ("same", "same"), ("x" * 5000, "y" * 5000)])
async def test_every_call_has_an_id_of_its_own(model: FakeModel, house: House, ids: tuple[str, str]) -> None:
    model.script = lambda _: Reply("", (("look", "{}"), ("look", "{}")), call_ids=ids)
    _, answered = await heard(house.model())
    found = [call.id for call in answered.calls]
    assert len(set(found)) == 2
    assert all(0 < len(each) <= 100 for each in found)


async def test_names_could_be_a_tools(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("", (("", "{}"), ("rm -rf /", "{}"), ("n" * 500, "{}")))
    _, answered = await heard(house.model())
    assert [call.name for call in answered.calls] == ["unknown", "rm_-rf__", "n" * 64]


async def test_results_of_tools_and_images_are_sent(model: FakeModel, house: House) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{broken"}}
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}}
    conversation: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "text": "what is this?"}, image]},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "nothing"},
    ]
    await heard(house.model(), ModelRequest(conversation, (LOOK,)))
    user, assistant, tool = model.requests[0]["messages"]
    assert user["content"] == [{"type": "text", "text": "what is this?"}, image]
    assert assistant["tool_calls"][0]["id"] == "c1"
    # A provider wants JSON; what the model wrote is inside.
    assert "{broken" in json.loads(assistant["tool_calls"][0]["function"]["arguments"]).values()
    assert (tool["role"], tool["tool_call_id"], tool["content"]) == ("tool", "c1", "nothing")


async def test_a_form_for_the_answer(model: FakeModel, house: House) -> None:
    schema = {"type": "object", "properties": {"cause": {"type": "string"}}, "required": ["cause"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "Cause", "strict": True, "schema": schema}}
    model.script = lambda _: Reply('{"cause": "DNS"}')
    _, answered = await heard(house.model(), ModelRequest(QUESTION.messages, (), wanted))
    assert answered.text == '{"cause": "DNS"}'
    sent = model.requests[0]["response_format"]
    assert (sent["type"], sent["json_schema"]["name"], sent["json_schema"]["schema"]) == (
        "json_schema",
        "Cause",
        schema,
    )
    assert sent["json_schema"]["strict"] is True
    assert "tools" not in model.requests[0]


@pytest.mark.parametrize(
    ("said", "reason"), [("length", "length"), ("content_filter", "content_filter"), ("whatever_this_is", "stop")]
)
async def test_reasons(model: FakeModel, house: House, said: str, reason: str) -> None:
    model.script = lambda _: Reply("half", finish_reason=said)
    assert (await heard(house.model()))[1].finish_reason == reason


async def test_an_empty_answer_is_an_answer(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("")
    deltas, answered = await heard(house.model())
    assert deltas == [Delta("")], "it has begun, and says nothing"
    assert (answered.text, answered.calls, answered.finish_reason) == ("", (), "stop")


async def test_halves_of_characters_do_not_get_in(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("a\ud83dz ñ \U0001f600", (("look", '{"at": "\ud83d"}'),), chunks=1)
    deltas, answered = await heard(house.model())
    assert answered.text == "".join(delta.text for delta in deltas) == "a?z ñ \U0001f600"
    assert answered.calls[0].arguments == '{"at": "?"}'


# -- usage and cost ------------------------------------------------------------------------------------------------


async def test_usage_and_the_lists_prices(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("x", usage=(1000, 100), usage_details=(400, 30))
    prices: dict[str, Any] = {"input_cost_per_token": 0.01, "output_cost_per_token": 0.1}
    usage = (await heard(house.model(**prices)))[1].usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (1000, 100)
    assert (usage.cached_tokens, usage.reasoning_tokens) == (400, 30)
    assert usage.cost == pytest.approx(1000 * 0.01 + 100 * 0.1)
    cached = (await heard(house.model(**prices, cache_read_input_token_cost=0.001)))[1].usage
    assert cached.cost == pytest.approx(600 * 0.01 + 400 * 0.001 + 100 * 0.1)


async def test_without_prices_a_known_model_has_its_own_and_another_none(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("x", usage=(1000, 100))
    assert (await heard(house.model()))[1].usage.cost == 0
    model.names = "gpt-4.1"
    assert 0 < (await heard(house.model()))[1].usage.cost < 1


# -- failures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (rate_limited("slow down"), ModelRateLimited, "slow down"),
        (Reply(status=500, error={"message": "Model is getting throttled"}), ModelRateLimited, "throttled"),
        (unauthorized("who are you?"), ModelRefusesCredentials, "who are you?"),
        (Reply(status=403, error={"message": "not this model"}), ModelRefusesCredentials, "not this model"),
        (too_long("8193 tokens are too many"), ContextTooLong, "8193"),
        (Reply(status=500, error={"message": "boom"}), ModelError, "boom"),
        (Reply(status=404, error={"message": "no such model"}), ModelError, "no such model"),
        (Reply(status=302), ModelError, ""),
        (Reply(garbage=True), ModelError, ""),
        (Reply("some words and more", cut_after=3), ModelError, ""),
        (Reply("some words", finish_reason="none"), ModelError, "finish_reason"),
        (Reply("", (("look", '{"a'),), finish_reason="none"), ModelError, "finish_reason"),
        (Reply("so", stream_error={"message": "overloaded", "code": 500}), ModelError, "overloaded"),
        (
            Reply("so", stream_error={"message": "too many", "code": "rate_limit_exceeded"}),
            ModelRateLimited,
            "too many",
        ),
    ],
)
async def test_failures_have_kinds_and_the_providers_words(
    model: FakeModel, house: House, reply: Reply, kind: type[ModelError], words: str
) -> None:
    model.script = lambda _: reply
    error = await failure(house.model())
    assert type(error) is kind
    assert error.message
    assert words in error.message


async def test_nobody_there(house: House) -> None:
    async with FakeModel() as gone:
        url = gone.url
    error = await failure(house.model(api_base=url))
    assert type(error) is ModelError


async def test_secrets_are_not_in_errors(model: FakeModel, house: House) -> None:
    model.script = lambda _: unauthorized(f"Incorrect API key {KEY}, header tok-98765, sk-0123456789abcdef0123")
    error = await failure(house.model(extra_headers={"X-Api-Key": "tok-98765"}))
    assert error.message.startswith("Incorrect API key")
    assert not any(secret in error.message for secret in (KEY, "tok-98765", "sk-0123456789abcdef0123"))


async def test_a_model_that_never_answers(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply(hangs=True)
    error = await failure(house.model(timeout=0.2, max_retries=2))
    assert error.message == "model 'm' did not answer in time"
    await asyncio.wait_for(model.gone.wait(), 5)
    assert len(model.requests) == 1


async def test_a_model_that_falls_silent(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("two words", chunks=2, chunk_delay=0.3)
    error = await failure(house.model(stream_timeout=0.1))
    assert error.message == "model 'm' did not answer in time"


async def test_who_reads_slowly_loses_nothing(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("one two three", chunks=3)
    parts = []
    async for part in house.model(patience=Patience(5, 0.05)).respond(QUESTION):
        await asyncio.sleep(0.1)  # longer than the model may be silent
        parts.append(part)
    assert isinstance(parts[-1], Answered)
    assert parts[-1].text == "one two three"


async def test_a_model_that_does_not_end(model: FakeModel, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from quarterdeck.assistant.engine import model_call

    monkeypatch.setattr(model_call, "MOST_ANSWER", 10_000)
    replies = [Reply("x" * 10_001), Reply("", thinking="x" * 10_001), Reply("", (("look", "x" * 10_001),))]
    model.script = lambda _: replies.pop()
    for _ in range(3):
        assert "does not end" in (await failure(house.model())).message


async def test_tries_again_when_it_may_help(model: FakeModel, house: House) -> None:
    replies = [Reply(status=500, error={"message": "boom"}), Reply("now")]
    model.script = lambda _: replies.pop(0)
    assert (await heard(house.model(max_retries=1)))[1].text == "now"


async def test_closing_early_ends_the_request(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("word " * 2000, chunks=10_000, chunk_delay=0.001)
    async with aclosing(house.model().respond(QUESTION)) as parts:
        async for part in parts:
            assert isinstance(part, Delta)
            break
    await asyncio.wait_for(model.gone.wait(), 5)


async def test_cancelling_ends_the_request(model: FakeModel, house: House) -> None:
    arrived = asyncio.Event()

    def hang(_: dict[str, Any]) -> Reply:
        arrived.set()
        return Reply(hangs=True)

    model.script = hang
    asking = asyncio.create_task(heard(house.model()))
    await asyncio.wait_for(arrived.wait(), 10)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(model.gone.wait(), 5)


async def test_many_at_once(model: FakeModel, house: House) -> None:
    model.script = lambda request: Reply(f"to {request['messages'][-1]['content']}", chunk_delay=0.001)
    engine = house.model()
    questions = [ModelRequest([{"role": "user", "content": str(number)}]) for number in range(30)]
    answers = await asyncio.gather(*(heard(engine, question) for question in questions))
    assert [answered.text for _, answered in answers] == [f"to {number}" for number in range(30)]


async def test_a_bad_image_is_a_model_error(house: House) -> None:
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,A"}}]
    assert "base64" in (await failure(house.model(), ModelRequest([{"role": "user", "content": content}]))).message


# -- setting up ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
async def test_every_provider_fails_or_answers_and_never_hangs(model: FakeModel, house: House, provider: str) -> None:
    """Those with OpenAI's API answer; the others meet a server that does not speak theirs."""
    keys: dict[str, Any] = {
        "model": f"{provider}/some",
        "api_version": "2024-10-21",
        "region_name": "eu-central-1",
        "timeout": 20,
    }
    if provider == "azure":
        keys["api_base"] = model.url.removesuffix("/v1")
    if provider in {"anthropic", "gemini", "google"}:
        keys["api_base"] = f"{model.url}/nowhere"
    if provider == "bedrock":
        # It has no `api_base`; without credentials it says so before it connects to anything.
        keys["profile_name"] = "no-such-profile"
    engine = house.model(**keys)
    if provider in {"anthropic", "gemini", "google", "bedrock"}:
        error = await failure(engine)
        assert error.message
        assert KEY not in error.message
    else:
        assert (await heard(engine))[1].text == "It is DNS."


async def test_a_missing_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai.models.anthropic", None)
    error = await failure(house.model(model="anthropic/some"))
    assert "pip install 'quarterdeck[anthropic]'" in error.message


async def test_keywords_that_go_nowhere_are_logged(caplog: pytest.LogCaptureFixture, house: House) -> None:
    await failure(house.model(model="google/some", mystery=KEY, timeout=0.001))
    assert "google has no use for mystery" in caplog.text
    assert KEY not in caplog.text


def test_nothing_of_it_is_imported_before_the_first_question() -> None:
    code = (
        "import sys\n"
        "from quarterdeck.assistant.engine.language_model import LanguageModel\n"
        "from quarterdeck.assistant.engine.model_list import parse_model_list\n"
        "from quarterdeck.assistant.engine.models import Models\n"
        "import quarterdeck.wings.assistant\n"
        "LanguageModel(parse_model_list('m: {model: openai/x}', {})[0])\n"
        "print(sorted({'pydantic_ai', 'openai', 'anthropic', 'google.genai', 'boto3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


# -- several -------------------------------------------------------------------------------------------------------


def listed(text: str, url: str) -> list[tuple[Any, LanguageModel]]:
    entries = parse_model_list(text.replace("URL", f"api_base: '{url}', api_key: k, max_retries: 0"), {})
    return [(entry, LanguageModel(entry)) for entry in entries]


async def test_names(caplog: pytest.LogCaptureFixture) -> None:
    builtin = BuiltinPlanner()
    entries = listed("a: {model: openai/x, URL}\nb: {model: openai/y, URL}", "http://127.0.0.1:9/v1")
    models = Models(entries, builtin, default="b")
    assert models.names() == ["b", "a"]
    assert models.get("") is models.get("b") is entries[1][1]
    assert models.get("nobody") is entries[1][1]
    assert "'nobody' is not in the model list" in caplog.text
    # A model is configured: the planner is not there for the asking.
    assert models.get("builtin") is entries[1][1]
    assert [(each.name, each.is_default, each.tool_support) for each in models.described()] == [
        ("b", True, "unknown"),
        ("a", False, "unknown"),
    ]
    strict = Models(entries, builtin, strict=True)
    assert strict.get("") is entries[0][1]
    with pytest.raises(Invalid) as caught:
        strict.get("nobody")
    assert caught.value.reason is Reason.MODEL_UNKNOWN
    with pytest.raises(Invalid):
        Models(entries, builtin, default="nobody")


async def test_without_a_list_the_planner_answers() -> None:
    builtin = BuiltinPlanner()
    models = Models([], builtin)
    assert models.names() == ["builtin"]
    assert models.get("gpt-4") is builtin
    await models.probe()
    assert models.described()[0].tool_support == "yes"


async def test_another_model_answers_when_the_first_fails(
    model: FakeModel, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    model.script = lambda request: rate_limited() if request["model"] == "first" else Reply("from the second")
    second = house.model("b", model="openai/second")
    engine = FallbackEngine([("a", house.model("a", model="openai/first")), ("b", second)])
    _, answered = await heard(engine)
    assert (answered.text, answered.answered_by) == ("from the second", "b")
    assert "'a' failed, 'b' is asked" in caplog.text
    model.script = lambda _: Reply("from the first")
    assert (await heard(engine))[1].answered_by == ""


async def test_after_the_first_word_nobody_else_is_asked(model: FakeModel, house: House) -> None:
    model.script = lambda _: Reply("some words and more", cut_after=3)
    engine = FallbackEngine([("a", house.model("a")), ("b", house.model("b"))])
    deltas: list[Delta | Answered] = []

    async def read() -> None:
        async for part in engine.respond(QUESTION):
            deltas.append(part)  # noqa: PERF401 - what came before it failed

    with pytest.raises(ModelError):
        await read()
    assert deltas
    assert len(model.requests) == 1


async def test_when_all_fail_the_last_ones_error_counts(model: FakeModel, house: House) -> None:
    model.script = lambda request: unauthorized() if request["model"] == "first" else rate_limited()
    models = [("a", house.model("a", model="openai/first")), ("b", house.model("b", model="openai/second"))]
    assert type(await failure(FallbackEngine(models))) is ModelRateLimited


async def test_too_long_is_not_for_another_model(model: FakeModel, house: House) -> None:
    model.script = lambda _: too_long()
    engine = FallbackEngine([("a", house.model("a")), ("builtin", BuiltinPlanner())])
    assert type(await failure(engine)) is ContextTooLong
    assert len(model.requests) == 1


async def test_the_planner_answers_in_a_models_place_only_when_the_list_says_so(model: FakeModel) -> None:
    model.script = lambda _: Reply(status=500, error={"message": "boom"})
    entries = listed("a: {model: openai/x, URL, fallback: builtin}\nb: {model: openai/y, URL}", model.url)
    models = Models(entries, BuiltinPlanner())
    try:
        assert (await heard(models.get("a")))[1].answered_by == "builtin"
        assert models.get("a").kind == "model"
        assert models.get("a").context_window == entries[0][0].context_window
        assert type(await failure(models.get("b"))) is ModelError
    finally:
        for _, engine in entries:
            await engine.close()


async def test_probes_tell_who_calls_tools(model: FakeModel, caplog: pytest.LogCaptureFixture) -> None:
    refusal = Reply(status=400, error={"message": "some:7b does not support tools"})
    replies = {
        "caller": Reply("", (("ready", "{}"),)),
        "talker": Reply("I am ready!"),
        "refuser": refusal,
        "limited": rate_limited(),
        "broken": Reply(status=500, error={"message": "boom"}),
        # What its fallback can do says nothing about it.
        "leaner": refusal,
    }
    model.script = lambda request: replies[request["model"]]
    text = "\n".join(f"{name}: {{model: openai/{name}, URL, fallback: caller}}" for name in replies if name != "caller")
    entries = listed(f"caller: {{model: openai/caller, URL}}\n{text}", model.url)
    models = Models(entries, BuiltinPlanner())
    try:
        await models.probe()
    finally:
        for _, engine in entries:
            await engine.close()
    assert {each.name: each.tool_support for each in models.described()} == {
        "caller": "yes",
        "talker": "no",
        "refuser": "no",
        "limited": "unknown",
        "broken": "unknown",
        "leaner": "no",
    }
    assert "'talker' does not call tools" in caplog.text
    assert all([tool["function"]["name"] for tool in sent["tools"]] == ["ready"] for sent in model.requests)
    assert len(model.requests) == len(replies)
