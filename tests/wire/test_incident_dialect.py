"""The incident dialect: what it prints, what it reads, and the envelope of every error."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck import errors
from quarterdeck.errors import DomainError, FieldViolation, Invalid, LimitExceeded, NotFound, Reason
from quarterdeck.gen.incident.v1 import (
    activity_pb2,
    activity_service_pb2,
    field_pb2,
    hook_pb2,
    incident_context_pb2,
    incident_pb2,
    incidents_service_pb2,
    key_update_pb2,
    key_updates_service_pb2,
    membership_pb2,
    paging_pb2,
    role_pb2,
    severities_service_pb2,
    severity_pb2,
    status_pb2,
    task_pb2,
    user_pb2,
    webhook_pb2,
)
from quarterdeck.wire.dialects import Occasion
from quarterdeck.wire.dialects.incident import (
    CODE_OF_KIND,
    CODE_OF_REASON,
    PROBLEMS,
    incident,
    incident_dialect,
    json_path,
)
from quarterdeck.wire.errors import Code, WireError, body_too_large, to_wire, unknown_route, wrong_verb
from quarterdeck.wire.validation import validate

CreateIncident = incidents_service_pb2.CreateIncidentRequest
QueryActivity = activity_service_pb2.QueryActivityRequest
QueryPreviews = incidents_service_pb2.QueryIncidentPreviewsRequest
SHARED: tuple[Any, ...] = (
    activity_pb2, field_pb2, hook_pb2, incident_pb2, incident_context_pb2, key_update_pb2, membership_pb2, paging_pb2,
    role_pb2, severity_pb2, status_pb2, task_pb2, user_pb2, webhook_pb2,
)  # fmt: skip
MESSAGES: list[Descriptor] = [
    message for module in SHARED for message in module.DESCRIPTOR.message_types_by_name.values()
]


def descriptor_of(message_class: Any) -> Descriptor:
    descriptor: Descriptor = message_class.DESCRIPTOR
    return descriptor


def printed(message: Message) -> Any:
    return orjson.loads(incident.codec(type(message)).encode(message))


def read(message_class: Any, body: bytes) -> Any:
    return incident.codec(message_class).decode(body)


def refused(message_class: Any, body: bytes) -> Invalid:
    with pytest.raises(Invalid) as raised:
        incident.codec(message_class).decode(body)
    return raised.value


def rendered(error: WireError, request: Any = None, dialect: Any = incident) -> Any:
    occasion = Occasion("/api/v1/X.Y", "ab" * 16, descriptor_of(request) if request is not None else None)
    return orjson.loads(dialect.render_error(error, occasion).body)


NOBODY = {"userID": "", "name": "", "photoURL": ""}


def test_an_empty_incident_has_every_key_and_no_null():
    assert printed(incident_pb2.Incident()) == {
        "incidentID": "",
        "refs": [],
        "severity": "",
        "labels": [],
        "isDrill": False,
        "incidentType": "",
        "createdTime": "",
        "modifiedTime": "",
        "createdByUser": NOBODY,
        "closedTime": "",
        "durationSeconds": 0,
        "status": "",
        "title": "",
        "overviewURL": "",
        "incidentMembership": {"assignments": [], "totalAssignments": 0, "totalParticipants": 0},
        "taskList": {"tasks": [], "todoCount": 0, "doneCount": 0},
        "summary": "",
        "incidentStart": "",
        "incidentEnd": "",
        "incidentChannels": [],
        "slug": "",
        "version": 0,
        "severityID": "",
        "description": "",
        "statusID": "",
        "heroImagePath": "",
    }


def test_an_empty_activity_item_has_objects_where_node_demands_them():
    item = printed(activity_pb2.ActivityItem())
    assert (item["fieldValues"], item["subjectUser"], item["attachments"], item["tags"]) == ({}, NOBODY, [], [])


def test_only_pointers_are_null():
    assert printed(task_pb2.Task())["authorUser"] is None
    assert printed(key_updates_service_pb2.GetLastKeyUpdateResponse()) == {
        "keyUpdate": None,
        "keyUpdateCount": 0,
        "error": "",
    }
    assert printed(webhook_pb2.IncomingWebhookResponse()) == {"incident": None, "processingErrors": [], "error": ""}


@pytest.mark.parametrize("descriptor", MESSAGES, ids=lambda each: each.name)
def test_the_zero_value_of_every_shared_message_prints_every_key(descriptor: Descriptor):
    body = printed(GetMessageClass(descriptor)())
    assert list(body) == [field.json_name for field in descriptor.fields]
    nulls = {key for key, value in body.items() if value is None}
    assert nulls == {field.json_name for field in descriptor.fields if is_optional(field)}


def is_optional(field: FieldDescriptor) -> bool:
    return field.containing_oneof is not None


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        pytest.param(0, "2026-11-02T10:00:00Z", id="whole seconds"),
        pytest.param(176_260_000, "2026-11-02T10:00:00.17626Z", id="trailing zeros go"),
        pytest.param(123_456_789, "2026-11-02T10:00:00.123456Z", id="nanoseconds are cut"),
        pytest.param(999, "2026-11-02T10:00:00Z", id="less than a microsecond"),
    ],
)
def test_times_have_at_most_six_digits(nanos: int, text: str):
    time = Timestamp(seconds=1_793_613_600, nanos=nanos)
    assert printed(incident_pb2.Incident(created_time=time))["createdTime"] == text


def test_numbers_are_bare_integers():
    attachment = activity_pb2.Attachment(content_length=2**31 - 1)
    assert b'"contentLength":2147483647' in incident.codec(activity_pb2.Attachment).encode(attachment)
    assert list(printed(attachment))[-2:] == ["sHA512", "attachmentErr"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"title": "a", "attachURL": "https://x"}', id="exact"),
        pytest.param(b'{"TITLE": "a", "attachUrl": "https://x"}', id="the wrong case of two clients"),
        pytest.param(b'{"title": "a", "attach_url": "https://x"}', id="the proto name"),
        pytest.param(b'{"Title": "b", "title": "a", "attachURL": "https://x"}', id="the exact spelling wins"),
        pytest.param(b'{"title": "a", "attachURL": "https://x", "Title": "b"}', id="the exact spelling wins, first"),
        pytest.param(b'{"TITLE": "b", "Title": "a", "attachURL": "https://x"}', id="else the last one"),
        pytest.param(b'{"title": "a", "attachURL": "https://x", "createdTime": 7, "orderBy": []}', id="unknown keys"),
        pytest.param(
            b'{"title":"a","attachURL":"https://x","labels":null,"alertGroupID":null,"isDrill":null,"severity":null}',
            id="nulls everywhere",
        ),
        pytest.param(b'{"title": "a", "attachURL": "https://x", "labels": [null, null]}', id="nulls in a list"),
    ],
)
def test_a_request_is_read_as_go_reads_it(body: bytes):
    assert read(CreateIncident, body) == CreateIncident(title="a", attach_url="https://x")


@pytest.mark.parametrize(
    "body", [b"", b" \r\n", b"null", b"{}", b'{"query":null,"cursor":null}', b'{"limit":7,"Q":{}}']
)
def test_an_empty_or_misplaced_request_is_the_default_one(body: bytes):
    assert read(QueryPreviews, body) == QueryPreviews()


@pytest.mark.parametrize(
    ("cursor", "next_value"),
    [
        pytest.param({"nextValue": "abc", "hasMore": True}, "abc", id="the whole object"),
        pytest.param({"nextValue": "abc"}, "abc", id="as DevLake sends it"),
        pytest.param("abc", "abc", id="a bare string, as Tuist sends it"),
        pytest.param("", "", id="an empty string"),
        pytest.param(None, "", id="null"),
        pytest.param({"nextValue": "", "hasMore": False}, "", id="as Go sends the first one"),
        pytest.param({"nextValue": None, "HASMORE": None}, "", id="nulls inside"),
    ],
)
def test_a_cursor_has_many_forms(cursor: Any, next_value: str):
    request = read(QueryPreviews, orjson.dumps({"query": {"limit": 3}, "cursor": cursor}))
    assert (request.cursor.next_value, request.query.limit) == (next_value, 3)


@pytest.mark.parametrize("cursor", [7, True, ["abc"], {"nextValue": 7}])
def test_other_cursors_are_refused_with_their_field(cursor: Any):
    assert refused(QueryPreviews, orjson.dumps({"cursor": cursor})).violations[0].field.startswith("cursor")


def test_a_cursor_is_printed_as_an_object():
    assert printed(paging_pb2.Cursor()) == {"nextValue": "", "hasMore": False}


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_time_is_unset(value: Any):
    body = orjson.dumps({"eventTime": value})
    assert not read(activity_service_pb2.AddActivityRequest, body).HasField("event_time")


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("2026-11-02T11:00:00+01:00", 1_793_613_600, 0),
        ("2026-11-02T10:00:00.123456789Z", 1_793_613_600, 123_456_789),
        ("2026-11-02T04:30:00.5-05:30", 1_793_613_600, 500_000_000),
    ],
)
def test_times_have_any_offset(text: str, seconds: int, nanos: int):
    request = read(activity_service_pb2.AddActivityRequest, orjson.dumps({"eventTime": text}))
    assert request.event_time == Timestamp(seconds=seconds, nanos=nanos)


@pytest.mark.parametrize("text", ["2026-11-02T10:00:00", "2026-11-02", "yesterday", "2026-13-02T10:00:00Z", " ", 7])
def test_times_without_an_offset_and_other_texts_are_refused(text: Any):
    error = refused(activity_service_pb2.AddActivityRequest, orjson.dumps({"eventTime": text}))
    assert (error.reason, error.violations[0].field) == (Reason.FIELD_INVALID, "event_time")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b'{"title": "a\\u0000b"}', "title", id="a text"),
        pytest.param(b'{"labels": [{}, {"label": "\\u0000"}]}', "labels[1].label", id="a nested text"),
        pytest.param(b'{"unknown": {"deep": ["\\u0000"]}}', "unknown.deep[0]", id="what would be ignored"),
        pytest.param(b'{"labels": [{"a\\u0000": 1}]}', "labels[0]", id="a key"),
    ],
)
def test_a_nul_is_refused_with_its_field(body: bytes, field: str):
    error = refused(CreateIncident, body)
    assert error.violations == (FieldViolation(field, "must not contain NUL characters"),)


def test_a_nul_at_the_top_and_an_escaped_backslash_are_told_apart():
    assert refused(CreateIncident, b'"\\u0000"').reason is Reason.BODY_MALFORMED
    assert read(CreateIncident, b'{"title": "\\\\u0000"}').title == "\\u0000"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_any_other_text_comes_back_as_it_was(text: str):
    request = read(CreateIncident, orjson.dumps({"title": text}))
    assert request.title == text
    assert printed(incident_pb2.Incident(title=request.title))["title"] == text


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"7", b'"x"', b"{", b"{}x", b"\xff", b'{"title": "\xed\xa0\x80"}', b'{"title": "\\ud800"}',
        b'{"title": 7}', b'{"labels": {}}', b'{"labels": ["x"]}', b'{"isDrill": "yes"}', b"[" * 5000,
        b'{"labels":' + b'[{"labels":' * 2000, b'{"alertGroupID": {}}',
    ],
)  # fmt: skip
def test_hostile_bodies_are_refused(body: bytes):
    assert refused(CreateIncident, body).reason in (Reason.BODY_MALFORMED, Reason.FIELD_INVALID)


def test_field_values_nest_no_deeper_than_messages_may():
    nested = b'{"a":' * 500 + b"1" + b"}" * 500
    assert refused(activity_service_pb2.AddActivityRequest, b'{"fieldValues":' + nested + b"}").reason is (
        Reason.BODY_MALFORMED
    )


def test_severities_tell_absent_from_empty_and_are_read_at_the_top_too():
    update = severities_service_pb2.UpdateOrgSeverityRequest
    request = read(update, b'{"severity": {"severityID": "s", "description": "", "iconName": null}, "level": 3}')
    assert request.severity.HasField("description")
    assert not request.severity.HasField("icon_name")
    assert not request.severity.HasField("archived_at")
    assert (request.level, request.HasField("display_label")) == (3, False)


# --- errors


def wire(kind: type[DomainError], reason: Reason, **details: Any) -> WireError:
    return to_wire(kind(reason, "as told", **details), "r")


ERRORS = [
    (wire(errors.Invalid, Reason.FIELD_INVALID), 400, "common.validation_failed"),
    (wire(errors.Invalid, Reason.QUERY_INVALID), 400, "common.validation_failed"),
    (wire(errors.Invalid, Reason.CURSOR_INVALID), 400, "common.validation_failed"),
    (WireError(Code.UNIMPLEMENTED, "br", reason=Reason.BODY_MALFORMED), 400, "common.validation_failed"),
    (wrong_verb("PUT", "POST"), 405, "common.validation_failed"),
    (body_too_large(1048576), 413, "common.validation_failed"),
    (wire(errors.Unauthenticated, Reason.CREDENTIALS_MISSING), 401, "common.unauthorized"),
    (wire(errors.Unauthenticated, Reason.CREDENTIALS_INVALID), 401, "common.unauthorized"),
    (wire(errors.Forbidden, Reason.ROLE_TOO_LOW), 403, "common.forbidden"),
    (wire(errors.Forbidden, Reason.FEATURE_DISABLED), 403, "common.feature_disabled"),
    (unknown_route("/api/v1/X.Y"), 404, "common.not_found"),
    (wire(errors.NotFound, Reason.ACTIVITY_ITEM_NOT_FOUND), 404, "common.not_found"),
    (wire(errors.NotFound, Reason.SEVERITY_NOT_FOUND), 404, "common.not_found"),
    (wire(errors.NotFound, Reason.INCIDENT_NOT_FOUND), 404, "incidents.not_found"),
    (wire(errors.NotFound, Reason.INTEGRATION_NOT_FOUND), 404, "integrations.not_found"),
    (wire(errors.NotFound, Reason.HOOK_NOT_FOUND), 404, "integrations.not_found"),
    (wire(errors.NotFound, Reason.TASK_NOT_FOUND), 404, "tasks.not_found"),
    (wire(errors.NotFound, Reason.ROLE_NOT_FOUND), 404, "roles.not_found"),
    (wire(errors.NotFound, Reason.STATUS_NOT_FOUND), 404, "statuses.not_found"),
    (wire(errors.NotFound, Reason.USER_NOT_FOUND), 404, "users.not_found"),
    (wire(errors.Conflict, Reason.NAME_TAKEN), 409, "common.conflict"),
    (wire(errors.Aborted, Reason.VERSION_MISMATCH), 409, "common.conflict"),
    (wire(errors.PreconditionFailed, Reason.IMMUTABLE), 409, "common.conflict"),
    (wire(errors.PreconditionFailed, Reason.STATUS_TRANSITION_INVALID), 409, "incidents.invalid_status_transition"),
    (wire(errors.PreconditionFailed, Reason.INTEGRATION_NOT_CONFIGURED), 409, "integrations.not_configured"),
    (wire(errors.Conflict, Reason.ROLE_NAME_TAKEN), 409, "roles.name_conflict"),
    (wire(errors.PreconditionFailed, Reason.ROLES_AT_MAXIMUM), 409, "roles.maximum_active_reached"),
    (wire(errors.PreconditionFailed, Reason.ROLES_AT_MINIMUM), 409, "roles.minimum_active_required"),
    (wire(errors.LimitExceeded, Reason.RATE_LIMITED), 429, "common.rate_limited"),
    (wire(errors.Unavailable, Reason.DATABASE_UNAVAILABLE), 503, "common.internal_error"),
    (wire(errors.Unavailable, Reason.INCIDENT_CREATION_FAILED), 500, "incidents.creation_failed"),
    (WireError(Code.INTERNAL, "x"), 500, "common.internal_error"),
    (WireError(Code.DEADLINE_EXCEEDED, "x"), 500, "common.internal_error"),
]


def test_the_table_of_errors_has_every_code():
    assert {code for _, _, code in ERRORS} == set(PROBLEMS)
    assert set(CODE_OF_KIND) == set(Code)
    assert {*CODE_OF_REASON.values(), *CODE_OF_KIND.values()} == set(PROBLEMS)


@pytest.mark.parametrize(("error", "status", "code"), ERRORS, ids=lambda each: each if isinstance(each, str) else None)
def test_every_error_has_the_keys_of_both_generations(error: WireError, status: int, code: str):
    body = rendered(error)
    assert (body["status"], body["code"], incident.render_error(error).status) == (status, code, status)
    assert body.keys() == {
        "error", "type", "title", "status", "detail", "instance", "code", "trace_id", "hint", "retryable", "context",
        "message", "traceID",
    }  # fmt: skip
    assert body["error"] == body["detail"] == body["message"] == error.message
    assert body["type"] == f"/docs/errors#{code}"
    assert body["title"] == PROBLEMS[code].title
    assert body["trace_id"] == body["traceID"] == "ab" * 16
    assert body["instance"] == "/api/v1/X.Y"
    assert body["retryable"] is (status in (429, 503))
    assert isinstance(body["hint"], str)
    assert all(isinstance(value, str) for value in body["context"].values())


def test_an_error_is_a_problem_document_with_its_headers():
    answer = incident.render_error(wire(errors.Unauthenticated, Reason.CREDENTIALS_MISSING))
    assert (answer.content_type, answer.headers) == (
        "application/problem+json",
        (("www-authenticate", "Bearer"),),
    )
    slow = to_wire(LimitExceeded(Reason.RATE_LIMITED, "x", retry_after=1.2), "r")
    assert incident.render_error(slow).headers == (("retry-after", "2"),)
    assert incident.render_error(wire(LimitExceeded, Reason.RATE_LIMITED)).headers == (("retry-after", "1"),)


@pytest.mark.parametrize("url", ["https://ops.example.org", "https://ops.example.org/"])
def test_the_type_is_absolute_where_the_public_url_is_known(url: str):
    body = rendered(WireError(Code.NOT_FOUND, "x"), dialect=incident_dialect(url))
    assert body["type"] == "https://ops.example.org/docs/errors#common.not_found"


def test_what_the_contract_refuses_is_told_with_the_keys_of_the_api():
    request = CreateIncident(title=" ", attach_url="ftp://x", labels=[{"label": "x" * 201}])
    with pytest.raises(Invalid) as raised:
        validate(request)
    body = rendered(to_wire(raised.value, "r"), CreateIncident)
    assert body["context"] == {"field": "title"}
    assert body["error"] == (
        "title: is required; labels[0].label: has 201 characters, at most 200 are accepted; "
        r"attachURL: must match (?i)https?://\S+"
    )


@pytest.mark.parametrize(
    ("request_message", "context"),
    [
        pytest.param(CreateIncident(title="x" * 501), {"field": "title", "max": "500"}, id="a length"),
        pytest.param(CreateIncident(title="x", labels=[{}] * 101), {"field": "labels", "max": "100"}, id="a count"),
        pytest.param(QueryActivity(query={}), {"field": "query.incidentID"}, id="a nested id"),
        pytest.param(QueryActivity(), {"field": "query"}, id="a missing object"),
        pytest.param(incidents_service_pb2.GetIncidentRequest(), {"field": "incidentID"}, id="an id"),
    ],
)
def test_the_context_of_a_refusal(request_message: Message, context: dict[str, str]):
    with pytest.raises(Invalid) as raised:
        validate(request_message)
    assert rendered(to_wire(raised.value, "r"), type(request_message))["context"] == context


def test_lengths_count_code_points():
    validate(CreateIncident(title="\N{PILE OF POO}" * 500))


def test_a_missing_object_is_told_with_its_kind_and_id():
    missing = NotFound(Reason.KEY_UPDATE_NOT_FOUND, "no key update has the id 'k'", metadata={"id": "k"})
    assert rendered(to_wire(missing, "r"))["context"] == {"kind": "key update", "id": "k"}
    named = NotFound(Reason.FIELD_NOT_FOUND, "none", metadata={"id": "k", "kind": "label key"})
    assert rendered(to_wire(named, "r"))["context"] == {"kind": "label key", "id": "k"}


def test_a_crash_tells_nothing():
    body = rendered(to_wire(ZeroDivisionError("a secret"), "ab"))
    assert (body["context"], "secret" in str(body)) == ({}, False)


def test_an_error_without_words_still_has_an_error():
    assert rendered(WireError(Code.NOT_FOUND, ""))["error"] == "Not found"


def test_half_a_surrogate_pair_does_not_break_an_error():
    error = WireError(Code.NOT_FOUND, "\ud800", metadata={"a\udfff": "\ud800"})
    assert rendered(error)["context"] == {"a?": "?"}
    assert incident.render_error(error, Occasion("/\ud800")).status == 404


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("incident_id", "incidentID"),
        ("query.incident_id", "query.incidentID"),
        ("query.limit", "query.limit"),
        ("query.nothing.more", "query.nothing.more"),
        ("unknown[3].x", "unknown[3].x"),
        ("", ""),
        ("cursor.next_value", "cursor.nextValue"),
        ("field_values['a.b']", "field_values['a.b']"),
    ],
)
def test_a_path_is_told_in_the_words_of_the_api(path: str, told: str):
    request: Any = QueryActivity if path.startswith(("query", "cursor")) else incidents_service_pb2.GetIncidentRequest
    assert json_path(path, descriptor_of(request)) == told
    assert json_path(path, None) == path
