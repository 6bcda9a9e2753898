"""Release -> verified `datasets.DatasetDict`.  Nothing is returned that was not verified first."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from khabar.errors import BadRecord
from khabar.loading.located import located
from khabar.loading.overlay import filled, texts_of
from khabar.loading.verify import (
    broken_files,
    config_of,
    other_content,
    read_manifest,
    rows_of,
    split_of,
    texts_for,
)
from khabar.model.layout import TEXTS, with_texts
from khabar.model.manifest import content_of
from khabar.model.text import DIGEST_SHOWN

if TYPE_CHECKING:
    from datasets import DatasetDict, Features


def load(
    release: str | Path,
    config: str = "articles",
    version: str | None = None,
    content: str | None = None,
    texts: str | Path | None = None,
) -> "DatasetDict":
    """Open one config of a release after verifying its files, rows and digests.

    A release that is called by name comes from the cache of this machine, without the network where it is there, and
    is fetched else.  The rows are read here, from the verified files: no other cache lies between.

    Args:
        release: The release's folder; or ``NAME`` or ``OWNER/NAME`` with a version, which may follow after ``@``.
        config: ``articles``, which get their texts, ``texts``, ``entities``, ``quotes``, ``regions`` or ``judgements``.
        version: Version that the release must have.
        content: Content digest that it must have, or the digest's beginning.
        texts: Folder that ``khabar restore`` put withheld texts into; they are filled in, with the column
            ``text_sha256``, the digest of what was filled in.  Of a text that drifted, offsets are those in it, and
            spans that it lost are left out.

    Returns:
        The splits that the config has, with typed features: labels are `datasets.ClassLabel`.

    Raises:
        NotFound: no release there, or no such config.
        BadRecord: a file is missing, changed or foreign, or its rows are not those that the manifest describes.
        Changed: version or content are others than those that are asked for, or those that were first seen; or a text
            is not of this release.
        Unreachable: the release is not in the cache, and its source does not answer.
    """
    from datasets import Dataset, DatasetDict, DatasetInfo, NamedSplit
    from datasets.table import InMemoryTable, cast_table_to_features

    folder = located(release, version, content)
    manifest = read_manifest(folder)
    told_of = config_of(folder, manifest, config)
    for problem in broken_files(folder, manifest, config):
        raise BadRecord(problem)
    if content_of(manifest.configs) != manifest.content:
        raise BadRecord(other_content(folder))
    beside = texts_for(manifest, config)
    own = texts_of(folder, Path(texts)) if texts else None
    splits = {}
    for split, told in told_of.splits.items():
        table = rows_of(folder, f"{config}/{split}", told)
        if beside:
            place = f"{TEXTS}/{split}"
            table = with_texts(table, rows_of(folder, place, split_of(folder, beside, place)), str(folder))
        if own is not None:
            table = filled(table, own)
        try:
            features = _features(table.schema, told_of.class_labels)
            typed = InMemoryTable(cast_table_to_features(table, features))
            splits[split] = Dataset(typed, info=DatasetInfo(features=features), split=NamedSplit(split))
        except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
            why = str(error).split("\n", maxsplit=1)[0]
            raise BadRecord(f"{folder}: {config}/{split} is not as its manifest says: {why}: download it") from None
    return DatasetDict(splits)


def signature(release: str | Path, config: str, split: str, version: str | None = None) -> str:
    """Return the line that a score or a paper quotes: which rows exactly it speaks of."""
    folder = located(release, version)
    manifest = read_manifest(folder)
    content = split_of(folder, config_of(folder, manifest, config), f"{config}/{split}").content
    name = f"{manifest.name}:{manifest.version}"
    return f"{name}|config:{config}|split:{split}|scheme:{manifest.scheme}|sha:{content[:DIGEST_SHOWN]}"


def _features(schema: pa.Schema, class_labels: dict[str, tuple[str, ...]]) -> "Features":
    """Return the features of a schema, with class labels where the manifest names them."""
    from datasets import ClassLabel, Features, List, Value

    def feature(kind: pa.DataType, path: str) -> Any:
        if path in class_labels:
            return ClassLabel(names=list(class_labels[path]))
        if pa.types.is_struct(kind):
            return {field.name: feature(field.type, f"{path}.{field.name}") for field in kind}
        if pa.types.is_list(kind):
            return List(feature(kind.value_type, path))
        return Value(str(kind))

    return Features({field.name: feature(field.type, field.name) for field in schema})
