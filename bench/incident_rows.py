"""A hundred thousand incidents, written straight into the tables: declaring them would take minutes.

The query that is measured has to have a page 1,000 of 50, so more than half of them match it: four of five are active,
three of four are major, and one in ten is a drill. What is made does not depend on chance.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types

from bench.incident_calls import PAGE
from quarterdeck.incidents.query.cursor import Keyset, encode_cursor
from quarterdeck.incidents.query.ordering import INCIDENTS, read_order

INCIDENTS_MADE = 100_000
FIRST = 1_001
"""The number of the first of them; those that were declared before have smaller ones."""
LATE_PAGE = 1_000

_START = datetime(2025, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = 60_000_000
_OTHER_SEVERITIES = ("Critical", "Minor", "Pending")
_SYMPTOMS = ("answers slowly", "is down", "loses messages", "refuses logins", "serves old data")
_PLACES = ("eu-west-1", "us-east-2", "ap-south-1", "the office")


@dataclass(frozen=True, slots=True)
class Settings:
    """What incidents refer to: the tenant, ids of severities by label and of statuses by category, a user, labels."""

    tenant_id: str
    severities: Mapping[str, str]
    statuses: Mapping[str, str]
    user_id: str
    labels: Sequence[tuple[str, str]]
    """Ids of option and field."""


_QUERIES = {
    "severities": "SELECT label, id FROM incident_severities",
    "statuses": "SELECT category, id FROM incident_statuses WHERE incident_type = 'internal'",
    "users": "SELECT tenant_id, id FROM incident_users",
    "labels": "SELECT DISTINCT option_uuid, field_uuid FROM incident_labels",
}
_COUNTER = f"UPDATE sequences SET value = {FIRST + INCIDENTS_MADE} WHERE name = 'incident'"


def add_incidents(url: str) -> None:
    """Write them into a database that no server uses now and that knows a user and some labels."""
    if url.startswith("sqlite:///"):
        _add_to_sqlite(url.removeprefix("sqlite:///"))
    else:
        asyncio.run(_add_to_postgres(url))


def late_cursor() -> str:
    """The cursor of page 1,000, as the server gives it at the end of page 999."""
    order = read_order(INCIDENTS)
    created, number = _late_rows()[0]
    return encode_cursor(order, Keyset(_EPOCH + timedelta(microseconds=created), number))


def late_incident() -> int:
    """The number of the first incident on page 1,000."""
    return _late_rows()[1][1]


def _late_rows() -> list[tuple[int, int]]:
    """When the last incident of page 999 and the first one behind it were declared, and their numbers."""
    end = (LATE_PAGE - 1) * PAGE
    newest_first = (made for made in map(_Made, reversed(range(INCIDENTS_MADE))) if made.matches)
    return [(made.created, made.number) for position, made in enumerate(newest_first) if end - 1 <= position <= end]


@dataclass(frozen=True, slots=True)
class _Made:
    """The incident at a position; the remainders of primes stand for chance."""

    position: int

    @property
    def number(self) -> int:
        return FIRST + self.position

    @property
    def created(self) -> int:
        """Microseconds: some minutes behind the one before."""
        return (_START - _EPOCH) // timedelta(microseconds=1) + self.position * 7 * _MINUTE

    @property
    def is_drill(self) -> bool:
        return self.position * 7 % 101 < 10

    @property
    def is_active(self) -> bool:
        return self.position * 13 % 103 < 83

    @property
    def severity(self) -> str:
        place = self.position * 29 % 107
        return "Major" if place < 81 else _OTHER_SEVERITIES[place % len(_OTHER_SEVERITIES)]

    @property
    def matches(self) -> bool:
        return not self.is_drill and self.is_active and self.severity == "Major"

    def row(self, settings: Settings) -> dict[str, Any]:
        service = f"Service {self.position % 211}"
        title = f"{service} {_SYMPTOMS[self.position % 5]} in {_PLACES[self.position % 4]}"
        closed = None if self.is_active else self.created + 45 * _MINUTE
        status = "active" if self.is_active else "resolved"
        return {
            "tenant_id": settings.tenant_id,
            "id": self.number,
            "title": title,
            "title_folded": title.casefold(),
            "slug": title.lower().replace(" ", "-"),
            "description": "",
            "summary": "",
            "status": status,
            "status_id": settings.statuses[status],
            "severity_id": settings.severities[self.severity],
            "incident_type": "internal",
            "is_drill": self.is_drill,
            "room_prefix": "incident",
            "created_by": settings.user_id,
            "created_at": self.created,
            "modified_at": closed or self.created,
            "started_at": self.created,
            "ended_at": closed,
            "closed_at": closed,
            "acknowledged_at": None,
            "version": 1,
        }

    def label_rows(self, settings: Settings) -> Iterator[dict[str, Any]]:
        """None, one or two labels."""
        for position in range(self.position % 3):
            option, field = settings.labels[(self.position + position) % len(settings.labels)]
            yield {
                "tenant_id": settings.tenant_id,
                "incident_id": self.number,
                "option_uuid": option,
                "field_uuid": field,
                "position": position + 1,
            }


def _tables(settings: Settings) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    made = [_Made(position) for position in range(INCIDENTS_MADE)]
    yield "incidents", [each.row(settings) for each in made]
    yield "incident_labels", [row for each in made for row in each.label_rows(settings)]


def _settings(found: Mapping[str, Sequence[Any]]) -> Settings:
    tenant_id, user_id = found["users"][0]
    return Settings(
        tenant_id=tenant_id,
        severities=dict(found["severities"]),
        statuses=dict(found["statuses"]),
        user_id=user_id,
        labels=[(option, field) for option, field in found["labels"]],
    )


def _add_to_sqlite(path: str) -> None:
    connection = sqlite3.connect(path)
    settings = _settings({name: connection.execute(query).fetchall() for name, query in _QUERIES.items()})
    for table, rows in _tables(settings):
        marks = ", ".join("?" * len(rows[0]))
        statement = f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})"
        connection.executemany(statement, [tuple(row.values()) for row in rows])
    connection.execute(_COUNTER)
    connection.commit()
    connection.close()


async def _add_to_postgres(url: str) -> None:
    connection = await asyncpg.connect(url)
    settings = _settings({name: await connection.fetch(query) for name, query in _QUERIES.items()})
    for table, rows in _tables(settings):
        records = [tuple(row.values()) for row in rows]
        await connection.copy_records_to_table(table, records=records, columns=list(rows[0]))
        # As autovacuum does within a minute.
        await connection.execute(f"VACUUM ANALYZE {table}")
    await connection.execute(_COUNTER)
    await connection.close()
