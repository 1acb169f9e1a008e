"""What alerting, metrics and runbooks had to say, in lines; and any tool's answer as it is."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from quarterdeck.assistant.context.truncation import MARKER
from quarterdeck.assistant.engine.builtin.lines import MOST_LISTED, block, counted, line, more, said, words
from quarterdeck.assistant.engine.builtin.mentions import Asked
from quarterdeck.assistant.engine.builtin.result import Item, Result

_MOST_PLAIN = 100


def alerts(result: Result, _: Asked) -> Iterator[str]:
    total, listed = result.total("alerts"), result.items("alerts")
    yield line(result, f"{counted(total, 'alert')}, as {_system(result)} has it")
    for each in listed[:MOST_LISTED]:
        yield line(result, alert_state(each), depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def alert_state(item: Item) -> str:
    """What is known of an alert, in one sentence."""
    labels, annotations = _object(item, "labels"), _object(item, "annotations")
    rest = words([f"{key}={value}" for key, value in sorted(labels.items()) if key != "alertname"], "no labels")
    since = said(item.get("starts_at") or item.get("active_at"), 40)
    why = said(annotations.get("summary") or annotations.get("description"))
    parts = [
        f"{said(labels.get('alertname'), 200) or 'an alert without name'} ({rest}): {said(item.get('state'), 30)}",
        f"since {since}" if since else "",
        why,
    ]
    return ", ".join(filter(None, parts))


def series(result: Result, _: Asked) -> Iterator[str]:
    data, listed = result.fields, result.items("series")
    query, at = said(result.arguments.get("query")), said(data.get("at"), 40)
    if "value" in data and not listed:
        yield line(result, f"{query} was {said(data['value'], 100)} at {at}")
        return
    total = result.total("series")
    yield line(result, f"{counted(total, 'series', 'series')} for {query} at {at}")
    for each in listed[:MOST_LISTED]:
        yield line(result, f"{_labels(each)} {_value(each)}", depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def runbooks(result: Result, _: Asked) -> Iterator[str]:
    total, listed = result.total("runbooks"), result.items("runbooks")
    about = f" about {said(result.arguments['text'])}" if result.arguments.get("text") else ""
    yield line(result, f"{counted(total, 'runbook')}{about}")
    for each in listed[:MOST_LISTED]:
        told = said(each.get("description") or each.get("excerpt"))
        text = f"{said(each.get('name'), 100)}: {said(each.get('title'), 200)}"
        yield line(result, f"{text}, {told}" if told else text, depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def runbook(result: Result, _: Asked) -> Iterator[str]:
    yield line(result, f"runbook {said(result.fields.get('name'), 100)}: {said(result.fields.get('title'), 200)}")
    yield from block(result.fields.get("text"))


def plain(result: Result, _: Asked) -> Iterator[str]:
    """An answer that no rule knows, as it is."""
    yield line(result, f"{said(result.name, 64)} answered:")
    text = result.content.removesuffix(MARKER)
    if result.data is not None:
        text = orjson.dumps(result.data, option=orjson.OPT_INDENT_2).decode()
    yield from block(text, _MOST_PLAIN)


def _system(result: Result) -> str:
    return "Alertmanager" if result.name.startswith("alertmanager") else "Prometheus"


def _labels(item: Item) -> str:
    labels = _object(item, "labels")
    return "{" + words([f"{key}={value}" for key, value in sorted(labels.items())], "") + "}"


def _value(item: Item) -> str:
    values = item.get("values")
    if isinstance(values, list):
        last = values[-1] if values else None
        latest = said(last[1], 100) if isinstance(last, list) and len(last) > 1 else "nothing"
        return f"{counted(len(values), 'value')}, the last {latest}"
    return said(item.get("value"), 100)


def _object(item: Item, key: str) -> Item:
    value = item.get(key)
    return value if isinstance(value, dict) else {}
