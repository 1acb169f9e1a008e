"""The parameters of an incoming webhook: what incident a URL and a body ask for.

Mistakes do not stop an incident from being declared: what cannot be used falls back to a default and is named in the
processing errors. Only a missing `title` is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents import limits
from quarterdeck.incidents.incoming.body import IncomingBody
from quarterdeck.incidents.incoming.extraction import expand, placeholders
from quarterdeck.incidents.labels import DEFAULT_KEY

FALLBACK_TITLE = "Incoming webhook incident"
DEFAULT_SEVERITY = "pending"
DEFAULT_STATUS = "active"

_TRUE = frozenset({"1", "t", "true", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "no", "off", ""})
_MAX_ERRORS = 50
_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class IncomingLabel:
    """A label to put on the incident."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class IncomingIncident:
    """What an incoming webhook asks for, every text within its limit."""

    title: str
    severity: str = DEFAULT_SEVERITY
    status: str = DEFAULT_STATUS
    is_drill: bool = False
    labels: tuple[IncomingLabel, ...] = ()
    room_prefix: str = ""
    url: str = ""
    caption: str = ""
    idempotency_key: str = ""
    """Names the delivery; empty for none."""
    wants_incident: bool = False
    """Whether the answer carries the incident."""
    errors: tuple[str, ...] = ()


Known = Callable[[str], bool]


def parse_parameters(
    parameters: Iterable[tuple[str, str]],
    body: IncomingBody,
    *,
    known_severity: Known,
    known_status: Known,
    idempotency_key: str = "",
) -> IncomingIncident:
    """What the decoded query parameters (name, value) and the body ask for.

    The first of several parameters with a name counts; of `labels`, `includes` and `include`, all do. `known_severity`
    and `known_status` say which names the organisation has. `idempotency_key` is the header, which wins over the
    parameter `dedupe`. Raises `Invalid(FIELD_INVALID)` when there is no `title` parameter, or the title or another text
    is no storable text as sent; nothing else is refused.
    """
    reader = _Reader(parameters, body)
    title = reader.title()
    label_list = tuple(reader.labels())
    return IncomingIncident(
        title=title,
        severity=reader.known("severity", DEFAULT_SEVERITY, known_severity),
        status=reader.known("status", DEFAULT_STATUS, known_status),
        is_drill=reader.drill(),
        labels=label_list,
        room_prefix=reader.text("roomprefix", limits.ROOM_PREFIX),
        url=reader.url(),
        caption=reader.text("caption", limits.CAPTION),
        idempotency_key=reader.idempotency_key(idempotency_key),
        wants_incident=reader.wants_incident(),
        errors=reader.all_errors(),
    )


def split_labels(template: str) -> list[str]:
    """The entries of a comma list, split only outside `{{ }}`, so that data from the body cannot add any."""
    return list(_split(template, ","))


class _Reader:
    def __init__(self, parameters: Iterable[tuple[str, str]], body: IncomingBody) -> None:
        self.values: dict[str, list[str]] = {}
        for name, value in parameters:
            self.values.setdefault(name, []).append(value)
        self.body = body
        self.errors: list[str] = []

    def text(self, name: str, limit: int) -> str:
        return self._expanded(name, self.values.get(name, [""])[0], limit)

    def title(self) -> str:
        if "title" not in self.values:
            why = "the parameter 'title' is missing; the incident's title is needed"
            violation = FieldViolation("title", why)
            raise Invalid(Reason.FIELD_INVALID, why, violations=(violation,), metadata={"field": "title"})
        title = self.text("title", limits.TITLE)
        if title and not title.isspace():
            return title
        self._report(f"title: came out empty, {FALLBACK_TITLE!r} was used")
        return FALLBACK_TITLE

    def known(self, name: str, default: str, is_known: Known) -> str:
        given = self.text(name, limits.NAME).strip()
        if not given or is_known(given):
            return given or default
        self._report(f"{name}: {_shown(given)} is unknown, {default!r} was used")
        return default

    def drill(self) -> bool:
        given = self.text("drill", limits.NAME).strip().lower()
        if given not in _TRUE | _FALSE:
            self._report(f"drill: {_shown(given)} is neither true nor false, false was used")
        return given in _TRUE

    def url(self) -> str:
        given = self.text("url", limits.URL + 1).strip()
        if not given or (len(given) <= limits.URL and limits.is_web_url(given)):
            return given
        self._report(f"url: {_shown(given)} is not a http or https URL of at most {limits.URL} characters")
        return ""

    def labels(self) -> Iterator[IncomingLabel]:
        entries = [entry for value in self.values.get("labels", ()) for entry in split_labels(value)]
        found: dict[IncomingLabel, None] = {}
        for entry in filter(str.strip, entries):
            if len(found) == limits.LABELS_PER_INCIDENT:
                self._report(f"labels: more than {limits.LABELS_PER_INCIDENT}, the rest was left out")
                break
            if label := self._label(entry.strip()):
                found[label] = None
        yield from found

    def _label(self, entry: str) -> IncomingLabel | None:
        first, *rest = _split(entry, ":", at_most=1)
        key, value = (first, rest[0]) if rest else (DEFAULT_KEY, first)
        label = IncomingLabel(
            self._expanded("labels", key, limits.NAME).strip(),
            self._expanded("labels", value, limits.LABEL_VALUE).strip(),
        )
        if label.key and label.value:
            return label
        self._report(f"labels: {_shown(entry)} has no {'value' if label.key else 'key'} and was left out")
        return None

    def idempotency_key(self, header: str) -> str:
        if not header:
            return self.text("dedupe", limits.IDEMPOTENCY_KEY)
        if len(header) > limits.IDEMPOTENCY_KEY:
            self._report(f"Idempotency-Key: longer than {limits.IDEMPOTENCY_KEY} characters and was cut")
        return header[: limits.IDEMPOTENCY_KEY]

    def wants_incident(self) -> bool:
        asked = [*self.values.get("includes", ()), *self.values.get("include", ())]
        return any(part.strip() == "incident" for value in asked for part in value.split(","))

    def all_errors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.errors))[:_MAX_ERRORS]

    def _expanded(self, name: str, template: str, limit: int) -> str:
        limits.check_storable(name, template.replace("\0", ""))
        expansion = expand(name, template, self.body, limit=limit)
        self.errors.extend(expansion.errors)
        return expansion.text

    def _report(self, why: str) -> None:
        self.errors.append(why)


def _split(template: str, separator: str, *, at_most: int = -1) -> Iterator[str]:
    """The parts of a text between separators that are in no placeholder."""
    begin = 0
    for at in _outside(template, separator):
        if at_most == 0:
            break
        yield template[begin:at]
        begin = at + 1
        at_most -= 1
    yield template[begin:]


def _outside(template: str, separator: str) -> Iterator[int]:
    end = 0
    for start, stop in (*placeholders(template), (len(template), len(template))):
        at = template.find(separator, end, start)
        while at >= 0:
            yield at
            at = template.find(separator, at + 1, start)
        end = stop


def _shown(text: str) -> str:
    return repr(text) if len(text) <= _QUOTED_IN_ERRORS else repr(text[:_QUOTED_IN_ERRORS]) + "…"
