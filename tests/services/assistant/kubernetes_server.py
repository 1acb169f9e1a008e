"""A stand-in for the API server of Kubernetes, which cannot run here: the real paths, spoken with by the real client.

Shapes are those of the public API: discovery, objects, lists, tables, events, logs and `Status` errors.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "kube-token-of-the-tests"


@dataclass(frozen=True)
class Request:
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    body: bytes
    status: int = 200
    kind: str = "application/json"


Special = Callable[[asyncio.StreamWriter], Awaitable[None]]


def failure(code: int, message: str) -> Response:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return Response(json.dumps(status).encode(), code)


def resource(name: str, kind: str, *short: str, namespaced: bool = True, verbs: str = "get list") -> dict[str, Any]:
    return {
        "name": name, "singularName": kind.lower(), "kind": kind, "namespaced": namespaced, "verbs": verbs.split(),
        "shortNames": list(short),
    }  # fmt: skip


RESOURCES: dict[str, list[dict[str, Any]]] = {
    "v1": [
        resource("pods", "Pod", "po"),
        resource("pods/log", "Pod"),
        resource("secrets", "Secret"),
        resource("configmaps", "ConfigMap", "cm"),
        resource("events", "Event", "ev"),
        resource("nodes", "Node", "no", namespaced=False),
        resource("bindings", "Binding", verbs="create"),
    ],
    "apps/v1": [resource("deployments", "Deployment", "deploy"), resource("replicasets", "ReplicaSet", "rs")],
    "metrics.k8s.io/v1": [],
    "rbac.authorization.k8s.io/v1": [resource("clusterroles", "ClusterRole", namespaced=False)],
    "example.com/v2": [resource("widgets", "Widget", "wd"), resource("deployments", "Deployment")],
    "example.com/v1": [resource("widgets", "Widget", "wd"), resource("gadgets", "Gadget")],
}
AWAY = "metrics.k8s.io/v1"


@dataclass
class ApiServer:
    """Objects by group version, plural, namespace and name."""

    objects: dict[tuple[str, str, str, str], dict[str, Any]] = field(default_factory=dict)
    logs: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    """By namespace, pod and container; `previous` is a container of its own here."""
    special: dict[str, Special | Response] = field(default_factory=dict)
    """What is answered at a path instead."""
    requests: list[Request] = field(default_factory=list)
    prints_tables: bool = True
    port: int = 0

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def put(
        self, api_version: str, plural: str, kind: str, name: str, namespace: str = "", **more: Any
    ) -> dict[str, Any]:
        metadata = {
            "name": name, "creationTimestamp": "2026-01-01T00:00:00Z", "uid": f"uid-{name}",
            "managedFields": [{"manager": "kubectl"}], **({"namespace": namespace} if namespace else {}),
            **more.pop("metadata", {}),
        }  # fmt: skip
        value = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}
        self.objects[api_version, plural, namespace, name] = value
        return value

    def event(self, name: str, about: str, at: str, message: str, namespace: str = "shop", **more: Any) -> None:
        self.put(
            "v1", "events", "Event", name, namespace, type=more.pop("type", "Warning"), reason="BackOff",
            message=message, lastTimestamp=at, source={"component": "kubelet"},
            involvedObject={"kind": "Pod", "name": about, "namespace": namespace}, **more,
        )  # fmt: skip

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ApiServer]:
        serving: set[asyncio.Task[Any]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            serving.add(task)
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    await self._serve(reader, writer)
            serving.discard(task)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(serving):
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, target, _ = first.split()
        url = urlsplit(target)
        request = Request(url.path, dict(parse_qsl(url.query)), headers)
        self.requests.append(request)
        special = self.special.get(url.path)
        if callable(special):
            await special(writer)
            return
        response = special or (self._answer(request) if method == "GET" else failure(405, "only reading"))
        head = f"HTTP/1.1 {response.status} Because\r\nContent-Type: {response.kind}\r\n"
        writer.write(f"{head}Content-Length: {len(response.body)}\r\n\r\n".encode() + response.body)
        await writer.drain()

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return failure(401, "Unauthorized")
        parts = request.path.strip("/").split("/")
        if parts == ["apis"]:
            return _json(_groups())
        version, rest = ("v1", parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
        if version not in RESOURCES:
            return failure(404, "the server could not find the requested resource")
        if version == AWAY:
            return failure(503, "service unavailable")
        if not rest:
            return _json({"kind": "APIResourceList", "groupVersion": version, "resources": RESOURCES[version]})
        namespace = rest[1] if rest[0] == "namespaces" else ""
        plural, *name = rest[2:] if namespace else rest
        if name[1:] == ["log"]:
            return self._log(namespace, name[0], request.query)
        if name:
            value = self.objects.get((version, plural, namespace, name[0]))
            return _json(value) if value else failure(404, f'{plural} "{name[0]}" not found')
        return _json(self._list(version, plural, namespace, request))

    def _list(self, version: str, plural: str, namespace: str, request: Request) -> dict[str, Any]:
        items = [
            value
            for key, value in sorted(self.objects.items())
            if key[:2] == (version, plural) and namespace in {"", key[2]} and _matches(value, request.query)
        ]
        begin, limit = int(request.query.get("continue", 0)), int(request.query.get("limit", 500))
        metadata: dict[str, Any] = {"resourceVersion": "1"}
        if len(items) > begin + limit:
            metadata |= {"continue": str(begin + limit), "remainingItemCount": len(items) - begin - limit}
        page = items[begin : begin + limit]
        if self.prints_tables and "as=Table" in request.headers["accept"]:
            return {
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "columnDefinitions": [{"name": "Name", "type": "string"}, {"name": "Age", "type": "string"}],
                "rows": [
                    {"cells": [each["metadata"]["name"], "5d"], "object": {"metadata": each["metadata"]}}
                    for each in page
                ],
            }  # fmt: skip
        return {"kind": f"{plural}List", "apiVersion": version, "metadata": metadata, "items": page}

    def _log(self, namespace: str, pod: str, query: Mapping[str, str]) -> Response:
        containers = {key[2] for key in self.logs if key[:2] == (namespace, pod)}
        container = query.get("container") or ("main" if "main" in containers else "")
        if query.get("previous"):
            container = "previous"
        if not containers:
            return failure(404, f'pods "{pod}" not found')
        if container not in containers:
            return failure(
                400, f"a container name must be specified for pod {pod}, choose one of: {sorted(containers)}"
            )
        lines = self.logs[namespace, pod, container].splitlines(keepends=True)
        return Response(b"".join(lines[-int(query["tailLines"]) :]), kind="text/plain")


def _groups() -> dict[str, Any]:
    groups: dict[str, list[str]] = {}
    for version in RESOURCES:
        if version != "v1":
            groups.setdefault(version.partition("/")[0], []).append(version)
    return {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": name,
                "versions": [{"groupVersion": each, "version": each.partition("/")[2]} for each in versions],
                "preferredVersion": {"groupVersion": versions[0], "version": versions[0].partition("/")[2]},
            }
            for name, versions in groups.items()
        ],
    }


def _matches(value: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    labels = value["metadata"].get("labels", {})
    wanted = [each.split("=") for each in query.get("labelSelector", "").split(",") if each]
    fields = [each.split("=") for each in query.get("fieldSelector", "").split(",") if each]
    return all(labels.get(name) == text for name, text in wanted) and all(
        _field(value, path.split(".")) == text for path, text in fields
    )


def _field(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value.get(part, {})
    return value


def _json(value: Any) -> Response:
    return Response(json.dumps(value).encode())
