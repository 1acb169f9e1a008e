"""`quarterdeck db`: the database's schema. These commands open the database themselves; a server need not run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from quarterdeck import migrations
from quarterdeck.cli.client import fail
from quarterdeck.database.url import DatabaseUrl
from quarterdeck.errors import DomainError
from quarterdeck.settings import load_settings

T = TypeVar("T")

_database = click.option("--database", metavar="URL", help="sqlite:///FILE or postgresql://…; as for `serve`.")


@click.group()
def db() -> None:
    """Upgrade, downgrade or check the database."""


@db.command()
@_database
def upgrade(database: str | None) -> None:
    """Bring the database to this version's schema. Safe to run twice, or from several places at once."""
    url = _url(database, makes=True)
    _run(migrations.upgrade(url))
    click.echo(f"the database is at revision {_run(migrations.current(url))}")


@db.command()
@_database
@click.argument("revision")
@click.confirmation_option(prompt="Data of what is removed will be lost. Go on?")
def downgrade(database: str | None, revision: str) -> None:
    """Bring the database back to an older REVISION (`base`: empty)."""
    _run(migrations.downgrade(_url(database, makes=False), revision))
    click.echo(f"the database is at revision {revision}")


@db.command()
@_database
def check(database: str | None) -> None:
    """Tell whether the database has the schema that this version expects; exit code 1 if not."""
    status = _run(migrations.check(_url(database, makes=False)))
    if status.up_to_date:
        click.echo(f"the database is at revision {status.current}, as this version expects")
        return
    if status.current != status.head:  # of course its tables are others, then
        fail(f"the database is at revision {status.current or 'none'}, this version expects {status.head}")
    for difference in status.differences:
        click.echo(difference)
    fail(f"the database is at revision {status.current}, but its tables are not those of that revision")


def _url(database: str | None, *, makes: bool) -> str:
    """The database's URL. Unless the command `makes` it, it must be there: opening a SQLite file creates it."""
    try:
        settings = load_settings({"database": database})
        url = DatabaseUrl.parse(settings.database_url)
    except DomainError as error:
        fail(error.message)
        raise
    if not makes and not _is_there(url):
        fail(f"there is no database {url.target}; `quarterdeck db upgrade` makes one")
    if not settings.database:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings.database_url


def _is_there(url: DatabaseUrl) -> bool:
    try:
        return url.dialect != "sqlite" or Path(url.target).exists()
    except OSError:  # opening it tells what is wrong with it
        return True


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except DomainError as error:
        fail(error.message)
        raise
