"""Proofs that an event is in the log, and that the log only grew; `meaning.proofs` checks them.

A commit's digest covers the one before it, so a proof up to a later digest lists every commit between: 48
bytes each. A root over the digests of all commits is reached by a path, as long as the tree is high.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from timeline.errors import BadInput, Corruption, NotFound, brief
from timeline.log.file import Commit, CommitRecord, LogFile, digest_of, records_of, schema
from timeline.log.log import Log
from timeline.log.merkle import (
    consistency_path,
    inclusion_path,
    merkle_root,
    packed_ids,
    roots_by_size,
    split,
)
from timeline.meaning.columns import ERASED
from timeline.meaning.identity import HASHED, content_of, content_texts
from timeline.meaning.proofs import PROOF_VERSION, check_proof, packed_commit

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["prove_event", "prove_growth", "tree_root"]


class _End(NamedTuple):
    """Where a proof ends or begins: a commit, by its digest or by the root over it and all before."""

    commit: int
    tree: str | None


def tree_root(log: Log, until: int | None = None) -> str:
    """Return the root over the digests of the commits up to number `until`, or of all, as hexadecimal digits.

    That is the tree hash of RFC 9162 over the digests, each taken as its 32 bytes.
    """
    return merkle_root(map(digest_of, log.commits(until=until))).hex()


def prove_event(
    log: Log, position: int, head: int, *, until: str | None = None, tree: bool = False
) -> dict[str, Any]:
    """Return the proof that an event is in the log up to commit `head`, as a document of JSON.

    `until` ends it at an earlier commit, which has this digest, or with which the root over all commits was
    this. With `tree` it ends at the root over all commits up to `head`. Raises NotFound where no commit has
    that digest or root, BadInput where the event came later.
    """
    records = log.records(until=head)
    end = _end_at(records, until, tree)
    own = next(record for record in records if record.commit.last_position >= position)
    number = own.commit.number
    if number > end.commit:
        raise BadInput(
            f"the event at position {position} came with commit {number}, after commit {end.commit}, "
            "at which the proof has to end"
        )
    ids, content = log.of_commit(number, lambda file: _read(file, own.commit, position))
    index = position - own.commit.first_position
    document: dict[str, Any] = {
        "timeline_proof": PROOF_VERSION,
        "kind": "inclusion",
        "event_id": ids[index].hex(),
        "position": position,
        "content": content,
        "commit": _header(own, records),
        "path": _hex(inclusion_path(ids, index)),
    }
    if content is None:
        del document["content"]
    if end.tree is not None:
        digests = [digest_of(record.commit) for record in records[: end.commit]]
        document["tree_path"] = _hex(inclusion_path(digests, number - 1))
    return _ended(document, records, number, end)


def prove_growth(
    log: Log, since: str, head: int, *, until: str | None = None, tree: bool = False
) -> dict[str, Any]:
    """Return the proof that the log up to commit `head` continues the one that ended with `since`.

    `since` is a digest that was noted before, or a root over all commits; then the proof is a path, and ends
    at such a root. `until`, `tree` and what is raised are as in `prove_event`.
    """
    records = log.records(until=head)
    start = _end_at(records, since, False)
    end = _end_at(records, until, tree or (until is None and start.tree is not None))
    if (start.tree is None) != (end.tree is None):
        raise BadInput(
            "one of the two is the digest of a commit and the other a root over all commits; "
            "expected two digests or two roots"
        )
    if start.commit > end.commit:
        raise BadInput(
            f"commit {start.commit} is later than commit {end.commit}, at which the proof has to end"
        )
    document: dict[str, Any] = {"timeline_proof": PROOF_VERSION, "kind": "consistency"}
    if start.tree is not None:
        digests = [digest_of(record.commit) for record in records[: end.commit]]
        document["since"] = {"commit": start.commit, "tree": start.tree}
        document["path"] = _hex(consistency_path(digests, start.commit))
    else:
        own = records[start.commit - 1]
        document["since"] = _header(own, records) | {"root": own.root, "digest": own.commit.digest}
    return _ended(document, records, start.commit, end)


def _end_at(records: Sequence[CommitRecord], digest: str | None, tree: bool) -> _End:
    """Return the commit that has a digest or is the last of a root; without one the last of all."""
    if not records:
        raise NotFound("nothing is recorded yet")
    if digest is None:
        root = merkle_root(digest_of(record.commit) for record in records).hex() if tree else None
        return _End(len(records), root)
    digest = digest.lower()
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise BadInput(f"got {brief(digest)} as a digest; expected 64 hexadecimal digits")
    for record in records:
        if record.commit.digest == digest and not tree:
            return _End(record.commit.number, None)
    roots = roots_by_size(digest_of(record.commit) for record in records)
    for size, found in enumerate(roots, 1):
        if found.hex() == digest:
            return _End(size, digest)
    what = "root over all commits" if tree else "digest"
    last = records[-1].commit
    raise NotFound(
        f"no commit has the {what} {digest}; the log ends with commit {last.number}, whose digest is "
        f"{last.digest}: it is another log, was changed, or has lost its last commits"
    )


def _header(own: CommitRecord, records: Sequence[CommitRecord]) -> dict[str, Any]:
    commit = own.commit
    before = records[commit.number - 2].commit if commit.number > 1 else None
    return {
        "number": commit.number,
        "first_position": commit.first_position,
        "count": commit.count,
        "recorded_at": commit.recorded_at,
        "previous": digest_of(before).hex(),
    }


def _ended(
    document: dict[str, Any], records: Sequence[CommitRecord], number: int, end: _End
) -> dict[str, Any]:
    """Return a document with what leads from its commit to its end; raises Corruption where nothing does."""
    if end.tree is not None:
        document["head"] = {"commit": end.commit, "tree": end.tree}
    else:
        packed = b"".join(
            packed_commit(record.commit.count, record.commit.recorded_at, bytes.fromhex(record.root))
            for record in records[number : end.commit]
        )
        document["chain"] = base64.b64encode(packed).decode()
        document["head"] = {"commit": end.commit, "digest": records[end.commit - 1].commit.digest}
    # A log that was changed gives no proof.
    check_proof(document)
    return document


def _hex(path: Sequence[bytes]) -> list[str]:
    return [step.hex() for step in path]


def _read(file: LogFile, commit: Commit, position: int) -> tuple[list[bytes], dict[str, str] | None]:
    """Return the ids of a commit's events, and the content of the one at a position, from their file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    before = records_of(file)[0].commit.first_position
    try:
        with pq.ParquetFile(file.path, pre_buffer=False) as opened:
            ids = opened.read(["event_id"]).column(0).slice(commit.first_position - before, commit.count)
            found = _row(opened, position - before)
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise Corruption(f"{file.path}: cannot be read: {error}") from error
    # Of an event that was erased the id is proven, and that alone.
    content = None if found["status"] == ERASED else content_texts(content_of(found))
    return [each for packed in packed_ids(ids) for each in split(packed)], content


def _row(opened: Any, at: int) -> dict[str, object]:
    """Return what is hashed of a row of a file, instants as microseconds."""
    import pyarrow as pa

    group = 0
    while at >= (count := opened.metadata.row_group(group).num_rows):
        at, group = at - count, group + 1
    row: pa.Table = opened.read_row_group(group, [*HASHED, "inherited"]).slice(at, 1)
    instants = {name for name in row.column_names if pa.types.is_timestamp(schema().field(name).type)}
    return {
        name: (row[name].cast(pa.int64()) if name in instants else row[name])[0].as_py()
        for name in row.column_names
    }
