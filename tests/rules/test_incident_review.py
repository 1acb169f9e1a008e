"""The post-incident review."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.incidents.review import (
    Review,
    ReviewItem,
    ReviewLabel,
    ReviewRole,
    ReviewTask,
    ReviewUpdate,
    write_review,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


BARE = Review(
    incident_id="7",
    title="Checkout down",
    severity="Major",
    status="active",
    is_drill=False,
    created_by="Ada",
    created_at=after(5),
    started_at=START,
    now=after(65),
)
FULL = replace(
    BARE,
    status="resolved",
    ended_at=after(83),
    closed_at=after(85),
    acknowledged_at=after(7),
    overview_url="/a/grafana-irm-app/incidents/7/checkout-down",
    summary="A deploy went wrong.",
    roles=(ReviewRole("commander", "Grace", after(7)),),
    labels=(ReviewLabel("team", "web|shop"),),
    fields=(("Cost", "12.50"),),
    tasks=(
        ReviewTask("Roll back", "done", "Grace"),
        ReviewTask("Write *docs*", "progress"),
        ReviewTask("Rest", "todo"),
    ),
    timeline=(
        ReviewItem(
            after(5),
            "incidentCreated",
            "Ada",
            field_values={"title": "Checkout down", "severity": "Major", "status": "active", "isDrill": False},
        ),
        ReviewItem(after(7), "roleAssigned", "Ada", "Grace", field_values={"role": "commander", "roleID": "1"}),
        ReviewItem(after(9), "userNote", "Grace", body="# Loud\n- rolled back\nsee <b>\n"),
        ReviewItem(after(85), "incidentStatusChanged", "Grace", field_values={"status": "resolved"}),
        ReviewItem(after(86), "siftResult"),
    ),
    updates=(ReviewUpdate(after(10), "Grace", "We are *on* it", "Investigating"),),
)

EXPECTED = r"""# Post-incident review: Checkout down

## Summary

| What |  |
| --- | --- |
| Incident | 7 |
| Severity | Major |
| Status | resolved |
| Drill | no |
| Declared | 2026-03-01T12:05:00Z by Ada |
| Started | 2026-03-01T12:00:00Z |
| Ended | 2026-03-01T13:23:00Z |
| Resolved | 2026-03-01T13:25:00Z |
| Link | /a/grafana-irm-app/incidents/7/checkout-down |

> A deploy went wrong.

## Metrics

| Metric | Value |
| --- | --- |
| Duration | 1 h 23 min |
| Time to declare | 5 min |
| Time to acknowledge | 2 min |
| Time to resolve | 1 h 20 min |
| Tasks done | 1 of 3 |
| People involved | 2 |

## Roles

| Role | Person | Since |
| --- | --- | --- |
| commander | Grace | 2026-03-01T12:07:00Z |

## Labels and fields

| Name | Value |
| --- | --- |
| team | web\|shop |
| Cost | 12.50 |

## Status updates

2026-03-01T12:10:00Z, Grace: **Investigating**

> We are \*on\* it

## Timeline

- 2026-03-01T12:05:00Z Declared as Major, active: Checkout down (Ada)
- 2026-03-01T12:07:00Z Grace became commander (Ada)
- 2026-03-01T12:09:00Z Note (Grace)
  > \# Loud
  > \- rolled back
  > see \<b\>
- 2026-03-01T13:25:00Z Status changed from ? to resolved (Grace)
- 2026-03-01T13:26:00Z Sift result

## Tasks

- [x] Roll back (Grace)
- [ ] Write \*docs\*, in progress
- [ ] Rest

## For the review

### What was the impact?

### What caused it?

### What went well?

### What will be done about it?
"""


def test_a_full_review():
    assert write_review(FULL) == EXPECTED
    assert write_review(FULL) == write_review(replace(FULL, now=after(9_999)))


def test_an_incident_that_goes_on():
    text = write_review(BARE)
    assert "| Duration | 1 h 5 min, and going on |" in text
    assert "| Ended | not yet |" in text
    assert "Time to resolve" not in text
    assert "Nobody held a role." in text
    assert "There were no tasks." in text
    assert "Nothing was recorded." in text
    assert "Labels and fields" not in text


HOSTILE = st.text(max_size=40)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_what_people_write_stays_text(title: str, note: str, label: str):
    review = replace(
        FULL,
        title=title,
        labels=(ReviewLabel(label, label),),
        timeline=(ReviewItem(START, "userNote", title, body=note, field_values={"deep": [{"x": 1}], label: note}),),
    )
    text = write_review(review)
    headings = [line for line in text.split("\n") if line.startswith("#")]
    assert len([line for line in headings if line.startswith("## ")]) == 8
    assert headings[0].startswith("# Post-incident review:")
    assert text.count("\n| ") == write_review(FULL).count("\n| ")
    assert not any(char < " " and char not in "\n\t" for char in text)


@pytest.mark.parametrize(
    "kind", ["labelAdded", "taskCompleted", "contextAttached", "hookRunMetadata", "roleUnassigned"]
)
def test_an_item_without_its_values_is_told_all_the_same(kind: str):
    text = write_review(replace(BARE, timeline=(ReviewItem(START, kind),)))
    assert "- 2026-03-01T12:00:00Z " in text
    assert "?" in text
