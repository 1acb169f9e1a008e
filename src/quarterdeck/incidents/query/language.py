"""The query language of Grafana Incident: query text to a tree.

    query   = [ or ]
    or      = and { "or" and }                      infix, binds least
    and     = unary { [ "and" ] unary }             side by side is AND
    unary   = "not" unary | primary
    primary = group | "(" or ")" | term
    group   = ("or(" | "and(" | "not(") item { item } ")"
    item    = unary { "and" unary } { "or" unary { "and" unary } }

Hosted documents the terms, implicit AND and `or(…)`; the rest is Quarterdeck's own, so that what other clients and
people write parses too.
"""

from __future__ import annotations

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents.query.lexing import Malformed, Mark, Token, tokens
from quarterdeck.incidents.query.terms import EVERYTHING, MAX_LENGTH, MAX_LEVELS, MAX_TERMS, And, Not, Or, Query

_GROUPS = frozenset({Mark.AND_GROUP, Mark.OR_GROUP, Mark.NOT_GROUP})
_OPERATORS = frozenset({Mark.AND, Mark.OR})


def parse_query(text: str, *, field: str = "queryString") -> Query:
    """The query that `text` is; `EVERYTHING` for empty or blank text.

    And and Or always have two operands or more, nested ones are kept as written. Takes linear time. Raises
    `Invalid(QUERY_INVALID)` with the message `invalid query string: <reason> at position <n>`, counted from 1, and
    `field` in its violation and metadata.
    """
    try:
        return _parse(text)
    except Malformed as malformed:
        message = f"invalid query string: {malformed.why} at position {malformed.at + 1}"
        maximum = MAX_LENGTH if len(text) > MAX_LENGTH else None
        limit = {"max": str(maximum)} if maximum else {}
        raise Invalid(
            Reason.QUERY_INVALID,
            message,
            violations=(FieldViolation(field, message, maximum=maximum),),
            metadata={"field": field, **limit},
        ) from None


def _parse(text: str) -> Query:
    if len(text) > MAX_LENGTH:
        raise Malformed(f"more than {MAX_LENGTH} characters", MAX_LENGTH)
    parser = _Parser(_checked(text))
    if parser.ahead().content is Mark.END:
        return EVERYTHING
    query = parser.disjunction()
    if parser.ahead().content is not Mark.END:
        raise Malformed("a closing bracket was never opened", parser.ahead().at)
    return query


def _checked(text: str) -> list[Token]:
    found: list[Token] = []
    terms = 0
    for token in tokens(text):
        terms += not isinstance(token.content, Mark)
        if terms > MAX_TERMS:
            raise Malformed(f"more than {MAX_TERMS} terms", token.at)
        found.append(token)
    return found


class _Parser:
    """Recursive descent. Every method stops in front of the first token that is not its own."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._level = 0

    def ahead(self) -> Token:
        return self._tokens[self._next]

    def disjunction(self) -> Query:
        operands = [self._conjunction()]
        while self._accept(Mark.OR):
            operands.append(self._conjunction())
        return _combined(Or, operands)

    def _conjunction(self) -> Query:
        operands = [self._unary()]
        while self._accept(Mark.AND) or self._operand_ahead():
            operands.append(self._unary())
        return _combined(And, operands)

    def _unary(self) -> Query:
        token = self._take()
        mark = token.content
        if not isinstance(mark, Mark):
            return mark
        if mark is Mark.NOT:
            self._descend(token)
            negated = Not(self._unary())
            self._level -= 1
            return negated
        if mark is Mark.OPEN:
            return self._bracketed(token)
        if mark in _GROUPS:
            return self._group(token, mark)
        raise self._no_operand(token)

    def _bracketed(self, opening: Token) -> Query:
        self._descend(opening)
        if self.ahead().content is Mark.CLOSE:
            raise Malformed("brackets hold nothing", opening.at)
        inner = self.disjunction()
        self._close(opening)
        return inner

    def _group(self, opening: Token, mark: Mark) -> Query:
        self._descend(opening)
        if self.ahead().content is Mark.CLOSE:
            raise Malformed(f"the group {mark.value}…) is empty", opening.at)
        items = [self._item()]
        while self._operand_ahead():
            items.append(self._item())
        self._close(opening)
        if mark is Mark.NOT_GROUP:
            return Not(_combined(And, items))
        return _combined(Or if mark is Mark.OR_GROUP else And, items)

    def _item(self) -> Query:
        alternatives = [self._joined()]
        while self._accept(Mark.OR):
            alternatives.append(self._joined())
        return _combined(Or, alternatives)

    def _joined(self) -> Query:
        operands = [self._unary()]
        while self._accept(Mark.AND):
            operands.append(self._unary())
        return _combined(And, operands)

    def _operand_ahead(self) -> bool:
        """Whether something begins here, or should: a stray operator is for `_unary` to refuse."""
        return self.ahead().content not in {Mark.OR, Mark.CLOSE, Mark.END}

    def _accept(self, mark: Mark) -> bool:
        found = self.ahead().content is mark
        self._next += found
        return found

    def _take(self) -> Token:
        token = self.ahead()
        if token.content is not Mark.END:
            self._next += 1
        return token

    def _descend(self, opening: Token) -> None:
        self._level += 1
        if self._level > MAX_LEVELS:
            raise Malformed(f"more than {MAX_LEVELS} levels", opening.at)

    def _close(self, opening: Token) -> None:
        if not self._accept(Mark.CLOSE):
            raise Malformed("a bracket is never closed", opening.at)
        self._level -= 1

    def _no_operand(self, token: Token) -> Malformed:
        before = self._tokens[max(self._next - 2, 0)] if token.content is not Mark.END else self._last_real()
        if before.content in {Mark.AND, Mark.OR, Mark.NOT} and before is not token:
            return Malformed(f"the operator {before.content} lacks its right operand", before.at)
        if token.content in _OPERATORS:
            return Malformed(f"the operator {token.content} lacks its left operand", token.at)
        if token.content is Mark.END:
            return Malformed("a bracket is never closed", before.at)
        return Malformed("a closing bracket was never opened", token.at)

    def _last_real(self) -> Token:
        return self._tokens[max(len(self._tokens) - 2, 0)]


def _combined(kind: type[And | Or], operands: list[Query]) -> Query:
    return operands[0] if len(operands) == 1 else kind(tuple(operands))
