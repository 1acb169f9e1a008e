"""Compare proto/ with the last release: fail when a published client would break.

The last release is the nearest `v*` tag that HEAD can reach. What counts as breaking is the `breaking` section of
today's buf.yaml. No tag, or a tag without protos, means nothing is promised yet: the script says so and passes.

Usage: breaking.py [REVISION]    REVISION is compared with instead of the last tag.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
THIRD_PARTY = Path(".make") / "third_party"


def git(root: Path, *arguments: str) -> bytes | None:
    """What git prints, or None when it refuses: no repository, no commit, no such revision."""
    git_path = shutil.which("git") or "git"
    done = subprocess.run([git_path, *arguments], cwd=root, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def last_release(root: Path) -> str | None:
    tag = git(root, "describe", "--tags", "--abbrev=0", "--match", "v*")
    return tag.decode().strip() if tag else None


def check_out_contract(root: Path, revision: str, target: Path) -> bool:
    """Write the revision's protos and buf.yaml into `target`; False when it has none."""
    archive = git(root, "archive", "--format=zip", revision, "--", "proto", "buf.yaml")
    if archive is None:
        return False
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(target)
    # The modules that our protos import are not in git; the ones installed now serve both sides.
    shutil.copytree(root / THIRD_PARTY, target / THIRD_PARTY)
    return True


def buf(root: Path, *arguments: str) -> bool:
    """Whether buf is content; it prints why not."""
    path = Path(sys.executable).parent / "buf"
    return subprocess.run([path, *arguments], cwd=root, check=False).returncode == 0


def main(arguments: list[str], root: Path = ROOT) -> int:
    revision = arguments[0] if arguments else last_release(root)
    if revision is None:
        print("Breaking changes: there is no release tag (v*) to compare proto/ with.")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        if not check_out_contract(root, revision, Path(scratch)):
            print(f"Breaking changes: {revision!r} has no proto/ and buf.yaml to compare with.")
            return 2 if arguments else 0
        # `buf breaking` exits alike for a break and for protos that do not compile.
        if not buf(root, "build"):
            print("proto/ does not compile; nothing was compared.")
            return 2
        if not buf(root, "breaking", "--against", scratch):
            print(f"proto/ breaks clients of {revision}. Keep what they use and add beside it.")
            return 1
    print(f"Breaking changes: none since {revision}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
