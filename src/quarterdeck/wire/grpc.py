"""Native gRPC on its own port: `grpc.aio` with generic handlers made from the descriptors, health and reflection."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from quarterdeck.errors import DomainError
from quarterdeck.identity.call import CallContext
from quarterdeck.wire.asgi import DEFAULT_MAX_BODY_BYTES
from quarterdeck.wire.chain import CallChain, Observer, new_request_id
from quarterdeck.wire.connect import decode_binary
from quarterdeck.wire.error_details import error_details, printable
from quarterdeck.wire.errors import Code, WireError, to_wire
from quarterdeck.wire.method import Method, Service

TRANSPORT = "grpc"
STATUS = {code: getattr(grpc.StatusCode, "CANCELLED" if code is Code.CANCELED else code.name) for code in Code}

MAX_MESSAGE_BYTES = 1500
MAX_STATUS_BYTES = 2500
"""An error travels in headers, in percent and base64 encoding. gRPC clients accept 8 KiB of them, and end the
connection with all its calls when there is more."""

Context = Any  # grpc.aio.ServicerContext is generic over erased types


class GrpcServer:
    """A started-on-demand gRPC server in front of the call chain."""

    def __init__(
        self,
        chain: CallChain,
        observer: Observer,
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        share_port: bool = False,
    ) -> None:
        self._chain = chain
        self._observer = observer
        self._services = chain.services
        self._share_port = share_port
        self._max_body_bytes = max_body_bytes
        self._health = health_aio.HealthServicer()
        self._server: grpc.aio.Server | None = None

    async def start(self, address: str) -> int:
        """Listen on `host:port` (port 0: any free one); returns the port. Raises OSError when it is taken."""
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._max_body_bytes),
                ("grpc.max_metadata_size", 64 * 1024),
                # Clients that ask every ten seconds whether a quiet stream still lives are not a flood.
                ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.so_reuseport", int(self._share_port)),
            ]
        )
        server.add_generic_rpc_handlers([self._service_handler(service) for service in self._services])
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (*(service.name for service in self._services), "grpc.health.v1.Health", reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        try:
            port = server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen for gRPC on {address}") from error
        await server.start()
        self._server = server
        for name in ("", *names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return int(port)

    async def stop(self, grace: float) -> None:
        """Refuse new calls, give those that run `grace` seconds, then end them."""
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace)

    def _service_handler(self, service: Service) -> grpc.GenericRpcHandler:
        handlers = {method.name: self._method_handler(method) for method in service.methods}
        handler: grpc.GenericRpcHandler = grpc.method_handlers_generic_handler(service.name, handlers)
        return handler

    def _method_handler(self, method: Method) -> Any:
        # No deserializer: grpcio would answer a body that does not parse as INTERNAL, and log it as ours.
        if method.streams:
            return grpc.unary_stream_rpc_method_handler(self._stream(method), None, None)
        return grpc.unary_unary_rpc_method_handler(self._unary(method), None, None)

    def _unary(self, method: Method) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def call(body: bytes, context: Context) -> bytes:
            request_id, started, code = new_request_id(), time.perf_counter(), "canceled"
            try:
                admitted, request = await self._open(method, body, context, request_id)
                answer = (await self._chain.unary(method, request, admitted)).SerializeToString()
                code = "ok"
                return answer
            except WireError as error:
                code = error.code
                await _abort(context, error, request_id)
                raise  # abort never returns
            finally:
                self._observer.finished(method, TRANSPORT, code, time.perf_counter() - started)

        return call

    def _stream(self, method: Method) -> Callable[[bytes, Context], AsyncIterator[bytes]]:
        async def call(body: bytes, context: Context) -> AsyncIterator[bytes]:
            request_id, started, code = new_request_id(), time.perf_counter(), "canceled"
            try:
                admitted, request = await self._open(method, body, context, request_id)
                # A stream that is quiet must still look open to its client.
                await context.send_initial_metadata((("x-request-id", request_id),))
                messages = self._chain.stream(method, request, admitted)
                try:
                    async for message in messages:
                        yield message.SerializeToString()
                finally:
                    await messages.aclose()
                code = "ok"
            except WireError as error:
                code = error.code
                await _abort(context, error, request_id)
            finally:
                self._observer.finished(method, TRANSPORT, code, time.perf_counter() - started)

        return call

    async def _open(
        self, method: Method, body: bytes, context: Context, request_id: str
    ) -> tuple[CallContext, Message]:
        headers = {key.lower(): value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        admitted = await self._chain.admit(method, headers, request_id)
        try:
            return admitted, decode_binary(method.request_class, body)
        except DomainError as error:
            raise to_wire(error, request_id) from error


async def _abort(context: Context, error: WireError, request_id: str) -> None:
    message = _cut(error.message)
    metadata = [("x-request-id", request_id), ("grpc-status-details-bin", _status(error, message).SerializeToString())]
    if error.retry_after is not None:
        metadata.append(("retry-after", str(max(1, math.ceil(error.retry_after)))))
    await context.abort(STATUS[error.code], message, trailing_metadata=tuple(metadata))


def _cut(message: str) -> str:
    encoded = printable(message).encode()
    if len(encoded) <= MAX_MESSAGE_BYTES:
        return encoded.decode()
    return encoded[:MAX_MESSAGE_BYTES].decode("utf-8", "ignore") + "…"


def _status(error: WireError, message: str) -> status_pb2.Status:
    """The error with the details that there is room for."""
    status = status_pb2.Status(code=STATUS[error.code].value[0], message=message)
    for detail in error_details(error):
        packed = any_pb2.Any()
        packed.Pack(detail)
        if status.ByteSize() + packed.ByteSize() <= MAX_STATUS_BYTES:
            status.details.append(packed)
    return status
