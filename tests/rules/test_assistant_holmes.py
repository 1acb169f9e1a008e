"""HolmesGPT's rules: follow-up actions, sections, approval tokens, and the history that clients carry along."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.assistant.holmes.approval_tokens import LIFETIME, arguments_hash, canonical_arguments, sign, verify
from quarterdeck.assistant.holmes.follow_ups import FOLLOW_UPS, follow_ups
from quarterdeck.assistant.holmes.history import (
    ABANDONED,
    NO_RESULT,
    NOT_VALID,
    Decision,
    NothingPending,
    cleaned,
    marked,
    open_calls,
    pending_in,
    unanswered,
)
from quarterdeck.assistant.holmes.sections import DEFAULTS, joined, parse, response_format, unfenced
from quarterdeck.assistant.run import OpenCall, OpenCallOutcome
from quarterdeck.errors import DomainError, Invalid, Reason

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = b"k" * 32
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

# -- follow-up actions ----------------------------------------------------------------------------------------------


def test_a_new_conversation_gets_three_offers():
    assert [each.id for each in follow_ups([])] == ["logs", "graphs", "articles"]
    assert follow_ups([{"role": "system"}, {"role": "user", "content": "hi"}]) == FOLLOW_UPS


def test_a_conversation_with_an_answer_gets_none():
    assert follow_ups([{"role": "system"}, {"role": "assistant", "content": ""}]) == ()


# -- sections -------------------------------------------------------------------------------------------------------


def test_the_default_titles_are_those_of_the_wire():
    assert list(DEFAULTS) == [
        "Alert Explanation",
        "Key Findings",
        "Conclusions and Possible Root causes",
        "Next Steps",
        "Related logs",
        "App or Infra?",
        "External links",
    ]


@pytest.mark.parametrize("titles", [["A", "B"], {"A": "", "B": ""}], ids=["titles", "mapping"])
def test_a_model_is_asked_for_every_title(titles):
    assert response_format(titles) == {
        "type": "json_schema",
        "json_schema": {
            "name": "InvestigationResult",
            "strict": False,
            "schema": {
                "type": "object",
                "properties": {"A": {"type": ["string", "null"]}, "B": {"type": ["string", "null"]}},
                "required": ["A", "B"],
                "additionalProperties": False,
            },
        },
    }


def test_a_model_is_told_what_belongs_under_a_title():
    schema = response_format({"A": "what it means"})["json_schema"]["schema"]
    assert schema["properties"]["A"]["description"] == "what it means"


@pytest.mark.parametrize(
    ("text", "analysis", "sections"),
    [
        pytest.param('{"A": "x", "B": null}', "# A\nx", {"A": "x", "B": None}, id="JSON"),
        pytest.param('```json\n{"A": "x"}\n```', "# A\nx", {"A": "x"}, id="JSON in a fence"),
        pytest.param('  \n```\n{"A": "x"}\n```\n', "# A\nx", {"A": "x"}, id="JSON in a plain fence"),
        pytest.param(
            '{"A": ["x", 1], "B": {"y": 2}}',
            '# A\nx\n1\n\n# B\n{"y":2}',
            {"A": "x\n1", "B": '{"y":2}'},
            id="other JSON",
        ),
        pytest.param(
            'Here:\n```json\n{"Next Steps": "x"}\n```\nDone.',
            "# Next Steps\nx",
            {"Next Steps": "x"},
            id="text around the fence",
        ),
        pytest.param('A log:\n```json\n{"level": "warn"}\n```', None, None, id="an example in a fence"),
        pytest.param("# A\nx\n\n# B\ny", None, {"A": "x", "B": "y"}, id="headings"),
        pytest.param("before\n# A\nx", None, {"A": "x"}, id="text before the first heading"),
        pytest.param("## A\nx\n### sub\ny\n## B", None, {"A": "x\n### sub\ny", "B": ""}, id="second level"),
        pytest.param(
            "# Report\nz\n## Next Steps\nx", None, {"Report": "z", "Next Steps": "x"}, id="a known title below"
        ),
        pytest.param("# A\n```sh\n# no heading\n```", None, {"A": "```sh\n# no heading\n```"}, id="a comment in code"),
        pytest.param("# A #\r\nx\r\n", None, {"A": "x"}, id="closed heading, other line ends"),
        pytest.param("# A\nx\n# A\ny", None, {"A": "x\n\ny"}, id="a title twice"),
        pytest.param("A\n===\nx\n\nB\n=\ny", None, {"A": "x", "B": "y"}, id="underlined"),
        pytest.param("# A\nx\nB\n===\ny", None, {"A": "x\nB\n===\ny"}, id="headings win over underlines"),
        pytest.param("Just text.\n#no heading", None, None, id="no sections"),
        pytest.param("", None, None, id="nothing"),
        pytest.param("{}", None, None, id="an empty object"),
        pytest.param('["A"]', None, None, id="a list"),
        pytest.param('{"A": ', None, None, id="broken JSON"),
        pytest.param("===", None, None, id="an underline under nothing"),
        pytest.param('{"A": ' + "[" * 5000 + "]" * 5000 + "}", None, None, id="too deep to be read"),
    ],
)
def test_an_answer_is_taken_apart(text, analysis, sections):
    assert parse(text) == (text if analysis is None else analysis, sections)


def test_json_that_is_too_deep_to_be_written_again_is_text():
    _, sections = parse('{"A": ' + "[" * 600 + "]" * 600 + "}")
    assert sections is not None
    assert sections["A"]


def test_titles_that_were_asked_for_are_known_at_any_level():
    text = "# Report\n\n### **My title:**\nx"
    assert parse(text, ["My Title"])[1] == {"Report": "", "**My title:**": "x"}


def test_a_flood_of_headings_ends():
    _, sections = parse("".join(f"# {index}\n" for index in range(100_000)))
    assert sections is not None
    assert len(sections) == 100
    assert sections["99"]
    assert sections["99"].endswith("# 99999")


def test_a_flood_of_fences_ends():
    assert parse("```json\n{\n" * 100_000)[1] is None


@given(st.text(max_size=300))
def test_taking_apart_never_fails(text):
    analysis, sections = parse(text)
    assert sections is None or sections
    if not text.lstrip().startswith(("{", "`")):
        assert analysis == text


SAID = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)


@given(st.dictionaries(SAID, SAID, min_size=1, max_size=5))
def test_sections_survive_every_form(sections):
    assert parse(json.dumps(sections)) == (joined(sections), sections)
    assert parse(joined(sections))[1] == sections
    underlined = "\n\n".join(f"{title}\n====\n{text}" for title, text in sections.items())
    assert parse(underlined)[1] == sections


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        pytest.param('```json\n{"a": 1}\n```', '{"a": 1}', id="all of it"),
        pytest.param('So:\n```JSON\n{"a": 1}\n```\nDone.', '{"a": 1}', id="text around it"),
        pytest.param("```python\nx\n```\n```json\n{}\n```", "{}", id="behind another block"),
        pytest.param('{"a": 1}', '{"a": 1}', id="no fence"),
        pytest.param("```json\n{}", "```json\n{}", id="never closed"),
    ],
)
def test_a_fence_comes_off(text, inside):
    assert unfenced(text) == inside


# -- approval tokens ------------------------------------------------------------------------------------------------

CALL: dict[str, Any] = {"tenant_id": "t1", "call_id": "c1", "name": "write", "arguments": '{"a": 1, "b": [2]}'}


def token(**changes: Any) -> str:
    return sign(KEY, **{**CALL, "nonce": "n1", "now": NOW, **changes})


def check(given_token: str, *, key: bytes = KEY, now: datetime = NOW, **changes: Any) -> str:
    return verify(key, given_token, **{**CALL, **changes}, now=now)


def test_a_token_is_a_json_web_token():
    """Taken apart by hand, so that anybody's library reads it."""
    header, payload, signature = token().split(".")

    def decode(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert json.loads(decode(header)) == {"alg": "HS256", "typ": "JWT"}
    issued = int(NOW.timestamp())
    assert json.loads(decode(payload)) == {
        "tenant": "t1",
        "tool_call_id": "c1",
        "tool_name": "write",
        "arguments": hashlib.sha256(b'{"a":1,"b":[2]}').hexdigest(),
        "jti": "n1",
        "iat": issued,
        "exp": issued + 30 * 24 * 3600,
    }
    assert decode(signature) == hmac.digest(KEY, f"{header}.{payload}".encode(), "sha256")


def test_a_token_holds_for_its_call():
    assert check(token()) == "n1"
    assert check(token(), arguments='{ "b":[2],"a":1 }') == "n1"
    assert check(token(), now=NOW + LIFETIME - timedelta(seconds=1)) == "n1"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"tenant_id": "t2"}, id="another tenant"),
        pytest.param({"call_id": "c2"}, id="another call"),
        pytest.param({"name": "erase"}, id="another tool"),
        pytest.param({"arguments": '{"a": 1, "b": [3]}'}, id="another argument"),
        pytest.param({"arguments": '{"a": 1, "b": [2], "c": 0}'}, id="one more argument"),
        pytest.param({"arguments": '{"a": true, "b": [2]}'}, id="another type"),
        pytest.param({"arguments": ""}, id="no arguments"),
        pytest.param({"now": NOW + LIFETIME}, id="30 days later"),
        pytest.param({"key": b"j" * 32}, id="another key"),
    ],
)
def test_a_token_holds_for_nothing_else(changes):
    assert check(token(), **changes) == ""


def forged(header: Any, payload: Any, key: bytes = KEY) -> str:
    def encode(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{signed}.{encode(hmac.digest(key, signed.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param("..", id="dots"),
        pytest.param("a.b.c.d", id="too many parts"),
        pytest.param("ä" * 50, id="not ASCII"),
        pytest.param("x" * 1_000_000, id="huge"),
        pytest.param(token()[:-1], id="cut"),
        pytest.param(token() + "=", id="padded"),
        pytest.param(token() + "\n", id="a line more"),
        pytest.param(token().rpartition(".")[0] + ".", id="no signature"),
        pytest.param(forged({"alg": "none", "typ": "JWT"}, {}), id="algorithm none"),
        pytest.param(forged({"alg": "HS256", "typ": "JWT"}, []), id="no claims"),
    ],
)
def test_anything_else_is_no_token(bad):
    assert check(bad) == ""


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"exp": "9999999999"}, id="an end as text"),
        pytest.param({"jti": None}, id="no nonce"),
    ],
)
def test_a_signed_token_of_another_make_is_refused(changes):
    header, payload, _ = token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    raw = json.dumps({**claims, **changes}, sort_keys=True, separators=(",", ":")).encode()
    signed = f"{header}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    signature = base64.urlsafe_b64encode(hmac.digest(KEY, signed.encode(), "sha256")).rstrip(b"=").decode()
    assert check(f"{signed}.{signature}") == ""


@pytest.mark.parametrize("header", [{"alg": "none", "typ": "JWT"}, {"alg": "HS256"}, {"alg": "HS512", "typ": "JWT"}])
def test_a_token_cannot_choose_its_algorithm(header):
    payload = token().split(".")[1]
    assert check(forged(header, json.loads(base64.urlsafe_b64decode(payload + "==")))) == ""


def test_an_empty_key_signs_nothing():
    with pytest.raises(ValueError, match="empty"):
        sign(b"", **CALL, nonce="n1", now=NOW)
    with pytest.raises(ValueError, match="empty"):
        check(token(), key=b"")


@pytest.mark.parametrize("position", [0, 10, 60, 100, 150, -1])
def test_every_character_counts(position):
    right = token()
    wrong = list(right)
    wrong[position] = "A" if right[position] != "A" else "B"
    assert check("".join(wrong)) == ""


@given(JSON)
def test_the_order_of_keys_and_white_space_do_not_matter(value):
    def reversed_keys(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {key: reversed_keys(inner[key]) for key in reversed(inner)}
        return [reversed_keys(each) for each in inner] if isinstance(inner, list) else inner

    written = json.dumps(value)
    rewritten = json.dumps(reversed_keys(value), indent=3, ensure_ascii=False)
    assert arguments_hash(written) == arguments_hash(rewritten)
    assert json.loads(canonical_arguments(written)) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("1", "1.0", id="an integer is no float"),
        pytest.param("12345678901234567890123", "12345678901234567890124", id="large integers"),
        pytest.param("{broken", "{broken ", id="no JSON"),
        pytest.param("[" * 100_000, "[" * 100_001, id="too deep"),
        pytest.param('"\\ud800"', '"\\ud801"', id="halves of surrogate pairs"),
        pytest.param("\ud800", "\ud801", id="the same, not even JSON"),
    ],
)
def test_different_arguments_have_different_hashes(one, other):
    assert arguments_hash(one) != arguments_hash(other)


@given(st.text(max_size=100))
def test_no_text_is_a_token(text):
    assert check(text) == ""


# -- the history ----------------------------------------------------------------------------------------------------


def wanted(call_id: str, arguments: Any = "{}", **marks: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "write", "arguments": arguments}, **marks}


def asks(*calls: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": list(calls), **extra}


def answers(call_id: str, content: Any = "done") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "name": "write", "content": content}


USER = {"role": "user", "content": "do it"}


def test_noise_goes():
    noisy: list[dict[str, Any]] = [
        {"role": "system", "content": [{"type": "text", "text": "rules", "cache_control": {"type": "ephemeral"}}]},
        {**USER, "token_count": 3, "name": "bob"},
        asks(
            wanted("c1", provider_specific_fields={}, pending_approval=True, approval_token="x", index=0),
            content=None,
            provider_specific_fields={"refusal": None},
            token_count=9,
            reasoning_content="hm",
        ),
        {**answers("c1", [{"type": "text", "text": "done"}]), "token_count": 1},
        {"role": "assistant", "content": None, "tool_calls": None},
    ]
    assert cleaned(noisy) == [
        {"role": "system", "content": "rules"},
        USER,
        {**asks(wanted("c1")), "reasoning_content": "hm"},
        answers("c1"),
        {"role": "assistant", "content": ""},
    ]


def test_what_is_clean_stays_as_it_is():
    history = [
        USER,
        asks(wanted("c1"), wanted("c2")),
        answers("c2"),
        answers("c1"),
        {"role": "assistant", "content": "ok"},
    ]
    assert cleaned(history) == history


def test_images_stay_blocks():
    history = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "see", "cache_control": {}},
                {"type": "image_url", "image_url": "https://x/y.png"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low", "junk": 1}},
            ],
        }
    ]
    assert cleaned(history)[0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
    ]


def test_an_image_without_an_address_is_refused():
    with pytest.raises(DomainError, match="Image dict must contain a 'url' key") as caught:
        cleaned([{"role": "user", "content": [{"type": "image_url", "image_url": {"detail": "low"}}]}])
    assert caught.value.reason is Reason.IMAGE_INVALID


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param([answers("c1"), USER], [USER], id="an answer to nothing"),
        pytest.param([{**answers("c1"), "tool_call_id": ["c1"]}, USER], [USER], id="an id that is none"),
        pytest.param(
            [asks(wanted("c1")), answers("c1"), answers("c1", "again")],
            [asks(wanted("c1")), answers("c1")],
            id="a second answer",
        ),
        pytest.param(
            [asks(wanted("c1")), USER, answers("c1")],
            [asks(wanted("c1")), answers("c1"), USER],
            id="an answer behind another message",
        ),
        pytest.param(
            [asks(wanted("c1")), answers("c1", "1"), asks(wanted("c1")), answers("c1", "2")],
            [asks(wanted("c1")), answers("c1", "1"), asks(wanted("c1")), answers("c1", "2")],
            id="an id that comes again later",
        ),
    ],
)
def test_answers_stand_behind_their_calls(history, expected):
    assert cleaned(history) == expected


@pytest.mark.parametrize(
    ("message", "why"),
    [
        pytest.param({}, r"conversation_history\[1\].role is NoneType", id="no role"),
        pytest.param({"role": "root"}, "is 'root'; accepted are system", id="unknown role"),
        pytest.param({"role": "x" * 9999}, "…; accepted", id="a long role is not repeated"),
        pytest.param({"role": ["user"]}, "role is list", id="a role that is no text"),
        pytest.param({"role": "assistant", "tool_calls": {}}, "tool_calls is no list", id="calls that are no list"),
        pytest.param({"role": "assistant", "tool_calls": [3]}, r"tool_calls\[0\] is no call", id="a call that is none"),
        pytest.param(
            {"role": "assistant", "tool_calls": [{"id": "c1", "function": "f"}]}, "is no call", id="no object"
        ),
        pytest.param(
            {"role": "assistant", "tool_calls": [{"id": "", "function": {"name": "f"}}]}, "has no id", id="no id"
        ),
        pytest.param({"role": "assistant", "tool_calls": [{"id": "c", "function": {}}]}, "no name", id="no name"),
        pytest.param(asks(wanted("c1"), wanted("c1")), "the same id twice", id="an id twice"),
    ],
)
def test_what_is_malformed_is_told(message, why):
    with pytest.raises(Invalid, match=why) as caught:
        cleaned([USER, message])
    assert len(caught.value.message) < 200


def test_arguments_may_come_as_an_object():
    assert cleaned([asks(wanted("c1", {"a": 1}))])[0]["tool_calls"] == [wanted("c1", '{"a": 1}')]
    assert cleaned([asks(wanted("c1", None))])[0]["tool_calls"] == [wanted("c1", "{}")]


def test_calls_without_an_answer_are_found():
    history = [
        asks(
            wanted("c1", pending_approval=True, approval_token="t"),
            wanted("c2", pending_frontend=True),
            wanted("c3"),
            wanted("c4", pending_approval=True),
            wanted("c5", pending_approval=True, pending_frontend=True),
        ),
        answers("c4"),
    ]
    assert [(each.id, each.is_frontend, each.token) for each in pending_in(history)] == [
        ("c1", False, "t"),
        ("c2", True, ""),
        ("c5", False, ""),
    ]
    assert [each.id for each in unanswered(history)] == ["c3"]


def paused(arguments: str = '{"a": 1, "b": [2]}', **changes: Any) -> list[dict[str, Any]]:
    """A history that waits for an approval of c1, and for the client to run c2; c3 was made."""
    calls = asks(
        {**wanted("c1", arguments, pending_approval=True, approval_token=token()), **changes},
        wanted("c2", pending_frontend=True),
        wanted("c3"),
    )
    return [{"role": "system", "content": "rules"}, USER, calls, answers("c3")]


def settle(
    history: list[dict[str, Any]],
    decisions: dict[str, Decision] | None = None,
    results: dict[str, str] | None = None,
    *,
    now: datetime = NOW,
) -> dict[str, OpenCall]:
    opened = open_calls(history, decisions or {}, results or {}, key=KEY, tenant_id="t1", now=now)
    assert len({each.id for each in opened}) == len(opened)
    return {each.id: each for each in opened}


YES = {"c1": Decision(approved=True)}


def test_an_approved_call_is_executed_as_it_was_signed():
    opened = settle(paused('{"b":[2],  "a":1}'), YES, {"c2": "42"})
    assert list(opened) == ["c1", "c2"]
    assert opened["c1"] == OpenCall("c1", "write", '{"a":1,"b":[2]}', OpenCallOutcome.EXECUTE, approved=True, key="n1")
    assert (opened["c2"].text, opened["c2"].is_error, opened["c2"].outcome) == ("42", False, OpenCallOutcome.ANSWER)


@pytest.mark.parametrize(
    ("decisions", "results", "c1", "c2"),
    [
        pytest.param(
            {"c1": Decision(approved=False)}, {}, "Tool execution was denied by the user.", NO_RESULT, id="denied"
        ),
        pytest.param(
            {"c1": Decision(approved=False, feedback="not now")},
            {"c2": "x"},
            "Tool execution was denied by the user. User feedback: not now",
            "x",
            id="denied with feedback",
        ),
        pytest.param(
            {"c9": Decision(approved=True)}, {}, "Tool execution was denied by the user.", NO_RESULT, id="no decision"
        ),
        pytest.param({}, {"c2": "x"}, "Tool execution was denied by the user.", "x", id="results only"),
        pytest.param({}, {"c9": "x"}, "Tool execution was denied by the user.", NO_RESULT, id="results of nothing"),
        pytest.param({}, {}, ABANDONED, ABANDONED, id="a new question"),
    ],
)
def test_what_is_not_approved_is_answered(decisions, results, c1, c2):
    opened = settle(paused(), decisions, results)
    assert (opened["c1"].text, opened["c2"].text) == (c1, c2)
    assert all(each.outcome is OpenCallOutcome.ANSWER and not each.approved for each in opened.values())


@pytest.mark.parametrize(
    ("history", "options"),
    [
        pytest.param(paused('{"a": 1, "b": [3]}'), {}, id="altered arguments"),
        pytest.param(paused(approval_token="x"), {}, id="bad token"),
        pytest.param(paused(approval_token=None), {}, id="no token"),
        pytest.param(paused(approval_token={"a": 1}), {}, id="a token that is no text"),
        pytest.param(paused(approval_token=token(tenant_id="t2")), {}, id="another tenant's token"),
        pytest.param(paused(function={"name": "erase", "arguments": '{"a": 1, "b": [2]}'}), {}, id="another tool"),
        pytest.param(paused(id="c2b"), {}, id="another call"),
        pytest.param(paused(), {"now": NOW + LIFETIME}, id="expired"),
    ],
)
def test_an_approval_that_does_not_hold_executes_nothing(history, options):
    call_id = history[2]["tool_calls"][0]["id"]
    opened = settle(history, {call_id: Decision(approved=True)}, **options)
    assert opened[call_id].text == NOT_VALID
    assert opened[call_id].is_error
    assert not any(each.outcome is OpenCallOutcome.EXECUTE for each in opened.values())


def test_a_mark_that_was_taken_away_does_not_execute_its_call():
    history = [asks(wanted("c1", CALL["arguments"], approval_token=token()), wanted("c2", pending_approval=True))]
    opened = settle(history, YES)
    assert opened["c1"].text == ABANDONED
    assert opened["c1"].outcome is OpenCallOutcome.ANSWER


def test_a_frontend_result_does_not_answer_a_call_that_needs_approval():
    history = [asks(wanted("c1", pending_approval=True, pending_frontend=True, approval_token="x"))]
    assert settle(history, results={"c1": "faked"})["c1"].text == "Tool execution was denied by the user."


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([USER], id="no calls"),
        pytest.param([asks(wanted("c1", pending_approval=True)), answers("c1")], id="answered already"),
        pytest.param([asks(wanted("c1", pending_frontend=True))], id="the client's call only"),
        pytest.param([asks(wanted("c1"))], id="no mark"),
    ],
)
def test_decisions_about_nothing_are_an_error(history):
    text = "Received 2 tool decisions but no pending approvals found in conversation history"
    with pytest.raises(NothingPending, match=text):
        settle(history, {"c1": Decision(approved=True), "c2": Decision(approved=False)})


def test_marks_go_out_and_come_back():
    plain = [USER, asks(wanted("c1", CALL["arguments"]), wanted("c2"), wanted("c3")), answers("c3")]
    out = marked(plain, {"c1": token()}, ["c2"])
    assert out[1]["tool_calls"] == [
        wanted("c1", CALL["arguments"], pending_approval=True, approval_token=token()),
        wanted("c2", pending_frontend=True),
        wanted("c3"),
    ]
    assert plain[1]["tool_calls"][0] == wanted("c1", CALL["arguments"])
    assert cleaned(out) == plain
    assert settle(json.loads(json.dumps(out)), YES, {"c2": "x"})["c1"].outcome is OpenCallOutcome.EXECUTE


def test_only_the_last_call_of_an_id_is_marked():
    history = [asks(wanted("c1")), answers("c1"), asks(wanted("c1"))]
    out = marked(history, {"c1": "t"}, [])
    assert out[:2] == history[:2]
    assert out[2]["tool_calls"][0]["pending_approval"] is True


MESSAGES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": JSON}),
        st.fixed_dictionaries({"role": st.just("tool"), "content": JSON, "tool_call_id": st.sampled_from("abc")}),
        st.fixed_dictionaries(
            {
                "role": st.just("assistant"),
                "content": JSON,
                "tool_calls": st.lists(
                    st.builds(
                        wanted,
                        st.sampled_from("abc"),
                        JSON,
                        pending_approval=JSON,
                        pending_frontend=JSON,
                        approval_token=JSON,
                    ),
                    unique_by=lambda call: call["id"],
                    max_size=3,
                ),
            }
        ),
    ),
    max_size=8,
)


@given(MESSAGES)
def test_any_history_becomes_one_that_providers_accept(history):
    try:
        messages = cleaned(history)
    except DomainError as error:
        assert error.reason is Reason.IMAGE_INVALID  # noqa: PT017 - the only thing that may be wrong with these
        return
    assert cleaned(messages) == messages
    assert sum(each["role"] != "tool" for each in messages) == sum(each["role"] != "tool" for each in history)
    open_ids: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] in open_ids
            open_ids.remove(message["tool_call_id"])
        else:
            open_ids = {call["id"] for call in message.get("tool_calls", ())}
    opened = open_calls(history, {}, {}, key=KEY, tenant_id="t1", now=NOW)
    assert all(each.outcome is OpenCallOutcome.ANSWER and each.is_error for each in opened)
    wanted_calls = sum(len(each.get("tool_calls", ())) for each in messages)
    assert len(opened) == wanted_calls - sum(each["role"] == "tool" for each in messages)
