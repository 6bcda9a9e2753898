"""What the columns of a release mean, in which unit: one place, from which card and Croissant take it.

Attributes are explained by the label set.  A column that is explained nowhere is found by a test.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from khabar.model.labels import LabelSet
from khabar.model.layout import DECISIONS
from khabar.release.documents.known import Known


class Column(NamedTuple):
    """A column of a config, or a field of the structs in it.

    Attributes:
        path: Dotted; lists leave no trace in it.
        kind: Its Arrow type.
        label: Whether it is a class label.
        unit: What its values count or how they are written, empty where there is nothing to say.
        meaning: What it says.
    """

    path: str
    kind: pa.DataType
    label: bool
    unit: str
    meaning: str


_CODE_POINTS, _SHA256, _DAY = "code points", "SHA-256, hex", "ISO 8601"
_TAGS = (
    "a tag a token that an entity touches, so the first may begin with a clitic before it (the spans are exact); of"
    " entities that lie in one another the outermost, of two at one place the first"
)
_ARTICLE: dict[str, tuple[str, str]] = {
    "id": ("", "the article, for ever"),
    "article": ("", "the article"),
    "source": ("", "short name of where it comes from"),
    "split": ("", "train, validation or test"),
    "text": ("NFC, LF", "the text of the page; null where it is withheld"),
    "sha256": (_SHA256, "digest of the text's UTF-8"),
    "length": (_CODE_POINTS, "how long the text is"),
    "language": ("BCP 47", "its language"),
    "url": ("", "where it was published; null where unknown"),
    "published": (_DAY, "when it was published; null where unknown"),
    "retrieved": (_DAY, "when it was retrieved; null where unknown"),
    "story": ("", "articles that tell one story share it"),
    "license": ("SPDX", "license of the text"),
    "license_since": (_DAY, "since when it has that license; null where unknown"),
    "license_url": ("", "where the license stands"),
    "rights_holder": ("", "who holds the rights in the text"),
    "attribution": ("", "who must be named"),
    "redistribute": ("", "`text`, or `offsets` alone"),
    "provenance": ("", "`published` by an outlet, or `authored` for the corpus"),
    "scheme": ("", "version of the label set"),
    "annotator": ("", "pseudonym, name of a model, or `gold`"),
    "annotator_kind": ("", "`person`, `model` or `gold`"),
    "layers": ("", "the layers that the annotation speaks of"),
    "campaign": ("", "the campaign in which it was annotated"),
    "role": (
        "",
        (
            "`annotator`, who saw nothing of other annotators; or `adjudicator`, who saw what others had said and is"
            " not independent of them: not to be counted in agreement"
        ),
    ),
    "began_from": (
        "",
        (
            "what stood in the page when they began: names of models whose predictions they were shown, `settled` for"
            " what was settled before they adjudicated; empty: the text alone; null where the campaign does not tell"
        ),
    ),
    "tokens": ("", "words, clitics with them, and marks of the main text; none where the text is withheld"),
    "starts": (_CODE_POINTS, "the first one of each token, from 0; as many as tokens"),
    "ends": (_CODE_POINTS, "one past the last of each token; likewise"),
    "tags": ("BIO", _TAGS),
    "sentences": ("", "sentences of the main text"),
}
"""Columns of articles: unit, meaning."""
_SPAN: dict[str, tuple[str, str]] = {
    "id": ("", "the span, in its article"),
    "start": (_CODE_POINTS, "the first one, from 0"),
    "end": (_CODE_POINTS, "one past the last"),
    "label": ("", "what it is"),
    "text": ("", "its words; null where they are withheld"),
    "digest": ("salted SHA-256, hex", "stands for the words where they are withheld"),
    "relations": ("", "links that start from it"),
    "tail": ("", "the span that the link ends at"),
    "boilerplate": ("", "whether it is none of the article"),
    "context_start": (_CODE_POINTS, "where the sentences around it begin; null where the text is withheld"),
    "context_end": (_CODE_POINTS, "where they end; null likewise"),
    "context_text": ("", "these sentences; null likewise"),
    "name": ("", "words of the mention that names it; null where they are withheld"),
    "first": ("tokens", "the first one, from 0"),
    "stop": ("tokens", "one past the last"),
}
"""Columns of spans, and of sentences."""
_CANDIDATES = (
    "what each annotator said, where they differed, one of them doubted, or gold was corrected since; none where all"
    " said the same, or adjudicator or correction put in what nobody was asked about"
)
_DECISION: dict[str, tuple[str, str]] = {
    "item": ("", "`span`, or `link` between two spans"),
    "layer": ("", "its layer; that of its head for a link"),
    "how": (
        "",
        (
            "what settled it: `unanimous`, `majority` or `threshold`: the annotators by the rule of that name;"
            " `adjudicated`: an adjudicator; `corrected`: gold was corrected afterwards. An article whose gold came"
            " about without recorded decisions, or with questions that are open still, has no rows"
        ),
    ),
    "by": ("", "whose word it is; none where gold was corrected, for no record says by whom"),
    "reason": ("", "why, where the adjudicator said so; null where the text is withheld, whose words it may repeat"),
    "id": ("", "the span in gold, in its article; null for a link, and where nothing stands in gold"),
    "head_id": ("", "the span in gold that a link starts from"),
    "tail_id": ("", "the span in gold that it ends at"),
    "label": ("", "the span's label or the link's; null where the question ended in nothing there"),
    "start": (_CODE_POINTS, "the first one of a span, from 0; null for a link"),
    "end": (_CODE_POINTS, "one past the last of a span; null for a link"),
    "candidates": ("", _CANDIDATES),
    "candidates.annotator": ("", "who says it"),
    "candidates.doubted": ("", "whether they doubt it"),
    "candidates.label": ("", "the label they give; null where they see nothing there"),
    **{
        f"{end}_{name}": (unit, f"{meaning} where a link {verb}; null for a span")
        for end, verb in (("head", "starts"), ("tail", "ends"))
        for name, unit, meaning in (
            ("start", _CODE_POINTS, "the first one of the span"),
            ("end", _CODE_POINTS, "one past the last of the span"),
            ("label", "", "label of the span"),
        )
    },
}
"""Columns of decisions, by their path or the last part of it."""
_VIEW = "tags_"
"""Begins the columns of tags in other labels than the scheme's."""


def columns(known: Known, config: str) -> Iterator[Column]:
    """Yield the columns of a config, fields of structs behind the column that holds them."""
    schema = known.schemas[config]
    of_spans = "article" in schema.names
    for field in schema:
        yield from _columns(known, config, field.name, field.type, of_span=of_spans)


def items(kind: pa.DataType) -> pa.DataType:
    """Return the type of what a list holds, the type itself where it is none."""
    return items(kind.value_type) if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind


def _columns(known: Known, config: str, path: str, kind: pa.DataType, *, of_span: bool) -> Iterator[Column]:
    told = _DECISION if config == DECISIONS else {}
    own = told.get(path) or told.get(path.rpartition(".")[2])
    unit, meaning = own or _meaning(path, known.labels, of_span=of_span)
    yield Column(path, kind, path in known.manifest.configs[config].class_labels, unit, meaning)
    inner = items(kind)
    for field in inner if pa.types.is_struct(inner) else ():
        yield from _columns(known, config, f"{path}.{field.name}", field.type, of_span=True)


def _meaning(path: str, labels: LabelSet, *, of_span: bool) -> tuple[str, str]:
    name = path.rpartition(".")[2]
    layers = {layer.column: layer for layer in labels.layers.values()}
    if path in layers:
        return "", f"spans: {', '.join(label.name for label in layers[path].labels)}"
    if name.startswith(_VIEW):
        unit, meaning = _ARTICLE["tags"]
        return unit, f"as `tags`, the labels turned into those of {name.removeprefix(_VIEW)} first"
    if not of_span:
        return _ARTICLE.get(name, ("", ""))
    linked = {each.column: each for each in labels.relations if each.column}
    if name in labels.attribute_kinds or name in linked:
        return "", _of_attribute(name, labels) if name in labels.attribute_kinds else linked[name].en
    of = {f"{column}_": f"{each.en}, null where nobody is linked" for column, each in linked.items() if each.one}
    for prefix, words in of.items():
        if name.startswith(prefix):
            unit, meaning = _meaning(name.removeprefix(prefix), labels, of_span=True)
            return unit, meaning and f"{words}: {meaning}"
    return _SPAN.get(name) or _ARTICLE.get(name, ("", ""))


def _of_attribute(name: str, labels: LabelSet) -> str:
    those = [each for each in labels.attributes if each.name == name]
    told = [each.en for each in those if each.en]
    told += ["a scale, from one end to the other"] if name in labels.ordered else []
    values = {value.name: value.en for each in those for value in each.values}
    return "; ".join([*told, *(f"`{value}`: {words}" for value, words in values.items())])
