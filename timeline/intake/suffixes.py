"""Which format a file has by its name, and its bytes, taken out of gzip where its name ends so."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import Final

from timeline.atomic import no_file
from timeline.errors import BadInput, Place, nearest
from timeline.intake.batch import FORMATS

__all__ = ["GZIP", "check_file", "check_there", "content_of", "format_of", "too_large", "unpacked_at_most"]

GZIP: Final = ".gz"
#: A large file may unpack to so many times its own bytes.
_TIMES: Final = 50


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
    """Return the bytes of a file, taken out of gzip where its name ends so.

    Raises BadInput where that is no whole gzip, and where it unpacks to more than `unpacked_at_most` says.
    """
    content = path.read_bytes()
    if path.suffix.lower() != GZIP:
        return content
    most = unpacked_at_most(len(content))
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(most + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadInput(f"not a whole gzip file: {error}", Place(name)) from None
    if len(unpacked) > most:
        raise too_large(name, len(content))
    return unpacked


def unpacked_at_most(size: int, least: int = 64 * 2**20) -> int:
    """Return how many bytes a compressed file of this size may unpack to: 50 times as many, or `least`.

    >>> unpacked_at_most(1_000), unpacked_at_most(10_000_000)
    (67108864, 500000000)
    """
    return max(least, _TIMES * size)


def too_large(name: str, size: int, least: int = 64 * 2**20) -> BadInput:
    """Return the error of a compressed file of this size that unpacks to too much."""
    return BadInput(
        f"its {size:,} bytes unpack to more than {unpacked_at_most(size, least):,}; "
        "unpack it, or split it, if it is meant so",
        Place(name),
    )
