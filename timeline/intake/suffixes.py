"""Which format a file has by its name, and its bytes, taken out of gzip where its name ends so."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Final

from timeline.atomic import no_file
from timeline.errors import BadInput, Place, nearest
from timeline.intake.batch import FORMATS

__all__ = ["GZIP", "check_file", "check_there", "content_of", "format_of"]

GZIP: Final = ".gz"


def format_of(path: Path) -> str | None:
    """Return the format that a file's name ends in, with or without .gz; None for any other.

    >>> format_of(Path("a.CSV")), format_of(Path("a.csv.gz")), format_of(Path("a.doc"))
    ('csv', 'csv', None)
    """
    suffix = path.suffix.lower()
    if suffix == GZIP:
        suffix = path.with_suffix("").suffix.lower()
    return FORMATS.get(suffix)


def check_there(name: str | Path) -> None:
    """Raise BadInput, with the nearest name beside it, where nothing has a path.

    An empty text has none, though it would be the folder that one is in as a Path.
    """
    if os.path.exists(name):
        return
    path = Path(name)
    siblings = sorted(os.listdir(path.parent)) if os.path.isdir(path.parent) else []
    raise BadInput(f"no such file or folder: {os.fspath(name)!r}{nearest(path.name, siblings)}")


def check_file(path: Path, name: str) -> None:
    """Raise BadInput for what can be read as no file: a folder, a pipe, a device."""
    if (kind := no_file(path)) is not None:
        raise BadInput(
            f"is {kind}, expected a file; `timeline ingest -` reads what is piped to it", Place(name)
        )


def content_of(path: Path, name: str) -> bytes:
    """Return the bytes of a file; raises BadInput where its name ends in .gz and it is no whole gzip."""
    content = path.read_bytes()
    if path.suffix.lower() != GZIP:
        return content
    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"not a whole gzip file: {error}", Place(name)) from None
