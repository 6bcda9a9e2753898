"""Repairs that lose nothing: white space off the edges of spans, canonical order.  Said aloud, and asked for only.

Words are never touched, and what an annotator of a campaign said stays as it was said.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from khabar.errors import Changed, KhabarError
from khabar.model.annotation import Annotation, Span, canonical, encoded
from khabar.model.text import is_edge, isolate, salted_digest
from khabar.store import Corpus


def repair_files(corpus: Corpus, files: Iterable[Path]) -> Iterator[str]:
    """Repair annotation files, and yield what was done, a line each.

    Files that cannot be read stay as they are: the checks say what is wrong with them.

    Raises:
        Changed: a file is of a campaign.
    """
    for path in files:
        if corpus.in_campaign(path):
            raise Changed(f"{corpus.shown(path)} is what an annotator said, which never changes: mend the gold instead")
        try:
            annotation = corpus.read_annotation(path, expected=path.stem)
            text = corpus.stored_text(corpus.article(annotation.article))
        except (KhabarError, OSError):
            continue
        repaired, done = repair(annotation, text, corpus.labels.layer_names)
        if encoded(repaired) != path.read_bytes():
            corpus.write_annotation(path, repaired)
            yield from (f"{corpus.shown(path)}: {each}" for each in done or ["put into canonical order and form"])


def repair(annotation: Annotation, text: str | None, layers: tuple[str, ...]) -> tuple[Annotation, list[str]]:
    """Return an annotation with its spans trimmed and in canonical order, and what was trimmed.

    A span is trimmed where it surely marks what it says: it repeats its words, or their digest, and the text has them.
    """
    done: list[str] = []
    spans = []
    for span in annotation.spans:
        trimmed = _trimmed(span, text, annotation.sha256) if text is not None else span
        spans.append(trimmed)
        if trimmed is not span:
            words = isolate((text or "")[trimmed.start : trimmed.end])
            done.append(f"{span.start}-{span.end} trimmed to {trimmed.start}-{trimmed.end} {words}")
    return canonical(msgspec.structs.replace(annotation, spans=tuple(spans)), layers), done


def _trimmed(span: Span, text: str, sha256: str) -> Span:
    if not 0 <= span.start < span.end <= len(text):
        return span
    words = text[span.start : span.end]
    proven = span.text == words or (span.text is None and span.digest == salted_digest(sha256, words))
    start, end = span.start, span.end
    while start < end and is_edge(text[start]):
        start += 1
    while end > start and is_edge(text[end - 1]):
        end -= 1
    if not proven or start == end or (start, end) == (span.start, span.end):
        return span
    left = text[start:end]
    said = {"text": left} if span.text is not None else {"digest": salted_digest(sha256, left)}
    return msgspec.structs.replace(span, start=start, end=end, **said)
