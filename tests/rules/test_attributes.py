from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import Invalid, Reason
from quarterdeck.fleet.attributes import (
    Alteration,
    AttributeLimits,
    accept_local_attributes,
    accept_remote_attributes,
    effective_attributes,
    visible_local_attributes,
)

ANY_TEXT = st.text(st.characters())


def test_remote_wins_except_in_the_reserved_namespace():
    local = {"env": "dev", "team": "a", "collector.os": "linux", "collector.ID": "forged"}
    remote = {"env": "prod", "zone": "1", "collector.os": "plan9", "collector.ID": "forged", "collector.new": "x"}
    assert effective_attributes("host-1", local, remote) == {
        "env": "prod",
        "team": "a",
        "zone": "1",
        "collector.os": "linux",
        "collector.ID": "host-1",
    }


def test_collector_id_in_lower_case_is_no_id():
    assert effective_attributes("host-1", {"collector.id": "x"}, {})["collector.id"] == "x"


def test_a_collector_never_seen_shows_its_id_alone():
    assert visible_local_attributes("host-1", {}) == {"collector.ID": "host-1"}
    assert visible_local_attributes("host-1", {"a": "1", "collector.ID": "forged"}) == {
        "a": "1",
        "collector.ID": "host-1",
    }


@pytest.mark.parametrize(
    "remote",
    [
        pytest.param({}, id="none"),
        pytest.param({f"k{i}": "v" for i in range(100)}, id="as many as there may be"),
        pytest.param({"k" * 100: "v" * 1024}, id="as long as they may be"),
        pytest.param({"empty": "", "control": "\x01\n", "Collector.x": "another case", "collector": "x"}, id="odd"),
    ],
)
def test_remote_attributes_that_are_accepted(remote: dict[str, str]):
    assert list(accept_remote_attributes(remote).items()) == sorted(remote.items())


@pytest.mark.parametrize(
    ("remote", "field", "why"),
    [
        pytest.param({"": "v"}, "remote_attributes['']", "cannot be empty", id="empty key"),
        pytest.param({"collector.os": "v"}, "remote_attributes['collector.os']", "is reserved", id="reserved key"),
        pytest.param({"collector.": "v"}, "remote_attributes['collector.']", "is reserved", id="the bare prefix"),
        pytest.param({"ü" * 101: "v"}, "remote_attributes", "101 characters, at most 100", id="long key"),
        pytest.param({"k": "v" * 1025}, "remote_attributes['k']", "1025 characters, at most 1024", id="long value"),
        pytest.param({"k\0": "v"}, r"remote_attributes['k\x00']", "NUL", id="NUL in a key"),
        pytest.param({"k": "\ud800"}, "remote_attributes['k']", "surrogate", id="lone surrogate in a value"),
        pytest.param({f"k{i}": "" for i in range(101)}, "remote_attributes", "101 remote attributes", id="too many"),
    ],
)
def test_remote_attributes_that_are_refused(remote: dict[str, str], field: str, why: str):
    with pytest.raises(Invalid) as caught:
        accept_remote_attributes(remote)
    assert caught.value.reason is Reason.ATTRIBUTE_INVALID
    assert caught.value.violations[0].field.startswith(field)
    assert why in caught.value.message
    assert len(caught.value.message) < 300


def test_every_problem_is_named_under_the_callers_path_and_limits_are_the_callers():
    limits = AttributeLimits(max_remote=1, max_key=2, max_value=3)
    with pytest.raises(Invalid) as caught:
        accept_remote_attributes({"abc": "1234", "": "ok"}, limits, field="collector.remote_attributes")
    assert [v.field for v in caught.value.violations] == [
        "collector.remote_attributes",
        "collector.remote_attributes['']",
        "collector.remote_attributes['abc']",
        "collector.remote_attributes['abc']",
    ]
    assert caught.value.message.endswith("(and 3 more)")


def test_ordinary_local_attributes_pass_unaltered():
    local = {"collector.os": "linux", "collector.version": "v1.18.0", "env": ""}
    accepted = accept_local_attributes(local)
    assert accepted.attributes == local
    assert accepted.altered == ()


def test_local_attributes_are_altered_rather_than_refused():
    accepted = accept_local_attributes(
        {"": "x", "k" * 101: "x", "long": "v" * 2000, "nul\0": "a\ud800", "collector.ID": "forged"}
    )
    assert accepted.attributes == {"long": "v" * 1024, "nul\ufffd": "a\ufffd"}
    assert dict(accepted.altered) == {
        "''": Alteration.KEY_DROPPED,
        repr("k" * 80) + "…": Alteration.KEY_DROPPED,
        "'long'": Alteration.VALUE_TRUNCATED,
        "'nul\ufffd'": Alteration.CHARACTERS_REPLACED,
    }


def test_too_many_local_attributes_lose_the_last_but_never_the_reserved():
    limits = AttributeLimits(max_local=3)
    local = {"d": "", "c": "", "b": "", "a": "", "collector.os": "linux", "collector.version": "v1"}
    accepted = accept_local_attributes(local, limits)
    assert list(accepted.attributes) == ["a", "collector.os", "collector.version"]
    assert accepted.altered == tuple((f"'{key}'", Alteration.OVER_THE_COUNT) for key in "bcd")


def test_the_report_of_alterations_is_bounded():
    assert len(accept_local_attributes({"k" * 101 + str(i): "" for i in range(1000)}).altered) == 20


@given(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=8))
def test_whatever_is_accepted_can_be_stored_and_is_accepted_again_as_it_is(local: dict[str, str]):
    limits = AttributeLimits(max_local=5, max_key=6, max_value=7)
    kept = accept_local_attributes(local, limits).attributes
    again = accept_local_attributes(kept, limits)
    assert again.attributes == kept
    assert again.altered == ()
    assert "\0" not in "".join(kept) + "".join(kept.values())
    ("".join(kept) + "".join(kept.values())).encode()
    assert len(kept) <= 5


@given(ANY_TEXT, st.dictionaries(ANY_TEXT, ANY_TEXT), st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_combining_invents_and_loses_nothing(collector_id: str, local: dict[str, str], remote: dict[str, str]):
    combined = effective_attributes(collector_id, local, remote)
    assert combined["collector.ID"] == collector_id
    assert set(local) <= set(combined) <= {*local, *remote, "collector.ID"}
