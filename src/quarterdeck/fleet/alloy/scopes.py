"""Modules: the bodies in an Alloy text that have names of their own, and what a name means in each.

A pipeline is one module; so is every `declare` in it, and every `template` of a `foreach`. A `declare` sees the custom
components of the modules around it and none of their values; a `template` sees both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from quarterdeck.fleet.alloy.components import GLOBALS, IMPORTS
from quarterdeck.fleet.alloy.syntax import Attribute, Block, Body, Literal

WRAPPER_ARGUMENTS = frozenset({"attributes", "pipeline_exports"})
"""Labels of the arguments with which the server instantiates every pipeline that uses them."""

_LONGEST_ID = 8  # segments; real ids have at most five, and trying every prefix of a long chain would be quadratic


class ModuleKind(Enum):
    PIPELINE = auto()
    DECLARE = auto()
    TEMPLATE = auto()


@dataclass(slots=True, eq=False)
class Module:
    """A body with names of its own; `owner` is the block that it is the body of, None for the pipeline."""

    number: int
    kind: ModuleKind
    body: Body
    parent: Module | None = None
    owner: Block | None = None
    variable: str | None = None
    declares: dict[str, Module] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    _customs: dict[str, Module | None] = field(default_factory=dict)

    @property
    def home(self) -> Module:
        """The pipeline or declare that this belongs to: itself, unless it is a template."""
        module = self
        while module.kind is ModuleKind.TEMPLATE and module.parent is not None:
            module = module.parent
        return module

    def find_declare(self, root: str) -> Module | None:
        """The `declare` that a block with this first name instantiates."""
        found = self._custom(root)
        return found.declares.get(root) if found else None

    def is_custom(self, root: str) -> bool:
        """Whether a block with this first name instantiates a custom component, declared or imported."""
        return self._custom(root) is not None

    def knows_root(self, name: str) -> bool:
        """Whether an expression may start with this name although it is no block's."""
        return name in GLOBALS or any(name == scope.variable for scope in self._value_scopes())

    def find(self, names: Sequence[str]) -> tuple[Module, str] | None:
        """The block that a dotted name refers to: the module it stands in, and its id there."""
        prefixes = [".".join(names[:length]) for length in range(1, min(len(names), _LONGEST_ID) + 1)]
        for scope in self._value_scopes():
            for prefix in prefixes:
                if prefix in scope.ids:
                    return scope, prefix
        return None

    def owner_within(self, scope: Module) -> str:
        """The id of the block of an outer scope that this module is inside of."""
        module = self
        while module.parent is not None and module.parent is not scope:
            module = module.parent
        return module.owner.id if module.owner else ""

    def _custom(self, root: str) -> Module | None:
        """The nearest module with a custom component, or an import, of that name."""
        if root not in self._customs:
            self._customs[root] = next(
                (scope for scope in self._outward() if root in scope.declares or root in scope.imports), None
            )
        return self._customs[root]

    def _outward(self) -> Iterator[Module]:
        module: Module | None = self
        while module is not None:
            yield module
            module = module.parent

    def _value_scopes(self) -> Iterator[Module]:
        for module in self._outward():
            yield module
            if module.kind is not ModuleKind.TEMPLATE:
                return


def modules(body: Body) -> list[Module]:
    """The modules of a pipeline, the pipeline itself first, each before those inside it."""
    pipeline = Module(0, ModuleKind.PIPELINE, body, ids={f"argument.{label}" for label in WRAPPER_ARGUMENTS})
    found = [pipeline]
    for module in found:
        for block in module.body.blocks:
            _register(module, block, found)
    return found


def attributes_within(block: Block) -> Iterator[Attribute]:
    """The attributes of a block and of the blocks in it that belong to the same module, in no particular order."""
    pending = [] if block.name == "declare" else [block.body]
    while pending:
        body = pending.pop()
        yield from body.attributes
        pending.extend(
            inner.body for inner in body.blocks if not (block.name == "foreach" and inner.name == "template")
        )


def attribute_value(block: Block, name: str) -> Literal | None:
    """The attribute's value if it is a constant."""
    found = (attribute.value for attribute in block.body.attributes if attribute.name == name)
    value = next(found, None)
    return value if isinstance(value, Literal) else None


def _register(module: Module, block: Block, found: list[Module]) -> None:
    if len(block.path) < _LONGEST_ID:
        module.ids.add(block.id)
    if block.name in IMPORTS and block.label:
        module.imports.add(block.label)
    elif block.name == "declare":
        inner = Module(len(found), ModuleKind.DECLARE, block.body, module, block)
        found.append(inner)
        if block.label:
            module.declares.setdefault(block.label, inner)
    elif block.name == "foreach":
        for template in block.body.blocks:
            if template.name == "template":
                variable = attribute_value(block, "var")
                name = variable.string if variable else None
                found.append(Module(len(found), ModuleKind.TEMPLATE, template.body, module, block, name))
