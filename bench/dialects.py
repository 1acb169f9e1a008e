"""How much faster the protojson dialect is than `google.protobuf.json_format`, to and from bytes.

`json_format` is called as `connectrpc`'s own codec (0.13) calls it, because that is what the dialect stands in for; it
prints with indentation, which costs it about a quarter of its time. Both sides do the same work in turns, so that a
busy machine slows both; the ratio is that of the medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from quarterdeck.gen.collector.v1.collector_pb2 import GetConfigRequest
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import CONFIG_TYPE_ALLOY, Pipeline, PipelineSource
from quarterdeck.wire.dialects import protojson

ROUNDS = 60
CALLS_PER_ROUND = 50

CONTENTS = 'prometheus.scrape "node" {\n  targets = [{"__address__" = "localhost:9100"}]\n  forward_to = []\n}\n' * 20


def pipeline() -> Pipeline:
    """A pipeline as a list answer holds many."""
    message = Pipeline(
        name="node-exporter-linux",
        contents=CONTENTS,
        matchers=['os="linux"', 'env=~"prod|staging"', 'team!="sandbox"'],
        enabled=True,
        id="1042",
        source=PipelineSource(type=PipelineSource.SOURCE_TYPE_GIT, namespace="platform/fleet"),
        config_type=CONFIG_TYPE_ALLOY,
    )
    message.created_at.FromSeconds(1_760_000_000)
    message.updated_at.FromSeconds(1_760_086_400)
    message.metadata.update({"owner": "platform", "path": "linux/node.alloy"})
    return message


def poll() -> GetConfigRequest:
    """A collector's poll with 20 attributes."""
    attributes = {f"attribute.{number:02}": f"value of attribute {number}" for number in range(20)}
    return GetConfigRequest(id="collector-7f3a", hash="5e" * 32, local_attributes=attributes)


def measure() -> list[tuple[str, float]]:
    """Label and ratio (json_format's time over ours) of every case."""
    ratios: list[tuple[str, float]] = []
    for label, message in (("Pipeline", pipeline()), ("GetConfigRequest, 20 attributes", poll())):
        ratios.append((f"{label}, to JSON", _ratio(*_encoders(message))))
        ratios.append((f"{label}, from JSON", _ratio(*_decoders(message))))
    return ratios


def _encoders(message: Message) -> tuple[Callable[[], Any], Callable[[], Any]]:
    encode = protojson.codec(type(message)).encode
    return lambda: json_format.MessageToJson(message).encode(), lambda: encode(message)


def _decoders(message: Message) -> tuple[Callable[[], Any], Callable[[], Any]]:
    kind, decode = type(message), protojson.codec(type(message)).decode
    body = json_format.MessageToJson(message, indent=None).encode()
    return lambda: json_format.Parse(body, kind(), ignore_unknown_fields=True), lambda: decode(body)


def _ratio(theirs: Callable[[], Any], ours: Callable[[], Any]) -> float:
    rounds = [(_seconds(theirs), _seconds(ours)) for _ in range(ROUNDS)]
    return statistics.median(one for one, _ in rounds) / statistics.median(other for _, other in rounds)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS_PER_ROUND):
        call()
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    for label, ratio in measure():
        print(f"{label:<45}{ratio:6.1f}x")


if __name__ == "__main__":
    main()
