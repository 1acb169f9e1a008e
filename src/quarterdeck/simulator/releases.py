"""What sets the releases of Grafana Alloy apart when they talk to a server."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quarterdeck.errors import FieldViolation, Invalid, Reason

_VERSION = re.compile(r"v?1\.(\d{1,4})(?:\.(\d{1,4}))?", re.ASCII)
_OLDEST_MINOR = 5


@dataclass(frozen=True, slots=True, order=True)
class AlloyRelease:
    """Alloy 1.`minor`.`patch`, from 1.5, the first that knows hashes and `not_modified`."""

    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> AlloyRelease:
        """`1.13`, `1.13.2` or `v1.13.2`. Raises `Invalid(FIELD_INVALID)`."""
        found = _VERSION.fullmatch(text)
        if found is None or int(found[1]) < _OLDEST_MINOR:
            why = (
                f"{text[:40]!r} is no Alloy version that can be simulated; accepted are 1.{_OLDEST_MINOR} and later 1.x"
            )
            raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation("alloy_version", why),))
        return cls(int(found[1]), int(found[2] or 0))

    def __str__(self) -> str:
        return f"v1.{self.minor}.{self.patch}"

    @property
    def sends_local_attributes(self) -> bool:
        """Earlier ones fill the deprecated `attributes`."""
        return self.minor >= 7

    @property
    def gets_config_with_get(self) -> bool:
        """1.7 to 1.11 poll with HTTP GET; 1.12 went back to POST because the URLs outgrew proxies."""
        return 7 <= self.minor <= 11

    @property
    def reports(self) -> bool:
        """Sends `remote_config_status` and `effective_config`, in an extra call right after a change."""
        return self.minor >= 12

    @property
    def unregisters(self) -> bool:
        """Says goodbye on a clean shutdown."""
        return self.minor >= 13

    def user_agent(self, operating_system: str) -> str:
        """Before 1.10 the RPC library's own."""
        if self.minor >= 10:
            return f"Alloy/{self} ({operating_system}; binary)"
        return "connect-go/1.16.2 (go1.22.7)"
