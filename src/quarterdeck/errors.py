"""What can go wrong, in the house's own words.

A rule, a store or a service raises one of these; `wire/errors.py` alone knows what each becomes on the wire. Every
error carries a `Reason` for machines, a sentence for people (what, which one, what would be accepted) and optional
metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The machine-readable half of an error; part of the API, never renamed."""

    # requests
    FIELD_INVALID = "FIELD_INVALID"
    BODY_MALFORMED = "BODY_MALFORMED"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    METHOD_UNKNOWN = "METHOD_UNKNOWN"
    METHOD_UNIMPLEMENTED = "METHOD_UNIMPLEMENTED"
    # identity
    CREDENTIALS_MISSING = "CREDENTIALS_MISSING"
    CREDENTIALS_INVALID = "CREDENTIALS_INVALID"
    ROLE_TOO_LOW = "ROLE_TOO_LOW"
    COLLECTOR_NOT_YOURS = "COLLECTOR_NOT_YOURS"
    RATE_LIMITED = "RATE_LIMITED"
    ACCOUNT_NOT_FOUND = "ACCOUNT_NOT_FOUND"
    ACCOUNT_NAME_TAKEN = "ACCOUNT_NAME_TAKEN"
    TOKEN_NOT_FOUND = "TOKEN_NOT_FOUND"  # noqa: S105 - a reason, not a secret
    TENANT_NOT_FOUND = "TENANT_NOT_FOUND"
    TENANT_NAME_TAKEN = "TENANT_NAME_TAKEN"
    # fleet
    PIPELINE_NOT_FOUND = "PIPELINE_NOT_FOUND"
    PIPELINE_NAME_TAKEN = "PIPELINE_NAME_TAKEN"
    PIPELINE_INVALID = "PIPELINE_INVALID"
    REVISION_NOT_FOUND = "REVISION_NOT_FOUND"
    MATCHER_INVALID = "MATCHER_INVALID"
    CONTENTS_INVALID = "CONTENTS_INVALID"
    SYNC_REFUSED = "SYNC_REFUSED"
    COLLECTOR_NOT_FOUND = "COLLECTOR_NOT_FOUND"
    COLLECTOR_EXISTS = "COLLECTOR_EXISTS"
    ATTRIBUTE_INVALID = "ATTRIBUTE_INVALID"
    ATTRIBUTE_NOT_FOUND = "ATTRIBUTE_NOT_FOUND"
    # incidents
    INCIDENT_NOT_FOUND = "INCIDENT_NOT_FOUND"
    INCIDENT_PRIVATE = "INCIDENT_PRIVATE"
    INCIDENT_CREATION_FAILED = "INCIDENT_CREATION_FAILED"
    ACTIVITY_ITEM_NOT_FOUND = "ACTIVITY_ITEM_NOT_FOUND"
    TASK_NOT_FOUND = "TASK_NOT_FOUND"
    ROLE_NOT_FOUND = "ROLE_NOT_FOUND"
    ROLE_NAME_TAKEN = "ROLE_NAME_TAKEN"
    ROLES_AT_MAXIMUM = "ROLES_AT_MAXIMUM"
    ROLES_AT_MINIMUM = "ROLES_AT_MINIMUM"
    STATUS_NOT_FOUND = "STATUS_NOT_FOUND"
    STATUS_TRANSITION_INVALID = "STATUS_TRANSITION_INVALID"
    SEVERITY_NOT_FOUND = "SEVERITY_NOT_FOUND"
    FIELD_NOT_FOUND = "FIELD_NOT_FOUND"
    SELECT_OPTION_NOT_FOUND = "SELECT_OPTION_NOT_FOUND"
    KEY_UPDATE_NOT_FOUND = "KEY_UPDATE_NOT_FOUND"
    USER_NOT_FOUND = "USER_NOT_FOUND"
    INTEGRATION_NOT_FOUND = "INTEGRATION_NOT_FOUND"
    HOOK_NOT_FOUND = "HOOK_NOT_FOUND"
    INTEGRATION_NOT_CONFIGURED = "INTEGRATION_NOT_CONFIGURED"
    DELIVERY_NOT_FOUND = "DELIVERY_NOT_FOUND"
    NAME_TAKEN = "NAME_TAKEN"
    IN_USE = "IN_USE"
    IMMUTABLE = "IMMUTABLE"
    ARCHIVED = "ARCHIVED"
    VERSION_MISMATCH = "VERSION_MISMATCH"
    QUERY_INVALID = "QUERY_INVALID"
    CURSOR_INVALID = "CURSOR_INVALID"
    FEATURE_DISABLED = "FEATURE_DISABLED"
    # assistant
    CHAT_NOT_FOUND = "CHAT_NOT_FOUND"
    CHAT_BUSY = "CHAT_BUSY"
    RUN_NOT_FOUND = "RUN_NOT_FOUND"
    APPROVAL_NOT_FOUND = "APPROVAL_NOT_FOUND"
    DECISION_CONTRADICTED = "DECISION_CONTRADICTED"
    INVESTIGATION_NOT_FOUND = "INVESTIGATION_NOT_FOUND"
    INVESTIGATION_NOT_AT_WORK = "INVESTIGATION_NOT_AT_WORK"
    OBJECT_NOT_FOUND = "OBJECT_NOT_FOUND"
    MODEL_UNKNOWN = "MODEL_UNKNOWN"
    MODEL_FAILED = "MODEL_FAILED"
    MODEL_RATE_LIMITED = "MODEL_RATE_LIMITED"
    MODEL_REFUSES_CREDENTIALS = "MODEL_REFUSES_CREDENTIALS"
    PROMPT_TEMPLATE_UNKNOWN = "PROMPT_TEMPLATE_UNKNOWN"
    IMAGE_INVALID = "IMAGE_INVALID"
    OAUTH_EXCHANGE_FAILED = "OAUTH_EXCHANGE_FAILED"
    # store
    EVENTS_TRIMMED = "EVENTS_TRIMMED"
    SCHEMA_OUTDATED = "SCHEMA_OUTDATED"
    BLOB_NOT_FOUND = "BLOB_NOT_FOUND"
    JOB_NOT_FOUND = "JOB_NOT_FOUND"
    CONCURRENT_CHANGE = "CONCURRENT_CHANGE"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    SHUTTING_DOWN = "SHUTTING_DOWN"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One thing wrong with one field: its path in proto names (`pipeline.matchers[2]`) and why."""

    field: str
    description: str
    maximum: int | None = None
    """The limit that was passed, when it is about one: characters, entries, or the number itself."""
    minimum: int | None = None


class DomainError(Exception):
    """Base of everything the house raises on purpose."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        violations: tuple[FieldViolation, ...] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.violations = violations
        self.metadata: Mapping[str, str] = metadata or {}


class Invalid(DomainError):
    """The request can never succeed as it is."""


class Unauthenticated(DomainError):
    """No credentials, or none that we know."""


class Forbidden(DomainError):
    """Known caller, not allowed."""


class NotFound(DomainError):
    """The thing addressed does not exist for this tenant."""


class Conflict(DomainError):
    """Something with that name or id already exists."""


class Aborted(DomainError):
    """Lost a race against another change; reading again and retrying may succeed."""


class PreconditionFailed(DomainError):
    """The system is not in the state that the call needs."""


class LimitExceeded(DomainError):
    """A rate or a size is used up; `retry_after` is in seconds, None when retrying does not help."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        retry_after: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason, message, metadata=metadata)
        self.retry_after = retry_after


class Unimplemented(DomainError):
    """The contract names it, this server does not do it."""


class Unavailable(DomainError):
    """Something that we stand on is away; the same call may succeed later."""


class DeadlineExceeded(DomainError):
    """The caller's deadline passed before the answer was ready."""
