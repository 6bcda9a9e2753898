"""How annotators treat what a model proposes: what they accept, and whether seeing it draws them towards it.

Acceptance alone proves nothing: a proposal that is accepted may be right, or convenient.  Anchoring compares tasks on
which the proposal was shown with tasks, drawn at random, on which it was hidden; agreement with the model that is
higher where it was shown is what the showing adds (Fort & Sagot 2010, *Influence of pre-annotation on POS-tagged corpus
development*).
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from khabar.adjudication.agreement.gathering import judgements
from khabar.adjudication.agreement.measures import Resampling
from khabar.adjudication.agreement.pairs import Couple
from khabar.adjudication.agreement.spans import span_measures
from khabar.model.agreement import ALL, Anchoring, Figure, Setting
from khabar.model.annotation import Annotation
from khabar.model.work import Work
from khabar.store import Corpus


def anchoring(corpus: Corpus, campaign: str, setting: Setting | None = None) -> list[Anchoring]:
    """Compare the annotations of a campaign with the predictions that were pushed into it.

    Args:
        corpus: Where the campaign is.
        campaign: Its name.
        setting: What the intervals depend on.
    """
    setting = setting or Setting()
    proposals: dict[str, dict[str, Annotation]] = {}
    for path in corpus.campaign_predictions(campaign):
        proposal = corpus.read_annotation(path, expected=path.stem)
        proposals.setdefault(proposal.annotator, {})[proposal.article] = proposal
    work = [each for each in corpus.work(campaign) if each.state == "submitted" and each.role != "qualification"]
    said = {}
    for path in corpus.campaign_annotations(campaign) if proposals else ():
        each = corpus.read_annotation(path, expected=path.stem)
        said[each.annotator, each.article] = each
    return [
        found
        for model, proposed in sorted(proposals.items())
        for annotator in sorted({each.annotator for each in work} - {model})
        for found in _compared(
            corpus, [each for each in work if each.annotator == annotator], (model, proposed, said), setting
        )
    ]


def _compared(
    corpus: Corpus,
    work: Sequence[Work],
    about: tuple[str, dict[str, Annotation], dict[tuple[str, str], Annotation]],
    setting: Setting,
) -> Iterator[Anchoring]:
    """Yield how one annotator agrees with one model, layer by layer."""
    model, proposed, said = about
    pairs: dict[bool, list[Annotation]] = {True: [], False: []}
    for each in {each.article: each for each in work}.values():  # of two of one article, what is pulled is the last
        annotation = said.get((each.annotator, each.article))
        shown = model in each.models
        if annotation is not None and each.article in proposed and (shown or not each.models):
            # A model may be an annotator of its own campaign elsewhere: here it is the one that proposes.
            pairs[shown] += [annotation, msgspec.structs.replace(proposed[each.article], annotator=f"{model} proposes")]
    if not any(pairs.values()):
        return
    figures = {shown: _figures(corpus, some, setting) for shown, some in pairs.items()}
    nothing = Figure(value=None, n=0, unit="spans", articles=0, note="no such task")
    for layer in corpus.labels.layers:
        if layer in figures[True] or layer in figures[False]:
            kept, put, there = _kept(pairs[True], layer)
            yield Anchoring(
                annotator=work[0].annotator,
                model=model,
                layer=layer,
                shown=figures[True].get(layer, nothing),
                hidden=figures[False].get(layer, nothing),
                kept=kept,
                proposed=put,
                added=there - kept,
            )


def _figures(corpus: Corpus, annotations: Iterable[Annotation], setting: Setting) -> dict[str, Figure]:
    told = judgements(corpus.labels, corpus.batches(annotations))
    resampling, found = Resampling(setting), {}
    for layer in told.labels.layers if len(told.annotators) == 2 else ():  # noqa: PLR2004 - the model and another
        couple = Couple(told, layer, (0, 1), setting.relaxed)
        if couple.read.any():
            measures = span_measures(told, layer, [couple])
            exact = next(each for each in measures if (each.name, each.of) == ("f1", ALL))
            found[layer] = resampling.figure(exact, exact.read)
    return found


def _kept(pairs: Sequence[Annotation], layer: str) -> tuple[int, int, int]:
    """Return how many proposed spans stand unchanged, how many were proposed, and how many were submitted."""
    kept = proposed = submitted = 0
    for said, put in zip(pairs[::2], pairs[1::2], strict=True):
        both = [
            {(span.start, span.end, span.label) for span in each.spans if span.layer == layer} for each in (said, put)
        ]
        kept += len(both[0] & both[1])
        submitted += len(both[0])
        proposed += len(both[1])
    return kept, proposed, submitted
