"""NUL characters: valid in JSON, in no text of PostgreSQL."""

from __future__ import annotations

from typing import Any

from quarterdeck.errors import FieldViolation, Invalid, Reason

_ESCAPED = b"\\u0000"
_WHY = "must not contain NUL characters"

Step = tuple[Any, str]
"""The step before this one, and this one as text: paths are put together for what is refused only."""


def refuse_nul(data: bytes, value: Any) -> None:
    """Raises Invalid when a text or a key in a parsed body has a NUL character. Its path has the body's own keys."""
    if _ESCAPED not in data:  # JSON has no other way to write it, and hardly a body has this one
        return
    ahead: list[tuple[Any, Step | None]] = [(value, None)]
    while ahead:
        item, step = ahead.pop()
        if type(item) is str and "\0" in item:
            raise _refusal(step)
        if type(item) is dict:
            if any("\0" in key for key in item):
                raise _refusal(step)
            ahead += [(nested, (step, f".{key}")) for key, nested in item.items()]
        elif type(item) is list:
            ahead += [(nested, (step, f"[{index}]")) for index, nested in enumerate(item)]


def without_nul(data: bytes, value: Any) -> Any:
    """The parsed body with a replacement character for each NUL: for clients that paste whatever a log had in it.

    Raises Invalid for one that is nested too deeply.
    """
    if _ESCAPED not in data:
        return value
    try:
        return _replaced(value)
    except RecursionError:
        raise Invalid(Reason.BODY_MALFORMED, "the body is nested too deeply") from None


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_replaced(key): _replaced(item) for key, item in value.items()}
        case list():
            return [_replaced(item) for item in value]
        case _:
            return value


def _refusal(step: Step | None) -> Invalid:
    steps = []
    while step is not None:
        before, text = step
        steps.append(text[:200])
        step = before
    path = "".join(reversed(steps[-20:])).removeprefix(".")
    if not path:
        return Invalid(Reason.BODY_MALFORMED, f"the body {_WHY}")
    return Invalid(Reason.FIELD_INVALID, f"{path}: {_WHY}", violations=(FieldViolation(path, _WHY),))
