"""Plots as SVG that stands in the page itself: lines, intervals, a heat map.  Colours are the page's variables.

Coordinates are pixels of the drawing; the page scales it.  Words stand as text, so that the browser shapes Arabic.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH = 960
LEFT, RIGHT, TOP, BOTTOM = 230, 60, 14, 30
NAME = 32
"""Characters of a name that have room at the begin of a row; the whole of it is shown where the mouse rests."""
EDGE = 50
"""Room for the numbers beside a chart of lines."""
TOLD = 190
"""Room for the words at the end of a row."""
ROW = 30
"""Height of a row of intervals."""
DIGITS, WHOLE = 2, 40
"""Decimals of a tick, and from what length of an axis on it has none."""
COLOURS = ("#2f6fde", "#c2571a", "#2d8a4e", "#8c4bc4", "#b3304f", "#1d8a99", "#8a7a12", "#5d6470")
_FULL = 100


class Line(NamedTuple):
    """A line of a chart.

    Attributes:
        name: What it is of.
        points: Places along both axes, in order.
        dashed: Whether it is expected, not measured.
    """

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


class Interval(NamedTuple):
    """A value with its interval.

    Attributes:
        name: What it is of.
        value: None where it is undefined.
        low: Lower end, None where there is no interval.
        high: Upper end.
        told: The value in words, as shown at the end of its row.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    told: str


def colour(number: int) -> str:
    """Return the colour of the thing of that number."""
    return COLOURS[number % len(COLOURS)]


def lines(some: Sequence[Line], ticks: Sequence[tuple[float, str]], height: int = 280) -> str:
    """Draw lines over one axis of time and one that begins at 0; lines of one name share a colour."""
    across = [x for line in some for x, _ in line.points]
    top = max((y for line in some for _, y in line.points), default=0.0) or 1.0
    first, last = min(across, default=0.0), max(across, default=1.0)
    span = (last - first) or 1.0

    def at(x: float, y: float) -> str:
        place = EDGE + (x - first) / span * (WIDTH - EDGE - RIGHT)
        return f"{place:.1f},{height - BOTTOM - y / top * (height - BOTTOM - TOP):.1f}"

    parts = list(_grid(top, height))
    for x, words in ticks:
        place = at(x, 0).split(",")[0]
        parts.append(f'<text class="tick" x="{place}" y="{height - 8}" text-anchor="middle">{escape(words)}</text>')
    names = list(dict.fromkeys(line.name for line in some))
    for line in some:
        points = " ".join(at(x, y) for x, y in line.points)
        css = ' stroke-dasharray="6 5" opacity=".7"' if line.dashed else ""
        parts.append(f'<polyline points="{points}" stroke="{colour(names.index(line.name))}"{css}/>')
    return _svg("".join(parts), height, "chart") + _legend(names)


def _tick(top: float, part: int) -> str:
    """Return what stands at a quarter of an axis: as many digits as it takes to say it right."""
    return f"{top * part / 4:.{DIGITS}f}".rstrip("0").rstrip(".") if top < WHOLE else f"{top * part / 4:.0f}"


def _grid(top: float, height: int) -> Iterator[str]:
    for part in range(5):
        y = height - BOTTOM - part / 4 * (height - BOTTOM - TOP)
        yield f'<line class="grid" x1="{EDGE:.0f}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{EDGE - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{_tick(top, part)}</text>'


def intervals(some: Sequence[Interval], top: float = 1.0) -> str:
    """Draw values with their intervals, one below the other, on an axis from 0 to ``top``."""
    height = TOP + ROW * len(some) + BOTTOM
    size = WIDTH - LEFT - TOLD

    def at(value: float) -> float:
        return LEFT + min(max(value / (top or 1.0), 0.0), 1.0) * size

    parts = []
    for part in range(5):
        x = at(top * part / 4)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>')
        told = _tick(top, part)
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 10}" text-anchor="middle">{told}</text>')
    for number, each in enumerate(some):
        y = TOP + ROW * (number + 0.5)
        short = each.name if len(each.name) <= NAME else f"{each.name[: NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
        parts.append(f'<text class="name" x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(short)}')
        parts.append(f"<title>{escape(each.name)}</title></text>")
        if each.low is not None and each.high is not None:
            parts.append(f'<line class="interval" x1="{at(each.low):.1f}" x2="{at(each.high):.1f}" y1="{y}" y2="{y}"/>')
        if each.value is not None:
            parts.append(f'<circle cx="{at(each.value):.1f}" cy="{y}" r="5"/>')
        parts.append(f'<text class="told" x="{LEFT + size + 14}" y="{y + 4:.1f}">{escape(each.told)}</text>')
    return _svg("".join(parts), height, "intervals")


def heat(names: Sequence[str], columns: Sequence[str], shares: Sequence[Sequence[float | None]], told: str) -> str:
    """Draw a table whose cells are the darker the higher their share, from 0 to 1, is; None stays empty.

    Args:
        names: Of the rows.
        columns: Of the columns.
        shares: Row by row.
        told: How a share is written: a format such as ``.3f``.
    """
    head = "".join(f"<th><span>{escape(each)}</span></th>" for each in columns)
    body = []
    for name, row in zip(names, shares, strict=True):
        cells = "".join(
            "<td></td>" if each is None else f'<td style="--h:{each * _FULL:.0f}%">{each:{told}}</td>' for each in row
        )
        body.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return (
        f'<div class="scroll"><table class="heat"><thead><tr><th></th>{head}</tr></thead>{"".join(body)}</table></div>'
    )


def _svg(content: str, height: int, name: str) -> str:
    return f'<svg class="{name}" viewBox="0 0 {WIDTH} {height}" role="img">{content}</svg>'


def _legend(names: Sequence[str]) -> str:
    keys = (
        f'<span class="key"><i style="background:{colour(number)}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    return f'<p class="legend">{"".join(keys)}</p>'
