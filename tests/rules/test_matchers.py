from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.fleet.matchers import (
    MAX_LENGTH,
    Matcher,
    MatchOperator,
    match_all,
    parse_matcher,
    parse_matchers,
    selects,
)

ATTRIBUTE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        pytest.param("collector.os=linux", 'collector.os="linux"', id="dotted name, bare value"),
        pytest.param("team!=team-a", 'team!="team-a"', id="inequality"),
        pytest.param(' env =~ "a|b" ', 'env=~"a|b"', id="space everywhere"),
        pytest.param(r'env=~"a\\.b"', r'env=~"a\\.b"', id="an escaped backslash stays escaped"),
        pytest.param("env!~a.*", 'env!~"a.*"', id="negated expression, bare"),
        pytest.param('foo=""', 'foo=""', id="empty value"),
        pytest.param("{foo=bar}", 'foo="bar"', id="braces"),
        pytest.param(" { foo = bar , } ", 'foo="bar"', id="braces and trailing comma"),
        pytest.param("foo=bar,", 'foo="bar"', id="trailing comma without braces"),
        pytest.param('"foo"=bar', 'foo="bar"', id="a quoted name that needs no quotes"),
        pytest.param('"foo bar"=baz', '"foo bar"="baz"', id="a name with a space stays quoted"),
        pytest.param('"foo,bar"="b\\u00e9\\u0001"', '"foo,bar"="bé\\x01"', id="Go quoting on both sides"),
        pytest.param('"a b"="\\u200b"', '"a b"="\\u200b"', id="an unprintable rune is escaped"),
        pytest.param('"a b"="\\U000e0001"', '"a b"="\\U000e0001"', id="an unprintable rune beyond the BMP"),
        pytest.param('foo="\\u200b"', 'foo="\u200b"', id="light quoting leaves unprintable runes"),
        pytest.param(r'foo="a\nb\tc"', 'foo="a\\nb\tc"', id="light quoting escapes the line feed only"),
        pytest.param(r'foo="a\"b"', r'foo="a\"b"', id="a quote inside"),
        pytest.param(r'foo="\303\251\xc3\xa9\u00e9"', 'foo="ééé"', id="octal and hex escapes are bytes of UTF-8"),
        pytest.param("🙂=ключ", '🙂="ключ"', id="any unreserved rune"),
        pytest.param('""=x', '""="x"', id="an empty name keeps its quotes"),
        pytest.param("a=b\u2003", 'a="b"', id="Unicode space"),
        pytest.param("a=b\x1cc", 'a="b\x1cc"', id="Go does not count U+001C as space, Python would"),
        pytest.param("a.b/c-d:e=[1]$|?*", 'a.b/c-d:e="[1]$|?*"', id="punctuation that is not reserved"),
    ],
)
def test_normal_form(text: str, normal: str):
    matcher = parse_matcher(text)
    assert matcher.normal_form() == normal
    assert parse_matcher(normal) == matcher


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "0 matchers", id="empty"),
        pytest.param("  ", "0 matchers", id="blank"),
        pytest.param("{}", "0 matchers", id="empty braces"),
        pytest.param("a=b,c=d", "2 matchers", id="two"),
        pytest.param("{a=b,c=d}", "2 matchers", id="two in braces"),
        pytest.param("foo", "expected '=', '!=', '=~' or '!~'", id="no operator"),
        pytest.param("foo=", "an empty value is written", id="no value"),
        pytest.param("=bar", "expected an attribute name", id="no name"),
        pytest.param("foo!bar", "'!' at column 4", id="lone exclamation mark"),
        pytest.param("foo~bar", "unexpected '~'", id="lone tilde"),
        pytest.param("a==b", "expected a value after '='", id="double equals"),
        pytest.param("a~=b", "unexpected '~'", id="operator the wrong way round"),
        pytest.param("a=b c", "'c' at column 5", id="two words"),
        pytest.param("a=b=c", "'=' at column 4", id="a second operator"),
        pytest.param("{a=b", "never closed", id="brace left open"),
        pytest.param("a=b}", "closes nothing", id="brace never opened"),
        pytest.param("{a=b}}", "after the closing", id="brace closed twice"),
        pytest.param("{a=b} c", "after the closing", id="text after the braces"),
        pytest.param("{{a=b}}", "expected an attribute name", id="braces in braces"),
        pytest.param(",a=b", "expected an attribute name", id="leading comma"),
        pytest.param("a=b,,", "expected an attribute name", id="two commas"),
        pytest.param('a="b', "never closed", id="quote left open"),
        pytest.param('a="b\\"', "never closed", id="closing quote escaped"),
        pytest.param("a='b'", 'unexpected "\'"', id="single quotes"),
        pytest.param("a=`b`", "unexpected '`'", id="backticks"),
        pytest.param("a=b\\c", "unexpected", id="backslash in a bare word"),
        pytest.param(r'a=~"\d+"', r"\d at column 5", id="an escape of the expression, not of the text"),
        pytest.param(r'a="\."', r"\. at column 4", id="escaped dot"),
        pytest.param(r'a="\'"', r"\' at column 4", id="escaped single quote"),
        pytest.param(r'a="\400"', r"\400 at column 4", id="octal over one byte"),
        pytest.param(r'a="\1"', r"\1 at column 4", id="short octal"),
        pytest.param(r'a="\xg0"', r"\xg0 at column 4", id="hex that is none"),
        pytest.param(r'a="\u12"', r"\u12 at column 4", id="short rune"),
        pytest.param(r'a="\ud800"', r"\ud800 at column 4", id="surrogate"),
        pytest.param(r'a="\U00110000"', r"\U00110000 at column 4", id="beyond Unicode"),
        pytest.param(r'a="\xff"', "valid UTF-8", id="bytes that are no text"),
        pytest.param('a="\n"', "line break", id="raw line feed in quotes"),
        pytest.param("a=b\0", "NUL", id="NUL"),
        pytest.param(r'a="\x00"', "NUL", id="escaped NUL"),
        pytest.param("a=\ud800", "surrogate", id="half a surrogate pair"),
        pytest.param("a=~(", "no valid RE2", id="open group"),
        pytest.param('a=~"a)|(?:b"', "no valid RE2", id="closing the group around it"),
        pytest.param('a=~"(?=b)"', "no valid RE2", id="lookahead"),
        pytest.param(r'a=~"(b)\\1"', "no valid RE2", id="backreference"),
        pytest.param('a=~"b++"', "no valid RE2", id="possessive"),
        pytest.param('a=~"(?>b)"', "no valid RE2", id="atomic group"),
        pytest.param('a=~"((b{100}){100}){100}"', "no valid RE2", id="nested repetition"),
        pytest.param(r'a=~"(\\pL{500})"', "too large", id="an expression that would fill the memory"),
        pytest.param("a=" + "b" * 199, "201 characters, at most 200", id="too long"),
    ],
)
def test_what_is_no_matcher(text: str, why: str):
    with pytest.raises(Invalid) as caught:
        parse_matcher(text)
    assert caught.value.reason is Reason.MATCHER_INVALID
    assert why in caught.value.message
    assert len(caught.value.message) < 500


def test_a_huge_text_is_refused_at_once_and_quoted_in_part():
    started = time.monotonic()
    with pytest.raises(Invalid) as caught:
        parse_matcher('a="' + "\\" * 5_000_000)
    assert time.monotonic() - started < 1
    assert len(caught.value.message) < 300


def test_the_limit_counts_characters_as_written():
    assert parse_matcher("ä=" + "é" * (MAX_LENGTH - 2)).value == "é" * 198
    longer_when_stored = parse_matcher("a=" + "b" * (MAX_LENGTH - 2)).normal_form()
    assert len(longer_when_stored) > MAX_LENGTH
    assert parse_matcher(longer_when_stored, limit=None).value == "b" * 198


@pytest.mark.parametrize(
    ("text", "attributes", "expected"),
    [
        pytest.param("a=x", {"a": "x"}, True, id="equal"),
        pytest.param("a=x", {"a": "y"}, False, id="not equal"),
        pytest.param("a=x", {}, False, id="missing is not x"),
        pytest.param("a!=x", {}, True, id="missing differs from x"),
        pytest.param('a!~"x.*"', {}, True, id="missing does not match x.*"),
        pytest.param('a=""', {}, True, id="missing equals empty"),
        pytest.param('a!=""', {}, False, id="missing does not differ from empty"),
        pytest.param('a=~".*"', {}, True, id="missing matches anything"),
        pytest.param('a=~".+"', {}, False, id="missing is not something"),
        pytest.param('a=~".+"', {"a": "x"}, True, id="present is something"),
        pytest.param("a=~prod|staging", {"a": "staging"}, True, id="alternatives"),
        pytest.param("a=~prod|staging", {"a": "staging-2"}, False, id="anchored at both ends"),
        pytest.param('a=~"x$"', {"a": "x\n"}, False, id="dollar is not before a final line feed"),
        pytest.param('a=~"x.y"', {"a": "x\ny"}, False, id="dot is no line feed"),
        pytest.param('a=~"x.y"', {"a": "x\ry"}, True, id="dot is everything else"),
        pytest.param('a=~"(?s)x.y"', {"a": "x\ny"}, True, id="dot is a line feed when asked"),
        pytest.param('a=~"(?i)PROD"', {"a": "prod"}, True, id="case ignored"),
        pytest.param(r'a=~"\\pL+"', {"a": "ключ"}, True, id="Unicode class"),
        pytest.param('a=~"[[:alpha:]]+"', {"a": "abc"}, True, id="POSIX class"),
        pytest.param(r'a=~"\\Qa.b\\E"', {"a": "a.b"}, True, id="literal section"),
        pytest.param(r'a=~"x\\z"', {"a": "x"}, True, id="end of text"),
        pytest.param('a=~"."', {"a": "🙂"}, True, id="dot is a rune, not a byte"),
        pytest.param('a!~".+"', {"a": "x"}, False, id="negated"),
        pytest.param('a=~".*"', {"a": "\udc80"}, True, id="a value that is no text does not crash"),
    ],
)
def test_matching(text: str, attributes: dict[str, str], expected: bool):
    assert parse_matcher(text).matches(attributes) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(a*)*b", id="nested stars"),
        pytest.param("(a|aa)+b", id="ambiguous alternatives"),
        pytest.param("(.{1,100}a){1,9}b", id="large counted repetition"),
    ],
)
def test_a_hostile_expression_stays_fast(pattern: str):
    matcher = Matcher("a", MatchOperator.REGEX, pattern)
    started = time.monotonic()
    assert not matcher.matches({"a": "a" * 1024})
    assert time.monotonic() - started < 1


def test_all_matchers_must_fit_and_none_is_for_the_caller_to_judge():
    both = parse_matchers(["a=1", "b=2"])
    assert match_all(both, {"a": "1", "b": "2"})
    assert not match_all(both, {"a": "1"})
    assert match_all([], {"a": "1"})
    assert not selects([], {"a": "1"})
    assert selects(both, {"a": "1", "b": "2"})


def test_order_and_duplicates_stay():
    assert [m.normal_form() for m in parse_matchers(["b=1", "a=2", "b=1"])] == ['b="1"', 'a="2"', 'b="1"']


def test_every_wrong_matcher_is_named():
    with pytest.raises(Invalid) as caught:
        parse_matchers(["ok=1", "bad", "ok=2", 'worse="'], field="pipeline.matchers")
    assert [v.field for v in caught.value.violations] == ["pipeline.matchers[1]", "pipeline.matchers[3]"]
    assert caught.value.message.startswith("pipeline.matchers[1]: matcher 'bad' is invalid: ")
    assert caught.value.message.endswith("(and 1 more)")


def test_equal_matchers_are_one_key():
    assert len({parse_matcher("a=~b"), parse_matcher('"a" =~ "b"')}) == 1


@given(name=ATTRIBUTE_TEXT, operator=st.sampled_from(MatchOperator), value=ATTRIBUTE_TEXT)
def test_the_normal_form_means_the_same_and_is_its_own_normal_form(name: str, operator: MatchOperator, value: str):
    try:
        matcher = Matcher(name, operator, value)
    except Invalid:
        return
    again = parse_matcher(matcher.normal_form(), limit=None)
    assert again == matcher
    assert again.normal_form() == matcher.normal_form()


@given(st.text(st.sampled_from("ab.{}!=~,\\\"'` \n\t\0x0u9é\u2003\ud800(*[")) | st.text())
def test_any_text_is_a_matcher_or_a_clear_error(text: str):
    try:
        matcher = parse_matcher(text)
    except Invalid:
        return
    assert parse_matcher(matcher.normal_form(), limit=None) == matcher


@given(value=ATTRIBUTE_TEXT, other=ATTRIBUTE_TEXT)
def test_an_operator_and_its_negation_never_agree(value: str, other: str):
    attributes = {"a": value}
    pairs = [(MatchOperator.EQUAL, MatchOperator.NOT_EQUAL), (MatchOperator.REGEX, MatchOperator.NOT_REGEX)]
    for positive, negative in pairs:
        try:
            plain, negated = Matcher("a", positive, other), Matcher("a", negative, other)
        except Invalid:
            continue
        assert plain.matches(attributes) is not negated.matches(attributes)
