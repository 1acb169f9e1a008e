"""`assistant.v1.ChatService`: chats for our own clients."""

from __future__ import annotations

from functools import partial

from quarterdeck.assistant.asking import Asking
from quarterdeck.assistant.convert import from_chat, from_run
from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.run import ChatRecord, RunRecord, Source
from quarterdeck.assistant.running.decisions import Decisions
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.assistant.store import runs as store
from quarterdeck.assistant.transcript import Transcript
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.gen.assistant.v1 import chat_service_pb2 as pb
from quarterdeck.identity.call import CallContext

PAGE = 50
_LISTED = tuple(source.value for source in Source if source is not Source.HOLMES)


class ChatService:
    """Asks, lists and reads back."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        runs: Runs,
        decisions: Decisions,
        feeds: ChatFeeds,
        asking: Asking,
        models: Models,
    ) -> None:
        self._database = database
        self._clock = clock
        self._runs = runs
        self._decisions = decisions
        self._feeds = feeds
        self._asking = asking
        self._models = models

    async def ask(self, request: pb.AskRequest, call: CallContext) -> pb.AskResponse:
        self._models.check(request.model)
        run = await self._asking.ask(
            call.caller, request.prompt, chat_id=request.chat_id, model=request.model, source=Source.CLI
        )
        return pb.AskResponse(run=from_run(run))

    async def get_chat(self, request: pb.GetChatRequest, call: CallContext) -> pb.GetChatResponse:
        def read(connection: Connection) -> tuple[ChatRecord, list[RunRecord]]:
            chat = store.find_chat(connection, call.tenant_id, request.id)
            return chat, store.runs_of(connection, call.tenant_id, request.id)

        chat, runs = await self._database.read(read)
        events = await self._feeds.read_all(call.tenant_id, chat.id, 0)
        waiting = await self._decisions.pending(call.tenant_id, chat.last_run_id)
        return pb.GetChatResponse(
            chat=from_chat(chat, runs[-1] if runs else None),
            messages=Transcript.of(events).messages(),
            runs=[from_run(run, waiting if run.id == chat.last_run_id else ()) for run in runs],
        )

    async def list_chats(self, request: pb.ListChatsRequest, call: CallContext) -> pb.ListChatsResponse:
        def read(connection: Connection) -> tuple[list[ChatRecord], int, dict[str, RunRecord]]:
            chats, total = store.list_chats(
                connection,
                call.tenant_id,
                sources=list(request.sources) or _LISTED,
                limit=request.limit or PAGE,
                offset=request.offset,
                include_archived=request.include_archived,
                archived_only=request.archived_only,
            )
            return chats, total, store.runs_by_id(connection, call.tenant_id, [chat.last_run_id for chat in chats])

        chats, total, runs = await self._database.read(read)
        return pb.ListChatsResponse(chats=[from_chat(chat, runs.get(chat.last_run_id)) for chat in chats], total=total)

    async def archive_chat(self, request: pb.ArchiveChatRequest, call: CallContext) -> pb.ArchiveChatResponse:
        archived_at = None if request.restore else self._clock.now()
        write = partial(store.archive_chat, tenant_id=call.tenant_id, chat_id=request.id, archived_at=archived_at)
        chat = await self._database.transaction(write)
        run = await self._runs.get(call.tenant_id, chat.last_run_id)
        return pb.ArchiveChatResponse(chat=from_chat(chat, run))

    async def list_models(self, request: pb.ListModelsRequest, call: CallContext) -> pb.ListModelsResponse:  # noqa: ARG002
        return pb.ListModelsResponse(
            models=[
                pb.Model(
                    name=each.name,
                    provider_id=each.provider_id,
                    is_default=each.is_default,
                    tool_support=each.tool_support,
                )
                for each in self._models.described()
            ]
        )
