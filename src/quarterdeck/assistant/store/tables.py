"""The tables. `tenant_id` leads every key; events are append-only."""

from __future__ import annotations

import sqlalchemy as sa

from quarterdeck.database import BigInt, Json, Text, Timestamp, metadata

chats = sa.Table(
    "assistant_chats",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("source", Text, nullable=False, comment="assistant, cli, holmes or investigation"),
    sa.Column("agent_id", Text, nullable=False, comment="the A2A agent that its runs are"),
    sa.Column("created_by", Text, nullable=False, comment="the account's name"),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("modified_at", Timestamp, nullable=False),
    sa.Column("archived_at", Timestamp),
    sa.Column("head", BigInt, nullable=False, comment="sequence of the last event"),
    sa.Column("last_run_id", Text, nullable=False),
    sa.Index("ix_assistant_chats_modified", "tenant_id", "modified_at"),
)

runs = sa.Table(
    "assistant_runs",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("chat_id", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("first_sequence", BigInt, nullable=False, comment="of its first event in the chat's log"),
    sa.Column("model", Text, nullable=False),
    sa.Column("engine", Text, nullable=False, comment="builtin or model"),
    sa.Column("prompt", Text, nullable=False),
    sa.Column("request", Json, nullable=False, comment="all that a worker needs to run it"),
    sa.Column("caller", Json, nullable=False, comment="who asked; the run acts with this role"),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("finished_at", Timestamp),
    sa.Column("answer", Text, nullable=False),
    sa.Column("evidence", Json, nullable=False, comment="the answer's references"),
    sa.Column("costs", Json, nullable=False),
    sa.Column("error", Text, nullable=False),
    sa.Column("canceled_by", Text, comment="who wants it ended, from the wish on"),
    sa.Column("transcript", Json, nullable=False, comment="what it added to the conversation, when it is over"),
    sa.Index("ix_assistant_runs_chat", "tenant_id", "chat_id", "first_sequence"),
    sa.Index(
        "ix_assistant_runs_open",
        "state",
        "created_at",
        postgresql_where=sa.text("state IN ('submitted', 'working', 'input_required')"),
        sqlite_where=sa.text("state IN ('submitted', 'working', 'input_required')"),
    ),
)

events = sa.Table(
    "assistant_events",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("chat_id", Text, primary_key=True),
    sa.Column("sequence", BigInt, primary_key=True, autoincrement=False),
    sa.Column("run_id", Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False, comment="assistant.v1.RunEvent"),
)

pending_calls = sa.Table(
    "assistant_pending_calls",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("run_id", Text, primary_key=True),
    sa.Column("tool_call_id", Text, primary_key=True),
    sa.Column("id", Text, nullable=False, comment="what clients of A2A call it"),
    sa.Column("kind", Text, nullable=False, comment="approval or remote"),
    sa.Column("tool_name", Text, nullable=False),
    sa.Column("arguments", Text, nullable=False, comment="JSON text, as the model wrote it"),
    sa.Column("description", Text, nullable=False),
    sa.Column("role", BigInt, nullable=False, comment="the lowest that may decide"),
    sa.Column("asked_at", Timestamp, nullable=False),
    sa.Column("expires_at", Timestamp, nullable=False),
    sa.Column("decided_at", Timestamp),
    sa.Column("approved", sa.Boolean, nullable=False, comment="of a remote tool: whether it worked"),
    sa.Column("decided_by", Text, nullable=False),
    sa.Column("feedback", Text, nullable=False),
    sa.Column("result", Text, nullable=False, comment="what a remote tool answered"),
    sa.UniqueConstraint("tenant_id", "id", name="uq_assistant_pending_calls_id"),
)

executed_calls = sa.Table(
    "assistant_executed_calls",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("key", Text, primary_key=True, comment="what makes the call the same one, wherever it comes from"),
    sa.Column("run_id", Text, nullable=False),
    sa.Column("tool_call_id", Text, nullable=False),
    sa.Column("tool_name", Text, nullable=False),
    sa.Column("approved_by", Text, nullable=False),
    sa.Column("begun_at", Timestamp, nullable=False),
    sa.Column("result", sa.LargeBinary, comment="assistant.v1.ToolResult; null while it runs, or when it died"),
)

investigations = sa.Table(
    "assistant_investigations",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("id", Text, primary_key=True),
    sa.Column("title", Text, nullable=False),
    sa.Column("description", Text, nullable=False),
    sa.Column("incident_id", Text, nullable=False),
    sa.Column("chat_id", Text, nullable=False),
    sa.Column("source", Text, nullable=False, comment="who began it: api, cli or incident"),
    sa.Column("properties", Json, nullable=False, comment="what clients keep with it: mode, team names"),
    sa.Column("activity_item_id", Text, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Index("ix_assistant_investigations_created", "tenant_id", "created_at"),
    sa.Index("ix_assistant_investigations_chat", "tenant_id", "chat_id"),
)

objects = sa.Table(
    "assistant_objects",
    metadata,
    sa.Column("tenant_id", Text, primary_key=True),
    sa.Column("kind", Text, primary_key=True, comment="rule, skill or integration"),
    sa.Column("id", Text, primary_key=True),
    sa.Column("scope", Text, nullable=False, comment="user or tenant"),
    sa.Column("owner", Text, nullable=False, comment="the account's name"),
    sa.Column("body", Json, nullable=False),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Column("updated_at", Timestamp, nullable=False),
)

keys = sa.Table(
    "assistant_keys",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
