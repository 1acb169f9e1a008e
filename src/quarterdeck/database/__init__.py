"""The store's ground floor: one database, SQLite or PostgreSQL, reached through synchronous functions.

database = await Database.open(url)
pipeline = await database.transaction(lambda connection: store.add(connection, …))
"""

from __future__ import annotations

from sqlalchemy import Connection

from quarterdeck.database.after_commit import after_commit, hint
from quarterdeck.database.database import Database
from quarterdeck.database.hints import Subscription
from quarterdeck.database.limits import Limits
from quarterdeck.database.prepared import Prepared
from quarterdeck.database.schema import metadata
from quarterdeck.database.sequences import hold, last_value, next_value
from quarterdeck.database.translation import conflict_on
from quarterdeck.database.types import BigInt, Json, Text, Timestamp
from quarterdeck.database.upsert import insert, insert_into
from quarterdeck.database.url import Dialect

__all__ = [
    "BigInt",
    "Connection",
    "Database",
    "Dialect",
    "Json",
    "Limits",
    "Prepared",
    "Subscription",
    "Text",
    "Timestamp",
    "after_commit",
    "conflict_on",
    "hint",
    "hold",
    "insert",
    "insert_into",
    "last_value",
    "metadata",
    "next_value",
]
