"""Investigations as both versions of the Assistant's API show them: lists, evidence, teams, pausing, tenants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.message import Message

from quarterdeck.assistant.chat_service import ChatService
from quarterdeck.assistant.grafana.app_service import AssistantAppService
from quarterdeck.assistant.grafana.investigations_service import InvestigationsService
from quarterdeck.assistant.investigation_service import InvestigationService
from quarterdeck.assistant.run_service import RunService
from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import Invalid, NotFound, PreconditionFailed
from quarterdeck.gen.assistant.v1 import app_service_pb2 as apb
from quarterdeck.gen.assistant.v1 import chat_service_pb2 as cpb
from quarterdeck.gen.assistant.v1 import investigation_service_pb2 as ipb
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.assistant.v1.run_pb2 import Run
from quarterdeck.gen.assistant.v2 import investigations_service_pb2 as pb
from quarterdeck.gen.incident.v1.activity_service_pb2 import ActivityQuery, QueryActivityRequest
from quarterdeck.gen.incident.v1.incidents_service_pb2 import CreateIncidentRequest, GetIncidentRequest
from quarterdeck.identity import bootstrap
from quarterdeck.identity.call import CallContext
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.incidents.incidents_service import IncidentsService
from tests.fake_model import Reply
from tests.services.assistant.assistant_house import TODO, AssistantHouse, assistant_house, caller, says
from tests.services.assistant.prometheus_server import PROMETHEUS, running_prometheus

DEADLINE = 30.0
needs_prometheus = pytest.mark.skipif(PROMETHEUS is None, reason="no Prometheus: apt-get install prometheus")


class Seen:
    """The second version's service, called as one account of the house."""

    def __init__(self, house: AssistantHouse, call: CallContext | None = None) -> None:
        self.house = house
        self.service = house.of(InvestigationsService)
        self.call = call or caller()

    async def create(self, instruction: str = "look", **more: Any) -> pb.CreatedInvestigation:
        request = pb.CreateInvestigationRequest(instruction=instruction, **more)
        return (await self.service.create_investigation(request, self.call)).data

    async def done(self, instruction: str = "look", **more: Any) -> str:
        """The id of one that is completed."""
        made = await self.create(instruction, **more)
        await self.until(made.investigation_id, "completed")
        return made.investigation_id

    async def page(self, **wanted: Any) -> tuple[list[str], int]:
        """Titles, and the total."""
        request = pb.ListInvestigationsRequest(**wanted)
        data = (await self.service.list_investigations(request, self.call)).data
        return [each.title for each in data.investigations], data.total

    async def snapshot(self, identity: str) -> pb.InvestigationSnapshot:
        return (await self.service.get_snapshot(pb.GetSnapshotRequest(investigation_id=identity), self.call)).data

    async def evidence(self, identity: str) -> list[pb.EvidenceItem]:
        request = pb.ListEvidenceRequest(investigation_id=identity)
        return list((await self.service.list_evidence(request, self.call)).data.evidence)

    async def until(self, identity: str, state: str, *, epoch: int = 1) -> pb.InvestigationSnapshot:
        deadline = time.monotonic() + DEADLINE
        while (seen := await self.snapshot(identity)).state != state or seen.epoch != epoch:
            assert time.monotonic() < deadline, seen
            await asyncio.sleep(0.01)
        return seen

    async def pause(self, identity: str) -> None:
        await self.service.pause_investigation(pb.PauseInvestigationRequest(investigation_id=identity), self.call)

    async def resume(self, identity: str) -> None:
        await self.service.resume_investigation(pb.ResumeInvestigationRequest(investigation_id=identity), self.call)

    async def share(self, identity: str, *teams: str) -> pb.InvestigationSnapshot:
        request = pb.ShareInvestigationRequest(investigation_id=identity, team_names=teams)
        return (await self.service.share_investigation(request, self.call)).data

    async def latest(self, identity: str) -> Run:
        chat_id = (await self.snapshot(identity)).chat_id
        chat = (await self.house.of(ChatService).get_chat(cpb.GetChatRequest(id=chat_id), self.call)).chat
        return (await self.house.of(RunService).get_run(rpb.GetRunRequest(id=chat.last_run_id), self.call)).run


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[AssistantHouse]:
    await bootstrap(database, SystemClock(), chosen_token=None)
    async with assistant_house(database) as opened:
        opened.model.script = says(Reply(text="Found it."))
        yield opened


@pytest.fixture
def seen(house: AssistantHouse) -> Seen:
    return Seen(house)


async def asked_for_approval(seen: Seen, house: AssistantHouse) -> tuple[str, str]:
    """An investigation whose model wants to resolve an incident, and that incident."""
    incident = await house.declare()
    arguments = f'{{"incident":"{incident}","status":"resolved"}}'
    house.model.script = says(Reply(calls=(("incidents_set_status", arguments),)), Reply(text="Found it."))
    identity = (await seen.create("Resolve it")).investigation_id
    deadline = time.monotonic() + DEADLINE
    while not (await seen.latest(identity)).pending_approvals:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    return identity, incident


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("50%_done", ["50%_done"]),
        ("%", ["50%_done"]),
        ("_", ["50%_done"]),
        ("\\", ["back\\slash"]),
        ("/", ["and/or"]),
        ("'; drop", []),
        ("AND/OR", ["and/or"]),
        ("ÜBER", ["Über Straße"]),
        ("über straße", ["Über Straße"]),
        ("ber STRA", ["Über Straße"]),
        ("東京", ["東京"]),
        ("the NEEDLE", ["50%_done"]),
        ("nothing of it", []),
    ],
)
async def test_a_text_is_looked_for_letter_by_letter(seen: Seen, q: str, titles: list[str]) -> None:
    await seen.create("where is the needle", title="50%_done")
    for title in ("50 xdone", "back\\slash", "and/or", "Über Straße", "東京"):
        await seen.create("look", title=title)
    assert await seen.page(q=q) == (titles, len(titles))


async def test_teams_are_exact_names_and_totals_are_exact(seen: Seen) -> None:
    strange = ['a"b', "a\\b", "100%", "sre", "SRE", "sre,ops", '","', "Ünit"]
    for team in strange:
        await seen.create(title=f"for {team}", team_names=[team])
    await seen.create(title="for nobody", agent_profile_id="sre")
    for team in strange:
        assert await seen.page(team_name=team) == ([f"for {team}"], 1)
    assert await seen.page(team_name="ops") == ([], 0)
    assert (await seen.page(scope="teams", limit=3))[1] == len(strange)
    assert await seen.page(scope="teams", q="NOBODY") == ([], 0)
    assert (await seen.page(limit=2, offset=len(strange)))[1] == len(strange) + 1


async def test_pages_do_not_overlap_and_leave_nothing_out(seen: Seen) -> None:
    titles = [f"number {number}" for number in range(7)]
    for title in titles:
        # One that is at work would move in the order of the last change from page to page.
        await seen.done(title=title, team_names=["sre"])
    for more in ({}, {"team_name": "sre"}, {"sort": "title", "order": "asc"}, {"sort": "updatedAt"}):
        pages = [await seen.page(limit=3, offset=offset, **more) for offset in (0, 3, 6, 9)]
        assert [total for _, total in pages] == [7] * 4
        assert [len(found) for found, _ in pages] == [3, 3, 1, 0]
        assert sorted(title for found, _ in pages for title in found) == titles


async def test_a_list_is_of_a_time(seen: Seen) -> None:
    await seen.create(title="now")
    request = pb.ListInvestigationsRequest()
    getattr(request, "from").FromDatetime(datetime.now(UTC) + timedelta(minutes=1))
    assert (await seen.service.list_investigations(request, seen.call)).data.total == 0
    request = pb.ListInvestigationsRequest()
    request.to.FromDatetime(datetime.now(UTC) + timedelta(minutes=1))
    assert (await seen.service.list_investigations(request, seen.call)).data.total == 1
    request.to.seconds = 2**62
    with pytest.raises(Invalid):
        await seen.service.list_investigations(request, seen.call)


async def test_mine_are_those_that_i_began(house: AssistantHouse, seen: Seen) -> None:
    other = Seen(house, caller(name="bob"))
    await seen.create(title="hers")
    await other.create(title="his")
    assert await seen.page(scope="mine") == (["hers"], 1)
    assert await other.page(scope="mine") == (["his"], 1)
    assert (await other.page(scope="all"))[1] == 2


async def test_version_one_filters_before_it_pages(house: AssistantHouse, seen: Seen) -> None:
    for number in range(3):
        await seen.done(title=f"done {number}")
    identity, _ = await asked_for_approval(seen, house)
    app = house.of(AssistantAppService)

    async def listed(**wanted: Any) -> tuple[list[str], int]:
        answer = await app.summarize_investigations(apb.SummarizeInvestigationsRequest(**wanted), seen.call)
        return [each.title for each in answer.data.investigations], answer.data.total

    assert await listed(state="completed", limit=2) == (["done 2", "done 1"], 3)
    assert await listed(state="completed", limit=2, offset=2) == (["done 0"], 3)
    assert await listed(state="running", limit=1) == (["Resolve it"], 1)
    assert await listed(state="nonsense") == ([], 0)
    assert (await listed(limit=1))[1] == 4
    assert await seen.page(state="in_progress") == (["Resolve it"], 1)
    await seen.pause(identity)


async def test_evidence_is_what_was_read_and_answered(house: AssistantHouse, seen: Seen) -> None:
    incident = await house.declare()
    read, missing = f'{{"incident":"{incident}"}}', '{"incident":"987654"}'
    write = f'{{"incident":"{incident}","text":"noted"}}'
    house.model.script = says(
        Reply(calls=(("TodoWrite", TODO), ("incidents_get", read)), call_ids=("c1", "c2")),
        Reply(calls=(("incidents_get", missing), ("no_such_tool", "{}")), call_ids=("c3", "c4")),
        Reply(calls=(("incidents_add_note", write),), call_ids=("c5",)),
        Reply(text="Once."),
        # The ids of the first run again: what failed there is evidence here.
        Reply(calls=(("incidents_list", '{"limit": 5}'),), call_ids=("c3",)),
        Reply(text="Twice."),
    )
    identity = (await seen.create()).investigation_id
    deadline = time.monotonic() + DEADLINE
    while not (await seen.latest(identity)).pending_approvals:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    await house.decide(await seen.latest(identity), "c5", approved=True)
    assert (await seen.until(identity, "completed")).report == "Once."
    activity = house.of(ActivityService)
    written = await activity.query_activity(
        QueryActivityRequest(query=ActivityQuery(incident_id=incident, limit=100)), caller()
    )
    assert "noted" in [item.body for item in written.activity_items]
    await seen.resume(identity)
    done = await seen.until(identity, "completed", epoch=2)
    found = await seen.evidence(identity)
    assert [(each.panel_id, each.tool, each.query, each.epoch, each.tool_use_id) for each in found] == [
        ("p1", "incidents_get", read, 1, "c2"),
        ("p2", "incidents_list", '{"limit":5}', 2, "c3"),
    ]
    assert (done.report, done.evidence_count) == ("Twice.", 2)
    assert all(done.created_at.seconds <= each.time.seconds <= done.updated_at.seconds for each in found)


@needs_prometheus
async def test_evidence_of_a_query_is_the_query(database: Database, tmp_path: Path) -> None:
    await bootstrap(database, SystemClock(), chosen_token=None)
    with running_prometheus(tmp_path) as url:
        async with assistant_house(database, prometheus_url=url) as house:
            arguments = '{"query": "sum by (job) (up)", "time": "-1s"}'
            house.model.script = says(Reply(calls=(("prometheus_query", arguments),)), Reply(text="It is up."))
            seen = Seen(house)
            (found,) = await seen.evidence(await seen.done("Is it up?"))
            assert (found.tool, found.query) == ("prometheus_query", "sum by (job) (up)")


async def test_pausing_ends_what_waits_and_resuming_goes_on(house: AssistantHouse, seen: Seen) -> None:
    identity, incident = await asked_for_approval(seen, house)
    with pytest.raises(PreconditionFailed):
        await seen.resume(identity)
    paused_run = await seen.latest(identity)
    await seen.pause(identity)
    paused = await seen.until(identity, "paused")
    assert (paused.session_status, paused.report) == ("paused", "")
    assert await seen.page(state="paused") == (["Resolve it"], 1)
    assert await seen.page(state="cancelled") == ([], 0)
    with pytest.raises(PreconditionFailed):
        await seen.pause(identity)
    (approval,) = paused_run.pending_approvals
    with pytest.raises((NotFound, PreconditionFailed)):
        await house.decide(paused_run, approval.tool_call_id, approved=True)
    await seen.resume(identity)
    done = await seen.until(identity, "completed", epoch=2)
    assert (done.chat_id, done.report) == (paused.chat_id, "Found it.")
    got = await house.of(IncidentsService).get_incident(GetIncidentRequest(incident_id=incident), caller())
    assert got.incident.status == "active"


async def test_what_is_cancelled_after_a_pause_is_not_paused(house: AssistantHouse, seen: Seen) -> None:
    house.model.script = says(Reply(hangs=True))
    identity = (await seen.create("Hang")).investigation_id
    await seen.pause(identity)
    await seen.until(identity, "paused")
    await seen.resume(identity)
    await house.of(AssistantAppService).cancel_app_investigation(
        apb.CancelAppInvestigationRequest(id=identity), seen.call
    )
    await seen.until(identity, "cancelled", epoch=2)
    assert await seen.page(state="cancelled") == (["Hang"], 1)
    assert await seen.page(state="paused") == ([], 0)


async def test_the_mode_reaches_the_next_run(house: AssistantHouse, seen: Seen) -> None:
    identity = await seen.done()
    for mode in ("high", "low"):
        request = pb.SetModeRequest(investigation_id=identity, mode=mode)
        assert (await seen.service.set_mode(request, seen.call)).data.mode == mode
    await seen.resume(identity)
    assert (await seen.until(identity, "completed", epoch=2)).mode == "low"
    assert '"autonomy": "low"' in house.model.requests[-1]["messages"][-1]["content"]


async def test_no_team_is_lost_when_many_share_at_once(seen: Seen) -> None:
    identity = await seen.done(team_names=["first"])
    answers = await asyncio.gather(*(seen.share(identity, "first", f"team {number}") for number in range(20)))
    assert sorted(name for each in answers for name in each.added_team_names) == sorted(
        f"team {number}" for number in range(20)
    )
    assert len((await seen.snapshot(identity)).team_names) == 21
    with pytest.raises(Invalid):
        await seen.share(identity, *(f"more {number}" for number in range(80)))
    assert len((await seen.snapshot(identity)).team_names) == 21
    assert len((await seen.share(identity, *(f"more {number}" for number in range(79)))).team_names) == 100


@pytest.mark.parametrize("teams", [[""], ["  "], ["x" * 201]])
async def test_what_is_no_team_begins_nothing(seen: Seen, teams: list[str]) -> None:
    with pytest.raises(Invalid):
        await seen.create(team_names=teams)
    assert await seen.page() == ([], 0)


async def test_long_and_strange_instructions_are_kept(seen: Seen) -> None:
    instruction = "\n\n  \u202e<script>\x00' \U0001f6a8  \n" + "y" * 99_000
    identity = await seen.done(instruction)
    kept = await seen.snapshot(identity)
    assert kept.title.startswith("\u202e<script>")
    assert len(kept.title) <= 1000
    assert kept.description.replace("\ufffd", "\x00") == instruction
    assert (await seen.page(q="🚨"))[1] == 1


async def test_another_tenant_sees_and_changes_nothing(house: AssistantHouse, seen: Seen) -> None:
    identity = await seen.done(title="ours", team_names=["sre"])
    stranger = caller(tenant_id="somebody-else")
    requests: list[tuple[str, Message]] = [
        ("get_investigation", pb.GetInvestigationRequest(investigation_id=identity)),
        ("get_snapshot", pb.GetSnapshotRequest(investigation_id=identity)),
        ("list_evidence", pb.ListEvidenceRequest(investigation_id=identity)),
        ("pause_investigation", pb.PauseInvestigationRequest(investigation_id=identity)),
        ("resume_investigation", pb.ResumeInvestigationRequest(investigation_id=identity)),
        ("set_mode", pb.SetModeRequest(investigation_id=identity, mode="high")),
        ("share_investigation", pb.ShareInvestigationRequest(investigation_id=identity, team_names=["theirs"])),
    ]
    before = await seen.snapshot(identity)
    for name, request in requests:
        with pytest.raises(NotFound):
            await getattr(seen.service, name)(request, stranger)
    others = Seen(house, stranger)
    for wanted in ({}, {"team_name": "sre"}, {"scope": "teams"}, {"q": "öurs"}, {"q": "ours"}, {"state": "completed"}):
        assert await others.page(**wanted) == ([], 0)
    assert await seen.snapshot(identity) == before


async def test_a_private_incident_is_not_investigated(house: AssistantHouse) -> None:
    """Its answer would be in a chat that everybody of the tenant can read."""
    request = CreateIncidentRequest(title="Somebody is ill", severity="minor", incident_type="private")
    made = (await house.of(IncidentsService).create_incident(request, caller())).incident
    start = ipb.StartInvestigationRequest(incident_id=made.incident_id)
    with pytest.raises(PreconditionFailed, match="is private"):
        await house.of(InvestigationService).start_investigation(start, caller())
    assert await Seen(house).page() == ([], 0)
