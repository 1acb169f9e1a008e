"""`quarterdeck simulate`: load and fault tests without a single Alloy."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import click
import httpx
import orjson

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.errors import Invalid
from quarterdeck.fleet.attributes import RESERVED_PREFIX
from quarterdeck.simulator.fleet import MAX_CONNECTIONS, FleetPlan, run_fleet
from quarterdeck.simulator.releases import AlloyRelease
from quarterdeck.simulator.state import CollectorState, Happening

OutputFormat = Literal["text", "json"]

_CONNECT_SECONDS = 10.0


@click.group()
def simulate() -> None:
    """Pretend to be what talks to a server."""


class _Text(click.ParamType[str]):
    """Text that a request can carry: a command line may hold bytes that are none."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail(f"{value!r} is not valid UTF-8", param, ctx)
        return value


_TEXT = _Text()


def _check_url(_context: click.Context, _option: click.Parameter, text: str) -> str:
    accepted = "accepted is http://HOST:PORT or https://HOST:PORT, with a path if the server has one"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as invalid:
        raise click.BadParameter(f"{text!r} is no URL ({invalid}); {accepted}") from None
    if url.scheme not in {"http", "https"} or not url.host or not 0 < (url.port or 80) < 0x10000 or url.query:
        raise click.BadParameter(f"{text!r} is no URL of a server; {accepted}")
    return text


def _parse_releases(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> list[AlloyRelease]:
    try:
        return [AlloyRelease.parse(text) for text in texts]
    except Invalid as invalid:
        raise click.BadParameter(invalid.message) from None


def _parse_attributes(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not key or not separator:
            raise click.BadParameter(f"{text!r} is no attribute; accepted is KEY=VALUE")
        if key.startswith(RESERVED_PREFIX):
            raise click.BadParameter(f"{key!r} is reserved; Alloy refuses keys that begin with {RESERVED_PREFIX!r}")
        attributes[key] = value
    return attributes


@simulate.command("collectors")
@click.option(
    "--url",
    default="http://127.0.0.1:8080",
    show_default=True,
    type=_TEXT,
    callback=_check_url,
    help="Root URL of the server.",
)
@click.option("--token", envvar="QUARTERDECK_TOKEN", help="Token to send; also from QUARTERDECK_TOKEN.")
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 100_000), help="How many collectors.")
@click.option(
    "--alloy-version",
    "releases",
    multiple=True,
    default=("1.18.1",),
    show_default=True,
    callback=_parse_releases,
    help="Alloy release to behave like, 1.5 or later; repeat for a mix.",
)
@click.option(
    "--poll-frequency",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds between polls; Alloy itself accepts no less than 10.",
)
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    type=_TEXT,
    metavar="KEY=VALUE",
    callback=_parse_attributes,
    help="Local attribute; {n} in the value becomes the collector's number. Repeatable.",
)
@click.option(
    "--os", "operating_system", type=_TEXT, default="linux", show_default=True, help="What collector.os says."
)
@click.option("--id-prefix", type=_TEXT, default="sim-", show_default=True, help="Ids are this and a number from 1.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="Shut down after this many seconds.")
@click.option("--polls", type=click.IntRange(min=1), help="Shut each collector down after this many polls.")
@click.option("--output", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def collectors(
    url: str,
    token: str | None,
    count: int,
    releases: list[AlloyRelease],
    poll_frequency: float,
    attributes: dict[str, str],
    operating_system: str,
    id_prefix: str,
    duration: float | None,
    polls: int | None,
    output: OutputFormat,
) -> None:
    """Poll for configuration as Grafana Alloy does.

    Every configuration is checked, not run. Prints a line for everything that happens: registered, received, applied,
    failed, unreachable, unregistered, ended. Interrupt once to shut all collectors down cleanly.

    Exits with 1 when a collector could not start.
    """
    plan = FleetPlan(
        count=count,
        releases=releases,
        poll_frequency=poll_frequency,
        id_prefix=id_prefix,
        attributes=attributes,
        operating_system=operating_system,
        polls=polls,
    )
    tell = partial(_print, SystemClock(), output)
    if not asyncio.run(_simulate(plan, url, token, duration, tell)):
        sys.exit(1)


async def _simulate(
    plan: FleetPlan,
    url: str,
    token: str | None,
    duration: float | None,
    tell: Callable[[CollectorState, Happening], None],
) -> bool:
    from quarterdeck.simulator.loading import load

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    with _stopped_by_signals(loop, stopping):
        async with _client(token) as http:
            if duration is not None:
                loop.call_later(duration, stopping.set)
            states = await run_fleet(plan, http, url, load=load, stopping=stopping, tell=tell)
    return not any(state.gave_up for state in states)


def _client(token: str | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {token}"} if token else {},
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
        # Alloy sets no limit for an answer; not to reach the server at all still has to end.
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
    )


@contextlib.contextmanager
def _stopped_by_signals(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> Iterator[None]:
    handled = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers, and only the main thread may set them; Ctrl-C then ends it without a goodbye.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stopping.set)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def _print(clock: Clock, output: OutputFormat, state: CollectorState, happening: Happening) -> None:
    line = _json_line(clock, state, happening) if output == "json" else _text_line(clock, state, happening)
    click.echo(line)


def _json_line(clock: Clock, state: CollectorState, happening: Happening) -> str:
    fields = {
        "time": clock.now().isoformat(timespec="milliseconds"),
        "collector": state.identity.id,
        "alloy": str(state.release),
        "event": happening.event.value,
        "hash": happening.hash,
        "fingerprint": happening.fingerprint,
        "message": happening.message,
    }
    return orjson.dumps({key: value for key, value in fields.items() if value}).decode()


def _text_line(clock: Clock, state: CollectorState, happening: Happening) -> str:
    parts = [clock.now().strftime("%H:%M:%S"), state.identity.id, happening.event.value]
    if happening.fingerprint:
        parts.append(f"hash={happening.hash or '-'} fingerprint={happening.fingerprint}")
    if happening.message:
        parts.append(happening.message)
    # A server may send anything; a terminal must not obey it.
    return "".join(char if char.isprintable() else " " for char in "  ".join(parts))
