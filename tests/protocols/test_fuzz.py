"""Random requests to every RPC that changes no account: whatever they say, it is never the server's fault."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from quarterdeck.wire.method import Method
from tests.protocols.live_server import ADMIN_TOKEN, LiveServer, bearer

PER_METHOD = 6
TEXTS = [
    "", " ", "a", "0", "1", "-1", "x" * 300, "\x00", "\u2028", "\U0001f680", "../..", "%00", "'; --", "collector.os",
    "a=b", 'a=~"(.*"', "remote_attributes.x", "/remoteAttributes/~1", "a {\n}", "- x: [", "9" * 30,
    "2024-01-01T00:00:00Z",
]  # fmt: skip
NUMBERS = [0, 1, -1, 7, 2**31 - 1, -(2**31), 2**32, 2**63 - 1, -(2**63)]
ANYTHING: list[Any] = [None, True, [], {}, [[]], {"a": None}, "x", 5, 1.5, -0.0, [1, "a", None]]


def fill(message: Message, chance: random.Random, depth: int = 0) -> None:
    """Random values in some fields of a message."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.6 and depth < 5:
            for _ in range(chance.randint(1, 3) if field.is_repeated else 1):
                _set(message, field, chance, depth)


def _set(message: Message, field: Any, chance: random.Random, depth: int) -> None:
    nested: Descriptor | None = field.message_type
    if nested is not None and nested.GetOptions().map_entry:
        container = getattr(message, field.name)
        value = nested.fields_by_name["value"]
        if value.message_type is None:
            container[_scalar(nested.fields_by_name["key"], chance)] = _scalar(value, chance)
    elif nested is not None:
        target = getattr(message, field.name)
        inner = target.add() if field.is_repeated else target
        inner.SetInParent()
        fill(inner, chance, depth + 1)
    elif field.is_repeated:
        getattr(message, field.name).append(_scalar(field, chance))
    else:
        setattr(message, field.name, _scalar(field, chance))


def _scalar(field: Any, chance: random.Random) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            text = chance.choice(TEXTS)
            return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
        case FieldDescriptor.CPPTYPE_BOOL:
            return chance.random() < 0.5
        case FieldDescriptor.CPPTYPE_ENUM | FieldDescriptor.CPPTYPE_INT32:
            return chance.choice([n for n in NUMBERS if -(2**31) <= n < 2**31])
        case FieldDescriptor.CPPTYPE_UINT32:
            return chance.choice([n for n in NUMBERS if 0 <= n < 2**32])
        case FieldDescriptor.CPPTYPE_UINT64:
            return chance.choice([n for n in NUMBERS if n >= 0])
        case FieldDescriptor.CPPTYPE_INT64:
            return chance.choice(NUMBERS)
        case _:
            return chance.choice([0.0, -1.5, float("inf"), float("nan"), 1e300])


def spoil(value: Any, chance: random.Random) -> Any:
    """The JSON of a request with something else in one place."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        return {**value, key: spoil(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        return [*value[1:], spoil(value[0], chance)]
    return chance.choice(ANYTHING)


def requests(method: Method, chance: random.Random) -> list[tuple[str, bytes]]:
    made = []
    for _ in range(PER_METHOD):
        request = method.request_class()
        fill(request, chance)
        made.append(("application/proto", request.SerializeToString()))
        noise = bytearray(request.SerializeToString())
        for _ in range(min(3, len(noise))):
            noise[chance.randrange(len(noise))] = chance.randrange(256)
        made.append(("application/proto", bytes(noise)))
        try:
            document = json_format.MessageToDict(request)
        except (json_format.SerializeToJsonError, TypeError, ValueError):
            continue  # times and numbers that JSON has no form for
        made.append(("application/json", json.dumps(spoil(document, chance)).encode()))
    return made


async def test_no_random_request_is_the_servers_fault(live: LiveServer, caplog: pytest.LogCaptureFixture):
    chance = random.Random(20260301)  # the same every time: a failure can be repeated
    token = await live.new_token("fuzz", "editor")
    sent = 0
    with caplog.at_level(logging.ERROR):
        for method in [each for service in live.services for each in service.methods if not each.streams]:
            batch = requests(method, chance)
            answers = await asyncio.gather(
                *(
                    live.http.post(method.path, content=body, headers={**bearer(token), "content-type": kind})
                    for kind, body in batch
                )
            )
            for (kind, body), answer in zip(batch, answers, strict=True):
                # Fail raises any domain error that it is asked for, and no random text asks for one.
                assert answer.status_code < 500 or answer.status_code == 501, (method.path, kind, body, answer.text)
                if answer.status_code != 200:
                    assert answer.headers["content-type"] == "application/json"
                    assert answer.json().keys() <= {"code", "message", "details"}
            sent += len(batch)
    assert sent > 500
    assert [record.getMessage() for record in caplog.records] == []
    for path in ("pipeline.v1.PipelineService/ListPipelines", "collector.v1.CollectorService/ListCollectors"):
        await live.post(path, {}, ADMIN_TOKEN)
