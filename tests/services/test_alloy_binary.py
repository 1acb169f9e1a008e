"""The optional second opinion, with real programs in the place of Alloy."""

from __future__ import annotations

from pathlib import Path

import pytest

from quarterdeck.errors import Invalid
from quarterdeck.fleet import alloy_binary
from quarterdeck.fleet.alloy_binary import AlloyBinary
from quarterdeck.fleet.pipeline import PipelineDraft

DRAFT = PipelineDraft(name="self", contents='prometheus.exporter.self "alloy" { }\n')


def program(tmp_path: Path, script: str) -> str:
    path = tmp_path / "alloy"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{path} validate"


async def test_consent_is_silent_and_the_text_is_what_collectors_get(tmp_path: Path):
    seen = tmp_path / "seen"
    await AlloyBinary(program(tmp_path, f'test "$1" = validate && cp "$2" {seen}')).check(DRAFT, "pipeline")
    assert seen.read_text() == 'declare "self" {\nprometheus.exporter.self "alloy" { }\n}\n\nself "default" { }\n'


async def test_an_objection_is_passed_on_in_one_line_without_our_path(tmp_path: Path):
    command = program(tmp_path, 'echo "$2:1:1: unrecognized" >&2; echo "attribute x"; exit 1')
    with pytest.raises(Invalid) as refused:
        await AlloyBinary(command).check(DRAFT, "pipelines[2]")
    assert "config:1:1: unrecognized attribute x" in refused.value.message
    assert refused.value.violations[0].field == "pipelines[2].contents"
    assert "alloy" in refused.value.message
    assert ".alloy:" not in refused.value.message


async def test_an_objection_without_words_names_the_exit_code(tmp_path: Path):
    with pytest.raises(Invalid, match="exit code 3"):
        await AlloyBinary(program(tmp_path, "exit 3")).check(DRAFT, "pipeline")


async def test_a_program_that_is_not_there_objects_to_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    await AlloyBinary(str(tmp_path / "nothing")).check(DRAFT, "pipeline")
    assert "cannot be run" in caplog.text


async def test_a_program_that_hangs_is_ended_and_objects_to_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(alloy_binary, "TIMEOUT", 0.2)
    await AlloyBinary(program(tmp_path, "exec sleep 60")).check(DRAFT, "pipeline")
    assert "took longer" in caplog.text
