"""The two Markdown flavours, Slack's mrkdwn and what Teams reads: one reader and one writer, a flavour for each.

One pass over the characters, no recursion, linear time: emphasis is a switch that a mark turns on when a later mark
turns it off again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from quarterdeck.incidents.key_update_text.document import (
    DEEPEST_INDENT,
    Block,
    CodeBlock,
    Document,
    Item,
    Items,
    Paragraph,
    Run,
    joined,
    numbered,
)
from quarterdeck.incidents.limits import is_web_url

_FENCE = "```"
_ITEM = re.compile(r"([ \t]{0,32})(?:([-*+•◦▪])|(\d{1,9})[.)])[ \t]{1,8}(\S.*)", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}[ \t]+")
_QUOTE_MARK = re.compile(r"^(?:>|&gt;)[ \t]?")


@dataclass(frozen=True, slots=True)
class Flavour:
    """Where the two differ."""

    token: re.Pattern[str]
    """The characters that mean something: marks, code, links and escapes."""
    bold: str
    italic: str
    bullet: str
    escape: Callable[[str], str]
    """Ordinary text so that it is read as such."""
    unescape: Callable[[str], str]
    link: Callable[[str, str], str]
    """A link from its text, already escaped, and its address."""


def _escape_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescape_slack(text: str) -> str:
    # Slack escapes these three and no other character, so html.unescape would do too much.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _slack_link(text: str, url: str) -> str:
    address = _escape_slack(url).replace("|", "%7C")
    return f"<{address}>" if text == _escape_slack(url) else f"<{address}|{text.replace('|', '¦')}>"


_TEAMS_SPECIAL = re.compile(r"([\\`*_\[\]<]|&(?=[#\w]))")
_TEAMS_LINE_START = re.compile(r"^(\s*)([-+#>]|\d{1,9}(?=[.)]))", re.MULTILINE)


def _escape_teams(text: str) -> str:
    return _TEAMS_SPECIAL.sub(r"\\\1", text)


def _teams_link(text: str, url: str) -> str:
    address = url.replace("(", "%28").replace(")", "%29")
    return f"[{text}]({address})"


def _as_it_is(text: str) -> str:
    return text


SLACK = Flavour(
    token=re.compile(
        r"(?P<code>`[^`\n]{1,4096}`)"
        r"|<(?P<url>(?:https?://|mailto:)[^\s<>|]{1,2048})(?:\|(?P<label>[^<>\n]{0,4096}))?>"
        r"|(?P<bold>\*)|(?P<italic>_)"
    ),
    bold="*",
    italic="_",
    bullet="•",
    escape=_escape_slack,
    unescape=_unescape_slack,
    link=_slack_link,
)

TEAMS = Flavour(
    token=re.compile(
        r"\\(?P<literal>[!-/:-@\[-`{-~])"
        r"|(?P<code>`[^`\n]{1,4096}`)"
        r"|\[(?P<label>(?:[^\[\]\\\n]|\\.){1,1024})\]\((?P<url>(?:https?://|mailto:)[^\s()<>]{1,2048})\)"
        r"|<(?P<plain_url>https?://[^\s<>]{1,2048})>"
        r"|(?P<bold>\*\*|__)|(?P<italic>[*_])"
    ),
    bold="**",
    italic="_",
    bullet="-",
    escape=_escape_teams,
    unescape=_as_it_is,
    link=_teams_link,
)


def read_marked(text: str, flavour: Flavour) -> Document:
    """Any text at all is some document."""
    reader = _BlockReader(flavour)
    for line in text.replace("\r\n", "\n").split("\n"):
        reader.take(line)
    return reader.finish()


class _BlockReader:
    def __init__(self, flavour: Flavour) -> None:
        self.flavour = flavour
        self.blocks: list[Block] = []
        self.lines: list[str] = []
        self.items: list[tuple[Item, list[str]]] = []
        self.code: list[str] | None = None

    def take(self, line: str) -> None:
        if self.code is not None:
            self._take_code(line)
        elif line.lstrip().startswith(_FENCE):
            self._begin_code(line.lstrip()[len(_FENCE) :])
        elif item := _ITEM.fullmatch(line):
            self._take_item(item)
        elif not line.strip():
            self.flush()
        elif self.items and line[0] in " \t":
            self.items[-1][1].append(line.strip())
        else:
            self._flush_items()
            self.lines.append(_HEADING.sub("", _QUOTE_MARK.sub("", line)))

    def finish(self) -> Document:
        if self.code is not None:
            self._end_code()
        self.flush()
        return tuple(self.blocks)

    def flush(self) -> None:
        self._flush_items()
        if self.lines:
            self.blocks.append(Paragraph(self._runs(self.lines)))
            self.lines = []

    def _flush_items(self) -> None:
        if self.items:
            self.blocks.append(Items(tuple(replace(item, runs=self._runs(lines)) for item, lines in self.items)))
            self.items = []

    def _take_item(self, match: re.Match[str]) -> None:
        if self.lines:
            self.flush()
        indent = min(len(match[1].expandtabs(2)) // 2, DEEPEST_INDENT)
        self.items.append((Item((), indent, ordered=match[3] is not None), [match[4]]))

    def _begin_code(self, rest: str) -> None:
        self.flush()
        self.code = []
        if rest.rstrip().endswith(_FENCE):
            self.code.append(rest.rstrip()[: -len(_FENCE)])
            self._end_code()
        elif rest and (self.flavour is SLACK or " " in rest.strip()):
            self.code.append(rest)  # Slack knows no language behind the fence: it is the first line

    def _take_code(self, line: str) -> None:
        assert self.code is not None  # noqa: S101 - the caller looked
        if not line.rstrip().endswith(_FENCE):
            self.code.append(line)
            return
        if last := line.rstrip()[: -len(_FENCE)]:
            self.code.append(last)
        self._end_code()

    def _end_code(self) -> None:
        text = "\n".join(self.code or [])
        self.blocks.append(CodeBlock(_unescape_slack(text) if self.flavour is SLACK else text))
        self.code = None

    def _runs(self, lines: list[str]) -> tuple[Run, ...]:
        return read_runs("\n".join(lines), self.flavour)


@dataclass(slots=True)
class _Piece:
    """Something of a line: a run, or a mark that may switch bold or italics."""

    run: Run
    switch: str = ""
    opens: bool = False
    closes: bool = False


@dataclass(slots=True)
class _Looks:
    pieces: list[_Piece] = field(default_factory=list)
    pairs: dict[int, int] = field(default_factory=dict)
    """Index of an opening mark to that of its closing one."""


def read_runs(text: str, flavour: Flavour) -> tuple[Run, ...]:
    """The runs of one paragraph."""
    looks = _Looks(list(_pieces(text, flavour)))
    _pair(looks)
    return joined(_switched(looks))


def _pieces(text: str, flavour: Flavour) -> Iterator[_Piece]:
    end = 0
    for token in flavour.token.finditer(text):
        if token.start() > end:
            yield _Piece(Run(flavour.unescape(text[end : token.start()])))
        yield _piece(token, text, flavour)
        end = token.end()
    if end < len(text):
        yield _Piece(Run(flavour.unescape(text[end:])))


def _piece(token: re.Match[str], text: str, flavour: Flavour) -> _Piece:
    kind = token.lastgroup
    groups = token.groupdict()
    if kind == "code":
        return _Piece(Run(flavour.unescape(token[0][1:-1]), code=True))
    if kind == "literal":
        return _Piece(Run(token["literal"]))
    if kind in {"bold", "italic"}:
        before, after = text[token.start() - 1 : token.start()], text[token.end() : token.end() + 1]
        # Inside a word, as in snake_case, a mark is a letter.
        opens = bool(after.strip()) and not before.isalnum()
        closes = bool(before.strip()) and not after.isalnum()
        return _Piece(Run(token[0]), kind, opens, closes)
    url = flavour.unescape(groups.get("url") or groups.get("plain_url") or "")
    label = groups.get("label") or url
    if not (is_web_url(url) or url.startswith("mailto:")):
        return _Piece(Run(token[0]))
    return _Piece(Run(_plain_label(label, flavour), url=url))


def _plain_label(label: str, flavour: Flavour) -> str:
    """A link's text without marks: emphasis inside a link is not kept."""
    unescaped = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", label) if flavour is TEAMS else flavour.unescape(label)
    return unescaped or label


def _pair(looks: _Looks) -> None:
    opened: dict[str, int] = {}
    for index, piece in enumerate(looks.pieces):
        start = opened.get(piece.switch)
        if start is not None and piece.closes and looks.pieces[start].run.text == piece.run.text:
            looks.pairs[start] = index
            del opened[piece.switch]
        elif piece.opens and start is None:
            opened[piece.switch] = index


def _switched(looks: _Looks) -> Iterator[Run]:
    closing = set(looks.pairs.values())
    on = {"bold": False, "italic": False}
    for index, piece in enumerate(looks.pieces):
        if index in looks.pairs or index in closing:
            on[piece.switch] = index in looks.pairs
        elif piece.run.code:
            yield piece.run
        else:
            yield replace(piece.run, bold=on["bold"], italic=on["italic"])


def write_marked(document: Document, flavour: Flavour) -> str:
    return "\n\n".join(_block(block, flavour) for block in document)


def _block(block: Block, flavour: Flavour) -> str:
    match block:
        case Paragraph(runs=runs):
            text = _runs(runs, flavour)
            return _TEAMS_LINE_START.sub(_escaped_start, text) if flavour is TEAMS else text
        case CodeBlock(text=text):
            return f"{_FENCE}\n{_escape_slack(text) if flavour is SLACK else text}\n{_FENCE}"
        case Items(items=items):
            return "\n".join(
                f"{'  ' * item.indent}{f'{number}.' if item.ordered else flavour.bullet} "
                + _runs(item.runs, flavour).replace("\n", "\n" + "  " * (item.indent + 1))
                for item, number in numbered(items)
            )


def _escaped_start(match: re.Match[str]) -> str:
    mark = match[2]
    return f"{match[1]}\\{mark}" if not mark.isdigit() else f"{match[1]}{mark}\\"


def _runs(runs: tuple[Run, ...], flavour: Flavour) -> str:
    return "".join(_run(run, flavour) for run in runs)


def _run(run: Run, flavour: Flavour) -> str:
    if run.code and "`" not in run.text and "\n" not in run.text and run.text.strip():
        return f"`{_escape_slack(run.text) if flavour is SLACK else run.text}`"
    text = flavour.escape(run.text)
    if run.url:
        text = flavour.link(text.replace("\n", " "), run.url)
    return _emphasised(text, run, flavour)


def _emphasised(text: str, run: Run, flavour: Flavour) -> str:
    core = text.strip()
    if not core or not (run.bold or run.italic):
        return text
    # A mark next to white space would not be read as one, so the white space goes outside.
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    if run.italic:
        core = f"{flavour.italic}{core}{flavour.italic}"
    if run.bold:
        core = f"{flavour.bold}{core}{flavour.bold}"
    return f"{before}{core}{after}"
