"""Which pipelines a collector gets, and the one text that they become."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from quarterdeck.database import Connection
from quarterdeck.errors import NotFound
from quarterdeck.fleet.alloy import parse
from quarterdeck.fleet.pipeline import PipelineDraft
from quarterdeck.fleet.store import pipelines as store
from quarterdeck.gen.collector.v1 import collector_pb2 as cpb
from quarterdeck.gen.pipeline.v1 import pipeline_pb2 as pb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from tests.services.fleet_house import Replica, pipeline
from tests.store.manual_clock import START

EXPORT = 'export "address" { value = "host:1" }\n'
USE = (
    'prometheus.scrape "s" {\n  targets = [{"__address__" = argument.pipeline_exports.value["P Q"]["address"]}]\n'
    "  forward_to = []\n}\n"
)
ATTRIBUTES = 'declare "x" { }\nexport "e" { value = argument.attributes.value["env"] }\n'


async def served(fleet: Replica, identifier: str = "c", **local: str) -> str:
    answer = await fleet.poll(identifier, {key.replace("_", "."): value for key, value in local.items()})
    assert not parse(answer.content).diagnostics
    return str(answer.content)


async def idents(fleet: Replica) -> dict[str, str]:
    """Every pipeline's ident by its id, as a collector that gets all of them shows it."""
    return {p.id: p.ident for p in (await fleet.preview("preview", {"a": "1"})).pipelines}


async def test_each_pipeline_is_declared_and_instantiated_once(fleet: Replica) -> None:
    await fleet.create("one", "// first\n")
    await fleet.create("two", "// second")
    content = await served(fleet)
    assert content.count('declare "one" {') == 1
    assert content.count('one "default" {') == 1
    assert content.count('two "default" {') == 1
    assert "// first\n" in content
    assert "// second\n}" in content


@pytest.mark.parametrize(
    ("matchers", "matches"),
    [
        pytest.param([], False, id="no matchers is nobody"),
        pytest.param(["env=prod"], True, id="equal"),
        pytest.param(["env=prod", "collector.os=linux"], True, id="all"),
        pytest.param(["env=prod", "collector.os=windows"], False, id="not all"),
        pytest.param(['lacks=""'], True, id="lacking is empty"),
        pytest.param(["lacks!=x"], True, id="lacking is different"),
        pytest.param(['lacks!~"x.*"'], True, id="lacking does not match"),
        pytest.param(['lacks=~".*"'], True, id="lacking matches anything"),
        pytest.param(['lacks=~".+"'], False, id="lacking is not present"),
        pytest.param(['env=~"pro"'], False, id="anchored"),
        pytest.param(['env=~"(?i)PROD"'], True, id="flags"),
        pytest.param(["collector.ID=c"], True, id="id"),
        pytest.param(["collector.ID=lies"], False, id="a false id"),
    ],
)
async def test_matchers_decide(fleet: Replica, matchers: list[str], matches: bool) -> None:
    await fleet.create("p", "// assigned\n", matchers=matchers)
    content = await served(fleet, env="prod", collector_os="linux", collector_ID="lies")
    assert ("// assigned\n" in content) is matches


async def test_remote_attributes_win_but_not_in_the_reserved_namespace(fleet: Replica) -> None:
    await fleet.create("dev", "// dev\n", matchers=["env=dev"])
    await fleet.create("prod", "// prod\n", matchers=["env=prod"])
    await fleet.create_collector("c", remote_attributes={"env": "dev"})
    content = await served(fleet, env="prod")
    assert "// dev\n" in content
    assert "// prod\n" not in content


async def test_only_enabled_alloy_pipelines_are_served(fleet: Replica) -> None:
    await fleet.create("on", "// on\n")
    await fleet.create("off", "// off\n", enabled=False)
    await fleet.create("otel", "# otel\na: 1\n", config_type=pb.CONFIG_TYPE_OTEL)
    content = await served(fleet)
    assert "// on\n" in content
    assert "off" not in content
    assert "otel" not in content


async def test_the_text_does_not_depend_on_the_order_of_anything(fleet: Replica) -> None:
    for name in ("z", "a", "m"):
        await fleet.create(name, ATTRIBUTES)
    first = await fleet.poll("c", {"env": "prod", "b": "1", "a": "2"})
    again = await fleet.poll("c", {"a": "2", "b": "1", "env": "prod"})
    assert again == first
    for name in ("m", "a", "z"):
        await fleet(pb.DeletePipelineRequest(id=(await fleet(pb.GetPipelineIDRequest(name=name))).id))
    for name in ("m", "z", "a"):
        await fleet.create(name, ATTRIBUTES)
    assert await fleet.poll("c", {"env": "prod", "b": "1", "a": "2"}) == first


async def test_attributes_are_given_to_those_who_ask(fleet: Replica) -> None:
    await fleet.create("asks", ATTRIBUTES)
    await fleet.create("asks not", "// nothing\n")
    await fleet.create_collector("c", remote_attributes={"team": 'x"y'})
    content = await served(fleet, env="prod")
    assert '"env" = "prod",' in content
    assert '"team" = "x\\"y",' in content
    assert '"collector.ID" = "c",' in content
    assert content.count("attributes = {") == 1
    assert content.count('argument "attributes" { optional = true }') == 1


async def test_attributes_that_nobody_asks_for_do_not_change_the_text(fleet: Replica) -> None:
    await fleet.create("p")
    first = await fleet.poll("c", {"env": "prod"})
    assert (await fleet.poll("c", {"env": "dev"}, hash=first.hash)).not_modified
    assert (await fleet.poll("d", {}, hash=first.hash)).not_modified


async def test_attributes_that_somebody_asks_for_change_it(fleet: Replica) -> None:
    await fleet.create("p", ATTRIBUTES)
    first = await fleet.poll("c", {"env": "prod"})
    second = await fleet.poll("c", {"env": "dev"}, hash=first.hash)
    assert not second.not_modified
    assert '"env" = "dev",' in second.content


async def test_keys_that_alloy_cannot_read_back_are_left_out(fleet: Replica) -> None:
    await fleet.create("p", ATTRIBUTES)
    hostile = {'a"b': "quote", "a\\b": "backslash", "a\nb": "newline", "fine key": '"}\n// end', "": "empty"}
    answer = await fleet.poll("c", hostile)
    assert not parse(answer.content).diagnostics
    assert '"fine key" = "\\"}\\n// end",' in answer.content
    for left_out in ("quote", "backslash", "newline", "empty"):
        assert f'= "{left_out}"' not in answer.content


async def test_exports_come_from_assigned_pipelines(fleet: Replica) -> None:
    await fleet.create("P Q", EXPORT)
    await fleet.create("uses", USE)
    content = await served(fleet)
    assert '"P Q" = { "address" = P_Q.default.address },' in content
    assert content.count("pipeline_exports = {") == 1
    await fleet.update("1", "P Q", EXPORT, matchers=["x=y"])
    assert "P_Q" not in await served(fleet)


async def test_a_change_of_an_export_reaches_those_who_use_it(fleet: Replica) -> None:
    await fleet.create("P Q", "// exports nothing yet\n")
    await fleet.create("uses", USE)
    assert "P_Q.default" not in await served(fleet)
    await fleet.update("1", "P Q", EXPORT)
    assert '"address" = P_Q.default.address' in await served(fleet)


async def test_the_ident_is_the_name_made_an_identifier_and_stays_through_renames(fleet: Replica) -> None:
    await fleet.create("a-b.c 1")
    await fleet.create("1st")
    before = await idents(fleet)
    assert before == {"1": "a_b_c_1", "2": "_1st"}
    await fleet.update("1", "renamed", "// b\n")
    await fleet.upsert("1st", "// c\n", matchers=['a=~".+"'])
    assert await idents(fleet) == before


async def test_clashing_idents_get_a_suffix_that_stays(fleet: Replica) -> None:
    for name in ("a-b", "a_b", "A_b", "a.b"):
        await fleet.create(name)
    given = await idents(fleet)
    assert given["1"] == "a_b"
    assert len({ident.casefold() for ident in given.values()}) == 4
    assert all(ident.casefold().startswith("a_b") for ident in given.values())
    await fleet(pb.DeletePipelineRequest(id="1"))
    del given["1"]
    await fleet.update("2", "a_b", "// changed\n")
    assert await idents(fleet) == given
    # Depends on the name and on what is taken, on nothing else.
    await fleet(pb.DeletePipelineRequest(id="4"))
    await fleet.create("a-b")
    await fleet.create("a.b")
    assert (await idents(fleet))["6"] == given["4"]


@pytest.mark.parametrize("name", ["prometheus", "declare", "loki", "argument", "sys", "remotecfg", "default", "true"])
async def test_no_ident_shadows_what_alloy_means_by_a_name(fleet: Replica, name: str) -> None:
    await fleet.create(name)
    ident = (await idents(fleet))["1"]
    assert ident == name if name == "default" else ident.startswith(f"{name}_")


async def test_a_name_freed_by_a_rename_gets_another_ident(fleet: Replica) -> None:
    await fleet.create("a")
    await fleet.update("1", "b")
    await fleet.create("a")
    given = await idents(fleet)
    assert given["1"] == "a"
    assert given["2"] != "a"


async def test_a_pipeline_that_cannot_be_read_any_more_is_left_out(fleet: Replica) -> None:
    await fleet.create("good", "// good\n")

    def add(connection: Connection) -> None:
        draft = PipelineDraft("bad", "not alloy", matchers=('collector.ID=~".+"',))
        store.hold_pipelines(connection, fleet.tenant)
        store.add(connection, fleet.tenant, draft, ident="bad", actor="test", at=START)

    await fleet.database.transaction(add)
    content = await served(fleet)
    assert "// good\n" in content
    assert "not alloy" not in content


async def test_concurrent_polls_and_changes_never_show_half_a_change(fleet: Replica) -> None:
    async def change() -> None:
        for number in range(2, 8):
            await fleet.sync(pipeline("a", f"// a{number}\n"), pipeline("b", f"// b{number}\n"))

    async def poll(identifier: str) -> list[str]:
        return [(await fleet.poll(identifier, {"a": "1"})).content for _ in range(30)]

    await fleet.sync(pipeline("a", "// a1\n"), pipeline("b", "// b1\n"))
    *contents, _ = await asyncio.gather(poll("c1"), poll("c2"), poll("c3"), change())
    for content in (text for texts in contents for text in texts):
        numbers = {content.split(f"// {name}")[1][0] for name in "ab"}
        assert len(numbers) == 1
    assert "// a7\n" in await served(fleet, "c1", a="1")


# --- what the own API shows of it


async def test_a_preview_is_what_a_poll_gets_and_records_nothing(fleet: Replica) -> None:
    await fleet.create("p", ATTRIBUTES, matchers=["env=prod"])
    await fleet.create("q", matchers=["env=dev"])
    preview = await fleet.preview("c", {"env": "prod"})
    assert [(p.id, p.name, p.revision_id, p.ident) for p in preview.pipelines] == [("1", "p", "1", "p")]
    assert await fleet.collectors() == []
    polled = await fleet.poll("c", {"env": "prod"})
    assert (polled.content, polled.hash) == (preview.content, preview.hash)


async def test_a_preview_stands_in_for_what_a_collector_has(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod", "team=x"])
    await fleet.register("c", {"env": "prod"})
    await fleet.update_collector("c", remote_attributes={"team": "y"})
    assert "// for prod\n" not in (await fleet.preview("c", {})).content
    assert "// for prod\n" in (await fleet.preview("c", {}, {"team": "x"})).content
    assert "// for prod\n" not in (await fleet.preview("c", {"env": "dev"}, {"team": "x"})).content
    with pytest.raises(NotFound):
        await fleet.preview("nobody", {})


async def test_the_configuration_of_a_collector_as_text(fleet: Replica) -> None:
    await fleet.create("p", "// ünïcode\n", matchers=["env=prod"])
    polled = await fleet.poll("c", {"env": "prod"})
    text = await fleet(fpb.GetCollectorConfigRequest(id="c"))
    assert hashlib.sha256(text.data).hexdigest() == polled.hash
    assert text.content_type == "text/plain; charset=utf-8"
    with pytest.raises(NotFound):
        await fleet(fpb.GetCollectorConfigRequest(id="nobody"))
    with pytest.raises(NotFound):
        await fleet(fpb.GetEffectiveConfigRequest(id="c"))


async def test_a_disabled_collector_is_assigned_nothing(fleet: Replica) -> None:
    await fleet.create("p")
    await fleet.create_collector("c", enabled=False)
    preview = await fleet.preview("c", {"a": "1"})
    assert len(preview.pipelines) == 0
    assert preview.content == (await fleet(cpb.GetConfigRequest(id="c"))).content
