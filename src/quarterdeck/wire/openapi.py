"""The REST paths as an OpenAPI 3.1 document, from the descriptors alone; the same services give the same document.

OpenAPI holds less than `google.api.http`, so two things are said in its extensions: `x-additional-operations` of a path
has the verbs that OpenAPI does not know, and `x-required-role` of an operation has the lowest role that may call it.
Paths of one shape are one path there, whatever their variables are called: the first name is kept. A variable of
several segments has the pattern of its segments; its value stands in the path with its slashes. Fields are named and
typed as in protojson, but for the dialects that are `PROTO_NAMED`. A path that is JSON or a stream has both as content.
The descriptors carry no comments, so there are no descriptions of ours.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from quarterdeck.wire.method import HttpBinding, Method, Service
from quarterdeck.wire.rest.fields import descriptor_of, is_map, is_raw, map_entry, message_of, single_message
from quarterdeck.wire.rest.json_schema import WELL_KNOWN, Json, Schemas, field_rules
from quarterdeck.wire.rest.sse import RESUME_PARAMETER
from quarterdeck.wire.rest.template import ANY_REST, ANY_SEGMENT, PathTemplate, Variable, parse_template
from quarterdeck.wire.rest.text_values import text_reader

_VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
PROTO_NAMED = frozenset({"holmes"})
"""Dialects whose keys are the proto names."""

_SECURITY: Mapping[str, Json] = {
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The token is the password; any user name is accepted.",
    },
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def openapi_document(services: Iterable[Service], *, title: str, version: str) -> Json:
    """The document as JSON values. Services without REST paths are left out."""
    known = tuple(services)
    document = _Document({each.descriptor.file.package for each in known if each.dialect in PROTO_NAMED})
    for service in known:
        for method in service.methods:
            for number, binding in enumerate(method.bindings):
                document.add(service, method, binding, number)
    parts = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": document.paths,
        "components": {
            "schemas": document.schemas.finish(),
            "responses": document.responses,
            "securitySchemes": _SECURITY,
        },
        "security": [{name: []} for name in _SECURITY],
    }
    return copy.deepcopy(parts)


class _Document:
    def __init__(self, proto_named: set[str]) -> None:
        self.paths: Json = {}
        self.responses: Json = {}
        self.schemas = Schemas(proto_named)
        self._path_of_shape: dict[str, _Path] = {}

    def add(self, service: Service, method: Method, binding: HttpBinding, number: int) -> None:
        """Document one rule."""
        template = parse_template(binding.template)
        path = self._path(template, binding.verb)
        item = self.paths.setdefault(path.text, {})
        operation = self._operation(service, method, binding, number)
        operation["parameters"] = [
            *self._path_parameters(method, template, path),
            *self._query_parameters(method, binding, template),
            *_resume_parameters(method),
            *_token_parameters(method),
        ]
        verb = binding.verb.lower()
        if verb in _VERBS:
            item[verb] = operation
        else:
            item.setdefault("x-additional-operations", {})[binding.verb] = operation

    def _path(self, template: PathTemplate, verb: str) -> _Path:
        shape = _Path.of(template, [""] * len(template.variables)).text
        names = [variable.field_path for variable in template.variables]
        path = self._path_of_shape.setdefault(shape, _Path.of(template, names))
        while _has_operation(self.paths.get(path.text, {}), verb):
            # `{a}` and `{a=**}` differ for the server and not for OpenAPI.
            path = _Path.of(template, [f"{name}_1" for name in path.names])
        return path

    def _operation(self, service: Service, method: Method, binding: HttpBinding, number: int) -> Json:
        suffix = f"_{number + 1}" if number else ""
        operation: Json = {
            "operationId": f"{method.service_name}.{method.name}{suffix}",
            "tags": [service.name],
            "x-required-role": method.role.name.lower(),
            "responses": {"200": self._answer(service, method, binding), "default": self._error(service.dialect)},
        }
        if method.descriptor.GetOptions().deprecated:
            operation["deprecated"] = True
        if binding.body:
            operation["requestBody"] = {"content": self._request_content(method, binding)}
        return operation

    def _request_content(self, method: Method, binding: HttpBinding) -> Json:
        descriptor = descriptor_of(method.request_class)
        if binding.body == "*":
            return self._content(descriptor, None)
        return self._content(descriptor, descriptor.fields_by_name[binding.body])

    def _answer(self, service: Service, method: Method, binding: HttpBinding) -> Json:
        descriptor = descriptor_of(method.response_class)
        if method.streams:
            event = {"description": "The data of each event.", **self.schemas.of_message(descriptor)}
            return {"description": "A stream of events.", "content": {"text/event-stream": {"schema": event}}}
        field = descriptor.fields_by_name[binding.response_body] if binding.response_body else None
        content = self._content(descriptor, field)
        twin = next((each for each in service.methods if each.name == method.twin), None)
        if twin is not None:
            content |= self._answer(service, twin, binding)["content"]
        return {"description": "Success.", "content": content}

    def _content(self, descriptor: Descriptor, field: FieldDescriptor | None) -> Json:
        if is_raw(descriptor if field is None else single_message(field)):
            return {"*/*": {}}
        schema = self.schemas.of_message(descriptor) if field is None else self.schemas.of_field(field)
        return {"application/json": {"schema": schema}}

    def _error(self, dialect: str) -> Json:
        name = "Error" if dialect == "protojson" else f"Error.{dialect}"
        schema = {"$ref": "#/components/schemas/Error"} if dialect == "protojson" else {"type": "object"}
        self.responses[name] = {"description": "An error.", "content": {"application/json": {"schema": schema}}}
        return {"$ref": f"#/components/responses/{name}"}

    def _path_parameters(self, method: Method, template: PathTemplate, path: _Path) -> Iterator[Json]:
        for name, variable in zip(path.names, template.variables, strict=True):
            schema = self.schemas.of_field(_field_at(method, variable.field_path))
            if variable.spans_segments:
                schema = {**schema, "pattern": _pattern(template, variable)}
            parameter = {"name": name, "in": "path", "required": True, "schema": schema}
            yield parameter if name == variable.field_path else {**parameter, "description": variable.field_path}

    def _query_parameters(self, method: Method, binding: HttpBinding, template: PathTemplate) -> Iterator[Json]:
        if binding.body == "*":
            return
        taken = {binding.body, *(variable.field_path for variable in template.variables)}
        yield from self._flattened(descriptor_of(method.request_class), (), (), taken)

    def _flattened(
        self, descriptor: Descriptor, proto_path: tuple[str, ...], json_path: tuple[str, ...], taken: set[str]
    ) -> Iterator[Json]:
        """Parameters for every field that text can set; a message that contains itself is followed once."""
        for field in descriptor.fields:
            path, names = (*proto_path, field.name), (*json_path, field.json_name)
            if ".".join(path) in taken:
                continue
            nested = single_message(field)
            if _is_text(field):
                yield self._query_parameter(field, ".".join(names))
            elif nested is not None and nested.full_name not in WELL_KNOWN and len(path) < _MAX_QUERY_DEPTH:
                yield from self._flattened(nested, path, names, taken)

    def _query_parameter(self, field: FieldDescriptor, name: str) -> Json:
        parameter: Json = {"name": name, "in": "query", "schema": self.schemas.of_field(field)}
        if is_map(field):
            parameter.update(style="deepObject", explode=True)
        return {**parameter, "required": True} if field_rules(field).required and "." not in name else parameter


_MAX_QUERY_DEPTH = 3


@dataclass(frozen=True, slots=True)
class _Path:
    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, template: PathTemplate, names: list[str]) -> _Path:
        """The path with a name in braces for each variable."""
        pieces, position = [], 0
        for name, variable in zip(names, template.variables, strict=True):
            pieces += [*template.segments[position : variable.start], f"{{{name}}}"]
            position = len(template.segments) if variable.end is None else variable.end
        pieces += template.segments[position:]
        verb = f":{template.verb}" if template.verb else ""
        return cls("/" + "/".join(pieces) + verb, tuple(names))


def _has_operation(item: Mapping[str, Any], verb: str) -> bool:
    return verb.lower() in item or verb in item.get("x-additional-operations", {})


def _pattern(template: PathTemplate, variable: Variable) -> str:
    wild = {ANY_SEGMENT: "[^/]+", ANY_REST: ".*"}
    segments = template.segments[variable.start : variable.end]
    return "^" + "/".join(wild.get(segment) or re.escape(segment) for segment in segments) + "$"


def _field_at(method: Method, path: str) -> FieldDescriptor:
    *parents, name = path.split(".")
    descriptor = descriptor_of(method.request_class)
    for parent in parents:
        nested = message_of(descriptor.fields_by_name[parent])
        assert nested is not None  # noqa: S101 - the binding was compiled, its paths exist
        descriptor = nested
    return descriptor.fields_by_name[name]


def _is_text(field: FieldDescriptor) -> bool:
    return text_reader(map_entry(field)[1] if is_map(field) else field) is not None


def _token_parameters(method: Method) -> Iterator[Json]:
    if method.stream_token_parameter:
        description = "A short-lived stream token, in place of credentials in headers."
        yield {
            "name": method.stream_token_parameter,
            "in": "query",
            "description": description,
            "schema": {"type": "string"},
        }


def _resume_parameters(method: Method) -> Iterator[Json]:
    if not method.stream_resume_field:
        return
    description = "The id of the last event that was received; the stream goes on behind it."
    for name, place in (("Last-Event-ID", "header"), (RESUME_PARAMETER, "query")):
        yield {"name": name, "in": place, "description": description, "schema": {"type": "string"}}
