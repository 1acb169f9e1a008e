"""A run's events as results of A2A's `message/stream`. contracts/assistant.md, 4.2 to 4.6."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from google.protobuf.struct_pb2 import Struct

from quarterdeck.assistant.run import RunRecord, RunState
from quarterdeck.assistant.running.endings import why_it_ended
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.messages import plain_struct

TOKEN_STREAMING: Final = "https://grafana.com/extensions/token-streaming/v1"  # noqa: S105 - the name of an extension
MOST_RESULT: Final = 200_000
"""Characters of a tool's result in one line: lines have to stay below 1 MiB, and JSON may write a character as six."""

_LONGEST_LINE: Final = 1_000_000
"""Bytes of JSON that a client reads as one line, with room for what stands around it."""

_FINAL: Final = {"completed": "completed", "failed": "failed", "interrupted": "failed", "canceled": "canceled"}


STATES: Final = {
    RunState.SUBMITTED: "submitted",
    RunState.WORKING: "working",
    RunState.INPUT_REQUIRED: "input-required",
    RunState.COMPLETED: "completed",
    RunState.FAILED: "failed",
    RunState.INTERRUPTED: "failed",
    RunState.CANCELED: "canceled",
}


class TaskUpdates:
    """The updates of one run. With `streams_tokens` pieces of text are sent as they come, besides the whole."""

    def __init__(self, run: RunRecord, *, streams_tokens: bool) -> None:
        self._run = run
        self._streams_tokens = streams_tokens
        self._open = False
        self._index = 0

    def of(self, event: run_pb2.RunEvent) -> Iterator[dict[str, Any]]:
        """The results that an event becomes, in order."""
        kind = str(event.WhichOneof("event"))
        match kind:
            case "started":
                yield self._status("submitted")
                yield self._status("working")
            case "text_delta" | "thinking_delta" if self._streams_tokens:
                yield from self._delta(event)
            case "step_finished":
                yield from self._step(event.step_finished)
            case "tool_call_started":
                started = event.tool_call_started
                data = {
                    "toolId": started.tool_call_id,
                    "toolName": started.tool_name,
                    "inputs": _shown(started.arguments),
                }
                yield self._artifact("step.toolCall", data)
            case "tool_call_finished":
                yield self._tool_result(event.tool_call_finished)
            case "approval_asked":
                yield self._approval(event.approval_asked.approval)
            case "remote_tool_requested":
                yield self._remote(event.remote_tool_requested)
            case "paused":
                yield self._status("input-required")
            case "resumed":
                yield self._status("working")
            case _ if kind in _FINAL:
                if self._open:
                    self._open = False
                    yield self._artifact("message.stream.complete", {})
                yield self._status(_FINAL[kind], final=True, message=why_it_ended(event))
            case _:
                return

    def _step(self, step: run_pb2.StepFinished) -> Iterator[dict[str, Any]]:
        if self._open:
            self._open = False
            yield self._artifact("message.stream.complete", {})
        for text in _lines_of(step.text):
            yield self._artifact("step.message", None, text=text)
        usage = step.figures.usage
        counted = {"InputTokens": usage.prompt_tokens, "OutputTokens": usage.completion_tokens}
        yield self._artifact(
            "step.complete",
            {"stopReason": "tool_use" if step.tool_calls else "end_turn"},
            metadata={"agent-traceability": {"usage": counted}},
        )

    def _delta(self, event: run_pb2.RunEvent) -> Iterator[dict[str, Any]]:
        if not self._open:
            self._open = True
            yield self._artifact("message.stream.start", {})
        if event.HasField("text_delta"):
            data = {"delta": event.text_delta.text, "contentType": "text"}
        else:
            data = {"delta": event.thinking_delta.text, "contentType": "thinking"}
        yield self._artifact("message.content.delta", data)

    def _tool_result(self, finished: run_pb2.ToolCallFinished) -> dict[str, Any]:
        text = finished.content
        shown = text if len(text) <= MOST_RESULT else f"{text[:MOST_RESULT]}\n\n[TRUNCATED]"
        return self._artifact(
            "step.toolResult",
            {
                "toolId": finished.tool_call_id,
                "toolName": finished.tool_name,
                "toolResult": [{"type": "text", "text": shown}],
                "isError": finished.result.status == tool_pb2.TOOL_STATUS_ERROR,
            },
        )

    def _approval(self, approval: run_pb2.PendingApproval) -> dict[str, Any]:
        return self._artifact(
            "step.approval",
            {
                "id": f"{self._run.id}.{approval.tool_call_id}",
                "chatId": self._run.chat_id,
                "tenantId": self._run.tenant_id,
                "userId": self._run.caller.account_name,
                "toolName": approval.tool_name,
                "toolInput": _shown(approval.arguments),
                "description": approval.description,
            },
        )

    def _remote(self, asked: run_pb2.RemoteToolRequested) -> dict[str, Any]:
        data = {
            "requestId": asked.request_id,
            "chatId": self._run.chat_id,
            "toolName": asked.tool_name,
            "toolInput": _shown(asked.arguments),
            "timeoutMs": asked.timeout_ms,
        }
        return {"type": "REMOTE_TOOL_REQUEST", "data": data}

    def _status(self, state: str, *, final: bool = False, message: str = "") -> dict[str, Any]:
        status: dict[str, Any] = {"state": state}
        if message:
            status["message"] = {
                "kind": "message",
                "role": "agent",
                "messageId": f"{self._run.id}-status",
                "parts": [{"kind": "text", "text": message}],
            }
        ids = {"taskId": self._run.id, "contextId": self._run.chat_id}
        return {"kind": "status-update", **ids, "status": status, "final": final}

    def _artifact(
        self, name: str, data: Mapping[str, Any] | None, *, text: str = "", metadata: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        self._index += 1
        part = {"kind": "text", "text": text} if data is None else {"kind": "data", "data": dict(data)}
        artifact: dict[str, Any] = {
            "kind": "artifact",
            "artifactId": f"{self._run.id}-{self._index}",
            "name": name,
            "parts": [part],
        }
        if metadata is not None:
            artifact["metadata"] = dict(metadata)
        ids = {"taskId": self._run.id, "contextId": self._run.chat_id}
        return {"kind": "artifact-update", **ids, "artifact": artifact, "append": False, "lastChunk": True}


def _shown(arguments: Struct) -> dict[str, Any]:
    """Arguments, in one order and with whole numbers as such; a note in their place when they fill more than a line."""
    written = orjson.dumps(plain_struct(arguments, "arguments"), option=orjson.OPT_SORT_KEYS)
    if len(written) > _LONGEST_LINE:
        return {"truncated": f"{len(written)} bytes of arguments are not shown"}
    shown: dict[str, Any] = orjson.loads(written)
    return shown


def _lines_of(text: str) -> Iterator[str]:
    """A text in pieces of less than a line of the stream. Clients join them with line breaks, so it ends at one."""
    while len(text) > MOST_RESULT:
        end = text.rfind("\n", 0, MOST_RESULT)
        cut, rest = (end, end + 1) if end > 0 else (MOST_RESULT, MOST_RESULT)
        yield text[:cut]
        text = text[rest:]
    if text:
        yield text
