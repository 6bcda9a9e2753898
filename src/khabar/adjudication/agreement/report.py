"""All measures of a campaign's annotators: by layer, label, pair, source and week, each with its interval."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

import msgspec
import numpy as np

from khabar.adjudication.agreement.alignment import Dissimilarity
from khabar.adjudication.agreement.attributes import attribute_measures
from khabar.adjudication.agreement.gamma import Settings
from khabar.adjudication.agreement.gathering import judgements
from khabar.adjudication.agreement.judgements import Judgements
from khabar.adjudication.agreement.lines import line_measures
from khabar.adjudication.agreement.links import link_measures
from khabar.adjudication.agreement.measures import Measure, Resampling
from khabar.adjudication.agreement.pairs import Couple, couples
from khabar.adjudication.agreement.spans import confusion, span_measures
from khabar.adjudication.agreement.units import line_codes, names, token_codes, unit_measures
from khabar.adjudication.agreement.wholes import whole_measures
from khabar.errors import Incomparable, NotFound
from khabar.model.agreement import ALL, Agreement, Confusion, Figure, Setting
from khabar.model.work import Work, week
from khabar.store import Corpus
from khabar.store.agreements import digest_of

NOTHING = "no label"
HEADLINES = {"f1": ("f1",), "alpha": ("token_alpha", "line_alpha"), "gamma": ("gamma",)}
"""Which measures stand for a layer where one figure must do."""

Figures = dict[str, dict[str, Figure]]


def of_campaigns(corpus: Corpus, campaigns: Iterable[str], setting: Setting | None = None) -> Agreement:
    """Measure how far the annotators of some campaigns agree, all of them together.

    A pilot whose annotators may not see each other's work may be several campaigns.  Articles of a qualification are
    left out: annotators were learning on them.

    Args:
        corpus: Where the campaigns are.
        campaigns: Their names.
        setting: What the figures depend on.

    Raises:
        NotFound: there is no such campaign, or it has no annotations, or no two annotators read an article in common;
            or scipy is missing.
        Incomparable: annotations that cannot be compared, or adjudicators beside those whose answers they saw.
        Changed: a text is not the one that its record describes.
    """
    chosen = tuple(dict.fromkeys(campaigns))
    paths, work = [], []
    for name in chosen:
        paths += corpus.needed_annotations(name)
        work += corpus.work(name)
    saw = [name for name in chosen if corpus.adjudicates(name)]
    if 0 < len(saw) < len(chosen):
        raise Incomparable(f"{saw[0]} holds answers of adjudicators, who saw what others had said: leave it out")
    trials = {each.article for each in work if each.role == "qualification"}
    paths = [path for path in paths if path.stem not in trials]
    # Annotations of an article stand side by side, so that what is built of its text is built once.
    paths.sort(key=lambda path: (path.name, path.parent.name))
    batches = corpus.batches(corpus.read_annotation(path, expected=path.stem) for path in paths)
    agreement = measured(judgements(corpus.labels, batches, _weeks(work)), chosen, setting or Setting())
    return msgspec.structs.replace(agreement, annotations=digest_of(corpus, chosen))


def _weeks(work: Iterable[Work]) -> dict[str, str]:
    """Return the week in which each article was annotated, by the last who did."""
    last: dict[str, str] = {}
    for each in work:
        if each.state == "submitted":
            last[each.article] = max(last.get(each.article, ""), each.updated)
    return {article: found for article, moment in last.items() if (found := week(moment))}


def measured(told: Judgements, campaigns: tuple[str, ...], setting: Setting) -> Agreement:
    """Measure what annotators say of the same articles.

    Raises:
        NotFound: no two annotators read an article in common.
    """
    layers = {layer: couples(told, layer, setting.relaxed) for layer in told.labels.layers}
    layers = {layer: pairs for layer, pairs in layers.items() if pairs}
    if not layers:
        raise NotFound(
            f"{', '.join(campaigns)}: annotators {', '.join(told.annotators)} have no article in common:"
            " name all campaigns of one pilot, or have articles annotated twice"
        )
    settings = Settings(seed=setting.seed)
    resampling = Resampling(setting)
    figures = {
        layer: _figures(told, layer_measures(told, layer, pairs, settings), resampling)
        for layer, pairs in layers.items()
    }
    several = np.any([told.covers[layer].sum(axis=1) > 1 for layer in layers], axis=0)
    return Agreement(
        campaigns=campaigns,
        schemes=told.schemes,
        annotators=told.annotators,
        articles=int(several.sum()),
        setting=msgspec.structs.replace(setting, gamma=_gamma_setting(settings)),
        headline={layer: _headline(some) for layer, some in figures.items()},
        figures=figures,
        confusions={layer: _confusion(told, layer, pairs) for layer, pairs in layers.items()},
    )


def layer_measures(told: Judgements, layer: str, pairs: list[Couple], settings: Settings) -> Iterator[Measure]:
    """Yield everything that is measured on a layer."""
    yield from span_measures(told, layer, pairs)
    yield from attribute_measures(told, layer, pairs)
    if told.labels.layers[layer].lines:
        coded = line_codes(told, layer)
        yield from unit_measures(told, coded, pairs)
        yield from line_measures(coded, pairs)
    else:
        yield from unit_measures(told, token_codes(told, layer), pairs)
        yield from whole_measures(pairs, settings)
    yield from link_measures(told, layer, pairs)


def _figures(told: Judgements, measures: Iterable[Measure], resampling: Resampling) -> Figures:
    """Take each measure of all articles, and those of all annotators and labels of each source and week too."""
    figures: Figures = {}
    for measure in measures:
        some = figures.setdefault(measure.name, {})
        some[measure.of] = resampling.figure(measure, measure.read)
        if measure.of == ALL:
            for kind, values in (("source", told.sources), ("week", told.weeks)):
                at = np.array(values)[measure.read]
                for value in np.unique(at).tolist():
                    some[f"{kind} {value}"] = resampling.figure(measure, measure.read[at == value])
    return figures


def _headline(figures: Figures) -> dict[str, float]:
    values = {
        name: figures[measure][ALL].value
        for name, measures in HEADLINES.items()
        for measure in measures
        if measure in figures
    }
    return {name: value for name, value in values.items() if value is not None}


def _confusion(told: Judgements, layer: str, pairs: list[Couple]) -> Confusion:
    """Return which labels met, without those that nobody gave."""
    counts = confusion(told, layer, pairs)
    used = np.flatnonzero(counts.any(axis=0) | (np.arange(len(counts)) == len(counts) - 1))
    shown = (*names(told, layer), NOTHING)
    table = counts[np.ix_(used, used)].tolist()
    return Confusion(labels=tuple(shown[at] for at in used.tolist()), counts=tuple(map(tuple, table)))


def _gamma_setting(settings: Settings) -> dict[str, float | int | str]:
    """Return what gamma depends on, by name."""
    told: dict[str, float | int | str] = {
        "sampler": "each drawn annotator's units shifted together around the text (Mathet et al. 2015, 5.2)"
    }
    for part in (settings.dissimilarity, settings):
        for field in fields(part):
            value = getattr(part, field.name)
            if not isinstance(value, Dissimilarity) and value is not None:
                told[field.name] = value
    return told
