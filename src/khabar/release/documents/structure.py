"""How a release is built up: the section of the card that explains its rows, labels and columns."""

import pyarrow as pa

from khabar.model.figures import marked
from khabar.model.layout import ARTICLES, TEXTS
from khabar.model.manifest import Manifest
from khabar.release.documents.answers import said
from khabar.release.documents.columns import Column, columns, items
from khabar.release.documents.known import Known

_BESIDE = f"""Texts have files of their own, so that a correction brings none of them again: the rows of `{TEXTS}` and
of `{ARTICLES}` are of the same articles in the same order. `khabar.load` puts the text into the rows of `{ARTICLES}`;
so does, with `datasets` alone,

```python
from datasets import concatenate_datasets, load_dataset

articles, texts = (load_dataset("path/to/{{place}}", name, split="{{split}}") for name in ("{ARTICLES}", "{TEXTS}"))
articles = concatenate_datasets([articles, texts.select_columns("text")], axis=1)
```"""


def structure(known: Known) -> str:
    """Return the section on rows, spans, loading, labels and columns."""
    manifest = known.manifest
    tables = "\n\n".join(_table(known, name) for name in manifest.configs)
    return f"""## Dataset Structure

Rows:

{marked(manifest, "rows")}

Spans:

{marked(manifest, "spans")}

{said(known, "2.8")}

{_loading(known)}

### Labels

{_labels(known)}

### Columns

Fields of the structs in a list stand behind the list, with a dot.

{tables}"""


def _loading(known: Known) -> str:
    manifest = known.manifest
    config = "entities" if "entities" in manifest.configs else next(iter(manifest.configs))
    return f"""### Loading

```python
import khabar

rows = khabar.load("path/to/{manifest.name}-{manifest.version}", "{config}")  # verified, then a datasets.DatasetDict
```

```python
from datasets import load_dataset

rows = load_dataset("path/to/{manifest.name}-{manifest.version}", "{config}")  # needs no script, verifies nothing
```

`pip install .` in a clone of the repository brings `khabar`. Labels are strings in the Parquet files; those that the
tables below call class labels are class labels in `datasets`. Configs are joined by the article's id: `id` where a row
is an article, `article` where it is a part of one, whose own `id` names it in its article. What is null was not known,
not said, or may not be published; `khabar restore RELEASE --from PAGES --to TEXTS` and `khabar.load` with
`texts="TEXTS"` fill in what a text of one's own tells, its digest in `text_sha256`. `khabar release verify` checks
every digest.
{_beside(manifest) if {ARTICLES, TEXTS} <= set(manifest.configs) else ""}"""


def _beside(manifest: Manifest) -> str:
    split = next(iter(manifest.configs[ARTICLES].splits))
    return _BESIDE.format(place=f"{manifest.name}-{manifest.version}", split=split)


def _labels(known: Known) -> str:
    rows = [
        (f"{name}", f"`{label.name}`", label.en + ("" if label.main else " (boilerplate)"))
        for name, layer in known.labels.layers.items()
        for label in layer.labels
    ]
    rows += [
        ("relation", f"`{each.name}`", f"{each.head} to {each.tail}: {each.en}") for each in known.labels.relations
    ]
    lines = (f"| {' | '.join(map(cell, row))} |" for row in rows)
    return "\n".join(["| layer | label | meaning |", "|---|---|---|", *lines])


def _table(known: Known, name: str) -> str:
    lines = [f"#### {name}", "", f"A row is {known.manifest.configs[name].summary}.", ""]
    lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{each.path}` | {_kind(each)} | {each.unit} | {cell(each.meaning)} |" for each in columns(known, name)
    ]
    return "\n".join(lines)


def _kind(column: Column) -> str:
    inner = "class label" if column.label else str(items(column.kind))
    inner = "struct" if pa.types.is_struct(items(column.kind)) else inner
    return f"list of {inner}" if items(column.kind) is not column.kind else inner


def cell(words: str) -> str:
    """Return words as a cell of a table holds them."""
    return " ".join(words.split()).replace("|", "\\|")
