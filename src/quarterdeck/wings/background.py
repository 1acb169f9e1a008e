"""Work that goes on beside the calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


async def kept_alive(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Background work must not die of one surprise: it is logged and started again, until it ends by itself."""
    while True:
        try:
            await run()
            return
        except Exception:  # noqa: BLE001 - the worker loop
            _log.exception("%s stopped unexpectedly and is started again", name)
            await asyncio.sleep(1)
