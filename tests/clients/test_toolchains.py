"""A missing toolchain is a skip at home and a failure in CI."""

from __future__ import annotations

import pytest

from tests.clients import toolchains


def test_missing_tool_skips_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool"):
        toolchains.require("no-such-tool")


def test_missing_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool"):
        toolchains.require("no-such-tool")


def test_lock_files_name_no_registry() -> None:
    lock = (toolchains.NODE / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
