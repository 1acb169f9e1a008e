"""The Loki tools against a small HTTP server that answers in Loki's forms.

No package of Loki exists for the machines that these tests run on, so no real one is started: what is tested is what
we send, and what we make of answers in the documented form.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from pydantic import ValidationError

from quarterdeck.assistant.tools.loki import LokiConfig, loki_tools
from quarterdeck.assistant.tools.tool import Status
from quarterdeck.clock import SystemClock
from tests.services.assistant.test_prometheus_tools import Tools, body
from tests.services.incidents.webhook_house import Answer, Receiver

SECOND = 1_000_000_000
NOON = 1769860800 * SECOND
"""2026-01-31T12:00:00Z in nanoseconds."""


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as listening:
        yield listening


def of(receiver: Receiver, **more: Any) -> Tools:
    config = LokiConfig(f"http://127.0.0.1:{receiver.port}", tenant="team-a", **more)
    return Tools(loki_tools(config, SystemClock()))


def answers(data: Any) -> Answer:
    return body(json.dumps({"status": "success", "data": data}).encode())


def streams(*entries: tuple[str, int, str]) -> Answer:
    """One stream per app, each with its lines."""
    result: dict[str, list[list[str]]] = {}
    for app, seconds, line in entries:
        result.setdefault(app, []).append([str(NOON + seconds * SECOND), line])
    shown = [{"stream": {"app": app}, "values": values} for app, values in result.items()]
    return answers({"resultType": "streams", "result": shown, "stats": {"summary": {"lots": "of noise"}}})


def sent(receiver: Receiver) -> tuple[str, dict[str, list[str]]]:
    url = urlsplit(receiver.arrived[-1].path)
    return url.path, parse_qs(url.query)


async def test_lines_of_all_streams_come_newest_first(receiver: Receiver) -> None:
    receiver.answer = streams(("api", 1, "one"), ("web", 3, "three"), ("api", 2, "two"))
    answer = await of(receiver)(
        "loki_query_range", query='{app=~".+"}', start="2026-01-31T12:00:00Z", end="2026-01-31T13:00:00Z", limit=50
    )
    assert answer.data == {
        "start": "2026-01-31T12:00:00Z",
        "end": "2026-01-31T13:00:00Z",
        "total": 3,
        "truncated": False,
        "streams": [{"app": "web"}, {"app": "api"}],
        "lines": [
            {"at": "2026-01-31T12:00:03Z", "stream": 0, "line": "three"},
            {"at": "2026-01-31T12:00:02Z", "stream": 1, "line": "two"},
            {"at": "2026-01-31T12:00:01Z", "stream": 1, "line": "one"},
        ],
    }
    assert answer.invocation == '{app=~".+"}'
    path, query = sent(receiver)
    assert path == "/loki/api/v1/query_range"
    assert query == {
        "query": ['{app=~".+"}'],
        "start": [str(NOON)],
        "end": [str(NOON + 3600 * SECOND)],
        "limit": ["50"],
        "direction": ["backward"],
        "step": ["13"],
    }
    assert receiver.arrived[0].headers["x-scope-orgid"] == "team-a"


async def test_lines_have_a_cap_and_so_has_each(receiver: Receiver) -> None:
    receiver.answer = streams(*(("api", second, f"{second:04}" + "x" * 96) for second in range(200)))
    by_count = await of(receiver).data("loki_query_range", query="{}", limit=10)
    assert [line["line"][:4] for line in by_count["lines"]] == [f"{n:04}" for n in range(199, 189, -1)]
    assert by_count["truncated"]
    by_size = await of(receiver, most_text=1000).data("loki_query_range", query="{}", limit=500)
    assert (len(by_size["lines"]), by_size["truncated"], by_size["total"]) == (10, True, 200)
    by_length = await of(receiver, most_line=4).data("loki_query_range", query="{}", limit=500)
    assert by_length["lines"][0]["line"] == "0199… [96 more characters]"
    assert not by_length["truncated"]


async def test_a_metric_query_gives_series(receiver: Receiver) -> None:
    values = [[1769860800, "1"], [1769860860, "2.5"]]
    receiver.answer = answers({"resultType": "matrix", "result": [{"metric": {"app": "api"}, "values": values}]})
    shown = await of(receiver).data("loki_query_range", query="rate({}[1m])", start="-1h", step="5m")
    assert shown["series"] == [{"labels": {"app": "api"}, "values": [[1769860800, 1], [1769860860, 2.5]]}]
    assert (shown["result_type"], shown["step_seconds"], sent(receiver)[1]["step"]) == ("matrix", 300, ["300"])


async def test_labels_values_and_stats(receiver: Receiver) -> None:
    receiver.answer = answers(["app", "pod"])
    assert await of(receiver).data("loki_labels") == {"total": 2, "labels": ["app", "pod"]}
    receiver.answer = answers(["a", "b", "c"])
    values = await of(receiver).data("loki_label_values", label="app", query='{pod="x"}', limit=2)
    assert values == {"label": "app", "total": 3, "values": ["a", "b"]}
    assert sent(receiver)[0] == "/loki/api/v1/label/app/values"
    assert sent(receiver)[1]["query"] == ['{pod="x"}']
    receiver.answer = body(b'{"streams":1,"chunks":2,"entries":3,"bytes":4}')
    stats = await of(receiver).data("loki_stats", query='{app="a"}')
    assert {name: stats[name] for name in ("streams", "chunks", "entries", "bytes")} == {
        "streams": 1, "chunks": 2, "entries": 3, "bytes": 4,
    }  # fmt: skip


async def test_nothing_is_no_error(receiver: Receiver) -> None:
    receiver.answer = answers({"resultType": "streams", "result": []})
    assert (await of(receiver)("loki_query_range", query="{}")).status is Status.NO_DATA
    # Loki leaves `data` out when there are no labels.
    receiver.answer = body(b'{"status":"success"}')
    assert (await of(receiver)("loki_labels")).status is Status.NO_DATA
    assert (await of(receiver)("loki_label_values", label="app")).status is Status.NO_DATA
    receiver.answer = body(b'{"streams":0,"chunks":0,"entries":0,"bytes":0}')
    assert (await of(receiver)("loki_stats", query="{}")).status is Status.NO_DATA


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        [1, None],
        [{"stream": None, "values": None}],
        [{"stream": {}, "values": [None, [], ["x", "y"], ["1"], ["9" * 40, "late"], ["5", None]]}],
    ],
)
async def test_odd_streams_do_no_harm(receiver: Receiver, result: Any) -> None:
    receiver.answer = answers({"resultType": "streams", "result": result})
    answer = await of(receiver)("loki_query_range", query="{}")
    assert answer.status in {Status.SUCCESS, Status.NO_DATA}


@pytest.mark.parametrize("stats", [b"[]", b"7", b"null"])
async def test_odd_stats_are_told(receiver: Receiver, stats: bytes) -> None:
    receiver.answer = body(stats)
    assert "not in the form of its API" in str(await of(receiver).failure("loki_stats", query="{}"))


async def test_errors_are_told_in_lokis_words(receiver: Receiver) -> None:
    receiver.answer = body(b"parse error at line 1, col 2: syntax error\n", kind="text/plain", code=400)
    error = await of(receiver).failure("loki_query_range", query="{")
    assert str(error) == "Loki answered 400: parse error at line 1, col 2: syntax error"

    async def hang(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    receiver.answer = hang
    assert "within 0.2 seconds" in str(await of(receiver, timeout=0.2).failure("loki_labels"))


async def test_arguments_are_checked(receiver: Receiver) -> None:
    tools = of(receiver)
    for name, arguments in (
        ("loki_query_range", {"query": "{}", "limit": 501}),
        ("loki_label_values", {"label": ""}),
        ("loki_label_values", {"label": ".."}),
    ):
        with pytest.raises(ValidationError):
            await tools(name, **arguments)
    assert receiver.connections == 0
