"""Level 3: what makes sense: warnings, for a person to look at.  A rule breaks data, sense only makes one doubt it."""

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from khabar.checks.engine import Broken, broken_places, broken_spans, check
from khabar.checks.mentions import same_words, touched
from khabar.checks.nesting import nesting
from khabar.checks.view import View
from khabar.model.batch import Batch
from khabar.model.columns import Ints, ends
from khabar.model.finding import Level, Severity
from khabar.model.labels import Layer

LONG_LINE = 25
"""Words from which on a line that ends a sentence is a paragraph and no link."""
SHORT_LINE = 3
"""Words up to which a line that ends no sentence is no paragraph."""
SENTENCE_ENDS = '.!?؟…»"”:'


@check("name-marked-throughout", Level.SENSE, Severity.WARNING)
def name_marked_throughout(view: View) -> Iterator[Broken]:
    """What is marked as a name once in an article is marked wherever it stands in it.

    The tenth mention of a name is the one that annotators skip. Labels of which this holds say `recurs`.
    """
    batch = view.batch
    recurring = [batch.label_code(name) for name, label in batch.labels.labels.items() if label.recurs]
    spans = np.flatnonzero(np.isin(batch.spans.label, recurring) & batch.sound)
    found, like = same_words(view, spans)
    bare = ~touched(batch, found, np.unique(batch.spans.layer[spans]))
    bare &= view.is_main(view.region_at(found[:, 0]))
    found, like = found[bare], like[bare]
    outer = nesting(found[:, 0], found[:, 1]).depth == 0
    found, like = found[outer], like[outer]
    because = [
        f"the same words are {batch.names.labels[batch.spans.label[row]]} at {batch.spans.start[row]}"
        f"-{batch.spans.end[row]}: mark them here too"
        for row in like
    ]
    yield broken_places(batch, found[:, 0], found[:, 1], because)


@check("telltale-marked", Level.SENSE, Severity.WARNING)
def telltale_marked(view: View) -> Iterator[Broken]:
    """A word that tells of an entity, such as a month, a currency or a number, lies in one.

    Dates and amounts are the entities that readers overlook. The words stand in annotations/labels.toml as `telltale`.
    """
    batch = view.batch
    # A line break between two texts, so that no word is read across their edge; what follows it is one place further.
    parted = np.insert(batch.characters.astype("<u4"), batch.base[1:-1], ord("\n"))
    text = parted.tobytes().decode("utf-32-le")
    edges = batch.base[1:-1] + np.arange(len(batch.base) - 2)
    for code, (name, layer) in enumerate(batch.labels.layers.items()):
        pattern = batch.labels.telltale(layer)
        if pattern is None:
            continue
        found = [(match.start(match.lastgroup or 0), match.end(), match.lastgroup) for match in pattern.finditer(text)]
        places = np.array([each[:2] for each in found], dtype=np.int64).reshape(-1, 2)
        places -= np.searchsorted(edges, places[:, :1])
        article = np.searchsorted(batch.base, places[:, 0], side="right") - 1
        bare = ~touched(batch, places, np.array([code])) & batch.covers(name)[article]
        bare &= view.is_main(view.region_at(places[:, 0]))
        rows = np.flatnonzero(bare)
        because = [
            f"this reads like {found[row][2]} and lies in no span of {name}: mark it, or waive this" for row in rows
        ]
        yield broken_places(batch, places[rows, 0], places[rows, 1], because)


@check("mentions-share-label", Level.SENSE, Severity.WARNING)
def mentions_share_label(view: View) -> Iterator[Broken]:
    """Mentions of one entity have one label.

    A city that is also its government is one entity with two senses, not a GPE here and an ORG there.
    """
    batch, spans = view.batch, view.batch.spans
    for code, layer in enumerate(batch.labels.layers.values()):
        if not layer.one_label_by:
            continue
        rows = np.flatnonzero((spans.layer == code) & spans.says(layer.one_label_by))
        keys = _key_codes(batch, rows, layer.one_label_by)
        order = np.lexsort((spans.start[rows], keys))
        keys, rows = keys[order], rows[order]
        leader = np.maximum.accumulate(np.where(np.diff(keys, prepend=-1) != 0, np.arange(len(keys)), 0))
        family = _families(batch, layer)[spans.label[rows]]
        bad = np.flatnonzero(family != family[leader])
        because = [
            f"{batch.names.labels[spans.label[rows[at]]]} here, the first mention of"
            f" '{spans.attributes[layer.one_label_by][int(rows[at])].as_py()}' is"
            f" {batch.names.labels[spans.label[rows[leader[at]]]]}: they should share a label"
            for at in bad
        ]
        yield broken_spans(batch, rows[bad], because)


def _families(batch: Batch, layer: Layer) -> Ints:
    """Return for each label code the code of the first label that is kin to it."""
    head = {name: kin[0] for kin in layer.kin for name in kin}
    return np.array([batch.label_code(head.get(name, name)) for name in batch.names.labels])


def _key_codes(batch: Batch, rows: Ints, attribute: str) -> Ints:
    """Number the keys of spans; keys of different articles are different."""
    coded = batch.spans.attributes[attribute].take(rows).dictionary_encode()
    codes: Ints = batch.spans.article[rows] * max(len(coded.dictionary), 1) + coded.indices.to_numpy()
    return codes


@check("relation-usual", Level.SENSE, Severity.WARNING)
def relation_usual(view: View) -> Iterator[Broken]:
    """A span has the relations that nearly all of its kind have: a quote has its cue.

    A quote without a cue is rare, a forgotten arrow is not.
    """
    batch, relations = view.batch, view.batch.relations
    for code, kind in enumerate(batch.labels.relations):
        if kind.usual:
            linked = np.bincount(relations.head[relations.label == code], minlength=len(batch.spans)) > 0
            rows = np.flatnonzero((batch.spans.label == batch.label_code(kind.head)) & ~linked)
            yield broken_spans(batch, rows, f"no {kind.name} leads to a {kind.tail}: link one, or waive this")


@check("source-is-entity", Level.SENSE, Severity.WARNING)
def source_is_entity(view: View) -> Iterator[Broken]:
    """A span that should hold an entity holds one, or shares its key: a quote's source is somebody.

    Who speaks is what attribution is for; unnamed sources are the exception, and a waiver says that it was looked at.
    """
    batch, spans = view.batch, view.batch.spans
    for name, label in batch.labels.labels.items():
        if not label.holds:
            continue
        speaks = batch.covers(label.holds)[spans.article]
        rows = np.flatnonzero((spans.label == batch.label_code(name)) & batch.sound & speaks)
        others = np.flatnonzero((spans.layer == batch.layer_code(label.holds)) & batch.sound)
        first = np.sort(batch.first[others])
        inside = np.searchsorted(first, batch.last[rows] + 1) > np.searchsorted(first, batch.first[rows])
        shares = np.zeros(len(rows), dtype=bool)
        for key in batch.labels.keys_attributes:
            column = pc.fill_null(spans.attributes[key], "")
            said = others[spans.says(key)[others]]
            shared = ends(spans.article[said], column.take(said), spans.article[rows], column.take(rows))
            shares |= spans.says(key)[rows] & (shared >= 0)
        yield broken_spans(
            batch, rows[~inside & ~shares], f"{name} holds no {label.holds} and shares no key with one: tie it to one"
        )


@check("line-reads-as-labelled", Level.SENSE, Severity.WARNING)
def line_reads_as_labelled(view: View) -> Iterator[Broken]:
    """A paragraph reads like one, and a link or a button does not.

    One wrong key turns a paragraph into a link; length and the end of a sentence tell them apart nearly always.
    """
    batch, words = view.batch, view.words
    rows = view.regions
    first, stop = batch.first[rows], batch.last[rows] + 1
    count = np.searchsorted(words.first, stop) - np.searchsorted(words.first, first)
    over = np.isin(batch.characters[stop - 1], [ord(each) for each in SENTENCE_ENDS])
    prose = np.array([label.prose for label in batch.labels.labels.values()] or [""])
    said = np.append(prose, [""] * (len(batch.names.labels) - len(batch.labels.labels)))[batch.spans.label[rows]]
    long = (said == "never") & over & (count >= LONG_LINE)
    yield broken_spans(batch, rows[long], f"{LONG_LINE} words or more that end a sentence read like a paragraph")
    marks = np.searchsorted(view.quotation_marks, stop) > np.searchsorted(view.quotation_marks, first)
    short = (said == "always") & ~over & (count > 0) & (count <= SHORT_LINE) & ~marks
    yield broken_spans(
        batch, rows[short], f"{SHORT_LINE} words or fewer that end no sentence do not read like a paragraph"
    )
