"""One `google.api.http` rule, compiled: how a request message is made from a path, a query and a body.

Later sources win: body, then query, then path. `body: "*"` leaves nothing to the query. An empty body stands for a body
with nothing set. Rules that contradict their message raise ValueError when the server starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.wire.dialects.dialect import BodyReader, Dialect
from quarterdeck.wire.method import HttpBinding, Method, message_class
from quarterdeck.wire.rest.fields import HTTP_BODY, descriptor_of, field_of, is_raw, set_value, single_message
from quarterdeck.wire.rest.query import QueryBinder
from quarterdeck.wire.rest.template import PathTemplate, Values, parse_template
from quarterdeck.wire.rest.text_values import TextReader, text_reader

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class _PathField:
    path: str
    parents: tuple[str, ...]
    field: FieldDescriptor
    read: TextReader

    def apply(self, request: Message, text: str) -> None:
        try:
            value = self.read(text)
        except ValueError as error:
            why = f"{text[:_SHOWN]!r} is not accepted; send {error}"
            raise Invalid(
                Reason.FIELD_INVALID, f"{self.path} in the path: {why}", violations=(FieldViolation(self.path, why),)
            ) from error
        for part in self.parents:
            request = getattr(request, part)
        set_value(request, self.field, value)


@dataclass(frozen=True, slots=True)
class RequestBinding:
    """Makes the requests of one rule. `reads_body` and `any_type` tell the transport what to read and to accept."""

    template: PathTemplate
    reads_body: bool
    any_type: bool
    """The body may have any content type: it is a `google.api.HttpBody`, or the dialect looks at the type itself."""
    _body: BodyReader
    _query: QueryBinder | None
    _path: tuple[_PathField, ...]

    def bind(self, values: Values, query: bytes = b"", body: bytes = b"", content_type: str = "") -> Message:
        """The request message. Raises Invalid that names the parameter or the field."""
        request = self._body(body, content_type)
        if self._query is not None and query:
            self._query.apply(query, request)
        for field in self._path:
            field.apply(request, values[field.path])
        return request


def compile_binding(method: Method, binding: HttpBinding, dialect: Dialect) -> RequestBinding:
    """Raises ValueError for a rule that cannot work: a field that does not exist, cannot be text, or is bound twice."""
    where = f"{method.path}: {binding.verb} {binding.template}"
    template = parse_template(binding.template)
    descriptor = descriptor_of(method.request_class)
    body_field = _body_field(descriptor, binding, where)
    paths = {variable.field_path for variable in template.variables}
    if binding.body in paths:
        raise ValueError(f"{where}: the path and the body both set {binding.body!r}")
    taken = frozenset(paths if body_field is None else paths | {body_field.name})
    own_reader = dialect.body_reader(method.request_class) if binding.body == "*" else None
    is_raw_body = bool(binding.body) and is_raw(descriptor if body_field is None else single_message(body_field))
    return RequestBinding(
        template=template,
        reads_body=bool(binding.body),
        any_type=is_raw_body or own_reader is not None,
        _body=own_reader or _body_reader(method, binding, body_field, dialect),
        _query=None if binding.body == "*" else QueryBinder(descriptor, taken),
        _path=tuple(_path_field(descriptor, variable.field_path, where) for variable in template.variables),
    )


def _body_field(descriptor: Descriptor, binding: HttpBinding, where: str) -> FieldDescriptor | None:
    if binding.body and binding.verb in ("GET", "HEAD"):
        raise ValueError(f"{where}: {binding.verb} has no body")
    if binding.body in ("", "*"):
        return None
    field = field_of(descriptor, binding.body)
    if field is None:
        raise ValueError(f"{where}: {descriptor.full_name} has no field {binding.body!r} for the body")
    return field


def _path_field(descriptor: Descriptor, path: str, where: str) -> _PathField:
    *parents, name = path.split(".")
    for part in parents:
        descriptor = _nested(descriptor, part, where)
    field = _existing(descriptor, name, where)
    read = None if field.message_type is not None else text_reader(field)
    if field.is_repeated or read is None:
        raise ValueError(f"{where}: {path!r} is repeated or a message; a path holds one scalar")
    return _PathField(path, tuple(parents), field, read)


def _existing(descriptor: Descriptor, name: str, where: str) -> FieldDescriptor:
    field = field_of(descriptor, name)
    if field is None:
        raise ValueError(f"{where}: {descriptor.full_name} has no field {name!r} for the path")
    return field


def _nested(descriptor: Descriptor, name: str, where: str) -> Descriptor:
    field = _existing(descriptor, name, where)
    nested = single_message(field)
    if nested is None:
        raise ValueError(f"{where}: {name!r} is no single message, a path cannot lead through it")
    return nested


def _body_reader(method: Method, binding: HttpBinding, field: FieldDescriptor | None, dialect: Dialect) -> BodyReader:
    if not binding.body:
        return _without_body(method)
    if field is None:
        return _raw_reader(method, None) if method.request_class is HTTP_BODY else _whole_reader(method, dialect)
    nested = single_message(field)
    if nested is None:
        return _value_reader(method, field, dialect)
    return _raw_reader(method, field) if is_raw(nested) else _message_reader(method, field, nested, dialect)


def _without_body(method: Method) -> BodyReader:
    def read(_body: bytes, _content_type: str, /) -> Message:
        return method.request_class()

    return read


def _whole_reader(method: Method, dialect: Dialect) -> BodyReader:
    codec = dialect.codec(method.request_class)

    def read(body: bytes, _content_type: str, /) -> Message:
        return codec.decode(body) if body else method.request_class()

    return read


def _raw_reader(method: Method, field: FieldDescriptor | None) -> BodyReader:
    def read(body: bytes, content_type: str, /) -> Message:
        request = method.request_class()
        raw: Any = request if field is None else getattr(request, field.name)
        raw.data, raw.content_type = body, content_type
        return request

    return read


def _message_reader(method: Method, field: FieldDescriptor, nested: Descriptor, dialect: Dialect) -> BodyReader:
    codec = dialect.codec(message_class(nested))

    def read(body: bytes, _content_type: str, /) -> Message:
        request = method.request_class()
        if body:
            set_value(request, field, _below(field.name, lambda: codec.decode(body)))
        return request

    return read


def _below(name: str, decode: Callable[[], Message]) -> Message:
    """Violations of a body are paths in the body; the caller's schema has them below the field."""
    try:
        return decode()
    except Invalid as error:
        raise Invalid(
            error.reason,
            error.message,
            violations=tuple(FieldViolation(_join(name, each.field), each.description) for each in error.violations),
            metadata=error.metadata,
        ) from error


def _join(name: str, path: str) -> str:
    return f"{name}.{path}" if path else name


def _value_reader(method: Method, field: FieldDescriptor, dialect: Dialect) -> BodyReader:
    codec = dialect.codec(method.request_class)

    def read(body: bytes, _content_type: str, /) -> Message:
        return codec.from_json({field.json_name: _json(body)}) if body else method.request_class()

    return read


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(Reason.BODY_MALFORMED, f"the body is not valid JSON: {error}") from error
