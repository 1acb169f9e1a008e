"""Large texts by their content: the same text of one tenant is stored once, compressed, and never changes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from functools import cache

import sqlalchemy as sa
import zstandard
from sqlalchemy import Connection

from quarterdeck.database.prepared import Prepared
from quarterdeck.database.schema import metadata
from quarterdeck.database.types import BigInt, Text, check_text
from quarterdeck.database.upsert import insert_into
from quarterdeck.errors import NotFound, Reason

blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("sha256", sa.LargeBinary, primary_key=True),
    sa.Column("size", BigInt, nullable=False, comment="bytes of the text before compression"),
    sa.Column("zstd", sa.LargeBinary, nullable=False),
)

_FETCH = sa.select(blobs.c.sha256, blobs.c.size, blobs.c.zstd).where(
    blobs.c.tenant_id == sa.bindparam("tenant"), blobs.c.sha256.in_(sa.bindparam("keys", expanding=True))
)

_LEVEL = 3
_of_thread = threading.local()
_BATCH = 500
"""Keys per statement: SQLite takes a bounded number of parameters."""


def put(connection: Connection, tenant_id: str, text: str) -> str:
    """Stores `text` unless it is there and returns its SHA-256 (64 hex digits, of its UTF-8 bytes).

    Raises `Invalid` for a text that no database can store.
    """
    content = check_text(text).encode()
    digest = hashlib.sha256(content)
    row = {
        "tenant_id": tenant_id,
        "sha256": digest.digest(),
        "size": len(content),
        "zstd": _compressor().compress(content),
    }
    _adding(connection.dialect.name).run(connection, row)
    return digest.hexdigest()


def get(connection: Connection, tenant_id: str, sha256: str) -> str:
    """The text with this SHA-256. Raises `NotFound` when this tenant never stored it."""
    found = get_many(connection, tenant_id, (sha256,))
    if sha256 not in found:
        raise NotFound(Reason.BLOB_NOT_FOUND, f"no text with SHA-256 {sha256!r} is stored")
    return found[sha256]


def get_many(connection: Connection, tenant_id: str, sha256s: Iterable[str]) -> dict[str, str]:
    """Texts by SHA-256; those never stored are missing from the answer."""
    keys = [key for key in map(_key, dict.fromkeys(sha256s)) if key is not None]
    texts: dict[str, str] = {}
    for start in range(0, len(keys), _BATCH):
        texts.update(_fetch(connection, tenant_id, keys[start : start + _BATCH]))
    return texts


def _fetch(connection: Connection, tenant_id: str, keys: list[bytes]) -> dict[str, str]:
    decompressor = zstandard.ZstdDecompressor()
    return {
        row.sha256.hex(): decompressor.decompress(row.zstd, max_output_size=row.size).decode()
        for row in connection.execute(_FETCH, {"tenant": tenant_id, "keys": keys})
    }


def _compressor() -> zstandard.ZstdCompressor:
    """One per thread, which is as often as it may be used at a time: making one costs more than a small text."""
    found: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        found = _of_thread.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    return found


@cache
def _adding(dialect: str) -> Prepared:
    return Prepared(insert_into(dialect, blobs).on_conflict_do_nothing())


def _key(sha256: str) -> bytes | None:
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return None
