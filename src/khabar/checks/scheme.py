"""Level 2: what the scheme asks of an annotation: attributes, relations, nesting."""

from collections.abc import Iterator

import numpy as np

from khabar.checks.engine import Broken, broken_spans, check
from khabar.checks.nesting import nesting
from khabar.checks.view import View
from khabar.model.finding import Level


@check("attribute-required", Level.SCHEME)
def attribute_required(view: View) -> Iterator[Broken]:
    """A span says what its label requires.

    A quote without a type is half an annotation.
    """
    batch = view.batch
    for entry in (each for each in batch.labels.attributes if each.required):
        rows = np.flatnonzero(view.has_label(entry.labels) & ~batch.spans.says(entry.name))
        values = " | ".join(value.name for value in entry.values)
        yield broken_spans(batch, rows, f"{entry.name} is not said, it should be {values or 'given'}")


@check("relation-fits", Level.SCHEME)
def relation_fits(view: View) -> Iterator[Broken]:
    """A relation links spans of the labels that it is made for.

    HAS_SOURCE goes from a QUOTE to a SOURCE, not the other way.
    """
    batch, relations = view.batch, view.batch.relations
    names = batch.names.labels
    head, tail = batch.spans.label[relations.head], batch.spans.label[relations.tail]
    for code, kind in enumerate(batch.labels.relations):
        fits = (head == names.index(kind.head)) & (tail == names.index(kind.tail)) & (relations.head != relations.tail)
        rows = np.flatnonzero((relations.label == code) & ~fits)
        because = [
            f"{kind.name} goes from {kind.head} to {kind.tail}, not from {names[head[r]]} to {names[tail[r]]}"
            for r in rows
        ]
        yield broken_spans(batch, relations.head[rows], because)


@check("relation-once", Level.SCHEME)
def relation_once(view: View) -> Iterator[Broken]:
    """A relation is said once.

    Twice the same link is a slip of the mouse, and doubles what is counted.
    """
    batch, relations = view.batch, view.batch.relations
    order = np.lexsort((relations.tail, relations.label, relations.head))
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in (relations.head, relations.label, relations.tail):
        same &= np.diff(column[order]) == 0
    rows = np.sort(order[1:][same])
    names = batch.names.relations
    because = [f"{names[relations.label[r]]} to {relations.tail_id[int(r)].as_py()} is said twice" for r in rows]
    yield broken_spans(batch, relations.head[rows], because)


@check("quote-has-source", Level.SCHEME)
def quote_has_source(view: View) -> Iterator[Broken]:
    """Each quote has exactly one source, or says that it has none.

    Attribution is what the layer is for: a missing link is indistinguishable from a forgotten one.
    """
    batch, relations = view.batch, view.batch.relations
    for code, kind in enumerate(batch.labels.relations):
        if not kind.exactly_one_unless:
            continue
        links = np.bincount(relations.head[relations.label == code], minlength=len(batch.spans))
        wanted = np.where(batch.spans.says(kind.exactly_one_unless), 0, 1)
        rows = np.flatnonzero((batch.spans.label == batch.label_code(kind.head)) & (links != wanted))
        instead = f"or say {kind.exactly_one_unless} and link none"
        because = [
            f"{kind.name} links it to {n} spans, it should be exactly one: link one, {instead}" for n in links[rows]
        ]
        yield broken_spans(batch, rows, because)


@check("relation-goes-back", Level.SCHEME)
def relation_goes_back(view: View) -> Iterator[Broken]:
    """A relation that leads back goes from what stands later to what stands earlier.

    The second piece of a quote continues the first; going back only, no chain of pieces can bite its own tail.
    """
    batch, relations = view.batch, view.batch.relations
    starts = batch.spans.start
    for code, kind in enumerate(batch.labels.relations):
        if kind.backwards:
            rows = np.flatnonzero((relations.label == code) & (starts[relations.head] <= starts[relations.tail]))
            because = f"{kind.name} should lead to a {kind.tail} that stands earlier: turn it round"
            yield broken_spans(batch, relations.head[rows], because)


@check("layer-nests", Level.SCHEME)
def layer_nests(view: View) -> Iterator[Broken]:
    """Spans of one layer lie in one another or apart, they never cross.

    Crossing spans have no tree, and no reader of nested annotations can hold them.
    """
    batch = view.batch
    rows = np.flatnonzero(batch.sound)
    shift = batch.spans.layer[rows] * (batch.base[-1] + 1)
    crossed = nesting(batch.first[rows] + shift, batch.last[rows] + 1 + shift).crossed
    over = np.flatnonzero(crossed >= 0)
    because = [
        f"the span crosses {batch.spans.id[int(row)].as_py()}: one should hold the other" for row in rows[crossed[over]]
    ]
    yield broken_spans(batch, rows[over], because)


@check("label-not-in-itself", Level.SCHEME)
def label_not_in_itself(view: View) -> Iterator[Broken]:
    """A label does not lie in itself, or not deeper than its depth allows.

    Of two entities of one type, one in the other, the outer one is kept. The same span twice is the same fault.
    """
    batch = view.batch
    allowed = np.array([label.depth for label in batch.labels.labels.values()])
    rows = view.by_label
    label = batch.spans.label[rows]
    shift = label * (batch.base[-1] + 1)
    depth = nesting(batch.first[rows] + shift, batch.last[rows] + 1 + shift).depth
    bad = np.flatnonzero(depth >= allowed[label])
    because = [
        f"{batch.names.labels[label[i]]} lies in {depth[i]} more of itself, at most {allowed[label[i]] - 1} may be"
        for i in bad
    ]
    yield broken_spans(batch, rows[bad], because)
