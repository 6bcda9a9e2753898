"""Texts of a user's own beside a sealed release: what it withholds is filled in as it is loaded, never written into it.

``FOLDER/texts.jsonl`` holds a text a line (`khabar.model.restored`), ``FOLDER/rows/`` the rows of their articles as the
release would have made them (`khabar.release.beside`), with their digests.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from khabar.errors import BadRecord, Changed, NotFound
from khabar.loading.cache import locked
from khabar.loading.rows import read as read_file
from khabar.loading.verify import config_of, read_manifest, verified_files, verify
from khabar.model.anchors import Place
from khabar.model.drift import Span, Wanted
from khabar.model.layout import ARTICLES, JUDGEMENTS, TEXTS_FILE, articles_in
from khabar.model.manifest import MANIFEST, Config
from khabar.model.restored import MADE, Made, Restored, made
from khabar.model.text import DIGEST_SHOWN, digest
from khabar.store import write_atomically
from khabar.store.files import decoded, sha256_of

COLUMN = "text_sha256"
"""Added to what is loaded: digest of the text that was filled in; another than ``sha256`` where it drifted."""

Row = dict[str, Any]


def wanted(release: Path) -> list[Wanted]:
    """Return the articles whose text a release withholds, with the spans of gold and of every judgement.

    The id of a judgement's span has the annotator's name before it: annotators choose their ids alone.

    Raises:
        BadRecord: the release is not what its manifest says.
    """
    for problem in verify(release):
        raise BadRecord(problem)
    manifest = read_manifest(release)
    withheld = {row["id"]: row for row in _rows(release, config_of(release, manifest, ARTICLES), _withheld)}
    marked = {key: list(_marked(row, "")) for key, row in withheld.items()}
    if JUDGEMENTS in manifest.configs and withheld:
        ids = pa.array(list(withheld), pa.string())
        for row in _rows(release, manifest.configs[JUDGEMENTS], lambda rows: pc.is_in(rows["id"], ids)):
            marked[row["id"]] += _marked(row, f"{row['annotator']}/")
    return [
        Wanted(
            key,
            row["sha256"],
            "",
            row["url"] or "",
            tuple(span for span, _ in marked[key]),
            {Place(span.start, span.end): stand_in for span, stand_in in marked[key]},
        )
        for key, row in withheld.items()
    ]


def _withheld(rows: pa.RecordBatch) -> pa.Array:
    return pc.not_equal(rows["redistribute"], "text")


def _rows(release: Path, config: Config, which: Callable[[pa.RecordBatch], pa.Array]) -> Iterator[Row]:
    for split in config.splits.values():
        for path in split.files:
            with pq.ParquetFile(release / path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(use_threads=False):
                    yield from batch.filter(which(batch)).to_pylist()


def _marked(row: Row, prefix: str) -> Iterator[tuple[Span, str]]:
    for column, value in row.items():
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict) and each.get("digest"):
                span = Span(f"{prefix}{each['id']}", column, each["label"], each["start"], each["end"])
                yield span, each["digest"]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only process that puts texts and their rows into a folder; another one is waited for.

    Raises:
        Changed: the folder is a release or lies in one; it is sealed.
    """
    for each in (folder.resolve(), *folder.resolve().parents):
        if (each / MANIFEST).is_file():
            raise Changed(f"{folder} is in the release {each}, which is sealed: name a folder beside it")
    with locked(folder / TEXTS_FILE, lambda: None):
        yield


def keep(folder: Path, texts: Iterable[Restored]) -> None:
    """Put texts into a folder, beside those that are there and instead of those of the same articles."""
    there = read(folder) if (folder / TEXTS_FILE).is_file() else {}
    there |= {each.article: each for each in texts}
    lines = (msgspec.json.encode(there[key]) + b"\n" for key in sorted(there))
    write_atomically(folder / TEXTS_FILE, b"".join(lines))


def read(folder: Path) -> dict[str, Restored]:
    """Return the texts of a folder, by article.

    Raises:
        NotFound: there are none.
        BadRecord: a line is none, or its text is not the one that its digest says.
    """
    path = folder / TEXTS_FILE
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


class Overlay:
    """Texts beside a release, and the rows that were made with them.

    Raises:
        Changed: a text is of an article that has another one in the release.
        NotFound: there are no texts, or their rows were made for another release.
        BadRecord: as `read`, or the release's articles are not those of its manifest.
    """

    def __init__(self, release: Path, folder: Path) -> None:
        manifest = verified_files(release, ARTICLES)
        texts = read(folder)
        self._texts: dict[str, Restored] = {}
        for split in manifest.configs[ARTICLES].splits.values():
            for path in split.files:
                table = read_file(release, path, only=["id", "sha256"])
                self._texts |= _own(texts, table, folder)
        wanted = made(manifest.content, self._texts.values())
        self._rows = folder / wanted.place
        if not (self._rows / MADE).is_file():
            raise NotFound(
                f"{folder} has no rows of these texts for {release}: run 'khabar restore {release} --from PLACE"
                f" --to {folder}'"
            )
        self._made = decoded((self._rows / MADE).read_bytes(), Made, str(self._rows / MADE))
        if msgspec.structs.replace(self._made, files={}) != wanted:
            raise BadRecord(f"{self._rows / MADE}: it is of other texts or another release: restore the texts again")

    @property
    def texts(self) -> str:
        """Digest of the texts that are filled in, with the places of their spans where they drifted."""
        return self._made.texts

    def filled(self, tables: Iterable[pa.Table], place: str) -> Iterator[pa.Table]:
        """Yield rows with those of restored articles instead of their own, and the column `COLUMN`.

        Args:
            tables: The rows of a split, part by part.
            place: CONFIG/SPLIT.

        Raises:
            BadRecord: the rows are not those that were made, or not of the same form.
        """
        own: pa.Table | None = None
        places: dict[str, list[int]] = {key: [] for key in self._texts}
        for table in tables:
            if own is None:
                own = self._own_rows(table.schema, place)
                for row, key in enumerate(articles_in(own)):
                    places[key].append(row)
            yield _exchanged(table, own, places)

    def _own_rows(self, schema: pa.Schema, place: str) -> pa.Table:
        """Return the rows that were made for CONFIG/SPLIT, none where no article of it was restored."""
        name = f"{place}.parquet"
        path = self._rows / name
        if name not in self._made.files:
            return _wide(schema.empty_table(), [])
        if not path.is_file() or sha256_of(path) != self._made.files[name]:
            raise BadRecord(f"{path}: it is not what was made with these texts: restore the texts again")
        try:
            found = pq.read_table(path, page_checksum_verification=True, partitioning=None).cast(schema)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise BadRecord(f"{path}: {str(error).splitlines()[0]}: restore the texts again") from None
        return _wide(found, [self._texts[key].text_sha256 for key in articles_in(found)])


def _wide(table: pa.Table, digests: list[str | None]) -> pa.Table:
    return table.append_column(pa.field(COLUMN, pa.string()), pa.array(digests, pa.string()))


def _exchanged(table: pa.Table, own: pa.Table, places: dict[str, list[int]]) -> pa.Table:
    """Return rows with those of restored articles instead of their own, all of them where its first one stood.

    Args:
        table: Some rows of a split.
        own: The rows that were made for it.
        places: The numbers of an article's rows among them; what was put in its place is taken out.
    """
    order: list[int] = []
    taken: list[int] = []
    for row, key in enumerate(articles_in(table)):
        if key not in places:
            order.append(row)
            continue
        order += range(len(table) + len(taken), len(table) + len(taken) + len(places[key]))
        taken += places[key]
        places[key] = []
    rows = _wide(table, [None] * len(table))
    return pa.concat_tables([rows, own.take(pa.array(taken, pa.int64()))]).take(pa.array(order, pa.int64()))


def _own(texts: dict[str, Restored], table: pa.Table, folder: Path) -> dict[str, Restored]:
    """Return those of the texts that are of articles of a table."""
    found = {}
    for key, sha256 in zip(table["id"].to_pylist(), table["sha256"].to_pylist(), strict=True):
        if key not in texts:
            continue
        if texts[key].sha256 != sha256:
            raise Changed(
                f"{folder}: the text of {key} is of {texts[key].sha256[:DIGEST_SHOWN]}, the release has"
                f" {sha256[:DIGEST_SHOWN]}: restore the text for this release"
            )
        found[key] = texts[key]
    return found
