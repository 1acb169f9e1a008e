"""The JSON of HolmesGPT: which bodies are taken, the 422 of every fault to the letter, nulls, and both error envelopes.

The expected faults are FastAPI's documented bodies with pydantic's words, and those that the contract quotes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck import errors
from quarterdeck.errors import Invalid, LimitExceeded, Reason
from quarterdeck.gen.holmes.v1 import chat_pb2, investigate_pb2, metadata_pb2, server_pb2, stream_pb2, tool_result_pb2
from quarterdeck.gen.holmes.v1.chat_pb2 import ChatRequest, IssueChatRequest, WorkloadHealthChatRequest
from quarterdeck.gen.holmes.v1.investigate_pb2 import InvestigateRequest
from quarterdeck.gen.holmes.v1.server_pb2 import ExecuteCheckRequest, GetInfoResponse, OauthCallbackRequest
from quarterdeck.gen.holmes.v1.workload_health_pb2 import WorkloadHealthCheckRequest
from quarterdeck.wire.dialects.fastapi_bodies import MOST_FAULTS
from quarterdeck.wire.dialects.holmes import FIRST_ITEM, holmes
from quarterdeck.wire.errors import Code, WireError, body_too_large, to_wire, unknown_route, wrong_verb

MISSING = "Field required"
NO_OBJECT = "Input should be a valid dictionary or object to extract fields from"


def read(message_class: type[Message], body: Any, content_type: str = "application/json") -> Any:
    reader = holmes.body_reader(message_class)
    assert reader is not None
    return reader(body if isinstance(body, bytes) else json.dumps(body).encode(), content_type)


def refused(message_class: type[Message], body: Any, content_type: str = "application/json") -> tuple[int, Any]:
    """The status and the `detail` of what a body is answered."""
    with pytest.raises(Invalid) as caught:
        read(message_class, body, content_type)
    rendered = holmes.render_error(to_wire(caught.value, "r"))
    assert rendered.content_type == "application/json"
    answer = json.loads(rendered.body)
    assert answer.keys() == {"detail"}
    return rendered.status, answer["detail"]


def fault(kind: str, loc: list[Any], msg: str, given: Any, **ctx: Any) -> dict[str, Any]:
    told = {"type": kind, "loc": ["body", *loc], "msg": msg, "input": given}
    return {**told, "ctx": ctx} if ctx else told


def value_error(why: str, given: Any, *loc: Any) -> dict[str, Any]:
    return fault("value_error", list(loc), f"Value error, {why}", given, error={})


WRONG_HISTORY = {"ask": "x", "conversation_history": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("message_class", "body", "detail"),
    [
        pytest.param(ChatRequest, {}, [fault("missing", ["ask"], MISSING, {})], id="a key is missing"),
        pytest.param(
            ChatRequest,
            {"ask": None},
            [fault("string_type", ["ask"], "Input should be a valid string", None)],
            id="null",
        ),
        pytest.param(
            ChatRequest,
            {"ask": 7},
            [fault("string_type", ["ask"], "Input should be a valid string", 7)],
            id="no string",
        ),
        pytest.param(
            ChatRequest,
            {"ask": "", "stream": "maybe"},
            [fault("bool_parsing", ["stream"], "Input should be a valid boolean, unable to interpret input", "maybe")],
            id="no bool",
        ),
        pytest.param(
            ChatRequest,
            {"ask": "", "stream": None},
            [fault("bool_type", ["stream"], "Input should be a valid boolean", None)],
            id="null for what has a default",
        ),
        pytest.param(
            ChatRequest,
            {"ask": "", "conversation_history": ["x"]},
            [fault("dict_type", ["conversation_history", 0], "Input should be a valid dictionary", "x")],
            id="an item of the history is no object",
        ),
        pytest.param(
            ChatRequest,
            {"ask": "", "conversation_history": {"role": "system"}},
            [fault("list_type", ["conversation_history"], "Input should be a valid list", {"role": "system"})],
            id="the history is no list",
        ),
        pytest.param(
            ChatRequest, WRONG_HISTORY, [value_error(FIRST_ITEM, WRONG_HISTORY)], id="no system message first"
        ),
        pytest.param(
            ChatRequest,
            {"conversation_history": [{}]},
            [value_error(FIRST_ITEM, {"conversation_history": [{}]})],
            id="the history is looked at before the fields",
        ),
        pytest.param(
            ChatRequest,
            {"ask": "", "images": [3]},
            [
                fault("string_type", ["images", 0, "str"], "Input should be a valid string", 3),
                fault("dict_type", ["images", 0, "dict[str,any]"], "Input should be a valid dictionary", 3),
            ],
            id="an image is neither text nor object",
        ),
        pytest.param(
            ChatRequest,
            {"stream": 9, "tool_decisions": [{"tool_call_id": 1}, {"approved": 1, "tool_call_id": "c"}]},
            [
                fault("bool_parsing", ["stream"], "Input should be a valid boolean, unable to interpret input", 9),
                fault("string_type", ["tool_decisions", 0, "tool_call_id"], "Input should be a valid string", 1),
                fault("missing", ["tool_decisions", 0, "approved"], MISSING, {"tool_call_id": 1}),
            ],
            id="all at once",
        ),
        pytest.param(
            ChatRequest,
            {"tool_decisions": [], "frontend_tool_results": None},
            [fault("missing", ["ask"], MISSING, {"tool_decisions": [], "frontend_tool_results": None})],
            id="lists without entries excuse nothing",
        ),
        pytest.param(
            ChatRequest,
            {"ask": "", "frontend_tools": [{"name": "n", "description": "d", "mode": "x"}]},
            [
                fault(
                    "enum",
                    ["frontend_tools", 0, "mode"],
                    "Input should be 'pause' or 'noop'",
                    "x",
                    expected="'pause' or 'noop'",
                )
            ],
            id="no such word",
        ),
        pytest.param(
            ExecuteCheckRequest,
            {"query": "q", "mode": "loud", "timeout": "x", "destinations": [7]},
            [
                fault(
                    "int_parsing",
                    ["timeout"],
                    "Input should be a valid integer, unable to parse string as an integer",
                    "x",
                ),
                fault(
                    "enum", ["mode"], "Input should be 'alert' or 'monitor'", "loud", expected="'alert' or 'monitor'"
                ),
                fault("model_attributes_type", ["destinations", 0], NO_OBJECT, 7),
            ],
            id="a check",
        ),
        pytest.param(
            ExecuteCheckRequest,
            {"query": "q", "timeout": 2**40},
            [
                fault(
                    "less_than_equal",
                    ["timeout"],
                    "Input should be less than or equal to 2147483647",
                    2**40,
                    le=2**31 - 1,
                )
            ],
            id="a number over its range",
        ),
        pytest.param(
            InvestigateRequest,
            {"source": "s", "title": "t", "subject": [], "context": {}, "sections": {"a": None}},
            [
                fault(
                    "missing",
                    ["description"],
                    MISSING,
                    {"source": "s", "title": "t", "subject": [], "context": {}, "sections": {"a": None}},
                ),
                fault("dict_type", ["subject"], "Input should be a valid dictionary", []),
                fault("string_type", ["sections", "a"], "Input should be a valid string", None),
            ],
            id="an investigation",
        ),
        pytest.param(
            IssueChatRequest,
            {"ask": "x", "investigation_result": {"tools": [{"name": "n"}]}},
            [
                fault("missing", ["investigation_result", "tools", 0, "description"], MISSING, {"name": "n"}),
                fault("missing", ["investigation_result", "tools", 0, "output"], MISSING, {"name": "n"}),
                fault(
                    "missing",
                    ["issue_type"],
                    MISSING,
                    {"ask": "x", "investigation_result": {"tools": [{"name": "n"}]}},
                ),
            ],
            id="an issue's chat",
        ),
        pytest.param(
            WorkloadHealthCheckRequest,
            {"ask": "", "resource": {}, "alert_history_since_hours": "inf"},
            [fault("finite_number", ["alert_history_since_hours"], "Input should be a finite number", "inf")],
            id="no finite number",
        ),
        pytest.param(
            OauthCallbackRequest,
            {"code": "c"},
            [
                fault("missing", ["toolset_name"], MISSING, {"code": "c"}),
                fault("missing", ["redirect_uri"], MISSING, {"code": "c"}),
            ],
            id="a callback",
        ),
        pytest.param(ChatRequest, [], [fault("model_attributes_type", [], NO_OBJECT, [])], id="a list"),
        pytest.param(ChatRequest, 5, [fault("model_attributes_type", [], NO_OBJECT, 5)], id="a number"),
        pytest.param(ChatRequest, b"null", [fault("missing", [], MISSING, None)], id="null alone"),
        pytest.param(ChatRequest, b"", [fault("missing", [], MISSING, None)], id="no body"),
        pytest.param(
            ChatRequest,
            b'{"ask": "x"',
            [fault("json_invalid", [11], "JSON decode error", {}, error="Expecting ',' delimiter")],
            id="cut short",
        ),
        pytest.param(
            ChatRequest,
            b"ask=x",
            [fault("json_invalid", [0], "JSON decode error", {}, error="Expecting value")],
            id="no JSON",
        ),
        # Further than FastAPI.
        pytest.param(
            ChatRequest,
            b'{"ask":"","meta":{"x":"\\ud800"}}',
            [value_error("meta: must not contain half a surrogate pair", {"x": "\ud800"}, "meta")],
            id="half a surrogate pair in free data",
        ),
    ],
)
def test_a_wrong_body_is_told_all_its_faults(message_class, body, detail):
    assert refused(message_class, body) == (422, detail)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/json", "application/jsonx"])
def test_a_body_of_another_type_is_a_text_but_for_chats(kind):
    detail = [fault("model_attributes_type", [], NO_OBJECT, '{"query":"x"}')]
    assert refused(ExecuteCheckRequest, b'{"query":"x"}', kind) == (422, detail)
    assert read(ChatRequest, b' {"ask":"x"}', kind).ask == "x"
    detail = [fault("model_attributes_type", [], NO_OBJECT, "ask=x")]
    assert refused(ChatRequest, b"ask=x", kind) == (422, detail)
    assert refused(ChatRequest, b'{"ask":', kind)[1][0]["type"] == "json_invalid"


def test_nul_is_replaced_wherever_it_stands():
    """No text of PostgreSQL holds it, and logs that people paste do."""
    message = read(ChatRequest, b'{"ask":"a\\u0000b","meta":{"k\\u0000":["\\u0000"]},"user_id":"\\\\u0000"}')
    assert (message.ask, message.user_id) == ("a\ufffdb", "\\u0000")
    assert dict(message.meta) == {"k\ufffd": ["\ufffd"]}
    deep = b'{"ask":"\\u0000","meta":{"a":' + b"[" * 900 + b"]" * 900 + b"}}"
    assert refused(ChatRequest, deep)[0] in (400, 422)


@pytest.mark.parametrize("kind", ["", "application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"])
def test_json_is_read_under_its_names_and_under_none(kind):
    assert read(ChatRequest, b'{"ask":"x"}', kind).ask == "x"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"ask":"\xff"}', id="no UTF-8"),
        pytest.param(b'{"ask":"","meta":{"x":NaN}}', id="NaN"),
        pytest.param(b'{"ask":"","meta":{"x":1e999}}', id="a number beyond 64 bits"),
        pytest.param(b'{"ask":"","meta":{"x":' + b"9" * 5000 + b"e", id="thousands of digits"),
        pytest.param(b'{"ask":"","meta":{"x":' + b"[" * 100_000 + b"}", id="a hundred thousand levels"),
    ],
)
def test_a_body_that_breaks_the_parser_is_a_400(body):
    assert refused(ChatRequest, body) == (400, "There was an error parsing the body")


def test_free_data_nests_only_so_deep():
    body = b'{"ask":"","meta":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}"
    status, detail = refused(ChatRequest, body)
    assert (status, detail[0]["type"], detail[0]["loc"]) == (422, "value_error", ["body"])


def test_a_hostile_body_is_told_no_more_than_so_many_faults():
    status, detail = refused(ChatRequest, {"ask": "", "conversation_history": ["x"] * 100_000})
    assert (status, len(detail)) == (422, MOST_FAULTS)


def test_an_input_that_no_json_carries_does_not_break_the_answer():
    status, detail = refused(ChatRequest, b'{"ask":[%b,"\\ud800"]}' % (b"9" * 4000))
    assert (status, detail[0]["type"], detail[0]["loc"]) == (422, "string_type", ["body", "ask"])


def test_a_full_chat_request_is_read():
    got = read(
        ChatRequest,
        {
            "ask": "",
            "conversation_history": [{"role": "system", "content": [{"type": "text", "text": "s"}], "token_count": 3}],
            "model": None,
            "stream": "yes",
            "enable_tool_approval": True,
            "tool_decisions": [{"tool_call_id": "c", "approved": False, "feedback": "no", "save_prefixes": None}],
            "images": ["https://x/y.png", {"url": "data:", "detail": "low", "n": None}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": False, "schema": {}}},
            "behavior_controls": {"intro": False, "unheard_of": 1},
            "frontend_tools": [{"name": "n", "description": "d", "mode": "noop", "noop_response": "ok"}],
            "frontend_tool_results": [{"tool_call_id": "f", "tool_name": "t", "result": ""}],
            "meta": {"count": 9007199254740991, "ratio": 0.5, "none": None, "deep": [[{}]]},
            "trace_span": [1],
            "toolDecisions": "the other spelling is an unknown key",
            "copy": 1,
        },
    )
    assert (got.ask, got.stream, got.HasField("model"), got.enable_tool_approval) == ("", True, False, True)
    assert [each.WhichOneof("image") for each in got.images] == ["url", "object"]
    assert dict(got.behavior_controls) == {"intro": False, "unheard_of": True}
    assert (got.tool_decisions[0].feedback, got.tool_decisions[0].HasField("verified")) == ("no", False)
    printed = holmes.codec(ChatRequest).to_json(got)
    assert printed["meta"] == {"count": 9007199254740991, "ratio": 0.5, "none": None, "deep": [[{}]]}
    assert type(printed["meta"]["count"]) is int
    assert printed["conversation_history"][0]["content"] == [{"type": "text", "text": "s"}]
    assert printed["trace_span"] == [1]


@pytest.mark.parametrize("key", ["tool_decisions", "frontend_tool_results"])
@pytest.mark.parametrize("message_class", [ChatRequest, IssueChatRequest, WorkloadHealthChatRequest])
def test_ask_may_be_missing_on_the_way_on(message_class, key):
    entry = {"tool_call_id": "c", "approved": True, "tool_name": "t", "result": "r"}
    rest = {"investigation_result": {}, "issue_type": "i", "workload_health_result": {}, "resource": {}}
    assert read(message_class, {key: [entry], **rest}).ask == ""


def test_the_order_of_sections_is_kept():
    body = {"source": "", "title": "", "description": "", "subject": {}, "context": {}}
    titles = ["z", "a", "Key Findings", "m", "b", "q"]
    got = read(InvestigateRequest, {**body, "sections": dict.fromkeys(titles, "d")})
    assert [each.title for each in got.sections.entries] == titles
    assert not read(InvestigateRequest, {**body, "sections": None}).HasField("sections")


def test_an_answer_prints_nulls():
    answer = chat_pb2.ChatResponse(analysis="é")
    assert list(holmes.codec(chat_pb2.ChatResponse).to_json(answer).items()) == [
        ("analysis", "é"),
        ("conversation_history", []),
        ("tool_calls", []),
        ("follow_up_actions", []),
        ("pending_approvals", None),
        ("metadata", None),
    ]


def test_a_tool_call_has_all_its_keys():
    call = chat_pb2.ToolCallResult(tool_call_id="c", result=tool_result_pb2.ToolResult(status="success"))
    printed = holmes.codec(chat_pb2.ToolCallResult).to_json(call)
    assert (printed["size"], printed["toolset_name"]) == (None, None)
    assert printed["result"] == {
        "schema_version": "",
        "status": "success",
        "error": None,
        "return_code": None,
        "data": None,
        "images": None,
        "url": None,
        "invocation": None,
        "params": {},
        "icon_url": None,
        "elapsed_seconds": None,
    }


def test_metadata_leaves_out_what_is_not_known_and_always_has_truncations():
    codec = holmes.codec(metadata_pb2.Metadata)
    assert codec.to_json(metadata_pb2.Metadata()) == {"truncations": []}
    some = metadata_pb2.Metadata(max_tokens=0, usage={"prompt_tokens": 1, "cached_tokens": 0})
    assert codec.to_json(some) == {
        "usage": {"prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 0, "cached_tokens": 0},
        "max_tokens": 0,
        "truncations": [],
    }


@pytest.mark.parametrize(
    ("sections", "printed"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(investigate_pb2.Sections(), {}, id="empty"),
        pytest.param(
            investigate_pb2.Sections(entries=[{"title": "z", "text": "t"}, {"title": "a"}, {"title": "b", "text": ""}]),
            {"z": "t", "a": None, "b": ""},
            id="texts and a null",
        ),
    ],
)
def test_sections_are_an_object_in_order(sections, printed):
    got = holmes.codec(investigate_pb2.InvestigateResponse).to_json(
        investigate_pb2.InvestigateResponse(sections=sections)
    )
    assert got["sections"] == printed
    assert list(got["sections"] or {}) == list(printed or {})


def test_a_notice_is_its_content_alone():
    codec = holmes.codec(stream_pb2.AiMessage)
    assert codec.to_json(stream_pb2.AiMessage(content="shortened")) == {"content": "shortened"}
    said = stream_pb2.AiMessage(reasoning={"null_value": 0}, metadata={})
    assert codec.to_json(said) == {"content": None, "reasoning": None, "metadata": {"truncations": []}}


def test_info_without_detail_has_no_nulls():
    printed = holmes.codec(GetInfoResponse).to_json(GetInfoResponse(toolsets_summary={"total": 2}))
    assert printed == {
        "version": "",
        "uptime_seconds": 0,
        "auth_enabled": False,
        "models": [],
        "toolsets_summary": {"total": 2, "enabled": 0, "failed": 0, "disabled": 0},
        "runbooks_count": 0,
    }
    full = GetInfoResponse(toolsets=[server_pb2.ToolsetInfo(name="n")])
    full.mcp_servers.SetInParent()
    printed = holmes.codec(GetInfoResponse).to_json(full)
    assert printed["toolsets"] == [{"name": "n", "enabled": False, "status": "", "tool_count": 0}]
    assert printed["mcp_servers"] == []
    assert "runbooks" not in printed


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        pytest.param(unknown_route("/api/agui/chat"), 404, "Not Found", id="no such path"),
        pytest.param(wrong_verb("GET", "POST"), 405, "Method Not Allowed", id="no such verb"),
        pytest.param(
            errors.Unauthenticated(Reason.CREDENTIALS_MISSING, "x"), 401, "Invalid or missing API key", id="no key"
        ),
        pytest.param(
            errors.Unauthenticated(Reason.CREDENTIALS_INVALID, "x"), 401, "Invalid or missing API key", id="a bad key"
        ),
        pytest.param(
            errors.Unauthenticated(Reason.MODEL_REFUSES_CREDENTIALS, "no"), 401, "no", id="the provider's refusal"
        ),
        pytest.param(errors.Forbidden(Reason.ROLE_TOO_LOW, "low"), 403, "low", id="the role"),
        pytest.param(errors.NotFound(Reason.METHOD_UNKNOWN, "switched off"), 404, "Not Found", id="switched off"),
        pytest.param(errors.NotFound(Reason.CHAT_NOT_FOUND, "no chat"), 404, "no chat", id="not there"),
        pytest.param(Invalid(Reason.FIELD_INVALID, "a name collides"), 400, "a name collides", id="invalid"),
        pytest.param(errors.PreconditionFailed(Reason.CHAT_BUSY, "busy"), 400, "busy", id="busy"),
        pytest.param(LimitExceeded(Reason.MODEL_RATE_LIMITED, "slow"), 429, "slow", id="the provider's limit"),
        pytest.param(errors.Unavailable(Reason.MODEL_FAILED, "broken"), 500, "broken", id="the model failed"),
        pytest.param(Invalid(Reason.PROMPT_TEMPLATE_UNKNOWN, "what?"), 500, "what?", id="no such template"),
        pytest.param(Invalid(Reason.IMAGE_INVALID, "no 'url' key"), 500, "no 'url' key", id="an image"),
        pytest.param(errors.Unavailable(Reason.OAUTH_EXCHANGE_FAILED, "no"), 502, "no", id="the exchange"),
        pytest.param(errors.Unavailable(Reason.DATABASE_UNAVAILABLE, "away"), 503, "away", id="the database"),
        pytest.param(body_too_large(9), 413, "the request is larger than the limit of 9 bytes", id="too large"),
        pytest.param(WireError(Code.INTERNAL, "\ud800"), 500, "?", id="half a pair"),
    ],
)
def test_errors_have_a_detail(error, status, detail):
    rendered = holmes.render_error(to_wire(error, "r"))
    assert (rendered.status, json.loads(rendered.body)) == (status, {"detail": detail})


def test_a_limit_says_when_to_come_back():
    slow = to_wire(LimitExceeded(Reason.RATE_LIMITED, "slow", retry_after=1.2), "r")
    assert holmes.render_error(slow).headers == (("retry-after", "2"),)


@pytest.mark.parametrize(
    ("error", "data"),
    [
        pytest.param(
            LimitExceeded(Reason.MODEL_RATE_LIMITED, "the provider's text"),
            {
                "description": "the provider's text",
                "error_code": 5204,
                "msg": "Rate limit exceeded",
                "success": False,
            },
            id="a limit",
        ),
        pytest.param(
            errors.Unavailable(Reason.MODEL_FAILED, "oh: Model is getting throttled, wait"),
            {
                "description": "oh: Model is getting throttled, wait",
                "error_code": 5204,
                "msg": "Rate limit exceeded",
                "success": False,
            },
            id="a limit that is a text",
        ),
        pytest.param(
            errors.Unavailable(Reason.MODEL_FAILED, "broken"),
            {"description": "broken", "error_code": 1, "msg": "broken", "success": False},
            id="anything else",
        ),
    ],
)
def test_a_stream_ends_with_its_own_error(error, data):
    assert holmes.stream_error(to_wire(error, "r")) == data
    assert list(data) == list(holmes.codec(stream_pb2.StreamError).to_json(stream_pb2.StreamError()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
KEYS = st.sampled_from([each.name for each in ChatRequest.DESCRIPTOR.fields]) | st.text(max_size=5)


@given(JSON | st.dictionaries(KEYS, JSON, max_size=8))
def test_any_json_is_a_request_or_is_refused(value):
    try:
        got = read(ChatRequest, value)
    except Invalid as error:
        rendered = holmes.render_error(to_wire(error, "r"))
        assert rendered.status in (400, 422)
        assert json.loads(rendered.body)["detail"]
    else:
        assert isinstance(got, ChatRequest)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_are_refused(body):
    status, _ = refused(InvestigateRequest, body)
    assert status in (400, 422)
