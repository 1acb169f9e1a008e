"""The assistant's wing in this process, over a real fleet and real incidents, with a scripted model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from quarterdeck.assistant.chat_service import ChatService
from quarterdeck.assistant.run_service import RunService
from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.gen.assistant.v1 import chat_service_pb2 as cpb
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.assistant.v1.run_pb2 import Run, RunEvent
from quarterdeck.gen.incident.v1.incidents_service_pb2 import CreateIncidentRequest
from quarterdeck.identity.bootstrap import TENANT_ID
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.incidents.incidents_service import IncidentsService
from quarterdeck.settings import Settings
from quarterdeck.wings.assistant import assistant_wing
from quarterdeck.wings.fleet import fleet_wing
from quarterdeck.wings.incidents import incident_wing
from tests.fake_model import FakeModel, Reply

T = TypeVar("T")


def caller(role: Role = Role.EDITOR, *, tenant_id: str = TENANT_ID, name: str = "ada") -> CallContext:
    return CallContext(Caller(tenant_id, f"sa_{name}", name, role, f"tok_{name}"), "request")


@dataclass(frozen=True)
class AssistantHouse:
    """The wing's services, and what tests do with them all the time."""

    services: dict[Any, object]
    model: FakeModel

    def of(self, kind: type[T]) -> T:
        return next(each for each in self.services.values() if isinstance(each, kind))

    async def ask(self, prompt: str, call: CallContext | None = None, **more: Any) -> Run:
        request = cpb.AskRequest(prompt=prompt, **more)
        return (await self.of(ChatService).ask(request, call or caller())).run

    async def watch(self, run: Run, after: str = "", call: CallContext | None = None) -> list[RunEvent]:
        """Every event behind `after`, to the run's end, or its pause."""
        found = []
        request = rpb.WatchRunRequest(id=run.id, after=after)
        async with aclosing(self.of(RunService).watch_run(request, call or caller(Role.VIEWER))) as events:
            async for answer in events:
                found.append(answer.event)
                if answer.event.WhichOneof("event") == "paused":
                    break
        return found

    async def run(self, run: Run, call: CallContext | None = None) -> Run:
        return (await self.of(RunService).get_run(rpb.GetRunRequest(id=run.id), call or caller())).run

    async def decide(
        self, run: Run, call_id: str, *, approved: bool, feedback: str = "", call: CallContext | None = None
    ) -> Run:
        request = rpb.DecideApprovalRequest(run_id=run.id, tool_call_id=call_id, approved=approved, feedback=feedback)
        return (await self.of(RunService).decide_approval(request, call or caller())).run

    async def declare(self, title: str = "Checkout is slow") -> str:
        request = CreateIncidentRequest(title=title, severity="minor")
        return (await self.of(IncidentsService).create_incident(request, caller())).incident.incident_id


@asynccontextmanager
async def assistant_house(database: Database, **more: Any) -> AsyncIterator[AssistantHouse]:
    """The wings, with one model `fake` that follows the script of `house.model`."""
    async with FakeModel() as model:
        models = {
            "fake": {
                "model": "openai/fake",
                "api_key": "sk-none",
                "api_base": model.url,
                "input_cost_per_token": 0.001,
                "output_cost_per_token": 0.002,
            }
        }
        given: dict[str, Any] = {"model_list": models, "probe_models": False, **more}
        settings = Settings(**given)
        clock = SystemClock()
        async with (
            fleet_wing(settings, database, clock) as fleet,
            incident_wing(settings, database, clock) as incidents,
        ):
            others = {**fleet.services, **incidents.services}
            async with assistant_wing(settings, database, clock, others) as wing:
                yield AssistantHouse({**others, **wing.services}, model)


def kinds(events: list[RunEvent]) -> list[str]:
    return [str(event.WhichOneof("event")) for event in events]


def says(*replies: Reply) -> Any:
    """A script: these replies, one after the other; the last one again and again."""
    left = list(replies)

    def script(_request: dict[str, Any]) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return script


TODO = '{"todos":[{"id":"1","content":"look","status":"pending"}]}'
