"""`quarterdeck token` and `quarterdeck tenant`: who may come in."""

from __future__ import annotations

import re
from datetime import timedelta

import click
from google.protobuf.timestamp_pb2 import Timestamp

from quarterdeck.cli.client import Connection, connected, fail, output_option, print_json, print_table
from quarterdeck.clock import SystemClock
from quarterdeck.gen.quarterdeck.admin.v1 import admin_pb2
from quarterdeck.gen.quarterdeck.admin.v1.admin_connect import AdminServiceClientSync
from quarterdeck.gen.quarterdeck.wire.v1 import options_pb2

_ROLES = ("collector", "viewer", "editor", "admin")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@click.group()
def token() -> None:
    """Create, list and revoke tokens."""


@token.command("create")
@click.option("--name", required=True, help="The service account's name; it is made when there is none.")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What the account may do.")
@click.option("--collector-id", default="", help="The only collector that the token speaks for.")
@click.option("--collector-id-prefix", default="", help="How the ids of its collectors begin.")
@click.option("--expires-in", default="", metavar="30d|12h|45m", help="After this the token is refused.")
@click.option("--quiet", is_flag=True, help="Print the token and nothing else.")
@connected
def create_token(
    connection: Connection,
    name: str,
    role: str,
    collector_id: str,
    collector_id_prefix: str,
    expires_in: str,
    quiet: bool,
) -> None:
    """Make a token. Its text is shown only now."""
    request = admin_pb2.CreateTokenRequest(
        name=name, collector_id=collector_id, collector_id_prefix=collector_id_prefix
    )
    if expires_in:
        request.expires_at.CopyFrom(_from_now(expires_in))
    with connection.client(AdminServiceClientSync) as client:
        account = _account(client, connection, name, role)
        request.service_account_id = account.id
        answer = client.create_token(request, headers=connection.headers)
    if quiet:
        click.echo(answer.secret)
        return
    click.echo(f"token {answer.token.id} of {account.name!r} ({role}); it is shown only now:\n\n    {answer.secret}\n")


@token.command("list")
@output_option
@connected
def list_tokens(connection: Connection, output: str) -> None:
    """List the tenant's tokens, oldest first."""
    with connection.client(AdminServiceClientSync) as client:
        tokens = client.list_tokens(admin_pb2.ListTokensRequest(), headers=connection.headers)
        accounts = client.list_service_accounts(admin_pb2.ListServiceAccountsRequest(), headers=connection.headers)
    if output == "json":
        print_json(tokens)
        return
    names = {account.id: account for account in accounts.service_accounts}
    print_table(
        ("ID", "ACCOUNT", "ROLE", "NAME", "CREATED", "LAST USED", "STATE"),
        (
            (t.id, names[t.service_account_id].name, _role_name(names[t.service_account_id].role), t.name,
             _moment(t.created_at), _moment(t.last_used_at) if t.HasField("last_used_at") else "never", _state(t))
            for t in tokens.tokens
        ),
    )  # fmt: skip


@token.command("revoke")
@click.argument("token_id")
@connected
def revoke_token(connection: Connection, token_id: str) -> None:
    """End a token, by its id (tok_…)."""
    with connection.client(AdminServiceClientSync) as client:
        client.revoke_token(admin_pb2.RevokeTokenRequest(id=token_id), headers=connection.headers)
    click.echo(f"token {token_id} is revoked")


@click.group()
def tenant() -> None:
    """Create and list tenants (admins of the tenant `default` only)."""


@tenant.command("create")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Print the tenant's first admin token and nothing else.")
@connected
def create_tenant(connection: Connection, name: str, quiet: bool) -> None:
    """Make a tenant, with an admin token that is shown only now."""
    with connection.client(AdminServiceClientSync) as client:
        answer = client.create_tenant(admin_pb2.CreateTenantRequest(name=name), headers=connection.headers)
    if quiet:
        click.echo(answer.admin_secret)
        return
    click.echo(f"tenant {answer.tenant.name!r}; its admin token is shown only now:\n\n    {answer.admin_secret}\n")


@tenant.command("list")
@output_option
@connected
def list_tenants(connection: Connection, output: str) -> None:
    """List all tenants."""
    with connection.client(AdminServiceClientSync) as client:
        answer = client.list_tenants(admin_pb2.ListTenantsRequest(), headers=connection.headers)
    if output == "json":
        print_json(answer)
        return
    print_table(("ID", "NAME", "CREATED"), ((t.id, t.name, _moment(t.created_at)) for t in answer.tenants))


def _account(client: AdminServiceClientSync, connection: Connection, name: str, role: str) -> admin_pb2.ServiceAccount:
    wanted = options_pb2.Role.Value(f"ROLE_{role.upper()}")
    listed = client.list_service_accounts(admin_pb2.ListServiceAccountsRequest(), headers=connection.headers)
    for account in listed.service_accounts:
        if account.name == name:
            if account.role != wanted:
                fail(f"the account {name!r} has the role {_role_name(account.role)}; choose that or another name")
            return account
    request = admin_pb2.CreateServiceAccountRequest(name=name, role=f"ROLE_{role.upper()}")
    return client.create_service_account(request, headers=connection.headers).service_account


def _role_name(role: options_pb2.Role) -> str:
    return options_pb2.Role.Name(role).removeprefix("ROLE_").lower()


def _from_now(text: str) -> Timestamp:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no duration; write 30d, 12h or 45m", param_hint="--expires-in")
    moment = Timestamp()
    moment.FromDatetime(SystemClock().now() + timedelta(**{_UNITS[match[2]]: int(match[1])}))
    return moment


def _moment(timestamp: Timestamp) -> str:
    return timestamp.ToJsonString()


def _state(message: admin_pb2.Token) -> str:
    if message.HasField("revoked_at"):
        return "revoked"
    if message.HasField("expires_at") and message.expires_at.seconds <= SystemClock().now().timestamp():
        return "expired"
    return "active"
