"""`quarterdeck fleet`: pipelines from a directory, and a look at the fleet."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from quarterdeck.cli.client import Connection, connected, fail, output_option, print_json, print_table
from quarterdeck.cli.manifest import read_manifest
from quarterdeck.errors import DomainError
from quarterdeck.gen.collector.v1 import collector_pb2
from quarterdeck.gen.collector.v1.collector_connect import CollectorServiceClientSync
from quarterdeck.gen.pipeline.v1 import pipeline_pb2
from quarterdeck.gen.pipeline.v1.pipeline_connect import PipelineServiceClientSync
from quarterdeck.gen.quarterdeck.fleet.v1 import fleet_pb2
from quarterdeck.gen.quarterdeck.fleet.v1.fleet_connect import FleetServiceClientSync


@dataclass(frozen=True, slots=True)
class Change:
    """What applying a directory would do to one pipeline; None where there is none before or after."""

    before: pipeline_pb2.Pipeline | None
    after: pipeline_pb2.Pipeline | None

    @property
    def name(self) -> str:
        return (self.after or self.before or pipeline_pb2.Pipeline()).name

    @property
    def verb(self) -> str:
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"


@click.group()
def fleet() -> None:
    """Apply pipelines from a directory; look at pipelines and collectors."""


def _source_options(command: click.decorators.FC) -> click.decorators.FC:
    command = click.option(
        "--source-namespace",
        required=True,
        metavar="N",
        help="The name of this set of pipelines, such as its repository.",
    )(command)
    return click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))(command)


@fleet.command()
@_source_options
@click.option("--dry-run", is_flag=True, help="Show what would change and let the server check it; change nothing.")
@click.option("--prune", is_flag=True, help="Delete pipelines of this source that the directory does not name.")
@connected
def apply(connection: Connection, directory: Path, source_namespace: str, dry_run: bool, prune: bool) -> None:
    """Make the server's pipelines those of DIRECTORY (see pipelines.yaml in the README), all or none."""
    source = _git(source_namespace)
    wanted = _wanted(directory, source)
    with connection.client(PipelineServiceClientSync) as client:
        changes = list(_changes(_listed(client, connection), wanted, source, prune=prune))
        for change in changes:
            _print_change(change, source)
        if not changes:
            click.echo("nothing to change")
        elif dry_run:
            for change in changes:
                if change.after is not None:
                    request = pipeline_pb2.UpsertPipelineRequest(pipeline=change.after, validate_only=True)
                    client.upsert_pipeline(request, headers=connection.headers)
            click.echo("the server would accept these changes; nothing was changed")
        else:
            _apply(client, connection, wanted, changes, source, prune=prune)
            click.echo(f"{len(changes)} pipeline{'s' if len(changes) > 1 else ''} changed")


@fleet.command()
@_source_options
@click.option("--prune", is_flag=True, help="Show also what `apply --prune` would delete.")
@connected
def diff(connection: Connection, directory: Path, source_namespace: str, prune: bool) -> None:
    """Show how the server's pipelines differ from DIRECTORY; exit code 1 when they do."""
    source = _git(source_namespace)
    wanted = _wanted(directory, source)
    with connection.client(PipelineServiceClientSync) as client:
        changes = list(_changes(_listed(client, connection), wanted, source, prune=prune))
    for change in changes:
        _print_change(change, source)
        _print_contents(change)
    if changes:
        raise click.exceptions.Exit(1)


@fleet.command("list")
@output_option
@connected
def list_pipelines(connection: Connection, output: str) -> None:
    """List pipelines."""
    with connection.client(PipelineServiceClientSync) as client:
        answer = client.list_pipelines(pipeline_pb2.ListPipelinesRequest(), headers=connection.headers)
    if output == "json":
        print_json(answer)
        return
    print_table(
        ("ID", "NAME", "ENABLED", "SOURCE", "UPDATED", "MATCHERS"),
        (
            (p.id, p.name, "yes" if p.enabled else "no", p.source.namespace or "-", p.updated_at.ToJsonString(),
             ", ".join(p.matchers) or "-")
            for p in answer.pipelines
        ),
    )  # fmt: skip


@fleet.command()
@output_option
@connected
def collectors(connection: Connection, output: str) -> None:
    """List collectors and how they fare."""
    with connection.client(FleetServiceClientSync) as client:
        answer = client.list_collector_statuses(fleet_pb2.ListCollectorStatusesRequest(), headers=connection.headers)
    if output == "json":
        print_json(answer)
        return
    print_table(
        ("ID", "STATE", "CONFIG", "HASH", "LAST SEEN", "ERROR"),
        (
            (s.collector_id, "inactive" if s.HasField("marked_inactive_at") else "active",
             collector_pb2.RemoteConfigStatuses.Name(s.status).removeprefix("RemoteConfigStatuses_"),
             s.served_hash[:12] or "-", s.last_seen_at.ToJsonString() if s.HasField("last_seen_at") else "never",
             s.error_message or "-")
            for s in answer.statuses
        ),
    )  # fmt: skip


@fleet.command()
@click.argument("collector_id")
@connected
def preview(connection: Connection, collector_id: str) -> None:
    """Print the configuration that a collector gets now."""
    with connection.client(CollectorServiceClientSync) as client:
        client.get_collector(collector_pb2.GetCollectorRequest(id=collector_id), headers=connection.headers)
    with connection.client(FleetServiceClientSync) as client:
        answer = client.preview_config(fleet_pb2.PreviewConfigRequest(id=collector_id), headers=connection.headers)
    click.echo(answer.content, nl=False)


@fleet.command()
@click.argument("name", default="")
@output_option
@connected
def revisions(connection: Connection, name: str, output: str) -> None:
    """List revisions, of all pipelines or of the one with NAME."""
    with connection.client(PipelineServiceClientSync) as client:
        if name:
            found = client.get_pipeline_id(pipeline_pb2.GetPipelineIDRequest(name=name), headers=connection.headers)
            request = pipeline_pb2.ListPipelineRevisionsRequest(id=found.id)
            answer = client.list_pipeline_revisions(request, headers=connection.headers)
        else:
            everything = pipeline_pb2.ListPipelinesRevisionsRequest()
            answer = client.list_pipelines_revisions(everything, headers=connection.headers)
    if output == "json":
        print_json(answer)
        return
    print_table(
        ("REVISION", "OPERATION", "PIPELINE", "NAME", "CREATED"),
        (
            (r.revision_id, pipeline_pb2.PipelineRevision.Operation.Name(r.operation), r.snapshot.id, r.snapshot.name,
             r.created_at.ToJsonString())
            for r in answer.pipeline_revisions
        ),
    )  # fmt: skip


@fleet.command()
@click.argument("revision_id")
@connected
def rollback(connection: Connection, revision_id: str) -> None:
    """Make a pipeline again what it was at a revision; this is a new revision."""
    with connection.client(PipelineServiceClientSync) as client:
        request = pipeline_pb2.GetPipelineRevisionRequest(revision_id=revision_id)
        revision = client.get_pipeline_revision(request, headers=connection.headers)
        update = pipeline_pb2.UpdatePipelineRequest(pipeline=revision.snapshot)
        client.update_pipeline(update, headers=connection.headers)
    click.echo(f"pipeline {revision.snapshot.name!r} is again what it was at revision {revision_id}")


def _git(namespace: str) -> pipeline_pb2.PipelineSource:
    return pipeline_pb2.PipelineSource(type=pipeline_pb2.PipelineSource.SOURCE_TYPE_GIT, namespace=namespace)


def _wanted(directory: Path, source: pipeline_pb2.PipelineSource) -> list[pipeline_pb2.Pipeline]:
    try:
        wanted = read_manifest(directory)
    except DomainError as error:
        fail(error.message)
        raise
    for pipeline in wanted:
        pipeline.source.CopyFrom(source)
    return wanted


def _listed(client: PipelineServiceClientSync, connection: Connection) -> list[pipeline_pb2.Pipeline]:
    answer = client.list_pipelines(pipeline_pb2.ListPipelinesRequest(), headers=connection.headers)
    return list(answer.pipelines)


def _changes(
    present: list[pipeline_pb2.Pipeline],
    wanted: list[pipeline_pb2.Pipeline],
    source: pipeline_pb2.PipelineSource,
    *,
    prune: bool,
) -> Iterator[Change]:
    by_name = {pipeline.name: pipeline for pipeline in present}
    for pipeline in wanted:
        current = by_name.pop(pipeline.name, None)
        if current is None or _essence(current) != _essence(pipeline):
            yield Change(current, pipeline)
    if prune:
        yield from (Change(pipeline, None) for pipeline in by_name.values() if pipeline.source == source)


def _essence(pipeline: pipeline_pb2.Pipeline) -> tuple[object, ...]:
    """What a change would be about. Matchers are compared as the server writes them."""
    from quarterdeck.fleet.matchers import parse_matcher

    try:
        matchers = [parse_matcher(matcher, limit=None).normal_form() for matcher in pipeline.matchers]
    except DomainError:
        matchers = list(pipeline.matchers)  # the server will say what is wrong with them
    return (
        pipeline.contents,
        matchers,
        pipeline.enabled,
        pipeline.config_type,
        pipeline.source.type,
        pipeline.source.namespace,
    )


def _apply(
    client: PipelineServiceClientSync,
    connection: Connection,
    wanted: list[pipeline_pb2.Pipeline],
    changes: list[Change],
    source: pipeline_pb2.PipelineSource,
    *,
    prune: bool,
) -> None:
    kept = [] if prune else _others_of_source(client, connection, wanted, source)
    request = pipeline_pb2.SyncPipelinesRequest(source=source, pipelines=[*wanted, *kept])
    if changes:
        client.sync_pipelines(request, headers=connection.headers)


def _others_of_source(
    client: PipelineServiceClientSync,
    connection: Connection,
    wanted: list[pipeline_pb2.Pipeline],
    source: pipeline_pb2.PipelineSource,
) -> list[pipeline_pb2.Pipeline]:
    """Sync deletes what it is not given, so without --prune it is given what is there."""
    names = {pipeline.name for pipeline in wanted}
    return [p for p in _listed(client, connection) if p.source == source and p.name not in names]


def _print_change(change: Change, source: pipeline_pb2.PipelineSource) -> None:
    note = ""
    if change.before is not None and change.after is not None and change.before.source != source:
        owner = change.before.source.namespace
        note = f"  (takes it over from {owner!r})" if owner else "  (takes it over; it was made without a source)"
    click.echo(f"{change.verb}  {change.name}{note}")


def _print_contents(change: Change) -> None:
    def lines(pipeline: pipeline_pb2.Pipeline | None) -> list[str]:
        if pipeline is None:
            return []
        head = [f"matchers: {', '.join(pipeline.matchers) or '-'}", f"enabled: {str(pipeline.enabled).lower()}"]
        return [*head, "", *pipeline.contents.splitlines()]

    for line in difflib.unified_diff(lines(change.before), lines(change.after), "server", "directory", lineterm=""):
        click.echo(f"    {line}")
