"""SyncPipelines: one source's pipelines, all at once."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from quarterdeck.errors import DomainError, Invalid, Reason
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as pb
from tests.services.fleet_house import HouseClock, Replica, SeveredDatabase, open_replica, pipeline
from tests.store.manual_clock import START

GIT, TERRAFORM = pb.PipelineSource.SOURCE_TYPE_GIT, pb.PipelineSource.SOURCE_TYPE_TERRAFORM
REPO = pb.PipelineSource(type=GIT, namespace="repo")


async def test_sync_creates_replaces_and_deletes_within_its_source(fleet: Replica) -> None:
    await fleet.sync(pipeline("a", "// a1\n"), pipeline("b", "// b1\n"))
    await fleet.sync(pipeline("b", "// b2\n"), pipeline("c", "// c1\n"))
    stored = {p.name: (p.id, p.contents, p.source) for p in await fleet.pipelines()}
    assert stored == {"b": ("2", "// b2\n", REPO), "c": ("3", "// c1\n", REPO)}


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param({"source": pb.PipelineSource(type=GIT, namespace="other")}, id="another namespace"),
        pytest.param({"source": pb.PipelineSource(type=GIT, namespace="Repo")}, id="a namespace that differs by case"),
        pytest.param({"source": pb.PipelineSource(type=TERRAFORM, namespace="repo")}, id="another type"),
        pytest.param({}, id="made by hand"),
        pytest.param({"source": pb.PipelineSource()}, id="an empty source"),
    ],
)
async def test_sync_leaves_other_sources_alone_but_takes_over_names(fleet: Replica, foreign: dict[str, Any]) -> None:
    await fleet.create("kept", **foreign)
    await fleet.create("taken", "// theirs\n", **foreign)
    await fleet.sync(pipeline("taken", "// ours\n"))
    stored = {p.name: p for p in await fleet.pipelines()}
    assert (stored["taken"].id, stored["taken"].contents, stored["taken"].source) == ("2", "// ours\n", REPO)
    assert stored["kept"].HasField("source") == ("source" in foreign)
    await fleet.sync()
    assert await fleet.names() == ["kept"]


async def test_taking_over_the_same_contents_is_a_change_of_source(fleet: Replica) -> None:
    await fleet.create("p", "// same\n")
    await fleet.sync(pipeline("p", "// same\n"))
    assert len(await fleet.revisions("1")) == 2


async def test_sync_clears_what_is_left_out(fleet: Replica) -> None:
    await fleet.sync(pipeline("p", matchers=["a=1"], enabled=False))
    await fleet.sync(pipeline("p", matchers=[]))
    (stored,) = await fleet.pipelines()
    assert (list(stored.matchers), stored.enabled) == ([], True)


async def test_sync_ignores_ids(fleet: Replica) -> None:
    await fleet.create("other")
    await fleet.sync(pipeline("p", id="1"), pipeline("q", id="nonsense"))
    assert [(p.id, p.name) for p in await fleet.pipelines()] == [("1", "other"), ("2", "p"), ("3", "q")]


async def test_what_did_not_change_is_not_written(fleet: Replica) -> None:
    await fleet.sync(pipeline("a"), pipeline("b"))
    fleet.clock.advance(60)
    await fleet.sync(pipeline("b"), pipeline("a", "// new\n"))
    assert {p.name: p.updated_at.seconds - int(START.timestamp()) for p in await fleet.pipelines()} == {"a": 60, "b": 0}
    assert len(await fleet.revisions()) == 3
    assert await fleet.kinds() == ["pipeline.created", "pipeline.created", "pipeline.updated"]


async def test_an_empty_list_deletes_everything_of_the_source(fleet: Replica) -> None:
    await fleet.create("by hand")
    await fleet.sync(pipeline("a"), pipeline("b"))
    await fleet.sync()
    assert await fleet.names() == ["by hand"]
    assert [revision.operation for revision in await fleet.revisions()][3:] == [pb.PipelineRevision.DELETE] * 2


async def test_the_guard_refuses_an_empty_list(fleet_database: SeveredDatabase, tenant: str, clock: HouseClock) -> None:
    async with open_replica(fleet_database, tenant, clock, refuse_empty_sync=True) as fleet:
        await fleet.sync(pipeline("a"))
        with pytest.raises(Invalid) as caught:
            await fleet.sync()
        assert caught.value.reason is Reason.SYNC_REFUSED
        assert await fleet.names() == ["a"]


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        pytest.param(pipeline("b", "not alloy"), "pipelines[1].contents", id="contents"),
        pytest.param(pipeline("b", matchers=["a"]), "pipelines[1].matchers[0]", id="matcher"),
        pytest.param(pipeline(""), "pipelines[1].name", id="no name"),
        pytest.param(pipeline("a"), "pipelines[1].name", id="a name twice"),
        pytest.param(pipeline("b", config_type=9), "pipelines[1].config_type", id="language"),
        pytest.param(
            pipeline("b", source=pb.PipelineSource(type=GIT, namespace="other")), "pipelines[1].source", id="namespace"
        ),
        pytest.param(
            pipeline("b", source=pb.PipelineSource(type=TERRAFORM, namespace="repo")), "pipelines[1].source", id="type"
        ),
        pytest.param(pipeline("b", source=pb.PipelineSource(namespace="repo")), "pipelines[1].source", id="half"),
    ],
)
async def test_one_bad_pipeline_refuses_the_whole_call(fleet: Replica, bad: pb.Pipeline, where: str) -> None:
    await fleet.sync(pipeline("before"))
    with pytest.raises(Invalid) as caught:
        await fleet.sync(pipeline("a"), bad, pipeline("c"))
    assert where in [violation.field for violation in caught.value.violations]
    assert await fleet.names() == ["before"]
    assert len(await fleet.revisions()) == 1


@pytest.mark.parametrize("own", [None, pb.PipelineSource(), REPO])
async def test_a_pipelines_own_source_may_be_left_out_or_equal(fleet: Replica, own: pb.PipelineSource | None) -> None:
    await fleet.sync(pipeline("p", source=own))
    assert (await fleet.pipelines())[0].source == REPO


@pytest.mark.parametrize(
    "source",
    [
        pb.PipelineSource(),
        pb.PipelineSource(type=GIT),
        pb.PipelineSource(namespace="repo"),
        pb.PipelineSource(type=GIT, namespace="a\x00b"),
    ],
    ids=lambda source: re.sub(r"\s+", " ", str(source)) or "empty",
)
async def test_sync_needs_a_whole_source(fleet: Replica, source: pb.PipelineSource) -> None:
    await fleet.create("by hand")
    with pytest.raises(Invalid) as caught:
        await fleet(pb.SyncPipelinesRequest(source=source, pipelines=[pipeline("p")]))
    assert caught.value.violations
    assert await fleet.names() == ["by hand"]


async def test_an_endless_sync_is_refused(fleet: Replica) -> None:
    with pytest.raises(Invalid) as caught:
        await fleet.sync(*(pipeline(f"p{number}") for number in range(5001)))
    assert [violation.field for violation in caught.value.violations] == ["pipelines"]


async def test_a_large_sync(fleet: Replica) -> None:
    wanted = [pipeline(f"p{number}", f"// {number}\n") for number in range(510)]
    await fleet.sync(*wanted)
    assert len(await fleet.pipelines()) == 510
    await fleet.sync(*wanted[:1])
    assert await fleet.names() == ["p0"]


async def test_concurrent_syncs_of_one_source_end_in_one_of_them(fleet: Replica) -> None:
    await asyncio.gather(*(fleet.sync(pipeline(f"a{n}"), pipeline(f"b{n}")) for n in range(5)))
    names = await fleet.names()
    assert names in [[f"a{n}", f"b{n}"] for n in range(5)]
    ids = [int(revision.revision_id) for revision in await fleet.revisions()]
    assert ids == list(range(1, 2 * 5 + 2 * 4 + 1))


async def test_concurrent_creations_of_one_name_make_one_pipeline(fleet: Replica) -> None:
    results = await asyncio.gather(*(fleet.create("p", f"// {n}\n") for n in range(5)), return_exceptions=True)
    assert len([result for result in results if not isinstance(result, BaseException)]) == 1
    refused = [result for result in results if isinstance(result, BaseException)]
    assert {result.reason for result in refused if isinstance(result, DomainError)} == {Reason.PIPELINE_NAME_TAKEN}
    assert [revision.revision_id for revision in await fleet.revisions()] == ["1"]
