"""Bytes that a store has to receive: file by file, and chunk by chunk as a content-defined chunker cuts them.

Folders, buckets and archives take files; the Hub's client, with the hf-xet that it brings, sends chunks that the Hub
does not have yet.  The chunker is like that of xet: a gear hash over the last 64 bytes (Xia and others (2016),
"FastCDC: a fast and efficient content-defined chunking approach for data deduplication"), cut where its upper 16 bits
are zero, chunks of 8 to 128 KiB, 64 KiB aimed at.  Its table of random numbers is its own, so figures are like xet's,
not the same.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

LEAST, MOST = 8 << 10, 128 << 10
WINDOW = 64
_SHIFT = np.uint64(48)
_BLOCK = 8 << 20
_GEAR = np.random.default_rng(2026).integers(0, 2**64, 256, dtype=np.uint64)


def files(folder: Path) -> dict[str, bytes]:
    """Return the Parquet files below a folder by digest of their bytes: what a store of files tells apart."""
    return {hashlib.sha256(raw).hexdigest(): raw for raw in (path.read_bytes() for path in folder.rglob("*.parquet"))}


def new_by_file(before: Path, after: Path) -> int:
    """Return the bytes of files that were not there before."""
    known = files(before)
    return sum(len(raw) for key, raw in files(after).items() if key not in known)


def new_by_chunk(before: Path, after: Path) -> int:
    """Return the bytes of chunks that were not there before."""
    known = {key for raw in files(before).values() for key, _ in chunks(raw)}
    found = {key: size for raw in files(after).values() for key, size in chunks(raw)}
    return sum(size for key, size in found.items() if key not in known)


def chunks(raw: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield digest and size of each chunk."""
    cuts = np.concatenate([_candidates(raw, begin) for begin in range(0, len(raw), _BLOCK)])
    begin = 0
    while begin < len(raw):
        place = np.searchsorted(cuts, begin + LEAST)
        end = min(int(cuts[place]) if place < len(cuts) else len(raw), begin + MOST, len(raw))
        yield hashlib.blake2b(raw[begin:end], digest_size=16).digest(), end - begin
        begin = end


def _candidates(raw: bytes, begin: int) -> np.ndarray:
    """Return the places of a block behind which the hash would cut."""
    first = max(begin - WINDOW, 0)
    sums = _GEAR[np.frombuffer(raw[first : begin + _BLOCK], dtype=np.uint8)]
    # The hash of n bytes from that of n / 2: the older half is shifted n / 2 times more.
    half = 1
    while half < WINDOW:
        sums[half:] += sums[:-half].copy() << np.uint64(half)
        half *= 2
    return np.flatnonzero(sums[begin - first :] >> _SHIFT == 0) + begin + 1
