"""The command ``khabar studio install | up | down | status | user | backup | restore | drill``."""

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


@command.command()
@click.argument("name")
@click.option("--id", "number", type=click.IntRange(1), help="A user who is on the server already.")
@click.pass_obj
def user(root: Path, name: str, number: int | None) -> None:
    """Say who stands behind a pseudonym: make an account, or name a user by --id."""
    from khabar.campaign.accounts import account
    from khabar.campaign.address import home
    from khabar.campaign.people import People, Person
    from khabar.cli.waiting import waiting

    studio = _studio(root)
    if number is None:
        with waiting(f"making an account for {name}") as tell:
            person, made = account(studio, name, tell)
    else:
        people = People(studio.folder, home())
        made = name not in people.known
        person = people.add(name, Person(user=number))
    click.echo(f"{name} {'is' if made else 'was already'} user {person.user}", err=True)
    if person.email:
        click.echo(f"logs in as {person.email}; the password is in {studio.folder / 'people.json'}", err=True)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(root: Path, file: Path) -> None:
    """Write the server's whole state into FILE, a .tar.gz; the server may be up."""
    from khabar.campaign.backup import backup as backup_
    from khabar.cli.waiting import waiting

    with waiting("backing up Label Studio"):
        contents = backup_(_studio(root), file)
    click.echo(file)
    held = contents.projects.values()
    tasks, annotations = sum(each.tasks for each in held), sum(each.annotations for each in held)
    click.echo(f"{len(held)} projects, {tasks} tasks, {annotations} annotations; it holds secrets", err=True)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def restore(root: Path, file: Path) -> None:
    """Put the state in FILE in the place of a server that has none."""
    from khabar.campaign.backup import restore as restore_
    from khabar.cli.waiting import waiting

    with waiting("restoring Label Studio"):
        contents = restore_(file, _studio(root))
    click.echo(f"{len(contents.projects)} projects are back: 'khabar studio up' starts the server", err=True)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.pass_obj
def drill(root: Path, file: Path | None) -> None:
    """Prove that a back-up, FILE or one made now, can be restored: start a server from it and compare."""
    from khabar.campaign.drill import drill as drill_
    from khabar.cli.waiting import waiting

    with waiting("drill") as tell:
        found = drill_(_studio(root), file, tell)
    for fault in found.faults:
        click.echo(fault)
    tasks = sum(each.tasks for each in found.found.values())
    annotations = sum(each.annotations for each in found.found.values())
    told = f"{len(found.found)} projects, {tasks} tasks, {annotations} annotations"
    click.echo(f"restored server: {told}: {'not what was backed up' if found.faults else 'all is there'}", err=True)
    raise SystemExit(1 if found.faults else 0)


def _studio(root: Path) -> "Studio":
    from khabar.campaign.server import Studio
    from khabar.store import Corpus

    return Studio(Corpus(root).studio)


def _login(studio: "Studio") -> str:
    return f"account and password are in {studio.folder / 'admin.json'}"
