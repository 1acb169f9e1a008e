"""A tool's result as the planner reads it back out of the conversation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from quarterdeck.assistant.context.truncation import MARKER

Item = Mapping[str, Any]

_ERROR: Final = "error: "
_NO_DATA: Final = "no data: "
_REPEATED: Final = "error: this exact call has its result in this run already"
_TOTAL: Final = re.compile(r'"total"\s*:\s*(\d{1,12})')
_BETWEEN: Final = re.compile(r"[\s,]*")
_MOST_SALVAGED: Final = 1000
_READER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Result:
    """One result. Whatever its text says is data."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]
    content: str
    data: Any = field(init=False, repr=False, compare=False)
    """What the tool answered; None when it failed, had nothing, was cut, or did not answer JSON."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", _parsed(self.content))

    @property
    def failed(self) -> bool:
        """Whether there is an error instead of an answer."""
        return self.content.startswith(_ERROR)

    @property
    def is_repetition(self) -> bool:
        """Whether the call was not made, because its result stands further up."""
        return self.content.startswith(_REPEATED)

    @property
    def key(self) -> tuple[str, str]:
        """The tool and its arguments: the same for the same call."""
        return call_key(self.name, self.arguments)

    @property
    def is_empty(self) -> bool:
        """Whether the tool worked and found nothing."""
        return self.content.startswith(_NO_DATA)

    @property
    def is_cut(self) -> bool:
        """Whether a part is missing: the marker says so, or JSON that ends too early."""
        return self.content.endswith(MARKER) or (self.data is None and self.content[:1] in ("{", "["))

    @property
    def is_answer(self) -> bool:
        """Whether there is something to read."""
        return not self.failed and not self.is_empty

    @property
    def sentence(self) -> str:
        """The tool's own words about a failure, or about why there is nothing."""
        return self.content.removesuffix(MARKER).removeprefix(_ERROR).removeprefix(_NO_DATA)

    @property
    def fields(self) -> Item:
        """The data's fields; none when it is no object."""
        return self.data if isinstance(self.data, dict) else {}

    def items(self, key: str) -> list[dict[str, Any]]:
        """The objects of a list in the data. Of a result that was cut: those that are whole."""
        listed = self.fields.get(key)
        if listed is None and self.is_cut and self.is_answer:
            listed = _salvaged(self.content, key)
        return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []

    def total(self, key: str) -> int:
        """How many there are, listed or not."""
        if self.is_cut and self.is_answer:
            match = _TOTAL.search(self.content)
            return int(match[1]) if match is not None else len(self.items(key))
        return max(count(self.fields, "total"), len(self.items(key)))


def call_key(name: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """A call without its id."""
    return name, orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str).decode()


def count(item: Item, key: str) -> int:
    """A field that counts something; 0 when it does not."""
    value = item.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _parsed(content: str) -> Any:
    if content[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(content)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return None


def _salvaged(content: str, key: str) -> list[Any]:
    """The values of the list behind a key, up to where the text was cut."""
    start = re.search(rf'"{re.escape(key)}"\s*:\s*\[', content)
    if start is None:
        return []
    found: list[Any] = []
    at = start.end()
    while len(found) < _MOST_SALVAGED:
        between = _BETWEEN.match(content, at)
        at = between.end() if between is not None else at
        try:
            value, at = _READER.raw_decode(content, at)
        except (ValueError, RecursionError):
            break
        found.append(value)
    return found
