"""`quarterdeck ask`, `chats` and `investigate`, against a server that has no language model."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from click.testing import Result

from tests.cli.conftest import Run
from tests.fake_model import FakeModel, Reply
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
    listed = json.loads(cli("chats", "list", "--output", "json", *arguments).stdout)
    return [chat["id"] for chat in listed.get("chats", [])]


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
        (("chats", "show", "nobody"), "there is no chat 'nobody'"),
        (("chats", "resume", "nobody"), "there is no chat 'nobody'"),
        (("investigate", "incident", "999999"), "999999"),
        (("investigate", "pipeline", "1"), "incident"),
        (("ask",), "QUESTION"),
        (("ask", "caf\udce9"), "quarterdeck: question: is not valid UTF-8\n"),
        (("ask", "hello", "--model", "caf\udce9"), "quarterdeck: model: is not valid UTF-8\n"),
        (("chats", "show", "caf\udce9"), "quarterdeck: chat: is not valid UTF-8\n"),
        (("investigate", "incident", "\udce9"), "quarterdeck: number: is not valid UTF-8\n"),
        (("chats", "list", "--url", "http://caf\udce9"), "quarterdeck: url: is not valid UTF-8\n"),
        (("fleet", "revisions", "caf\udce9"), "quarterdeck: name: is not valid UTF-8\n"),
        (("tenant", "create", "caf\udce9"), "quarterdeck: name: is not valid UTF-8\n"),
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


def test_bytes_that_are_no_text_are_a_wrong_command_line(cli: Run) -> None:
    assert cli("ask", "caf\udce9").exit_code == 2


def test_flags_that_contradict_each_other_ask_nothing(cli: Run, incident: str) -> None:
    before = chat_ids(cli)
    failed = cli("ask", f"resolve incident {incident}", "--yes", "--no")
    assert (failed.exit_code, failed.stderr) == (1, "quarterdeck: --yes and --no contradict each other\n")
    assert chat_ids(cli) == before


def test_the_question_may_come_from_the_standard_input(cli: Run) -> None:
    asked = cli("ask", "-", "--output", "json", input="How many collectors\ndo I have?\n")
    assert asked.exit_code == 0, asked.output
    shown = cli("chats", "show", json.loads(asked.stdout)["chatId"]).stdout
    assert "How many collectors\ndo I have?" in shown


def test_an_empty_standard_input_is_no_question(cli: Run) -> None:
    before = chat_ids(cli)
    failed = cli("ask", "-", input=" \n")
    assert (failed.exit_code, "a question needs text" in failed.stderr) == (2, True)
    assert chat_ids(cli) == before


@pytest.mark.parametrize("output", ["text", "json"])
def test_nobody_is_asked_where_nobody_is(cli: Run, incident: str, output: str) -> None:
    asked = cli("ask", f"resolve incident {incident}", "--output", output)
    assert asked.exit_code == 1
    assert "incidents_set_status asks for your approval" in asked.stderr
    assert "  denied: nobody was there to approve it; pass --yes\n" in asked.stderr
    assert asked.stderr.endswith(
        "quarterdeck: a proposed call was denied: nobody was there to approve it; pass --yes\n"
    )
    assert status(cli, incident) == "active"


def test_the_assistant_learns_that_nobody_was_there(cli: Run, incident: str) -> None:
    cli("ask", f"resolve incident {incident}")
    assert "nobody was there to approve it" in cli("chats", "show", chat_ids(cli)[0]).stdout


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(30)
        os.close(self._ours)

    def until(self, text: str) -> None:
        """Reads on until the text is on the screen."""
        deadline = time.monotonic() + 30
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            assert self._process.poll() is None, self.shown
            if select.select([self._ours], [], [], 0.5)[0]:
                self.shown += os.read(self._ours, 65536).decode()

    def is_interrupted(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def is_interrupted_until_it_ends(self) -> None:
        """As by somebody who sees nothing happen: a signal right before Python reads is noticed behind that."""
        for _ in range(10):
            self.is_interrupted()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(3)
                return

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def ended(self) -> int:
        """The exit code; everything was read by then."""
        code = None
        deadline = time.monotonic() + 60
        while code is None:
            assert time.monotonic() < deadline, f"it does not end: {self.shown}"
            code = self._process.poll()
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode()
                except OSError:  # the other end is closed
                    code = self._process.wait(30)
        return code


@pytest.mark.parametrize(("answer", "becomes"), [("y\n", "resolved"), ("n\n", "active"), ("\n", "active")])
def test_a_person_is_asked(
    cli: Run, incident: str, server: RunningServer, tmp_path: Path, answer: str, becomes: str
) -> None:
    with Terminal(server, tmp_path, "ask", f"resolve incident {incident}") as terminal:
        terminal.until("Approve? [y/N]")
        assert incident in terminal.shown
        assert status(cli, incident) == "active"
        terminal.types(answer)
        assert terminal.ended() == 0
    assert status(cli, incident) == becomes


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_leaves_at_the_prompt_is_told_that_it_waits(
    cli: Run, incident: str, server: RunningServer, tmp_path: Path, key: str
) -> None:
    with Terminal(server, tmp_path, "ask", f"resolve incident {incident}") as terminal:
        terminal.until("Approve? [y/N]")
        if key == "\x03":
            terminal.is_interrupted_until_it_ends()
        else:
            terminal.types(key)
        assert terminal.ended() == 130
    chat = terminal.shown.split("the approval still waits; come back with: quarterdeck chats resume ")[1].split()[0]
    assert "goes on with it" not in terminal.shown
    with Terminal(server, tmp_path, "chats", "resume", chat) as terminal:
        terminal.until("Approve? [y/N]")
        terminal.types("y\n")
        assert terminal.ended() == 0
    assert status(cli, incident) == "resolved"


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


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    """A scripted model, beside the tests: they wait for a program."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    fake = FakeModel()
    asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result(30)
    yield fake
    asyncio.run_coroutine_threadsafe(fake.__aexit__(None, None, None), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


Start = Callable[[int], RunningServer]


@pytest.fixture
def start(model: FakeModel, tmp_path: Path) -> Start:
    """Starts a server with that model, and one that is not there, on a port."""
    folder = tmp_path / "server"
    folder.mkdir()
    here = {"model": "openai/fake", "api_key": "sk-none", "api_base": model.url}
    gone = {"model": "openai/fake", "api_key": "sk-none", "api_base": "http://127.0.0.1:9/v1"}
    (folder / "models.json").write_text(json.dumps({"fake": here, "gone": gone}))
    environment = {
        "QUARTERDECK_MODELS_FILE": str(folder / "models.json"),
        "QUARTERDECK_PROBE_MODELS": "false",
        "QUARTERDECK_RUN_LEASE": "1",
    }
    database = f"sqlite:///{folder / 'quarterdeck.db'}"
    return lambda port: RunningServer.start(database, folder, port=port, env=environment)


@pytest.fixture
def modelled(start: Start, alone: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    with start(0) as server:
        monkeypatch.setenv("QUARTERDECK_URL", server.http_url)
        monkeypatch.setenv("QUARTERDECK_TOKEN", server.token)
        yield server


def script(*replies: Reply) -> Callable[[object], Reply]:
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


SLOWLY = Reply(text="It began. " + "And on it went. " * 40 + "It ended.", chunk_delay=0.05, chunks=40)


def test_text_comes_as_the_model_says_it(model: FakeModel, modelled: RunningServer, alone: Run, tmp_path: Path) -> None:
    model.script = script(SLOWLY)
    with Terminal(modelled, tmp_path, "ask", "What happened?") as terminal:
        terminal.until("It began.")
        assert "It ended." not in terminal.shown
        chat = json.loads(alone("chats", "list", "--output", "json").stdout)["chats"][0]
        assert chat["lastRunState"] == "RUN_STATE_WORKING"
        assert terminal.ended() == 0
    assert terminal.shown.count("It ended.") == 1
    assert f"quarterdeck ask --chat {chat['id']}" in terminal.shown


def test_who_leaves_can_come_back(model: FakeModel, modelled: RunningServer, alone: Run, tmp_path: Path) -> None:
    model.script = script(SLOWLY)
    with Terminal(modelled, tmp_path, "ask", "What happened?") as terminal:
        terminal.until("It began.")
        terminal.is_interrupted()
        assert terminal.ended() == 130
    chat = terminal.shown.split("quarterdeck chats resume ")[1].split()[0]
    assert "Traceback" not in terminal.shown
    again = alone("chats", "resume", chat)
    assert again.exit_code == 0, again.output
    assert again.stdout.strip() == SLOWLY.text


def test_an_answer_outlives_its_server(
    model: FakeModel, start: Start, alone: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed in the middle of the text; the program waits for the next one and goes on there."""
    model.script = script(SLOWLY, Reply(text="Here it is, after all."))
    with start(0) as first, Terminal(first, tmp_path, "ask", "What happened?") as terminal:
        terminal.until("It began.")
        first.kill()
        with start(int(first.http_url.rsplit(":", 1)[1])):
            assert terminal.ended() == 0, terminal.shown
    assert terminal.shown.count("It began.") == 1
    assert "the model is asked again" in terminal.shown
    assert "Here it is, after all." in terminal.shown


def test_nothing_of_it_moves_the_terminal(model: FakeModel, modelled: RunningServer, alone: Run) -> None:
    """What a model says, also to have a call approved, stays text, and no line of it looks like one of ours."""
    number = alone("incident", "declare", "Slow", "--severity", "minor").stdout.split()[1]
    forged = "fine\x1b[2K\r\n\n  approved (--yes)\n\u202egnihton"
    arguments = json.dumps({"incident": number, "text": forged})
    model.script = script(
        Reply(text="Look:\x1b]0;owned\x07\x1b[31m\x9b31m I note\u00a0it.", calls=(("incidents_add_note", arguments),)),
        Reply(text="Denied.\x1b[2J"),
    )
    asked = alone("ask", "note it", "--no")
    chat = json.loads(alone("chats", "list", "--output", "json").stdout)["chats"][0]["id"]
    shown = alone("chats", "show", chat)
    assert (asked.exit_code, shown.exit_code) == (0, 0)
    for output in (asked.output, shown.output):
        assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(output)
    assert "I note\u00a0it." in asked.stdout
    assert "      |   approved (--yes)\n" in asked.stderr
    lines = asked.stderr.splitlines()
    assert [line for line in lines if line.startswith("  approved")] == []
    assert "  denied (--no)" in lines


def test_a_model_that_is_not_there(modelled: RunningServer, alone: Run) -> None:
    failed = alone("ask", "hello", "--model", "gone")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith("quarterdeck: ")
    assert "Traceback" not in failed.output
    as_json = alone("ask", "hello", "--model", "gone", "--output", "json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["state"] == "RUN_STATE_FAILED"
    assert as_json.stderr == ""
