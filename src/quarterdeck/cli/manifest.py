"""A directory of pipelines under version control: `pipelines.yaml` names the files, whom they are for, and how.

pipelines:
  - name: linux-metrics          # required, unique
    file: linux/metrics.alloy    # required, relative to the directory; .yaml and .yml are OpenTelemetry
    matchers: ['collector.os="linux"']
    enabled: true
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from quarterdeck.errors import Invalid, Reason
from quarterdeck.gen.pipeline.v1 import pipeline_pb2

FILE_NAME = "pipelines.yaml"
_KEYS = {"name", "file", "matchers", "enabled"}


def read_manifest(directory: Path) -> list[pipeline_pb2.Pipeline]:
    """The pipelines of a directory, in the manifest's order. Raises Invalid, saying where."""
    path = directory / FILE_NAME
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise _invalid(f"{path} cannot be read: it is nested too deeply") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _invalid(f"{path} cannot be read: {error}") from error
    entries = document.get("pipelines") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise _invalid(f"{path} must be a mapping with a list `pipelines`")
    return [_pipeline(directory, entry, f"{path}: pipelines[{index}]") for index, entry in enumerate(entries)]


def _pipeline(directory: Path, entry: Any, where: str) -> pipeline_pb2.Pipeline:
    if not isinstance(entry, dict) or not {"name", "file"} <= entry.keys() <= _KEYS:
        raise _invalid(f"{where} must have `name` and `file`, and may have `matchers` and `enabled`")
    matchers, enabled = entry.get("matchers", []), entry.get("enabled", True)
    if not (isinstance(entry["name"], str) and isinstance(entry["file"], str) and isinstance(enabled, bool)):
        raise _invalid(f"{where}: `name` and `file` are texts, `enabled` is true or false")
    if not (isinstance(matchers, list) and all(isinstance(matcher, str) for matcher in matchers)):
        raise _invalid(f"{where}: `matchers` is a list of texts")
    file = directory / entry["file"]
    try:
        inside = file.resolve().is_relative_to(directory.resolve())
        contents = file.read_bytes().decode("utf-8") if inside else ""
    except (OSError, ValueError) as error:
        raise _invalid(f"{where}: {entry['file']!r} cannot be read: {error}") from error
    if not inside:
        raise _invalid(f"{where}: {entry['file']!r} lies outside the directory")
    otel = file.suffix in (".yaml", ".yml")
    return pipeline_pb2.Pipeline(
        name=entry["name"],
        contents=contents,
        matchers=matchers,
        enabled=enabled,
        config_type=pipeline_pb2.CONFIG_TYPE_OTEL if otel else pipeline_pb2.CONFIG_TYPE_ALLOY,
    )


def _invalid(sentence: str) -> Invalid:
    return Invalid(Reason.FIELD_INVALID, sentence)
