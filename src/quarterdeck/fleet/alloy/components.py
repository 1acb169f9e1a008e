"""The names that mean something to Alloy: components with their stability, config blocks, services, functions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

CONFIG_BLOCKS = frozenset({"argument", "declare", "export", "foreach", "import", "logging", "tracing"})

IMPORTS = frozenset({"import.file", "import.git", "import.http", "import.string"})

SERVICES = frozenset({"cluster", "http", "labelstore", "livedebugging", "otel", "remotecfg", "ui"})

ROOT_ONLY_BLOCKS = SERVICES | {"logging", "tracing"}
"""Blocks that Alloy accepts in its local file alone, never in a module or in remote configuration."""

LIBRARY = frozenset({"array", "coalesce", "constants", "convert", "encoding", "file", "json_path", "string", "sys"})
"""Roots of the standard library."""

DEPRECATED_GLOBALS = frozenset(
    {
        "base64_decode",
        "concat",
        "env",
        "format",
        "join",
        "json_decode",
        "nonsensitive",
        "replace",
        "split",
        "to_lower",
        "to_upper",
        "trim",
        "trim_prefix",
        "trim_space",
        "trim_suffix",
        "yaml_decode",
    }
)
"""Functions that were renamed and still work."""

SCOPE_VARIABLES = frozenset({"module_path"})

GLOBALS = LIBRARY | DEPRECATED_GLOBALS | SCOPE_VARIABLES
"""Every identifier that an expression may start with in any module."""

EXPERIMENTAL_FUNCTIONS = frozenset({"array.combine_maps", "array.group_by"})

KEYWORDS = frozenset({"false", "null", "true"})


class Stability(StrEnum):
    """What a collector must be told before it runs a component: nothing (GA), a level, or a feature flag."""

    GA = "ga"
    PUBLIC_PREVIEW = "public-preview"
    EXPERIMENTAL = "experimental"
    COMMUNITY = "community"


@cache
def known_components() -> Mapping[str, Stability]:
    """Full component name to stability, as of the Alloy release that `components.tsv` names."""
    lines = (files(__package__) / "components.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {name: Stability(stability) for name, stability in rows}


@cache
def reserved_roots() -> frozenset[str]:
    """First name segments that a `declare` must leave alone: Alloy looks there before it looks at components."""
    roots = {name.partition(".")[0] for name in known_components()}
    return frozenset(roots | CONFIG_BLOCKS | SERVICES | GLOBALS | KEYWORDS)
