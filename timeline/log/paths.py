"""Paths as DuckDB takes them: a name that it would read as a pattern, a URL or a partition stays a name.

DuckDB expands `*`, `?` and `[` in the paths of Parquet files, takes `md:` and `s3:` for remote places, turns
`\\` into `/`, and ends the path of a database at `?`. A store may lie in a folder of any such name.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["can_be_connected", "parquet_source", "plain_folder", "quoted", "writable_database"]

#: What no escape protects in the path of a database.
_NEVER_PLAIN: Final = re.compile(r"[?\\]")
_PATTERN: Final = re.compile(r"[*?\[]")


def quoted(text: object) -> str:
    """Return a text as a literal of SQL.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def parquet_source(paths: Iterable[str | Path]) -> str:
    """Return a call of DuckDB's `read_parquet` that reads these files, and nothing out of their names.

    Paths have to be absolute, in folders that are plain (see `plain_folder`).

    >>> parquet_source(["/desk/[a]/1.parquet"])
    "read_parquet(['/desk/[[]a]/1.parquet'], hive_partitioning=false)"
    """
    listed = ", ".join(quoted(_PATTERN.sub(r"[\g<0>]", str(path))) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning=false)"


def can_be_connected(folder: Path) -> bool:
    r"""Whether DuckDB opens the databases of a folder as such; ATTACH opens those of all plain folders.

    It follows links before it turns `\\` into `/`, and would open what lies in another folder.

    >>> can_be_connected(Path("/desk/back\\slash")), can_be_connected(Path("/desk/wh?t"))
    (False, True)
    """
    return "\\" not in str(folder.resolve())


@contextmanager
def writable_database(path: Path) -> Iterator[Path]:
    """Yield a path at which DuckDB can make or change a database, which is at `path` once the block is done.

    That is `path`, in a folder that is plain, or, where there is a `?` in it, a path in a temporary folder:
    DuckDB would keep the write-ahead log in a folder that there is not.
    """
    if "?" not in str(path.absolute().resolve()):
        with plain_folder(path.parent) as folder:
            yield folder / path.name
        return
    with tempfile.TemporaryDirectory(prefix="timeline-") as within:
        elsewhere = Path(within) / "database.duckdb"
        if path.exists():
            shutil.copyfile(path, elsewhere)
        yield elsewhere
        shutil.copyfile(elsewhere, path)


@contextmanager
def plain_folder(folder: str | Path) -> Iterator[Path]:
    """Yield an absolute path of a folder that DuckDB can open files in, valid within the block.

    That is the folder itself, or a symbolic link to it where its path has a `?` or a backslash.

    >>> with plain_folder("/tmp") as folder:
    ...     str(folder)
    '/tmp'
    """
    absolute = Path(folder).absolute()
    if not _NEVER_PLAIN.search(str(absolute)):
        yield absolute
        return
    with tempfile.TemporaryDirectory(prefix="timeline-") as within:
        link = Path(within) / "folder"
        link.symlink_to(absolute, target_is_directory=True)
        yield link
