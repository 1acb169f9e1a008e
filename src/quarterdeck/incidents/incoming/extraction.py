"""Values out of an incoming webhook's body: `{{ .path }}` in a parameter of its URL.

    {{ .title }}   {{ .alerts[0].labels.alertname }}   {{ .labels["a.b"] }}   {{ . }}

No functions, filters or conditions, and what is inserted is never expanded again. Hosted has something alike whose
syntax is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from quarterdeck.incidents.incoming.body import IncomingBody, JsonValue, inserted_text

# Every repetition has a bound, so that a parameter full of openings costs linear time.
_NAME = r'[^\s.\[\]{}"]{1,256}'
_QUOTED_NAME = r'"(?:[^"\\]|\\.){0,256}"'
_STEP = rf"\.{_NAME}|\.?\[\s{{0,8}}(?:\d{{1,9}}|{_QUOTED_NAME})\s{{0,8}}\]"
_PLACEHOLDER = re.compile(rf"\{{\{{\s{{0,64}}(?P<path>(?=\.)(?:{_STEP}){{1,32}}|\.)\s{{0,64}}\}}\}}", re.DOTALL)
_ONE_STEP = re.compile(
    rf"\.(?P<name>{_NAME})|\.?\[\s*(?:(?P<index>\d{{1,9}})|(?P<quoted>{_QUOTED_NAME}))\s*\]", re.DOTALL
)
_OPENING = "{{"
_MAX_ERRORS = 20
_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class Expansion:
    """A parameter's value with everything inserted, and what went wrong on the way."""

    text: str
    errors: tuple[str, ...] = ()


class _Missing:
    """What a path leads to that leads nowhere."""


_MISSING = _Missing()


def expand(parameter: str, template: str, body: IncomingBody, *, limit: int) -> Expansion:
    """The value of a parameter. Never raises and takes linear time, whatever the template and the body are.

    A path that is not found, or any path when the body is no JSON, inserts nothing; `{{` without a valid path and `}}`
    stays; a result of more than `limit` characters is cut to them; NUL becomes U+FFFD. Each adds an error that names
    the parameter, at most 20 in all.
    """
    expander = _Expander(parameter, body)
    text = expander.expand(template, limit)
    return Expansion(text, tuple(dict.fromkeys(expander.errors)))


def placeholders(template: str) -> Iterator[tuple[int, int]]:
    """Where valid placeholders begin and end."""
    at = template.find(_OPENING)
    while at >= 0:
        found = _PLACEHOLDER.match(template, at)
        if found:
            yield found.span()
        at = template.find(_OPENING, found.end() if found else at + len(_OPENING))


class _Expander:
    def __init__(self, parameter: str, body: IncomingBody) -> None:
        self.parameter = parameter
        self.body = body
        self.errors: list[str] = []
        self._values: dict[str, str] = {}

    def expand(self, template: str, limit: int) -> str:
        pieces: list[str] = []
        length = 0
        for piece in self._pieces(template):
            pieces.append(piece)
            length += len(piece)
            # A short placeholder can stand for a whole body; without this, thousands of them would fill the memory.
            if length > limit:
                self._report(f"the result is longer than {limit} characters and was cut")
                break
        text = "".join(pieces)[:limit]
        if "\0" in text:
            self._report("the result contains a NUL character, which was replaced")
            text = text.replace("\0", "\ufffd")
        return text

    def _pieces(self, template: str) -> Iterator[str]:
        end = 0
        for start, stop in placeholders(template):
            yield self._literal(template[end:start])
            yield self._value(template[start:stop])
            end = stop
        yield self._literal(template[end:])

    def _literal(self, text: str) -> str:
        if _OPENING in text:
            at = text.index(_OPENING)
            self._report(f"{text[at : at + _QUOTED_IN_ERRORS]!r} is no {{{{ .path }}}} and was left as it is")
        return text

    def _value(self, placeholder: str) -> str:
        if placeholder not in self._values:
            self._values[placeholder] = self._looked_up(placeholder)
        return self._values[placeholder]

    def _looked_up(self, placeholder: str) -> str:
        path = placeholder[2:-2].strip()
        if not self.body.is_json:
            self._report(f"path {_shown(path)} inserts nothing, because the body is not JSON")
            return ""
        value = _follow(path, self.body.document)
        if isinstance(value, _Missing):
            self._report(f"path {_shown(path)} is not in the body")
            return ""
        return inserted_text(value)

    def _report(self, why: str) -> None:
        if len(self.errors) < _MAX_ERRORS:
            self.errors.append(f"{self.parameter}: {why}")


def _follow(path: str, document: JsonValue) -> JsonValue | _Missing:
    value: JsonValue | _Missing = document
    for step in _ONE_STEP.finditer(path):
        if step["index"] is not None:
            value = _item(value, int(step["index"]))
        else:
            value = _member(value, step["name"] if step["name"] is not None else _unquoted(step["quoted"]))
    return value


def _item(value: JsonValue | _Missing, index: int) -> JsonValue | _Missing:
    if isinstance(value, Sequence) and not isinstance(value, str) and index < len(value):
        found: JsonValue = value[index]
        return found
    return _MISSING


def _member(value: JsonValue | _Missing, name: str | None) -> JsonValue | _Missing:
    if isinstance(value, Mapping) and name is not None:
        found: JsonValue | _Missing = value.get(name, _MISSING)
        return found
    return _MISSING


def _unquoted(literal: str) -> str | None:
    """A quoted name is a JSON string; None for one that is not, which no member can be called."""
    try:
        name = orjson.loads(literal)
    except orjson.JSONDecodeError:
        return None
    return name if isinstance(name, str) else None


def _shown(path: str) -> str:
    return repr(path) if len(path) <= _QUOTED_IN_ERRORS else repr(path[:_QUOTED_IN_ERRORS]) + "…"
