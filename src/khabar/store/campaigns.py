"""The folders ``annotations/campaigns/<name>/``, which campaign writes: where they are, what others read of them."""

from pathlib import Path

import msgspec

from khabar.errors import BadRecord, NotFound
from khabar.model.annotation import Note
from khabar.model.work import Work
from khabar.store.files import decoded_lines
from khabar.store.intake import Intake

PLAN = "campaign.toml"
"""What a campaign asks, of whom; campaign reads all of it."""
NOTES = "notes.jsonl"
"""What annotators of a campaign noted, a line an annotation that has a note."""
PREDICTIONS = "predictions"
"""Folder of the predictions that were pushed into a campaign, a folder a model."""
WORK = "work.jsonl"
"""Name of the file of a campaign that says what was done in it."""


class _Plan(msgspec.Struct):
    """What others than campaign read of a plan, ``campaign.toml``."""

    adjudicates: bool = False
    publish: bool = True


class Campaigns(Intake):
    """What campaigns keep, beside what was ingested.

    Attributes:
        root: The folder that holds ``corpus/`` and ``annotations/``.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._annotations = root / "annotations"

    def campaign(self, name: str) -> Path:
        """Return the folder of a campaign, which may not exist yet."""
        return self._annotations / "campaigns" / name

    @property
    def campaigns(self) -> tuple[str, ...]:
        """Names of the campaigns."""
        return tuple(sorted(path.parent.name for path in self._annotations.glob(f"campaigns/*/{PLAN}")))

    def adjudicates(self, name: str) -> bool:
        """Tell whether those who work in a campaign see what others said, and decide.

        Raises:
            BadRecord: its ``campaign.toml`` does not parse.
        """
        return self._plan(name).adjudicates

    @property
    def published(self) -> tuple[str, ...]:
        """Names of the campaigns that go into releases: those whose ``campaign.toml`` does not say ``publish = false``.

        Raises:
            BadRecord: a plan does not parse.
        """
        return tuple(name for name in self.campaigns if self._plan(name).publish)

    def _plan(self, name: str) -> _Plan:
        path = self.campaign(name) / PLAN
        try:
            return msgspec.toml.decode(path.read_bytes() if path.is_file() else b"", type=_Plan)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(f"{self.shown(path)}: {error}: mend it by hand") from None

    def in_campaign(self, path: Path) -> bool:
        """Tell whether a path is of a campaign's folder."""
        return path.resolve().is_relative_to((self._annotations / "campaigns").resolve())

    def no_campaign(self, name: str) -> NotFound:
        """Return the error that there is no campaign of a name."""
        there = ", ".join(self.campaigns) or "none yet"
        return NotFound(f"no campaign is called '{name}', there are: {there}: begin one with 'khabar campaign new'")

    def needed_annotations(self, name: str) -> list[Path]:
        """Return the annotations that a campaign pulled, where nothing can be done without any.

        Raises:
            NotFound: there is no such campaign, or it pulled none.
        """
        found = self.campaign_annotations(name)
        if not found and name not in self.campaigns:
            raise self.no_campaign(name)
        if not found:
            folder = self.shown(self.campaign(name))
            raise NotFound(f"{folder}: no annotation there: run 'khabar campaign pull {name}' first")
        return found

    def campaign_annotations(self, name: str, article: str = "*") -> list[Path]:
        """Return the annotations that a campaign pulled, of every article or of one, article by article."""
        pulled = (self.campaign(name) / "annotations").glob(f"*/{article}.json")
        return sorted(pulled, key=lambda path: (path.name, path.parent.name))

    def campaign_of(self, path: Path) -> str:
        """Return the campaign that an annotation's file was pulled in."""
        return path.relative_to(self._annotations / "campaigns").parts[0]

    def campaign_pages(self, name: str = "*") -> list[Path]:
        """Return the pages that a campaign pulled, or every campaign: what the server sent, where it is at hand."""
        return sorted(self._annotations.glob(f"campaigns/{name}/exports/**/*.json"))

    def campaign_lines(self) -> list[Path]:
        """Return the files in which campaigns keep lines, each on an article."""
        return sorted(self._annotations.glob("campaigns/*/*.jsonl"))

    def campaign_predictions(self, name: str) -> list[Path]:
        """Return the predictions that were pushed into a campaign, article by article."""
        kept = (self.campaign(name) / PREDICTIONS).glob("*/*.json")
        return sorted(kept, key=lambda path: (path.name, path.parent.name))

    def campaign_notes(self, name: str) -> dict[tuple[str, str], str]:
        """Return what annotators of a campaign noted beside their annotations, by annotator and article."""
        path = self.campaign(name) / NOTES
        return {(each.annotator, each.article): each.note for each in decoded_lines(path, Note, self.shown(path))}

    def work(self, name: str) -> list[Work]:
        """Return what was done in a campaign, as the last pull found it; nothing before the first.

        Raises:
            BadRecord: a line of its ``work.jsonl`` does not parse.
        """
        path = self.campaign(name) / WORK
        return list(decoded_lines(path, Work, self.shown(path)))

    def pulled(self) -> dict[str, list[tuple[str, Path]]]:
        """Return what campaigns that go into releases pulled, by article: campaign and file, ordered by both."""
        found: dict[str, list[tuple[str, Path]]] = {}
        for name in self.published:
            for path in self.campaign_annotations(name):
                found.setdefault(path.stem, []).append((name, path))
        return found
