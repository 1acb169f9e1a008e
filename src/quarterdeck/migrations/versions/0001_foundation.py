"""Foundation: identity, events, jobs, blobs, and the fleet."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIGINT = sa.BigInteger()
TABLES = (
    *("sequences", "blobs", "tenants", "service_accounts", "tokens", "event_streams", "events", "jobs"),
    *("pipelines", "pipeline_revisions", "collectors", "collector_contacts"),
)
OPEN_JOBS = sa.text("state IN ('waiting', 'leased')")


def upgrade() -> None:
    _create_foundation()
    _create_identity()
    _create_events()
    _create_jobs()
    _create_pipelines()
    _create_collectors()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("events_position")))


def _create_foundation() -> None:
    op.create_table(
        "sequences",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_sequences"),
    )
    op.create_table(
        "blobs",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", BIGINT, nullable=False, comment="bytes of the text before compression"),
        sa.Column("zstd", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name="pk_blobs"),
    )


def _create_identity() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
    )
    op.create_index("uq_tenants_name", "tenants", ["name"], unique=True)
    op.create_table(
        "service_accounts",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role", BIGINT, nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_service_accounts"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_service_accounts_tenant_id_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_service_accounts_tenant_id_tenants"),
    )
    op.create_table(
        "tokens",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("expires_at", BIGINT),
        sa.Column("revoked_at", BIGINT),
        sa.Column("last_used_at", BIGINT),
        sa.Column("collector_id", TEXT),
        sa.Column("collector_id_prefix", TEXT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_tokens"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["service_accounts.tenant_id", "service_accounts.id"],
            name="fk_tokens_tenant_id_account_id_service_accounts",
        ),
    )
    op.create_index("uq_tokens_sha256", "tokens", ["sha256"], unique=True)
    op.create_index("ix_tokens_tenant_id_account_id", "tokens", ["tenant_id", "account_id"])


def _create_events() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("events_position", data_type=sa.BigInteger)))
    op.create_table(
        "event_streams",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("head", BIGINT, nullable=False, comment="sequence of the stream's last event"),
        sa.Column("trimmed", BIGINT, nullable=False, comment="sequence of the last event that was trimmed, or 0"),
        sa.PrimaryKeyConstraint("tenant_id", "stream", name="pk_event_streams"),
    )
    op.create_table(
        "events",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("sequence", BIGINT, nullable=False, autoincrement=False),
        sa.Column("xid", BIGINT, nullable=False, comment="writing transaction on PostgreSQL, 0 on SQLite"),
        sa.Column("position", BIGINT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", BIGINT, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("references", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "stream", "sequence", name="pk_events"),
    )
    op.create_index("ix_events_tenant_id_xid_position", "events", ["tenant_id", "xid", "position"])
    op.create_index("ix_events_xid_position", "events", ["xid", "position"])


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("queue", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", BIGINT, nullable=False),
        sa.Column("attempts", BIGINT, nullable=False),
        sa.Column("max_attempts", BIGINT, nullable=False),
        sa.Column("order_key", TEXT),
        sa.Column("order_number", BIGINT, nullable=False),
        sa.Column("fence", BIGINT, nullable=False),
        sa.Column("worker", TEXT),
        sa.Column("last_error", TEXT),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("finished_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "queue", "id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_due", "jobs", ["queue", "due_at"], postgresql_where=OPEN_JOBS, sqlite_where=OPEN_JOBS)
    op.create_index("ix_jobs_order", "jobs", ["tenant_id", "queue", "order_key", "order_number"])
    op.create_index("ix_jobs_state", "jobs", ["tenant_id", "state", "finished_at"])


def _draft_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", TEXT, nullable=False),
        sa.Column("contents_sha256", TEXT, nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("metadata", sa.Text()),
        sa.Column("source_type", sa.Integer()),
        sa.Column("source_namespace", TEXT),
        sa.Column("config_type", sa.Integer(), nullable=False),
    ]


def _create_pipelines() -> None:
    op.create_table(
        "pipelines",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", BIGINT, nullable=False, autoincrement=False),
        *_draft_columns(),
        sa.Column("ident", TEXT, nullable=False),
        sa.Column(
            "ident_folded", TEXT, nullable=False, comment="idents that differ by case only are the same directory"
        ),
        sa.Column("revision_id", BIGINT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_pipelines"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_pipelines_tenant_id_name"),
        sa.UniqueConstraint("tenant_id", "ident_folded", name="uq_pipelines_tenant_id_ident_folded"),
    )
    op.create_table(
        "pipeline_revisions",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", BIGINT, nullable=False, autoincrement=False),
        sa.Column("pipeline_id", BIGINT, nullable=False),
        sa.Column("operation", sa.Integer(), nullable=False),
        *_draft_columns(),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_pipeline_revisions"),
    )
    op.create_index(
        "ix_pipeline_revisions_tenant_id_pipeline_id_id", "pipeline_revisions", ["tenant_id", "pipeline_id", "id"]
    )


def _create_collectors() -> None:
    op.create_table(
        "collectors",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("local_attributes", sa.Text(), nullable=False),
        sa.Column("remote_attributes", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("collector_type", sa.Integer(), nullable=False),
        sa.Column("customised", sa.Boolean(), nullable=False, comment="a poll must know about this row"),
        sa.Column("created_by_api", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT, nullable=False),
        sa.Column("marked_inactive_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_collectors"),
    )
    op.create_index("ix_collectors_tenant_id_customised", "collectors", ["tenant_id", "customised"])
    op.create_table(
        "collector_contacts",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("collector_id", TEXT, nullable=False),
        sa.Column("last_seen_at", BIGINT),
        sa.Column("poll_interval", sa.Double(), comment="seconds"),
        sa.Column("served_hash", TEXT),
        sa.Column("served_fnv1", TEXT),
        sa.Column("served_at", BIGINT),
        sa.Column("status", sa.Integer()),
        sa.Column("error_message", TEXT),
        sa.Column("reported_at", BIGINT),
        sa.Column("effective_sha256", TEXT),
        sa.Column("effective_content_type", TEXT),
        sa.Column("effective_at", BIGINT),
        sa.PrimaryKeyConstraint("tenant_id", "collector_id", name="pk_collector_contacts"),
    )
    op.create_index("ix_collector_contacts_last_seen_at", "collector_contacts", ["last_seen_at"])
