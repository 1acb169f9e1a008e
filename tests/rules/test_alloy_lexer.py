from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.alloy import lexer
from quarterdeck.fleet.alloy.diagnostics import Findings, Source
from quarterdeck.fleet.alloy.lexer import tokenize

_NAMES = {
    value: name
    for name, value in vars(lexer).items()
    if name.isupper() and isinstance(value, int) and name != "MAX_TOKENS"
}


def kinds(text: str) -> str:
    """The kinds of the tokens of a text, without the END that every text has."""
    source = Source(text)
    findings = Findings(source)
    tokens = tokenize(source, findings)
    assert findings.in_order() == []
    return " ".join(_NAMES[kind] for kind in tokens.kinds[:-1])


def first_error(text: str) -> str:
    source = Source(text)
    findings = Findings(source)
    tokenize(source, findings)
    return str(findings.in_order()[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "", id="an empty text has no token, not even a terminator"),
        pytest.param("a", "IDENTIFIER TERMINATOR", id="the end of the text ends a statement"),
        pytest.param("_a1 größe число", "IDENTIFIER IDENTIFIER IDENTIFIER TERMINATOR", id="letters of any script"),
        pytest.param("k٣", "IDENTIFIER TERMINATOR", id="decimal digits of any script go on an identifier"),
        pytest.param("true false null", "BOOL BOOL NULL TERMINATOR", id="the three keywords"),
        pytest.param("declare True", "IDENTIFIER IDENTIFIER TERMINATOR", id="nothing else is reserved"),
        pytest.param("007", "NUMBER TERMINATOR", id="leading zeros are for the value, not for the token"),
        pytest.param("0x1F", "NUMBER IDENTIFIER TERMINATOR", id="no hexadecimal numbers"),
        pytest.param("1_000", "NUMBER IDENTIFIER TERMINATOR", id="no underscores in numbers"),
        pytest.param("-1", "SUBTRACT NUMBER TERMINATOR", id="a sign is an operator"),
        pytest.param("1. .5 1.5e-3 1e9 1E+9", "FLOAT FLOAT FLOAT FLOAT FLOAT TERMINATOR", id="forms of a float"),
        pytest.param("a.5", "IDENTIFIER FLOAT TERMINATOR", id="a dot before a digit begins a float"),
        pytest.param('"" "a\tb"', "STRING STRING TERMINATOR", id="a tab may stand in a string"),
        pytest.param(r'"\a\b\f\n\r\t\v\\\""', "STRING TERMINATOR", id="simple escapes"),
        pytest.param(r'"\101\x41\u00e9\U0001F600"', "STRING TERMINATOR", id="numeric escapes"),
        pytest.param('`a\n\\q"`', "RAW_STRING TERMINATOR", id="a raw string has lines and no escapes"),
        pytest.param(
            "a // b\nc", "IDENTIFIER TERMINATOR IDENTIFIER TERMINATOR", id="a line comment ends with its line"
        ),
        pytest.param("a /* b */ c", "IDENTIFIER IDENTIFIER TERMINATOR", id="a block comment within a line is a space"),
        pytest.param(
            "a /* b\n */ c", "IDENTIFIER TERMINATOR IDENTIFIER TERMINATOR", id="a block comment over lines is a newline"
        ),
        pytest.param("/* a /* b */", "", id="block comments do not nest"),
        pytest.param("/***/ /**/ /* * / **/", "", id="stars in block comments"),
        pytest.param("// a", "", id="a comment alone ends nothing"),
        pytest.param(
            "\n\n\na\n\n\nb", "IDENTIFIER TERMINATOR IDENTIFIER TERMINATOR", id="one terminator for many newlines"
        ),
        pytest.param(
            '1\n1.\n""\n``\ntrue\nnull\n}\n)\n]\n',
            "NUMBER TERMINATOR FLOAT TERMINATOR STRING TERMINATOR RAW_STRING TERMINATOR BOOL TERMINATOR "
            "NULL TERMINATOR RIGHT_BRACE TERMINATOR RIGHT_PAREN TERMINATOR RIGHT_BRACKET TERMINATOR",
            id="tokens that a newline can end a statement after",
        ),
        pytest.param(
            "=\n{\n(\n[\n,\n.\n+\n-\n*\n/\n%\n^\n!\n",
            "ASSIGN LEFT_BRACE LEFT_PAREN LEFT_BRACKET COMMA DOT ADD SUBTRACT MULTIPLY DIVIDE MODULO POWER NOT",
            id="tokens that a newline ends nothing after",
        ),
        pytest.param(
            "|| && ! = == != < <= > >=",
            "OR AND NOT ASSIGN EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL",
            id="the longest operator wins",
        ),
        pytest.param("a\r\nb\r\n", "IDENTIFIER TERMINATOR IDENTIFIER TERMINATOR", id="a carriage return is a space"),
        pytest.param("\ufeffa", "IDENTIFIER TERMINATOR", id="one byte order mark may come first"),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "a = 'x'", '1:5: illegal character "\'", strings are written in double quotes', id="single quotes"
        ),
        pytest.param("a | b", "1:3: illegal character '|'", id="a single bar"),
        pytest.param("a & b", "1:3: illegal character '&'", id="a single ampersand"),
        pytest.param("a;", "1:2: illegal character ';'", id="no semicolons"),
        pytest.param("a\fb", "1:2: illegal character '\\x0c'", id="a form feed is no space"),
        pytest.param("a€ = 1", "1:2: illegal character '€'", id="a symbol within an identifier"),
        pytest.param("x² = 1", "1:2: illegal character '²'", id="a digit that is not decimal"),
        pytest.param("٣x = 1", "1:1: illegal character '٣'", id="an identifier begins with a letter in any script"),
        pytest.param("a = 1e", "1:5: the exponent of a number needs digits", id="exponent without digits"),
        pytest.param("a = 1.5e+x", "1:5: the exponent of a number needs digits", id="exponent with a sign only"),
        pytest.param('a = "x\ny', '1:5: a string must be closed by " on the line where it begins', id="open string"),
        pytest.param(
            'a = "x\\\ny"', '1:5: a string must be closed by " on the line where it begins', id="escaped newline"
        ),
        pytest.param("a = `x", "1:5: a raw string must be closed by `", id="open raw string"),
        pytest.param("a = 1 /* x", "1:7: a block comment must be closed by */", id="open comment"),
        pytest.param(r'a = "x\q"', r"1:7: unknown escape sequence '\\q' in a string", id="unknown escape"),
        pytest.param(r'a = "\'"', '1:6: unknown escape sequence "\\\\\'" in a string', id="escaped single quote"),
        pytest.param(r'a = "\400"', r"1:6: unknown escape sequence '\\400' in a string", id="octal above a byte"),
        pytest.param(
            r'a = "\19"', r"1:6: unknown escape sequence '\\1' in a string", id="octal of fewer than 3 digits"
        ),
        pytest.param(r'a = "\x1"', r"1:6: unknown escape sequence '\\x' in a string", id="hexadecimal of one digit"),
        pytest.param(r'a = "\ud800"', r"1:6: unknown escape sequence '\\ud800' in a string", id="surrogate"),
        pytest.param(
            r'a = "\U00110000"',
            r"1:6: unknown escape sequence '\\U00110000' in a string",
            id="beyond the last code point",
        ),
        pytest.param("// \x00", "1:4: a NUL character is not allowed here", id="NUL, even in a comment"),
        pytest.param("\ufeff\ufeff", "1:1: a byte order mark is not allowed here", id="a second byte order mark"),
        pytest.param('a = "\ud800"', "1:6: malformed UTF-8 is not allowed here", id="what no UTF-8 text can hold"),
        pytest.param('é = "é" $', "1:11: illegal character '$'", id="columns count bytes"),
    ],
)
def test_errors(text: str, expected: str) -> None:
    assert first_error(text) == expected


def test_a_text_of_too_many_tokens_is_given_up() -> None:
    assert "more than 1000000 tokens" in first_error("," * 1_000_100)


@given(st.text(st.one_of(st.characters(), st.sampled_from('"`/*\\\n \t0.e{}[]=\ufeff\ud800'))))
def test_tokens_cover_what_is_there(text: str) -> None:
    source = Source(text)
    tokens = tokenize(source, Findings(source))
    spans = list(zip(tokens.starts, tokens.ends, strict=True))
    assert tokens.kinds[-1] == lexer.END
    assert all(start <= end <= len(source.text) for start, end in spans)
    assert spans == sorted(spans)
