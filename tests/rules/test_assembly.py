from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.fleet.alloy import check, fnv1_32, parse
from quarterdeck.fleet.alloy.components import reserved_roots
from quarterdeck.fleet.alloy.parser import MAX_DEPTH
from quarterdeck.fleet.alloy.strings import is_identifier, quote, unescape
from quarterdeck.fleet.alloy.syntax import Attribute, Block, Literal, Object
from quarterdeck.fleet.assembly import (
    MAX_IDENT_BYTES,
    NO_OP_COLLECTOR_DISABLED,
    NO_OP_NOTHING_MATCHED,
    NO_OP_OTEL_COLLECTOR,
    CompiledPipeline,
    ExportReference,
    assemble,
    choose_ident,
    compile_pipeline,
    content_hash,
    find_reference_cycle,
)
from tests.rules.alloy_texts import pipeline_bodies, texts, write


def compiled(name: str, contents: str) -> CompiledPipeline:
    return compile_pipeline(ident=choose_ident(name, ()), name=name, contents=contents)


def exporting(name: str, *uses: tuple[str, str], export: str = "out") -> CompiledPipeline:
    """A pipeline with one export that uses exports of others."""
    references = ", ".join(f"argument.pipeline_exports.value[{quote(pipeline)}].{used}" for pipeline, used in uses)
    return compiled(name, f'export "{export}" {{ value = [{references}] }}')


class TestIdent:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            pytest.param("web_logs1", "web_logs1", id="an identifier stays as it is"),
            pytest.param("hub-hub demo.x", "hub_hub_demo_x", id="all else becomes underscores, one for one"),
            pytest.param("größe", "größe", id="letters of any script stay"),
            pytest.param("1st", "_1st", id="a digit first gets an underscore before it"),
            pytest.param("٣", "_٣", id="a digit of any script, likewise"),
            pytest.param("x²", "x_", id="what is no decimal digit goes"),
            pytest.param("🚀", "_", id="a character beyond the basic plane is one underscore"),
            pytest.param("", "_", id="no name at all"),
            pytest.param("\ud800", "_", id="what is no UTF-8"),
            pytest.param("a\nb\x00", "a_b_", id="control characters"),
            pytest.param("Prometheus", "Prometheus", id="a reserved word in another case is free"),
        ],
    )
    def test_a_name_becomes_an_identifier(self, name: str, expected: str) -> None:
        assert choose_ident(name, ()) == expected

    @pytest.mark.parametrize("name", sorted(reserved_roots()))
    def test_what_means_something_to_alloy_is_avoided(self, name: str) -> None:
        digest = hashlib.sha256(name.encode()).hexdigest()
        assert choose_ident(name, ()) == f"{name}_{digest[:8]}"

    def test_names_that_look_alike_get_different_idents(self) -> None:
        first = choose_ident("a-b", ())
        second = choose_ident("a_b", {first})
        assert (first, second) == ("a_b", "a_b_" + hashlib.sha256(b"a_b").hexdigest()[:8])

    def test_case_alone_does_not_tell_idents_apart(self) -> None:
        assert choose_ident("Logs", {"logs"}).startswith("Logs_")

    def test_a_taken_hash_grows(self) -> None:
        taken: set[str] = set()
        for _ in range(8):
            ident = choose_ident("a", taken)
            assert ident not in taken
            taken.add(ident)

    def test_a_long_name_is_cut(self) -> None:
        first, second = choose_ident("é" * 500, ()), choose_ident("é" * 501, ())
        assert first != second
        assert len(first.encode()) <= MAX_IDENT_BYTES

    @given(st.text(), st.sets(st.text(max_size=3), max_size=5))
    def test_an_ident_is_a_free_identifier(self, name: str, names: set[str]) -> None:
        taken = {choose_ident(each, ()) for each in names}
        ident = choose_ident(name, taken)
        assert is_identifier(ident)
        assert ident not in taken | reserved_roots()
        assert ident == choose_ident(name, sorted(taken))


class TestCompile:
    @pytest.mark.parametrize(
        ("expression", "references", "computed"),
        [
            pytest.param('argument.pipeline_exports.value["p"]["e"]', {("p", "e")}, False, id="as documented"),
            pytest.param("argument.pipeline_exports.value[`p`][`e`]", {("p", "e")}, False, id="raw strings"),
            pytest.param(r'argument.pipeline_exports.value["\x70"]["e"]', {("p", "e")}, False, id="escapes in a name"),
            pytest.param("argument.pipeline_exports.value.p.e", {("p", "e")}, False, id="members"),
            pytest.param('argument.pipeline_exports.value.p["e"].x[0]', {("p", "e")}, False, id="steps into the value"),
            pytest.param('argument.pipeline_exports.value["p"]', {("p", "")}, False, id="all exports of a pipeline"),
            pytest.param(
                'argument.pipeline_exports.value["p"][x.y]', {("p", "")}, False, id="computed name of an export"
            ),
            pytest.param("argument.pipeline_exports.value[x.y]", set(), True, id="computed name of a pipeline"),
            pytest.param('argument.pipeline_exports.value["a" + "b"]', set(), True, id="put together"),
            pytest.param("argument.pipeline_exports.value", set(), True, id="the whole argument"),
            pytest.param("argument.pipeline_exports", set(), True, id="even more of it"),
            pytest.param('(argument.pipeline_exports.value)["p"]["e"]', set(), True, id="parentheses hide the names"),
            pytest.param(
                'f(argument.pipeline_exports.value["p"]["e"], argument.pipeline_exports.value["q"]["e"])',
                {("p", "e"), ("q", "e")},
                False,
                id="several, deep in an expression",
            ),
        ],
    )
    def test_references(self, expression: str, references: set[tuple[str, str]], computed: bool) -> None:
        pipeline = compiled("x", f'loki.write "x" {{\ny {{\nz = {expression}\n}}\n}}')
        assert pipeline.wants_exports
        assert pipeline.references == {ExportReference(*reference) for reference in references}
        assert pipeline.references_any is computed

    @pytest.mark.parametrize(
        ("contents", "attributes", "exports"),
        [
            pytest.param('loki.write "x" { }', False, False, id="nothing used"),
            pytest.param('loki.write "x" { y = argument.attributes.value["k"] }', True, False, id="attributes used"),
            pytest.param('argument "attributes" { optional = true }', True, False, id="attributes declared"),
            pytest.param('argument "pipeline_exports" { }', False, True, id="exports declared"),
            pytest.param("// argument.attributes.value", False, False, id="a comment uses nothing"),
            pytest.param('loki.write "x" { y = "argument.attributes" }', False, False, id="a string uses nothing"),
            pytest.param(
                'declare "d" {\nargument "attributes" { }\nexport "e" { value = argument.attributes.value }\n}',
                False,
                False,
                id="a custom component has arguments of its own",
            ),
            pytest.param(
                'foreach "f" {\ntemplate {\nloki.write "x" { y = argument.attributes.value }\n}\n}',
                True,
                False,
                id="a template has those of its pipeline",
            ),
        ],
    )
    def test_wanted_arguments(self, contents: str, attributes: bool, exports: bool) -> None:
        pipeline = compiled("x", contents)
        assert (pipeline.wants_attributes, pipeline.wants_exports) == (attributes, exports)

    def test_exports(self) -> None:
        contents = 'export "b" { value = 1 }\nexport "a" { value = 1 }\ndeclare "d" {\nexport "c" { value = 1 }\n}'
        assert compiled("x", contents).exports == ("a", "b")

    def test_what_cannot_be_read_is_refused_with_its_places(self) -> None:
        with pytest.raises(
            Invalid, match=r"pipeline 'x' are not valid Alloy: 1:5: expected a value.*; 2:3: "
        ) as caught:
            compiled("x", "a = * 1\nb b\n")
        assert caught.value.reason is Reason.CONTENTS_INVALID


class TestAssemble:
    def test_one_pipeline(self) -> None:
        text = assemble([compiled("my-logs", 'loki.write "a" { }\n')], {"k": "v"})
        assert text == 'declare "my_logs" {\nloki.write "a" { }\n}\n\nmy_logs "default" { }\n'

    def test_everything_at_once(self) -> None:
        base = compiled("the base", 'export "out" { value = 1 }')
        user = compiled(
            "user",
            'loki.write "a" {\n'
            '  x = argument.pipeline_exports.value["the base"]["out"]\n'
            '  y = argument.attributes.value["collector.ID"]\n'
            "}",
        )
        assert assemble([user, base], {"env": 'a"b\n', "collector.ID": "c1"}) == (
            'declare "the_base" {\n'
            'export "out" { value = 1 }\n'
            "}\n"
            "\n"
            'the_base "default" { }\n'
            "\n"
            'declare "user" {\n'
            '  argument "attributes" { optional = true }\n'
            '  argument "pipeline_exports" { optional = true }\n'
            'loki.write "a" {\n'
            '  x = argument.pipeline_exports.value["the base"]["out"]\n'
            '  y = argument.attributes.value["collector.ID"]\n'
            "}\n"
            "}\n"
            "\n"
            'user "default" {\n'
            "  attributes = {\n"
            '    "collector.ID" = "c1",\n'
            '    "env" = "a\\"b\\n",\n'
            "  }\n"
            "  pipeline_exports = {\n"
            '    "the base" = { "out" = the_base.default.out },\n'
            "  }\n"
            "}\n"
        )

    @pytest.mark.parametrize(
        "contents",
        [
            pytest.param('loki.write "a" { } // last', id="a comment in the last line does not hide the brace"),
            pytest.param("// only", id="comments alone"),
            pytest.param("/* only */", id="a block comment alone"),
            pytest.param('\ufeffloki.write "a" { }', id="a byte order mark goes"),
            pytest.param('loki.write "a" { }\r\n', id="Windows lines"),
            pytest.param("", id="nothing"),
            pytest.param('loki.write "a" { x = `\n} // raw\n` }', id="a raw string over lines"),
            pytest.param("b {\n" * (MAX_DEPTH - 1) + "}\n" * (MAX_DEPTH - 1), id="the deepest contents"),
        ],
    )
    def test_contents_are_embedded_as_they_are(self, contents: str) -> None:
        text = assemble([compiled("p", contents)], {})
        assert parse(text).diagnostics == []
        assert contents.removeprefix("\ufeff") in text
        assert "\ufeff" not in text
        assert [block.id for block in parse(text).file.blocks] == ["declare.p", "p.default"]

    def test_an_argument_that_the_contents_declare_is_not_declared_again(self) -> None:
        text = assemble([compiled("p", 'argument "attributes" { }\nargument "pipeline_exports" { }')], {"k": "v"})
        assert text.count('argument "') == 2
        assert "pipeline_exports = {}" in text
        assert '"k" = "v"' in text

    def test_attributes_are_an_object_even_when_there_are_none(self) -> None:
        assert "attributes = {}" in assemble([compiled("p", 'argument "attributes" { }')], {})

    def test_keys_that_cannot_be_written_are_left_out(self) -> None:
        pipeline = compiled("p", 'argument "attributes" { }')
        attributes = {"": "1", 'a"b': "2", "a\\b": "3", "a\nb": "4", "ok": "5"}
        assert assemble([pipeline], attributes) == assemble([pipeline], {"ok": "5"})

    @given(st.dictionaries(st.text(max_size=5), st.text(st.characters(codec="utf-8"))))
    def test_attributes_read_back(self, attributes: dict[str, str]) -> None:
        text = assemble([compiled("p", 'argument "attributes" { }')], attributes)
        instance = parse(text).file.statements[1]
        assert isinstance(instance, Block)
        (argument,) = instance.body.statements
        assert isinstance(argument, Attribute)
        assert isinstance(argument.value, Object)
        for entry in argument.value.fields:
            assert isinstance(entry.value, Literal)
            assert unescape(entry.value.text[1:-1]) == attributes[entry.key]

    def test_a_pipeline_that_is_not_assigned_has_no_exports(self) -> None:
        assert '    "away" = {},\n' in assemble([exporting("p", ("away", "out"))], {})

    def test_an_export_that_is_not_there_is_null(self) -> None:
        text = assemble([exporting("p", ("base", "nope"), ("base", "out")), exporting("base")], {})
        assert '    "base" = { "out" = base.default.out },\n' in text

    def test_all_exports_when_the_name_is_computed(self) -> None:
        base = compiled("base", 'export "a" { value = 1 }\nexport "b" { value = 1 }')
        user = compiled("user", 'loki.write "x" { y = argument.pipeline_exports.value["base"][sys.env("X")] }')
        assert '    "base" = { "a" = base.default.a, "b" = base.default.b },\n' in assemble([base, user], {})

    def test_a_name_that_cannot_be_a_key_is_left_out(self) -> None:
        user = compiled("user", r'loki.write "x" { y = argument.pipeline_exports.value["a\"b"]["c"] }')
        text = assemble([user, compiled('a"b', 'export "c" { value = 1 }')], {})
        assert "pipeline_exports = {}" in text

    def test_a_computed_pipeline_sees_all_exporters_that_do_not_need_it(self) -> None:
        seer = compiled(
            "seer", 'export "out" { value = 1 }\nloki.write "x" { y = argument.pipeline_exports.value[sys.env("X")] }'
        )
        text = assemble([seer, exporting("base"), exporting("user", ("seer", "out")), compiled("mute", "")], {})
        assert 'seer "default" {\n  pipeline_exports = {\n    "base" = { "out" = base.default.out },\n  }\n}' in text

    def test_computed_pipelines_do_not_see_each_other_both_ways(self) -> None:
        looking = 'export "out" { value = argument.pipeline_exports.value }'
        text = assemble([compiled("a", looking), compiled("b", looking)], {})
        assert "b.default.out" in text
        assert "a.default.out" not in text

    def test_members_of_a_cycle_are_left_out_and_named(self) -> None:
        one, two = exporting("one", ("two\n", "out")), exporting("two\n", ("one", "out"))
        text = assemble([two, exporting("user", ("one", "out")), one], {})
        assert text.startswith(
            '// Left out, because their exports depend on each other in a cycle: "one", "two\\n"\n\ndeclare "user"'
        )
        assert '"one" = {},' in text
        assert parse(text).diagnostics == []

    def test_nothing_but_a_cycle_is_still_a_text(self) -> None:
        text = assemble([exporting("one", ("one", "out"))], {})
        assert text == '// Left out, because their exports depend on each other in a cycle: "one"\n'

    def test_the_same_ident_twice_is_the_callers_mistake(self) -> None:
        pipeline = compiled("p", "")
        with pytest.raises(ValueError, match="same ident"):
            assemble([pipeline, pipeline], {})

    @pytest.mark.parametrize(
        "text", [NO_OP_NOTHING_MATCHED, NO_OP_COLLECTOR_DISABLED, NO_OP_OTEL_COLLECTOR, assemble([], {"k": "v"})]
    )
    def test_nothing_is_a_comment(self, text: str) -> None:
        assert text.startswith("//")
        assert parse(text).file.statements == ()

    def test_every_nothing_has_its_own_hash(self) -> None:
        assert (
            len(
                {content_hash(text) for text in (NO_OP_NOTHING_MATCHED, NO_OP_COLLECTOR_DISABLED, NO_OP_OTEL_COLLECTOR)}
            )
            == 3
        )

    @given(st.data())
    def test_valid_pipelines_make_a_valid_text_in_any_order(self, data: st.DataObject) -> None:
        taken: list[str] = []
        pipelines = []
        for name in data.draw(st.lists(st.text(max_size=6), max_size=4, unique=True)):
            taken.append(choose_ident(name, taken))
            contents = data.draw(texts())
            pipelines.append(compile_pipeline(ident=taken[-1], name=name, contents=contents))
        attributes = data.draw(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4))
        text = assemble(pipelines, attributes)
        assert text
        assert parse(text).diagnostics == []
        assert assemble(data.draw(st.permutations(pipelines)), dict(reversed(attributes.items()))) == text

    @given(pipeline_bodies)
    def test_pipelines_without_errors_make_a_text_without_errors(self, body: object) -> None:
        contents = write(body)
        assert not any(diagnostic.is_error for diagnostic in check(contents))
        text = assemble([compiled("p", contents), compiled("q", contents)], {"k": "v"})
        assert not any(diagnostic.is_error for diagnostic in check(text))

    @given(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12),
        st.sets(st.sampled_from("abcdef")),
    )
    def test_no_text_has_a_cycle(self, uses: list[tuple[str, str]], looking: set[str]) -> None:
        pipelines = []
        for name in "abcdef":
            whole = "argument.pipeline_exports.value" if name in looking else "1"
            wanted = [f'argument.pipeline_exports.value["{used}"]["out"]' for user, used in uses if user == name]
            pipelines.append(compiled(name, f'export "out" {{ value = [{", ".join([whole, *wanted])}] }}'))
        diagnostics = check(assemble(pipelines, {}))
        assert not any("cycle" in diagnostic.text for diagnostic in diagnostics)
        assert not any("refers to itself" in diagnostic.text for diagnostic in diagnostics)


class TestReferenceCycle:
    @pytest.mark.parametrize(
        ("pipelines", "expected"),
        [
            pytest.param([], None, id="no pipelines"),
            pytest.param([exporting("a"), exporting("b", ("a", "out"))], None, id="a line"),
            pytest.param([exporting("a", ("a", "out"))], ["a"], id="itself"),
            pytest.param([exporting("b", ("a", "out")), exporting("a", ("b", "out"))], ["a", "b"], id="each other"),
            pytest.param(
                [exporting("a", ("b", "out")), exporting("b", ("a", "x"))], None, id="an export that is not there"
            ),
            pytest.param([exporting("a", ("away", "out"))], None, id="a pipeline that is not there"),
            pytest.param(
                [exporting("x-1", ("x 2", "out")), exporting("x 2", ("x-3", "out")), exporting("x-3", ("x-1", "out"))],
                ["x-1", "x 2", "x-3"],
                id="the names come in the order of use",
            ),
            pytest.param(
                [
                    compiled("a", 'export "out" { value = argument.pipeline_exports.value }'),
                    exporting("b", ("a", "out")),
                ],
                None,
                id="computed names make no cycle",
            ),
        ],
    )
    def test_cycles(self, pipelines: list[CompiledPipeline], expected: list[str] | None) -> None:
        assert find_reference_cycle(pipelines) == expected


class TestHashes:
    def test_content_hash(self) -> None:
        assert content_hash("é") == hashlib.sha256("é".encode()).hexdigest()

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("", "811c9dc5", id="the offset basis"),
            pytest.param("a", "050c5d7e", id="multiply, then xor: FNV-1, not 1a"),
            pytest.param("foobar", "31f0b262", id="a published test value"),
        ],
    )
    def test_fnv1(self, text: str, expected: str) -> None:
        assert fnv1_32(text) == expected

    def test_fnv1_is_of_the_bytes(self) -> None:
        assert fnv1_32("é") == "ce77c1fd"
