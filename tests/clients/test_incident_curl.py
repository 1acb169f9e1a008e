"""What people type: the steps and examples of the product's documentation page of the incident API, with curl and jq.

jq is asked for what a shell script would use, where it is installed; else Python reads the answers.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients import toolchains
from tests.clients.incident_rpc import INCIDENT, IRM, unique
from tests.running_server import RunningServer

pytestmark = pytest.mark.clients

_JSON = "application/json; charset=utf-8"


class Shell:
    """A shell user's folder, and the server's address and token."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def curl(self, *arguments: str) -> tuple[int, str, str]:
        """Status, content type and body of one request."""
        done = subprocess.run(
            ["curl", "-q", "--silent", "--show-error", "--max-time", "30",
             "--write-out", "\n%{http_code} %{content_type}", *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr}\n{self.server.tail()}"
        body, _, trailer = done.stdout.rpartition("\n")
        status, _, content_type = trailer.partition(" ")
        return int(status), content_type, body

    def call(self, method: str, request: str, base: str = IRM) -> str:
        """The six steps: the URL, the body, the token, both content headers, POST, and the answer's text to parse."""
        status, content_type, body = self.curl(
            "--request", "POST", "--header", f"Authorization: Bearer {self.server.token}",
            "--header", f"Content-Type: {_JSON}", "--header", f"Accept: {_JSON}",
            "--data", request, f"{self.server.http_url}{base}{method}",
        )  # fmt: skip
        assert status == 200, f"{body}\n{self.server.tail()}"
        assert content_type.startswith("application/json")
        return body

    def jq(self, program: str, text: str) -> list[str]:
        """The lines that `jq -r` prints, for programs of names, dots and `[]`."""
        if shutil.which("jq"):
            done = subprocess.run(["jq", "-r", program], input=text, capture_output=True, text=True, check=True)
            return done.stdout.splitlines()
        values: list[Any] = [json.loads(text)]
        for step in program.lstrip(".").split("."):
            values = [each[step.removesuffix("[]")] for each in values]
            if step.endswith("[]"):
                values = [item for each in values for item in each]
        return [str(each) for each in values]


@pytest.fixture
def shell(server: RunningServer, tmp_path: Path) -> Shell:
    toolchains.require("curl")
    if toolchains.in_ci():
        toolchains.require("jq")
    return Shell(server, tmp_path)


@pytest.mark.parametrize("base", [IRM, INCIDENT, "/api/v1/"])
def test_curl_declares_by_a_title_alone(shell: Shell, base: str) -> None:
    title = unique("short description explaining what's going wrong")
    answer = shell.call("IncidentsService.CreateIncident", json.dumps({"title": title}), base)

    [incident_id] = shell.jq(".incident.incidentID", answer)
    assert incident_id.isdecimal()
    assert shell.jq(".incident.status", answer) == ["active"]
    assert shell.jq(".incident.severity", answer) == ["Pending"]
    assert json.loads(answer)["error"] == ""


def test_curl_adds_a_task_and_prints_its_id(shell: Shell) -> None:
    made = shell.call("IncidentsService.CreateIncident", json.dumps({"title": unique("with a task")}))
    [incident_id] = shell.jq(".incident.incidentID", made)
    task = json.dumps({"incidentID": incident_id, "text": "Consider tweeting to let people know"})
    [task_id] = shell.jq(".task.taskID", shell.call("TasksService.AddTask", task))

    assert task_id not in {"", "null"}
    read = shell.call("IncidentsService.GetIncident", json.dumps({"incidentID": incident_id}))
    assert shell.jq(".incident.taskList.tasks[].taskID", read) == [task_id]


def test_curl_loops_over_labels(shell: Shell) -> None:
    labels = [{"label": "security"}, {"label": "specific-label"}]
    request = json.dumps({"title": unique("labelled"), "labels": labels})
    [incident_id] = shell.jq(".incident.incidentID", shell.call("IncidentsService.CreateIncident", request))
    read = shell.call("IncidentsService.GetIncident", json.dumps({"incidentID": incident_id}))

    assert sorted(shell.jq(".incident.labels[].label", read)) == ["security", "specific-label"]


def test_curl_sends_a_file_as_a_form_without_headers(shell: Shell) -> None:
    """What is forgotten most often: curl then says that the body is a form."""
    title = unique("typed in haste")
    (shell.folder / "incident.json").write_text(json.dumps({"Title": title, "unknown": {"a": [None]}, "labels": None}))
    status, _, body = shell.curl(
        "-d", "@incident.json", "-u", f"anybody:{shell.server.token}",
        f"{shell.server.http_url}{IRM}IncidentsService.CreateIncident",
    )  # fmt: skip

    assert status == 200
    assert json.loads(body)["incident"]["title"] == title


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        pytest.param([], 401, "common.unauthorized", id="no token"),
        pytest.param(["-H", "Authorization: Bearer wrong"], 401, "common.unauthorized", id="wrong token"),
    ],
)
def test_curl_shows_why_it_may_not(shell: Shell, arguments: list[str], status: int, code: str) -> None:
    url = f"{shell.server.http_url}{IRM}RolesService.GetRoles"
    seen, content_type, body = shell.curl(*arguments, "-d", "{}", url)

    assert (seen, content_type) == (status, "application/problem+json")
    assert json.loads(body)["code"] == code
    assert json.loads(body)["error"] != ""


@pytest.mark.parametrize(
    ("data", "verb", "method", "status", "code"),
    [
        pytest.param("{", "POST", "CreateIncident", 400, "common.validation_failed", id="broken JSON"),
        pytest.param("[]", "POST", "CreateIncident", 400, "common.validation_failed", id="not an object"),
        pytest.param("{}", "POST", "CreateIncident", 400, "common.validation_failed", id="no title"),
        pytest.param("", "POST", "GetIncident", 400, "common.validation_failed", id="no body"),
        pytest.param("{}", "PUT", "GetIncident", 405, "common.validation_failed", id="another verb"),
        pytest.param("{}", "POST", "NoSuchMethod", 404, "common.not_found", id="no such method"),
    ],
)
def test_curl_shows_what_is_wrong(shell: Shell, data: str, verb: str, method: str, status: int, code: str) -> None:
    seen, content_type, body = shell.curl(
        "-X", verb, "-H", f"Authorization: Bearer {shell.server.token}", "-d", data,
        f"{shell.server.http_url}{IRM}IncidentsService.{method}",
    )  # fmt: skip

    assert (seen, content_type) == (status, "application/problem+json")
    problem = json.loads(body)
    assert problem["code"] == code
    assert problem["error"] == problem["message"] != ""
