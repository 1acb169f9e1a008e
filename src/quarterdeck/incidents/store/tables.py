"""Every table of the wing in one place, because most of them point at an incident or at the organisation's settings."""

from __future__ import annotations

import sqlalchemy as sa

from quarterdeck.database import BigInt, Json, Text, Timestamp, metadata

# --- the organisation's settings -------------------------------------------------------------------------------------

severities = sa.Table(
    "incident_severities",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True, comment="a UUID"),
    sa.Column("label", Text, nullable=False, comment="as people see it"),
    sa.Column("label_folded", Text, nullable=False, comment="unique among those not deleted; empty once deleted"),
    sa.Column("level", sa.Integer, nullable=False, comment="-1 for Pending, else 1 (worst) to 5"),
    sa.Column("description", Text, nullable=False),
    sa.Column("icon_name", Text, nullable=False),
    sa.Column("dark_color", Text, nullable=False),
    sa.Column("light_color", Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp),
    sa.Column("archived_at", Timestamp),
    sa.Column("archived_by", Text),
    sa.Column("deleted_at", Timestamp),
    sa.Column("deleted_by", Text),
)

roles = sa.Table(
    "incident_roles",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("name_folded", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("important", sa.Boolean, nullable=False),
    sa.Column("mandatory", sa.Boolean, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp),
    sa.UniqueConstraint("tenant_id", "name_folded"),
)

statuses = sa.Table(
    "incident_statuses",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True, comment="a UUID"),
    sa.Column("incident_type", Text, nullable=False, comment="internal or private"),
    sa.Column("category", Text, nullable=False, comment="active or resolved"),
    sa.Column("name", Text, nullable=False),
    sa.Column("slug", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("icon", Text, nullable=False),
    sa.Column("color", Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("builtin", sa.Boolean, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp),
    sa.UniqueConstraint("tenant_id", "incident_type", "slug"),
)

fields = sa.Table(
    "incident_fields",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("uuid", Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, comment="the numeric fieldID that incident-node asks for"),
    sa.Column("domain", Text, nullable=False, comment="incident, or labels for label keys"),
    sa.Column("name", Text, nullable=False),
    sa.Column("slug", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("type", Text, nullable=False, comment="string, single-select, multi-select, bool, number or date"),
    sa.Column("color", Text, nullable=False),
    sa.Column("icon", Text, nullable=False),
    sa.Column("required", sa.Boolean, nullable=False),
    sa.Column("immutable", sa.Boolean, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("extra", Json, nullable=False, comment="keys of the API that nothing here looks at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp),
    sa.UniqueConstraint("tenant_id", "domain", "slug"),
    sa.UniqueConstraint("tenant_id", "number"),
)

select_options = sa.Table(
    "incident_select_options",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("uuid", Text, primary_key=True),
    sa.Column("field_uuid", Text, nullable=False),
    sa.Column("value", Text, nullable=False),
    sa.Column("value_folded", Text, nullable=False),
    sa.Column("label", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("color", Text, nullable=False),
    sa.Column("icon", Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.UniqueConstraint("tenant_id", "field_uuid", "value_folded"),
)

users = sa.Table(
    "incident_users",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True, comment="user-<24 hex>; the API shows grafana-incident:<id>"),
    sa.Column("name", Text, nullable=False),
    sa.Column("email", Text, nullable=False),
    sa.Column("email_folded", Text, nullable=False),
    sa.Column("photo_url", Text, nullable=False),
    sa.Column("service_account_id", Text, comment="the account that this person or program calls with"),
    sa.Column("grafana_user_id", Text),
    sa.Column("grafana_login", Text),
    sa.Column("slack_user_id", Text),
    sa.Column("slack_team_id", Text),
    sa.Column("msteams_user_id", Text),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("modified_at", Timestamp, nullable=False),
    sa.UniqueConstraint("tenant_id", "service_account_id"),
    sa.Index(None, "tenant_id", "name", "id"),
    sa.Index(None, "tenant_id", "email_folded"),
)

# --- incidents -------------------------------------------------------------------------------------------------------

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("title_folded", Text, nullable=False, comment="for searching without regard to case"),
    sa.Column("slug", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("summary", Text, nullable=False),
    sa.Column("status", Text, nullable=False, comment="the category: active or resolved"),
    sa.Column("status_id", Text, nullable=False),
    sa.Column("severity_id", Text, nullable=False),
    sa.Column("incident_type", Text, nullable=False),
    sa.Column("is_drill", sa.Boolean, nullable=False),
    sa.Column("room_prefix", Text, nullable=False),
    sa.Column("created_by", Text, nullable=False, comment="a user's id"),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("modified_at", Timestamp, nullable=False),
    sa.Column("started_at", Timestamp, nullable=False, comment="incidentStart"),
    sa.Column("ended_at", Timestamp, comment="incidentEnd"),
    sa.Column("closed_at", Timestamp),
    sa.Column("acknowledged_at", Timestamp, comment="when the first role was assigned"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index(None, "tenant_id", "created_at", "id"),
    sa.Index(None, "tenant_id", "modified_at", "id"),
    sa.Index(None, "tenant_id", "status", "created_at", "id"),
    sa.Index(None, "tenant_id", "status", "severity_id", "created_at", "id"),
)

incident_labels = sa.Table(
    "incident_labels",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("option_uuid", Text, primary_key=True, comment="the label's value: a select option of its key's field"),
    sa.Column("field_uuid", Text, nullable=False, comment="the label's key"),
    sa.Column("position", sa.Integer, nullable=False, comment="order of assignment"),
    sa.Index(None, "tenant_id", "option_uuid", "incident_id"),
)

incident_assignments = sa.Table(
    "incident_assignments",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("role_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("user_id", Text, primary_key=True),
    sa.Column("assigned_at", Timestamp, nullable=False),
    sa.Index(None, "tenant_id", "user_id", "incident_id"),
)

incident_participants = sa.Table(
    "incident_participants",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("user_id", Text, primary_key=True),
    sa.Column("joined_at", Timestamp, nullable=False),
)

activity_items = sa.Table(
    "incident_activity",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False, comment="1, 2, … within the incident"),
    sa.Column("kind", Text, nullable=False),
    sa.Column("body", Text, nullable=False),
    sa.Column("field_values", Json, nullable=False),
    sa.Column("user_id", Text, nullable=False),
    sa.Column("subject_user_id", Text),
    sa.Column("event_time", Timestamp, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("immutable", sa.Boolean, nullable=False),
    sa.Column("relevance", Text, nullable=False),
    sa.Column("tags", Json, nullable=False),
    sa.Column("url", Text, nullable=False),
    sa.Column("attachments", Json, nullable=False),
    sa.Column("removed_at", Timestamp, comment="then nothing of its words is left; the row keeps its number taken"),
    sa.Index(None, "tenant_id", "incident_id", "event_time", "number"),
)

tasks = sa.Table(
    "incident_tasks",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("id", Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False, comment="order of creation"),
    sa.Column("text", Text, nullable=False),
    sa.Column("status", Text, nullable=False, comment="todo, progress or done"),
    sa.Column("immutable", sa.Boolean, nullable=False),
    sa.Column("author_user_id", Text),
    sa.Column("assigned_user_id", Text),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("modified_at", Timestamp, nullable=False),
)

contexts = sa.Table(
    "incident_contexts",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("id", Text, primary_key=True),
    sa.Column("type", Text, nullable=False, comment="genericURL, grafana.dashboard, webhookPayload, …"),
    sa.Column("title", Text, nullable=False),
    sa.Column("search_text", Text, nullable=False, comment="title and URL, folded"),
    sa.Column("description", Text, nullable=False),
    sa.Column("payload", Text, nullable=False, comment="JSON"),
    sa.Column("alert_group_id", Text),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("modified_at", Timestamp, nullable=False),
)

key_updates = sa.Table(
    "incident_key_updates",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("id", Text, primary_key=True),
    sa.Column("title", Text),
    sa.Column("title_folded", Text, comment="what ordering by title compares; null without a title"),
    sa.Column("color", Text),
    sa.Column("content", Text, nullable=False),
    sa.Column("content_type", Text, nullable=False),
    sa.Column("status_id", Text, nullable=False),
    sa.Column("severity_id", Text, nullable=False),
    sa.Column("scope", Text, nullable=False),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("modified_by", Text, comment="null until somebody changes it"),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("modified_at", Timestamp, nullable=False),
    sa.Index(None, "tenant_id", "created_at", "id"),
)

field_values = sa.Table(
    "incident_field_values",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("field_uuid", Text, primary_key=True),
    sa.Column("value", Text, nullable=False, comment="JSON, by the field's type"),
    sa.Column("search_text", Text, nullable=False, comment="the value as a person would type it, folded"),
    sa.Index(None, "tenant_id", "field_uuid", "incident_id"),
)

# --- integrations ----------------------------------------------------------------------------------------------------

enabled_hooks = sa.Table(
    "incident_enabled_hooks",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("integration_id", Text, nullable=False),
    sa.Column("hook_id", Text, nullable=False),
    sa.Column("event_name", Text, nullable=False),
    sa.Column("incident_filter", Text, nullable=False),
    sa.Column("sensitive", sa.Boolean, nullable=False, comment="also for private incidents"),
    sa.Column("config", Json, nullable=False, comment="url, events"),
    sa.Column("secrets", Json, nullable=False, comment="signingSecret, headers; never returned"),
    sa.Column("created_by", Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("disabled_at", Timestamp, comment="kept for its log of deliveries"),
)

hook_runs = sa.Table(
    "incident_hook_runs",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True, comment="the delivery's id, the same on every try: webhook-out-<24 hex>"),
    sa.Column("enabled_hook_id", Text, nullable=False),
    sa.Column("incident_id", BigInt, nullable=False),
    sa.Column("event", Text, nullable=False),
    sa.Column("body_sha256", Text, nullable=False, comment="a blob: the body as it was when the event happened"),
    sa.Column("status", Text, nullable=False, comment="todo, success, failed or dropped"),
    sa.Column("tries", Json, nullable=False, comment="[{at, status, error}]"),
    sa.Column("metadata", Json, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("last_run_at", Timestamp),
    sa.Index(None, "tenant_id", "enabled_hook_id", "created_at"),
    sa.Index(None, "tenant_id", "incident_id", "created_at"),
)

filter_matches = sa.Table(
    "incident_filter_matches",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("enabled_hook_id", Text, primary_key=True),
    sa.Column("incident_id", BigInt, primary_key=True, autoincrement=False),
)
"""Which incidents a filter hook matches now: it is told when one begins to."""

incoming_tokens = sa.Table(
    "incident_incoming_tokens",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("revoked_at", Timestamp),
)

incoming_deliveries = sa.Table(
    "incident_incoming_deliveries",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("token_id", Text, primary_key=True),
    sa.Column("key", Text, primary_key=True, comment="Idempotency-Key or dedupe; groupKey for Alertmanager"),
    sa.Column("incident_id", BigInt, nullable=False),
    sa.Column("received_at", Timestamp, nullable=False),
    sa.Column("state", Json, nullable=False, comment="what the source said last, to tell a change"),
)
