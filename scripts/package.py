"""Write the wheel and the sdist to dist/: the same bytes for the same commit, and complete.

Times inside are the commit's (`SOURCE_DATE_EPOCH` when set). An sdist of setuptools still carries the times,
owners and modes of the machine, so it is packed again here; the wheel is built from that one and inherits its modes.

Usage: package.py [FOLDER]    FOLDER takes the place of dist/.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
FIRST_ZIP_TIME = 315532800  # 1980-01-01; a zip file knows nothing earlier

# What an installed server needs besides its modules.
REQUIRED = (
    "quarterdeck/py.typed",
    "quarterdeck/fleet/alloy/components.tsv",
    "quarterdeck/migrations/env.py",
    "quarterdeck/migrations/versions/*.py",
    "*.dist-info/licenses/LICENSE",
)


def build_time(root: Path) -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, else the commit's time, else the earliest a zip file can hold."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        git = shutil.which("git") or "git"
        done = subprocess.run([git, "log", "-1", "--format=%ct"], cwd=root, capture_output=True, text=True, check=False)
        given = done.stdout.strip()
    return max(int(given or 0), FIRST_ZIP_TIME)


def build(kind: Literal["sdist", "wheel"], source: Path, target: Path, time: int) -> None:
    """Run the pinned build backend, without an environment of its own that would fetch what nobody pinned."""
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(target), str(source)]
    subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(time)})


def normalise(sdist: Path, time: int) -> None:
    """Pack an sdist again: members sorted, one time, nobody's user, plain modes."""
    packed = io.BytesIO()
    with tarfile.open(sdist) as old, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = time, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    sdist.write_bytes(gzip.compress(packed.getvalue(), mtime=time))


def missing(names: Iterable[str]) -> list[str]:
    """The patterns of REQUIRED that none of a wheel's names satisfies."""
    present = list(names)
    return [pattern for pattern in REQUIRED if not any(fnmatch(name, pattern) for name in present)]


def build_both(root: Path, target: Path) -> Path:
    """Write the sdist, then the wheel out of it, as an installer would; returns the wheel."""
    time = build_time(root)
    build("sdist", root, target, time)
    sdist = next(target.glob("*.tar.gz"))
    normalise(sdist, time)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.unpack_archive(sdist, scratch)
        build("wheel", Path(scratch) / sdist.name.removesuffix(".tar.gz"), target, time)
    return next(target.glob("*.whl"))


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else ROOT / "dist"
    shutil.rmtree(target, ignore_errors=True)
    wheel = build_both(ROOT, target)
    with zipfile.ZipFile(wheel) as archive:
        absent = missing(archive.namelist())
    if absent:
        print(f"{wheel.name} lacks:", *absent, sep="\n  ")
    return int(bool(absent))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
