"""The Alertmanager tools against a real Alertmanager."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from quarterdeck.assistant.tools.alertmanager import AlertmanagerConfig, alertmanager_tools, read_matcher
from quarterdeck.assistant.tools.tool import Status, ToolFailed
from quarterdeck.clock import SystemClock
from quarterdeck.identity.call import Role
from tests.services.assistant.prometheus_server import running_alertmanager
from tests.services.assistant.test_prometheus_tools import Tools, body
from tests.services.incidents.test_alertmanager import ALERTMANAGER
from tests.services.incidents.webhook_house import Receiver

needs_alertmanager = pytest.mark.skipif(
    ALERTMANAGER is None, reason="no Alertmanager: apt-get install prometheus-alertmanager"
)


@pytest.fixture(scope="session")
def alertmanager_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_alertmanager(tmp_path_factory.mktemp("alertmanager")) as url:
        yield url


@pytest.fixture
def tools(alertmanager_url: str) -> Tools:
    return Tools(alertmanager_tools(AlertmanagerConfig(alertmanager_url), SystemClock()))


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as listening:
        yield listening


def fire(url: str, name: str, instance: str) -> None:
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": name, "instance": instance},
        "annotations": {"summary": f"{instance} is ill"},
        "startsAt": (now - timedelta(minutes=1)).isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
    }
    httpx.post(f"{url}/api/v2/alerts", json=[alert], timeout=10, trust_env=False).raise_for_status()


@needs_alertmanager
async def test_alerts_and_groups(tools: Tools, alertmanager_url: str) -> None:
    fire(alertmanager_url, "DiskFull", "db-1")
    fire(alertmanager_url, "DiskFull", "db-2")
    answer = await tools("alertmanager_alerts", matchers=["alertname=DiskFull", 'instance=~"db-.*"'])
    assert answer.data["total"] == 2
    assert {each["labels"]["instance"] for each in answer.data["alerts"]} == {"db-1", "db-2"}
    assert answer.data["alerts"][0]["annotations"]["summary"].endswith("is ill")
    assert answer.data["alerts"][0]["receivers"] == ["nobody"]
    assert answer.invocation.startswith("/api/v2/alerts?filter=alertname%3D%22DiskFull%22")
    (group,) = (await tools.data("alertmanager_groups", matchers=['alertname="DiskFull"']))["groups"]
    assert (group["labels"], group["receiver"], group["total"]) == ({"alertname": "DiskFull"}, "nobody", 2)
    assert (await tools("alertmanager_alerts", matchers=['alertname="Other"'])).status is Status.NO_DATA


@needs_alertmanager
async def test_a_silence_is_made_listed_and_works(tools: Tools, alertmanager_url: str) -> None:
    fire(alertmanager_url, "Noisy", "web-1")
    made = await tools.data(
        "alertmanager_create_silence",
        matchers=['alertname="Noisy"', 'instance=~"web-.*"', 'job!="a \\"b\\" \\\\"'],
        duration_minutes=30,
        comment="being looked at",
    )
    (silence,) = (await tools.data("alertmanager_silences", matchers=['alertname="Noisy"']))["silences"]
    assert silence["id"] == made["silence_id"]
    assert sorted(silence["matchers"]) == sorted(made["matchers"])
    assert 'job!="a \\"b\\" \\\\"' in silence["matchers"]
    assert (silence["created_by"], silence["comment"]) == ("service_account:tester", "being looked at")
    assert silence["state"] == "active"
    (alert,) = (await tools.data("alertmanager_alerts", matchers=["alertname=Noisy"], state="suppressed"))["alerts"]
    assert alert["silenced_by"] == [made["silence_id"]]
    assert (await tools("alertmanager_alerts", matchers=["alertname=Noisy"], state="active")).status is Status.NO_DATA
    assert (await tools("alertmanager_silences", state="expired")).status is Status.NO_DATA


@needs_alertmanager
async def test_what_alertmanager_refuses_is_told(tools: Tools) -> None:
    error = await tools.failure(
        "alertmanager_create_silence", matchers=['alertname=~".*"'], duration_minutes=5, comment="everything"
    )
    assert str(error).startswith("Alertmanager answered 400: ")


def test_a_silence_needs_an_editor_and_approval() -> None:
    tools = Tools(alertmanager_tools(AlertmanagerConfig("http://a"), SystemClock())).by_name
    silence = tools.pop("alertmanager_create_silence")
    assert (silence.writes, silence.needs_approval, silence.role) == (True, True, Role.EDITOR)
    assert {(tool.writes, tool.role) for tool in tools.values()} == {(False, Role.VIEWER)}


@pytest.mark.parametrize("text", ["x", "=x", "a==b", 'a="b', "a b=c", '1a="b"', 'a="b" c', "a" * 300, ""])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ToolFailed):
        read_matcher(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a=b", 'a="b"'),
        (' a !~ "x y" ', 'a!~"x y"'),
        (r'a="\"\\\n"', r'a="\"\\\n"'),
        ("a!=", 'a!=""'),
    ],
)
def test_matchers_are_read(text: str, written: str) -> None:
    assert str(read_matcher(text)) == written


async def test_a_silence_that_was_not_answered_may_exist(receiver: Receiver) -> None:
    config = AlertmanagerConfig(f"http://127.0.0.1:{receiver.port}")
    tools = Tools(alertmanager_tools(config, SystemClock()))
    arguments = {"matchers": ["a=b"], "duration_minutes": 1, "comment": "c"}

    async def hang_up(writer: object) -> None:
        raise ConnectionError

    receiver.answer = hang_up
    error = await tools.failure("alertmanager_create_silence", **arguments)
    assert str(error).endswith("whether it did what it was asked to is not known")
    receiver.answer = body(b"{}")
    assert "without the silence's id" in str(await tools.failure("alertmanager_create_silence", **arguments))
    receiver.answer = body(b"{}")
    assert "not in the form of its API" in str(await tools.failure("alertmanager_alerts"))
