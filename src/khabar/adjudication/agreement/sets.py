"""Krippendorff's alpha of answers that are sets, such as the several sources of a quote, as sums over articles.

Passonneau (2006), *Measuring agreement on set-valued items (MASI)*: Krippendorff's 1 - (n - 1) sum_ck o_ck d_ck /
sum_ck n_c n_k d_ck over the coincidences of sets (`.sums.coincidences`), with `masi` for d.

The answers of two articles have no member in common: they differ by 1, but for two empty ones, which are alike.  So
what is expected between articles needs their numbers alone, and only what lies within an article needs its sets.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from khabar.adjudication.agreement.codes import Floats
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.measures import Measure, of_sums
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.sums import coincidences
from khabar.model.agreement import ALL
from khabar.model.columns import Ints, Mask
from khabar.model.labels import RelationType

OBSERVED, WITHIN, ANSWERS, EMPTY, ANSWERS_2, EMPTY_2 = range(6)


def masi_measures(couples: Sequence[Couple], groups: Ints, mine: Mask, kind: RelationType) -> Iterator[Measure]:
    """Yield alpha of the sets of tails of matched heads: of all annotators, and of each pair.

    Args:
        couples: The pairs of annotators, in the layer of the heads.
        groups: The group of each span.
        mine: Which relations are meant.
        kind: What they are.
    """
    told = couples[0].told
    tails = np.stack([told.links.head[mine], groups[told.links.tail[mine]]], axis=1)
    heads = told.marks.label == list(told.labels.labels).index(kind.head)
    read = np.any([couple.read for couple in couples], axis=0)
    chosen = [(ALL, read, np.flatnonzero(heads))]
    for couple in couples:
        rows = np.sort(np.concatenate(couple.sides))
        chosen.append((f"pair {couple.name}", couple.read, rows[heads[rows]]))
    for of, where, rows in chosen:
        sums, units = _by_article(told, rows, groups, tails)
        taken = of_sums(sums, alpha_of_sums)
        yield Measure(f"{kind.name.lower()}_masi", units, "matched heads", taken, np.flatnonzero(where), of)


def _by_article(told: Judgements, heads: Ints, groups: Ints, tails: Ints) -> tuple[Floats, Ints]:
    """What each article adds, shape (articles, 6), and how many of its heads were matched, shape (articles,).

    Args:
        told: All judgements.
        heads: Rows of the heads that are compared, ascending.
        groups: The group of each span.
        tails: The head of each link and the group of its tail, shape (links, 2).
    """
    article, articles = told.marks.article, np.arange(len(told.articles) + 1)
    # Both in the order of articles, so that what belongs to one is cut out, not looked for.
    heads = heads[np.argsort(article[heads], kind="stable")]
    tails = tails[np.argsort(article[tails[:, 0]], kind="stable")]
    head_cuts, tail_cuts = (np.searchsorted(article[at], articles).tolist() for at in (heads, tails[:, 0]))
    sums, units = np.zeros((len(told.articles), 6)), np.zeros(len(told.articles), dtype=np.int64)
    for number, (begin, end) in enumerate(pairwise(head_cuts)):
        if begin < end:
            own = heads[begin:end]
            links = tails[tail_cuts[number] : tail_cuts[number + 1]]
            sums[number], units[number] = _of_article(own, groups[own], links)
    return sums, units


def _of_article(heads: Ints, groups: Ints, tails: Ints) -> tuple[Floats, int]:
    """What an article adds, and how many of its heads were matched; links of other heads may be among its tails."""
    unit, size = np.unique(groups, return_inverse=True, return_counts=True)[1:]
    answered = size[unit] > 1
    heads, unit = heads[answered], np.unique(unit[answered], return_inverse=True)[1]
    members, member = np.unique(tails[:, 1], return_inverse=True)
    sets = np.zeros((len(heads), len(members)), dtype=bool)
    place = np.searchsorted(heads, tails[:, 0])
    there = (place < len(heads)) & (np.append(heads, -1)[place] == tails[:, 0])
    sets[place[there], member[there]] = True
    different, code = np.unique(sets, axis=0, return_inverse=True)
    code = code.ravel()
    order = np.argsort(unit, kind="stable")
    column = np.arange(len(unit)) - np.searchsorted(unit[order], unit[order])
    codes = np.full((int(unit.max(initial=-1)) + 1, int(column.max(initial=-1)) + 1), -1)
    codes[unit[order], column] = code[order]
    return article_sums(codes, different), len(codes)


def article_sums(codes: Ints, sets: Mask) -> Floats:
    """Return what the answers of one article add.

    Args:
        codes: Which set each annotator gave to each unit, shape (units, annotators).
        sets: The different sets, shape (sets, values).
    """
    one_article = np.zeros(len(codes), dtype=np.int64)
    pairs, distance = coincidences(codes, one_article, (1, len(sets)))[0], masi(sets)
    margin = pairs.sum(axis=1)
    answers, empty = margin.sum(), margin[~sets.any(axis=1)].sum()
    within = (np.outer(margin, margin) * distance).sum()
    # Multiplied as `alpha_of_sums` multiplies: the power of a single number may part from it in the last bit.
    return np.array([(pairs * distance).sum(), within, answers, empty, answers * answers, empty * empty])


def alpha_of_sums(sums: Floats) -> Floats:
    """Return alpha of each row of `article_sums`, shape (rows, 6); nan where no two answers can be told apart."""
    answers, empty = sums[:, ANSWERS], sums[:, EMPTY]
    between = (answers**2 - sums[:, ANSWERS_2]) - (empty**2 - sums[:, EMPTY_2])
    expected = sums[:, WITHIN] + between
    undefined = np.full(len(sums), np.nan)
    share: Floats = np.divide((answers - 1) * sums[:, OBSERVED], expected, out=undefined, where=expected > 0)
    return 1.0 - share


def masi(sets: Mask) -> Floats:
    """Return 1 - J M of each two sets: J intersection / union, M what part of the way they are from apart to alike.

    Passonneau (2006): M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they are
    apart.  Two empty sets are equal.

    Args:
        sets: Shape (sets, values).
    """
    members = sets.astype(np.float64)
    common, size = members @ members.T, members.sum(axis=1)
    union = size[:, None] + size - common
    jaccard = np.divide(common, union, out=np.ones_like(common), where=union > 0)
    smaller, larger = np.minimum(size[:, None], size), np.maximum(size[:, None], size)
    monotone = np.select([common == larger, common == smaller, common > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    apart: Floats = 1.0 - jaccard * monotone
    return apart
