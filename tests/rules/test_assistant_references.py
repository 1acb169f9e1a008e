"""Which references an answer carries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.assistant.references import MOST_CARRIED, references_in, without_markers
from quarterdeck.assistant.tools.tool import Reference, ReferenceKind

PIPELINE, COLLECTOR = ReferenceKind.PIPELINE_REVISION, ReferenceKind.COLLECTOR
INCIDENT, ACTIVITY, CALL = ReferenceKind.INCIDENT, ReferenceKind.ACTIVITY_ITEM, ReferenceKind.TOOL_CALL

NODE_7 = Reference(PIPELINE, "3", "7", "node-metrics")
NODE_9 = Reference(PIPELINE, "3", "9", "node-metrics")
LOGS = Reference(PIPELINE, "4", "8", "logs")
EDGE = Reference(COLLECTOR, "edge-1", title="Edge one")
EDGE_10 = Reference(COLLECTOR, "edge-10")
OUTAGE = Reference(INCIDENT, "12", title="Checkout is down")
NOTE = Reference(ACTIVITY, "5", "12", "userNote")
OTHER_NOTE = Reference(ACTIVITY, "6", "12", "userNote")
SAME_NUMBER = Reference(ACTIVITY, "6", "13", "userNote")
CALL_1 = Reference(CALL, "call_0123456789", title="fleet_changes")

SHOWN = (NODE_7, NODE_9, LOGS, EDGE, EDGE_10, OUTAGE, NOTE, OTHER_NOTE, SAME_NUMBER)
CALLS = {CALL_1.id: "fleet_changes"}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        pytest.param("[pipeline:3@7]", (NODE_7,), id="a revision"),
        pytest.param("[pipeline:3]", (NODE_9,), id="a pipeline: its latest revision"),
        pytest.param("[pipeline:node-metrics]", (NODE_9,), id="a pipeline by name"),
        pytest.param("[pipeline:node-metrics@7]", (NODE_7,), id="a revision by name"),
        pytest.param("[collector:edge-1]", (EDGE,), id="a collector"),
        pytest.param("[collector: edge-10 ]", (EDGE_10,), id="spaces"),
        pytest.param("[incident:12]", (OUTAGE,), id="an incident"),
        pytest.param("[activity:5]", (NOTE,), id="an item of one incident"),
        pytest.param("[activity:6@13]", (SAME_NUMBER,), id="an item and its incident"),
        pytest.param("[call:call_0123456789]", (CALL_1,), id="a call"),
        pytest.param("see [incident:12], [pipeline:3@7].", (OUTAGE, NODE_7), id="in the order of the text"),
        pytest.param("[incident:12] and [incident:12]", (OUTAGE,), id="once each"),
        pytest.param("node-metrics broke", (NODE_9,), id="mentioned by name"),
        pytest.param("revision 7 of node-metrics broke it", (NODE_7,), id="mentioned with its revision"),
        pytest.param("Node-Metrics broke", (NODE_9,), id="in any case"),
        pytest.param("edge-10 is silent.", (EDGE_10,), id="not part of another name"),
        pytest.param("edge-1.", (EDGE,), id="at the end of a sentence"),
        pytest.param("edge-1, edge-10", (EDGE, EDGE_10), id="in a list"),
        pytest.param("`edge-1`: 3 errors", (EDGE,), id="in quotes"),
        pytest.param("incident 12 is open", (OUTAGE,), id="a number behind its kind"),
        pytest.param("Incident #12 is open", (OUTAGE,), id="a number with a hash"),
        pytest.param("the pipeline `logs` is off", (LOGS,), id="an ordinary word in quotes"),
        pytest.param("pipeline logs is off", (LOGS,), id="an ordinary word behind its kind"),
        pytest.param("the logs pipeline is off", (LOGS,), id="an ordinary word before its kind"),
        pytest.param("since the checkout is down", (OUTAGE,), id="a title"),
        pytest.param("as call_0123456789 shows", (CALL_1,), id="a call mentioned"),
        pytest.param("the logs say 12 errors, 3 of 7", (), id="ordinary words and numbers"),
        pytest.param("my-edge-1 and edge-1-b and edge-1.local", (), id="parts of other names"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_what_is_known(text: str, known: tuple[Reference, ...]) -> None:
    carried = references_in(text, SHOWN, CALLS)
    assert carried.known == known
    assert carried.unknown == ()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("[pipeline:3@8]", Reference(PIPELINE, "3", "8"), id="a revision of a known pipeline"),
        pytest.param("[pipeline:99@1]", Reference(PIPELINE, "99", "1"), id="a pipeline"),
        pytest.param("[collector:nobody]", Reference(COLLECTOR, "nobody"), id="a collector"),
        pytest.param("[incident:13]", Reference(INCIDENT, "13"), id="an incident"),
        pytest.param("[activity:6]", Reference(ACTIVITY, "6"), id="an item that two incidents have"),
        pytest.param("[activity:5@99]", Reference(ACTIVITY, "5", "99"), id="an item of another incident"),
        pytest.param("[call:call_9]", Reference(CALL, "call_9"), id="a call"),
    ],
)
def test_what_no_tool_showed_is_unknown(text: str, unknown: Reference) -> None:
    carried = references_in(text, SHOWN, CALLS)
    assert carried.known == ()
    assert carried.unknown == (unknown,)


def test_a_name_that_two_have_means_neither() -> None:
    twins = (Reference(COLLECTOR, "a-1", title="edge-eu"), Reference(COLLECTOR, "a-2", title="edge-eu"))
    assert references_in("edge-eu is silent", twins, {}).known == ()
    assert references_in("[collector:edge-eu]", twins, {}).unknown == (Reference(COLLECTOR, "edge-eu"),)


def test_the_one_with_a_title_stands_for_both() -> None:
    carried = references_in("[incident:12]", (Reference(INCIDENT, "12"), OUTAGE), {})
    assert carried.known == (OUTAGE,)


def test_there_is_a_limit() -> None:
    text = " ".join(f"[incident:{number}]" for number in range(5 * MOST_CARRIED))
    assert len(references_in(text, (), {}).unknown) == MOST_CARRIED


def test_markers_go() -> None:
    assert without_markers("It broke [pipeline:3@7] at noon [call:c].") == "It broke at noon."
    assert without_markers("a [link](x) and [note] stay") == "a [link](x) and [note] stay"


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    carried = references_in(text, SHOWN, CALLS)
    assert set(carried.known) <= {*SHOWN, CALL_1}
    assert not set(carried.unknown) & set(SHOWN)
