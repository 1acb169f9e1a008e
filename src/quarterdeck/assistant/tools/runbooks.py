"""Runbooks: a directory of Markdown files with front matter, read again whenever they are asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import Field

from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, ToolFailed, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool

TOOLSET: Final = "runbooks"
MOST_BYTES: Final = 256 * 1024
"""Of one runbook; what is more is not read."""
MOST_RUNBOOKS: Final = 1000
_MOST_FRONT_MATTER: Final = 16 * 1024
_MOST_FOUND: Final = 20
_EXCERPT: Final = 300
_TITLE: Final = 200
_DESCRIPTION: Final = 1000
_LABELS: Final = 50

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_FRONT_MATTER: Final = re.compile(r"---[ \t]*\n(.*?)\n?---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r"^#{1,2}[ \t]+(.{1,200})", re.MULTILINE)
_WORD: Final = re.compile(r"[\w.-]{2,50}")


@dataclass(frozen=True, slots=True)
class Runbook:
    """One file. `text` is what stands behind the front matter."""

    name: str
    title: str
    description: str
    labels: tuple[str, ...]
    text: str
    is_cut: bool = False
    """Whether the file has more than `MOST_BYTES`."""

    def to_json(self) -> dict[str, Any]:
        """`{name, title, description, labels}`."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "labels": list(self.labels),
        }


class ListRunbooks(Parameters):
    """Nothing to say."""


class GetRunbook(Parameters):
    """Which one."""

    name: str = Field(min_length=1, max_length=103, description="Its name, as runbooks_list has it.")


class SearchRunbooks(Parameters):
    """What for."""

    text: str = Field(min_length=2, max_length=500, description="Words to look for, such as the name of an alert.")


@dataclass(frozen=True, slots=True)
class Runbooks:
    """The directory. A runbook's name is its file's name without `.md`; directories below it are not looked into.

    Names that could lead elsewhere are refused, and links that lead out of the directory are not followed.
    """

    directory: Path

    def read_all(self) -> list[Runbook]:
        """Every runbook, by name; at most 1,000. Empty when there is no directory."""
        return [book for name in self._names() if (book := self.find(name)) is not None]

    def find(self, name: str) -> Runbook | None:
        """One runbook; None when there is none of this name, or none that may be read."""
        path = self._path(name)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError:
            return None
        return parse_runbook(name, content[:MOST_BYTES].decode(errors="replace"), is_cut=len(content) > MOST_BYTES)

    def _names(self) -> list[str]:
        try:
            files = sorted(path.name for path in self.directory.iterdir() if path.suffix == ".md")
        except OSError:
            return []
        return [name.removesuffix(".md") for name in files[:MOST_RUNBOOKS]]

    def _path(self, name: str) -> Path | None:
        if _NAME.fullmatch(name) is None:
            return None
        try:
            path = (self.directory / f"{name}.md").resolve(strict=True)
            inside = path.is_relative_to(self.directory.resolve(strict=True))
            return path if inside and path.is_file() else None
        except (OSError, RuntimeError):
            return None


@dataclass(frozen=True, slots=True)
class RunbookTools:
    """The answers of the tools."""

    runbooks: Runbooks

    async def list_all(self, _parameters: ListRunbooks, _context: ToolContext) -> ToolAnswer:
        """`{total, runbooks: [{name, title, description, labels}]}`, by name."""
        books = await asyncio.to_thread(self.runbooks.read_all)
        if not books:
            return nothing("there are no runbooks")
        return found({"total": len(books), "runbooks": [book.to_json() for book in books]})

    async def get(self, parameters: GetRunbook, _context: ToolContext) -> ToolAnswer:
        """`{name, title, description, labels, text, is_cut}`; `is_cut` when the file is longer than 256 KiB."""
        name = parameters.name.removesuffix(".md")
        book = await asyncio.to_thread(self.runbooks.find, name)
        if book is None:
            raise ToolFailed(f"there is no runbook {name!r}; runbooks_list has their names")
        return found({**book.to_json(), "text": book.text, "is_cut": book.is_cut}, invocation=f"{name}.md")

    async def search(self, parameters: SearchRunbooks, _context: ToolContext) -> ToolAnswer:
        """`{total, runbooks: [{name, title, description, labels, matched, excerpt}]}`, the best first, at most 20.

        `matched` are the words that were found; a runbook is listed when it has at least one.
        """
        hits = await asyncio.to_thread(lambda: search(self.runbooks.read_all(), parameters.text))
        if not hits:
            return nothing(f"no runbook has any of the words in {parameters.text!r}", invocation=parameters.text)
        listed = [{**hit.book.to_json(), "matched": list(hit.words), "excerpt": hit.excerpt} for hit in hits]
        return found({"total": len(hits), "runbooks": listed[:_MOST_FOUND]}, invocation=parameters.text)


@dataclass(frozen=True, slots=True)
class Hit:
    """A runbook that a search found."""

    book: Runbook
    words: tuple[str, ...]
    excerpt: str
    score: int


def runbook_tools(directory: Path) -> tuple[Tool, ...]:
    """The tools over a directory. Each answer's shape is in the docstring of its function."""
    tools = RunbookTools(Runbooks(directory))
    return (
        TypedTool(
            name="runbooks_list",
            description="List the runbooks that people wrote for known problems.",
            toolset=TOOLSET,
            parameters=ListRunbooks,
            answer=tools.list_all,
            sentence="Lists runbooks",
        ),
        TypedTool(
            name="runbooks_get",
            description="Read one runbook.",
            toolset=TOOLSET,
            parameters=GetRunbook,
            answer=tools.get,
            sentence="Reads a runbook",
        ),
        TypedTool(
            name="runbooks_search",
            description="Look for runbooks by words of an alert, a symptom or a component.",
            toolset=TOOLSET,
            parameters=SearchRunbooks,
            answer=tools.search,
            sentence="Looks for runbooks",
        ),
    )


def parse_runbook(name: str, content: str, *, is_cut: bool = False) -> Runbook:
    """A runbook from its file. Front matter that is no YAML mapping, or is too long, counts as none; a title that is
    missing is the first heading, or else the name."""
    content = content.removeprefix("\N{BYTE ORDER MARK}").replace("\r\n", "\n")
    match = _FRONT_MATTER.match(content[:_MOST_FRONT_MATTER])
    facts = _facts(match[1]) if match else {}
    text = content[match.end() :] if match and facts else content
    heading = _HEADING.search(text)
    return Runbook(
        name=name,
        title=_text(facts.get("title"), _TITLE) or (heading[1].strip() if heading else name),
        description=_text(facts.get("description"), _DESCRIPTION),
        labels=tuple(_labels(facts.get("labels")))[:_LABELS],
        text=text.strip(),
        is_cut=is_cut,
    )


def search(books: list[Runbook], text: str) -> list[Hit]:
    """The runbooks with any of the words, in any case; those with more of them, and in better places, first."""
    words = tuple(dict.fromkeys(_WORD.findall(text.casefold())))
    hits = [hit for book in books if (hit := _hit(book, words)) is not None]
    return sorted(hits, key=lambda hit: (-hit.score, hit.book.name))


def _hit(book: Runbook, words: tuple[str, ...]) -> Hit | None:
    head = f"{book.name} {book.title} {' '.join(book.labels)}".casefold()
    body = f"{book.description}\n{book.text}".casefold()
    matched = tuple(word for word in words if word in head or word in body)
    if not matched:
        return None
    score = sum(100 * (word in head) + 10 + min(body.count(word), 9) for word in matched)
    return Hit(book, matched, _excerpt(book.text, matched), score)


def _excerpt(text: str, words: tuple[str, ...]) -> str:
    folded = text.casefold()
    at = min((place for word in words if (place := folded.find(word)) >= 0), default=0)
    start = max(0, at - _EXCERPT // 3)
    return " ".join(text[start : start + _EXCERPT].split())


def _facts(front_matter: str) -> Mapping[str, Any]:
    try:
        facts = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _text(value: object, most: int) -> str:
    return " ".join(str(value).split())[:most] if isinstance(value, str | int | float) else ""


def _labels(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (part.strip()[:_TITLE] for part in value.split(",") if part.strip())
    elif isinstance(value, dict):
        yield from (f"{_text(key, _TITLE)}:{_text(item, _TITLE)}" for key, item in value.items())
    elif isinstance(value, list):
        yield from (text for item in value if (text := _text(item, _TITLE)))
