"""What the links to an incident lead to, until there is a console: its review as a page to read.

Every client of the incident API links to `/a/grafana-irm-app/incidents/<id>/<slug>`. A browser is asked for a token, as
the password of Basic with any user name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping

from quarterdeck.errors import Forbidden, Reason
from quarterdeck.identity.call import CallContext, Role
from quarterdeck.wire.asgi import Receive, Scope, Send, accepts_gzip, header_map, respond
from quarterdeck.wire.chain import Authenticator
from quarterdeck.wire.connect import error_headers
from quarterdeck.wire.errors import to_wire, wrong_verb

_PATH = re.compile(r"/a/grafana-(?:irm|incident)-app/incidents/([0-9]{1,18})(?:/[^/]*)?/?")
_STYLE = (
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif}pre{white-space:pre-wrap}"
)

Text = Callable[[str, CallContext], Awaitable[str]]
"""The text of an incident, by its id. Raises domain errors."""


class OverviewPages:
    """An adapter of the HTTP port."""

    def __init__(self, authenticator: Authenticator, text: Text) -> None:
        self._authenticator = authenticator
        self._text = text

    def serves(self, path: str) -> bool:
        """Whether the path is the overview of an incident."""
        return _PATH.fullmatch(path) is not None

    async def handle(self, scope: Scope, _receive: Receive, send: Send, request_id: str) -> None:
        """Answer a request whose path `serves`."""
        headers = header_map(scope)
        try:
            text = await self._read(scope, headers, request_id)
        except Exception as error:  # noqa: BLE001 - the wire edge
            refusal = to_wire(error, request_id)
            page = _page("Not shown", refusal.message)
            await respond(send, refusal.status, _TYPE, page, headers=[*error_headers(refusal, request_id), *_SAFE])
            return
        page = b"" if scope["method"] == "HEAD" else _page(text.partition("\n")[0].lstrip("# "), text)
        sent = [("x-request-id", request_id), *_SAFE]
        await respond(send, 200, _TYPE, page, headers=sent, gzipped=accepts_gzip(headers))

    async def _read(self, scope: Scope, headers: Mapping[str, str], request_id: str) -> str:
        if scope["method"] not in ("GET", "HEAD"):
            raise wrong_verb(scope["method"], "GET, HEAD")
        caller = await self._authenticator.authenticate(headers)
        if caller.role < Role.VIEWER:
            raise Forbidden(Reason.ROLE_TOO_LOW, "this page needs the role viewer")
        return await self._text(_id(scope["path"]), CallContext(caller, request_id))


_TYPE = "text/html; charset=utf-8"
# Nothing on the page may run or load: its text is other people's.
_SAFE = (
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
)


def _id(path: str) -> str:
    match = _PATH.fullmatch(path)
    assert match is not None  # noqa: S101 - `serves` said so
    return match[1]


def _page(title: str, text: str) -> bytes:
    shown = f"<title>{html.escape(title)}</title><style>{_STYLE}</style><pre>{html.escape(text)}</pre>"
    return f'<!doctype html><html lang="en"><meta charset="utf-8">{shown}</html>\n'.encode()
