"""The tour of the README with the installed wheel: serve, write a pipeline, and a collector runs it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self, TypeVar

import grpc
import httpx

from quarterdeck.gen.collector.v1 import collector_pb2, collector_pb2_grpc
from quarterdeck.gen.pipeline.v1 import pipeline_pb2, pipeline_pb2_grpc
from tests.e2e.installation import Installation
from tests.running_server import RunningServer

T = TypeVar("T")

_FIRST = 'prometheus.exporter.self "first" { }\n'
_SECOND = 'prometheus.exporter.self "second" { }\n'
_POLL = 0.5
"""Seconds between the collector's polls."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the tour, by whichever way it was started."""

    http_url: str
    grpc_target: str
    token: str

    @property
    def http(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.http_url, headers=headers, timeout=30, trust_env=False)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)


class Collector:
    """`quarterdeck simulate collectors`, and what it says."""

    def __init__(self, installation: Installation, server: Server, folder: Path) -> None:
        self._said = folder / "collector.jsonl"
        options = ["--poll-frequency", str(_POLL), "--attribute", "site=hq", "--output", "json"]
        with self._said.open("w") as output:
            self._process = subprocess.Popen(
                [installation.quarterdeck, "simulate", "collectors", "--url", server.http_url, *options],
                cwd=folder,
                env=_environment(QUARTERDECK_TOKEN=server.token),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, event: str, *, hash_: str = "", within: float = 30) -> None:
        """Wait until it says so, of the configuration with that hash if one is given."""
        deadline = time.monotonic() + within
        while not any(line["event"] == event and hash_ in line.get("hash", "") for line in self._lines()):
            assert time.monotonic() < deadline, f"no {event} within {within} s: {self._said.read_text()}"
            assert self._process.poll() is None, self._said.read_text()
            time.sleep(0.02)

    def stop(self) -> list[str]:
        """Shut it down cleanly; all that happened to it."""
        self._process.terminate()
        assert self._process.wait(20) == 0, self._said.read_text()
        return [line["event"] for line in self._lines()]

    def _lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._said.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)


@contextmanager
def _with_embedded_database(installation: Installation, folder: Path) -> Iterator[Server]:
    """`quarterdeck serve` in an empty directory, as the README says it, on free ports."""
    command = [str(installation.quarterdeck), "serve", "--port", "0", "--grpc-port", "0", "--log-format", "json"]
    process = subprocess.Popen(command, cwd=folder, env=_environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        yield Server(said["http"], said["grpc"], said["bootstrap_token"])
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def test_the_tour_with_the_embedded_database(installation: Installation, tmp_path: Path) -> None:
    home = tmp_path / "empty"
    home.mkdir()

    with _with_embedded_database(installation, home) as server:
        _tour(installation, server, tmp_path)

    assert [path.name for path in home.iterdir()] == ["quarterdeck-data"]


def test_the_tour_on_postgresql(installation: Installation, tmp_path: Path, postgres_url: str) -> None:
    command = [str(installation.quarterdeck)]
    with RunningServer.start(postgres_url, tmp_path / "home", command=command) as running:
        _tour(installation, Server(running.http_url, running.grpc_target, running.token), tmp_path)


def test_the_installed_package_is_not_the_checkout(installation: Installation, tmp_path: Path) -> None:
    command = [str(installation.python), "-c", "import quarterdeck; print(quarterdeck.__file__)"]
    told = subprocess.run(command, cwd=tmp_path, env=_environment(), capture_output=True, text=True, check=True)

    assert Path(told.stdout.strip()).is_relative_to(installation.folder)


def _tour(installation: Installation, server: Server, folder: Path) -> None:
    tell = _Terminal(installation, server, folder)
    with server.http as http, Collector(installation, server, folder) as collector:
        collector.wait_for("registered")
        pipeline = _created(server)
        first = _applied(collector, _hash_served(http))
        _rest_shows_it(http, pipeline, first)
        _grpc_shows_it(server, pipeline)

        _written(folder / "fleet", _SECOND)
        assert "update" in tell("fleet", "apply", "fleet", "--source-namespace", "tour", "--dry-run")
        assert _hash_served(http) == first
        tell("fleet", "apply", "fleet", "--source-namespace", "tour")
        second = _applied(collector, _hash_served(http), within=_POLL + 3)
        assert second != first
        _effective(http, "second")

        tell("fleet", "rollback", "1")
        _eventually(lambda: _status(http, first))
        _may_only_poll(server, tell("token", "create", "--name", "edge", "--role", "collector", "--quiet").strip())

        happened = collector.stop()
        assert "failed" not in happened
        assert "unregistered" in happened
        assert "markedInactiveAt" in http.get("/api/v1/collectors/sim-1").json()


class _Terminal:
    """Where an operator types commands."""

    def __init__(self, installation: Installation, server: Server, folder: Path) -> None:
        self._program = installation.quarterdeck
        self._server = server
        self._folder = folder

    def __call__(self, *words: str) -> str:
        """What `quarterdeck WORDS` prints."""
        command = [str(self._program), *words, "--url", self._server.http_url]
        environment = _environment(QUARTERDECK_TOKEN=self._server.token)
        done = subprocess.run(
            command, cwd=self._folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _created(server: Server) -> str:
    """With Basic authentication, as the README has it for curl; the pipeline's id."""
    answer = httpx.post(
        f"{server.http_url}/pipeline.v1.PipelineService/CreatePipeline",
        json={"pipeline": {"name": "self", "contents": _FIRST, "matchers": ["collector.os=linux"]}},
        auth=("me", server.token),
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def _written(folder: Path, contents: str) -> None:
    """A directory for `quarterdeck fleet apply`."""
    folder.mkdir()
    (folder / "self.alloy").write_text(contents)
    (folder / "pipelines.yaml").write_text(
        "pipelines:\n  - name: self\n    file: self.alloy\n    matchers: ['collector.os=\"linux\"']\n"
    )


def _hash_served(http: httpx.Client) -> str:
    """Of the configuration that the collector gets now."""
    return sha256(http.get("/api/v1/collectors/sim-1/config").content).hexdigest()


def _applied(collector: Collector, wanted: str, *, within: float = 30) -> str:
    """Wait until the collector says that it runs this configuration."""
    collector.wait_for("applied", hash_=wanted, within=within)
    return wanted


def _may_only_poll(server: Server, token: str) -> None:
    def call(service: str, method: str, **request: str) -> int:
        url = f"{server.http_url}/{service}/{method}"
        return httpx.post(url, json=request, auth=("me", token), trust_env=False).status_code

    assert call("collector.v1.CollectorService", "GetConfig", id="edge-1") == 200
    assert call("pipeline.v1.PipelineService", "ListPipelines") == 403


def _rest_shows_it(http: httpx.Client, pipeline: str, served: str) -> None:
    assert http.get(f"/api/v1/pipelines/{pipeline}").json()["contents"] == _FIRST
    collector = http.get("/api/v1/collectors/sim-1").json()
    assert collector["localAttributes"]["site"] == "hq"
    status = _eventually(lambda: _status(http, served))
    assert status["servedHash"] == served
    assert 'prometheus.exporter.self "first"' in http.get("/api/v1/collectors/sim-1/config").text
    _effective(http, "first")


def _status(http: httpx.Client, hash_: str) -> dict[str, Any] | None:
    """How the collector fares, once it has reported to run what it was served."""
    status: dict[str, Any] = http.get("/api/v1/collectors/sim-1/status").json()
    applied = status.get("status") == "RemoteConfigStatuses_APPLIED"
    return status if applied and status.get("effectiveHash") == hash_ else None


def _effective(http: httpx.Client, label: str) -> None:
    """The collector says that it runs this."""
    wanted = f'prometheus.exporter.self "{label}"'
    _eventually(lambda: wanted in http.get("/api/v1/collectors/sim-1/effective-config").text or None)


def _grpc_shows_it(server: Server, pipeline: str) -> None:
    with grpc.insecure_channel(server.grpc_target) as channel:
        pipelines: Any = pipeline_pb2_grpc.PipelineServiceStub(channel)  # type: ignore[no-untyped-call]
        collectors: Any = collector_pb2_grpc.CollectorServiceStub(channel)  # type: ignore[no-untyped-call]
        found = pipelines.GetPipeline(pipeline_pb2.GetPipelineRequest(id=pipeline), metadata=server.metadata)
        assert found.contents == _FIRST
        collector = collectors.GetCollector(collector_pb2.GetCollectorRequest(id="sim-1"), metadata=server.metadata)
        assert collector.local_attributes["site"] == "hq"


def _eventually(check: Callable[[], T | None], *, within: float = 10) -> T:
    deadline = time.monotonic() + within
    while (found := check()) is None:
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)
    return found


def _environment(**settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUARTERDECK_")}
    # Nothing of the checkout may come in by another way.
    inherited.pop("PYTHONPATH", None)
    return {**inherited, **settings}
