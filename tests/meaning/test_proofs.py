"""Proofs written by hand: of commits that no log makes, and of paths of the wrong length."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from timeline.errors import BadInput, Corruption
from timeline.meaning.proofs import check_proof, commit_digest, consistent_roots, included_root

ROOT = b"\x01" * 32
LARGEST = 2**63 - 1


def grown(
    number: int, first: int, count: int, recorded_at: int, *chain: tuple[int, int, bytes]
) -> dict[str, Any]:
    """Return a proof, with digests that fit, that a log has grown from one commit by those of a chain."""
    digest = commit_digest(bytes(32), number, first, count, recorded_at, ROOT)
    since = {
        "number": number,
        "first_position": first,
        "count": count,
        "recorded_at": recorded_at,
        "previous": bytes(32).hex(),
        "root": ROOT.hex(),
        "digest": digest.hex(),
    }
    for more, later, root in chain:
        number, first, count = number + 1, first + count, more
        digest = commit_digest(digest, number, first, count, later, root)
    packed = b"".join(struct.pack(">qq32s", *commit) for commit in chain)
    return {
        "timeline_proof": 1,
        "kind": "consistency",
        "since": since,
        "chain": base64.b64encode(packed).decode(),
        "head": {"commit": number, "digest": digest.hex()},
    }


def test_a_chain_of_commits_is_followed_to_its_head() -> None:
    proof = grown(3, 10, 2, 100, (1, 101, ROOT), (5, 200, ROOT))
    found = check_proof(proof)
    assert (found.kind, found.commit, found.head_commit) == ("consistency", 3, 5)
    assert (found.since, found.head) == (proof["since"]["digest"], proof["head"]["digest"])
    assert found.recorded_at == 100


@pytest.mark.parametrize(
    ("count", "recorded_at"), [(1, 100), (1, 99), (0, 101), (-1, 101)], ids=["same", "before", "none", "less"]
)
def test_a_commit_of_a_chain_has_events_and_is_later_than_the_one_before(
    count: int, recorded_at: int
) -> None:
    with pytest.raises(
        Corruption, match=rf"commit 4 of the chain has {count} events, recorded at {recorded_at}"
    ):
        check_proof(grown(3, 10, 2, 100, (count, recorded_at, ROOT)))


def test_numbers_of_a_proof_are_those_that_64_bits_hold() -> None:
    last = check_proof(grown(LARGEST, LARGEST, 1, -LARGEST))
    assert (last.commit, last.recorded_at) == (LARGEST, -LARGEST)
    with pytest.raises(BadInput, match="2 events from position 9223372036854775807 on, which none can have"):
        check_proof(grown(1, LARGEST, 2, 0))
    with pytest.raises(BadInput, match=r"commit 3 has 1 events from position 2 on, which none can have"):
        check_proof(grown(3, 2, 1, 0))
    assert check_proof(grown(3, 3, 1, 0)).commit == 3
    for name, least in {"number": 1, "first_position": 1, "count": 1, "recorded_at": -LARGEST}.items():
        for bad in (least - 1, LARGEST + 1, True, "1", 1.0):
            proof = grown(1, 1, 1, 0)
            proof["since"][name] = bad
            with pytest.raises(BadInput, match=f"^{name} is .*; expected a whole number from {least} on"):
                check_proof(proof)


def test_a_path_is_as_long_as_the_sizes_need() -> None:
    one, two = b"\x02" * 32, b"\x03" * 32
    assert consistent_roots(one, 5, 5, []) == (one, one)
    with pytest.raises(Corruption, match="has 1 hashes, expected none between equal sizes"):
        consistent_roots(one, 5, 5, [two])
    # One leaf to two takes the other leaf.
    assert consistent_roots(one, 1, 2, [two])[0] == one
    with pytest.raises(Corruption, match="has 2 hashes, more than sizes 1 and 2 need"):
        consistent_roots(one, 1, 2, [two, two])
    with pytest.raises(Corruption, match="has 0 hashes, fewer than sizes 1 and 2 need"):
        consistent_roots(one, 1, 2, [])
    with pytest.raises(Corruption, match="has no hashes, expected some between different sizes"):
        consistent_roots(one, 3, 4, [])
    with pytest.raises(Corruption, match="has 0 hashes, fewer than a tree of 2 needs"):
        included_root(one, 0, 2, [])
    with pytest.raises(Corruption, match="has 2 hashes, more than a tree of 2 has levels"):
        included_root(one, 0, 2, [two, two])
