"""Statements that are made and compiled once, for the few that every call runs.

SQLAlchemy spends some 25 µs of Python on a statement that SQLite answers in five. A `Prepared` statement keeps what of
that is the same every time (the SQL, the order of the parameters, the conversions of both sides) and goes to SQLite's
driver directly, in the transaction that SQLAlchemy began. On PostgreSQL, where the round trip is what takes time, it
is executed as any other. Values are converted, and errors wrapped, as SQLAlchemy does on both.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
_Convert = Callable[[Any], Any] | None


class Prepared:
    """A statement, kept by the module that runs it. Its parameters are all given by name, the same ones every time.

    Not for lists of values (`expanding`) nor for columns that Python fills by default. Rows are tuples whose values
    are also attributes.
    """

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: sa.Executable) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def run(self, connection: Connection, values: Values) -> int:
        """Execute it and return how many rows it wrote. For statements that return nothing else."""
        driver = _driver(connection)
        if driver is None:
            return connection.execute(self._statement, values).rowcount
        return self._on_sqlite(connection, values).run(driver, values)

    def run_many(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Execute it for each of the rows, which all have the same names. At least one row."""
        driver = _driver(connection)
        if driver is None:
            connection.execute(self._statement, rows)
        else:
            self._on_sqlite(connection, rows[0]).run_many(driver, rows)

    def all(self, connection: Connection, values: Values) -> Sequence[Any]:
        """Every row."""
        driver = _driver(connection)
        if driver is None:
            return connection.execute(self._statement, values).all()
        return self._on_sqlite(connection, values).rows(driver, values)

    def first(self, connection: Connection, values: Values) -> Any | None:
        """The first row, None without one. For statements that have one row at most."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def mappings(self, connection: Connection, values: Values) -> Sequence[Mapping[Any, Any]]:
        """Every row, by the names of the columns."""
        driver = _driver(connection)
        if driver is None:
            return connection.execute(self._statement, values).mappings().all()
        compiled = self._on_sqlite(connection, values)
        return [dict(zip(compiled.names, row, strict=True)) for row in compiled.rows(driver, values)]

    def _on_sqlite(self, connection: Connection, values: Values) -> _Compiled:
        names = tuple(values)
        found = self._compiled.get(names)
        if found is None:
            found = self._compiled[names] = _Compiled(self._statement, connection.dialect, names)
        return found


class _Compiled:
    """The SQL for SQLite, with what converts values on their way in and out."""

    __slots__ = ("_fixed", "_in", "_out", "_row", "_sql", "names")

    def __init__(self, statement: Any, dialect: sa.Dialect, names: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what SQLAlchemy makes of a statement
        order = compiled.positiontup or []
        if any(compiled.binds[name].expanding for name in order):
            raise TypeError("a prepared statement cannot have a list of values; compare with each of them instead")
        self._sql = compiled.string
        # What the statement itself says, `limit(2)` for one. What nobody says stays missing.
        self._fixed = {
            name: compiled.binds[name].effective_value
            for name in order
            if name not in names and not compiled.binds[name].required
        }
        self._in: list[tuple[str, _Convert]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order
        ]
        columns = getattr(statement, "exported_columns", ())
        self._out: list[_Convert] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        self.names = tuple(column.key for column in columns)
        # Its fields are known only here.
        row: Any = namedtuple("Row", self.names, rename=True)  # type: ignore[misc]  # noqa: PYI024
        self._row = row._make

    def run(self, driver: sqlite3.Connection, values: Values) -> int:
        parameters = self._parameters(values)
        with _Wrapped(self._sql):
            return driver.execute(self._sql, parameters).rowcount

    def run_many(self, driver: sqlite3.Connection, rows: Sequence[Values]) -> None:
        parameters = [self._parameters(row) for row in rows]
        with _Wrapped(self._sql):
            driver.executemany(self._sql, parameters)

    def rows(self, driver: sqlite3.Connection, values: Values) -> list[Any]:
        parameters = self._parameters(values)
        with _Wrapped(self._sql):
            found = driver.execute(self._sql, parameters).fetchall()
        return [self._row(map(_converted, self._out, row)) for row in found]

    def _parameters(self, values: Values) -> list[Any]:
        fixed = self._fixed
        return [_converted(convert, values[name] if name in values else fixed[name]) for name, convert in self._in]


def _converted(convert: _Convert, value: Any) -> Any:
    return value if convert is None else convert(value)


class _Wrapped:
    """The driver's errors become SQLAlchemy's, which the rest of the house knows."""

    __slots__ = ("_sql",)

    def __init__(self, sql: str) -> None:
        self._sql = sql

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise DBAPIError.instance(self._sql, None, error, sqlite3.Error, hide_parameters=True) from error


def _driver(connection: Connection) -> sqlite3.Connection | None:
    """SQLite's own connection, inside a transaction that SQLAlchemy began; None when it has to do the work."""
    if connection.dialect.name != "sqlite" or not connection.in_transaction():
        return None
    if connection.dispatch.before_cursor_execute:
        return None  # whoever listens to statements is to hear these too
    driver = connection.connection.driver_connection
    return driver if isinstance(driver, sqlite3.Connection) else None
