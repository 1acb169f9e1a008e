"""The syntax tree of an Alloy text. Every node knows which characters it covers: from `start` up to, not with, `end`.

The tree is as deep as the text nests and no deeper: chains of operators, of prefixes and of `.x[…](…)` steps are flat,
so the parser's nesting limit bounds every walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from quarterdeck.fleet.alloy.strings import unescape


class LiteralKind(StrEnum):
    STRING = "string"
    RAW_STRING = "raw string"
    NUMBER = "number"
    FLOAT = "float"
    BOOL = "bool"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant, `text` as written (with its quotes)."""

    start: int
    end: int
    kind: LiteralKind
    text: str

    @property
    def is_string(self) -> bool:
        return self.kind in (LiteralKind.STRING, LiteralKind.RAW_STRING)

    @property
    def string(self) -> str | None:
        """The value of a string literal; None for any other."""
        if self.kind is LiteralKind.STRING:
            return unescape(self.text[1:-1])
        if self.kind is LiteralKind.RAW_STRING:
            return self.text[1:-1].replace("\r", "")
        return None


@dataclass(frozen=True, slots=True)
class Identifier:
    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Array:
    start: int
    end: int
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of an object; `key` is the text as written, without quotes and not unescaped, as Alloy reads it."""

    start: int
    end: int
    key: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Object:
    start: int
    end: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """An expression in parentheses."""

    start: int
    end: int
    inner: Expression


@dataclass(frozen=True, slots=True)
class Unary:
    """Prefixes, outermost first: `!-x` has the operators `!-`."""

    start: int
    end: int
    operators: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """n operands joined by n - 1 operators of one precedence. `^` groups from the right, all others from the left."""

    start: int
    end: int
    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """The step `.name`."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """The step `[key]`."""

    start: int
    end: int
    key: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """The step `(arguments)`."""

    start: int
    end: int
    arguments: tuple[Expression, ...]


Step: TypeAlias = Member | Index | Call


@dataclass(frozen=True, slots=True)
class Access:
    """A value and at least one step from it: `base.x["y"](z)`."""

    start: int
    end: int
    base: Expression
    steps: tuple[Step, ...]


Expression: TypeAlias = Literal | Identifier | Array | Object | Group | Unary | Operation | Access


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`."""

    start: int
    end: int
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Block:
    """`path.of.names "label" { … }`. The span is that of the head; `label` is None when there is none."""

    start: int
    end: int
    path: tuple[str, ...]
    label: str | None
    body: Body

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def id(self) -> str:
        """What Alloy calls the block: its name and, if it has one, its label."""
        return f"{self.name}.{self.label}" if self.label else self.name


@dataclass(frozen=True, slots=True)
class Body:
    """Statements in the order of the text."""

    statements: tuple[Statement, ...]

    @property
    def attributes(self) -> Iterator[Attribute]:
        return (statement for statement in self.statements if isinstance(statement, Attribute))

    @property
    def blocks(self) -> Iterator[Block]:
        return (statement for statement in self.statements if isinstance(statement, Block))


Statement: TypeAlias = Attribute | Block


@dataclass(frozen=True, slots=True)
class Chain:
    """A dotted name from an identifier on, as far as it goes: `a.b.c` of `a.b.c["d"].e`, whose rest are the steps."""

    start: int
    end: int
    names: tuple[str, ...]
    steps: tuple[Step, ...] = ()


def subexpressions(root: Expression) -> Iterator[Expression]:
    """The expression and all inside it, in the order of the text."""
    pending = [root]
    while pending:
        expression = pending.pop()
        yield expression
        pending.extend(reversed(_children(expression)))


def chains(root: Expression) -> Iterator[Chain]:
    """Every maximal dotted name in the expression, in the order of the text."""
    pending = [root]
    while pending:
        expression = pending.pop()
        if isinstance(expression, Identifier):
            yield Chain(expression.start, expression.end, (expression.name,))
        elif isinstance(expression, Access) and isinstance(expression.base, Identifier):
            yield _chain(expression.base, expression.steps)
            pending.extend(reversed(_step_children(expression.steps)))
        else:
            pending.extend(reversed(_children(expression)))


def _chain(base: Identifier, steps: tuple[Step, ...]) -> Chain:
    names, end = [base.name], base.end
    for step in steps:
        if not isinstance(step, Member):
            break
        names.append(step.name)
        end = step.end
    return Chain(base.start, end, tuple(names), steps[len(names) - 1 :])


def _children(expression: Expression) -> list[Expression]:
    match expression:
        case Literal() | Identifier():
            return []
        case Array():
            return list(expression.items)
        case Object():
            return [field.value for field in expression.fields]
        case Group():
            return [expression.inner]
        case Unary():
            return [expression.operand]
        case Operation():
            return list(expression.operands)
        case Access():
            return [expression.base, *_step_children(expression.steps)]


def _step_children(steps: tuple[Step, ...]) -> list[Expression]:
    children: list[Expression] = []
    for step in steps:
        if isinstance(step, Index):
            children.append(step.key)
        elif isinstance(step, Call):
            children.extend(step.arguments)
    return children
