"""scripts/breaking.py on a copy of the real contract, with a break planted in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.breaking import ROOT, main
from scripts.generate import copy_google_protos

PIPELINE = Path("proto/pipeline/v1/pipeline.proto")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit: the contract of this checkout."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    # Inside a git hook these point at the repository of the hook.
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    shutil.copyfile(ROOT / "buf.yaml", tmp_path / "buf.yaml")
    copy_google_protos(tmp_path)
    (tmp_path / ".gitignore").write_text(".make/\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "A commit")


def edit(root: Path, old: str, new: str) -> None:
    text = (root / PIPELINE).read_text()
    assert old in text
    (root / PIPELINE).write_text(text.replace(old, new, 1))


def test_without_a_tag_it_says_so_and_passes(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], checkout) == 0
    assert "no release tag" in capsys.readouterr().out


def test_outside_a_repository_it_says_so_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], tmp_path) == 0
    assert "no release tag" in capsys.readouterr().out


def test_a_tag_from_before_the_contract_passes(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(checkout / "proto")
    commit(checkout)
    git(checkout, "tag", "v0.1.0")

    assert main([], checkout) == 0
    assert "'v0.1.0' has no proto/" in capsys.readouterr().out


def test_an_addition_passes(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(checkout, "tag", "v0.1.0")
    edit(checkout, "message Pipeline {", "message Planted {\n  string name = 1;\n}\n\nmessage Pipeline {")

    assert main([], checkout) == 0
    assert "none since v0.1.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("  string name = 1 [", "  bytes name = 1 [", id="another type"),
        pytest.param("  string name = 1 [", "  string name = 91 [", id="another number"),
        pytest.param("  string name = 1 [", "  string title = 1 [", id="another JSON name"),
        pytest.param("rpc GetPipeline(", "rpc FetchPipeline(", id="another path"),
    ],
)
def test_a_planted_break_fails(checkout: Path, capfd: pytest.CaptureFixture[str], old: str, new: str) -> None:
    git(checkout, "tag", "v0.1.0")
    commit(checkout)
    edit(checkout, old, new)

    assert main([], checkout) == 1
    output = capfd.readouterr().out
    assert "proto/pipeline/v1/pipeline.proto" in output
    assert "breaks clients of v0.1.0" in output


def test_the_nearest_release_counts(checkout: Path) -> None:
    git(checkout, "tag", "v0.1.0")
    edit(checkout, "  string name = 1 [", "  string title = 1 [")
    commit(checkout)
    git(checkout, "tag", "v0.2.0")
    git(checkout, "tag", "nightly")

    assert main([], checkout) == 0
    assert main(["v0.1.0"], checkout) == 1


def test_a_contract_that_does_not_compile_is_not_called_a_break(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    git(checkout, "tag", "v0.1.0")
    edit(checkout, "message Pipeline {", "message Pipeline")

    assert main([], checkout) == 2
    assert "does not compile" in capfd.readouterr().out


def test_an_unknown_revision_is_an_error(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v9"], checkout) == 2
    assert "'v9'" in capsys.readouterr().out
