"""What was said of one article as one HTML page that needs nothing else: differences first, then line by line.

Words of the text stand in elements that find their own direction, so that Arabic reads as it should.
"""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from khabar.adjudication.beside import NOTHING, Row, Voice
from khabar.model.annotation import Span
from khabar.model.article import Article
from khabar.model.labels import LabelSet
from khabar.model.page import head
from khabar.store import Corpus, write_atomically


class _Line(NamedTuple):
    """A line of the text: its number, from 1, its place, and its words."""

    number: int
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def sheet(corpus: Corpus, article: Article, said: Sequence[Voice], rows: Sequence[Row], target: Path) -> None:
    """Write the page.

    Args:
        corpus: Whose text and label set are meant.
        article: The article.
        said: Those who say something of it.
        rows: What they say, question by question.
        target: The file to write.

    Raises:
        Withheld: the text is not at hand.
    """
    page = _Sheet(corpus.labels, corpus.needed_text(article), said, rows)
    content = "\n".join([*_head(article), *page.differences(), *page.lines(), "</body>\n</html>\n"])
    write_atomically(target, content.encode("utf-8", "xmlcharrefreplace"))


def _head(article: Article) -> Iterator[str]:
    style = files("khabar.adjudication").joinpath("sheet.css").read_text(encoding="utf-8")
    yield head(article.id, style)
    yield f"<h1>{escape(article.id)}</h1>"


class _Sheet:
    def __init__(self, labels: LabelSet, text: str, said: Sequence[Voice], rows: Sequence[Row]) -> None:
        self._labels = labels
        self._text = text
        self._said = said
        self._rows = rows
        self._lines: list[_Line] = []
        start = 0
        for number, line in enumerate(text.split("\n"), start=1):
            self._lines.append(_Line(number, start, line))
            start += len(line) + 1

    # Differences

    def differences(self) -> Iterator[str]:
        """Yield the table of what not all say."""
        found = [each for each in self._rows if each.differs]
        yield f'<p class="lead">{len(self._said)} voices, {len(self._rows)} spans and links, {len(found)} differ.'
        yield "Offsets count code points.</p>"
        if not found:
            return
        heads = "".join(f"<th>{escape(each.name)}</th>" for each in self._said) + "<th>how</th>"
        yield '<h2>Where they differ</h2>\n<div class="scroll"><table>'
        yield f"<tr><th>line</th><th>words</th>{heads}</tr>"
        for row in found:
            line = self._text.count("\n", 0, row.start) + 1
            cells = "".join(f"<td>{self._cell(cell)}</td>" for cell in row.said) + f"<td>{escape(row.how)}</td>"
            place = f'<a href="#line-{line}">{line}: {row.start}\N{EN DASH}{row.end}</a>'
            yield f'<tr><td class="place">{place}</td><td class="words">{self._words(row)}</td>{cells}</tr>'
        yield "</table></div>"

    def _words(self, row: Row) -> str:
        ends = [(row.start, row.end)] + ([row.mark.tail[:2]] if row.mark.tail else [])
        arrow = " \N{LEFT RIGHT ARROW} "
        return arrow.join(f'<bdi dir="auto">{escape(self._text[start:end])}</bdi>' for start, end in ends)

    def _cell(self, cell: str) -> str:
        if cell in ("", NOTHING):
            return f'<span class="none">{cell}</span>'
        label, _, more = cell.partition(" ")
        return f'{self._label(label)} <span class="more"><bdi>{escape(more)}</bdi></span>'

    def _label(self, label: str) -> str:
        return f'<span class="label" {self._colour(label)}>{escape(label)}</span>'

    def _colour(self, label: str) -> str:
        known = self._labels.labels.get(label)
        return f'style="--c: {known.colour if known else "#777"}"'

    # Line by line

    def lines(self) -> Iterator[str]:
        """Yield the text, each line as often as there are ways of marking it."""
        yield '<label class="only"><input type="checkbox" id="only"> only lines on which they differ</label>'
        differ = {self._text.count("\n", 0, each.start) + 1 for each in self._rows if each.differs}
        for line in self._lines:
            if line.text.strip():
                yield f'<section class="line{" differs" * (line.number in differ)}" id="line-{line.number}">'
                yield f'<div class="number">{line.number}</div><div>'
                for layer in self._labels.layer_names:
                    yield from self._layer(layer, line)
                yield "</div></section>"

    def _layer(self, layer: str, line: _Line) -> Iterator[str]:
        """Yield a line as the voices mark it in one layer; those who mark it alike together."""
        ways: dict[tuple[str, tuple[str, ...]], list[Voice]] = {}
        for each in self._said:
            if layer in each.annotation.layers:
                spans = [span for span in each.annotation.spans if span.layer == layer and _touches(span, line)]
                ways.setdefault((self._marked(spans, line), tuple(self._links(each, spans))), []).append(each)
        for (marked, links), alike in ways.items():
            if len(ways) == 1 and "<mark" not in marked:
                continue
            who = "".join(f"<b>{escape(each.name)}</b>" for each in alike)
            yield f'<div class="layer{" differs" * (len(ways) > 1)}"><div class="voices">{layer} {who}</div>'
            yield f'<p class="text" dir="auto">{marked}</p>'
            if more := [*links, *(told for each in alike for told in self._own(each, layer, line))]:
                yield f'<ul class="links">{"".join(f"<li>{each}</li>" for each in more)}</ul>'
            yield "</div>"

    def _marked(self, spans: Sequence[Span], line: _Line) -> str:
        """Return a line with marks around its spans; one that crosses another is closed and opened again."""
        opened: list[Span] = []
        pieces: list[str] = []
        edges = {min(max(at, line.start), line.end) for span in spans for at in (span.start, span.end)}
        cuts = sorted({line.start, line.end, *edges})
        for at, stop in zip(cuts, [*cuts[1:], line.end], strict=True):
            inside = [span for span in _outer_first(spans) if span.start <= at < span.end]
            kept = 0
            while kept < min(len(opened), len(inside)) and opened[kept] is inside[kept]:
                kept += 1
            pieces.append("</mark>" * (len(opened) - kept))
            pieces += [self._opening(span, begins=span.start >= at or at == line.start) for span in inside[kept:]]
            opened = inside
            pieces.append(escape(self._text[at:stop]))
        return "".join(pieces) + "</mark>" * len(opened)

    def _opening(self, span: Span, *, begins: bool) -> str:
        said = ((name, value) for name, value in sorted(span.attributes.items()) if name not in self._untold)
        more = "".join(f" {name}={value}" for name, value in said)
        chip = f'<i dir="ltr">{escape(span.label + more)}</i>' if begins else ""
        return f"<mark {self._colour(span.label)}>{chip}"

    @property
    def _untold(self) -> frozenset[str]:
        """Attributes that make no difference: names that annotators give, which may mean the same, and their doubts."""
        return self._labels.keys_attributes.union(self._labels.doubts)

    def _own(self, voice: Voice, layer: str, line: _Line) -> Iterator[str]:
        """Yield what a voice says of its own doubt about the spans of a line."""
        for span in voice.annotation.spans:
            if span.layer == layer and _touches(span, line):
                words = f'<bdi dir="auto">{escape(_short(self._text[span.start : span.end]))}</bdi>'
                for name in sorted(span.attributes.keys() & self._labels.doubts.keys()):
                    yield f"{words} {escape(f'{name}={span.attributes[name]}')} <b>{escape(voice.name)}</b>"

    def _links(self, voice: Voice, spans: Sequence[Span]) -> Iterator[str]:
        words = {each.id: self._text[each.start : each.end] for each in voice.annotation.spans}
        here = {each.id for each in spans}
        for each in voice.annotation.relations:
            if each.head in here:
                head, tail = (f'<bdi dir="auto">{escape(_short(words[end]))}</bdi>' for end in (each.head, each.tail))
                yield f"{head} {escape(each.label)} {tail}"


def _short(words: str) -> str:
    return words if len(words) <= 40 else f"{words[:39]}\N{HORIZONTAL ELLIPSIS}"  # noqa: PLR2004 - as much as is read


def _touches(span: Span, line: _Line) -> bool:
    return span.start < line.end and span.end > line.start


def _outer_first(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=lambda each: (each.start, -each.end, each.label))
