"""`assistant.v1.AssistantAppService`: the Grafana Assistant's paths."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import orjson

from quarterdeck.assistant.asking import Asking
from quarterdeck.assistant.grafana.chat_events import ChatRecords, app_message
from quarterdeck.assistant.investigating import Investigations
from quarterdeck.assistant.run import ChatRecord, PendingCall, RunRecord, RunState, Source
from quarterdeck.assistant.running.decisions import Decisions
from quarterdeck.assistant.running.feeds import ChatFeeds, sequence_of
from quarterdeck.assistant.store import runs as store
from quarterdeck.assistant.store.investigations import InvestigationRecord, Search
from quarterdeck.assistant.transcript import Transcript
from quarterdeck.database import Connection, Database
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.assistant.v1 import app_service_pb2 as pb
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent
from quarterdeck.identity import CallContext, StreamTokens, stream_of
from quarterdeck.messages import plain_value

SUCCESS: Final = "success"
PAGE: Final = 50
_UPDATES_APART: Final = 0.1
"""Seconds between two records of a growing message, at least."""
_WATCH_CHAT: Final = "/assistant.v1.AssistantAppService/WatchChat"
_STATES: Final = {
    RunState.SUBMITTED: "pending",
    RunState.WORKING: "running",
    RunState.INPUT_REQUIRED: "running",
    RunState.COMPLETED: "completed",
    RunState.FAILED: "failed",
    RunState.INTERRUPTED: "failed",
    RunState.CANCELED: "cancelled",
}


class AssistantAppService:
    """Chats, their events and investigations, as the Assistant's clients know them."""

    def __init__(
        self,
        database: Database,
        decisions: Decisions,
        feeds: ChatFeeds,
        asking: Asking,
        investigations: Investigations,
        stream_tokens: StreamTokens,
    ) -> None:
        self._database = database
        self._decisions = decisions
        self._feeds = feeds
        self._asking = asking
        self._investigations = investigations
        self._stream_tokens = stream_tokens

    async def start_chat(self, request: pb.StartChatRequest, call: CallContext) -> pb.StartChatResponse:
        run = await self._asking.ask(call.caller, request.prompt, chat_id=request.chat_id)
        return pb.StartChatResponse(status=SUCCESS, data=pb.StartedChat(chat_id=run.chat_id))

    async def get_app_chat(self, request: pb.GetAppChatRequest, call: CallContext) -> pb.GetAppChatResponse:
        chat = _app_chat(await self._chat(request.chat_id, call))
        chat.messages.extend(await self._messages(request.chat_id, call))
        return pb.GetAppChatResponse(
            id=chat.id,
            name=chat.name,
            created=chat.created,
            modified=chat.modified,
            user_id=chat.user_id,
            category=chat.category,
            source=chat.source,
            messages=chat.messages,
            data=chat,
            status=SUCCESS,
        )

    async def list_app_chats(self, request: pb.ListAppChatsRequest, call: CallContext) -> pb.ListAppChatsResponse:
        wanted = [each.strip() for each in (request.source or Source.ASSISTANT).split(",") if each.strip()]
        if Source.ASSISTANT in wanted:
            wanted.append(Source.INVESTIGATION)

        def read(connection: Connection) -> tuple[list[ChatRecord], int]:
            return store.list_chats(
                connection,
                call.tenant_id,
                sources=None if "all" in wanted else wanted,
                limit=request.limit or PAGE,
                offset=request.offset,
                include_archived=request.include_archived,
                archived_only=request.archived_only,
            )

        chats, total = await self._database.read(read)
        page = pb.AppChatPage(items=[_app_chat(chat) for chat in chats], total=total)
        return pb.ListAppChatsResponse(status=SUCCESS, data=page)

    async def list_all_messages(
        self, request: pb.ListAllMessagesRequest, call: CallContext
    ) -> pb.ListAllMessagesResponse:
        await self._chat(request.chat_id, call)
        messages = pb.AppMessages(messages=await self._messages(request.chat_id, call))
        return pb.ListAllMessagesResponse(status=SUCCESS, data=messages)

    async def watch_chat(
        self, request: pb.WatchChatRequest, call: CallContext
    ) -> AsyncGenerator[pb.WatchChatResponse, None]:
        await self._chat(request.chat_id, call)
        records = ChatRecords(request.chat_id)
        events = await self._feeds.read_all(call.tenant_id, request.chat_id, 0)
        if request.after:
            after = sequence_of(request.after)
            records.known([event for event in events if event.sequence <= after])
        else:
            after = events[-1].sequence if events else 0
            for record in records.state(events):
                yield record
        following = self._feeds.follow(call.tenant_id, request.chat_id, after)
        async with aclosing(following), aclosing(_paced(records, following)) as paced:
            async for record in paced:
                yield record

    async def create_stream_token(
        self, request: pb.CreateStreamTokenRequest, call: CallContext
    ) -> pb.CreateStreamTokenResponse:
        chat = await self._chat(request.chat_id, call)
        made = self._stream_tokens.make(call.caller, stream_of(_WATCH_CHAT, {"chat_id": chat.id}))
        data = pb.AppStreamToken(token=made.text)
        data.expires_at.FromDatetime(made.expires_at)
        return pb.CreateStreamTokenResponse(status=SUCCESS, data=data)

    async def decide_app_approval(
        self, request: pb.DecideAppApprovalRequest, call: CallContext
    ) -> pb.DecideAppApprovalResponse:
        pending = await self._decisions.find(call.tenant_id, request.id)
        await self._check_chat(request.chat_id, pending, call)
        await self._decisions.decide(call.caller, pending.run_id, pending.tool_call_id, approved=request.approved)
        return pb.DecideAppApprovalResponse(status=SUCCESS)

    async def answer_app_remote_tool(
        self, request: pb.AnswerAppRemoteToolRequest, call: CallContext
    ) -> pb.AnswerAppRemoteToolResponse:
        error = _error_text(plain_value(request.error, "error"))
        success = request.success if request.HasField("success") else not error
        value = plain_value(request.result, "result") if request.HasField("result") else ""
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        await self._decisions.answer_remote(
            call.caller, "", request.request_id, success=success, result=text, error=error
        )
        return pb.AnswerAppRemoteToolResponse(status=SUCCESS)

    async def summarize_investigations(
        self, request: pb.SummarizeInvestigationsRequest, call: CallContext
    ) -> pb.SummarizeInvestigationsResponse:
        states = frozenset(state for state, name in _STATES.items() if name == request.state)
        wanted = Search(states=states if request.state else None, limit=request.limit or PAGE, offset=request.offset)
        found, total = await self._investigations.page(call.tenant_id, wanted)
        listed = [_app_investigation(record, run) for record, run in found]
        page = pb.AppInvestigationPage(investigations=listed, total=total)
        return pb.SummarizeInvestigationsResponse(status=SUCCESS, data=page)

    async def get_app_investigation(
        self, request: pb.GetAppInvestigationRequest, call: CallContext
    ) -> pb.GetAppInvestigationResponse:
        record, run = await self._investigations.get(call.tenant_id, request.id)
        return pb.GetAppInvestigationResponse(status=SUCCESS, data=_app_investigation(record, run))

    async def create_app_investigation(
        self, request: pb.CreateAppInvestigationRequest, call: CallContext
    ) -> pb.CreateAppInvestigationResponse:
        record, run = await self._investigations.start(call, title=request.title, description=request.description)
        return pb.CreateAppInvestigationResponse(status=SUCCESS, data=_app_investigation(record, run))

    async def cancel_app_investigation(
        self, request: pb.CancelAppInvestigationRequest, call: CallContext
    ) -> pb.CancelAppInvestigationResponse:
        record, before = await self._investigations.get(call.tenant_id, request.id)
        is_over = before.state.is_final and record.paused_run_id != before.id
        await self._investigations.cancel(call, request.id)
        done = f"The investigation was {_STATES[before.state]} already"
        message = pb.CancelledInvestigation(message=done if is_over else "Investigation cancelled")
        return pb.CancelAppInvestigationResponse(status=SUCCESS, data=message)

    async def _check_chat(self, chat_id: str, pending: PendingCall, call: CallContext) -> None:
        """Raises Invalid when a decision names another chat than that of the call it decides about."""
        if not chat_id:
            return
        run = await self._database.read(lambda connection: store.find_run(connection, call.tenant_id, pending.run_id))
        if run.chat_id != chat_id:
            why = "is not the chat of this approval"
            raise Invalid(Reason.FIELD_INVALID, f"chatId {why}", violations=(FieldViolation("chat_id", why),))

    async def _chat(self, chat_id: str, call: CallContext) -> ChatRecord:
        return await self._database.read(lambda connection: store.find_chat(connection, call.tenant_id, chat_id))

    async def _messages(self, chat_id: str, call: CallContext) -> list[pb.AppMessage]:
        events = await self._feeds.read_all(call.tenant_id, chat_id, 0)
        return [app_message(message) for message in Transcript.of(events).messages()]


async def _paced(
    records: ChatRecords, following: AsyncGenerator[RunEvent, None]
) -> AsyncGenerator[pb.WatchChatResponse, None]:
    """The records of what follows. A growing message comes `_UPDATES_APART` at least, and as it is when it rests."""
    told = 0.0
    late: RunEvent | None = None
    upcoming: asyncio.Task[RunEvent | None] | None = None
    try:
        while True:
            if late is not None:
                upcoming = upcoming or asyncio.ensure_future(anext(following, None))
                await asyncio.wait({upcoming}, timeout=max(0.0, told + _UPDATES_APART - time.monotonic()))
                if not upcoming.done():
                    for record in records.grown(late):
                        yield record
                    told, late = time.monotonic(), None
                    continue
            event = await (upcoming or anext(following, None))
            upcoming = None
            if event is None:
                return
            grows = time.monotonic() - told >= _UPDATES_APART
            for record in records.of(event, grows=grows):
                told = time.monotonic()
                yield record
            late = event if records.is_behind else None
    finally:
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.wait({upcoming})


def _error_text(error: Any) -> str:
    """Clients send a text, or an object with one."""
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    if error is None or isinstance(error, str):
        return error or ""
    return orjson.dumps(error).decode()


def _source(chat: ChatRecord) -> str:
    """`cli`, or `assistant` for whatever else people asked; HolmesGPT's chats are its own."""
    return (Source.ASSISTANT if chat.source is Source.INVESTIGATION else chat.source).value


def _app_chat(chat: ChatRecord) -> pb.AppChat:
    made = pb.AppChat(id=chat.id, name=chat.name, user_id=chat.created_by, category="assistant", source=_source(chat))
    made.created.FromDatetime(chat.created_at)
    made.modified.FromDatetime(chat.modified_at)
    return made


def _app_investigation(record: InvestigationRecord, run: RunRecord) -> pb.AppInvestigation:
    made = pb.AppInvestigation(
        id=record.id,
        title=record.title,
        state=_STATES[run.state],
        source=pb.AppInvestigationSource(type="user", user_id=run.caller.account_name),
        chat_id=record.chat_id,
        description=record.description,
        report=run.answer,
    )
    made.created_at.FromDatetime(record.created_at)
    made.updated_at.FromDatetime(run.finished_at or run.created_at)
    return made
