"""What clients of the incident API have in common: POST to `<base><Service>.<Method>`, JSON both ways."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tests.running_server import RunningServer

IRM = "/api/plugins/grafana-irm-app/resources/api/v1/"
IRM_UNVERSIONED = "/api/plugins/grafana-irm-app/resources/api/"
INCIDENT = "/api/plugins/grafana-incident-app/resources/api/v1/"
INCIDENT_UNVERSIONED = "/api/plugins/grafana-incident-app/resources/api/"

PROBLEM_KEYS = frozenset(
    {"type", "title", "status", "detail", "instance", "code", "trace_id", "hint", "retryable", "context"}
)


class Rpc:
    """One caller at one base. A context manager, because it keeps its connection."""

    def __init__(
        self,
        server: RunningServer,
        base: str = IRM,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._server = server
        self.base = base
        self._http = httpx.Client(
            headers={
                "Authorization": f"Bearer {token or server.token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
            timeout=30,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, method: str, body: Any, *, base: str | None = None) -> httpx.Response:
        """One call, whatever comes of it."""
        url = f"{self._server.http_url}{self.base if base is None else base}{method}"
        return self._http.post(url, content=json.dumps(body))

    def ok(self, method: str, body: Any, *, base: str | None = None) -> dict[str, Any]:
        """The body of a call that must succeed as clients understand it: status exactly 200 and an empty `error`."""
        answer = self.send(method, body, base=base)
        assert answer.status_code == 200, f"{method} {body}: {answer.text}\n{self._server.tail(20)}"
        read: dict[str, Any] = answer.json()
        assert read["error"] == "", answer.text
        return read

    def refused(self, method: str, body: Any, status: int, code: str, *, base: str | None = None) -> dict[str, Any]:
        """The body of a call that must fail, in both generations of errors at once."""
        answer = self.send(method, body, base=base)
        assert answer.status_code == status, f"{method} {body}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert problem["code"] == code, answer.text
        assert problem["status"] == status
        assert problem.keys() >= PROBLEM_KEYS | {"error", "message", "traceID"}
        assert isinstance(problem["error"], str)
        assert problem["error"] == problem["detail"] == problem["message"] != ""
        return problem


def token_of(server: RunningServer, role: str) -> str:
    """A new service account's token; `role` is viewer, editor, admin or collector."""
    with httpx.Client(base_url=server.http_url, headers={"Authorization": f"Bearer {server.token}"}) as http:
        body = {"name": f"{role}-{uuid.uuid4().hex}", "role": f"ROLE_{role.upper()}"}
        account = http.post("/api/v1/service-accounts", json=body).raise_for_status().json()["serviceAccount"]
        made = http.post(f"/api/v1/service-accounts/{account['id']}/tokens", json={}).raise_for_status().json()
    secret: str = made["secret"]
    return secret


def unique(prefix: str) -> str:
    """A title or name that no other test uses."""
    return f"{prefix} {uuid.uuid4().hex[:12]}"
