"""The command ``khabar download NAME@VERSION | ADDRESS``."""

from pathlib import Path

import click


@click.command()
@click.argument("release")
@click.option("--into", type=click.Path(path_type=Path), help="A new folder for it; without it, the cache.")
@click.option("--content", default="", help="Content digest that it must have, or the digest's beginning.")
def command(release: str, into: Path | None, content: str) -> None:
    """Fetch a release, verify it, and print its folder.

    RELEASE is OWNER/NAME@VERSION on the Hub, an address (https, s3 and what else fsspec knows), a folder or a .zip.
    The cache is KHABAR_CACHE, or khabar in XDG_CACHE_HOME or ~/.cache.
    """
    from khabar.cli.progress import progress
    from khabar.loading import download, read_manifest
    from khabar.loading.download import Way

    with progress() as tell:
        folder = download(
            release, into, Way(content=content, tell=tell, note=lambda words: click.echo(words, err=True))
        )
    manifest = read_manifest(folder)
    click.echo(folder)
    click.echo(f"{manifest.name} {manifest.version}, content {manifest.content[:8]}: sound", err=True)
