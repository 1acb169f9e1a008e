"""Native gRPC, for information: `grpc.aio` calls from this process, whose client costs about as much as the server."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import grpc.aio
from google.protobuf.message import Message

from bench.calls import GET_CONFIG, GET_PIPELINE, PIPELINES, TOKEN, poll
from bench.load import CONNECTIONS, Sample
from quarterdeck.gen.pipeline.v1.pipeline_pb2 import GetPipelineRequest


class GrpcCalls:
    """One channel to one server."""

    def __init__(self, target: str, hashes: tuple[str, ...]) -> None:
        self._runner = asyncio.Runner()
        self._channel: Any = self._runner.run(_open(target))
        pipelines = [GetPipelineRequest(id=str(number + 1)) for number in range(PIPELINES)]
        self.rows: dict[str, tuple[str, list[Message]]] = {
            "GetConfig unchanged, gRPC": (GET_CONFIG, [poll(number, known) for number, known in enumerate(hashes)]),
            "GetPipeline, gRPC": (GET_PIPELINE, list(pipelines)),
        }

    def measure(self, row: str, *, seconds: float) -> Sample:
        """From `CONNECTIONS` concurrent callers on the one channel."""
        path, requests = self.rows[row]
        return self._runner.run(self._measure(path, [request.SerializeToString() for request in requests], seconds))

    def close(self) -> None:
        self._runner.run(self._channel.close())
        self._runner.close()

    async def _measure(self, path: str, requests: list[bytes], seconds: float) -> Sample:
        call = self._channel.unary_unary(path)
        bodies = itertools.cycle(requests)
        metadata = (("authorization", f"Bearer {TOKEN}"),)
        latencies: list[float] = []
        until = time.perf_counter() + seconds

        async def caller() -> None:
            while (before := time.perf_counter()) < until:
                await call(next(bodies), metadata=metadata)
                latencies.append(time.perf_counter() - before)

        await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
        return Sample.of(latencies, seconds)


async def _open(target: str) -> Any:
    return grpc.aio.insecure_channel(target)
