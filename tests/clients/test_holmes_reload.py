"""HolmesGPT's admin API: the model list and the MCP servers are read again while the server answers."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.fake_model import FakeModel, Reply
from tests.running_server import RunningServer
from tests.services.assistant import notes_mcp_server

ADMIN = "/quarterdeck.admin.v1.AdminService"


def write_models(folder: Path, url: str, *names: str) -> None:
    listed = {name: {"model": "openai/fake", "api_key": "k", "api_base": url} for name in names}
    (folder / "models.yaml").write_text(json.dumps(listed))


def write_servers(folder: Path, *names: str) -> None:
    command = {"command": sys.executable, "args": [str(notes_mcp_server.__file__)]}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": dict.fromkeys(names, command)}))


async def connected(client: httpx.AsyncClient) -> dict[str, Any]:
    """The MCP servers by name, when all of them have been connected."""
    deadline = time.monotonic() + 30
    while True:
        info = (await client.get("/api/info", params={"detail": "full"})).json()
        servers = {each["name"]: each for each in info["mcp_servers"]}
        if all(each["status"] == "connected" for each in servers.values()):
            return servers
        assert time.monotonic() < deadline, servers


async def test_what_was_changed_counts_after_a_reload(tmp_path: Path) -> None:
    async with FakeModel(lambda _request: Reply(text="Here.")) as model:
        write_models(tmp_path, model.url, "one")
        write_servers(tmp_path, "notes")
        environment = {
            "QUARTERDECK_MODELS_FILE": str(tmp_path / "models.yaml"),
            "QUARTERDECK_MCP_SERVERS_FILE": str(tmp_path / "mcp.json"),
            "QUARTERDECK_PROBE_MODELS": "false",
            "QUARTERDECK_HOLMES_ADMIN_API": "true",
        }
        with RunningServer.start(f"sqlite:///{tmp_path / 'q.db'}", tmp_path, env=environment) as server:
            headers = {"x-api-key": server.token}
            async with httpx.AsyncClient(base_url=server.http_url, headers=headers, timeout=30) as client:
                assert (await connected(client))["notes"]["tool_count"] > 3
                write_models(tmp_path, model.url, "two", "three")
                write_servers(tmp_path, "notes", "more")
                models = (await client.post("/api/admin/reload/models")).json()
                assert (models["status"], models["component"], models["counts"]) == ("ok", "models", {"models": 2})
                assert json.loads((await client.get("/api/model")).json()["model_name"]) == ["two", "three"]
                assert (await client.post("/api/chat", json={"ask": "hello", "model": "three"})).status_code == 200
                toolsets = (await client.post("/api/admin/reload/toolsets")).json()
                assert (toolsets["component"], toolsets["counts"]) == ("toolsets", {"mcp_servers": 2})
                assert set(await connected(client)) == {"notes", "more"}
                write_servers(tmp_path)
                everything = (await client.post("/api/admin/reload")).json()
                assert (everything["component"], everything["counts"]) == ("all", {"models": 2, "mcp_servers": 0})
                assert await connected(client) == {}

                (tmp_path / "models.yaml").write_text("one: {model: nonsense}")
                refused = await client.post("/api/admin/reload")
                assert refused.status_code == 400
                assert "provider/id" in refused.json()["detail"]
                assert json.loads((await client.get("/api/model")).json()["model_name"]) == ["two", "three"]

                account = await client.post(f"{ADMIN}/CreateServiceAccount", json={"name": "ed", "role": "ROLE_EDITOR"})
                named = {"serviceAccountId": account.json()["serviceAccount"]["id"], "name": "ed"}
                token = (await client.post(f"{ADMIN}/CreateToken", json=named)).json()["secret"]
                editor = await client.post("/api/admin/reload", headers={"x-api-key": token})
                assert editor.status_code == 403
