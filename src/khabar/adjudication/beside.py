"""Everything that was said of one article, side by side: annotators, models, adjudicators, gold."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from khabar.adjudication.items import Item, aligned, named_alike
from khabar.model.annotation import GOLD, Annotation
from khabar.model.article import Article
from khabar.model.decision import Mark, Place, Record
from khabar.model.labels import LabelSet
from khabar.store import Corpus

NOTHING = "\N{EM DASH}"
"""Stands where somebody marks nothing."""
SILENT = ""
"""Stands where somebody does not speak of the layer."""


class Voice(NamedTuple):
    """One of those who say something of an article.

    Attributes:
        name: How they are called here: their pseudonym, before it their campaign where it takes one to tell.
        annotation: What they say, as far as it can be compared.
        lost: Spans and links that cannot be: outside of the text, of unknown labels, without their ends.
    """

    name: str
    annotation: Annotation
    lost: int


class Row(NamedTuple):
    """One question, and what each voice answers.

    Attributes:
        layer: The layer.
        mark: What the first voice marks; it gives the row its place.
        said: Of each voice: the label and all else, `NOTHING` or `SILENT`.
        differs: Whether not all who speak of the layer say the same; to doubt it is no difference.
        gold: What gold marks, None where it marks nothing.
        how: What settled it, empty where that is not recorded.
    """

    layer: str
    mark: Mark
    said: tuple[str, ...]
    differs: bool
    gold: Mark | None = None
    how: str = ""

    @property
    def start(self) -> int:
        """First code point of its place; a link is where its head is."""
        return self.mark.head.start if self.mark.head else self.mark.start

    @property
    def end(self) -> int:
        """One past the last."""
        return self.mark.head.end if self.mark.head else self.mark.end


def voices(corpus: Corpus, article: Article, more: Iterable[Annotation] = ()) -> list[Voice]:
    """Return those who say something of an article: campaign by campaign, then what else is at hand, gold last.

    Args:
        corpus: The corpus.
        article: The article.
        more: Annotations from elsewhere, such as a model's predictions; those of other articles are left out.
    """
    pulled = [path for name in corpus.campaigns for path in corpus.campaign_annotations(name, article.id)]
    found = [(_campaign(path), corpus.read_annotation(path, expected=article.id)) for path in pulled]
    found += [("", each) for each in more if each.article == article.id]
    gold = corpus.gold_of(article)
    found += [("", gold)] if gold else []
    names = [each.annotator for _, each in found]
    return [
        _voice(
            f"{campaign}/{each.annotator}" if campaign and names.count(each.annotator) > 1 else each.annotator,
            each,
            article,
            corpus.labels,
        )
        for campaign, each in found
    ]


def _campaign(path: Path) -> str:
    return path.parent.parent.parent.name


def _voice(name: str, annotation: Annotation, article: Article, labels: LabelSet) -> Voice:
    spans = tuple(
        each
        for each in annotation.spans
        if 0 <= each.start < each.end <= article.length and labels.layer_of.get(each.label) == each.layer
    )
    ids = {each.id for each in spans}
    links = tuple(each for each in annotation.relations if {each.head, each.tail} <= ids)
    lost = len(annotation.spans) + len(annotation.relations) - len(spans) - len(links)
    layers = tuple(layer for layer in annotation.layers if layer in labels.layers)
    kept = msgspec.structs.replace(annotation, spans=spans, relations=links, layers=layers)
    return Voice(name, kept, lost)


def rows(said: Sequence[Voice], labels: LabelSet, record: Record | None = None) -> list[Row]:
    """Return what the voices say, question by question, in the order of the text; a link after its head.

    Args:
        said: The voices.
        labels: The label set.
        record: Where gold came from, if that is known.

    Raises:
        NotFound: scipy is not installed.
    """
    (items,) = aligned([[each.annotation for each in said]], labels)
    known = {
        (span.layer, Place(span.start, span.end, span.label)): Mark(label=span.label, attributes=span.attributes)
        for each in said
        if each.annotation.kind == GOLD
        for span in each.annotation.spans
    }
    how = {(each.layer, *each.mark.key): each.how for each in (record.decisions if record else ()) if each.mark}
    found = [_row(item, said, how) for item in named_alike(items, labels, known)]
    return sorted(found, key=lambda each: (each.start, -each.end, each.mark.head is not None))


def _row(item: Item, said: Sequence[Voice], how: Mapping[tuple[object, ...], str]) -> Row:
    first = next(iter(item.said.values()))
    speak = [who for who, each in enumerate(said) if item.layer in each.annotation.layers]
    answers = {item.said[who].statement if who in item.said else None for who in speak}
    cells = (
        _cell(item, who, first) if who in item.said else NOTHING if who in speak else SILENT for who in range(len(said))
    )
    gold = next((item.said[who] for who in speak if who in item.said and said[who].annotation.kind == GOLD), None)
    told = how.get((item.layer, *gold.key), "") if gold else ""
    return Row(item.layer, first, tuple(cells), len(answers) > 1, gold, told)


def _cell(item: Item, who: int, first: Mark) -> str:
    mark = item.said[who]
    place = "" if mark.key[:2] == first.key[:2] else f" @{mark.start}-{mark.end}"
    more = (
        f" {name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in (*sorted(mark.attributes.items()), *sorted(item.own.get(who, {}).items()))
    )
    return f"{mark.label}{place}{''.join(more)}"
