"""tenant.v1.TenantService: the limits that clients ask for."""

from __future__ import annotations

from quarterdeck.gen.tenant.v1.tenant_pb2 import GetLimitsRequest, GetLimitsResponse
from quarterdeck.identity import CallContext


class TenantService:
    """Answers with the limits in force; None is no limit."""

    def __init__(self, *, collector_rate: int | None, api_rate: int | None) -> None:
        self._collector_rate = collector_rate
        self._api_rate = api_rate

    async def get_limits(self, _request: GetLimitsRequest, _call: CallContext) -> GetLimitsResponse:
        return GetLimitsResponse(
            requests_per_second_collector=self._collector_rate,
            requests_per_second_collector_twin=self._collector_rate,
            requests_per_second_api=self._api_rate,
            requests_per_second_api_twin=self._api_rate,
        )
