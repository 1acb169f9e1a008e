"""Pages of incidents: the SQL of a query says what `matches` says, in a strict order that pages do not disturb."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quarterdeck.database import Connection, Database, Json, Text, Timestamp
from quarterdeck.incidents.incident import Actor, Category, Incident, IncidentType, User
from quarterdeck.incidents.query.cursor import Keyset, decode_cursor, encode_cursor
from quarterdeck.incidents.query.evaluation import (
    IncidentFacts,
    LabelFact,
    context_search_text,
    field_search_text,
    folded,
    matches,
)
from quarterdeck.incidents.query.ordering import INCIDENTS, Direction, Order
from quarterdeck.incidents.query.terms import (
    EVERYTHING,
    And,
    ContextTerm,
    CreatedByTerm,
    DrillTerm,
    FieldTerm,
    LabelTerm,
    Not,
    Or,
    Query,
    RangeTerm,
    RoleTerm,
    SeverityTerm,
    StatusTerm,
    TimeField,
    TitleTerm,
    UserEmailTerm,
)
from quarterdeck.incidents.store import conditions, previews
from quarterdeck.incidents.store import incidents as store
from quarterdeck.incidents.store import tables as t

TENANT = "tenant-1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENTS = [NOON + timedelta(hours=hours, microseconds=hours % 2) for hours in range(-2, 3)]

WORDS = ["checkout", "Straße", "STRASSE", "100%", "a_b", "axb", "'", '"', "İstanbul", "\\", "ΣΑΣ", "[x]*", "db"]
EMAILS = {"user-a": "Ada@example.org", "user-b": "", "user-c": "grace@EXAMPLE.org", "user-d": "ada@example.org"}
SEVERITIES = {"sev-1": ("Pending", -1), "sev-2": ("Major", 2), "SEV-3": ("Straße", 3), "sev-4": ("sev-2", 4)}
STATUSES = {
    "st-1": ("internal", Category.ACTIVE, "Active", "active"),
    "st-2": ("internal", Category.RESOLVED, "Resolved", "resolved"),
    "st-3": ("internal", Category.ACTIVE, "In Review", "in-review"),
    "st-4": ("internal", Category.RESOLVED, "ACTIVE", "active-2"),
    "st-5": ("private", Category.ACTIVE, "Active", "active"),
}
ROLES = {1: "commander", 2: "Straße", 3: "observer"}
KEYS = {"key-1": "tags", "key-2": "Region", "key-3": "REGION 2"}
LABELS = {"lab-1": ("key-1", "db"), "lab-2": ("key-2", "EU"), "lab-3": ("key-1", "eu"), "lab-4": ("key-3", "Straße")}
FIELDS = {"fld-1": "team", "fld-2": "Cost"}
ADMIN = Actor(User("user-z", "admin"), "service_account:admin", is_admin=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """Some incidents in a database, and what a query looks at of each."""

    database: Database
    facts: dict[int, IncidentFacts]
    incidents: dict[int, Incident]

    async def found(self, query: Query, order: Order, *, limit: int = 10_000, seen_by: Actor = ADMIN) -> list[int]:
        """The ids of all pages, each read with the cursor of the one before."""
        ids: list[int] = []
        cursor = ""
        while True:
            page = await self.page(query, order, after=decode_cursor(cursor, order), limit=limit, seen_by=seen_by)
            ids += [incident.id for incident in page.incidents]
            if page.next_keyset is None:
                return ids
            cursor = encode_cursor(order, page.next_keyset)

    async def page(
        self, query: Query, order: Order, *, after: Keyset | None = None, limit: int, seen_by: Actor = ADMIN
    ) -> previews.Page:
        return await self.database.read(
            lambda c: previews.page(c, TENANT, query, order=order, after=after, limit=limit, seen_by=seen_by)
        )


@pytest_asyncio.fixture(params=["named one by one", "looked at one by one"])
async def stored(
    database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stored]:
    if request.param == "looked at one by one":
        monkeypatch.setattr(conditions, "_FEW", -1)
    dice = random.Random(7)
    made = [_incident(dice, number) for number in range(1, 121)]
    facts = await database.transaction(lambda c: _fill(c, dice, made))
    yield Stored(database, facts, {incident.id: incident for incident in made})


def _incident(dice: random.Random, number: int) -> Incident:
    status_id = dice.choice(list(STATUSES))
    created_at = dice.choice(MOMENTS)
    return Incident(
        id=number,
        title=" ".join(dice.choices(WORDS, k=dice.randint(1, 3))),
        slug="",
        description="",
        summary="",
        status=STATUSES[status_id][1],
        status_id=status_id,
        severity_id=dice.choice(list(SEVERITIES)),
        incident_type=dice.choice(list(IncidentType)),
        is_drill=dice.random() < 0.4,
        room_prefix=dice.choice(["", "a", "B"]),
        created_by=dice.choice(list(EMAILS)),
        created_at=created_at,
        modified_at=dice.choice(MOMENTS),
        started_at=dice.choice(MOMENTS),
        ended_at=dice.choice([None, *MOMENTS]),
        closed_at=dice.choice([None, *MOMENTS]),
    )


def _fill(connection: Connection, dice: random.Random, incidents: Sequence[Incident]) -> dict[int, IncidentFacts]:
    _fill_organisation(connection)
    # Another tenant's incident with everything that anybody could look for.
    _fill_organisation(connection, "tenant-2")
    _add(connection, random.Random(1), incidents[0], tenant="tenant-2")
    return {incident.id: _add(connection, dice, incident) for incident in incidents}


def _fill_organisation(connection: Connection, tenant: str = TENANT) -> None:
    def add(table: sa.Table, **values: Any) -> None:
        blank = {
            column.name: _blank(column) for column in table.columns if not column.nullable and column.name not in values
        }
        connection.execute(sa.insert(table).values(**blank | values | {"tenant_id": tenant}))

    for user_id, email in EMAILS.items():
        add(t.users, id=user_id, name=user_id, email=email, email_folded=folded(email))
    for severity_id, (label, level) in SEVERITIES.items():
        add(t.severities, id=severity_id, label=label, label_folded=folded(label), level=level)
    for status_id, (incident_type, category, name, slug) in STATUSES.items():
        add(t.statuses, id=status_id, incident_type=incident_type, category=category, name=name, slug=slug)
    for role_id, name in ROLES.items():
        add(t.roles, id=role_id, name=name, name_folded=folded(name))
    for number, (uuid, slug) in enumerate({**KEYS, **FIELDS}.items(), start=1):
        domain = "labels" if uuid in KEYS else "incident"
        add(t.fields, uuid=uuid, number=number, slug=slug, name=slug, domain=domain)
    # A custom field that is called like a label key.
    add(t.fields, uuid="fld-3", number=9, slug="tags", name="tags", domain="incident")
    for uuid, (key, value) in LABELS.items():
        add(t.select_options, uuid=uuid, field_uuid=key, value=value, value_folded=folded(value), label=value)
    # An option of a custom field is no label.
    add(t.select_options, uuid="opt-1", field_uuid="fld-1", value="web", value_folded="web", label="web")


def _blank(column: sa.Column[Any]) -> Any:
    blanks: dict[type[Any], Any] = {Text: "", Timestamp: NOON, Json: {}, sa.Boolean: False}
    return blanks.get(type(column.type), 0)


def _add(connection: Connection, dice: random.Random, incident: Incident, tenant: str = TENANT) -> IncidentFacts:
    store.add(connection, tenant, incident)
    own = {"tenant_id": tenant, "incident_id": incident.id}
    labels = dice.sample(list(LABELS), dice.randint(0, 3))
    for position, uuid in enumerate(labels):
        row = {"option_uuid": uuid, "field_uuid": LABELS[uuid][0], "position": position}
        connection.execute(sa.insert(t.incident_labels).values(**own, **row))
    contexts = [
        context_search_text(dice.choice(WORDS), f"https://x.example/{dice.choice(WORDS)}")
        for _ in range(dice.randint(0, 2))
    ]
    for number, text in enumerate(contexts):
        row = {"id": str(number), "type": "genericURL", "title": "", "search_text": text, "description": ""}
        times = {"payload": "", "created_by": "user-a", "created_at": NOON, "modified_at": NOON}
        connection.execute(sa.insert(t.contexts).values(**own, **row, **times))
    held = {(dice.choice(list(ROLES)), dice.choice(list(EMAILS))) for _ in range(dice.randint(0, 2))}
    for role_id, user_id in held:
        row = {"role_id": role_id, "user_id": user_id, "assigned_at": NOON}
        connection.execute(sa.insert(t.incident_assignments).values(**own, **row))
    values = {uuid: field_search_text(dice.sample(["web", "Web Shop", "12.50", "Straße"], 2)) for uuid in FIELDS}
    values = {uuid: text for uuid, text in values.items() if dice.random() < 0.6}
    for uuid, text in values.items():
        connection.execute(sa.insert(t.field_values).values(**own, field_uuid=uuid, value='"x"', search_text=text))
    _, _, status_name, status_slug = STATUSES[incident.status_id]
    return IncidentFacts(
        title=incident.title,
        status=incident.status,
        is_drill=incident.is_drill,
        declared=incident.created_at,
        started=incident.started_at,
        resolved=incident.closed_at,
        ended=incident.ended_at,
        status_name=status_name,
        status_slug=status_slug,
        severity_id=incident.severity_id,
        severity_label=SEVERITIES[incident.severity_id][0],
        created_by_email=EMAILS[incident.created_by],
        field_texts={folded(FIELDS[uuid]): text for uuid, text in values.items()},
        labels=tuple(LabelFact(KEYS[LABELS[uuid][0]], LABELS[uuid][1]) for uuid in labels),
        context_texts=tuple(contexts),
        roles=tuple(ROLES[role_id] for role_id, _ in held),
        role_emails=tuple(EMAILS[user_id] for _, user_id in held),
    )


def _any_case(words: Sequence[str]) -> st.SearchStrategy[str]:
    """One of these, often in another case, sometimes a part of one, seldom something else."""
    spelled = st.sampled_from(words).flatmap(
        lambda word: st.sampled_from([word, word.upper(), word.lower(), word.swapcase(), word[:2] or "x"])
    )
    return spelled | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=3)


TEXTS = _any_case([*WORDS, "x.example", "https://"])
NAMES = _any_case(["active", "resolved", "in review", "in-review", "active-2", "major", *SEVERITIES, *ROLES.values()])
ADDRESSES = _any_case([email for email in EMAILS.values() if email])
KEYED = _any_case(list(KEYS.values()))
LABELLED = _any_case([value for _, value in LABELS.values()])
SLUGS = _any_case([*FIELDS.values(), "tags"])
VALUES = _any_case(["web", "Web Shop", "12.50", "Straße"])
TIMES = st.none() | st.sampled_from([*MOMENTS, NOON - timedelta(microseconds=1), NOON + timedelta(microseconds=1)])
TERMS: st.SearchStrategy[Query] = st.one_of(
    st.builds(TitleTerm, TEXTS),
    st.builds(StatusTerm, NAMES),
    st.builds(SeverityTerm, NAMES),
    st.builds(DrillTerm, st.booleans()),
    st.builds(CreatedByTerm, ADDRESSES),
    st.builds(FieldTerm, SLUGS, VALUES),
    st.builds(LabelTerm, LABELLED, st.none() | KEYED),
    st.builds(ContextTerm, TEXTS),
    st.builds(RoleTerm, NAMES),
    st.builds(UserEmailTerm, ADDRESSES),
    st.builds(RangeTerm, st.sampled_from(TimeField), TIMES, TIMES),
)
QUERIES = st.just(EVERYTHING) | st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=4).map(tuple)),
    ),
    max_leaves=8,
)
ORDERS = st.builds(Order, st.just(INCIDENTS), st.sampled_from(list(INCIDENTS.fields)), st.sampled_from(Direction))
NEWEST_FIRST = Order(INCIDENTS, "createdTime", Direction.DESC)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
@example(query=StatusTerm("active"))
@example(query=Not(RangeTerm(TimeField.RESOLVED, None, None)))
@example(query=TitleTerm("100%"))
@example(query=ContextTerm("strasse"))
async def test_sql_finds_what_matches(stored: Stored, query: Query) -> None:
    expected = {number for number, facts in stored.facts.items() if matches(query, facts)}
    assert set(await stored.found(query, NEWEST_FIRST)) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=ORDERS, limit=st.integers(1, 50), query=st.just(EVERYTHING) | TERMS)
async def test_pages_continue_each_other_in_the_order_of_the_field(
    stored: Stored, order: Order, limit: int, query: Query
) -> None:
    found = await stored.found(query, order, limit=limit)
    wanted = [stored.incidents[number] for number, facts in stored.facts.items() if matches(query, facts)]
    expected = sorted(wanted, key=lambda incident: _sort_key(order.field, incident), reverse=order.descending)
    assert found == [incident.id for incident in expected]


def _sort_key(field: str, incident: Incident) -> tuple[Any, int]:
    earliest = datetime.min.replace(tzinfo=UTC)
    keys: dict[str, Any] = {
        "incidentID": incident.id,
        "createdTime": incident.created_at,
        "modifiedTime": incident.modified_at,
        "title": folded(incident.title).encode(),
        "status": incident.status.encode(),
        "severity": SEVERITIES[incident.severity_id][1],
        "prefix": incident.room_prefix.encode(),
        "isDrill": incident.is_drill,
        "incidentStart": incident.started_at,
        "incidentEnd": incident.ended_at or earliest,
        "closedTime": incident.closed_at or earliest,
    }
    return keys[field], incident.id


@pytest.mark.parametrize("user_id", EMAILS)
async def test_private_incidents_are_their_creators_and_role_holders(stored: Stored, user_id: str) -> None:
    seen_by = Actor(User(user_id, ""), "service_account:x", is_admin=False)
    held = t.incident_assignments.c
    query = sa.select(held.incident_id).where(held.tenant_id == TENANT, held.user_id == user_id)
    holds = set(await stored.database.read(lambda c: c.execute(query).scalars().all()))
    expected = {
        incident.id
        for incident in stored.incidents.values()
        if incident.incident_type is not IncidentType.PRIVATE or incident.created_by == user_id or incident.id in holds
    }
    assert set(await stored.found(EVERYTHING, NEWEST_FIRST, limit=7, seen_by=seen_by)) == expected
    assert len(expected) < len(stored.incidents)


async def test_an_incident_that_is_new_does_not_shift_pages(stored: Stored) -> None:
    first = await stored.page(EVERYTHING, NEWEST_FIRST, limit=10)
    newest = replace(stored.incidents[1], id=1_000, created_at=MOMENTS[-1] + timedelta(days=1))
    await stored.database.transaction(lambda c: store.add(c, TENANT, newest))
    second = await stored.page(EVERYTHING, NEWEST_FIRST, after=first.next_keyset, limit=10)
    newest_first = sorted(
        stored.incidents.values(), key=lambda incident: (incident.created_at, incident.id), reverse=True
    )
    both = [incident.id for incident in first.incidents + second.incidents]
    assert both == [incident.id for incident in newest_first[:20]]


async def test_the_last_page_says_so(stored: Stored) -> None:
    whole = await stored.page(EVERYTHING, NEWEST_FIRST, limit=len(stored.incidents))
    assert whole.next_keyset is None
    short = await stored.page(EVERYTHING, NEWEST_FIRST, limit=len(stored.incidents) - 1)
    assert short.next_keyset is not None


async def test_views_of_a_page_are_those_of_each_incident(stored: Stored) -> None:
    incidents = list(stored.incidents.values())

    def both(connection: Connection) -> tuple[list[Any], list[Any]]:
        one_by_one = [store.view(connection, TENANT, incident) for incident in incidents]
        return one_by_one, store.views(connection, TENANT, incidents)

    one_by_one, together = await stored.database.read(both)
    assert one_by_one == together
    assert any(view.labels and view.assignments for view in together)


@pytest.mark.parametrize("membership", [False, True])
async def test_a_page_of_any_size_takes_as_many_statements(stored: Stored, membership: bool) -> None:
    def statements(connection: Connection, limit: int) -> int:
        seen: list[str] = []
        sa.event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        page = previews.page(
            connection, TENANT, StatusTerm("active"), order=NEWEST_FIRST, after=None, limit=limit, seen_by=ADMIN
        )
        found = previews.previews(connection, TENANT, page.incidents, membership=membership)
        previews.field_values(connection, TENANT, [view.incident.id for view in found])
        assert len(found) == limit
        return len(seen)

    few = await stored.database.read(lambda c: statements(c, 5))
    many = await stored.database.read(lambda c: statements(c, 50))
    assert few == many
    assert many <= (9 if membership else 6)
