"""Every method of the incident services at every place where a client looks for it, and the errors around them."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.protobuf.message import Message

from quarterdeck.clock import SystemClock
from quarterdeck.database import Database
from quarterdeck.errors import NotFound, Reason, Unavailable
from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.incident.v1 import (
    activity_service_pb2,
    configuration_tracker_service_pb2,
    fields_service_pb2,
    hook_pb2,
    incident_context_service_pb2,
    incidents_service_pb2,
    integration_service_pb2,
    key_updates_service_pb2,
    roles_service_pb2,
    severities_service_pb2,
    status_service_pb2,
    tasks_service_pb2,
    users_service_pb2,
)
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.identity import Identity, bootstrap
from quarterdeck.identity.call import CallContext, Role
from quarterdeck.server import HeaderAuthenticator, transports
from quarterdeck.wire.chain import Authenticator, CallChain
from quarterdeck.wire.dialects.incident import incident
from quarterdeck.wire.method import Method, Service, describe_service
from tests.wire.test_rest_echo import NoLimits, Tokens

MODULES: tuple[Any, ...] = (
    activity_service_pb2, configuration_tracker_service_pb2, fields_service_pb2, incident_context_service_pb2,
    incidents_service_pb2, integration_service_pb2, key_updates_service_pb2, roles_service_pb2,
    severities_service_pb2, status_service_pb2, tasks_service_pb2, users_service_pb2,
)  # fmt: skip
SERVICES: tuple[Service, ...] = tuple(
    describe_service(service) for module in MODULES for service in module.DESCRIPTOR.services_by_name.values()
)
FLEET = (
    describe_service(pipeline_pb2.DESCRIPTOR.services_by_name["PipelineService"]),
    describe_service(collector_pb2.DESCRIPTOR.services_by_name["CollectorService"]),
)
METHODS = [method for service in SERVICES for method in service.methods]
IRM = "/api/plugins/grafana-irm-app/resources"
OLD = "/api/plugins/grafana-incident-app/resources"
BASES = [f"{host}{api}{slash}" for host in (IRM, OLD, "") for api in ("/api/v1", "/api") for slash in ("/", "")]
ADMIN = {"authorization": "Bearer admin"}
LIMIT = 1024 * 1024

Answer = Callable[[Message], Message]


@dataclass
class Stub:
    """Answers every method with its empty response, unless told otherwise; keeps what it was asked."""

    requests: list[Message] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def handler(self, method: Method) -> Callable[[Message, CallContext], Awaitable[Message]]:
        async def handle(request: Message, _call: CallContext) -> Message:
            self.requests.append(request)
            answer = self.answers.get(method.name)
            return answer(request) if answer else method.response_class()

        return handle


@dataclass(frozen=True, slots=True)
class House:
    stub: Stub
    http: httpx.AsyncClient

    async def call(self, path: str, body: Any = None, verb: str = "POST", **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return await self.http.request(verb, path, content=content, headers={**ADMIN, **headers})


def house_of(authenticator: Authenticator) -> House:
    stub = Stub()
    services = (*SERVICES, *FLEET)
    handlers = {method.path: stub.handler(method) for service in services for method in service.methods}
    served = transports(CallChain(services, handlers, authenticator, NoLimits()), dialects={"incident": incident})
    transport = httpx.ASGITransport(served.http)
    return House(stub, httpx.AsyncClient(transport=transport, base_url="http://quarterdeck"))


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    made = house_of(Tokens())
    async with made.http:
        yield made


def name_of(method: Method) -> str:
    return f"{method.service_name.rpartition('.')[2]}.{method.name}"


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    body = answer.json()
    return (
        (answer.status_code, body["code"], body["status"]) == (status, code, status)
        and answer.headers["content-type"] == "application/problem+json"
        and isinstance(body["error"], str)
        and bool(body["error"])
        and body["traceID"] == body["trace_id"] == answer.headers["x-request-id"]
    )


def test_the_contract_is_whole():
    assert len(SERVICES) == 12
    assert len(METHODS) == 69 + 7
    assert {service.dialect for service in SERVICES} == {"incident"}
    assert {service.max_body_bytes for service in SERVICES} == {LIMIT}
    for service in SERVICES:
        names = {mount.path("X") for mount in service.mounts}
        assert names == {f"{base}{service.name.rpartition('.')[2]}.X" for base in BASES}


def test_roles_and_idempotency_are_as_decided():
    admin = {"RolesService", "SeveritiesService", "StatusService", "FieldsService", "IntegrationService"}
    for method in METHODS:
        reads = method.name.startswith(("Get", "Query"))
        assert method.no_side_effects is reads, method.path
        expected = Role.ADMIN if name_of(method).partition(".")[0] in admin else Role.EDITOR
        if method.name in {"RecordFieldValue", "CreateIncidentSlackChannel"}:
            expected = Role.EDITOR
        assert method.role is (Role.VIEWER if reads else expected), method.path


def test_every_response_has_an_empty_error_and_nothing_is_64_bits_wide():
    for method in METHODS:
        descriptor: Any = method.response_class.DESCRIPTOR
        assert descriptor.fields[-1].name == "error", method.path
        assert not [each for each in descriptor.fields if each.cpp_type in (each.CPPTYPE_INT64, each.CPPTYPE_UINT64)]


@pytest.mark.parametrize("base", BASES)
async def test_every_method_is_reachable(house: House, base: str):
    for method in METHODS:
        answer = await house.call(f"{base}{name_of(method)}", {})
        if answer.status_code == 400:  # found, but an empty request lacks something
            assert is_problem(answer, 400, "common.validation_failed"), method.path
        else:
            assert answer.status_code == 200, method.path
            body = answer.json()
            assert body == [] if method.mounted_body else body["error"] == "", method.path
            assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("base", BASES)
async def test_strangers_and_low_roles_are_refused_in_the_envelope(house: House, base: str):
    stranger = await house.http.post(f"{base}IncidentsService.GetIncident", json={})
    assert is_problem(stranger, 401, "common.unauthorized")
    assert stranger.headers["www-authenticate"] == "Bearer"
    low = await house.call(f"{base}RolesService.CreateRole", {}, authorization="Bearer editor")
    assert is_problem(low, 403, "common.forbidden")
    collector = await house.call(f"{base}IncidentsService.GetIncident", {}, authorization="Bearer collector")
    assert is_problem(collector, 403, "common.forbidden")
    assert house.stub.requests == []


@pytest.mark.parametrize("verb", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("base", BASES)
async def test_another_verb_is_405_with_allow(house: House, base: str, verb: str):
    answer = await house.call(f"{base}IncidentsService.CreateIncident", verb=verb)
    assert is_problem(answer, 405, "common.validation_failed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    [
        *(f"{base}{name}" for base in BASES for name in ("IncidentsService.Nothing", "NothingService.GetIncident")),
        f"{IRM}/api/v1/", f"{IRM}/api/v1", f"{IRM}/api/v2/IncidentsService.GetIncident", f"{IRM}/api/v1//", IRM,
        "/api/plugins/grafana-irm-app", "/api/plugins/grafana-irm-app/nothing", f"{OLD}/api/v1/a/b/c",
        "/api/v1/IncidentsService", "/api/v1/IncidentsService/GetIncident", "/api/IncidentsService.GetIncident/",
        "/api/v1IncidentsService.GetIncident/x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["POST", "GET"])
async def test_what_is_not_there_is_404_in_the_envelope(house: House, path: str, verb: str):
    answer = await house.call(path, verb=verb)
    assert is_problem(answer, 404, "common.not_found")
    assert answer.json()["instance"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/pipelinez", "/api/v1/pipelines/1/nothing", "/apix",
        "/api/v9/pipelines", "/api/v1/collectors.txt", "/api/plugins", "/api/plugins/grafana-irm-apps",
        "/pipeline.v1.PipelineService/Nothing", "/api/v1/pipelines/1/revisions/x.y/z", "/api/v1x",
    ],
)  # fmt: skip
async def test_the_fleet_keeps_its_own_envelope(house: House, path: str):
    answer = await house.call(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "unimplemented")
    assert "error" not in answer.json()


async def test_the_fleets_rest_paths_are_the_fleets(house: House):
    assert (await house.call("/api/v1/pipelines", verb="GET")).status_code == 200
    wrong = await house.call("/api/v1/pipelines", verb="DELETE")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "unimplemented")
    stranger = await house.http.get("/api/v1/collectors")
    assert stranger.json()["code"] == "unauthenticated"
    assert stranger.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("body", [None, b"", b" ", {}, {"Query": {"LIMIT": 3}}])
async def test_an_empty_body_and_any_key_case_are_read(house: House, body: Any):
    answer = await house.call(f"{IRM}/api/v1/IncidentsService.QueryIncidentPreviews", body)
    assert answer.json()["cursor"] == {"nextValue": "", "hasMore": False}
    (request,) = house.stub.requests
    assert request.query.limit == (3 if body and body.__class__ is dict else 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize("cursor", ["abc", {"nextValue": "abc"}, {"nextvalue": "abc", "hasMore": True}])
async def test_a_cursor_may_be_a_string(house: House, cursor: Any):
    path = f"{IRM}/api/v1/KeyUpdatesService.QueryKeyUpdates"
    await house.call(path, {"query": {"incidentID": "1"}, "cursor": cursor})
    (request,) = house.stub.requests
    assert request.cursor.next_value == "abc"  # type: ignore[attr-defined]


@pytest.mark.parametrize("content_type", ["", "application/json; charset=utf-8", "text/plain", "application/xml"])
async def test_no_content_type_or_accept_is_refused(house: House, content_type: str):
    headers = {"content-type": content_type, "accept": "application/nothing"}
    answer = await house.call("/api/v1/IncidentsService.GetIncident", {"incidentID": "1"}, **headers)
    assert answer.status_code == 200


async def test_a_body_may_have_a_mebibyte(house: House):
    path = f"{IRM}/api/v1/IncidentsService.GetIncident"
    fits = b'{"incidentID":"1"}'.ljust(LIMIT)
    assert (await house.call(path, fits)).status_code == 200
    over = await house.call(path, fits + b" ")
    assert is_problem(over, 413, "common.validation_failed")
    bomb = await house.call(path, gzip.compress(fits + b" "), **{"content-encoding": "gzip"})
    assert is_problem(bomb, 413, "common.validation_failed")
    small = await house.call(path, gzip.compress(fits), **{"content-encoding": "gzip"})
    assert small.status_code == 200
    strange = await house.call(path, fits, **{"content-encoding": "br"})
    assert is_problem(strange, 400, "common.validation_failed")


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"incidentID":7}', b'{"incidentID":"\\u0000"}', b"\xff\xfe"])
async def test_a_malformed_body_is_400(house: House, body: bytes):
    answer = await house.call(f"{IRM}/api/v1/IncidentsService.GetIncident", body)
    assert is_problem(answer, 400, "common.validation_failed")
    assert house.stub.requests == []


async def test_a_required_id_is_named_as_the_api_does(house: House):
    answer = await house.call(f"{IRM}/api/v1/TasksService.UpdateTaskText", {"incidentID": "", "text": "x"})
    assert is_problem(answer, 400, "common.validation_failed")
    assert answer.json()["context"] == {"field": "incidentID"}
    assert answer.json()["detail"] == "incidentID: is required; taskID: is required"


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("base", BASES)
async def test_the_integrations_are_a_bare_list_for_both_verbs(house: House, base: str, verb: str):
    some = [hook_pb2.AvailableIntegration(id="grate.outgoingWebhook")]
    response = integration_service_pb2.GetAvailableIntegrationsResponse
    house.stub.answers["GetAvailableIntegrations"] = lambda _: response(integrations=some)
    answer = await house.call(f"{base}IntegrationService.GetAvailableIntegrations", verb=verb)
    assert (answer.status_code, answer.json()) == (200, [{"id": "grate.outgoingWebhook"}])


async def test_an_old_get_is_the_same_call_with_an_empty_request(house: House):
    path = f"{OLD}/api/v1/IncidentsService.QueryIncidents"
    answer = await house.call(f"{path}?query=x&limit=7", b'{"query":{"limit":3}}', verb="GET")
    assert answer.json()["incidents"] == []
    assert house.stub.requests == [incidents_service_pb2.QueryIncidentsRequest()]
    assert (await house.http.get(path)).status_code == 401
    assert (await house.call(path, verb="PUT")).headers["allow"] == "GET, POST"
    legacy = {name_of(method) for method in METHODS if method.legacy_get}
    assert legacy == {"IncidentsService.QueryIncidents", "IntegrationService.GetAvailableIntegrations"}


async def test_domain_errors_and_crashes_have_the_envelope(house: House, caplog: pytest.LogCaptureFixture):
    def missing(_: Message) -> Message:
        raise NotFound(Reason.INCIDENT_NOT_FOUND, "no incident has the id '9'", metadata={"id": "9"})

    def away(_: Message) -> Message:
        raise Unavailable(Reason.DATABASE_UNAVAILABLE, "the database is away")

    def crash(_: Message) -> Message:
        raise ZeroDivisionError("the-password-is-hunter2")

    path = f"{IRM}/api/v1/IncidentsService.GetIncident"
    outcomes: list[httpx.Response] = []
    for answer in (missing, away, crash):
        house.stub.answers["GetIncident"] = answer
        with caplog.at_level(logging.DEBUG, logger="quarterdeck"):
            outcomes.append(await house.call(f"{path}?token=a-secret-in-the-query", {"incidentID": "9"}))
    assert is_problem(outcomes[0], 404, "incidents.not_found")
    assert (outcomes[0].json()["context"], outcomes[0].json()["instance"]) == ({"id": "9"}, path)
    assert is_problem(outcomes[1], 503, "common.internal_error")
    assert outcomes[1].json()["retryable"] is True
    assert is_problem(outcomes[2], 500, "common.internal_error")
    assert "hunter2" not in outcomes[2].text
    assert outcomes[2].json()["traceID"] in {getattr(each, "request_id", "") for each in caplog.records}
    logged = [each.getMessage() for each in caplog.records if each.name.startswith("quarterdeck")]
    assert "a-secret-in-the-query" not in "".join([*logged, *(each.text for each in outcomes)])


async def test_the_canonical_paths_speak_plain_protojson(house: House):
    path = "/incident.v1.IncidentsService/GetIncident"
    answer = await house.call(path, {"incidentID": "1"}, **{"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {})
    refused = await house.call(path, {}, **{"content-type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")


async def test_the_access_token_header_is_a_credential(sqlite_url: str):
    secret = "the-first-token-of-this-server"
    database = await Database.open(sqlite_url)
    try:
        await bootstrap(database, SystemClock(), chosen_token=secret)
        house = house_of(HeaderAuthenticator(Identity(database, SystemClock())))
        async with house.http as http:
            path, body = f"{IRM}/api/v1/IncidentsService.GetIncident", {"incidentID": "1"}
            known = await http.post(path, json=body, headers={"x-access-token": secret, "x-grafana-id": "somebody"})
            basic = await http.post(path, json=body, auth=("anybody", secret))
            unknown = await http.post(path, json=body, headers={"x-access-token": "not-" + secret})
            first = await http.post(
                path, json=body, headers={"authorization": "Bearer not-" + secret, "x-access-token": secret}
            )
        assert [each.status_code for each in (known, basic, unknown, first)] == [200, 200, 401, 401]
        assert is_problem(unknown, 401, "common.unauthorized")
    finally:
        await database.close()
