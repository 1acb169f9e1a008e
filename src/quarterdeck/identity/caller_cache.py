"""Which tokens work, as far as this replica knows, and how long it may believe that.

Every change that may stop a token from working moves a version in the database. An entry is believed for `FRESH`
seconds after it was read, or after the version was last seen unmoved: so a revocation acts everywhere within 5 s, and
callers that poll for months cost no reads. While the database is away, entries are believed for `GRACE` seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from quarterdeck.identity.records import KnownToken

V = TypeVar("V")

FRESH: Final = 4.0
NEGATIVE: Final = 1.0
"""Seconds for which an unknown token is refused without looking again."""
GRACE: Final = 3600.0
_MAX_KNOWN: Final = 500_000
_MAX_UNKNOWN: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Entry:
    known: KnownToken
    version: int
    read_at: float


class CallerCache:
    """Times are monotonic seconds, of the moment before the read that they belong to."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}
        self._unknown: dict[bytes, float] = {}
        self._version = 0
        """The newest version that this replica has heard of; what was read before it is not taken in any more."""
        self._refreshed = -1
        """The version at which all entries were last read again."""
        self._confirmed_at = float("-inf")

    def find_fresh(self, sha256: bytes, now: float) -> KnownToken | None:
        return self._find(sha256, now, FRESH)

    def find_graced(self, sha256: bytes, now: float) -> KnownToken | None:
        """For while the database is away."""
        return self._find(sha256, now, GRACE)

    def is_unknown(self, sha256: bytes, now: float) -> bool:
        """Whether the database said less than `NEGATIVE` seconds ago that it does not know the token."""
        said_at = self._unknown.get(sha256)
        return said_at is not None and now - said_at < NEGATIVE

    def put(self, sha256: bytes, known: KnownToken | None, *, version: int, read_at: float) -> None:
        """Takes in what was read at `version`, unless something has changed since."""
        if version < self._version:
            return
        if known is None:
            self._entries.pop(sha256, None)
            _make_room(self._unknown, _MAX_UNKNOWN)
            self._unknown[sha256] = read_at
        else:
            self._unknown.pop(sha256, None)
            _make_room(self._entries, _MAX_KNOWN)
            self._entries[sha256] = _Entry(known, version, read_at)

    def forget_account(self, account_id: str, *, version: int) -> None:
        """An account or a token of it was changed here, which made `version`: read it again before believing it."""
        self._version = max(self._version, version)
        self._unknown.clear()
        for sha256 in [key for key, entry in self._entries.items() if entry.known.caller.account_id == account_id]:
            del self._entries[sha256]

    def outdated(self, version: int) -> list[bytes]:
        """What must be read again now that the database says `version`; empty when nothing has changed."""
        return [] if version == self._refreshed else list(self._entries)

    def confirm(self, asked: Iterable[bytes], found: Mapping[bytes, KnownToken], *, version: int, at: float) -> None:
        """The database was read at `at`: it says `version`, and of the tokens `asked` about it knows those `found`."""
        if version < self._refreshed:
            self._start_over(version)
        for sha256 in asked:
            entry = self._entries.get(sha256)
            if entry is None or entry.version > version:
                continue
            if sha256 in found:
                self._entries[sha256] = _Entry(found[sha256], version, at)
            else:
                del self._entries[sha256]
        self._version = max(self._version, version)
        self._refreshed = version
        self._confirmed_at = at

    def _start_over(self, version: int) -> None:
        """The version went back: somebody restored an older database, and nothing read before counts."""
        self._entries.clear()
        self._unknown.clear()
        self._version = version

    def _find(self, sha256: bytes, now: float, age: float) -> KnownToken | None:
        entry = self._entries.get(sha256)
        if entry is None:
            return None
        confirmed = entry.version >= self._refreshed
        believed_at = max(entry.read_at, self._confirmed_at) if confirmed else entry.read_at
        return entry.known if now - believed_at < age else None


def _make_room(cache: dict[bytes, V], size: int) -> None:
    """Drops what was taken in first."""
    while len(cache) >= size:
        del cache[next(iter(cache))]
