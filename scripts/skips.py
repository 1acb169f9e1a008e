"""Read a JUnit report of pytest and fail when anything was skipped, or when a client suite ran nothing.

A skip is an honest answer on a contributor's machine; where the whole promise is checked it is a hole. A client suite
is a file tests/clients/test_*.py: each must have at least one test that passed.

Usage: skips.py REPORT.xml
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
CLIENT_SUITES = "tests/clients"

# Tests that may be skipped even so: the name as the report has it (`tests.wire.test_x::test_y`) -> why.
ALLOWED: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Result:
    """One test of the report: `name` is `package.module::test`; `reason` is pytest's own, empty unless skipped."""

    name: str
    outcome: Literal["passed", "failed", "skipped", "expected failure"]
    reason: str = ""


def results(report: Path) -> Iterator[Result]:
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest a moment ago
        name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
        skipped = case.find("skipped")
        if skipped is not None:
            expected = skipped.get("type") == "pytest.xfail"
            # A file that is skipped as a whole has its reason in the text, and no word about it in the message.
            reason = (skipped.get("type") and skipped.get("message")) or skipped.text or ""
            yield Result(name, "expected failure" if expected else "skipped", reason)
        elif case.find("failure") is not None or case.find("error") is not None:
            yield Result(name, "failed")
        else:
            yield Result(name, "passed")


def client_suites(root: Path) -> list[str]:
    """The client suites of a checkout, as dotted module names."""
    paths = sorted((root / CLIENT_SUITES).glob("test_*.py"))
    return [path.relative_to(root).with_suffix("").as_posix().replace("/", ".") for path in paths]


def complaints(found: Iterable[Result], suites: Iterable[str]) -> list[str]:
    """One sentence for every skip that is not allowed and every suite in which no test passed."""
    everything = list(found)
    modules = {result.name.split("::")[0] for result in everything if result.outcome == "passed"}
    skips = [
        f"{result.name} was skipped: {result.reason}"
        for result in everything
        if result.outcome == "skipped" and result.name not in ALLOWED
    ]
    idle = [
        f"{suite}: not one test of this client suite passed"
        for suite in suites
        if not any(module == suite or module.startswith(f"{suite}.") for module in modules)
    ]
    return skips + idle


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Usage: skips.py REPORT.xml")
        return 2
    report = Path(arguments[0])
    if not report.is_file():
        print(f"There is no report {arguments[0]!r}: pytest did not come to its end.")
        return 1
    found = complaints(results(report), client_suites(ROOT))
    print(*(found or ["Nothing was skipped."]), sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
