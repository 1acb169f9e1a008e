"""The schema and its revisions. They live in the package, so that an installed wheel can migrate."""

from __future__ import annotations

from quarterdeck.migrations.runner import (
    Status,
    check,
    current,
    downgrade,
    downgrade_on,
    status_on,
    upgrade,
    upgrade_on,
)

__all__ = ["Status", "check", "current", "downgrade", "downgrade_on", "status_on", "upgrade", "upgrade_on"]
