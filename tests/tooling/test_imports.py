"""The import contracts of pyproject.toml bite: each row plants one in a copy of the house."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "src" / "quarterdeck", tmp_path / "quarterdeck", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def check(house: Path, contract: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache", "--no-logo", "--contract", contract],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("contract", "room", "imported"),
    [
        pytest.param("layers", "database/planted.py", "quarterdeck.events", id="upwards"),
        pytest.param("layers", "errors.py", "quarterdeck.clock", id="between the two at the bottom"),
        pytest.param("layers", "wire/planted.py", "quarterdeck.fleet.matchers", id="wire knows no wing"),
        pytest.param("layers", "fleet/planted.py", "quarterdeck.wire.errors", id="a wing knows no wire"),
        pytest.param("layers", "identity/planted.py", "quarterdeck.fleet.attributes", id="identity knows no wing"),
        pytest.param("settings", "wire/planted.py", "quarterdeck.settings", id="settings are passed in"),
        pytest.param("sql", "fleet/planted.py", "sqlalchemy", id="a service writes no SQL"),
        pytest.param("sql", "wire/planted.py", "sqlalchemy.exc", id="wire knows no driver error"),
        pytest.param("sql", "jobs/planted.py", "asyncpg", id="the driver stays in database"),
        pytest.param("transports", "fleet/planted.py", "grpc", id="a wing knows no gRPC"),
        pytest.param("transports", "fleet/planted.py", "connectrpc.code", id="a wing knows no Connect"),
        pytest.param("transports", "events/planted.py", "starlette", id="not even one we do not install"),
        pytest.param("rules", "fleet/matchers.py", "sqlalchemy", id="a rule does no SQL"),
        pytest.param("rules", "fleet/alloy/planted.py", "google.protobuf.message", id="a rule knows no message"),
        pytest.param("rules", "fleet/attributes.py", "quarterdeck.database", id="nor a room that does SQL"),
        pytest.param("rows", "events/planted.py", "quarterdeck.gen.pipeline.v1.pipeline_pb2", id="rows, not messages"),
        pytest.param("simulator", "simulator/planted.py", "quarterdeck.wire", id="the simulator is a stranger"),
        pytest.param("simulator", "simulator/planted.py", "quarterdeck.fleet.matchers", id="it cannot match"),
    ],
)  # fmt: skip
def test_a_planted_import_is_refused(house: Path, contract: str, room: str, imported: str) -> None:
    path = house / "quarterdeck" / room
    before = path.read_text() if path.is_file() else ""
    path.write_text(f"{before}\nimport {imported}\n")

    refused = check(house, contract)

    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "0 kept, 1 broken" in refused.stdout
    module = "quarterdeck." + room.removesuffix(".py").replace("/", ".")
    assert module in refused.stdout


@pytest.mark.parametrize(
    ("contract", "room", "imported"),
    [
        pytest.param("sql", "fleet/store/planted.py", "sqlalchemy", id="the store writes SQL"),
        pytest.param("transports", "wire/planted.py", "grpc", id="wire speaks gRPC"),
        pytest.param("transports", "fleet/planted.py", "quarterdeck.gen.pipeline.v1.pipeline_connect", id="Protocol"),
        pytest.param("simulator", "simulator/planted.py", "quarterdeck.fleet.alloy.syntax", id="it reads Alloy"),
    ],
)  # fmt: skip
def test_what_a_room_is_for_is_allowed(house: Path, contract: str, room: str, imported: str) -> None:
    path = house / "quarterdeck" / room
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"import {imported}\n")

    allowed = check(house, contract)

    assert "Contracts: " in allowed.stdout, allowed.stderr
    assert "planted" not in allowed.stdout
