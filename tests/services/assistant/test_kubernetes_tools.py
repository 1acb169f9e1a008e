"""The Kubernetes tools: the real client against a stand-in of the API server. A real one cannot run here."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from quarterdeck.assistant.tools import kubernetes_client
from quarterdeck.assistant.tools.kubernetes import KubernetesConfig, kubernetes_tools
from quarterdeck.assistant.tools.kubernetes_text import MOST_SPEC, shown_event, shown_object
from quarterdeck.assistant.tools.tool import Status, Tool, ToolAnswer, ToolFailed
from quarterdeck.assistant.tools.toolbox import Toolbox
from quarterdeck.clock import SystemClock
from quarterdeck.errors import Invalid
from quarterdeck.identity.call import Role
from tests.services.assistant.kubernetes_server import AWAY, TOKEN, ApiServer, Response, failure
from tests.services.assistant.test_prometheus_tools import SECRET, asker
from tests.services.assistant.test_toolbox import context
from tests.services.incidents.test_alertmanager import free_port

ENCODED = "czNjcmV0LW9mLXRoZS1vcGVyYXRvcg=="


class Tools:
    """Tools by name, which many of them take an argument of."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.by_name = {tool.definition.name: tool for tool in tools}

    async def __call__(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        return await self.by_name[tool].run(arguments, asker())

    async def data(self, tool: str, /, **arguments: Any) -> Any:
        answer = await self(tool, **arguments)
        assert answer.status is Status.SUCCESS, answer
        json.dumps(answer.data)
        return answer.data

    async def failure(self, tool: str, /, **arguments: Any) -> ToolFailed:
        with pytest.raises(ToolFailed) as caught:
            await self(tool, **arguments)
        assert TOKEN not in str(caught.value)
        assert SECRET not in str(caught.value)
        return caught.value


def kubeconfig(folder: Path, port: int, token: str = TOKEN) -> str:
    path = folder / "kubeconfig"
    contexts = [{"name": name, "context": {"cluster": name, "user": "reader"}} for name in ("main", "gone")]
    text = {
        "apiVersion": "v1", "kind": "Config", "current-context": "main", "contexts": contexts,
        "clusters": [
            {"name": "main", "cluster": {"server": f"http://127.0.0.1:{port}"}},
            {"name": "gone", "cluster": {"server": f"http://127.0.0.1:{free_port()}"}},
        ],
        "users": [{"name": "reader", "user": {"token": token}}],
    }  # fmt: skip
    path.write_text(json.dumps(text))  # JSON is YAML
    return str(path)


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[ApiServer]:
    async with filled().listening() as listening:
        yield listening


def filled() -> ApiServer:
    """A cluster with a shop that does not work."""
    server = ApiServer()
    server.put("apps/v1", "deployments", "Deployment", "api", "shop", spec={"replicas": 2})
    server.put(
        "apps/v1", "replicasets", "ReplicaSet", "api-7d9", "shop", metadata={"ownerReferences": [
            {"kind": "Deployment", "name": "api", "apiVersion": "apps/v1", "controller": True}]},
    )  # fmt: skip
    server.put(
        "v1", "pods", "Pod", "api-7d9-x", "shop",
        metadata={
            "labels": {"app": "api"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "shop"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "api-7d9", "apiVersion": "apps/v1", "controller": True}],
        },
        spec={"containers": [{"name": "main", "image": "api:3", "env": [{"name": "DB_PASSWORD", "value": SECRET}]}]},
        status={
            "phase": "Running",
            "conditions": [
                {"type": "Ready", "status": "False", "reason": "ContainersNotReady",
                 "message": "containers with unready status: [main]", "lastTransitionTime": "2026-01-02T00:00:00Z"},
            ],
            "containerStatuses": [
                {"name": "main", "ready": False, "restartCount": 7, "image": "api:3",
                 "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "containerID": "x"}}},
            ],
        },
    )  # fmt: skip
    server.put("v1", "pods", "Pod", "web-1", "shop", metadata={"labels": {"app": "web"}})
    server.put("v1", "pods", "Pod", "vault-0", "private")
    server.put("v1", "nodes", "Node", "node-1")
    server.put(
        "v1", "secrets", "Secret", "db", "shop", type="Opaque", data={"password": ENCODED, "user": "YQ=="},
        stringData={"other": SECRET}, metadata={"annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"password": ENCODED}})}},
    )  # fmt: skip
    server.put("example.com/v2", "widgets", "Widget", "w", "shop", spec={"size": 3})
    server.put("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", "system:node")
    server.event("b", "api-7d9-x", "2026-01-02T10:00:00Z", "Back-off restarting\nfailed container", count=12)
    server.event("a", "api-7d9-x", "2026-01-02T11:00:00Z", "Readiness probe failed")
    server.event("c", "web-1", "2026-01-02T09:00:00Z", "Pulled", type="Normal")
    server.event("d", "vault-0", "2026-01-02T12:00:00Z", "sealed", namespace="private")
    server.logs["shop", "api-7d9-x", "main"] = b"".join(b"line %d\n" % number for number in range(1000))
    server.logs["shop", "api-7d9-x", "previous"] = b"out of memory\n"
    server.logs["shop", "two-1", "left"] = b"left\n"
    server.logs["shop", "two-1", "right"] = b""
    return server


def over(cluster: ApiServer, folder: Path, token: str = TOKEN, **fields: Any) -> Tools:
    config = KubernetesConfig(kubeconfig(folder, cluster.port, token), **fields)
    return Tools(kubernetes_tools(config, SystemClock()))


@pytest.fixture
def tools(cluster: ApiServer, tmp_path: Path) -> Tools:
    return over(cluster, tmp_path)


async def test_an_object_is_read(tools: Tools, cluster: ApiServer) -> None:
    answer = await tools("kubernetes_get", kind="pod", name="api-7d9-x", namespace="shop")
    assert answer.invocation == "GET /api/v1/namespaces/shop/pods/api-7d9-x"
    metadata = answer.data["metadata"]
    assert (answer.data["kind"], answer.data["status"]["phase"], metadata["name"]) == ("Pod", "Running", "api-7d9-x")
    assert "managedFields" not in metadata
    assert metadata["annotations"] == {"team": "shop"}
    assert cluster.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        pytest.param({"kind": "po", "name": "web-1"}, "/api/v1/namespaces/shop/pods/web-1", id="short"),
        pytest.param({"kind": "Pods", "name": "web-1"}, "/api/v1/namespaces/shop/pods/web-1", id="plural, any case"),
        pytest.param({"kind": "deploy", "name": "api"}, "/apis/apps/v1/namespaces/shop/deployments/api", id="a group"),
        pytest.param(
            {"kind": "deployments.apps", "name": "api"}, "/apis/apps/v1/namespaces/shop/deployments/api",
            id="with its group",
        ),
        pytest.param({"kind": "widget", "name": "w"}, "/apis/example.com/v2/namespaces/shop/widgets/w", id="custom"),
        pytest.param({"kind": "node", "name": "node-1"}, "/api/v1/nodes/node-1", id="in no namespace"),
        pytest.param(
            {"kind": "clusterrole", "name": "system:node"},
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode", id="behind a group that is away",
        ),
    ],
)  # fmt: skip
async def test_kinds_are_found_by_each_of_their_names(
    tools: Tools, cluster: ApiServer, wanted: dict[str, str], path: str
) -> None:
    cluster.objects["rbac.authorization.k8s.io/v1", "clusterroles", "", "system%3Anode"] = {"kind": "ClusterRole"}
    await tools("kubernetes_get", namespace="shop", **wanted)
    assert cluster.paths[-1] == path


async def test_a_version_can_be_named(tools: Tools, cluster: ApiServer) -> None:
    wanted = {"kind": "widget", "name": "w", "namespace": "shop", "api_version": "example.com/v1"}
    assert "answered 404" in str(await tools.failure("kubernetes_get", **wanted))
    assert cluster.paths[-1] == "/apis/example.com/v1/namespaces/shop/widgets/w"
    wanted["kind"] = "deployment"
    assert "no kind 'deployment' in example.com/v1" in str(await tools.failure("kubernetes_get", **wanted))


async def test_an_unknown_kind_leads_to_near_ones(tools: Tools) -> None:
    assert "did you mean pods?" in str(await tools.failure("kubernetes_list", kind="podz"))
    for kind in ("bindings", "log", "gadgets"):
        await tools.failure("kubernetes_list", kind=kind)


async def test_what_kinds_there_are_is_remembered_and_asked_again(
    tools: Tools, cluster: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tools("kubernetes_list", kind="deploy")
    before = len(cluster.requests)
    await tools("kubernetes_list", kind="rs")
    assert len(cluster.requests) == before + 1
    await tools.failure("kubernetes_list", kind="nonsense")
    assert cluster.paths.count("/apis") == 1
    monkeypatch.setattr(kubernetes_client, "_MISS_AFTER", 0.0)
    await tools.failure("kubernetes_list", kind="nonsense")
    assert cluster.paths.count("/apis") >= 2


async def test_objects_are_listed_as_kubectl_prints_them(tools: Tools) -> None:
    answer = await tools("kubernetes_list", kind="pods")
    assert answer.data == {
        "kind": "Pod", "api_version": "v1", "total": 3, "columns": ["Namespace", "Name", "Age"],
        "rows": [["private", "vault-0", "5d"], ["shop", "api-7d9-x", "5d"], ["shop", "web-1", "5d"]],
    }  # fmt: skip
    data = await tools.data("kubernetes_list", kind="pods", namespace="shop", label_selector="app=web")
    assert data["rows"] == [["shop", "web-1", "5d"]]
    data = await tools.data("kubernetes_list", kind="pods", field_selector="metadata.name=vault-0")
    assert data["rows"] == [["private", "vault-0", "5d"]]
    data = await tools.data("kubernetes_list", kind="pods", limit=2)
    assert (data["total"], data["incomplete"], len(data["rows"])) == (3, True, 2)
    assert (await tools("kubernetes_list", kind="cm")).status is Status.NO_DATA


async def test_a_list_without_columns_has_names(tools: Tools, cluster: ApiServer) -> None:
    cluster.prints_tables = False
    data = await tools.data("kubernetes_list", kind="nodes")
    assert data["columns"] == ["Namespace", "Name", "Created"]
    assert data["rows"] == [["", "node-1", "2026-01-01T00:00:00Z"]]


@pytest.mark.parametrize("name", ["kubernetes_get", "kubernetes_describe"])
async def test_the_data_of_secrets_is_never_shown(tools: Tools, name: str) -> None:
    answer = await tools(name, kind="secret", name="db", namespace="shop")
    text = json.dumps(answer.data)
    assert ENCODED not in text
    assert SECRET not in text
    assert "YQ==" not in text
    assert "password" in text
    assert "[REDACTED]" in text


async def test_the_data_of_secrets_is_not_in_lists(tools: Tools, cluster: ApiServer) -> None:
    for cluster.prints_tables in (True, False):
        assert ENCODED not in json.dumps(await tools.data("kubernetes_list", kind="secrets"))


async def test_an_object_is_described(tools: Tools) -> None:
    text = await tools.data("kubernetes_describe", kind="pod", name="api-7d9-x", namespace="shop")
    assert text.startswith("Kind: Pod (v1)\nName: api-7d9-x\nNamespace: shop\nCreated: 2026-01-01T00:00:00Z\n")
    for line in (
        "Labels: app=api",
        "Owned by: ReplicaSet api-7d9 ← Deployment api",
        "  Ready=False since 2026-01-02T00:00:00Z (ContainersNotReady: containers with unready status: [main])",
        "  main: not ready, 7 restarts, image api:3",
        "    now: waiting (reason=CrashLoopBackOff)",
        "    before: terminated (exitCode=137, reason=OOMKilled)",
        "  phase: Running",
    ):
        assert f"{line}\n" in text
    assert text.endswith(
        "Events:\n  2026-01-02T11:00:00Z Warning BackOff: Readiness probe failed\n"
        "  2026-01-02T10:00:00Z Warning BackOff ×12: Back-off restarting failed container"  # noqa: RUF001 - times
    )
    assert SECRET not in text


async def test_what_cannot_be_read_of_a_description_is_left_out(tools: Tools, cluster: ApiServer) -> None:
    cluster.special["/apis/apps/v1/namespaces/shop/replicasets/api-7d9"] = failure(403, "not yours")
    cluster.special["/api/v1/namespaces/shop/events"] = failure(403, "not yours")
    text = await tools.data("kubernetes_describe", kind="pod", name="api-7d9-x", namespace="shop")
    assert "Owned by: ReplicaSet api-7d9\n" in text
    assert text.endswith("Events: could not be read")


async def test_a_huge_object_is_described_in_part(tools: Tools, cluster: ApiServer) -> None:
    cluster.put("v1", "configmaps", "ConfigMap", "big", "shop", data={str(n): "x" * 100 for n in range(50_000)})
    began = time.perf_counter()
    text = await tools.data("kubernetes_describe", kind="cm", name="big", namespace="shop")
    assert len(text) < 2 * MOST_SPEC
    assert "[cut: " in text
    assert time.perf_counter() - began < 5


async def test_events_come_newest_first(tools: Tools) -> None:
    data = await tools.data("kubernetes_events")
    assert data["total"] == 4
    assert [event["object"] for event in data["events"]] == [
        "Pod private/vault-0", "Pod shop/api-7d9-x", "Pod shop/api-7d9-x", "Pod shop/web-1",
    ]  # fmt: skip
    assert data["events"][2] == {
        "at": "2026-01-02T10:00:00Z", "type": "Warning", "reason": "BackOff", "object": "Pod shop/api-7d9-x",
        "message": "Back-off restarting failed container", "count": 12, "source": "kubelet",
    }  # fmt: skip
    data = await tools.data("kubernetes_events", namespace="shop", type="Normal")
    assert [event["message"] for event in data["events"]] == ["Pulled"]
    data = await tools.data("kubernetes_events", kind="Pod", name="api-7d9-x", limit=1)
    assert (data["total"], [event["message"] for event in data["events"]]) == (2, ["Readiness probe failed"])
    assert (await tools("kubernetes_events", name="nobody")).status is Status.NO_DATA


async def test_all_pages_of_events_are_read(tools: Tools, cluster: ApiServer) -> None:
    for number in range(1200):
        cluster.event(f"e{number:04}", "busy", f"2026-02-01T{number // 60:02}:{number % 60:02}:00Z", str(number))
    data = await tools.data("kubernetes_events", name="busy", limit=2)
    assert (data["total"], [event["message"] for event in data["events"]]) == (1200, ["1199", "1198"])


def test_newer_events_are_understood() -> None:
    event = {
        "eventTime": "2026-01-01T00:00:00.000001Z", "reportingComponent": "x", "metadata": {}, "note": "n",
        "series": {"count": 3, "lastObservedTime": "2026-01-01T01:00:00.000000Z"},
    }  # fmt: skip
    assert shown_event(event)["at"] == "2026-01-01T01:00:00.000000Z"
    assert (shown_event(event)["count"], shown_event(event)["source"]) == (3, "x")
    assert shown_event({})["object"] == " "


async def test_logs_are_read(tools: Tools, cluster: ApiServer) -> None:
    answer = await tools("kubernetes_logs", pod="api-7d9-x", namespace="shop", tail_lines=2, since="-1h")
    assert answer.data == "line 998\nline 999\n"
    query = cluster.requests[-1].query
    assert (query["tailLines"], query["timestamps"], query["sinceSeconds"]) == ("2", "true", "3600")
    data = await tools.data("kubernetes_logs", pod="api-7d9-x", namespace="shop", previous=True)
    assert data == "out of memory\n"
    assert "choose one of" in str(await tools.failure("kubernetes_logs", pod="two-1", namespace="shop"))
    data = await tools.data("kubernetes_logs", pod="two-1", namespace="shop", container="left")
    assert data == "left\n"
    empty = await tools("kubernetes_logs", pod="two-1", namespace="shop", container="right")
    assert empty.status is Status.NO_DATA
    for since in ("tomorrow", "2999-01-01T00:00:00Z"):
        assert "since" in str(await tools.failure("kubernetes_logs", pod="two-1", namespace="shop", since=since))


async def test_of_long_logs_the_newest_lines_stay(cluster: ApiServer, tmp_path: Path) -> None:
    tools = over(cluster, tmp_path, most_bytes=3000, most_log_bytes=1000)
    data = await tools.data("kubernetes_logs", pod="api-7d9-x", namespace="shop", tail_lines=1000)
    assert data.startswith("[older lines are left out]\nline ")
    assert data.endswith("line 998\nline 999\n")
    assert len(data) < 1100


async def test_the_namespaces_of_the_list_are_the_only_ones(cluster: ApiServer, tmp_path: Path) -> None:
    tools = over(cluster, tmp_path, namespaces=("shop",))
    for name, more in (
        ("kubernetes_get", {"kind": "pod", "name": "vault-0"}),
        ("kubernetes_describe", {"kind": "pod", "name": "vault-0"}),
        ("kubernetes_list", {"kind": "pods"}),
        ("kubernetes_events", {}),
        ("kubernetes_logs", {"pod": "vault-0"}),
    ):
        assert "may not be read; these may: shop" in str(await tools.failure(name, namespace="private", **more))
    assert not any("private" in path for path in cluster.paths)
    data = await tools.data("kubernetes_list", kind="pods")
    assert {row[0] for row in data["rows"]} == {"shop"}
    assert (await tools.data("kubernetes_events"))["total"] == 3
    # The only one is the one that is meant.
    assert (await tools("kubernetes_get", kind="pod", name="web-1")).status is Status.SUCCESS
    assert "are in no namespace" in str(await tools.failure("kubernetes_get", kind="node", name="node-1"))
    assert "are in no namespace" in str(await tools.failure("kubernetes_list", kind="nodes"))
    assert "/api/v1/pods" not in cluster.paths


async def test_several_namespaces_are_listed_together(cluster: ApiServer, tmp_path: Path) -> None:
    tools = over(cluster, tmp_path, namespaces=("shop", "private"), cluster_scoped=True)
    assert len((await tools.data("kubernetes_list", kind="pods"))["rows"]) == 3
    assert len((await tools.data("kubernetes_list", kind="pods", limit=1))["rows"]) == 1
    assert "may not be read" in str(await tools.failure("kubernetes_get", kind="pod", name="web-1"))
    assert (await tools("kubernetes_get", kind="node", name="node-1")).status is Status.SUCCESS


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"kind": "pods/../secrets", "name": "db"}, id="a path as a kind"),
        pytest.param({"kind": "pod", "name": "../secrets/db"}, id="a path as a name"),
        pytest.param({"kind": "pod", "name": "x?watch=1"}, id="a query"),
        pytest.param({"kind": "pod", "name": ".."}, id="dots"),
        pytest.param({"kind": "pod", "name": "x%2f"}, id="an escape"),
        pytest.param({"kind": "pod", "name": "x\n"}, id="two lines"),
        pytest.param({"kind": "pod", "name": "x", "namespace": "../kube-system"}, id="a path as a namespace"),
        pytest.param({"kind": "pod", "name": "x", "api_version": "../../v1"}, id="a path as a version"),
        pytest.param({"kind": "p" * 300, "name": "x"}, id="long"),
        pytest.param({"kind": "pod", "name": "x", "other": 1}, id="an unknown argument"),
        pytest.param({"kind": "", "name": ""}, id="nothing"),
    ],
)
async def test_arguments_that_are_none_reach_nothing(
    tools: Tools, cluster: ApiServer, arguments: dict[str, Any]
) -> None:
    for name in ("kubernetes_get", "kubernetes_describe"):
        with pytest.raises(ValidationError):
            await tools(name, **arguments)
    assert cluster.requests == []


async def test_nothing_writes(cluster: ApiServer, tmp_path: Path) -> None:
    config = KubernetesConfig(kubeconfig(tmp_path, cluster.port))
    made = kubernetes_tools(config, SystemClock())
    assert {tool.definition.name for tool in made} == {
        f"kubernetes_{name}" for name in ("get", "list", "describe", "events", "logs")
    }
    for tool in made:
        assert (tool.writes, tool.needs_approval, tool.role, tool.toolset) == (
            False, False, Role.VIEWER, "kubernetes",
        )  # fmt: skip
        assert tool.describe({"kind": "pod"}).endswith("kind=pod")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(failure(403, "pods is forbidden: no rights"), "answered 403: pods is forbidden", id="forbidden"),
        pytest.param(Response(b"<html>", 502, "text/html"), "answered 502", id="a proxy"),
        pytest.param(Response(b"[1]", 500), "answered 500", id="an error that is none"),
        pytest.param(Response(b"{nonsense"), "no JSON object", id="no JSON"),
        pytest.param(Response(b"[1]"), "no JSON object", id="a list"),
        pytest.param(Response(b"[" * 100_000), "no JSON object", id="deep"),
        pytest.param(Response(b" " * 9_000_000), "more than 8388608 bytes", id="huge"),
        pytest.param(Response(b"", 302), "answered 302", id="a redirect"),
    ],
)
async def test_errors_are_told_in_the_clusters_words(
    tools: Tools, cluster: ApiServer, answer: Response, why: str
) -> None:
    cluster.special["/api/v1/pods"] = answer
    assert why in str(await tools.failure("kubernetes_list", kind="pods"))


async def test_a_cluster_that_hangs_is_given_up(cluster: ApiServer, tmp_path: Path) -> None:
    async def hang(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    tools = over(cluster, tmp_path, timeout=0.5)
    for special in (hang, drip):
        cluster.special["/api/v1/pods"] = special
        began = time.perf_counter()
        assert "did not answer in time" in str(await tools.failure("kubernetes_list", kind="pods"))
        assert time.perf_counter() - began < 3


async def test_a_cluster_that_is_away_or_refuses_us(cluster: ApiServer, tmp_path: Path) -> None:
    gone = over(cluster, tmp_path, context="gone")
    assert "Kubernetes refuses connections" in str(await gone.failure("kubernetes_list", kind="pods"))
    stranger = over(cluster, tmp_path, token=SECRET)
    assert "answered 401: Unauthorized" in str(await stranger.failure("kubernetes_list", kind="pods"))

    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    cluster.special["/api/v1"] = hang_up
    cut = over(cluster, tmp_path)
    assert "broke the connection off" in str(await cut.failure("kubernetes_list", kind="pods"))


async def test_a_configuration_that_is_not_there_is_told_at_each_call(cluster: ApiServer, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    tools = Tools(kubernetes_tools(KubernetesConfig(str(path)), SystemClock()))
    assert "configuration cannot be used" in str(await tools.failure("kubernetes_list", kind="pods"))
    path.write_text("{")
    assert "configuration cannot be used" in str(await tools.failure("kubernetes_list", kind="pods"))
    kubeconfig(tmp_path, cluster.port)
    assert (await tools("kubernetes_list", kind="pods")).status is Status.SUCCESS
    inside = Tools(kubernetes_tools(KubernetesConfig(), SystemClock()))
    assert "configuration cannot be used" in str(await inside.failure("kubernetes_list", kind="pods"))


async def test_many_calls_at_once(tools: Tools) -> None:
    answers = await asyncio.gather(*(tools("kubernetes_list", kind="pods") for _ in range(40)))
    assert {answer.data["total"] for answer in answers} == {3}


async def test_the_toolbox_hides_what_a_pods_variables_hold(cluster: ApiServer, tmp_path: Path) -> None:
    config = KubernetesConfig(kubeconfig(tmp_path, cluster.port))
    toolbox = Toolbox(kubernetes_tools(config, SystemClock()))
    arguments = '{"kind": "pod", "name": "api-7d9-x", "namespace": "shop"}'
    result = await toolbox.execute("kubernetes_get", arguments, context())
    assert result.status is Status.SUCCESS
    assert SECRET not in result.data


async def test_a_group_that_is_away_is_asked_again(tools: Tools, cluster: ApiServer) -> None:
    await tools("kubernetes_list", kind="clusterroles")
    await tools("kubernetes_list", kind="clusterroles")
    assert cluster.paths.count(f"/apis/{AWAY}") == 2


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"timeout": 0}, id="no time"),
        pytest.param({"most_bytes": 0}, id="no bytes"),
        pytest.param({"namespaces": ("",)}, id="a namespace without a name"),
        pytest.param({"namespaces": ("a/b",)}, id="a path"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="kubernetes: "):
        kubernetes_tools(KubernetesConfig(**fields), SystemClock())


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Invalid, match=r"install quarterdeck\[kubernetes\]"):
        kubernetes_tools(KubernetesConfig(), SystemClock())


def test_the_package_is_not_imported_before_it_is_needed() -> None:
    text = (
        "import sys; from quarterdeck.assistant.tools.kubernetes import KubernetesConfig, kubernetes_tools; "
        "from quarterdeck.clock import SystemClock; kubernetes_tools(KubernetesConfig(), SystemClock()); "
        "sys.exit('kubernetes' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", text], check=True)


def test_a_secret_in_another_answer_is_hidden_too() -> None:
    shown = shown_object({"kind": "Secret", "data": {"a": ENCODED}, "metadata": None}, is_secret=False)
    assert shown["data"] == {"a": "[REDACTED]"}
