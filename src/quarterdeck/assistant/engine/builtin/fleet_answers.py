"""What the fleet's tools found, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from quarterdeck.assistant.engine.builtin.lines import (
    MOST_LISTED,
    block,
    counted,
    diff_lines,
    line,
    mark,
    more,
    pipeline_mark,
    said,
    words,
)
from quarterdeck.assistant.engine.builtin.mentions import Asked
from quarterdeck.assistant.engine.builtin.result import Item, Result, count

_STATES: Final[Mapping[str, str]] = {
    "failing": "failed to apply their last configuration",
    "unseen": "were not seen lately, or never",
    "healthy": "are healthy",
}


def collectors(result: Result, _: Asked) -> Iterator[str]:
    total, listed = result.total("collectors"), result.items("collectors")
    state = _STATES.get(str(result.arguments.get("state")), "")
    matchers = result.arguments.get("matchers")
    those = f" that match {words(matchers, '')}" if matchers else ""
    yield line(result, f"{counted(total, 'collector')}{those}{' ' + state if state else ''}")
    yield from collector_lines(result, listed, depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def collector_lines(result: Result, listed: list[Item] | list[dict[str, object]], *, depth: int) -> Iterator[str]:
    """One line for each of the first collectors."""
    for item in listed[:MOST_LISTED]:
        yield line(result, collector_state(item), mark("collector", item.get("id")), depth=depth)


def collector_state(item: Item) -> str:
    """What is known of a collector's health, in one sentence."""
    name = f" ({said(item['name'], 100)})" if item.get("name") and item.get("name") != item.get("id") else ""
    enabled = ", disabled" if item.get("enabled") is False else ""
    error = f", last error: {said(item['last_error'])}" if item.get("last_error") else ""
    seen = said(item.get("last_seen_at")) or "never"
    return (
        f"collector {said(item.get('id'), 200)}{name}: {said(item.get('state'), 30)}{enabled}, last seen {seen}{error}"
    )


def collector(result: Result, _: Asked) -> Iterator[str]:
    item, pipelines = result.fields, result.items("pipelines")
    yield line(result, collector_state(item), mark("collector", item.get("id")))
    attributes = item.get("attributes")
    if isinstance(attributes, dict) and attributes:
        listed = words([f"{key}={value}" for key, value in sorted(attributes.items())], "none")
        yield line(result, f"its attributes: {listed}", depth=1)
    yield line(result, f"it gets {counted(len(pipelines), 'pipeline')}", depth=1)
    for each in pipelines[:MOST_LISTED]:
        text = f"{said(each.get('name'))}, revision {said(each.get('revision_id'), 30)}, {_matchers(each)}"
        yield line(result, text, pipeline_mark(each), depth=2)
    yield from more(result, len(pipelines), min(len(pipelines), MOST_LISTED))


def config(result: Result, _: Asked) -> Iterator[str]:
    item, name = result.fields, said(result.arguments.get("collector"), 200)
    listed = ", ".join(said(each.get("name"), 100) for each in result.items("pipelines")) or "no pipelines"
    marks = [pipeline_mark(each) for each in result.items("pipelines")[:MOST_LISTED]]
    yield line(result, f"collector {name} is handed this configuration, of {said(listed)}", *marks)
    yield line(result, f"its hash is {said(item.get('hash'), 100)}", depth=1)
    yield from block(item.get("config"))


def pipelines(result: Result, _: Asked) -> Iterator[str]:
    total, listed = result.total("pipelines"), result.items("pipelines")
    yield line(result, counted(total, "pipeline"))
    yield from pipeline_lines(result, listed, depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def pipeline_lines(result: Result, listed: list[Item] | list[dict[str, object]], *, depth: int) -> Iterator[str]:
    """One line for each of the first pipelines."""
    for each in listed[:MOST_LISTED]:
        yield line(result, pipeline_state(each), pipeline_mark(each), depth=depth)


def pipeline_state(item: Item) -> str:
    """What is known of a pipeline, in one sentence."""
    state = "enabled" if item.get("enabled") else "disabled"
    changed = f", changed {said(item['updated_at'], 40)}" if item.get("updated_at") else ""
    revision = said(item.get("revision_id"), 30)
    return f"pipeline {said(item.get('name'), 200)}: {state}, {_matchers(item)}, revision {revision}{changed}"


def pipeline(result: Result, asked: Asked) -> Iterator[str]:
    yield line(result, pipeline_state(result.fields), pipeline_mark(result.fields))
    contents = result.fields.get("contents")
    # Whoever asks what is wrong with it wants its state, not the text.
    if isinstance(contents, str) and contents.strip() and "wrong" not in asked.words:
        yield line(result, "its contents:", depth=1)
        yield from block(contents)


def pipeline_collectors(result: Result, _: Asked) -> Iterator[str]:
    total, listed = result.total("collectors"), result.items("collectors")
    yield line(result, f"pipeline {said(result.fields.get('pipeline'))} selects {counted(total, 'collector')}")
    for each in listed[:MOST_LISTED]:
        name = f" ({said(each['name'], 100)})" if each.get("name") and each.get("name") != each.get("id") else ""
        yield line(result, f"{said(each.get('id'), 200)}{name}", mark("collector", each.get("id")), depth=1)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def revisions(result: Result, asked: Asked) -> Iterator[str]:
    total, listed = result.total("revisions"), result.items("revisions")
    name = said(result.fields.get("pipeline") or result.arguments.get("pipeline"))
    if asked.revision:
        listed = [each for each in listed if str(each.get("revision_id")) == asked.revision]
        if not listed:
            yield line(result, f"pipeline {name} has no revision {asked.revision} among its latest {total}")
            return
    else:
        yield line(result, f"pipeline {name} has {counted(total, 'revision')}, the latest first")
    for each in listed[:MOST_LISTED]:
        who = said(each.get("actor"), 100) or "somebody unknown"
        what = f"revision {said(each.get('revision_id'), 30)} of {name}: {said(each.get('operation'), 30)}"
        text = f"{what} by {who} at {said(each.get('at'), 40)}"
        yield line(result, text, depth=1)
        yield from diff_lines(each)
    if not asked.revision:
        yield from more(result, total, min(len(listed), MOST_LISTED))


def changes(result: Result, asked: Asked) -> Iterator[str]:
    total, listed = result.total("changes"), result.items("changes")
    since, until = said(result.arguments.get("since"), 40), said(result.arguments.get("until") or "now", 40)
    order = ", those that reach most collectors first" if asked.is_ranked else ", the latest first"
    yield line(result, f"{counted(total, 'pipeline change')} from {since} to {until}{order}")
    if asked.is_ranked and total > len(listed):
        yield line(result, f"only the latest {len(listed)} of them were ranked", depth=1)
    yield from change_lines(result, ranked(listed) if asked.is_ranked else listed, numbered=asked.is_ranked)
    yield from more(result, total, min(len(listed), MOST_LISTED))


def ranked(listed: list[dict[str, object]]) -> list[dict[str, object]]:
    """Changes by how many collectors they reach, the most first; the later first among equals."""
    return sorted(listed, key=lambda item: (-count(item, "affected_collectors"), _Backwards(str(item.get("at")))))


class _Backwards:
    """Sorts texts the other way round."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __lt__(self, other: _Backwards) -> bool:
        return self._text > other._text


def change_lines(result: Result, listed: list[dict[str, object]], *, numbered: bool = False) -> Iterator[str]:
    """Each change with its diff."""
    for place, each in enumerate(listed[:MOST_LISTED], start=1):
        rank = f"{place}. " if numbered else ""
        yield line(result, f"{rank}{change(each)}", change_mark(each), depth=1)
        yield from diff_lines(each)


def change(item: Item) -> str:
    """A change in one sentence."""
    who = said(item.get("actor"), 100) or "somebody unknown"
    reached = counted(count(item, "affected_collectors"), "collector")
    what = f"{said(item.get('operation'), 30)} of pipeline {said(item.get('pipeline'), 200)}"
    return (
        f"{said(item.get('at'), 40)}: {what} by {who}, revision {said(item.get('revision_id'), 30)}, {reached} affected"
    )


def change_mark(item: Item) -> str:
    """The marker of the revision that a change made."""
    return mark("pipeline", item.get("pipeline_id"), item.get("revision_id"))


def preview(result: Result, _: Asked) -> Iterator[str]:
    data = result.fields
    gained, lost = count(data, "gained_total"), count(data, "lost_total")
    matchers = words(result.arguments.get("matchers"), "no matchers")
    yield line(
        result,
        f"with {matchers} pipeline {said(data.get('pipeline'))} would gain {counted(gained, 'collector')}, lose {lost} "
        f"and keep {count(data, 'kept')}; nothing was changed",
    )
    for word, total in (("gained", gained), ("lost", lost)):
        listed = data.get(word)
        names = listed if isinstance(listed, list) else []
        for name in names[:MOST_LISTED]:
            yield line(result, f"{word}: {said(name, 200)}", mark("collector", name), depth=1)
        yield from more(result, total, min(len(names), MOST_LISTED))


def pipeline_changed(result: Result, _: Asked) -> Iterator[str]:
    data = result.fields
    before = said(data.get("previous_revision_id"), 30)
    if before == said(data.get("revision_id"), 30):
        yield line(result, f"nothing had to be changed; {pipeline_state(data)}", pipeline_mark(data))
        return
    yield line(result, f"done; {pipeline_state(data)}; it was at revision {before}", pipeline_mark(data))
    yield from diff_lines(data)


def _matchers(item: Item) -> str:
    listed = words(item.get("matchers"), "")
    return f"matchers {listed}" if listed else "no matchers"
