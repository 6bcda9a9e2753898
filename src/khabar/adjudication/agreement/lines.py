"""Agreement on regions beyond the labels of lines: how much text is main text, and where one region ends.

``main_f1``: F1 over the characters that either annotator calls main text.  ``window_diff``, ``pk``: errors, each
annotator being the reference once; the windows of all articles are counted together.  ``boundary_similarity``: B, the
mean over articles (Fournier 2013 pools edits of one text; texts weigh alike here).
"""

from collections.abc import Iterator

import numpy as np

from khabar.adjudication.agreement import segmentation
from khabar.adjudication.agreement.codes import MISSING, Floats
from khabar.adjudication.agreement.measures import Measure, of_sums, ratio
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.spans import pooled, share_measure
from khabar.adjudication.agreement.units import Coded
from khabar.model.columns import Ints


def line_measures(coded: Coded, couples: list[Couple]) -> Iterator[Measure]:
    """Yield what is measured on the lines of a layer besides their labels."""
    characters = [_main_characters(couple) for couple in couples]
    for of, some, read in pooled(couples, characters):
        yield share_measure("main_f1", some, "characters", (of, read))
    cut = [_boundaries(coded, couple) for couple in couples]
    for of, some, read in pooled(couples, cut):
        for name, at, unit in (
            ("window_diff", 0, "windows"),
            ("pk", 2, "windows"),
            ("boundary_similarity", 4, "articles"),
        ):
            sums = some[:, at : at + 2]
            yield Measure(
                name,
                sums[:, 1].astype(np.int64),
                unit,
                of_sums(sums, ratio),
                read,
                of,
                undefined="no text is longer than a window",
            )


def _main_characters(couple: Couple) -> Floats:
    """By article: twice the characters that both call main text, and those that either does, added up."""
    told = couple.told
    main = np.array([label.main for label in told.labels.labels.values()])
    one, other = couple.overlaps
    both = main[told.marks.label[one]] & main[told.marks.label[other]]
    one, other = one[both], other[both]
    end = np.minimum(told.marks.end[one], told.marks.end[other])
    shared = end - np.maximum(told.marks.start[one], told.marks.start[other])
    rows = np.concatenate(couple.sides)
    rows = rows[main[told.marks.label[rows]]]
    size = told.marks.end[rows] - told.marks.start[rows]
    articles = len(told.articles)
    common = np.bincount(told.marks.article[one], shared, articles)
    return np.stack([2 * common, np.bincount(told.marks.article[rows], size, articles)], axis=1)


def _boundaries(coded: Coded, couple: Couple) -> Floats:
    """By article: windows that differ and windows of WindowDiff and Pk, B and 1."""
    codes = coded.codes[:, list(couple.annotators)]
    both = (codes != MISSING).all(axis=1)
    codes, article = codes[both], coded.article[both]
    sums = np.zeros((len(couple.told.articles), 6))
    for number in np.unique(article).tolist():
        sums[number] = _of_article(codes[article == number])
    return sums


def _of_article(codes: Ints) -> list[float]:
    sides = [segmentation.boundaries(column) for column in codes.T]
    found = [0.0] * 6
    for reference, hypothesis in (sides, reversed(sides)):
        windows = len(codes) - segmentation.window_size(reference)
        if windows > 0:
            for at, measure in ((0, segmentation.window_diff), (2, segmentation.pk)):
                found[at] += windows * measure(reference, hypothesis)
                found[at + 1] += windows
    found[4:] = [segmentation.boundary_similarity(sides[0], sides[1]), 1.0]
    return found
