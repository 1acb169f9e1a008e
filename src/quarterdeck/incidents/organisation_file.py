"""An organisation's settings as a file under version control: read it, see what it would change, apply it.

severities:
  - {label: SEV1, level: 1, description: Customers cannot buy, color: "#f2495c"}
  - {label: Minor, absent: true}
roles:
  - {name: scribe, description: Writes it down, important: true}
  - {name: observer, archived: true}
statuses:
  - {name: Investigating, category: active, type: internal, icon: question-circle}
labels:
  - {key: team, values: [search, {value: payments, color: "#123456"}]}
fields:
  - {name: Region, type: single-select, options: [eu, us]}
hooks:
  - {event: incidentCreated, url: "https://example.org/hook", signing_secret: {env: HOOK_SECRET}}
tokens:
  - {name: alertmanager, secret: {file: alertmanager-token}}

What the file does not name stays as it is: entries, and keys of entries. `archived` takes something out of use,
`absent` deletes it (hooks are disabled, tokens revoked). A severity is known by its label or else by its level, so that
`{label: SEV1, level: 1}` renames Critical; a label key's `values` are added to those that it has, a field's `options`
are all that it has. What hooks and tokens were given cannot be read back, so a hook counts as there when one with its
event, filter and `sensitive` is enabled, a token when one with its name works.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import yaml
from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.incident.v1 import (
    field_pb2,
    fields_service_pb2,
    hook_pb2,
    integration_service_pb2,
    role_pb2,
    roles_service_pb2,
    severities_service_pb2,
    severity_pb2,
    status_pb2,
    status_service_pb2,
)
from quarterdeck.gen.quarterdeck.incident.v1 import incoming_token_service_pb2
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.incidents import roles as role_rules
from quarterdeck.incidents.incident import IncidentType
from quarterdeck.incidents.slugs import slug
from quarterdeck.incidents.webhooks.catalogue import OUTGOING_WEBHOOK, SEND

E = TypeVar("E")

Call = Callable[[Any], Awaitable[Any]]
"""The answer of the RPC that takes this message."""

LARGEST: Final = 1 << 20
"""Bytes of a file."""

MOST_ENTRIES: Final = 500
"""In one list."""

_QUOTED_IN_ERRORS = 80


# --- what a file says ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeverityEntry:
    """A severity; None is what the file does not say, here and below."""

    label: str
    level: int | None = None
    description: str | None = None
    icon: str | None = None
    color: str | None = None
    dark_color: str | None = None
    light_color: str | None = None
    archived: bool | None = None
    absent: bool = False

    @property
    def identity(self) -> Hashable:
        return self.label.casefold()


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """A role."""

    name: str
    description: str | None = None
    important: bool | None = None
    mandatory: bool | None = None
    archived: bool | None = None
    absent: bool = False

    @property
    def identity(self) -> Hashable:
        return self.name.casefold()


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """A status."""

    name: str
    category: str | None = None
    type: str = IncidentType.INTERNAL.value
    description: str | None = None
    color: str | None = None
    icon: str | None = None

    @property
    def identity(self) -> Hashable:
        return self.type, slug(self.name)


@dataclass(frozen=True, slots=True)
class OptionEntry:
    """A choice of a field, or a value of a label key."""

    value: str
    label: str | None = None
    description: str | None = None
    color: str | None = None
    icon: str | None = None

    @property
    def identity(self) -> Hashable:
        return self.value.casefold()


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """A label key."""

    key: str
    description: str | None = None
    color: str | None = None
    values: tuple[OptionEntry, ...] = ()
    archived: bool | None = None
    absent: bool = False

    @property
    def identity(self) -> Hashable:
        return self.key.casefold()


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """A custom field."""

    name: str
    type: str | None = None
    slug: str | None = None
    description: str | None = None
    color: str | None = None
    icon: str | None = None
    required: bool | None = None
    options: tuple[OptionEntry, ...] | None = None
    archived: bool | None = None
    absent: bool = False

    @property
    def identity(self) -> Hashable:
        return (self.slug or slug(self.name)).casefold()


@dataclass(frozen=True, slots=True)
class HookEntry:
    """An enabled hook. Never prints its secrets."""

    event: str
    url: str = ""
    filter: str = ""
    sensitive: bool = False
    events: tuple[str, ...] = ()
    signing_secret: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    absent: bool = False

    @property
    def identity(self) -> Hashable:
        return self.event, self.filter, self.sensitive, self.url


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """A token of incoming webhooks. Never prints its secret."""

    name: str
    secret: str = field(default="", repr=False)
    absent: bool = False

    @property
    def identity(self) -> Hashable:
        return self.name


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything that a file says."""

    severities: tuple[SeverityEntry, ...] = ()
    roles: tuple[RoleEntry, ...] = ()
    statuses: tuple[StatusEntry, ...] = ()
    labels: tuple[LabelEntry, ...] = ()
    fields: tuple[FieldEntry, ...] = ()
    hooks: tuple[HookEntry, ...] = ()
    tokens: tuple[TokenEntry, ...] = ()


# --- reading ---------------------------------------------------------------------------------------------------------

Secrets = Callable[[Mapping[str, Any], str], str]
"""The secret that `{env: NAME}` or `{file: PATH}` names, at this place of the file. Raises Invalid."""

Reader = Callable[[Any, str, Secrets], Any]


def read_file(path: Path, environment: Mapping[str, str]) -> Organisation:
    """Reads a file; paths of secrets are relative to its folder. Raises Invalid, saying where."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _invalid(f"{path} cannot be read: {error.strerror or error}") from error
    if len(raw) > LARGEST:
        raise _invalid(f"{path} has {len(raw)} bytes, at most {LARGEST} are accepted")
    try:
        return parse(raw.decode("utf-8"), _secrets(environment, path.parent))
    except UnicodeDecodeError as error:
        raise _invalid(f"{path} is not UTF-8 at byte {error.start}") from error
    except Invalid as error:
        raise _invalid(f"{path}: {error.message}", error.violations) from error


def parse(text: str, secrets: Secrets) -> Organisation:
    """What YAML text says. Raises Invalid for anything that is not understood: a misspelt key must not be no key."""
    document = _load(text)
    if document is None:
        return Organisation()
    if not isinstance(document, dict):
        _refuse("file", f"must be a mapping with {', '.join(_SECTIONS)}")
    unknown = [key for key in document if key not in _SECTIONS]
    if unknown:
        _refuse(_shown_key(unknown[0]), f"is no section; there are {', '.join(_SECTIONS)}")
    return Organisation(**{name: _list(_SECTIONS[name])(value, name, secrets) for name, value in document.items()})


class _Loader(yaml.SafeLoader):
    """Refuses what YAML would silently lose: a key that stands twice in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _load(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except RecursionError as error:
        raise _invalid("it is nested too deeply") from error
    # A ValueError is a date or a number that looks like one and is none.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _invalid(f"it is no YAML: {' '.join(str(error).split())[:500]}") from error


def _secrets(environment: Mapping[str, str], folder: Path) -> Secrets:
    def find(reference: Mapping[str, Any], where: str) -> str:
        match reference:
            case {"env": str(name)} if len(reference) == 1:
                if name not in environment:
                    _refuse(where, f"the environment has no {name}")
                return environment[name]
            case {"file": str(name)} if len(reference) == 1:
                try:
                    return (folder / name).read_text(encoding="utf-8").strip()
                except (OSError, ValueError):
                    _refuse(where, f"the file {name[:_QUOTED_IN_ERRORS]!r} cannot be read")
        _refuse(where, "must be a text, {env: NAME} or {file: PATH}")

    return find


def _text(value: Any, where: str, _: Secrets) -> str:
    if not isinstance(value, str):
        _refuse(where, f"must be a text, not {_shown(value)}; put it in quotes")
    return value


def _flag(value: Any, where: str, _: Secrets) -> bool:
    if not isinstance(value, bool):
        _refuse(where, f"must be true or false, not {_shown(value)}")
    return value


def _number(value: Any, where: str, _: Secrets) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        _refuse(where, f"must be a whole number, not {_shown(value)}")
    return value


def _secret(value: Any, where: str, secrets: Secrets) -> str:
    if isinstance(value, str):
        return value
    return secrets(value if isinstance(value, dict) else {}, where)


def _headers(value: Any, where: str, secrets: Secrets) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        _refuse(where, "must be a mapping of header names to texts")
    read = {name: _secret(text, f"{where}.{name[:_QUOTED_IN_ERRORS]}", secrets) for name, text in value.items()}
    for name, text in read.items():
        if "\n" in name + text or "\r" in name + text:
            _refuse(where, f"{name[:_QUOTED_IN_ERRORS]!r} must stand on one line")
    return read


def _texts(value: Any, where: str, secrets: Secrets) -> tuple[str, ...]:
    if not isinstance(value, list):
        _refuse(where, "must be a list of texts")
    return tuple(_text(each, f"{where}[{index}]", secrets) for index, each in enumerate(value))


def _option(value: Any, where: str, secrets: Secrets) -> OptionEntry:
    return OptionEntry(value) if isinstance(value, str) else _entry(OptionEntry, _OPTION)(value, where, secrets)


def _entry(kind: type[E], readers: Mapping[str, Reader]) -> Callable[[Any, str, Secrets], E]:
    """Reads a mapping with these keys; those without a default in `kind` are needed."""
    needed = [
        each.name
        for each in fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass
        if each.default is MISSING and each.default_factory is MISSING
    ]

    def read(value: Any, where: str, secrets: Secrets) -> E:
        if not isinstance(value, dict):
            _refuse(where, f"must be a mapping with {', '.join(readers)}")
        for key in value:
            if key not in readers:
                _refuse(f"{where}.{_shown_key(key)}", f"is unknown; accepted: {', '.join(readers)}")
        for key in needed:
            if key not in value:
                _refuse(f"{where}.{key}", "is required")
        said = {key: given for key, given in value.items() if given is not None or key in needed}
        return kind(**{key: readers[key](given, f"{where}.{key}", secrets) for key, given in said.items()})

    return read


def _list(reader: Reader) -> Reader:
    def read(value: Any, where: str, secrets: Secrets) -> tuple[Any, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            _refuse(where, "must be a list")
        if len(value) > MOST_ENTRIES:
            _refuse(where, f"has {len(value)} entries, at most {MOST_ENTRIES} are accepted")
        entries = tuple(reader(each, f"{where}[{index}]", secrets) for index, each in enumerate(value))
        seen: dict[Hashable, int] = {}
        for index, entry in enumerate(entries):
            first = seen.setdefault(entry.identity, index)
            if first != index:
                _refuse(f"{where}[{index}]", f"names the same as {where}[{first}]")
        return entries

    return read


_ARCHIVABLE: Mapping[str, Reader] = {"archived": _flag, "absent": _flag}
_OPTION: Mapping[str, Reader] = {
    "value": _text,
    "label": _text,
    "description": _text,
    "color": _text,
    "icon": _text,
}
_SECTIONS: Mapping[str, Reader] = {
    "severities": _entry(
        SeverityEntry,
        {
            "label": _text,
            "level": _number,
            "description": _text,
            "icon": _text,
            "color": _text,
            "dark_color": _text,
            "light_color": _text,
            **_ARCHIVABLE,
        },
    ),
    "roles": _entry(
        RoleEntry, {"name": _text, "description": _text, "important": _flag, "mandatory": _flag, **_ARCHIVABLE}
    ),
    "statuses": _entry(
        StatusEntry,
        {"name": _text, "category": _text, "type": _text, "description": _text, "color": _text, "icon": _text},
    ),
    "labels": _entry(
        LabelEntry, {"key": _text, "description": _text, "color": _text, "values": _list(_option), **_ARCHIVABLE}
    ),
    "fields": _entry(
        FieldEntry,
        {
            "name": _text,
            "type": _text,
            "slug": _text,
            "description": _text,
            "color": _text,
            "icon": _text,
            "required": _flag,
            "options": _list(_option),
            **_ARCHIVABLE,
        },
    ),
    "hooks": _entry(
        HookEntry,
        {
            "event": _text,
            "url": _text,
            "filter": _text,
            "sensitive": _flag,
            "events": _texts,
            "signing_secret": _secret,
            "headers": _headers,
            "absent": _flag,
        },
    ),
    "tokens": _entry(TokenEntry, {"name": _text, "secret": _secret, "absent": _flag}),
}


# --- planning and applying -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and the calls that do it. Does not print what they carry."""

    verb: str
    kind: str
    name: str
    requests: tuple[Message, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Applied:
    """A step that was done, with the secret that the server made for it, to be shown this one time."""

    step: Step
    secret: str = field(default="", repr=False)


def file_context(tenant_id: str) -> CallContext:
    """Who applies a file when the server starts."""
    name = "organisation-file"
    return CallContext(Caller(tenant_id, name, name, Role.ADMIN, name), name)


def check_unattended(organisation: Organisation) -> None:
    """Raise Invalid when applying would make a secret: at a server's start there is nobody to show it to."""
    for index, hook in enumerate(organisation.hooks):
        if not hook.signing_secret and not hook.absent:
            _refuse(f"hooks[{index}].signing_secret", "is required at the server's start; {env: NAME} is accepted")
    for index, token in enumerate(organisation.tokens):
        if not token.secret and not token.absent:
            _refuse(f"tokens[{index}].secret", "is required at the server's start; {env: NAME} is accepted")


async def apply_at_start(
    organisation: Organisation, call: Call, *, alone: AbstractAsyncContextManager[None] | None = None
) -> list[Applied]:
    """Apply it when the server starts. Where several servers or workers may start at once, `alone` is
    `organisation.turn(…)`: each waits for its turn, and all but one find nothing to do. Without it they may meet, and
    one of them fails or enables a hook twice.

    Raises what `check_unattended`, `plan`, `apply` and `turn` raise.
    """
    check_unattended(organisation)
    async with alone or nullcontext():
        return await apply(await plan(organisation, call), call)


async def apply(steps: Iterable[Step], call: Call) -> list[Applied]:
    """Do the steps in order. Raises what a call raises; what was done before it stays, and applying again goes on."""
    applied = []
    for step in steps:
        secret = ""
        for request in step.requests:
            secret = _secret_made(request, await call(request)) or secret
        applied.append(Applied(step, secret))
    return applied


async def plan(organisation: Organisation, call: Call) -> list[Step]:
    """What has to be done for the organisation to be as the file says; nothing when it is. Changes nothing.

    Raises Invalid for what cannot be: another type for a field that is there.
    """
    steps: list[Step] = []
    if organisation.severities:
        answer = await call(severities_service_pb2.GetOrgSeveritiesRequest())
        steps += _plan_severities(organisation.severities, answer.severities)
    if organisation.roles:
        answer = await call(roles_service_pb2.GetRolesRequest())
        steps += _plan_roles(organisation.roles, answer.roles)
    if organisation.statuses:
        answer = await call(status_service_pb2.QueryOrgStatusesRequest())
        present = [status for each in answer.configurations for status in each.statuses]
        steps += [step for entry in organisation.statuses for step in _plan_status(entry, present)]
    if organisation.labels or organisation.fields:
        answer = await call(fields_service_pb2.GetFieldsRequest())
        steps += [step for label in organisation.labels for step in _plan_label(label, answer.fields)]
        steps += [step for each in organisation.fields for step in _plan_field(each, answer.fields)]
    if organisation.hooks:
        answer = await call(integration_service_pb2.GetEnabledHooksRequest())
        steps += _plan_hooks(organisation.hooks, answer.enabled_hooks)
    if organisation.tokens:
        answer = await call(incoming_token_service_pb2.ListIncomingTokensRequest())
        steps += [step for token in organisation.tokens for step in _plan_token(token, answer.tokens)]
    return steps


def _plan_severities(entries: Sequence[SeverityEntry], present: Sequence[severity_pb2.Severity]) -> Iterator[Step]:
    """Deletions come first: they free labels and levels."""
    by_label = {each.display_label.casefold(): each for each in present}
    by_level = {each.level: each for each in present}
    named = {entry.identity for entry in entries}
    gone = [by_label[entry.label.casefold()] for entry in entries if entry.absent and entry.identity in by_label]
    for severity in gone:
        request = severities_service_pb2.DeleteOrgSeverityRequest(severity_id=severity.severity_id)
        yield Step("delete", "severity", severity.display_label, (request,))
    for entry in entries:
        if entry.absent:
            continue
        found = by_label.get(entry.label.casefold())
        if found is None and entry.level is not None:
            found = by_level.get(entry.level)
            # One that another entry names is not renamed but in the way, and the server says so.
            found = None if found is None or found.display_label.casefold() in named else found
        yield from _plan_severity(entry, found)


def _plan_severity(entry: SeverityEntry, found: severity_pb2.Severity | None) -> Iterator[Step]:
    dark, light = entry.dark_color or entry.color, entry.light_color or entry.color
    said = {
        "display_label": entry.label,
        "level": entry.level,
        "description": entry.description,
        "icon_name": entry.icon,
        "dark_color": dark,
        "light_color": light,
    }
    if found is None:
        if not entry.archived:
            wanted = severity_pb2.SeverityInput(**said)  # type: ignore[arg-type]
            request = severities_service_pb2.CreateOrgSeverityRequest(severity=wanted)
            yield Step("create", "severity", entry.label, (request,))
        return
    changed = {key: value for key, value in said.items() if value is not None and value != getattr(found, key)}
    if entry.archived is not None and entry.archived is not found.HasField("archived_at"):
        changed["archived_at"] = "now" if entry.archived else ""
    if changed:
        wanted = severity_pb2.SeverityInput(severity_id=found.severity_id, **changed)  # type: ignore[arg-type]
        update = severities_service_pb2.UpdateOrgSeverityRequest(severity=wanted)
        yield Step("update", "severity", entry.label, (update,))


def _plan_roles(entries: Sequence[RoleEntry], present: Sequence[role_pb2.Role]) -> Iterator[Step]:
    """In an order that keeps to the bounds wherever one exists: making room before filling it, filling before going
    below the minimum."""
    by_name = {each.name.casefold(): each for each in present}
    leaving, coming = [], []
    for entry in entries:
        found = by_name.get(entry.name.casefold())
        if found is None:
            if not entry.absent and not entry.archived:
                coming.append(Step("create", "role", entry.name, (_create_role(entry),)))
            continue
        if entry.absent:
            delete = Step("delete", "role", found.name, (roles_service_pb2.DeleteRoleRequest(role_id=found.role_id),))
            if found.archived:
                yield delete
            else:
                leaving.append(delete)
            continue
        yield from _update_role(entry, found)
        if entry.archived is True and not found.archived:
            leaving.append(
                Step("archive", "role", found.name, (roles_service_pb2.ArchiveRoleRequest(role_id=found.role_id),))
            )
        if entry.archived is False and found.archived:
            coming.append(
                Step("unarchive", "role", found.name, (roles_service_pb2.UnarchiveRoleRequest(role_id=found.role_id),))
            )
    yield from _within_bounds(leaving, coming, active=sum(not each.archived for each in present))


def _within_bounds(leaving: list[Step], coming: list[Step], *, active: int) -> Iterator[Step]:
    while leaving or coming:
        if leaving and (active > role_rules.MIN_ACTIVE or not coming):
            yield leaving.pop(0)
            active -= 1
        else:
            yield coming.pop(0)
            active += 1


def _create_role(entry: RoleEntry) -> roles_service_pb2.CreateRoleRequest:
    return roles_service_pb2.CreateRoleRequest(role=_described_role(entry, role_pb2.Role()))


def _update_role(entry: RoleEntry, found: role_pb2.Role) -> Iterator[Step]:
    current = role_pb2.Role()
    current.CopyFrom(found)
    for unread in ("created_at", "updated_at"):
        current.ClearField(unread)
    wanted = _described_role(entry, current)
    if wanted != current:
        yield Step("update", "role", entry.name, (roles_service_pb2.UpdateRoleRequest(role=wanted),))


def _described_role(entry: RoleEntry, current: role_pb2.Role) -> role_pb2.Role:
    wanted = role_pb2.Role()
    wanted.CopyFrom(current)
    _say(wanted, name=entry.name, description=entry.description, important=entry.important, mandatory=entry.mandatory)
    return wanted


def _plan_status(entry: StatusEntry, present: Iterable[status_pb2.Status]) -> Iterator[Step]:
    same = (each for each in present if (each.incident_type, each.slug) == entry.identity)
    found = next(same, None)
    said = {
        "name": entry.name,
        "category": entry.category,
        "description": entry.description,
        "color": entry.color,
        "icon": entry.icon,
    }
    if found is None:
        create = status_service_pb2.CreateOrgStatusRequest(incident_type=entry.type, **said)
        yield Step("create", "status", entry.name, (create,))
        return
    current = {key: getattr(found, key) for key in said}
    wanted = {key: current[key] if value is None else value for key, value in said.items()}
    if wanted != current:
        update = status_service_pb2.UpdateOrgStatusRequest(status_id=found.status_id, **wanted)
        yield Step("update", "status", entry.name, (update,))


def _plan_label(entry: LabelEntry, present: Iterable[field_pb2.CustomMetadataField]) -> Iterator[Step]:
    keys = (each for each in present if each.domain_name == "labels" and each.slug.casefold() == entry.identity)
    found = next(keys, None)
    if found is None:
        if not entry.absent and not entry.archived:
            add = fields_service_pb2.AddLabelKeyRequest(key=entry.key)
            _say(add, description=entry.description, color_hex=entry.color)
            yield Step("create", "label", entry.key, (add, *(_add_value(entry.key, each) for each in entry.values)))
        return
    if entry.absent or entry.archived:
        yield _remove_field("label", found, absent=entry.absent)
        return
    changes = [*_update_field(found, description=entry.description, color=entry.color)]
    for value in entry.values:
        changes += _plan_value(found, value)
    if changes:
        yield Step("update", "label", found.slug, tuple(changes))


def _plan_value(key: field_pb2.CustomMetadataField, entry: OptionEntry) -> Iterator[Message]:
    found = _option_of(key, entry)
    if found is None:
        yield _add_value(key.slug, entry)
        return
    wanted = _described_option(entry, found)
    wanted.value = found.value  # somebody wrote it so first; labels in use do not change their case
    if wanted != found:
        yield fields_service_pb2.UpdateFieldSelectOptionRequest(
            field_uuid=key.uuid,
            select_option_uuid=found.uuid,
            label=wanted.label,
            description=wanted.description,
            color=wanted.color,
            icon=wanted.icon,
        )


def _add_value(key: str, entry: OptionEntry) -> Message:
    request = fields_service_pb2.AddLabelValueRequest(key=key, value=entry.value)
    _say(request, description=entry.description, color_hex=entry.color)
    return request


def _plan_field(entry: FieldEntry, present: Iterable[field_pb2.CustomMetadataField]) -> Iterator[Step]:
    same = (each for each in present if each.domain_name == "incident" and each.slug.casefold() == entry.identity)
    found = next(same, None)
    if found is None:
        if not entry.absent and not entry.archived:
            new = field_pb2.CustomMetadataField(domain_name="incident", name=entry.name)
            _say(new, type=entry.type, slug=entry.slug, **_looks(entry))
            new.selectoptions.extend(_options(entry.options or (), new))
            yield Step("create", "field", entry.name, (fields_service_pb2.AddFieldRequest(field=new),))
        return
    if entry.absent or entry.archived:
        yield _remove_field("field", found, absent=entry.absent)
        return
    if entry.type is not None and entry.type != found.type:
        _refuse(f"fields: {entry.name}", f"is of the type {found.type!r}, and a type never changes")
    options = None if entry.options is None else _options(entry.options, found)
    changes = tuple(_update_field(found, options, name=entry.name, slug=entry.slug, **_looks(entry)))
    if changes:
        yield Step("update", "field", entry.name, changes)


def _looks(entry: FieldEntry) -> dict[str, Any]:
    return {
        "description": entry.description,
        "color": entry.color,
        "icon": entry.icon,
        "required": entry.required,
    }


def _update_field(
    found: field_pb2.CustomMetadataField,
    options: Sequence[field_pb2.CustomMetadataFieldSelectOption] | None = None,
    **said: Any,
) -> Iterator[Message]:
    wanted = field_pb2.CustomMetadataField()
    wanted.CopyFrom(found)
    _say(wanted, **said)
    if options is not None:
        del wanted.selectoptions[:]
        wanted.selectoptions.extend(options)
    if wanted != found:
        yield fields_service_pb2.UpdateFieldRequest(
            field_uuid=found.uuid,
            name=wanted.name,
            slug=wanted.slug,
            color=wanted.color,
            icon=wanted.icon,
            description=wanted.description,
            required=wanted.required,
            immutable=wanted.immutable,
            selectoptions=[] if options is None else wanted.selectoptions,
            version=found.version,
        )


def _remove_field(kind: str, found: field_pb2.CustomMetadataField, *, absent: bool) -> Step:
    if absent:
        return Step("delete", kind, found.slug, (fields_service_pb2.DeleteFieldRequest(field_uuid=found.uuid),))
    return Step("archive", kind, found.slug, (fields_service_pb2.ArchiveFieldRequest(field_uuid=found.uuid),))


def _options(
    entries: Iterable[OptionEntry], of: field_pb2.CustomMetadataField
) -> list[field_pb2.CustomMetadataFieldSelectOption]:
    blank = field_pb2.CustomMetadataFieldSelectOption()
    return [_described_option(entry, _option_of(of, entry) or blank) for entry in entries]


def _option_of(
    of: field_pb2.CustomMetadataField, entry: OptionEntry
) -> field_pb2.CustomMetadataFieldSelectOption | None:
    return next((each for each in of.selectoptions if each.value.casefold() == entry.identity), None)


def _described_option(
    entry: OptionEntry, current: field_pb2.CustomMetadataFieldSelectOption
) -> field_pb2.CustomMetadataFieldSelectOption:
    wanted = field_pb2.CustomMetadataFieldSelectOption()
    wanted.CopyFrom(current)
    _say(
        wanted,
        value=entry.value,
        label=entry.label,
        description=entry.description,
        color=entry.color,
        icon=entry.icon,
    )
    return wanted


def _plan_hooks(entries: Sequence[HookEntry], present: Sequence[hook_pb2.EnabledHook]) -> Iterator[Step]:
    """What cannot be read back, the URL, does not count; so of several entries alike, each needs a hook."""
    free: dict[Hashable, list[str]] = {}
    for hook in present:
        if hook.hook.hook_id == SEND:
            alike = free.setdefault((hook.event_name, hook.incident_filter, hook.sensitive), [])
            alike.append(hook.enabled_hook_id)
    for entry in entries:
        there = free.get((entry.event, entry.filter, entry.sensitive), [])
        if entry.absent:
            for enabled_hook_id in there:
                disable = integration_service_pb2.DisableHookRequest(
                    integration_id=OUTGOING_WEBHOOK, enabled_hook_id=enabled_hook_id
                )
                yield Step("disable", "hook", _hook_name(entry), (disable,))
            there.clear()
        elif there:
            there.pop(0)
        else:
            yield Step("enable", "hook", _hook_name(entry), (_enable_hook(entry),))


def _enable_hook(entry: HookEntry) -> Message:
    config = {
        "url": entry.url,
        "signingSecret": entry.signing_secret,
        "headers": "\n".join(f"{name}: {value}" for name, value in entry.headers.items()),
        "events": ",".join(entry.events),
    }
    settings = [hook_pb2.Field(key=key, value=value) for key, value in config.items() if value]
    return integration_service_pb2.EnableHookRequest(
        integration_id=OUTGOING_WEBHOOK,
        hook_id=SEND,
        event_name=entry.event,
        incident_filter=entry.filter,
        sensitive=entry.sensitive,
        hook_config=hook_pb2.HookConfig(fields=settings),
    )


def _hook_name(entry: HookEntry) -> str:
    return f"{entry.event} {entry.filter}".strip()


def _plan_token(entry: TokenEntry, present: Iterable[incoming_token_service_pb2.IncomingToken]) -> Iterator[Step]:
    working = [each for each in present if each.name == entry.name and not each.HasField("revoked_at")]
    if entry.absent:
        for token in working:
            revoke = incoming_token_service_pb2.RevokeIncomingTokenRequest(id=token.id)
            yield Step("revoke", "token", entry.name, (revoke,))
    elif not working:
        create = incoming_token_service_pb2.CreateIncomingTokenRequest(name=entry.name, secret=entry.secret)
        yield Step("create", "token", entry.name, (create,))


def _secret_made(request: Message, answer: Any) -> str:
    match request:
        case integration_service_pb2.EnableHookRequest():
            return str(answer.signing_secret)
        case incoming_token_service_pb2.CreateIncomingTokenRequest():
            return "" if request.secret else str(answer.secret)
        case _:
            return ""


def _say(message: Message, **said: Any) -> None:
    """Set what is said; None is not said."""
    for key, value in said.items():
        if value is not None:
            setattr(message, key, value)


def _shown(value: Any) -> str:
    # A value with aliases may be far larger than its text.
    return repr(value)[:_QUOTED_IN_ERRORS] if isinstance(value, str | int | float | bool) else type(value).__name__


def _shown_key(key: Any) -> str:
    return str(key)[:_QUOTED_IN_ERRORS] if isinstance(key, str | int | float | bool) else type(key).__name__


def _refuse(where: str, why: str) -> NoReturn:
    raise _invalid(f"{where} {why}", (FieldViolation(where, why),))


def _invalid(message: str, violations: tuple[FieldViolation, ...] = ()) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, message, violations=violations)
