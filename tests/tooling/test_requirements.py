"""The requirements files pin everything, name no index, and agree with each other and with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"([a-z0-9-]+)==([^ ;\\]+)(?: ; [^\\]+?)?((?: --hash=sha256:[0-9a-f]{64})+)")


def logical_lines(name: str) -> list[str]:
    """The file's lines with continuations joined, without comments."""
    joined = re.sub(r" *\\\n *", " ", (ROOT / name).read_text())
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def pins(name: str) -> dict[str, str]:
    found = [PIN.fullmatch(line) for line in logical_lines(name)]
    return {match[1]: match[2] for match in found if match}


def names(requirements: list[str | dict[str, str]]) -> set[str]:
    found = [re.match(r"[A-Za-z0-9._-]+", each) for each in requirements if isinstance(each, str)]
    return {re.sub(r"[._-]+", "-", match[0]).lower() for match in found if match}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_line_is_a_pin_with_hashes_and_nothing_else(name: str) -> None:
    lines = logical_lines(name)

    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert len(lines) > 20


def test_the_development_pins_hold_all_of_the_runtime_pins() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_what_pyproject_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]

    runtime = names(project["project"]["dependencies"]) | names(groups["build"])
    assert runtime <= pins("requirements.txt").keys(), "run `make lock`"
    assert names(groups["dev"]) <= pins("requirements-dev.txt").keys(), "run `make lock`"
