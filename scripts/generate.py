"""Write src/quarterdeck/gen from proto/, and tests/gen from tests/proto/, with tools from PyPI only.

The generated modules live below `quarterdeck.gen`, but protoc writes imports as if the proto root were a Python root.
The one place that mends this is `relocate_imports` below: it prefixes imports of our own packages and touches nothing
else.

Usage: generate.py [--check]    --check writes no generated file and fails when the committed ones differ.
"""

from __future__ import annotations

import filecmp
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOUSE = "quarterdeck.gen"


@dataclass(frozen=True, slots=True)
class Tree:
    """One folder of protos, the package its code becomes, and the folder whose protos it may import."""

    sources: str
    target: str
    package: str
    includes: tuple[str, ...] = ()


TREES = (
    Tree("proto", "src/quarterdeck/gen", HOUSE),
    Tree("tests/proto", "tests/gen", "tests.gen", includes=("proto",)),
)


def copy_google_protos(root: Path) -> Path:
    """Put google/api/*.proto, out of the installed googleapis-common-protos, where buf finds them as a module."""
    source = files("google.api")
    third_party = root / ".make" / "third_party"
    target = third_party / "google" / "api"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("annotations.proto", "http.proto", "httpbody.proto"):
        (target / name).write_bytes((source / name).read_bytes())
    return third_party


def proto_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))


def packages(folder: Path) -> set[str]:
    """The Python packages, dotted (`pipeline.v1`), that the protos below a folder become."""
    return {Path(name).parent.as_posix().replace("/", ".") for name in proto_files(folder)}


def relocate_imports(text: str, parents: Mapping[str, str]) -> str:
    """Prefix imports of the packages that are keys of `parents` (dotted, such as `pipeline.v1`) with their value."""
    if not parents:
        return text
    names = "|".join(re.escape(package) for package in sorted(parents))
    return re.sub(
        rf"^(\s*(?:from|import) )({names})(?=[. ])",
        lambda match: f"{match[1]}{parents[match[2]]}.{match[2]}",
        text,
        flags=re.MULTILINE,
    )


def generate(root: Path, tree: Tree, target: Path) -> None:
    """Run protoc over every file below the tree's sources and make the empty folder `target` a package tree."""
    sources = root / tree.sources
    includes = [sources, *(root / name for name in tree.includes), copy_google_protos(root)]
    plugin = Path(sys.executable).parent / "protoc-gen-connectrpc"
    command = [
        sys.executable, "-m", "grpc_tools.protoc", *(f"-I{include}" for include in includes),
        f"--plugin=protoc-gen-connectrpc={plugin}",
        f"--python_out={target}", f"--pyi_out={target}", f"--grpc_python_out={target}", f"--connectrpc_out={target}",
        "--connectrpc_opt=protobuf=google", *proto_files(sources),
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=root)
    parents = {package: HOUSE for name in tree.includes for package in packages(root / name)}
    parents |= dict.fromkeys(packages(sources), tree.package)
    for path in [*target.rglob("*.py"), *target.rglob("*.pyi")]:
        path.write_text(relocate_imports(path.read_text(), parents))
    for folder in {target, *(path for path in target.rglob("*") if path.is_dir())}:
        (folder / "__init__.py").write_text("")


def generated_files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(left: Path, right: Path) -> list[str]:
    """Files that are missing on one side or not the same, as paths relative to the two folders."""

    def same(name: str) -> bool:
        both = (left / name).is_file() and (right / name).is_file()
        return both and filecmp.cmp(left / name, right / name, shallow=False)

    return sorted(name for name in generated_files(left) | generated_files(right) if not same(name))


def replace(fresh: Path, target: Path, names: list[str]) -> None:
    """Make the named files of `target` what they are in `fresh`, and leave the others alone."""
    for name in names:
        if (fresh / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh / name, target / name)
        else:
            (target / name).unlink()
    # A proto package that is gone would leave empty folders that Python still imports.
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        if not generated_files(folder):
            shutil.rmtree(folder)


def refresh(root: Path, tree: Tree, *, check: bool) -> list[str]:
    """Bring one tree up to date, or with `check` only look. Returns the files that differed."""
    target = root / tree.target
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        generate(root, tree, fresh)
        changed = differences(fresh, target)
        if not check:
            replace(fresh, target, changed)
    return changed


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(f"generate.py takes --check or nothing, not {' '.join(arguments)!r}.")
        return 2
    check = bool(arguments)
    stale = False
    for tree in TREES:
        changed = refresh(ROOT, tree, check=check)
        if changed:
            print(f"{tree.target} {'is not what' if check else 'now is what'} {tree.sources}/ generates:")
            print(*changed, sep="\n")
            stale = stale or check
    if stale:
        print("Run `make generate` and commit the result.")
    return int(stale)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
