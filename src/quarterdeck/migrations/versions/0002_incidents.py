"""Incidents: an organisation's settings, incidents and what hangs on them, integrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIGINT = sa.BigInteger()
TABLES = (
    "incident_severities",
    "incident_roles",
    "incident_statuses",
    "incident_fields",
    "incident_select_options",
    "incident_users",
    "incidents",
    "incident_labels",
    "incident_assignments",
    "incident_participants",
    "incident_activity",
    "incident_tasks",
    "incident_contexts",
    "incident_key_updates",
    "incident_field_values",
    "incident_enabled_hooks",
    "incident_hook_runs",
    "incident_filter_matches",
    "incident_incoming_tokens",
    "incident_incoming_deliveries",
)


def upgrade() -> None:
    _create_severities()
    _create_roles()
    _create_statuses()
    _create_fields()
    _create_select_options()
    _create_users()
    _create_incidents()
    _create_labels()
    _create_assignments()
    _create_participants()
    _create_activity()
    _create_tasks()
    _create_contexts()
    _create_key_updates()
    _create_field_values()
    _create_enabled_hooks()
    _create_hook_runs()
    _create_filter_matches()
    _create_incoming_tokens()
    _create_incoming_deliveries()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_severities() -> None:
    op.create_table(
        "incident_severities",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False, comment="a UUID"),
        sa.Column("label", TEXT, nullable=False, comment="as people see it"),
        sa.Column("label_folded", TEXT, nullable=False, comment="unique among those not deleted; empty once deleted"),
        sa.Column("level", sa.Integer(), nullable=False, comment="-1 for Pending, else 1 (worst) to 5"),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("icon_name", TEXT, nullable=False),
        sa.Column("dark_color", TEXT, nullable=False),
        sa.Column("light_color", TEXT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT),
        sa.Column("archived_at", BIGINT),
        sa.Column("archived_by", TEXT),
        sa.Column("deleted_at", BIGINT),
        sa.Column("deleted_by", TEXT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_severities"),
    )


def _create_roles() -> None:
    op.create_table(
        "incident_roles",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("name_folded", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_roles"),
        sa.UniqueConstraint("tenant_id", "name_folded", name="uq_incident_roles_tenant_id_name_folded"),
    )


def _create_statuses() -> None:
    op.create_table(
        "incident_statuses",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False, comment="a UUID"),
        sa.Column("incident_type", TEXT, nullable=False, comment="internal or private"),
        sa.Column("category", TEXT, nullable=False, comment="active or resolved"),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("icon", TEXT, nullable=False),
        sa.Column("color", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("builtin", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_statuses"),
        sa.UniqueConstraint(
            "tenant_id", "incident_type", "slug", name="uq_incident_statuses_tenant_id_incident_type_slug"
        ),
    )


def _create_fields() -> None:
    op.create_table(
        "incident_fields",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("uuid", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="the numeric fieldID that incident-node asks for"),
        sa.Column("domain", TEXT, nullable=False, comment="incident, or labels for label keys"),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False, comment="string, single-select, multi-select, bool, number or date"),
        sa.Column("color", TEXT, nullable=False),
        sa.Column("icon", TEXT, nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("immutable", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("extra", sa.Text(), nullable=False, comment="keys of the API that nothing here looks at"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "uuid", name="pk_incident_fields"),
        sa.UniqueConstraint("tenant_id", "domain", "slug", name="uq_incident_fields_tenant_id_domain_slug"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_incident_fields_tenant_id_number"),
    )


def _create_select_options() -> None:
    op.create_table(
        "incident_select_options",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("uuid", TEXT, nullable=False),
        sa.Column("field_uuid", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("value_folded", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("color", TEXT, nullable=False),
        sa.Column("icon", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "uuid", name="pk_incident_select_options"),
        sa.UniqueConstraint(
            "tenant_id",
            "field_uuid",
            "value_folded",
            name="uq_incident_select_options_tenant_id_field_uuid_value_folded",
        ),
    )


def _create_users() -> None:
    op.create_table(
        "incident_users",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False, comment="user-<24 hex>; the API shows grafana-incident:<id>"),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("email_folded", TEXT, nullable=False),
        sa.Column("photo_url", TEXT, nullable=False),
        sa.Column("service_account_id", TEXT, comment="the account that this person or program calls with"),
        sa.Column("grafana_user_id", TEXT),
        sa.Column("grafana_login", TEXT),
        sa.Column("slack_user_id", TEXT),
        sa.Column("slack_team_id", TEXT),
        sa.Column("msteams_user_id", TEXT),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("modified_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_users"),
        sa.UniqueConstraint("tenant_id", "service_account_id", name="uq_incident_users_tenant_id_service_account_id"),
    )
    op.create_index("ix_incident_users_tenant_id_email_folded", "incident_users", ["tenant_id", "email_folded"])
    op.create_index("ix_incident_users_tenant_id_name_id", "incident_users", ["tenant_id", "name", "id"])


def _create_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("title_folded", TEXT, nullable=False, comment="for searching without regard to case"),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("summary", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False, comment="the category: active or resolved"),
        sa.Column("status_id", TEXT, nullable=False),
        sa.Column("severity_id", TEXT, nullable=False),
        sa.Column("incident_type", TEXT, nullable=False),
        sa.Column("is_drill", sa.Boolean(), nullable=False),
        sa.Column("room_prefix", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False, comment="a user's id"),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("modified_at", BIGINT, nullable=False),
        sa.Column("started_at", BIGINT, nullable=False, comment="incidentStart"),
        sa.Column("ended_at", BIGINT, comment="incidentEnd"),
        sa.Column("closed_at", BIGINT),
        sa.Column("acknowledged_at", BIGINT, comment="when the first role was assigned"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_tenant_id_created_at_id", "incidents", ["tenant_id", "created_at", "id"])
    op.create_index("ix_incidents_tenant_id_modified_at_id", "incidents", ["tenant_id", "modified_at", "id"])
    op.create_index(
        "ix_incidents_tenant_id_status_created_at_id", "incidents", ["tenant_id", "status", "created_at", "id"]
    )
    op.create_index(
        "ix_incidents_tenant_id_status_severity_id_created_at_id",
        "incidents",
        ["tenant_id", "status", "severity_id", "created_at", "id"],
    )


def _create_labels() -> None:
    op.create_table(
        "incident_labels",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("option_uuid", TEXT, nullable=False, comment="the label's value: a select option of its key's field"),
        sa.Column("field_uuid", TEXT, nullable=False, comment="the label's key"),
        sa.Column("position", sa.Integer(), nullable=False, comment="order of assignment"),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "option_uuid", name="pk_incident_labels"),
    )
    op.create_index(
        "ix_incident_labels_tenant_id_option_uuid_incident_id",
        "incident_labels",
        ["tenant_id", "option_uuid", "incident_id"],
    )


def _create_assignments() -> None:
    op.create_table(
        "incident_assignments",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("role_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("assigned_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "role_id", "user_id", name="pk_incident_assignments"),
    )
    op.create_index(
        "ix_incident_assignments_tenant_id_user_id_incident_id",
        "incident_assignments",
        ["tenant_id", "user_id", "incident_id"],
    )


def _create_participants() -> None:
    op.create_table(
        "incident_participants",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("joined_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "user_id", name="pk_incident_participants"),
    )


def _create_activity() -> None:
    op.create_table(
        "incident_activity",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False, comment="1, 2, … within the incident"),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("field_values", sa.Text(), nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("subject_user_id", TEXT),
        sa.Column("event_time", BIGINT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("immutable", sa.Boolean(), nullable=False),
        sa.Column("relevance", TEXT, nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("attachments", sa.Text(), nullable=False),
        sa.Column("removed_at", BIGINT, comment="then nothing of its words is left; the row keeps its number taken"),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "number", name="pk_incident_activity"),
    )
    op.create_index(
        "ix_incident_activity_tenant_id_incident_id_event_time_number",
        "incident_activity",
        ["tenant_id", "incident_id", "event_time", "number"],
    )


def _create_tasks() -> None:
    op.create_table(
        "incident_tasks",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="order of creation"),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False, comment="todo, progress or done"),
        sa.Column("immutable", sa.Boolean(), nullable=False),
        sa.Column("author_user_id", TEXT),
        sa.Column("assigned_user_id", TEXT),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("modified_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "id", name="pk_incident_tasks"),
    )


def _create_contexts() -> None:
    op.create_table(
        "incident_contexts",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False, comment="genericURL, grafana.dashboard, webhookPayload, …"),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("search_text", TEXT, nullable=False, comment="title and URL, folded"),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False, comment="JSON"),
        sa.Column("alert_group_id", TEXT),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("modified_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "id", name="pk_incident_contexts"),
    )


def _create_key_updates() -> None:
    op.create_table(
        "incident_key_updates",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("title", TEXT),
        sa.Column("title_folded", TEXT, comment="what ordering by title compares; null without a title"),
        sa.Column("color", TEXT),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("content_type", TEXT, nullable=False),
        sa.Column("status_id", TEXT, nullable=False),
        sa.Column("severity_id", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("modified_by", TEXT, comment="null until somebody changes it"),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("modified_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "id", name="pk_incident_key_updates"),
    )
    op.create_index(
        "ix_incident_key_updates_tenant_id_created_at_id", "incident_key_updates", ["tenant_id", "created_at", "id"]
    )


def _create_field_values() -> None:
    op.create_table(
        "incident_field_values",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("field_uuid", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False, comment="JSON, by the field's type"),
        sa.Column("search_text", TEXT, nullable=False, comment="the value as a person would type it, folded"),
        sa.PrimaryKeyConstraint("tenant_id", "incident_id", "field_uuid", name="pk_incident_field_values"),
    )
    op.create_index(
        "ix_incident_field_values_tenant_id_field_uuid_incident_id",
        "incident_field_values",
        ["tenant_id", "field_uuid", "incident_id"],
    )


def _create_enabled_hooks() -> None:
    op.create_table(
        "incident_enabled_hooks",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("integration_id", TEXT, nullable=False),
        sa.Column("hook_id", TEXT, nullable=False),
        sa.Column("event_name", TEXT, nullable=False),
        sa.Column("incident_filter", TEXT, nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False, comment="also for private incidents"),
        sa.Column("config", sa.Text(), nullable=False, comment="url, events"),
        sa.Column("secrets", sa.Text(), nullable=False, comment="signingSecret, headers; never returned"),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("disabled_at", BIGINT, comment="kept for its log of deliveries"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_enabled_hooks"),
    )


def _create_hook_runs() -> None:
    op.create_table(
        "incident_hook_runs",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False, comment="the delivery's id, the same on every try: webhook-out-<24 hex>"),
        sa.Column("enabled_hook_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("body_sha256", TEXT, nullable=False, comment="a blob: the body as it was when the event happened"),
        sa.Column("status", TEXT, nullable=False, comment="todo, success, failed or dropped"),
        sa.Column("tries", sa.Text(), nullable=False, comment="[{at, status, error}]"),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("last_run_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_hook_runs"),
    )
    op.create_index(
        "ix_incident_hook_runs_tenant_id_enabled_hook_id_created_at",
        "incident_hook_runs",
        ["tenant_id", "enabled_hook_id", "created_at"],
    )
    op.create_index(
        "ix_incident_hook_runs_tenant_id_incident_id_created_at",
        "incident_hook_runs",
        ["tenant_id", "incident_id", "created_at"],
    )


def _create_filter_matches() -> None:
    op.create_table(
        "incident_filter_matches",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("enabled_hook_id", TEXT, nullable=False),
        sa.Column("incident_id", BIGINT, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("tenant_id", "enabled_hook_id", "incident_id", name="pk_incident_filter_matches"),
    )


def _create_incoming_tokens() -> None:
    op.create_table(
        "incident_incoming_tokens",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("revoked_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incident_incoming_tokens"),
        sa.UniqueConstraint("sha256", name="uq_incident_incoming_tokens_sha256"),
    )


def _create_incoming_deliveries() -> None:
    op.create_table(
        "incident_incoming_deliveries",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("token_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False, comment="Idempotency-Key or dedupe; groupKey for Alertmanager"),
        sa.Column("incident_id", BIGINT, nullable=False),
        sa.Column("received_at", BIGINT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="what the source said last, to tell a change"),
        sa.PrimaryKeyConstraint("tenant_id", "token_id", "key", name="pk_incident_incoming_deliveries"),
    )
