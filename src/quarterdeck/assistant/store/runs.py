"""Chats, runs and the log of what happens in them.

Who appends moves the chat's head from the sequence it knows; when somebody else did so first, nothing is written. That
is what keeps two workers that both believe they hold a run from writing one log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from quarterdeck import jobs
from quarterdeck.assistant.run import (
    OPEN_STATES,
    ChatRecord,
    RunRecord,
    RunRequest,
    RunState,
    Source,
    caller_from_json,
    caller_to_json,
    storable,
)
from quarterdeck.assistant.store import tables as t
from quarterdeck.database import Connection, Prepared, hint
from quarterdeck.errors import Aborted, NotFound, Reason

TOPIC: Final = "assistant"
"""The hint that some chat's log has grown, or that somebody wants a run ended."""

_QUOTED: Final = 80
_BATCH: Final = 400
PAGE: Final = 1000
"""The most entries that are read at once."""

_ADD_CHAT = Prepared(sa.insert(t.chats))
_ADD_RUN = Prepared(sa.insert(t.runs))
_ADD_EVENT = Prepared(sa.insert(t.events))
_IS_CHAT = sa.and_(t.chats.c.tenant_id == sa.bindparam("tenant"), t.chats.c.id == sa.bindparam("chat"))
_IS_RUN = sa.and_(t.runs.c.tenant_id == sa.bindparam("tenant"), t.runs.c.id == sa.bindparam("run"))
_MOVE_HEAD = Prepared(
    sa.update(t.chats)
    .where(_IS_CHAT, t.chats.c.head == sa.bindparam("known"))
    .values(head=sa.bindparam("new"), modified_at=sa.bindparam("now"))
)
_EVENTS = Prepared(
    sa.select(t.events.c.sequence, t.events.c.payload)
    .where(
        t.events.c.tenant_id == sa.bindparam("tenant"),
        t.events.c.chat_id == sa.bindparam("chat"),
        t.events.c.sequence > sa.bindparam("after"),
    )
    .order_by(t.events.c.sequence)
    .limit(PAGE)
)
_STATE = Prepared(sa.update(t.runs).where(_IS_RUN).values(state=sa.bindparam("to")))
_FINISH = Prepared(
    sa.update(t.runs)
    .where(_IS_RUN)
    .values(
        state=sa.bindparam("to"),
        finished_at=sa.bindparam("at"),
        answer=sa.bindparam("said"),
        evidence=sa.bindparam("shown"),
        costs=sa.bindparam("spent"),
        error=sa.bindparam("why"),
        transcript=sa.bindparam("added"),
    )
)


class LogMoved(Aborted):
    """Somebody else has written to the chat's log: whoever wrote this no longer holds the run."""


def add_chat(connection: Connection, chat: ChatRecord) -> None:
    """A new chat, with a head that covers the events written beside it."""
    _ADD_CHAT.run(connection, {**asdict(chat), "name": storable(chat.name), "source": chat.source.value})


def add_run(connection: Connection, run: RunRecord) -> None:
    """A new run."""
    _ADD_RUN.run(
        connection,
        {
            "tenant_id": run.tenant_id,
            "id": run.id,
            "chat_id": run.chat_id,
            "state": run.state.value,
            "first_sequence": run.first_sequence,
            "model": storable(run.model),
            "engine": run.engine,
            "prompt": storable(run.prompt),
            "request": run.request.to_json(),
            "caller": caller_to_json(run.caller),
            "created_at": run.created_at,
            "finished_at": run.finished_at,
            "answer": run.answer,
            "evidence": list(run.evidence),
            "costs": dict(run.costs),
            "error": run.error,
            "canceled_by": run.canceled_by,
            "transcript": list(run.transcript),
        },
    )


def find_chat(connection: Connection, tenant_id: str, chat_id: str, *, lock: bool = False) -> ChatRecord:
    """Raises `NotFound(CHAT_NOT_FOUND)`."""
    query = sa.select(t.chats).where(t.chats.c.tenant_id == tenant_id, t.chats.c.id == chat_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.CHAT_NOT_FOUND, f"there is no chat {chat_id[:_QUOTED]!r}")
    return _chat(row)


def list_chats(
    connection: Connection,
    tenant_id: str,
    *,
    sources: Sequence[str] | None,
    limit: int,
    offset: int,
    include_archived: bool = False,
    archived_only: bool = False,
) -> tuple[list[ChatRecord], int]:
    """A page of chats, the last changed first, and how many there are. `sources` None: all."""
    where = [t.chats.c.tenant_id == tenant_id]
    if sources is not None:
        where.append(t.chats.c.source.in_(list(sources)))
    if archived_only:
        where.append(t.chats.c.archived_at.is_not(None))
    elif not include_archived:
        where.append(t.chats.c.archived_at.is_(None))
    total = connection.execute(sa.select(sa.func.count()).select_from(t.chats).where(*where)).scalar_one()
    query = sa.select(t.chats).where(*where).order_by(t.chats.c.modified_at.desc(), t.chats.c.id)
    rows = connection.execute(query.limit(limit).offset(offset)).mappings()
    return [_chat(row) for row in rows], total


def archive_chat(connection: Connection, tenant_id: str, chat_id: str, archived_at: datetime | None) -> ChatRecord:
    """Raises `NotFound(CHAT_NOT_FOUND)`."""
    mine = sa.update(t.chats).where(t.chats.c.tenant_id == tenant_id, t.chats.c.id == chat_id)
    connection.execute(mine.values(archived_at=archived_at))
    return find_chat(connection, tenant_id, chat_id)


def find_run(connection: Connection, tenant_id: str, run_id: str, *, lock: bool = False) -> RunRecord:
    """Raises `NotFound(RUN_NOT_FOUND)`."""
    query = sa.select(t.runs).where(t.runs.c.tenant_id == tenant_id, t.runs.c.id == run_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFound(Reason.RUN_NOT_FOUND, f"there is no run {run_id[:_QUOTED]!r}")
    return _run(row)


def runs_of(connection: Connection, tenant_id: str, chat_id: str) -> list[RunRecord]:
    """A chat's runs, the oldest first."""
    query = sa.select(t.runs).where(t.runs.c.tenant_id == tenant_id, t.runs.c.chat_id == chat_id)
    return [_run(row) for row in connection.execute(query.order_by(t.runs.c.first_sequence)).mappings()]


def runs_by_id(connection: Connection, tenant_id: str, run_ids: Sequence[str]) -> dict[str, RunRecord]:
    """Those of the runs that there are."""
    found: dict[str, RunRecord] = {}
    for start in range(0, len(run_ids), _BATCH):
        some = list(run_ids[start : start + _BATCH])
        query = sa.select(t.runs).where(t.runs.c.tenant_id == tenant_id, t.runs.c.id.in_(some))
        found |= {row["id"]: _run(row) for row in connection.execute(query).mappings()}
    return found


def tokens_used(connection: Connection, tenant_id: str, chat_ids: Sequence[str]) -> dict[str, int]:
    """The tokens of all runs of these chats, by chat."""
    found = dict.fromkeys(chat_ids, 0)
    for start in range(0, len(chat_ids), _BATCH):
        some = list(chat_ids[start : start + _BATCH])
        query = sa.select(t.runs.c.chat_id, t.runs.c.costs).where(t.runs.c.tenant_id == tenant_id)
        for row in connection.execute(query.where(t.runs.c.chat_id.in_(some))):
            found[row.chat_id] += int(row.costs.get("total_tokens", 0))
    return found


def continue_chat(connection: Connection, chat: ChatRecord, *, run_id: str) -> None:
    """The run is the chat's newest one."""
    mine = sa.update(t.chats).where(t.chats.c.tenant_id == chat.tenant_id, t.chats.c.id == chat.id)
    connection.execute(mine.values(last_run_id=run_id))


def append(
    connection: Connection,
    *,
    tenant_id: str,
    chat_id: str,
    known: int,
    entries: Sequence[tuple[int, str, bytes]],
    now: datetime,
    moves_head: bool = True,
) -> None:
    """Entries (sequence, run id, payload) behind the head `known`. Raises `LogMoved` when that is not the head.

    Without `moves_head` the chat is new in this transaction, and its head says already that they are there.
    """
    if moves_head:
        values = {"tenant": tenant_id, "chat": chat_id, "known": known, "new": entries[-1][0], "now": now}
        if _MOVE_HEAD.run(connection, values) != 1:
            raise LogMoved(Reason.CONCURRENT_CHANGE, f"the log of chat {chat_id!r} was moved on by somebody else")
    rows = [
        {"tenant_id": tenant_id, "chat_id": chat_id, "sequence": sequence, "run_id": run_id, "payload": payload}
        for sequence, run_id, payload in entries
    ]
    _ADD_EVENT.run_many(connection, rows)
    hint(connection, TOPIC)


def read_events(connection: Connection, tenant_id: str, chat_id: str, after: int) -> list[tuple[int, bytes]]:
    """Up to 1000 entries (sequence, payload) behind `after`, in order."""
    rows = _EVENTS.all(connection, {"tenant": tenant_id, "chat": chat_id, "after": after})
    return [(row.sequence, bytes(row.payload)) for row in rows]


def heads(connection: Connection, chats: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The heads of many chats (tenant, id)."""
    wanted: dict[str, list[str]] = {}
    for tenant_id, chat_id in chats:
        wanted.setdefault(tenant_id, []).append(chat_id)
    found: dict[tuple[str, str], int] = {}
    for tenant_id, ids in wanted.items():
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            query = sa.select(t.chats.c.id, t.chats.c.head).where(t.chats.c.tenant_id == tenant_id)
            rows = connection.execute(query.where(t.chats.c.id.in_(some)))
            found |= {(tenant_id, row.id): row.head for row in rows}
    return found


def set_state(connection: Connection, run: RunRecord, state: RunState) -> None:
    """Where the run is now; not for final states."""
    _STATE.run(connection, {"tenant": run.tenant_id, "run": run.id, "to": state.value})


def finish(
    connection: Connection,
    run: RunRecord,
    *,
    state: RunState,
    at: datetime,
    answer: str = "",
    evidence: Sequence[Mapping[str, str]] = (),
    costs: Mapping[str, Any] | None = None,
    error: str = "",
    transcript: Sequence[Mapping[str, Any]] = (),
) -> None:
    """The run is over."""
    _FINISH.run(
        connection,
        {
            "tenant": run.tenant_id,
            "run": run.id,
            "to": state.value,
            "at": at,
            "said": storable(answer),
            "shown": list(evidence),
            "spent": dict(costs or {}),
            "why": storable(error),
            "added": list(transcript),
        },
    )


def wish_canceled(connection: Connection, run: RunRecord, canceled_by: str) -> None:
    """Whoever works on it ends it soon."""
    mine = sa.update(t.runs).where(t.runs.c.tenant_id == run.tenant_id, t.runs.c.id == run.id)
    connection.execute(mine.values(canceled_by=canceled_by))
    hint(connection, TOPIC)


def canceled_of(connection: Connection, run_ids: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Those of the runs (tenant, id) that somebody wants ended, and who."""
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(run_ids), _BATCH):
        some = [run_id for _, run_id in run_ids[start : start + _BATCH]]
        query = sa.select(t.runs.c.tenant_id, t.runs.c.id, t.runs.c.canceled_by)
        rows = connection.execute(query.where(t.runs.c.id.in_(some), t.runs.c.canceled_by.is_not(None)))
        found |= {(row.tenant_id, row.id): row.canceled_by for row in rows}
    return found


def transcripts_of(connection: Connection, tenant_id: str, chat_id: str) -> list[Mapping[str, Any]]:
    """What was said in a chat, run by run, and nothing else of the runs: each has the whole chat in its request."""
    query = sa.select(t.runs.c.transcript).where(t.runs.c.tenant_id == tenant_id, t.runs.c.chat_id == chat_id)
    found = connection.execute(query.order_by(t.runs.c.first_sequence)).scalars()
    return [message for transcript in found for message in transcript]


def list_unfinished(connection: Connection, *, before: datetime, limit: int = 100) -> list[tuple[str, str]]:
    """Tenants and ids of runs that a worker should have, begun before that moment."""
    states = [state.value for state in OPEN_STATES if state is not RunState.INPUT_REQUIRED]
    query = sa.select(t.runs.c.tenant_id, t.runs.c.id).where(t.runs.c.state.in_(states), t.runs.c.created_at < before)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(t.runs.c.created_at).limit(limit))]


def has_open_job(connection: Connection, tenant_id: str, queue: str, run_id: str) -> bool:
    """Whether a worker has the run, or will take it. The job's id is the run's."""
    try:
        job = jobs.get(connection, tenant_id=tenant_id, queue=queue, job_id=run_id)
    except NotFound:
        return False
    return job.state in {jobs.JobState.WAITING, jobs.JobState.LEASED}


def _chat(row: Mapping[Any, Any]) -> ChatRecord:
    values = {name: row[name] for name in ChatRecord.__slots__}
    return ChatRecord(**{**values, "source": Source(values["source"])})


def _run(row: Mapping[Any, Any]) -> RunRecord:
    return RunRecord(
        tenant_id=row["tenant_id"],
        id=row["id"],
        chat_id=row["chat_id"],
        state=RunState(row["state"]),
        first_sequence=row["first_sequence"],
        model=row["model"],
        engine=row["engine"],
        prompt=row["prompt"],
        request=RunRequest.from_json(row["request"]),
        caller=caller_from_json(row["caller"]),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        answer=row["answer"],
        evidence=tuple(row["evidence"]),
        costs=row["costs"],
        error=row["error"],
        canceled_by=row["canceled_by"],
        transcript=tuple(row["transcript"]),
    )
