"""`Toolbox`: every call of every tool goes through here, and always ends with a result."""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from pydantic import ValidationError

from quarterdeck.assistant.engine.engine import ToolDefinition
from quarterdeck.assistant.run import storable
from quarterdeck.assistant.tools.redaction import redact, redact_text
from quarterdeck.assistant.tools.tool import Reference, Status, Tool, ToolAnswer, ToolContext, ToolFailed
from quarterdeck.errors import DomainError
from quarterdeck.identity.call import Caller

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 1 << 20
"""Of one result's data; what is more is cut before anybody keeps it."""
MOST_ARGUMENTS: Final = 4 << 20
"""Characters of one call's arguments."""

_CUT: Final = "\n\n[cut: the tool answered more than {} bytes]"
_MOST_REFERENCES: Final = 50
_MOST_TEXT: Final = 8192
"""Characters of an error, an invocation or a URL."""
_LINE: Final = 200
_QUOTED: Final = 80
_SLACK: Final = 16 * 1024
"""Characters behind the cap that the patterns still read: a secret that the cut would halve is whole there."""
_IN_THREAD_FROM: Final = 64 * 1024
"""Characters from which the patterns run beside the event loop."""


@dataclass(frozen=True, slots=True)
class ExecutedCall:
    """What came of a call, without secrets, and never larger than the cap."""

    status: Status
    data: str = ""
    """Text; JSON text when `is_json`."""
    is_json: bool = False
    error: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    invocation: str = ""
    elapsed_seconds: float = 0.0
    references: tuple[Reference, ...] = ()
    capped: bool = False
    """Whether data was cut; what is left of JSON is plain text then."""
    return_code: int | None = None


class Toolbox:
    """The tools of one server. Names are unique: of two with one name, the first counts.

    `more` is asked each time for the tools that come and go, such as those of MCP servers. A tool with a `tenant_id`
    exists for that tenant only, one with an `account` for that account of it only.
    """

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        most_bytes: int = MOST_BYTES,
        more: Callable[[], Iterable[Tool]] = tuple,
    ) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self._tools.setdefault(tool.definition.name, tool)
        self._most_bytes = most_bytes
        self._more = more

    def definitions(self, caller: Caller) -> tuple[ToolDefinition, ...]:
        """What a model may be told of when this caller asks."""
        return tuple(tool.definition for tool in self._present(caller).values() if tool.role <= caller.role)

    def find(self, name: str, caller: Caller) -> Tool | None:
        """The tool of this name, when there is one for the caller, whatever the caller's role."""
        tool = self._tools.get(name)
        return tool if tool is not None and _is_for(tool, caller) else self._present(caller).get(name)

    def toolsets(self, caller: Caller) -> dict[str, list[Tool]]:
        """The tools by their toolset, in the order of the toolbox."""
        found: dict[str, list[Tool]] = {}
        for tool in self._present(caller).values():
            found.setdefault(tool.toolset, []).append(tool)
        return found

    def describe(self, name: str, arguments: str, caller: Caller) -> str:
        """A call in one line of at most 200 characters, for people, without secrets. Never fails."""
        tool = self.find(name, caller)
        if tool is None:
            return f"{redact_text(_shown(name))} (unknown)"
        try:
            line = tool.describe(redact(read_arguments(arguments)))
        except Exception:  # noqa: BLE001 - the arguments are whatever a model wrote
            line = name
        return redact_text(" ".join(line.split()))[:_LINE]

    async def execute(self, name: str, arguments: str, context: ToolContext) -> ExecutedCall:
        """Make a call. Whatever happens is told in the result; only a cancellation passes through.

        `arguments` is JSON text as a model wrote it. Refused, with an error: a tool that is not known, arguments that
        are not right, and a caller below the tool's role.
        """
        began = time.perf_counter()
        params: Mapping[str, Any] = {}
        try:
            tool = self._known(name, context)
            params = read_arguments(arguments)
            answer = await _answer(tool, name, params, context)
            finished = await self.finished(answer, params)
        except ToolFailed as error:
            answer = ToolAnswer(
                Status.ERROR, error=str(error), invocation=error.invocation, return_code=error.return_code
            )
            finished = await self.finished(answer, params)
        except Exception as error:  # noqa: BLE001 - a tool may answer with whatever it likes
            finished = await self.finished(_unexpected(name, error, context), params)
        return replace(finished, elapsed_seconds=round(time.perf_counter() - began, 4))

    def _present(self, caller: Caller) -> dict[str, Tool]:
        present = {name: tool for name, tool in self._tools.items() if _is_for(tool, caller)}
        for tool in self._more():
            if _is_for(tool, caller):
                present.setdefault(tool.definition.name, tool)
        return present

    def _known(self, name: str, context: ToolContext) -> Tool:
        caller = context.call.caller
        tool = self.find(name, caller)
        if tool is None:
            usable = [each.name for each in self.definitions(caller)]
            near = difflib.get_close_matches(name[:_QUOTED], usable, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ToolFailed(f"there is no tool {_shown(name)!r}{hint}")
        if caller.role < tool.role:
            raise ToolFailed(f"{name} needs the role {tool.role.name.lower()}, which the asker does not have")
        return tool

    async def finished(self, answer: ToolAnswer, params: Mapping[str, Any]) -> ExecutedCall:
        """What an answer becomes, wherever it comes from: without secrets, and no larger than the cap."""
        size = _size(answer.data) + sum(len(value) for value in params.values() if isinstance(value, str))
        if size < _IN_THREAD_FROM:
            return self._clean(answer, params)
        return await asyncio.to_thread(self._clean, answer, params)

    def _clean(self, answer: ToolAnswer, params: Mapping[str, Any]) -> ExecutedCall:
        data, is_json, capped = self._text(answer.data)
        return ExecutedCall(
            status=Status(answer.status),
            data=data,
            is_json=is_json,
            error=_clean_text(answer.error),
            params=redact(params),
            url=_clean_text(answer.url),
            invocation=_clean_text(answer.invocation),
            references=tuple(
                replace(each, title=redact_text(each.title[:_LINE])) for each in answer.references[:_MOST_REFERENCES]
            ),
            capped=capped,
            return_code=answer.return_code,
        )

    def _text(self, data: Any) -> tuple[str, bool, bool]:
        """The data as text; whether that is JSON; whether it was cut."""
        if data is None:
            return "", False, False
        if isinstance(data, str):
            return self._cut(data)
        raw = _json(data)
        if len(raw) <= self._most_bytes:
            clean = orjson.dumps(redact(orjson.loads(raw)))
            if len(clean) <= self._most_bytes:
                return clean.decode(), True, False
            raw = clean
        text, _, capped = self._cut(raw[: self._most_bytes + _SLACK].decode(errors="ignore"))
        return text, False, capped

    def _cut(self, text: str) -> tuple[str, bool, bool]:
        # Cut before the patterns run over it: they need not read 50 MB.
        raw = redact_text(storable(text[: self._most_bytes + _SLACK])).encode()
        if len(raw) <= self._most_bytes:
            return raw.decode(), False, False
        return raw[: self._most_bytes].decode(errors="ignore") + _CUT.format(self._most_bytes), False, True


async def _answer(tool: Tool, name: str, params: Mapping[str, Any], context: ToolContext) -> ToolAnswer:
    """The tool's own answer. Raises ToolFailed for everything that a model may be told of."""
    try:
        async with asyncio.timeout(tool.timeout) as patience:
            return await tool.run(params, context)
    except TimeoutError as error:
        if patience.expired():
            raise ToolFailed(f"{name} did not answer within {tool.timeout:g} seconds and was given up") from None
        raise ToolFailed(f"{name} waited too long for something that it needs") from error
    except ValidationError as error:
        raise ToolFailed(_violations(error)) from None
    except DomainError as error:
        raise ToolFailed(error.message) from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # Nobody cancelled this call: something within the tool was, and leaked it.
        raise ToolFailed(f"{name} was interrupted from within") from error


def read_arguments(arguments: str) -> dict[str, Any]:
    """The JSON object that a model wrote; an empty one for blank text. Raises ToolFailed for anything else."""
    if len(arguments) > MOST_ARGUMENTS:
        raise ToolFailed(f"the arguments have {len(arguments)} characters; at most {MOST_ARGUMENTS} are accepted")
    if not arguments.strip():
        return {}
    try:
        value = orjson.loads(arguments)
    except orjson.JSONDecodeError as error:
        raise ToolFailed(f"the arguments are not valid JSON: {error.msg}") from None
    if not isinstance(value, dict):
        raise ToolFailed("the arguments must be a JSON object")
    return value


def _unexpected(name: str, error: Exception, context: ToolContext) -> ToolAnswer:
    trace = redact_text("".join(traceback.format_exception(error)))
    _log.error("tool %s failed unexpectedly in run %s:\n%s", _shown(name), context.run_id, trace)
    return ToolAnswer(
        Status.ERROR, error=f"{_shown(name)} failed unexpectedly; the server's log of run {context.run_id} has more"
    )


def _json(data: Any) -> bytes:
    """JSON text of anything: what JSON has not becomes text."""
    try:
        return orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Halves of surrogate pairs, and integers of more than 64 bits.
        return storable(json.dumps(data, default=str, ensure_ascii=False)).encode()


def _is_for(tool: Tool, caller: Caller) -> bool:
    tenant_id, account = getattr(tool, "tenant_id", ""), getattr(tool, "account", "")
    return tenant_id in {"", caller.tenant_id} and account in {"", caller.account_name}


def _size(data: Any) -> int:
    """Characters of the data, or as many as say that it is large."""
    if isinstance(data, str):
        return len(data)
    return _IN_THREAD_FROM if isinstance(data, Mapping | list | tuple) and _is_large(data) else 0


def _is_large(data: Any) -> bool:
    """Whether a JSON value has more than a few hundred parts, or long texts; looks at no more than it must."""
    parts, characters, waiting = 0, 0, [data]
    while waiting:
        value = waiting.pop()
        parts += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        if parts > 1000 or characters > _IN_THREAD_FROM:
            return True
    return False


def _clean_text(text: str) -> str:
    return redact_text(storable(text[:_MOST_TEXT]))


def _shown(name: str) -> str:
    return " ".join(name[:_QUOTED].split())


def _violations(error: ValidationError) -> str:
    each = (f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()[:5])
    return f"the arguments are not right: {'; '.join(each)}"
