"""From any content type to any other."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from quarterdeck.errors import FieldViolation, Invalid, Reason
from quarterdeck.incidents.key_update_text.document import Document
from quarterdeck.incidents.key_update_text.lexical import read_lexical, write_lexical
from quarterdeck.incidents.key_update_text.marked import SLACK, TEAMS, read_marked, write_marked
from quarterdeck.incidents.key_update_text.plain import read_plain, write_plain
from quarterdeck.incidents.limits import NOTE, check_length


class ContentType(StrEnum):
    """How a key update is written."""

    PLAIN = "text/plain"
    LEXICAL = "application/x-lexical-editor"
    SLACK = "text/markdown+slack"
    MS_TEAMS = "text/markdown+msteams"


def read_content_type(
    text: str, default: ContentType = ContentType.PLAIN, *, field: str = "contentType"
) -> ContentType:
    """The content type that a caller names; `default` for empty text: text/plain on writes, the stored one on reads.

    Raises `Invalid(FIELD_INVALID)` for any other word.
    """
    if not text:
        return default
    if text not in set(ContentType):
        raise _refused(field, f"{text[:80]!r} is unknown; accepted: {', '.join(ContentType)}")
    return ContentType(text)


def check_content(content: str, content_type: ContentType, *, field: str = "content") -> None:
    """Raise Invalid for content of more than 65,536 characters, or that is no editor state but says to be."""
    check_length(field, content, NOTE)
    if content_type is ContentType.LEXICAL and content and read_lexical(content) is None:
        raise _refused(field, "is not the serialized state of a Lexical editor, a JSON object with a root")


def convert(content: str, stored: ContentType, wanted: ContentType) -> str:
    """Content of one type as another; unchanged when they are the same or it is empty.

    Never raises: editor state that is none is shown as the plain text that it is. Takes linear time. The result may be
    longer than what may be sent.
    """
    if stored is wanted or not content:
        return content
    return _WRITERS[wanted](_READERS[stored](content))


def _lexical_or_plain(content: str) -> Document:
    document = read_lexical(content)
    return read_plain(content) if document is None else document


_READERS: dict[ContentType, Callable[[str], Document]] = {
    ContentType.PLAIN: read_plain,
    ContentType.LEXICAL: _lexical_or_plain,
    ContentType.SLACK: lambda content: read_marked(content, SLACK),
    ContentType.MS_TEAMS: lambda content: read_marked(content, TEAMS),
}
_WRITERS: dict[ContentType, Callable[[Document], str]] = {
    ContentType.PLAIN: write_plain,
    ContentType.LEXICAL: write_lexical,
    ContentType.SLACK: lambda document: write_marked(document, SLACK),
    ContentType.MS_TEAMS: lambda document: write_marked(document, TEAMS),
}


def _refused(field: str, why: str) -> Invalid:
    message = f"{field}: {why}"
    return Invalid(Reason.FIELD_INVALID, message, violations=(FieldViolation(field, why),), metadata={"field": field})
