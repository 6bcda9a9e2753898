"""The command ``khabar restore [RELEASE] --from PLACE``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from khabar.ingest.restore import Found
    from khabar.ingest.theirs import Theirs
    from khabar.model.drift import Drift, Wanted
    from khabar.model.restored import Restored


@click.command()
@click.argument("release", required=False)
@click.option(
    "--from",
    "places",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A folder, a file, an index (.csv, .jsonl: file, and id, url or digest) or a WARC; may be repeated.",
)
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="A folder of yours that gets the texts.")
@click.option("--accept-drift", "accept", is_flag=True, help="Take texts that are not quite those that were annotated.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each text that drifted, span by span.")
@click.pass_obj
def command(root: Path, /, release: str | None, places: tuple[Path, ...], to: Path | None, **how: bool) -> None:
    """Put withheld texts back: into the checkout, or beside RELEASE (a folder or NAME@VERSION) into a folder of yours.

    A text is known by its digest.  One that drifted is reported span by span and left alone, unless --accept-drift.
    """
    from khabar.errors import NotFound
    from khabar.ingest.restore import search
    from khabar.ingest.theirs import theirs
    from khabar.model.restored import accepted, very

    if release and not to:
        raise NotFound("a release is sealed, its texts need a folder of their own: pass --to FOLDER")
    if how["accept"] and not to:
        raise NotFound("a checkout holds the very texts, one that drifted needs a folder of its own: pass --to FOLDER")
    wanted, put = _checkout(root) if not release else (_of_release(release), None)
    left = {each.id for each in wanted}
    kept, tally = [], _Tally(as_json=how["as_json"])
    for found in search(wanted, tally.told(theirs(places))):
        if found.drift:
            tally.report(found.drift, accepted=how["accept"])
            if not how["accept"]:
                continue
            kept.append(accepted(found.drift, found.text))
        elif to or put is None:
            kept.append(very(found.wanted, found.text, found.mended))
        else:
            put(found)
        left.discard(found.wanted.id)
        tally.found(found)
    if to and kept:
        _keep(kept, to, release)
    tally.end([each for each in wanted if each.id in left])


def _checkout(root: Path) -> "tuple[list[Wanted], Callable[[Found], None]]":
    from khabar.ingest.restore import wanted
    from khabar.store import Corpus

    corpus = Corpus(root)
    return wanted(corpus), lambda found: corpus.write_text(corpus.article(found.wanted.id), found.text)


def _of_release(release: str) -> "list[Wanted]":
    from khabar.loading.located import located
    from khabar.loading.overlay import wanted

    return wanted(located(release))


def _keep(texts: "list[Restored]", to: Path, release: str | None) -> None:
    from khabar.loading.located import located
    from khabar.loading.overlay import alone, keep, read
    from khabar.release.beside import write

    with alone(to):
        keep(to, texts)
        if release:
            write(located(release), read(to), to)


class _Tally:
    """Tells what was found, and ends the command with what it came to."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._back = self._drifted = 0
        self._near: set[str] = set()

    def told(self, theirs: "Iterator[Theirs]") -> "Iterator[Theirs]":
        """Pass texts on, and tell those that cannot be read."""
        for each in theirs:
            if each.text is None:
                click.echo(f"{each.place}: {each.problem}", err=True)
            yield each

    def found(self, found: "Found") -> None:
        """Tell a text that is there now."""
        self._back += 1
        if not self._as_json and not found.drift:
            mended = f"  ({', '.join(found.mended)})" if found.mended else ""
            click.echo(f"{found.wanted.id}{mended}")

    def report(self, drift: "Drift", *, accepted: bool) -> None:
        """Tell a text that drifted, and its spans that are lost."""
        import msgspec

        self._drifted += 1
        self._near.add(drift.article)
        if self._as_json:
            click.echo(msgspec.json.encode(drift))
            return
        what = ", ".join(drift.kinds) or "text outside of the spans"
        counts = f"{drift.kept} spans kept, {drift.moved} moved, {drift.lost} lost ({drift.share:.1%} found)"
        fate = "accepted" if accepted else "not taken"
        click.echo(f"{drift.article}: {drift.place} drifted ({what}): {counts}: {fate}")
        for first, last, shift, count in drift.moves:
            click.echo(f"{drift.article}:{first}-{last}: moved by {shift:+}: {count} spans")
        lost: dict[tuple[int, int, str], list[str]] = {}
        for each in drift.spans:
            if each.to is None:
                lost.setdefault((each.start, each.end, each.why), []).append(f"{each.label} {each.id}")
        for (start, end, why), names in sorted(lost.items()):
            click.echo(f"{drift.article}:{start}-{end}: lost: {why} [{', '.join(names)}]")

    def end(self, left: "list[Wanted]") -> None:
        for each in left:
            if each.id not in self._near:
                click.echo(f"{each.id}: nothing there has the text {each.sha256[:8]}", err=True)
        drifted = f" ({self._drifted} drifted)" if self._drifted else ""
        click.echo(f"{self._back} texts put back, {len(left)} still withheld{drifted}", err=True)
        raise SystemExit(1 if left else 0)
