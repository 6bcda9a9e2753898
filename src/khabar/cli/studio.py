"""The command ``khabar studio install | up | down | status``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from khabar.campaign.server import Studio


@click.group()
def command() -> None:
    """Keep the embedded Label Studio: on this machine alone, its data under .studio/."""


@command.command()
@click.pass_obj
def install(root: Path) -> None:
    """Make Label Studio's own environment; 'up' does it too, the first time."""
    from khabar.cli.waiting import waiting

    studio = _studio(root)
    with waiting("Label Studio") as tell:
        made = studio.install(tell)
    click.echo(f"Label Studio's environment is {'made' if made else 'there'}: {studio.environment}", err=True)


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on; 8080 or any free one if not given.")
@click.pass_obj
def up(root: Path, port: int | None) -> None:
    """Start Label Studio and print its address."""
    from khabar.cli.waiting import waiting

    studio = _studio(root)
    with waiting("Label Studio") as tell:
        server, started = studio.up(port, tell)
    click.echo(server.url)
    click.echo(f"Label Studio {'is up' if started else 'was up already'}; {_login(studio)}", err=True)


@command.command()
@click.pass_obj
def down(root: Path) -> None:
    """Stop Label Studio; what it stored stays."""
    from khabar.cli.waiting import waiting

    with waiting("stopping Label Studio"):
        stopped = _studio(root).down()
    click.echo(f"Label Studio {'is down' if stopped else 'was not up'}", err=True)


@command.command()
@click.pass_obj
def status(root: Path) -> None:
    """Print Label Studio's address; exit status 1 where it is not up."""
    studio = _studio(root)
    server = studio.status()
    if server is None:
        click.echo("Label Studio is not up: 'khabar studio up' starts it", err=True)
        raise SystemExit(1)
    click.echo(server.url)
    click.echo(f"process {server.pid}, log {server.log}; {_login(studio)}", err=True)


def _studio(root: Path) -> "Studio":
    from khabar.campaign.server import Studio
    from khabar.store import Corpus

    return Studio(Corpus(root).studio)


def _login(studio: "Studio") -> str:
    return f"account and password are in {studio.folder / 'admin.json'}"
