"""scripts/package.py: what it evens out in an sdist, what it misses in a wheel, and where it takes the time from."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from scripts.package import FIRST_ZIP_TIME, REQUIRED, build_time, missing, normalise

COMPLETE = [
    "quarterdeck/py.typed",
    "quarterdeck/fleet/alloy/components.tsv",
    "quarterdeck/migrations/env.py",
    "quarterdeck/migrations/versions/0001_foundation.py",
    "quarterdeck-0.1.0.dist-info/licenses/LICENSE",
]


def sdist(folder: Path, *, age: int, mode: int, names: list[str]) -> Path:
    """An archive as a machine would write it: its own times, modes and order."""
    folder.mkdir()
    for name in names:
        path = folder / name
        path.write_text(name)
        path.chmod(mode)
        os.utime(path, (age, age))
    archive = folder / "house-1.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in names:
            tar.add(folder / name, arcname=f"house-1/{name}")
    return archive


def test_two_machines_write_the_same_sdist(tmp_path: Path) -> None:
    first = sdist(tmp_path / "first", age=1_700_000_000, mode=0o664, names=["a", "b"])
    second = sdist(tmp_path / "second", age=1_800_000_000, mode=0o600, names=["b", "a"])
    assert first.read_bytes() != second.read_bytes()

    for archive in (first, second):
        normalise(archive, 1_750_000_000)

    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as tar:
        assert tar.getnames() == ["house-1/a", "house-1/b"]
        assert {member.mtime for member in tar} == {1_750_000_000}
        assert {member.mode for member in tar} == {0o644}


def test_a_program_stays_executable(tmp_path: Path) -> None:
    archive = sdist(tmp_path / "only", age=1_700_000_000, mode=0o700, names=["run"])

    normalise(archive, 1_750_000_000)

    with tarfile.open(archive) as tar:
        assert tar.getmember("house-1/run").mode == 0o755


@pytest.mark.parametrize("pattern", REQUIRED)
def test_a_wheel_without_one_required_file_is_caught(pattern: str) -> None:
    assert missing(COMPLETE) == []
    assert missing(name for name, owner in zip(COMPLETE, REQUIRED, strict=True) if owner != pattern) == [pattern]


def test_the_time_of_the_build_is_told_or_the_earliest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1750000000")
    assert build_time(tmp_path) == 1_750_000_000

    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert build_time(tmp_path) == FIRST_ZIP_TIME
