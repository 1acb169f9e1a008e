"""Tools of MCP servers, with a real one made with the SDK, over both transports, and with programs that misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
import pytest

from quarterdeck.assistant.tools import mcp_servers, mcp_session
from quarterdeck.assistant.tools.mcp_config import Approval, McpServerConfig, parse_mcp_servers, read_mcp_servers
from quarterdeck.assistant.tools.mcp_servers import McpServers, McpTool
from quarterdeck.assistant.tools.tool import Status, ToolAnswer, ToolFailed
from quarterdeck.assistant.tools.toolbox import ExecutedCall, Toolbox
from quarterdeck.errors import Invalid, Unavailable
from quarterdeck.identity.call import Role
from quarterdeck.outgoing.addresses import parse_allow_list
from tests.services.assistant.assistant_house import caller
from tests.services.assistant.test_prometheus_tools import SECRET, asker, body
from tests.services.assistant.test_toolbox import context
from tests.services.incidents.test_alertmanager import free_port
from tests.services.incidents.webhook_house import Receiver

PROGRAM = Path(__file__).with_name("notes_mcp_server.py")
DEADLINE = 60.0
READING = {"list_notes", "count_notes", "fail", "say", "large", "picture", "hang", "wedge", "pids", "environment"}


def notes(**fields: Any) -> McpServerConfig:
    """The notes server as a program."""
    return McpServerConfig("notes", command=sys.executable, args=(str(PROGRAM),), **fields)


def program(text: str, **fields: Any) -> McpServerConfig:
    """A program that is given as Python."""
    return McpServerConfig("bad", command=sys.executable, args=("-c", text), **fields)


@contextmanager
def served(port: int, *words: str, token: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """The notes server behind a URL, from when it listens."""
    environment = {**os.environ, "NOTES_TOKEN": token}
    process = subprocess.Popen([sys.executable, str(PROGRAM), "http", str(port), *words], env=environment)
    try:
        until(lambda: any(each.laddr.port == port for each in psutil.Process(process.pid).net_connections()))
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def running(*configs: McpServerConfig, **options: Any) -> AsyncIterator[McpServers]:
    """The servers, connected or failed."""
    servers = McpServers(configs, **options)
    await servers.start()
    try:
        for config in configs:
            await servers.settled(config.name, config.tenant_id, timeout=DEADLINE)
        yield servers
    finally:
        await servers.close()


def tool(servers: McpServers, name: str) -> McpTool:
    return next(each for each in servers.tools() if each.definition.name == name)


async def ask(servers: McpServers, name: str, **arguments: Any) -> ToolAnswer:
    return await tool(servers, f"notes_{name}").run(arguments, asker())


async def failure(servers: McpServers, name: str, **arguments: Any) -> str:
    with pytest.raises(ToolFailed) as caught:
        await ask(servers, name, **arguments)
    assert SECRET not in str(caught.value)
    return str(caught.value)


async def execute(servers: McpServers, name: str, arguments: str = "{}") -> ExecutedCall:
    return await Toolbox((), more=servers.tools).execute(name, arguments, context())


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


async def until_async(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(params=["stdio", "http", "http json"])
def config(request: pytest.FixtureRequest) -> Iterator[McpServerConfig]:
    """The notes server over each transport, with a token that nobody may see."""
    if request.param == "stdio":
        yield notes(env={"NOTES_TOKEN": SECRET})
        return
    port = free_port()
    with served(port, *request.param.split()[1:], token=SECRET):
        yield McpServerConfig(
            "notes", url=f"http://127.0.0.1:{port}/mcp", headers={"Authorization": f"Bearer {SECRET}"}
        )


async def test_the_tools_of_a_server(config: McpServerConfig) -> None:
    async with running(config) as servers:
        (status,) = servers.status()
        assert (status.name, status.type, status.status, status.error) == ("notes", config.type, "connected", "")
        assert status.tool_count == len(READING) + 1
        assert {each.own_name for each in servers.tools() if not each.writes} == READING
        add = tool(servers, "notes_add_note")
        assert (add.toolset, add.definition.description) == ("notes", "Add a note.")
        assert add.definition.parameters["required"] == ["text"]
        assert add.definition.parameters["properties"]["urgent"]["type"] == "boolean"
        assert add.describe({"text": "milk"}) == "call add_note of notes: text=milk"


async def test_calls_and_their_answers(config: McpServerConfig) -> None:
    async with running(config) as servers:
        answer = await ask(servers, "add_note", text="bread", urgent=True)
        assert (answer.status, answer.data, answer.invocation) == (
            Status.SUCCESS, {"result": "noted bread"}, "notes: add_note",
        )  # fmt: skip
        assert (await ask(servers, "list_notes")).data == "buy milk\nbread!"
        assert (await ask(servers, "count_notes")).data == {"count": 2, "token": "[REDACTED]"}
        assert (await ask(servers, "say", text="")).status is Status.NO_DATA
        assert (await ask(servers, "say", text=f"grün {SECRET}")).data == "grün [REDACTED]"
        assert (await ask(servers, "picture")).data == "look:\n[image of the type image/png, left out]"
        answers = await asyncio.gather(*(ask(servers, "say", text=str(number)) for number in range(50)))
        assert [each.data for each in answers] == [str(number) for number in range(50)]


async def test_a_tool_that_fails(config: McpServerConfig) -> None:
    async with running(config) as servers:
        assert "no such notebook" in await failure(servers, "fail", why=f"no such notebook {SECRET}")
        assert "text" in await failure(servers, "add_note", wrong="argument")
        result = await execute(servers, "notes_fail", '{"why": "on purpose"}')
        assert result.status is Status.ERROR
        assert "on purpose" in result.error
        assert (await ask(servers, "list_notes")).data == "buy milk"


async def test_a_tool_that_hangs_is_given_up_and_the_others_go_on(config: McpServerConfig) -> None:
    async with running(McpServerConfig(**{**as_fields(config), "timeout": 0.5})) as servers:
        assert "did not answer within 0.5 seconds" in await failure(servers, "hang")
        assert (await ask(servers, "say", text="still here")).data == "still here"
        assert servers.status()[0].status == "connected"


async def test_a_large_answer_ends_as_an_error(config: McpServerConfig) -> None:
    async with running(config) as servers:
        assert len((await ask(servers, "large", size=2_000_000)).data) == 2_000_000
        result = await execute(servers, "notes_large", '{"size": 3000000}')
        assert result.capped
        assert len(result.data) < 1_100_000
        began = time.perf_counter()
        assert "8388608" in await failure(servers, "large", size=50_000_000)
        assert time.perf_counter() - began < 20
        assert (await ask(servers, "say", text="still here")).data == "still here"


def as_fields(config: McpServerConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in McpServerConfig.__dataclass_fields__}


@pytest.mark.parametrize(
    ("approval", "asking"),
    [
        pytest.param({}, {"add_note"}, id="what reads only is free by default"),
        pytest.param({"*": Approval.ALWAYS}, READING | {"add_note"}, id="always"),
        pytest.param({"*": Approval.NEVER}, set(), id="never"),
        pytest.param({"list_notes": Approval.ALWAYS}, {"add_note", "list_notes"}, id="one, and the default"),
        pytest.param(
            {"add_note": Approval.NEVER, "*": Approval.ALWAYS}, READING, id="one is free, every other asks"
        ),
        pytest.param({"add_note": Approval.NEVER, "list_notes": Approval.NEVER}, set(), id="no need to name readers"),
    ],
)  # fmt: skip
async def test_which_tools_need_approval(approval: dict[str, Approval], asking: set[str]) -> None:
    async with running(notes(approval=approval)) as servers:
        assert {each.own_name for each in servers.tools() if each.needs_approval} == asking
        # What it does is another question: it is never done twice for one call.
        assert {each.own_name for each in servers.tools() if each.writes} == {"add_note"}
        assert {each.own_name for each in servers.tools() if each.role is Role.EDITOR} == {"add_note"}


async def test_a_role_of_the_configuration_counts_for_all_tools() -> None:
    async with running(notes(role=Role.ADMIN)) as servers:
        assert {each.role for each in servers.tools()} == {Role.ADMIN}
        toolbox = Toolbox((), more=servers.tools)
        assert toolbox.definitions(caller(Role.EDITOR).caller) == ()
        assert len(toolbox.definitions(caller(Role.ADMIN).caller)) == len(READING) + 1


async def test_a_killed_program_comes_back() -> None:
    async with running(notes()) as servers:
        first = (await ask(servers, "pids")).data
        waiting = asyncio.create_task(failure(servers, "hang"))
        await until_async(lambda: servers._servers["", "notes"]._calls == 1)
        os.kill(first["server"], signal.SIGKILL)
        assert "whether the tool did anything is unknown" in await waiting
        await until_async(lambda: servers.status()[0].status == "failed")
        assert servers.status()[0].error == "ended with code -9"
        assert servers.status()[0].tool_count == len(READING) + 1
        second = (await ask(servers, "pids")).data
        assert second["server"] != first["server"]
        await until_async(lambda: not is_running(first["child"]))
    await until_async(lambda: not any(is_running(pid) for pid in second.values()))


async def test_a_program_whose_child_holds_its_output_comes_back() -> None:
    child = "import os, subprocess; subprocess.Popen(['sleep', '3600']); "
    text = f"{child}import runpy, sys; sys.argv = ['x']; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    async with running(program(text)) as servers:
        first = (await tool(servers, "bad_pids").run({}, asker())).data["server"]
        os.kill(first, signal.SIGKILL)
        await until_async(lambda: servers.status()[0].error == "ended with code -9")
        assert (await tool(servers, "bad_pids").run({}, asker())).data["server"] != first


async def test_a_program_that_hangs_altogether_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_servers, "_CHECK_TIMEOUT", 0.5)
    async with running(notes(timeout=0.5)) as servers:
        first = (await ask(servers, "pids")).data["server"]
        await failure(servers, "wedge")
        await until_async(lambda: servers.status()[0].status == "failed")
        assert servers.status()[0].error == "stopped answering"
        await until_async(lambda: servers.status()[0].status == "connected")
        assert (await ask(servers, "pids")).data["server"] != first
        await until_async(lambda: not is_running(first))


async def test_a_server_behind_a_url_comes_back() -> None:
    port = free_port()
    config = McpServerConfig("notes", url=f"http://127.0.0.1:{port}/mcp")
    async with running(config) as servers:
        assert servers.status()[0].status == "failed"
        assert servers.status()[0].error == "refuses connections"
        assert servers.tools() == ()
        with served(port) as process:
            await until_async(lambda: servers.status()[0].status == "connected")
            assert (await ask(servers, "list_notes")).data == "buy milk"
            waiting = asyncio.create_task(failure(servers, "hang"))
            await until_async(lambda: servers._servers["", "notes"]._calls == 1)
            process.kill()
            assert "unknown" in await waiting
        await until_async(lambda: servers.status()[0].status == "failed")
        with served(port):
            await until_async(lambda: servers.status()[0].status == "connected")
            assert (await ask(servers, "say", text="back")).data == "back"


async def test_a_call_of_a_server_that_is_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_servers, "_WAIT", 0.1)
    port = free_port()
    async with running(McpServerConfig("notes", url=f"http://127.0.0.1:{port}/mcp")) as servers:
        with served(port):
            await until_async(lambda: servers.status()[0].status == "connected")
            (kept,) = (each for each in servers.tools() if each.own_name == "say")
        await failure(servers, "say", text="x")
        await until_async(lambda: servers.status()[0].status == "failed")
        with pytest.raises(ToolFailed, match="the MCP server notes is not connected: it refuses connections"):
            await kept.run({"text": "x"}, asker())


async def test_a_wrong_token_is_told_without_it() -> None:
    port = free_port()
    headers = {"Authorization": f"Bearer {SECRET}x"}
    with served(port, token=SECRET):
        async with running(McpServerConfig("notes", url=f"http://127.0.0.1:{port}/mcp", headers=headers)) as servers:
            assert servers.status()[0].error == "answered 401"


async def test_programs_get_little_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERDECK_SIGNING_KEY", SECRET)
    async with running(notes(env={"FLAVOUR": "plain"})) as servers:
        given = (await ask(servers, "environment")).data
        assert given["FLAVOUR"] == "plain"
        assert "PATH" in given
        assert "QUARTERDECK_SIGNING_KEY" not in given


@pytest.mark.parametrize(
    ("config", "error"),
    [
        pytest.param(
            McpServerConfig("bad", command="/no/such/program"),
            "cannot be started: No such file or directory", id="no program",
        ),
        pytest.param(
            McpServerConfig("bad", command=sys.executable, cwd="/no/such/folder"),
            "cannot be started: No such file or directory", id="no folder",
        ),
        pytest.param(program("raise SystemExit(3)"), "ended with code 3", id="ends at once"),
        pytest.param(
            program(f"import sys; sys.exit('the token {SECRET} is not right')", env={"THE_TOKEN": SECRET}),
            "ended with code 1: the token [REDACTED] is not right", id="last words",
        ),
        pytest.param(
            program("print('{' + 'x' * 30_000_000, flush=True); input()"), "answered more than 8388608 bytes",
            id="a huge line that answers nothing",
        ),
        pytest.param(
            program("import json; print(json.dumps({'jsonrpc': '2.0', 'id': json.loads(input())['id'], 'result': 7}),"
                    " flush=True); input()"),
            None, id="answers that are none",
        ),
        pytest.param(McpServerConfig("bad", url="http://no-such-host.invalid/mcp"), None, id="no such host"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told(
    config: McpServerConfig, error: str | None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if error is None:
        monkeypatch.setattr(mcp_session, "CONNECT_TIMEOUT", 1.0)
    async with running(config) as servers:
        (status,) = servers.status()
        assert (status.status, status.tool_count) == ("failed", 0)
        assert status.error == error if error else status.error
        assert SECRET not in status.error
    assert SECRET not in caplog.text


async def test_a_program_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_session, "CONNECT_TIMEOUT", 0.3)
    async with running(program("import time; time.sleep(3600)")) as servers:
        assert servers.status()[0].error == "did not answer within 0.3 seconds"


async def test_lines_that_are_no_messages_are_left_out() -> None:
    text = (
        "import runpy, sys; print('hello', flush=True); print('{}', flush=True); sys.argv = ['x']; "
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    )
    async with running(program(text)) as servers:
        assert servers.status()[0].status == "connected"


async def test_start_does_not_wait_and_close_ends_what_hangs() -> None:
    servers = McpServers([program("import time; time.sleep(3600)")])
    began = time.perf_counter()
    await servers.start()
    assert time.perf_counter() - began < 0.5
    assert servers.status()[0].status == "connecting"
    mine = psutil.Process()
    await until_async(lambda: any("3600" in " ".join(cmdline(each)) for each in mine.children()))
    await servers.close()
    assert not any("3600" in " ".join(cmdline(each)) for each in mine.children())
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("MCP server")]
    with pytest.raises(Unavailable):
        await servers.add(notes())
    await servers.close()


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


async def test_integrations_come_and_go_and_are_their_tenants_alone() -> None:
    port = free_port()
    allowed = parse_allow_list(["127.0.0.1"], setting="mcp_allow")
    config = McpServerConfig("notes", url=f"http://127.0.0.1:{port}/mcp", tenant_id="t")
    with served(port):
        async with running(allowed=allowed) as servers:
            toolbox = Toolbox((), more=servers.tools)
            await servers.add(config)
            assert (await servers.settled("notes", "t")).status == "connected"
            assert len(toolbox.definitions(caller(tenant_id="t").caller)) == len(READING) + 1
            assert toolbox.definitions(caller(tenant_id="other").caller) == ()
            assert [each.name for each in servers.status("t")] == ["notes"]
            assert servers.status("other") == servers.status() == ()
            assert (await toolbox.execute("notes_list_notes", "{}", context())).data == "buy milk"
            stranger = await toolbox.execute("notes_list_notes", "{}", context(tenant="other"))
            assert "there is no tool" in stranger.error
            (kept,) = (each for each in servers.tools() if each.own_name == "list_notes")
            with pytest.raises(ToolFailed, match="there is no tool"):
                await kept.run({}, context(tenant="other"))

            changed = McpServerConfig(**{**as_fields(config), "approval": {"*": Approval.ALWAYS}})
            await servers.add(changed)
            await servers.add(changed)
            await servers.settled("notes", "t")
            assert all(each.needs_approval for each in servers.tools())
            await servers.remove("notes")
            assert len(servers.status("t")) == 1, "another tenant's, or the configuration's, stays"
            await servers.remove("notes", "t")
            await servers.remove("notes", "t")
            assert servers.status("t") == ()
            assert servers.tools() == ()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "2130706433"])
async def test_integrations_reach_public_addresses_only(host: str) -> None:
    async with Receiver().listening() as receiver:
        config = McpServerConfig("x", url=f"http://{host}:{receiver.port}/mcp", tenant_id="t")
        async with running(config) as servers:
            (status,) = servers.status("t")
            assert "the setting mcp_allow does not name it" in status.error
        assert receiver.connections == 0


async def test_the_checked_address_is_the_one_connected_to() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert host == "notes.example"
        return ["127.0.0.1"]

    port = free_port()
    allowed = parse_allow_list(["notes.example"], setting="mcp_allow")
    config = McpServerConfig("notes", url=f"http://notes.example:{port}/mcp", tenant_id="t")
    async with Receiver(port=port, answer=body(b"{}", code=418)).listening() as receiver:
        async with running(config, allowed=allowed, resolve=resolve) as servers:
            assert servers.status("t")[0].error == "answered 418"
        assert receiver.arrived[0].headers["host"] == f"notes.example:{port}"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(b"{nonsense"), id="no JSON"),
        pytest.param(body(b"[]" * 6_000_000), id="huge"),
        pytest.param(body(b"hello", kind="text/html"), id="a web page"),
        pytest.param(body(b"data: {}\n\n", kind="text/event-stream"), id="events without sense"),
        pytest.param(body(b'{"jsonrpc": "2.0", "id": 1, "result": {"tools": 7}}'), id="wrong types"),
    ],
)
async def test_a_url_that_is_no_mcp_server_fails_in_words(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_session, "CONNECT_TIMEOUT", 2.0)
    async with Receiver(answer=answer).listening() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/mcp"
        async with running(McpServerConfig("bad", url=url, headers={"X-Key": SECRET})) as servers:
            (status,) = servers.status()
            assert (status.status, bool(status.error), SECRET in status.error) == ("failed", True, False)


SCRIPTED = """
import json, sys
tools = json.loads(sys.argv[1])
for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    results = {
        "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "s",
            "version": "1"}},
        "tools/list": {"tools": tools},
        "tools/call": {"content": [{"type": "text", "text": "called " + request.get("params", {}).get("name", "")}]},
    }
    answer = {"jsonrpc": "2.0", "id": request["id"]}
    found = results.get(request["method"])
    answer |= {"result": found} if found else {"error": {"code": -32601, "message": "unknown"}}
    print(json.dumps(answer), flush=True)
"""


def scripted(*tools: Mapping[str, Any], name: str = "s") -> McpServerConfig:
    """An older server with these tools."""
    each = [{"inputSchema": {"type": "object"}, **one} for one in tools]
    return McpServerConfig(name, command=sys.executable, args=("-c", SCRIPTED, json.dumps(each)))


async def test_names_are_such_that_every_provider_takes_them() -> None:
    tools = [{"name": name} for name in ("a.b", "a/b", "plain", "ü", "x" * 100, "plain")]
    async with running(scripted(*tools, name="my server, which has a name of some length")) as servers:
        names = [each.definition.name for each in servers.tools()]
        assert len(set(names)) == len(names) == 5
        for name, found in zip(names, servers.tools(), strict=True):
            assert len(name) <= 64
            assert name.isascii()
            assert name.replace("_", "").replace("-", "").isalnum()
            assert name.startswith("my_server__which_has_a_name_of_")
            assert (await found.run({}, asker())).data == f"called {found.own_name}"
        assert {each.own_name for each in servers.tools()} == {"a.b", "a/b", "plain", "ü", "x" * 100}


async def test_tools_that_no_model_could_be_told_of_are_left_out() -> None:
    huge = {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(3000)}}
    tools: list[dict[str, Any]] = [{"name": "huge", "inputSchema": huge}, {"name": "fine", "description": "d" * 10_000}]
    async with running(scripted(*tools)) as servers:
        (found,) = servers.tools()
        assert found.definition.name == "s_fine"
        assert len(found.definition.description) == 4096
        assert found.definition.parameters == {"type": "object", "properties": {}}


async def test_a_server_with_thousands_of_tools_has_some() -> None:
    async with running(scripted(*({"name": f"t{number}"} for number in range(1000)))) as servers:
        assert len(servers.tools()) == mcp_session.MOST_TOOLS


def test_the_usual_configuration_is_read() -> None:
    text = """
    {"mcpServers": {
      "notes": {"command": "notes", "args": ["--level", 3], "env": {"NOTES_TOKEN": "${TOKEN}"}, "cwd": "/tmp",
                "approval": {"list": "never", "*": "always"}, "role": "admin"},
      "tickets": {"type": "streamable-http", "url": "https://x.example/${REGION:-eu}/mcp?a=1",
                  "headers": {"Authorization": "Bearer ${TOKEN}"}, "timeout": 5, "approval": "never"},
      "off": {"command": "x", "disabled": true}
    }}
    """
    first, second = parse_mcp_servers(text, {"TOKEN": SECRET})
    assert (first.name, first.type, first.command, first.args, first.cwd) == (
        "notes", "stdio", "notes", ("--level", "3"), "/tmp",
    )  # fmt: skip
    assert (first.role, first.timeout, dict(first.env)) == (Role.ADMIN, 60.0, {"NOTES_TOKEN": SECRET})
    assert (first.approval_of("list"), first.approval_of("add")) == (Approval.NEVER, Approval.ALWAYS)
    assert (second.type, second.url, second.timeout) == ("http", "https://x.example/eu/mcp?a=1", 5.0)
    assert second.approval_of("anything") is Approval.NEVER
    assert SECRET in first.hidden
    assert SECRET in second.hidden
    assert SECRET not in repr((first, second))
    assert read_mcp_servers({"notes": {"command": "n"}}, {}) == (McpServerConfig("notes", command="n"),)
    assert parse_mcp_servers("", {}) == ()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        pytest.param([], "must be a map", id="a list"),
        pytest.param({"mcpServers": [1]}, "must be a map", id="a list of servers"),
        pytest.param({"a": 1}, "a must be a map", id="no map"),
        pytest.param({"a": {}}, "a must have either a command or a url", id="nothing"),
        pytest.param({"a": {"command": "x", "url": "http://x"}}, "either a command or a url", id="both"),
        pytest.param({"a": {"command": "x", "comand": 1}}, "has the key 'comand'", id="an unknown key"),
        pytest.param({"a": {"command": ["x"]}}, "a.command must be a text", id="a command that is a list"),
        pytest.param({"a": {"command": "x", "args": "y"}}, "a.args must be a list", id="args that are a text"),
        pytest.param(
            {"a": {"command": "x", "args": [True]}}, "a.args must be a text", id="an argument that is no text"
        ),
        pytest.param({"a": {"command": "x\0"}}, "NUL", id="NUL"),
        pytest.param({"a": {"command": "x", "env": {"A=B": "c"}}}, "no name of a variable", id="a bad variable"),
        pytest.param({"a": {"command": "x", "env": {"A": "${SECRET_B}"}}}, "SECRET_B, which is not set", id="not set"),
        pytest.param({"a": {"command": "x", "timeout": 0}}, "a.timeout must be", id="no time"),
        pytest.param({"a": {"command": "x", "timeout": "5"}}, "a.timeout must be", id="time as a text"),
        pytest.param({"a": {"command": "x", "timeout": float("nan")}}, "a.timeout must be", id="no number"),
        pytest.param({"a": {"command": "x", "approval": "sometimes"}}, "a.approval must be", id="no policy"),
        pytest.param({"a": {"command": "x", "approval": {"t": ["always"]}}}, "a.approval.t must be", id="a list"),
        pytest.param({"a": {"command": "x", "role": "collector"}}, "a.role must be", id="no role"),
        pytest.param({"a": {"command": "x", "type": "http"}}, "a.type does not go", id="another type"),
        pytest.param({"a": {"url": "http://x", "type": "sse"}}, "a.type must be", id="a type that is gone"),
        pytest.param({"a": {"url": "ftp://x"}}, "a.url must be", id="another scheme"),
        pytest.param({"a": {"url": "http://u:p@x/"}}, "a.url must be", id="credentials"),
        pytest.param({"a": {"url": "http://"}}, "a.url must be", id="no host"),
        pytest.param({"a": {"url": "http://x:99999/"}}, "a.url must be", id="no port"),
        pytest.param({"a": {"url": "http://x/\n"}}, "a.url must be", id="two lines"),
        pytest.param({"a": {"url": "http://x", "headers": {"Host": "y"}}}, "no header", id="a header that is ours"),
        pytest.param({"a": {"url": "http://x", "headers": {"K": "a\nb"}}}, "printable", id="a header of two lines"),
        pytest.param({"": {"command": "x"}}, "the name of a server", id="no name"),
        pytest.param({"a" * 101: {"command": "x"}}, "the name of a server", id="a long name"),
        pytest.param({str(n): {"command": "x"} for n in range(101)}, "at most 100", id="many"),
        pytest.param({"a": {"command": "x" * 9000}}, "at most 8192", id="a long command"),
    ],
)
def test_what_cannot_work_is_refused(value: Any, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_mcp_servers(value, {"TOKEN": SECRET})
    assert why in caught.value.message
    assert SECRET not in caught.value.message


def test_text_that_is_no_configuration_is_refused() -> None:
    for text in ("{", "a: b: c", "[" * 10_000):
        with pytest.raises(Invalid):
            parse_mcp_servers(text, {})


async def test_a_tenant_cannot_run_programs() -> None:
    servers = McpServers()
    with pytest.raises(Invalid, match="what a tenant adds must have a url"):
        await servers.add(notes(tenant_id="t"))
    await servers.close()


async def test_a_tenant_has_not_any_number_of_servers() -> None:
    servers = McpServers()
    for number in range(50):
        await servers.add(McpServerConfig(f"s{number}", url="https://x.example/mcp", tenant_id="t"))
    one = McpServerConfig("one more", url="https://x.example/mcp", tenant_id="t")
    with pytest.raises(Invalid, match="at most 50"):
        await servers.add(one)
    await servers.add(McpServerConfig("s1", url="https://y.example/mcp", tenant_id="t"))
    await servers.add(McpServerConfig("one more", url="https://x.example/mcp", tenant_id="other"))
    assert len(servers.status("t")) == 50
    await servers.close()


async def test_new_tools_of_a_server_appear(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older server, that says that its tools changed when one of them is called."""
    monkeypatch.setattr(mcp_servers, "_BETWEEN_CHECKS", 0.0)
    growing = SCRIPTED.replace(
        "    print(json.dumps(answer)",
        """    if request["method"] == "tools/call":
        tools.append({"name": f"t{len(tools)}", "inputSchema": {"type": "object"}})
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}), flush=True)
    print(json.dumps(answer)""",
    )
    tools = json.dumps([{"name": "t0", "inputSchema": {"type": "object"}}])
    async with running(McpServerConfig("s", command=sys.executable, args=("-c", growing, tools))) as servers:
        await tool(servers, "s_t0").run({}, asker())
        await until_async(lambda: [each.own_name for each in servers.tools()] == ["t0", "t1"])


async def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert McpServers().tools() == ()
    with pytest.raises(Invalid, match=r"install quarterdeck\[mcp\]"):
        McpServers([notes()])


def test_without_servers_the_package_is_not_imported() -> None:
    text = (
        "import sys; from quarterdeck.assistant.tools.mcp_servers import McpServers; McpServers(); "
        "sys.exit('mcp' in sys.modules or 'httpx2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", text], check=True)
