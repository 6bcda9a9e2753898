"""The command line: parse, call, print, exit.  One module a command; nothing is decided here.

Exit status: 0 well; 1 the data breaks a rule; 2 the call cannot be carried out.  Findings and data go to stdout,
progress and summaries to stderr.
"""

import importlib
import sys
from pathlib import Path
from typing import NoReturn

import click

from khabar.errors import KhabarError

COMMANDS = (
    *("ingest", "split", "restore", "studio", "campaign", "adjudicate", "suspects", "check", "release", "download"),
    *("takedown", "show", "stats"),
)
"""In the order of the way of the data.  A command is the attribute ``command`` of the module of its name."""


class _Commands(click.Group):
    """Imports a command when it is asked for; the commands import what they need when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - idem
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"khabar.cli.{cmd_name}").command
        return command


@click.command(cls=_Commands)
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="The checkout that holds corpus/ and annotations/.",
)
@click.version_option(package_name="khabar")
@click.pass_context
def cli(context: click.Context, root: Path) -> None:
    """Make, check, release and load an annotated corpus of news articles."""
    context.obj = root.resolve()


def main() -> NoReturn:
    """Run the command line; every error of ours is one line on stderr."""
    try:
        status = cli.main(standalone_mode=False)
    except KhabarError as error:
        status = _told(str(error), error.status)
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        status = _told("interrupted: run the same command again to go on", 130)
    except OSError as error:
        status = _told(
            f"{error.filename or 'the system'}: {error.strerror or error}: check that it can be read and written", 2
        )
    sys.exit(status if isinstance(status, int) else 0)


def _told(message: str, status: int) -> int:
    click.echo(f"khabar: {message}", err=True)
    return status
