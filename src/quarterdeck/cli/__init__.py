"""The command line. Commands that work on a server speak to it through its public API."""

from __future__ import annotations

from importlib import metadata

import click

from quarterdeck.cli.ask import ask, chats, investigate
from quarterdeck.cli.db import db
from quarterdeck.cli.fleet import fleet
from quarterdeck.cli.incident import incident
from quarterdeck.cli.org import org
from quarterdeck.cli.serve import serve
from quarterdeck.cli.simulate import simulate
from quarterdeck.cli.tokens import tenant, token


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(metadata.version("quarterdeck"), prog_name="quarterdeck")
def main() -> None:
    """Quarterdeck: configuration for a fleet of collectors, from your own server."""


for command in (serve, token, tenant, fleet, incident, org, ask, chats, investigate, db, simulate):
    main.add_command(command)
