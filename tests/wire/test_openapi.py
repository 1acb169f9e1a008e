"""The OpenAPI document: every rule is in it, and it is the structure that the specification asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2
from quarterdeck.gen.tenant.v1 import tenant_pb2
from quarterdeck.wire.method import HttpBinding, Service, describe_service
from quarterdeck.wire.openapi import openapi_document
from tests.gen.testing.v1 import conformance_pb2

FILES = (tenant_pb2, collector_pb2, pipeline_pb2, admin_pb2, fleet_pb2, conformance_pb2)
SERVICES = tuple(
    describe_service(descriptor) for file in FILES for descriptor in file.DESCRIPTOR.services_by_name.values()
)
DOCUMENT = openapi_document(SERVICES, title="Quarterdeck", version="1")
ECHO = next(service for service in SERVICES if service.name.endswith("EchoService"))
VERBS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        assert set(item) <= VERBS | {"x-additional-operations"}
        for verb, operation in {**item, **item.get("x-additional-operations", {})}.items():
            if verb != "x-additional-operations":
                yield path, verb.upper(), operation


def operation(path: str, verb: str) -> dict[str, Any]:
    return next(each for where, name, each in operations(DOCUMENT) if (where, name) == (path, verb))


def parameters(path: str, verb: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in operation(path, verb)["parameters"]}


def component(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = DOCUMENT["components"]["schemas"][name]
    return schema


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_binding_of_every_method_is_there(service):
    known = {(verb, each["operationId"]) for _, verb, each in operations(DOCUMENT)}
    for method in service.methods:
        for number, binding in enumerate(method.bindings):
            suffix = f"_{number + 1}" if number else ""
            assert (binding.verb, f"{service.name}.{method.name}{suffix}") in known


def test_nothing_else_is_there_and_ids_are_unique():
    ids = [each["operationId"] for _, _, each in operations(DOCUMENT)]
    assert len(ids) == len(set(ids)) == sum(len(method.bindings) for each in SERVICES for method in each.methods)


def test_every_reference_leads_somewhere():
    found = list(references(DOCUMENT))
    assert found
    for reference in found:
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def test_every_component_is_used():
    used = {reference.rpartition("/")[2] for reference in references(DOCUMENT)}
    assert set(DOCUMENT["components"]["schemas"]) | set(DOCUMENT["components"]["responses"]) == used


def test_path_parameters_are_those_of_the_path():
    for path, _, each in operations(DOCUMENT):
        named = [parameter["name"] for parameter in each["parameters"] if parameter["in"] == "path"]
        assert named == re.findall(r"\{([^}]*)\}", path)
        assert all(parameter["required"] for parameter in each["parameters"] if parameter["in"] == "path")


def test_a_parameter_is_named_once_per_place():
    for _, _, each in operations(DOCUMENT):
        named = [(parameter["in"], parameter["name"]) for parameter in each["parameters"]]
        assert len(named) == len(set(named))


def test_no_two_paths_differ_by_their_variables_only():
    shapes = [re.sub(r"\{[^}]*\}", "{}", path) for path in DOCUMENT["paths"]]
    assert len(shapes) == len(set(shapes))


def test_every_operation_has_answers_and_a_role():
    for _, _, each in operations(DOCUMENT):
        assert set(each["responses"]) == {"200", "default"}
        assert all("description" in answer or "$ref" in answer for answer in each["responses"].values())
        assert each["x-required-role"] in ("collector", "viewer", "editor", "admin")


def test_the_head_is_what_the_specification_asks_for():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"] == {"title": "Quarterdeck", "version": "1"}
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert [scheme["type"] for scheme in schemes.values()] == ["http", "http", "apiKey"]
    assert [list(option) for option in DOCUMENT["security"]] == [[name] for name in schemes]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for kind in DOCUMENT["components"].values() for name in kind)


def test_the_document_is_json_and_the_same_every_time():
    again = openapi_document(SERVICES, title="Quarterdeck", version="1")
    assert json.dumps(again, allow_nan=False) == json.dumps(DOCUMENT, allow_nan=False)


def test_parts_are_not_shared_between_documents():
    one = openapi_document([ECHO], title="a", version="1")
    one["components"]["schemas"]["testing.v1.Thing"]["properties"].clear()
    one["components"]["schemas"]["Error"].clear()
    assert openapi_document([ECHO], title="a", version="1")["components"]["schemas"]["Error"]


def test_a_variable_of_several_segments_has_their_pattern():
    name = parameters("/test/v1/things/{thing.name}", "PUT")["thing.name"]
    assert name["schema"] == {"type": "string", "pattern": "^shelves/[^/]+/books/.*$"}


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("big", {"type": "string", "format": "int64"}),
        ("small", {"type": "integer", "format": "int32"}),
        ("unsignedSmall", {"type": "integer", "format": "uint32", "minimum": 0}),
        ("data", {"type": "string", "contentEncoding": "base64"}),
        ("color", {"$ref": "#/components/schemas/testing.v1.Color"}),
        ("inner", {"$ref": "#/components/schemas/testing.v1.Thing.Inner"}),
        ("tags", {"type": "array", "items": {"type": "string"}}),
        ("labels", {"type": "object", "additionalProperties": {"type": "string"}}),
        ("at", {"type": "string", "format": "date-time"}),
        ("value", {}),
        ("nothing", {"type": "null"}),
        ("wrappedNumber", {"type": ["string", "null"], "format": "int64"}),
        ("@odd", {"type": "string"}),
    ],
)
def test_a_field_is_typed_as_protojson_prints_it(field, schema):
    assert component("testing.v1.Thing")["properties"][field] == schema


def test_enums_are_their_names():
    expected = ["COLOR_UNSPECIFIED", "COLOR_RED", "COLOR_BLUE"]
    assert component("testing.v1.Color") == {"type": "string", "enum": expected}


def test_a_message_that_contains_itself_refers_to_itself():
    inner = component("testing.v1.Thing.Inner")["properties"]["inner"]
    assert inner == {"$ref": "#/components/schemas/testing.v1.Thing.Inner"}


def test_limits_of_the_contract_are_limits_of_the_schema():
    properties = component("testing.v1.EchoRequest")["properties"]
    assert properties["note"] == {"type": "string", "maxLength": 10}
    assert properties["few"] == {"type": "array", "items": {"type": "string"}, "maxItems": 3}
    assert properties["level"] == {"type": "integer", "format": "int32", "minimum": 1, "maximum": 5}
    assert properties["slug"] == {"type": "string", "pattern": "^(?:[a-z]+)$"}
    assert component("testing.v1.FailRequest")["required"] == ["error"]


def test_a_query_has_the_fields_that_text_can_set():
    names = parameters("/test/v1/echo/{thing.name}", "GET")
    assert {"note", "few", "level", "thing.big", "thing.tags", "thing.at", "thing.inner.label"} <= set(names)
    assert not {"thing", "thing.inners", "thing.metadata", "thing.byNumber"} & set(names)
    assert [name for name, each in names.items() if each["in"] == "path"] == ["thing.name"]
    assert (names["thing.labels"]["style"], names["thing.labels"]["explode"]) == ("deepObject", True)


def test_a_body_is_where_the_rule_puts_it():
    whole, one = operation("/test/v1/echo", "POST"), operation("/test/v1/things/{thing.name}", "PUT")
    body = {"$ref": "#/components/schemas/testing.v1.EchoRequest"}
    assert whole["requestBody"]["content"] == {"application/json": {"schema": body}}
    assert whole["parameters"] == []
    body = {"$ref": "#/components/schemas/testing.v1.Thing"}
    assert one["requestBody"]["content"] == {"application/json": {"schema": body}}
    assert "requestBody" not in operation("/test/v1/echo/{thing.name}", "GET")


def test_an_answer_is_the_response_body():
    answer = operation("/test/v1/echo:verb", "POST")["responses"]["200"]["content"]
    assert answer == {"application/json": {"schema": {"$ref": "#/components/schemas/testing.v1.Thing"}}}


def test_raw_bodies_are_of_any_type():
    upload = operation("/test/v1/upload", "POST")
    assert (upload["requestBody"]["content"], upload["responses"]["200"]["content"]) == ({"*/*": {}}, {"*/*": {}})


def test_a_stream_is_events_that_can_be_resumed():
    count = operation("/test/v1/count/{until}", "GET")
    assert list(count["responses"]["200"]["content"]) == ["text/event-stream"]
    places = {(each["in"], each["name"]) for each in count["parameters"]}
    assert {("header", "Last-Event-ID"), ("query", "lastEventId"), ("path", "until")} <= places


def test_a_verb_of_our_own_is_an_extension():
    assert list(DOCUMENT["paths"]["/test/v1/echo"]["x-additional-operations"]) == ["REPORT"]


def test_routes_that_openapi_cannot_tell_apart_get_names_of_their_own():
    bindings = tuple(_get(template) for template in ("/{note}", "/{note=**}", "/{slug}:x"))
    method = replace(ECHO.methods[0], bindings=bindings)
    document = openapi_document([replace(ECHO, methods=(method,))], title="a", version="1")
    assert list(document["paths"]) == ["/{note}", "/{note_1}", "/{slug}:x"]


def _get(template: str) -> HttpBinding:
    return HttpBinding("GET", template, "", "")


def test_a_service_without_rest_is_left_out():
    silent: Service = replace(ECHO, methods=tuple(replace(method, bindings=()) for method in ECHO.methods))
    document = openapi_document([silent], title="a", version="1")
    assert document["paths"] == {}
