"""The server's prompts: parts, templates, and facts that stay data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.assistant.prompts import prompts
from quarterdeck.assistant.prompts.prompts import (
    INVESTIGATION,
    KNOWN_CONTROLS,
    PARTS,
    WORKLOAD,
    investigation_question,
    system_prompt,
    template,
    text,
    unknown_controls,
)
from quarterdeck.errors import Invalid, Reason

# holmes.md, section 3
CONTROLS = [
    "files",
    "todowrite_reminder",
    "time_skills",
    "intro",
    "ask_user",
    "todowrite_instructions",
    "toolset_instructions",
    "permission_errors",
    "general_instructions",
    "style_guide",
    "cluster_name",
    "scoped_namespaces",
    "conversation_link",
    "system_prompt_additions",
    "ai_safety",
    "time_runbooks",
]


def test_the_contracts_controls_are_known():
    assert frozenset(CONTROLS) == KNOWN_CONTROLS
    assert unknown_controls(CONTROLS) == []
    assert unknown_controls(["intro", "mood", "colour"]) == ["colour", "mood"]


def test_every_text_is_used_and_has_something_to_say():
    names = {path.stem for path in Path(prompts.__file__).parent.glob("*.md")}
    frames = {"investigation", "workload_health", "issue_chat", "compaction", "rules", "skill"}
    assert names == {*PARTS, "ai_safety", *frames}
    assert all(len(text(name)) > 40 for name in names)


def test_the_usual_text_has_every_part_but_the_plan():
    usual = system_prompt()
    assert [name for name in PARTS if text(name) not in usual] == ["todowrite_instructions"]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_switched_by_its_name(name):
    assert text(name) in system_prompt({name: True})
    assert text(name) not in system_prompt({name: False})


def test_that_data_is_not_instruction_cannot_be_switched_off():
    bare = system_prompt(dict.fromkeys(CONTROLS, False), cluster_name="c", additions="a", toolset_instructions=["t"])
    assert bare == text("ai_safety")
    assert "data" in bare


@pytest.mark.parametrize("marker", ["[call:ID]", "[pipeline:ID@REVISION]", "[collector:ID]", "[incident:ID]"])
def test_models_are_told_how_to_cite(marker):
    assert marker in system_prompt()


@pytest.mark.parametrize(
    ("control", "given_text"),
    [
        pytest.param("cluster_name", {"cluster_name": "prod-7"}, id="cluster"),
        pytest.param("toolset_instructions", {"toolset_instructions": ["prod-7"]}, id="toolsets"),
        pytest.param("system_prompt_additions", {"additions": "prod-7"}, id="additions"),
    ],
)
def test_what_an_operator_adds_can_be_switched(control, given_text):
    assert "prod-7" in system_prompt(**given_text)
    assert "prod-7" not in system_prompt({control: False}, **given_text)


def test_what_the_request_adds_comes_last():
    assert system_prompt(additions="of the operator", extra=["", "of the request"]).endswith(
        "of the operator\n\nof the request"
    )


def test_the_two_templates_are_known():
    assert template(INVESTIGATION) == text("investigation")
    assert template(WORKLOAD) == text("workload_health")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "investigation",
        "builtin://other.jinja2",
        "file:///etc/passwd",
        "builtin://../ai_safety",
        "{{ 7 * 7 }}" * 999,
    ],
)
def test_no_other_template_is(name):
    with pytest.raises(Invalid) as caught:
        template(name)
    assert caught.value.reason is Reason.PROMPT_TEMPLATE_UNKNOWN
    assert len(caught.value.message) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30) | st.just("</facts>"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8) | st.just("</facts>"), JSON, max_size=4))
def test_facts_are_json_that_nothing_among_them_can_end(facts):
    question = investigation_question("Look.", facts)
    frame, _, rest = question.partition("\n\n<facts>\n")
    body, _, after = rest.partition("\n</facts>")
    assert (frame, after) == ("Look.", "")
    assert "<" not in body
    assert json.loads(body) == facts
