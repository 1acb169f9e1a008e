"""Alloy text to a syntax tree, by recursive descent. An error costs its own statement; reading goes on behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from quarterdeck.fleet.alloy import lexer
from quarterdeck.fleet.alloy.diagnostics import Diagnostic, Findings, Source, shown
from quarterdeck.fleet.alloy.lexer import (
    ASSIGN,
    COMMA,
    DOT,
    END,
    IDENTIFIER,
    LEFT_BRACE,
    LEFT_BRACKET,
    LEFT_PAREN,
    NOT,
    RAW_STRING,
    RIGHT_BRACE,
    RIGHT_BRACKET,
    RIGHT_PAREN,
    STRING,
    SUBTRACT,
    TERMINATOR,
    tokenize,
)
from quarterdeck.fleet.alloy.strings import is_identifier
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
    Statement,
    Step,
    Unary,
)

MAX_DEPTH = 150
"""How deep blocks, lists, objects, calls, indexes and parentheses may nest together. Alloy itself has no such limit."""

_LITERALS = {
    lexer.STRING: LiteralKind.STRING,
    lexer.RAW_STRING: LiteralKind.RAW_STRING,
    lexer.NUMBER: LiteralKind.NUMBER,
    lexer.FLOAT: LiteralKind.FLOAT,
    lexer.BOOL: LiteralKind.BOOL,
    lexer.NULL: LiteralKind.NULL,
}
_PRECEDENCE = {
    lexer.OR: 1,
    lexer.AND: 2,
    lexer.EQUAL: 3,
    lexer.NOT_EQUAL: 3,
    lexer.LESS: 3,
    lexer.LESS_EQUAL: 3,
    lexer.GREATER: 3,
    lexer.GREATER_EQUAL: 3,
    lexer.ADD: 4,
    lexer.SUBTRACT: 4,
    lexer.MULTIPLY: 5,
    lexer.DIVIDE: 5,
    lexer.MODULO: 5,
    lexer.POWER: 6,
}
_OPENING = frozenset({LEFT_BRACE, LEFT_BRACKET, LEFT_PAREN})
_CLOSING = frozenset({RIGHT_BRACE, RIGHT_BRACKET, RIGHT_PAREN})
_STEPS = frozenset({DOT, LEFT_BRACKET, LEFT_PAREN})
_CLOSER_TEXT = {RIGHT_BRACE: "}", RIGHT_BRACKET: "]", RIGHT_PAREN: ")"}


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What could be read, and what could not: the tree is the whole text's only when there are no diagnostics."""

    source: Source
    file: Body
    diagnostics: list[Diagnostic]


def parse(text: str, *, max_depth: int = MAX_DEPTH) -> ParseResult:
    """Read a text. Never raises, and takes time linear in the length; every diagnostic is an error."""
    source = Source(text)
    findings = Findings(source)
    tokens = tokenize(source, findings)
    file = Body(()) if findings.full else _Parser(source.text, tokens, findings, max_depth).file()
    return ParseResult(source, file, findings.in_order())


class _SyntaxError(Exception):
    """A statement that cannot be read; where and why is already recorded."""


class _TooDeep(Exception):  # noqa: N818 - it ends the reading, the error is the diagnostic recorded with it
    """The nesting limit is reached; what follows is not read."""


@dataclass(slots=True)
class _OpenBlock:
    """A block whose body is being read; the file itself is the one without a head."""

    start: int
    end: int
    path: tuple[str, ...]
    label: str | None
    statements: list[Statement] = field(default_factory=list)

    def close(self) -> Block:
        return Block(self.start, self.end, self.path, self.label, Body(tuple(self.statements)))


class _Parser:
    """One reading. Blocks nest on a list of their own; only expressions recurse, four frames a level at most."""

    def __init__(self, text: str, tokens: lexer.Tokens, findings: Findings, max_depth: int) -> None:
        self._text = text
        self._kinds = tokens.kinds
        self._starts = tokens.starts
        self._ends = tokens.ends
        self._findings = findings
        self._max_depth = max_depth
        self._at = 0
        self._depth = 0
        self._brackets_balance = True
        self._open: list[_OpenBlock] = [_OpenBlock(0, 0, (), None)]

    def file(self) -> Body:
        """The body of the text, without the statements that could not be read."""
        try:
            while not self._findings.full and self._kinds[self._at] != END:
                self._next()
            self._check_all_closed()
        except _TooDeep:
            pass
        while len(self._open) > 1:
            self._close_block()
        return Body(tuple(self._open[0].statements))

    def _next(self) -> None:
        """Read one statement, or the head or the closing brace of a block."""
        begun = self._at
        self._depth = len(self._open) - 1
        try:
            if self._kinds[begun] == TERMINATOR:
                self._at += 1
            elif self._kinds[begun] == RIGHT_BRACE:
                self._closing_brace()
            else:
                self._statement()
        except _SyntaxError:
            self._recover(begun)

    def _statement(self) -> None:
        start = self._starts[self._at]
        path = self._path()
        label = self._label()
        if self._kinds[self._at] == ASSIGN:
            self._attribute(start, path, label)
        elif self._kinds[self._at] == LEFT_BRACE:
            self._deeper()
            self._open.append(_OpenBlock(start, self._ends[self._at - 2], path, label))
        else:
            expected = '"{"' if label is not None or len(path) > 1 else '"=" or "{"'
            self._fail(f"expected {expected} after {shown('.'.join(path))}, found {self._found()}")

    def _path(self) -> tuple[str, ...]:
        if self._kinds[self._at] != IDENTIFIER:
            self._fail(f"expected the name of a block or an attribute, found {self._found()}")
        names = [self._word()]
        while self._kinds[self._at] == DOT:
            self._at += 1
            if self._kinds[self._at] != IDENTIFIER:
                self._fail(f'expected a name after ".", found {self._found()}')
            names.append(self._word())
        return tuple(names)

    def _label(self) -> str | None:
        kind = self._kinds[self._at]
        if kind == RAW_STRING:
            self._fail("a block's label is written in double quotes")
        if kind != STRING:
            return None
        label = self._word()[1:-1]
        if label != "" and not is_identifier(label):
            self._at -= 1
            self._fail(
                f"the label {shown(label)} is not an identifier: letters, digits and underscores, no digit first, "
                "none of true, false and null"
            )
        return label

    def _attribute(self, start: int, path: tuple[str, ...], label: str | None) -> None:
        if label is not None:
            self._fail(f"the attribute {shown(path[0])} cannot have a label")
        if len(path) > 1:
            self._fail(f"the name of an attribute has no dots, but this is {shown('.'.join(path))}")
        self._at += 1
        value = self._expression()
        self._open[-1].statements.append(Attribute(start, value.end, path[0], value))
        self._separator()

    def _closing_brace(self) -> None:
        if len(self._open) == 1:
            self._fail('this "}" closes nothing')
        self._at += 1
        self._close_block()
        self._separator()

    def _close_block(self) -> None:
        block = self._open.pop().close()
        self._open[-1].statements.append(block)

    def _separator(self) -> None:
        """After a statement: the end of its line, or of the body it stands in."""
        kind = self._kinds[self._at]
        if kind == TERMINATOR:
            self._at += 1
        elif kind not in (RIGHT_BRACE, END):
            if kind == LEFT_BRACE or (kind == STRING and self._kinds[self._at + 1] == LEFT_BRACE):
                self._fail("a block cannot be the value of an attribute")
            self._fail(f"expected the end of the line after a statement, found {self._found()}")

    def _check_all_closed(self) -> None:
        if len(self._open) > 1 and not self._findings.full:
            block = self._open[-1]
            self._findings.add(block.start, block.end, f'the block {shown(".".join(block.path))} is not closed by "}}"')

    def _recover(self, begun: int) -> None:
        """Go on behind the statement that began at a token: at its line's end, past the brackets that it opened."""
        failed = self._at
        if self._kinds[failed] == RIGHT_BRACE and failed == begun:
            self._at += 1
        elif not (self._brackets_balance and self._skip(begun, failed)):
            self._skip_line(failed)

    def _skip(self, begun: int, failed: int) -> bool:
        depth = 0
        for at in range(begun, len(self._kinds)):
            kind = self._kinds[at]
            if kind in _OPENING:
                depth += 1
            elif kind in _CLOSING:
                if depth <= 0 and kind == RIGHT_BRACE and at >= failed:
                    self._at = at
                    return True
                depth = max(depth - 1, 0)
            elif kind == TERMINATOR and depth <= 0 and at >= failed:
                self._at = at + 1
                return True
        # Some bracket is never closed: looking for it again after each error would make reading quadratic.
        self._brackets_balance = False
        return False

    def _skip_line(self, failed: int) -> None:
        if self._kinds[failed] == RIGHT_BRACE:
            return  # most likely it closes the block that the statement stands in
        newline = self._text.find("\n", self._starts[failed])
        at = failed if newline >= 0 else len(self._kinds) - 1
        while self._kinds[at] != END and self._starts[at] <= newline:
            at += 1
        self._at = at

    def _expression(self) -> Expression:
        operand = self._operand()
        if self._kinds[self._at] not in _PRECEDENCE:
            return operand
        operands, operators, levels = [operand], [], []
        while (level := _PRECEDENCE.get(self._kinds[self._at])) is not None:
            operators.append(self._word())
            levels.append(level)
            operands.append(self._operand())
        return _grouped(operands, operators, levels)

    def _operand(self) -> Expression:
        first = self._at
        while self._kinds[self._at] in (NOT, SUBTRACT):
            self._at += 1
        prefixes = self._kinds[first : self._at]
        at = self._at
        kind, start = self._kinds[at], self._starts[at]
        value: Expression
        if kind == IDENTIFIER:
            value = Identifier(start, self._ends[at], self._word())
        elif kind in _LITERALS:
            value = Literal(start, self._ends[at], _LITERALS[kind], self._word())
        elif kind == LEFT_BRACKET:
            items = self._expressions(RIGHT_BRACKET)
            value = Array(start, self._ends[self._at - 1], items)
        elif kind == LEFT_BRACE:
            fields = self._fields()
            value = Object(start, self._ends[self._at - 1], fields)
        elif kind == LEFT_PAREN:
            self._deeper()
            inner = self._expression()
            self._close(RIGHT_PAREN)
            value = Group(start, self._ends[self._at - 1], inner)
        else:
            self._fail(f"expected a value, found {self._found()}")
        if self._kinds[self._at] in _STEPS:
            value = self._access(value)
        if not prefixes:
            return value
        operators = "".join("!" if prefix == NOT else "-" for prefix in prefixes)
        return Unary(self._starts[first], value.end, operators, value)

    def _access(self, base: Expression) -> Access:
        steps: list[Step] = []
        while (kind := self._kinds[self._at]) in _STEPS:
            start = self._starts[self._at]
            if kind == LEFT_PAREN:
                arguments = self._expressions(RIGHT_PAREN)
                steps.append(Call(start, self._ends[self._at - 1], arguments))
            elif kind == DOT:
                steps.append(self._member(start))
            else:
                self._deeper()
                key = self._expression()
                self._close(RIGHT_BRACKET)
                steps.append(Index(start, self._ends[self._at - 1], key))
        return Access(base.start, steps[-1].end, base, tuple(steps))

    def _member(self, start: int) -> Member:
        self._at += 1
        if self._kinds[self._at] != IDENTIFIER:
            self._fail(f'expected a name after ".", found {self._found()}')
        return Member(start, self._ends[self._at], self._word())

    def _expressions(self, closer: int) -> tuple[Expression, ...]:
        """The values of a list or call, from its opening bracket to behind its closing one."""
        self._deeper()
        items: list[Expression] = []
        while self._kinds[self._at] != closer:
            items.append(self._expression())
            if self._kinds[self._at] != COMMA:
                break
            self._at += 1
        self._close(closer, separated=True)
        return tuple(items)

    def _fields(self) -> tuple[Field, ...]:
        self._deeper()
        fields: list[Field] = []
        while self._kinds[self._at] != RIGHT_BRACE:
            fields.append(self._field())
            if self._kinds[self._at] != COMMA:
                break
            self._at += 1
        self._close(RIGHT_BRACE, separated=True)
        return tuple(fields)

    def _field(self) -> Field:
        start, kind = self._starts[self._at], self._kinds[self._at]
        if kind not in (IDENTIFIER, STRING, RAW_STRING):
            self._fail(f"expected the key of an object, a name or a string, found {self._found()}")
        key = self._word() if kind == IDENTIFIER else self._word()[1:-1]
        if self._kinds[self._at] != ASSIGN:
            self._fail(f'expected "=" after the key {shown(key)} of an object, found {self._found()}')
        self._at += 1
        value = self._expression()
        return Field(start, value.end, key, value)

    def _close(self, closer: int, *, separated: bool = False) -> None:
        """Pass a closing bracket; `separated` says that a comma could have stood there as well."""
        if self._kinds[self._at] != closer:
            self._fail_to_close(closer, separated=separated)
        self._at += 1
        self._depth -= 1

    def _fail_to_close(self, closer: int, *, separated: bool) -> NoReturn:
        mark = f'"{_CLOSER_TEXT[closer]}"'
        expected = f'"," or {mark}' if separated else mark
        if self._kinds[self._at] != TERMINATOR:
            self._fail(f"expected {expected}, found {self._found()}")
        hint = (
            "over several lines the last value needs a comma behind it too"
            if separated
            else f"{mark} stands on the line where the value ends"
        )
        self._fail(f"expected {expected} before {self._found()}: {hint}")

    def _deeper(self) -> None:
        """Pass an opening bracket."""
        self._depth += 1
        if self._depth > self._max_depth:
            start, end = self._starts[self._at], self._ends[self._at]
            self._findings.add(start, end, f"nested deeper than {self._max_depth} levels")
            raise _TooDeep
        self._at += 1

    def _word(self) -> str:
        """The text of the token, which is passed."""
        at = self._at
        self._at += 1
        return self._text[self._starts[at] : self._ends[at]]

    def _found(self) -> str:
        kind = self._kinds[self._at]
        if kind == END:
            return "the end of the text"
        if kind == TERMINATOR:
            at_end = self._kinds[self._at + 1] == END and self._starts[self._at] == len(self._text)
            return "the end of the text" if at_end else "the end of the line"
        return shown(self._text[self._starts[self._at] : self._ends[self._at]])

    def _fail(self, text: str) -> NoReturn:
        """Record an error about the token, and leave the statement."""
        self._findings.add(self._starts[self._at], self._ends[self._at], text)
        raise _SyntaxError


def _grouped(operands: list[Expression], operators: list[str], levels: list[int]) -> Expression:
    """A flat run of operands as a tree: the tightest operators first, each run of one precedence one node."""
    for level in sorted(set(levels), reverse=True):
        merged: list[Expression] = []
        kept_operators: list[str] = []
        kept_levels: list[int] = []
        run, run_operators = [operands[0]], list[str]()
        for operator, its_level, operand in zip(operators, levels, operands[1:], strict=True):
            if its_level == level:
                run.append(operand)
                run_operators.append(operator)
                continue
            merged.append(_joined(run, run_operators))
            kept_operators.append(operator)
            kept_levels.append(its_level)
            run, run_operators = [operand], []
        merged.append(_joined(run, run_operators))
        operands, operators, levels = merged, kept_operators, kept_levels
    return operands[0]


def _joined(operands: list[Expression], operators: list[str]) -> Expression:
    if not operators:
        return operands[0]
    return Operation(operands[0].start, operands[-1].end, tuple(operators), tuple(operands))
