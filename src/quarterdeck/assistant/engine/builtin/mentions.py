"""What a question names: incidents, pipelines, collectors, revisions, matchers, and times.

Names are found first and then hidden, so that a pipeline called `errors` is not taken for a question about errors. The
patterns have no nested repetition: what they cost grows with the length of the question alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from quarterdeck.assistant.engine.builtin import times
from quarterdeck.assistant.engine.builtin.ordinary_words import ORDINARY, SIGNALS

HOUR: Final = 3600
_APOSTROPHES: Final = {0x2018: "'", 0x2019: "'"}
MOST_LOOKED_AT: Final = 4000
"""Characters of a question."""

_NAME: Final = (
    r"""(?:"([^"\n]{1,300})"|`([^`\n]{1,300})`|'([^'\n]{1,300})'(?!\w)|“([^”\n]{1,300})”"""
    r"""|([^\s"'`“”?,;!()<>\[\]{}=]{1,300}))"""
)

_START: Final = r"(?<![^\s(\[,;>])"
"""Where a name can begin: without this every character of a long word would be tried."""

_KINDS: Final = {
    kind: (
        re.compile(
            rf"\b{kind}(s?)(?:\s+(?:named|called|with\s+(?:the\s+)?(?:id|name)|id|name|number))?(?:\s*[:#]\s*|\s+){_NAME}",
            re.IGNORECASE,
        ),
        re.compile(rf"{_START}{_NAME}(?:'s)?\s+{kind}(s?)\b", re.IGNORECASE),
    )
    for kind in ("pipeline", "collector")
}
_ANY: Final = re.compile(r"\b(?:an?|any|all|each|every|no|some|what|which)\s+$", re.IGNORECASE)
_THE_SIGNAL: Final = re.compile(rf"\bthe\s+({'|'.join(sorted(SIGNALS))})\s+pipeline\b", re.IGNORECASE)
_INCIDENT: Final = re.compile(
    r"\binc(?:idents?)?(?:[\s-]*(?:number|no\.?|nr\.?|id|with\s+(?:the\s+)?id))?[\s:#\"'`-]*(\d{1,18})\b", re.IGNORECASE
)
_NUMBER_SIGN: Final = re.compile(r"(?<![\w#])#(\d{1,18})\b")
_REVISION: Final = re.compile(r"\b(?:revisions?|rev\.?|versions?)[\s:#\"'`]*(\d{1,18})\b", re.IGNORECASE)
_BACK_TO: Final = re.compile(r"\bto[\s#\"'`]+(\d{1,18})\b", re.IGNORECASE)
_MATCHER: Final = re.compile(
    r"""[A-Za-z_][\w.]{0,100}\s{0,3}(?:=~|!~|!=|=(?!=))\s{0,3}(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'|[^\s,"'`?;{}()]{1,200})"""
)
_QUOTED: Final = re.compile(r"""(?<!\w)(?:"[^"\n]{1,300}"|`[^`\n]{1,300}`|'[^'\n]{1,300}'(?!\w)|“[^”\n]{1,300}”)""")

_THE: Final = r"(?:(?:the|our|my|this|that)\s+)?"
_WHAT: Final = (
    r"(?:(?:service|job|app|application|host|node|pod|deployment|workload|namespace|instance|server|machine|cluster|team)"
    r"\s+)?"
)
_DOES: Final = r"(?:did|does|do|is|are|was|were|has|have|had|can't|cannot|can|isn't|doesn't|didn't|won't|hasn't)"
_FAILS: Final = (
    r"(?:stopped|stops|isn't|doesn't|has\s+(?:no|stopped)|sends?\s+no|no\s+longer"
    r"|(?:is|does|did)\s+(?:not|down|silent|gone))"
)
_SOMETHING: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:wrong|going\s+on|happen\w+|up|problems?|issues?|trouble|matter)\s+(?:with|to|in|at|on)\s+{_THE}{_WHAT}{_NAME}",
        rf"\b(?:state|status|health)\s+of\s+{_THE}{_WHAT}{_NAME}",
        rf"\b(?:tell\s+me|what)\s+about\s+{_THE}{_WHAT}{_NAME}",
        rf"\bwhy\s+{_DOES}\s+(?:not\s+)?{_THE}{_WHAT}{_NAME}",
        rf"\b(?:investigate|diagnose|debug|troubleshoot|look\s+into|analy[sz]e)\s+{_THE}{_WHAT}{_NAME}",
        rf"\b(?:metrics|logs|traces|profiles|data|telemetry|samples|series)\s+(?:of|from|for)\s+{_THE}{_WHAT}{_NAME}",
        rf"{_START}{_NAME}\s+{_FAILS}\b",
    )
)

_RANKED: Final = re.compile(
    r"\b(?:rank\w*|sort\w*|order(?:ed)?\s+by|by\s+(?:the\s+)?(?:number\s+of\s+|count\s+of\s+|how\s+many\s+)?(?:affected|impacted)"
    r"|biggest|largest|widest|most\s+(?:\w+\s+)?(?:affect\w*|impact\w*|collectors))\b|\bblast\s+radius\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """A question, and what it names. Names are as they were written, without quotes."""

    whole: str

    @cached_property
    def text(self) -> str:
        """What is looked at: its beginning, for questions are short. Orders take their texts from the whole."""
        return self.whole[:MOST_LOOKED_AT].translate(_APOSTROPHES)

    @cached_property
    def incident(self) -> str:
        """An incident's id, or ""."""
        match = _INCIDENT.search(self.text)
        if match is None and not self.pipeline and not self.collector:
            match = _NUMBER_SIGN.search(self.text)
        return match[1] if match is not None else ""

    @cached_property
    def pipeline(self) -> str:
        """A pipeline's name or id, or ""."""
        return self._thing("pipeline")[0]

    @cached_property
    def with_a_blank(self) -> str:
        """The whole with `_` where the pipeline's name stands, which may be any."""
        start, end = self._thing("pipeline")[1]
        blanked = f"{self.text[:start]}_{self.text[end:]}" if self.pipeline else self.text
        return blanked + self.whole[MOST_LOOKED_AT:]

    @cached_property
    def collector(self) -> str:
        """A collector's name or id, or ""."""
        return self._thing("collector")[0]

    @cached_property
    def revision(self) -> str:
        """A revision's id, or ""."""
        match = _REVISION.search(self.text)
        return match[1] if match is not None else ""

    @cached_property
    def target_revision(self) -> str:
        """The revision that somebody wants to go back to: `to revision 3`, `to 3`."""
        if self.revision:
            return self.revision
        matches = list(_BACK_TO.finditer(self.text))
        return matches[-1][1] if matches else ""

    @cached_property
    def matchers(self) -> list[str]:
        """The matchers in it, as they were written."""
        return [match[0].strip().rstrip(".") for match in _MATCHER.finditer(self.text)]

    @cached_property
    def something(self) -> str:
        """What may be a service, a host, a collector or a pipeline: the question does not say which. Or ""."""
        for pattern in _SOMETHING:
            for match in pattern.finditer(self.text):
                name, quoted = _name_in(match)
                if quoted or _is_name(name):
                    return name
        phrase = _QUOTED.search(self.text)
        return phrase[0][1:-1].strip() if phrase is not None else ""

    @cached_property
    def words(self) -> str:
        """The question without the names in it."""
        spans = [match.span() for pattern in (_MATCHER, _QUOTED) for match in pattern.finditer(self.text)]
        spans += [span for kind in _KINDS if (span := self._thing(kind)[1])[1] > 0]
        if not self.pipeline and not self.collector and self.something:
            at = self.text.find(self.something)
            spans.append((at, at + len(self.something)))
        letters = list(self.text)
        for start, end in spans:
            letters[start:end] = "_" * (end - start)
        return "".join(letters)

    @cached_property
    def is_ranked(self) -> bool:
        """Whether changes are to be sorted by how many collectors they reach."""
        return _RANKED.search(self.words) is not None

    @cached_property
    def window(self) -> tuple[str, str] | None:
        """The time that it is about, as `since` and `until` of tools; None when it says nothing."""
        read = times.window(self.text, self.words)
        return None if read is None else read.window

    @cached_property
    def seconds_before(self) -> int:
        """How long before an incident: an hour when it does not say."""
        read = times.before(self.words)
        return HOUR if read is None else read[0]

    def has_a_time_left(self, *, before: bool = False, within: bool = False) -> bool:
        """Whether it says a time that was not understood, for an answer that goes by the time before or within."""
        spans: tuple[tuple[int, int], ...] = ()
        if before and (found := times.before(self.words)) is not None:
            spans = (found[1],)
        if within and (read := times.window(self.text, self.words)) is not None:
            spans = read.spans
        return times.is_left(self.words, spans)

    def _thing(self, kind: str) -> tuple[str, tuple[int, int]]:
        """The name behind or before the word for its kind, and where it stands."""
        forward, reverse = _KINDS[kind]
        for match in forward.finditer(self.text):
            name, quoted = _name_in(match, skip=1)
            if quoted or (_is_distinctive(name) if match[1] else _is_name(name)):
                return name, _span(match, 2)
            # `any pipeline errors` asks for errors.
            is_signal = kind == "pipeline" and not match[1] and name.casefold() in SIGNALS
            if is_signal and _ANY.search(self.text[max(0, match.start() - 20) : match.start()]) is None:
                return name, _span(match, 2)
        for match in reverse.finditer(self.text):
            name, quoted = _name_in(match, drop=1)
            if quoted or (not match[match.re.groups] and _is_name(name)):
                return name, _span(match, 1)
        the_signal = _THE_SIGNAL.search(self.text) if kind == "pipeline" else None
        if the_signal is not None:
            return the_signal[1], the_signal.span(1)
        return "", (0, 0)


def _name_in(match: re.Match[str], *, skip: int = 0, drop: int = 0) -> tuple[str, bool]:
    """The name that one of the last five groups holds, and whether it stood in quotes."""
    groups = match.groups()[skip : len(match.groups()) - drop or None]
    *quoted, bare = groups
    name = next((each for each in quoted if each), None)
    if name is not None:
        return name.strip(), bool(name.strip())
    return (bare or "").strip().rstrip(".:"), False


def _span(match: re.Match[str], first: int) -> tuple[int, int]:
    group = next(number for number in range(first, first + 5) if match[number] is not None)
    return match.span(group)


def _is_name(word: str) -> bool:
    return bool(word) and word.casefold() not in ORDINARY and any(char.isalnum() for char in word)


def _is_distinctive(word: str) -> bool:
    return _is_name(word) and any(char.isdigit() or char in "-_./:@" for char in word)
