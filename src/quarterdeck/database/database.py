"""`Database`: the one way to the store. What reads or writes is a synchronous function over a `Connection`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.database.after_commit import Aftermath
from quarterdeck.database.hints import Hints, Subscription
from quarterdeck.database.limits import Limits
from quarterdeck.database.sqlite import SqliteBackend
from quarterdeck.database.translation import is_away, translate
from quarterdeck.database.url import DatabaseUrl, Dialect
from quarterdeck.errors import Reason, Unavailable

if TYPE_CHECKING:
    from quarterdeck.database.listening import Listening
    from quarterdeck.database.postgresql import PostgresBackend

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Database:
    """An open database. One per process and event loop; open it with `Database.open`, close it with `close`.

    The functions passed in run outside the event loop's coroutines: they must only use their `Connection`, must not
    await, and must not keep it. A `DomainError` that they raise rolls the transaction back and reaches the caller.

    Raises, from every call: `Unavailable` when the database is away, locked, full or too slow; `Conflict` for a
    violated constraint that no `conflict_on` named; `Invalid` for a value that no database can store.
    """

    def __init__(self, url: DatabaseUrl, limits: Limits, clock: Clock) -> None:
        self._hints = Hints()
        self._backend, self._listening = _opened(url, limits, clock, self._hints)
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._away = False
        self._reached = False

    @classmethod
    async def open(cls, url: str, *, limits: Limits | None = None, clock: Clock | None = None) -> Database:
        """Opens `sqlite:///file.db` (created when missing) or `postgresql://…` (which connects at the first call).

        Raises `Invalid` for any other URL and `Unavailable` when the SQLite file cannot be opened. The schema is not
        looked at: `quarterdeck.migrations` does that.
        """
        database = cls(DatabaseUrl.parse(url), limits or Limits(), clock or SystemClock())
        with database._translated():
            await database._backend.start()
        return database

    @property
    def dialect(self) -> Dialect:
        return self._backend.dialect

    async def transaction(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` in one write transaction, commits, runs its `after_commit` callbacks, and returns its result.

        On SQLite writes queue for one thread (BEGIN IMMEDIATE), and those that wait together are committed together,
        each with an outcome of its own; when such a group is lost as a whole, `fn` runs once more by itself. On
        PostgreSQL they are READ COMMITTED and concurrent; after a deadlock, a serialization failure or a connection
        lost before COMMIT, `fn` runs again, a bounded number of times. So it must not change anything in memory that a
        second run would see. When the connection is lost during COMMIT the call is `Unavailable` and the change may or
        may not be there.

        A caller that is cancelled does not take its transaction with it: it still commits or rolls back by itself.
        """
        return await self._finish(self._transact(fn))

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` on one consistent snapshot, next to the writers, and returns its result. Writing in it fails."""
        return await self._finish(self._read(fn))

    async def ping(self) -> None:
        """Returns when the database answers, raises `Unavailable` when it does not."""
        await self.read(_ping)

    def subscribe(self, topic: str) -> Subscription:
        """A wait for the hints that `hint(connection, topic)` gives, from this process and other replicas.

        On SQLite only hints of this process arrive. Hints may get lost: look at the rows from time to time as well.
        """
        if self._listening is not None and not self._closed:
            self._listening.start()
        return self._hints.subscribe(topic)

    def wake(self, topic: str) -> None:
        """Wake those who wait for `topic` in this process, as a hint would."""
        self._hints.wake((topic,))

    async def close(self) -> None:
        """Waits for what is running, then disconnects. Calls after it are `Unavailable`. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._hints.wake_all()
        if self._running:
            await asyncio.wait(self._running)
        if self._listening is not None:
            await self._listening.close()
        await self._backend.close()

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise Unavailable(Reason.SHUTTING_DOWN, "the server is shutting down; try another one")
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Whoever waited may have run out of patience: then nobody else takes the error, and it is nobody's fault.
            task.exception()

    async def _transact(self, fn: Callable[[Connection], T]) -> T:
        with self._translated():
            result, aftermath = await self._backend.write(fn)
        if aftermath:
            self._settle(aftermath)
        return result

    async def _read(self, fn: Callable[[Connection], T]) -> T:
        with self._translated():
            return await self._backend.read(fn)

    def _settle(self, aftermath: Aftermath) -> None:
        for callback in aftermath.callbacks:
            asyncio.get_running_loop().call_soon(callback)
        self._hints.wake(aftermath.topics)
        if self._listening is not None:
            self._listening.announce(aftermath.topics)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._note_away(error)
            domain = translate(error)
            if domain is None or domain is error:
                raise
            raise domain from error
        else:
            self._note_back()

    def _note_away(self, error: Exception) -> None:
        if is_away(error) and not self._away:
            self._away = True
            if not self._reached:
                return  # whoever opened it says so, and why
            _log.warning("the database is away: %s", type(getattr(error, "orig", error)).__name__)

    def _note_back(self) -> None:
        if self._away and self._reached:
            _log.warning("the database is back")
        self._away = False
        self._reached = True


def _opened(
    url: DatabaseUrl, limits: Limits, clock: Clock, hints: Hints
) -> tuple[SqliteBackend | PostgresBackend, Listening | None]:
    if url.dialect == "sqlite":
        return SqliteBackend(url.target, limits), None
    # Here, because what PostgreSQL needs (asyncpg, SQLAlchemy's asyncio with its ORM) takes 10 MiB and a twentieth
    # of a start.
    from quarterdeck.database.listening import Listening
    from quarterdeck.database.postgresql import PostgresBackend

    return PostgresBackend(url.target, limits, clock), Listening(url.target, limits, hints)


def _ping(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")
