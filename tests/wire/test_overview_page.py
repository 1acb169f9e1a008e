"""The page that links to an incident lead to."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from quarterdeck.errors import NotFound, Reason, Unauthenticated
from quarterdeck.identity.call import CallContext, Caller, Role
from quarterdeck.wire.overview_page import OverviewPages

PATH = "/a/grafana-irm-app/incidents/7/checkout-is-down"


class Tokens:
    """The role is the token."""

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        role = headers.get("authorization", "").removeprefix("Bearer ")
        if not role:
            raise Unauthenticated(Reason.CREDENTIALS_MISSING, "no credentials")
        return Caller("t", "sa", role, Role[role.upper()], "tok")

    def recall(self, headers: Mapping[str, str]) -> Caller | None:
        raise AssertionError(headers)


async def text(incident_id: str, call: CallContext) -> str:
    if incident_id != "7":
        raise NotFound(Reason.INCIDENT_NOT_FOUND, f"no incident has the id {incident_id}")
    return f"# Review <script>alert(1)</script>\n\nseen by {call.caller.account_name}\n"


PAGES = OverviewPages(Tokens(), text)


async def get(path: str, token: str = "viewer", verb: str = "GET") -> httpx.Response:
    async def application(scope, receive, send):
        assert PAGES.serves(scope["path"])
        await PAGES.handle(scope, receive, send, "request-1")

    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        return await client.request(verb, path, headers={"authorization": f"Bearer {token}"} if token else {})


async def test_a_viewer_reads_the_text_and_nothing_of_it_is_markup():
    answer = await get(PATH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "seen by viewer" in answer.text
    assert "<script" not in answer.text
    assert "<title>Review &lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    ("path", "token", "verb", "status"),
    [
        pytest.param(PATH, "", "GET", 401, id="a browser is asked for a token"),
        pytest.param(PATH, "collector", "GET", 403, id="collectors do not read incidents"),
        pytest.param("/a/grafana-incident-app/incidents/8/", "viewer", "GET", 404, id="no such incident"),
        pytest.param(PATH, "viewer", "POST", 405, id="nothing is sent here"),
        pytest.param("/a/grafana-irm-app/incidents/7", "viewer", "HEAD", 200, id="without a slug"),
    ],
)
async def test_what_is_answered(path: str, token: str, verb: str, status: int):
    answer = await get(path, token, verb)
    assert answer.status_code == status
    assert answer.headers["x-request-id"] == "request-1"
    assert (status == 401) == ("www-authenticate" in answer.headers)


@pytest.mark.parametrize("path", ["/a/other/incidents/7", "/a/grafana-irm-app/incidents/x", "/a/grafana-irm-app"])
def test_other_paths_are_not_ours(path: str):
    assert not PAGES.serves(path)
