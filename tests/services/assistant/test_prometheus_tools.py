"""The Prometheus tools against a real Prometheus, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from quarterdeck.assistant.tools.prometheus import PrometheusConfig, prometheus_tools
from quarterdeck.assistant.tools.tool import Status, Tool, ToolAnswer, ToolContext, ToolFailed
from quarterdeck.clock import SystemClock
from quarterdeck.errors import Invalid
from quarterdeck.identity.call import CallContext, Caller, Role
from tests.services.assistant.prometheus_server import PROMETHEUS, running_prometheus
from tests.services.incidents.test_alertmanager import free_port
from tests.services.incidents.webhook_house import Answer, Receiver, hang_up, status

needs_prometheus = pytest.mark.skipif(PROMETHEUS is None, reason="no Prometheus: apt-get install prometheus")
SECRET = "s3cret-of-the-operator"


def asker(role: Role = Role.VIEWER) -> ToolContext:
    return ToolContext(CallContext(Caller("t", "sa_1", "tester", role, "tok_1"), "req"), "call_1")


def body(content: bytes, *, kind: str = "application/json", code: int = 200, length: int | None = None) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        size = len(content) if length is None else length
        writer.write(f"HTTP/1.1 {code} Because\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode())
        writer.write(content)
        await writer.drain()

    return answer


class Tools:
    """Tools by name."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self.by_name = {tool.definition.name: tool for tool in tools}

    async def __call__(self, name: str, **arguments: Any) -> ToolAnswer:
        return await self.by_name[name].run(arguments, asker())

    async def data(self, name: str, **arguments: Any) -> Any:
        answer = await self(name, **arguments)
        assert answer.status is Status.SUCCESS, answer
        json.dumps(answer.data)
        return answer.data

    async def failure(self, name: str, **arguments: Any) -> ToolFailed:
        with pytest.raises(ToolFailed) as caught:
            await self(name, **arguments)
        assert SECRET not in str(caught.value)
        return caught.value


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus")) as url:
        yield url


@pytest.fixture
def tools(prometheus_url: str) -> Tools:
    return Tools(prometheus_tools(PrometheusConfig(f"{prometheus_url}/", ui_url=prometheus_url), SystemClock()))


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as listening:
        yield listening


def of(receiver: Receiver, **more: Any) -> Tools:
    """The tools over a server that is no Prometheus."""
    config = PrometheusConfig(
        f"http://127.0.0.1:{receiver.port}/prometheus",
        headers={"X-Plain": "plain"},
        header_variables={"Authorization": "PROM_TOKEN"},
        tenant="team-a|team-b",
        **more,
    )
    return Tools(prometheus_tools(config, SystemClock(), environment={"PROM_TOKEN": f"Bearer {SECRET}"}))


@needs_prometheus
async def test_an_instant_query(tools: Tools, prometheus_url: str) -> None:
    answer = await tools("prometheus_query", query='up{job="self"}')
    (series,) = answer.data["series"]
    assert series["labels"]["job"] == "self"
    assert series["value"] == 1
    assert (answer.data["result_type"], answer.data["total"]) == ("vector", 1)
    assert answer.invocation == 'up{job="self"}'
    assert answer.url == f"{prometheus_url}/graph?g0.expr=up%7Bjob%3D%22self%22%7D&g0.tab=1"


@needs_prometheus
async def test_scalars_strings_and_range_selectors(tools: Tools) -> None:
    assert (await tools.data("prometheus_query", query="1.5"))["value"] == 1.5
    assert (await tools.data("prometheus_query", query="0/0"))["value"] == "NaN"
    assert (await tools.data("prometheus_query", query='"text"'))["value"] == "text"
    (series,) = (await tools.data("prometheus_query", query='up{job="self"}[1h]'))["series"]
    assert {value for _, value in series["values"]} <= {0, 1}


@needs_prometheus
async def test_nothing_is_no_error(tools: Tools) -> None:
    answer = await tools("prometheus_query", query="no_such_metric", time="-1h")
    assert answer.status is Status.NO_DATA
    assert "no series for no_such_metric" in answer.data


@needs_prometheus
async def test_a_query_that_is_wrong_is_told_in_prometheus_words(tools: Tools) -> None:
    error = await tools.failure("prometheus_query", query="sum(")
    assert str(error).startswith("Prometheus answered 400: ")
    assert "parse error" in str(error)
    assert (error.invocation, error.return_code) == ("sum(", 400)


@needs_prometheus
async def test_a_range_has_at_most_300_points(tools: Tools) -> None:
    data = await tools.data("prometheus_query_range", query="vector(1)", start="-7d", end="now", step="1s")
    (series,) = data["series"]
    assert 290 <= len(series["values"]) <= 300
    assert data["step_seconds"] == -(-7 * 86_400 // 299)
    wide = await tools.data("prometheus_query_range", query="vector(1)", start="-1h", step="30m")
    assert (wide["step_seconds"], len(wide["series"][0]["values"])) == (1800, 3)
    quick = await tools.data("prometheus_query_range", query="vector(1)", start="-10s")
    assert (quick["step_seconds"], len(quick["series"][0]["values"])) == (1, 11)


@needs_prometheus
async def test_times_may_be_written_in_every_form(tools: Tools) -> None:
    data = await tools.data(
        "prometheus_query_range", query="vector(1)", start="2026-01-31T12:00:00+02:00", end="1769857200", step="60"
    )
    assert (data["start"], data["end"]) == ("2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z")
    assert data["series"][0]["values"][0] == [1769853600, 1]


@needs_prometheus
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": "yesterday"}, "start: 'yesterday' is not a time"),
        ({"start": "now", "end": "-1h"}, "not after its start"),
        ({"step": "often"}, "step: 'often' is neither"),
    ],
)
async def test_ranges_that_make_no_sense(tools: Tools, arguments: dict[str, str], words: str) -> None:
    assert words in str(await tools.failure("prometheus_query_range", query="up", **arguments))


@needs_prometheus
async def test_labels_series_and_metadata(tools: Tools) -> None:
    names = await tools.data("prometheus_labels")
    assert {"__name__", "job", "instance"} <= set(names["labels"])
    jobs = await tools.data("prometheus_labels", label="job", matchers=["up"], start="-1h")
    assert (jobs["label"], jobs["values"], jobs["total"]) == ("job", ["gone", "self"], 2)
    metrics = await tools.data("prometheus_labels", label="__name__", limit=3)
    assert len(metrics["values"]) == 3 < metrics["total"]
    series = await tools.data("prometheus_series", matchers=['up{job="self"}'])
    assert [each["__name__"] for each in series["series"]] == ["up"]
    known = await tools.data("prometheus_metadata", metric="prometheus_build_info")
    assert known["metrics"][0]["type"] == "gauge"
    assert (await tools("prometheus_metadata", metric="no_such_metric")).status is Status.NO_DATA


@needs_prometheus
async def test_rules_alerts_and_targets(tools: Tools) -> None:
    rules = await tools.data("prometheus_rules")
    assert {rule["name"]: rule.get("state") for rule in rules["rules"]} == {
        "job:up:sum": None,
        "TargetGone": "firing",
        "NeverFires": "inactive",
    }
    firing = await tools.data("prometheus_rules", state="firing", type="alert")
    assert [rule["query"] for rule in firing["rules"]] == ["up == 0"]
    alerts = await tools.data("prometheus_alerts", state="firing", name_contains="targetgone")
    (alert,) = alerts["alerts"]
    assert alert["annotations"]["summary"].endswith("is gone")
    assert alert["active_at"].endswith("Z")
    (target,) = (await tools.data("prometheus_targets", health="down"))["targets"]
    assert (target["job"], "refused" in target["last_error"]) == ("gone", True)
    assert (await tools("prometheus_targets", job="other")).status is Status.NO_DATA


async def test_headers_tenant_and_path_are_sent(receiver: Receiver) -> None:
    receiver.answer = body(b'{"status":"success","data":{"resultType":"vector","result":[]}}')
    await of(receiver)("prometheus_query", query="up", time="1769857200")
    (arrived,) = receiver.arrived
    assert arrived.path == "/prometheus/api/v1/query?query=up&time=1769857200.000"
    assert arrived.headers["x-scope-orgid"] == "team-a|team-b"
    assert arrived.headers["authorization"] == f"Bearer {SECRET}"
    assert arrived.headers["x-plain"] == "plain"
    assert arrived.headers["accept-encoding"] == "identity"


async def test_the_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    receiver.answer = body(b'{"status":"success","data":["a"]}')
    assert (await of(receiver).data("prometheus_labels"))["labels"] == ["a"]


async def test_an_answer_of_50_mb_is_left_at_the_cap(receiver: Receiver) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        for _ in range(800):
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    receiver.answer = endless
    error = await of(receiver, most_bytes=100_000).failure("prometheus_query", query="up")
    assert "more than 100000 bytes" in str(error)
    assert sent < 40_000_000


async def test_a_server_that_hangs_is_given_up(receiver: Receiver) -> None:
    async def hang(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    receiver.answer = hang
    error = await of(receiver, timeout=0.2).failure("prometheus_query", query="up")
    assert str(error) == f"Prometheus at http://127.0.0.1:{receiver.port} did not answer within 0.2 seconds"
    assert error.invocation == "up"


async def test_a_server_that_trickles_is_given_up(receiver: Receiver) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    receiver.answer = trickle
    assert "within 0.3 seconds" in str(await of(receiver, timeout=0.3).failure("prometheus_query", query="up"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(body(b"<html>", kind="text/html"), "not JSON (text/html)", id="a login page"),
        pytest.param(body(b"[" * 100_000), "not JSON", id="too deep"),
        pytest.param(body(b""), "not JSON", id="empty"),
        pytest.param(body(b"[]"), "not in the form of its API", id="no envelope"),
        pytest.param(body(b'{"status":"success","data":7}'), "not in the form of its API", id="other data"),
        pytest.param(body(b'{"status":"error","error":"it is ill"}'), "it is ill", id="an error with 200"),
        pytest.param(body(b"no org id", kind="text/plain", code=401), "answered 401: no org id", id="refused"),
        pytest.param(body(b"<h1>x</h1>", kind="text/html", code=502), "Prometheus answered 502", id="a gateway's page"),
        pytest.param(body(b'{"error":"' + b"x" * 5000 + b'"}', code=500), "answered 500: xxx", id="a long error"),
        pytest.param(body(b'{"status"', length=100), "did not answer", id="cut off"),
        pytest.param(hang_up, "closed the connection", id="hangs up"),
        pytest.param(
            status(302, "Location: http://evil.example/x"), "redirects to http://evil.example", id="elsewhere"
        ),
        pytest.param(status(302, "Location: /again"), "redirects more than 3 times", id="in circles"),
        pytest.param(status(200, "Content-Encoding: gzip"), "compresses its answer", id="a bomb, perhaps"),
        pytest.param(body(f'{{"error":"bad {SECRET}"}}'.encode(), code=401), "bad [REDACTED]", id="repeats the secret"),
    ],
)
async def test_what_misbehaves_is_told(receiver: Receiver, answer: Answer, words: str) -> None:
    receiver.answer = answer
    error = await of(receiver, timeout=2).failure("prometheus_query", query="up")
    assert words in str(error)
    assert error.invocation == "up"
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    "result",
    [
        b'[{"metric":null,"value":null}]',
        b'[{"metric":{},"value":[1]}]',
        b'[1,null,"x",{"values":[null,[1],[1,"2"]]}]',
        b'{"a":1}',
        b"null",
    ],
)
async def test_odd_samples_do_no_harm(receiver: Receiver, result: bytes) -> None:
    receiver.answer = body(b'{"status":"success","data":{"resultType":"vector","result":%b}}' % result)
    assert (await of(receiver)("prometheus_query", query="up")).status in {Status.SUCCESS, Status.NO_DATA}


async def test_many_series_are_cut_and_counted(receiver: Receiver) -> None:
    series = [{"metric": {"n": str(n)}, "values": [[1, "1"]] * 300} for n in range(500)]
    data = {"status": "success", "data": {"resultType": "matrix", "result": series}, "warnings": ["partial"]}
    receiver.answer = body(json.dumps(data).encode())
    shown = await of(receiver).data("prometheus_query_range", query="up")
    assert (shown["total"], len(shown["series"]), shown["warnings"]) == (500, 20, ["partial"])


async def test_a_server_that_is_not_there() -> None:
    port = free_port()
    tools = Tools(prometheus_tools(PrometheusConfig(f"http://127.0.0.1:{port}"), SystemClock()))
    assert str(await tools.failure("prometheus_query", query="up")) == (
        f"Prometheus at http://127.0.0.1:{port} refuses connections"
    )


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(PrometheusConfig("prometheus:9090"), id="no scheme"),
        pytest.param(PrometheusConfig("file:///etc/passwd"), id="no http"),
        pytest.param(PrometheusConfig(f"http://user:{SECRET}@prometheus"), id="credentials in the URL"),
        pytest.param(PrometheusConfig("http://p?x=1"), id="a query"),
        pytest.param(PrometheusConfig("http://p", header_variables={"Authorization": "NOT_SET"}), id="not set"),
        pytest.param(PrometheusConfig("http://p", headers={"A\r\nB": "x"}), id="header name"),
        pytest.param(PrometheusConfig("http://p", headers={"A": f"{SECRET}\r\nB: x"}), id="header value"),
        pytest.param(PrometheusConfig("http://p", headers={"Host": "x"}), id="a header of the client"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(config: PrometheusConfig) -> None:
    with pytest.raises(Invalid) as caught:
        prometheus_tools(config, SystemClock(), environment={})
    assert SECRET not in str(caught.value)


async def test_arguments_are_checked(receiver: Receiver) -> None:
    tools = of(receiver)
    for name, arguments in (
        ("prometheus_query", {}),
        ("prometheus_query", {"query": "x" * 9000}),
        ("prometheus_query", {"query": "up", "other": 1}),
        ("prometheus_labels", {"label": ".."}),
        ("prometheus_labels", {"label": "a/b"}),
        ("prometheus_series", {"matchers": []}),
    ):
        with pytest.raises(ValidationError):
            await tools(name, **arguments)
    assert receiver.connections == 0


async def test_secrets_are_not_in_what_may_be_printed(receiver: Receiver) -> None:
    tools = of(receiver)
    assert SECRET not in repr(list(tools.by_name.values()))
    assert SECRET not in repr(PrometheusConfig("http://p", headers={"Authorization": SECRET}))


def test_all_only_read() -> None:
    tools = prometheus_tools(PrometheusConfig("http://p"), SystemClock())
    assert {(tool.writes, tool.needs_approval, tool.role, tool.toolset) for tool in tools} == {
        (False, False, Role.VIEWER, "prometheus")
    }
