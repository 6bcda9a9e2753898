"""Level 2: what the scheme asks of regions, and of what lies in them."""

from collections.abc import Iterator

import numpy as np

from khabar.checks.engine import Broken, broken_places, broken_spans, check
from khabar.checks.view import View
from khabar.model.finding import Level


@check("region-lines", Level.SCHEME)
def region_lines(view: View) -> Iterator[Broken]:
    """Each line that is not empty is one region, and a region is one whole line.

    Whoever reads the main text must be able to trust that nothing was left unsaid.
    """
    batch, lines, rows = view.batch, view.lines, view.regions
    if not len(lines.first):
        return
    line = np.searchsorted(lines.first, batch.first[rows], side="right") - 1
    whole = (lines.first[line] == batch.first[rows]) & (lines.stop[line] == batch.last[rows] + 1) & (line >= 0)
    yield broken_spans(batch, rows[~whole], "the region is not the whole line, without white space at its edges")
    counted = np.bincount(line[whole], minlength=len(lines.first))
    again = np.flatnonzero(whole)[np.diff(line[whole], prepend=-1) == 0]
    yield broken_spans(batch, rows[again], "the line has another region already, it should have one")
    touched = np.zeros(len(lines.first) + 1, dtype=bool)
    touched[line[~whole]] = True
    article = np.searchsorted(batch.base, lines.first, side="right") - 1
    bare = np.flatnonzero((counted == 0) & ~touched[:-1] & view.has_regions[article])
    yield broken_places(batch, lines.first[bare], lines.stop[bare], "the line has no region, it should have one")


@check("span-in-one-region", Level.SCHEME)
def span_in_one_region(view: View) -> Iterator[Broken]:
    """Entities and quotes lie inside one region.

    What crosses a region's edge is two things.
    """
    batch = view.batch
    rows = np.flatnonzero(view.in_layers("inside_main") & batch.sound & view.has_regions[batch.spans.article])
    region = view.first_region[rows]
    bad = rows[(region < 0) | (batch.last[rows] > batch.last[region])]
    yield broken_spans(batch, bad, "the span lies in no region or in two, it should lie in one")


@check("span-in-main", Level.SCHEME)
def span_in_main(view: View) -> Iterator[Broken]:
    """Entities and quotes lie in main regions.

    Boilerplate is not the article's text; names in it would be counted on every page of the site.
    """
    batch = view.batch
    rows = np.flatnonzero(view.in_layers("inside_main") & batch.sound)
    region = view.first_region[rows]
    bad = ~view.is_main(region)
    because = [
        f"the span lies in {batch.names.labels[batch.spans.label[r]]}, which is boilerplate: remove it"
        for r in region[bad]
    ]
    yield broken_spans(batch, rows[bad], because)
