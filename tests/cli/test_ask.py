"""`quarterdeck ask`, `chats` and `investigate`, against a server that has no language model."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import Run
from tests.running_server import RunningServer

BUILTIN = "[built-in planner, no language model]"


@pytest.fixture
def incident(cli: Run, request: pytest.FixtureRequest) -> str:
    """The number of an incident of this test's own."""
    declared = cli("incident", "declare", request.node.name, "--severity", "minor")
    assert declared.exit_code == 0, declared.output
    return declared.stdout.split()[1]


def status(cli: Run, incident: str) -> str:
    return str(json.loads(cli("incident", "show", incident, "--output", "json").stdout)["status"])


def chat_ids(cli: Run, *arguments: str) -> list[str]:
    return [chat["id"] for chat in json.loads(cli("chats", "list", "--output", "json", *arguments).stdout)["chats"]]


def test_an_answer_comes_with_the_calls_that_it_stands_on(cli: Run) -> None:
    asked = cli("ask", "How many collectors do I have?")
    assert asked.exit_code == 0, asked.output
    assert BUILTIN in asked.stdout
    assert asked.stderr.startswith("> "), "the calls are not the answer"
    assert "> " not in asked.stdout


def test_json_is_one_document(cli: Run) -> None:
    asked = cli("ask", "How many pipelines do I have?", "--output", "json")
    run = json.loads(asked.stdout)
    assert (asked.exit_code, run["state"]) == (0, "RUN_STATE_COMPLETED")
    assert run["answer"].startswith(BUILTIN)


def test_a_chat_goes_on_is_listed_and_shown(cli: Run) -> None:
    first = json.loads(cli("ask", "How many pipelines do I have?", "--output", "json").stdout)
    chat = first["chatId"]
    assert cli("ask", "How many collectors do I have?", "--chat", chat).exit_code == 0
    assert chat_ids(cli)[0] == chat
    assert chat in cli("chats", "list").stdout
    shown = cli("chats", "show", chat).stdout
    for text in ("user:", "How many pipelines do I have?", "How many collectors do I have?", "assistant:", BUILTIN):
        assert text in shown
    again = cli("chats", "resume", chat)
    assert (again.exit_code, again.stdout.count(BUILTIN)) == (0, 1), "the newest question alone"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask", "hello", "--chat", "nobody"), "there is no chat 'nobody'"),
        (("ask", "   "), "prompt: is required"),
        (("ask", "hello", "--model", "gpt-99"), "gpt-99"),
        (("ask", "hello", "--yes", "--no"), "--yes and --no contradict each other"),
        (("chats", "show", "nobody"), "there is no chat 'nobody'"),
        (("chats", "resume", "nobody"), "there is no chat 'nobody'"),
        (("investigate", "incident", "999999"), "999999"),
        (("investigate", "pipeline", "1"), "incident"),
        (("ask",), "QUESTION"),
    ],
)
def test_what_is_wrong_is_told_without_a_traceback(cli: Run, arguments: tuple[str, ...], said: str) -> None:
    failed = cli(*arguments)
    assert failed.exit_code in {1, 2}
    assert said in failed.stderr
    assert "Traceback" not in failed.output
    assert failed.stdout == ""


def test_without_a_token_it_says_so(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERDECK_TOKEN", "qd_wrong")
    failed = cli("ask", "hello")
    assert failed.exit_code == 1
    assert "token" in failed.stderr


def test_nobody_is_asked_where_nobody_is(cli: Run, incident: str) -> None:
    asked = cli("ask", f"resolve incident {incident}")
    assert asked.exit_code == 0
    assert "incidents_set_status asks for your approval" in asked.stderr
    assert "denied: nobody is here to ask; pass --yes to approve" in asked.stderr
    assert status(cli, incident) == "active"


def test_no_denies_and_yes_approves(cli: Run, incident: str) -> None:
    denied = cli("ask", f"resolve incident {incident}", "--no")
    assert (denied.exit_code, "denied (--no)" in denied.stderr) == (0, True)
    assert status(cli, incident) == "active"
    approved = cli("ask", f"resolve incident {incident}", "--yes")
    assert (approved.exit_code, "approved (--yes)" in approved.stderr) == (0, True)
    assert status(cli, incident) == "resolved"


def test_what_was_decided_is_not_asked_again(cli: Run, incident: str) -> None:
    run = json.loads(cli("ask", f"resolve incident {incident}", "--yes", "--output", "json").stdout)
    again = cli("chats", "resume", run["chatId"])
    assert again.exit_code == 0
    assert "asks for your approval" not in again.stderr


class Terminal:
    """A person at a terminal: what the program shows, and what is typed."""

    def __init__(self, server: RunningServer, folder: Path, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERDECK_")}
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("quarterdeck")), *arguments],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**kept, "QUARTERDECK_URL": server.http_url, "QUARTERDECK_TOKEN": server.token},
        )
        os.close(theirs)
        self.shown = ""

    def until(self, text: str) -> None:
        """Reads on until the text is on the screen."""
        deadline = time.monotonic() + 30
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._ours], [], [], 0.5)[0]:
                self.shown += os.read(self._ours, 65536).decode()

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def ended(self) -> int:
        """The exit code; everything was read by then."""
        code = None
        while code is None:
            code = self._process.poll()
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode()
                except OSError:  # the other end is closed
                    code = self._process.wait(30)
        os.close(self._ours)
        return code


@pytest.mark.parametrize(("answer", "becomes"), [("y\n", "resolved"), ("n\n", "active"), ("\n", "active")])
def test_a_person_is_asked(
    cli: Run, incident: str, server: RunningServer, tmp_path: Path, answer: str, becomes: str
) -> None:
    terminal = Terminal(server, tmp_path, "ask", f"resolve incident {incident}")
    terminal.until("Approve? [y/N]")
    assert incident in terminal.shown
    assert status(cli, incident) == "active"
    terminal.types(answer)
    assert terminal.ended() == 0
    assert status(cli, incident) == becomes


def test_an_investigation_joins_the_timeline(cli: Run, incident: str) -> None:
    done = cli("investigate", "incident", incident)
    assert done.exit_code == 0, done.output
    assert BUILTIN in done.stdout
    deadline = time.monotonic() + 30
    while "Investigation " not in (timeline := cli("incident", "show", incident, "--timeline").stdout):
        assert time.monotonic() < deadline, timeline
    assert "investigation" in cli("chats", "list").stdout


@pytest.mark.parametrize("command", ["ask", "chats", "investigate"])
def test_help_says_what_it_does(cli: Run, command: str) -> None:
    shown: Result = cli(command, "--help")
    assert shown.exit_code == 0
    assert "Usage:" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 110
