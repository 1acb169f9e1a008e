"""Which calls the planner without a language model makes of a question, in many wordings."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.assistant.engine.builtin.intents import INTENTS, Understood, examples, understand
from quarterdeck.assistant.engine.builtin.mentions import Asked

ALERTS = [("alertmanager_alerts", {"state": "active"}), ("prometheus_alerts", {"state": "firing"})]


def understood(question: str) -> Understood:
    found = understand(Asked(question))
    assert found is not None, question
    return found


def changes(since: str = "-24h", until: str = "now") -> list[tuple[str, dict[str, Any]]]:
    return [("fleet_changes", {"since": since, "until": until, "limit": 100})]


def one(tool: str, /, **arguments: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(tool, arguments)]


WORDINGS: dict[str, tuple[list[tuple[str, dict[str, Any]]], list[str]]] = {
    "help": (
        [],
        ["help", "Help!", "?", "what can you do?", "What do you understand", "how can you help me?", "hello", ""],
    ),
    "promql": (
        one("prometheus_query", query="sum(rate(up[5m])) by (job)"),
        [
            "promql: sum(rate(up[5m])) by (job)",
            "PromQL sum(rate(up[5m])) by (job)",
            "run promql `sum(rate(up[5m])) by (job)`",
            "please run the PromQL query: sum(rate(up[5m])) by (job)",
            "query prometheus: sum(rate(up[5m])) by (job)",
            "evaluate the expression sum(rate(up[5m])) by (job)",
            "promql:\n```promql\nsum(rate(up[5m])) by (job)\n```",
        ],
    ),
    "add_note": (
        one("incidents_add_note", incident="7", text="Rolled back at noon; incident 8 is another one."),
        [
            "add a note to incident 7: Rolled back at noon; incident 8 is another one.",
            "Please add a note to incident #7: Rolled back at noon; incident 8 is another one.",
            "write a comment on incident 7 saying Rolled back at noon; incident 8 is another one.",
            'add "Rolled back at noon; incident 8 is another one." to incident 7',
            "note for incident 7 - Rolled back at noon; incident 8 is another one.",
            "can you post a note in the incident 7: 'Rolled back at noon; incident 8 is another one.'",
            "comment on INC-7: Rolled back at noon; incident 8 is another one.",
        ],
    ),
    "set_status": (
        one("incidents_set_status", incident="7", status="resolved"),
        [
            "resolve incident 7",
            "Please resolve the incident #7.",
            "close incident 7!",
            "set incident 7 to resolved",
            "set the status of incident 7 to 'resolved'",
            "mark incident 7 as resolved",
            "change incident 7's status to Resolved",
            "could you close incident number 7?",
        ],
    ),
    "roll_back": (
        one("fleet_roll_back_pipeline", pipeline="node-metrics", revision_id="12"),
        [
            "roll back pipeline node-metrics to revision 12",
            "Roll pipeline `node-metrics` back to revision 12",
            "rollback pipeline node-metrics to 12",
            "please revert the pipeline 'node-metrics' to revision #12.",
            "restore the node-metrics pipeline to version 12",
            "can you roll back node-metrics pipeline to rev 12?",
        ],
    ),
    "switch": (
        one("fleet_update_pipeline", pipeline="node-metrics", enabled=False),
        [
            "disable pipeline node-metrics",
            "please disable the pipeline `node-metrics`",
            "turn off pipeline node-metrics",
            "switch the node-metrics pipeline off",
            "deactivate pipeline named node-metrics.",
            "turn pipeline node-metrics off!",
        ],
    ),
    "preview": (
        one("fleet_preview_matchers", pipeline="node", matchers=['env="prod"']),
        [
            'what would change if pipeline node had the matcher env="prod"?',
            'What would change if matcher env="prod" were used for pipeline node?',
            'preview matcher env="prod" for pipeline `node`',
            'which collectors would pipeline "node" gain or lose with env="prod"?',
            'try env="prod" on pipeline node',
            'if pipeline node used env="prod" instead, what happens?',
        ],
    ),
    "runbook": (
        one("runbooks_get", name="disk-full"),
        [
            "show the runbook disk-full",
            "open runbook disk-full",
            "read the runbook `disk-full`",
            "show me runbook disk-full.",
            'get the runbook called "disk-full"',
        ],
    ),
    "runbook_search": (
        one("runbooks_search", text="full disks"),
        [
            "is there a runbook about full disks?",
            "runbooks for full disks",
            "which runbook do we have? I mean a runbook on full disks",
            "search the runbooks for full disks",
            "find a runbook for full disks!",
            "is there a full disks runbook?",
        ],
    ),
    "runbooks": (
        one("runbooks_list"),
        [
            "list the runbooks",
            "runbooks",
            "which runbooks are there?",
            "show me all runbooks",
            "what runbooks do we have",
        ],
    ),
    "before_incident": (
        one("incidents_get", incident="7"),
        [
            "what changed in the hour before incident 7?",
            "What changed before incident #7",
            "what happened right before incident 7?",
            "which pipelines were edited prior to incident 7?",
            "changes around incident 7, ranked by affected collectors",
            "did a rollout cause incident 7?",
            "show the deployments in the 2 hours leading up to INC-7",
        ],
    ),
    "tasks": (
        one("incidents_tasks", incident="7"),
        [
            "the tasks of incident 7",
            "what are the open items of incident 7?",
            "todos for incident #7",
            "what is left to do in incident 7?",
            "show the to-do list of incident 7",
        ],
    ),
    "timeline": (
        one("incidents_timeline", incident="7", limit=50),
        [
            "the timeline of incident 7",
            "show me incident 7's timeline",
            "what happened in incident 7?",
            "history of incident number 7",
            "events of incident 7",
            "incident 7 time line please",
            "what changed in incident 7",
        ],
    ),
    "investigate": (
        [
            ("incidents_get", {"incident": "7"}),
            ("incidents_timeline", {"incident": "7", "limit": 50}),
            ("fleet_list_collectors", {"state": "failing"}),
            ("fleet_list_collectors", {"state": "unseen"}),
            *ALERTS,
        ],
        [
            "investigate incident 7",
            "why did we have incident 7?",
            "root cause of incident 7",
            "please look into incident #7",
            "what is the reason for incident 7?",
            "analyze incident 7",
        ],
    ),
    "incident": (
        one("incidents_get", incident="7"),
        ["tell me about incident 7", "incident 7", "show incident #7", "what is INC-7?", "who leads incident 7", "#7"],
    ),
    "revision": (
        one("fleet_pipeline_revisions", pipeline="node", limit=100),
        [
            "show the diff of revision 3 of pipeline node",
            "what changed in revision 3 of pipeline `node`?",
            "pipeline node revision 3",
            "diff of pipeline 'node' at revision #3",
            "who made rev 3 of the node pipeline?",
        ],
    ),
    "history": (
        one("fleet_pipeline_revisions", pipeline="node"),
        [
            "who changed pipeline node?",
            "who edited the `node` pipeline last?",
            "show the history of pipeline node",
            "when was pipeline node updated?",
            "what are the revisions of pipeline 'node'",
            "who broke pipeline node",
            "last changes to pipeline “node”",
        ],
    ),
    "changes_for_collector": (
        [("fleet_get_collector", {"collector": "edge-1"}), *changes()],
        [
            "what changed for collector edge-1?",
            "changes that hit collector `edge-1` today",
            "which updates did collector edge-1 get",
            "recent deployments for the edge-1 collector",
            "what was changed on collector edge-1 in the last 24 hours?",
        ],
    ),
    "why_collector": (
        [
            ("fleet_get_collector", {"collector": "edge-1"}),
            *changes(),
            *one("incidents_list", active_only=True),
            *ALERTS,
        ],
        [
            "what is wrong with collector edge-1?",
            "why did collector edge-1 stop sending metrics?",
            "why does collector `edge-1` not send logs",
            "what's the problem with the edge-1 collector",
            "investigate collector edge-1",
            "diagnose collector 'edge-1'",
        ],
    ),
    "why_pipeline": (
        [
            ("fleet_get_pipeline", {"pipeline": "node"}),
            ("fleet_pipeline_collectors", {"pipeline": "node"}),
            ("fleet_pipeline_revisions", {"pipeline": "node", "limit": 5}),
            ("fleet_list_collectors", {"state": "failing", "limit": 500}),
            ("fleet_list_collectors", {"state": "unseen", "limit": 500}),
            ("incidents_list", {"active_only": True}),
        ],
        [
            "what is wrong with pipeline node?",
            "why did pipeline node stop sending metrics?",
            "any problems with the pipeline `node`?",
            "look into pipeline node",
            "why does the node pipeline send no data?",
        ],
    ),
    "pipelines_of_collector": (
        one("fleet_get_collector", collector="edge-1"),
        [
            "which pipelines match collector edge-1?",
            "pipelines of collector edge-1",
            "what pipelines does collector `edge-1` get?",
            "which pipelines run on the edge-1 collector",
            "list all pipelines assigned to collector 'edge-1'",
            "what pipelines apply to collector with id edge-1",
        ],
    ),
    "config": (
        one("fleet_collector_config", collector="edge-1"),
        [
            "the configuration of collector edge-1",
            "show the rendered config of collector edge-1",
            "what config does collector `edge-1` get?",
            "collector edge-1 configuration",
            "print the config handed out to the edge-1 collector",
        ],
    ),
    "collector": (
        one("fleet_get_collector", collector="edge-1"),
        [
            "tell me about collector edge-1",
            "collector edge-1",
            "is collector `edge-1` healthy?",
            "show collector named edge-1.",
            "when was the edge-1 collector last seen?",
            "Collector: edge-1",
        ],
    ),
    "collectors_of_pipeline": (
        one("fleet_pipeline_collectors", pipeline="node"),
        [
            "which collectors get pipeline node?",
            "collectors matched by pipeline node",
            "who receives the pipeline `node`?",
            "how many collectors does the node pipeline reach?",
            "where does pipeline node run?",
            "which collectors match pipeline 'node'",
        ],
    ),
    "pipeline": (
        one("fleet_get_pipeline", pipeline="node"),
        [
            "show pipeline node",
            "what is pipeline node?",
            "contents of pipeline `node`",
            "the node pipeline please",
            'describe the pipeline called "node"',
        ],
    ),
    "rank_changes": (
        changes(),
        [
            "rank the changes by affected collectors",
            "rank the changes of the last 24 hours by affected collectors",
            "which change affected the most collectors?",
            "sort today's changes by the number of affected collectors",
            "biggest rollouts of the past day",
            "order changes by affected collectors, last 1 day",
        ],
    ),
    "counts": (
        one("fleet_list_collectors"),
        [
            "how many collectors are there?",
            "How many collectors do we have",
            "number of collectors",
            "count the collectors",
            "how many registered collectors exist?",
        ],
    ),
    "failing": (
        one("fleet_list_collectors", state="failing"),
        [
            "which collectors fail to apply their configuration?",
            "failing collectors",
            "are any collectors broken?",
            "how many collectors are failing",
            "list collectors with errors",
            "which collector fails?",
            "collectors that cannot load their config",
            "show unhealthy collectors with the last error",
        ],
    ),
    "unseen": (
        one("fleet_list_collectors", state="unseen"),
        [
            "which collectors were not seen lately?",
            "unseen collectors",
            "are any collectors offline?",
            "silent collectors",
            "which collectors haven't reported?",
            "which collectors are gone?",
            "how many collectors are down?",
            "collectors that stopped polling",
        ],
    ),
    "with_matchers": (
        one("fleet_list_collectors", matchers=["env=prod"]),
        [
            "which collectors match env=prod?",
            "collectors with env=prod",
            "list all collectors where env=prod",
            "env=prod",
            "show me the collectors that have env=prod",
        ],
    ),
    "changes": (
        changes("-2h"),
        [
            "what changed in the last 2 hours?",
            "What was changed in the past two hours",
            "list the deployments of the last 120 minutes",
            "any rollouts in the previous 2h?",
            "show changes since 2 hours ago",
            "what has been edited in the last couple of hours",
        ],
    ),
    "alerts": (
        ALERTS,
        [
            "which alerts are firing?",
            "alerts",
            "is anything firing?",
            "show me active alarms",
            "what is paging us right now",
            "any alerts?",
        ],
    ),
    "incidents": (
        one("incidents_list", active_only=True),
        [
            "which incidents are active?",
            "active incidents",
            "are there any incidents?",
            "list open incidents",
            "show me the current incident",
            "do we have an outage",
        ],
    ),
    "why": (
        [
            ("fleet_list_collectors", {"limit": 500}),
            ("fleet_list_pipelines", {"name_contains": "checkout"}),
            *changes(),
            *one("incidents_list", active_only=True),
            *ALERTS,
        ],
        [
            "why did checkout stop sending metrics?",
            "Why does the checkout service not send logs?",
            "what is wrong with checkout",
            "what's the matter with `checkout`?",
            "there are no metrics from checkout",
            "investigate checkout",
            "checkout stopped sending traces",
            "tell me about checkout",
            "what is the state of checkout?",
        ],
    ),
    "fleet": (
        [
            ("fleet_list_collectors", {"state": "failing"}),
            ("fleet_list_collectors", {"state": "unseen"}),
            *changes(),
            *one("incidents_list", active_only=True),
            *ALERTS,
        ],
        [
            "how is the fleet?",
            "give me an overview",
            "fleet status",
            "is everything ok?",
            "what is going on",
            "health summary",
            "what is broken?",
        ],
    ),
    "pipelines": (
        one("fleet_list_pipelines"),
        [
            "list the pipelines",
            "pipelines",
            "which pipelines are there?",
            "show all pipelines",
            "What pipelines do we have?",
        ],
    ),
    "collectors": (
        one("fleet_list_collectors"),
        [
            "list the collectors",
            "collectors",
            "which collectors are there",
            "show me all collectors",
            "all agents please",
        ],
    ),
}


@pytest.mark.parametrize(
    ("key", "question"), [(key, question) for key, (_, questions) in WORDINGS.items() for question in questions]
)
def test_a_wording(key: str, question: str) -> None:
    found = understood(question)
    assert (found.intent.key, found.calls) == (key, WORDINGS[key][0])


def test_every_intent_has_wordings() -> None:
    assert set(WORDINGS) == {intent.key for intent in INTENTS}
    assert all(len(questions) >= 5 for _, questions in WORDINGS.values())


WRITES = {
    "incidents_set_status",
    "incidents_add_note",
    "fleet_update_pipeline",
    "fleet_roll_back_pipeline",
    "alertmanager_create_silence",
}


@pytest.mark.parametrize(
    "question",
    [
        "how do I resolve incident 3?",
        "should I roll back pipeline node to revision 3?",
        "who wanted to disable pipeline node?",
        'somebody wrote "resolve incident 3" on the wall',
        "what happens if I set incident 3 to resolved?",
        "why did they close incident 3?",
        "is it safe to turn off pipeline node?",
        "the note says: add a note to incident 3: done",
        "roll back pipeline node",
        "roll back to revision 3",
        "resolve the incident",
        "add a note to incident 3",
        "add a note: done",
        "disable node",
        '"roll back pipeline node to revision 3" is what Bob said',
        "> roll back pipeline node to revision 3\nis that a good idea?",
    ],
)
def test_no_order_is_no_write(question: str) -> None:
    found = understand(Asked(question))
    assert found is None or not WRITES & {name for name, _ in found.calls}


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("reopen incident 3", "active"),
        ("set incident 3 to Waiting for vendor", "Waiting for vendor"),
        ('set incident 3 to "On hold"', "On hold"),
        ("mark incident 3 as done.", "resolved"),
        ("move incident 3 to open", "active"),
    ],
)
def test_a_status(question: str, status: str) -> None:
    assert understood(question).calls == one("incidents_set_status", incident="3", status=status)


@pytest.mark.parametrize(
    ("question", "enabled"),
    [
        ("enable pipeline x", True),
        ("turn on pipeline x", True),
        ("switch pipeline x on", True),
        ("turn pipeline x off", False),
    ],
)
def test_a_switch(question: str, enabled: bool) -> None:
    assert understood(question).calls == one("fleet_update_pipeline", pipeline="x", enabled=enabled)


def test_a_long_note_is_whole() -> None:
    text = "line one\n\n" + "x" * 9000 + "\nlast line"
    assert understood(f"add a note to incident 3: {text}").calls == one("incidents_add_note", incident="3", text=text)


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("what changed?", "-24h", "now"),
        ("what changed in the last hour?", "-1h", "now"),
        ("what changed in the past 30 minutes?", "-30m", "now"),
        ("what changed in the last half an hour?", "-30m", "now"),
        ("what changed in the last 90 min", "-90m", "now"),
        ("what changed in the last 3 days?", "-3d", "now"),
        ("what changed yesterday?", "-48h", "-24h"),
        ("what changed this week?", "-7d", "now"),
        ("what changed since 2026-11-20T10:00:00Z?", "2026-11-20T10:00:00Z", "now"),
        (
            "changes between 2026-11-20T10:00Z and 2026-11-20T11:00:30+01:00",
            "2026-11-20T10:00:00Z",
            "2026-11-20T11:00:30+01:00",
        ),
    ],
)
def test_a_time(question: str, since: str, until: str) -> None:
    assert understood(question).calls == changes(since, until)


@pytest.mark.parametrize(
    ("question", "seconds"),
    [
        ("what changed before incident 3", 3600),
        ("what changed in the hour before incident 3", 3600),
        ("what changed in the 2 hours before incident 3", 7200),
        ("what changed half an hour before incident 3", 1800),
        ("what changed three days prior to incident 3", 3 * 86400),
        ("what changed in the 45m leading up to incident 3", 2700),
    ],
)
def test_how_long_before(question: str, seconds: int) -> None:
    assert understood(question).asked.seconds_before == seconds


@pytest.mark.parametrize(
    ("question", "kind", "name"),
    [
        ('show pipeline "my own pipeline"', "pipeline", "my own pipeline"),
        ("show pipeline `errors`", "pipeline", "errors"),
        ("show the 'changed' pipeline", "pipeline", "changed"),
        ("show pipeline #12", "pipeline", "12"),
        ("show pipeline with id 12", "pipeline", "12"),
        ("collector host.example.com:12345/alloy", "collector", "host.example.com:12345/alloy"),
        ("collector ünïcödé", "collector", "ünïcödé"),
        ("which collectors fail", "collector", ""),
        ("which pipeline changed", "pipeline", ""),
        ("the last pipeline change", "pipeline", ""),
    ],
)
def test_a_name(question: str, kind: str, name: str) -> None:
    assert getattr(Asked(question), kind) == name


def test_a_name_says_nothing_of_the_intent() -> None:
    assert understood("show pipeline who-changed-history").intent.key == "pipeline"
    assert understood("collector failing-config-why").intent.key == "collector"


def test_counts_of_several_kinds() -> None:
    assert [name for name, _ in understood("how many collectors, pipelines and incidents are there?").calls] == [
        "fleet_list_collectors",
        "fleet_list_pipelines",
        "incidents_list",
    ]


def test_incidents_of_the_past_and_of_a_severity() -> None:
    assert understood("list all resolved incidents").calls == one("incidents_list", active_only=False)
    assert understood("major incidents").calls == one("incidents_list", active_only=True, query="severity:major")


def test_matchers_without_a_pipeline() -> None:
    found = understood("what would change if matchers env=~'prod|dev' and os!=\"windows\" were used?")
    assert found.calls == one("fleet_list_collectors", matchers=["env=~'prod|dev'", 'os!="windows"'])


@pytest.mark.parametrize(
    "question",
    [
        "delete pipeline node",
        "remove collector edge-1",
        "please create an incident",
        "tell me a joke",
        "drop table users",
        "1+1",
        "Was ist los?",
        "{}",
        "🦆",
    ],
)
def test_what_is_not_understood(question: str) -> None:
    assert understand(Asked(question)) is None


def test_every_example_is_understood_as_its_own_intent() -> None:
    assert [understood(intent.example).intent.key for intent in INTENTS] == [intent.key for intent in INTENTS]


def test_the_examples_are_of_what_is_possible() -> None:
    assert examples(set()) == ["help"]
    assert "promql: up" in examples({"prometheus_query"})
    assert "promql: up" not in examples({"incidents_list"})
