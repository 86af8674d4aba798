"""How a commit is shown, and what the names of files say of theirs."""

from __future__ import annotations

import pytest

from timeline.log.file import BLOCKS, Commit, block_of, log_files

ONE = Commit(1_234, 5_678, 1, 1_760_000_000_000_000, "ab" * 32)
MANY = Commit(2, 1_000, 1_001, 1_760_000_000_000_000, "ab" * 32)


def test_a_commit_is_shown_in_a_line() -> None:
    assert repr(ONE).startswith("<Commit #1234: 1 event at position 5,678, recorded 2025-10-09T")
    assert "1,001 events at positions 1,000 to 2,000, recorded 2025-10-09T" in repr(MANY)
    assert (ONE.last_position, MANY.last_position) == (5_678, 2_000)
    assert ", digest abababab" in repr(MANY)
    assert len(repr(MANY)) < 150


def test_a_notebook_shows_all_of_its_digest() -> None:
    shown = MANY._repr_html_()
    for part in ("Commit #2", "1,001 events at positions 1,000 to 2,000", "2025-10-09T", "ab" * 32):
        assert part in shown


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("000000000001.parquet", (1, 1)),
        ("000000000000.parquet", None),
        ("000000000042.parquet", (42, 42)),
        ("000000000001-000000000032.parquet", (1, 32)),
        ("000000000033-000000000064.parquet", (33, 64)),
        ("000000000002-000000000033.parquet", None),
        ("000000000001-000000000031.parquet", None),
        ("000000000001-000000000001.parquet", None),
        ("000000000000-000000000031.parquet", None),
        ("000000000001-000000001024.parquet", (1, 1_024)),
        ("000000000033-000000001056.parquet", None),
        ("000000032769-000000065536.parquet", (32_769, 65_536)),
        ("000000000032-000000000001.parquet", None),
        ("00000000001.parquet", None),
        ("000000000001.parquet.bak", None),
        ("x000000000001.parquet", None),
        ("00000000000\u0661.parquet", None),
    ],
)
def test_a_name_says_which_commits_a_file_holds(name: str, held: tuple[int, int] | None) -> None:
    found = [(file.first, file.last, file.path) for file in log_files("/log", [name])]
    assert found == ([] if held is None else [(*held, f"/log/{name}")])


def test_blocks_are_aligned() -> None:
    assert BLOCKS == (32, 1_024, 32_768)
    assert [block_of(number, 32) for number in (1, 32, 33, 1_025)] == [
        (1, 32),
        (1, 32),
        (33, 64),
        (1_025, 1_056),
    ]
    assert block_of(1_025, 1_024) == (1_025, 2_048)
