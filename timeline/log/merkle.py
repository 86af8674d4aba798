"""Merkle trees over the event ids of a commit, as RFC 9162 defines them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from timeline.errors import TimelineError
from timeline.meaning.proofs import leaf_hash, node_hash

__all__ = [
    "MerkleTree",
    "consistency_path",
    "inclusion_path",
    "merkle_root",
    "packed_ids",
    "roots_by_size",
    "split",
    "unpacked_ids",
]

#: How many leaves make a part of a tree that is folded by itself, so that not all are kept in memory.
_ALIGNED = 2**16


class MerkleTree:
    """The Merkle tree of RFC 9162, section 2.1.1, over leaves that come part by part, in their order.

    Pairing neighbours level by level, and carrying an odd last one up as it is, makes the very tree
    that the RFC defines by splitting at the largest power of two; so do aligned parts of it.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._level: list[bytes] = []

    def add(self, leaves: Iterable[bytes]) -> None:
        sha256 = hashlib.sha256
        remaining = iter(leaves)
        room = _ALIGNED - len(self._level)
        while more := [sha256(b"\x00" + leaf).digest() for leaf in islice(remaining, room)]:
            self._level += more
            if len(self._level) == _ALIGNED:
                self._parts.append(_folded(self._level))
                self._level = []
            room = _ALIGNED - len(self._level)

    def add_ids(self, event_ids: Any) -> None:
        """Add an Arrow column of event ids, each taken as its 32 bytes."""
        for packed in packed_ids(event_ids):
            self.add(split(packed))

    def root(self) -> bytes:
        """Return the tree hash over all that was added."""
        parts = [*self._parts, _folded(self._level)] if self._level else self._parts
        return _folded(parts) if parts else hashlib.sha256().digest()


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the Merkle tree hash of RFC 9162, section 2.1.1, over byte strings in their order.

    >>> merkle_root([]).hex()[:16]
    'e3b0c44298fc1c14'
    """
    tree = MerkleTree()
    tree.add(leaves)
    return tree.root()


def _folded(level: list[bytes]) -> bytes:
    sha256 = hashlib.sha256
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion path of the leaf at `index`, from 0, as RFC 9162, section 2.1.3.1, defines it.

    >>> [step.hex()[:8] for step in inclusion_path([b"a", b"b", b"c"], 2)]
    ['b137985f']
    """
    low, high = 0, len(leaves)
    path = []
    while high - low > 1:
        middle = low + _left_of(high - low)
        if index < middle:
            path.append(merkle_root(leaves[middle:high]))
            high = middle
        else:
            path.append(merkle_root(leaves[low:middle]))
            low = middle
    return path[::-1]


def consistency_path(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the path from the tree over the `first` leaves to that over all: RFC 9162, section 2.1.4.1.

    `first` is at least 1, and no more than there are leaves.
    """
    low, high = 0, len(leaves)
    path = []
    while first < high:
        middle = low + _left_of(high - low)
        if first <= middle:
            path.append(merkle_root(leaves[middle:high]))
            high = middle
        else:
            path.append(merkle_root(leaves[low:middle]))
            low = middle
    # The root over the first leaves is what the reader of the proof has.
    if low:
        path.append(merkle_root(leaves[low:high]))
    return path[::-1]


def roots_by_size(leaves: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the tree hash over the first leaf, the first two, and so on."""
    complete: list[bytes] = []
    for size, leaf in enumerate(leaves, 1):
        complete.append(leaf_hash(leaf))
        # As many trees become one as the size has factors of two.
        for _ in range((size & -size).bit_length() - 1):
            right = complete.pop()
            complete[-1] = node_hash(complete[-1], right)
        root = complete[-1]
        for left in complete[-2::-1]:
            root = node_hash(left, root)
        yield root


def _left_of(size: int) -> int:
    """Return how many leaves the left part of a tree of `size`, at least 2, has."""
    return 1 << (size - 1).bit_length() - 1


def packed_ids(event_ids: Any) -> Iterator[bytes]:
    """Yield the bytes of a column of event ids, one after the other, chunk by chunk."""
    import pyarrow.compute as pc

    for chunk in getattr(event_ids, "chunks", [event_ids]):
        if not len(chunk):
            continue
        # One conversion of the whole chunk; row by row takes far longer.
        _, offsets, texts = chunk.buffers()
        ends = memoryview(offsets).cast("i")
        lengths: Any = pc.min_max(pc.binary_length(chunk)).as_py()
        ids = b""
        if lengths == {"min": 64, "max": 64} and not chunk.null_count:
            with suppress(ValueError):
                ids = bytes.fromhex(
                    str(memoryview(texts)[ends[chunk.offset] : ends[chunk.offset + len(chunk)]], "ascii")
                )
        if len(ids) != 32 * len(chunk):
            raise _no_id()
        yield ids


def unpacked_ids(event_ids: Iterable[str | None]) -> list[bytes]:
    """Return event ids, each as its 32 bytes."""
    texts = [event_id or "" for event_id in event_ids]
    try:
        ids = [bytes.fromhex(text) for text in texts]
    except ValueError:
        raise _no_id() from None
    # Spaces between the digits are passed over.
    if any(len(text) != 64 for text in texts) or any(len(packed) != 32 for packed in ids):
        raise _no_id()
    return ids


def _no_id() -> TimelineError:
    return TimelineError("every event needs an event_id of 64 hexadecimal digits")


def split(packed: bytes) -> Iterator[bytes]:
    """Return the ids in bytes that `packed_ids` made."""
    return (packed[at : at + 32] for at in range(0, len(packed), 32))
