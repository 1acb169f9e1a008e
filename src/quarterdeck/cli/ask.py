"""`quarterdeck ask`, `chats` and `investigate`: questions to the assistant, its calls, text and approvals live."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.protobuf.json_format import MessageToDict

from quarterdeck.cli.client import Connection, connected, fail, output_option, print_json, print_table
from quarterdeck.gen.assistant.v1 import chat_service_pb2 as cpb
from quarterdeck.gen.assistant.v1 import investigation_service_pb2 as ipb
from quarterdeck.gen.assistant.v1 import run_pb2, tool_pb2
from quarterdeck.gen.assistant.v1 import run_service_pb2 as rpb
from quarterdeck.gen.assistant.v1.chat_service_connect import ChatServiceClientSync
from quarterdeck.gen.assistant.v1.investigation_service_connect import InvestigationServiceClientSync
from quarterdeck.gen.assistant.v1.run_service_connect import RunServiceClientSync

_RETRY_SECONDS = 1.0
_MOST_RETRIES = 60
_FINAL = {
    run_pb2.RUN_STATE_COMPLETED: 0,
    run_pb2.RUN_STATE_FAILED: 1,
    run_pb2.RUN_STATE_INTERRUPTED: 1,
    run_pb2.RUN_STATE_CANCELED: 1,
}


@click.command()
@click.argument("question")
@click.option("--chat", default="", help="Go on with this chat.")
@click.option("--model", default="", help="A model of the server's list; its default one without this.")
@click.option("--yes", is_flag=True, help="Approve whatever the assistant proposes.")
@click.option("--no", "never", is_flag=True, help="Deny whatever the assistant proposes.")
@output_option
@connected
def ask(connection: Connection, question: str, chat: str, model: str, yes: bool, never: bool, output: str) -> None:
    """Ask the assistant, and watch it work.

    Calls that change something wait for your approval. Exit code 0: answered; 1: failed.
    """
    with connection.client(ChatServiceClientSync) as client:
        request = cpb.AskRequest(prompt=question, chat_id=chat, model=model)
        run = client.ask(request, headers=connection.headers).run
    _follow(connection, run, answer=_answer_of(yes=yes, never=never), output=output)


@click.command()
@click.argument("subject", type=click.Choice(["incident"]))
@click.argument("number")
@click.option("--model", default="", help="A model of the server's list; its default one without this.")
@output_option
@connected
def investigate(connection: Connection, subject: str, number: str, model: str, output: str) -> None:  # noqa: ARG001
    """Investigate an incident. The answer is added to its timeline, with its evidence."""
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
    rows = ((chat.id, chat.source, _state(chat.last_run_state), _time(chat), chat.name) for chat in answer.chats)
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
    screen = _Screen(quiet=output == "json")
    with connection.client(RunServiceClientSync) as client:
        for event in _events(client, connection, run.id):
            screen.show(event)
            if event.WhichOneof("event") == "paused":
                _decide(client, connection, run.id, event.paused, answer)
        final = client.get_run(rpb.GetRunRequest(id=run.id), headers=connection.headers).run
    if output == "json":
        print_json(final)
    elif final.error:
        click.echo(f"quarterdeck: {final.error}", err=True)
    sys.exit(_FINAL.get(final.state, 1))


def _events(client: RunServiceClientSync, connection: Connection, run_id: str) -> Iterator[run_pb2.RunEvent]:
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
            failures += 1
            if error.code not in {Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED} or failures > _MOST_RETRIES:
                raise
            if error.code is Code.UNAVAILABLE:
                time.sleep(_RETRY_SECONDS)


def _decide(
    client: RunServiceClientSync, connection: Connection, run_id: str, paused: run_pb2.RunPaused, answer: bool | None
) -> None:
    # What was decided meanwhile, here or in another window, is asked of nobody.
    waiting = client.get_run(rpb.GetRunRequest(id=run_id), headers=connection.headers).run.pending_approvals
    open_calls = {each.tool_call_id for each in waiting}
    for approval in (each for each in paused.approvals if each.tool_call_id in open_calls):
        arguments = MessageToDict(approval.arguments)
        click.secho(f"\n? {approval.tool_name} asks for your approval: {approval.description}", fg="yellow", err=True)
        for name, value in arguments.items():
            click.echo(f"    {name}: {value}", err=True)
        approved = answer if answer is not None else _prompted()
        if answer is not None:
            click.echo("  approved (--yes)" if approved else "  denied (--no)", err=True)
        request = rpb.DecideApprovalRequest(run_id=run_id, tool_call_id=approval.tool_call_id, approved=approved)
        _send_decision(client, connection, request)


def _send_decision(client: RunServiceClientSync, connection: Connection, request: rpb.DecideApprovalRequest) -> None:
    try:
        client.decide_approval(request, headers=connection.headers)
    except ConnectError as error:
        # Somebody else was faster, in another window.
        if error.code is not Code.FAILED_PRECONDITION:
            raise
        click.echo(f"  {error.message}", err=True)


def _prompted() -> bool:
    if not sys.stdin.isatty():
        click.echo("  denied: nobody is here to ask; pass --yes to approve", err=True)
        return False
    return click.confirm("  Approve?", default=False, err=True)


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
                click.echo(event.text_delta.text, nl=False)
                self._streamed += event.text_delta.text
            case "step_finished":
                if event.step_finished.text and not self._streamed:
                    click.echo(event.step_finished.text, nl=False)
                if event.step_finished.text:
                    click.echo()
                self._streamed = ""
            case "tool_call_started":
                click.secho(f"> {event.tool_call_started.description}", dim=True, err=True)
            case "tool_call_finished":
                self._result(event.tool_call_finished)
            case "resumed":
                self._streamed = ""
                if event.resumed.void_step:
                    click.secho("\n(the server was interrupted; the model is asked again)", dim=True, err=True)
            case "compacted":
                click.secho(event.compacted.notice, dim=True, err=True)
            case _:
                pass

    def _result(self, finished: run_pb2.ToolCallFinished) -> None:
        if finished.result.status == tool_pb2.TOOL_STATUS_ERROR:
            click.secho(f"  {finished.tool_name}: {finished.result.error}", fg="red", err=True)


def _print_block(block: cpb.Block) -> None:
    match block.type:
        case "text":
            click.echo(block.text)
        case "thinking":
            click.secho(block.thinking, dim=True)
        case "tool_use":
            click.secho(f"> {block.tool_name} {MessageToDict(block.tool_input)}", dim=True)
        case "tool_result" if block.is_error:
            click.secho(f"  {block.tool_name} failed: {block.tool_result[0].text}", fg="red")
        case _:
            pass


def _state(state: int) -> str:
    return run_pb2.RunState.Name(state).removeprefix("RUN_STATE_").lower().replace("_", " ")


def _time(chat: cpb.Chat) -> str:
    return chat.modified_at.ToDatetime().strftime("%Y-%m-%d %H:%M:%SZ")
