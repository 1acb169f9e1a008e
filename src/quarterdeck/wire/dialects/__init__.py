"""JSON dialects: what a family of services calls JSON, compiled from the message descriptors."""

from __future__ import annotations

from quarterdeck.wire.dialects.compiled import compile_dialect
from quarterdeck.wire.dialects.conventions import (
    Conventions,
    KeyNames,
    Nulls,
    PrintedUnset,
    TimeFormat,
    UnsetMessage,
)
from quarterdeck.wire.dialects.dialect import Dialect, ErrorBody, MessageCodec, Occasion
from quarterdeck.wire.dialects.protojson import protojson

__all__ = [
    "Conventions",
    "Dialect",
    "ErrorBody",
    "KeyNames",
    "MessageCodec",
    "Nulls",
    "Occasion",
    "PrintedUnset",
    "TimeFormat",
    "UnsetMessage",
    "compile_dialect",
    "protojson",
]
