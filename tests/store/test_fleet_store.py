"""The fleet's tables, where the services do not reach: atomicity, order, merging, and large numbers of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from quarterdeck.database import Connection, Database
from quarterdeck.errors import Conflict, Invalid, NotFound
from quarterdeck.fleet.collector import Collector, CollectorStatus, CollectorType, ConfigStatus, Customisation
from quarterdeck.fleet.pipeline import ConfigType, Operation, Pipeline, PipelineDraft, Source
from quarterdeck.fleet.store import collectors, pipelines
from tests.store.manual_clock import START

T = TypeVar("T")
TENANT = "t"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def draft(name: str = "p", **fields: Any) -> PipelineDraft:
    return PipelineDraft(name, **{"contents": "// a\n", **fields})


def collector(identifier: str = "c", **fields: Any) -> Collector:
    defaults: dict[str, Any] = {
        "name": "",
        "local_attributes": {},
        "remote_attributes": {},
        "enabled": True,
        "collector_type": CollectorType.ALLOY,
        "created_by_api": False,
        "created_at": START,
        "updated_at": START,
    }
    return Collector(identifier, **{**defaults, **fields})


class Store:
    """Runs one store function per transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def write(self, fn: Callable[..., T], *args: Any, tenant: str = TENANT, **options: Any) -> T:
        return await self.database.transaction(lambda c: fn(c, tenant, *args, **options))

    async def read(self, fn: Callable[..., T], *args: Any, tenant: str = TENANT, **options: Any) -> T:
        return await self.database.read(lambda c: fn(c, tenant, *args, **options))

    async def pipeline(self, name: str = "p", *, tenant: str = TENANT, ident: str | None = None, **fields: Any) -> Any:
        return await self.write(
            add_pipeline, draft(name, **fields), tenant=tenant, ident=ident or name, actor="me", at=START
        )

    async def contact(self, *rows: dict[str, Any]) -> None:
        full = [{"tenant_id": TENANT, **row} for row in rows]
        await self.database.transaction(lambda c: collectors.save_contacts(c, full))

    async def status(self, identifier: str = "c") -> CollectorStatus:
        return (await self.read(collectors.statuses, [identifier]))[0]


def add_pipeline(connection: Connection, tenant_id: str, wanted: PipelineDraft, **options: Any) -> Pipeline:
    pipelines.hold_pipelines(connection, tenant_id)
    return pipelines.add(connection, tenant_id, wanted, **options)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


# --- pipelines


async def test_a_pipeline_comes_back_as_it_was_added(store: Store) -> None:
    wanted = draft(
        contents="// ü\r\n",
        matchers=('b="1"', 'a="2"'),
        enabled=False,
        metadata={"nested": {"list": [1.5, None, True]}},
        source=Source(77, "n"),
        config_type=ConfigType.OTEL,
    )
    added = await store.write(add_pipeline, wanted, ident="p_1", actor="me", at=at(0.123456))
    assert added == Pipeline(1, wanted, "p_1", 1, created_at=at(0.123456), updated_at=at(0.123456))
    assert await store.read(pipelines.get, 1) == added
    assert await store.read(pipelines.find_by_name, "p") == added
    assert await store.read(pipelines.id_of, "p") == 1
    assert await store.read(pipelines.list_all) == [added]


async def test_what_is_not_there_is_none_or_not_found(store: Store) -> None:
    assert await store.read(pipelines.find, 1) is None
    assert await store.read(pipelines.find_by_name, "p") is None
    assert await store.read(pipelines.id_of, "p") is None
    assert not await store.read(pipelines.ident_exists, "p")
    assert await store.read(collectors.find, "c") is None
    for get, key in ((pipelines.get, 1), (pipelines.get_revision, 1), (collectors.get, "c")):
        with pytest.raises(NotFound):
            await store.read(get, key)


async def test_an_ident_exists_whatever_its_case(store: Store) -> None:
    await store.pipeline(ident="Straße_A")
    for ident in ("Straße_A", "straße_a", "STRASSE_A"):
        assert await store.read(pipelines.ident_exists, ident)
    assert not await store.read(pipelines.ident_exists, "Strasse_B")


@pytest.mark.parametrize(("name", "ident"), [("p", "other"), ("other", "P")])
async def test_names_and_idents_are_unique_even_for_who_forgets_to_look(store: Store, name: str, ident: str) -> None:
    await store.pipeline("p", ident="p")
    with pytest.raises(Conflict):
        await store.pipeline(name, ident=ident)
    assert len(await store.read(pipelines.list_revisions)) == 1


async def test_numbers_are_given_back_by_a_rollback_and_never_by_a_deletion(store: Store) -> None:
    def fails(connection: Connection, tenant_id: str) -> None:
        add_pipeline(connection, tenant_id, draft(), ident="p", actor="me", at=START)
        raise Invalid(*invalid)

    invalid: Any = ("FIELD_INVALID", "on purpose")
    with pytest.raises(Invalid):
        await store.write(fails)
    first = await store.pipeline()
    assert (first.id, first.revision_id) == (1, 1)
    await store.write(pipelines.delete, first, actor="me", at=START)
    second = await store.pipeline()
    assert (second.id, second.revision_id) == (2, 3)


async def test_replacing_keeps_id_ident_and_creation(store: Store) -> None:
    added = await store.pipeline(source=Source(1, "n"), metadata={"a": 1.0})
    wanted = draft("renamed", contents="// b\n")
    replaced = await store.write(pipelines.replace, added, wanted, actor="you", at=at(5))
    assert replaced == Pipeline(1, wanted, "p", 2, created_at=START, updated_at=at(5))
    assert await store.read(pipelines.get, 1) == replaced


async def test_revisions_are_in_order_and_keep_their_drafts(store: Store) -> None:
    added = await store.pipeline(contents="// 1\n")
    other = await store.pipeline("q")
    replaced = await store.write(pipelines.replace, added, draft(contents="// 2\n"), actor="me", at=at(1))
    await store.write(pipelines.delete, replaced, actor="me", at=at(2))
    every = await store.read(pipelines.list_revisions)
    assert [(r.id, r.pipeline_id, r.operation) for r in every] == [
        (1, 1, Operation.INSERT),
        (2, other.id, Operation.INSERT),
        (3, 1, Operation.UPDATE),
        (4, 1, Operation.DELETE),
    ]
    assert {revision.draft.contents for revision in every} == {""}
    own = await store.read(pipelines.list_revisions, 1)
    assert [(r.draft.contents, r.created_at) for r in own] == [
        ("// 1\n", START),
        ("// 2\n", at(1)),
        ("// 2\n", at(2)),
    ]
    assert await store.read(pipelines.get_revision, 3) == own[1]


async def test_served_heads_are_the_enabled_alloy_pipelines(store: Store) -> None:
    await store.pipeline("on", matchers=('a="1"',), source=Source(1, "n"))
    await store.pipeline("off", enabled=False)
    await store.pipeline("otel", config_type=ConfigType.OTEL, contents="a: 1")
    (head,) = await store.read(pipelines.list_served)
    assert (head.id, head.name, head.ident, head.revision_id) == (1, "on", "on", 1)
    assert (head.matchers, head.source) == (('a="1"',), Source(1, "n"))
    texts = await store.read(pipelines.texts_by_sha256, {head.contents_sha256, "0" * 64})
    assert texts == {head.contents_sha256: "// a\n"}


async def test_a_source_is_type_and_namespace(store: Store) -> None:
    for name, source in (("a", Source(1, "n")), ("b", Source(2, "n")), ("c", Source(1, "N")), ("d", None)):
        await store.pipeline(name, source=source)
    assert [p.draft.name for p in await store.read(pipelines.list_by_source, Source(1, "n"))] == ["a"]
    assert await store.read(pipelines.list_by_source, Source(3, "n")) == []


async def test_more_pipelines_than_a_statement_takes_parameters(store: Store) -> None:
    def add_many(connection: Connection, tenant_id: str) -> None:
        for number in range(700):
            pipelines.add(
                connection, tenant_id, draft(f"p{number}", contents=f"// {number}\n"), ident=f"p{number}", actor="x",
                at=START,
            )  # fmt: skip

    await store.write(add_many)
    listed = await store.read(pipelines.list_all)
    assert [(p.id, p.draft.contents) for p in listed] == [(n + 1, f"// {n}\n") for n in range(700)]


async def test_pipelines_of_tenants_stay_apart(store: Store) -> None:
    await store.pipeline()
    theirs = await store.pipeline(tenant="other")
    assert (theirs.id, theirs.revision_id) == (1, 1)
    await store.write(pipelines.replace, theirs, draft(contents="// b\n"), tenant="other", actor="", at=START)
    await store.write(pipelines.delete, theirs, tenant="other", actor="", at=START)
    assert (await store.read(pipelines.get, 1)).draft.contents == "// a\n"
    assert len(await store.read(pipelines.list_revisions)) == 1


# --- collectors


async def test_a_collector_comes_back_as_it_was_added(store: Store) -> None:
    wanted = collector(
        name="One",
        local_attributes={"b": "1", "a": "\x1b\u202e", "": ""},
        remote_attributes={"k": "v"},
        enabled=False,
        collector_type=9,
        created_by_api=True,
        created_at=at(0.000001),
        updated_at=at(1),
        marked_inactive_at=at(2),
    )
    assert await store.write(collectors.add, wanted)
    assert await store.read(collectors.get, "c") == wanted
    assert await store.read(collectors.list_all) == [wanted]


async def test_adding_an_id_that_is_taken_changes_nothing(store: Store) -> None:
    first = collector(name="first")
    assert await store.write(collectors.add, first)
    assert not await store.write(collectors.add, collector(name="second"))
    assert await store.write(collectors.add, collector(name="theirs"), tenant="other")
    assert await store.read(collectors.get, "c") == first


async def test_updating_leaves_creation_alone(store: Store) -> None:
    await store.write(collectors.add, collector(created_by_api=True))
    changed = collector(name="new", local_attributes={"a": "1"}, updated_at=at(5), created_at=at(9))
    await store.write(collectors.update, changed)
    stored = await store.read(collectors.get, "c")
    assert stored == replace(changed, created_at=START, created_by_api=True)


async def test_collectors_are_sorted_by_code_point_on_both_databases(store: Store) -> None:
    ids = ["b", "a", "B", "ä", "_", "10", "9", "\U0001f600", "ﬀ"]
    for identifier in ids:
        await store.write(collectors.add, collector(identifier))
    assert [c.id for c in await store.read(collectors.list_all)] == sorted(ids)
    assert [status.collector_id for status in await store.read(collectors.statuses)] == sorted(ids)


@pytest.mark.parametrize(
    ("fields", "customised"),
    [
        ({}, False),
        ({"name": "x", "local_attributes": {"a": "1"}, "created_by_api": True}, False),
        ({"collector_type": CollectorType.UNSPECIFIED}, False),
        ({"remote_attributes": {"a": "1"}}, True),
        ({"enabled": False}, True),
        ({"collector_type": CollectorType.OTEL}, True),
    ],
)
async def test_polls_must_know_of_what_is_customised(store: Store, fields: dict[str, Any], customised: bool) -> None:
    wanted = collector(**fields)
    await store.write(collectors.add, wanted)
    expected = {"c": Customisation(wanted.remote_attributes, wanted.enabled, wanted.collector_type)}
    assert await store.read(collectors.customisations) == (expected if customised else {})
    await store.write(collectors.update, collector())
    assert await store.read(collectors.customisations) == {}


async def test_many_ids_in_one_call(store: Store) -> None:
    ids = [f"c{number:04}" for number in range(1000)]

    def add_all(connection: Connection, tenant_id: str) -> None:
        for identifier in ids:
            collectors.add(connection, tenant_id, collector(identifier))

    await store.write(add_all)
    await store.contact(*({"collector_id": identifier, "last_seen_at": START} for identifier in ids))
    assert list(await store.write(collectors.find_many, [*ids, "x"], lock=True)) == ids
    assert await store.read(collectors.existing, [*ids[:-1], "x"]) == set(ids[:-1])
    await store.write(collectors.delete, ids[1:])
    assert [c.id for c in await store.read(collectors.list_all)] == ids[:1]
    assert len(await store.database.read(lambda c: collectors.list_silent(c, at(1)))) == 1


async def test_a_deleted_collector_leaves_nothing_that_it_said(store: Store) -> None:
    await store.write(collectors.add, collector())
    await store.contact({"collector_id": "c", "status": 3, "error_message": "bad", "effective_sha256": "ab" * 32})
    await store.write(collectors.delete, ["c"])
    await store.write(collectors.add, collector())
    assert await store.status() == CollectorStatus("c")
    assert await store.read(collectors.effective_config, "c") is None


async def test_contacts_merge_column_by_column(store: Store) -> None:
    await store.write(collectors.add, collector())
    assert await store.status() == CollectorStatus("c")
    await store.contact({"collector_id": "c", "last_seen_at": at(1), "poll_interval": 60.5})
    await store.contact({"collector_id": "c", "status": 3, "error_message": "bad", "reported_at": at(2)})
    await store.contact({"collector_id": "c", "served_hash": "h", "served_fnv1": "f", "served_at": at(3)})
    await store.contact(
        {"collector_id": "c", "effective_sha256": "e", "effective_content_type": "t", "effective_at": at(4)}
    )
    assert await store.status() == CollectorStatus(
        collector_id="c",
        last_seen_at=at(1),
        poll_interval=60.5,
        served_hash="h",
        served_fnv1="f",
        served_at=at(3),
        status=ConfigStatus.FAILED,
        error_message="bad",
        reported_at=at(2),
        effective_hash="e",
        effective_at=at(4),
    )
    assert await store.read(collectors.effective_config, "c") == ("e", "t")


async def test_the_latest_contact_and_a_learned_interval_stay(store: Store) -> None:
    await store.write(collectors.add, collector())
    for seen, interval in ((10, None), (20, 60.0), (15, None), (5, 30.0)):
        await store.contact({"collector_id": "c", "last_seen_at": at(seen), "poll_interval": interval})
    status = await store.status()
    assert (status.last_seen_at, status.poll_interval) == (at(20), 30.0)


async def test_when_a_text_was_first_served_stays_until_another_is(store: Store) -> None:
    await store.write(collectors.add, collector())
    served = []
    for moment, text in ((1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "a")):
        await store.contact({"collector_id": "c", "served_hash": text, "served_fnv1": text, "served_at": at(moment)})
        served.append((await store.status()).served_at)
    assert served == [at(1), at(1), at(3), at(3), at(5)]


async def test_only_a_later_contact_clears_the_mark(store: Store) -> None:
    await store.write(collectors.add, collector())
    assert await store.write(collectors.mark_inactive, "c", at(10))
    assert not await store.write(collectors.mark_inactive, "c", at(11))
    assert not await store.write(collectors.mark_inactive, "nobody", at(11))
    for seen, expected in ((9, at(10)), (10, at(10)), (11, None)):
        await store.contact({"collector_id": "c", "last_seen_at": at(seen)})
        await store.write(collectors.clear_inactive, ["c"])
        assert (await store.read(collectors.get, "c")).marked_inactive_at == expected


async def test_the_silent_are_active_collectors_seen_before(store: Store) -> None:
    for identifier, seen in (("old", 1), ("new", 9), ("gone", 1)):
        await store.write(collectors.add, collector(identifier))
        await store.contact({"collector_id": identifier, "last_seen_at": at(seen), "poll_interval": 5.0})
    await store.write(collectors.add, collector("never seen"))
    await store.contact({"collector_id": "no collector", "last_seen_at": at(1)})
    await store.write(collectors.mark_inactive, "gone", at(2))
    silent = await store.database.read(lambda c: collectors.list_silent(c, at(5)))
    assert silent == [(TENANT, "old", at(1), 5.0)]


async def test_the_purgeable_are_gone_and_have_nothing_to_lose(store: Store) -> None:
    own = {"marked_inactive_at": at(1)}
    for wanted in (
        collector("plain", **own),
        collector("active"),
        collector("lately", marked_inactive_at=at(9)),
        collector("remote", remote_attributes={"a": "1"}, **own),
        collector("by api", created_by_api=True, **own),
        collector("off", enabled=False, **own),
    ):
        await store.write(collectors.add, wanted)
    assert await store.database.read(lambda c: collectors.list_purgeable(c, at(5))) == [(TENANT, "plain")]


async def test_what_a_database_cannot_keep_is_refused(store: Store) -> None:
    for wanted in (collector("a\x00"), collector(name="\x00"), collector(name="\ud800")):
        with pytest.raises(Invalid):
            await store.write(collectors.add, wanted)
    with pytest.raises(Invalid):
        await store.pipeline(contents="\x00")
    assert await store.read(collectors.list_all) == []
    assert await store.read(pipelines.list_revisions) == []
