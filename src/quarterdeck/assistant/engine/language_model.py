"""`LanguageModel`: one entry of the model list, asked through pydantic-ai's model classes.

Of pydantic-ai only the models are used, not its agent: which calls are made, and when, is the run's own business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from quarterdeck.assistant.engine.engine import Answered, Delta, ModelError, ModelRequest
from quarterdeck.assistant.engine.model_list import ModelEntry


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a model may be silent, in seconds."""

    first: float = 300.0
    """Before its first word, further tries included. Models that think first are silent for minutes."""
    between: float = 120.0
    """Between two pieces."""


class LanguageModel:
    """A model that is asked over the network. Nothing is imported or connected before the first question.

    What goes wrong is a ModelError, with the provider's words and without anything secret: a model that cannot be set
    up, is silent for too long, breaks off, ends without saying why, says more than `MOST_ANSWER` characters, or sends
    what is no answer. See `model_call.answered` for answers that are only odd.
    """

    kind = "model"

    def __init__(self, entry: ModelEntry, patience: Patience | None = None) -> None:
        patience = patience or Patience()
        self._entry = entry
        self._patience = Patience(entry.timeout or patience.first, entry.stream_timeout or patience.between)
        self._model: Any = None
        self._settings: dict[str, Any] = {}
        self._setting_up = asyncio.Lock()

    @property
    def context_window(self) -> int:
        return self._entry.context_window

    @property
    def max_output_tokens(self) -> int:
        return self._entry.max_output_tokens

    async def respond(self, request: ModelRequest) -> AsyncGenerator[Delta | Answered, None]:
        if self._model is None:
            await self._set_up()
        from quarterdeck.assistant.engine import model_call
        from quarterdeck.assistant.engine.chat_messages import to_model_messages

        try:
            messages, parameters = to_model_messages(request.messages), model_call.parameters(request)
            said = 0
            async with AsyncExitStack() as stack:
                # Never around a yield: who reads the answer may take all the time in the world.
                async with asyncio.timeout(self._patience.first):
                    stream = await stack.enter_async_context(
                        self._model.request_stream(messages, dict(self._settings), parameters)
                    )
                # It has begun: most say who speaks some time before the first word.
                yield Delta("")
                events = aiter(stream)
                async with asyncio.timeout(self._patience.first):
                    event = await anext(events, None)
                while event is not None:
                    delta, size = model_call.piece(event)
                    said += size
                    model_call.check_length(said, self._entry)
                    if delta is not None:
                        yield delta
                    async with asyncio.timeout(self._patience.between):
                        event = await anext(events, None)
                answered = model_call.answered(stream.get(), self._entry)
        except ModelError:
            raise
        except Exception as error:
            raise model_call.model_error(error, self._entry) from error
        yield answered

    async def close(self) -> None:
        """Lets go of the connections to the provider."""
        model, self._model = self._model, None
        if model is None:
            return
        # Leaving a model closes the connections that its provider made; those of a client of ours are ours to close.
        async with model:
            pass
        close = getattr(getattr(model, "client", None), "close", None)
        if close is not None and asyncio.iscoroutinefunction(close):
            await close()

    async def _set_up(self) -> None:
        """Imports what the model needs, which takes a second and most of its memory, beside the event loop."""
        async with self._setting_up:
            if self._model is None:
                self._settings, self._model = await asyncio.to_thread(_build, self._entry, self._patience)


def _build(entry: ModelEntry, patience: Patience) -> tuple[dict[str, Any], Any]:
    from quarterdeck.assistant.engine import model_call
    from quarterdeck.assistant.engine.providers import build_model, request_settings

    try:
        return request_settings(entry), build_model(entry, timeout=patience.first)
    except ModelError as error:
        raise model_call.model_error(error, entry) from error
