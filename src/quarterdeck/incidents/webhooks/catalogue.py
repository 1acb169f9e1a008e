"""The integrations that there are, and what each can do."""

from __future__ import annotations

from dataclasses import dataclass

from quarterdeck.errors import FieldViolation, Invalid, NotFound, PreconditionFailed, Reason
from quarterdeck.incidents.webhooks.event_names import HookEventName

OUTGOING_WEBHOOK = "grate.outgoingWebhook"
SEND = "grate.outgoingWebhook.send"
REVIEW = "grate.googleworkspace"
PUBLISH_REVIEW = "grate.googleworkspace.copyTemplate"
"""gcx looks for the post-incident review among the runs of this hook."""
SLACK = "grate.slack"
CHATS = (SLACK, "grate.msTeams")
REVIEW_TITLE = "Post-incident review"
REVIEW_FIELD = "fileURL"

_QUOTED_IN_ERRORS = 80


@dataclass(frozen=True, slots=True)
class HookKind:
    """Something that an integration can do."""

    integration_id: str
    hook_id: str
    name: str
    description: str
    events: tuple[HookEventName, ...]
    always_on: bool = False


HOOKS = (
    HookKind(
        OUTGOING_WEBHOOK,
        SEND,
        "Outgoing webhook",
        "Sends a signed request when something happens to an incident.",
        tuple(HookEventName),
    ),
    HookKind(
        REVIEW,
        PUBLISH_REVIEW,
        REVIEW_TITLE,
        "Publishes the post-incident review of a resolved incident.",
        (HookEventName.INCIDENT_CLOSED, HookEventName.MANUALLY_TRIGGERED),
        always_on=True,
    ),
)
AVAILABLE = tuple(sorted({hook.integration_id for hook in HOOKS}))
_KNOWN = (*AVAILABLE, *CHATS)


def check_integration(integration_id: str) -> None:
    """Raise NotFound for an integration that there is not."""
    if integration_id not in _KNOWN:
        raise NotFound(
            Reason.INTEGRATION_NOT_FOUND,
            f"integration {_shown(integration_id)} is unknown; there are {', '.join(_KNOWN)}",
            metadata={"id": integration_id[:_QUOTED_IN_ERRORS]},
        )


def hook_kind(integration_id: str, hook_id: str) -> HookKind:
    """The hook to enable. Raises NotFound when it is unknown, PreconditionFailed for a chat that was not set up."""
    check_integration(integration_id)
    if integration_id in CHATS:
        raise not_configured(integration_id)
    for hook in HOOKS:
        if (hook.integration_id, hook.hook_id) == (integration_id, hook_id):
            return hook
    raise NotFound(
        Reason.HOOK_NOT_FOUND,
        f"{integration_id} has no hook {_shown(hook_id)}",
        metadata={"id": hook_id[:_QUOTED_IN_ERRORS]},
    )


def not_configured(integration_id: str) -> PreconditionFailed:
    """What a chat answers as long as there is none."""
    return PreconditionFailed(
        Reason.INTEGRATION_NOT_CONFIGURED,
        f"the integration {integration_id} is not set up on this server",
        metadata={"id": integration_id},
    )


def read_event_name(text: str, kind: HookKind) -> HookEventName:
    """The event that a hook is enabled for. Raises Invalid for one that it does not run at."""
    if text not in {event.value for event in kind.events}:
        why = f"{_shown(text)} is no event of this hook; accepted: {', '.join(kind.events)}"
        raise Invalid(
            Reason.FIELD_INVALID,
            f"eventName: {why}",
            violations=(FieldViolation("event_name", why),),
            metadata={"field": "eventName"},
        )
    return HookEventName(text)


def _shown(text: str) -> str:
    return repr(text[:_QUOTED_IN_ERRORS])
