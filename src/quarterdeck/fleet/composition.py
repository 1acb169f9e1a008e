"""The configuration of one collector, composed from the fleet and remembered while its ingredients are the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from quarterdeck.fleet import assembly
from quarterdeck.fleet.alloy import fnv1_32
from quarterdeck.fleet.attributes import effective_attributes
from quarterdeck.fleet.collector import CollectorType
from quarterdeck.fleet.snapshot import ServedPipeline, TenantFleet

MAX_REMEMBERED_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Composition:
    """A configuration text, never empty, with its hash (SHA-256, hex) and its FNV-1 as Alloy's metrics show it."""

    content: str
    hash: str
    fnv1: str
    pipelines: tuple[ServedPipeline, ...]


def _composition(content: str, pipelines: tuple[ServedPipeline, ...] = ()) -> Composition:
    return Composition(content, assembly.content_hash(content), fnv1_32(content), pipelines)


DISABLED = _composition(assembly.NO_OP_COLLECTOR_DISABLED)
OTEL = _composition(assembly.NO_OP_OTEL_COLLECTOR)

_Ingredients = tuple[tuple[tuple[str, int], ...], tuple[tuple[str, str], ...]]


class Composer:
    """Composes configurations. Same ingredients, same text; a text is made once while there is room for it."""

    def __init__(self, max_bytes: int = MAX_REMEMBERED_BYTES) -> None:
        self._remembered: OrderedDict[tuple[str, _Ingredients], Composition] = OrderedDict()
        self._bytes = 0
        self._max_bytes = max_bytes

    def compose(
        self,
        tenant_id: str,
        fleet: TenantFleet,
        collector_id: str,
        local_attributes: Mapping[str, str],
        remote_attributes: Mapping[str, str] | None = None,
    ) -> Composition:
        """What the collector gets now. `remote_attributes`, when given, stand in for those that it has."""
        customisation = fleet.customisation(collector_id)
        if not customisation.enabled:
            return DISABLED
        if customisation.collector_type == CollectorType.OTEL:
            return OTEL
        remote = customisation.remote_attributes if remote_attributes is None else remote_attributes
        attributes = effective_attributes(collector_id, local_attributes, remote)
        matched = tuple(fleet.index.select(attributes))
        if not any(served.compiled.wants_attributes for served in matched):
            attributes = {}
        ingredients = (
            tuple((served.head.ident, served.head.revision_id) for served in matched),
            tuple(sorted(attributes.items())),
        )
        return self._recall((tenant_id, ingredients)) or self._make((tenant_id, ingredients), matched, attributes)

    def _recall(self, key: tuple[str, _Ingredients]) -> Composition | None:
        composition = self._remembered.get(key)
        if composition is not None:
            self._remembered.move_to_end(key)
        return composition

    def _make(
        self, key: tuple[str, _Ingredients], matched: tuple[ServedPipeline, ...], attributes: Mapping[str, str]
    ) -> Composition:
        content = assembly.assemble([served.compiled for served in matched], attributes)
        composition = _composition(content, matched)
        self._remembered[key] = composition
        self._bytes += len(content)
        while self._bytes > self._max_bytes and len(self._remembered) > 1:
            _, oldest = self._remembered.popitem(last=False)
            self._bytes -= len(oldest.content)
        return composition
