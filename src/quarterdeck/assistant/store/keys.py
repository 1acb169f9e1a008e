"""Secrets that the server makes for itself, once, and that every replica shares."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from quarterdeck.assistant.store import tables as t
from quarterdeck.database import Connection, insert

_BYTES = 32


def get_or_create(connection: Connection, name: str) -> bytes:
    """The key of that name: 32 random bytes, the same ones for ever. Needs a write transaction."""
    connection.execute(
        insert(connection, t.keys).values(name=name, value=secrets.token_bytes(_BYTES)).on_conflict_do_nothing()
    )
    return bytes(connection.execute(sa.select(t.keys.c.value).where(t.keys.c.name == name)).scalar_one())
