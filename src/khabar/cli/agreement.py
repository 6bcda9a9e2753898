"""How ``khabar campaign agreement`` shows its figures: a line each for machines, tables for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from khabar.cli.tables import titled
from khabar.model.agreement import ALL, Agreement, Confusion, Figure
from khabar.model.text import apart

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 10
"""Confusions of a layer that are shown: the most frequent."""
BROKEN_DOWN = {"label": "by label", "pair": "by pair", "source": "by source", "week": "by week of annotation"}
OF_LABELS = ("relaxed_f1", "token_alpha", "line_alpha", "gamma_k")
OF_OTHERS = ("relaxed_f1", "token_alpha", "line_alpha", "gamma", "link_f1")
"""Measures that stand beside f1 of labels, and of pairs, sources and weeks; agreement.json has all."""


def lines(found: Agreement) -> Iterator[str]:
    """Yield each figure of all annotators and articles on one line: layer, measure, value, interval, n."""
    for layer, measures in found.figures.items():
        for name, of in measures.items():
            if ALL in of:
                figure = of[ALL]
                yield f"{layer}\t{name}\t{_value(figure)}\t{_interval(figure)}\t{figure.n}\t{_note(figure)}"


def show(found: Agreement) -> None:
    """Show tables: what everything is of, each layer, and its labels, pairs, sources, weeks and confusions."""
    from khabar.cli.tables import show as show_

    for layer, measures in found.figures.items():
        show_(_layer(f"{apart(layer)}: {', '.join(found.annotators)}", measures))
        for kind, title in BROKEN_DOWN.items():
            table = _broken_down(f"{apart(layer)}, {title}", measures, kind)
            if table.row_count:
                show_(table)
        table = _confusions(layer, found.confusions[layer])
        if table.row_count:
            show_(table)
    show_(_setting(found))


def _layer(title: str, measures: dict[str, dict[str, Figure]]) -> "Table":
    """Show every measure of all annotators and articles; what is to be said of one stands below, once."""
    table = titled(title, "measure", "value", "95 % interval", "of", "articles", "")
    table.columns[0].no_wrap, table.columns[0].overflow = False, "fold"
    notes: dict[str, int] = {}
    for name, of in measures.items():
        if ALL in of:
            figure = of[ALL]
            mark = f"({notes.setdefault(figure.note, len(notes) + 1)})" if figure.note else ""
            about = (f"{figure.n:,} {figure.unit}", str(figure.articles), mark)
            table.add_row(name, _value(figure), _interval(figure), *about)
    table.caption = "\n".join(f"({number}) {note}" for note, number in notes.items()) or None
    return table


def _broken_down(title: str, measures: dict[str, dict[str, Figure]], kind: str) -> "Table":
    """Show f1 with its interval, and other measures beside it, a row for each label, pair, source or week."""
    wanted = [name for name in (OF_LABELS if kind == "label" else OF_OTHERS) if name in measures]
    table = titled(title, kind, "spans", "f1", "95 % interval", *wanted)
    for of, figure in measures["f1"].items():
        others = [measures[name].get(of) for name in wanted]
        if of.startswith(f"{kind} ") and any(each and each.n for each in (figure, *others)):
            told = (_value(each) if each else "" for each in others)
            table.add_row(apart(of.removeprefix(f"{kind} ")), f"{figure.n:,}", _value(figure), _interval(figure), *told)
    return table


def _confusions(layer: str, confusion: Confusion) -> "Table":
    """Show which labels meet others most, a row for each two."""
    names, counts = confusion.labels, confusion.counts
    pairs = [
        (counts[one][other], names[one], names[other])
        for one in range(len(names))
        for other in range(one + 1, len(names))
        if counts[one][other]
    ]
    title = f"{apart(layer)}, confusions" + (f": {SHOWN} of {len(pairs)}" if len(pairs) > SHOWN else "")
    table = titled(title, "one said", "another", "times", left=2)
    for times, one, other in sorted(pairs, key=lambda pair: -pair[0])[:SHOWN]:
        table.add_row(apart(one), apart(other), str(times))
    return table


def _setting(found: Agreement) -> "Table":
    table = titled("settings", "", "", left=2)
    table.columns[1].no_wrap = False
    setting = found.setting
    table.add_row("campaigns", f"{', '.join(found.campaigns)}; label set {', '.join(found.schemes)}")
    table.add_row(
        "interval", f"{setting.level:.0%} of {setting.resamples} resamples of the articles, seed {setting.seed}"
    )
    table.add_row("spans match", f"intersection over union of {setting.relaxed} or more, optimal one-to-one matching")
    table.add_row("gamma", ", ".join(f"{name} {value}" for name, value in setting.gamma.items()))
    return table


def _value(figure: Figure) -> str:
    return "undefined" if figure.value is None else f"{figure.value:.3f}"


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"[{figure.low:.3f}, {figure.high:.3f}]"


def _note(figure: Figure) -> str:
    return f"{figure.unit} in {figure.articles} articles{f': {figure.note}' if figure.note else ''}"
