"""The page for developers, used as a person does."""

from __future__ import annotations

import json
import os
import re
import subprocess

from playwright.async_api import Page, expect

from tests.running_server import RunningServer


async def choose(page: Page, example: str) -> None:
    await page.get_by_label("Example").select_option(example)


async def send(page: Page, status: str = "200") -> str:
    """The answer's text."""
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status")).to_contain_text(status)
    return await page.locator("#answer pre").inner_text()


async def test_asks_and_watches(page: Page, server: RunningServer) -> None:
    await page.goto("/docs")
    assert page.url.endswith("/developers")
    await choose(page, "Grafana Assistant: ask, in a new chat")
    await send(page, "401")
    await page.get_by_label("Token").fill(server.token)
    chat = json.loads(await send(page))["data"]["chatId"]

    await choose(page, "Grafana Assistant: a chat's events")
    path = page.locator("#path")
    await path.fill((await path.input_value()).replace("CHAT_ID", chat))
    await page.get_by_role("button", name="Send").click()
    records = page.locator(".record")
    await expect(records.filter(has_text="AGENT_EXECUTION_COMPLETED")).to_have_count(1)
    names = [await each.inner_text() for each in await records.locator("b").all()]
    assert all(re.fullmatch(r"(MESSAGE|AGENT)_[A-Z_]+ · \d+", name) for name in names), names
    stop = page.get_by_role("button", name="Stop")
    await expect(stop).to_be_enabled()
    await stop.click()
    await expect(page.get_by_role("status")).to_have_text("stopped")


async def test_a_stream_to_its_end(page: Page, server: RunningServer) -> None:
    await page.goto("/developers")
    await page.get_by_label("Token").fill(server.token)
    await choose(page, "HolmesGPT: ask, as a stream")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status")).to_have_text("200 OK, and the stream has ended")
    names = [await each.inner_text() for each in await page.locator(".record b").all()]
    assert names[-1] == "ai_answer_end"
    assert "start_tool_calling" in names
    await expect(page.get_by_role("button", name="Stop")).to_be_disabled()


async def test_what_it_copies_works_in_a_shell(page: Page, server: RunningServer) -> None:
    await page.goto("/developers")
    await page.get_by_label("Token").fill(server.token)
    await choose(page, "HolmesGPT: ask")
    await page.locator("#body").fill(json.dumps({"ask": 'what\'s open? "incidents" $HOME `id`'}))
    await page.get_by_role("button", name="Copy as curl").click()
    await expect(page.get_by_role("status")).to_contain_text("copied")
    command = await page.evaluate("navigator.clipboard.readText()")
    assert server.token not in command
    environment = {**os.environ, "QUARTERDECK_TOKEN": server.token}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)  # noqa: ASYNC221
    answer = json.loads(done.stdout)
    asked = next(each["content"] for each in answer["conversation_history"] if each["role"] == "user")
    assert 'what\'s open? "incidents" $HOME `id`' in asked


async def test_what_an_answer_says_is_text(page: Page, server: RunningServer) -> None:
    """Markup in an answer, as in an incident's title, is shown and does nothing."""
    await page.goto("/developers")
    await page.get_by_label("Token").fill(server.token)
    await choose(page, "HolmesGPT: ask")
    await page.locator("#body").fill(json.dumps({"ask": "<img src=x onerror=\"document.title='owned'\">"}))
    assert "<img src=x" in await send(page)
    assert await page.title() == "Quarterdeck for developers"
    assert await page.locator("#answer img").count() == 0
