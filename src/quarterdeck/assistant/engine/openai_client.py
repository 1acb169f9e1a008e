"""OpenAI's client without what it does for every request and every chunk, which costs more than all else in a run.

Requests are sent as they were made: pydantic-ai's are complete, and the walk through every tool's schema in search of
what might need an alias finds nothing. Chunks are validated by pydantic's compiled validator, and only what does not
pass it is taken apart leniently, as the client does with all of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit
from openai._types import RequestOptions
from openai.resources.chat.chat import AsyncChat
from openai.resources.chat.completions import AsyncCompletions
from openai.types.chat import ChatCompletionChunk
from pydantic import ConfigDict, ValidationError

_OPTIONS = ("extra_headers", "extra_query", "extra_body", "timeout")


class Chunk(ChatCompletionChunk):
    """A piece of an answer."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", defer_build=False)

    @classmethod
    def build(cls, *, response: Any, data: object) -> Chunk:  # noqa: ARG003 - the client's protocol for building
        try:
            return cls.model_validate(data)
        except ValidationError:
            # What servers that are only compatible send: anything may be missing.
            return cls.construct(**data) if isinstance(data, dict) else cls.construct()


class DirectCompletions(AsyncCompletions):
    """Chat completions, streamed."""

    async def create(self, **given: Any) -> Any:
        """As the client's own, for streams; the arguments are those of the API."""
        body = {name: value for name, value in given.items() if not isinstance(value, (Omit, NotGiven))}
        if not body.get("stream"):
            return await super().create(**given)
        options = {name: body.pop(name) for name in _OPTIONS if name in body}
        if "stream_options" in body:
            # pydantic-ai is told of continuous figures, so that it looks at none where there are none, and takes the
            # last ones for the sum, as servers mean them; OpenAI's own knows no such option.
            body["stream_options"] = {"include_usage": True}
        for name in getattr(self._client, "left_out", ()):
            body.pop(name, None)
        extra: RequestOptions = {}
        if options.get("extra_headers"):
            extra["headers"] = options["extra_headers"]
        if options.get("timeout") is not None:
            extra["timeout"] = options["timeout"]
        return await self._client.post(
            "/chat/completions",
            body={**body, **(options.get("extra_body") or {})},
            options=extra,
            cast_to=Chunk,
            stream=True,
            stream_cls=AsyncStream[Chunk],
        )


class _DirectChat(AsyncChat):
    @cached_property
    def completions(self) -> DirectCompletions:
        return DirectCompletions(self._client)


class DirectOpenAI(AsyncOpenAI):
    """The client."""

    left_out: frozenset[str] = frozenset()
    """Fields that the server refuses a request for."""

    @cached_property
    def chat(self) -> _DirectChat:
        return _DirectChat(self)
