"""Every call ends with a result: whatever the tool, the arguments and the caller are."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import Field

from quarterdeck.assistant.tools.plan import PLAN, plan_tool
from quarterdeck.assistant.tools.tool import (
    Parameters,
    Reference,
    ReferenceKind,
    Status,
    Tool,
    ToolAnswer,
    ToolContext,
    ToolFailed,
    found,
    nothing,
)
from quarterdeck.assistant.tools.toolbox import ExecutedCall, Toolbox
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.errors import NotFound, Reason
from quarterdeck.identity.call import CallContext, Caller, Role

SECRET = "qd_" + "a" * 40


class Words(Parameters):
    """What a test's tool takes."""

    text: str = Field(default="", max_length=10)
    count: int = Field(default=1, ge=1)


Answering = Callable[[Any, ToolContext], Awaitable[ToolAnswer]]


def tool(answer: Answering, name: str = "echo", **fields: Any) -> TypedTool[Words]:
    return TypedTool(
        name=name,
        description="A test's tool.",
        toolset="tests",
        parameters=Words,
        answer=answer,
        sentence="Echoes",
        **fields,
    )


def answering(data: Any, **fields: Any) -> Answering:
    async def answer(_parameters: Words, _context: ToolContext) -> ToolAnswer:
        return found(data, **fields)

    return answer


def raising(error: BaseException) -> Answering:
    async def answer(_parameters: Words, _context: ToolContext) -> ToolAnswer:
        raise error

    return answer


def asker(role: Role = Role.VIEWER, tenant: str = "t") -> Caller:
    return Caller(tenant, "sa_1", "ci", role, "tok_1")


def context(role: Role = Role.VIEWER, tenant: str = "t", **fields: Any) -> ToolContext:
    return ToolContext(CallContext(asker(role, tenant), "request-1"), tool_call_id="call_1", run_id="run_1", **fields)


async def call(one: Tool, arguments: str = "{}", **fields: Any) -> ExecutedCall:
    return await Toolbox([one], **fields).execute(one.definition.name, arguments, context())


async def test_an_answer_arrives_as_json() -> None:
    reference = Reference(ReferenceKind.INCIDENT, "12")

    async def answer(parameters: Words, _context: ToolContext) -> ToolAnswer:
        data = {"said": parameters.text, "times": parameters.count}
        return found(data, references=(reference,), invocation="GET /", url="https://a/b")

    result = await call(tool(answer), '{"text": "hi"}')
    assert result.status is Status.SUCCESS
    assert json.loads(result.data) == {"said": "hi", "times": 1}
    assert (result.is_json, result.capped, result.error) == (True, False, "")
    assert result.params == {"text": "hi"}
    assert (result.references, result.invocation, result.url) == ((reference,), "GET /", "https://a/b")
    assert result.elapsed_seconds >= 0


async def test_text_stays_text() -> None:
    result = await call(tool(answering("plain")))
    assert (result.data, result.is_json) == ("plain", False)


async def test_nothing_found_is_no_error() -> None:
    async def answer(_parameters: Words, _context: ToolContext) -> ToolAnswer:
        return nothing("no incident", invocation="status:active")

    result = await call(tool(answer))
    assert (result.status, result.data, result.invocation) == (Status.NO_DATA, "no incident", "status:active")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param("{", "not valid JSON", id="no JSON"),
        pytest.param("[1]", "must be a JSON object", id="a list"),
        pytest.param('"text"', "must be a JSON object", id="a text"),
        pytest.param('{"text": "' + "x" * 11 + '"}', "text: String should have at most 10 characters", id="too long"),
        pytest.param('{"count": 0}', "count: Input should be greater than", id="too small"),
        pytest.param('{"other": 1}', "other: Extra inputs are not permitted", id="unknown"),
        pytest.param('{"text": {"a": [1]}}', "text: Input should be a valid string", id="wrong type"),
        pytest.param("[" * 100_000, "not valid JSON", id="endless depth"),
        pytest.param('"' + "x" * (5 << 20) + '"', "at most", id="huge"),
        pytest.param('{"text": "\\ud800"}', "not valid JSON", id="half a surrogate pair"),
    ],
)
async def test_wrong_arguments_are_told(arguments: str, why: str) -> None:
    result = await call(tool(answering("never")), arguments)
    assert result.status is Status.ERROR
    assert why in result.error
    assert len(result.error) < 1000
    assert result.data == ""


async def test_blank_arguments_are_none() -> None:
    assert (await call(tool(answering("yes")), " \n")).status is Status.SUCCESS


async def test_an_unknown_tool_leads_to_near_ones() -> None:
    toolbox = Toolbox([tool(answering("x"), "fleet_changes")])
    result = await toolbox.execute("fleet_change", "{}", context())
    assert result.status is Status.ERROR
    assert "there is no tool 'fleet_change'; did you mean fleet_changes?" in result.error
    assert "x" * 81 not in (await toolbox.execute("x" * 100_000, "{}", context())).error


async def test_a_role_that_is_too_low_is_refused() -> None:
    toolbox = Toolbox([tool(answering("changed"), "change", role=Role.EDITOR, writes=True), tool(answering("x"))])
    result = await toolbox.execute("change", "{}", context(Role.VIEWER))
    assert (result.status, result.error) == (
        Status.ERROR,
        "change needs the role editor, which the asker does not have",
    )
    assert (await toolbox.execute("change", "{}", context(Role.EDITOR))).data == "changed"
    assert [each.name for each in toolbox.definitions(asker())] == ["echo"]
    assert [each.name for each in toolbox.definitions(asker(Role.EDITOR))] == ["change", "echo"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(ToolFailed("Loki says 503", return_code=503), "Loki says 503", id="a tool's own"),
        pytest.param(NotFound(Reason.INCIDENT_NOT_FOUND, "no incident 7"), "no incident 7", id="the house's"),
        pytest.param(TimeoutError(), "waited too long", id="a timeout within"),
        pytest.param(asyncio.CancelledError(), "interrupted from within", id="a cancellation that leaked"),
    ],
)
async def test_failures_with_a_sentence(error: BaseException, told: str) -> None:
    result = await call(tool(raising(error)))
    assert result.status is Status.ERROR
    assert told in result.error


async def test_a_failure_carries_its_return_code() -> None:
    result = await call(tool(raising(ToolFailed("no", invocation="GET /x", return_code=503))))
    assert (result.return_code, result.invocation) == (503, "GET /x")


async def test_an_unexpected_failure_is_logged_once_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        result = await call(tool(raising(RuntimeError(f"inner detail {SECRET}"))))
    assert result.status is Status.ERROR
    assert "failed unexpectedly" in result.error
    assert "inner detail" not in result.error
    assert len(caplog.records) == 1
    assert "inner detail" in caplog.text
    assert SECRET not in caplog.text


async def test_a_group_of_failures_is_a_failure() -> None:
    result = await call(tool(raising(ExceptionGroup("several", [ValueError("a"), OSError("b")]))))
    assert result.status is Status.ERROR


async def test_a_tool_that_hangs_is_given_up() -> None:
    async def hang(_parameters: Words, _context: ToolContext) -> ToolAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    began = time.monotonic()
    result = await call(tool(hang, timeout=0.05))
    assert result.error == "echo did not answer within 0.05 seconds and was given up"
    assert time.monotonic() - began < 5


async def test_a_cancellation_passes_through() -> None:
    begun = asyncio.Event()

    async def hang(_parameters: Words, _context: ToolContext) -> ToolAnswer:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    running = asyncio.create_task(call(tool(hang)))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_50_megabytes_are_cut() -> None:
    result = await call(tool(answering("é" * (25 << 20))))
    assert result.capped
    assert len(result.data.encode()) < (1 << 20) + 100
    assert result.data.endswith("[cut: the tool answered more than 1048576 bytes]")


async def test_large_json_is_cut_to_text() -> None:
    result = await call(tool(answering([{"row": number} for number in range(200_000)])))
    assert (result.capped, result.is_json, result.status) == (True, False, Status.SUCCESS)
    assert result.data.startswith('[{"row":0}')


async def test_a_secret_at_the_cut_is_not_halved() -> None:
    text = "x" * 995 + " " + SECRET
    result = await call(tool(answering(text)), most_bytes=1000)
    assert result.capped
    assert "qd_a" not in result.data


async def test_what_fits_exactly_is_not_cut() -> None:
    result = await call(tool(answering("x" * 1000)), most_bytes=1000)
    assert (result.capped, len(result.data)) == (False, 1000)


async def test_secrets_go_everywhere() -> None:
    data = {"password": "sesame", "text": f"use {SECRET}"}
    answer = answering(
        data,
        invocation="GET https://user:sesame@host/",
        url="https://user:sesame@host/",
        references=(Reference(ReferenceKind.COLLECTOR, "c", title=SECRET),),
    )

    class Login(Parameters):
        password: str = ""

    login = TypedTool(name="login", description="d", toolset="t", parameters=Login, answer=answer, sentence="Logs in")
    result = await call(login, '{"password": "sesame"}')
    assert result.status is Status.SUCCESS
    assert "sesame" not in repr(result)
    assert SECRET not in repr(result)
    assert "sesame" not in Toolbox([login]).describe("login", '{"password": "sesame"}', asker())
    failed = await call(tool(raising(ToolFailed(f"refused {SECRET}", invocation=f"token={SECRET}"))))
    assert SECRET not in repr(failed)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param({"n": 1 << 80}, "1.2089258196146292e+24", id="a large integer"),
        pytest.param({"t": "a\ud800b"}, "a?b", id="half a surrogate pair"),
        pytest.param({"n": float("nan")}, "null", id="not a number"),
        pytest.param({1: {2, 3}}, "{2, 3}", id="no JSON at all"),
        pytest.param("a\x00b", "a\N{REPLACEMENT CHARACTER}b", id="NUL"),
    ],
)
async def test_what_json_has_not_becomes_text(data: Any, text: str) -> None:
    result = await call(tool(answering(data)))
    assert result.status is Status.SUCCESS
    assert text in result.data
    result.data.encode()


async def test_endless_data_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    data: list[Any] = []
    data.append(data)
    result = await call(tool(answering(data)))
    assert result.status is Status.ERROR
    assert len(caplog.records) == 1


async def test_references_have_a_limit() -> None:
    many = tuple(Reference(ReferenceKind.COLLECTOR, str(number)) for number in range(80))
    assert len((await call(tool(answering("x", references=many)))).references) == 50


@dataclass(frozen=True, slots=True)
class OfTenant:
    """A tool of one tenant, as integrations have them."""

    inner: TypedTool[Words]
    tenant_id: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


async def test_tools_that_come_and_go_and_belong_to_a_tenant() -> None:
    coming: list[Any] = []
    toolbox = Toolbox([tool(answering("fixed"))], more=lambda: coming)
    assert toolbox.find("notes_add", asker()) is None
    coming += [
        OfTenant(tool(answering("ours"), "notes_add"), "t"),
        OfTenant(tool(answering("theirs"), "other"), "u"),
        tool(answering("an impostor"), "echo"),
    ]
    assert [each.name for each in toolbox.definitions(asker())] == ["echo", "notes_add"]
    assert (await toolbox.execute("notes_add", "{}", context())).data == "ours"
    assert (await toolbox.execute("other", "{}", context())).status is Status.ERROR
    assert (await toolbox.execute("other", "{}", context(tenant="u"))).data == "theirs"
    assert (await toolbox.execute("echo", "{}", context())).data == "fixed"
    assert list(toolbox.toolsets(asker())) == ["tests"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param('{"text": "a\\n b", "count": 2}', "Echoes: text=a b, count=2", id="arguments in one line"),
        pytest.param("{}", "Echoes", id="none"),
        pytest.param("{", "echo", id="no JSON"),
        pytest.param('{"nested": {"a": [1]}}', "Echoes: nested={'a': [1]}", id="unknown ones"),
    ],
)
async def test_descriptions(arguments: str, line: str) -> None:
    assert Toolbox([tool(answering("x"))]).describe("echo", arguments, asker()) == line


async def test_descriptions_are_short_and_never_fail() -> None:
    toolbox = Toolbox([tool(answering("x"))])
    assert len(toolbox.describe("echo", json.dumps({"text": "x" * 100_000}), asker())) == 200
    assert toolbox.describe("what\nis", "{}", asker()) == "what is (unknown)"


async def test_the_plan() -> None:
    toolbox, here = Toolbox([plan_tool()]), context()
    todos = [
        {"id": 1, "content": "look\nat changes", "status": "completed"},
        {"id": "2", "content": "look at logs", "status": "in_progress"},
        {"id": "3", "content": "answer", "status": "pending"},
    ]
    result = await toolbox.execute("TodoWrite", json.dumps({"todos": todos}), here)
    assert result.data == "Plan: 1 of 3 done\n[x] 1. look at changes\n[~] 2. look at logs\n[ ] 3. answer"
    assert [todo["id"] for todo in here.scratch[PLAN]] == ["1", "2", "3"]
    wrong = await toolbox.execute("TodoWrite", '{"todos": [{"id": "1", "content": "x", "status": "lost"}]}', here)
    assert wrong.status is Status.ERROR
    assert "todos.0.status" in wrong.error


async def test_schemas_are_plain() -> None:
    definition = plan_tool().definition
    assert definition.parameters["type"] == "object"
    assert definition.parameters["required"] == ["todos"]
    assert '"title"' not in json.dumps(definition.parameters)
