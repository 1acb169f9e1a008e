"""Logs on standard error: for people, or one JSON object a line."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import orjson


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, with `request_id` and `exception` when there are any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = getattr(record, "request_id", None)
        if request_id:
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, option=orjson.OPT_NON_STR_KEYS, default=str).decode()


def configure_logging(log_format: Literal["text", "json"], level: str) -> None:
    """Set up the process's logging, replacing what was there."""
    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # Libraries that talk about every connection.
    for name in (
        "uvicorn.access",
        "uvicorn.error",
        "httpx",
        "httpcore",
        "httpx2",
        "httpcore2",
        "openai",
        "mcp",
        "alembic",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
