"""The conversation as HolmesGPT's clients carry it along: what is taken from it, and what goes back. 2.4, 7.

On the way in, noise and marks go, and every tool message stands directly behind the message whose call it answers. On
the way out, the marks are put back. What a run works with never carries a mark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from quarterdeck.assistant.context.truncation import text_of
from quarterdeck.assistant.holmes.approval_tokens import canonical_arguments, verify
from quarterdeck.assistant.run import ChatMessage, OpenCall, OpenCallOutcome, denial
from quarterdeck.errors import DomainError, FieldViolation, Invalid, Reason

NO_PENDING: Final = "Received {} tool decisions but no pending approvals found in conversation history"
NOT_VALID: Final = (
    "The approval is not valid for this call: its token is missing, expired or for other arguments. "
    "Nothing was executed."
)
ABANDONED: Final = "The call was cancelled: another question came before anybody decided. Nothing was executed."
NO_RESULT: Final = "The client sent no result for this call."

_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
_QUOTED: Final = 40


@dataclass(frozen=True, slots=True)
class PendingInHistory:
    """A call of the history that has no answer."""

    id: str
    name: str
    arguments: str
    """JSON text, exactly as in the history."""
    token: str
    is_frontend: bool
    is_marked: bool = True
    """Whether the history says that it waits; else its run was cut off, or somebody took the mark away."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the client says about a waiting call."""

    approved: bool
    feedback: str = ""


class NothingPending(Exception):  # noqa: N818 - what is the matter
    """Decisions came, and no call waits for one."""


def cleaned(history: Iterable[Mapping[str, Any]]) -> list[ChatMessage]:
    """The messages without the noise that clients send back: token counts, providers' fields, marks of waiting calls.

    Tool messages that answer no call, or one that has its answer, are left out: no provider accepts them. Raises
    Invalid(FIELD_INVALID) for an unknown role, and for calls that are malformed or have an id twice in one message;
    DomainError(IMAGE_INVALID) for an image without an address.
    """
    return [message for turn in _turns(history) for message in (turn.message, *turn.answers.values())]


def pending_in(history: Iterable[Mapping[str, Any]]) -> list[PendingInHistory]:
    """The calls without an answer that carry a mark, in order. Raises what `cleaned` raises."""
    return [call for call in _waiting(history) if call.is_marked]


def unanswered(history: Iterable[Mapping[str, Any]]) -> list[PendingInHistory]:
    """The calls without an answer that carry no mark: their run was cut off. Raises what `cleaned` raises."""
    return [call for call in _waiting(history) if not call.is_marked]


def open_calls(
    history: Sequence[Mapping[str, Any]],
    decisions: Mapping[str, Decision],
    results: Mapping[str, str],
    *,
    key: bytes,
    tenant_id: str,
    now: datetime,
) -> tuple[OpenCall, ...]:
    """What is to become of every call without an answer, in order.

    With decisions or results, an approval that nobody gave is a denial, and a result that did not come an error; with
    neither, it is a new question, which cancels what waits. Decisions and results for other ids are ignored. Raises
    `NothingPending` for decisions when no call waits for one, and what `cleaned` raises.
    """
    waiting = _waiting(history)
    if decisions and not any(call.is_marked and not call.is_frontend for call in waiting):
        raise NothingPending(NO_PENDING.format(len(decisions)))
    resumed = bool(decisions or results)
    settled = []
    for call in waiting:
        if not call.is_marked:
            settled.append(_answered(call, ABANDONED))
        elif call.is_frontend:
            settled.append(_frontend(call, results, resumed=resumed))
        else:
            token = verify(
                key, call.token, tenant_id=tenant_id, call_id=call.id, name=call.name, arguments=call.arguments, now=now
            )
            settled.append(_decided(call, decisions.get(call.id), token, resumed=resumed))
    return tuple(settled)


def marked(messages: Sequence[ChatMessage], approvals: Mapping[str, str], frontend: Iterable[str]) -> list[ChatMessage]:
    """The conversation with marks at the calls that wait: a token at those that need an approval.

    Each call is marked once, in the last message that wants it.
    """
    waiting = set(frontend)
    left = waiting | set(approvals)
    found: list[ChatMessage] = []
    for message in reversed(messages):
        calls = message.get("tool_calls") or ()
        here = {call["id"] for call in calls} & left
        left -= here
        if here:
            message = {  # noqa: PLW2901 - the message as it goes out
                **message,
                "tool_calls": [_marked(call, approvals, waiting) if call["id"] in here else call for call in calls],
            }
        found.append(message)
    return found[::-1]


def _frontend(call: PendingInHistory, results: Mapping[str, str], *, resumed: bool) -> OpenCall:
    if call.id in results:
        return OpenCall(
            call.id, call.name, call.arguments, OpenCallOutcome.ANSWER, text=results[call.id], is_error=False
        )
    return _answered(call, NO_RESULT if resumed else ABANDONED)


def _decided(call: PendingInHistory, decision: Decision | None, token: str, *, resumed: bool) -> OpenCall:
    """`token` is what a valid token says, else empty."""
    if decision is None:
        return _answered(call, denial("") if resumed else ABANDONED)
    if not decision.approved:
        return OpenCall(
            call.id,
            call.name,
            call.arguments,
            OpenCallOutcome.ANSWER,
            text=denial(decision.feedback),
            key=token,
            feedback=decision.feedback,
        )
    if not token:
        return _answered(call, NOT_VALID)
    # What was signed, and not another spelling of it: two spellings of one call are not two calls.
    arguments = canonical_arguments(call.arguments)
    return OpenCall(
        call.id,
        call.name,
        arguments,
        OpenCallOutcome.EXECUTE,
        approved=True,
        key=token,
        feedback=decision.feedback,
    )


def _answered(call: PendingInHistory, text: str) -> OpenCall:
    return OpenCall(call.id, call.name, call.arguments, OpenCallOutcome.ANSWER, text=text, decided=False)


def _marked(call: dict[str, Any], approvals: Mapping[str, str], frontend: set[str]) -> dict[str, Any]:
    call_id = call["id"]
    if call_id in approvals:
        return {**call, "pending_approval": True, "approval_token": approvals[call_id]}
    return {**call, "pending_frontend": True} if call_id in frontend else call


@dataclass(slots=True)
class _Turn:
    """One message, and the tool messages that answer it in the order in which they came."""

    message: ChatMessage
    calls: tuple[PendingInHistory, ...] = ()
    answers: dict[str, ChatMessage] = field(default_factory=dict)


def _waiting(history: Iterable[Mapping[str, Any]]) -> list[PendingInHistory]:
    return [call for turn in _turns(history) for call in turn.calls if call.id not in turn.answers]


def _turns(history: Iterable[Mapping[str, Any]]) -> list[_Turn]:
    turns: list[_Turn] = []
    wanted_by: dict[str, _Turn] = {}
    for index, item in enumerate(history):
        where = f"conversation_history[{index}]"
        role = item.get("role")
        if role not in _ROLES:
            raise _refused(f"{where}.role", f"is {_shown(role)}; accepted are {', '.join(_ROLES)}")
        if role == "tool":
            _take_answer(wanted_by, item)
            continue
        turn = _turn(item, where)
        turns.append(turn)
        wanted_by |= {call.id: turn for call in turn.calls}
    return turns


def _take_answer(wanted_by: Mapping[str, _Turn], item: Mapping[str, Any]) -> None:
    call_id = item.get("tool_call_id")
    turn = wanted_by.get(call_id) if isinstance(call_id, str) else None
    if turn is not None and isinstance(call_id, str) and call_id not in turn.answers:
        name = next(call.name for call in turn.calls if call.id == call_id)
        content = text_of(item.get("content"))
        turn.answers[call_id] = {"role": "tool", "tool_call_id": call_id, "name": name, "content": content}


def _turn(item: Mapping[str, Any], where: str) -> _Turn:
    content = item.get("content")
    if item["role"] != "assistant":
        return _Turn({"role": item["role"], "content": _content(content)})
    message: ChatMessage = {"role": "assistant", "content": text_of(content)}
    if isinstance(item.get("reasoning_content"), str):
        message["reasoning_content"] = item["reasoning_content"]
    calls = _calls(item.get("tool_calls"), f"{where}.tool_calls")
    if calls:
        message["tool_calls"] = [_plain(call) for call in calls]
    return _Turn(message, calls)


def _content(content: Any) -> Any:
    """Text as a string; a list only when there is an image in it."""
    if not isinstance(content, list) or not any(map(_is_image, content)):
        return text_of(content)
    return [_image(block) if _is_image(block) else {"type": "text", "text": text_of([block])} for block in content]


def _is_image(block: Any) -> bool:
    return isinstance(block, Mapping) and block.get("type") == "image_url"


def _image(block: Mapping[str, Any]) -> dict[str, Any]:
    given = block.get("image_url")
    image = {"url": given} if isinstance(given, str) else given
    if not isinstance(image, Mapping) or not isinstance(image.get("url"), str) or not image["url"]:
        raise DomainError(Reason.IMAGE_INVALID, "Image dict must contain a 'url' key")
    kept = {key: image[key] for key in ("url", "detail", "format") if isinstance(image.get(key), str)}
    return {"type": "image_url", "image_url": kept}


def _calls(calls: Any, where: str) -> tuple[PendingInHistory, ...]:
    if calls is None:
        return ()
    if not isinstance(calls, list):
        raise _refused(where, "is no list")
    read = tuple(_call(call, f"{where}[{index}]") for index, call in enumerate(calls))
    if len({call.id for call in read}) < len(read):
        raise _refused(where, "has the same id twice")
    return read


def _call(call: Any, where: str) -> PendingInHistory:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        raise _refused(where, "is no call of a function")
    call_id, name, token = call.get("id"), function.get("name"), call.get("approval_token")
    if not isinstance(call_id, str) or not call_id or not isinstance(name, str) or not name:
        raise _refused(where, "has no id, or its function has no name")
    # A call with both marks waits for a person: the stricter of the two.
    approval, frontend = bool(call.get("pending_approval")), bool(call.get("pending_frontend"))
    return PendingInHistory(
        id=call_id,
        name=name,
        arguments=_arguments(function.get("arguments")),
        token=token if isinstance(token, str) else "",
        is_frontend=frontend and not approval,
        is_marked=approval or frontend,
    )


def _arguments(value: Any) -> str:
    """JSON text; some clients send the object itself."""
    if isinstance(value, str):
        return value
    return "{}" if value is None else json.dumps(value)


def _plain(call: PendingInHistory) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else type(value).__name__
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def _refused(where: str, why: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, f"{where} {why}", violations=(FieldViolation(where, why),))
