"""What collectors call for themselves: register, poll, report, unregister."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from quarterdeck.errors import Forbidden, Invalid, NotFound, Reason
from quarterdeck.fleet.alloy import fnv1_32
from quarterdeck.gen.collector.v1 import collector_pb2 as pb
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2 as fpb
from quarterdeck.identity import Role
from tests.services.fleet_house import EVERYBODY, HouseClock, Replica, SeveredDatabase, open_replica
from tests.store.manual_clock import START

START_SECONDS = int(START.timestamp())
APPLIED, FAILED, UNSET = pb.RemoteConfigStatuses_APPLIED, pb.RemoteConfigStatuses_FAILED, pb.RemoteConfigStatuses_UNSET


def report(status: pb.RemoteConfigStatuses, error: str = "") -> pb.RemoteConfigStatus:
    return pb.RemoteConfigStatus(status=status, error_message=error)


def running(body: bytes, content_type: str = "text/plain", name: str = "") -> pb.EffectiveConfig:
    file = pb.AgentConfigFile(body=body, content_type=content_type)
    return pb.EffectiveConfig(config_map=pb.AgentConfigMap(config_map={name: file}))


# --- register


async def test_registering_makes_a_collector_known(fleet: Replica) -> None:
    await fleet.register("c", {"collector.os": "linux", "env": "prod"}, name="Host")
    collector = await fleet.collector("c")
    assert collector.name == "Host"
    assert dict(collector.local_attributes) == {"collector.os": "linux", "env": "prod", "collector.ID": "c"}
    assert collector.attributes == collector.local_attributes
    assert dict(collector.remote_attributes) == {}
    assert collector.enabled
    assert collector.collector_type == pb.COLLECTOR_TYPE_ALLOY
    assert (collector.created_at.seconds, collector.updated_at.seconds) == (START_SECONDS, START_SECONDS)


async def test_registering_reads_the_deprecated_attributes_of_old_alloys(fleet: Replica) -> None:
    await fleet(pb.RegisterCollectorRequest(id="old", attributes={"env": "prod"}))
    await fleet(pb.RegisterCollectorRequest(id="both", attributes={"env": "old"}, local_attributes={"env": "new"}))
    assert (await fleet.collector("old")).local_attributes["env"] == "prod"
    assert (await fleet.collector("both")).local_attributes["env"] == "new"


async def test_registering_again_replaces_the_local_attributes_and_nothing_else(fleet: Replica) -> None:
    await fleet.register("c", {"env": "prod", "zone": "a"}, name="Host")
    await fleet.update_collector("c", remote_attributes={"team": "x"}, enabled=False)
    fleet.clock.advance(60)
    await fleet.register("c", {"env": "dev"})
    collector = await fleet.collector("c")
    assert dict(collector.local_attributes) == {"env": "dev", "collector.ID": "c"}
    assert (collector.name, dict(collector.remote_attributes), collector.enabled) == ("Host", {"team": "x"}, False)
    assert (collector.created_at.seconds, collector.updated_at.seconds) == (START_SECONDS, START_SECONDS + 60)
    await fleet.register("c")
    assert dict((await fleet.collector("c")).local_attributes) == {"collector.ID": "c"}


async def test_registering_a_collector_that_was_made_by_api_keeps_what_was_given(fleet: Replica) -> None:
    await fleet.create_collector("c", remote_attributes={"team": "x"}, name="Given")
    await fleet.register("c", {"env": "prod"})
    collector = await fleet.collector("c")
    assert (collector.name, dict(collector.remote_attributes)) == ("Given", {"team": "x"})
    assert collector.local_attributes["env"] == "prod"
    assert await fleet.kinds() == ["collector.created"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param({f"k{n:03}": "v" for n in range(501)}, {f"k{n:03}": "v" for n in range(200)}, id="501 attributes"),
        pytest.param({"k": "v" * 100_000}, {"k": "v" * 1024}, id="huge value"),
        pytest.param({"k" * 100_000: "v", "a": "1"}, {"a": "1"}, id="huge key"),
        pytest.param({"": "v", "a": "1"}, {"a": "1"}, id="empty key"),
        pytest.param({"a\x00b": "c\x00d"}, {"a\ufffdb": "c\ufffdd"}, id="NUL"),
        pytest.param({"a": "\n\t\x1b\u202e\U0001f600"}, {"a": "\n\t\x1b\u202e\U0001f600"}, id="other characters"),
        pytest.param({"collector.ID": "another", "collector.os": "x"}, {"collector.os": "x"}, id="a false id"),
    ],
)
async def test_registering_and_polling_never_refuse_attributes(
    fleet: Replica, sent: dict[str, str], kept: dict[str, str]
) -> None:
    await fleet.register("registers", sent)
    await fleet.poll("polls", sent)
    for identifier in ("registers", "polls"):
        expected = {**kept, "collector.ID": identifier}
        assert dict((await fleet.collector(identifier)).local_attributes) == expected


@pytest.mark.parametrize("name", ["", "\x00", "n" * 100_000, "\n\x1b[31m"])
async def test_registering_never_refuses_a_name(fleet: Replica, name: str) -> None:
    await fleet.register("c", name=name)
    assert (await fleet.collector("c")).name == name.replace("\x00", "\ufffd")[:1024]


@pytest.mark.parametrize("identifier", ["x" * 1001, "a\x00b", "\N{GRINNING FACE}" * 251, "  "])
async def test_an_id_that_cannot_be_kept_is_refused_by_every_call(fleet: Replica, identifier: str) -> None:
    for request in (
        pb.RegisterCollectorRequest(id=identifier),
        pb.GetConfigRequest(id=identifier),
        pb.UnregisterCollectorRequest(id=identifier),
    ):
        with pytest.raises(Invalid) as caught:
            await fleet(request)
        assert [violation.field for violation in caught.value.violations] == ["id"]


async def test_registering_the_same_again_writes_no_event(fleet: Replica) -> None:
    for _ in range(3):
        await fleet.register("c", {"env": "prod"}, name="Host")
        fleet.clock.advance(60)
    assert await fleet.kinds() == ["collector.registered"]
    assert (await fleet.collector("c")).updated_at.seconds == START_SECONDS


# --- poll


async def test_a_poll_makes_an_unknown_collector_known(fleet: Replica) -> None:
    await fleet.create("p", "// for c\n", matchers=["env=prod"])
    answer = await fleet.poll("c", {"env": "prod"})
    assert "// for c\n" in answer.content
    assert dict((await fleet.collector("c")).local_attributes) == {"env": "prod", "collector.ID": "c"}
    assert await fleet.kinds() == ["pipeline.created", "collector.registered"]


async def test_a_poll_without_attributes_uses_the_registered_ones(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod"])
    await fleet.register("c", {"env": "prod"})
    assert "// for prod\n" in (await fleet.poll("c")).content
    assert (await fleet.collector("c")).local_attributes["env"] == "prod"


async def test_a_poll_with_the_deprecated_attributes(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod"])
    answer = await fleet(pb.GetConfigRequest(id="c", attributes={"env": "prod"}))
    assert "// for prod\n" in answer.content
    answer = await fleet(pb.GetConfigRequest(id="c", attributes={"env": "prod"}, local_attributes={"env": "dev"}))
    assert "// for prod\n" not in answer.content


async def test_a_poll_brings_changed_attributes(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod"])
    assert "// for prod\n" not in (await fleet.poll("c", {"env": "dev"})).content
    fleet.clock.advance(60)
    assert "// for prod\n" in (await fleet.poll("c", {"env": "prod"})).content
    collector = await fleet.collector("c")
    assert collector.local_attributes["env"] == "prod"
    assert collector.updated_at.seconds == START_SECONDS + 60


async def test_not_modified_needs_an_equal_hash_that_is_not_empty(fleet: Replica) -> None:
    await fleet.create("p")
    first = await fleet.poll("c", {"a": "1"})
    assert (first.not_modified, first.hash) == (False, hashlib.sha256(first.content.encode()).hexdigest())
    same = await fleet.poll("c", {"a": "1"}, hash=first.hash)
    assert (same.not_modified, same.content, same.hash) == (True, "", first.hash)
    for other in ("", first.hash.upper(), first.hash[:-1], "\x00", "x" * 100_000):
        answer = await fleet.poll("c", {"a": "1"}, hash=other)
        assert (answer.not_modified, answer.content, answer.hash) == (False, first.content, first.hash)


async def test_a_change_ends_not_modified(fleet: Replica) -> None:
    await fleet.create("p", "// 1\n")
    first = await fleet.poll("c")
    await fleet.update("1", "p", "// 2\n")
    second = await fleet.poll("c", hash=first.hash)
    assert not second.not_modified
    assert "// 2\n" in second.content


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param({}, id="no pipeline matches"),
        pytest.param({"enabled": False}, id="disabled"),
        pytest.param({"collector_type": pb.COLLECTOR_TYPE_OTEL}, id="OTEL"),
    ],
)
async def test_nothing_to_serve_is_a_text_with_a_stable_hash(fleet: Replica, situation: dict[str, Any]) -> None:
    if situation:
        await fleet.create("everybody", "// everybody\n")
    await fleet.create("nobody", "// nobody\n", matchers=[])
    await fleet.create_collector("c", **situation)
    answer = await fleet.poll("c", {"a": "1"})
    assert answer.content.startswith("//")
    assert answer.content.count("\n") == 1
    assert "body\n" not in answer.content
    assert answer.hash == hashlib.sha256(answer.content.encode()).hexdigest()
    assert (await fleet.poll("c", {"a": "1"}, hash=answer.hash)).not_modified
    await fleet.create("another nobody", matchers=["x=y"])
    assert (await fleet.poll("c", {"a": "1"}, hash=answer.hash)).not_modified


async def test_texts_for_nothing_differ_from_each_other(fleet: Replica) -> None:
    await fleet.create_collector("off", enabled=False)
    await fleet.create_collector("otel", collector_type=pb.COLLECTOR_TYPE_OTEL)
    assert len({(await fleet.poll(identifier)).content for identifier in ("off", "otel", "none")}) == 3


async def test_disabling_takes_the_configuration_away_at_the_next_poll_and_enabling_gives_it_back(
    fleet: Replica,
) -> None:
    await fleet.create("p", "// everybody\n")
    first = await fleet.poll("c")
    await fleet.update_collector("c", enabled=False)
    assert "everybody" not in (await fleet.poll("c", hash=first.hash)).content
    await fleet.update_collector("c", enabled=True)
    assert await fleet.poll("c") == first


async def test_a_remote_attribute_changes_the_configuration_at_the_next_poll(fleet: Replica) -> None:
    await fleet.create("p", "// for prod\n", matchers=["env=prod"])
    await fleet.poll("c", {"env": "dev"})
    await fleet.update_collector("c", remote_attributes={"env": "prod"})
    assert "// for prod\n" in (await fleet.poll("c", {"env": "dev"})).content
    remove = pb.Operation(op="REMOVE", path="remoteAttributes.env")
    await fleet(pb.BulkUpdateCollectorsRequest(ids=["c"], ops=[remove]))
    assert "// for prod\n" not in (await fleet.poll("c", {"env": "dev"})).content


async def test_many_polls_that_say_nothing_new_cost_few_statements(fleet: Replica) -> None:
    await fleet.create("p")
    ids = [f"c{number}" for number in range(200)]
    first = await asyncio.gather(*(fleet.poll(identifier, {"a": "1"}) for identifier in ids))
    await fleet.settle()
    reads, writes = fleet.database.reads, fleet.database.writes
    for _ in range(5):
        fleet.clock.advance(60)
        for identifier, answer in zip(ids, first, strict=True):
            assert (await fleet.poll(identifier, {"a": "1"}, hash=answer.hash)).not_modified
    assert fleet.database.writes == writes
    assert fleet.database.reads - reads < 20, "more than the follower of the log needs"
    await fleet.settle()
    assert fleet.database.writes - writes <= 3
    assert {(await fleet.status(i)).last_seen_at.seconds for i in (ids[0], ids[-1])} == {START_SECONDS + 300}


async def test_many_newcomers_share_few_transactions(fleet: Replica) -> None:
    writes = fleet.database.writes
    await asyncio.gather(*(fleet.register(f"c{number}") for number in range(400)))
    assert fleet.database.writes - writes <= 6
    assert len(await fleet.collectors()) == 400


async def test_a_poll_may_be_repeated_while_nothing_changed(fleet: Replica) -> None:
    await fleet.create("p")
    promises: list[Any] = []

    async def poll(**fields: Any) -> Any:
        request = pb.GetConfigRequest(id="c", local_attributes={"a": "1"}, **fields)
        call = fleet.context()
        return await fleet.handlers[pb.GetConfigRequest](
            request, type(call)(call.caller, call.request_id, promises.append)
        )

    first = await poll()
    assert promises == []
    await poll(hash=first.hash, remote_config_status=report(APPLIED))
    assert promises == []
    await poll(hash=first.hash)
    (still,) = promises
    fleet.clock.advance(60)
    assert still()
    await fleet.settle()
    assert (await fleet.status("c")).last_seen_at.seconds == START_SECONDS + 60
    await fleet.unregister("c")
    assert not still()
    await poll(hash=first.hash)
    assert still()
    await fleet.create("another", matchers=["never=seen"])
    assert not still()


# --- status


async def test_the_life_of_a_status(fleet: Replica) -> None:
    await fleet.create("p", "// 1\n")
    answer = await fleet.poll("c", {"a": "1"}, remote_config_status=report(UNSET))
    status = await fleet.status("c")
    assert (status.status, status.reported_at.seconds) == (UNSET, START_SECONDS)
    assert (status.served_hash, status.served_fnv1) == (answer.hash, fnv1_32(answer.content))
    assert (status.served_at.seconds, status.last_seen_at.seconds) == (START_SECONDS, START_SECONDS)

    fleet.clock.advance(1)
    await fleet.poll("c", {"a": "1"}, hash=answer.hash, remote_config_status=report(FAILED, "1:1: bad"))
    status = await fleet.status("c")
    assert (status.status, status.error_message, status.reported_at.seconds) == (FAILED, "1:1: bad", START_SECONDS + 1)

    fleet.clock.advance(60)
    await fleet.poll("c", {"a": "1"}, hash=answer.hash)
    await fleet.settle()
    status = await fleet.status("c")
    assert (status.status, status.error_message, status.reported_at.seconds) == (FAILED, "1:1: bad", START_SECONDS + 1)
    assert (status.last_seen_at.seconds, status.served_at.seconds) == (START_SECONDS + 61, START_SECONDS)

    await fleet.update("1", "p", "// 2\n")
    second = await fleet.poll("c", {"a": "1"}, hash=answer.hash)
    effective = running(second.content.encode())
    await fleet.poll(
        "c", {"a": "1"}, hash=second.hash, remote_config_status=report(APPLIED), effective_config=effective
    )
    status = await fleet.status("c")
    assert (status.status, status.error_message) == (APPLIED, "")
    assert status.effective_hash == status.served_hash == second.hash
    assert (status.effective_at.seconds, status.served_at.seconds) == (START_SECONDS + 61, START_SECONDS + 61)


async def test_when_a_configuration_was_first_served_does_not_move(fleet: Replica) -> None:
    await fleet.create("p", matchers=[EVERYBODY])
    await fleet.poll("c", {"a": "1"})
    fleet.clock.advance(60)
    await fleet.poll("c", {"a": "2"})
    await fleet.update_collector("c", remote_attributes={"x": "y"})
    await fleet.poll("c", {"a": "2"}, remote_config_status=report(APPLIED))
    assert (await fleet.status("c")).served_at.seconds == START_SECONDS


async def test_every_change_of_status_is_one_event(fleet: Replica) -> None:
    said = [report(UNSET), report(UNSET), report(APPLIED), report(APPLIED), report(FAILED, "a"), report(FAILED, "b")]
    for status in said:
        await fleet.poll("c", remote_config_status=status)
        # Forgotten in memory, as after a restart: what the database has decides.
        await fleet.update_collector("c", remote_attributes={"n": str(len(await fleet.events()))})
    payloads = [event.payload for event in await fleet.events("collector.status_changed")]
    assert payloads == [
        {"status": "APPLIED", "error_message": ""},
        {"status": "FAILED", "error_message": "a"},
        {"status": "FAILED", "error_message": "b"},
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("e" * 100_000, "e" * 16_384, id="long"),
        pytest.param("a\x00b", "a\ufffdb", id="NUL"),
        pytest.param("\x1b[31m\n\u202e", "\x1b[31m\n\u202e", id="control characters"),
    ],
)
async def test_any_error_message_is_kept(fleet: Replica, sent: str, kept: str) -> None:
    await fleet.poll("c", remote_config_status=report(FAILED, sent))
    assert (await fleet.status("c")).error_message == kept


async def test_an_unheard_of_status_is_no_reason_to_refuse(fleet: Replica) -> None:
    await fleet.poll("c", remote_config_status=pb.RemoteConfigStatus(status=77))  # type: ignore[arg-type]
    assert (await fleet.status("c")).status == UNSET


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        pytest.param(b"// running\r\n", b"// running\r\n", id="text"),
        pytest.param(b"", b"", id="empty"),
        pytest.param(b"\xff\xfe\x00", "\ufffd\ufffd\ufffd".encode(), id="no text"),
        pytest.param(b"x" * 1_000_000, b"x" * 1_000_000, id="1 MB"),
    ],
)
async def test_the_effective_configuration_is_kept(fleet: Replica, body: bytes, kept: bytes) -> None:
    await fleet.poll("c", effective_config=running(body))
    effective = await fleet(fpb.GetEffectiveConfigRequest(id="c"))
    assert (effective.data, effective.content_type) == (kept, "text/plain")
    assert (await fleet.status("c")).effective_hash == hashlib.sha256(kept).hexdigest()


async def test_a_changed_effective_configuration_replaces_the_earlier_one(fleet: Replica) -> None:
    for body in (b"// 1\n", b"// 2\n", b"// 1\n"):
        fleet.clock.advance(1)
        await fleet.poll("c", effective_config=running(body))
        assert (await fleet(fpb.GetEffectiveConfigRequest(id="c"))).data == body
    assert (await fleet.status("c")).effective_at.seconds == START_SECONDS + 3


@pytest.mark.parametrize("content_type", ["text/html", "", "text/plain\r\nX-Evil: 1", "a\x00", "x" * 10_000])
async def test_an_effective_configuration_is_never_more_than_text(fleet: Replica, content_type: str) -> None:
    await fleet.poll("c", effective_config=running(b"<script>", content_type))
    answer = await fleet(fpb.GetEffectiveConfigRequest(id="c"))
    assert answer.content_type == "text/plain; charset=utf-8"


async def test_an_effective_configuration_without_files_is_none(fleet: Replica) -> None:
    await fleet.poll("c", effective_config=pb.EffectiveConfig())
    with pytest.raises(NotFound):
        await fleet(fpb.GetEffectiveConfigRequest(id="c"))


async def test_of_several_effective_files_the_first_by_name_is_kept(fleet: Replica) -> None:
    files = {name: pb.AgentConfigFile(body=name.encode() or b"unnamed") for name in ("b", "", "a")}
    config = pb.EffectiveConfig(config_map=pb.AgentConfigMap(config_map=files))
    await fleet.poll("c", effective_config=config)
    assert (await fleet(fpb.GetEffectiveConfigRequest(id="c"))).data == b"unnamed"


async def test_statuses_are_listed_by_id_and_empty_for_who_never_called(fleet: Replica) -> None:
    await fleet.poll("b", remote_config_status=report(APPLIED))
    await fleet.create_collector("a")
    statuses = (await fleet(fpb.ListCollectorStatusesRequest())).statuses
    assert [status.collector_id for status in statuses] == ["a", "b"]
    assert statuses[0] == fpb.CollectorStatus(collector_id="a")
    assert statuses[1].status == APPLIED
    with pytest.raises(NotFound):
        await fleet.status("nobody")


async def test_the_interval_between_polls_is_observed(fleet: Replica) -> None:
    await fleet.poll("c", {"a": "1"})
    for _ in range(3):
        fleet.clock.advance(60)
        await fleet.poll("c", {"a": "1"})
        # The second of the two that Alloy sends when it has something to report.
        await fleet.poll("c", {"a": "1"})
    await fleet.settle()
    assert (await fleet.status("c")).poll_interval_seconds == 60


async def test_an_observed_interval_outlives_a_restart(
    fleet_database: SeveredDatabase, tenant: str, clock: HouseClock
) -> None:
    async with open_replica(fleet_database, tenant, clock) as before:
        for _ in range(2):
            await before.poll("c", {"a": "1"})
            clock.advance(7200)
        await before.settle()
    async with open_replica(fleet_database, tenant, clock) as after:
        await after.poll("c", {"a": "1"})
        assert (await after.status("c")).poll_interval_seconds == 7200


# --- unregister


async def test_unregistering_marks_a_collector_and_keeps_what_it_has(fleet: Replica) -> None:
    await fleet.register("c", {"env": "prod"}, name="Host")
    await fleet.update_collector("c", remote_attributes={"team": "x"})
    fleet.clock.advance(60)
    await fleet.unregister("c")
    collector = await fleet.collector("c")
    assert collector.marked_inactive_at.seconds == START_SECONDS + 60
    assert (collector.name, dict(collector.remote_attributes)) == ("Host", {"team": "x"})
    assert collector.local_attributes["env"] == "prod"
    assert (await fleet.status("c")).marked_inactive_at.seconds == START_SECONDS + 60


async def test_unregistering_again_changes_nothing(fleet: Replica) -> None:
    await fleet.register("c")
    await fleet.unregister("c")
    fleet.clock.advance(60)
    await fleet.unregister("c")
    assert (await fleet.collector("c")).marked_inactive_at.seconds == START_SECONDS
    assert await fleet.kinds() == ["collector.registered", "collector.unregistered"]


async def test_unregistering_an_unknown_collector_is_fine(fleet: Replica) -> None:
    await fleet.unregister("nobody")
    assert await fleet.collectors() == []
    assert await fleet.kinds() == []


@pytest.mark.parametrize("how", ["poll", "register"])
async def test_the_next_contact_clears_the_mark(fleet: Replica, how: str) -> None:
    await fleet.poll("c", {"a": "1"})
    await fleet.update_collector("c", remote_attributes={"team": "x"})
    await fleet.unregister("c")
    fleet.clock.advance(1)
    await (fleet.poll if how == "poll" else fleet.register)("c", {"a": "1"})
    collector = await fleet.collector("c")
    assert not collector.HasField("marked_inactive_at")
    assert dict(collector.remote_attributes) == {"team": "x"}
    assert not (await fleet.status("c")).HasField("marked_inactive_at")


# --- tokens of collectors


@pytest.mark.parametrize(
    ("bound", "identifier", "allowed"),
    [
        ({"collector_id": "c-1"}, "c-1", True),
        ({"collector_id": "c-1"}, "c-12", False),
        ({"collector_id_prefix": "c-"}, "c-12", True),
        ({"collector_id_prefix": "c-"}, "d-1", False),
        ({}, "anybody", True),
    ],
)
async def test_a_bound_token_speaks_for_its_collectors_only(
    fleet: Replica, bound: dict[str, str], identifier: str, allowed: bool
) -> None:
    for request in (
        pb.RegisterCollectorRequest(id=identifier),
        pb.GetConfigRequest(id=identifier),
        pb.UnregisterCollectorRequest(id=identifier),
    ):
        if allowed:
            await fleet(request, role=Role.COLLECTOR, **bound)
            continue
        with pytest.raises(Forbidden) as caught:
            await fleet(request, role=Role.COLLECTOR, **bound)
        assert caught.value.reason is Reason.COLLECTOR_NOT_YOURS
    assert await fleet.collectors() == ([identifier] if allowed else [])
