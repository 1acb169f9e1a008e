"""What Alertmanager (webhook version 4) and Grafana's alerting send when alerts fire and resolve.

The two bodies share their shape; Grafana adds `title`, `message`, `orgId` and URLs per alert. Nothing here trusts the
sender: what is missing or null is empty, what has another type is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents import limits
from quarterdeck.incidents.times import format_time, read_time

MAX_ALERTS = 10_000
MAX_GROUP_KEY = 4_096

_UNSET_YEAR = 1  # Go writes the year 1 for a time that was never set
_QUOTED_IN_ERRORS = 80
_MAX_LISTED = 20
_NAMELESS = "Alerts"


class AlertStatus(StrEnum):
    """Whether something is wrong still."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a group. `ends_at` is set once it is resolved."""

    status: AlertStatus
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    fingerprint: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = ""
    dashboard_url: str = ""
    panel_url: str = ""
    silence_url: str = ""

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "") or self.fingerprint


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """One notification: the alerts that belong together now."""

    group_key: str
    """At most 4,096 characters; made from the group's labels or alerts when the sender gives none."""
    status: AlertStatus
    receiver: str
    external_url: str
    group_labels: Mapping[str, str]
    common_labels: Mapping[str, str]
    common_annotations: Mapping[str, str]
    alerts: tuple[Alert, ...]
    truncated_alerts: int = 0
    """How many more alerts the group has than were sent."""
    title: str = ""
    message: str = ""

    @property
    def firing(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.alerts if alert.status is AlertStatus.FIRING)

    @property
    def labels(self) -> dict[str, str]:
        """What all alerts have in common; the group's labels are always part of it."""
        return {**self.common_labels, **self.group_labels}


def parse_alerts(raw: bytes) -> AlertGroup:
    """The notification in a body.

    Raises `Invalid(BODY_MALFORMED)` for what is no JSON object (bad UTF-8 and deep nesting included), and
    `Invalid(FIELD_INVALID)` with the JSON path of a value that has a wrong type, an unknown status, no alerts, or more
    than 10,000.
    """
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(Reason.BODY_MALFORMED, f"the body is not JSON: {error.msg} at byte {error.pos}") from None
    if not isinstance(document, dict):
        raise Invalid(Reason.BODY_MALFORMED, "the body is not a JSON object, as Alertmanager's and Grafana's are")
    return _group(_Object(document, ""))


def incident_title(group: AlertGroup) -> str:
    """A title of at most 500 characters for the incident: the summary that all alerts share, else the alert's name with
    the group's labels, else what Grafana calls the notification."""
    summary = group.common_annotations.get("summary", "").strip()
    return _fitting(summary or _named(group) or group.title.strip() or _NAMELESS, limits.TITLE)


def incident_labels(group: AlertGroup) -> tuple[tuple[str, str], ...]:
    """The group's common labels as key and value, sorted by key; without those that exceed a limit, and at most 100."""
    usable = [
        (key, value)
        for key, value in sorted(group.labels.items())
        if 0 < len(key) <= limits.NAME and 0 < len(value) <= limits.LABEL_VALUE
    ]
    return tuple(usable[: limits.LABELS_PER_INCIDENT])


def severity_label(group: AlertGroup) -> str:
    """What the alerts say about severity themselves: their common label of that name, or empty text."""
    return group.labels.get("severity", "").strip()


def firing_fingerprints(group: AlertGroup) -> frozenset[str]:
    """Which alerts are firing: what is kept to tell at the next notification what changed."""
    return frozenset(alert.fingerprint for alert in group.firing)


def change_note(group: AlertGroup, firing_before: Iterable[str]) -> str:
    """What to write into the timeline when a further notification of a group arrives: the alerts that began to fire and
    those that no longer do. Empty when neither changed. At most 65,536 characters."""
    before = frozenset(firing_before)
    now = firing_fingerprints(group)
    begun = [alert for alert in group.firing if alert.fingerprint not in before]
    ended = [alert for alert in group.alerts if alert.status is AlertStatus.RESOLVED and alert.fingerprint in before]
    vanished = len(before - now) - len({alert.fingerprint for alert in ended})
    sections = [*_section("Firing", begun), *_section("Resolved", ended)]
    if vanished > 0:
        sections.append(f"No longer reported: {vanished}")
    if sections and not now and not group.truncated_alerts:
        sections.append("No alert of this group is firing any more.")
    return _fitting("\n".join(sections), limits.NOTE)


def description(group: AlertGroup) -> str:
    """The notification in words, for the incident's first note: the shared description and the alerts. At most 65,536
    characters."""
    shared = group.common_annotations.get("description", "").strip() or group.message.strip()
    firing = [alert for alert in group.alerts if alert.status is AlertStatus.FIRING]
    resolved = [alert for alert in group.alerts if alert.status is AlertStatus.RESOLVED]
    more = [f"{group.truncated_alerts} more were not sent"] if group.truncated_alerts else []
    lines = [*([shared, ""] if shared else []), *_section("Firing", firing), *_section("Resolved", resolved), *more]
    return _fitting("\n".join(lines), limits.NOTE)


def links(group: AlertGroup) -> tuple[tuple[str, str], ...]:
    """Web addresses worth a context, as URL and caption: dashboards, panels, runbooks and sources, each once."""
    found: dict[str, str] = {}
    for alert in group.alerts:
        for url, caption in _alert_links(alert):
            if len(url) <= limits.URL and limits.is_web_url(url):
                found.setdefault(url, _fitting(caption, limits.CAPTION))
    return tuple(list(found.items())[:_MAX_LISTED])


def _alert_links(alert: Alert) -> Iterator[tuple[str, str]]:
    yield alert.dashboard_url, f"Dashboard of {alert.name}"
    yield alert.panel_url, f"Panel of {alert.name}"
    yield alert.annotations.get("runbook_url", ""), f"Runbook of {alert.name}"
    yield alert.generator_url, f"Source of {alert.name}"


class _Object:
    """A JSON object and its path, read key by key."""

    def __init__(self, members: dict[str, Any], path: str) -> None:
        self.members = members
        self.path = path

    def text(self, key: str) -> str:
        value = self.members.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _refused(self._path(key), "is not a string")
        return value.replace("\0", "\ufffd")

    def texts(self, key: str) -> dict[str, str]:
        value = self.members.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _refused(self._path(key), "is not an object of strings")
        inner = _Object(value, self._path(key))
        return {name.replace("\0", "\ufffd"): inner.text(name) for name in value}

    def objects(self, key: str, most: int) -> Iterator[_Object]:
        value = self.members.get(key)
        if not isinstance(value, list) or not 0 < len(value) <= most:
            raise _refused(self._path(key), f"is not an array of 1 to {most} alerts")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise _refused(f"{self._path(key)}[{index}]", "is not an object")
            yield _Object(item, f"{self._path(key)}[{index}]")

    def count(self, key: str) -> int:
        value = self.members.get(key)
        if value is None:
            return 0
        if type(value) is not int or value < 0:
            raise _refused(self._path(key), "is not a whole number from 0")
        return value

    def status(self, key: str) -> AlertStatus:
        value = self.text(key)
        if value not in set(AlertStatus):
            raise _refused(self._path(key), f"is {value[:_QUOTED_IN_ERRORS]!r}; accepted: firing, resolved")
        return AlertStatus(value)

    def time(self, key: str) -> datetime | None:
        value = self.text(key)
        moment = read_time(value)
        if value and moment is None:
            raise _refused(self._path(key), f"is {value[:_QUOTED_IN_ERRORS]!r}, which is no RFC 3339 time")
        return None if moment is None or moment.year == _UNSET_YEAR else moment

    def _path(self, key: str) -> str:
        shown = key[:_QUOTED_IN_ERRORS]
        return f"{self.path}.{shown}" if self.path else shown


def _group(body: _Object) -> AlertGroup:
    alerts = tuple(_alert(each) for each in body.objects("alerts", MAX_ALERTS))
    group_labels = body.texts("groupLabels")
    return AlertGroup(
        group_key=_bounded_key(body.text("groupKey") or _made_key(body.text("receiver"), group_labels, alerts)),
        status=body.status("status"),
        receiver=body.text("receiver"),
        external_url=body.text("externalURL"),
        group_labels=group_labels,
        common_labels=body.texts("commonLabels"),
        common_annotations=body.texts("commonAnnotations"),
        alerts=alerts,
        truncated_alerts=body.count("truncatedAlerts"),
        title=body.text("title"),
        message=body.text("message"),
    )


def _alert(body: _Object) -> Alert:
    labels = body.texts("labels")
    status = body.status("status")
    return Alert(
        status=status,
        labels=labels,
        annotations=body.texts("annotations"),
        fingerprint=body.text("fingerprint") or _digest(_canonical(labels)),
        starts_at=body.time("startsAt"),
        # Of a firing alert Alertmanager sends when it would give up on it, which is no end.
        ends_at=body.time("endsAt") if status is AlertStatus.RESOLVED else None,
        generator_url=body.text("generatorURL"),
        dashboard_url=body.text("dashboardURL"),
        panel_url=body.text("panelURL"),
        silence_url=body.text("silenceURL"),
    )


def _made_key(receiver: str, group_labels: Mapping[str, str], alerts: Iterable[Alert]) -> str:
    if group_labels:
        return f"labels:{_digest(receiver + _canonical(group_labels))}"
    return f"alerts:{_digest(','.join(sorted(alert.fingerprint for alert in alerts)))}"


def _bounded_key(key: str) -> str:
    return key if len(key) <= MAX_GROUP_KEY else f"sha256:{_digest(key)}"


def _canonical(labels: Mapping[str, str]) -> str:
    return orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _named(group: AlertGroup) -> str:
    name = group.labels.get("alertname", "").strip()
    others = " ".join(f"{key}={value}" for key, value in sorted(group.group_labels.items()) if key != "alertname")
    return f"{name} ({others})" if name and others else name or others


def _section(heading: str, alerts: list[Alert]) -> list[str]:
    if not alerts:
        return []
    lines = [f"{heading}: {len(alerts)}", *map(_line, alerts[:_MAX_LISTED])]
    return [*lines, f"- and {len(alerts) - _MAX_LISTED} more"] if len(alerts) > _MAX_LISTED else lines


def _line(alert: Alert) -> str:
    labels = " ".join(f"{key}={value}" for key, value in sorted(alert.labels.items()) if key != "alertname")
    moment = alert.ends_at or alert.starts_at
    since = f" at {format_time(moment)}" if alert.ends_at else f" since {format_time(moment)}" if moment else ""
    summary = alert.annotations.get("summary", "").strip()
    return " ".join(f"- {alert.name} {labels}{since}{': ' + summary if summary else ''}".split())


def _fitting(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _refused(path: str, why: str) -> Invalid:
    return Invalid(
        Reason.FIELD_INVALID, f"{path} {why}", violations=(FieldViolation(path, why),), metadata={"field": path}
    )
