"""`quarterdeck serve`."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any

import click

from quarterdeck.errors import DomainError
from quarterdeck.settings import Settings, load_settings


def _help(name: str) -> str:
    field = Settings.model_fields[name]
    default = "" if field.default in (None, "", False) else f"  [default: {field.default}]"
    return f"{field.description}{default}"


@click.command()
@click.option("--host", help=_help("host"))
@click.option("--port", type=int, help=_help("port"))
@click.option("--grpc-port", type=int, help=_help("grpc_port"))
@click.option("--database", metavar="URL", help=_help("database"))
@click.option("--data-dir", type=click.Path(path_type=Path), help=_help("data_dir"))
@click.option("--workers", type=int, help=_help("workers"))
@click.option("--log-format", type=click.Choice(["text", "json"]), help=_help("log_format"))
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help=_help("log_level"))
@click.option("--no-auth", is_flag=True, default=None, help=_help("no_auth"))
@click.option("--unsafe-no-auth", is_flag=True, default=None, help=_help("unsafe_no_auth"))
def serve(**flags: Any) -> None:
    """Serve the fleet: HTTP (Connect, gRPC-Web, REST, SSE) on one port, gRPC on another.

    Every setting is also an environment variable (QUARTERDECK_PORT) and a key of ./quarterdeck.toml (port = 8080);
    flags win over variables, variables over the file. On the first start on an empty database an admin token is
    printed.
    """
    # Nothing of what a server is made of is garbage, and looking for some takes a tenth of the start. The server turns
    # it on again when it listens.
    gc.disable()
    # Here, so that a wrong option is told at once.
    from quarterdeck.serving import run

    try:
        settings = load_settings(flags)
        run(settings)
    except DomainError as error:
        click.echo(f"quarterdeck: {error.message}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"quarterdeck: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    finally:
        gc.enable()
