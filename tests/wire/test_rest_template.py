"""The grammar of path templates, and what their variables take of a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.wire.rest.template import Variable, parse_template, split_path, split_verb, unescape


@pytest.mark.parametrize(
    ("text", "segments", "variables", "verb"),
    [
        pytest.param("/v1/things", ("v1", "things"), (), "", id="literals"),
        pytest.param("/v1/*", ("v1", "*"), (), "", id="a wildcard without a name"),
        pytest.param("/v1/**", ("v1", "**"), (), "", id="the rest without a name"),
        pytest.param("/{id}", ("*",), (Variable("id", 0, 1),), "", id="a bare variable is one segment"),
        pytest.param("/{id=*}:run", ("*",), (Variable("id", 0, 1),), "run", id="the same, written out, with a verb"),
        pytest.param("/a:run", ("a",), (), "run", id="a verb behind a literal"),
        pytest.param("/{name=**}:run", ("**",), (Variable("name", 0, None),), "run", id="a verb behind the rest"),
        pytest.param(
            "/v1/{a.b=x/*/y}/z", ("v1", "x", "*", "y", "z"), (Variable("a.b", 1, 4),), "", id="several segments"
        ),
        pytest.param(
            "/{a=x/*}/{b=y/**}", ("x", "*", "y", "**"), (Variable("a", 0, 2), Variable("b", 2, None)), "", id="two"
        ),
        pytest.param("/{a=fixed}", ("fixed",), (Variable("a", 0, 1),), "", id="a variable over a literal"),
        pytest.param("/a-b_c.d~e/@x", ("a-b_c.d~e", "@x"), (), "", id="punctuation that RFC 3986 allows"),
    ],
)
def test_a_template_is_read(text, segments, variables, verb):
    template = parse_template(text)
    assert (template.segments, template.variables, template.verb) == (segments, variables, verb)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("v1/a", id="no leading slash"),
        pytest.param("/", id="no segment"),
        pytest.param("/a//b", id="an empty segment"),
        pytest.param("/a/", id="a trailing slash"),
        pytest.param("/a:", id="a verb without a name"),
        pytest.param("/a:b/c", id="a verb before the end"),
        pytest.param("/a:{b}", id="a variable as verb"),
        pytest.param("/**/a", id="** before the end"),
        pytest.param("/{a=**}/b", id="** before the end, in a variable"),
        pytest.param("/***", id="three stars"),
        pytest.param("/a*", id="a wildcard within a segment"),
        pytest.param("/{a}b", id="text glued to a variable"),
        pytest.param("/{a", id="an open variable"),
        pytest.param("/a}", id="a closed nothing"),
        pytest.param("/{}", id="a variable without a name"),
        pytest.param("/{a=}", id="a variable without segments"),
        pytest.param("/{a=b/}", id="an empty segment in a variable"),
        pytest.param("/{a={b}}", id="a variable in a variable"),
        pytest.param("/{a=b:c}", id="a verb in a variable"),
        pytest.param("/{1a}", id="a field that starts with a digit"),
        pytest.param("/{a.}", id="a field path that ends with a dot"),
        pytest.param("/{a..b}", id="an empty part of a field path"),
        pytest.param("/{a}/{a}", id="one field twice"),
        pytest.param("/a?b=c", id="a query"),
        pytest.param("/a%20b", id="an escape: literals are matched unescaped"),
        pytest.param("/a b", id="a space"),
        pytest.param("/ä", id="not ASCII"),
    ],
)
def test_a_wrong_template_does_not_start(text):
    with pytest.raises(ValueError, match="path template"):
        parse_template(text)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        pytest.param("/{a}", "/x%2Fy", {"a": "x/y"}, id="one segment: a slash of the value"),
        pytest.param("/{a=x/*}", "/x/y%2Fz%2fw", {"a": "x/y%2Fz%2fw"}, id="several segments: escaped slashes stay"),
        pytest.param("/{a=x/*}", "/x/y%20z", {"a": "x/y z"}, id="several segments: the rest is unescaped"),
        pytest.param("/{a=**}", "/x%2Fy", {"a": "x%2Fy"}, id="** counts as several, even when it takes one"),
        pytest.param("/{a}", "/%252F", {"a": "%2F"}, id="unescaped once, not twice"),
        pytest.param("/{a}", "/a+b", {"a": "a+b"}, id="a plus is a plus in a path"),
        pytest.param("/{a}", "/%C3%A4", {"a": "ä"}, id="UTF-8"),
        pytest.param("/{a}", "/\xc3\xa4", {"a": "ä"}, id="UTF-8 that was not escaped"),
        pytest.param("/{a}", "/%00", {"a": "\0"}, id="a NUL is for the field's rules"),
        pytest.param("/x/{a}/y/{b=**}", "/x/1/y/2/3", {"a": "1", "b": "2/3"}, id="two variables"),
    ],
)
def test_variables_take_their_segments(text, path, expected):
    assert parse_template(text).values(split_path(path)) == expected


@pytest.mark.parametrize("path", ["/%", "/%2", "/%zz", "/%2/", "/%C3", "/%ff", "/\xff", "/%ED%A0%80", "/%C0%AF"])
def test_a_broken_escape_is_the_callers_fault(path):
    with pytest.raises(Invalid) as raised:
        parse_template("/{thing.name=**}").values(split_path(path))
    assert raised.value.reason == Reason.FIELD_INVALID
    assert [violation.field for violation in raised.value.violations] == ["thing.name"]


@pytest.mark.parametrize(
    ("path", "parted"),
    [
        pytest.param("/a:b", (("a",), "b"), id="a verb"),
        pytest.param("/a:b:c", (("a:b",), "c"), id="the last colon counts"),
        pytest.param("/a:b/c", None, id="a colon in an earlier segment"),
        pytest.param("/a:", None, id="a colon at the end"),
        pytest.param("/a%3Ab", None, id="an escaped colon is text"),
        pytest.param("", None, id="no path"),
    ],
)
def test_the_verb_is_behind_the_last_colon(path, parted):
    assert split_verb(split_path(path)) == parted


@given(st.text(max_size=20))
def test_unescaping_undoes_escaping(text):
    escaped = "".join(f"%{byte:02X}" for byte in text.encode())
    assert unescape(escaped) == text


@given(st.binary(max_size=20))
def test_any_bytes_are_text_or_a_described_refusal(raw):
    try:
        text = unescape(raw.decode("latin-1"))
    except ValueError as error:
        text = str(error)
    assert text.encode().decode() == text
