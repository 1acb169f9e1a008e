"""Why a JSON value or a message is refused, and where in it.

A refusal starts at the value without knowing its place. Each level that it passes on its way up puts its own step in
front, so that a request without faults pays nothing for paths.
"""

from __future__ import annotations

from typing import Any

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.wire.dialects.conventions import MAX_DEPTH

_SHOWN_CHARACTERS = 40


class Refusal(Exception):  # noqa: N818 - an event on the way to `Invalid`
    """A value that cannot be read or printed. `why` continues a sentence that begins with the field's path."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self._steps: list[str] = []

    def inside_field(self, name: str) -> None:
        """The value is, or is in, this field."""
        self._steps.append(f".{name}")

    def inside_item(self, index: int) -> None:
        """The value is, or is in, this item of a list."""
        self._steps.append(f"[{index}]")

    def inside_entry(self, key: Any) -> None:
        """The value is, or is in, this entry of a map."""
        self._steps.append(f"[{show(key)}]")

    def to_error(self) -> Invalid:
        """FIELD_INVALID with the field's path, or BODY_MALFORMED when the fault is in the whole."""
        path = "".join(reversed(self._steps)).removeprefix(".")
        if not path:
            return Invalid(Reason.BODY_MALFORMED, f"the body {self.why}")
        return Invalid(Reason.FIELD_INVALID, f"{path}: {self.why}", violations=(FieldViolation(path, self.why),))


class TooDeep(Refusal):
    """Nested beyond the limit. Nobody can use a path of a hundred steps, so the error carries none."""

    def __init__(self) -> None:
        super().__init__(f"is nested deeper than {MAX_DEPTH} messages")

    def to_error(self) -> Invalid:
        return Invalid(Reason.BODY_MALFORMED, f"the body {self.why}")


def expected(what: str, value: Any) -> Refusal:
    """The refusal of a value that is something else than `what`."""
    return Refusal(f"must be {what}, not {show(value)}")


def show(value: Any) -> str:
    """A value for an error text: short, on one line, whatever it is."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…")
        case int() if value.bit_length() > 128:
            return "a number of more than 128 bits"
        case int() | float():
            return str(value)
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return f"a {type(value).__name__}"
