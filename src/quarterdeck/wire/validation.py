"""The limits that the .proto files state (`quarterdeck.wire.v1.field_rules`), one compiled check per message type.

A check is compiled once per message type; a type without rules, at any depth, costs one dictionary look-up per request.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import re2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2
from quarterdeck.wire.method import extension, has_extension

Check = Callable[[Message, str, list[FieldViolation]], None]
MAX_VIOLATIONS = 20


def validate(message: Message) -> None:
    """Raises Invalid with every violated rule, in the order of the fields."""
    check = compiled(message.DESCRIPTOR)
    if check is None:
        return
    violations: list[FieldViolation] = []
    check(message, "", violations)
    if violations:
        text = "; ".join(f"{violation.field}: {violation.description}" for violation in violations[:MAX_VIOLATIONS])
        raise Invalid(Reason.FIELD_INVALID, text, violations=tuple(violations[:MAX_VIOLATIONS]))


@cache
def compiled(descriptor: Descriptor) -> Check | None:
    """The check for a message type, None when nothing in it has a rule."""
    if not _has_rules(descriptor, set()):
        return None
    checks = [check for field in descriptor.fields for check in _field_checks(field)]

    def run(message: Message, prefix: str, violations: list[FieldViolation]) -> None:
        for check in checks:
            check(message, prefix, violations)

    return run


def _has_rules(descriptor: Descriptor, seen: set[str]) -> bool:
    if descriptor.full_name in seen:
        return False
    seen.add(descriptor.full_name)
    return any(
        has_extension(field.GetOptions(), options_pb2.field_rules)
        or (field.message_type is not None and _has_rules(field.message_type, seen))
        for field in descriptor.fields
    )


def _is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _field_checks(field: FieldDescriptor) -> list[Check]:
    options = field.GetOptions()
    checks: list[Check] = []
    if has_extension(options, options_pb2.field_rules):
        checks.append(_rule_check(field, extension(options, options_pb2.field_rules)))
    if field.message_type is not None and not _is_map(field) and _has_rules(field.message_type, set()):
        checks.append(_nested_check(field))
    return checks


def _nested_check(field: FieldDescriptor) -> Check:
    name, nested = field.name, field.message_type
    assert nested is not None  # noqa: S101 - narrowing for the type checker

    def run(message: Message, prefix: str, violations: list[FieldViolation]) -> None:
        check = compiled(nested)
        if check is None:
            return
        if field.is_repeated:
            for index, item in enumerate(getattr(message, name)):
                check(item, f"{prefix}{name}[{index}].", violations)
        elif message.HasField(name):
            check(getattr(message, name), f"{prefix}{name}.", violations)

    return run


def _rule_check(field: FieldDescriptor, rules: options_pb2.FieldRules) -> Check:
    name = field.name
    reject = _rejection(field, rules)

    def run(message: Message, prefix: str, violations: list[FieldViolation]) -> None:
        if field.has_presence and not message.HasField(name):
            if rules.required:
                violations.append(FieldViolation(prefix + name, "is required"))
            return
        violation = reject(prefix + name, getattr(message, name))
        if violation is not None:
            violations.append(violation)

    return run


def _rejection(field: FieldDescriptor, rules: options_pb2.FieldRules) -> Callable[[str, Any], FieldViolation | None]:
    """How a present value breaks the rules, or None."""
    if field.is_repeated:
        return lambda path, value: _reject_items(path, value, rules)
    if field.type == FieldDescriptor.TYPE_STRING:
        pattern = re2.compile(rules.pattern) if rules.pattern else None
        return lambda path, value: _reject_text(path, value, rules, pattern)
    if field.message_type is not None:
        return lambda _path, _value: None
    return lambda path, value: _reject_number(path, value, rules)


def _reject_items(path: str, value: Any, rules: options_pb2.FieldRules) -> FieldViolation | None:
    most = rules.max_items
    if rules.required and not value:
        return FieldViolation(path, "needs at least one entry", minimum=1)
    if most and len(value) > most:
        return FieldViolation(path, f"has {len(value)} entries, at most {most} are accepted", maximum=most)
    return None


def _reject_text(path: str, value: str, rules: options_pb2.FieldRules, pattern: Any) -> FieldViolation | None:
    longest = rules.max_length
    if rules.required and not value.strip():
        return FieldViolation(path, "is required")
    if longest and len(value) > longest:
        return FieldViolation(path, f"has {len(value)} characters, at most {longest} are accepted", maximum=longest)
    if pattern is not None and value and not pattern.fullmatch(value):
        return FieldViolation(path, f"must match {rules.pattern}")
    if rules.one_of and value and value not in rules.one_of:
        return FieldViolation(path, f"must be one of {', '.join(rules.one_of)}")
    return None


def _reject_number(path: str, value: Any, rules: options_pb2.FieldRules) -> FieldViolation | None:
    if rules.required and not value:
        return FieldViolation(path, "is required")
    if rules.HasField("minimum") and value < rules.minimum:
        return FieldViolation(path, f"is {value}, at least {rules.minimum} is accepted", minimum=rules.minimum)
    if rules.HasField("maximum") and value > rules.maximum:
        return FieldViolation(path, f"is {value}, at most {rules.maximum} is accepted", maximum=rules.maximum)
    return None
