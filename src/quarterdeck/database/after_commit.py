"""What should happen once a transaction has really been committed: callbacks, and hints to whoever waits for rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
_KEY = "quarterdeck.aftermath"


@dataclass(slots=True)
class Aftermath:
    """Collected while a transaction runs; dropped with it when it rolls back."""

    callbacks: list[Callable[[], None]] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.callbacks or self.topics)


def after_commit(connection: Connection, callback: Callable[[], None]) -> None:
    """Run `callback` on the event loop once this transaction is committed; never when it rolls back.

    It must not block. An exception in it goes to the loop's exception handler: the change is committed all the same.
    When the process dies between the commit and the callback, the callback is lost; what must not be lost belongs in
    a row.
    """
    _aftermath(connection).callbacks.append(callback)


def hint(connection: Connection, topic: str) -> None:
    """After the commit, wake everybody (in every replica) who waits for `topic`. Topics: short names without commas."""
    _aftermath(connection).topics.add(topic)


def collecting(fn: Callable[[Connection], T], connection: Connection) -> tuple[T, Aftermath]:
    """Runs `fn` and returns what it collected beside its result; what an earlier attempt left behind is dropped."""
    connection.info.pop(_KEY, None)
    result = fn(connection)
    found = connection.info.pop(_KEY, None)
    return result, found if isinstance(found, Aftermath) else Aftermath()


def _aftermath(connection: Connection) -> Aftermath:
    found = connection.info.setdefault(_KEY, Aftermath())
    assert isinstance(found, Aftermath)  # noqa: S101 - the key is ours alone
    return found
