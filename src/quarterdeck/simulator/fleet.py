"""Many simulated collectors at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from quarterdeck.simulator.collector import Schedule, Tell, run_collector
from quarterdeck.simulator.releases import AlloyRelease
from quarterdeck.simulator.state import CollectorState, Identity, Load

MAX_CONNECTIONS = 200
"""Connections that a simulated fleet shares; more collectors than that take turns."""

_JITTER_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What to simulate: `count` collectors that take the releases in turn. In attribute values `{n}` is the number."""

    count: int
    releases: Sequence[AlloyRelease]
    poll_frequency: float
    id_prefix: str = "sim-"
    attributes: Mapping[str, str] = field(default_factory=dict)
    operating_system: str = "linux"
    polls: int | None = None

    def identity(self, number: int) -> Identity:
        """The collector of that number, from 1."""
        attributes = {key: value.replace("{n}", str(number)) for key, value in self.attributes.items()}
        name = f"simulated collector {number}"
        return Identity(f"{self.id_prefix}{number}", name, attributes, self.operating_system)

    def states(self, load: Load) -> list[CollectorState]:
        """All collectors, before their first step."""
        return [
            CollectorState(self.identity(number), self.releases[(number - 1) % len(self.releases)], load)
            for number in range(1, self.count + 1)
        ]


async def run_fleet(
    plan: FleetPlan,
    http: httpx.AsyncClient,
    base_url: str,
    *,
    load: Load,
    stopping: asyncio.Event,
    tell: Tell,
) -> list[CollectorState]:
    """Run all collectors of a plan to their ends, and return them as they ended."""
    states = plan.states(load)
    async with asyncio.TaskGroup() as group:
        for state in states:
            schedule = Schedule(_jittered(plan.poll_frequency), plan.polls)
            group.create_task(run_collector(state, http, base_url, schedule, stopping=stopping, tell=tell))
    return states


def _jittered(frequency: float) -> float:
    """Alloy moves its interval by up to 100 ms once, so that a fleet started together stays nearly in step."""
    most = min(_JITTER_SECONDS, frequency / 10)
    return frequency + random.uniform(-most, most)  # noqa: S311 - spreads load, guards nothing
