"""A chat's events in browsers: with their own EventSource, which can send no header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.running_server import RunningServer

PLUGIN = "/api/plugins/grafana-assistant-app/resources/api"

WATCH = """
({path, token}) => {
  window.records = [];
  window.opened = 0;
  window.source = new EventSource(`${path}?token=${encodeURIComponent(token)}`);
  window.source.onopen = () => { window.opened += 1; };
  window.source.onmessage = (event) => window.records.push({...JSON.parse(event.data), id: event.lastEventId});
}
"""
IS_OVER = "() => window.records.some((each) => each.type === 'AGENT_EXECUTION_COMPLETED')"


async def post(page: Page, server: RunningServer, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {server.token}"}
    answer = await page.request.post(f"{PLUGIN}/v1/{path}", headers=headers, data=body)
    assert answer.ok, await answer.text()
    found: dict[str, Any] = (await answer.json())["data"]
    return found


async def watch(page: Page, server: RunningServer, chat: str) -> None:
    token = (await post(page, server, f"chats/{chat}/stream-token", {}))["token"]
    await page.goto("/developers")
    await page.evaluate(WATCH, {"path": f"{PLUGIN}/events/chats/{chat}", "token": token})
    await page.wait_for_function("() => window.opened === 1")


def answers(records: list[dict[str, Any]]) -> list[str]:
    """The assistant's messages as they are at last, by the order in which they began."""
    said: dict[str, str] = {}
    for record in records:
        message = record["data"].get("message")
        if message is not None and message["role"] == "assistant":
            said[message["id"]] = "".join(block.get("text", "") for block in message["content"])
    return [text for text in said.values() if text]


async def test_two_browsers_watch_one_chat(page: Page, browser: Browser, server: RunningServer) -> None:
    """One from the beginning, the other one when all is said: both know the same."""
    chat = (await post(page, server, "assistant/chats", {"prompt": "How many collectors do I have?"}))["chatId"]
    await watch(page, server, chat)
    await page.wait_for_function(IS_OVER)
    second = await (await browser.new_context(base_url=server.http_url)).new_page()
    await watch(second, server, chat)
    await second.wait_for_function(IS_OVER)
    first_saw, second_saw = [await each.evaluate("() => window.records") for each in (page, second)]
    assert answers(first_saw) == answers(second_saw) != []
    assert {record["data"]["chatId"] for record in first_saw + second_saw} == {chat}

    await post(page, server, "assistant/chats", {"prompt": "Which incidents are open?", "chatId": chat})
    for each in (page, second):
        await each.wait_for_function(
            "() => window.records.filter((each) => each.type === 'AGENT_EXECUTION_COMPLETED').length === 2"
        )
    assert len(answers(await second.evaluate("() => window.records"))) == 2


async def test_a_browser_goes_on_behind_a_broken_connection(browser: Browser, tmp_path: Path) -> None:
    """The server is killed and comes back; the browser's own reconnection brings what is new, and nothing twice."""
    database = f"sqlite:///{tmp_path / 'q.db'}"
    with RunningServer.start(database, tmp_path) as first:
        port = int(first.http_url.rsplit(":", 1)[1])
        page = await (await browser.new_context(base_url=first.http_url)).new_page()
        chat = (await post(page, first, "assistant/chats", {"prompt": "How many collectors do I have?"}))["chatId"]
        await watch(page, first, chat)
        await page.wait_for_function(IS_OVER)
        before = await page.evaluate("() => window.records.length")
        first.kill()
    with RunningServer.start(database, tmp_path, port=port) as again:
        await page.wait_for_function("() => window.opened === 2")
        await post(page, again, "assistant/chats", {"prompt": "Which incidents are open?", "chatId": chat})
        await page.wait_for_function(
            "() => window.records.filter((each) => each.type === 'AGENT_EXECUTION_COMPLETED').length === 2"
        )
        records = await page.evaluate("() => window.records")
    ids = [int(record["id"]) for record in records[before:]]
    assert ids == sorted(ids)
    assert ids[0] >= int(records[before - 1]["id"])
    asked = [record for record in records if record["data"].get("message", {}).get("role") == "user"]
    assert len(asked) == len({record["data"]["message"]["id"] for record in asked}) == 2, "nothing came twice"
    assert len(answers(records)) == 2
