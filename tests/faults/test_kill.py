"""Promise 1: an acknowledged write survives `kill -9`."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.faults.conftest import Servers
from tests.faults.eager_commit import answer_before_commit
from tests.faults.ledger import Ledger, problems
from tests.faults.quick_server import QuickServer, Variant, free_port
from tests.faults.writers import Site, Writers

pytestmark = pytest.mark.faults

_KILLS = 20


class Life:
    """One server after another on the same database and port, under eight writers."""

    def __init__(self, servers: Servers, database_url: str, *, variant: Variant | None = None) -> None:
        self._servers = servers
        self._database_url = database_url
        self._variant = variant
        self._port = free_port()
        self._random = random.Random(20)
        self.ledger = Ledger()
        self.site = Site(f"http://127.0.0.1:{self._port}")
        self.writers = Writers(self.site, self.ledger)

    async def prepare(self) -> None:
        """With an honest server, whatever comes after it."""
        server = self._servers.start(self._database_url, port=self._port)
        await self.writers.prepare()
        server.terminate()
        assert server.wait() == 0

    async def endure(self, kills: int) -> None:
        """Kill the server so often, each time in the middle of writes."""
        async with asyncio.timeout(100), self.writers.running():
            for number in range(1, kills + 1):
                self.ledger.round = number
                server = await self._start(self._variant)
                self.site.up.set()
                await self.ledger.grow(by=self._random.randint(8, 40))
                self.site.up.clear()
                server.kill()

    async def restart(self) -> QuickServer:
        """An honest server on what is left."""
        return await self._start(None)

    async def _start(self, variant: Variant | None) -> QuickServer:
        return await asyncio.to_thread(self._servers.start, self._database_url, port=self._port, variant=variant)


async def test_acknowledged_writes_survive_twenty_kills(servers: Servers, database_url: str) -> None:
    life = Life(servers, database_url)
    await life.prepare()

    await life.endure(_KILLS)

    server = await life.restart()
    assert problems(life.ledger, await life.writers.observe(server)) == []
    assert await life.writers.useless_secrets(server) == []
    assert life.ledger.acknowledged >= 8 * _KILLS
    assert life.ledger.unknown >= _KILLS, "no kill met a call under way: the test does not test"


async def test_a_server_that_answers_before_it_commits_is_caught(servers: Servers, database_url: str) -> None:
    life = Life(servers, database_url, variant=answer_before_commit)
    await life.prepare()

    await life.endure(3)

    server = await life.restart()
    found = problems(life.ledger, await life.writers.observe(server))
    assert any(problem.startswith("missing: ") for problem in found), found
