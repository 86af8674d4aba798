"""Paths that DuckDB would read as something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from timeline.log.paths import parquet_source, plain_folder, quoted, writable_database

ODD = ["plain", "a?b", "a\\b", "s3:x", "[a]*"]


def rows(query: str) -> list[Any]:
    return duckdb.execute(query).fetchall()


@pytest.mark.parametrize("name", ODD)
def test_files_in_a_folder_of_any_name_are_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "other").mkdir()
    for at, within in enumerate((folder, tmp_path / "other")):
        duckdb.execute(f"COPY (SELECT {at} AS a) TO {quoted(tmp_path / 'one.parquet')} (FORMAT parquet)")
        (tmp_path / "one.parquet").rename(within / "a=1.parquet")
    with plain_folder(folder) as plain:
        assert plain.is_absolute()
        assert plain.samefile(folder)
        assert (plain == folder) is not ("?" in name or "\\" in name)
        assert rows(f"FROM {parquet_source([plain / 'a=1.parquet'])}") == [(0,)]
    assert folder.is_dir()
    assert plain.exists() is (plain == folder)


@pytest.mark.parametrize("name", [name for name in ODD if "\\" not in name])
def test_a_database_is_made_and_changed_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    path = folder / "a.duckdb"
    for at in (1, 2):
        with writable_database(path) as written:
            assert (written == path) is not ("?" in name)
            with duckdb.connect(str(written)) as con:
                con.execute("CREATE TABLE IF NOT EXISTS many (a INTEGER)")
                con.execute(f"INSERT INTO many VALUES ({at})")
                assert con.execute("SELECT count(*) FROM many").fetchall() == [(at,)]
        assert [found.name for found in folder.iterdir()] == ["a.duckdb"]


def test_a_text_is_quoted_as_sql_has_it() -> None:
    for text in ("", "it's", "''", "a\\b", "\n"):
        assert rows(f"SELECT {quoted(text)}") == [(text,)]
    assert quoted(Path("/a'b")) == "'/a''b'"
