"""The page for developers, as a browser gets it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import httpx
import pytest

from quarterdeck.wire.developers_page import developers_pages
from tests.running_server import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("developers")
    with RunningServer.start(f"sqlite:///{folder / 'q.db'}", folder) as running:
        yield running


async def test_it_is_read_without_a_token_and_may_run_its_own_script_alone(server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.http_url) as browser:
        page = await browser.get("/developers")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        policy = page.headers["content-security-policy"]
        for element in ("script", "style"):
            (content,) = re.findall(rf"<{element}>(.*?)</{element}>", page.text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{element}-src 'sha256-{digest}'" in policy
        assert "default-src 'none'" in policy
        assert not re.search(r"<[^>]+\s(on\w+|style)=", page.text), "the policy would stop it"
        moved = await browser.get("/docs")
        assert (moved.status_code, moved.headers["location"]) == (307, "/developers")
        assert (await browser.post("/developers")).status_code == 405
        assert (await browser.head("/developers")).content == b""


async def test_its_examples_are_served(server: RunningServer) -> None:
    """Whatever an example names is a path of this server: an unknown id is not found, and nothing is unimplemented."""
    page = (await developers_pages()["/developers"]()).body.decode()
    prefix = re.search(r'const assistant = "([^"]+)"', page)
    assert prefix is not None
    examples = re.findall(r'\["[^"]+", "(\w+)", [`"]([^`"]+)[`"]', page)
    assert len(examples) > 8
    headers = {"authorization": f"Bearer {server.token}"}
    async with httpx.AsyncClient(base_url=server.http_url, headers=headers) as client:
        for verb, path in examples:
            url = path.replace("${assistant}", prefix[1])
            answer = await client.request(verb, url, json={} if verb == "POST" else None)
            assert answer.status_code in {200, 400, 404, 422}, (url, answer.text)
            assert "CHAT_ID" in url or answer.status_code != 404, (url, answer.text)
