"""`quarterdeck org apply` and the setting `organisation_file`, against a real server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from quarterdeck.cli import main
from tests.running_server import RunningServer

COMMAND = (sys.executable, "-m", "quarterdeck")

AT_START = """
roles: [{name: scribe, important: true}]
tokens: [{name: alertmanager, secret: {env: ALERTMANAGER_TOKEN}}]
"""

BY_HAND = """
severities: [{label: SEV1, level: 1}]
statuses: [{name: Investigating, category: active}]
labels: [{key: team, values: [search]}]
fields: [{name: Region, type: single-select, options: [eu]}]
hooks: [{event: incidentCreated, url: "https://example.org/"}]
tokens: [{name: made}]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("organisation")
    file = folder / "organisation.yaml"
    file.write_text(AT_START, encoding="utf-8")
    environment = {
        "QUARTERDECK_ORGANISATION_FILE": str(file),
        "ALERTMANAGER_TOKEN": "a-token-that-alertmanager-has",
    }
    with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder, env=environment, command=COMMAND) as running:
        yield running


def apply(server: RunningServer, folder: Path, text: str, *options: str, token: str | None = None) -> Result:
    file = folder / "org.yaml"
    file.write_text(text, encoding="utf-8")
    environment = {
        "QUARTERDECK_URL": server.http_url,
        "QUARTERDECK_TOKEN": server.token if token is None else token,
        "ALERTMANAGER_TOKEN": "a-token-that-alertmanager-has",
    }
    return CliRunner().invoke(main, ["org", "apply", str(file), *options], env=environment)


def test_the_file_of_the_setting_is_applied_before_the_server_serves(server, tmp_path):
    assert apply(server, tmp_path, AT_START).output == "nothing to change\n"
    assert "a-token-that-alertmanager-has" not in server.logs


def test_a_file_is_applied_by_hand_once(server, tmp_path):
    planned = apply(server, tmp_path, BY_HAND, "--dry-run")
    applied = apply(server, tmp_path, BY_HAND)
    again = apply(server, tmp_path, BY_HAND)

    assert planned.output.splitlines() == [
        "update  severity 'SEV1'",
        "create  status 'Investigating'",
        "create  label 'team'",
        "create  field 'Region'",
        "enable  hook 'incidentCreated'",
        "create  token 'made'",
        "nothing was changed",
    ]
    assert applied.exit_code == 0
    assert applied.output.count("its secret is shown only now: ") == 2
    assert applied.output.endswith("6 changes applied\n")
    assert again.output == "nothing to change\n"


@pytest.mark.parametrize(
    ("text", "token", "said"),
    [
        pytest.param("severity: []", None, "severity is no section", id="a file with a mistake"),
        pytest.param("severities: [{label: x, level: 9}]", None, "1 (the worst) to 5", id="refused by the server"),
        pytest.param("roles: [{name: x}]", "wrong", "set QUARTERDECK_TOKEN", id="a wrong token"),
        pytest.param("fields: [{name: Region, type: bool}]", None, "type never changes", id="what cannot be"),
    ],
)
def test_what_goes_wrong_is_one_sentence(server, tmp_path, text, token, said):
    apply(server, tmp_path, BY_HAND)
    result = apply(server, tmp_path, text, token=token)

    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
