"""What is wrong with a pipeline's contents that can be told without a collector.

The contents are read as the body of a `declare`, which is what the server makes of them. Errors are what every
collector refuses; warnings depend on its version or flags, or are about prudence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from quarterdeck.fleet.alloy.block_rules import broken_rules
from quarterdeck.fleet.alloy.components import (
    CONFIG_BLOCKS,
    EXPERIMENTAL_FUNCTIONS,
    IMPORTS,
    ROOT_ONLY_BLOCKS,
    Stability,
    known_components,
)
from quarterdeck.fleet.alloy.cycles import knots, shortest_cycle
from quarterdeck.fleet.alloy.diagnostics import MAX_DIAGNOSTICS, Diagnostic, Severity, Source, shown
from quarterdeck.fleet.alloy.parser import MAX_DEPTH, ParseResult, parse
from quarterdeck.fleet.alloy.scopes import Module, ModuleKind, attributes_within, modules
from quarterdeck.fleet.alloy.syntax import Block, Body, Chain, Expression, Literal, Object, chains, subexpressions

CONTENTS_DEPTH = MAX_DEPTH - 1
"""How deep the contents of a pipeline may nest, so that they can still be read when wrapped."""

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|token|api_key|access_key|secret_key|private_key|credentials"
    r"|authorization)$",
    re.IGNORECASE,
)
_NO_COMPONENTS = (CONFIG_BLOCKS - {"import"}) | ROOT_ONLY_BLOCKS | IMPORTS
_NEEDS = {
    Stability.PUBLIC_PREVIEW: "is a public preview: a collector needs --stability.level=public-preview to run it",
    Stability.EXPERIMENTAL: "is experimental: a collector needs --stability.level=experimental to run it",
    Stability.COMMUNITY: "is a community component: a collector needs --feature.community-components.enabled to run it",
}


def check(text: str, *, strict: bool = False) -> list[Diagnostic]:
    """What is wrong with the contents of a pipeline, in the order of the text.

    Errors of syntax alone when there are any. `strict` makes an unknown component an error. At most MAX_DIAGNOSTICS
    errors and as many warnings. Never raises.
    """
    return check_parsed(parse(text, max_depth=CONTENTS_DEPTH), strict=strict)


def check_parsed(result: ParseResult, *, strict: bool = False) -> list[Diagnostic]:
    """`check` for a text that is already read."""
    if result.diagnostics:
        return result.diagnostics
    return _Check(result.source, result.file, strict=strict).run()


class _Check:
    """One look at one pipeline."""

    def __init__(self, source: Source, body: Body, *, strict: bool) -> None:
        self._source = source
        self._unknown = Severity.ERROR if strict else Severity.WARNING
        self._modules = modules(body)
        self._found: dict[Severity, list[Diagnostic]] = {Severity.ERROR: [], Severity.WARNING: []}
        self._edges: dict[Module, dict[str, dict[str, None]]] = {module: {} for module in self._modules}

    def run(self) -> list[Diagnostic]:
        instances = self._instances()
        reached = self._reached(instances)
        for module in self._modules:
            # Alloy loads a declare when something instantiates it: a fault in one that nothing uses does no harm.
            severity = Severity.ERROR if module.home.number in reached else Severity.WARNING
            for start, end, text in broken_rules(module):
                self._add(severity, start, end, text)
            for block in module.body.blocks:
                self._check_component(module, block)
                self._check_expressions(module, block)
        for module in self._modules:
            self._check_cycles(module)
        self._check_recursion(instances)
        return sorted((each for found in self._found.values() for each in found), key=lambda each: each.start)

    def _add(self, severity: Severity, start: int, end: int, text: str) -> None:
        found = self._found[severity]
        if len(found) < MAX_DIAGNOSTICS:
            found.append(self._source.diagnostic(start, end, text, severity=severity))

    def _instances(self) -> dict[int, dict[int, None]]:
        """Which declares the pipeline and each declare instantiate, by number; templates count for their home."""
        instances: dict[int, dict[int, None]] = {
            module.number: {} for module in self._modules if module.kind is not ModuleKind.TEMPLATE
        }
        for module in self._modules:
            for block in module.body.blocks:
                if block.name not in _NO_COMPONENTS and (declared := module.find_declare(block.path[0])):
                    instances[module.home.number][declared.number] = None
        return instances

    def _reached(self, instances: dict[int, dict[int, None]]) -> set[int]:
        """The modules that are loaded when the pipeline is."""
        reached, pending = {0}, [0]
        while pending:
            for number in instances[pending.pop()]:
                if number not in reached:
                    reached.add(number)
                    pending.append(number)
        return reached

    def _check_component(self, module: Module, block: Block) -> None:
        if block.name == "foreach":
            self._add(Severity.WARNING, block.start, block.end, f"'foreach' {_NEEDS[Stability.EXPERIMENTAL]}")
        if block.name in _NO_COMPONENTS or module.is_custom(block.path[0]):
            return
        stability = known_components().get(block.name)
        if stability is None:
            self._add(
                self._unknown, block.start, block.end, f"{shown(block.name)} is no component known to this server"
            )
        elif stability is not Stability.GA:
            self._add(Severity.WARNING, block.start, block.end, f"{shown(block.name)} {_NEEDS[stability]}")

    def _check_expressions(self, module: Module, block: Block) -> None:
        for attribute in attributes_within(block):
            self._check_secret(attribute.name, attribute.value)
            for expression in subexpressions(attribute.value):
                if isinstance(expression, Object):
                    for entry in expression.fields:
                        self._check_secret(entry.key, entry.value)
            for chain in chains(attribute.value):
                self._check_reference(module, block, chain)

    def _check_secret(self, name: str, value: Expression) -> None:
        if isinstance(value, Literal) and value.string and _SECRET_NAME.search(name):
            self._add(
                Severity.WARNING,
                value.start,
                value.end,
                f"{shown(name)} is written out: everybody who may read pipelines can read it. Take it from sys.env, "
                "local.file or remote.vault instead",
            )

    def _check_reference(self, module: Module, block: Block, chain: Chain) -> None:
        if ".".join(chain.names[:2]) in EXPERIMENTAL_FUNCTIONS:
            name = ".".join(chain.names[:2])
            self._add(Severity.WARNING, chain.start, chain.end, f"{shown(name)} {_NEEDS[Stability.EXPERIMENTAL]}")
        target = module.find(chain.names)
        if target is not None:
            scope, target_id = target
            source_id = block.id if scope is module else module.owner_within(scope)
            self._edges[scope].setdefault(source_id, {})[target_id] = None
        elif not module.knows_root(chain.names[0]):
            name = ".".join(chain.names)
            self._add(Severity.WARNING, chain.start, chain.end, f"{shown(name)} does not exist or is out of scope")

    def _check_cycles(self, module: Module) -> None:
        graph = self._edges[module]
        blocks = {block.id: block for block in module.body.blocks}
        for members in knots(graph):
            block = blocks[members[0]]
            way = shortest_cycle(graph, members[0])
            self._add(Severity.WARNING, block.start, block.end, _cycle_text(way, "refers to", "refer to each other"))

    def _check_recursion(self, instances: dict[int, dict[int, None]]) -> None:
        for members in knots(instances):
            owners = [self._modules[number].owner for number in shortest_cycle(instances, members[0])]
            blocks = [owner for owner in owners if owner is not None]
            names = [block.label or "" for block in blocks]
            text = _cycle_text(names, "instantiates", "instantiate each other")
            self._add(Severity.WARNING, blocks[0].start, blocks[0].end, text)


def _cycle_text(way: list[str], alone: str, together: str) -> str:
    if len(way) == 1:
        return f"{shown(way[0])} {alone} itself"
    return f"{' -> '.join(_cut(map(shown, [*way, way[0]])))} {together} in a cycle"


def _cut(names: Iterator[str], limit: int = 8) -> list[str]:
    """The first names of a way, its last one, and a mark for what is left out."""
    listed = list(names)
    return listed if len(listed) <= limit else [*listed[: limit - 2], "…", listed[-1]]
