"""Hypothesis strategies that write Alloy: syntax trees without positions, and the texts that they are read from."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import strategies as st

from quarterdeck.fleet.alloy.strings import quote
from quarterdeck.fleet.alloy.syntax import (
    Access,
    Array,
    Attribute,
    Block,
    Body,
    Call,
    Expression,
    Field,
    Group,
    Identifier,
    Index,
    Literal,
    LiteralKind,
    Member,
    Object,
    Operation,
    Unary,
)

identifiers = st.one_of(
    st.sampled_from(["a", "b", "prometheus", "scrape", "_x1", "größe", "число", "k٣"]),
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
).filter(lambda name: name not in {"true", "false", "null"})

_values = st.text(st.characters(codec="utf-8"), max_size=12)
_raw_values = st.text(st.characters(codec="utf-8", exclude_characters="`\x00\ufeff\r"), max_size=12)

literals = st.one_of(
    _values.map(lambda value: Literal(0, 0, LiteralKind.STRING, quote(value))),
    _raw_values.map(lambda value: Literal(0, 0, LiteralKind.RAW_STRING, f"`{value}`")),
    st.integers(0, 10**20).map(lambda value: Literal(0, 0, LiteralKind.NUMBER, str(value))),
    st.sampled_from(["1.", ".5", "1.5e-3", "1e9", "0.25"]).map(lambda text: Literal(0, 0, LiteralKind.FLOAT, text)),
    st.sampled_from(["true", "false"]).map(lambda text: Literal(0, 0, LiteralKind.BOOL, text)),
    st.just(Literal(0, 0, LiteralKind.NULL, "null")),
)
names = identifiers.map(lambda name: Identifier(0, 0, name))

_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"), ("^",))


def _grouped(expression: Expression) -> Expression:
    """Parenthesised where it would otherwise join its surroundings: `1.x` would even be read as a number."""
    loose = isinstance(expression, Operation | Unary | Access | Literal)
    return Group(0, 0, expression) if loose else expression


def _operation(level: tuple[str, ...], inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    operands = st.lists(inner.map(_grouped), min_size=2, max_size=4)
    return operands.flatmap(
        lambda chosen: st.tuples(*[st.sampled_from(level)] * (len(chosen) - 1)).map(
            lambda operators: Operation(0, 0, operators, tuple(chosen))
        )
    )


def _access(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    step = st.one_of(
        identifiers.map(lambda name: Member(0, 0, name)),
        inner.map(lambda key: Index(0, 0, key)),
        st.lists(inner, max_size=3).map(lambda arguments: Call(0, 0, tuple(arguments))),
    )
    steps = st.lists(step, min_size=1, max_size=4)
    return st.builds(lambda base, chosen: Access(0, 0, _grouped(base), tuple(chosen)), inner, steps)


def _objects(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    keys = st.one_of(identifiers, st.sampled_from(["a-b", "collector.ID", "", "x y"]))
    entries = st.lists(st.builds(lambda key, value: Field(0, 0, key, value), keys, inner), max_size=4)
    return entries.map(lambda chosen: Object(0, 0, tuple(chosen)))


def _nested(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.lists(inner, max_size=4).map(lambda items: Array(0, 0, tuple(items))),
        _objects(inner),
        inner.map(lambda expression: Group(0, 0, expression)),
        st.builds(
            lambda operators, operand: Unary(0, 0, operators, _grouped(operand)),
            st.sampled_from(["!", "-", "!!", "-!"]),
            inner,
        ),
        *(_operation(level, inner) for level in _LEVELS),
        _access(inner),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(st.one_of(literals, names), _nested, max_leaves=12)
attributes = st.builds(lambda name, value: Attribute(0, 0, name, value), identifiers, expressions)


def _blocks(inner: st.SearchStrategy[Body]) -> st.SearchStrategy[Block]:
    paths = st.lists(identifiers, min_size=1, max_size=3).map(tuple)
    labels = st.one_of(st.none(), identifiers, st.just(""))
    return st.builds(lambda path, label, body: Block(0, 0, path, label, body), paths, labels, inner)


def _bodies(statements: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    return st.lists(statements, max_size=4).map(lambda chosen: Body(tuple(chosen)))


bodies: st.SearchStrategy[Body] = st.recursive(
    _bodies(attributes), lambda inner: _bodies(st.one_of(attributes, _blocks(inner))), max_leaves=5
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A valid text, with comments and blank lines where they may be."""
    text = write(draw(bodies))
    before = draw(st.sampled_from(["", "\n\n", "// a comment } \n", "/* two\nlines */\n", "\ufeff", "\r\n"]))
    after = draw(st.sampled_from(["", "\n", "// the last line is a comment", "/* closed */", " \t", "\r\n\r\n"]))
    return before + text + after


pipeline_bodies: st.SearchStrategy[Body] = st.lists(
    st.builds(
        lambda path, label, body: Block(0, 0, path, label, body),
        st.sampled_from([("prometheus", "scrape"), ("loki", "write"), ("otelcol", "processor", "batch")]),
        identifiers,
        bodies,
    ),
    max_size=3,
    unique_by=lambda block: block.id,
).map(lambda blocks: Body(tuple(blocks)))


def write(node: Any) -> str:
    """The text of a tree."""
    match node:
        case Body():
            return "".join(f"{write(statement)}\n" for statement in node.statements)
        case Attribute():
            return f"{node.name} = {write(node.value)}"
        case Block():
            label = "" if node.label is None else f' "{node.label}"'
            return f"{node.name}{label} {{\n{write(node.body)}}}"
        case Literal():
            return node.text
        case Identifier():
            return node.name
        case Array():
            return "[" + "".join(f"\n{write(item)}," for item in node.items) + "]"
        case Object():
            return "{" + ", ".join(f'"{field.key}" = {write(field.value)}' for field in node.fields) + "}"
        case Group():
            return f"({write(node.inner)})"
        case Unary():
            return node.operators + write(node.operand)
        case Operation():
            pieces = [write(node.operands[0])]
            for operator, operand in zip(node.operators, node.operands[1:], strict=True):
                pieces.append(f" {operator}\n{write(operand)}")
            return "".join(pieces)
        case Access():
            return write(node.base) + "".join(write(step) for step in node.steps)
        case Member():
            return f".{node.name}"
        case Index():
            return f"[{write(node.key)}]"
        case Call():
            return "(" + ", ".join(write(argument) for argument in node.arguments) + ")"
    raise TypeError(type(node))


def shape(node: Any) -> Any:
    """A tree without its positions, for comparing."""
    if isinstance(node, tuple):
        return tuple(shape(each) for each in node)
    if is_dataclass(node):
        inside = {field.name: shape(getattr(node, field.name)) for field in fields(node)}
        return type(node).__name__, {name: value for name, value in inside.items() if name not in ("start", "end")}
    return node
