"""`Models`: the model list ready to be asked. A name that it does not have means the default, as HolmesGPT does it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from quarterdeck.assistant.engine.engine import (
    Answered,
    ContextTooLong,
    Delta,
    Engine,
    ModelError,
    ModelRateLimited,
    ModelRefusesCredentials,
    ModelRequest,
    ToolDefinition,
)
from quarterdeck.assistant.engine.model_list import BUILTIN, ModelEntry
from quarterdeck.errors import FieldViolation, Invalid, Reason

_log = logging.getLogger(__name__)
_PROBE_SECONDS = 60.0
_PROBE = ToolDefinition(
    "ready", "Say that you are ready.", {"type": "object", "properties": {}, "additionalProperties": False}
)


@dataclass(frozen=True, slots=True)
class Described:
    """One model as lists show it."""

    name: str
    provider_id: str
    is_default: bool
    tool_support: str
    """`yes`, `no` or `unknown`."""


class Models:
    """All models of a server; the planner without a language model is there when no other is, and as a fallback."""

    def __init__(
        self, entries: Sequence[tuple[ModelEntry, Engine]], builtin: Engine, *, default: str = "", strict: bool = False
    ) -> None:
        """`default` is a name of the list; the first one when empty. Raises Invalid when the list does not have it."""
        self._builtin = builtin
        self._wanted_default = default
        self._strict = strict
        self.replace(entries)

    def replace(self, entries: Sequence[tuple[ModelEntry, Engine]]) -> None:
        """Another list, from now on; who has an engine of the old one keeps it. Raises Invalid and changes nothing."""
        listed = {entry.name: entry for entry, _ in entries}
        alone: dict[str, Engine] = {entry.name: engine for entry, engine in entries}
        everyone: Mapping[str, Engine] = {**alone, BUILTIN: self._builtin}
        engines = {name: _with_fallbacks(everyone, name, listed[name].fallbacks) for name in alone}
        engines = engines or {BUILTIN: self._builtin}
        default = self._wanted_default
        if default and default not in engines:
            raise Invalid(Reason.FIELD_INVALID, f"the default model {default!r} is not in the model list")
        self._entries, self._asked_alone, self._engines = listed, alone, engines
        self._default = default or next(iter(engines))
        self._support = dict.fromkeys(engines, "unknown") | {BUILTIN: "yes"}

    @property
    def default(self) -> str:
        return self._default

    def names(self) -> list[str]:
        """The names that requests may use, the default one first."""
        return [self._default, *(name for name in self._engines if name != self._default)]

    def name_of(self, name: str) -> str:
        """The name that is meant. Raises Invalid for an unknown one when the server is strict about it."""
        if not name or name in self._engines:
            return name or self._default
        if self._strict:
            self.check(name)
        _log.warning("model %r is not in the model list; %r answers instead", name[:80], self._default)
        return self._default

    def get(self, name: str) -> Engine:
        """The engine that a name means; see `name_of`."""
        return self._engines[self.name_of(name)]

    def check(self, name: str) -> None:
        """Raises Invalid(MODEL_UNKNOWN) for a name that is not in the list."""
        if name and name not in self._engines:
            why = f"is {name[:80]!r}, which is not in the model list; there are {', '.join(self.names())}"
            raise Invalid(Reason.MODEL_UNKNOWN, f"the model {why}", violations=(FieldViolation("model", why),))

    def described(self) -> list[Described]:
        """All models, the default one first."""
        return [
            Described(
                name=name,
                provider_id=self._entries[name].provider_id if name in self._entries else "",
                is_default=name == self._default,
                tool_support=self._support[name],
            )
            for name in self.names()
        ]

    async def probe(self) -> None:
        """Finds out, once, whether each model can call a tool: one small question each, its fallbacks not asked."""
        for name, engine in self._asked_alone.items():
            support = self._support
            support[name] = await _supports_tools(engine)
            if support[name] == "no":
                _log.warning("model %r does not call tools: it can answer from what it is told only", name)


async def _supports_tools(engine: Engine) -> str:
    question = {"role": "user", "content": "Call the tool `ready` now."}
    system = {"role": "system", "content": "You are being checked. Call the tool that you are asked to call."}
    try:
        async with (
            asyncio.timeout(_PROBE_SECONDS),
            aclosing(engine.respond(ModelRequest([system, question], (_PROBE,)))) as parts,
        ):
            async for part in parts:
                if isinstance(part, Answered):
                    return "yes" if part.calls else "no"
    except (ModelRateLimited, ModelRefusesCredentials, TimeoutError):
        pass
    except ModelError as error:
        # Servers of models that know no tools refuse a request that has any, and say so.
        return "no" if "tool" in error.message.lower() else "unknown"
    return "unknown"


def _with_fallbacks(engines: Mapping[str, Engine], name: str, fallbacks: Sequence[str]) -> Engine:
    return FallbackEngine([(each, engines[each]) for each in (name, *fallbacks)]) if fallbacks else engines[name]


class FallbackEngine:
    """Asks the next model when one fails before its first word. The answer says who gave it.

    A conversation that is too long is no failure of the model: it is raised, so that it can be made shorter.
    """

    def __init__(self, engines: Sequence[tuple[str, Engine]]) -> None:
        self._engines = tuple(engines)
        # The planner reads no more than the last question: its window is nobody's limit.
        limited = [engine for _, engine in engines if engine.kind != BUILTIN] or [engine for _, engine in engines]
        self._window = min(engine.context_window for engine in limited)
        self._most = min(engine.max_output_tokens for engine in limited)

    @property
    def kind(self) -> str:
        return self._engines[0][1].kind

    @property
    def context_window(self) -> int:
        return self._window

    @property
    def max_output_tokens(self) -> int:
        return self._most

    async def respond(self, request: ModelRequest) -> AsyncGenerator[Delta | Answered, None]:
        last = len(self._engines) - 1
        for place, (name, engine) in enumerate(self._engines):
            said = False
            try:
                async with aclosing(engine.respond(request)) as parts:
                    async for part in parts:
                        said = said or isinstance(part, Answered) or bool(part.text)
                        yield replace(part, answered_by=name) if isinstance(part, Answered) and place else part
                return
            except ContextTooLong:
                raise
            except ModelError as error:
                if said or place == last:
                    raise
                _log.warning("model %r failed, %r is asked: %s", name, self._engines[place + 1][0], error.message[:200])
