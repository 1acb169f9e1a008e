from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.alloy.parser import parse
from quarterdeck.fleet.alloy.strings import is_identifier, is_object_key, quote, unescape


@given(st.text(st.characters(codec="utf-8")))
def test_a_quoted_value_reads_back(value: str) -> None:
    literal = quote(value)
    assert parse(f"a = {literal}").diagnostics == []
    assert unescape(literal[1:-1]) == value


@given(st.text())
def test_any_value_can_be_quoted(value: str) -> None:
    assert parse(f"a = {quote(value)}").diagnostics == []


@given(st.text())
def test_unescape_takes_anything(raw: str) -> None:
    assert unescape(r"\q" + raw).startswith("\ufffd")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param(r"\x41\101\u0041\U00000041", "AAAA", id="four ways to write one character"),
        pytest.param(r"\xc3\xa9", "é", id="bytes make up a character together"),
        pytest.param(r"\xff", "\ufffd", id="a byte that is no UTF-8"),
        pytest.param(r"\\n", r"\n", id="an escaped backslash escapes nothing"),
    ],
)
def test_escapes(raw: str, value: str) -> None:
    assert unescape(raw) == value


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        pytest.param("collector.ID", True, id="dots and dashes are fine between quotes"),
        pytest.param("größe", True, id="any letters"),
        pytest.param("a\tb", True, id="a tab"),
        pytest.param("", False, id="Alloy reads two quotes as a key of two characters"),
        pytest.param('a"b', False, id="a quote would end the key"),
        pytest.param("a\\b", False, id="Alloy does not unescape keys"),
        pytest.param("a\nb", False, id="a string has one line"),
        pytest.param("a\x00", False, id="NUL is refused everywhere"),
        pytest.param("a\ufeff", False, id="so is a byte order mark"),
        pytest.param("a\ud800", False, id="so is what is no UTF-8"),
    ],
)
def test_object_keys(key: str, fits: bool) -> None:
    assert is_object_key(key) is fits


@given(st.text(min_size=1).filter(is_object_key))
def test_an_object_key_reads_back(key: str) -> None:
    result = parse(f'a = {{ "{key}" = 1 }}')
    (attribute,) = result.file.attributes
    assert result.diagnostics == []
    assert attribute.value.fields[0].key == key  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a1_", True, id="letters, digits, underscores"),
        pytest.param("été", True, id="letters of any script"),
        pytest.param("", False, id="nothing"),
        pytest.param("1a", False, id="digit first"),
        pytest.param("a-b", False, id="dash"),
        pytest.param("a\n", False, id="a newline at the end is not overlooked"),
        pytest.param("true", False, id="keyword"),
    ],
)
def test_identifiers(text: str, expected: bool) -> None:
    assert is_identifier(text) is expected
