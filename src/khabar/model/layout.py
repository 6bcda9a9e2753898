"""Where the rows of a release stand: a file a config, split and intake batch; texts beside what is said of them.

A text never changes, what is said of it does: so texts have files of their own, and a correction sends none of them.
The rows of `ARTICLES` stand in the order of the rows of `TEXTS`, shard by shard; `with_texts` puts them together.
"""

import pyarrow as pa

from khabar.errors import BadRecord

TEXTS = "texts"
ARTICLES = "articles"
JUDGEMENTS = "judgements"
DECISIONS = "decisions"
CANDIDATES = "candidates"
"""The column of `DECISIONS` that lists what annotators said of a place."""
SPLITS = ("train", "validation", "test")
LABELS = "labels.toml"
"""The label set, as a release ships it."""
WAIVERS = "waivers.toml"
"""The findings that were accepted when it was built, where there were any."""
ROWS = "rows.parquet"
"""A row an article: its id, its split, and for each config a digest of what the config holds of it."""
TEXTS_FILE = "texts.jsonl"
"""Texts that a user put beside a release, a line each (`khabar.model.restored`)."""
TOMBSTONES = "tombstones.jsonl"
"""A line an article that was taken down: its id and the reason; not there where none was."""
_TEXT = "text"
_BEHIND = "split"
"""The column behind which a text is put, as in `khabar.model.columns.ARTICLE_SCHEMA`."""


def shard(config: str, split: str, batch: int) -> str:
    """Return the path of a shard, relative to the release's folder."""
    return f"data/{config}/{split}/batch-{batch:04}.parquet"


def texts_beside(path: str) -> str:
    """Return the path of the texts that belong to a shard of `ARTICLES`."""
    return path.replace(f"data/{ARTICLES}/", f"data/{TEXTS}/")


def articles_in(table: pa.Table) -> list[str]:
    """Return the article of each row: ``article``, or where rows are of articles ``id``.

    Raises:
        BadRecord: there is neither.
    """
    name = "article" if "article" in table.schema.names else "id"
    if name not in table.schema.names:
        raise BadRecord(f"the columns {', '.join(table.schema.names)} name no article: download the release again")
    found: list[str] = table[name].to_pylist()
    return found


def with_texts(articles: pa.Table, texts: pa.Table, place: str) -> pa.Table:
    """Return articles with their texts, as the published schema has them.

    Args:
        articles: Rows of `ARTICLES`.
        texts: The rows of `TEXTS` that stand beside them.
        place: What is read, for messages.

    Raises:
        BadRecord: they are not texts of these articles, one for one.
    """
    if not texts["id"].equals(articles["id"]):
        raise BadRecord(f"{place}: its texts are not those of its articles, row for row: download the release again")
    column = articles.schema.get_field_index(_BEHIND) + 1
    return articles.add_column(column, texts.schema.field(_TEXT), texts[_TEXT])
