"""Gamma of 500 documents, 3 annotators and 35 spans each, in CPU seconds, and the optimal matching of the same spans.

With ``--pygamma PYTHON``, an interpreter of an environment that has pygamma-agreement, the same documents (a few of
them: it is slow) are measured by it too, in the same run.  It cannot stand in ours: its pins and ours part.
"""

import argparse
import json
import os
import subprocess
import time

import numpy as np

from khabar.adjudication.agreement.alignment import Units
from khabar.adjudication.agreement.gamma import Settings, gamma
from khabar.adjudication.agreement.shuffling import marked
from khabar.adjudication.matching import Places, groups, likeness, overlapping

DOCUMENTS, ANNOTATORS, SPANS, LENGTH, LABELS = 500, 3, 35, 3_400, 9
THEIRS = 5
"""Documents that are given to the other package."""
PROGRAM = """
import json, os, sys, warnings, logging
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum, ShuffleContinuumSampler
from pyannote.core import Segment
def measure(document, samples):
    continuum = Continuum()
    for who, start, end, label in document:
        continuum.add(str(who), Segment(start, end), str(label))
    dissimilarity = CombinedCategoricalDissimilarity(alpha=3, beta=1)
    return continuum.compute_gamma(dissimilarity, n_samples=samples, sampler=ShuffleContinuumSampler()).gamma
told = json.load(sys.stdin)
measure(told["documents"][0], 1)
begin = sum(os.times()[:4])
for document in told["documents"]:
    measure(document, told["samples"])
print(sum(os.times()[:4]) - begin)
"""


def spans(seed: int, *, long: bool) -> Units:
    """Draw spans where they fall: as long as names, or as long as the gaps between them."""
    random = np.random.default_rng(seed)
    text, annotator = np.divmod(np.arange(DOCUMENTS * ANNOTATORS).repeat(SPANS), ANNOTATORS)
    if long:
        cuts = [np.sort(random.choice(LENGTH, 2 * SPANS, replace=False)) for _ in range(DOCUMENTS * ANNOTATORS)]
        start, end = np.concatenate(cuts).reshape(-1, 2).T
    else:
        start = random.integers(LENGTH - 20, size=len(text))
        end = start + random.integers(3, 20, len(text))
    return Units(text, annotator, start, end, random.integers(LABELS, size=len(text)))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pygamma", metavar="PYTHON", help="an interpreter that has pygamma-agreement")
    python = parser.parse_args().pygamma
    print(f"{DOCUMENTS} documents x {ANNOTATORS} annotators x {SPANS} spans, CPU seconds")
    for name, long in (("spans as long as names", False), ("spans as long as gaps", True)):
        units = spans(1, long=long)
        begin = time.process_time()
        places = Places(units.text, units.annotator, units.start, units.end)
        pairs = overlapping(places)
        groups(places, pairs, likeness(places, pairs))
        matching = time.process_time() - begin
        begin = time.process_time()
        found = gamma([marked(units, ANNOTATORS, np.full(DOCUMENTS, LENGTH))], LABELS, Settings())
        ours = time.process_time() - begin
        print(
            f"{name}: matching {matching:.2f} s; gamma {found.gamma()[0]:.4f}, each document aligned and shuffled"
            f" {found.shuffles} times, expected disorder within {found.precision():.2%}: {ours:.2f} s"
        )
        if python:
            theirs = _theirs(python, units, found.shuffles)
            whole = theirs / THEIRS * DOCUMENTS
            print(
                f"  pygamma-agreement: {theirs:.1f} s for {THEIRS} of them, {whole:.0f} s for all: {whole / ours:.0f} x"
            )


def _theirs(python: str, units: Units, samples: int) -> float:
    columns = np.stack([units.annotator, units.start, units.end, units.category], axis=1)
    documents = [columns[units.text == text].tolist() for text in range(THEIRS)]
    done = subprocess.run(  # noqa: S603 - the interpreter is the caller's
        [python, "-c", PROGRAM],
        input=json.dumps({"documents": documents, "samples": samples}),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
