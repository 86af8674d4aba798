"""What people hand over, read into drafts or a table: YAML, JSON, JSONL, CSV, Parquet and Arrow.

A reader knows the shape of a file and where things are in it. What an event may say is for `event`,
what the store knows for the intake. Written files become drafts, one mapping an event; columnar ones
stay tables, and no row of them becomes a Python object here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from timeline.errors import BadInput, Place
from timeline.intake.batch import BOM, FORMATS, Batch, decoded
from timeline.intake.documents import JsonReader, YamlReader, document, drafted
from timeline.intake.folders import in_order, list_folder
from timeline.intake.frames import arrow_table
from timeline.intake.suffixes import check_file, check_there, content_of, format_of
from timeline.intake.tabular import batch_of_table, read_arrow, read_csv, read_parquet

if TYPE_CHECKING:
    from timeline.intake.mapping import TableMapping

__all__ = ["read_batches", "table_batch"]

#: How much of standard input, which may never end, is read.
_STDIN_AT_MOST: Final = 2**30


def read_batches(
    path: str | Path,
    *,
    format: str | None = None,
    ignore_unknown: bool = False,
    stdin: Any = None,
    recorded: Path | None = None,
    store: Path | None = None,
    mapping: TableMapping | None = None,
) -> list[Batch]:
    """Return the batches of a file, of standard input (`-`, JSONL unless `format` says otherwise) or of a
    folder.

    Of a folder: one batch a file with a known suffix, those of subfolders among them, in the order that
    `in_order` gives; `list_folder` has what is passed over. `recorded` is the file that the commands write
    to, which is read with the folder wherever it is, and `store` a folder that is not read. `stdin` is read
    instead of the process's own; it may yield bytes or text. `ignore_unknown` drops unknown keys and columns,
    which are problems otherwise.
    With a `mapping` a file is a table of columns with other names.
    Raises BadInput for a file that cannot be read as a whole.

    >>> import io
    >>> [batch] = read_batches("-", stdin=io.StringIO('{"fact": "nvidia/ceo", "entity": "jensen-huang"}'))
    >>> batch.drafts[0].keys
    {'fact': 'nvidia/ceo', 'entity': 'jensen-huang'}
    """
    given = os.fspath(path)
    if format is not None and format not in FORMATS.values():
        known = sorted(set(FORMATS.values()))
        raise BadInput(f"no such format: {format!r}; expected one of {', '.join(known)}")
    if given == "-":
        if stdin is None and sys.stdin is None:
            raise BadInput("standard input is closed")
        content = (sys.stdin.buffer if stdin is None else stdin).read(_STDIN_AT_MOST + 1)
        content = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        if len(content) > _STDIN_AT_MOST:
            raise BadInput(f"standard input has more than {_STDIN_AT_MOST >> 30} GiB; hand over a file")
        if mapping is not None:
            return [_mapped("stdin", mapping, format, content)]
        return [_read("stdin", content, format or "jsonl", ignore_unknown)]
    path = Path(path)
    if os.path.isdir(given):
        if format is not None:
            raise BadInput(f"{given} is a folder, whose files have each their own format; leave format out")
        if mapping is not None:
            raise BadInput(f"{given} is a folder, and a mapping is for tables of one kind; name its files")
        return _read_folder(path, ignore_unknown, recorded, store)
    check_there(given)
    if mapping is not None:
        return [_mapped(given, mapping, format)]
    return [_read_file(path, given, format, ignore_unknown)]


def _mapped(name: str, mapping: TableMapping, format: str | None, content: bytes | None = None) -> Batch:
    # Not needed for files of events.
    from timeline.intake.foreign import read_foreign
    from timeline.intake.mapped import applied

    return applied(mapping, read_foreign(name, mapping, format, content))


def table_batch(
    rows: Any, name: str = "table", *, ignore_unknown: bool = False, mapping: TableMapping | None = None
) -> Batch:
    """Return a batch from rows in memory, as `frames.arrow_table` takes them.

    Raises BadInput for anything else, and for columns that it may not have.

    >>> table_batch([{"fact": "nvidia/ceo", "entity": "jensen-huang"}]).table.num_rows
    1
    """
    if mapping is None:
        return batch_of_table(name, arrow_table(rows, name), ignore_unknown)
    from timeline.intake.foreign import foreign_table
    from timeline.intake.mapped import applied

    return applied(mapping, foreign_table(name, arrow_table(rows, name, mapping.columns())))


def _read_folder(
    folder: Path, ignore_unknown: bool, recorded: Path | None, store: Path | None
) -> list[Batch]:
    paths = list_folder(folder, store).paths
    if recorded is not None and recorded.is_file() and not any(map(recorded.samefile, paths)):
        paths.append(recorded)
    if not paths:
        raise BadInput(f"{folder} holds no file to ingest; expected {', '.join(FORMATS)}")
    return in_order(folder, [_read_file(path, str(path), None, ignore_unknown) for path in paths], recorded)


def _read_file(path: Path, name: str, format: str | None, ignore_unknown: bool) -> Batch:
    format = format or format_of(path)
    if format is None:
        raise BadInput(f"{name}: unknown format {path.suffix!r}; expected {', '.join(FORMATS)}")
    try:
        check_file(path, name)
        if format == "parquet":
            return _read(name, path, format, ignore_unknown)
        # Kept by nobody here, so that the bytes go once they are text.
        return _read(name, content_of(path, name), format, ignore_unknown)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror or error}", Place(name)) from None


def _read(name: str, content: bytes | Path, format: str, ignore_unknown: bool) -> Batch:
    if format == "parquet":
        return read_parquet(name, content, ignore_unknown)
    assert isinstance(content, bytes)
    if format == "arrow":
        return read_arrow(name, content, ignore_unknown)
    if format == "xlsx":
        # Its library is needed for workbooks alone.
        from timeline.intake.foreign import workbook_batch

        return workbook_batch(name, content, ignore_unknown)
    text = decoded(name, content)
    if format == "csv":
        return read_csv(name, text, content.removeprefix(BOM), ignore_unknown)
    del content
    if format == "jsonl":
        return drafted(name, [(None, JsonReader(name).lines(text))], {}, ignore_unknown)
    top = YamlReader(name).read(text) if format == "yaml" else JsonReader(name).document(text)
    return document(name, top, ignore_unknown)
