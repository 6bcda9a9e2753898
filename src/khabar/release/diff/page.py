"""A diff as one HTML page that needs nothing else: numbers on top, then every changed span in the words around it.

Strings of the releases are escaped, and stand in elements that find their own direction.
"""

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from khabar.model.page import head
from khabar.release.diff.colours import Colours
from khabar.release.diff.passages import html, passages, visible
from khabar.release.diff.records import ArticleChange, Diff, LabelCount, Said, SpanChange, SplitSize
from khabar.release.diff.reports import agreement_words, figure_words, scheme_lines
from khabar.release.diff.side import Side
from khabar.store.files import write_atomically

LARGEST = 2_000
"""Articles that a page shows of a kind; a browser opens no more at ease."""
_AT_ONCE = 256
_ARROW = " \N{RIGHTWARDS ARROW} "
_SIGNS = {"added": "+", "removed": "\N{MINUS SIGN}"}
_COUNTS = (
    ("articles_added", "+ articles", "plus"),
    ("articles_removed", "\N{MINUS SIGN} articles", "minus"),
    ("added", "+ added", "plus"),
    ("removed", "\N{MINUS SIGN} removed", "minus"),
    ("relabelled_to", "relabelled to", "plus"),
    ("relabelled_from", "relabelled from", "minus"),
    ("moved", "moved", ""),
    ("reattributed", "re-attributed", ""),
)


def page(diff: Diff, before: Path, after: Path, target: Path) -> None:
    """Write the page.

    Args:
        diff: What differs.
        before: Folder of the older release, for the words around changed spans.
        after: Folder of the newer one, likewise; its colours are used.
        target: The file to write.
    """
    sides = Side.of(before), Side.of(after)
    colours = Colours(sides[1].labels or sides[0].labels, diff)
    lines = chain(_head(diff), _summary(diff), _numbers(diff, colours), _articles(diff, sides, colours), _foot(diff))
    write_atomically(target, "\n".join(lines).encode("utf-8", "xmlcharrefreplace"))


def _head(diff: Diff) -> Iterator[str]:
    title = f"{diff.name} {diff.before}{_ARROW}{diff.after}"
    style = files("khabar.release.diff").joinpath("page.css").read_text(encoding="utf-8")
    yield head(title, style)
    yield f'<h1>{escape(title)} <span class="step">{escape(diff.step)}</span></h1>'
    yield f'<p class="lead">What differs between two releases; the newer has version {escape(diff.least)} at least.</p>'


def _summary(diff: Diff) -> Iterator[str]:
    if diff.refused:
        yield '<div class="refused"><strong>Refused</strong><ul class="plain">'
        yield from (f"<li><bdi>{visible(each)}</bdi></li>" for each in diff.refused[:LARGEST])
        yield "</ul></div>"
    spans: list[str] = [kind for article in diff.articles for span in article.spans for kind in span.kinds]
    articles: list[str] = [kind for article in diff.articles for kind in article.kinds]
    yield '<dl class="tiles">'
    for noun, kinds, names in (
        ("articles", articles, ("added", "removed", "moved", "changed")),
        ("spans", spans, ("added", "removed", "moved", "relabelled", "reattributed")),
    ):
        for name in names:
            number = kinds.count(name)
            yield f'<div class="{"some" if number else "none"}"><dt>{noun} {name}</dt><dd>{number:,}</dd></div>'
    yield "</dl>"
    yield from _list("Why", (f"<b>{escape(each.step)}</b> {visible(each.why)}" for each in diff.reasons))


def _numbers(diff: Diff, colours: Colours) -> Iterator[str]:
    sizes = ([escape(each.split), f"{each.before:,}", f"{each.after:,}", _delta(each)] for each in diff.splits)
    yield from _table("Articles by split", ("split",), ("before", "after", ""), sizes)
    rows = [each for each in diff.counts if any(getattr(each, name) for name, *_ in _COUNTS)]
    used = [(name, title, sign) for name, title, sign in _COUNTS if any(getattr(each, name) for each in rows)]
    heads = ("before", *(title for _, title, _ in used), "after")
    yield from _table("Spans by label", ("layer", "label"), heads, (_counted(row, used, colours) for row in rows))
    yield from _list("Columns and labels", map(visible, scheme_lines(diff)))
    yield from _list("Agreement", (visible(each) for each in agreement_words(diff)))
    yield from _list("Findings", (visible(figure_words(each)) for each in diff.findings))


def _delta(size: SplitSize) -> str:
    difference = size.after - size.before
    return f'<span class="{"plus" if difference > 0 else "minus"}">{difference:+,}</span>' if difference else ""


def _counted(row: LabelCount, used: list[tuple[str, str, str]], colours: Colours) -> list[str]:
    cells = [
        f'<span class="{sign}">{number:,}</span>' if (number := getattr(row, name)) else "" for name, _, sign in used
    ]
    return [escape(row.layer), colours.label(row.label), f"{row.before:,}", *cells, f"{row.after:,}"]


def _articles(diff: Diff, sides: tuple[Side, Side], colours: Colours) -> Iterator[str]:
    for kind in ("added", "removed"):
        those = [each for each in diff.articles if kind in each.kinds]
        rows = ([f"<bdi>{visible(each.id)}</bdi>", escape(each.after or each.before), _spans(each)] for each in those)
        yield from _table(f"Articles {kind}", ("article", "split"), ("spans",), list(rows)[:LARGEST])
        yield from _rest(len(those))
    those = [each for each in diff.articles if not {"added", "removed"} & set(each.kinds)]
    if not those:
        return
    yield "<h2>Articles corrected</h2>"
    yield '<p class="legend"><span><ins>added</ins> only the newer release marks it</span>'
    yield "<span><del>removed</del> only the older does</span><span><mark>kept</mark> both do</span></p>"
    for first in range(0, min(len(those), LARGEST), _AT_ONCE):
        some = those[first : min(first + _AT_ONCE, LARGEST)]
        before, after = (_texts(side, [each.id for each in some if not each.withheld]) for side in sides)
        for each in some:
            yield from _article(each, (before.get(each.id), after.get(each.id)), colours)
    yield from _rest(len(those))


def _spans(article: ArticleChange) -> str:
    return f"{sum(number for numbers in article.labels.values() for number in numbers.values()):,}"


def _rest(number: int) -> Iterator[str]:
    if number > LARGEST:
        yield f'<p class="lead">and {number - LARGEST:,} more: ask for JSON to see them all.</p>'


def _texts(side: Side, ids: list[str]) -> dict[str, str]:
    """Return texts by article id; of articles that neither release withholds."""
    places = pc.index_in(pa.array(ids, pa.string()), value_set=side.ids).to_numpy()
    table = side.take(places, ("id", "text")) if ids else None
    return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True)) if table else {}


def _article(article: ArticleChange, texts: tuple[str | None, str | None], colours: Colours) -> Iterator[str]:
    moved = "moved" in article.kinds
    split = f"{article.before}{_ARROW}{article.after}" if moved else article.after
    told = [f"{len(article.spans)} spans differ"] if article.spans else []
    told += [f"text {article.text}"] if article.text else []
    told += ["words withheld"] if article.withheld else []
    told += ["another order of spans"] if article.reordered else []
    notes = "".join(f"<span>{escape(each)}</span>" for each in (split, *told))
    yield f'<article class="article"><header><b><bdi>{visible(article.id)}</bdi></b>{notes}</header><ul>'
    yield from (
        f'<li><div class="what"><span class="kind paired">column</span>{_said(each)}</div></li>'
        for each in article.metadata
    )
    for change in article.spans:
        yield from _change(change, texts, colours)
    yield "</ul></article>"


def _said(said: Said) -> str:
    values = (said.before, said.after)
    name = f"<b>{visible(said.name)}</b>"
    if values == (None, None):
        return f"<span>{name} differs</span>"
    shown = ("none" if each is None else f"<bdi>{visible(str(each))}</bdi>" for each in values)
    return f"<span>{name} {_ARROW.join(shown)}</span>"


def _change(change: SpanChange, texts: tuple[str | None, str | None], colours: Colours) -> Iterator[str]:
    kind = change.kinds[0] if change.kinds[0] in _SIGNS else "paired"
    sign = _SIGNS.get(kind, "\N{ALMOST EQUAL TO}")
    marks = [mark for mark in (change.before, change.after) if mark is not None]
    labels = _ARROW.join(colours.label(name) for name in dict.fromkeys(each.label for each in marks))
    places = _ARROW.join(dict.fromkeys(f"{each.start}\N{EN DASH}{each.end}" for each in marks))
    ids = _ARROW.join(dict.fromkeys(visible(each.id) for each in marks))
    yield f'<li {colours.style(change.mark.label)}><div class="what">'
    yield f'<span class="kind {kind}"><i>{sign}</i>{", ".join(change.kinds)}</span><span>{labels}</span>'
    yield f'<span class="where">{places} \N{MIDDLE DOT} {escape(change.layer)} \N{MIDDLE DOT} {ids}</span>'
    yield from (f'<span class="detail">{_said(each)}</span>' for each in change.attributes)
    for sign, css, links in (("\N{MINUS SIGN}", "minus", change.links_removed), ("+", "plus", change.links_added)):
        for link in links:
            yield f'<span class="{css}">{sign} {visible(link.label)} <bdi>{visible(link.tail)}</bdi></span>'
    yield "</div>"
    if texts[0] is not None and texts[1] is not None:
        for passage in passages(change, texts[0], texts[1]):
            yield "".join(html(passage))
    yield "</li>"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    told = [f"<li>{each}</li>" for each in items]
    if told:
        yield f'<h2>{title}</h2>\n<ul class="plain">{"".join(told)}</ul>'


def _table(title: str, names: tuple[str, ...], numbers: tuple[str, ...], rows: Iterable[list[str]]) -> Iterator[str]:
    """Yield a table, unless it would be empty; its first columns are names, the others numbers."""
    told = list(rows)
    if not told:
        return
    heads = "".join(f"<th>{each}</th>" for each in names) + "".join(f'<th class="n">{each}</th>' for each in numbers)
    yield f'<h2>{title}</h2>\n<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>'
    classes = [""] * len(names) + [' class="n"'] * len(numbers)
    for row in told:
        cells = (f"<td{name}>{cell}</td>" for name, cell in zip(classes, row, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _foot(diff: Diff) -> Iterator[str]:
    yield f"<footer>{escape(diff.name)} {escape(diff.after)}, compared by meaning with {escape(diff.before)}: offsets"
    yield "count code points; no word of a withheld text stands here.</footer>\n</body>\n</html>\n"
