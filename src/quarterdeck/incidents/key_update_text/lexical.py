"""application/x-lexical-editor: the serialized state of a Lexical editor, a JSON tree under `root`.

Known nodes: paragraph, heading, quote, list, listitem, code, text, link, autolink, linebreak, tab, code-highlight. Of
any other, the text inside it counts. A text's `format` is a set of bits, of which bold, italics and code are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

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
)
from quarterdeck.incidents.limits import is_web_url

_BOLD, _ITALIC, _CODE = 1, 2, 16
_DEEPEST = 32
_LINKS = frozenset({"link", "autolink"})
_BREAKS = {"linebreak": "\n", "tab": "\t"}


def read_lexical(text: str) -> Document | None:
    """The document, or None for text that is no serialized editor state."""
    root = _root(text)
    if root is None:
        return None
    return tuple(block for node in _children(root) for block in _blocks(node) if _says_something(block))


def _root(text: str) -> Mapping[str, Any] | None:
    try:
        state = orjson.loads(text)  # refuses deep nesting itself
    except orjson.JSONDecodeError:
        return None
    root = state.get("root") if isinstance(state, dict) else None
    return root if isinstance(root, dict) and isinstance(root.get("children"), list) else None


def _blocks(node: Mapping[str, Any]) -> Iterator[Block]:
    match node.get("type"):
        case "list":
            yield Items(tuple(_items(node, 0)))
        case "code":
            yield CodeBlock(_text_inside(node))
        case _:
            yield Paragraph(_runs(node))


def _says_something(block: Block) -> bool:
    match block:
        case Items(items=items):
            return bool(items)
        case Paragraph(runs=runs):
            return bool(runs)
        case CodeBlock():
            return True


def _items(node: Mapping[str, Any], indent: int) -> Iterator[Item]:
    ordered = node.get("listType") == "number"
    for child in _children(node):
        inner = [each for each in _children(child) if each.get("type") == "list"]
        own = {**child, "children": [each for each in _children(child) if each.get("type") != "list"]}
        runs = _runs(own)
        if runs or not inner:
            yield Item(runs, min(indent, DEEPEST_INDENT), ordered)
        for each in inner:
            if indent < _DEEPEST:
                yield from _items(each, indent + 1)
            else:
                yield Item((Run(_text_inside(each)),), DEEPEST_INDENT, ordered)


def _runs(node: Mapping[str, Any]) -> tuple[Run, ...]:
    return joined(_inline(node, "", 0))


def _inline(node: Mapping[str, Any], url: str, depth: int) -> Iterator[Run]:
    for child in _children(node):
        kind = child.get("type")
        if isinstance(kind, str) and kind in _BREAKS:
            yield Run(_BREAKS[kind], url=url)
        elif isinstance(child.get("text"), str):
            yield _text_run(child, url)
        elif depth >= _DEEPEST:
            yield Run(_text_inside(child), url=url)
        else:
            yield from _inline(child, _address(child) if kind in _LINKS else url, depth + 1)


def _text_run(node: Mapping[str, Any], url: str) -> Run:
    bits = node.get("format")
    bits = bits if type(bits) is int else 0
    look = Run(node["text"], bool(bits & _BOLD), bool(bits & _ITALIC), bool(bits & _CODE), url)
    # A run is a link or code, as in the Markdown flavours; the link says more.
    return replace(look, code=False) if url else replace(look, bold=False, italic=False) if look.code else look


def _address(node: Mapping[str, Any]) -> str:
    url = node.get("url")
    return url if isinstance(url, str) and (is_web_url(url) or url.startswith("mailto:")) else ""


def _text_inside(node: Mapping[str, Any]) -> str:
    """All text below a node, however deep, without recursion."""
    pieces: list[str] = []
    left = [node]
    while left:
        current = left.pop()
        kind = current.get("type")
        if isinstance(current.get("text"), str):
            pieces.append(current["text"])
        elif isinstance(kind, str) and kind in _BREAKS:
            pieces.append(_BREAKS[kind])
        left.extend(reversed(_children(current)))
    return "".join(pieces)


def _children(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    children = node.get("children")
    return [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []


def write_lexical(document: Document) -> str:
    children = [node for block in document for node in _nodes(block)]
    return orjson.dumps({"root": _element("root", children)}).decode()


def _nodes(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Paragraph(runs=runs):
            yield _element("paragraph", _inline_nodes(runs))
        case CodeBlock(text=text):
            yield _element("code", _inline_nodes((Run(text),)))
        case Items(items=items):
            yield from _lists(list(items), 0)


def _lists(items: list[Item], indent: int) -> Iterator[dict[str, Any]]:
    """Neighbours of one kind share a list; deeper items go into a list of their own inside an entry without text."""
    current: dict[str, Any] | None = None
    at = 0
    while at < len(items):
        end = at
        while end < len(items) and items[end].indent > indent:
            end += 1
        if end > at:
            current = current or _list(ordered=items[at].ordered)
            nested = list(_lists(items[at:end], indent + 1))
            current["children"].append(_list_item(nested, len(current["children"]) + 1, indent))
            at = end
            continue
        if current is None or (current["listType"] == "number") is not items[at].ordered:
            if current is not None:
                yield current
            current = _list(ordered=items[at].ordered)
        entry = _list_item(_inline_nodes(items[at].runs), len(current["children"]) + 1, indent)
        current["children"].append(entry)
        at += 1
    if current is not None:
        yield current


def _list(*, ordered: bool) -> dict[str, Any]:
    kind, tag = ("number", "ol") if ordered else ("bullet", "ul")
    return {**_element("list", []), "listType": kind, "start": 1, "tag": tag}


def _list_item(children: list[dict[str, Any]], number: int, indent: int) -> dict[str, Any]:
    return {**_element("listitem", children), "value": number, "indent": indent}


def _element(kind: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {"children": children, "direction": "ltr", "format": "", "indent": 0, "type": kind, "version": 1}


def _inline_nodes(runs: tuple[Run, ...]) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for run in runs:
        texts = _text_nodes(run)
        if run.url:
            texts = [{**_element("link", texts), "rel": "noopener", "target": None, "title": None, "url": run.url}]
        nodes += texts
    return nodes


def _text_nodes(run: Run) -> list[dict[str, Any]]:
    bits = _BOLD * run.bold | _ITALIC * run.italic | _CODE * run.code
    nodes: list[dict[str, Any]] = []
    for number, line in enumerate(run.text.split("\n")):
        if number:
            nodes.append({"type": "linebreak", "version": 1})
        if line:
            look = {"detail": 0, "format": bits, "mode": "normal", "style": "", "text": line}
            nodes.append({**look, "type": "text", "version": 1})
    return nodes
