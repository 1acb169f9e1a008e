"""A tenant neither sees nor changes what another one has."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message

from quarterdeck.errors import DomainError, NotFound
from quarterdeck.gen.collector.v1 import collector_pb2 as cpb
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as ppb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from tests.services.fleet_house import Replica, operation, pipeline

GIT = ppb.PipelineSource(type=ppb.PipelineSource.SOURCE_TYPE_GIT, namespace="repo")

ADDRESSED = [
    ppb.GetPipelineRequest(id="1"),
    ppb.GetPipelineIDRequest(name="theirs"),
    ppb.UpdatePipelineRequest(pipeline=pipeline("theirs", "// stolen\n", id="1")),
    ppb.UpdatePipelineRequest(pipeline=pipeline("theirs", "// stolen\n")),
    ppb.DeletePipelineRequest(id="1"),
    ppb.BulkDeletePipelinesRequest(ids=["1"]),
    ppb.ListPipelineRevisionsRequest(id="1"),
    ppb.GetPipelineRevisionRequest(revision_id="1"),
    cpb.GetCollectorRequest(id="theirs"),
    cpb.UpdateCollectorRequest(collector=cpb.Collector(id="theirs", enabled=False)),
    cpb.BulkUpdateCollectorsRequest(ids=["theirs"], ops=[operation("ADD", "remoteAttributes.a", "stolen")]),
    cpb.DeleteCollectorRequest(id="theirs"),
    cpb.BulkDeleteCollectorsRequest(ids=["theirs"]),
    fpb.GetCollectorStatusRequest(id="theirs"),
    fpb.GetCollectorConfigRequest(id="theirs"),
    fpb.GetEffectiveConfigRequest(id="theirs"),
    fpb.PreviewConfigRequest(id="theirs"),
]
LISTS = [
    ppb.ListPipelinesRequest(),
    ppb.ListPipelinesRequest(local_attributes={"collector.ID": "theirs"}),
    ppb.ListPipelinesRevisionsRequest(),
    cpb.ListCollectorsRequest(),
    cpb.ListCollectorAttributesRequest(),
    fpb.ListCollectorStatusesRequest(),
]


async def furnish(fleet: Replica) -> str:
    """Another tenant with one of everything."""
    theirs = f"{fleet.tenant}-theirs"
    await fleet.create("theirs", "// theirs\n", tenant=theirs, source=GIT)
    effective = cpb.EffectiveConfig(
        config_map=cpb.AgentConfigMap(config_map={"": cpb.AgentConfigFile(body=b"// theirs\n")})
    )
    await fleet.poll("theirs", {"env": "prod"}, tenant=theirs, effective_config=effective)
    return theirs


async def everything_of(fleet: Replica, tenant: str) -> list[Message]:
    return [await fleet(request, tenant=tenant) for request in LISTS]


@pytest.mark.parametrize("request_message", ADDRESSED, ids=lambda message: type(message).__name__)
async def test_what_another_tenant_has_is_not_found(fleet: Replica, request_message: Message) -> None:
    theirs = await furnish(fleet)
    before = await everything_of(fleet, theirs)
    with pytest.raises(NotFound) as caught:
        await fleet(request_message)
    assert "// theirs" not in caught.value.message
    assert await everything_of(fleet, theirs) == before
    # The very same request is fine for its owner.
    await fleet(request_message, tenant=theirs)


@pytest.mark.parametrize("request_message", LISTS, ids=lambda message: type(message).__name__)
async def test_lists_show_the_own_tenant_only(fleet: Replica, request_message: Message) -> None:
    theirs = await furnish(fleet)
    assert await fleet(request_message, tenant=theirs) != type(await fleet(request_message))()
    assert await fleet(request_message) == type(await fleet(request_message))()


async def test_names_and_ids_are_each_tenants_own(fleet: Replica) -> None:
    theirs = await furnish(fleet)
    before = await everything_of(fleet, theirs)
    assert (await fleet.create("theirs", "// ours\n")).id == "1"
    assert (await fleet.create_collector("theirs", name="ours")).name == "ours"
    assert [revision.revision_id for revision in await fleet.revisions()] == ["1"]
    assert await everything_of(fleet, theirs) == before


async def test_sync_takes_over_and_deletes_the_own_tenants_only(fleet: Replica) -> None:
    theirs = await furnish(fleet)
    before = await everything_of(fleet, theirs)
    await fleet.sync(pipeline("theirs", "// ours\n"))
    await fleet.sync()
    assert await everything_of(fleet, theirs) == before


async def test_a_collector_gets_its_own_tenants_pipelines(fleet: Replica) -> None:
    theirs = await furnish(fleet)
    await fleet.create("ours", "// ours\n")
    ours = (await fleet.poll("theirs", {"env": "prod"})).content
    assert "// ours\n" in ours
    assert "// theirs\n" not in ours
    assert "// ours\n" not in (await fleet.poll("theirs", {"env": "prod"}, tenant=theirs)).content


async def test_contacts_of_the_same_id_stay_apart(fleet: Replica) -> None:
    theirs = await furnish(fleet)
    before = await fleet(cpb.GetCollectorRequest(id="theirs"), tenant=theirs)
    await fleet.register("theirs", {"env": "ours"}, name="ours")
    await fleet.unregister("theirs")
    assert await fleet(cpb.GetCollectorRequest(id="theirs"), tenant=theirs) == before


async def test_contents_stored_by_another_tenant_do_not_shine_through(fleet: Replica) -> None:
    theirs = await furnish(fleet)
    await fleet.create("ours", "// theirs\n")
    await fleet(ppb.DeletePipelineRequest(id="1"), tenant=theirs)
    assert (await fleet(ppb.GetPipelineRequest(id="1"))).contents == "// theirs\n"


async def test_errors_of_one_tenant_are_no_news_for_another(fleet: Replica) -> None:
    theirs = await furnish(fleet)
    events = await fleet.kinds(theirs)
    with pytest.raises(DomainError):
        await fleet.create("bad", "not alloy")
    assert await fleet.kinds(theirs) == events
    assert await fleet.kinds() == []
