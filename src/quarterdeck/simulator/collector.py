"""A simulated collector on a real connection: does what its state says, and says what happened."""

from __future__ import annotations

import asyncio
from asyncio import Event as AsyncEvent
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import httpx
from google.protobuf.message import Message

from quarterdeck.simulator.connect_calls import from_http, to_http
from quarterdeck.simulator.state import Call, CallError, CollectorState, Happening, Pause

Tell = Callable[[CollectorState, Happening], None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a collector polls: every `interval` seconds, jitter included, and at most `polls` times (None: no end)."""

    interval: float
    polls: int | None = None


async def run_collector(
    state: CollectorState,
    http: httpx.AsyncClient,
    base_url: str,
    schedule: Schedule,
    *,
    stopping: AsyncEvent,
    tell: Tell,
) -> None:
    """Live through one collector's life. Ends by itself after the last poll, or soon after `stopping` is set: what is
    going on then is abandoned, as Alloy does, and only the goodbye is still said."""
    while (step := state.next_step()) is not None:
        match step:
            case Pause():
                await _rest(state, schedule, stopping)
            case Call():
                result = await _unless(stopping, _call(step, state, http, base_url), saying_goodbye=bool(step.budget))
                if result is None:
                    state.stop()
                else:
                    _tell_all(state, _outcome(state, result), tell)


async def _rest(state: CollectorState, schedule: Schedule, stopping: AsyncEvent) -> None:
    if schedule.polls is not None and state.polls >= schedule.polls:
        state.stop()
        return
    try:
        async with asyncio.timeout(schedule.interval):
            await stopping.wait()
    except TimeoutError:
        state.woken()
    else:
        state.stop()


async def _unless(
    stopping: AsyncEvent, call: Awaitable[Message | CallError], *, saying_goodbye: bool
) -> Message | CallError | None:
    """The result of `call`, or None when the collector was stopped first."""
    doing = asyncio.ensure_future(call)
    if saying_goodbye:
        return await doing
    stopped = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        for task in (doing, stopped):
            task.cancel()
        await asyncio.gather(doing, stopped, return_exceptions=True)


async def _call(call: Call, state: CollectorState, http: httpx.AsyncClient, base_url: str) -> Message | CallError:
    request = to_http(call, base_url, state.release, state.identity.operating_system)
    try:
        async with asyncio.timeout(call.budget):
            response = await http.request(
                request.verb, request.url, headers=dict(request.headers), content=request.body
            )
    except TimeoutError:
        return CallError("deadline_exceeded", f"no answer to {call.method} within {call.budget} s")
    except (httpx.HTTPError, httpx.InvalidURL) as unreachable:
        return CallError("unavailable", str(unreachable) or type(unreachable).__name__)
    return from_http(call, response.status_code, response.headers.get("content-type", ""), response.content)


def _outcome(state: CollectorState, result: Message | CallError) -> list[Happening]:
    return state.failed(result) if isinstance(result, CallError) else state.answered(result)


def _tell_all(state: CollectorState, happenings: Iterable[Happening], tell: Tell) -> None:
    for happening in happenings:
        tell(state, happening)
