"""The config ``judgements``: what every annotator said of an article, under a pseudonym, as gold is published."""

import pyarrow as pa

from khabar.errors import BadRecord
from khabar.model.labels import LabelSet
from khabar.model.layout import JUDGEMENTS
from khabar.model.nested import schema
from khabar.release.parts import BEGAN_FROM, BESIDE, CAMPAIGN, ROLE
from khabar.release.tables.config import CONFIGS, Config, Reading

_ARTICLE = ("id", "annotator", "annotator_kind", "scheme", "layers", "sha256", "length", "license")


def _schema(labels: LabelSet) -> pa.Schema:
    whole = schema(labels)
    layers = [layer.column for layer in labels.layers.values()]
    own = [pa.field(CAMPAIGN, pa.string(), nullable=False), pa.field(ROLE, pa.string(), nullable=False)]
    own.append(pa.field(BEGAN_FROM, pa.string()))
    return pa.schema([whole.field("id"), *own, *(whole.field(name) for name in (*_ARTICLE[1:], *layers))])


def _judgements(reading: Reading) -> pa.Table:
    """Return a row a judgement; labels are strings, for an old judgement may have one that is no more."""
    batch = reading.batch
    for stray in batch.spans.strays:
        article = batch.articles["id"][int(batch.spans.article[stray.row])]
        raise BadRecord(
            f"{article}: a judgement says {stray.name}, which annotations/labels.toml does not have: run 'khabar check'"
        )
    found = reading.nested
    for name in BESIDE:
        found = found.append_column(name, batch.articles[name])
    return found.select(_schema(batch.labels).names)


CONFIGS.add(JUDGEMENTS, Config("what one annotator said of an article", _schema, _judgements, of="judgements"))
