"""Where a reader of the whole log stands: an opaque cursor with a total order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from quarterdeck.errors import Invalid, Reason

_FORM: Final = re.compile(r"(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,18})", re.ASCII)
_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """After which event a reader has seen everything. `str` and `parse` turn it into text and back.

    `xid` is the writing transaction on PostgreSQL and 0 on SQLite, where one writer makes commit order position order.
    """

    xid: int
    number: int

    START: ClassVar[Position]
    """Before the first event."""

    def __str__(self) -> str:
        return f"{self.xid}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The inverse of `str`. Raises `Invalid` for anything that `str` never makes."""
        match = _FORM.fullmatch(text[:64])
        if match is None or len(text) > 64:
            raise Invalid(Reason.FIELD_INVALID, f"event position {text[:64]!r} is not one that this server gave out")
        position = cls(int(match[1]), int(match[2]))
        if position.xid > _MAX or position.number > _MAX:
            raise Invalid(Reason.FIELD_INVALID, f"event position {text!r} is not one that this server gave out")
        return position


Position.START = Position(0, 0)
