"""The Alloy configuration language: reading it, and telling what a collector would refuse."""

from __future__ import annotations

from quarterdeck.fleet.alloy.checks import check, check_parsed
from quarterdeck.fleet.alloy.diagnostics import Diagnostic, Position, Severity, format_diagnostics
from quarterdeck.fleet.alloy.fingerprint import fnv1_32
from quarterdeck.fleet.alloy.parser import ParseResult, parse

__all__ = [
    "Diagnostic",
    "ParseResult",
    "Position",
    "Severity",
    "check",
    "check_parsed",
    "fnv1_32",
    "format_diagnostics",
    "parse",
]
