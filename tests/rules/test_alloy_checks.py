from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.fleet.alloy import Severity, check, format_diagnostics
from quarterdeck.fleet.alloy.components import Stability, known_components, reserved_roots
from quarterdeck.fleet.alloy.diagnostics import MAX_DIAGNOSTICS
from quarterdeck.fleet.alloy.parser import MAX_DEPTH
from tests.rules.alloy_texts import texts


def found(text: str, *, strict: bool = False) -> str:
    return format_diagnostics(check(text, strict=strict), limit=100)


_SCRAPE = 'prometheus.scrape "default" { targets = [] }\n'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(_SCRAPE, id="a component"),
        pytest.param('import.git "m" { }\nm.a.b "x" { }\nm.a "y" { }', id="components of an import"),
        pytest.param('declare "mine" { }\nmine "a" { }\nmine "b" { }', id="a custom component, twice instantiated"),
        pytest.param('mine "a" { }\ndeclare "mine" { }', id="order does not matter"),
        pytest.param('declare "mine" { }\nmine { }', id="only built-in components certainly need a label"),
        pytest.param(
            'declare "outer" {\ndeclare "inner" { }\ninner "a" { }\n}\nouter "a" { }', id="a declare within a declare"
        ),
        pytest.param('declare "a" { }\ndeclare "b" {\na "x" { }\n}\nb "x" { }', id="a declare sees those around it"),
        pytest.param('argument "attributes" { }', id="the server supplies the attributes"),
        pytest.param('argument "pipeline_exports" { }', id="and the exports"),
        pytest.param('argument "x" {\noptional = true\ndefault = 1\ncomment = "c"\n}', id="an optional argument"),
        pytest.param('argument "x" { optional = 1 == 1 }', id="what a computed optional will be is not known"),
        pytest.param(
            'declare "d" {\nargument "x" { }\n}\nd "y" { x = 1 }', id="a required argument of a custom component"
        ),
        pytest.param('export "x" { value = 1 }\nargument "x" { optional = true }', id="an export named as an argument"),
        pytest.param('loki.write "x" { }\nprometheus.remote_write "x" { }', id="a label of two components"),
    ],
)
def test_clean(text: str) -> None:
    assert found(text, strict=True) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a = 1", "1:1: the attribute 'a' is outside of any block", id="attribute at the top"),
        pytest.param("logging { }", "1:1: the block 'logging' works in the collector's local file only", id="logging"),
        pytest.param("tracing { }", "1:1: the block 'tracing' works in", id="tracing"),
        pytest.param("http { }", "1:1: the block 'http' works in", id="http"),
        pytest.param("remotecfg { }", "1:1: the block 'remotecfg' works in", id="remotecfg"),
        pytest.param("livedebugging { }", "1:1: the block 'livedebugging' works in", id="livedebugging"),
        pytest.param("cluster { }", "1:1: the block 'cluster' works in", id="a service that cannot be configured"),
        pytest.param("declare { }", "1:1: the block 'declare' needs a label", id="declare without label"),
        pytest.param('declare "" { }', "1:1: the block 'declare' needs a label", id="an empty label is none"),
        pytest.param(
            'declare "declare" { }', "1:1: a custom component cannot be called 'declare'", id="declare declare"
        ),
        pytest.param('declare "a" { }\ndeclare "a" { }', "2:1: 'declare.a' is defined twice", id="declared twice"),
        pytest.param(_SCRAPE + _SCRAPE, "2:1: 'prometheus.scrape.default' is defined twice", id="a component twice"),
        pytest.param('declare "a" { }\na { }\na { }', "3:1: 'a' is defined twice", id="custom twice without label"),
        pytest.param(
            'export "a" { value = 1 }\nexport "a" { value = 2 }',
            "2:1: 'export.a' is defined twice",
            id="exported twice",
        ),
        pytest.param(
            'argument "attributes" { }\nargument "attributes" { }', "2:1: 'argument.attributes' is", id="argument twice"
        ),
        pytest.param(
            'import.file "a" { }\nimport.file "a" { }', "2:1: 'import.file.a' is defined twice", id="imported twice"
        ),
        pytest.param(
            "prometheus.scrape { }", "1:1: the block 'prometheus.scrape' needs a label", id="component, no label"
        ),
        pytest.param(
            "argument { optional = true }", "1:1: the block 'argument' needs a label", id="argument, no label"
        ),
        pytest.param(
            'argument "x" { }', "1:1: nothing supplies the argument 'x' of a pipeline", id="required argument"
        ),
        pytest.param(
            'argument "x" { optional = false }',
            "1:1: nothing supplies the argument 'x'",
            id="required in so many words",
        ),
        pytest.param(
            'argument "x" { optional = "true" }',
            "1:27: 'optional' is true or false, not '\"true\"'",
            id="optional as text",
        ),
        pytest.param(
            'argument "attributes" { optoinal = true }',
            "1:25: the block 'argument' has no attribute 'optoinal', only 'comment', 'default', 'optional'",
            id="an attribute that argument has not",
        ),
        pytest.param(
            'argument "attributes" { x { } }',
            "1:25: the block 'argument' has no blocks inside",
            id="block in an argument",
        ),
        pytest.param("export { value = 1 }", "1:1: the block 'export' needs a label", id="export without label"),
        pytest.param(
            'export "a" { }', "1:1: the block 'export' needs the attribute 'value'", id="export without value"
        ),
        pytest.param(
            'export "a" {\nvalue = 1\nvalu = 1\n}',
            "3:1: the block 'export' has no attribute 'valu'",
            id="export with more",
        ),
        pytest.param("import.http { }", "1:1: the block 'import.http' needs a label", id="import without label"),
    ],
)
def test_errors(text: str, expected: str) -> None:
    diagnostics = check(text)
    assert format_diagnostics(diagnostics).startswith(expected)
    assert [diagnostic.severity for diagnostic in diagnostics] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("foreach { }", "the block 'foreach' needs a label", id="no label"),
        pytest.param(
            'foreach "a" { var = "x" }', "the block 'foreach' needs the attribute 'collection'", id="no collection"
        ),
        pytest.param(
            'foreach "a" { collection = [] }', "the block 'foreach' needs the attribute 'var'", id="no variable"
        ),
        pytest.param('foreach "a" { }', "'foreach' needs one 'template' block, found 0", id="no template"),
        pytest.param(
            'foreach "a" {\ntemplate { }\ntemplate { }\n}', "'foreach' needs one 'template' block, found 2", id="two"
        ),
        pytest.param('foreach "a" {\nx { }\n}', "'foreach' has no block 'x', only 'template'", id="another block"),
    ],
)
def test_foreach_errors(text: str, expected: str) -> None:
    assert expected in [diagnostic.text.partition(", which")[0] for diagnostic in check(text) if diagnostic.is_error]


def test_errors_of_syntax_come_alone() -> None:
    assert found("a = 1\nb = \n") == "3:1: expected a value, found the end of the text"


def test_what_nothing_instantiates_is_only_warned_of() -> None:
    unused = 'declare "d" {\na = 1\n}\n'
    (diagnostic,) = check(unused)
    assert diagnostic.severity is Severity.WARNING
    assert any(diagnostic.is_error for diagnostic in check(unused + 'd "x" { }\n'))
    assert any(diagnostic.is_error for diagnostic in check(unused + 'declare "e" {\nd "x" { }\n}\ne "x" { }\n'))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('prometheus.scarpe "a" { }', "1:1: warning: 'prometheus.scarpe' is no component", id="misspelt"),
        pytest.param('prometheus "a" { }', "1:1: warning: 'prometheus' is no component", id="a namespace is none"),
        pytest.param(
            'import.ftp "a" { }', "1:1: warning: 'import.ftp' is no component", id="an import that Alloy has not"
        ),
        pytest.param(
            'declare "a" {\ndeclare "b" { }\n}\nb "x" { }', "4:1: warning: 'b' is no", id="a declare's own declare"
        ),
        pytest.param(
            'otelcol.exporter.file "a" { }',
            "1:1: warning: 'otelcol.exporter.file' is a public preview: a collector needs --stability.level=public",
            id="public preview",
        ),
        pytest.param('loki.enrich "a" { }', "1:1: warning: 'loki.enrich' is experimental", id="experimental"),
        pytest.param(
            'otelcol.exporter.datadog "a" { }',
            "1:1: warning: 'otelcol.exporter.datadog' is a community component: a collector needs --feature.community",
            id="community",
        ),
        pytest.param(
            'foreach "a" {\ncollection = []\nvar = "x"\ntemplate { }\n}',
            "1:1: warning: 'foreach' is experi",
            id="foreach",
        ),
        pytest.param(
            'loki.write "a" { x = array.combine_maps([], []) }',
            "1:22: warning: 'array.combine_maps' is",
            id="a function",
        ),
        pytest.param(
            'loki.write "a" { x = loki.write.b.receiver }',
            "1:22: warning: 'loki.write.b.receiver' does not exist or is out of scope",
            id="a component that is not there",
        ),
        pytest.param(
            'loki.write "a" {\nb {\nx = {y = [nope]}\n}\n}',
            "3:11: warning: 'nope' does not exist",
            id="deep in a component",
        ),
        pytest.param(
            'loki.write "a" { x = sys.env(nope.x) }',
            "1:30: warning: 'nope.x' does not exist",
            id="deep in an expression",
        ),
        pytest.param(
            'declare "d" {\nexport "x" { value = argument.attributes.value }\n}\nd "x" { }',
            "2:22: warning: 'argument.attributes.value' does not exist",
            id="a custom component has its own arguments",
        ),
        pytest.param(
            _SCRAPE + 'declare "d" {\nexport "x" { value = prometheus.scrape.default }\n}\nd "x" { }',
            "3:22: warning: 'prometheus.scrape.default' does not exist",
            id="a custom component does not see the components around it",
        ),
        pytest.param(
            'loki.relabel "a" { forward_to = [loki.relabel.a.receiver] }',
            "1:1: warning: 'loki.relabel.a' refers to itself",
            id="self-reference",
        ),
        pytest.param(
            'loki.relabel "a" { x = loki.relabel.b.y }\nloki.relabel "b" { x = loki.relabel.a.y }',
            "1:1: warning: 'loki.relabel.a' -> 'loki.relabel.b' -> 'loki.relabel.a' refer to each other in a cycle",
            id="cycle of components",
        ),
        pytest.param(
            'declare "a" {\na "x" { }\n}\na "x" { }', "1:1: warning: 'a' instantiates itself", id="declare in itself"
        ),
        pytest.param(
            'declare "a" {\nb "x" { }\n}\ndeclare "b" {\na "x" { }\n}\na "x" { }',
            "1:1: warning: 'a' -> 'b' -> 'a' instantiate each other in a cycle",
            id="declares in each other",
        ),
        pytest.param(
            'loki.write "a" {\nendpoint {\nbasic_auth { password = "hunter2" }\n}\n}',
            "3:25: warning: 'password' is written out",
            id="a password for everybody",
        ),
        pytest.param(
            'loki.write "a" { x = {"api_key" = `k`} }', "1:35: warning: 'api_key' is", id="a key in an object"
        ),
    ],
)
def test_warnings(text: str, expected: str) -> None:
    diagnostics = check(text)
    assert format_diagnostics(diagnostics).startswith(expected)
    assert [diagnostic.severity for diagnostic in diagnostics] == [Severity.WARNING]


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param('sys.env("X")', id="the standard library"),
        pytest.param('env("X")', id="deprecated functions"),
        pytest.param("module_path", id="the module's path"),
        pytest.param("prometheus.scrape.default.x[mine.a.y]", id="an index with a reference of its own"),
        pytest.param("prometheus.scrape.default", id="a component as a whole"),
        pytest.param('argument.attributes.value["collector.ID"]', id="the attributes"),
        pytest.param('argument.pipeline_exports.value["p"]["e"]', id="the exports of other pipelines"),
        pytest.param("mine.a.output", id="a custom component"),
        pytest.param("m.c.a.output", id="a component of an import"),
        pytest.param("argument.own.value", id="an argument"),
        pytest.param("import.file.m", id="an import as such"),
    ],
)
def test_references_that_exist(expression: str) -> None:
    text = (
        f"{_SCRAPE}"
        'declare "mine" { }\nmine "a" { }\nimport.file "m" { }\nm.c "a" { }\nargument "own" { optional = true }\n'
        f'loki.write "x" {{ y = {expression} }}\n'
    )
    assert found(text) == ""


def test_a_template_sees_its_variable_and_what_is_around_it() -> None:
    text = (
        f"{_SCRAPE}"
        'foreach "f" {\ncollection = argument.attributes.value\nvar = "each"\ntemplate {\n'
        'loki.write "a" { x = [each.name, prometheus.scrape.default.y, argument.attributes.value["z"]] }\n'
        'loki.relabel "b" { x = loki.write.a.receiver }\n'
        "}\n}\n"
        'loki.write "outside" { x = [each, loki.relabel.b.y] }\n'
    )
    texts_found = [diagnostic.text for diagnostic in check(text)]
    assert texts_found[1:] == [
        "'each' does not exist or is out of scope",
        "'loki.relabel.b.y' does not exist or is out of scope",
    ]


def test_a_cycle_may_go_through_a_template() -> None:
    text = (
        'loki.write "a" { x = foreach.f }\n'
        'foreach "f" {\ncollection = []\nvar = "each"\ntemplate {\nloki.write "b" { x = loki.write.a.y }\n}\n}\n'
    )
    assert "'loki.write.a' -> 'foreach.f' -> 'loki.write.a' refer to each other in a cycle" in found(text)


@pytest.mark.parametrize(
    "attribute",
    [
        pytest.param('password = sys.env("P")', id="taken from elsewhere"),
        pytest.param('password_file = "/etc/p"', id="the name of a file"),
        pytest.param('token_url = "https://x"', id="an address"),
        pytest.param('password = ""', id="empty"),
        pytest.param('username = "u"', id="no secret"),
    ],
)
def test_no_secrets(attribute: str) -> None:
    assert found(f'loki.write "a" {{ {attribute} }}') == ""


def test_strict_makes_an_unknown_component_an_error() -> None:
    assert found('x.y "a" { }', strict=True).startswith("1:1: 'x.y' is no component")


def test_diagnostics_come_in_the_order_of_the_text_and_are_limited() -> None:
    diagnostics = check("a = 1\n" * 150 + 'x.y "z" { }\n' * 150)
    lines = [diagnostic.start.line for diagnostic in diagnostics]
    assert lines == sorted(lines)
    assert sum(diagnostic.is_error for diagnostic in diagnostics) == MAX_DIAGNOSTICS
    assert len(diagnostics) == 2 * MAX_DIAGNOSTICS


def test_the_deepest_contents_can_still_be_wrapped() -> None:
    assert "nested deeper" in found("b {\n" * MAX_DEPTH + "}\n" * MAX_DEPTH)
    assert "nested deeper" not in found("b {\n" * (MAX_DEPTH - 1) + "}\n" * (MAX_DEPTH - 1))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('declare "d" {\n' * 140 + 'u "x" { }\n' * 500 + "}\n" * 140, id="declares in declares"),
        pytest.param('foreach "f" {\ntemplate {\n' * 70 + "}\n}\n" * 70, id="templates in templates"),
        pytest.param("a" + ".a" * 20_000 + ' "x" { y = a' + ".a" * 20_000 + " }", id="a long name and a long chain"),
        pytest.param(
            "".join(f'loki.write "a{at}" {{ x = loki.write.a{at + 1}.y }}\n' for at in range(2_000)), id="a long line"
        ),
        pytest.param(
            "".join(f'loki.write "a{at}" {{ x = loki.write.a{(at + 1) % 2000}.y }}\n' for at in range(2_000)),
            id="a long cycle",
        ),
    ],
)
def test_hostile_contents_get_an_answer(text: str) -> None:
    assert all(len(diagnostic.text) < 500 for diagnostic in check(text))


@given(texts())
def test_any_valid_text_is_checked(text: str) -> None:
    assert all(diagnostic.start <= diagnostic.end for diagnostic in check(text))


@given(st.text())
def test_any_text_is_checked(text: str) -> None:
    assert len(check(text)) <= 2 * MAX_DIAGNOSTICS


def test_the_table_of_components() -> None:
    components = known_components()
    assert len(components) == 184
    assert components["prometheus.scrape"] is Stability.GA
    assert components["otelcol.exporter.datadog"] is Stability.COMMUNITY
    assert reserved_roots() >= {
        "prometheus",
        "discovery",
        "declare",
        "argument",
        "http",
        "sys",
        "format",
        "module_path",
        "null",
    }
