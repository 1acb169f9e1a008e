"""Changing remote attributes in place: the operations of a bulk update, in the manner of JSON Patch (RFC 6902)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from quarterdeck.errors import FieldViolation, Invalid, NotFound, Reason
from quarterdeck.fleet.attributes import (
    DEFAULT_LIMITS,
    AttributeLimits,
    is_reserved,
    problem_with_key,
    problem_with_value,
    shown,
)

_ROOTS = frozenset({"remoteAttributes", "remote_attributes", "attributeOverrides", "attribute_overrides"})
_ACCEPTED_PATHS = "remoteAttributes.KEY, remote_attributes.KEY, /remoteAttributes/KEY or /remote_attributes/KEY"
_WRONG_TILDE = re.compile("~(?![01])")


class OperationKind(IntEnum):
    """What an operation does; the numbers are those of `Operation.OpType` on the wire, any other number is UNKNOWN."""

    UNKNOWN = 0
    ADD = 1
    REMOVE = 2
    REPLACE = 3
    MOVE = 4
    COPY = 5

    @classmethod
    def _missing_(cls, value: object) -> OperationKind:  # noqa: ARG003 - the hook's signature
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class AttributeOperation:
    """One change. None means that the field was not sent; empty text is a value like any other."""

    kind: OperationKind
    path: str
    from_: str | None = None
    value: str | None = None
    old_value: str | None = None


def apply_operations(
    remote: Mapping[str, str],
    operations: Sequence[AttributeOperation],
    limits: AttributeLimits = DEFAULT_LIMITS,
) -> dict[str, str]:
    """The remote attributes after all operations, each seeing what those before it did; `remote` stays as it is.

    - ADD sets, over an existing value too.
    - REPLACE needs an existing key; with `old_value` it changes only that value and passes over anything else.
    - REMOVE deletes; with `value` only that value. An absent key is fine.
    - MOVE and COPY need `from_`, and that attribute.

    Raises `Invalid(ATTRIBUTE_INVALID)`, or `NotFound(ATTRIBUTE_NOT_FOUND)` for REPLACE, about the first operation that
    cannot be done. The number of attributes is checked at the end only, so that a swap at the limit works.
    """
    result = dict(remote)
    for position, operation in enumerate(operations):
        _Edit(result, operation, position, limits).apply()
    if len(result) > max(limits.max_remote, len(remote)):
        why = f"these operations leave {len(result)} remote attributes, at most {limits.max_remote} are accepted"
        raise Invalid(Reason.ATTRIBUTE_INVALID, why, violations=(FieldViolation("ops", why),))
    return result


@dataclass(frozen=True, slots=True)
class _Edit:
    """One operation at work on `attributes`."""

    attributes: dict[str, str]
    operation: AttributeOperation
    position: int
    limits: AttributeLimits

    def apply(self) -> None:
        match self.operation.kind:
            case OperationKind.ADD:
                self._set(self._target(), self._value())
            case OperationKind.REPLACE:
                self._replace()
            case OperationKind.REMOVE:
                self._remove()
            case OperationKind.MOVE:
                target, source = self._target(), self._source()
                self._set(target, self.attributes.pop(source))
            case OperationKind.COPY:
                self._set(self._target(), self.attributes[self._source()])
            case OperationKind.UNKNOWN:
                raise self._invalid("op", "unknown operation; accepted are ADD, REMOVE, REPLACE, MOVE and COPY")

    def _replace(self) -> None:
        key, value, old_value = self._existing("path", self.operation.path), self._value(), self.operation.old_value
        if old_value is not None and (key is None or self.attributes[key] != old_value):
            return
        if key is None:
            why = f"there is no remote attribute {shown(self.operation.path)} to replace"
            raise NotFound(Reason.ATTRIBUTE_NOT_FOUND, self._told(why), violations=self._at("path", why))
        self._set(key, value)

    def _remove(self) -> None:
        key = self._existing("path", self.operation.path)
        if key is not None and self.operation.value in {None, self.attributes[key]}:
            del self.attributes[key]

    def _target(self) -> str:
        return self._keys("path", self.operation.path)[0]

    def _source(self) -> str:
        path = self.operation.from_
        if path is None:
            raise self._invalid("from", "from is required: the attribute whose value is taken")
        key = self._existing("from", path)
        if key is None:
            raise self._invalid("from", f"there is no remote attribute {shown(path)}")
        return key

    def _value(self) -> str:
        if self.operation.value is None:
            raise self._invalid("value", "value is required; empty text is accepted when it is sent")
        return self.operation.value

    def _set(self, key: str, value: str) -> None:
        if why := problem_with_key(key, self.limits):
            raise self._invalid("path", why)
        if why := problem_with_value(key, value, self.limits):
            raise self._invalid("value", why)
        self.attributes[key] = value

    def _existing(self, field: str, path: str) -> str | None:
        return next((key for key in self._keys(field, path) if key in self.attributes), None)

    def _keys(self, field: str, path: str) -> tuple[str, ...]:
        """The keys that a path may mean: the first is written, the first that exists is read."""
        keys = _keys_in(path)
        if not keys:
            raise self._invalid(field, f"{shown(path)} names no remote attribute; accepted are {_ACCEPTED_PATHS}")
        for key in filter(is_reserved, keys):
            raise self._invalid(field, f"attribute key {shown(key)} is reserved and cannot be changed")
        return keys

    def _invalid(self, field: str, why: str) -> Invalid:
        return Invalid(Reason.ATTRIBUTE_INVALID, self._told(why), violations=self._at(field, why))

    def _told(self, why: str) -> str:
        return f"ops[{self.position}] ({self.operation.kind.name}): {why}"

    def _at(self, field: str, why: str) -> tuple[FieldViolation, ...]:
        return (FieldViolation(f"ops[{self.position}].{field}", why),)


def _keys_in(path: str) -> tuple[str, ...]:
    """The keys that `path` may mean, the likeliest first; none when it is not the path of a remote attribute."""
    pointer = path.startswith("/")
    root, _, rest = path[1:].partition("/") if pointer else path.partition(".")
    if root not in _ROOTS or not rest:
        return ()
    return _pointer_keys(rest) if pointer else (rest,)


def _pointer_keys(rest: str) -> tuple[str, ...]:
    """RFC 6901 escapes undone, then the text as it is: fleet-management-operator escapes keys that it adds or changes,
    but not those that its finalizer removes."""
    if "~" not in rest or _WRONG_TILDE.search(rest):
        return (rest,)
    return rest.replace("~1", "/").replace("~0", "~"), rest
