"""The dataset card: what `datasets` and the Hub read in its head, what people read below."""

from typing import Any

import pyarrow as pa
import yaml

from khabar.model.article import Source
from khabar.model.manifest import Manifest
from khabar.release.documents.citation import citation
from khabar.release.documents.known import DOCUMENTS, Known
from khabar.release.documents.licenses import LICENSE
from khabar.release.documents.sections import body

CARD = "README.md"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_ANNOTATORS = {"person": "expert-generated", "model": "machine-generated"}
_WRITERS = {"people": "expert-generated", "software": "machine-generated"}


def features(schema: pa.Schema, class_labels: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return the ``features`` of a card for a schema, label columns as class labels."""
    return [_feature(field, field.name, class_labels) for field in schema]


def _feature(field: pa.Field, path: str, class_labels: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    kind = field.type
    if path in class_labels:
        names = {str(number): name for number, name in enumerate(class_labels[path])}
        return {"name": field.name, "list" if pa.types.is_list(kind) else "dtype": {"class_label": {"names": names}}}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        inner = [_feature(each, f"{path}.{each.name}", class_labels) for each in kind.value_type]
        return {"name": field.name, "list": inner}
    if pa.types.is_list(kind):
        return {"name": field.name, "list": str(kind.value_type)}
    return {"name": field.name, "dtype": str(kind)}


def card(known: Known) -> str:
    """Return the card's text."""
    head = yaml.safe_dump(_head(known), allow_unicode=True, sort_keys=False, width=120)
    return f"---\n{head}---\n\n{body(known)}"


def _head(known: Known) -> dict[str, Any]:
    counts, cited = known.manifest.counts, citation(known)
    articles, languages = counts["articles"]["all"], known.languages
    return {
        "pretty_name": cited.title if cited else known.manifest.name.capitalize(),
        "language": languages,
        "license": "other",
        "license_name": "per-article",
        "license_link": LICENSE,
        "annotations_creators": [_ANNOTATORS[kind] for kind, number in counts["annotators"].items() if number]
        or ["no-annotation"],
        "language_creators": sorted({_writers(source) for source in known.sources}),
        "multilinguality": ["monolingual" if len(languages) == 1 else "multilingual"],
        "source_datasets": ["original"],
        "size_categories": [next((name for limit, name in _SIZES if articles < limit), "n>1M")],
        "task_categories": ["token-classification"],
        "task_ids": ["named-entity-recognition"],
        "tags": [each.lower().replace(" ", "-") for each in cited.keywords] if cited else [],
        "configs": _configs(known.manifest),
        "dataset_info": _infos(known),
    }


def _writers(source: Source) -> str:
    """Return what the Hub calls those who wrote the articles of a source."""
    return "found" if source.provenance == "published" else _WRITERS[source.written_by]


def _configs(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {
            "config_name": name,
            "version": manifest.version,
            **({"default": True} if name == "articles" else {}),
            "data_files": [{"split": split, "path": list(each.files)} for split, each in config.splits.items()],
        }
        for name, config in manifest.configs.items()
    ]


def _infos(known: Known) -> list[dict[str, Any]]:
    return [
        {
            "config_name": name,
            "features": features(known.schemas[name], config.class_labels),
            "splits": [
                {"name": split, "num_bytes": each.bytes, "num_examples": each.rows}
                for split, each in config.splits.items()
            ],
        }
        for name, config in known.manifest.configs.items()
    ]


DOCUMENTS.add(CARD, card)
