"""The file with tools that clients run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quarterdeck.assistant.tools.remote import parse_remote_tools
from quarterdeck.errors import Invalid
from quarterdeck.identity.call import Role


def test_a_tool_with_everything_and_one_with_little() -> None:
    text = """
    remote_tools:
      run_load_test:
        description: Runs a load test.
        parameters: {properties: {script: {type: string}}, required: [script]}
        timeout_ms: 1500
        role: editor
        agents: [grafana_assistant_k6_studio]
      look: {description: " Looks. "}
    """
    load, look = parse_remote_tools(text)
    assert load.definition.parameters == {
        "type": "object", "properties": {"script": {"type": "string"}}, "required": ["script"],
    }  # fmt: skip
    assert (load.client_timeout, load.role) == (timedelta(seconds=1.5), Role.EDITOR)
    assert load.is_offered_to("grafana_assistant_k6_studio")
    assert not load.is_offered_to("grafana_assistant_api")
    assert (look.definition.name, look.definition.description) == ("look", "Looks.")
    assert (look.client_timeout, look.role) == (timedelta(minutes=1), Role.VIEWER)
    assert look.definition.parameters == {"type": "object", "properties": {}}
    assert look.is_offered_to("anybody")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "remote_tools"),
        ("[]", "remote_tools"),
        ("remote_tools: []", "remote_tools"),
        ("remote_tools: {}\nother: 1", "remote_tools"),
        ("remote_tools: {a: {description: x}", "line"),
        ("remote_tools: {'two words': {description: x}}", "two words"),
        ("remote_tools: {a: text}", "a must be a map"),
        ("remote_tools: {a: {}}", "a.description"),
        ("remote_tools: {a: {description: ''}}", "a.description"),
        ("remote_tools: {a: {description: x, colour: red}}", "colour"),
        ("remote_tools: {a: {description: x, parameters: []}}", "a.parameters"),
        ("remote_tools: {a: {description: x, parameters: {type: string}}}", "a.parameters"),
        ("remote_tools: {a: {description: x, parameters: {properties: 1}}}", "a.parameters.properties"),
        ("remote_tools: {a: {description: x, timeout_ms: 0}}", "a.timeout_ms"),
        ("remote_tools: {a: {description: x, timeout_ms: true}}", "a.timeout_ms"),
        ("remote_tools: {a: {description: x, timeout_ms: 99999999}}", "a.timeout_ms"),
        ("remote_tools: {a: {description: x, role: king}}", "a.role"),
        ("remote_tools: {a: {description: x, role: [admin]}}", "a.role"),
        ("remote_tools: {a: {description: x, agents: one}}", "a.agents"),
        ("remote_tools: {" + ", ".join(f"t{n}: {{description: x}}" for n in range(101)) + "}", "100"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_remote_tools(text)
    assert named in caught.value.message
