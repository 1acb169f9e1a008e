"""The machine under the figures: which core does what, how much memory a process holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The cores that this run may use; empty where the system does not say."""

SERVER_CORES = frozenset(CORES[:1])
GENERATOR_CORES = frozenset(CORES[1:2])


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Run on these cores only, as do processes started meanwhile; does nothing where cores cannot be chosen."""
    if len(CORES) < 2:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def placement() -> str:
    """Where servers and load generator run, in words."""
    if len(CORES) < 2:
        return "server and load generator share the machine unpinned: trust these ratios less"
    return f"server on core {min(SERVER_CORES)}, load generator on core {min(GENERATOR_CORES)}"


def load_average() -> str:
    """What the machine did besides in the last minute: above half a core or so, trust the CPU column more."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def cpu_seconds(pid: int) -> float | None:
    """What a process's threads have used of the processor; None where the system does not say."""
    try:
        tasks = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    except OSError:
        return None
    return sum(int(text.split()[0]) for text in tasks) / 1e9 if tasks else None


def resident_mib(pid: int) -> float | None:
    """Memory that a process holds, in MiB; None where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024
