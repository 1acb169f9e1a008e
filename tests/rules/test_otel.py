from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.alloy.diagnostics import format_diagnostics
from quarterdeck.fleet.otel import MAX_DEPTH, check_otel

_COLLECTOR = """\
# what a collector is usually given
receivers:
  otlp:
    protocols: &protocols
      grpc: {endpoint: "${env:HOST}:4317"}
      http:
processors:
  batch: {}
exporters:
  debug: &debug
    verbosity: detailed
  debug/2:
    <<: *debug
  otlp: *protocols
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [debug, debug/2]
  telemetry: {logs: {level: !!str info}}
"""

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def found(text: str) -> str:
    return format_diagnostics(check_otel(text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_COLLECTOR, id="an ordinary configuration, anchors and merges included"),
        pytest.param("{}", id="an empty mapping"),
        pytest.param("---\na: 1\n...\n", id="marks around the document"),
        pytest.param("a: 1\n---\n", id="an empty document behind it"),
        pytest.param("\ufeffa: 1", id="a byte order mark"),
        pytest.param("a: 1\r\nb: 2\r\n", id="Windows lines"),
        pytest.param("é: {é: é}", id="letters of any script"),
        pytest.param("a: {b: 1}\nc: {b: 1}", id="one key in two mappings"),
        pytest.param("a: [b, b, b]", id="one value repeated in a sequence"),
        pytest.param("? [a, b]\n: c\n? {d: e}\n: d", id="keys that are collections"),
        pytest.param("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), id="as deep as allowed"),
        pytest.param("a:\n" + "- 1\n" * 20_000, id="a long sequence"),
    ],
)
def test_a_mapping_is_accepted(text: str) -> None:
    assert found(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "1:1: expected a YAML mapping, found nothing", id="an empty text"),
        pytest.param("# only\n", "1:1: expected a YAML mapping, found nothing", id="a comment"),
        pytest.param("---\n", "2:1: expected a YAML mapping, found nothing", id="an empty document"),
        pytest.param("- a", "1:1: expected a YAML mapping, found a sequence", id="a sequence"),
        pytest.param("a.b", "1:1: expected a YAML mapping, found the text 'a.b'", id="a scalar"),
        pytest.param('loki.write "x" { }', "1:1: expected a YAML mapping, found the text", id="Alloy"),
        pytest.param("a: 1\n---\nb: 1", "3:1: expected one YAML document, found another", id="two documents"),
        pytest.param("a: 1\nb: 2\na: 3", "3:1: the key 'a' is in this mapping twice", id="a key twice"),
        pytest.param("a: {b: 1, b: 2}", "1:11: the key 'b' is in this mapping twice", id="a key twice, deeper"),
        pytest.param("a: *b", "1:4: the alias 'b' has no anchor before it", id="an alias of nothing"),
        pytest.param("a: &a [*a]", "1:8: the alias 'a' has no anchor before it", id="an alias of what it stands in"),
        pytest.param(
            "a: !!python/object/apply:os.system [x]", "1:4: the tag 'python/object/apply", id="a tag that runs"
        ),
        pytest.param("a: !mine 1", "1:4: the tag '!mine' is not accepted", id="a tag of one's own"),
        pytest.param("a: [1", "2:1: not readable as YAML: ", id="an open sequence"),
        pytest.param("a: b: c", "1:5: not readable as YAML: mapping values are not allowed", id="no YAML"),
        pytest.param("a:\n\tb: 1", "2:1: not readable as YAML: ", id="a tab as indentation"),
        pytest.param('é: "\x07"', "1:5: the character '\\x07' is not allowed in YAML", id="a control character"),
        pytest.param("a: 1\nb: \ud800", "2:4: the character '\\ud800' is not allowed in YAML", id="what is no UTF-8"),
        pytest.param("%YAML 9.0\n---\na: 1", "1:1: not readable as YAML: found incompatible", id="another YAML"),
        pytest.param(_BOMB, "6:35: more than 1000000 values, counting what aliases stand for", id="aliases of aliases"),
        pytest.param("a: " + "[" * 200_000, "1:103: nested deeper than 100 levels", id="deep sequences"),
        pytest.param("{a: " * 200_000, "1:401: nested deeper than 100 levels", id="deep mappings"),
        pytest.param("- " * 200_000, "1:1: expected a YAML mapping, found a sequence", id="deep, and no mapping"),
        pytest.param(
            "a:\n" + "".join(f"{' ' * at}b:\n" for at in range(1, 200)), "101:101: nested deeper", id="indented"
        ),
    ],
)
def test_anything_else_is_refused(text: str, expected: str) -> None:
    assert found(text).startswith(expected)
    assert len(check_otel(text)) == 1
    assert "\n" not in found(text)


@given(st.text(st.one_of(st.characters(), st.sampled_from("{}[]:-?,&*!|>%@`'\"# \n\tab"))))
def test_any_text_gets_an_answer(text: str) -> None:
    assert len(check_otel(text)) <= 1


_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _values))
def test_any_mapping_that_is_written_is_accepted(value: dict[str, object]) -> None:
    assert found(yaml.safe_dump(value)) == ""


@given(st.one_of(st.none(), st.integers(), st.lists(st.integers()), st.text(st.sampled_from("abc"))))
def test_nothing_else_that_is_written_is_accepted(value: object) -> None:
    assert found(yaml.safe_dump(value)) != ""
