"""An article goes, a tombstone stays: its id and the reason, nothing else.  Its place in its split is kept for ever.

The tombstone is written first: what is cut off is completed by the next call, and a check finds what is left of it.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from khabar.errors import Changed
from khabar.model.layout import ROWS
from khabar.store import Corpus


def take_down(corpus: Corpus, key: str, reason: str) -> list[Path]:
    """Take an article down and return the files that went or lost a line; the caller is alone everywhere.

    Raises:
        NotFound: there is no such article.
        BadRecord: the reason is none.
        Changed: it was taken down for another reason.
    """
    there = corpus.tombstones.get(key)
    if there is None:
        corpus.article(key)
        corpus.add_tombstone(key, reason)
    elif there != reason:
        raise Changed(f"{key} was taken down already: {there}: mend corpus/tombstones.jsonl by hand")
    return [*corpus.forget(key), *corpus.remove(key)]


def released_in(corpus: Corpus, key: str) -> list[Path]:
    """Return the folders of releases built here that hold an article."""
    found = []
    for path in sorted(corpus.dist.glob(f"*/{ROWS}")):
        try:
            ids = pq.read_table(path, columns=["id"])["id"]
        except (OSError, pa.ArrowException):
            continue  # no release of ours
        if pc.any(pc.equal(ids, key)).as_py():
            found.append(path.parent)
    return found
