"""EchoService and ExactService of tests/proto, as a wing would implement them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from google.api.httpbody_pb2 import HttpBody

from quarterdeck import errors
from quarterdeck.errors import DomainError, Invalid, LimitExceeded, NotFound, Reason
from quarterdeck.identity.call import CallContext
from quarterdeck.wire.method import Service, describe_service
from tests.gen.testing.v1 import conformance_pb2 as pb

SECRET = "the-password-is-hunter2"
"""Is in the text of the exception behind every crash; nobody outside may ever see it."""


class EchoService:
    """Answers with what it was asked."""

    async def echo(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
        return pb.EchoResponse(thing=request.thing, account=call.caller.account_name)

    async def read(self, request: pb.EchoRequest, call: CallContext) -> pb.EchoResponse:
        return await self.echo(request, call)

    async def fail(self, request: pb.FailRequest, call: CallContext) -> pb.EchoResponse:
        if request.error == "crash":
            raise ZeroDivisionError(SECRET)
        if request.error == "timeout":
            raise TimeoutError
        if request.error == "LimitExceeded":
            raise LimitExceeded(Reason.RATE_LIMITED, "as asked", retry_after=1.2)
        kind = getattr(errors, request.error, None)
        if not (isinstance(kind, type) and issubclass(kind, DomainError)):
            raise Invalid(Reason.FIELD_INVALID, f"{request.error[:40]!r} is no domain error")
        raise kind(Reason.PIPELINE_NOT_FOUND, "as asked")

    async def count(self, request: pb.CountRequest, call: CallContext) -> AsyncIterator[pb.CountResponse]:
        if not request.after.isdecimal() and request.after:
            raise Invalid(Reason.FIELD_INVALID, f"after: {request.after[:40]!r} is no number")
        for number in range(int(request.after or 0) + 1, min(request.until, 1000) + 1):
            if request.fail_after and number > request.fail_after:
                raise NotFound(Reason.EVENTS_TRIMMED, f"{number} is gone")
            yield pb.CountResponse(id=str(number), number=number)
        if request.until < 0:
            raise ZeroDivisionError(SECRET)

    async def upload(self, request: HttpBody, call: CallContext) -> HttpBody:
        return HttpBody(content_type=request.content_type, data=request.data[::-1])


class ExactService:
    """Knows every record but `missing`."""

    async def describe(self, request: pb.DescribeRequest, call: CallContext) -> pb.DescribeResponse:
        if request.record_id == "missing":
            raise NotFound(Reason.PIPELINE_NOT_FOUND, "no record has the id 'missing'")
        if request.record_id == "crash":
            raise ZeroDivisionError(SECRET)
        if request.record_id == "unprintable":
            return pb.DescribeResponse(closed_time={"seconds": 2**60})
        return pb.DescribeResponse(record_id=request.record_id, duration_seconds=2**40)


ECHO = describe_service(pb.DESCRIPTOR.services_by_name["EchoService"])
EXACT = describe_service(pb.DESCRIPTOR.services_by_name["ExactService"])
CONFORMANCE: Mapping[Service, object] = {ECHO: EchoService(), EXACT: ExactService()}
