"""Where gold is probably wrong: what a model that never saw an article expects otherwise, and is sure of.

Confident learning: C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset
Labels", JAIR 70 (2021) 1373-1411.  A unit is a suspect where the model gives another label at least the probability
that it gives, on average, to units that bear that label; suspects are ranked by how much more probable it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from khabar.adjudication.labelled import Units, units
from khabar.errors import extra
from khabar.model.batch import Batch
from khabar.model.finding import Finding
from khabar.model.labels import LabelSet

Floats = NDArray[np.float64]

FOLDS = 5
"""Parts of the articles; each is judged by a model of the others."""
_NOTHING = "nothing"
CHECK = 0.5
"""What a finding of a check weighs beside the model's margins."""
FEATURES = 2**14
"""Columns of each kind of feature: words and letters share them by hashing."""


class Suspect(NamedTuple):
    """A place where gold is probably wrong.

    Attributes:
        article: Id of the article.
        layer: The layer.
        start: First code point.
        end: One past the last.
        given: The label in gold, empty where gold marks nothing.
        expected: The label that the model expects, likewise.
        margin: By how much it is more probable than the given one, above 0 and up to 1.
    """

    article: str
    layer: str
    start: int
    end: int
    given: str
    expected: str
    margin: float


class Doubt(NamedTuple):
    """A place of gold that somebody should look at again.

    Attributes:
        article: Id of the article.
        start: First code point.
        end: One past the last.
        score: How much there is to doubt: the margin of the model, and `CHECK` for each check that finds fault.
        reasons: Why, one each.
    """

    article: str
    start: int
    end: int
    score: float
    reasons: tuple[str, ...]


def suspects(batches: Sequence[Batch], labels: LabelSet, seed: int = 0) -> list[Suspect]:
    """Return where gold is probably wrong, the most probable first.

    Lines are judged in layers of lines, tokens in the others.  Articles whose text is not at hand, or whose gold says
    nothing of the layer, are left out; a layer of fewer than two articles too.

    Args:
        batches: Gold.
        labels: The label set.
        seed: Of the draw of folds.

    Raises:
        NotFound: scikit-learn is not installed.
    """
    found: list[Suspect] = []
    for name, layer in labels.layers.items():
        some = [batch.select(batch.covers(name) & batch.has_text) for batch in batches]
        ids = [key for batch in some for key in batch.articles["id"].to_pylist()]
        if len(ids) > 1:
            cut, labelled = units(some, name, lines=layer.lines)
            if len(labelled) > 1:
                found += _ranked(cut, _out_of_fold(cut, len(labelled), seed), (name, labelled, ids))
    return sorted(found, key=lambda each: (-each.margin, each.article, each.start))


def doubts(found: Sequence[Suspect], findings: Iterable[Finding]) -> list[Doubt]:
    """Put suspects and what checks find at the same places together; the most doubtful first.

    Args:
        found: The suspects.
        findings: What checks find in gold, such as the same words marked otherwise elsewhere.
    """
    places: dict[tuple[str, int, int], list[tuple[float, str]]] = {}
    for each in found:
        told = f"{each.layer}: {each.given or _NOTHING} stands there, {each.expected or _NOTHING} is expected"
        places.setdefault((each.article, each.start, each.end), []).append((each.margin, told))
    known: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for at in places:
        known[at[0]].append(at)
    for finding in (each for each in findings if each.start >= 0):
        here = (finding.article, finding.start, finding.end)
        near = (at for at in known[finding.article] if at[1] < here[2] and here[1] < at[2])
        places.setdefault(next(near, here), []).append((CHECK, f"{finding.message} [{finding.check}]"))
    queue = [
        Doubt(*at, round(sum(score for score, _ in said), 4), tuple(reason for _, reason in said))
        for at, said in places.items()
    ]
    return sorted(queue, key=lambda each: (-each.score, each.article, each.start))


def _out_of_fold(cut: Units, labels: int, seed: int) -> Floats:
    """Return how probable each label is for each unit, by a model of other articles; shape (units, labels)."""
    with extra("campaign"):
        from sklearn.linear_model import SGDClassifier
    features, given = _features(cut), cut.given
    articles = int(cut.article.max()) + 1
    fold = np.random.default_rng(seed).permutation(articles) % min(FOLDS, articles)
    probable: Floats = np.zeros((len(given), labels))
    for each in range(int(fold.max()) + 1):
        held = fold[cut.article] == each
        known = np.unique(given[~held])
        if len(known) == 1:
            probable[np.ix_(held, known)] = 1.0
            continue
        model = SGDClassifier(loss="log_loss", random_state=seed)
        model.fit(features[~held], given[~held])
        probable[np.ix_(held, model.classes_)] = model.predict_proba(features[held])
    return probable


def _features(cut: Units) -> Any:
    """Return what a model sees of each unit: its letters and words, and those of the two beside it; sparse."""
    with extra("campaign"):
        from scipy.sparse import diags_array, hstack
        from sklearn.feature_extraction.text import HashingVectorizer
    common = {"n_features": FEATURES, "norm": "l2", "alternate_sign": False}
    letters = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), **common).transform(cut.text)
    words = HashingVectorizer(analyzer=list, **common).transform(cut.words)
    # The unit before is a row further up, in the same article.
    same = (cut.article[1:] == cut.article[:-1]).astype(np.float64)
    before, after = diags_array([same], offsets=[-1]), diags_array([same], offsets=[1])
    size = len(cut.text)
    before.resize(size, size)
    after.resize(size, size)
    return hstack([letters, words, before.tocsr() @ words, after.tocsr() @ words], format="csr")


def _ranked(cut: Units, probable: Floats, named: tuple[str, list[str], Sequence[str]]) -> Iterator[Suspect]:
    """Yield the suspects; neighbours of one label that are taken for one other are one."""
    (layer, names, ids), given = named, cut.given
    rows = np.arange(len(given))
    own = probable[rows, given]
    count = np.bincount(given, minlength=len(names))
    usual = np.bincount(given, own, len(names)) / np.maximum(count, 1)
    sure = np.where(probable >= usual, probable, 0.0)
    expected = sure.argmax(axis=1)
    margin = probable[rows, expected] - own
    suspect = (sure[rows, expected] > 0) & (expected != given) & (margin > 0)
    begins = np.ones(len(given), dtype=bool)
    for column in (cut.article, given, expected, suspect):
        begins[1:] &= column[1:] == column[:-1]
    begins[1:] = ~begins[1:]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(given)) - 1
    for begin, end in zip(first[suspect[first]], last[suspect[first]], strict=True):
        yield Suspect(
            ids[int(cut.article[begin])],
            layer,
            int(cut.start[begin]),
            int(cut.end[end]),
            names[given[begin]],
            names[expected[begin]],
            round(float(margin[begin : end + 1].mean()), 4),
        )
