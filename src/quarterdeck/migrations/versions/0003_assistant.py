"""The assistant: chats, runs and their log, calls that wait, calls that were made, investigations, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIGINT = sa.BigInteger()
TABLES = (
    "assistant_chats",
    "assistant_runs",
    "assistant_events",
    "assistant_pending_calls",
    "assistant_executed_calls",
    "assistant_investigations",
    "assistant_objects",
    "assistant_keys",
)
OPEN_RUNS = sa.text("state IN ('submitted', 'working', 'input_required')")
OPEN_JOBS = sa.text("state IN ('waiting', 'leased')")


def upgrade() -> None:
    _create_chats()
    _create_runs()
    _create_events()
    _create_pending_calls()
    _create_executed_calls()
    _create_investigations()
    _create_objects()
    _create_keys()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_chats() -> None:
    op.create_table(
        "assistant_chats",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False, comment="assistant, cli, holmes or investigation"),
        sa.Column("agent_id", TEXT, nullable=False, comment="the A2A agent that its runs are"),
        sa.Column("created_by", TEXT, nullable=False, comment="the account's name"),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("modified_at", BIGINT, nullable=False),
        sa.Column("archived_at", BIGINT),
        sa.Column("head", BIGINT, nullable=False, comment="sequence of the last event"),
        sa.Column("last_run_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_assistant_chats"),
    )
    op.create_index("ix_assistant_chats_modified", "assistant_chats", ["tenant_id", "modified_at"])


def _create_runs() -> None:
    op.create_table(
        "assistant_runs",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("chat_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("first_sequence", BIGINT, nullable=False, comment="of its first event in the chat's log"),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("engine", TEXT, nullable=False, comment="builtin or model"),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("request", sa.Text(), nullable=False, comment="all that a worker needs to run it"),
        sa.Column("caller", sa.Text(), nullable=False, comment="who asked; the run acts with this role"),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("finished_at", BIGINT),
        sa.Column("answer", TEXT, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False, comment="the answer's references"),
        sa.Column("costs", sa.Text(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("canceled_by", TEXT, comment="who wants it ended, from the wish on"),
        sa.Column(
            "transcript", sa.Text(), nullable=False, comment="what it added to the conversation, when it is over"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_assistant_runs"),
    )
    op.create_index("ix_assistant_runs_chat", "assistant_runs", ["tenant_id", "chat_id", "first_sequence"])
    op.create_index(
        "ix_assistant_runs_open",
        "assistant_runs",
        ["state", "created_at"],
        postgresql_where=OPEN_RUNS,
        sqlite_where=OPEN_RUNS,
    )


def _create_events() -> None:
    op.create_table(
        "assistant_events",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("chat_id", TEXT, nullable=False),
        sa.Column("sequence", BIGINT, nullable=False, autoincrement=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="assistant.v1.RunEvent"),
        sa.PrimaryKeyConstraint("tenant_id", "chat_id", "sequence", name="pk_assistant_events"),
    )


def _create_pending_calls() -> None:
    op.create_table(
        "assistant_pending_calls",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("tool_call_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False, comment="what clients of A2A call it"),
        sa.Column("kind", TEXT, nullable=False, comment="approval or remote"),
        sa.Column("tool_name", TEXT, nullable=False),
        sa.Column("arguments", TEXT, nullable=False, comment="JSON text, as the model wrote it"),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("role", BIGINT, nullable=False, comment="the lowest that may decide"),
        sa.Column("asked_at", BIGINT, nullable=False),
        sa.Column("expires_at", BIGINT, nullable=False),
        sa.Column("decided_at", BIGINT),
        sa.Column("approved", sa.Boolean(), nullable=False, comment="of a remote tool: whether it worked"),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("feedback", TEXT, nullable=False),
        sa.Column("result", TEXT, nullable=False, comment="what a remote tool answered"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "tool_call_id", name="pk_assistant_pending_calls"),
        sa.UniqueConstraint("tenant_id", "id", name="uq_assistant_pending_calls_id"),
    )


def _create_executed_calls() -> None:
    op.create_table(
        "assistant_executed_calls",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False, comment="what makes the call the same one, wherever it comes from"),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("tool_call_id", TEXT, nullable=False),
        sa.Column("tool_name", TEXT, nullable=False),
        sa.Column("approved_by", TEXT, nullable=False),
        sa.Column("begun_at", BIGINT, nullable=False),
        sa.Column("result", sa.LargeBinary(), comment="assistant.v1.ToolResult; null while it runs, or when it died"),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_assistant_executed_calls"),
    )


def _create_investigations() -> None:
    op.create_table(
        "assistant_investigations",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("incident_id", TEXT, nullable=False),
        sa.Column("chat_id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False, comment="who began it: api, cli or incident"),
        sa.Column("properties", sa.Text(), nullable=False, comment="what clients keep with it: mode, team names"),
        sa.Column("activity_item_id", TEXT, nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_assistant_investigations"),
    )
    op.create_index("ix_assistant_investigations_created", "assistant_investigations", ["tenant_id", "created_at"])
    op.create_index("ix_assistant_investigations_chat", "assistant_investigations", ["tenant_id", "chat_id"])


def _create_objects() -> None:
    op.create_table(
        "assistant_objects",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False, comment="rule, skill or integration"),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False, comment="user or tenant"),
        sa.Column("owner", TEXT, nullable=False, comment="the account's name"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", BIGINT, nullable=False),
        sa.Column("updated_at", BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "id", name="pk_assistant_objects"),
    )


def _create_keys() -> None:
    op.create_table(
        "assistant_keys",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_assistant_keys"),
    )
