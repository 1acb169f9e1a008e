"""A real Prometheus (Debian's package `prometheus`) that scrapes itself, and the real Alertmanager."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.services.incidents.test_alertmanager import ALERTMANAGER, WITHIN, free_port, wait_for

PROMETHEUS = shutil.which("prometheus")


@contextmanager
def running_prometheus(folder: Path) -> Iterator[str]:
    """Its URL, while it runs: it has scraped itself as the job `self`, failed to scrape `gone`, and an alert fires."""
    port, closed_port = free_port(), free_port()
    rules = folder / "rules.yml"
    rules.write_text(
        json.dumps(
            {
                "groups": [
                    {
                        "name": "tests",
                        "interval": "1s",
                        "rules": [
                            {"record": "job:up:sum", "expr": "sum by (job) (up)"},
                            {
                                "alert": "TargetGone",
                                "expr": "up == 0",
                                "labels": {"severity": "critical"},
                                "annotations": {"summary": "{{ $labels.instance }} is gone"},
                            },
                            {"alert": "NeverFires", "expr": "vector(1) > 2"},
                        ],
                    }
                ]
            }
        )
    )
    config = folder / "prometheus.yml"
    scrapes = [
        {"job_name": "self", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]},
        {"job_name": "gone", "static_configs": [{"targets": [f"127.0.0.1:{closed_port}"]}]},
    ]
    config.write_text(
        json.dumps({"global": {"scrape_interval": "1s"}, "rule_files": [str(rules)], "scrape_configs": scrapes})
    )  # JSON is YAML
    command = [
        str(PROMETHEUS), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=1d",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with _running(command, folder / "prometheus.log"):
        wait_for(lambda: _result(url, 'up{job="self"} == 1') and _result(url, 'ALERTS{alertstate="firing"}'))
        wait_for(lambda: _result(url, 'job:up:sum{job="self"}'))
        yield url


@contextmanager
def running_alertmanager(folder: Path) -> Iterator[str]:
    """Its URL, while it runs; it notifies nobody."""
    config = folder / "alertmanager.yml"
    route = {"receiver": "nobody", "group_by": ["alertname"], "group_wait": "100ms", "group_interval": "200ms"}
    config.write_text(json.dumps({"route": route, "receivers": [{"name": "nobody"}]}))  # JSON is YAML
    port = free_port()
    command = [
        str(ALERTMANAGER), f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with _running(command, folder / "alertmanager.log"):
        wait_for(lambda: _json(f"{url}/api/v2/status"))
        yield url


@contextmanager
def _running(command: Sequence[str], log_file: Path) -> Iterator[None]:
    with log_file.open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(WITHIN)


def _result(url: str, query: str) -> Any:
    answer = _json(f"{url}/api/v1/query?{httpx.QueryParams({'query': query})}")
    return answer and answer["data"]["result"]


def _json(url: str) -> Any:
    try:
        answer = httpx.get(url, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return None
    return answer.json() if answer.status_code == 200 else None
