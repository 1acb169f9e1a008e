"""How the pipelines of one collector become the one text that it is served.

Every pipeline is wrapped in a `declare` of its own and instantiated once, as Grafana's service does. The label of the
`declare` is part of the ids under which a collector keeps positions and write-ahead logs: it is chosen once for a
pipeline and must never change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from quarterdeck.errors import Invalid, Reason
from quarterdeck.fleet.alloy.checks import CONTENTS_DEPTH
from quarterdeck.fleet.alloy.components import reserved_roots
from quarterdeck.fleet.alloy.cycles import knots, shortest_cycle
from quarterdeck.fleet.alloy.diagnostics import format_diagnostics
from quarterdeck.fleet.alloy.parser import parse
from quarterdeck.fleet.alloy.scopes import Module, ModuleKind, attributes_within, modules
from quarterdeck.fleet.alloy.strings import is_digit, is_letter, is_object_key, quote
from quarterdeck.fleet.alloy.syntax import Body, Chain, Index, Literal, Member, Step, chains

# Alloy ignores a text of no bytes and lets what it runs go on running: "nothing" must be a text too. These are part of
# the answers that collectors cache and compare, so they never change.
NO_OP_NOTHING_MATCHED: Final = "// No pipeline matches this collector.\n"
NO_OP_COLLECTOR_DISABLED: Final = "// This collector is disabled.\n"
NO_OP_OTEL_COLLECTOR: Final = "// OpenTelemetry collectors are not configured through this API.\n"

MAX_IDENT_BYTES: Final = 120
"""How long an ident may be: collectors name directories after it, and `IDENT.default` must fit a file name."""

_ASCII_UNSAFE = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True, order=True)
class ExportReference:
    """What a pipeline wants of another: one of its exports by name, or all of them when `export` is empty."""

    pipeline: str
    export: str


@dataclass(frozen=True, slots=True)
class CompiledPipeline:
    """One revision of one pipeline, ready to be assembled.

    `declaration` is the finished `declare` block. `wants_attributes` and `wants_exports` say which arguments it must be
    given. `references` are the exports that it names in its text; `references_any` says that it also looks some up
    under names that only the collector will know.
    """

    ident: str
    name: str
    declaration: str
    exports: tuple[str, ...]
    wants_attributes: bool
    wants_exports: bool
    references: frozenset[ExportReference]
    references_any: bool


def choose_ident(name: str, taken: Collection[str]) -> str:
    """The label of the `declare` around a pipeline: its name made an identifier as Alloy makes one.

    A hash of the name is appended when the result is taken (case does not tell idents apart: they become directories on
    collectors whose file systems ignore it), means something to Alloy already, or is too long. Depends on nothing else.
    """
    unavailable = {ident.casefold() for ident in taken}
    plain = _sanitised(name)
    fits = len(plain.encode()) <= MAX_IDENT_BYTES and plain not in reserved_roots()
    if fits and plain.casefold() not in unavailable:
        return plain
    return next(ident for ident in _hashed_idents(plain, name) if ident.casefold() not in unavailable)


def compile_pipeline(*, ident: str, name: str, contents: str) -> CompiledPipeline:
    """Read a pipeline's contents once, for all the texts that it will be part of.

    Raises Invalid(CONTENTS_INVALID) with the positions when the contents cannot be read as Alloy.
    """
    result = parse(contents, max_depth=CONTENTS_DEPTH)
    if result.diagnostics:
        raise Invalid(
            Reason.CONTENTS_INVALID,
            f"the contents of pipeline {name!r} are not valid Alloy: {format_diagnostics(result.diagnostics)}",
        )
    uses = _Uses.of(result.file)
    declared = {block.label for block in result.file.blocks if block.name == "argument"}
    added = [
        label
        for label, used in (("attributes", uses.attributes), ("pipeline_exports", uses.exports))
        if used and label not in declared
    ]
    return CompiledPipeline(
        ident=ident,
        name=name,
        declaration=_declaration(ident, added, result.source.text),
        exports=_exports(result.file),
        wants_attributes=uses.attributes or "attributes" in declared,
        wants_exports=uses.exports or "pipeline_exports" in declared,
        references=frozenset(uses.references),
        references_any=uses.any,
    )


def assemble(pipelines: Sequence[CompiledPipeline], attributes: Mapping[str, str]) -> str:
    """The text that a collector with these pipelines and effective attributes is served.

    A pure function of the two, whatever their order; never empty. Pipelines come in the order of their idents,
    attributes in the order of their keys; a key that Alloy cannot read back is left out. A reference to a pipeline that
    is not among them, or to an export that it does not have, evaluates to null. Pipelines that reference each other in
    a cycle are left out, named in a comment, and count as not assigned. Raises ValueError when two have one ident.
    """
    if not pipelines:
        return NO_OP_NOTHING_MATCHED
    ordered = sorted(pipelines, key=lambda pipeline: pipeline.ident)
    if len({pipeline.ident for pipeline in ordered}) < len(ordered):
        raise ValueError("two pipelines have the same ident")
    tied = _knots(ordered)
    left_out = {member.ident for knot in tied for member in knot}
    kept = [pipeline for pipeline in ordered if pipeline.ident not in left_out]
    pieces = [_left_out_comment(knot) for knot in tied]
    written_attributes = _attributes_argument(attributes)
    exports = _export_arguments(kept)
    for pipeline in kept:
        given = written_attributes if pipeline.wants_attributes else ""
        given += exports.get(pipeline.ident, "")
        instance = f'{pipeline.ident} "default" {{\n{given}}}\n' if given else f'{pipeline.ident} "default" {{ }}\n'
        pieces.append(f"{pipeline.declaration}\n{instance}")
    return "\n".join(pieces)


def find_reference_cycle(pipelines: Iterable[CompiledPipeline]) -> list[str] | None:
    """The names of pipelines of which each uses exports of the next and the last those of the first; None if none do.

    Only exports that the text of a pipeline names are looked at: those looked up under computed names are given to it
    as far as they make no cycle.
    """
    ordered = sorted(pipelines, key=lambda pipeline: pipeline.ident)
    graph = _reference_graph(ordered)
    for knot in knots(graph):
        names = {pipeline.ident: pipeline.name for pipeline in ordered}
        return [names[ident] for ident in shortest_cycle(graph, knot[0])]
    return None


def content_hash(text: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, in hexadecimal: what collectors send back to say what they run."""
    return hashlib.sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _sanitised(name: str) -> str:
    if name.isascii():
        plain = _ASCII_UNSAFE.sub("_", name)
    else:
        plain = "".join(char if is_letter(char) or is_digit(char) else "_" for char in name)
    return f"_{plain}" if not plain or is_digit(plain[0]) else plain


def _hashed_idents(plain: str, name: str) -> Iterator[str]:
    """The ident with ever more of the name's hash, so that one of them is free whatever is taken."""
    digest = hashlib.sha256(_bytes(name)).hexdigest()
    for length in (8, 16, 32, 64):
        yield _with_suffix(plain, digest[:length])
    for number in count(2):
        yield _with_suffix(plain, f"{digest}_{number}")


def _with_suffix(plain: str, suffix: str) -> str:
    room = MAX_IDENT_BYTES - len(suffix) - 1
    return f"{plain.encode()[:room].decode(errors='ignore')}_{suffix}"


@dataclass(slots=True)
class _Uses:
    """What a pipeline's text asks of the arguments that the server gives."""

    references: set[ExportReference]
    attributes: bool = False
    exports: bool = False
    any: bool = False

    @classmethod
    def of(cls, body: Body) -> _Uses:
        uses = cls(set())
        for module in modules(body):
            # An `argument` inside a declare is that custom component's own.
            if module.home.kind is ModuleKind.PIPELINE:
                for chain in _chains(module):
                    uses.add(chain)
        return uses

    def add(self, chain: Chain) -> None:
        match chain.names:
            case ("argument", "attributes", *_):
                self.attributes = True
            case ("argument", "pipeline_exports", *names):
                self.exports = True
                self._add_reference(names, chain.steps)

    def _add_reference(self, names: list[str], steps: tuple[Step, ...]) -> None:
        keys: list[str | None] = [*names[1:], *(_step_key(step) for step in steps)]
        if names[:1] != ["value"] or not keys or keys[0] is None:
            self.any = True
        elif len(keys) == 1 or keys[1] is None:
            self.references.add(ExportReference(keys[0], ""))
        else:
            self.references.add(ExportReference(keys[0], keys[1]))


def _step_key(step: Step) -> str | None:
    """The key that a step looks up; None when it is computed."""
    if isinstance(step, Member):
        return step.name
    if isinstance(step, Index) and isinstance(step.key, Literal):
        return step.key.string
    return None


def _chains(module: Module) -> Iterator[Chain]:
    for block in module.body.blocks:
        for attribute in attributes_within(block):
            yield from chains(attribute.value)


def _exports(body: Body) -> tuple[str, ...]:
    return tuple(sorted({block.label for block in body.blocks if block.name == "export" and block.label}))


def _declaration(ident: str, arguments: Sequence[str], contents: str) -> str:
    lines = [f'declare "{ident}" {{\n']
    lines += [f'  argument "{label}" {{ optional = true }}\n' for label in arguments]
    # The newline also ends a comment in the last line of the contents, which would hide the brace.
    lines += [contents, "" if contents.endswith("\n") else "\n", "}\n"]
    return "".join(lines)


def _attributes_argument(attributes: Mapping[str, str]) -> str:
    entries = [
        f"    {_key(key)} = {quote(value)},\n" for key, value in sorted(attributes.items()) if is_object_key(key)
    ]
    return f"  attributes = {{\n{''.join(entries)}  }}\n" if entries else "  attributes = {}\n"


def _key(key: str) -> str:
    return f'"{key}"'


def _export_arguments(pipelines: Sequence[CompiledPipeline]) -> dict[str, str]:
    """The argument `pipeline_exports` of every pipeline that has one, by ident."""
    offered = {pipeline.name: pipeline for pipeline in pipelines}
    graph = _reference_graph(pipelines)
    written = {}
    for pipeline in pipelines:
        if pipeline.wants_exports:
            wanted = _wanted(pipeline, offered)
            if pipeline.references_any:
                _add_all_without_cycle(pipeline, pipelines, graph, wanted)
            written[pipeline.ident] = _exports_argument(wanted, offered)
    return written


def _wanted(pipeline: CompiledPipeline, offered: Mapping[str, CompiledPipeline]) -> dict[str, set[str]]:
    """Pipeline name to the exports that are there of those that the text names."""
    wanted: dict[str, set[str]] = {}
    for reference in pipeline.references:
        there = offered[reference.pipeline].exports if reference.pipeline in offered else ()
        names = wanted.setdefault(reference.pipeline, set())
        names.update(name for name in there if reference.export in ("", name))
    return wanted


def _add_all_without_cycle(
    pipeline: CompiledPipeline,
    pipelines: Sequence[CompiledPipeline],
    graph: dict[str, dict[str, None]],
    wanted: dict[str, set[str]],
) -> None:
    """Give a pipeline the exports of all others but those that themselves depend on it, and note that in the graph."""
    dependents = _dependents(pipeline.ident, graph)
    for other in pipelines:
        if other.exports and other.ident not in dependents:
            wanted.setdefault(other.name, set()).update(other.exports)
            graph[pipeline.ident][other.ident] = None


def _dependents(ident: str, graph: Mapping[str, Collection[str]]) -> set[str]:
    """The pipeline and all that need it, directly or not."""
    users: dict[str, list[str]] = {}
    for user, used in graph.items():
        for each in used:
            users.setdefault(each, []).append(user)
    found, pending = {ident}, [ident]
    while pending:
        for user in users.get(pending.pop(), ()):
            if user not in found:
                found.add(user)
                pending.append(user)
    return found


def _exports_argument(wanted: Mapping[str, Collection[str]], offered: Mapping[str, CompiledPipeline]) -> str:
    entries = []
    for name in sorted(filter(is_object_key, wanted)):
        # An object, even an empty one, so that looking for an export in it gives null instead of an error.
        members = ", ".join(
            f"{_key(export)} = {offered[name].ident}.default.{export}" for export in sorted(wanted[name])
        )
        entries.append(f"    {_key(name)} = {{ {members} }},\n" if members else f"    {_key(name)} = {{}},\n")
    return f"  pipeline_exports = {{\n{''.join(entries)}  }}\n" if entries else "  pipeline_exports = {}\n"


def _reference_graph(pipelines: Sequence[CompiledPipeline]) -> dict[str, dict[str, None]]:
    """Ident to the idents whose exports will stand in its argument because its text names them."""
    offered = {pipeline.name: pipeline for pipeline in pipelines}
    return {
        pipeline.ident: {
            offered[name].ident: None for name, names in sorted(_wanted(pipeline, offered).items()) if names
        }
        for pipeline in pipelines
    }


def _knots(pipelines: Sequence[CompiledPipeline]) -> list[list[CompiledPipeline]]:
    by_ident = {pipeline.ident: pipeline for pipeline in pipelines}
    return [[by_ident[ident] for ident in knot] for knot in knots(_reference_graph(pipelines))]


def _left_out_comment(knot: Sequence[CompiledPipeline]) -> str:
    names = ", ".join(quote(pipeline.name) for pipeline in knot)
    return f"// Left out, because their exports depend on each other in a cycle: {names}\n"
