"""What people type: curl and jq against every method of the product's documentation page.

The payloads are made by jq where it is installed, else by Python; curl's options are those of the page.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import toolchains
from tests.running_server import RunningServer

pytestmark = pytest.mark.clients

_PIPELINES = "pipeline.v1.PipelineService"
_MATCHERS = ["collector.os=linux", "team!=team-a"]
_NORMAL_MATCHERS = ['collector.os="linux"', 'team!="team-a"']
_WHOLE_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_JQ_PROGRAM = ".pipeline = {name: $name, contents: $contents, matchers: $matchers, enabled: $enabled}"

_CONFIG = """\
prometheus.exporter.self "alloy" { }

prometheus.scrape "alloy" {
\ttargets         = prometheus.exporter.self.alloy.targets
\tforward_to      = [prometheus.remote_write.backend.receiver]
\tscrape_interval = "60s"
}

prometheus.remote_write "backend" {
\t// The same name as in the remotecfg block.
\texternal_labels = {"collector_id" = constants.hostname}

\tendpoint {
\t\turl = "http://localhost:9009/api/v1/push"

\t\tbasic_auth {
\t\t\tusername      = "user"
\t\t\tpassword_file = "/path/to/my/pass"
\t\t}
\t}
}
"""

_numbers = itertools.count(1)


class Curl:
    """A shell user's folder with a configuration file in it, and the server's address."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self._server = server
        self.folder = folder
        (folder / "config.alloy").write_text(_CONFIG)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Status, content type and body of one request."""
        done = subprocess.run(
            ["curl", "-q", "--silent", "--show-error", "--max-time", "30",
             "--write-out", "\n%{http_code} %{content_type}", *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr}\n{self._server.tail()}"
        body, _, trailer = done.stdout.rpartition("\n")
        status, _, content_type = trailer.partition(" ")
        return int(status), content_type, body

    def call(self, method: str, data: str, *more: str, service: str = _PIPELINES) -> tuple[int, Any]:
        """Status and JSON of one RPC, with the options of the documentation."""
        status, content_type, body = self.run(
            "-d", data, "-u", f"user:{self._server.token}", "--header", "Content-Type: application/json",
            "-X", "POST", *more, f"{self._server.http_url}/{service}/{method}",
        )  # fmt: skip
        assert content_type == "application/json"
        return status, json.loads(body)

    def ok(self, method: str, data: str, *more: str, service: str = _PIPELINES) -> Any:
        status, answer = self.call(method, data, *more, service=service)
        assert status == 200, answer
        return answer

    def write_payload(self, file: str, name: str, pipeline_id: str = "") -> str:
        """The documented jq command line, with its output in `file`; returns `@file` for curl."""
        contents = (self.folder / "config.alloy").read_text().rstrip("\n")  # as "$(cat config.alloy)" does
        if shutil.which("jq"):
            program = _JQ_PROGRAM.replace("{", "{id: $id, ", 1) if pipeline_id else _JQ_PROGRAM
            text = subprocess.run(
                ["jq", "--arg", "contents", contents, "--arg", "name", name, "--arg", "id", pipeline_id,
                 "--argjson", "matchers", json.dumps(_MATCHERS), "--argjson", "enabled", "true", program],
                input="{}", capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
        else:
            pipeline = {"name": name, "contents": contents, "matchers": _MATCHERS, "enabled": True}
            text = json.dumps({"pipeline": {"id": pipeline_id, **pipeline} if pipeline_id else pipeline}, indent=2)
        (self.folder / file).write_text(text)
        return f"@{file}"


@pytest.fixture
def curl(server: RunningServer, tmp_path: Path) -> Curl:
    toolchains.require("curl")
    if toolchains.in_ci():
        toolchains.require("jq")
    return Curl(server, tmp_path)


@pytest.fixture
def name() -> str:
    return f"myname_{time.time_ns()}_{next(_numbers)}"


@pytest.fixture
def created(curl: Curl, name: str) -> Iterator[dict[str, Any]]:
    """The answer to the documented CreatePipeline call."""
    answer = curl.ok("CreatePipeline", curl.write_payload("create-pipeline.json", name))
    yield answer
    curl.call("DeletePipeline", json.dumps({"id": answer["id"]}))


def _is_time(value: object) -> bool:
    return isinstance(value, str) and _WHOLE_SECONDS.fullmatch(value) is not None


def _revisions_of(answer: Any, pipeline_id: str) -> list[Any]:
    return [r for r in answer["pipelineRevisions"] if r["snapshot"]["id"] == pipeline_id]


def test_create_pipeline(created: dict[str, Any], name: str) -> None:
    assert created["name"] == name
    assert created["contents"] == _CONFIG.rstrip("\n")
    assert created["matchers"] == _NORMAL_MATCHERS
    assert created["enabled"] is True
    assert created["id"].isdecimal()


def test_list_pipelines(curl: Curl, created: dict[str, Any]) -> None:
    listed = curl.ok("ListPipelines", "{}")["pipelines"]

    ids = [int(pipeline["id"]) for pipeline in listed]
    assert ids == sorted(ids)
    [found] = [pipeline for pipeline in listed if pipeline["id"] == created["id"]]
    assert found["contents"] == created["contents"]
    assert found["matchers"] == _NORMAL_MATCHERS
    assert _is_time(found["createdAt"])
    assert _is_time(found["updatedAt"])


def test_update_pipeline(curl: Curl, created: dict[str, Any], name: str) -> None:
    (curl.folder / "config.alloy").write_text(_CONFIG + "// One more line.\n")
    updated = curl.ok("UpdatePipeline", curl.write_payload("update-pipeline.json", name, created["id"]))

    assert updated["id"] == created["id"]
    assert updated["contents"] == _CONFIG + "// One more line."
    assert updated["matchers"] == _NORMAL_MATCHERS


def test_upsert_pipeline(curl: Curl, created: dict[str, Any]) -> None:
    (curl.folder / "config.alloy").write_text(_CONFIG + "// Upserted.\n")
    upserted = curl.ok("UpsertPipeline", curl.write_payload("create-pipeline.json", created["name"]))

    assert upserted["id"] == created["id"]
    assert upserted["contents"] == _CONFIG + "// Upserted."


def test_get_pipeline(curl: Curl, created: dict[str, Any]) -> None:
    found = curl.ok("GetPipeline", json.dumps({"id": created["id"]}))

    assert {key: found[key] for key in ("id", "name", "contents", "matchers", "enabled")} == {
        key: created[key] for key in ("id", "name", "contents", "matchers", "enabled")
    }
    assert _is_time(found["createdAt"])
    assert _is_time(found["updatedAt"])


def test_get_pipeline_id(curl: Curl, created: dict[str, Any]) -> None:
    assert curl.ok("GetPipelineID", json.dumps({"name": created["name"]})) == {"id": created["id"]}


def test_delete_pipeline(curl: Curl, created: dict[str, Any]) -> None:
    assert curl.ok("DeletePipeline", json.dumps({"id": created["id"]})) == {}

    status, refusal = curl.call("GetPipeline", json.dumps({"id": created["id"]}))
    assert (status, refusal["code"]) == (404, "not_found")
    assert created["id"] in refusal["message"]


def test_list_pipelines_revisions(curl: Curl, created: dict[str, Any], name: str) -> None:
    (curl.folder / "config.alloy").write_text(_CONFIG + "// Second.\n")
    curl.ok("UpdatePipeline", curl.write_payload("update-pipeline.json", name, created["id"]))
    curl.ok("DeletePipeline", json.dumps({"id": created["id"]}))
    answer = curl.ok("ListPipelinesRevisions", "{}")

    numbers = [int(revision["revisionId"]) for revision in answer["pipelineRevisions"]]
    assert numbers == sorted(numbers)
    ours = _revisions_of(answer, created["id"])
    assert [revision["operation"] for revision in ours] == ["INSERT", "UPDATE", "DELETE"]
    assert all(_is_time(revision["createdAt"]) for revision in ours)
    assert not any({"contents", "createdAt", "updatedAt"} & revision["snapshot"].keys() for revision in ours)
    assert ours[0]["snapshot"]["matchers"] == _NORMAL_MATCHERS


def test_list_pipeline_revisions(curl: Curl, created: dict[str, Any]) -> None:
    answer = curl.ok("ListPipelineRevisions", json.dumps({"id": created["id"]}))

    [revision] = answer["pipelineRevisions"]
    assert revision["operation"] == "INSERT"
    assert revision["snapshot"]["contents"] == created["contents"]
    assert revision["snapshot"]["id"] == created["id"]


def test_get_pipeline_revision(curl: Curl, created: dict[str, Any]) -> None:
    listed = curl.ok("ListPipelineRevisions", json.dumps({"id": created["id"]}))
    revision_id = listed["pipelineRevisions"][0]["revisionId"]
    # The page writes the field as the .proto does; the answer has the JSON name.
    revision = curl.ok("GetPipelineRevision", json.dumps({"revision_id": revision_id}))

    assert revision == listed["pipelineRevisions"][0]
    assert curl.ok("GetPipelineRevision", json.dumps({"revisionId": revision_id})) == revision


def test_sync_pipelines(curl: Curl, name: str) -> None:
    source = {"type": "SOURCE_TYPE_GIT", "namespace": name}
    pipelines = [{"name": f"{name}_{n}", "contents": _CONFIG, "matchers": _MATCHERS} for n in range(2)]
    assert curl.ok("SyncPipelines", json.dumps({"source": source, "pipelines": pipelines})) == {}

    listed = [p for p in curl.ok("ListPipelines", "{}")["pipelines"] if p.get("source") == source]
    assert [pipeline["name"] for pipeline in listed] == [pipeline["name"] for pipeline in pipelines]
    assert curl.ok("SyncPipelines", json.dumps({"source": source, "pipelines": []})) == {}
    assert not [p for p in curl.ok("ListPipelines", "{}").get("pipelines", []) if p.get("source") == source]


def test_validate_only(curl: Curl, name: str) -> None:
    pipeline = {"name": name, "contents": _CONFIG, "matchers": _MATCHERS}
    preview = curl.ok("CreatePipeline", json.dumps({"pipeline": pipeline, "validate_only": True}))

    assert preview["matchers"] == _NORMAL_MATCHERS
    assert not {"id", "createdAt", "updatedAt"} & preview.keys()
    assert curl.call("GetPipelineID", json.dumps({"name": name}))[0] == 404


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"type": "SOURCE_TYPE_GIT"}, id="a type needs a namespace"),
        pytest.param({"namespace": "x"}, id="a namespace needs a type"),
        pytest.param({"type": "SOURCE_TYPE_GITT", "namespace": "x"}, id="no such type"),
    ],
)
def test_sources_that_are_refused(curl: Curl, name: str, source: dict[str, str]) -> None:
    status, refusal = curl.call(
        "CreatePipeline", json.dumps({"pipeline": {"name": name, "contents": _CONFIG, "source": source}})
    )

    assert (status, refusal["code"]) == (400, "invalid_argument")


def test_compressed_answer(curl: Curl, created: dict[str, Any]) -> None:
    assert curl.ok("GetPipeline", json.dumps({"id": created["id"]}), "--compressed")["contents"] == created["contents"]


def test_large_upload(curl: Curl, name: str) -> None:
    # curl sends `Expect: 100-continue` with bodies of more than 1 MiB, and waits a second when nobody answers it.
    contents = _CONFIG + "// padding\n" * 200_000
    (curl.folder / "large.json").write_text(json.dumps({"pipeline": {"name": name, "contents": contents}}))
    created = curl.ok("CreatePipeline", "@large.json")

    assert created["contents"] == contents
    curl.ok("DeletePipeline", json.dumps({"id": created["id"]}))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param("", "empty body", id="empty"),
        pytest.param("{", "cut off", id="cut off"),
        pytest.param("[]", "not an object", id="list"),
        pytest.param('{"id": {"a": 1}}', "object for a string", id="wrong type"),
        pytest.param("[" * 100_000, "nesting", id="deep"),
    ],
)
def test_bodies_that_are_refused(curl: Curl, data: str, why: str) -> None:
    (curl.folder / "body.json").write_text(data)
    status, refusal = curl.call("GetPipeline", "@body.json")

    assert (status, refusal["code"]) == (400, "invalid_argument"), why
    assert refusal["message"]


def test_wrong_password(curl: Curl, server: RunningServer) -> None:
    for credentials in (("-u", "user:wrong"), ()):
        status, content_type, body = curl.run(
            "-d", "{}", *credentials, "-H", "Content-Type: application/json",
            f"{server.http_url}/{_PIPELINES}/ListPipelines",
        )  # fmt: skip
        assert (status, content_type) == (401, "application/json")
        assert json.loads(body)["code"] == "unauthenticated"


def test_forgotten_content_type(curl: Curl, server: RunningServer) -> None:
    status, content_type, body = curl.run(
        "-d", "{}", "-u", f"user:{server.token}", f"{server.http_url}/{_PIPELINES}/ListPipelines"
    )

    assert (status, content_type) == (415, "application/json")
    assert "application/json" in json.loads(body)["message"]


def test_wrong_verb_and_unknown_path(curl: Curl, server: RunningServer) -> None:
    for path, expected in ((f"{_PIPELINES}/ListPipelines", 405), (f"{_PIPELINES}/Nothing", 404), ("nothing", 404)):
        status, content_type, body = curl.run("-u", f"user:{server.token}", f"{server.http_url}/{path}")
        assert (status, content_type) == (expected, "application/json")
        assert json.loads(body)["code"] == "unimplemented"


def test_get_config_by_get(curl: Curl, server: RunningServer, name: str) -> None:
    message = json.dumps({"id": name, "local_attributes": {"collector.os": "linux"}})
    status, content_type, body = curl.run(
        "-G", "-u", f"user:{server.token}", "--data-urlencode", "connect=v1", "--data-urlencode", "encoding=json",
        "--data-urlencode", f"message={message}", f"{server.http_url}/collector.v1.CollectorService/GetConfig",
    )  # fmt: skip

    assert (status, content_type) == (200, "application/json")
    answer = json.loads(body)
    assert answer["content"]
    assert re.fullmatch(r"[0-9a-f]{64}", answer["hash"])


def test_rest_paths(curl: Curl, server: RunningServer, created: dict[str, Any]) -> None:
    status, content_type, body = curl.run(
        "-H", f"Authorization: Bearer {server.token}", f"{server.http_url}/api/v1/pipelines/{created['id']}"
    )

    assert (status, content_type) == (200, "application/json")
    assert json.loads(body)["contents"] == created["contents"]


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics"])
def test_operators_look(curl: Curl, server: RunningServer, path: str) -> None:
    status, _, body = curl.run(f"{server.http_url}/{path}")

    assert status == 200
    assert body
