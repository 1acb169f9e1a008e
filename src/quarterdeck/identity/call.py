"""Who is calling, and the context of one call. Services receive a `CallContext`; transports make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """What an account may do, lowest first; each includes what is below it.

    The numbers are those of `quarterdeck.wire.v1.Role`.
    """

    COLLECTOR = 1
    VIEWER = 2
    EDITOR = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated service account, as one of its tokens presents it."""

    tenant_id: str
    account_id: str
    account_name: str
    role: Role
    token_id: str
    collector_id: str | None = None
    """A collector token may be bound to exactly this collector …"""
    collector_id_prefix: str | None = None
    """… or to every collector whose id starts with this."""

    def may_be_collector(self, collector_id: str) -> bool:
        """Whether this caller may speak for the collector."""
        if self.collector_id is not None and collector_id != self.collector_id:
            return False
        return self.collector_id_prefix is None or collector_id.startswith(self.collector_id_prefix)


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a service method may know about its call besides the request message."""

    caller: Caller
    request_id: str
    on_repeatable: Callable[[Callable[[], bool]], None] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The request's headers, lower-case, credentials among them."""

    @property
    def tenant_id(self) -> str:
        return self.caller.tenant_id

    @property
    def actor(self) -> str:
        """Who is named in events and revisions: `service_account:NAME`."""
        return f"service_account:{self.caller.account_name}"

    def repeatable(self, still: Callable[[], bool]) -> None:
        """Tell the transport that the same bytes from the same caller have the same answer while `still()` is true.

        It is asked before every repetition, and does for it what the service would have done.
        """
        if self.on_repeatable is not None:
            self.on_repeatable(still)
