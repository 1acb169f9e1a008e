"""`assistant.v1.InvestigationService`: investigations for our own clients."""

from __future__ import annotations

from quarterdeck.assistant.convert import from_run
from quarterdeck.assistant.engine.models import Models
from quarterdeck.assistant.investigating import Investigations
from quarterdeck.assistant.run import RunRecord
from quarterdeck.assistant.store.investigations import InvestigationRecord, Search
from quarterdeck.gen.assistant.v1 import investigation_service_pb2 as pb
from quarterdeck.identity.call import CallContext

PAGE = 50


class InvestigationService:
    """Starts investigations, and shows them."""

    def __init__(self, investigations: Investigations, models: Models) -> None:
        self._investigations = investigations
        self._models = models

    async def start_investigation(
        self, request: pb.StartInvestigationRequest, call: CallContext
    ) -> pb.StartInvestigationResponse:
        self._models.check(request.model)
        record, run = await self._investigations.start(
            call,
            incident_id=request.incident_id,
            title=request.title,
            description=request.description,
            model=request.model,
        )
        return pb.StartInvestigationResponse(investigation=from_investigation(record, run))

    async def get_investigation(
        self, request: pb.GetInvestigationRequest, call: CallContext
    ) -> pb.GetInvestigationResponse:
        record, run = await self._investigations.get(call.tenant_id, request.id)
        return pb.GetInvestigationResponse(investigation=from_investigation(record, run))

    async def list_investigations(
        self, request: pb.ListInvestigationsRequest, call: CallContext
    ) -> pb.ListInvestigationsResponse:
        wanted = Search(incident_id=request.incident_id, limit=request.limit or PAGE, offset=request.offset)
        found, total = await self._investigations.page(call.tenant_id, wanted)
        return pb.ListInvestigationsResponse(
            investigations=[from_investigation(record, run) for record, run in found], total=total
        )


def from_investigation(record: InvestigationRecord, run: RunRecord) -> pb.Investigation:
    """An investigation with its run."""
    message = pb.Investigation(
        id=record.id,
        title=record.title,
        description=record.description,
        incident_id=record.incident_id,
        chat_id=record.chat_id,
        run=from_run(run),
        activity_item_id=record.activity_item_id,
    )
    message.created_at.FromDatetime(record.created_at)
    message.modified_at.FromDatetime(run.finished_at or run.created_at)
    return message
