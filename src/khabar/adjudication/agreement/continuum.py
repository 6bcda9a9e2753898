"""What annotators marked in a text, as a continuum: the spans of each and the gaps between them.

An annotator's spans lie one after another on an axis of their own, and the axes of all annotators end to end, so that
one search over sorted starts finds the span at any place for everybody at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from khabar.errors import Incomparable
from khabar.model.columns import Ints, Mask

NONE = -1
COLUMNS = ("annotator", "start", "end", "category")


def _no_borders() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Continuum:
    """The spans of all annotators of one text, or of several texts laid end to end.

    Attributes:
        annotator: Who marked each span, counted from 0, shape (spans,).
        start: Its first code point (or token, or line), shape (spans,).
        end: One past its last, shape (spans,).
        category: Its category, counted from 0, shape (spans,).
        length: Length of the continuum in the same unit.
        annotators: How many read it: one who marked nothing still did.
        borders: Where a text ends and the next begins; no span and no gap reaches across.

    Raises:
        Incomparable: a span is empty, lies outside, reaches across a border, or belongs to nobody.
    """

    annotator: Ints
    start: Ints
    end: Ints
    category: Ints
    length: int
    annotators: int
    borders: Ints = field(default_factory=_no_borders)

    def __post_init__(self) -> None:
        """Refuse spans that are none."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        if len({column.shape for column in columns.values()}) > 1 or self.start.ndim != 1:
            shapes = ", ".join(str(column.shape) for column in columns.values())
            raise Incomparable(f"spans: columns of shapes {shapes}, should be one length: give one row for each span")
        for name, column in columns.items():
            if not np.issubdtype(column.dtype, np.integer):
                raise Incomparable(f"spans: {name} is {column.dtype}, should be whole numbers: name the type if empty")
            # Places on the joint axis and squares of lengths outgrow 32 bits.
            object.__setattr__(self, name, column.astype(np.int64, copy=False))
        across = np.searchsorted(self.borders, self.start, "right") != np.searchsorted(self.borders, self.end, "left")
        self._refuse(self.start >= self.end, "is empty, should mark something")
        self._refuse((self.start < 0) | (self.end > self.length), f"lies outside of the continuum of {self.length}")
        self._refuse(across, "reaches across the border of two texts")
        self._refuse((self.annotator < 0) | (self.annotator >= self.annotators), f"is of none of {self.annotators}")
        self._refuse(self.category < 0, "has no category, they count from 0")

    def _refuse(self, wrong: Mask, because: str) -> None:
        if wrong.any():
            row = int(wrong.argmax())
            place = f"annotator {self.annotator[row]}, {self.start[row]}-{self.end[row]}"
            raise Incomparable(f"{place}: the span {because}: compare spans of one text that were checked")

    @property
    def walls(self) -> Ints:
        """Where the texts begin and end, shape (texts + 1,)."""
        return np.concatenate([[0], self.borders, [self.length]])

    def text_of(self, place: Ints) -> Ints:
        """Return the text in which each place lies, counted from 0."""
        return np.searchsorted(self.borders, place, "right")

    @property
    def axis(self) -> Ints:
        """Where the axis of each span's annotator begins, shape (spans,)."""
        return self.annotator * self.length

    def take(self, rows: Mask) -> "Continuum":
        """Return the continuum with some of its spans only."""
        columns = (self.annotator[rows], self.start[rows], self.end[rows], self.category[rows])
        return Continuum(*columns, self.length, self.annotators, self.borders)

    def between(self, annotators: Sequence[int]) -> "Continuum":
        """Return the continuum as some annotators read it, numbered anew in the order given.

        Raises:
            Incomparable: one of them did not read it, or is named twice.
        """
        there = set(range(self.annotators))
        if len(set(annotators)) < len(annotators) or not set(annotators) <= there:
            raise Incomparable(f"annotators {list(annotators)}: should be different ones of {self.annotators}, from 0")
        number = np.full(self.annotators, NONE)
        number[list(annotators)] = np.arange(len(annotators))
        read = number[self.annotator]
        rows = read != NONE
        columns = (read[rows], self.start[rows], self.end[rows], self.category[rows])
        return Continuum(*columns, self.length, len(annotators), self.borders)


def joined(texts: Sequence[Continuum]) -> Continuum:
    """Return the continua of several texts as one, laid end to end, with borders between them.

    Annotators are interchangeable: where others read other texts, number those of each text from 0.

    Raises:
        Incomparable: they were not read by the same number of annotators, or there is none.
    """
    readers = {text.annotators for text in texts}
    if len(readers) != 1:
        raise Incomparable(f"continua of {sorted(readers)} annotators, should be as many for all: compare them apart")
    begin = np.concatenate([[0], np.cumsum([text.length for text in texts])])
    shift = np.repeat(begin[:-1], [len(text.start) for text in texts])
    annotator, start, end, category = (np.concatenate([getattr(text, name) for text in texts]) for name in COLUMNS)
    inner = [text.borders + at for text, at in zip(texts, begin, strict=False)]
    return Continuum(
        annotator=annotator,
        start=start + shift,
        end=end + shift,
        category=category,
        length=int(begin[-1]),
        annotators=readers.pop(),
        borders=np.unique(np.concatenate([*inner, begin[1:-1]])),
    )


class Gaps(NamedTuple):
    """The stretches that an annotator left unmarked.

    Attributes:
        annotator: Whose they are, shape (gaps,).
        length: How long each is, shape (gaps,).
        text: In which text each lies, shape (gaps,).
    """

    annotator: Ints
    length: Ints
    text: Ints


class Sections(NamedTuple):
    """The continuum cut wherever anybody's span starts or ends, so that a section lies in one span of each or in none.

    Attributes:
        length: Of each section, shape (sections,).
        span: The row of the span of each annotator that covers it, NONE where it is a gap; (sections, annotators).
    """

    length: Ints
    span: Ints


def gaps(continuum: Continuum) -> Gaps:
    """Return what lies between each annotator's spans, the borders of the texts, and the ends of the continuum."""
    axes = np.arange(continuum.annotators) * continuum.length
    walls = (axes[:, None] + continuum.walls).ravel()
    edges = [continuum.axis + continuum.start, continuum.axis + continuum.end, walls]
    edge = np.unique(np.concatenate(edges))
    begin, length = edge[:-1], np.diff(edge)
    unmarked = _span_at(continuum, begin) == NONE
    annotator, place = np.divmod(begin[unmarked], max(continuum.length, 1))
    return Gaps(annotator, length[unmarked], continuum.text_of(place))


def sections(continuum: Continuum) -> Sections:
    """Cut the continuum into sections."""
    cuts = np.unique(np.concatenate([[0, continuum.length], continuum.start, continuum.end]))
    axes = np.arange(continuum.annotators) * continuum.length
    return Sections(np.diff(cuts), _span_at(continuum, cuts[:-1, None] + axes))


def _span_at(continuum: Continuum, place: Ints) -> Ints:
    """Row of the span at each place of the joint axis, NONE where there is none."""
    start, end = continuum.axis + continuum.start, continuum.axis + continuum.end
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    overlaps = start[1:] < end[:-1]
    if overlaps.any():
        row = order[1:][overlaps][0]
        where = f"annotator {continuum.annotator[row]}, {continuum.start[row]}-{continuum.end[row]}"
        raise Incomparable(f"{where}: the span lies in another of the same annotator: compare one layer of flat spans")
    before = np.searchsorted(start, place, "right")
    # Row 0 stands for "no span starts before it".
    stop, rows = np.concatenate([[NONE], end]), np.concatenate([[NONE], order])
    return np.where(stop[before] > place, rows[before], NONE)
