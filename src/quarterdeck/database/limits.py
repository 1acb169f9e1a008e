"""How long the database may take and how many connections it may use. Seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults that make a missing database fail fast; migrations pass longer ones."""

    connect: float = 2.0
    """One connection attempt to PostgreSQL."""
    statement: float = 15.0
    """One statement on PostgreSQL."""
    lock: float = 5.0
    """Waiting for a row lock on PostgreSQL, for the write lock of another process on SQLite."""
    idle_in_transaction: float = 30.0
    """PostgreSQL drops a session that holds a transaction open and says nothing for so long."""
    pool: int = 10
    """Connections to PostgreSQL of one process, besides the one that listens."""
    pool_wait: float = 2.0
    """Waiting for one of them."""
    waiting_writes: int = 1000
    """Writes that may queue for SQLite's one writer; more are refused at once."""
    reopen: float = 0.5
    """After a failed connection attempt calls fail at once for so long, then one call tries again."""
    attempts: int = 5
    """Runs of one transaction that keeps meeting deadlocks or serialization failures."""
