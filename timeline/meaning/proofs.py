"""Proofs that an event is in a log, and that a log only grew: how they are checked, without any store.

The trees are those of RFC 9162, section 2.1. A log has two kinds: over the event ids of one commit, whose
root is in the commit's digest, and over the digests of all commits. `docs/formats.md` describes the
documents. Everything here needs Python's own library and `errors`, and no more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from timeline.errors import BadInput, Corruption, brief

__all__ = [
    "PROOF_VERSION",
    "Proved",
    "check_proof",
    "commit_bytes",
    "commit_digest",
    "consistent_roots",
    "content_id",
    "included_root",
    "leaf_hash",
    "node_hash",
    "packed_commit",
]

#: The version of the documents, which each has as `timeline_proof`.
PROOF_VERSION: Final = 1

_HASH: Final = re.compile("[0-9a-f]{64}")
_LARGEST: Final = 2**63 - 1
#: How a chain has a commit: count and `recorded_at`, each of 8 bytes, and the root.
_IN_CHAIN: Final = struct.Struct(">qq32s")
_HEADER: Final = ("number", "first_position", "count", "recorded_at", "previous")


# Hashes


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def commit_digest(
    previous: bytes, number: int, first_position: int, count: int, recorded_at: int, root: bytes
) -> bytes:
    """Return the digest of a commit: SHA-256 of 96 bytes, which `docs/formats.md` lists.

    `previous` and `root` are 32 bytes.
    """
    return hashlib.sha256(commit_bytes(previous, number, first_position, count, recorded_at, root)).digest()


def commit_bytes(
    previous: bytes, number: int, first_position: int, count: int, recorded_at: int, root: bytes
) -> bytes:
    """Return the 96 bytes whose SHA-256 is the digest of a commit."""
    return previous + struct.pack(">qqqq", number, first_position, count, recorded_at) + root


def content_id(content: Mapping[str, str]) -> str:
    """Return the id of an event with this content, each part as the text that is hashed.

    >>> content_id({"event_type": "reported", "fact": "nvidia/ceo", "text": "jensen-huang"})[:16]
    '429dda9ba47b77ed'
    """
    parts = (f"\x1e{name}\x1f{content[name]}" for name in sorted(content))
    return hashlib.sha256(("timeline/1" + "".join(parts)).encode()).hexdigest()


def packed_commit(count: int, recorded_at: int, root: bytes) -> bytes:
    """Return a commit as the `chain` of a proof has it."""
    return _IN_CHAIN.pack(count, recorded_at, root)


# Trees


def included_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a path leads to from the leaf at `index`, from 0, of `size`: RFC 9162, 2.1.3.2.

    Raises Corruption where the path is not as long as that tree needs.
    """
    node, last, found = index, size - 1, leaf_hash(leaf)
    for step in path:
        if last == 0:
            raise Corruption(f"the path has {len(path)} hashes, more than a tree of {size} has levels")
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    if last:
        raise Corruption(f"the path has {len(path)} hashes, fewer than a tree of {size} needs")
    return found


def consistent_roots(before: bytes, first: int, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots over the first `first` and `second` leaves that a path leads to: RFC 9162, 2.1.4.2.

    `before` is the root over the first ones as it was noted. Raises Corruption where the path is not as
    long as these sizes need.
    """
    if first == second:
        if path:
            raise Corruption(f"the path has {len(path)} hashes, expected none between equal sizes")
        return before, before
    steps = [before, *path] if first & (first - 1) == 0 else list(path)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not steps:
        raise Corruption("the path has no hashes, expected some between different sizes")
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Corruption(f"the path has {len(path)} hashes, more than sizes {first} and {second} need")
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    if last:
        raise Corruption(f"the path has {len(path)} hashes, fewer than sizes {first} and {second} need")
    return old, new


# Documents


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof shows, provided that `head` is a digest or a root that is known from elsewhere.

    `kind` is inclusion or consistency; `head_commit` is the number of the commit that `head` is of. `tree` is
    True where `head` is no digest but the root over all commits up to that one. Of an inclusion there are the
    event's id, its position, its content where the proof has it, and the commit with the instant of
    recording, in microseconds since 1970. Of a consistency `since` is what the log grew from, and `commit`
    the number of its commit.
    """

    kind: str
    head: str
    head_commit: int
    tree: bool
    commit: int
    event_id: str | None = None
    position: int | None = None
    recorded_at: int | None = None
    content: Mapping[str, str] | None = None
    since: str | None = None


def check_proof(
    document: Mapping[str, Any], *, expect: str | None = None, since: str | None = None
) -> Proved:
    """Check a proof and return what it shows; needs no store.

    `expect` is a digest, or a root over all commits, that is known from elsewhere: the proof has to end
    there. `since` is one that a proof of consistency has to begin at. Without them a proof shows what it does
    about some log, and the caller has to compare `head` (and `since`) with what was noted. Raises BadInput
    for what is no proof, Corruption for a proof that does not hold or leads elsewhere.

    >>> event = {"event_type": "reported", "fact": "nvidia/ceo", "text": "jensen-huang"}
    >>> root = leaf_hash(bytes.fromhex(content_id(event)))
    >>> proof = {
    ...     "timeline_proof": 1,
    ...     "kind": "inclusion",
    ...     "event_id": content_id(event),
    ...     "position": 1,
    ...     "content": event,
    ...     "commit": {
    ...         "number": 1, "first_position": 1, "count": 1, "recorded_at": 0, "previous": "00" * 32
    ...     },
    ...     "path": [],
    ...     "chain": "",
    ...     "head": {"commit": 1, "digest": commit_digest(bytes(32), 1, 1, 1, 0, root).hex()},
    ... }
    >>> check_proof(proof).position
    1
    """
    if not isinstance(document, Mapping):
        raise BadInput(f"a proof is {brief(document)}; expected an object of JSON")
    if (version := document.get("timeline_proof")) != PROOF_VERSION or isinstance(version, bool):
        raise BadInput(
            f"timeline_proof is {brief(version)}; expected {PROOF_VERSION}, or a later Timeline to check it"
        )
    kind = document.get("kind")
    if kind == "inclusion":
        found = _inclusion(document)
    elif kind == "consistency":
        found = _consistency(document)
    else:
        raise BadInput(f"kind is {brief(kind)}; expected inclusion or consistency")
    for what, wanted, got in (("ends at", expect, found.head), ("begins at", since, found.since)):
        if wanted is not None and wanted.lower() != got:
            raise Corruption(f"the proof {what} {got}, expected {wanted.lower()}")
    return found


def _inclusion(document: Mapping[str, Any]) -> Proved:
    by_tree = "tree_path" in document
    names = ("event_id", "position", "commit", "path", "tree_path" if by_tree else "chain", "head")
    proof = _fields(document, "the proof", ("timeline_proof", "kind", *names), ("content",))
    event_id = _hash(proof["event_id"], "event_id")
    position = _number(proof["position"], "position")
    commit = _fields(proof["commit"], "commit", _HEADER)
    number, first, count, recorded_at, previous = _header(commit)
    if not first <= position < first + count:
        raise Corruption(f"position {position} is not in commit {number}: {first} to {first + count - 1}")
    content = proof.get("content")
    if content is not None:
        _check_content(content, event_id)
    path = _hashes(proof["path"], "path")
    root = included_root(bytes.fromhex(event_id), position - first, count, path)
    digest = commit_digest(previous, number, first, count, recorded_at, root)
    if by_tree:
        size, tree = _head(proof["head"], "head", "tree")
        if number > size:
            raise Corruption(f"commit {number} is behind the head, which is commit {size}")
        found = included_root(digest, number - 1, size, _hashes(proof["tree_path"], "tree_path"))
        _equal(found, tree, "the paths lead to the root")
        head, head_commit = tree.hex(), size
    else:
        head, head_commit = _follow(proof, (number, first, count, recorded_at), digest)
    return Proved("inclusion", head, head_commit, by_tree, number, event_id, position, recorded_at, content)


def _consistency(document: Mapping[str, Any]) -> Proved:
    by_tree = "path" in document
    proof = _fields(
        document, "the proof", ("timeline_proof", "kind", "since", "path" if by_tree else "chain", "head")
    )
    if by_tree:
        first, before = _head(proof["since"], "since", "tree")
        second, after = _head(proof["head"], "head", "tree")
        if first > second:
            raise Corruption(f"the log had {first} commits, more than the {second} of its head")
        old, new = consistent_roots(before, first, second, _hashes(proof["path"], "path"))
        _equal(old, before, f"over {first} commits the path leads to the root")
        _equal(new, after, f"over {second} commits the path leads to the root")
        return Proved("consistency", after.hex(), second, True, first, since=before.hex())
    since = _fields(proof["since"], "since", (*_HEADER, "root", "digest"))
    number, first, count, recorded_at, previous = _header(since)
    digest = commit_digest(
        previous, number, first, count, recorded_at, bytes.fromhex(_hash(since["root"], "root"))
    )
    _equal(digest, bytes.fromhex(_hash(since["digest"], "digest")), f"commit {number} has the digest")
    head, head_commit = _follow(proof, (number, first, count, recorded_at), digest)
    return Proved(
        "consistency", head, head_commit, False, number, since=digest.hex(), recorded_at=recorded_at
    )


def _follow(proof: Mapping[str, Any], commit: tuple[int, int, int, int], digest: bytes) -> tuple[str, int]:
    """Return the digest at the end of a proof's chain, which has to be that of its head, and its number."""
    number, first, count, recorded_at = commit
    for more, later, root in _chain(proof["chain"]):
        number, first, count = number + 1, first + count, more
        if later <= recorded_at or count < 1:
            raise Corruption(f"commit {number} of the chain has {count} events, recorded at {later}")
        recorded_at = later
        digest = commit_digest(digest, number, first, count, recorded_at, root)
    last, expected = _head(proof["head"], "head", "digest")
    if last != number:
        raise Corruption(f"the chain ends at commit {number}, expected the head's {last}")
    _equal(digest, expected, "the chain leads to the digest")
    return digest.hex(), number


def _chain(text: object) -> Iterator[tuple[int, int, bytes]]:
    try:
        packed = base64.b64decode(str(text), validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        packed = None
    if packed is None or len(packed) % _IN_CHAIN.size:
        raise BadInput(f"chain is {brief(text)}; expected base64 of {_IN_CHAIN.size} bytes for each commit")
    yield from _IN_CHAIN.iter_unpack(packed)


def _check_content(content: object, event_id: str) -> None:
    if not isinstance(content, Mapping) or not all(
        isinstance(part, str) for pair in content.items() for part in pair
    ):
        raise BadInput(f"content is {brief(content)}; expected an object of texts")
    if any(sign in part for pair in content.items() for part in pair for sign in "\x1e\x1f"):
        raise BadInput("content holds a separator, U+001E or U+001F, which no event has")
    try:
        found = content_id(content)
    except UnicodeEncodeError:
        raise BadInput("content holds half of a surrogate pair, which is no character") from None
    if found != event_id:
        raise Corruption(f"the content has the id {found}, expected {event_id}")


def _equal(found: bytes, expected: bytes, what: str) -> None:
    if found != expected:
        raise Corruption(f"{what} {found.hex()}, expected {expected.hex()}")


def _fields(
    found: object, where: str, names: Sequence[str], optional: Sequence[str] = ()
) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise BadInput(f"{where} is {brief(found)}; expected an object")
    if missing := [name for name in names if name not in found]:
        raise BadInput(f"{where} has no {', '.join(missing)}")
    if more := [name for name in found if name not in (*names, *optional)]:
        raise BadInput(f"{where} has {brief(more[0])}, which means nothing there")
    return found


def _head(found: object, where: str, kind: str) -> tuple[int, bytes]:
    head = _fields(found, where, ("commit", kind))
    return _number(head["commit"], f"{where}.commit"), bytes.fromhex(_hash(head[kind], f"{where}.{kind}"))


def _header(commit: Mapping[str, Any]) -> tuple[int, int, int, int, bytes]:
    number, first, count = (_number(commit[name], name) for name in _HEADER[:3])
    recorded_at = _number(commit["recorded_at"], "recorded_at", at_least=-_LARGEST)
    previous = bytes.fromhex(_hash(commit["previous"], "previous"))
    if first + count - 1 > _LARGEST or first < number:
        raise BadInput(f"commit {number} has {count} events from position {first} on, which none can have")
    return number, first, count, recorded_at, previous


def _number(found: object, name: str, at_least: int = 1) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not at_least <= found <= _LARGEST:
        raise BadInput(f"{name} is {brief(found)}; expected a whole number from {at_least} on")
    return found


def _hash(found: object, name: str) -> str:
    if not isinstance(found, str) or not _HASH.fullmatch(found):
        raise BadInput(f"{name} is {brief(found)}; expected 64 hexadecimal digits, in lower case")
    return found


def _hashes(found: object, name: str) -> list[bytes]:
    if not isinstance(found, list):
        raise BadInput(f"{name} is {brief(found)}; expected a list of hashes")
    return [bytes.fromhex(_hash(each, name)) for each in found]
