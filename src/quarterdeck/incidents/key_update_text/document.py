"""What every content type can say: the tree between reading one and writing another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

DEEPEST_INDENT = 8
"""Lists nested deeper are drawn at this depth."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one look. `text` may hold line breaks; a `url` makes them a link."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list; `indent` 0 is the outermost."""

    runs: tuple[Run, ...]
    indent: int = 0
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list; never empty."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of code."""

    text: str


Block = Paragraph | Items | CodeBlock
Document = tuple[Block, ...]


def joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same characters with neighbours of one look as one run, and no empty ones."""
    result: list[Run] = []
    for run in runs:
        if not run.text:
            continue
        if result and replace(result[-1], text="") == replace(run, text=""):
            result[-1] = replace(run, text=result[-1].text + run.text)
        else:
            result.append(run)
    return tuple(result)


def numbered(items: Iterable[Item]) -> list[tuple[Item, int]]:
    """Each item with its number, counted per list: an outer item ends the lists inside the one before it."""
    counts: dict[tuple[int, bool], int] = {}
    result: list[tuple[Item, int]] = []
    for item in items:
        level = (item.indent, item.ordered)
        counts = {key: count for key, count in counts.items() if key[0] < item.indent or key == level}
        counts[level] = counts.get(level, 0) + 1
        result.append((item, counts[level]))
    return result
