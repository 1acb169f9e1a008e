"""When tokens were last used, gathered in memory and written together."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from quarterdeck.database import Database
from quarterdeck.errors import Unavailable
from quarterdeck.identity import store


class LastUsed:
    """Notes cost nothing; `flush` writes them all in one statement. What is not flushed dies with the process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[tuple[str, str], datetime] = {}

    def note(self, tenant_id: str, token_id: str, at: datetime) -> None:
        self._used[tenant_id, token_id] = at

    async def flush(self) -> None:
        """Keeps the notes for the next time when the database is away."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._database.transaction(partial(store.touch_tokens, used=used))
        except Unavailable:
            self._used = used | self._used
