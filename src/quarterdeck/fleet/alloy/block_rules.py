"""What Alloy's loader asks of the blocks of a module, told apart from what they mean: a table of broken rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from quarterdeck.fleet.alloy.components import IMPORTS, ROOT_ONLY_BLOCKS, known_components
from quarterdeck.fleet.alloy.diagnostics import shown
from quarterdeck.fleet.alloy.scopes import WRAPPER_ARGUMENTS, Module, ModuleKind, attribute_value
from quarterdeck.fleet.alloy.syntax import Attribute, Block, LiteralKind

Broken: TypeAlias = tuple[int, int, str]
"""From which character up to which a rule is broken, and how."""

_ARGUMENT_ATTRIBUTES = frozenset({"comment", "default", "optional"})
_EXPORT_ATTRIBUTES = frozenset({"value"})


def broken_rules(module: Module) -> Iterator[Broken]:
    """Everything about the statements of a module that makes Alloy refuse it, in the order of the text."""
    first_lines: dict[str, Block] = {}
    for statement in module.body.statements:
        if isinstance(statement, Attribute):
            yield (
                statement.start,
                statement.end,
                f"the attribute {shown(statement.name)} is outside of any block, where a pipeline has blocks only",
            )
            continue
        yield from _broken_by_block(module, statement)
        if (statement.label or module.is_custom(statement.path[0])) and statement.id in first_lines:
            yield statement.start, statement.end, f"{shown(statement.id)} is defined twice, but a label names one block"
        first_lines.setdefault(statement.id, statement)


def _broken_by_block(module: Module, block: Block) -> Iterator[Broken]:
    if block.name == "declare":
        yield from _declare(block)
    elif block.name == "argument":
        yield from _argument(module, block)
    elif block.name == "export":
        yield from _export(block)
    elif block.name == "foreach":
        yield from _foreach(block)
    elif block.name in IMPORTS:
        yield from _labelled(block, "which the imported components are called by")
    elif module.is_custom(block.path[0]):
        return
    elif block.name in ROOT_ONLY_BLOCKS:
        yield block.start, block.end, f"the block {shown(block.name)} works in the collector's local file only"
    elif block.name in known_components():
        yield from _labelled(block, "as every component does")


def _labelled(block: Block, why: str) -> Iterator[Broken]:
    if not block.label:
        yield block.start, block.end, f"the block {shown(block.name)} needs a label, {why}"


def _declare(block: Block) -> Iterator[Broken]:
    yield from _labelled(block, "the name of the custom component")
    if block.label == "declare":
        yield block.start, block.end, "a custom component cannot be called 'declare'"


def _argument(module: Module, block: Block) -> Iterator[Broken]:
    yield from _labelled(block, "the name of the argument")
    yield from _only(block, _ARGUMENT_ATTRIBUTES)
    optional = attribute_value(block, "optional")
    if optional is not None and optional.kind is not LiteralKind.BOOL:
        yield optional.start, optional.end, f"'optional' is true or false, not {shown(optional.text)}"
    elif module.kind is ModuleKind.PIPELINE and block.label not in WRAPPER_ARGUMENTS and _is_required(block):
        yield (
            block.start,
            block.end,
            f"nothing supplies the argument {shown(block.label or '')} of a pipeline: it must have optional = true",
        )


def _is_required(argument: Block) -> bool:
    """Whether the argument is certainly not optional; what a computed `optional` will be is not known here."""
    if not any(attribute.name == "optional" for attribute in argument.body.attributes):
        return True
    optional = attribute_value(argument, "optional")
    return optional is not None and optional.text == "false"


def _export(block: Block) -> Iterator[Broken]:
    yield from _labelled(block, "the name of the export")
    yield from _only(block, _EXPORT_ATTRIBUTES)
    yield from _required(block, "value")


def _foreach(block: Block) -> Iterator[Broken]:
    yield from _labelled(block, "which tells it from others")
    yield from _required(block, "collection", "var")
    templates = 0
    for inner in block.body.blocks:
        if inner.name != "template":
            yield inner.start, inner.end, f"'foreach' has no block {shown(inner.name)}, only 'template'"
        templates += inner.name == "template"
    if templates != 1:
        yield block.start, block.end, f"'foreach' needs one 'template' block, found {templates}"


def _required(block: Block, *names: str) -> Iterator[Broken]:
    given = {attribute.name for attribute in block.body.attributes}
    for name in names:
        if name not in given:
            yield block.start, block.end, f"the block {shown(block.name)} needs the attribute {shown(name)}"


def _only(block: Block, names: frozenset[str]) -> Iterator[Broken]:
    accepted = ", ".join(map(repr, sorted(names)))
    for statement in block.body.statements:
        if isinstance(statement, Block):
            yield statement.start, statement.end, f"the block {shown(block.name)} has no blocks inside"
        elif statement.name not in names:
            yield (
                statement.start,
                statement.end,
                f"the block {shown(block.name)} has no attribute {shown(statement.name)}, only {accepted}",
            )
