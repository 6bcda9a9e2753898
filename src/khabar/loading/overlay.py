"""Texts of a user's own beside a sealed release: what it withholds is filled in as it is loaded, never written into it.

``FOLDER/texts.jsonl`` holds a text a line (`khabar.model.restored`).  Every span that is filled in has the digest that
the release says, so that the texts of another release, or a broken one, fill nothing.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from khabar.errors import BadRecord, Changed, NotFound
from khabar.loading.verify import config_of, read_manifest
from khabar.model.anchors import Place
from khabar.model.annotation import DIGEST_PREFIX
from khabar.model.drift import Span, Wanted
from khabar.model.layout import ARTICLES
from khabar.model.manifest import MANIFEST
from khabar.model.restored import Restored
from khabar.model.text import DIGEST_SHOWN, digest, salted_digest
from khabar.store import write_atomically

TEXTS = "texts.jsonl"
COLUMN = "text_sha256"
"""Added to what is loaded: digest of the text that was filled in; another than ``sha256`` where it drifted."""

Row = dict[str, Any]


def wanted(release: Path) -> list[Wanted]:
    """Return the articles whose text a release withholds."""
    manifest = read_manifest(release)
    found = []
    for split in config_of(release, manifest, ARTICLES).splits.values():
        for path in split.files:
            with pq.ParquetFile(release / path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(use_threads=False):
                    rows = batch.filter(pc.equal(batch["redistribute"], "offsets")).to_pylist()
                    found += [_wanted(row) for row in rows]
    return found


def _wanted(row: Row) -> Wanted:
    spans, places = [], {}
    for column, value in row.items():
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict) and each.get("digest"):
                spans.append(Span(each["id"], column, each["label"], each["start"], each["end"]))
                places[Place(each["start"], each["end"])] = each["digest"]
    return Wanted(row["id"], row["sha256"], "", row["url"] or "", tuple(spans), places)


def keep(folder: Path, texts: Iterable[Restored]) -> None:
    """Put texts into a folder, beside those that are there and instead of those of the same articles.

    Raises:
        Changed: the folder is a release or lies in one; it is sealed.
    """
    for each in (folder.resolve(), *folder.resolve().parents):
        if (each / MANIFEST).is_file():
            raise Changed(f"{folder} is in the release {each}, which is sealed: name a folder beside it")
    there = read(folder) if (folder / TEXTS).is_file() else {}
    there |= {each.article: each for each in texts}
    lines = (msgspec.json.encode(there[key]) + b"\n" for key in sorted(there))
    write_atomically(folder / TEXTS, b"".join(lines))


def read(folder: Path) -> dict[str, Restored]:
    """Return the texts of a folder, by article.

    Raises:
        NotFound: there are none.
        BadRecord: a line is none, or its text is not the one that its digest says.
    """
    path = folder / TEXTS
    if not path.is_file():
        raise NotFound(f"{path} is missing: put texts there with 'khabar restore RELEASE --from PLACE --to {folder}'")
    found = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            each = msgspec.json.decode(line, type=Restored)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecord(f"{path}:{number}: {error}: restore the texts again") from None
        if digest(each.text) != each.text_sha256:
            raise BadRecord(f"{path}:{number}: the text of {each.article} was changed: restore it again")
        found[each.article] = each
    return found


def texts_of(release: Path, folder: Path) -> dict[str, Restored]:
    """Return the texts of a folder that are of articles of a release.

    Raises:
        Changed: one is of an article that has another text there.
        NotFound, BadRecord: as `read`.
    """
    texts, found = read(folder), {}
    for split in config_of(release, read_manifest(release), ARTICLES).splits.values():
        for path in split.files:
            table = pq.read_table(release / path, columns=["id", "sha256"], partitioning=None)
            for key, sha256 in zip(table["id"].to_pylist(), table["sha256"].to_pylist(), strict=True):
                if key in texts and texts[key].sha256 != sha256:
                    raise Changed(
                        f"{folder}: the text of {key} is of {texts[key].sha256[:DIGEST_SHOWN]}, the release has"
                        f" {sha256[:DIGEST_SHOWN]}: restore the text for this release"
                    )
                if key in texts:
                    found[key] = texts[key]
    return found


def filled(table: pa.Table, texts: dict[str, Restored]) -> pa.Table:
    """Return a table of a release with the texts filled in, and the column `COLUMN`.

    Of a text that drifted, offsets are those in it; spans that are lost in it are left out, with what points at them.

    Raises:
        Changed: a text is not the one of this release's article.
    """
    key = "article" if "article" in table.column_names else "id"
    names = table[key].to_pylist()
    rows = [row for row, name in enumerate(names) if name in texts]
    if "text" in table.column_names:
        bare = table["text"].is_null().to_pylist()
        rows = [row for row in rows if bare[row]]
    done: list[Row] = []
    order = list(range(len(table)))
    gone = set()
    for row in rows:
        (told,) = table.slice(row, 1).to_pylist()
        new = _filled(told, texts[names[row]])
        if new is None:
            gone.add(row)
            continue
        order[row] = len(table) + len(done)
        done.append(new | {COLUMN: texts[names[row]].text_sha256})
    wide = table.append_column(pa.field(COLUMN, pa.string()), pa.nulls(len(table), pa.string()))
    whole = pa.concat_tables([wide, pa.Table.from_pylist(done, wide.schema)])
    return whole.take(pa.array([at for row, at in enumerate(order) if row not in gone], pa.int64()))


def _filled(row: Row, restored: Restored) -> Row | None:
    """Return a row with its words; None where the span that it is about is lost."""
    placed = _Placed(restored)
    new = placed.struct(row)
    if new is not None and "sha256" in row and "text" in row:
        new["text"] = restored.text
    return new


class _Placed:
    """Puts the spans of a row into a text."""

    def __init__(self, restored: Restored) -> None:
        self._restored = restored
        self._to = {(start, end): to for start, end, to in restored.places}
        self._lost = {each.id for each in restored.lost}

    def struct(self, value: Row) -> Row | None:
        """Return a struct with its spans placed; None where it is a span that is lost."""
        new = {name: self._value(each) for name, each in value.items()}
        for name in [each for each in value if each.endswith("start")]:
            part = name.removesuffix("start")
            if value[name] is None or f"{part}end" not in value:
                continue
            there = self._span(value, part)
            if there is None and not part:
                return None
            new |= there or {each: None for each in value if each.startswith(part)}
        if new.get("continues") in self._lost:
            new["continues"] = None
        return new

    def _span(self, value: Row, part: str) -> Row | None:
        start, end = value[f"{part}start"], value[f"{part}end"]
        to = self._to.get((start, end)) if self._restored.drifted else start
        if to is None:
            return None
        words = self._restored.text[to : to + end - start]
        stand_in = value.get(f"{part}digest")
        if stand_in and salted_digest(self._restored.sha256, words) != stand_in.removeprefix(DIGEST_PREFIX):
            raise Changed(
                f"{self._restored.article}:{start}-{end}: the text has other words there than the release:"
                " restore the text for this release"
            )
        new = {f"{part}start": to, f"{part}end": to + end - start}
        return new | ({f"{part}text": words} if f"{part}text" in value else {})

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.struct(value)
        if isinstance(value, list):
            return list(self._items(value))
        return value

    def _items(self, values: list[Any]) -> Iterator[Any]:
        for each in values:
            if isinstance(each, dict) and each.get("tail") in self._lost:
                continue  # a relation to a span that is lost
            new = self._value(each)
            if new is not None or each is None:
                yield new
