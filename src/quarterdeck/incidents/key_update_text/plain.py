"""text/plain: paragraphs between empty lines, addresses as they stand."""

from __future__ import annotations

import re

from quarterdeck.incidents.key_update_text.document import Block, CodeBlock, Document, Items, Paragraph, Run, numbered
from quarterdeck.incidents.timeline import urls_in

_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def read_plain(text: str) -> Document:
    paragraphs = _EMPTY_LINES.split(text.replace("\r\n", "\n"))
    return tuple(Paragraph(linked(Run(part))) for part in (each.strip("\n") for each in paragraphs) if part.strip())


def linked(run: Run) -> tuple[Run, ...]:
    """The run with its web addresses as links."""
    runs: list[Run] = []
    rest = run.text
    for url in urls_in(run.text):
        before, found, after = rest.partition(url)
        if found:
            runs += [Run(before, run.bold, run.italic), Run(url, run.bold, run.italic, url=url)]
            rest = after
    return tuple(each for each in (*runs, Run(rest, run.bold, run.italic)) if each.text)


def write_plain(document: Document) -> str:
    return "\n\n".join(_block(block) for block in document)


def _block(block: Block) -> str:
    match block:
        case Paragraph(runs=runs):
            return _line(runs)
        case CodeBlock(text=text):
            return text
        case Items(items=items):
            return "\n".join(
                f"{'  ' * item.indent}{f'{number}.' if item.ordered else '-'} {_line(item.runs)}"
                for item, number in numbered(items)
            )


def _line(runs: tuple[Run, ...]) -> str:
    return "".join(run.text if run.url in {"", run.text} else f"{run.text} ({run.url})" for run in runs)
