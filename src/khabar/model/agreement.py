"""What ``agreement.json`` holds: how far the annotators of a campaign agree, with everything the figures depend on.

Figures stand under layer, measure and what they are of: ``all``, ``label PERS``, ``pair sami+nora``, ``source nahar``,
``week 2026-W11``.  Stages read them from disk: the checks hold `Agreement.headline` against the floors of
``annotations/floors.toml``.
"""

import msgspec

AGREEMENT = "agreement.json"
ALL = "all"


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measured value.

    Attributes:
        value: None where it is undefined, which is neither 0 nor 1: `note` says why.
        low: Lower end of the 95 % interval of resampled articles, None where there is none.
        high: Its upper end.
        n: How many things it is of, in all articles and pairs of annotators.
        unit: What they are.
        articles: In how many articles they were looked for.
        note: Why it is undefined, or has no interval.
    """

    value: float | None
    n: int
    unit: str
    articles: int
    low: float | None = None
    high: float | None = None
    note: str = ""


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """How often one label met another, the pairs of annotators counted both ways.

    Attributes:
        labels: Names of rows and columns; the last is no label: the other annotator marked nothing there.
        counts: Row by row.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures depend on besides the annotations.

    Attributes:
        resamples: How often the articles were drawn anew for an interval.
        level: Share of the resampled values that lies in an interval.
        seed: Of the resampling and of gamma's shuffling.
        relaxed: Least intersection over union of two spans that match.
        gamma: What gamma depends on, by name.
    """

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0
    relaxed: float = 0.5
    gamma: dict[str, float | int | str] = {}


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How far annotators agree.

    Attributes:
        campaigns: The campaigns that were looked at together.
        schemes: Versions of the label set that their annotations follow.
        annotators: Their pseudonyms.
        articles: How many articles two of them or more have read.
        setting: What the figures depend on.
        annotations: SHA-256 of the annotations that it was measured on; empty in what was measured long ago.
        headline: By layer: ``f1`` of exact spans, ``alpha`` of tokens or lines, ``gamma``, as far as defined.
        figures: By layer, measure, and what it is of.
        confusions: By layer.
    """

    campaigns: tuple[str, ...]
    schemes: tuple[str, ...]
    annotators: tuple[str, ...]
    articles: int
    setting: Setting
    headline: dict[str, dict[str, float]]
    figures: dict[str, dict[str, dict[str, Figure]]]
    confusions: dict[str, Confusion]
    annotations: str = ""


class Anchoring(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement of an annotator with a model in a layer: exact-span F1, with an interval over articles.

    Attributes:
        annotator: Whose annotations.
        model: Whose proposals.
        layer: The layer.
        shown: On tasks that were begun from the proposal; with one annotator that is the acceptance.
        hidden: On tasks that were begun from nothing.
        kept: Spans of shown proposals that stand unchanged in what was submitted.
        proposed: Spans of shown proposals.
        added: Spans that were submitted beside those that stand unchanged.
    """

    annotator: str
    model: str
    layer: str
    shown: Figure
    hidden: Figure
    kept: int
    proposed: int
    added: int

    @property
    def drawn(self) -> float | None:
        """What showing adds to the agreement; None where either is undefined."""
        if self.shown.value is None or self.hidden.value is None:
            return None
        return self.shown.value - self.hidden.value


def written(agreement: Agreement) -> bytes:
    """Return it as it stands on disk: JSON, a figure a line, the same bytes for the same figures."""
    fields = msgspec.to_builtins(agreement)
    lines = [f'"{name}": {msgspec.json.encode(value).decode()}' for name, value in fields.items() if name != "figures"]
    lines.append(f'"figures": {_nested(fields["figures"], 1)}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _nested(figures: dict[str, object], depth: int) -> str:
    """Write dictionaries of dictionaries of figures, each figure on one line."""
    told = []
    for name, value in figures.items():
        deeper = depth < 3 and isinstance(value, dict)  # noqa: PLR2004 (layer, measure, what it is of)
        shown = _nested(value, depth + 1) if deeper and isinstance(value, dict) else msgspec.json.encode(value).decode()
        told.append(f"{' ' * depth}{msgspec.json.encode(name).decode()}: {shown}")
    return "{\n" + ",\n".join(told) + f"\n{' ' * (depth - 1)}}}" if told else "{}"
