"""A query back to text, in one spelling: every operator as a group, every value quoted."""

from __future__ import annotations

import re

from quarterdeck.incidents.query.terms import (
    And,
    ContextTerm,
    CreatedByTerm,
    DrillTerm,
    FieldTerm,
    LabelTerm,
    Not,
    Or,
    Query,
    RangeTerm,
    RoleTerm,
    SeverityTerm,
    StatusTerm,
    Term,
    TitleTerm,
    UserEmailTerm,
)
from quarterdeck.incidents.times import format_time

_NEEDS_QUOTES = re.compile(r"[\s()]")


def print_query(query: Query) -> str:
    """Text that parses to `query` again, for every query that parsing can give.

    It may be longer, and its groups nested deeper, than what parsing accepts. Raises ValueError for a query that no
    text can express: with a value that needs quotes and holds both kinds.
    """
    match query:
        case And(operands=operands):
            return _group("and", operands) if operands else ""
        case Or(operands=operands):
            return _group("or", operands)
        case Not(operand=operand):
            return f"not({print_query(operand)})"
        case _:
            return _term(query)


def _group(name: str, operands: tuple[Query, ...]) -> str:
    return f"{name}({' '.join(print_query(operand) for operand in operands)})"


def _term(term: Term) -> str:
    match term:
        case TitleTerm(text=value):
            return f"title:{_quoted(value)}"
        case StatusTerm(name=value):
            return f"status:{_quoted(value)}"
        case SeverityTerm(name=value):
            return f"severity:{_quoted(value)}"
        case DrillTerm(is_drill=is_drill):
            return f"isdrill:{'true' if is_drill else 'false'}"
        case CreatedByTerm(email=value):
            return f"createdby:{_quoted(value)}"
        case FieldTerm(slug=slug, value=value):
            return f"field:{_quoted(slug, part=True)}:{_quoted(value)}"
        case LabelTerm(value=value, key=None):
            return f"label:{_quoted(value, part=True)}"
        case LabelTerm(value=value, key=str(key)):
            return f"label:{_quoted(key, part=True)}:{_quoted(value)}"
        case ContextTerm(text=value):
            return f"context:{_quoted(value)}"
        case RoleTerm(name=value):
            return f"role:{_quoted(value)}"
        case UserEmailTerm(email=value):
            return f"user.email:{_quoted(value)}"
        case RangeTerm(field=field, start=start, end=end):
            return f"{field}:{format_time(start)},{format_time(end)}"
    raise AssertionError(term)


def _quoted(value: str, *, part: bool = False) -> str:
    for quote in "\"'":
        if quote not in value:
            return f"{quote}{value}{quote}"
    if _NEEDS_QUOTES.search(value) or value[0] in "\"'" or (part and ":" in value):
        raise ValueError(f"no query can express {value!r}: it needs quotes and holds both kinds")
    return value
