"""The same incident services at `incident.v1.*`, in plain protojson and protobuf: Connect, gRPC-Web and gRPC."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
import pytest
from connectrpc.code import Code
from connectrpc.codec import Codec
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.errors import ConnectError
from connectrpc.protocol import ProtocolType

from quarterdeck.gen.incident.v1 import incident_pb2, incidents_service_pb2, tasks_service_pb2
from quarterdeck.gen.incident.v1 import incidents_service_pb2_grpc as incidents_grpc
from quarterdeck.gen.incident.v1 import tasks_service_pb2_grpc as tasks_grpc
from quarterdeck.gen.incident.v1.incidents_service_connect import IncidentsServiceClientSync
from quarterdeck.gen.incident.v1.tasks_service_connect import TasksServiceClientSync
from tests.clients.incident_rpc import Rpc, unique
from tests.running_server import RunningServer

_PROTOCOLS = [
    pytest.param((ProtocolType.CONNECT, google_protobuf_json_codec), id="connect-json"),
    pytest.param((ProtocolType.CONNECT, google_protobuf_binary_codec), id="connect-proto"),
    pytest.param((ProtocolType.GRPC_WEB, google_protobuf_json_codec), id="grpc-web-json"),
    pytest.param((ProtocolType.GRPC_WEB, google_protobuf_binary_codec), id="grpc-web-proto"),
]


@pytest.fixture(params=_PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Arguments for a client's constructor."""
    kind, codec = request.param
    made: Codec = codec()
    return {"protocol": kind, "codec": made}


def _check_resolved(incident: incident_pb2.Incident, title: str) -> None:
    assert (incident.title, incident.status, incident.severity) == (title, "resolved", "Major")
    assert incident.closed_time == incident.incident_end
    assert incident.closed_time.ToNanoseconds() >= incident.created_time.ToNanoseconds()
    assert [(label.key, label.label) for label in incident.labels] == [("team", "payments")]
    assert (incident.task_list.todo_count, incident.task_list.done_count) == (0, 1)


def _declaration(title: str) -> incidents_service_pb2.CreateIncidentRequest:
    labels = [incident_pb2.IncidentLabel(key="team", label="payments")]
    return incidents_service_pb2.CreateIncidentRequest(title=title, severity="major", labels=labels)


def test_connect_and_grpc_web(server: RunningServer, protocol: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {server.token}"}
    incidents = IncidentsServiceClientSync(server.http_url, **protocol)
    tasks = TasksServiceClientSync(server.http_url, **protocol)
    title = unique("by connect")
    made = incidents.create_incident(_declaration(title), headers=headers).incident
    task = tasks.add_task(
        tasks_service_pb2.AddTaskRequest(incident_id=made.incident_id, text="tell"), headers=headers
    ).task
    done = tasks_service_pb2.UpdateTaskStatusRequest(incident_id=made.incident_id, task_id=task.task_id, status="done")
    tasks.update_task_status(done, headers=headers)
    resolve = incidents_service_pb2.UpdateStatusRequest(incident_id=made.incident_id, status="resolved")
    assert incidents.update_status(resolve, headers=headers).error == ""
    read = incidents_service_pb2.GetIncidentRequest(incident_id=made.incident_id)
    _check_resolved(incidents.get_incident(read, headers=headers).incident, title)

    with pytest.raises(ConnectError) as gone:
        incidents.get_incident(incidents_service_pb2.GetIncidentRequest(incident_id="987654"), headers=headers)
    assert gone.value.code is Code.NOT_FOUND
    with pytest.raises(ConnectError) as invalid:
        incidents.create_incident(incidents_service_pb2.CreateIncidentRequest(), headers=headers)
    assert invalid.value.code is Code.INVALID_ARGUMENT
    with pytest.raises(ConnectError) as stranger:
        incidents.get_incident(read, headers={})
    assert stranger.value.code is Code.UNAUTHENTICATED


def test_grpc(server: RunningServer) -> None:
    metadata = (("authorization", f"Bearer {server.token}"),)
    title = unique("by grpc")
    with grpc.insecure_channel(server.grpc_target) as channel:
        # The generated stubs are not typed.
        incidents: Any = incidents_grpc.IncidentsServiceStub(channel)  # type: ignore[no-untyped-call]
        tasks: Any = tasks_grpc.TasksServiceStub(channel)  # type: ignore[no-untyped-call]
        made = incidents.CreateIncident(_declaration(title), metadata=metadata).incident
        added = tasks.AddTask(
            tasks_service_pb2.AddTaskRequest(incident_id=made.incident_id, text="tell"), metadata=metadata
        )
        tasks.UpdateTaskStatus(
            tasks_service_pb2.UpdateTaskStatusRequest(
                incident_id=made.incident_id, task_id=added.task.task_id, status="done"
            ),
            metadata=metadata,
        )
        resolve = incidents_service_pb2.UpdateStatusRequest(incident_id=made.incident_id, status="resolved")
        _check_resolved(incidents.UpdateStatus(resolve, metadata=metadata).incident, title)
        with pytest.raises(grpc.RpcError) as gone:
            incidents.GetIncident(incidents_service_pb2.GetIncidentRequest(incident_id="987654"), metadata=metadata)

    refusal: Any = gone.value
    assert refusal.code() is grpc.StatusCode.NOT_FOUND


def test_connect_json_is_plain_protojson(server: RunningServer) -> None:
    title = unique("plain")
    with Rpc(server, "/incident.v1.") as rpc:
        answer = rpc.send("IncidentsService/CreateIncident", {"title": title, "attach_url": "https://grafana.example"})
        incident = answer.json()["incident"]
        assert answer.status_code == 200
        assert incident["title"] == title
        # Empty fields are left out here; the mounts below /api print them all.
        assert incident.keys().isdisjoint({"incidentEnd", "closedTime", "labels", "heroImagePath"})
        refused = rpc.send("IncidentsService/GetIncident", {"incidentID": "987654"})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    mounted = httpx.post(
        f"{server.http_url}/api/v1/IncidentsService.GetIncident",
        json={"incidentID": incident["incidentID"]},
        headers={"Authorization": f"Bearer {server.token}"},
    ).json()["incident"]
    assert (mounted["title"], mounted["incidentEnd"]) == (title, "")
