"""Collectors as people manage them: creating, changing, deleting, listing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.errors import Conflict, DomainError, Invalid, NotFound, Reason
from quarterdeck.gen.collector.v1 import collector_pb2 as pb
from tests.services.fleet_house import Replica, operation
from tests.store.manual_clock import START

START_SECONDS = int(START.timestamp())


async def bulk(fleet: Replica, ids: list[str], *operations: pb.Operation) -> None:
    await fleet(pb.BulkUpdateCollectorsRequest(ids=ids, ops=operations))


async def remote(fleet: Replica, identifier: str) -> dict[str, str]:
    return dict((await fleet.collector(identifier)).remote_attributes)


# --- create


async def test_a_collector_made_by_api_shows_its_id_as_its_only_local_attribute(fleet: Replica) -> None:
    made = await fleet.create_collector(
        "c-1", remote_attributes={"env": "prod"}, name="One", collector_type=pb.COLLECTOR_TYPE_ALLOY
    )
    assert made == pb.Collector(
        id="c-1",
        name="One",
        enabled=True,
        collector_type=pb.COLLECTOR_TYPE_ALLOY,
        local_attributes={"collector.ID": "c-1"},
        attributes={"collector.ID": "c-1"},
        remote_attributes={"env": "prod"},
        attribute_overrides={"env": "prod"},
        created_at=Timestamp(seconds=START_SECONDS),
        updated_at=Timestamp(seconds=START_SECONDS),
    )
    assert await fleet.collector("c-1") == made
    assert (await fleet(pb.ListCollectorsRequest())).collectors == [made]


async def test_enabled_is_always_answered(fleet: Replica) -> None:
    assert (await fleet.create_collector("unset")).HasField("enabled")
    assert (await fleet.create_collector("unset too")).enabled
    off = await fleet.create_collector("off", enabled=False)
    assert (off.HasField("enabled"), off.enabled) == (True, False)


@pytest.mark.parametrize("number", [0, 1, 2, 9])
async def test_the_type_is_kept_as_sent(fleet: Replica, number: int) -> None:
    await fleet.create_collector("c", collector_type=number)
    assert (await fleet.collector("c")).collector_type == number
    await fleet.poll("c", {"collector.os": "linux"})
    assert (await fleet.collector("c")).collector_type == number


async def test_an_id_is_there_once(fleet: Replica) -> None:
    await fleet.create_collector("made", remote_attributes={"a": "1"})
    await fleet.register("registered")
    for taken in ("made", "registered"):
        with pytest.raises(Conflict) as caught:
            await fleet.create_collector(taken)
        assert caught.value.reason is Reason.COLLECTOR_EXISTS
    assert await remote(fleet, "made") == {"a": "1"}
    assert (await fleet.create_collector("MADE")).id == "MADE"


async def test_concurrent_creations_of_one_id_make_one_collector(fleet: Replica) -> None:
    results = await asyncio.gather(
        *(fleet.create_collector("c", name=f"n{n}") for n in range(5)), return_exceptions=True
    )
    assert len([result for result in results if isinstance(result, pb.Collector)]) == 1
    assert [error.reason for error in results if isinstance(error, DomainError)] == [Reason.COLLECTOR_EXISTS] * 4
    assert await fleet.kinds() == ["collector.created"]


async def test_output_only_fields_are_ignored(fleet: Replica) -> None:
    echoed: dict[str, Any] = {
        "created_at": Timestamp(seconds=1),
        "updated_at": Timestamp(seconds=2),
        "marked_inactive_at": Timestamp(seconds=3),
        "local_attributes": {"a": "1"},
        "attributes": {"b": "1"},
    }
    for answer in (await fleet.create_collector("c", **echoed), await fleet.update_collector("c", **echoed)):
        assert dict(answer.local_attributes) == {"collector.ID": "c"}
        assert (answer.created_at.seconds, answer.updated_at.seconds) == (START_SECONDS, START_SECONDS)
        assert not answer.HasField("marked_inactive_at")


async def test_the_deprecated_map_is_read_when_the_new_one_is_empty(fleet: Replica) -> None:
    await fleet.create_collector("old", attribute_overrides={"a": "1"})
    assert await remote(fleet, "old") == {"a": "1"}
    await fleet.create_collector("both", attribute_overrides={"a": "1"}, remote_attributes={"b": "2"})
    assert await remote(fleet, "both") == {"b": "2"}
    await fleet.update_collector("old", attribute_overrides={"c": "3"})
    assert await remote(fleet, "old") == {"c": "3"}
    # Also the reserved namespace is looked at there.
    with pytest.raises(Invalid):
        await fleet.update_collector("old", attribute_overrides={"collector.os": "x"})


async def test_an_otel_collector_may_have_any_id_but_is_warned_about(
    fleet: Replica, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await fleet.create_collector("0198c0de-0000-7000-8000-000000000000", collector_type=pb.COLLECTOR_TYPE_OTEL)
        assert caplog.records == []
        await fleet.create_collector("no-uuid", collector_type=pb.COLLECTOR_TYPE_OTEL)
    assert "no-uuid" in caplog.text


HOSTILE_ATTRIBUTES = [
    pytest.param({"": "x"}, id="empty key"),
    pytest.param({"collector.os": "x"}, id="reserved key"),
    pytest.param({"collector.": "x"}, id="reserved prefix alone"),
    pytest.param({"k" * 101: "x"}, id="key of 101 characters"),
    pytest.param({"k": "v" * 1025}, id="value of 1025 characters"),
    pytest.param({"a\x00b": "x"}, id="NUL in the key"),
    pytest.param({"k": "\x00"}, id="NUL in the value"),
    pytest.param({f"k{number}": "" for number in range(101)}, id="101 attributes"),
]


@pytest.mark.parametrize("attributes", HOSTILE_ATTRIBUTES)
async def test_remote_attributes_have_limits(fleet: Replica, attributes: dict[str, str]) -> None:
    await fleet.create_collector("c", remote_attributes={"kept": "1"})
    with pytest.raises(Invalid) as created:
        await fleet.create_collector("new", remote_attributes=attributes)
    with pytest.raises(Invalid) as updated:
        await fleet.update_collector("c", remote_attributes=attributes)
    with pytest.raises(Invalid) as operated:
        await bulk(fleet, ["c"], *(operation("ADD", f"remoteAttributes.{k}", v) for k, v in attributes.items()))
    for caught in (created, updated, operated):
        assert caught.value.reason is Reason.ATTRIBUTE_INVALID
        assert caught.value.violations
        assert len(caught.value.message) < 2000
    assert await fleet.collectors() == ["c"]
    assert await remote(fleet, "c") == {"kept": "1"}


async def test_remote_attributes_up_to_the_limits(fleet: Replica) -> None:
    attributes = {"k" * 100: "ü" * 1024, "collectors": "", "Collector.os": "x", "dotted.key/with~all": '"\\\n'}
    attributes |= {f"k{number}": "" for number in range(96)}
    assert len(attributes) == 100
    await fleet.create_collector("c", remote_attributes=attributes)
    assert await remote(fleet, "c") == attributes


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("x" * 1001, id="too long"),
        pytest.param("\N{GRINNING FACE}" * 251, id="too long in bytes"),
        pytest.param("a\x00b", id="NUL"),
        pytest.param("", id="empty"),
        pytest.param(" \n", id="blank"),
    ],
)
async def test_ids_that_cannot_be_kept(fleet: Replica, identifier: str) -> None:
    with pytest.raises(Invalid) as caught:
        await fleet.create_collector(identifier)
    assert [violation.field for violation in caught.value.violations] == ["collector.id"]


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("x" * 1000, id="the longest"),
        pytest.param("".join(map(chr, range(0x1F300, 0x1F300 + 250))), id="the longest, of four bytes each"),
        pytest.param("a/b?c=d&e#f %2F", id="URL characters"),
        pytest.param("\n\t\x1bx", id="control characters"),
        pytest.param(" a ", id="spaces"),
        pytest.param("'; DROP TABLE collectors; --", id="SQL"),
    ],
)
async def test_strange_ids_are_ids(fleet: Replica, identifier: str) -> None:
    await fleet.create_collector(identifier)
    await fleet.poll(identifier, {"a": "1"})
    assert (await fleet.collector(identifier)).local_attributes["collector.ID"] == identifier
    assert await fleet.collectors() == [identifier]
    await fleet(pb.DeleteCollectorRequest(id=identifier))
    assert await fleet.collectors() == []


# --- update


async def test_update_replaces_remote_attributes_state_and_type(fleet: Replica) -> None:
    await fleet.create_collector("c", name="One", remote_attributes={"a": "1", "b": "2"}, enabled=False)
    fleet.clock.advance(60)
    updated = await fleet.update_collector("c", remote_attributes={"b": "3"}, collector_type=pb.COLLECTOR_TYPE_OTEL)
    assert updated == await fleet.collector("c")
    assert dict(updated.remote_attributes) == {"b": "3"}
    assert updated.enabled
    assert updated.collector_type == pb.COLLECTOR_TYPE_OTEL
    assert (updated.created_at.seconds, updated.updated_at.seconds) == (START_SECONDS, START_SECONDS + 60)


async def test_update_with_an_empty_name_keeps_the_name(fleet: Replica) -> None:
    await fleet.register("c", name="registered")
    assert (await fleet.update_collector("c", remote_attributes={"a": "1"})).name == "registered"
    assert (await fleet.update_collector("c", name="given")).name == "given"


async def test_update_never_touches_local_attributes(fleet: Replica) -> None:
    await fleet.register("c", {"collector.os": "linux"})
    updated = await fleet.update_collector("c", local_attributes={"collector.os": "x"}, remote_attributes={"a": "1"})
    assert dict(updated.local_attributes) == {"collector.os": "linux", "collector.ID": "c"}


async def test_an_update_that_changes_nothing_writes_nothing(fleet: Replica) -> None:
    await fleet.create_collector("c", name="One", remote_attributes={"a": "1"})
    fleet.clock.advance(60)
    same = await fleet.update_collector("c", name="One", remote_attributes={"a": "1"}, enabled=True)
    await bulk(fleet, ["c"], operation("ADD", "remoteAttributes.a", "1"), operation("REMOVE", "remoteAttributes.b"))
    assert same.updated_at.seconds == START_SECONDS
    assert (await fleet.collector("c")).updated_at.seconds == START_SECONDS
    assert await fleet.kinds() == ["collector.created"]


async def test_an_unknown_collector_is_not_found(fleet: Replica) -> None:
    for request in (
        pb.GetCollectorRequest(id="c"),
        pb.UpdateCollectorRequest(collector=pb.Collector(id="c")),
        pb.DeleteCollectorRequest(id="c"),
        pb.BulkDeleteCollectorsRequest(ids=["c"]),
        pb.BulkUpdateCollectorsRequest(ids=["c"], ops=[operation("ADD", "remoteAttributes.a", "1")]),
    ):
        with pytest.raises(NotFound) as caught:
            await fleet(request)
        assert caught.value.reason is Reason.COLLECTOR_NOT_FOUND
    assert await fleet.collectors() == []


@pytest.mark.parametrize("identifier", ["a\x00b", "x" * 5000])
async def test_asking_for_an_id_that_cannot_exist_is_an_answer(fleet: Replica, identifier: str) -> None:
    for request in (
        pb.GetCollectorRequest(id=identifier),
        pb.DeleteCollectorRequest(id=identifier),
        pb.BulkDeleteCollectorsRequest(ids=[identifier]),
    ):
        with pytest.raises((NotFound, Invalid)):
            await fleet(request)


@pytest.mark.parametrize(
    "request_message",
    [
        pb.GetCollectorRequest(),
        pb.CreateCollectorRequest(),
        pb.CreateCollectorRequest(collector=pb.Collector()),
        pb.UpdateCollectorRequest(),
        pb.UpdateCollectorRequest(collector=pb.Collector()),
        pb.DeleteCollectorRequest(),
        pb.BulkDeleteCollectorsRequest(),
        pb.BulkUpdateCollectorsRequest(ops=[pb.Operation()]),
        pb.GetConfigRequest(),
        pb.RegisterCollectorRequest(),
        pb.UnregisterCollectorRequest(),
    ],
    ids=lambda message: type(message).__name__,
)
async def test_what_is_required_is_required(fleet: Replica, request_message: Any) -> None:
    with pytest.raises(Invalid):
        await fleet(request_message)


# --- bulk update


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        pytest.param([operation("ADD", "remoteAttributes.new", "1")], {"a": "1", "b": "2", "new": "1"}, id="add"),
        pytest.param([operation("ADD", "remoteAttributes.a", "")], {"a": "", "b": "2"}, id="add overwrites"),
        pytest.param([operation("REPLACE", "/remote_attributes/a", "9")], {"a": "9", "b": "2"}, id="replace"),
        pytest.param(
            [operation("REPLACE", "remoteAttributes.a", "9", oldValue="1")], {"a": "9", "b": "2"}, id="replace if equal"
        ),
        pytest.param(
            [operation("REPLACE", "remoteAttributes.a", "9", oldValue="x")], {"a": "1", "b": "2"}, id="not if different"
        ),
        pytest.param(
            [operation("REPLACE", "remoteAttributes.z", "9", oldValue="x")], {"a": "1", "b": "2"}, id="nor if absent"
        ),
        pytest.param([operation("REMOVE", "remoteAttributes.a")], {"b": "2"}, id="remove"),
        pytest.param([operation("REMOVE", "remoteAttributes.a", "1")], {"b": "2"}, id="remove if equal"),
        pytest.param([operation("REMOVE", "remoteAttributes.a", "x")], {"a": "1", "b": "2"}, id="do not remove"),
        pytest.param([operation("REMOVE", "remoteAttributes.z")], {"a": "1", "b": "2"}, id="remove what is absent"),
        pytest.param(
            [operation("MOVE", "attributeOverrides.c", from_="attribute_overrides.a")], {"b": "2", "c": "1"}, id="move"
        ),
        pytest.param(
            [operation("COPY", "/remoteAttributes/c", from_="/remote_attributes/a")],
            {"a": "1", "b": "2", "c": "1"},
            id="copy",
        ),
        pytest.param(
            [
                operation("ADD", "remoteAttributes.x", "1"),
                operation("MOVE", "remoteAttributes.y", from_="remoteAttributes.x"),
                operation("REPLACE", "remoteAttributes.y", "2", oldValue="1"),
            ],
            {"a": "1", "b": "2", "y": "2"},
            id="in order",
        ),
        pytest.param(
            [operation("ADD", "remoteAttributes.dotted.key", "1"), operation("ADD", "/remote_attributes/x~1y~0z", "2")],
            {"a": "1", "b": "2", "dotted.key": "1", "x/y~z": "2"},
            id="keys with dots and slashes",
        ),
    ],
)
async def test_bulk_update_operations(fleet: Replica, operations: list[pb.Operation], expected: dict[str, str]) -> None:
    await fleet.create_collector("c", remote_attributes={"a": "1", "b": "2"})
    await bulk(fleet, ["c"], *operations)
    assert await remote(fleet, "c") == expected


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        pytest.param(operation("UNKNOWN", "remoteAttributes.a", "1"), Invalid, id="unknown operation"),
        pytest.param(pb.Operation(op=77, path="remoteAttributes.a"), Invalid, id="unheard-of"),  # type: ignore[arg-type]
        pytest.param(operation("ADD", "remoteAttributes.a"), Invalid, id="add without a value"),
        pytest.param(operation("ADD", "localAttributes.a", "1"), Invalid, id="another root"),
        pytest.param(operation("ADD", "enabled", "1"), Invalid, id="another field"),
        pytest.param(operation("ADD", "remoteAttributes.collector.os", "1"), Invalid, id="reserved"),
        pytest.param(operation("ADD", "", "1"), Invalid, id="no path"),
        pytest.param(operation("MOVE", "remoteAttributes.a"), Invalid, id="move without from"),
        pytest.param(operation("COPY", "remoteAttributes.a", from_="remoteAttributes.only-2"), Invalid, id="no source"),
        pytest.param(operation("REPLACE", "remoteAttributes.only-2", "1"), NotFound, id="replace what is absent"),
    ],
)
async def test_a_bulk_update_that_fails_for_one_changes_none(
    fleet: Replica, bad: pb.Operation, error: type[DomainError]
) -> None:
    await fleet.create_collector("c1", remote_attributes={"a": "1"})
    await fleet.create_collector("c2", remote_attributes={"a": "1"})
    with pytest.raises(error):
        await bulk(fleet, ["c1", "c2"], operation("ADD", "remoteAttributes.new", "1"), bad)
    assert [await remote(fleet, c) for c in ("c1", "c2")] == [{"a": "1"}, {"a": "1"}]
    assert await fleet.kinds() == ["collector.created", "collector.created"]


async def test_a_bulk_update_that_fails_for_the_last_changes_none(fleet: Replica) -> None:
    await fleet.create_collector("c1", remote_attributes={"a": "1"})
    await fleet.create_collector("c2")
    with pytest.raises(NotFound):
        await bulk(fleet, ["c1", "c2"], operation("REPLACE", "remoteAttributes.a", "2"))
    with pytest.raises(NotFound):
        await bulk(fleet, ["c1", "c3"], operation("ADD", "remoteAttributes.a", "2"))
    assert await remote(fleet, "c1") == {"a": "1"}


async def test_a_conditional_bulk_update_skips_some(fleet: Replica) -> None:
    await fleet.create_collector("c1", remote_attributes={"a": "1"})
    await fleet.create_collector("c2", remote_attributes={"a": "2"})
    await fleet.create_collector("c3")
    await bulk(fleet, ["c3", "c1", "c2", "c1"], operation("REPLACE", "remoteAttributes.a", "9", oldValue="1"))
    assert [await remote(fleet, c) for c in ("c1", "c2", "c3")] == [{"a": "9"}, {"a": "2"}, {}]
    assert [event.stream for event in await fleet.events("collector.updated")] == ["collector:c1"]


async def test_bulk_calls_over_many_collectors(fleet: Replica) -> None:
    ids = [f"c{number:03}" for number in range(450)]
    await asyncio.gather(*(fleet.register(identifier) for identifier in ids))
    await bulk(fleet, ids, operation("ADD", "remoteAttributes.wave", "1"))
    assert await fleet.collectors("wave=1") == ids
    await fleet(pb.BulkDeleteCollectorsRequest(ids=ids[1:]))
    assert await fleet.collectors() == ids[:1]


# --- delete


async def test_bulk_delete_is_all_or_nothing(fleet: Replica) -> None:
    for identifier in ("a", "b", "c"):
        await fleet.create_collector(identifier)
    with pytest.raises(NotFound):
        await fleet(pb.BulkDeleteCollectorsRequest(ids=["a", "x", "b"]))
    assert await fleet.collectors() == ["a", "b", "c"]
    await fleet(pb.BulkDeleteCollectorsRequest(ids=["c", "a", "c"]))
    assert await fleet.collectors() == ["b"]


async def test_delete_forgets_a_collector_and_what_it_said(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    await fleet(pb.DeleteCollectorRequest(id="c"))
    with pytest.raises(NotFound):
        await fleet.collector("c")
    with pytest.raises(NotFound):
        await fleet.status("c")


async def test_a_deleted_collector_that_polls_comes_back_without_its_remote_attributes(fleet: Replica) -> None:
    await fleet.create_collector("c", remote_attributes={"a": "1"}, name="given")
    await fleet.poll("c", {"env": "prod"})
    await fleet.poll("c", {"env": "prod"})
    await fleet(pb.DeleteCollectorRequest(id="c"))
    fleet.clock.advance(60)
    await fleet.poll("c", {"env": "prod"})
    back = await fleet.collector("c")
    assert (dict(back.remote_attributes), back.name) == ({}, "")
    assert dict(back.local_attributes) == {"env": "prod", "collector.ID": "c"}
    assert back.created_at.seconds == START_SECONDS + 60
    assert await fleet.kinds() == ["collector.created", "collector.deleted", "collector.registered"]


# --- lists


async def test_collectors_are_listed_by_id(fleet: Replica) -> None:
    for identifier in ("b", "a", "B", "ä", "10", "9"):
        await fleet.register(identifier)
    assert await fleet.collectors() == ["10", "9", "B", "a", "b", "ä"]


@pytest.mark.parametrize(
    ("matchers", "expected"),
    [
        pytest.param(["env=prod"], ["local", "remote"], id="combined attributes"),
        pytest.param(["env=dev"], ["overridden"], id="remote wins"),
        pytest.param(['env=""'], ["bare"], id="lacking it counts as empty"),
        pytest.param(["env!=prod"], ["bare", "overridden"], id="lacking it is different"),
        pytest.param(['env=~".+"'], ["local", "overridden", "remote"], id="present"),
        pytest.param(['env=~".*"'], ["bare", "local", "overridden", "remote"], id="anything"),
        pytest.param(["collector.ID=bare"], ["bare"], id="id"),
        pytest.param(["collector.ID=~local|remote", "collector.os=linux"], ["local"], id="all must fit"),
        pytest.param(["collector.os=linux"], ["local"], id="reserved"),
        pytest.param(["env=nowhere"], [], id="none"),
        pytest.param(["collector.id=bare"], [], id="the key of the id has capitals"),
    ],
)
async def test_collectors_are_filtered_by_matchers(fleet: Replica, matchers: list[str], expected: list[str]) -> None:
    await fleet.register("local", {"env": "prod", "collector.os": "linux", "collector.ID": "lies"})
    await fleet.register("overridden", {"env": "prod"})
    await fleet.update_collector("overridden", remote_attributes={"env": "dev"})
    await fleet.create_collector("remote", remote_attributes={"env": "prod"})
    await fleet.register("bare")
    assert await fleet.collectors(*matchers) == expected


@pytest.mark.parametrize("matcher", ["env", "a=1,b=2", 'a=~"["', "", "{}", "\x00", "x=" + "y" * 200])
async def test_a_bad_matcher_is_refused(fleet: Replica, matcher: str) -> None:
    with pytest.raises(Invalid) as caught:
        await fleet.collectors("env=prod", matcher)
    assert [violation.field for violation in caught.value.violations] == ["matchers[1]"]


async def test_lists_have_inactive_and_disabled_collectors_too(fleet: Replica) -> None:
    await fleet.register("gone", {"env": "prod"})
    await fleet.unregister("gone")
    await fleet.create_collector("off", enabled=False)
    assert await fleet.collectors() == ["gone", "off"]
    assert await fleet.collectors("env=prod") == ["gone"]


async def test_attributes_are_listed_with_their_distinct_values_in_order(fleet: Replica) -> None:
    await fleet.register("c2", {"env": "prod", "b": ""})
    await fleet.register("c1", {"env": "dev", "collector.os": "linux"})
    await fleet.register("c3", {"env": "prod"})
    await fleet.update_collector("c1", remote_attributes={"team": "y", "env": "x"})
    await fleet.update_collector("c2", remote_attributes={"team": "x"})
    answer = await fleet(pb.ListCollectorAttributesRequest())

    def told(attributes: Any) -> dict[str, list[str]]:
        return {key: [value.value for value in attributes[key].values] for key in attributes}

    local = {"collector.ID": ["c1", "c2", "c3"], "collector.os": ["linux"], "env": ["dev", "prod"], "b": [""]}
    assert told(answer.local_attributes) == local
    assert told(answer.attributes) == local
    assert told(answer.remote_attributes) == {"team": ["x", "y"], "env": ["x"]}
    assert told(answer.attribute_overrides) == {"team": ["x", "y"], "env": ["x"]}
