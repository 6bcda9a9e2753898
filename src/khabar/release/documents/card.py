"""The dataset card: what `datasets` and the Hub read in its head, what people read below; all from the manifest."""

from typing import Any

import pyarrow as pa
import yaml

from khabar.model.manifest import Manifest
from khabar.release.documents.known import DOCUMENTS, Known

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def features(schema: pa.Schema, class_labels: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return the ``features`` of a card for a schema, label columns as class labels."""
    return [_feature(field, field.name, class_labels) for field in schema]


def _feature(field: pa.Field, path: str, class_labels: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    kind = field.type
    if path in class_labels:
        names = {str(number): name for number, name in enumerate(class_labels[path])}
        return {"name": field.name, "dtype": {"class_label": {"names": names}}}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        inner = [_feature(each, f"{path}.{each.name}", class_labels) for each in kind.value_type]
        return {"name": field.name, "list": inner}
    if pa.types.is_list(kind):
        return {"name": field.name, "list": str(kind.value_type)}
    return {"name": field.name, "dtype": str(kind)}


def card(known: Known) -> str:
    """Return the card's text."""
    manifest, schemas = known.manifest, known.schemas
    articles = manifest.counts["articles"]["all"]
    head = {
        "pretty_name": "Khabar: annotated Arabic news",
        "language": ["ar"],
        "license": "other",
        "license_name": "per-article",
        "license_link": "README.md",
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found", "machine-generated"],
        "multilinguality": ["monolingual"],
        "source_datasets": ["original"],
        "size_categories": [next((name for limit, name in _SIZES if articles < limit), "n>1M")],
        "task_categories": ["token-classification"],
        "task_ids": ["named-entity-recognition"],
        "tags": ["arabic", "news", "quotation-attribution", "boilerplate-detection"],
        "configs": [
            {
                "config_name": name,
                "version": manifest.version,
                **({"default": True} if name == "articles" else {}),
                "data_files": [{"split": split, "path": list(each.files)} for split, each in config.splits.items()],
            }
            for name, config in manifest.configs.items()
        ],
        "dataset_info": [
            {
                "config_name": name,
                "features": features(schemas[name], config.class_labels),
                "splits": [
                    {"name": split, "num_bytes": each.bytes, "num_examples": each.rows}
                    for split, each in config.splits.items()
                ],
            }
            for name, config in manifest.configs.items()
        ],
    }
    return f"---\n{yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=120)}---\n\n{_body(manifest)}"


def _body(manifest: Manifest) -> str:
    counts = manifest.counts
    rows = [
        f"| `{name}` | {config.summary} | "
        + ", ".join(f"{split} {each.rows}" for split, each in config.splits.items())
        + " |"
        for name, config in manifest.configs.items()
    ]
    labels = [
        f"| {layer} | " + ", ".join(f"{label} {number}" for label, number in numbers.items()) + " |"
        for layer, numbers in manifest.layers.items()
    ]
    articles = counts["articles"]
    return f"""# Khabar {manifest.version}

Arabic news articles annotated in three layers: named entities (nested), quotes with their attribution, and page
regions with their boilerplate. Offsets count Unicode code points, half-open, in the text whose SHA-256 stands in
the row.

{articles["all"]} articles, {articles["with_text"]} of them with their text. Where an outlet allows offsets only, `text`
is null and a salted digest stands for the words of each span; whoever has the text can put it back.
The license of each article stands in its row.

| config | a row is | rows |
|---|---|---|
{chr(10).join(rows)}

| layer | spans |
|---|---|
{chr(10).join(labels)}

```python
from datasets import load_dataset

entities = load_dataset("path/to/khabar-{manifest.version}", "entities")
```

`khabar.load` does the same and verifies every digest first. Label set {manifest.scheme}; content `{manifest.content}`.
How the articles were chosen and annotated, and what they are not fit for, stands in DATASHEET.md of the repository.
"""


DOCUMENTS.add("README.md", card)
