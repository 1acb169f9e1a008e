"""The contract as the server reads it: one `Method` per RPC and one `Service` per service, made from the descriptors.

Everything that a transport, the chain or the REST router needs to know about an RPC is here, and comes from the .proto
files alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.identity.call import Role


class RateClass(IntEnum):
    """The budget that a call draws on."""

    API = options_pb2.RATE_CLASS_API
    COLLECTOR = options_pb2.RATE_CLASS_COLLECTOR
    ASSISTANT = options_pb2.RATE_CLASS_ASSISTANT


class EventForm(IntEnum):
    """How the records of a stream look as Server-Sent Events; see `quarterdeck.wire.v1.EventForm`."""

    PLAIN = options_pb2.EVENT_FORM_UNSPECIFIED
    UNNAMED = options_pb2.EVENT_FORM_UNNAMED
    NAMED = options_pb2.EVENT_FORM_NAMED


@dataclass(frozen=True, slots=True)
class HttpBinding:
    """One `google.api.http` rule: verb, path template, and where the body goes (`""`, `"*"` or a field)."""

    verb: str
    template: str
    body: str
    response_body: str


_ANY_CALL = re.compile(r"[A-Z]\w*\.\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mount:
    """A further place of a service: `prefix` and what is between the names; see `quarterdeck.wire.v1.Mount`."""

    prefix: str
    join: int
    service_name: str
    shared: bool = False

    def path(self, method_name: str) -> str:
        match self.join:
            case options_pb2.JOIN_DOT:
                return f"{self.prefix}/{self.service_name}.{method_name}"
            case options_pb2.JOIN_BARE:
                return f"{self.prefix}{self.service_name}.{method_name}"
            case _:
                return f"{self.prefix}/{self.service_name}/{method_name}"

    def owns(self, path: str) -> bool:
        """Whether a path lies below this mount, whatever is there."""
        if not path.startswith(self.prefix):
            return False
        slashed = path.startswith("/", len(self.prefix))
        bare = self.join == options_pb2.JOIN_BARE
        if slashed is bare:
            return path == self.prefix and not self.shared
        return not self.shared or self._is_call(path[len(self.prefix) + slashed :])

    def _is_call(self, rest: str) -> bool:
        return re.split(r"[./]", rest, maxsplit=1)[0] == self.service_name or bool(_ANY_CALL.fullmatch(rest))


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC."""

    name: str
    service_name: str
    request_class: type[Message]
    response_class: type[Message]
    streams: bool
    """Whether the answer is a stream. (No contract of ours has client streams.)"""
    no_side_effects: bool
    role: Role
    rate_class: RateClass
    bindings: tuple[HttpBinding, ...]
    stream_id_field: str
    stream_resume_field: str
    stream_token_parameter: str
    """The query parameter that may carry a stream token; empty for none."""
    event_form: EventForm
    twin: str
    """The name of the stream that REST paths of this unary method become when `twin_field` of the request is true."""
    twin_field: str
    """Of a stream that is a twin: the field that its own REST paths set."""
    api_key_first: bool
    """Whether `X-API-Key` hides `Authorization`."""
    legacy_get: bool
    """On mounts: whether GET is the same call with an empty request."""
    mounted_body: str
    """On mounts: the field of the response that is the answer; empty for the whole response."""
    descriptor: MethodDescriptor = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        """The canonical path, on Connect and gRPC alike."""
        return f"/{self.service_name}/{self.name}"

    @property
    def python_name(self) -> str:
        """The name of the method that implements it: `GetPipelineID` is `get_pipeline_id`."""
        return snake_case(self.name)


@dataclass(frozen=True, slots=True)
class Service:
    """One service and how it looks beside its canonical paths."""

    name: str
    methods: tuple[Method, ...]
    dialect: str
    mounts: tuple[Mount, ...]
    max_body_bytes: int
    """0: the server's limit."""
    owned_paths: tuple[str, ...]
    """Where nothing is served below one of these, the error has the envelope of this service's dialect."""
    redirect_slashes: bool
    """Whether a REST path with one slash too many leads to the path without it."""
    descriptor: ServiceDescriptor = field(repr=False, compare=False)


def snake_case(name: str) -> str:
    """`GetPipelineID` → `get_pipeline_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def describe_service(descriptor: ServiceDescriptor) -> Service:
    """Read a service's descriptor. Raises ValueError for what must never start: no role, a client stream."""
    rules: options_pb2.ServiceRules = extension(descriptor.GetOptions(), options_pb2.service_rules)
    return Service(
        name=descriptor.full_name,
        methods=_joined([_describe_method(method, rules) for method in descriptor.methods]),
        dialect=rules.dialect or "protojson",
        mounts=tuple(mount for declared in rules.mounts for mount in _mounts(declared, descriptor.name)),
        max_body_bytes=rules.max_body_bytes,
        owned_paths=tuple(rules.owned_paths),
        redirect_slashes=rules.redirect_slashes,
        descriptor=descriptor,
    )


def _mounts(declared: options_pb2.Mount, name: str) -> Iterator[Mount]:
    both = (options_pb2.JOIN_DOT, options_pb2.JOIN_BARE)
    for join in both if declared.join == options_pb2.JOIN_DOT_OR_BARE else (declared.join,):
        yield Mount(declared.prefix, join, declared.service_name or name, declared.shared)


def _joined(methods: list[Method]) -> tuple[Method, ...]:
    """The methods, each twin knowing its field. Raises ValueError when two cannot be one path."""
    by_name = {method.name: method for method in methods}
    for method in methods:
        if method.twin:
            twin = by_name.get(method.twin)
            if twin is None or method.streams or not twin.streams or not _alike(method, twin):
                raise ValueError(f"{method.path}: {method.twin!r} is no stream of the same request, role and budget")
            if not _is_bool(method, method.twin_field):
                raise ValueError(f"{method.path}: {method.twin_field!r} is no bool field of its request")
            by_name[twin.name] = replace(twin, twin_field=method.twin_field)
    return tuple(by_name.values())


def _alike(one: Method, other: Method) -> bool:
    return (one.request_class, one.role, one.rate_class) == (other.request_class, other.role, other.rate_class)


def _is_bool(method: Method, name: str) -> bool:
    found = method.descriptor.input_type.fields_by_name.get(name)
    return found is not None and not found.is_repeated and found.type == FieldDescriptor.TYPE_BOOL


def _describe_method(descriptor: MethodDescriptor, service: options_pb2.ServiceRules) -> Method:
    options = descriptor.GetOptions()
    rules: options_pb2.MethodRules = extension(options, options_pb2.method_rules)
    if rules.role == options_pb2.ROLE_UNSPECIFIED:
        raise ValueError(f"{descriptor.full_name} declares no role: add (quarterdeck.wire.v1.method_rules)")
    if descriptor.client_streaming:
        raise ValueError(f"{descriptor.full_name} streams its request: no transport here carries that")
    return Method(
        name=descriptor.name,
        service_name=descriptor.containing_service.full_name,
        request_class=message_class(descriptor.input_type),
        response_class=message_class(descriptor.output_type),
        streams=descriptor.server_streaming,
        no_side_effects=options.idempotency_level == descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS,
        role=Role(rules.role),
        rate_class=RateClass(rules.rate_class or options_pb2.RATE_CLASS_API),
        bindings=tuple(_bindings(extension(options, annotations_pb2.http))),
        stream_id_field=rules.stream.id_field,
        stream_resume_field=rules.stream.resume_field,
        stream_token_parameter=rules.stream.token_parameter,
        event_form=EventForm(rules.stream.form),
        twin=rules.twin.method,
        twin_field=rules.twin.field,
        api_key_first=service.api_key_first,
        legacy_get=rules.mounted.legacy_get,
        mounted_body=rules.mounted.response_body,
        descriptor=descriptor,
    )


def _bindings(rule: http_pb2.HttpRule) -> Iterator[HttpBinding]:
    kind = rule.WhichOneof("pattern")
    if kind is None:
        return
    if kind == "custom":
        verb, template = rule.custom.kind, rule.custom.path
    else:
        verb, template = kind.upper(), getattr(rule, kind)
    yield HttpBinding(verb=verb, template=template, body=rule.body, response_body=rule.response_body)
    for additional in rule.additional_bindings:
        yield from _bindings(additional)


def extension(options: Message, handle: Any) -> Any:
    """The value of a custom option; its default when it is not set. (The generated stubs do not type these.)"""
    return options.Extensions[handle]


def has_extension(options: Message, handle: Any) -> bool:
    """Whether a custom option is set."""
    return options.HasExtension(handle)


def message_class(descriptor: Descriptor) -> type[Message]:
    """The generated class of a message."""
    return GetMessageClass(descriptor)
