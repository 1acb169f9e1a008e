"""Questions: what a prompt becomes before a run takes it up. The same for chats, A2A and investigations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarterdeck.assistant.prompts.prompts import system_prompt, without_context
from quarterdeck.assistant.run import API_AGENT, ChatMessage, OnApproval, RunRecord, RunRequest, Source
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.assistant.settings_objects.instructions import Instructions
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.identity.call import Caller


class Asking:
    """Asks questions in chats."""

    def __init__(self, runs: Runs, instructions: Instructions) -> None:
        self._runs = runs
        self._instructions = instructions

    async def ask(
        self,
        caller: Caller,
        prompt: str,
        *,
        chat_id: str = "",
        model: str = "",
        source: Source = Source.ASSISTANT,
        agent_id: str = API_AGENT,
        headers: Mapping[str, str] | None = None,
        analytics: Mapping[str, Any] | None = None,
        investigation_id: str = "",
        shown: str = "",
        also: Any = None,
    ) -> RunRecord:
        """The run that answers. `shown` is the prompt as people see it, when that differs.

        Raises Invalid for a blank prompt, NotFound for an unknown chat, PreconditionFailed while the chat is busy.
        """
        display = shown or without_context(prompt)
        if not display.strip():
            why = "is empty"
            raise Invalid(Reason.FIELD_INVALID, "the prompt is empty", violations=(FieldViolation("prompt", why),))
        history: Sequence[ChatMessage] = ()
        if chat_id:
            history = await self._runs.chat_messages(caller.tenant_id, chat_id)
        extra, told = await self._instructions.applied(caller, prompt)
        request = RunRequest(
            messages=(
                {"role": "system", "content": system_prompt(extra=extra)},
                *history,
                {"role": "user", "content": told},
            ),
            on_approval=OnApproval.WAIT,
            streams_text=True,
            headers=dict(headers or {}),
            agent_id=agent_id,
            investigation_id=investigation_id,
            analytics=dict(analytics or {}),
        )
        return await self._runs.begin(
            caller, request, prompt=display, model=model, source=source, chat_id=chat_id, also=also
        )
