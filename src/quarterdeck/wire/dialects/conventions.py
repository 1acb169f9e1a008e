"""What one family's JSON looks like, stated as data; the compiler turns a statement into codecs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

MAX_DEPTH = 100
"""The deepest nesting of messages, in both directions: protobuf's own limit for its binary form. A level of a Struct
counts twice, because it is a Struct and a Value."""


class KeyNames(Enum):
    """How a field is spelled in an answer. Both spellings are read, whichever is printed."""

    JSON = auto()
    """`json_name`: lowerCamelCase, unless the contract says otherwise."""
    PROTO = auto()
    """The name in the .proto file."""


class TimeFormat(Enum):
    """How a Timestamp is printed: always RFC 3339 in UTC with `Z`. Any format reads up to nine fractional digits."""

    PROTOJSON = auto()
    """0, 3, 6 or 9 fractional digits: as many as the value needs."""
    MICROSECONDS = auto()
    """0 to 6 fractional digits without trailing zeros; the rest is cut."""
    SECONDS = auto()
    """Whole seconds; the rest is cut."""


class Nulls(Enum):
    """What a `null` in a request means. For a `google.protobuf.Value` or `NullValue` it is a value in every dialect."""

    UNSET = auto()
    """The field is unset; refused as an item of a list or a map."""
    DROPPED = auto()
    """The field is unset; an item of a list or a map is left out."""
    REFUSED = auto()
    """An error anywhere."""


class UnsetMessage(Enum):
    """How an unset sub-message is printed, where unset fields are printed."""

    NULL = auto()
    ZERO = auto()
    """As an empty message of its type; null where its type contains itself."""
    ZERO_UNLESS_OPTIONAL = auto()
    """As ZERO, but null where the contract says `optional`: what a Go server makes of structs and pointers."""


@dataclass(frozen=True, slots=True)
class PrintedUnset:
    """What stands for an unset field in an answer.

    Zero values stand for themselves, an empty list is `[]`, an empty map or Struct `{}`; an `optional` scalar, a
    wrapper, a Value and a Duration are null. Of a `oneof`, only the member that is set is printed: its key tells the
    case.
    """

    time: str | None = None
    """For a Timestamp. A text is then read as unset, too."""
    message: UnsetMessage = UnsetMessage.NULL


@dataclass(frozen=True, slots=True)
class Conventions:
    """One family's JSON. The defaults are protojson."""

    keys: KeyNames = KeyNames.JSON
    unset: PrintedUnset | None = None
    """None leaves unset fields out, as well as zero values of fields without presence."""
    int64_as_text: bool = True
    """64-bit integers are printed as `"7"`, or as bare `7`. Both are read."""
    times: TimeFormat = TimeFormat.PROTOJSON
    nulls: Nulls = Nulls.UNSET
    any_key_case: bool = False
    """Keys are read in any case. When a field comes twice, the printed spelling wins, else the last one; without this,
    a field that comes in both of its spellings is refused."""
    unknown_keys_ignored: bool = True
    empty_body_is_object: bool = False
    """A body of no bytes, of white space alone, or `null`, is read as `{}`; without this it is refused."""
    bare_texts: bool = False
    """A message whose contract names a `text_field` is read from a bare text, too, and one with an `object_field` from
    any object."""
    entries_as_object: bool = False
    """A message whose contract names an `entries_field` is printed and read as an object, in the entries' order."""
    nul_refused: bool = False
    """A body with a NUL character in any text is refused, unknown keys and their values included."""
