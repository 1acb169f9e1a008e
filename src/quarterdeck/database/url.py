"""Database URLs: `sqlite:///relative.db`, `sqlite:////absolute.db`, `postgresql://user:password@host:port/name?…`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quarterdeck.errors import Invalid, Reason

Dialect = Literal["sqlite", "postgresql"]

_ACCEPTED = "sqlite:///path/to/file.db or postgresql://user:password@host:5432/name"
_POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the database is: a file path for SQLite, a libpq URI for PostgreSQL. Its repr shows no password."""

    dialect: Dialect
    target: str

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.dialect})"

    @classmethod
    def parse(cls, url: str) -> DatabaseUrl:
        """Raises `Invalid` for any other scheme or a URL without a path; the message does not repeat the URL.

        A PostgreSQL URL takes what libpq takes: several hosts, `?host=/socket/folder`, `?sslmode=`.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or "\x00" in url:
            raise Invalid(Reason.FIELD_INVALID, f"database URL is not a URL; accepted: {_ACCEPTED}")
        if scheme in _POSTGRES_SCHEMES and rest:
            return cls("postgresql", f"postgresql://{rest}")
        if scheme == "sqlite" and rest.startswith("/") and _is_file(rest[1:]):
            return cls("sqlite", rest[1:])
        raise Invalid(Reason.FIELD_INVALID, f"database URL with scheme {scheme!r} is not usable; accepted: {_ACCEPTED}")


def _is_file(path: str) -> bool:
    return bool(path) and not path.startswith(":memory:") and "?" not in path
