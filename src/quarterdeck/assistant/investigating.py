"""Investigations: begun from an incident or a title, and reported to the incident's timeline when they are over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import uuid4

from google.protobuf.json_format import MessageToDict

from quarterdeck.assistant.asking import Asking
from quarterdeck.assistant.prompts.prompts import INVESTIGATION, investigation_question, template
from quarterdeck.assistant.references import without_markers
from quarterdeck.assistant.run import INVESTIGATION_AGENT, ChatRecord, RunRecord, RunState, Source
from quarterdeck.assistant.running.runs import Runs
from quarterdeck.assistant.store import investigations as store
from quarterdeck.assistant.store import runs as run_store
from quarterdeck.assistant.store.investigations import Found, InvestigationRecord, Search
from quarterdeck.assistant.tools.incidents import is_private, private_is_not_read
from quarterdeck.clock import Clock
from quarterdeck.database import Connection, Database
from quarterdeck.errors import Invalid, PreconditionFailed, Reason
from quarterdeck.gen.incident.v1.activity_service_pb2 import ActivityQuery, AddActivityRequest, QueryActivityRequest
from quarterdeck.gen.incident.v1.incidents_service_pb2 import GetIncidentRequest
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.incidents.incidents_service import IncidentsService
from quarterdeck.jobs import Job, JobRunner, enqueue

QUEUE: Final = "assistant.reports"
_MOST_NOTE: Final = 20_000
_LOOKED_AT: Final = 100
_GO_ON: Final = "Go on with this investigation."
"""What a resumed investigation shows as its question."""


class Investigations:
    """Begins investigations, and reports them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        runs: Runs,
        asking: Asking,
        runner: JobRunner,
        incidents: IncidentsService,
        activity: ActivityService,
    ) -> None:
        self._database = database
        self._clock = clock
        self._runs = runs
        self._asking = asking
        self._incidents = incidents
        self._activity = activity
        runner.register(QUEUE, self._report)

    async def start(
        self,
        call: CallContext,
        *,
        incident_id: str = "",
        title: str = "",
        description: str = "",
        model: str = "",
        source: str = "api",
        properties: dict[str, Any] | None = None,
    ) -> tuple[InvestigationRecord, RunRecord]:
        """Raises NotFound for an unknown incident, PreconditionFailed for a private one, Invalid without any title."""
        facts: dict[str, Any] = {"title": title, "description": description}
        if incident_id:
            answer = await self._incidents.get_incident(GetIncidentRequest(incident_id=incident_id), call)
            if is_private(answer.incident):
                raise PreconditionFailed(Reason.INCIDENT_PRIVATE, private_is_not_read(incident_id))
            title = title or answer.incident.title
            facts = {**facts, "title": title, "incident_id": incident_id, "incident": _incident_facts(answer.incident)}
        if not title.strip():
            raise Invalid(Reason.FIELD_INVALID, "an investigation needs an incident, or a title")
        investigation = InvestigationRecord(
            tenant_id=call.tenant_id,
            id=str(uuid4()),
            title=title,
            description=description,
            incident_id=incident_id,
            chat_id="",
            source=source,
            created_at=self._clock.now(),
            properties=properties or {},
        )
        made: list[InvestigationRecord] = []

        def also(connection: Connection, run: RunRecord) -> None:
            record = InvestigationRecord(**{**_values(investigation), "chat_id": run.chat_id})
            store.add(connection, record)
            made[:] = [record]

        run = await self._asking.ask(
            call.caller,
            investigation_question(template(INVESTIGATION), {key: value for key, value in facts.items() if value}),
            model=model,
            source=Source.INVESTIGATION,
            agent_id=INVESTIGATION_AGENT,
            investigation_id=investigation.id,
            shown=title,
            also=also,
        )
        return made[0], run

    async def get(self, tenant_id: str, investigation_id: str) -> tuple[InvestigationRecord, RunRecord]:
        """Raises NotFound(INVESTIGATION_NOT_FOUND)."""

        def read(connection: Connection) -> tuple[InvestigationRecord, RunRecord]:
            record = store.find(connection, tenant_id, investigation_id)
            chat = run_store.find_chat(connection, tenant_id, record.chat_id)
            return record, run_store.find_run(connection, tenant_id, chat.last_run_id)

        return await self._database.read(read)

    async def page(self, tenant_id: str, wanted: Search) -> tuple[list[tuple[InvestigationRecord, RunRecord]], int]:
        """As `search`, each with its newest run."""

        def read(connection: Connection) -> tuple[list[tuple[InvestigationRecord, RunRecord]], int]:
            found, total = store.search(connection, tenant_id, wanted)
            runs = run_store.runs_by_id(connection, tenant_id, [each.run_id for each in found])
            return [(each.record, runs[each.run_id]) for each in found], total

        return await self._database.read(read)

    async def search(self, tenant_id: str, wanted: Search) -> tuple[list[Found], int]:
        """A page of the investigations that are wanted, and how many there are on all pages."""
        return await self._database.read(partial(store.search, tenant_id=tenant_id, wanted=wanted))

    async def runs(
        self, tenant_id: str, investigation_id: str
    ) -> tuple[InvestigationRecord, ChatRecord, list[RunRecord]]:
        """An investigation, its chat, and its runs with the oldest first. Raises NotFound."""

        def read(connection: Connection) -> tuple[InvestigationRecord, ChatRecord, list[RunRecord]]:
            record = store.find(connection, tenant_id, investigation_id)
            chat = run_store.find_chat(connection, tenant_id, record.chat_id)
            return record, chat, run_store.runs_of(connection, tenant_id, record.chat_id)

        return await self._database.read(read)

    async def tokens_used(self, tenant_id: str, chat_ids: Sequence[str]) -> dict[str, int]:
        """What the models of these chats read and wrote, by chat."""
        return await self._database.read(partial(run_store.tokens_used, tenant_id=tenant_id, chat_ids=chat_ids))

    async def change_properties(
        self, tenant_id: str, investigation_id: str, change: Callable[[dict[str, Any]], None]
    ) -> InvestigationRecord:
        """Changes what clients keep with an investigation. Raises NotFound."""
        return await self._database.transaction(
            partial(store.change_properties, tenant_id=tenant_id, investigation_id=investigation_id, change=change)
        )

    async def pause(self, call: CallContext, investigation_id: str) -> None:
        """Ends the run that is at work. Raises NotFound, and PreconditionFailed when none is."""
        _, run = await self.get(call.tenant_id, investigation_id)
        if run.state.is_final:
            raise PreconditionFailed(
                Reason.INVESTIGATION_NOT_AT_WORK, "nothing is at work in this investigation: there is nothing to pause"
            )
        # First, so that nobody sees a run that was canceled for no reason.
        await self.change_properties(call.tenant_id, investigation_id, partial(_set, name=store.PAUSED, value=run.id))
        await self._runs.cancel(call.caller, run.id)

    async def cancel(self, call: CallContext, investigation_id: str) -> None:
        """Ends it, also when it is paused: it is canceled then. Raises NotFound."""
        _, run = await self.get(call.tenant_id, investigation_id)
        await self._runs.cancel(call.caller, run.id)
        await self.change_properties(call.tenant_id, investigation_id, _unpaused)

    async def resume(self, call: CallContext, investigation_id: str) -> RunRecord:
        """Goes on in the same chat with a new run. Raises NotFound, and PreconditionFailed while one is at work."""
        record, run = await self.get(call.tenant_id, investigation_id)
        if not run.state.is_final:
            raise PreconditionFailed(
                Reason.CHAT_BUSY, "this investigation is at work: pause it, or wait for its answer"
            )
        facts = {
            "title": record.title,
            "description": record.description,
            "incident_id": record.incident_id,
            "autonomy": record.mode,
            "resumed": True,
        }
        return await self._asking.ask(
            call.caller,
            investigation_question(template(INVESTIGATION), {key: value for key, value in facts.items() if value}),
            chat_id=record.chat_id,
            model=run.model,
            source=Source.INVESTIGATION,
            agent_id=INVESTIGATION_AGENT,
            investigation_id=record.id,
            shown=_GO_ON,
        )

    def note_completed(self, connection: Connection, run: RunRecord, now: datetime) -> None:
        """In the transaction that completes a run: its report is a job of its own."""
        if run.request.investigation_id:
            payload = {"run_id": run.id, "investigation_id": run.request.investigation_id}
            enqueue(connection, tenant_id=run.tenant_id, queue=QUEUE, payload=payload, now=now, key=run.id)

    async def _report(self, job: Job) -> Any:
        """The answer becomes an entry of the incident's timeline, once."""
        investigation, run = await self.get(job.tenant_id, job.payload["investigation_id"])
        if not investigation.incident_id or investigation.activity_item_id or run.state is not RunState.COMPLETED:
            return None
        call = run.context()
        marker = f"Investigation {investigation.id}"
        item_id = await self._reported(call, investigation.incident_id, marker)
        if not item_id:
            body = note_of(marker, run)
            request = AddActivityRequest(incident_id=investigation.incident_id, body=body)
            item_id = (await self._activity.add_activity(request, call)).activity_item.activity_item_id
        return partial(
            store.set_activity_item, tenant_id=job.tenant_id, investigation_id=investigation.id, item_id=item_id
        )

    async def _reported(self, call: CallContext, incident_id: str, marker: str) -> str:
        """The entry that an attempt before this one has made, when it died right after that."""
        query = ActivityQuery(incident_id=incident_id, limit=_LOOKED_AT, order_direction="DESC")
        answer = await self._activity.query_activity(QueryActivityRequest(query=query), call)
        mine = (item.activity_item_id for item in answer.activity_items if item.body.startswith(marker))
        return next(mine, "")


def note_of(marker: str, run: RunRecord) -> str:
    """The entry for the timeline: the answer, and what it stands on."""
    kinds = {"pipeline": "pipeline", "collector": "collector", "incident": "incident", "activity": "timeline entry"}
    lines = [
        f"- {kinds[each['kind']]} {each['title'] or each['id']}"
        + (f" (revision {each['detail']})" if each["kind"] == "pipeline" and each["detail"] else "")
        for each in run.evidence
        if each["kind"] in kinds
    ]
    evidence = "\n".join(["", "", "Evidence:", *lines]) if lines else ""
    return f"{marker}\n\n{without_markers(run.answer)[:_MOST_NOTE]}{evidence}"


def _unpaused(properties: dict[str, Any]) -> None:
    properties.pop(store.PAUSED, None)


def _set(properties: dict[str, Any], name: str, value: Any) -> None:
    properties[name] = value


def _incident_facts(incident: Any) -> dict[str, Any]:
    shown = MessageToDict(incident, preserving_proto_field_name=True)
    wanted = ("title", "status", "severity", "summary", "description", "created_time", "incident_start", "labels")
    return {key: shown[key] for key in wanted if shown.get(key)}


def _values(record: InvestigationRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in InvestigationRecord.__slots__}
