"""`quarterdeck ask`, `chats` and `investigate`: questions to the assistant, its calls, text and approvals live."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Generator
from contextlib import closing
from typing import Any, NoReturn

import click
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.protobuf.json_format import MessageToDict

from quarterdeck.cli.client import (
    Connection,
    connected,
    fail,
    output_option,
    print_json,
    print_table,
    text_or_stdin,
)
from quarterdeck.gen.assistant.v1 import chat_service_pb2 as cpb
from quarterdeck.gen.assistant.v1 import investigation_service_pb2 as ipb
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.assistant.v1.chat_service_connect import ChatServiceClientSync
from quarterdeck.gen.assistant.v1.investigation_service_connect import InvestigationServiceClientSync
from quarterdeck.gen.assistant.v1.run_service_connect import RunServiceClientSync

_RETRY_SECONDS = 1.0
_MOST_RETRIES = 60
_INTERRUPTED = 130
"""The exit code that shells expect behind Ctrl-C."""
_NOBODY = "nobody was there to approve it; pass --yes"
_FINAL = {
    run_pb2.RUN_STATE_COMPLETED: 0,
    run_pb2.RUN_STATE_FAILED: 1,
    run_pb2.RUN_STATE_INTERRUPTED: 1,
    run_pb2.RUN_STATE_CANCELED: 1,
}


@click.command()
@click.argument("question")
@click.option("--chat", default="", help="Go on with this chat, with what was said there.")
@click.option("--model", default="", help="A model of the server's list.  [default: the server's]")
@click.option("--yes", is_flag=True, help="Approve whatever the assistant proposes.")
@click.option("--no", "never", is_flag=True, help="Deny whatever the assistant proposes.")
@output_option
@connected
def ask(connection: Connection, question: str, chat: str, model: str, yes: bool, never: bool, output: str) -> None:
    """Ask the assistant, and watch it work; - reads the question from the standard input.

    What the assistant calls is told on stderr, its answer on stdout. Calls that change something wait for your
    approval; where nobody is at a terminal, they are denied.

    Exit code 0: answered; 1: failed, or a call was denied because nobody was there to approve it; 130: interrupted
    here, while the server goes on with it or waits for the approval.
    """
    answer = _answer_of(yes=yes, never=never)
    question = text_or_stdin(question, needs="a question needs text")
    with connection.client(ChatServiceClientSync) as client:
        request = cpb.AskRequest(prompt=question, chat_id=chat, model=model)
        run = client.ask(request, headers=connection.headers).run
    _follow(connection, run, answer=answer, output=output)


@click.command()
@click.argument("subject", type=click.Choice(["incident"]))
@click.argument("number")
@click.option("--model", default="", help="A model of the server's list.  [default: the server's]")
@output_option
@connected
def investigate(connection: Connection, subject: str, number: str, model: str, output: str) -> None:  # noqa: ARG001
    """Investigate an incident.

    What was found is added to the incident's timeline, with its evidence, also when you leave before it is done.
    """
    with connection.client(InvestigationServiceClientSync) as client:
        request = ipb.StartInvestigationRequest(incident_id=number, model=model)
        investigation = client.start_investigation(request, headers=connection.headers).investigation
    _follow(connection, investigation.run, answer=None, output=output)


@click.group()
def chats() -> None:
    """Conversations with the assistant."""


@chats.command("list")
@click.option("--all", "everything", is_flag=True, help="Archived ones and those of HolmesGPT's clients, too.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="The most to list.")
@output_option
@connected
def list_chats(connection: Connection, everything: bool, limit: int, output: str) -> None:
    """List chats, the last changed first."""
    sources = ["assistant", "cli", "investigation", "holmes"] if everything else []
    request = cpb.ListChatsRequest(limit=limit, include_archived=everything, sources=sources)
    with connection.client(ChatServiceClientSync) as client:
        answer = client.list_chats(request, headers=connection.headers)
    if output == "json":
        print_json(answer)
        return
    rows = ((chat.id, chat.source, _state(chat.last_run_state), _time(chat), _line(chat.name)) for chat in answer.chats)
    print_table(("CHAT", "SOURCE", "STATE", "CHANGED", "NAME"), rows)


@chats.command("show")
@click.argument("chat")
@output_option
@connected
def show_chat(connection: Connection, chat: str, output: str) -> None:
    """Show a chat's messages."""
    with connection.client(ChatServiceClientSync) as client:
        answer = client.get_chat(cpb.GetChatRequest(id=chat), headers=connection.headers)
    if output == "json":
        print_json(answer)
        return
    for message in answer.messages:
        click.secho(f"{message.role}:", bold=True)
        for block in message.content:
            _print_block(block)
        click.echo()


@chats.command("resume")
@click.argument("chat")
@output_option
@connected
def resume_chat(connection: Connection, chat: str, output: str) -> None:
    """Watch a chat's newest question from its beginning, and approve what it waits for."""
    with connection.client(ChatServiceClientSync) as client:
        answer = client.get_chat(cpb.GetChatRequest(id=chat), headers=connection.headers)
    if not answer.runs:
        fail(f"chat {chat} has no question")
    _follow(connection, answer.runs[-1], answer=_answer_of(yes=False, never=False), output=output)


def _answer_of(*, yes: bool, never: bool) -> bool | None:
    if yes and never:
        fail("--yes and --no contradict each other")
    return True if yes else False if never else None


def _follow(connection: Connection, run: run_pb2.Run, *, answer: bool | None, output: str) -> None:
    """Print a run's events to its end; exit with what became of it."""
    screen, nobody_there = _Screen(quiet=output == "json"), False
    try:
        with connection.client(RunServiceClientSync) as client:
            with closing(_events(client, connection, run.id)) as events:
                for event in events:
                    screen.show(event)
                    if event.WhichOneof("event") == "paused":
                        nobody_there |= _decide(client, connection, run.id, event.paused, answer)
            final = client.get_run(rpb.GetRunRequest(id=run.id), headers=connection.headers).run
    except click.Abort:  # at the prompt, by Ctrl-C or Ctrl-D
        _leave("the approval still waits", run)
    except KeyboardInterrupt:
        _leave("the server goes on with it", run)
    if output == "json":
        print_json(final)
    elif final.error:
        _say(f"quarterdeck: {_plain(final.error)}")
    elif sys.stderr.isatty():
        _say(f"(go on with: quarterdeck ask --chat {run.chat_id} …)", dim=True)
    if nobody_there:
        _say(f"quarterdeck: a proposed call was denied: {_NOBODY}")
        sys.exit(1)
    sys.exit(_FINAL.get(final.state, 1))


def _leave(what_goes_on: str, run: run_pb2.Run) -> NoReturn:
    _say(f"\nquarterdeck: {what_goes_on}; come back with: quarterdeck chats resume {run.chat_id}")
    sys.exit(_INTERRUPTED)


def _events(
    client: RunServiceClientSync, connection: Connection, run_id: str
) -> Generator[run_pb2.RunEvent, None, None]:
    """A run's events, whatever becomes of the connection in between."""
    after, failures = "", 0
    while True:
        try:
            request = rpb.WatchRunRequest(id=run_id, after=after)
            for answer in client.watch_run(request, headers=connection.headers):
                after, failures = answer.id, 0
                yield answer.event
            return
        except ConnectError as error:
            if error.code is Code.DEADLINE_EXCEEDED:
                continue  # nothing is wrong: somebody thinks about an approval, or a tool is slow
            failures += 1
            if error.code is not Code.UNAVAILABLE or failures > _MOST_RETRIES:
                raise
            time.sleep(_RETRY_SECONDS)


def _decide(
    client: RunServiceClientSync, connection: Connection, run_id: str, paused: run_pb2.RunPaused, answer: bool | None
) -> bool:
    """Decide what waits; whether something was denied because nobody was there to ask."""
    nobody_there = False
    # What was decided meanwhile, here or in another window, is asked of nobody.
    waiting = client.get_run(rpb.GetRunRequest(id=run_id), headers=connection.headers).run.pending_approvals
    open_calls = {each.tool_call_id for each in waiting}
    for approval in (each for each in paused.approvals if each.tool_call_id in open_calls):
        asks = f"{_line(approval.tool_name)} asks for your approval: {_line(approval.description)}"
        _say(f"\n? {asks}", fg="yellow")
        for name, value in MessageToDict(approval.arguments).items():
            _say(f"    {_line(name)}:{_shown(value)}")
        request = rpb.DecideApprovalRequest(run_id=run_id, tool_call_id=approval.tool_call_id)
        if answer is not None:
            request.approved = answer
            _say("  approved (--yes)" if answer else "  denied (--no)")
        elif sys.stdin.isatty():
            request.approved = click.confirm("  Approve?", default=False, err=True)
        else:
            request.feedback = _NOBODY  # so that the answer does not claim that the user said no
            _say(f"  denied: {_NOBODY}")
        sent = _send_decision(client, connection, request)
        nobody_there |= sent and bool(request.feedback)
    return nobody_there


def _send_decision(client: RunServiceClientSync, connection: Connection, request: rpb.DecideApprovalRequest) -> bool:
    """Whether it is this decision that counts."""
    try:
        client.decide_approval(request, headers=connection.headers)
    except ConnectError as error:
        # Somebody else was faster, in another window.
        if error.code is not Code.FAILED_PRECONDITION:
            raise
        _say(f"  {_plain(error.message)}")
        return False
    return True


class _Screen:
    """What a person sees of a run: the calls as they are made, the text as it comes."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._streamed = ""

    def show(self, event: run_pb2.RunEvent) -> None:
        if self._quiet:
            return
        match event.WhichOneof("event"):
            case "text_delta":
                click.echo(_plain(event.text_delta.text), nl=False)
                self._streamed += event.text_delta.text
            case "step_finished":
                if event.step_finished.text and not self._streamed:
                    click.echo(_plain(event.step_finished.text), nl=False)
                if event.step_finished.text:
                    click.echo()
                self._streamed = ""
            case "tool_call_started":
                _say(f"> {_line(event.tool_call_started.description)}", dim=True)
            case "tool_call_finished":
                self._result(event.tool_call_finished)
            case "resumed":
                self._streamed = ""
                if event.resumed.void_step:
                    _say("\n(the server was interrupted; the model is asked again)", dim=True)
            case "compacted":
                _say(_plain(event.compacted.notice), dim=True)
            case _:
                pass

    def _result(self, finished: run_pb2.ToolCallFinished) -> None:
        if finished.result.status == tool_pb2.TOOL_STATUS_ERROR:
            _say(f"  {_line(finished.tool_name)}: {_plain(finished.result.error)}", fg="red")


def _print_block(block: cpb.Block) -> None:
    match block.type:
        case "text":
            click.echo(_plain(block.text))
        case "thinking":
            click.secho(_plain(block.thinking), dim=True)
        case "tool_use":
            arguments = _json(MessageToDict(block.tool_input))
            click.secho(f"> {_line(block.tool_name)} {arguments}", dim=True)
        case "tool_result" if block.is_error:
            why = "".join(_plain(part.text) for part in block.tool_result)
            click.secho(f"  {_line(block.tool_name)} failed: {why}", fg="red")
        case _:
            pass


def _say(text: str, **style: Any) -> None:
    """To the person, beside the answer."""
    click.echo(click.style(text, **style) if style else text, err=True)


def _plain(text: str) -> str:
    """A text from outside without what a terminal obeys: nothing may move the cursor, hide or recolour anything."""
    text = text.replace("\r\n", "\n")
    return "".join(each if _is_harmless(each) else "\N{REPLACEMENT CHARACTER}" for each in text)


def _is_harmless(character: str) -> bool:
    # Spaces of all widths, and what joins emoji, are not "printable" in Python's words.
    return character.isprintable() or character in "\n\t\u200d" or unicodedata.category(character) == "Zs"


def _line(text: str) -> str:
    """The same as one line."""
    return " ".join(_plain(text).split())


def _shown(value: Any) -> str:
    """An argument for a person who decides: no line of it can be taken for one of ours."""
    if isinstance(value, str) and "\n" in value.strip():
        return "".join(f"\n      | {_plain(line)}" for line in value.strip("\n").split("\n"))
    return f" {_line(value)}" if isinstance(value, str) else f" {_json(value)}"


def _json(value: Any) -> str:
    return _line(json.dumps(_whole(value), ensure_ascii=False))


def _whole(value: Any) -> Any:
    """Whole numbers as such: the log keeps each number as a float."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _state(state: int) -> str:
    return run_pb2.RunState.Name(state).removeprefix("RUN_STATE_").lower().replace("_", " ")


def _time(chat: cpb.Chat) -> str:
    return chat.modified_at.ToDatetime().strftime("%Y-%m-%d %H:%M:%SZ")
