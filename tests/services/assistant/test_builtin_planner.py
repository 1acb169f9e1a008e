"""The planner without a language model over the real tools: what it plans they accept, what they answer it can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from quarterdeck.assistant.engine.builtin.intents import examples
from quarterdeck.assistant.engine.builtin.planner import LABEL, BuiltinPlanner
from quarterdeck.assistant.engine.engine import Answered, ChatMessage, ModelRequest
from quarterdeck.assistant.references import references_in
from quarterdeck.assistant.running.results import content_of, to_result
from quarterdeck.assistant.tools.fleet import fleet_tools
from quarterdeck.assistant.tools.fleet_sources import FleetSources
from quarterdeck.assistant.tools.incidents import incident_tools
from quarterdeck.assistant.tools.runbooks import runbook_tools
from quarterdeck.assistant.tools.tool import Status, ToolContext
from quarterdeck.assistant.tools.toolbox import ExecutedCall, Toolbox
from quarterdeck.events import EventLog
from quarterdeck.fleet.composition import Composer
from quarterdeck.fleet.fleet_service import FleetService
from quarterdeck.fleet.pipeline_service import PipelineService
from quarterdeck.gen.collector.v1 import collector_pb2 as cpb
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.incidents.activity_service import ActivityService
from quarterdeck.incidents.incidents_service import IncidentsService
from tests.services.assistant.assistant_house import caller
from tests.services.fleet_house import HouseClock, Replica, SeveredDatabase
from tests.services.incidents.incidents_house import IncidentsHouse, dependencies_of, services

FAILED = cpb.RemoteConfigStatus(status=cpb.RemoteConfigStatuses_FAILED, error_message="unknown component")


@dataclass
class Talk:
    """Questions to the planner, whose calls are made for real."""

    toolbox: Toolbox
    tenant: str
    role: Role = Role.EDITOR
    executed: list[ExecutedCall] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    async def ask(self, question: str) -> str:
        self.executed, self.names = [], {}
        messages: list[ChatMessage] = [{"role": "user", "content": question}]
        asker = Caller(self.tenant, "sa_1", "ci", self.role, "tok_1")
        definitions = self.toolbox.definitions(asker)
        scratch: dict[str, Any] = {}
        while True:
            *_, last = [part async for part in BuiltinPlanner().respond(ModelRequest(messages, definitions))]
            assert isinstance(last, Answered)
            if not last.calls:
                self._is_backed(last.text)
                return last.text
            calls = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in last.calls
            ]
            messages.append({"role": "assistant", "content": "", "tool_calls": calls})
            for call in last.calls:
                context = ToolContext(CallContext(asker, "request-1"), tool_call_id=call.id, scratch=scratch)
                executed = await self.toolbox.execute(call.name, call.arguments, context)
                self.executed.append(executed)
                self.names[call.id] = call.name
                content = content_of(to_result(executed))
                messages.append({"role": "tool", "tool_call_id": call.id, "name": call.name, "content": content})

    def _is_backed(self, answer: str) -> None:
        """Everything that an answer refers to was shown by a tool of this very run."""
        shown = [reference for executed in self.executed for reference in executed.references]
        assert references_in(answer, shown, self.names).unknown == ()


@pytest.fixture
def incidents(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> IncidentsHouse:
    house = IncidentsHouse(fleet_database, clock, tenant)
    house.handlers = services(dependencies_of(house))
    return house


@pytest.fixture
def talk(fleet: Replica, incidents: IncidentsHouse, tmp_path: Path) -> Talk:
    database, clock = fleet.database, fleet.clock
    service = FleetService(database, fleet.snapshots, Composer(), EventLog(database), clock)
    sources = FleetSources(database, clock, PipelineService(database, fleet.snapshots, clock), service)
    rooms = (incidents.database, incidents.clock, incidents.queue)
    (tmp_path / "disk-full.md").write_text("---\ntitle: Full disks\n---\nMake room.\n")
    tools = (
        *fleet_tools(sources),
        *incident_tools(IncidentsService(*rooms), ActivityService(*rooms)),
        *runbook_tools(tmp_path),
    )
    return Talk(Toolbox(tools), fleet.tenant)


@pytest_asyncio.fixture
async def history(fleet: Replica, incidents: IncidentsHouse) -> str:
    """web and edge exist; web is changed; web-1 fails; an incident is declared. Its id."""
    made = await fleet.create("web", "// a\n", matchers=["app=web"])
    await fleet.create("edge", "// e\n", matchers=["app=edge"])
    fleet.clock.advance(3 * 3600)
    await fleet.update(made.id, "web", "// b\n", matchers=["app=web"])
    await fleet.poll("web-1", {"app": "web"}, remote_config_status=FAILED)
    await fleet.poll("web-2", {"app": "web"})
    await fleet.settle()
    fleet.clock.advance(600)
    declared = await incidents.declare("web is down", severity="major")
    return str(declared.incident_id)


async def test_what_changed_before_an_incident(talk: Talk, history: str) -> None:
    answer = await talk.ask(f"what changed in the hour before incident {history}? rank by affected collectors")
    assert list(talk.names.values()) == ["incidents_get", "fleet_changes"]
    assert all(executed.status is Status.SUCCESS for executed in talk.executed)
    assert "update of pipeline web" in answer
    assert "2 collectors affected" in answer
    assert "pipeline edge" not in answer
    assert "      +// b" in answer
    assert "nearest: 10 minutes before the incident began" in answer
    assert "correlation in time" in answer


async def test_why_did_something_stop(talk: Talk, history: str) -> None:
    answer = await talk.ask("why did web stop sending metrics?")
    assert "2 collectors with web in the id, the name or an attribute" in answer
    assert "collector web-1: failing" in answer
    assert "unknown component" in answer
    assert f"[incident:{history}]" in answer
    assert "before collector web-1: failing" in answer
    assert "pipeline edge" not in answer


async def test_orders_are_carried_out(talk: Talk, fleet: Replica, incidents: IncidentsHouse, history: str) -> None:
    assert "done; incident" in await talk.ask(f"resolve incident {history}")
    assert (await incidents.incident(history)).status == "resolved"
    assert "has the note: it was the port" in await talk.ask(f"add a note to incident {history}: it was the port")
    assert [item.body for item in await incidents.timeline(history)][-1:] == ["it was the port"]
    assert "done; pipeline web: disabled" in await talk.ask("disable pipeline web")
    oldest = min(int(each.revision_id) for each in await fleet.revisions() if each.snapshot.name == "web")
    assert "done; pipeline web: enabled" in await talk.ask(f"roll pipeline web back to revision {oldest}")
    assert {each.name: each.contents for each in await fleet.pipelines()}["web"] == "// a\n"


async def test_a_pipeline_that_was_taken_away(talk: Talk, fleet: Replica, history: str) -> None:
    """Nothing that is read about the collector names the pipeline any more: the change's diff does."""
    web = next(each for each in await fleet.pipelines() if each.name == "web")
    fleet.clock.advance(60)
    await fleet.update(web.id, "web", web.contents, matchers=["app=other"])
    answer = await talk.ask("why did collector web-1 stop sending metrics?")
    assert "1 change of its pipelines" in answer
    assert "update of pipeline web" in answer
    assert "+matcher: app=" in answer


async def test_an_order_is_understood_whole(talk: Talk, incidents: IncidentsHouse, history: str) -> None:
    assert "nothing was proposed" in await talk.ask(f"set incident {history} to resolved in 10 minutes")
    assert (await incidents.incident(history)).status == "active"
    assert "done; incident" in await talk.ask(f"kindly set incident {history} to resolved, thanks")


async def test_times_are_read_as_the_tools_read_them(talk: Talk, history: str) -> None:
    for question in (
        "what changed in the last 1.5 hours?",
        "what changed in the last 4 hours and 30 minutes?",
        "what changed on 2026-11-20?",
        "what changed before 2026-11-20T12:00:00Z?",
    ):
        assert "I did not understand" not in await talk.ask(question)
        assert [executed.error for executed in talk.executed if executed.status is Status.ERROR] == [], question


async def test_every_example_is_accepted_by_the_tools(talk: Talk, history: str) -> None:
    """The names in the examples become names that are there: no call may fail."""
    possible = examples({tool.name for tool in talk.toolbox.definitions(caller().caller)})
    assert len(possible) > 25
    for example in possible:
        question = example.replace("collector X", "collector web-1").replace("pipeline X", "pipeline web")
        question = question.replace("runbook X", "runbook disk-full").replace("incident 1", f"incident {history}")
        question = question.replace("env=", "app=")
        if "revision 3" in question:
            continue  # which revisions there are is another test
        answer = await talk.ask(question)
        assert answer.startswith(LABEL)
        assert [executed.error for executed in talk.executed if executed.status is Status.ERROR] == [], question


async def test_a_viewer_is_told_that_orders_are_not_for_viewers(talk: Talk, history: str) -> None:
    talk.role = Role.VIEWER
    answer = await talk.ask(f"resolve incident {history}")
    assert talk.executed == []
    assert "It needs incidents_set_status, which you cannot use here" in answer


async def test_what_is_not_there(talk: Talk) -> None:
    assert "fleet_get_collector failed: no collector has the id or name 'nope'" in await talk.ask("collector nope")
    assert "incidents_get failed" in await talk.ask("what changed before incident 999999?")
    assert "no active incident is there" in await talk.ask("which incidents are active?")
    assert "no pipeline changed" in await talk.ask("what changed in the last 5 minutes?")
