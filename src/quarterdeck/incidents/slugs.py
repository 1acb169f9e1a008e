"""Slugs: the readable end of a URL, and the name of a status for machines."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count
from urllib.parse import quote

# An underscore is a word character to `re`, but no letter or digit.
_SEPARATORS = re.compile(r"[\W_]+")
_NAMELESS = "incident"


def slug(text: str) -> str:
    """Lower case, every run of characters that are neither letters nor digits becomes one dash, none at the ends.

    Letters of any script stay, so that names that share no ASCII letter do not all become the same; empty for text
    without a letter or digit. A slug is its own slug.
    """
    return _SEPARATORS.sub("-", text.lower()).strip("-")


def unique_slug(text: str, taken: Collection[str], *, fallback: str) -> str:
    """The slug of `text`, with `-2`, `-3` … behind it when it is taken; `fallback` in place of an empty one."""
    plain = slug(text) or fallback
    if plain not in taken:
        return plain
    return next(candidate for number in count(2) if (candidate := f"{plain}-{number}") not in taken)


def overview_url(incident_id: int, title_slug: str) -> str:
    """Where people read an incident, relative to the server, percent-encoded."""
    return f"/a/grafana-irm-app/incidents/{incident_id}/{quote(title_slug or _NAMELESS, safe='')}"
