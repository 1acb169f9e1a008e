"""What an Alertmanager can be asked, and the one thing that it can be told: to be silent for a while.

Shapes of the answers; lists that may be cut have `total` beside them:

- `alertmanager_alerts`: `{total, alerts: [{labels, annotations, state, starts_at, fingerprint, receivers, silenced_by,
  inhibited_by}]}`; `state` is `active`, `suppressed` or `unprocessed`; the last two are left out when empty
- `alertmanager_groups`: `{total, groups: [{labels, receiver, total, alerts: [the same]}]}`
- `alertmanager_silences`: `{total, silences: [{id, state, matchers: ['alertname="DiskFull"', …], starts_at, ends_at,
  created_by, comment}]}`
- `alertmanager_create_silence`: `{silence_id, matchers, starts_at, ends_at}`

Times are RFC 3339 in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import httpx
from pydantic import Field

from quarterdeck.assistant.tools.http_client import ApiClient, Endpoint
from quarterdeck.assistant.tools.moments import written
from quarterdeck.assistant.tools.prometheus import GRACE, cut, labels_of, objects, utc
from quarterdeck.assistant.tools.tool import Parameters, Tool, ToolAnswer, ToolContext, ToolFailed, found, nothing
from quarterdeck.assistant.tools.typed_tool import TypedTool
from quarterdeck.clock import Clock
from quarterdeck.identity.call import Role

TOOLSET: Final = "alertmanager"
SYSTEM: Final = "Alertmanager"
LONGEST_SILENCE: Final = 7 * 24 * 60
"""Minutes."""

Matchers = Annotated[list[Annotated[str, Field(min_length=3, max_length=2048)]], Field(max_length=20)]

_MATCHER: Final = re.compile(
    r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^\s"=~!][^\s"]*)?))\s*', re.DOTALL
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_GROUP_ALERTS: Final = 20


@dataclass(frozen=True, slots=True)
class AlertmanagerConfig(Endpoint):
    """An Alertmanager: its base URL ends before `/api/v2`."""

    most_items: int = 100
    """Alerts, groups or silences of one answer."""


class AlertmanagerAlerts(Parameters):
    matchers: Matchers = Field(default_factory=list, description='Only alerts with such labels: alertname="DiskFull".')
    state: Literal["any", "active", "suppressed"] = Field(
        "any", description="active: nothing keeps them back; suppressed: silenced or inhibited."
    )
    receiver: str = Field("", max_length=500, description="Only alerts for receivers that match this whole regex.")


class AlertmanagerSilences(Parameters):
    matchers: Matchers = Field(default_factory=list, description='Only silences about such labels: alertname="X".')
    state: Literal["any", "active", "pending", "expired"] = Field("active", description="Only silences in this state.")


class NewSilence(Parameters):
    matchers: Matchers = Field(
        min_length=1, description='What alerts must match, all of it: alertname="DiskFull", instance=~"db-.*".'
    )
    duration_minutes: int = Field(ge=1, le=LONGEST_SILENCE, description="How long, from now on; at most 7 days.")
    comment: str = Field(min_length=1, max_length=1000, description="Why, for those who find the silence.")


def alertmanager_tools(
    config: AlertmanagerConfig, clock: Clock, *, environment: Mapping[str, str] | None = None
) -> tuple[Tool, ...]:
    """The tools over one Alertmanager. `environment` is where header variables are read, the process's by default.

    Raises Invalid for a configuration that cannot work. Nothing is asked yet.
    """
    return _Alertmanager(config, ApiClient.of(SYSTEM, config, environment), clock).tools()


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label, how it is compared, and with what."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.operator}"{escaped}"'

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "isRegex": self.operator.endswith("~"),
            "isEqual": self.operator.startswith("="),
        }


def read_matcher(text: str) -> Matcher:
    """A matcher as people write it, the value with or without quotes. Raises ToolFailed for what is none."""
    parts = _MATCHER.fullmatch(text)
    if parts is None:
        raise ToolFailed(f'{text[:200]!r} is no matcher; alertname="DiskFull" and instance=~"db-.*" are')
    name, operator, quoted, bare = parts.groups()
    value = bare if quoted is None else _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], quoted)
    return Matcher(name, operator, value)


@dataclass(frozen=True, slots=True)
class _Alertmanager:
    config: AlertmanagerConfig
    api: ApiClient
    clock: Clock

    def tools(self) -> tuple[Tool, ...]:
        patience = self.config.timeout + GRACE
        return (
            TypedTool(
                "alertmanager_alerts",
                "List the alerts that Alertmanager has, and whether they are silenced or inhibited.",
                TOOLSET, AlertmanagerAlerts, self.alerts, "list alerts of Alertmanager", timeout=patience,
            ),
            TypedTool(
                "alertmanager_groups",
                "List alerts in the groups in which Alertmanager notifies of them.",
                TOOLSET, AlertmanagerAlerts, self.groups, "list groups of alerts", timeout=patience,
            ),
            TypedTool(
                "alertmanager_silences",
                "List silences.",
                TOOLSET, AlertmanagerSilences, self.silences, "list silences of Alertmanager", timeout=patience,
            ),
            TypedTool(
                "alertmanager_create_silence",
                "Silence alerts for a while, from now on. Somebody must allow it.",
                TOOLSET, NewSilence, self.create_silence, "silence alerts",
                role=Role.EDITOR, writes=True, timeout=patience,
            ),
        )  # fmt: skip

    async def alerts(self, wanted: AlertmanagerAlerts, _: ToolContext) -> ToolAnswer:
        answer, invocation = await self._list("/api/v2/alerts", wanted)
        shown = [_shown_alert(each) for each in answer]
        if not shown:
            return nothing("Alertmanager has no such alerts", invocation=invocation)
        return found({"total": len(shown), "alerts": shown[: self.config.most_items]}, invocation=invocation)

    async def groups(self, wanted: AlertmanagerAlerts, _: ToolContext) -> ToolAnswer:
        answer, invocation = await self._list("/api/v2/alerts/groups", wanted)
        shown = [group for group in map(_shown_group, answer) if group["total"]]
        if not shown:
            return nothing("Alertmanager has no such groups of alerts", invocation=invocation)
        return found({"total": len(shown), "groups": shown[: self.config.most_items]}, invocation=invocation)

    async def silences(self, wanted: AlertmanagerSilences, _: ToolContext) -> ToolAnswer:
        parameters = _filters(wanted.matchers)
        invocation = _invocation("/api/v2/silences", parameters)
        answer = await self.api.get("/api/v2/silences", parameters, invocation=invocation)
        shown = [
            silence
            for silence in map(_shown_silence, _list_of(answer, invocation))
            if wanted.state in {"any", silence["state"]}
        ]
        if not shown:
            which = "" if wanted.state == "any" else f"{wanted.state} "
            return nothing(f"there are no such {which}silences", invocation=invocation)
        return found({"total": len(shown), "silences": shown[: self.config.most_items]}, invocation=invocation)

    async def create_silence(self, wanted: NewSilence, context: ToolContext) -> ToolAnswer:
        matchers = [read_matcher(each) for each in wanted.matchers]
        starts_at = self.clock.now()
        ends_at = starts_at + timedelta(minutes=wanted.duration_minutes)
        shown = [str(matcher) for matcher in matchers]
        invocation = f"POST /api/v2/silences {{{', '.join(shown)}}} for {wanted.duration_minutes} min"
        answer = await self.api.post(
            "/api/v2/silences",
            {
                "matchers": [matcher.as_json() for matcher in matchers],
                "startsAt": written(starts_at),
                "endsAt": written(ends_at),
                "createdBy": context.call.actor,
                "comment": wanted.comment,
            },
            invocation=invocation,
        )
        silence_id = answer.get("silenceID") if isinstance(answer, dict) else None
        if not isinstance(silence_id, str):
            raise ToolFailed("Alertmanager answered without the silence's id", invocation=invocation)
        return found(
            {
                "silence_id": silence_id,
                "matchers": shown,
                "starts_at": written(starts_at),
                "ends_at": written(ends_at),
            },
            invocation=invocation,
        )

    async def _list(self, path: str, wanted: AlertmanagerAlerts) -> tuple[list[dict[str, Any]], str]:
        parameters = _filters(wanted.matchers)
        if wanted.state == "active":
            parameters += [("active", "true"), ("silenced", "false"), ("inhibited", "false")]
        elif wanted.state == "suppressed":
            parameters += [("active", "false"), ("silenced", "true"), ("inhibited", "true")]
        if wanted.receiver:
            parameters.append(("receiver", wanted.receiver))
        invocation = _invocation(path, parameters)
        return _list_of(await self.api.get(path, parameters, invocation=invocation), invocation), invocation


def _filters(matchers: Sequence[str]) -> list[tuple[str, str]]:
    return [("filter", str(read_matcher(each))) for each in matchers]


def _invocation(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{httpx.QueryParams(list(parameters))}" if parameters else path


def _list_of(answer: Any, invocation: str) -> list[dict[str, Any]]:
    if not isinstance(answer, list):
        raise ToolFailed("Alertmanager answered: not in the form of its API", invocation=invocation)
    return objects(answer)


def _shown_alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    status = labels_of(alert, "status")
    kept_back = {"silenced_by": status.get("silencedBy"), "inhibited_by": status.get("inhibitedBy")}
    return {
        "labels": labels_of(alert, "labels"),
        "annotations": {name: cut(text) for name, text in labels_of(alert, "annotations").items()},
        "state": status.get("state", ""),
        "starts_at": utc(alert.get("startsAt")),
        "fingerprint": alert.get("fingerprint", ""),
        "receivers": [each.get("name", "") for each in objects(alert.get("receivers"))],
        **{name: ids for name, ids in kept_back.items() if ids},
    }


def _shown_group(group: Mapping[str, Any]) -> dict[str, Any]:
    alerts = objects(group.get("alerts"))
    return {
        "labels": labels_of(group, "labels"),
        "receiver": labels_of(group, "receiver").get("name", ""),
        "total": len(alerts),
        "alerts": [_shown_alert(each) for each in alerts[:_GROUP_ALERTS]],
    }


def _shown_silence(silence: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": silence.get("id", ""),
        "state": labels_of(silence, "status").get("state", ""),
        "matchers": [_shown_matcher(each) for each in objects(silence.get("matchers"))],
        "starts_at": utc(silence.get("startsAt")),
        "ends_at": utc(silence.get("endsAt")),
        "created_by": silence.get("createdBy", ""),
        "comment": cut(silence.get("comment")),
    }


def _shown_matcher(matcher: Mapping[str, Any]) -> str:
    # Alertmanagers older than 0.22 say nothing about equality: they have no other.
    is_equal, is_regex = matcher.get("isEqual", True), matcher.get("isRegex", False)
    operator = {(True, False): "=", (True, True): "=~", (False, False): "!=", (False, True): "!~"}
    return str(
        Matcher(str(matcher.get("name")), operator[bool(is_equal), bool(is_regex)], str(matcher.get("value", "")))
    )
