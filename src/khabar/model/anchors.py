"""Spans found again in a text that drifted, by the salted digests of their words; what is not found is lost.

The text that was annotated is not at hand, only offsets and digests are.  Longer spans are looked for first: they are
rare, and where one is found everything inside it has its place without a search.  Between those that were found the
order of the text is kept, so that the search narrows as it goes on.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from khabar.model.text import STAND_IN_DIGITS

DISTINCT = 24
"""Code points from which on a span is not somewhere else by chance."""
WINDOW = 400
"""Code points to both sides of where a shorter span should be, if its line was edited."""
FEWEST = 0.2
"""Share of the places below which those that were found stand there by chance: two texts on one matter share names."""
_EDGE = re.compile(r"\b|(?<=\s)(?=\S)|(?<=\S)(?=\s)|^|$")


class Place(NamedTuple):
    """Where a span stands in a text: code points, half-open."""

    start: int
    end: int


class Anchored(NamedTuple):
    """What became of the places of a record.

    Attributes:
        found: By place in the text that was annotated, where it begins in the new text; its words are the same, so its
            length is.
        lost: The others, and why each is lost.
    """

    found: dict[Place, int]
    lost: dict[Place, str]

    @property
    def kept(self) -> int:
        """Places that begin where they began."""
        return sum(place.start == start for place, start in self.found.items())


GONE = "its words are gone"
ELSEWHERE = "its words stand out of their order"
UNSURE = "its words stand in several places"
FOREIGN = "the text is another one"


class _Text:
    """The new text, and what its stretches are when salted; each is digested once."""

    def __init__(self, sha256: str, text: str) -> None:
        self.text = text
        self.lines = [found.start() for found in re.finditer(r"^.", text, re.MULTILINE)]
        self.line_ends = {found.end() for found in re.finditer(r".$", text, re.MULTILINE)}
        edges = sorted({found.start() for found in _EDGE.finditer(text)})
        self.edges = edges
        self.edge = set(edges)
        self._salt = hashlib.sha256(f"{sha256}:".encode())
        self._known: dict[tuple[int, int], str] = {}

    def digest(self, start: int, length: int) -> str:
        """Return the salted digest of a stretch (`khabar.model.text.salted_digest`)."""
        key = start, length
        if key not in self._known:
            salted = self._salt.copy()
            salted.update(self.text[start : start + length].encode("utf-8"))
            self._known[key] = salted.hexdigest()[:STAND_IN_DIGITS]
        return self._known[key]


def anchored(sha256: str, places: dict[Place, str], text: str) -> Anchored:
    """Find places again in another text.

    Args:
        sha256: Digest of the text that was annotated: the salt.
        places: Salted digest of the words of each place.
        text: The new text, in normal form.
    """
    search = _Search(_Text(sha256, text), places)
    left = sorted(places, key=lambda place: (place.start - place.end, place.start))
    search.begin()
    search.settle([place for place in left if place.end - place.start >= DISTINCT])
    while True:
        before = len(search.found)
        search.settle(left)
        left = [place for place in left if place not in search.found]
        if len(search.found) == before:
            break
    if len(search.found) < len(places) * FEWEST:
        return Anchored({}, dict.fromkeys(places, FOREIGN))
    return Anchored(search.found, {place: search.why.get(place, GONE) for place in left})


class _Search:
    """The places that were found so far, in order of the old text."""

    def __init__(self, new: _Text, places: dict[Place, str]) -> None:
        self._new = new
        self._places = places
        self.found: dict[Place, int] = {}
        self.why: dict[Place, str] = {}
        self._alike: dict[str, list[Place]] = defaultdict(list)
        for place in sorted(places):
            self._alike[places[place]].append(place)

    def begin(self) -> None:
        """Find the whole lines that are there once, in the old text and the new, as many as keep their order.

        The heaviest chain is taken, so that a paragraph that changed places costs itself and not the others.
        """
        once = [(place, starts[0]) for place, starts in self._whole_lines() if len(starts) == 1]
        best: list[tuple[int, int]] = []
        for number, (place, start) in enumerate(once):
            weight, before = 0, -1
            for earlier in range(number):
                other, there = once[earlier]
                fits = other.end <= place.start and there + other.end - other.start <= start
                if fits and best[earlier][0] > weight:
                    weight, before = best[earlier][0], earlier
            best.append((weight + place.end - place.start, before))
        at = max(range(len(best)), key=lambda each: best[each][0], default=-1)
        while at >= 0:
            self.found[once[at][0]] = once[at][1]
            at = best[at][1]

    def _whole_lines(self) -> Iterator[tuple[Place, list[int]]]:
        """Yield each long place whose words no other has, in order, and where they are a whole line."""
        for place in sorted(self._places):
            length = place.end - place.start
            if length >= DISTINCT and len(self._alike[self._places[place]]) == 1:
                lines = (start for start in self._new.lines if start + length in self._new.line_ends)
                yield place, [start for start in lines if self._is_at(place, start)]

    def settle(self, places: Iterable[Place]) -> None:
        """Find what can be found of the places, in the order given."""
        for place in places:
            if place in self.found:
                continue
            start = self._inside(place)
            if start is None:
                start = self._looked_for(place)
            if start is not None:
                self.found[place] = start

    def _inside(self, place: Place) -> int | None:
        """Return where a place is that lies in one that was found."""
        for outer, start in self.found.items():
            if outer.start <= place.start and place.end <= outer.end:
                there = start + place.start - outer.start
                return there if self._is_at(place, there) else None
        return None

    def _is_at(self, place: Place, start: int) -> bool:
        length = place.end - place.start
        if start < 0 or start + length > len(self._new.text):
            return False
        return self._new.digest(start, length) == self._places[place]

    def _bounds(self, place: Place) -> tuple[int, int, list[int]]:
        """Return where a place can begin at least, end at most, and where its neighbours say that it begins."""
        low, high = 0, len(self._new.text)
        before = max((each for each in self.found if each.end <= place.start), key=lambda each: each.end, default=None)
        behind = min(
            (each for each in self.found if each.start >= place.end), key=lambda each: each.start, default=None
        )
        expected = []
        if before is not None:
            low = self.found[before] + before.end - before.start
            expected.append(low + place.start - before.end)
        if behind is not None:
            high = self.found[behind]
            expected.append(high - (behind.start - place.start))
        return low, high, expected or [place.start]

    def _looked_for(self, place: Place) -> int | None:
        low, high, expected = self._bounds(place)
        length = place.end - place.start
        near = max(low, min(expected) - WINDOW), min(high, max(expected) + length + WINDOW)
        if length < DISTINCT:
            low, high = near
        agreed = len(set(expected)) == 1 and (len(expected) > 1 or length >= DISTINCT)
        if agreed and low <= expected[0] <= high - length and self._is_at(place, expected[0]):
            return expected[0]
        for starts in self._candidates((low, high), near, length):
            if matches := [start for start in starts if self._is_at(place, start)]:
                return self._chosen(place, matches, (low, high), expected)
        elsewhere = length >= DISTINCT and any(self._is_at(place, start) for start in self._new.lines)
        self.why[place] = ELSEWHERE if elsewhere else GONE
        return None

    def _candidates(self, within: tuple[int, int], near: tuple[int, int], length: int) -> Iterator[Iterable[int]]:
        """Yield where a stretch can begin: as whole lines, then as whole words, then anywhere near."""
        new = self._new
        low, last = within[0], within[1] - length
        lines = new.lines[bisect_left(new.lines, low) : bisect_right(new.lines, last)]
        yield [start for start in lines if start + length in new.line_ends]
        edges = new.edges[bisect_left(new.edges, low) : bisect_right(new.edges, last)]
        yield [start for start in edges if start + length in new.edge]
        if self.found:
            yield range(near[0], near[1] - length + 1)

    def _chosen(self, place: Place, matches: list[int], within: tuple[int, int], expected: list[int]) -> int | None:
        """Return the match that is meant, if there is no doubt.

        It is the only one; or all places with its words are there, in order; or a neighbour in its line says so.
        """
        if len(matches) == 1:
            return matches[0]
        alike = [each for each in self._alike[self._places[place]] if self._between(each, within)]
        if len(alike) == len(matches) and place in alike:
            return matches[alike.index(place)]
        said = {start for start in expected if start in matches and self._in_line(start, within)}
        if len(said) == 1:
            return said.pop()
        self.why[place] = UNSURE
        return None

    def _in_line(self, start: int, within: tuple[int, int]) -> bool:
        """Tell whether a neighbour that was found stands in the line of a place of the new text."""
        return any("\n" not in self._new.text[min(each, start) : max(each, start)] for each in within)

    def _between(self, place: Place, within: tuple[int, int]) -> bool:
        """Tell whether a place can be in a stretch of the new text."""
        if place in self.found:
            return within[0] <= self.found[place] <= within[1] - (place.end - place.start)
        low, high, _ = self._bounds(place)
        return low < within[1] and within[0] < high
