"""A2A's agents: what a message to one begins, and what cancels it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from quarterdeck.assistant.asking import Asking
from quarterdeck.assistant.grafana.a2a import STATES, TOKEN_STREAMING, TaskUpdates
from quarterdeck.assistant.run import AGENTS, CLI_AGENT, RunRecord, RunState, Source
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.errors import FieldViolation, Invalid, NotFound, Reason
from quarterdeck.identity.call import CallContext

_MOST_PROMPT: Final = 200_000


class Agents:
    """Takes messages to the agents."""

    def __init__(self, runs: Runs, asking: Asking) -> None:
        self._runs = runs
        self._asking = asking

    async def send(self, agent_id: str, params: Mapping[str, Any], call: CallContext) -> RunRecord:
        """The run that answers a message. Raises NotFound for an unknown agent or chat, Invalid for a bad message."""
        _check_agent(agent_id)
        return await self._asking.ask(
            call.caller,
            _prompt(params),
            chat_id=str(params.get("contextId") or (params.get("message") or {}).get("contextId") or ""),
            source=Source.CLI if agent_id == CLI_AGENT else Source.ASSISTANT,
            agent_id=agent_id,
        )

    async def updates(self, run: RunRecord, extensions: str) -> AsyncGenerator[dict[str, Any], None]:
        """The results of `message/stream`, to the final one."""
        updates = TaskUpdates(run, streams_tokens=TOKEN_STREAMING in re.split(r"[,\s]+", extensions))
        async with aclosing(self._runs.follow(run)) as events:
            async for event in events:
                for update in updates.of(event):
                    yield update

    async def cancel(self, agent_id: str, params: Mapping[str, Any], call: CallContext) -> dict[str, Any]:
        """`tasks/cancel`: the task as it is then. Raises NotFound for an unknown task, and for another agent's."""
        _check_agent(agent_id)
        task_id = str(params.get("id") or "")
        if (await self._runs.get(call.tenant_id, task_id)).request.agent_id != agent_id:
            raise NotFound(Reason.RUN_NOT_FOUND, f"agent {agent_id} has no task {task_id[:80]!r}")
        run = await self._runs.cancel(call.caller, task_id)
        state = STATES[run.state if run.state.is_final else RunState.CANCELED]
        return {"kind": "task", "id": run.id, "contextId": run.chat_id, "status": {"state": state}}


def _check_agent(agent_id: str) -> None:
    if agent_id not in AGENTS:
        raise NotFound(Reason.OBJECT_NOT_FOUND, f"there is no agent {agent_id[:80]!r}; there are {', '.join(AGENTS)}")


def _prompt(params: Mapping[str, Any]) -> str:
    message = params.get("message")
    parts = message.get("parts") if isinstance(message, Mapping) else None
    texts = [
        part["text"]
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, Mapping) and part.get("kind", "text") == "text" and isinstance(part.get("text"), str)
    ]
    text = "\n".join(texts)
    if not text.strip() or len(text) > _MOST_PROMPT:
        why = f"must have text of 1 to {_MOST_PROMPT} characters"
        raise Invalid(Reason.FIELD_INVALID, f"the message {why}", violations=(FieldViolation("message.parts", why),))
    return text
