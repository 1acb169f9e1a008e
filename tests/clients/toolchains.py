"""The compilers and package managers that client programs need: found or skipped, built once, safe under xdist.

A missing tool skips a test with its name, except in CI (environment variable `CI`), where it fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"
GO = HERE / "go"
NODE = HERE / "node"

_MINUTES_10 = 600


class UnavailableError(Exception):
    """Something that a test needs is not on this machine; the text says what."""


def require(*names: str) -> None:
    """Skip, or in CI fail, unless all commands are on the path."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        unavailable(f"not on the path: {', '.join(missing)}")


def unavailable(reason: str) -> None:
    """Skip, or in CI fail: there nothing may be left out."""
    if in_ci():
        pytest.fail(f"CI must run this test, but {reason}")
    pytest.skip(reason)


def in_ci() -> bool:
    """Whether skipping is forbidden."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def go_suite(name: str, *, revision: str = "") -> Path:
    """The compiled test suite of the Go module `go/NAME`, built when its sources are newer.

    With a `revision` it is built against the modules that `go/NAME/REVISION.mod` names, with that build tag.

    Raises UnavailableError when its modules cannot be had, AssertionError when it does not compile.
    """
    module = GO / name
    binary = GO / "bin" / (f"{name}-{revision}" if revision else name)
    chosen, tagged = ([f"-modfile={revision}.mod"], [f"-tags={revision}"]) if revision else ([], [])
    with _only_one(GO / "bin"):
        if not _is_fresh(binary, module.iterdir()):
            _fetch(["go", "mod", "download", *chosen], module)
            _build(["go", "test", "-c", "-mod=readonly", *chosen, *tagged, "-o", str(binary), "."], module)
    return binary


def node_project() -> Path:
    """The Node project with its packages installed and its code generated, each when what it comes from has changed.

    Raises UnavailableError when the packages cannot be had, AssertionError when the generator fails.
    """
    packages, generated = NODE / "node_modules", NODE / "gen"
    with _only_one(generated):
        locked = _digest([NODE / "package.json", NODE / "package-lock.json"])
        if _stamp(packages) != locked:
            _fetch(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], NODE)
            _set_stamp(packages, locked)
        contract = _digest([*PROTO.rglob("*.proto"), NODE / "package-lock.json", Path(__file__)])
        if _stamp(generated) != contract:
            _generate(generated)
            _set_stamp(generated, contract)
    return NODE


def proto_path() -> list[Path]:
    """Folders that hold our protos and the google ones which they import, for tools that load .proto files."""
    import google.api

    # `google` is shared by several distributions; the folder above `google/api` has the protos of googleapis.
    return [PROTO, Path(next(iter(google.api.__path__))).parents[1]]


def _generate(target: Path) -> None:
    for entry in target.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
    ours = sorted(path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto"))
    google = [f"google/api/{name}.proto" for name in ("annotations", "http", "httpbody")]
    command = [
        sys.executable, "-m", "grpc_tools.protoc", *(f"-I{folder}" for folder in proto_path()),
        f"--plugin=protoc-gen-es={NODE / 'node_modules' / '.bin' / 'protoc-gen-es'}",
        f"--es_out={target}", "--es_opt=target=js,import_extension=js",
        *ours, *google, "google/rpc/error_details.proto",
    ]  # fmt: skip
    _build(command, NODE)


def run(
    command: list[str], *, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a client program and keep its output, both streams together. It inherits no setting of Quarterdeck."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERDECK_")}
    return subprocess.run(
        command,
        cwd=cwd,
        env={**inherited, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )


def _fetch(command: list[str], cwd: Path) -> None:
    try:
        done = run(command, cwd=cwd, timeout=_MINUTES_10)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        raise UnavailableError(f"{' '.join(command)} failed:\n{done.stdout}")


def _build(command: list[str], cwd: Path) -> None:
    done = run(command, cwd=cwd, timeout=_MINUTES_10)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout}")


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """One process at a time; the others wait and then find the work done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _is_fresh(target: Path, sources: Iterable[Path]) -> bool:
    if not target.is_file():
        return False
    built = target.stat().st_mtime
    return all(source.stat().st_mtime < built for source in sources)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _stamp(folder: Path) -> str:
    file = folder / ".stamp"
    return file.read_text() if file.is_file() else ""


def _set_stamp(folder: Path, value: str) -> None:
    (folder / ".stamp").write_text(value)
