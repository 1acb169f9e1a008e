"""Key updates in every content type as every other."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid
from quarterdeck.incidents.key_update_text import ContentType, check_content, convert, read_content_type
from quarterdeck.incidents.key_update_text.document import (
    Block,
    CodeBlock,
    Document,
    Item,
    Items,
    Paragraph,
    Run,
    joined,
)
from quarterdeck.incidents.key_update_text.lexical import read_lexical, write_lexical
from quarterdeck.incidents.key_update_text.marked import SLACK, TEAMS, Flavour, read_marked, write_marked
from quarterdeck.incidents.key_update_text.plain import write_plain

PLAIN, LEXICAL, SLACK_TYPE, TEAMS_TYPE = (
    ContentType.PLAIN,
    ContentType.LEXICAL,
    ContentType.SLACK,
    ContentType.MS_TEAMS,
)

SLACK_TEXT = """*Checkout* is _down_, see <https://x.example/d|the board> & `kubectl get`
second line

• first
  ◦ inner
• second

1. one
2. two

```
if a &lt; b:
    stop
```"""

TEAMS_TEXT = """**Checkout** is _down_, see [the board](https://x.example/d) & `kubectl get`
second line

- first
  - inner
- second

1. one
2. two

```
if a < b:
    stop
```"""

PLAIN_TEXT = """Checkout is down, see the board (https://x.example/d) & kubectl get
second line

- first
  - inner
- second

1. one
2. two

if a < b:
    stop"""

DOCUMENT: Document = (
    Paragraph(
        (
            Run("Checkout", bold=True),
            Run(" is "),
            Run("down", italic=True),
            Run(", see "),
            Run("the board", url="https://x.example/d"),
            Run(" & "),
            Run("kubectl get", code=True),
            Run("\nsecond line"),
        )
    ),
    Items((Item((Run("first"),)), Item((Run("inner"),), 1), Item((Run("second"),)))),
    Items((Item((Run("one"),), 0, ordered=True), Item((Run("two"),), 0, ordered=True))),
    CodeBlock("if a < b:\n    stop"),
)


@pytest.mark.parametrize(("flavour", "text"), [(SLACK, SLACK_TEXT), (TEAMS, TEAMS_TEXT)], ids=["slack", "teams"])
def test_markdown_is_read(flavour: Flavour, text: str):
    assert read_marked(text, flavour) == DOCUMENT


def test_everything_is_kept_in_every_type():
    assert write_marked(DOCUMENT, TEAMS) == TEAMS_TEXT
    assert write_marked(DOCUMENT, SLACK) == SLACK_TEXT.replace(" & ", " &amp; ").replace("◦", "•")
    assert write_plain(DOCUMENT) == PLAIN_TEXT
    assert read_lexical(write_lexical(DOCUMENT)) == DOCUMENT


@pytest.mark.parametrize("wanted", ContentType)
@pytest.mark.parametrize("stored", ContentType)
def test_conversions_lose_no_word(stored: ContentType, wanted: ContentType):
    contents = {PLAIN: PLAIN_TEXT, SLACK_TYPE: SLACK_TEXT, TEAMS_TYPE: TEAMS_TEXT, LEXICAL: write_lexical(DOCUMENT)}
    converted = convert(contents[stored], stored, wanted)
    if stored is wanted:
        assert converted == contents[stored]
    for word in ("Checkout", "https://x.example/d", "kubectl get", "inner", "two", "stop"):
        assert word in converted


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        pytest.param("**a _b_ c**", (Run("a ", True), Run("b", True, True), Run(" c", True)), id="nested"),
        pytest.param("***a***", (Run("a", True, True),), id="both at once"),
        pytest.param("__a__ *b*", (Run("a", True), Run(" "), Run("b", italic=True)), id="the other marks"),
        pytest.param("snake_case_name", (Run("snake_case_name"),), id="inside a word"),
        pytest.param("2 * 3 * 4", (Run("2 * 3 * 4"),), id="between spaces"),
        pytest.param("**open", (Run("**open"),), id="never closed"),
        pytest.param(r"\*a\* \[b\]", (Run("*a* [b]"),), id="escapes"),
        pytest.param("`*a*`", (Run("*a*", code=True),), id="code holds no marks"),
        pytest.param("[a](javascript:x)", (Run("[a](javascript:x)"),), id="no address of the web"),
        pytest.param("**[a](http://x)**", (Run("a", True, url="http://x"),), id="a bold link"),
        pytest.param("<http://x>", (Run("http://x", url="http://x"),), id="an address alone"),
        pytest.param("# Heading", (Run("Heading"),), id="a heading becomes text"),
        pytest.param("> said", (Run("said"),), id="so does a quotation"),
    ],
)
def test_marks_of_teams(text: str, runs: tuple[Run, ...]):
    assert read_marked(text, TEAMS) == (Paragraph(runs),)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        pytest.param("*a _b_*", (Run("a ", True), Run("b", True, True)), id="nested"),
        pytest.param("&lt;b&gt; &amp;amp;", (Run("<b> &amp;"),), id="the three escapes, once"),
        pytest.param("&#99999;&copy;", (Run("&#99999;&copy;"),), id="and no others"),
        pytest.param("<http://x?a=1&amp;b=2>", (Run("http://x?a=1&b=2", url="http://x?a=1&b=2"),), id="a bare link"),
        pytest.param("<@U1> <!here>", (Run("<@U1> <!here>"),), id="mentions are text"),
        pytest.param("<mailto:a@b.c|mail>", (Run("mail", url="mailto:a@b.c"),), id="mail"),
    ],
)
def test_marks_of_slack(text: str, runs: tuple[Run, ...]):
    assert read_marked(text, SLACK) == (Paragraph(runs),)


def test_plain_text_gets_links():
    state = orjson.loads(convert("see http://x.example.\n\n\nbye", PLAIN, LEXICAL))
    first, second = state["root"]["children"]
    assert [node["type"] for node in first["children"]] == ["text", "link", "text"]
    assert first["children"][1]["url"] == "http://x.example"
    assert second["children"][0]["text"] == "bye"
    assert convert("a_b *c*", PLAIN, TEAMS_TYPE) == r"a\_b \*c\*"
    assert convert("# no heading\n- no list\n1. none", PLAIN, TEAMS_TYPE) == "\\# no heading\n\\- no list\n1\\. none"
    assert convert("a < b & c", PLAIN, SLACK_TYPE) == "a &lt; b &amp; c"


def state_of(*children: Any) -> str:
    return json.dumps({"root": {"type": "root", "children": children}})


def text_node(text: str, bits: Any = 0) -> dict[str, Any]:
    return {"type": "text", "text": text, "format": bits}


@pytest.mark.parametrize(
    ("children", "document"),
    [
        pytest.param([], (), id="empty"),
        pytest.param([{"type": "paragraph", "children": []}], (), id="an empty paragraph"),
        pytest.param(
            [{"type": "heading", "tag": "h1", "children": [text_node("T")]}], (Paragraph((Run("T"),)),), id="heading"
        ),
        pytest.param(
            [{"type": "paragraph", "children": [text_node("u", 8), text_node("s", 4)]}],
            (Paragraph((Run("us"),)),),
            id="other formats are text",
        ),
        pytest.param(
            [{"type": "paragraph", "children": [text_node("a", "bold"), text_node("b", None)]}],
            (Paragraph((Run("ab"),)),),
            id="a format that is none",
        ),
        pytest.param(
            [{"type": "mystery", "children": [{"type": "odd", "children": [text_node("deep")]}]}],
            (Paragraph((Run("deep"),)),),
            id="unknown nodes count by their text",
        ),
        pytest.param(
            [
                {
                    "type": "paragraph",
                    "children": [{"type": "link", "url": "javascript:x", "children": [text_node("l")]}],
                }
            ],
            (Paragraph((Run("l"),)),),
            id="no address of the web",
        ),
        pytest.param(
            [
                {
                    "type": "code",
                    "children": [
                        {"type": "code-highlight", "text": "a"},
                        {"type": "linebreak"},
                        {"type": "tab"},
                        {"type": "code-highlight", "text": "b"},
                    ],
                }
            ],
            (CodeBlock("a\n\tb"),),
            id="a code block",
        ),
        pytest.param([7, None, {"type": "list", "children": "x"}, {"type": ["list"]}], (), id="nonsense"),
    ],
)
def test_editor_states(children: list[Any], document: Document):
    assert read_lexical(state_of(*children)) == document


def test_deep_lists_keep_their_words():
    inner: dict[str, Any] = {"type": "listitem", "children": [text_node("bottom")]}
    for _ in range(150):
        inner = {"type": "listitem", "children": [{"type": "list", "children": [inner]}]}
    document = read_lexical(state_of({"type": "list", "children": [inner]}))
    assert document is not None
    assert "bottom" in write_plain(document)
    assert max(item.indent for block in document if isinstance(block, Items) for item in block.items) <= 8


def test_deep_links_keep_their_words():
    inner: dict[str, Any] = text_node("bottom")
    for _ in range(300):
        inner = {"type": "link", "url": "http://x", "children": [inner]}
    assert "bottom" in convert(state_of({"type": "paragraph", "children": [inner]}), LEXICAL, PLAIN)


@pytest.mark.parametrize("content", ["no json", "{}", '{"root":1}', "[" * 60_000, '{"root":' * 5_000])
def test_what_is_no_editor_state_is_refused_on_write_and_shown_on_read(content: str):
    with pytest.raises(Invalid):
        check_content(content, LEXICAL)
    assert convert(content, LEXICAL, PLAIN) == content


def test_content_has_a_limit():
    check_content("x" * 65_536, PLAIN)
    check_content("", LEXICAL)
    with pytest.raises(Invalid) as refused:
        check_content("x" * 65_537, PLAIN)
    assert refused.value.metadata == {"field": "content", "max": "65536"}


def test_content_types():
    assert read_content_type("") is PLAIN
    assert read_content_type("", SLACK_TYPE) is SLACK_TYPE
    assert read_content_type("text/markdown+slack") is SLACK_TYPE
    with pytest.raises(Invalid, match="accepted: text/plain, "):
        read_content_type("text/html")


WORD = st.text("abcXYZ019éß", min_size=1, max_size=6)
LOOK = st.sampled_from(
    [
        Run(""),
        Run("", bold=True),
        Run("", italic=True),
        Run("", bold=True, italic=True),
        Run("", code=True),
        Run("", url="https://x.example/a?b=c&d=e"),
        Run("", bold=True, url="http://y.example"),
    ]
)


@st.composite
def run_lists(draw: st.DrawFn) -> tuple[Run, ...]:
    runs: list[Run] = []
    for look in draw(st.lists(LOOK, min_size=1, max_size=4)):
        if runs:
            runs.append(Run(" "))
        runs.append(Run(draw(WORD), look.bold, look.italic, look.code, look.url))
    return joined(runs)


def same_kind(items: list[tuple[tuple[Run, ...], int]], *, ordered: bool) -> Items:
    # An item is at most one level deeper than the one before it, as editors make them.
    result: list[Item] = []
    for runs, indent in items:
        result.append(Item(runs, min(indent, result[-1].indent + 1) if result else 0, ordered))
    return Items(tuple(result))


LISTS = st.builds(
    same_kind, st.lists(st.tuples(run_lists(), st.integers(0, 3)), min_size=1, max_size=5), ordered=st.booleans()
)
CODE = st.lists(WORD, min_size=1, max_size=3).map("\n".join).map(CodeBlock)


def separated(blocks: list[Block]) -> Document:
    """Two lists in a row would read as one."""
    document: list[Block] = []
    for block in blocks:
        if isinstance(block, Items) and document and isinstance(document[-1], Items):
            document.append(Paragraph((Run("between"),)))
        document.append(block)
    return tuple(document)


DOCUMENTS = st.lists(st.one_of(run_lists().map(Paragraph), LISTS, CODE), max_size=5).map(separated)


@given(DOCUMENTS)
def test_documents_survive_every_type_that_can_say_them(document: Document):
    assert read_lexical(write_lexical(document)) == document
    assert read_marked(write_marked(document, TEAMS), TEAMS) == document
    assert read_marked(write_marked(document, SLACK), SLACK) == document


@given(st.text(max_size=200), st.sampled_from(ContentType), st.sampled_from(ContentType))
def test_any_text_converts(content: str, stored: ContentType, wanted: ContentType):
    assert isinstance(convert(content, stored, wanted), str)


MARKUP = st.sampled_from(
    ["*", "**", "_", "`", "```", "[", "](", "http://x", ")", "<", "|", ">", "\\", "- ", "\n", " ", "a"]
)


@given(st.lists(MARKUP, max_size=80).map("".join), st.sampled_from([SLACK_TYPE, TEAMS_TYPE, PLAIN]))
def test_any_markup_converts(content: str, stored: ContentType):
    for wanted in ContentType:
        assert isinstance(convert(content, stored, wanted), str)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=40))
def test_plain_text_is_the_same_after_teams(content: str):
    """Everything that means something to Markdown is escaped."""
    assert convert(convert(content, PLAIN, TEAMS_TYPE), TEAMS_TYPE, PLAIN) == content


@pytest.mark.parametrize(
    "piece", ["*", "_*", "`", "[", "[a](", "<http://", "<http://x|", "- ", "\n", "\\[", "```\n", "&#9"]
)
@pytest.mark.parametrize("stored", [SLACK_TYPE, TEAMS_TYPE, PLAIN])
def test_hostile_markup_takes_no_time(piece: str, stored: ContentType):
    content = piece * (65_536 // len(piece))
    began = time.perf_counter()
    assert convert(content, stored, LEXICAL)
    assert time.perf_counter() - began < 3
