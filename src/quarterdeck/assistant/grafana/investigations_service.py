"""`assistant.v2.InvestigationsService`: investigations as the second version of the Assistant's API has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from quarterdeck.assistant.investigating import Investigations
from quarterdeck.assistant.run import RunState, title_of
from quarterdeck.assistant.running.feeds import ChatFeeds
from quarterdeck.assistant.store.investigations import (
    MODE,
    PROFILE,
    TEAMS,
    Found,
    InvestigationRecord,
    Order,
    Search,
)
from quarterdeck.assistant.tools.plan import NAME as PLAN_TOOL
from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.assistant.v1 import tool_pb2
from quarterdeck.gen.assistant.v1.run_pb2 import RunEvent
from quarterdeck.gen.assistant.v2 import investigations_service_pb2 as pb
from quarterdeck.identity.call import CallContext
from quarterdeck.messages import moment, plain_struct

SUCCESS: Final = "success"
PAGE: Final = 50
_LONGEST_TEAM: Final = 200
_MOST_TEAMS: Final = 100
_MOST_QUERY: Final = 10_000
_FULL: Final = "full"
_NAMES: Final = {
    RunState.SUBMITTED: "pending",
    RunState.WORKING: "in_progress",
    RunState.INPUT_REQUIRED: "in_progress",
    RunState.COMPLETED: "completed",
    RunState.FAILED: "failed",
    RunState.INTERRUPTED: "failed",
    RunState.CANCELED: "cancelled",
}
_PAUSED: Final = "paused"
_ORDERS: Final = {"": Order.CREATED, "createdAt": Order.CREATED, "updatedAt": Order.UPDATED, "title": Order.TITLE}
_ANSWERS: Final = frozenset(
    {tool_pb2.TOOL_STATUS_SUCCESS, tool_pb2.TOOL_STATUS_NO_DATA, tool_pb2.TOOL_STATUS_UNSPECIFIED}
)
_QUERY_ARGUMENTS: Final = ("query", "promql", "logql", "expr")


class InvestigationsService:
    """Investigations that begin with an instruction."""

    def __init__(self, investigations: Investigations, feeds: ChatFeeds) -> None:
        self._investigations = investigations
        self._feeds = feeds

    async def create_investigation(
        self, request: pb.CreateInvestigationRequest, call: CallContext
    ) -> pb.CreateInvestigationResponse:
        properties: dict[str, Any] = {}
        if request.team_names:
            properties[TEAMS] = _teams(request.team_names)
        if request.agent_profile_id:
            properties[PROFILE] = request.agent_profile_id
        record, _ = await self._investigations.start(
            call,
            title=request.title.strip() or title_of(request.instruction),
            description=request.instruction,
            properties=properties,
        )
        return pb.CreateInvestigationResponse(status=SUCCESS, data=_ids(record))

    async def list_investigations(
        self, request: pb.ListInvestigationsRequest, call: CallContext
    ) -> pb.ListInvestigationsResponse:
        found: list[Found] = []
        total = 0
        # There are no labels, so that no investigation has the one that is asked for.
        if not request.label:
            found, total = await self._investigations.search(call.tenant_id, _search(request, call))
        used = await self._tokens_used(found, call) if request.view == _FULL else {}
        page = pb.InvestigationPage(investigations=[_summary(each, used) for each in found], total=total)
        return pb.ListInvestigationsResponse(status=SUCCESS, data=page)

    async def get_investigation(
        self, request: pb.GetInvestigationRequest, call: CallContext
    ) -> pb.GetInvestigationResponse:
        record, _ = await self._investigations.get(call.tenant_id, request.investigation_id)
        return pb.GetInvestigationResponse(status=SUCCESS, data=_ids(record))

    async def get_snapshot(self, request: pb.GetSnapshotRequest, call: CallContext) -> pb.GetSnapshotResponse:
        return pb.GetSnapshotResponse(status=SUCCESS, data=await self._snapshot(request.investigation_id, call))

    async def _snapshot(self, investigation_id: str, call: CallContext) -> pb.InvestigationSnapshot:
        record, chat, runs = await self._investigations.runs(call.tenant_id, investigation_id)
        last = runs[-1]
        state = _state(last.state, is_paused=record.paused_run_id == last.id)
        snapshot = pb.InvestigationSnapshot(
            id=record.id,
            investigation_id=record.id,
            chat_id=record.chat_id,
            title=record.title,
            description=record.description,
            state=state,
            session_status=state if last.state.is_final else "active",
            mode=record.mode,
            epoch=len(runs),
            report=last.answer,
            error=last.error,
            evidence_count=len(await self._evidence(record, call)),
            team_names=record.team_names,
            incident_id=record.incident_id,
            source=_source(record, chat.created_by),
        )
        snapshot.created_at.FromDatetime(record.created_at)
        snapshot.updated_at.FromDatetime(chat.modified_at)
        return snapshot

    async def list_evidence(self, request: pb.ListEvidenceRequest, call: CallContext) -> pb.ListEvidenceResponse:
        record, _ = await self._investigations.get(call.tenant_id, request.investigation_id)
        evidence = pb.InvestigationEvidence(evidence=await self._evidence(record, call))
        return pb.ListEvidenceResponse(status=SUCCESS, data=evidence)

    async def pause_investigation(
        self, request: pb.PauseInvestigationRequest, call: CallContext
    ) -> pb.PauseInvestigationResponse:
        await self._investigations.pause(call, request.investigation_id)
        data = await self._snapshot(request.investigation_id, call)
        data.message = "Investigation paused"
        return pb.PauseInvestigationResponse(status=SUCCESS, data=data)

    async def resume_investigation(
        self, request: pb.ResumeInvestigationRequest, call: CallContext
    ) -> pb.ResumeInvestigationResponse:
        await self._investigations.resume(call, request.investigation_id)
        data = await self._snapshot(request.investigation_id, call)
        data.message = "Investigation resumed"
        return pb.ResumeInvestigationResponse(status=SUCCESS, data=data)

    async def set_mode(self, request: pb.SetModeRequest, call: CallContext) -> pb.SetModeResponse:
        def change(properties: dict[str, Any]) -> None:
            properties[MODE] = request.mode

        await self._investigations.change_properties(call.tenant_id, request.investigation_id, change)
        data = await self._snapshot(request.investigation_id, call)
        data.message = f"The mode is {request.mode} from the next run on"
        return pb.SetModeResponse(status=SUCCESS, data=data)

    async def share_investigation(
        self, request: pb.ShareInvestigationRequest, call: CallContext
    ) -> pb.ShareInvestigationResponse:
        teams = _teams(request.team_names)
        added: list[str] = []

        def change(properties: dict[str, Any]) -> None:
            had = properties.get(TEAMS, [])
            # In here, for a transaction that is tried again.
            added[:] = [team for team in teams if team not in had]
            if len(had) + len(added) > _MOST_TEAMS:
                raise _wrong_teams(f"would be more than {_MOST_TEAMS}")
            properties[TEAMS] = [*had, *added]

        await self._investigations.change_properties(call.tenant_id, request.investigation_id, change)
        data = await self._snapshot(request.investigation_id, call)
        data.added_team_names.extend(added)
        return pb.ShareInvestigationResponse(status=SUCCESS, data=data)

    async def _evidence(self, record: InvestigationRecord, call: CallContext) -> list[pb.EvidenceItem]:
        return list(_evidence_of(await self._feeds.read_all(call.tenant_id, record.chat_id, 0)))

    async def _tokens_used(self, found: list[Found], call: CallContext) -> Mapping[str, int]:
        return await self._investigations.tokens_used(call.tenant_id, [each.record.chat_id for each in found])


def _search(request: pb.ListInvestigationsRequest, call: CallContext) -> Search:
    states = frozenset(state for state, name in _NAMES.items() if name == request.state)
    paused: bool | None = None
    if request.state in {_PAUSED, _NAMES[RunState.CANCELED]}:
        states, paused = frozenset({RunState.CANCELED}), request.state == _PAUSED
    return Search(
        states=states if request.state else None,
        paused=paused,
        text=request.q,
        created_by=call.caller.account_name if request.scope == "mine" else "",
        team=request.team_name,
        for_some_team=request.scope == "teams",
        since=moment(request, "from"),
        before=moment(request, "to"),
        order=_ORDERS[request.sort],
        descending=request.order != "asc",
        limit=request.limit or PAGE,
        offset=request.offset,
    )


def _summary(found: Found, used: Mapping[str, int]) -> pb.InvestigationSummary:
    record = found.record
    summary = pb.InvestigationSummary(
        id=record.id,
        title=record.title,
        description=record.description,
        state=_state(found.state, is_paused=found.is_paused),
        chat_id=record.chat_id,
        tokens_used=used.get(record.chat_id),
        source=_source(record, found.created_by),
        owner_user_id=found.created_by,
    )
    summary.created_at.FromDatetime(record.created_at)
    summary.updated_at.FromDatetime(found.updated_at)
    return summary


def _state(state: RunState, *, is_paused: bool) -> str:
    return _PAUSED if state is RunState.CANCELED and is_paused else _NAMES[state]


def _source(record: InvestigationRecord, created_by: str) -> pb.InvestigationSource:
    return pb.InvestigationSource(type="user", value=record.incident_id, user_id=created_by)


def _ids(record: InvestigationRecord) -> pb.CreatedInvestigation:
    profile = str(record.properties.get(PROFILE, ""))
    return pb.CreatedInvestigation(investigation_id=record.id, chat_id=record.chat_id, agent_profile_id=profile)


def _evidence_of(events: list[RunEvent]) -> Iterator[pb.EvidenceItem]:
    """Every call that read something and was answered. The plan is none, nor what was not allowed to run."""
    epoch = number = 0
    answered = {
        (event.run_id, event.tool_call_finished.tool_call_id)
        for event in events
        if event.WhichOneof("event") == "tool_call_finished" and event.tool_call_finished.result.status in _ANSWERS
    }
    for event in events:
        kind = event.WhichOneof("event")
        epoch += kind == "started"
        call = event.tool_call_started
        if kind != "tool_call_started" or call.writes or call.tool_name == PLAN_TOOL:
            continue
        if (event.run_id, call.tool_call_id) not in answered:
            continue
        number += 1
        yield pb.EvidenceItem(
            panel_id=f"p{number}",
            tool=call.tool_name,
            query=_query_of(plain_struct(call.arguments, "arguments")),
            epoch=epoch,
            time=event.at,
            tool_use_id=call.tool_call_id,
        )


def _query_of(arguments: Mapping[str, Any]) -> str:
    queries = (arguments[name] for name in _QUERY_ARGUMENTS if isinstance(arguments.get(name), str))
    written = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode()
    return (next(queries, "") or written)[:_MOST_QUERY]


def _teams(names: Iterable[str]) -> list[str]:
    """Without blanks around them and without repetitions. Raises Invalid."""
    teams = list(dict.fromkeys(name.strip() for name in names))
    if any(not team or len(team) > _LONGEST_TEAM for team in teams):
        raise _wrong_teams(f"must be names of 1 to {_LONGEST_TEAM} characters")
    return teams


def _wrong_teams(why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, f"teamNames {why}", violations=(FieldViolation("team_names", why),))
