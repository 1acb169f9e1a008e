"""scripts/skips.py reads what pytest really writes: the reports here come from pytest runs over planted tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.skips import Result, client_suites, complaints, main, results

PLANTED = """
import pytest

def test_that_passes(): pass

def test_that_fails(): assert 0

@pytest.mark.skip(reason="no go on this machine")
def test_that_skips(): pass

@pytest.mark.xfail(reason="not yet")
def test_that_fails_as_expected(): assert 0

@pytest.fixture
def broken(): raise RuntimeError

def test_that_errs(broken): pass
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The report of a run over one file of tests and one file that is skipped as a whole."""
    folder = tmp_path / "tests" / "clients"
    folder.mkdir(parents=True)
    (folder / "test_planted.py").write_text(PLANTED)
    (folder / "test_whole.py").write_text('import pytest\npytest.skip("no node", allow_module_level=True)\n')
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    subprocess.run([*command, "--junitxml=report.xml", "tests"], cwd=tmp_path, check=False, capture_output=True)
    return tmp_path / "report.xml"


def test_a_report_is_read_as_pytest_wrote_it(report: Path) -> None:
    found = {result.name.rpartition("::")[2]: result.outcome for result in results(report)}

    assert found == {
        "test_that_passes": "passed",
        "test_that_fails": "failed",
        "test_that_skips": "skipped",
        "test_that_fails_as_expected": "expected failure",
        "test_that_errs": "failed",
        "tests.clients.test_whole": "skipped",
    }


def test_every_skip_is_told_with_its_reason(report: Path) -> None:
    told = "\n".join(complaints(results(report), client_suites(report.parent)))

    assert "tests.clients.test_planted::test_that_skips was skipped: no go on this machine" in told
    assert "no node" in told
    assert "tests.clients.test_whole: not one test of this client suite passed" in told
    assert "tests.clients.test_planted: not one" not in told


def test_a_suite_that_never_ran_is_a_complaint() -> None:
    ran = [Result("tests.clients.test_go::test_a", "passed"), Result("tests.clients.test_go_more::test_b", "failed")]

    assert complaints(ran, ["tests.clients.test_go"]) == []
    assert len(complaints(ran, ["tests.clients.test_go_more", "tests.clients.test_node"])) == 2


def test_a_test_inside_a_class_counts_for_its_file() -> None:
    ran = [Result("tests.clients.test_go.TestUnary::test_a", "passed")]

    assert complaints(ran, ["tests.clients.test_go"]) == []


def test_a_missing_report_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.xml")]) == 1
    assert "none.xml" in capsys.readouterr().out
