"""How commands reach a server: its URL, a token, the generated clients, and errors as one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Literal, TypeVar

import click
import orjson
from connectrpc.client import ConnectClientSync
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.protobuf.message import Message

from quarterdeck.wire.dialects import protojson

C = TypeVar("C", bound=ConnectClientSync)

OutputFormat = Literal["text", "json"]
DEFAULT_URL = "http://127.0.0.1:8080"
_USAGE = 2
"""The exit code of click, too, for a command line that is wrong."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the server is and who asks."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    @contextmanager
    def client(self, kind: Callable[..., C]) -> Iterator[C]:
        """A generated client. What goes wrong in it ends the command with one sentence."""
        client = kind(self.url, timeout_ms=60_000)
        try:
            yield client
        except ConnectError as error:
            fail(_sentence(self.url, error))
        finally:
            client.close()


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--url` and `--token` to a command, which gets a `Connection` as its first argument."""

    @click.option("--url", envvar="QUARTERDECK_URL", default=DEFAULT_URL, show_default=True, help="The server.")
    @click.option("--token", envvar="QUARTERDECK_TOKEN", default="", help="A token; better kept in QUARTERDECK_TOKEN.")
    def run(url: str, token: str, **arguments: Any) -> None:
        for name, value in {"url": url, **arguments}.items():
            _check_text(name, value)
        token = token.strip()
        if not (token.isascii() and token.isprintable()):
            fail("the token has characters that no token has; copy it again")
        command(Connection(url.rstrip("/"), token), **arguments)

    return update_wrapper(run, command)


def output_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--output text|json`."""
    option = click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
    return option(command)


def text_or_stdin(text: str, *, needs: str) -> str:
    """What was written on the command line, or for - the standard input; `needs` tells why that must not be empty."""
    if text != "-":
        return text
    read = sys.stdin.buffer.read().decode("utf-8", "replace").strip()
    if not read:
        raise click.UsageError(f"the standard input is empty; {needs}")
    return read


def fail(sentence: str, *, code: int = 1) -> None:
    """End the command with one line and an exit code."""
    click.echo(f"quarterdeck: {sentence}", err=True)
    sys.exit(code)


def print_json(message: Message) -> None:
    """A message as indented protojson."""
    value = protojson.codec(type(message)).to_json(message)
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Columns as wide as their widest cell."""
    table = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _check_text(name: str, value: object) -> None:
    """A command line may hold bytes that are no text, which no message can carry; paths may have them."""
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, str) and not _is_utf8(each):
            fail(f"{name}: is not valid UTF-8", code=_USAGE)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sentence(url: str, error: ConnectError) -> str:
    if error.code is Code.UNAUTHENTICATED:
        return f"{error.message} (set QUARTERDECK_TOKEN or pass --token)"
    if error.code is Code.UNAVAILABLE:
        return f"the server at {url} cannot be reached or is not ready: {error.message}"
    return f"{error.message} [{error.code.value}]"
