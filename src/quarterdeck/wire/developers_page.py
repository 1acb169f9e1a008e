"""`/developers`: a static page to try the HTTP APIs, with their streams shown record by record. `/docs` leads to it.

The page holds no secret and needs none to be read. Its policy lets this one script and this one style work, and lets
requests go to this server only.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from quarterdeck.wire.http import Page, PageAnswer

PATH = "/developers"
OLDER_PATH = "/docs"
"""Where HolmesGPT's clients look."""


def developers_pages() -> dict[str, Page]:
    """The pages by their paths."""
    text = (files(__package__) / "developers.html").read_text(encoding="utf-8")
    headers = (
        ("content-security-policy", _policy(text)),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    )

    async def page() -> PageAnswer:
        return PageAnswer(200, "text/html; charset=utf-8", text.encode(), headers)

    async def moved() -> PageAnswer:
        return PageAnswer(307, "text/plain; charset=utf-8", f"see {PATH}\n".encode(), (("location", PATH),))

    return {PATH: page, OLDER_PATH: moved}


def _policy(text: str) -> str:
    return (
        f"default-src 'none'; script-src {_hash_of('script', text)}; style-src {_hash_of('style', text)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash_of(element: str, text: str) -> str:
    match = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
    assert match is not None  # noqa: S101 - the page is ours
    return f"'sha256-{base64.b64encode(hashlib.sha256(match[1].encode()).digest()).decode()}'"
