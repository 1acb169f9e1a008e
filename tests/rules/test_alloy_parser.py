from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.alloy.diagnostics import MAX_DIAGNOSTICS, Position, format_diagnostics
from quarterdeck.fleet.alloy.parser import MAX_DEPTH, parse
from quarterdeck.fleet.alloy.syntax import (
    Access,
    Attribute,
    Block,
    Body,
    Expression,
    Field,
    Group,
    Identifier,
    Literal,
    LiteralKind,
    Member,
    Object,
    Operation,
    Unary,
    chains,
    subexpressions,
)
from tests.rules.alloy_texts import bodies, shape, texts, write


def value_of(text: str) -> Expression:
    result = parse(f"a = {text}\n")
    assert result.diagnostics == []
    (attribute,) = result.file.attributes
    return attribute.value


def errors(text: str) -> str:
    return format_diagnostics(parse(text).diagnostics)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty text"),
        pytest.param("// nothing\n/* at all */", id="comments only"),
        pytest.param("b { a = 1 }", id="a one-line block with one statement"),
        pytest.param("b { c { a = 1 } }", id="one-line blocks within each other"),
        pytest.param("b { }\nb {\n}", id="blocks without statements"),
        pytest.param('a.b.c "l" { }', id="a dotted name and a label"),
        pytest.param('b "" { }', id="an empty label"),
        pytest.param('b "größe" { }', id="a label in any script"),
        pytest.param("a =\n1", id="a value on the line after ="),
        pytest.param("a = 1 +\n2", id="a line may end with an operator"),
        pytest.param("a = b.\nc", id="a line may end with a dot"),
        pytest.param("a = [1, 2]\nb = [1, 2,]\nc = [\n1,\n2,\n]", id="trailing commas in lists"),
        pytest.param("a = []\nb = {}\nc = f()", id="empty list, object and call"),
        pytest.param('a = {b = 1, "c d" = 2, `e` = 3, b = 4}', id="keys: names, strings, raw strings, duplicates"),
        pytest.param("a = f(\n1,\n)", id="a call over lines"),
        pytest.param("a = (\n1)", id="an opening parenthesis may end a line"),
        pytest.param("a = !-!1", id="prefixes stack"),
        pytest.param('a = b["c"](1).d[0]', id="steps stack"),
        pytest.param('a = "b".c', id="steps from a literal"),
        pytest.param("a = 1 < 2 == true != false", id="comparisons chain"),
        pytest.param("a = 1 // c\nb = 2 /* d */ // e\nc = 3", id="comments behind statements"),
        pytest.param("a = 1\r\nb = 2\r\n", id="Windows lines"),
        pytest.param("\ufeffa = 1", id="a byte order mark"),
        pytest.param("declare = 1\nexport = 2", id="names of config blocks are no keywords"),
    ],
)
def test_valid(text: str) -> None:
    assert errors(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a b", "1:3: expected \"=\" or \"{\" after 'a', found 'b'", id="neither attribute nor block"),
        pytest.param("a", '1:2: expected "=" or "{" after \'a\', found the end of the text', id="a lone name"),
        pytest.param(
            "a\n= 1", '1:2: expected "=" or "{" after \'a\', found the end of the line', id="= on the next line"
        ),
        pytest.param('a "b"\n{ }', "1:6: expected \"{\" after 'a', found the end of the line", id="{ on the next line"),
        pytest.param("a.b = 1", "1:5: the name of an attribute has no dots, but this is 'a.b'", id="dotted attribute"),
        pytest.param('a "l" = 1', "1:7: the attribute 'a' cannot have a label", id="labelled attribute"),
        pytest.param("a `l` { }", "1:3: a block's label is written in double quotes", id="raw label"),
        pytest.param('a "b c" { }', "1:3: the label 'b c' is not an identifier", id="label with a space"),
        pytest.param('a "true" { }', "1:3: the label 'true' is not an identifier", id="keyword as label"),
        pytest.param(r'a "\x41" { }', r"1:3: the label '\\x41' is not an identifier", id="escape in a label"),
        pytest.param('a "1b" { }', "1:3: the label '1b' is not an identifier", id="label with a digit first"),
        pytest.param(
            "true = 1", "1:1: expected the name of a block or an attribute, found 'true'", id="keyword as name"
        ),
        pytest.param("a.true { }", "1:3: expected a name after \".\", found 'true'", id="keyword in a block's name"),
        pytest.param("a = b.true", "1:7: expected a name after \".\", found 'true'", id="keyword as a member"),
        pytest.param(
            "a = 1 b = 2", "1:7: expected the end of the line after a statement, found 'b'", id="one line, two"
        ),
        pytest.param(
            "a { } b { }", "1:7: expected the end of the line after a statement, found 'b'", id="blocks in a line"
        ),
        pytest.param(
            "a { b = 1 c = 2 }", "1:11: expected the end of the line", id="two statements in a one-line block"
        ),
        pytest.param("a = [1\n]", '1:7: expected "," or "]" before the end of the line', id="list without last comma"),
        pytest.param("a = {b = 1\n}", '1:11: expected "," or "}" before the end of the line', id="object, likewise"),
        pytest.param("a = f(1\n)", '1:8: expected "," or ")" before the end of the line', id="call, likewise"),
        pytest.param("a = (1\n)", '1:7: expected ")" before the end of the line', id="parentheses over lines"),
        pytest.param(
            "a = [1 /*\n*/ ]", '1:8: expected "," or "]" before the end', id="a comment over lines ends the line"
        ),
        pytest.param("a = b[1\n]", '1:8: expected "]" before the end of the line', id="index over lines"),
        pytest.param("a = (1, 2)", "1:7: expected \")\", found ','", id="parentheses are no list"),
        pytest.param("a = [1, 2", '1:10: expected "," or "]" before the end of the text', id="list without an end"),
        pytest.param("a = [,]", "1:6: expected a value, found ','", id="a comma without a value"),
        pytest.param("a = [1 2]", '1:8: expected "," or "]", found \'2\'', id="values without a comma"),
        pytest.param(
            "a = {1 = 2}", "1:6: expected the key of an object, a name or a string, found '1'", id="number as key"
        ),
        pytest.param("a = {true = 2}", "1:6: expected the key of an object", id="keyword as key"),
        pytest.param("a = {b.c = 2}", "1:7: expected \"=\" after the key 'b' of an object, found '.'", id="dotted key"),
        pytest.param("a = {b: 2}", "1:7: illegal character ':'", id="colon in an object"),
        pytest.param(
            'a = b.c "l" { }', "1:9: a block cannot be the value of an attribute", id="labelled block as a value"
        ),
        pytest.param("a = b.c { }", "1:9: a block cannot be the value of an attribute", id="block as a value"),
        pytest.param("a =", "1:4: expected a value, found the end of the text", id="no value"),
        pytest.param("a = 1 +", "1:8: expected a value, found the end of the text", id="no second operand"),
        pytest.param("a = = 1", "1:5: expected a value, found '='", id="an operator that is no prefix"),
        pytest.param("a = +1", "1:5: expected a value, found '+'", id="plus is no prefix"),
        pytest.param("a = 0x1F", "1:6: expected the end of the line after a statement, found 'x1F'", id="hexadecimal"),
        pytest.param("a {", "1:1: the block 'a' is not closed by \"}\"", id="open block"),
        pytest.param("}", '1:1: this "}" closes nothing', id="brace too many"),
        pytest.param('größe "é" = [\n', "1:14: the attribute 'größe' cannot have a label", id="columns count bytes"),
    ],
)
def test_invalid(text: str, expected: str) -> None:
    assert errors(text).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a = $\nb = 1\nc = $\n", ["1:5", "3:5"], id="one error does not hide the next"),
        pytest.param("a b c = [ $ 'x'\n", ["1:11"], id="one error a line, the lexer's before the parser's"),
        pytest.param("a = [1\n, 2]\nb = 2\nc c\n", ["1:7", "4:3"], id="the rest of a broken list is passed over"),
        pytest.param("a b {\nc = 1\n}\nd d\n", ["1:3", "4:3"], id="the body of a broken block is passed over"),
        pytest.param("x {\na = {\n1 = 2,\n}\nb = 1\n}\nc c\n", ["3:1", "7:3"], id="reading goes on within the block"),
        pytest.param("a = [\nb = 1\nc c\n", ["2:3", "3:3"], id="a bracket that is never closed hides one line"),
        pytest.param("}\na = 1\n}\n", ["1:1", "3:1"], id="a brace too many is passed over"),
        pytest.param("x {\na = {b = }\nc = 1\n}\n", ["2:10"], id="the brace of a broken object is not the block's"),
        pytest.param("x { a = }\nb b\n", ["1:9", "2:3"], id="an error at the end of a one-line block"),
    ],
)
def test_recovery(text: str, expected: list[str]) -> None:
    found = [f"{each.start.line}:{each.start.column}" for each in parse(text).diagnostics]
    assert found == expected


def test_what_is_valid_between_errors_is_read() -> None:
    result = parse("a = 1\nb = [2\nc {\n d = \n}\ne = 2\n")
    assert [statement.start for statement in result.file.statements] == [0, 13, 25]


def test_a_diagnostic_ends_behind_what_it_is_about() -> None:
    (diagnostic,) = parse("größe größe").diagnostics
    assert (diagnostic.start, diagnostic.end) == (Position(1, 9), Position(1, 16))


def _number(text: str) -> Literal:
    return Literal(0, 0, LiteralKind.NUMBER, text)


def _operation(operator: str, *operands: Expression) -> Operation:
    return Operation(0, 0, (operator,) * (len(operands) - 1), operands)


_ONE, _TWO, _THREE = map(_number, "123")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        pytest.param("1 + 2 * 3", _operation("+", _ONE, _operation("*", _TWO, _THREE)), id="product before sum"),
        pytest.param("1 * 2 + 3", _operation("+", _operation("*", _ONE, _TWO), _THREE), id="wherever it stands"),
        pytest.param("1 || 2 && 3", _operation("||", _ONE, _operation("&&", _TWO, _THREE)), id="and before or"),
        pytest.param("1 && 2 == 3", _operation("&&", _ONE, _operation("==", _TWO, _THREE)), id="comparison before and"),
        pytest.param("1 == 2 + 3", _operation("==", _ONE, _operation("+", _TWO, _THREE)), id="sum before comparison"),
        pytest.param("1 * 2 ^ 3", _operation("*", _ONE, _operation("^", _TWO, _THREE)), id="power before product"),
        pytest.param("1 ^ 2 ^ 3", _operation("^", _ONE, _TWO, _THREE), id="operators of one level stay flat"),
        pytest.param("-1 ^ 2", _operation("^", Unary(0, 0, "-", _ONE), _TWO), id="a prefix binds tighter than power"),
        pytest.param("2 ^ -1", _operation("^", _TWO, Unary(0, 0, "-", _ONE)), id="and may follow it"),
        pytest.param("(1)", Group(0, 0, _ONE), id="parentheses are kept"),
        pytest.param(
            "-a.b",
            Unary(0, 0, "-", Access(0, 0, Identifier(0, 0, "a"), (Member(0, 0, "b"),))),
            id="steps before prefix",
        ),
        pytest.param(r'{"a\n" = 1}', Object(0, 0, (Field(0, 0, r"a\n", _ONE),)), id="keys are not unescaped"),
        pytest.param("{`a` = 1}", Object(0, 0, (Field(0, 0, "a", _ONE),)), id="raw keys lose their quotes"),
    ],
)
def test_trees(text: str, tree: Expression) -> None:
    assert shape(value_of(text)) == shape(tree)


def test_blocks_know_their_names_and_places() -> None:
    (block,) = parse('\na.b "c" {\n  d = 1\n}\n').file.statements
    assert isinstance(block, Block)
    assert (block.name, block.label, block.id, block.start, block.end) == ("a.b", "c", "a.b.c", 1, 8)
    assert shape(block.body) == shape(Body((Attribute(0, 0, "d", _ONE),)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a.b.c", ["a.b.c"], id="a dotted name is one chain"),
        pytest.param('a.b["c"].d', ["a.b"], id="an index cuts it"),
        pytest.param("a.b(c.d).e", ["a.b", "c.d"], id="a call cuts it, its arguments have their own"),
        pytest.param("a[b.c[d]]", ["a", "b.c", "d"], id="indexes have their own"),
        pytest.param("{a = b}", ["b"], id="a key is no reference"),
        pytest.param("[a, -b, (c.d).e, f + g]", ["a", "b", "c.d", "f", "g"], id="chains everywhere"),
    ],
)
def test_chains(text: str, expected: list[str]) -> None:
    assert [".".join(chain.names) for chain in chains(value_of(text))] == expected


def test_subexpressions_come_in_the_order_of_the_text() -> None:
    starts = [expression.start for expression in subexpressions(value_of('[a, {b = c}, (d), -e["f"](g), 1 + 2]'))]
    assert starts == sorted(starts)


_NESTING = pytest.mark.parametrize(
    ("opener", "closer"),
    [
        pytest.param("[", "]", id="lists"),
        pytest.param("(", ")", id="parentheses"),
        pytest.param("{a = ", "}", id="objects"),
        pytest.param("f(", ")", id="calls"),
        pytest.param("b[", "]", id="indexes"),
    ],
)


@_NESTING
def test_expressions_nest_up_to_the_limit(opener: str, closer: str) -> None:
    deepest = f"a = {opener * MAX_DEPTH}1{closer * MAX_DEPTH}"
    assert parse(deepest).diagnostics == []
    (diagnostic,) = parse(f"a = {opener * (MAX_DEPTH + 1)}1{closer * (MAX_DEPTH + 1)}").diagnostics
    assert diagnostic.text == f"nested deeper than {MAX_DEPTH} levels"


def test_blocks_nest_up_to_the_limit() -> None:
    assert parse("b {\n" * MAX_DEPTH + "}\n" * MAX_DEPTH).diagnostics == []
    (diagnostic,) = parse("b {\n" * (MAX_DEPTH + 1) + "}\n" * (MAX_DEPTH + 1)).diagnostics
    assert diagnostic.start == Position(MAX_DEPTH + 1, 3)


@_NESTING
def test_the_deepest_text_can_be_read_by_a_deep_caller(opener: str, closer: str) -> None:
    def called_from(frames: int, act: Callable[[], str]) -> str:
        return act() if frames == 0 else called_from(frames - 1, act)

    text = f"a = {opener * MAX_DEPTH}1{closer * MAX_DEPTH}"
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        assert called_from(200, lambda: errors(text)) == ""
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "!" * 50_000 + "1", id="prefixes"),
        pytest.param("a = 1" + " + 1" * 50_000, id="sums"),
        pytest.param("a = 2" + " ^ 2" * 50_000, id="powers"),
        pytest.param("a = b" + ".b" * 50_000, id="members"),
        pytest.param("a = b" + "[0]" * 50_000, id="indexes side by side"),
        pytest.param("a = [" + "0," * 50_000 + "]", id="items"),
        pytest.param("a" + ".a" * 50_000 + " { }", id="a long name"),
    ],
)
def test_what_is_long_but_flat_is_read(text: str) -> None:
    assert errors(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = [\n" * 50_000, id="brackets that are never closed"),
        pytest.param("}\n" * 50_000, id="braces that close nothing"),
        pytest.param("a b\n" * 50_000, id="broken lines"),
        pytest.param("$\n" * 50_000, id="illegal characters"),
        pytest.param("\x00\n" * 50_000, id="NUL characters"),
    ],
)
def test_a_hopeless_text_is_given_up(text: str) -> None:
    assert len(parse(text).diagnostics) == MAX_DIAGNOSTICS


def test_many_diagnostics_make_one_short_sentence() -> None:
    text = errors("a b\n" * 12)
    assert text.startswith("1:3: expected")
    assert text.endswith("; and 2 more")
    assert "\n" not in text


def test_control_characters_do_not_get_into_a_message() -> None:
    assert errors('a "\x1b[2J\r" { }').isprintable()


@given(bodies)
def test_a_written_tree_reads_back(body: Body) -> None:
    result = parse(write(body))
    assert result.diagnostics == []
    assert shape(result.file) == shape(body)


@given(texts())
def test_comments_and_spaces_around_change_nothing(text: str) -> None:
    assert errors(text) == ""


@given(st.text(st.one_of(st.characters(), st.sampled_from('{}[]()=.,"`\\/*\n a1!-+'))))
def test_any_text_gets_an_answer(text: str) -> None:
    for diagnostic in parse(text).diagnostics:
        assert diagnostic.start <= diagnostic.end


@given(st.data())
def test_a_damaged_text_gets_an_answer(data: st.DataObject) -> None:
    text = data.draw(texts())
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, len(text)))
    damaged = (
        text[:at]
        + data.draw(st.sampled_from(["", "{", "}", "[", "\n", '"', "`", "/*", "=", "a", "\x00"]))
        + text[until:]
    )
    lines = [diagnostic.start.line for diagnostic in parse(damaged).diagnostics]
    assert lines == sorted(set(lines)), "at most one a line, in order"
