"""The command line. Commands that work on a server speak to it through its public API."""

from __future__ import annotations

from importlib import metadata

import click

from quarterdeck.cli.serve import serve
from quarterdeck.cli.simulate import simulate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(metadata.version("quarterdeck"), prog_name="quarterdeck")
def main() -> None:
    """Quarterdeck: configuration for a fleet of collectors, from your own server."""


main.add_command(serve)
main.add_command(simulate)
