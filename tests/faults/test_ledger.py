"""The checker itself: each way to break the promise has a name, and keeping it has none."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.faults.ledger import Kind, Ledger, Observed, Revision, problems

_KEPT = Observed(
    revisions=(Revision(1, "web", "// 1"), Revision(2, "once", "x"), Revision(3, "web", "// 2")),
    present={
        Kind.PIPELINE: frozenset({"once"}),
        Kind.REGISTERED: frozenset({"r1"}),
        Kind.CREATED: frozenset(),
        Kind.TOKEN: frozenset({"t1"}),
    },
    events={"pipeline:1": (1, 2), "pipeline:2": (1,)},
)


def _ledger() -> Ledger:
    """Three contents of `web`, the last of unknown outcome; a collector and a token; a collector that was deleted."""
    ledger = Ledger()
    for contents in ("// 1", "// 2"):
        ledger.acknowledge(ledger.link("web", contents))
    ledger.link("web", "// 3")
    for kind, key in ((Kind.PIPELINE, "once"), (Kind.REGISTERED, "r1"), (Kind.TOKEN, "t1"), (Kind.CREATED, "c1")):
        ledger.acknowledge(ledger.add(kind, key))
    ledger.acknowledge(ledger.remove(Kind.CREATED, "c1"))
    ledger.add(Kind.CREATED, "c2")
    return ledger


def test_a_kept_promise_is_no_problem() -> None:
    assert problems(_ledger(), _KEPT) == []


def test_an_unknown_outcome_may_be_either() -> None:
    arrived = (*_KEPT.revisions, Revision(4, "web", "// 3"))
    present = {**_KEPT.present, Kind.CREATED: frozenset({"c2"})}

    assert problems(_ledger(), dataclasses.replace(_KEPT, revisions=arrived, present=present)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"revisions": _KEPT.revisions[:2]}, "missing: '// 2'", id="lost revision"),
        pytest.param(
            {"revisions": (*_KEPT.revisions, Revision(4, "web", "// 2"))}, "twice: '// 2'", id="retry made another"
        ),
        pytest.param(
            {"revisions": (*_KEPT.revisions, Revision(3, "once", "y"))}, "twice: the revision number 3", id="number"
        ),
        pytest.param({"revisions": (*_KEPT.revisions, Revision(5, "once", "y"))}, "gap: no revision", id="number gap"),
        pytest.param(
            {"revisions": (Revision(1, "web", "// 2"), Revision(2, "once", "x"), Revision(3, "web", "// 1"))},
            "out of order: the revisions",
            id="order of contents",
        ),
        pytest.param({"revisions": tuple(reversed(_KEPT.revisions))}, "out of order: the pipeline", id="numbers"),
        pytest.param(
            {"revisions": (*_KEPT.revisions, Revision(4, "web", "// 9"))}, "made up: '// 9'", id="never written"
        ),
        pytest.param(
            {"present": {**_KEPT.present, Kind.REGISTERED: frozenset()}}, "missing: the registered", id="lost collector"
        ),
        pytest.param({"present": {**_KEPT.present, Kind.TOKEN: frozenset()}}, "missing: the token", id="lost token"),
        pytest.param(
            {"present": {**_KEPT.present, Kind.CREATED: frozenset({"c1"})}}, "back again: the created", id="undeleted"
        ),
        pytest.param(
            {"present": {**_KEPT.present, Kind.TOKEN: frozenset({"t1", "t9"})}}, "made up: the token", id="new token"
        ),
        pytest.param({"events": {"pipeline:1": (1, 3)}}, "gap: the events", id="event gap"),
        pytest.param({"events": {"pipeline:1": (1, 1)}}, "gap: the events", id="event twice"),
    ],
)
def test_a_broken_promise_is_named(change: dict[str, Any], problem: str) -> None:
    found = problems(_ledger(), dataclasses.replace(_KEPT, **change))

    assert any(line.startswith(problem) for line in found), found
