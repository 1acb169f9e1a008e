"""Waking those who wait for rows. A hint says "look again", never what changed, so a lost one costs latency only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self


class Subscription:
    """Waits for one topic. Use as a context manager, on the event loop of its `Hints`."""

    def __init__(self, hints: Hints, topic: str) -> None:
        self._hints = hints
        self._topic = topic
        self._hinted = asyncio.Event()

    def __enter__(self) -> Self:
        self._hints.add(self._topic, self._hinted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._hints.remove(self._topic, self._hinted)

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - a bound of the wait, not of the caller
        """Returns True at a hint, False after `timeout` seconds. A hint given since the last wait returns at once."""
        try:
            async with asyncio.timeout(timeout):
                await self._hinted.wait()
        except TimeoutError:
            return False
        self._hinted.clear()
        return True


class Hints:
    """The hints of one process. `wake` reaches every subscription of the topic; all of it on one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def subscribe(self, topic: str) -> Subscription:
        """A wait for `topic`, to be entered with `with`."""
        return Subscription(self, topic)

    def wake(self, topics: Iterable[str]) -> None:
        """Wake whoever waits for one of `topics`."""
        for topic in topics:
            for hinted in self._waiting.get(topic, ()):
                hinted.set()

    def wake_all(self) -> None:
        """Wake everybody: after a time in which hints may have been missed."""
        self.wake(tuple(self._waiting))

    def add(self, topic: str, hinted: asyncio.Event) -> None:
        self._waiting.setdefault(topic, set()).add(hinted)

    def remove(self, topic: str, hinted: asyncio.Event) -> None:
        remaining = self._waiting.get(topic, set())
        remaining.discard(hinted)
        if not remaining:
            self._waiting.pop(topic, None)
