"""Revisions: one for every change, in one order, for ever."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from quarterdeck.errors import Invalid, NotFound
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as pb
from tests.services.fleet_house import Replica, pipeline
from tests.store.manual_clock import START

INSERT, UPDATE, DELETE = pb.PipelineRevision.INSERT, pb.PipelineRevision.UPDATE, pb.PipelineRevision.DELETE


def told(revisions: list[pb.PipelineRevision]) -> list[tuple[str, str, int]]:
    return [(revision.revision_id, revision.snapshot.id, revision.operation) for revision in revisions]


async def a_history(fleet: Replica) -> None:
    await fleet.create("a", "// a1\n")
    await fleet.create("b", "// b1\n")
    await fleet.update("1", "a", "// a2\n")
    await fleet.upsert("b", "// b2\n")
    await fleet(pb.DeletePipelineRequest(id="1"))
    await fleet.sync(pipeline("b", "// b3\n"), pipeline("c", "// c1\n"))
    await fleet(pb.BulkDeletePipelinesRequest(ids=["2", "3"]))


async def test_every_change_is_one_revision_in_one_order_over_all_pipelines(fleet: Replica) -> None:
    await a_history(fleet)
    assert told(await fleet.revisions()) == [
        ("1", "1", INSERT),
        ("2", "2", INSERT),
        ("3", "1", UPDATE),
        ("4", "2", UPDATE),
        ("5", "1", DELETE),
        ("6", "2", UPDATE),
        ("7", "3", INSERT),
        ("8", "2", DELETE),
        ("9", "3", DELETE),
    ]


async def test_the_list_of_all_has_no_contents_the_list_of_one_has(fleet: Replica) -> None:
    await a_history(fleet)
    assert {revision.snapshot.contents for revision in await fleet.revisions()} == {""}
    contents = [revision.snapshot.contents for revision in await fleet.revisions("2")]
    assert contents == ["// b1\n", "// b2\n", "// b3\n", "// b3\n"]


async def test_revisions_outlive_their_pipeline(fleet: Replica) -> None:
    await a_history(fleet)
    assert told(await fleet.revisions("1")) == [("1", "1", INSERT), ("3", "1", UPDATE), ("5", "1", DELETE)]
    deletion = await fleet(pb.GetPipelineRevisionRequest(revision_id="5"))
    assert (deletion.operation, deletion.snapshot.name, deletion.snapshot.contents) == (DELETE, "a", "// a2\n")


async def test_a_revision_asked_for_by_id_is_that_revision(fleet: Replica) -> None:
    await a_history(fleet)
    for number, contents in {"1": "// a1\n", "4": "// b2\n", "7": "// c1\n"}.items():
        revision = await fleet(pb.GetPipelineRevisionRequest(revision_id=number))
        assert (revision.revision_id, revision.snapshot.contents) == (number, contents)
    with pytest.raises(NotFound):
        await fleet(pb.GetPipelineRevisionRequest(revision_id="10"))


async def test_a_snapshot_has_every_field_but_times(fleet: Replica) -> None:
    fields: dict[str, Any] = {
        "matchers": ['env="prod"'],
        "enabled": False,
        "metadata": ParseDict({"a": 1}, Struct()),
        "source": pb.PipelineSource(type=pb.PipelineSource.SOURCE_TYPE_GIT, namespace="repo"),
        "config_type": pb.CONFIG_TYPE_OTEL,
    }
    fleet.clock.advance(5)
    await fleet.create("p", "a: 1\n", **fields)
    expected = pb.PipelineRevision(
        revision_id="1", snapshot=pb.Pipeline(id="1", name="p", contents="a: 1\n", **fields), operation=INSERT
    )
    expected.created_at.seconds = int(START.timestamp()) + 5
    assert await fleet.revisions("1") == [expected]
    assert await fleet(pb.GetPipelineRevisionRequest(revision_id="1")) == expected
    expected.snapshot.contents = ""
    assert await fleet.revisions() == [expected]


async def test_a_revision_never_changes(fleet: Replica) -> None:
    await fleet.create("p", "// 1\n")
    before = await fleet(pb.GetPipelineRevisionRequest(revision_id="1"))
    await fleet.update("1", "renamed", "// 2\n", enabled=False)
    await fleet(pb.DeletePipelineRequest(id="1"))
    assert await fleet(pb.GetPipelineRevisionRequest(revision_id="1")) == before


async def test_rolling_back_is_an_update_with_a_snapshot(fleet: Replica) -> None:
    await fleet.create("p", "// good\n")
    await fleet.update("1", "p", "// bad\n")
    good = await fleet(pb.GetPipelineRevisionRequest(revision_id="1"))
    await fleet(pb.UpdatePipelineRequest(pipeline=good.snapshot))
    contents = [revision.snapshot.contents for revision in await fleet.revisions("1")]
    assert contents == ["// good\n", "// bad\n", "// good\n"]


async def test_a_name_used_again_has_a_history_of_its_own(fleet: Replica) -> None:
    await fleet.create("p", "// 1\n")
    await fleet(pb.DeletePipelineRequest(id="1"))
    await fleet.create("p", "// 2\n")
    assert told(await fleet.revisions("2")) == [("3", "2", INSERT)]


async def test_a_refused_change_burns_no_revision(fleet: Replica) -> None:
    await fleet.create("p")
    with pytest.raises(NotFound):
        await fleet(pb.BulkDeletePipelinesRequest(ids=["1", "5"]))
    with pytest.raises(Invalid):
        await fleet.sync(pipeline("q"), pipeline("r", "not alloy"))
    assert (await fleet.create("q")).id == "2"
    assert told(await fleet.revisions()) == [("1", "1", INSERT), ("2", "2", INSERT)]
