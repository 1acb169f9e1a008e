"""What `make` promises before anything is installed: its list of targets, and a Python that is new enough."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CREATE_VENV = ROOT / "scripts" / "create-venv.sh"
DOCUMENTS = ("README.md", "CONTRIBUTING.md")

TARGETS = {
    "bench",
    "build",
    "check-generate",
    "clean",
    "format",
    "generate",
    "help",
    "lint",
    "lock",
    "migrate",
    "run",
    "test",
}


def make(*arguments: str) -> str:
    """What make prints, as if no make were around this test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--no-print-directory", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def test_make_alone_lists_every_target_with_a_word_about_it() -> None:
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", make(), flags=re.MULTILINE))

    assert listed.keys() == TARGETS
    assert make("help") == make()


@pytest.mark.parametrize("target", sorted(TARGETS - {"help"}))
def test_every_target_has_a_recipe_and_passes_arguments_on(target: str) -> None:
    recipe = make("--dry-run", target, "ARGS=--planted")

    assert recipe.strip()
    if target in {"run", "test", "migrate", "bench", "lock"}:
        assert "--planted" in recipe


def test_lint_covers_every_check() -> None:
    recipe = make("--dry-run", "lint")

    steps = (
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "generate.py --check",
        "buf lint",
        "breaking.py",
    )
    assert [step for step in steps if step not in recipe] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_targets_that_exist(document: str) -> None:
    text = (ROOT / document).read_text()

    assert set(re.findall(r"`make ([a-z-]+)", text)) <= TARGETS


def test_contributing_names_only_places_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = ("src", "tests", "proto", "docs", "scripts", "bench", "fleet", "wire", ".ci")
    named = re.findall(rf"`((?:{'|'.join(rooms)})/[\w./-]*)`", text)

    assert named
    assert [name for name in named if not ((ROOT / name).exists() or (ROOT / "src/quarterdeck" / name).exists())] == []


def interpreter(folder: Path, name: str, version: str, *, environments: bool = True) -> None:
    """Put a program into `folder` that answers create-venv.sh as a Python of that version would."""
    major, minor = version.split(".")
    (folder / name).write_text(
        f"""#!{sys.executable}
import sys
if sys.argv[1:3] == ["-m", "venv"]:
    import pathlib
    (pathlib.Path(sys.argv[-1]) / "bin").mkdir(parents=True)
    sys.exit({0 if environments else 1})
code = sys.argv[2]
if "ensurepip" in code:
    sys.exit({0 if environments else 1})
sys.version_info = ({major}, {minor}, 0)
exec(code)
"""
    )
    (folder / name).chmod(0o755)


def create(folder: Path, path: Path, python: str = "") -> subprocess.CompletedProcess[str]:
    # /usr/bin would bring the machine's Pythons; the shell's own commands are enough to refuse.
    environment = {"PATH": str(path), "PYTHON": python}
    command = ["/bin/sh", str(CREATE_VENV), str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.13", "3.13", environments=False)
    interpreter(tmp_path, "python3.12", "3.12")
    interpreter(tmp_path, "python3", "3.9")

    made = create(tmp_path / "venv", tmp_path)

    assert made.returncode == 0, made.stderr
    assert "with python3.12 (Python 3.12)" in made.stdout
    assert (tmp_path / "venv" / "bin").is_dir()


def test_an_old_python_is_refused_with_a_sentence(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3", "3.10")
    interpreter(tmp_path, "python3.11", "3.11", environments=False)

    refused = create(tmp_path / "venv", tmp_path)

    assert refused.returncode == 1
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "python3 is Python 3.10" in refused.stderr
    assert "install python3.11-venv" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_a_machine_without_python_is_told_what_is_needed(tmp_path: Path) -> None:
    refused = create(tmp_path / "venv", tmp_path)

    assert refused.returncode == 1
    assert "needs Python 3.11 or newer" in refused.stderr


def test_the_named_python_is_the_only_one_tried(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.12", "3.12")
    interpreter(tmp_path, "ancient", "3.8")

    refused = create(tmp_path / "venv", tmp_path, python="ancient")

    assert refused.returncode == 1
    assert "Looked for: ancient." in refused.stderr
