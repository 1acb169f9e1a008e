"""The command line. Commands that work on a server speak to it through its public API."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import Final

import click
from click.exceptions import NoSuchCommand

_MODULES: Final = {
    "serve": "serve",
    "token": "tokens",
    "tenant": "tokens",
    "fleet": "fleet",
    "incident": "incident",
    "org": "org",
    "ask": "ask",
    "chats": "ask",
    "investigate": "ask",
    "db": "db",
    "simulate": "simulate",
}
"""The module of this package that each command is in, under its own name."""


class _Commands(click.Group):
    """Imports a command when it is asked for: a server should not pay for what the clients need, nor they for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{_MODULES[cmd_name]}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            # With what was meant, perhaps.
            raise NoSuchCommand(error.command_name, possibilities=_MODULES, ctx=ctx) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(metadata.version("quarterdeck"), prog_name="quarterdeck")
def main() -> None:
    """Quarterdeck: configuration for a fleet of collectors, from your own server."""
