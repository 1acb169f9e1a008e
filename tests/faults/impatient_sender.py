"""A server whose webhook sender takes over quickly what a killed one left, and that may send to this machine."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial


def send_soon() -> None:
    """A killed sender's deliveries are taken after a second instead of half a minute."""
    from quarterdeck.incidents.webhooks.delivering import webhook_runner
    from quarterdeck.wings import incidents

    os.environ["QUARTERDECK_WEBHOOK_ALLOW"] = "127.0.0.0/8"
    impatient = partial(webhook_runner, lease=timedelta(seconds=1), poll=0.05)
    incidents.webhook_runner = impatient  # type: ignore[attr-defined]
