"""`quarterdeck org`: an organisation's settings from a file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from quarterdeck.cli.client import Connection, connected, fail
from quarterdeck.errors import DomainError
from quarterdeck.gen.incident.v1 import (
    fields_service_connect,
    fields_service_pb2,
    integration_service_connect,
    integration_service_pb2,
    roles_service_connect,
    roles_service_pb2,
    severities_service_connect,
    severities_service_pb2,
    status_service_connect,
    status_service_pb2,
)
from quarterdeck.gen.quarterdeck.incident.v1 import incoming_token_service_connect, incoming_token_service_pb2
from quarterdeck.incidents import organisation_file
from quarterdeck.incidents.organisation_file import Applied, Call, Organisation, Step
from quarterdeck.wire.method import message_class, snake_case

_SERVICES: tuple[tuple[Callable[..., Any], Any, str], ...] = (
    (severities_service_connect.SeveritiesServiceClientSync, severities_service_pb2, "SeveritiesService"),
    (roles_service_connect.RolesServiceClientSync, roles_service_pb2, "RolesService"),
    (status_service_connect.StatusServiceClientSync, status_service_pb2, "StatusService"),
    (fields_service_connect.FieldsServiceClientSync, fields_service_pb2, "FieldsService"),
    (integration_service_connect.IntegrationServiceClientSync, integration_service_pb2, "IntegrationService"),
    (
        incoming_token_service_connect.IncomingTokenServiceClientSync,
        incoming_token_service_pb2,
        "IncomingTokenService",
    ),
)


@click.group()
def org() -> None:
    """Severities, roles, statuses, labels, fields, hooks and tokens of incidents, from a file."""


@org.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@connected
def apply(connection: Connection, file: Path, dry_run: bool) -> None:
    """Make the organisation what FILE says. What FILE does not name stays as it is; applying twice is once."""
    wanted = _read(file)
    with ExitStack() as clients:
        call = _caller(connection, clients)
        try:
            steps = asyncio.run(organisation_file.plan(wanted, call))
            if dry_run or not steps:
                _print_plan(steps)
                return
            for step in steps:
                # Step by step, so that what was done, and its secret, is shown when a later step fails.
                for applied in asyncio.run(organisation_file.apply([step], call)):
                    _print_applied(applied)
        except DomainError as error:
            fail(error.message)
    click.echo(f"{len(steps)} change{'s' if len(steps) > 1 else ''} applied")


def _read(file: Path) -> Organisation:
    try:
        return organisation_file.read_file(file, os.environ)
    except DomainError as error:
        fail(error.message)
        raise


def _caller(connection: Connection, clients: ExitStack) -> Call:
    handlers: dict[type[Message], Callable[..., Any]] = {}
    for kind, module, name in _SERVICES:
        client = clients.enter_context(connection.client(kind))
        handlers |= _methods(client, module.DESCRIPTOR.services_by_name[name])

    async def call(request: Message) -> Any:
        return handlers[type(request)](request, headers=connection.headers)

    return call


def _methods(client: Any, service: ServiceDescriptor) -> Mapping[type[Message], Callable[..., Any]]:
    return {message_class(method.input_type): getattr(client, snake_case(method.name)) for method in service.methods}


def _print_plan(steps: list[Step]) -> None:
    for step in steps:
        click.echo(f"{step.verb}  {step.kind} {step.name!r}")
    click.echo("nothing was changed" if steps else "nothing to change")


def _print_applied(applied: Applied) -> None:
    step = applied.step
    click.echo(f"{step.verb}  {step.kind} {step.name!r}")
    if applied.secret:
        click.echo(f"    its secret is shown only now: {applied.secret}")
