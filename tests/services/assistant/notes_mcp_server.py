"""A real MCP server, made with the SDK's server side: `notes_mcp_server.py [stdio | http PORT]`.

With the variable NOTES_TOKEN set, HTTP requests need it as a bearer token.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import anyio
import uvicorn
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

READS = ToolAnnotations(read_only_hint=True)
server = MCPServer("notes")
notes: list[str] = ["buy milk"]


@server.tool(annotations=READS, structured_output=False)
def list_notes() -> str:
    """All notes, one a line."""
    return "\n".join(notes)


@server.tool(annotations=READS)
def count_notes() -> dict[str, Any]:
    """How many there are."""
    return {"count": len(notes), "token": os.environ.get("NOTES_TOKEN", "")}


@server.tool()
def add_note(text: str, urgent: bool = False) -> str:
    """Add a note."""
    notes.append(f"{text}!" if urgent else text)
    return f"noted {text}"


@server.tool(annotations=READS)
def fail(why: str) -> str:
    """Fail."""
    raise ToolError(why)


@server.tool(annotations=READS, structured_output=False)
def say(text: str) -> str:
    """Say what it is told."""
    return text


@server.tool(annotations=READS, structured_output=False)
def large(size: int) -> str:
    """So many characters."""
    return "x" * size


@server.tool(annotations=READS, structured_output=False)
def picture() -> list[Any]:
    """A text and a picture."""
    return ["look:", Image(data=b"\x89PNG", format="png")]


@server.tool(annotations=READS)
async def hang() -> str:
    """Never answer."""
    await anyio.sleep(3600)
    return "never"


@server.tool(annotations=READS)
async def wedge() -> str:
    """Never answer, and let nothing else be answered."""
    time.sleep(3600)  # noqa: ASYNC251 - that is the point
    return "never"


@server.tool(annotations=READS)
def pids() -> dict[str, int]:
    """The server's process and a child of it that would go on for an hour."""
    child = subprocess.Popen(["sleep", "3600"])
    return {"server": os.getpid(), "child": child.pid}


@server.tool(annotations=READS)
def environment() -> dict[str, str]:
    """What the program was given."""
    return dict(os.environ)


def guarded(app: Starlette, token: str) -> Any:
    async def checked(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        if scope["type"] == "http" and given != f"Bearer {token}":
            await PlainTextResponse("who are you?", 401)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return checked


def main() -> None:
    if sys.argv[1:2] != ["http"]:
        server.run("stdio")
        return
    token = os.environ.get("NOTES_TOKEN", "")
    app = server.streamable_http_app(json_response="json" in sys.argv)
    uvicorn.run(guarded(app, token) if token else app, port=int(sys.argv[2]), log_level="warning")


if __name__ == "__main__":
    main()
